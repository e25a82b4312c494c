"""`POST /v1/settlements`: the settlement that the command prints, or nothing but everything that is wrong."""

import json
import socket
from decimal import Decimal
from itertools import permutations

import jsonschema_rs
import pytest
from click.testing import CliRunner

from rules import EvaluatorsDisagree
from service.app import create_app
from service.cli import main
from service.settings import Settings

from .conftest import SHIPPED
from .hostile import post as http_post
from .serving import served

PATH = "/v1/settlements"
STANDARDS = ("community", "village")


def samples(version="2012"):
    """Every shipped sample sheet of a version, of both standards."""
    folder = SHIPPED.parent / version / "samples"
    return [
        {"standard": standard, **json.loads(line, parse_float=Decimal)}
        for standard in STANDARDS
        for line in (folder / f"{standard}.jsonl").read_text("utf-8").splitlines()
    ]


def asked(**changes):
    """A good request; `...` leaves a key out."""
    good = {"policy": "changzhou-2012", "average_standard": 10000, "units": samples(), **changes}
    return {key: value for key, value in good.items() if value is not ...}


def post(client, body):
    """The status and what was answered, numbers as they stand there."""
    text = client.application.json.dumps(body)
    with client.post(PATH, data=text, content_type="application/json") as answer:
        return answer.status_code, json.loads(answer.get_data(), parse_float=Decimal)


def settled(client, **changes):
    """A settlement that is made."""
    status, answer = post(client, asked(**changes))
    assert status == 200, answer
    return answer


def refused(client, body):
    """The status, the code and each problem's code and place."""
    status, answer = post(client, body)
    return status, answer["code"], {(each["code"], each["path"]) for each in answer["problems"]}


def decided(client, sheet):
    """The decision about one sheet, as it is answered."""
    text = client.application.json.dumps({"policy": "changzhou-2012", **sheet})
    answer = client.post("/v1/evaluations", data=text, content_type="application/json")
    assert answer.status_code == 200
    return json.loads(answer.data, parse_float=Decimal)


@pytest.fixture(scope="module")
def schema(app):
    """What the document says of an answer."""
    document = json.loads(app.test_client().get("/openapi.json").data)
    reference = {"$ref": "#/components/schemas/Settled", "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(reference)


@pytest.mark.parametrize("money", [(), ("--average-standard", "10000"), ("--pool", "99999.99")])
def test_what_is_answered_is_what_the_command_prints(client, tmp_path, money):
    """The same rows in the same order, and the same totals."""
    lines = "".join(client.application.json.dumps(sheet) for sheet in samples())
    run = CliRunner().invoke(
        main,
        ["settle", "--policy", "changzhou-2012", *money, "--summary", str(tmp_path / "summary")],
        input=lines.encode(),
    )
    assert run.exit_code == 0, run.output
    keys = {"--average-standard": "average_standard", "--pool": "pool"}
    given = {keys[money[0]]: Decimal(money[1])} if money else {}
    answer = settled(client, **{"average_standard": ..., **given})
    assert answer["units"] == [json.loads(line, parse_float=Decimal) for line in run.stdout.splitlines()]
    assert answer["summary"] == json.loads((tmp_path / "summary").read_text("utf-8"), parse_float=Decimal)
    assert list(answer) == ["summary", "units"]


def test_sheets_and_decisions_and_any_order_come_to_the_same(client):
    """A unit may be posted as its sheet or as the decision about it, in any order; nothing else comes out."""
    sheets = samples()[:2] + samples()[6:8]
    decisions = [decided(client, sheet) for sheet in sheets]
    wanted = settled(client, units=sheets)
    for order in list(permutations(range(4)))[::5]:
        mixed = [(sheets if at % 2 else decisions)[at] for at in order]
        assert settled(client, units=mixed) == wanted
    assert settled(client, units=decisions) == wanted


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"average_standard": ...},
        {"average_standard": ..., "pool": 5},
        {"policy": ..., "year": 2012, "readings": {"loan-steps": "begun"}},
        {"policy": "changzhou-2013", "units": samples("2013")},
        {"units": [{**samples()[0], "facts": {}}, *samples()[1:]], "leave_out": True},
        {"readings": {"cap-cohort": "apart", "average-standard": "pool"}, "average_standard": ..., "pool": 10000},
    ],
    ids=["usual", "no money", "pool", "readings", "illustration", "left out", "apart"],
)
def test_what_comes_out_is_as_documented(client, schema, changes):
    """Every key of an answer is described, and no other is there, whatever was asked for."""
    answer = settled(client, **changes)
    assert not [str(error) for error in schema.iter_errors(json.loads(json.dumps(answer, default=float)))]
    left_out = [each for each in answer["units"] if each["grade"] is None]
    assert len(left_out) == (1 if changes.get("leave_out") else 0)
    assert all(each["problems"] for each in left_out)


