"""Many connections, slow ones, and such as end too soon: none of them keeps others waiting, nothing stays occupied."""

import asyncio
import json
import re
import resource
import socket
import statistics
import time
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path

import pytest

from .conftest import sample
from .serving import served, wait_for

PATH = "/v1/evaluations"
BATCH = PATH + "/batch"
SHEET = json.dumps(sample("community"), ensure_ascii=False).encode()
LINES = "application/x-ndjson"


SIZE = len(SHEET)


def head(path=PATH, *more, length=SIZE, kind="application/json"):
    """The head of a POST."""
    sized = (f"Content-Length: {length}",) if length is not None else ()
    return "\r\n".join(
        (f"POST {path} HTTP/1.1", "Host: kaohe", f"Content-Type: {kind}", *sized, *more, "", "")
    ).encode()


def connected(service):
    """A connection that is closed at the end of a `with`."""
    return closing(socket.create_connection(("127.0.0.1", service.port), timeout=20))


def answer(connection):
    """The status and the body of the next answer on a connection; None where it ends without one."""
    stream = connection.makefile("rb")
    status = stream.readline()
    if not status:
        return None, b""
    headers = dict(line.decode().rstrip("\r\n").lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
    return int(status.split()[1]), stream.read(int(headers["content-length"]))


def prompt(service, times=20):
    """The longest that one of these requests took; each is answered."""
    took = []
    for _ in range(times):
        begun = time.monotonic()
        assert service.ask(PATH, sample("community"))[0] == 200
        took.append(time.monotonic() - begun)
    return max(took)


@pytest.fixture(scope="module")
def narrow():
    """One process with two threads and little patience, and one batch at a time."""
    with served(
        workers=1, threads=2, batches=1, connections=100, request_seconds=1, idle_seconds=60, batch_seconds=4
    ) as running:
        wait_for(running.workers)
        yield running


def sockets(pid):
    """How many sockets a process has open."""
    found = 0
    for file in Path(f"/proc/{pid}/fd").iterdir():
        try:
            found += file.readlink().name.startswith("socket:")
        except FileNotFoundError:
            continue
    return found


def test_a_thousand_connections_are_served_while_a_thousand_more_are_idle():
    """Each of 1,000 kept connections gets several answers; 1,000 that never send anything keep nobody waiting."""
    many, rounds = 1000, 3
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(4096, hard)), hard))
    took = []

    async def ask(streams):
        reader, writer = streams
        begun = time.monotonic()
        writer.write(head() + SHEET)
        status = await reader.readline()
        headers = dict(
            line.decode().rstrip("\r\n").lower().split(": ", 1)
            for line in (await reader.readuntil(b"\r\n\r\n")).splitlines(1)[:-1]
        )
        body = await reader.readexactly(int(headers["content-length"]))
        took.append(time.monotonic() - begun)
        assert b" 200 " in status
        assert headers["connection"] == "keep-alive"
        assert b'"grade"' in body

    async def talk(service):
        idle = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(many)]
        kept = [await asyncio.open_connection("127.0.0.1", service.port) for _ in range(many)]
        begun = time.monotonic()
        for _ in range(rounds):
            await asyncio.gather(*map(ask, kept))
        seconds = time.monotonic() - begun
        shared = [sockets(pid) for pid in service.workers()]
        alone = []
        for streams in kept[:20]:
            took.clear()
            await ask(streams)
            alone += took
        for _, writer in idle + kept:
            writer.close()
        return seconds, shared, alone

    with served(connections=2200) as service:
        seconds, shared, alone = asyncio.run(talk(service))
        print(f"{many * rounds} answers over {many} connections in {seconds:.1f} s; connections by process {shared};")
        print(f"then one at a time: median {statistics.median(alone):.4f} s, slowest {max(alone):.4f} s")
        assert max(alone) < 1
        assert min(shared) > 100
        assert [line for line in service.log if line["level"] in {"error", "critical"}] == []


def drip(connections, texts, seconds):
    """Send each connection's text byte by byte, all a byte a turn, for so long."""
    end = time.monotonic() + seconds
    places = [0] * len(connections)
    turn = cycle(range(len(connections)))
    while time.monotonic() < end:
        at = next(turn)
        try:
            connections[at].send(texts[at][places[at] : places[at] + 1])
        except OSError:
            return
        places[at] += 1
        if at == 0:
            time.sleep(0.05)


