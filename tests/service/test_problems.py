"""Every failure has one shape, on every address: what a client may rely on when something goes wrong."""

import json
import re
import shutil
import socket

import pytest

from rules import EngineFailed, EvaluatorsDisagree
from service.app import create_app
from service.problems import KINDS, LANGUAGES, MEDIA_TYPE
from service.settings import Settings

from .conftest import ROOT, SHIPPED, sample
from .hostile import (
    COMPARE,
    JSON,
    LINES,
    MANY,
    ONE,
    POLICIES,
    ROUTES,
    SETTLE,
    STANDARD,
    envelopes,
    facts,
    http,
    post,
    sheets,
    units,
)
from .serving import served
from .test_hostile import body, exchange, split, whole

MEMBERS = ["type", "title", "status", "code", "instance", "problems"]
POSTS = [ONE, MANY, SETTLE, COMPARE]
CHECKED = [path for path in ROUTES if path.startswith("/v1")]
BELOW_STANDARD = [path for path in ROUTES if path.startswith(STANDARD)]
# What a client may ask for, and what it is answered in.
WISHES = {
    None: "zh",
    "": "zh",
    "zh": "zh",
    "en": "en",
    "zh-CN": "zh",
    "en-GB": "en",
    "EN-us": "en",
    "zh-Hant-TW": "zh",
    "*": "zh",
    "fr": "zh",
    "fr, de;q=0.5": "zh",
    "fr, en;q=0.1": "en",
    "fr, *;q=0.1": "zh",
    "en;q=0.5, zh;q=0.9": "zh",
    "zh;q=0.5, en;q=0.9": "en",
    "zh-CN, en;q=0.8": "zh",
    "en-GB, zh;q=0.1": "en",
    "en-GB, en;q=0.9, zh;q=0.8": "en",
    "zh-CN, zh;q=0.9, en;q=0.8": "zh",
    "en;q=0.2, en-GB;q=0.9, zh;q=0.5": "en",
    "en, zh": "zh",
    "zh;q=0, *": "en",
    "en;q=0": "zh",
    "*;q=0": "zh",
    "en;q=2": "zh",
    "en;q=high": "zh",
    ",;,q=": "zh",
    "enough": "zh",
    "x" * 2000: "zh",
}


def check(status, headers, raw, kind, language="zh"):
    """Hold a failure to the one shape; gives its problems."""
    expected, title = KINDS[kind]
    assert status == expected
    assert headers["Content-Type"] == MEDIA_TYPE
    assert headers["Content-Language"] == language
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert int(headers["Content-Length"]) == len(raw)
    found = json.loads(raw)
    assert list(found) == MEMBERS
    assert (found["status"], found["code"], found["type"]) == (expected, kind, f"urn:kaohe:problem:{kind}")
    assert found["title"] == getattr(title, language)
    assert found["instance"] == f"urn:kaohe:request:{headers['X-Request-Id']}"
    for each in found["problems"]:
        assert list(each) == ["code", "path", "message", "near"]
        assert each["message"].strip()
    return found["problems"]


def sent(client, method, path, kind, *, said=None, **more):
    """Send in this process, in both languages; gives the problems in English."""
    problems = {}
    for language in LANGUAGES:
        headers = {"Accept-Language": language, **(said or {})}
        answer = client.open(path, method=method, headers=headers, **more)
        assert answer.headers["Vary"] == "Accept-Language"
        problems[language] = check(answer.status_code, answer.headers, answer.data, kind, language)
    chinese, english = problems["zh"], problems["en"]
    assert [each["path"] for each in chinese] == [each["path"] for each in english]
    return english


def pointed(document, pointer):
    """What a JSON pointer points to; `LookupError` when that is nothing."""
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        document = document[int(name) if isinstance(document, list) else name]
    return document


@pytest.fixture(scope="module")
def small():
    """The service with low limits."""
    with served(workers=1, body_bytes=4096, batch_bytes=8192, batch_sheets=3) as running:
        yield running


@pytest.fixture
def breakable():
    """An application of its own, to be broken."""
    return create_app(Settings(log_level="error"))


def test_the_table_of_addresses_has_every_address(app):
    """So that nothing below leaves one out."""
    filled = {
        rule.rule.replace("<name>", "swagger-ui.css")
        .replace("<policy_id>", "changzhou-2012")
        .replace("<standard>", "community")
        for rule in app.url_map.iter_rules()
    }
    assert filled - {"/"} == set(ROUTES)


