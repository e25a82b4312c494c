"""Bodies: how they come in, whole or by the file, and how long answers go out."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from typing import IO

from flask import Response, request

from rules import problem

from ..jsonarrays import ArrayBroken, JsonArray, TooMany
from ..jsonlines import Line, read_lines
from ..problems import Failure
from ..watch import STREAMED

JSON, LINES = "application/json", "application/x-ndjson"
# What is written at once: many small pieces would each be a packet of their own.
PIECE = 32 * 1024
SPOOLED_AT_ONCE = 64 * 1024


class Places:
    """So many requests that take long may be under way in this process at the same time."""

    def __init__(self, number: int):
        self.free = BoundedSemaphore(number)

    def take(self) -> ExitStack:
        """A place, until what is given is closed; 429 when there is none."""
        if not self.free.acquire(blocking=False):
            raise Failure("too_many_batches", headers={"Retry-After": "1"})
        held = ExitStack()
        held.callback(self.free.release)
        return held


def read_body(limit: int, types: tuple[str, ...]) -> bytes:
    """The whole body, of a content type that is taken."""
    check_type(types)
    environ = request.environ
    length = environ.get("CONTENT_LENGTH", "")
    if length.isdigit() and int(length) <= limit and "HTTP_TRANSFER_ENCODING" not in environ:
        # What nearly every client sends needs none of werkzeug's precautions.
        body: bytes = environ["wsgi.input"].read(int(length))
        if len(body) < int(length):
            raise Failure("request_late")
        return body
    return b"".join(received(limit))


def check_type(types: tuple[str, ...]) -> None:
    """Refuse a content type that is not taken."""
    environ = request.environ
    if environ.get("CONTENT_TYPE") not in types and request.mimetype not in types:
        right = " | ".join(types)
        given = problem("value_bad", "Content-Type", value=request.mimetype or "", right=right)
        raise Failure("media_type_unsupported", (given,), {"Accept": ", ".join(types)})
    encoding = environ.get("HTTP_CONTENT_ENCODING", "identity")
    if encoding.lower() != "identity":
        given = problem("value_bad", "Content-Encoding", value=encoding, right="identity")
        raise Failure("media_type_unsupported", (given,), {"Accept-Encoding": "identity"})
    coding = environ.get("HTTP_TRANSFER_ENCODING", "chunked")
    if coding.lower() != "chunked":  # the server takes `gzip, chunked` too, and leaves the body packed
        given = problem("value_bad", "Transfer-Encoding", value=coding, right="chunked")
        raise Failure("not_implemented", (given,))


def received(limit: int) -> Iterator[bytes]:
    """The body, piece by piece; raises 413 beyond `limit`, and 408 when it ends before its own length."""
    length = request.content_length or 0
    size = 0
    if length <= limit:
        stream = request.stream
        while piece := stream.read(SPOOLED_AT_ONCE):
            size += len(piece)
            if size > limit:
                break
            yield piece
    if max(size, length) > limit:
        raise Failure("body_too_large", (problem("body_too_large", limit=limit),))
    if size < length:
        raise Failure("request_late")


def spool(limit: int) -> IO[bytes]:
    """The whole body in a file, so that a client may send all of it before it reads anything."""
    file = TemporaryFile()  # noqa: SIM115 - closed when its last sheet has been answered
    try:
        for piece in received(limit):
            file.write(piece)
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def lines_of(file: IO[bytes], most: int) -> Iterator[Line]:
    """The lines of a spooled body, counted first."""
    count = 0
    while piece := file.read(SPOOLED_AT_ONCE):
        count += piece.count(b"\n")
        if count > most:
            raise too_many(most)
    file.seek(0)
    return read_lines(file)


def elements_of(file: IO[bytes], most: int) -> Iterator[Line]:
    """The elements of a spooled array; a broken one is refused before anything is answered."""
    try:
        return JsonArray(mapped(file), most).lines()
    except ArrayBroken as broken:
        raise Failure("body_broken", (broken.problem,)) from None
    except TooMany:
        raise too_many(most) from None


def mapped(file: IO[bytes]) -> mmap | bytes:
    """A spooled body as if it were bytes."""
    try:
        return mmap(file.fileno(), 0, access=ACCESS_READ)
    except ValueError:  # an empty file has nothing to map
        return b""


def too_many(most: int) -> Failure:
    """A batch of more sheets than are taken."""
    return Failure("body_too_large", (problem("too_many_sheets", limit=most),))


def pieces(answers: Iterator[str], before: str, between: str, after: str) -> Iterator[bytes]:
    """The answers as bytes, many at a time."""
    waiting, size, sign = [before], 0, ""
    for each in answers:
        waiting += (sign, each)
        sign = between
        size += len(each)
        if size > PIECE:
            yield "".join(waiting).encode()
            waiting, size = [], 0
    yield "".join([*waiting, after]).encode()


def ending(answered: Iterator[bytes], let_go: Callable[[], None]) -> Iterator[bytes]:
    """The same, and then lets go: before the client sees the end, as its next batch may come at once."""
    try:
        yield from answered
    finally:
        let_go()


def streamed(answered: Iterator[bytes], media_type: str, let_go: Callable[[], None]) -> Response:
    """An answer that goes out piece by piece, and then lets go."""
    request.environ[STREAMED] = True
    response = Response(ending(answered, let_go), content_type=media_type)
    # For a client that went away before the first answer.
    response.call_on_close(let_go)
    return response