CHUNKED = head(PATH, "Transfer-Encoding: chunked", length=None) + b"5\r\n12345\r\n"
SLOW = {
    "head": (b"", head()),
    "body": (head(), SHEET),
    "large body": (head(length=900_000) + b" " * 500_000, SHEET),
    "chunks": (CHUNKED, b"ffff\r\n" + SHEET),
    "huge chunk": (head(PATH, "Transfer-Encoding: chunked", length=None) + b"ffffff\r\n", SHEET),
    "trailers": (CHUNKED + b"0\r\n", b"X-Slow: " + SHEET),
    "length with zeros": (head(length=f"{SIZE:012}"), SHEET),
    "after a question": (head(PATH, "Expect: 100-continue"), SHEET),
    "ahead": ((head() + SHEET) + head(), SHEET),
}


def last_of(connection):
    """The status of the last answer before a connection ends."""
    stream = connection.makefile("rb")
    found = re.findall(rb"^HTTP/1.1 (\d+) ", stream.read(), re.MULTILINE)
    return int(found[-1])


@pytest.mark.parametrize(
    "where",
    [name if name in {"head", "body", "trailers"} else pytest.param(name, marks=pytest.mark.slow) for name in SLOW],
)
def test_slow_clients_are_cut_off_and_keep_nobody_waiting(narrow, where):
    """Ten times as many slow clients as threads: others are answered at once, and they themselves get a 408 in time."""
    first, rest = SLOW[where]
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(narrow)) for _ in range(20)]
        for each in slow:
            each.sendall(first)
        drip(slow, [rest] * 20, 0.2)
        begun = time.monotonic()
        assert prompt(narrow, 10) < 0.7
        drip(slow, [rest[10:]] * 20, 0.6)
        assert [last_of(each) for each in slow] == [408] * 20
        assert time.monotonic() - begun < 5
    assert prompt(narrow, 5) < 1


def test_a_slow_batch_is_cut_off_and_frees_its_place(narrow):
    """A batch whose body does not come in time is a 408; the place that it had is free again."""
    with connected(narrow) as slow:
        slow.sendall(head(BATCH, length=1000, kind=LINES) + b"{")
        assert wait_for(lambda: batch(narrow) == 429)
        assert prompt(narrow, 5) < 1
        assert answer(slow)[0] == 408
    assert batch(narrow) == 200


def test_refused_batches_that_come_slowly_keep_nobody_waiting(narrow):
    """Many slow batches at once: few have a place, the others are refused and hold no thread for what they send."""
    with ExitStack() as stack:
        slow = [stack.enter_context(connected(narrow)) for _ in range(20)]
        for each in slow:
            each.sendall(head(BATCH, length=1000, kind=LINES) + b"{")
        assert prompt(narrow, 10) < 3
        found = [answer(each)[0] for each in slow]
        assert set(found) == {408, 429}
        assert found.count(429) > 10
    free(narrow)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Transfer-Encoding: gzip"], 400),
        (["Transfer-Encoding: chunked", "Content-Length: 10"], 400),
        (["Content-Length: 10", "Content-Length: 11"], 400),
        (["Content-Length: ten"], 400),
        (["Expect: something"], 400),
    ],
)
def test_a_bad_head_is_refused_without_waiting_for_a_body(narrow, lines, status):
    """What the head says is reason enough: the answer comes at once, not when time is up."""
    with connected(narrow) as connection:
        begun = time.monotonic()
        connection.sendall(head(PATH, *lines, length=None))
        assert answer(connection)[0] == status
        assert time.monotonic() - begun < 0.9


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /healthz HTTP/1.1\nHost: a", 400),
        (b"GET /" + b"x" * 70_000, 414),
        (b"GET / HTTP/1.1\r\n" + b"X-Long: xxxxxxxxxxxxxxx\r\n" * 3000, 431),
    ],
)
def test_the_beginning_of_a_head_that_nothing_could_mend_is_refused_at_once(narrow, text, status):
    """Lines without a return, or a head without end: nobody waits for the rest."""
    with connected(narrow) as connection:
        begun = time.monotonic()
        connection.sendall(text)
        assert answer(connection)[0] == status
        assert time.monotonic() - begun < 0.9


def test_bad_chunks_are_refused_at_once(narrow):
    """A body that is not made of chunks is a 400, not a 408."""
    for chunks in (b"zz\r\n", b"5\r\nabcdefg\r\n", b"-1\r\n", b"1" * 9000):
        with connected(narrow) as connection:
            begun = time.monotonic()
            connection.sendall(head(PATH, "Transfer-Encoding: chunked", length=None) + chunks)
            assert answer(connection)[0] == 400
            assert time.monotonic() - begun < 0.9


def batch(service, times=2):
    """The status of a small batch."""
    return service.ask(BATCH, (SHEET + b"\n") * times, content_type=LINES)[0]


