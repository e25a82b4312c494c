"""Batches: every sheet is answered by itself, in order, as if it had come alone, in bounded memory and time."""

import gzip
import json
import select
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import SHIPPED, sample
from .hostile import JSON, LINES, MANY, ONE, http, post
from .serving import served
from .test_hostile import body, exchange, split, whole

SECONDS = 30
MIB = 1024 * 1024
# More than any machine decides in a second.
MOST_SHEETS = 12_000
# What a process may hold more while it answers a large batch than before; the body itself is in a file.
MOST_GROWTH = 64 * MIB
EMPTY = {JSON: b"[]\n", LINES: b""}


def line(value):
    """A sheet as a line."""
    return value if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()


def batch(sheets, kind):
    """Sheets as an array or as lines."""
    lines = [line(each) for each in sheets]
    return b"[" + b",".join(lines) + b"]" if kind == JSON else b"\n".join(lines) + b"\n"


def answers(raw, kind):
    """Each answer as it stands in the body."""
    if kind == LINES:
        assert raw == b"" or raw.endswith(b"\n")
        return raw.splitlines()
    assert raw.startswith(b"[")
    assert raw.endswith(b"]\n")
    inner = raw[1:-2]
    return inner.split(b",\n") if inner else []


def ask(service, raw, kind=LINES, query="", **headers):
    """Send a batch that is good as a whole; gives the answers."""
    status, found, came = service.ask(MANY + query, raw, content_type=kind, **headers)
    assert (status, found["Content-Type"]) == (200, kind), came
    return answers(came, kind)


def refused(raw):
    """Line and codes of a refusal."""
    found = json.loads(raw)
    return found["line"], [each["code"] for each in found["problems"]]


def mixed():
    """Good sheets of both standards, and bad ones of many kinds between them."""
    community, village = sample("community"), sample("village")
    return [
        community,
        {**community, "facts": {**community["facts"], "loans_repaid": 434000}},
        {**community, "facts": {}},
        village,
        {**village, "policy": "nothing"},
        {**village, "unit": {"id": "考核 \U0001f600"}},
        {**community, "readings": {"loan-steps": "begun"}},
        {**community, "readings": {"loan-steps": "never"}},
        {**community, "policy_hash": "0" * 64, "unit": 1},
        {**community, "facts": {**community["facts"], "platform_established": False}},
        b'{"policy": NaN}',
        b"[]",
        b"{}",
        village,
    ]


@pytest.fixture(scope="module")
def small():
    """A service of one process with low limits."""
    with served(workers=1, batch_seconds=1, batch_sheets=MOST_SHEETS, batch_bytes=48 * MIB) as running:
        yield running


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_each_sheet_is_answered_as_if_it_had_come_alone(service, kind):
    """Byte for byte what the single address says; a refused one with the same problems, and nobody else is stopped."""
    sheets = mixed()
    found = ask(service, batch(sheets, kind), kind)
    assert len(found) == len(sheets)
    for number, (sheet, answer) in enumerate(zip(sheets, found, strict=True), 1):
        status, _, alone = service.ask(ONE, line(sheet), accept_language="en")
        if status == 200:
            assert answer + b"\n" == alone
            continue
        mine, single = json.loads(answer), json.loads(alone)
        assert mine["line"] == number
        assert [{**each, "message": each["message"]["en"]} for each in mine["problems"]] == single["problems"]


def test_arrays_and_lines_are_answered_alike(service):
    """The same answers, in an array or on lines."""
    sheets = [each for each in mixed() if each != b"[]"]
    assert ask(service, batch(sheets, JSON), JSON) == ask(service, batch(sheets, LINES), LINES)