@pytest.mark.parametrize("path", ROUTES)
def test_below_every_address_there_is_nothing(client, path):
    """404, in one shape."""
    if path == "/docs/assets/swagger-ui.css":
        path = "/docs/assets"
    below = "/nothing" if "/policies" not in path else "/a/b/c/nothing"
    assert sent(client, "GET", path + below, "not_found") == []


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE", "PATCH"])
def test_every_address_says_which_methods_it_takes(client, path, method):
    """405, with `Allow`."""
    if ROUTES[path] == method:
        assert client.open(path, method=method, buffered=True).status_code != 405
        return
    sent(client, method, path, "method_not_allowed")
    allowed = client.open(path, method=method).headers["Allow"].split(", ")
    assert ROUTES[path] in allowed
    assert method not in allowed


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (RuntimeError("a fault"), "internal_error"),
        (MemoryError(), "internal_error"),
        (RecursionError(), "internal_error"),
        (OSError(28, "no space"), "internal_error"),
        (EngineFailed("no answer"), "engine_failed"),
        (EvaluatorsDisagree("4 or 5"), "evaluators_disagree"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_fault_at_any_address_is_said_without_its_inner_words(breakable_once, path, error, kind):
    """500, or 503 where a decision is refused on purpose; nothing of the program is shown."""
    app = breakable_once

    def fail(*_, **__):
        raise error

    with app.test_request_context(path, method=ROUTES[path]) as context:
        endpoint = context.request.url_rule.endpoint
    whole, app.view_functions[endpoint] = app.view_functions[endpoint], fail
    try:
        problems = sent(app.test_client(), ROUTES[path], path, kind)
    finally:
        app.view_functions[endpoint] = whole
    assert [each["code"] for each in problems] == ([] if kind == "internal_error" else [kind])
    if kind == "internal_error":
        assert "fault" not in json.dumps(problems)


@pytest.fixture(scope="module")
def breakable_once():
    """One application that is broken and mended again and again."""
    return create_app(Settings(log_level="error"))


@pytest.mark.parametrize("path", ROUTES)
def test_at_every_address_a_head_that_is_too_large_is_refused(small, path):
    """414 and 431, in one shape, though no part of the application has seen them."""
    for raw, kind in {
        http(ROUTES[path], f"{path}?{'a' * 9000}"): "address_too_long",
        http(ROUTES[path], path, b"", f"X-A: {'a' * 9000}"): "headers_too_large",
        http(ROUTES[path], path, b"", *["X-A: a"] * 200): "headers_too_large",
        http(ROUTES[path], path, b"", "nothing"): "request_bad",
        http(ROUTES[path], path, b"", "Content-Length: -1", length=False): "request_bad",
        http(ROUTES[path], path, b"", "Transfer-Encoding: foo", length=False): "not_implemented",
    }.items():
        status, headers, rest = split(exchange(small.port, raw))
        (found,) = check(status, headers, rest, kind)
        assert found["code"] == "http_broken"


@pytest.mark.parametrize("path", POSTS)
def test_what_is_posted_must_say_that_it_is_json(client, path):
    """415 for other types and for packed bodies; `Accept` says what is taken."""
    (found,) = sent(client, "POST", path, "media_type_unsupported", data="{}", content_type="text/plain")
    assert found["path"] == "Content-Type"
    assert JSON in client.post(path, data="{}").headers["Accept"]
    packed = {"Content-Encoding": "gzip"}
    (found,) = sent(client, "POST", path, "media_type_unsupported", said=packed, data="{}", content_type=JSON)
    assert found["path"] == "Content-Encoding"


@pytest.mark.parametrize("path", POSTS)
def test_what_is_posted_may_not_be_too_large(small, path):
    """413, with the limit in the sentence."""
    limit = 4096 if path == ONE else 8192
    for language in LANGUAGES:
        answer = small.ask(path, b" " * (limit + 1), Accept_Language=language)
        (found,) = check(*answer, "body_too_large", language)
        assert str(limit) in found["message"]


def test_a_batch_may_not_have_too_many_sheets(small):
    """413, with the limit in the sentence, before anything is answered."""
    for raw, kind in ((b"[{},{},{},{}]", JSON), (b"{}\n" * 4, LINES)):
        (found,) = check(*small.ask(MANY, raw, content_type=kind), "body_too_large")
        assert (found["code"], "3" in found["message"]) == ("too_many_sheets", True)


@pytest.mark.parametrize("path", POSTS)
def test_what_is_posted_must_be_json(client, path):
    """400, with the place in the sentence."""
    (found,) = sent(client, "POST", path, "body_broken", data='["a"', content_type=JSON)
    assert found["code"] == "json_broken"


@pytest.mark.parametrize("path", CHECKED)
def test_a_parameter_that_means_nothing_is_refused(client, path):
    """422, with the nearest known name where there is one."""
    more = {"json": {}} if ROUTES[path] == "POST" else {}
    (found,) = sent(client, ROUTES[path], f"{path}?polcy=a", "request_refused", **more)
    assert (found["code"], found["path"]) == ("key_unknown", "/polcy")
    assert found["near"] == ("policy" if path == MANY else None)


@pytest.mark.parametrize("path", BELOW_STANDARD)
def test_a_policy_or_standard_that_is_not_there(client, path):
    """404, with the nearest known name."""
    for wrong, right in {"changzhou-2022": "changzhou-2012", "comunity": "community"}.items():
        (found,) = sent(client, "GET", path.replace(right, wrong), "policy_unknown")
        assert found["near"] == right
        assert wrong in found["message"]


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"policy": "changzhou-2022"}, "policy_unknown", "policy_unknown"),
        ({"standard": "comunity"}, "policy_unknown", "standard_unknown"),
        ({"policy": 1}, "request_refused", "value_bad"),
        ({"policy_hash": "0" * 64}, "policy_changed", "policy_changed"),
        ({"facts": {}}, "sheet_undecided", "fact_missing"),
    ],
)
def test_a_sheet_that_cannot_be_decided(client, posted, change, kind, code):
    """404, 409 or 422: what must change is said by code and place."""
    problems = sent(client, "POST", ONE, kind, json={**posted, **change})
    assert code in {each["code"] for each in problems}