def free(service):
    """Wait until a batch is taken again; a place is free soon after the last byte of an answer."""
    for _ in range(3):
        wait_for(lambda: batch(service) == 200, 15)


def test_a_client_that_ends_amid_its_batch_frees_its_place(narrow):
    """Half a body and the end of the connection, by its length or in chunks: the next batch is taken."""
    for begin in (
        head(BATCH, length=1000, kind=LINES) + b"{",
        head(BATCH, "Transfer-Encoding: chunked", length=None, kind=LINES) + b"5\r\n12",
    ):
        with connected(narrow) as gone:
            gone.sendall(begin)
            wait_for(lambda: batch(narrow) == 429, 1, must=False)
        free(narrow)


BIG = (SHEET + b"\n") * 3000


def test_a_client_that_ends_amid_its_answer_frees_its_place(narrow):
    """A connection that ends while a batch is being answered: the next batch is taken."""
    with connected(narrow) as gone:
        gone.sendall(head(BATCH, length=len(BIG), kind=LINES) + BIG)
        assert b" 200 " in gone.recv(1000)
        assert batch(narrow) == 429
    free(narrow)


def test_a_client_that_does_not_read_its_answer_is_dropped(narrow):
    """An answer that nobody reads holds a thread and a place for a batch no longer than a request may take."""
    processes = narrow.workers()
    with connected(narrow) as deaf:
        deaf.sendall(head(BATCH, length=len(BIG), kind=LINES) + BIG)
        assert b" 200 " in deaf.recv(1000)
        assert batch(narrow) == 429
        free(narrow)
    assert any(line["event"] == "answer_not_read" and "request_id" in line for line in narrow.log)
    assert not any("Traceback" in str(line) for line in narrow.log)
    assert narrow.workers() == processes


@pytest.mark.slow
def test_a_client_that_reads_its_answer_byte_by_byte_is_dropped(narrow):
    """One that reads a little again and again does not hold its place for ever, and does not cost the process."""
    processes = narrow.workers()
    with closing(socket.socket()) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.settimeout(20)
        slow.connect(("127.0.0.1", narrow.port))
        slow.sendall(head(BATCH, length=len(BIG), kind=LINES) + BIG)
        begun = time.monotonic()
        while time.monotonic() - begun < 15 and (batch(narrow) == 429 or time.monotonic() - begun < 1):
            try:
                slow.recv(20_000)
            except OSError:
                break
            time.sleep(0.05)
        free(narrow)
        assert time.monotonic() - begun < 10
    assert narrow.workers() == processes


@pytest.mark.slow
def test_a_batch_that_takes_longer_than_a_request_may_leaves_its_connection_good():
    """The time limit is for what comes in; after a long answer the same connection serves the next request."""
    with served(workers=1, request_seconds=1) as service, closing(HTTPConnection("127.0.0.1", service.port)) as kept:
        kept.connect()
        own = kept.sock
        begun = time.monotonic()
        kept.request("POST", BATCH, BIG, {"Content-Type": LINES})
        response = kept.getresponse()
        read = 0
        while piece := response.read(500_000):
            read += piece.count(b"\n")
            if time.monotonic() - begun < 2.2:
                time.sleep(0.1)
        assert read == 3000
        assert time.monotonic() - begun > 2
        kept.request("POST", PATH, SHEET, {"Content-Type": "application/json"})
        response = kept.getresponse()
        assert (response.status, kept.sock) == (200, own)
        response.read()


@pytest.mark.parametrize(
    "text", [b"\x16\x03\x01\x02\x00hello\r\n\r\n", SHEET + b"\r\n\r\n", b"GET /\r\n\r\n", b"\r\n\r\n\r\n\r\n"]
)
def test_what_is_not_http_gets_a_problem_and_keeps_nobody_waiting(narrow, text):
    """Other bytes on the port are answered in the one shape of every failure, though their sender stays."""
    with ExitStack() as stack:
        for _ in range(5):
            other = stack.enter_context(connected(narrow))
            other.sendall(text)
            status, body = answer(other)
            assert (status, json.loads(body)["code"]) == (400, "request_bad")
        assert prompt(narrow, 5) < 1


def test_who_has_not_asked_for_longest_makes_room(narrow):
    """More idle connections than there may be do not shut others out."""
    with ExitStack() as stack:
        idle = [stack.enter_context(connected(narrow)) for _ in range(150)]
        assert prompt(narrow, 5) < 3
        idle[-1].sendall(head() + SHEET)
        assert answer(idle[-1])[0] == 200