def test_a_batch_is_answered_like_the_command_line(service, standard, tmp_path):
    """`kaohe score` writes the same lines for the same sheets."""
    lines = (SHIPPED / "samples" / f"{standard}.jsonl").read_bytes().splitlines()
    sheets = [*lines[:3], b'{"unit": {"id": "A"}, "facts": {"loans_du": 1}}', b"", b"no json", *lines[3:]]
    file = tmp_path / "sheets.jsonl"
    file.write_bytes(b"\n".join(sheets) + b"\n")
    script = "import sys; from service.cli import main; sys.argv[0] = 'kaohe'; main()"
    words = ["score", "--policy", "changzhou-2012", "--standard", standard, str(file)]
    scored = subprocess.run([sys.executable, "-c", script, *words], capture_output=True, check=False)
    assert scored.returncode == 3
    query = f"?policy=changzhou-2012&standard={standard}"
    assert ask(service, file.read_bytes(), LINES, query) == scored.stdout.splitlines()


def test_a_line_keeps_its_number_and_need_not_be_tidy(service):
    """Blank lines are skipped and counted; CRLF, a byte order mark and no line feed at the end change nothing."""
    good, bad = line(sample("community")), b"{}"
    raw = b"\xef\xbb\xbf" + good + b"\r\n\r\n" + bad + b"\r\n \t\n\n" + good + b"\n" + bad
    found = ask(service, raw)
    assert [json.loads(each).get("line") for each in found] == [None, 3, None, 7]
    assert found[0] == found[2] == service.ask(ONE, good)[2].rstrip(b"\n")


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_an_empty_batch_has_no_answers(service, kind):
    """An array of nothing, or no line, is a good batch."""
    bodies = [b"[]", b" [ \n ] ", b"\xef\xbb\xbf[]"] if kind == JSON else [b"", b"\n", b" \r\n\n", b"\xef\xbb\xbf"]
    for raw in bodies:
        status, _, came = service.ask(MANY, raw, method="POST", content_type=kind)
        assert (status, came.strip()) == (200, EMPTY[kind].strip()), raw


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_what_a_sheet_does_not_say_is_taken_from_the_address(service, kind):
    """`policy`, `year` and `standard` of the address; a sheet's own word goes before them."""
    sheet = {key: value for key, value in sample("community").items() if key not in {"policy", "standard"}}
    other = sample("village")
    alone = service.ask(ONE, sample("community"))[2].rstrip(b"\n")
    for query in ("?policy=changzhou-2012&standard=community", "?year=2012&standard=community"):
        found = ask(service, batch([sheet, other, {**sheet, "policy": "a"}], kind), kind, query)
        assert found[0] == alone
        assert json.loads(found[1])["standard"] == "village"
        assert refused(found[2]) == (3, ["policy_unknown"])
    assert refused(ask(service, batch([sheet], kind), kind, "?standard=community")[0]) == (1, ["key_missing"])


def test_the_largest_sheet_is_read_and_a_larger_one_refused_by_itself(service):
    """1 MiB is a sheet; one byte more is not, and stops no other one."""
    good = line(sample("community"))
    largest = good + b" " * (MIB - len(good))
    # Blanks around an element are none of it; those inside of it count.
    inner = good[:-1] + b" " * (MIB - len(good)) + b"}"
    for kind, just, over in ((LINES, largest[:-1], largest[:-1] + b" "), (JSON, inner, inner[:-1] + b" }")):
        found = ask(service, batch([good, just, over + b" ", good], kind), kind)
        assert found[0] == found[1] == found[3]
        assert refused(found[2]) == (3, ["line_too_long"])


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_batch_of_too_many_sheets_is_refused_before_any_is_answered(small, kind):
    """As many as are allowed are answered; one more, and nothing is."""
    assert len(ask(small, batch([b"1"] * MOST_SHEETS, kind), kind)) == MOST_SHEETS
    status, headers, came = small.ask(MANY, batch([b"1"] * (MOST_SHEETS + 1), kind), content_type=kind)
    assert (status, json.loads(came)["code"]) == (413, "body_too_large")
    assert headers["Content-Type"] == "application/problem+json"


