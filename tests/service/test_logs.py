"""What the log says: JSON, a line for each request with its id, and nothing about a unit."""

import json
import re
import socket

import pytest

from .conftest import sample
from .serving import served, wait_for

PATH = "/v1/evaluations"
MADE = re.compile(r"[0-9a-f]{32}")
# Values that nothing but the sheet can have brought into the log.
SECRETS = ("UNIT-4711", "秘密社区", "秘密区", "73191", "抽查时发现的秘密", "secret_fact")
# Raises an error whose words quote the sheet.
BROKEN = """
import rules.engine
from rules import EngineFailed
decide = rules.engine.Engine.decide

def broken(self, case):
    kind = case.sheet.unit.id.partition("/")[2]
    if kind == "raises":
        local = case.sheet
        raise ValueError(f"{case.sheet.unit} {case.values}")
    if kind == "chains":
        try:
            {}[case.sheet.unit.id]
        except KeyError as error:
            raise RuntimeError(case.sheet.unit.name) from error
    if kind == "differs":
        return decide(self, case)._replace(score=1)
    return decide(self, case)

rules.engine.Engine.decide = broken
from service.cli import main; main()
"""


@pytest.fixture(scope="module")
def logging():
    """A service that is broken for some units."""
    with served(BROKEN) as running:
        yield running


def secret(kind=""):
    """A good sheet of a unit about which nothing may be told."""
    sheet = sample("community")
    sheet["unit"] = {"id": f"UNIT-4711/{kind}", "name": "秘密社区", "district": sheet["unit"]["district"]}
    sheet["facts"] = {**sheet["facts"], "loans_due": 731910.00, "loans_repaid": 731910.00}
    return sheet


def lines_of(service, request_id):
    """The log lines of a request, when the one that ends it is there."""
    return wait_for(
        lambda: (
            (found := [line for line in service.log if line.get("request_id") == request_id])
            and any(line["event"] == "request" for line in found)
            and found
        )
    )


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", PATH, secret(), 200),
        ("POST", PATH + "/batch", [secret()], 200),
        ("GET", "/v1/policies", None, 200),
        ("GET", "/nothing", None, 404),
        ("DELETE", PATH, None, 405),
        ("POST", PATH, b"{", 400),
        ("POST", PATH, {**secret(), "facts": {"secret_fact": 73191}}, 422),
        ("POST", PATH, secret("differs"), 503),
        ("POST", PATH, secret("raises"), 500),
    ],
)
def test_every_request_has_one_line_with_its_id(logging, method, path, body, status):
    """A given id comes back and is on every line of its request; one line says what was asked and how it went."""
    given = f"test-{method}.{status}:{path.replace('/', '_')}-{len(str(body))}"
    found, headers, _ = logging.ask(path, body, method=method, X_Request_Id=given)
    assert (found, headers["X-Request-Id"]) == (status, given)
    lines = lines_of(logging, given)
    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"], line["level"]) == (method, path, status, "info")
    assert line["ms"] > 0
    assert ("code" in line) == (status >= 400)
    errors = [line["level"] for line in lines if line["event"] != "request"]
    assert errors == (["error"] if status in {500, 503} else [])


@pytest.mark.parametrize("given", [None, "", "a b", "x" * 129, "<script>", "ü", "{}", "a\tb"])
def test_an_id_is_made_where_none_or_a_bad_one_is_given(logging, given):
    """What could be mistaken for something else in a log is replaced by an id of our own."""
    headers = {} if given is None else {"X_Request_Id": given}
    status, answered, body = logging.ask("/nothing", **headers)
    assert status == 404
    made = answered["X-Request-Id"]
    assert MADE.fullmatch(made)
    assert json.loads(body)["instance"] == f"urn:kaohe:request:{made}"
    assert len(lines_of(logging, made)) == 1


def test_ids_are_told_apart_on_a_kept_connection_and_in_batches(logging):
    """The id of one request is never on a line of another."""
    for number in range(20):
        given = f"apart-{number}"
        assert logging.ask(PATH, secret("differs"), X_Request_Id=given)[0] == 503
        assert [line["event"] for line in lines_of(logging, given)] == ["evaluators_disagree", "request"]
    body = json.dumps(secret("differs"), ensure_ascii=False).encode() + b"\n"
    assert logging.ask(PATH + "/batch", body * 3, content_type="application/x-ndjson", X_Request_Id="many")[0] == 200
    assert [line["event"] for line in lines_of(logging, "many")] == ["evaluators_disagree"] * 3 + ["request"]


def raw(service, text):
    """What is answered to these bytes."""
    with socket.create_connection(("127.0.0.1", service.port), timeout=10) as connection:
        connection.sendall(text)
        connection.shutdown(socket.SHUT_WR)
        with connection.makefile("rb") as stream:
            return stream.read()