def test_an_illustration_is_called_so(client):
    """A version that is no official text says so in what is settled under it."""
    assert settled(client)["summary"]["status"] == "official"
    answer = settled(client, policy="changzhou-2013", units=samples("2013"))
    assert answer["summary"]["status"] == "illustration"


def test_everything_that_is_wrong_is_said_at_once_and_pointed_to(client):
    """Money, units, districts and sheets together, each with its place in the body."""
    first, second, third, *_ = samples()
    units = [
        {**first, "unit": {**first["unit"], "district": "苏州"}},
        {**second, "unit": {"id": "B"}},
        {**third, "facts": {**third["facts"], "loans_du": 1}},
        {**first, "unit": {"id": "D"}, "standard": "town"},
        7,
        {**second, "unit": {"id": "B"}, "policy": "changzhou-2013"},
        {**decided(client, third), "unit": {"id": "E", "district": "新北区"}, "policy_hash": "0" * 64},
    ]
    body = asked(units=units, pool=-1, leave_out="no", units_=1)
    assert refused(client, body) == (
        422,
        "request_refused",
        {
            ("key_unknown", "/units_"),
            ("value_bad", "/leave_out"),
            ("out_of_bounds", "/pool"),
            ("district_unknown", "/units/0/unit/district"),
            ("district_missing", "/units/1/unit/district"),
            ("unit_unscored", "/units/2"),
            ("fact_unknown", "/units/2/facts/loans_du"),
            ("standard_unknown", "/units/3/standard"),
            ("district_missing", "/units/3/unit/district"),
            ("value_bad", "/units/4"),
            ("value_bad", "/units/5/policy"),
            ("district_missing", "/units/5/unit/district"),
            ("unit_twice", "/units/5/unit/id"),
            ("decided_otherwise", "/units/6/policy_hash"),
        },
    )
    status, code, _ = refused(client, asked(units=units))
    assert (status, code) == (409, "cohort_refused")