def test_a_packed_batch_is_refused(small):
    """What is packed could be a thousand times as large as it looks."""
    packed = gzip.compress(batch([sample("community")], LINES))
    status, _, came = small.ask(MANY, packed, content_type=LINES, content_encoding="gzip")
    assert (status, json.loads(came)["code"]) == (415, "media_type_unsupported")


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_when_the_time_is_up_the_rest_is_refused_one_by_one(small, kind):
    """What was reached is answered; each other sheet is refused with its number, so that it can be sent again."""
    sheet = line(sample("community"))
    found = ask(small, batch([sheet] * MOST_SHEETS, kind), kind)
    assert len(found) == MOST_SHEETS
    late = [(number, answer) for number, answer in enumerate(found, 1) if b'"time_is_up"' in answer]
    assert [refused(answer) for _, answer in late] == [(number, ["time_is_up"]) for number, _ in late]
    first = late[0][0]
    assert first > 1
    assert len(late) == MOST_SHEETS - first + 1
    assert all(b'"grade": "excellent"' in answer for answer in found[: first - 1])


@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_client_that_sends_everything_before_it_reads_is_not_blocked(service, kind):
    """Tens of MiB go in before the first byte is read; then all answers come."""
    sheet = line(sample("community"))
    count = 24 * MIB // len(sheet)
    # Most of it are refused at once, so that this takes a moment.
    sheets = [sheet, *[b'{"x": "' + b"a" * (len(sheet) - 10) + b'"}'] * (count - 2), sheet]
    raw = post(batch(sheets, kind), kind, MANY, "Connection: close")
    with socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS) as connection:
        connection.sendall(raw)
        came = bytearray()
        while piece := connection.recv(MIB):
            came += piece
    status, headers, rest = split(came)
    found = answers(body(headers, rest), kind)
    assert (status, len(found)) == (200, count)
    assert b'"grade": "excellent"' in found[0]
    assert found[0] == found[-1]


def test_a_client_that_reads_while_it_sends_is_answered_too(service):
    """The same answers, whatever the order of sending and reading."""
    raw = batch([sample("community")] * 300, LINES)
    head, _, rest = http("POST", MANY, raw, f"Content-Type: {LINES}").partition(b"\r\n\r\n")
    with socket.create_connection(("127.0.0.1", service.port), timeout=SECONDS) as connection:
        connection.sendall(head + b"\r\n\r\n")
        came = bytearray()
        for at in range(0, len(rest), 100_000):
            connection.sendall(rest[at : at + 100_000])
            while select.select([connection], [], [], 0)[0]:
                came += connection.recv(65536)
        while not whole(came):
            came += connection.recv(65536)
    assert answers(body(*split(came)[1:]), LINES) == ask(service, raw)


@pytest.mark.parametrize("kind", [JSON, LINES])
@pytest.mark.parametrize("size", [1, 7, 5000])
def test_a_batch_may_come_in_chunks(service, kind, size):
    """However it is cut, the answers are the same."""
    raw = batch([sample("village"), {}], kind)
    head = http("POST", MANY, b"", f"Content-Type: {kind}", "Transfer-Encoding: chunked", length=False)
    cut = [raw[at : at + size] for at in range(0, len(raw), size)]
    sent = head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in cut) + b"0\r\n\r\n"
    status, headers, rest = split(exchange(service.port, sent))
    assert status == 200
    assert answers(body(headers, rest), kind) == ask(service, raw, kind)


def test_batches_leave_room_for_single_sheets_and_their_places_are_free_again():
    """With as many batches as allowed, one more is refused, a single sheet is answered; after them, a batch again."""
    sheet = line(sample("community")) + b"\n"
    head, _, lines = post(sheet * 2, LINES, MANY, "Expect: 100-continue", "Connection: close").partition(b"\r\n\r\n")
    with served(workers=1, threads=3, batches=2) as running:
        for ending in ("whole", "cut off", "broken", "whole"):
            held = [socket.create_connection(("127.0.0.1", running.port), timeout=SECONDS) for _ in range(2)]
            for connection in held:
                connection.sendall(head + b"\r\n\r\n")
                assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
                connection.sendall(lines[: len(sheet)])
                running.get("/healthz")
            status, headers, _ = running.ask(MANY, sheet, content_type=LINES)
            assert (status, headers["Retry-After"]) == (429, "1")
            assert running.ask(ONE, sheet)[0] == 200
            for connection in held:
                if ending == "whole":
                    connection.sendall(lines[len(sheet) :])
                if ending == "broken":
                    connection.sendall(b"\xff" * len(sheet))
                if ending == "cut off":
                    connection.shutdown(socket.SHUT_WR)
                came = bytearray()
                while piece := connection.recv(65536):
                    came += piece
                connection.close()
                assert split(came)[0] == (408 if ending == "cut off" else 200)
            assert len(ask(running, sheet)) == 1