def test_a_request_may_come_in_pieces_and_several_at_once(narrow):
    """However a request is cut up, it is answered once and whole; requests sent ahead are answered in order."""
    with connected(narrow) as pieces:
        text = head() + SHEET
        for cut in (1, 20, len(head()) - 2, len(head()), len(head()) + 1, len(text) - 1):
            pieces.sendall(text[:cut])
            time.sleep(0.02)
            pieces.sendall(text[cut:])
            assert answer(pieces)[0] == 200
        pieces.sendall((head() + SHEET) * 3 + head(PATH + "/none", length=0))
        stream = pieces.makefile("rb")
        assert [status_of(stream) for _ in range(4)] == [200, 200, 200, 404]


def status_of(stream):
    """The status of the next answer of a stream."""
    status = int(stream.readline().split()[1])
    headers = dict(line.decode().rstrip("\r\n").lower().split(": ", 1) for line in iter(stream.readline, b"\r\n"))
    stream.read(int(headers["content-length"]))
    return status


@pytest.mark.parametrize("size", [50_000, 100_000, 1_000_000, 1024 * 1024, 1024 * 1024 + 1, 5_000_000])
def test_large_requests_come_in_whole_or_are_refused(narrow, size):
    """A body of any size up to the limit is read; a larger one is a 413 without waiting for it."""
    body = SHEET + b" " * (size - len(SHEET))
    expected = 200 if size <= 1024 * 1024 else 413
    with connected(narrow) as connection:
        connection.sendall(head(length=size))
        if expected == 200:
            connection.sendall(body)
        assert answer(connection)[0] == expected


def test_chunks_and_a_question_before_the_body_work(narrow):
    """A body in chunks, with trailers too, and `Expect: 100-continue`, are answered as any other."""
    chunks = b"".join(
        b"%x\r\n%b\r\n" % (len(SHEET[at : at + 700]), SHEET[at : at + 700]) for at in range(0, len(SHEET), 700)
    )
    with connected(narrow) as connection:
        for end in (b"0\r\n\r\n", b"0\r\nX-Sum: 1\r\n\r\n"):
            connection.sendall(head(PATH, "Transfer-Encoding: chunked", length=None) + chunks)
            time.sleep(0.02)
            connection.sendall(end)
            assert answer(connection)[0] == 200
        connection.sendall(head(PATH, "Expect: 100-continue"))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(SHEET)
        assert answer(connection)[0] == 200
        connection.sendall(head(PATH, "Transfer-Encoding: chunked", "Expect: 100-continue", length=None))
        assert connection.recv(1000).startswith(b"HTTP/1.1 100 ")
        connection.sendall(chunks + b"0\r\n\r\n")
        assert answer(connection)[0] == 200


def test_an_old_client_is_told_nothing_before_its_answer(narrow):
    """`Expect: 100-continue` means nothing in HTTP/1.0, and such a client would take what it is told for the answer."""
    with connected(narrow) as connection:
        connection.sendall(head(PATH, "Expect: 100-continue").replace(b"HTTP/1.1", b"HTTP/1.0"))
        time.sleep(0.1)
        connection.sendall(SHEET)
        assert answer(connection)[0] == 200


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (b"GET /healthz HTTP/1.0\r\n\r\n", 200),
        *((f"GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n".encode(), 200) for host in ("", "[::1]:80", "a-b.c_d:80")),
    ],
)
def test_every_good_host_is_answered(narrow, text, status):
    """An old client need not name a host; it may be empty, an address in brackets, a name with a port."""
    with connected(narrow) as connection:
        connection.sendall(text)
        assert answer(connection)[0] == status


TOLD = """
from service.worker import Worker
look = Worker.murder_pending

def told(self):
    look(self)
    print("held", self.held, flush=True)

Worker.murder_pending = told
from service.cli import main; main()
"""


def test_what_is_held_of_requests_is_counted_to_the_byte():
    """After requests of every kind nothing counts as held, neither too much nor too little."""
    with served(TOLD, workers=1, request_seconds=1) as service:
        for first, rest in (
            (head()[:50], head()[50:] + SHEET),
            (head(PATH, "Expect: 100-continue" + " " * 2000), SHEET),
            (b"GET /healthz HTTP/1.1\r\nX: ", b"a\nb"),
            (b"G" * 50_000, b"G" * 50_000),
            (head(), SHEET[:100]),
            (head() + SHEET + head(), b""),
        ):
            with connected(service) as connection:
                connection.sendall(first)
                wait_for(lambda: service.printed[-1] != "held 0")
                connection.sendall(rest)
                connection.shutdown(socket.SHUT_WR)
                assert last_of(connection)
        lines = len(service.printed)
        wait_for(lambda: len(service.printed) > lines + 1)
        assert service.printed[-1] == "held 0"
