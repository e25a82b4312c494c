"""Sheets in, decisions out: one at a time, or many in one request."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from mmap import ACCESS_READ, mmap
from tempfile import TemporaryFile
from threading import BoundedSemaphore
from time import monotonic
from typing import IO, Any

import structlog
from flask import Response, request
from flask_smorest import Blueprint

from rules import EngineFailed, EvaluatorsDisagree, Problem, Problems, Refused, RequestRefused, problem, written

from ..jsonarrays import ArrayBroken, JsonArray, TooMany
from ..jsonlines import Line, parse, read_lines
from ..metrics import Metrics
from ..problems import Failure
from ..settings import Settings
from ..watch import STREAMED
from ..workflows import Scored, Scoring, refusal, undecided
from .documented import failing
from .parameters import parameters
from .schemas import BatchQuerySchema, NothingSchema, read_evaluation

JSON, LINES = "application/json", "application/x-ndjson"
# What is written at once: many small pieces would each be a packet of their own.
PIECE = 32 * 1024
SPOOLED_AT_ONCE = 64 * 1024

log = structlog.get_logger()


class Evaluations:
    """Reads what was posted, has it decided, and counts what came of it."""

    def __init__(self, scoring: Scoring, settings: Settings, metrics: Metrics):
        self.scoring = scoring
        self.settings = settings
        self.metrics = metrics
        self.batches = BoundedSemaphore(settings.batches)

    def score(self, posted: object) -> Scored:
        """Decide one sheet; raises what `Scoring.score` raises, with the problems of the request around the sheet."""
        problems = Problems()
        try:
            wanted, sheet = read_evaluation(posted, problems)
            if wanted is None:
                raise RequestRefused(problems.found)
            scored = self.scoring.score(wanted, sheet, problems)
        except Refused as refused:
            self.count(refused.problems)
            if self.settings.log_facts:
                log.info(
                    "refused", sheet=json.loads(written(posted)), problems=[str(each) for each in refused.problems]
                )
            raise
        except (EvaluatorsDisagree, EngineFailed) as failed:
            self.report(failed)
            raise
        decision = scored.decision
        standard = scored.scorer.standard
        self.metrics.note(self.metrics.decisions, standard.policy.key, standard.key, decision.grade.key)
        return scored

    def count(self, problems: Iterable[Problem]) -> None:
        """Count what was refused."""
        for code in {each.code for each in problems}:
            self.metrics.note(self.metrics.refusals, code)

    def report(self, failed: EvaluatorsDisagree | EngineFailed) -> None:
        """A defect of kaohe: counted apart and said loudly."""
        disagree = isinstance(failed, EvaluatorsDisagree)
        self.metrics.note(self.metrics.disagreements if disagree else self.metrics.engine_failures)
        # Which unit it was is for whoever may see facts; the request id leads there too.
        words = {"why": str(failed)} if self.settings.log_facts or not disagree else {}
        log.error("evaluators_disagree" if disagree else "engine_failed", **words)

    def line(self, line: Line, defaults: Mapping[str, Any]) -> str:
        """One sheet of a batch, answered by itself."""
        problems: tuple[Problem, ...]
        if line.problem is not None:
            problems = (line.problem,)
            self.count(problems)
        else:
            posted = {**defaults, **line.value} if isinstance(line.value, dict) else line.value
            try:
                return self.score(posted).text()
            except Refused as refused:
                problems = refused.problems
            except (EvaluatorsDisagree, EngineFailed) as failed:
                problems = (undecided(failed),)
        return written(refusal(line, problems))

    def answers(self, lines: Iterator[Line], defaults: Mapping[str, Any]) -> Iterator[str]:
        """Each sheet's answer, in order; those that are not reached in time are refused, each by itself."""
        seconds = self.settings.batch_seconds
        end = monotonic() + seconds
        for line in lines:
            if monotonic() > end:
                yield written(refusal(Line(line.number, None, None, 0), (problem("time_is_up", limit=seconds),)))
            else:
                yield self.line(line, defaults)
        # Counted before anybody knows that the batch is done.
        self.metrics.settle()


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
    text: mmap | bytes
    try:
        text = mmap(file.fileno(), 0, access=ACCESS_READ)
    except ValueError:  # an empty file has nothing to map
        text = b""
    try:
        return JsonArray(text, most).lines()
    except ArrayBroken as broken:
        raise Failure("body_broken", (broken.problem,)) from None
    except TooMany:
        raise too_many(most) from None


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


def evaluations(scoring: Scoring, settings: Settings, metrics: Metrics, bodies: Mapping[str, Any]) -> Blueprint:
    """The routes; `bodies` describe what may be posted."""
    blueprint = Blueprint("evaluations", __name__, url_prefix="/v1", description="评定 / scoring")
    service = Evaluations(scoring, settings, metrics)

    @blueprint.route("/evaluations", methods=["POST"])
    @failing(
        404, 408, 409, 413, 415, 422, 503,
        operationId="evaluate", requestBody=bodies["one"], answers=bodies["answer"],
    )  # fmt: skip
    def evaluate() -> Response:
        """
        评定一个单位 / score one unit.

        由两种算法分别评定，一致才予答复。缺少指标或相互矛盾时为 409，逐一指出。

        Decided by two evaluators that must agree. What is missing or contradictory is named, all at once (409).
        """
        parameters(NOTHING)
        posted, found = parse(read_body(settings.body_bytes, (JSON,)))
        if found is not None:
            service.count((found,))
            raise Failure("body_broken", (found,))
        scored = service.score(posted)
        return Response(scored.text() + "\n", content_type=JSON)

    @blueprint.route("/evaluations/batch", methods=["POST"])
    @failing(
        408, 413, 415, 422, 429,
        operationId="evaluateBatch", requestBody=bodies["many"], answers=bodies["answered"],
        parameters=bodies["parameters"],
    )  # fmt: skip
    def evaluate_batch() -> Response:
        """
        评定许多单位 / score many units.

        按顺序逐份答复；某一份不能评定，不影响其余各份。

        Answers come in the order of the sheets, each by itself; one that cannot be decided does not stop the others.
        """
        check_type((JSON, LINES))
        defaults = parameters(BATCH_QUERY)
        if not service.batches.acquire(blocking=False):
            raise Failure("too_many_batches", headers={"Retry-After": "1"})
        with ExitStack() as held:
            held.callback(service.batches.release)
            file = held.enter_context(closing(spool(settings.batch_bytes)))
            as_array = request.mimetype == JSON
            lines = (elements_of if as_array else lines_of)(file, settings.batch_sheets)
            let_go = held.pop_all().close
        signs = ("[", ",\n", "]\n") if as_array else ("", "\n", "\n")
        request.environ[STREAMED] = True
        answered = pieces(service.answers(lines, defaults), *signs)
        response = Response(ending(answered, let_go), content_type=JSON if as_array else LINES)
        # For a client that went away before the first answer.
        response.call_on_close(let_go)
        return response

    return blueprint


NOTHING = NothingSchema()
BATCH_QUERY = BatchQuerySchema()