def test_one_batch_after_another_is_never_too_many():
    """Whoever has read an answer to its end may send the next batch at once, even where only one is allowed."""
    raw = post(b"{}\n", LINES, MANY)
    with (
        served(workers=1, threads=2, batches=1) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=SECONDS) as connection,
    ):
        connection.settimeout(SECONDS)
        for _ in range(50):
            connection.sendall(raw)
            came = bytearray()
            while not whole(came):
                came += connection.recv(65536)
            assert split(came)[0] == 200
            other = exchange(running.port, raw)
            assert split(other)[0] == 200


def test_a_client_that_goes_away_leaves_its_place(small):
    """A batch whose client has gone gives its place free; the process goes on."""
    raw = post(batch([sample("community")] * 3000, LINES), LINES, MANY)
    before = small.workers()
    for _ in range(4):
        with socket.create_connection(("127.0.0.1", small.port), timeout=SECONDS) as connection:
            connection.sendall(raw)
            assert connection.recv(100)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    end = time.monotonic() + SECONDS
    while small.ask(MANY, b"{}", content_type=LINES)[0] != 200:
        assert time.monotonic() < end
    assert small.workers() == before


def memory(pid):
    """What a process holds, its share of what it shares with others, in bytes; files that it has mapped left out."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(each.split()[1]) * 1024 for each in lines if each.startswith("Pss_Anon:"))


@pytest.mark.slow
@pytest.mark.parametrize("kind", [JSON, LINES])
def test_a_batch_of_more_than_100_mib_takes_no_more_memory(kind):
    """The body waits in a file and the answers go out as they are made."""
    sheet = line(sample("community"))
    count = 101 * MIB // len(sheet) + 1
    raw = batch([sheet] * count, kind)
    with served(workers=1, batch_seconds=600) as running:
        ask(running, batch([sheet] * 200, kind), kind)
        (worker,) = running.workers()
        before = most = memory(worker)
        begun, size, found = time.monotonic(), 0, 0
        with socket.create_connection(("127.0.0.1", running.port), timeout=SECONDS) as connection:
            connection.sendall(post(raw, kind, MANY, "Connection: close"))
            sent, looked = time.monotonic(), 0.0
            tail = b""
            while piece := connection.recv(MIB):
                size += len(piece)
                found += (tail + piece).count(b'"policy_hash"') - tail.count(b'"policy_hash"')
                tail = piece[-12:]
                if time.monotonic() - looked > 0.2:
                    looked = time.monotonic()
                    most = max(most, memory(worker))
        seconds = time.monotonic() - sent
        assert found == count
        assert running.workers() == [worker]
    print(
        f"{kind}: {count} sheets, {len(raw) / MIB:.0f} MiB in {sent - begun:.1f} s, {size / MIB:.0f} MiB out, "
        f"{count / seconds:.0f} sheets/s, {before / MIB:.0f} MiB before, {(most - before) / MIB:+.1f} MiB at most"
    )
    assert most - before < MOST_GROWTH


def test_no_file_of_a_batch_is_left_behind(small):
    """Whether it was answered, refused or cut off, the file that held it is closed."""
    (worker,) = small.workers()

    def files():
        return sum(
            "(deleted)" in str(each.readlink()) for each in Path(f"/proc/{worker}/fd").iterdir() if each.is_symlink()
        )

    before = files()
    for raw, kind in (
        (b"[]", JSON),
        (b"[", JSON),
        (b"{}", LINES),
        (b"1\n" * (MOST_SHEETS + 1), LINES),
        (b" " * (49 * MIB), LINES),
    ):
        small.ask(MANY, raw, content_type=kind)
    exchange(small.port, post(b"{}\n" * 9, LINES, MANY)[:-5], ends=True)
    end = time.monotonic() + SECONDS
    while files() > before:
        assert time.monotonic() < end