def test_everything_that_is_wrong_is_said_at_once(client, posted):
    """What is wrong around the sheet and in it, each with its place; the gravest decides the status."""
    wrong = {
        **posted,
        "polcy": 1,
        "policy_hash": "short",
        "unit": {"name": 1, "code": "a"},
        "facts": {**posted["facts"], "computer": "yes", "loans_du": 1, "employers_total": 1},
        "self_scores": {"1": "3", "99": 1},
        "reasons": {"computer": "a"},
    }
    problems = sent(client, "POST", ONE, "request_refused", json=wrong)
    assert [(each["code"], each["path"]) for each in problems] == [
        ("value_bad", "/policy_hash"),
        ("key_unknown", "/polcy"),
        ("key_unknown", "/unit/code"),
        ("value_bad", "/unit/id"),
        ("value_bad", "/unit/name"),
        ("wrong_type", "/facts/computer"),
        ("fact_unknown", "/facts/loans_du"),
        ("part_exceeds_whole", "/facts/employers_collected"),
        ("wrong_type", "/self_scores/1"),
        ("item_unknown", "/self_scores/99"),
        ("reason_for_nothing", "/reasons/computer"),
    ]
    assert {each["path"]: each["near"] for each in problems if each["near"]} == {
        "/polcy": "policy",
        "/facts/loans_du": "loans_due",
        "/self_scores/99": "9",
    }


def test_every_pointer_points_into_what_was_sent(client):
    """At the value that is wrong; or, where one is missing, into the object that should hold it."""
    rows = [row for row in [*envelopes(), *units(), *facts(), *sheets()] if row.sent.startswith(b"POST")]
    seen = set()
    for row in rows:
        raw = row.sent.partition(b"\r\n\r\n")[2]
        answer = client.post(ONE, data=raw, content_type=JSON)
        document = json.loads(raw)
        for each in answer.json["problems"]:
            path = each["path"]
            if path.endswith("…"):
                continue  # a name of many kilobytes is not repeated whole
            missing = each["code"].endswith("_missing") or (each["code"], path.count("/")) == ("value_bad", 2)
            try:
                pointed(document, path)
            except LookupError:
                assert missing, f"{row.name}: {each}"
                parent = path.rpartition("/")[0]
                # Facts that are absent altogether have no object that holds them.
                assert parent in {"/facts", "/reasons"} or isinstance(pointed(document, parent), dict), (
                    f"{row.name}: {each}"
                )
            seen.add(each["code"])
    assert len(seen) > 15


