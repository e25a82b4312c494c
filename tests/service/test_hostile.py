"""Requests that mean harm, or were written in error: each is refused clearly, and the service goes on."""

import json
import select
import socket
import time
from email.parser import BytesParser
from pathlib import Path

import pytest

from service.problems import KINDS, MEDIA_TYPE

from .hostile import LIMITS, LINES, ONE, ROWS, TEXT, http, post
from .serving import served

ANSWER_SECONDS = 20
# What the allocator keeps back is no leak; a body that were kept each time would be far more.
MOST_GROWTH = 24 * 1024 * 1024


@pytest.fixture(scope="module")
def small():
    """A service of one process, so that it meets every request, with low limits."""
    with served(workers=1, log_level="warning", **LIMITS) as running:
        running.get("/healthz")  # its process has begun
        yield running


def exchange(port, sent, *, ends=False):
    """Send while reading, as the answer may come before everything was sent; gives what came back until the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS) as connection:
        connection.setblocking(False)
        waiting, came, end = memoryview(sent), bytearray(), time.monotonic() + ANSWER_SECONDS
        if not waiting and ends:
            connection.shutdown(socket.SHUT_WR)
        while not whole(came):
            assert time.monotonic() < end, f"no whole answer in {ANSWER_SECONDS} s, only {bytes(came[:200])}"
            readable, writable, _ = select.select([connection], [connection] if waiting else [], [], 1)
            try:
                if readable:
                    piece = connection.recv(65536)
                    if not piece:
                        break
                    came += piece
                elif writable:
                    waiting = waiting[connection.send(waiting[:65536]) :]
                    if not waiting and ends:
                        connection.shutdown(socket.SHUT_WR)
            except (ConnectionResetError, BrokenPipeError):
                waiting = memoryview(b"")
        return bytes(came)


def split(answer):
    """Status, headers and what follows; a `100 Continue` before it is left out."""
    head, sign, rest = bytes(answer).partition(b"\r\n\r\n")
    if head.startswith(b"HTTP/1.1 100 "):
        return split(rest)
    first, _, lines = head.partition(b"\r\n")
    if not sign or not first.startswith(b"HTTP/1."):
        return None, None, b""
    return int(first.split()[1]), BytesParser().parsebytes(lines + b"\r\n\r\n"), rest


def whole(answer):
    """Whether all of an answer has come."""
    status, headers, rest = split(answer)
    if status is None:
        return False
    if headers.get("Transfer-Encoding") == "chunked":
        return rest.endswith(b"0\r\n\r\n")
    return len(rest) >= int(headers["Content-Length"])


def body(headers, rest):
    """The body, whether it came in one piece or in chunks."""
    if headers.get("Transfer-Encoding") != "chunked":
        return rest
    found = b""
    while rest:
        size, _, rest = rest.partition(b"\r\n")
        found, rest = found + rest[: int(size, 16)], rest[int(size, 16) + 2 :]
    return found


def named(problems):
    """Codes with their paths."""
    return {f"{each['code']} {each['path']}" for each in problems}


def has(problems, wanted):
    """Whether a problem is among these; without a path, at any place."""
    return wanted in named(problems) or (wanted.endswith(" ") and wanted[:-1] in {each["code"] for each in problems})


def check(row, answer):
    """What is wrong with the answer to a row, as a sentence; None when it is as it should be."""
    status, headers, rest = split(answer)
    if status != row.status:
        return f"status {status}, not {row.status}: {rest[:300]!r}"
    raw = body(headers, rest)
    if row.refused is not None:
        return check_lines(row, headers, raw)
    if headers.get_content_type() != MEDIA_TYPE:
        return f"media type {headers.get_content_type()}"
    found = json.loads(raw)
    title = KINDS[row.kind][1]
    if (found["code"], found["status"], found["type"]) != (row.kind, row.status, f"urn:kaohe:problem:{row.kind}"):
        return f"{found}"
    if found["title"] != getattr(title, headers["Content-Language"]):
        return f"title {found['title']}"
    if found["instance"] != f"urn:kaohe:request:{headers['X-Request-Id']}":
        return f"instance {found['instance']}"
    if not all(each["message"].strip() for each in found["problems"]):
        return "a problem without a sentence"
    lacking = [each for each in row.codes if not has(found["problems"], each)]
    return f"{lacking} not among {sorted(named(found['problems']))[:9]}" if lacking else None


def check_lines(row, headers, raw):
    """The same for a batch whose other sheets are answered."""
    as_lines = headers.get_content_type() == LINES
    answers = [json.loads(line) for line in raw.splitlines()] if as_lines else json.loads(raw)
    for number, answer in enumerate(answers, 1):
        if number in row.refused:
            if answer.get("line") != number or not all(has(answer["problems"], each) for each in row.codes):
                return f"element {number}: {answer}"
        elif "grade" not in answer:
            return f"element {number} is refused too: {answer}"
    return None if len(answers) >= max(row.refused) else f"{len(answers)} answers"


class Witness:
    """Sends a good request after each hostile one, over a connection of its own that stays open."""

    def __init__(self, port):
        self.connection = socket.create_connection(("127.0.0.1", port), timeout=ANSWER_SECONDS)
        self.asked = http("GET", "/healthz"), post(TEXT)

    def is_answered(self):
        """Whether both good requests are answered well."""
        for sent in self.asked:
            self.connection.sendall(sent)
            came = b""
            while not whole(came):
                piece = self.connection.recv(65536)
                if not piece:
                    return False
                came += piece
            if split(came)[0] != 200:
                return False
        return True


def failures(service):
    """Every row that is not refused as it should be, with what is wrong."""
    found = {}
    witness = Witness(service.port)
    for row in ROWS:
        try:
            wrong = check(row, exchange(service.port, row.sent, ends=row.ends))
        except (AssertionError, OSError, ValueError, KeyError) as error:
            wrong = repr(error)
        if wrong:
            found[row.name] = wrong
        assert witness.is_answered(), f"no answer after {row.name}"
    witness.connection.close()
    return found


def memory(pid):
    """What a process holds, its share of what it shares with others, in bytes."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