def test_nothing_of_a_unit_is_in_the_log(logging):
    """Whatever goes wrong with a sheet, be it not even HTTP, no fact, name, id or reason of its unit is told."""
    good = json.dumps(secret(), ensure_ascii=False).encode()
    refused = {**secret(), "facts": {"secret_fact": 73191}, "reasons": {"x": "抽查时发现的秘密"}}
    for body in (secret(), secret("differs"), secret("raises"), secret("chains"), refused, good[:-1], good + b"}"):
        for path, sent in ((PATH, body), (PATH + "/batch", body if isinstance(body, bytes) else [body])):
            logging.ask(path, sent)
    head = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    assert raw(logging, good + b"\r\n\r\n").startswith(b"HTTP/1.1 400 ")
    # A length that is too small makes the rest of a sheet the next request; one that is too large cuts it off.
    assert raw(logging, (head % (len(good) - 300)).encode() + good + b"\r\n\r\n").count(b"HTTP/1.1 400 ") >= 1
    raw(logging, (head % (len(good) + 300)).encode() + good)
    raw(logging, (head % 5).encode().replace(b"Content-Length: 5", b"Transfer-Encoding: chunked") + good)
    raw(logging, b"GET /healthz HTTP/1.1\r\n" + "秘密社区: UNIT-4711\r\n\r\n".encode())
    assert logging.ask("/healthz")[0] == 200
    wait_for(lambda: [line for line in logging.log if "chains" not in str(line) and "RuntimeError" in str(line)])
    told = "\n".join(logging.logged + logging.printed)
    assert [word for word in SECRETS if word in told] == []


def test_an_internal_error_is_logged_with_its_place(logging):
    """The log says which error it was and where, in one line, with the error that it came from."""
    assert logging.ask(PATH, secret("chains"), X_Request_Id="chained")[0] == 500
    (line,) = [line for line in lines_of(logging, "chained") if line["event"] == "internal_error"]
    assert re.search(r"broken > RuntimeError; after .* broken > KeyError", line["exception"])


def test_what_is_not_http_has_its_line_too(logging):
    """Bytes that are no request get a problem body with an id that is in the log."""
    text = raw(logging, b"hello\r\n\r\n")
    head, _, body = text.partition(b"\r\n\r\n")
    problem = json.loads(body)
    assert b"application/problem+json" in head
    (line,) = lines_of(logging, problem["instance"].removeprefix("urn:kaohe:request:"))
    assert (line["status"], line["code"]) == (400, problem["code"])


def test_every_line_is_json_of_one_form(logging):
    """The server's own lines have the same form as ours: an event, a level and a time."""
    assert logging.ask("/healthz")[0] == 200
    events = {line["event"] for line in logging.log}
    assert any("Booting worker" in event for event in events)
    for line in logging.log:
        assert line.keys() >= {"event", "level", "timestamp"}
        assert line["level"] in {"info", "warning", "error"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", line["timestamp"])


def test_facts_are_logged_when_asked_for():
    """`KAOHE_LOG_FACTS` shows the sheets that were refused or could not be decided, and the words of an error."""
    with served(BROKEN, log_facts="true") as service:
        assert service.ask(PATH, {**secret(), "facts": {"secret_fact": 73191}}, X_Request_Id="refused")[0] == 422
        (line,) = [line for line in lines_of(service, "refused") if line["event"] == "refused"]
        assert line["sheet"]["facts"] == {"secret_fact": 73191}
        assert line["sheet"]["unit"]["name"] == "秘密社区"
        assert any("secret_fact" in each for each in line["problems"])
        assert service.ask(PATH, secret("differs"), X_Request_Id="differs")[0] == 503
        (line,) = [line for line in lines_of(service, "differs") if line["event"] == "evaluators_disagree"]
        assert "UNIT-4711" in line["why"]
        assert service.ask(PATH, secret("raises"), X_Request_Id="raises")[0] == 500
        (line,) = [line for line in lines_of(service, "raises") if line["event"] == "internal_error"]
        assert "秘密社区" in line["exception"]


@pytest.mark.parametrize(("level", "seen"), [("warning", set()), ("debug", {"debug", "info"})])
def test_the_level_is_kept_by_the_server_too(level, seen):
    """A level holds for every line, ours and the server's."""
    with served(log_level=level) as service:
        assert service.ask(PATH, sample("community"))[0] == 200
        service.stop()
        assert {line["level"] for line in service.log} == seen


@pytest.mark.parametrize(
    "stderr",
    ["r, w = os.pipe()\nos.dup2(w, 2)\nos.close(r)\nos.close(w)", "os.dup2(os.open('/dev/full', os.O_WRONLY), 2)"],
    ids=["nobody reads", "the disk is full"],
)
def test_a_log_that_cannot_be_written_ends_no_process(stderr):
    """Where nobody reads the log any more, or its disk is full, requests are answered by the same process."""
    with served(f"import os\n{stderr}\nfrom service.cli import main; main()", workers=1) as service:
        before = wait_for(service.workers)
        for _ in range(5):
            assert service.ask(PATH, b"{")[0] == 400
            assert service.ask(PATH, sample("community"))[0] == 200
        assert service.workers() == before
