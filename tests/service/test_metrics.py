"""What is counted adds up over all processes, also after one of them was replaced."""

import json
import os
import signal

import pytest

from service.metrics import SECONDS

from .conftest import sample
from .serving import served, wait_for

PATH = "/v1/evaluations"
DECISIONS = "kaohe_decisions_total"
RESTARTS = "kaohe_engine_restarts_total"
ANSWERED = {"route": PATH, "status": "200"}


@pytest.fixture(scope="module")
def counting():
    """A service whose counts nobody else changes."""
    with served() as running:
        wait_for(lambda: len(running.workers()) == 2)
        yield running


@pytest.fixture
def untouched():
    """A service that has not counted anything."""
    with served() as running:
        wait_for(lambda: len(running.workers()) == 2)
        yield running


def lines(count):
    """So many sheets, a line each."""
    return (json.dumps(sample("community"), ensure_ascii=False).encode() + b"\n") * count


def test_decisions_add_up_over_processes_and_their_replacements(untouched):
    """Over both processes, and after one was killed and replaced, every decision is counted once, by its grade."""
    sheets = {
        "community": sample("community"),
        "village": sample("village"),
        "veto": {**sample("community"), "facts": {**sample("community")["facts"], "platform_established": False}},
    }
    grades = {}
    for name, sheet in sheets.items():
        status, _, body = untouched.ask(PATH, sheet)
        assert status == 200
        grades[name] = json.loads(body)["grade"]
    assert grades["veto"] != grades["community"]
    first = {
        name: untouched.count(DECISIONS, policy="changzhou-2012", standard=sheets[name]["standard"], grade=grades[name])
        for name in sheets
    }
    assert first == dict.fromkeys(sheets, 1)

    before = untouched.workers()
    for turn in range(3):
        assert all(untouched.ask(PATH, sheet)[0] == 200 for sheet in sheets.values() for _ in range(7))
        assert untouched.ask(PATH + "/batch", lines(50), content_type="application/x-ndjson")[0] == 200
        if turn < 2:
            os.kill(untouched.workers()[0], signal.SIGKILL)
            wait_for(lambda done=turn + 1: len(untouched.workers()) == 2 and untouched.count(RESTARTS) == done)
    assert set(untouched.workers()) != set(before)
    for name, more in {"community": 21 + 150, "village": 21, "veto": 21}.items():
        labels = {"standard": sheets[name]["standard"], "grade": grades[name]}
        assert untouched.count(DECISIONS, **labels) == 1 + more
    assert untouched.count(DECISIONS) == 3 + 63 + 150
    assert untouched.count("kaohe_disagreements_total") == untouched.count("kaohe_engine_failures_total") == 0


def test_every_process_tells_the_same(counting):
    """Whichever process is asked, and both are, it tells what all of them have counted."""
    assert counting.ask(PATH, sample("community"))[0] == 200
    told = {counting.count(DECISIONS) for _ in range(50)}
    assert len(told) == 1
    assert told != {0}


def test_latency_is_a_histogram_by_route_and_status(counting):
    """Every request falls into the buckets once; what is not found shares one label, not one for each address."""
    before = counting.count("kaohe_request_seconds_count", **ANSWERED)
    for _ in range(30):
        counting.ask(PATH, sample("community"))
    assert counting.count("kaohe_request_seconds_count", **ANSWERED) == before + 30
    buckets = {
        dict(labels)["le"]: value
        for (name, labels), value in counting.counted().items()
        if name == "kaohe_request_seconds_bucket" and ANSWERED.items() <= dict(labels).items()
    }
    counts = [buckets[edge] for edge in sorted(buckets, key=float)]
    assert [float(edge) for edge in sorted(buckets, key=float)] == [*SECONDS, float("inf")]
    assert counts == sorted(counts)
    assert counts[-1] == before + 30
    for number in range(5):
        counting.ask(f"/nothing/{number}")
    assert counting.count("kaohe_request_seconds_count", route="none", status="404") == 5


def test_refusals_are_counted_by_code(counting):
    """Each code of a refused sheet is counted once, in single requests and in batches."""
    codes = ("fact_unknown", "wrong_type", "json_broken")
    had = {code: counting.count("kaohe_refusals_total", code=code) for code in codes}
    sheet = sample("community")
    sheet["facts"] = {**sheet["facts"], "loans_due": "many", "no_such_fact": 1}
    assert counting.ask(PATH, sheet)[0] == 422
    line = json.dumps(sheet, ensure_ascii=False).encode() + b"\n"
    assert counting.ask(PATH + "/batch", line * 2 + b"{\n", content_type="application/x-ndjson")[0] == 200
    assert counting.ask(PATH, b"{")[0] == 400
    codes = ("fact_unknown", "wrong_type", "json_broken")
    assert [counting.count("kaohe_refusals_total", code=code) - had[code] for code in codes] == [3, 3, 2]


def test_the_text_is_what_prometheus_reads(counting):
    """The content type names the format, every family has its help and its type, and no process shows in it."""
    assert counting.ask(PATH, sample("community"))[0] == 200
    assert counting.ask(PATH, b"{")[0] == 400
    status, headers, text = counting.ask("/metrics")
    assert status == 200
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    told = text.decode()
    for name in ("decisions", "refusals", "request_seconds", "disagreements", "engine_failures", "engine_restarts"):
        assert f"# TYPE kaohe_{name}" in told
        assert f"# HELP kaohe_{name}" in told
    assert "pid=" not in told