def test_there_are_more_than_300_different_hostile_requests():
    """The table is as long as it says, and no request stands in it twice."""
    assert len({row.sent for row in ROWS}) == len({row.name for row in ROWS}) == len(ROWS) >= 300


def test_each_hostile_request_is_refused_clearly_and_harms_nobody(small):
    """Each gets its status, code and place in one shape; a good request is answered after each, by the same process."""
    before = small.workers()
    assert failures(small) == {}
    assert small.workers() == before
    assert [line for line in small.log if line["level"] in {"error", "critical"}] == []


@pytest.mark.slow
def test_hostile_requests_leave_no_memory_behind(small):
    """After the table has been sent several times, the process holds no more than after the first time."""
    (worker,) = small.workers()
    assert failures(small) == {}
    first = memory(worker)
    for _ in range(4):
        assert failures(small) == {}
    grown = memory(worker) - first
    print(f"memory after one round {first >> 20} MiB; after four more {grown / 2**20:+.1f} MiB")
    assert grown < MOST_GROWTH


def test_two_requests_in_one_packet_are_two_requests(small):
    """What follows a request belongs to the next one, not to the body of the first."""
    came = exchange(small.port, post(TEXT) + http("GET", "/nothing", b"", "Connection: close"))
    first, rest = came[: came.index(b"HTTP/1.1 404")] if b"HTTP/1.1 404" in came else came, came
    assert split(first)[0] == 200
    assert split(rest)[0] == 200


def test_nothing_of_a_refused_body_is_read_as_a_request(small):
    """A body that was refused unread, or whose end is not known, is never taken for the next request."""
    inner = http("GET", "/metrics")
    for sent in (
        post(inner, "text/plain"),
        post(inner * 3000, "text/plain"),
        http("PUT", ONE, inner),
        http("GET", "/nothing", inner),
        http(
            "POST", ONE, b"zz\r\n" + inner, "Content-Type: application/json", "Transfer-Encoding: chunked", length=False
        ),
        post(inner * 10_000),
    ):
        with socket.create_connection(("127.0.0.1", small.port), timeout=ANSWER_SECONDS) as connection:
            try:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
            except OSError:
                pass  # refused before all of it was sent
            came = b""
            try:
                while piece := connection.recv(65536):
                    came += piece
            except ConnectionResetError:
                pass
        assert came.count(b"HTTP/1.1 ") <= 1
        assert b"kaohe_decisions" not in came


def test_a_client_that_asks_first_is_told_to_go_on(small):
    """`Expect: 100-continue` is answered before the body is sent."""
    head, _, rest = post(TEXT, "application/json", ONE, "Expect: 100-continue").partition(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", small.port), timeout=ANSWER_SECONDS) as connection:
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(rest)
        came = b""
        while not whole(came):
            came += connection.recv(65536)
    assert split(came)[0] == 200