def test_each_language_that_a_client_may_ask_for(client):
    """The one that it would rather read, as `q` says; Chinese when it says nothing that is known."""
    for wish, language in WISHES.items():
        headers = {} if wish is None else {"Accept-Language": wish}
        answer = client.get("/nothing", headers=headers)
        assert answer.headers["Content-Language"] == language, wish
        check(answer.status_code, answer.headers, answer.data, "not_found", language)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("abc-123", True),
        ("A.b_c:d-" + "e" * 120, True),
        ("e" * 129, False),
        ("", False),
        ("a b", False),
        ("a/b", False),
        ("考核", False),
        ("<b>", False),
        ('a"b', False),
    ],
)
def test_a_request_id_is_repeated_if_it_is_harmless(client, given, kept):
    """So that both sides can find a request again; anything else is replaced by one of our own."""
    answer = client.get("/nothing", headers={"X-Request-Id": given})
    check(answer.status_code, answer.headers, answer.data, "not_found")
    found = answer.headers["X-Request-Id"]
    assert (found == given) == kept
    assert kept or re.fullmatch(r"[0-9a-f]{32}", found)


@pytest.fixture(scope="module")
def withholding(tmp_path_factory):
    """The application beside a version that means something else than what was published of it."""
    root = tmp_path_factory.mktemp("more")
    version = root / "linping" / "2014"
    shutil.copytree(SHIPPED, version)
    file = version / "policy.yaml"
    text = file.read_text(encoding="utf-8")
    assert "changzhou-2012" in text
    file.write_text(text.replace("changzhou-2012", "linping-2014"), encoding="utf-8")
    (root / "published.txt").write_text(f"linping-2014 1 {'0' * 64}\n", encoding="utf-8")
    return create_app(Settings(log_level="error", policies=(root,)))


@pytest.mark.parametrize("path", [f"{POLICIES}/changzhou-2012", *BELOW_STANDARD])
def test_a_policy_that_is_withheld_is_not_read(withholding, path):
    """503, with the reason."""
    path = path.replace("changzhou-2012", "linping-2014")
    (found,) = sent(withholding.test_client(), "GET", path, "policy_withheld")
    assert "has been published as 000000000000 and must not change" in found["message"]


def test_nothing_is_scored_under_a_policy_that_is_withheld(withholding, posted):
    """503, with the reason; the other policies are scored under all the same."""
    client = withholding.test_client()
    (found,) = sent(client, "POST", ONE, "policy_withheld", json={**posted, "policy": "linping-2014"})
    assert found["path"] == "/policy"
    answers = client.post(MANY, json=[{**posted, "policy": "linping-2014"}, posted], buffered=True).json
    assert answers[0]["problems"][0]["code"] == "policy_withheld"
    assert answers[1]["grade"] == "excellent"


def test_without_any_policy_the_service_is_not_ready(breakable):
    """503, so that nobody sends it work."""
    breakable.extensions["kaohe"].versions = {}
    sent(breakable.test_client(), "GET", "/readyz", "not_ready")


def test_a_batch_too_many_says_when_to_come_again():
    """429, with `Retry-After`; one that is under way goes on."""
    sheet = json.dumps(sample("community")).encode() + b"\n"
    head, _, lines = post(sheet * 2, LINES, MANY, "Expect: 100-continue").partition(b"\r\n\r\n")
    with (
        served(workers=1, threads=2, batches=1) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=20) as connection,
    ):
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(lines[: len(sheet)])
        running.get("/healthz")
        answer = running.ask(MANY, sheet, content_type=LINES)
        assert answer[1]["Retry-After"].isdigit()
        assert check(*answer, "too_many_batches") == []
        connection.sendall(lines[len(sheet) :])
        came = b""
        while not whole(came):
            came += connection.recv(65536)
        status, headers, rest = split(came)
        assert (status, body(headers, rest).count(b'"grade": "excellent"')) == (200, 2)
        assert running.ask(MANY, sheet, content_type=LINES)[0] == 200


def test_every_kind_of_failure_is_a_status_and_a_title_in_both_languages():
    """The table that the documents repeat: each code once, a 4xx or 5xx, two titles."""
    for code, (status, title) in KINDS.items():
        assert re.fullmatch(r"[a-z_]+", code)
        assert 400 <= status < 600
        assert re.search(r"[\u4e00-\u9fff]", title.zh)
        assert title.en.isascii()


def test_no_failure_is_written_past_the_one_place():
    """No part of the service makes a failure of its own by hand."""
    sources = (ROOT / "service").rglob("*.py")
    assert not [file.name for file in sources if re.search(r"\babort\(|make_response\(", file.read_text())]