@pytest.mark.parametrize(
    ("changes", "status", "code", "problem"),
    [
        ({"policy": "changzhou-2022"}, 404, "policy_unknown", ("policy_unknown", "/policy")),
        ({"policy": ..., "year": 1999}, 404, "policy_unknown", ("year_unknown", "/year")),
        ({"policy": ...}, 422, "request_refused", ("key_missing", "/policy")),
        ({"year": 2013}, 422, "request_refused", ("value_bad", "/year")),
        ({"readings": {"petitions": "x"}}, 422, "request_refused", ("choice_unknown", "/readings/petitions")),
        ({"policy_hash": "0" * 64}, 409, "policy_changed", ("policy_changed", "/policy_hash")),
        ({"units": ...}, 422, "request_refused", ("key_missing", "/units")),
        ({"units": []}, 409, "cohort_refused", ("cohort_empty", "/units")),
        ({"pool": 1}, 409, "cohort_refused", ("money_of_other_kind", "/pool")),
        (
            {"readings": {"average-standard": "by_standard"}, "average_standard": {"community": 1}},
            409,
            "cohort_refused",
            ("money_missing", "/average_standard/village"),
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, tuple) else "",
)
def test_a_request_that_cannot_be_met(client, changes, status, code, problem):
    """Its status and code, and where the fault lies."""
    found = refused(client, asked(**changes))
    assert found[:2] == (status, code)
    assert problem in found[2]


def test_a_policy_that_means_what_was_asked_for_is_settled_under(client):
    """The right hash changes nothing."""
    answer = settled(client)
    assert settled(client, policy_hash=answer["summary"]["policy_hash"]) == answer


def test_a_broken_unit_is_no_json_wherever_else_the_fault_lies(client):
    """400 with the place of the unit, also where the policy is unknown and no unit is looked at."""
    for policy in ("changzhou-2012", "changzhou-2022"):
        raw = b'{"policy": "%s", "units": [{}, {"a": }]}' % policy.encode()
        answer = client.post(PATH, data=raw, content_type="application/json")
        assert (answer.status_code, answer.json["code"]) == (400, "body_broken")
        assert ("json_broken", "/units/1") in {(each["code"], each["path"]) for each in answer.json["problems"]}


def test_a_unit_that_two_evaluators_differ_on_is_named_and_nothing_is_settled(monkeypatch):
    """503 with the unit's place, and counted; never a guess."""
    app = create_app(Settings(log_level="critical"))
    scorer = app.extensions["kaohe"].scorer(app.extensions["kaohe"].policy("changzhou-2012"), "village", {})

    def differ(posted):
        raise EvaluatorsDisagree(posted["unit"]["id"])

    monkeypatch.setattr(scorer, "score", differ)
    status, answer = post(app.test_client(), asked())
    assert (status, answer["code"]) == (503, "evaluators_disagree")
    assert [each["path"] for each in answer["problems"]] == ["/units/6"]
    assert "kaohe_disagreements_total 1.0" in app.test_client().get("/metrics").get_data(as_text=True)


def test_sheets_are_counted_as_decided_and_decisions_are_not():
    """What was decided before has been counted before."""
    client = create_app(Settings(log_level="error")).test_client()
    settled(client, units=samples()[:2] + [decided(client, sheet) for sheet in samples()[2:4]])
    counted = [
        line for line in client.get("/metrics").get_data(as_text=True).splitlines()
        if line.startswith("kaohe_decisions_total{")
    ]  # fmt: skip
    assert sum(float(line.split()[-1]) for line in counted) == 4


def copies(times):
    """Every sample so many times, each of another unit."""
    sheets = [{**sheet, "unit": {**sheet["unit"], "id": f"{at}"}} for at, sheet in enumerate(samples() * times)]
    return json.dumps(asked(units=sheets), default=float).encode()


@pytest.mark.parametrize("leave_out", [False, True])
def test_with_too_many_problems_nobody_else_is_looked_at(client, monkeypatch, leave_out):
    """The problems of those before are said, and who was not looked at any more; also where they would be left out."""
    monkeypatch.setattr("service.api.many.MOST_PROBLEMS", 100)
    bare = [{"standard": "village", "unit": {"id": f"{at}", "district": "新北区"}, "facts": {}} for at in range(9)]
    status, code, problems = refused(client, asked(units=bare, leave_out=leave_out))
    assert (status, code) == (409, "cohort_refused")
    ((_, where),) = [each for each in problems if each[0] == "too_many_problems"]
    assert where in {"/units/1", "/units/2", "/units/3"}
    assert ("fact_missing" in {code for code, _ in problems}) is not leave_out


def test_when_the_time_is_up_nothing_is_settled():
    """503 names the unit that was not reached."""
    with served(workers=1, batch_seconds=1) as running:
        status, _, raw = running.ask(PATH, copies(700))
        found = json.loads(raw)
        assert (status, found["code"]) == (503, "time_is_up")
        (each,) = found["problems"]
        assert 0 < int(each["path"].removeprefix("/units/")) < 700 * len(samples())


def test_a_settlement_takes_the_place_of_a_batch_and_gives_it_back():
    """With one place, a settlement that is coming in keeps batches out, single sheets not, until it is answered."""
    raw = copies(30)
    one = {"policy": "changzhou-2012", **json.loads(json.dumps(samples()[0], default=float))}
    with (
        served(workers=1, batches=1, body_bytes=16384) as running,
        socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection,
    ):
        sent = http_post(raw, "application/json", PATH, "Expect: 100-continue", "Connection: close")
        connection.sendall(sent[: -len(raw)])
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(raw[:-1])
        running.get("/healthz")
        for path in (PATH, "/v1/comparisons", "/v1/evaluations/batch"):
            status, headers, _ = running.ask(path, {})
            assert (status, headers["Retry-After"]) == (429, "1")
        assert running.ask("/v1/evaluations", one)[0] == 200
        connection.sendall(sent[-1:])
        came = b""
        while piece := connection.recv(65536):
            came += piece
        assert came.startswith(b"HTTP/1.1 200 ")
        for body in (raw, {}, json.dumps(asked(units=[]), default=float).encode()):
            assert running.ask(PATH, body)[0] in {200, 409, 422}
        assert running.ask("/v1/evaluations/batch", [])[0] == 200
