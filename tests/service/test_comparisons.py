"""`POST /v1/comparisons`: the comparison that the command prints, or nothing but everything that is wrong."""

import json
from decimal import Decimal

import jsonschema_rs
import pytest
from click.testing import CliRunner

from service.cli import main

from .test_settlements import samples

PATH = "/v1/comparisons"
BEGUN = {"loan-steps": "begun", "petitions": "tolerant"}
# Versions as the command names them, and as they are posted.
VERSIONS = {
    "years": [("changzhou-2012", {"policy": "changzhou-2012"}), ("changzhou-2013", {"year": 2013})],
    "readings": [
        ("changzhou-2012", {"year": 2012}),
        ("changzhou-2012:loan-steps=begun,petitions=tolerant", {"policy": "changzhou-2012", "readings": BEGUN}),
    ],
    "three": [(f"changzhou-{year}", {"year": year}) for year in (2013, 2012, 2013)],
    "itself": [("changzhou-2012", {"year": 2012})] * 2,
}


def asked(**changes):
    """A good request; `...` leaves a key out."""
    good = {"versions": [posted for _, posted in VERSIONS["years"]], "sheets": samples(), **changes}
    return {key: value for key, value in good.items() if value is not ...}


def post(client, body):
    """The status and what was answered, numbers as they stand there."""
    text = client.application.json.dumps(body)
    with client.post(PATH, data=text, content_type="application/json") as answer:
        return answer.status_code, json.loads(answer.get_data(), parse_float=Decimal)


def compared(client, **changes):
    """A comparison that is made."""
    status, answer = post(client, asked(**changes))
    assert status == 200, answer
    return answer


def refused(client, **changes):
    """The status, the code and each problem's code and place."""
    status, answer = post(client, asked(**changes))
    return status, answer["code"], {(each["code"], each["path"]) for each in answer["problems"]}


@pytest.fixture(scope="module")
def schema(app):
    """What the document says of an answer."""
    document = json.loads(app.test_client().get("/openapi.json").data)
    reference = {"$ref": "#/components/schemas/Compared", "components": document["components"]}
    return jsonschema_rs.Draft202012Validator(reference)


@pytest.mark.parametrize("versions", VERSIONS)
@pytest.mark.parametrize("cohort", [False, True], ids=["units", "cohort"])
def test_what_is_answered_is_what_the_command_prints_and_as_documented(client, schema, tmp_path, versions, cohort):
    """The same rows and the same summary, every key of them described and no other there."""
    named, given = zip(*VERSIONS[versions], strict=True)
    more = ["--cohort", "--average-standard", "10000", "--leave-out"] if cohort else []
    lines = "".join(client.application.json.dumps(sheet) for sheet in samples()).encode()
    run = CliRunner().invoke(main, ["compare", *named, *more, "--summary", str(tmp_path / "summary")], input=lines)
    assert run.exit_code == 0, run.output
    money = {"cohort": True, "average_standard": 10000, "leave_out": True} if cohort else {}
    answer = compared(client, versions=list(given), **money)
    assert answer["units"] == [json.loads(line, parse_float=Decimal) for line in run.stdout.splitlines()]
    assert answer["summary"] == json.loads((tmp_path / "summary").read_text("utf-8"), parse_float=Decimal)
    assert list(answer) == ["summary", "units"]
    assert not [str(error) for error in schema.iter_errors(json.loads(json.dumps(answer, default=float)))]


def test_an_illustration_is_called_so(client):
    """Each version says whether it is an official text, beside its name and wherever it is settled under."""
    answer = compared(client, cohort=True, leave_out=True)
    wanted = ["official", "illustration"]
    assert [each["status"] for each in answer["summary"]["versions"]] == wanted
    assert [each["status"] for each in answer["summary"]["settlements"]] == wanted
    assert all([each["status"] for each in row["results"]] == wanted for row in answer["units"])


def test_a_sheet_that_lacks_facts_is_not_guessed(client):
    """A fact that one version needs and a sheet lacks is named there, with bounds in place of the score."""
    (first, *_) = samples()
    sheet = {**first, "facts": {key: value for key, value in first["facts"].items() if key != "loans_repaid"}}
    answer = compared(client, versions=[{"year": 2012}] * 2, sheets=[sheet])
    (row,) = answer["units"]
    for result in row["results"]:
        assert (result["missing"], result["score"], result["low"] < result["high"]) == (["loans_repaid"], None, True)
    lacking = answer["summary"]["steps"][0]["lacking"]["from"]
    assert (lacking["units"], [each["name"] for each in lacking["facts"]]) == (1, ["loans_repaid"])
    assert "贷款" in lacking["facts"][0]["title"]["zh"]


def test_everything_that_is_wrong_is_said_at_once_and_pointed_to(client):
    """Versions first, as nothing can be compared without them; then every sheet with its place."""
    versions = [{"policy": "changzhou-2012", "readings": {"x": "y"}}, {"year": 2013, "standard": "village"}, 7]
    assert refused(client, versions=versions, pool="1", cohort=None, sheet=[]) == (
        422,
        "request_refused",
        {
            ("reading_unknown", "/versions/0/readings/x"),
            ("key_unknown", "/versions/1/standard"),
            ("value_bad", "/versions/2"),
            ("wrong_type", "/pool"),
            ("value_bad", "/cohort"),
            ("key_unknown", "/sheet"),
        },
    )
    first, second, *_ = samples()
    sheets = [
        {**first, "facts": {**first["facts"], "loans_du": 1, "computer": "yes"}},
        {**second, "standard": "town"},
        7,
        {**second, "policy": "changzhou-2022"},
        {"standard": "village"},
    ]
    assert refused(client, sheets=sheets) == (
        409,
        "cohort_refused",
        {
            ("fact_unknown", "/sheets/0/facts/loans_du"),
            ("wrong_type", "/sheets/0/facts/computer"),
            ("standard_unknown", "/sheets/1/standard"),
            ("value_bad", "/sheets/2"),
            ("value_bad", "/sheets/3/policy"),
            ("key_missing", "/sheets/4/unit"),
            ("key_missing", "/sheets/4/facts"),
        },
    )


@pytest.mark.parametrize(
    ("changes", "status", "code", "problem"),
    [
        ({"versions": [{"year": 2012}]}, 422, "request_refused", ("value_bad", "/versions")),
        ({"versions": [{"year": 2012}] * 9}, 422, "request_refused", ("value_bad", "/versions")),
        ({"versions": ...}, 422, "request_refused", ("key_missing", "/versions")),
        ({"sheets": ...}, 422, "request_refused", ("key_missing", "/sheets")),
        ({"sheets": []}, 409, "cohort_refused", ("cohort_empty", "/sheets")),
        ({"versions": [{"year": 2012}, {"year": 1999}]}, 404, "policy_unknown", ("year_unknown", "/versions/1/year")),
        (
            {"versions": [{"year": 2012, "policy_hash": "0" * 64}, {"year": 2013}]},
            409,
            "policy_changed",
            ("policy_changed", "/versions/0/policy_hash"),
        ),
        (
            {"cohort": True, "sheets": samples()[:1] * 2, "leave_out": True},
            409,
            "cohort_refused",
            ("unit_twice", "/sheets/1/unit/id"),
        ),
    ],
    ids=["one", "nine", "none", "no sheets", "nobody", "unknown", "changed", "twice"],
)
def test_a_request_that_cannot_be_met(client, changes, status, code, problem):
    """Its status and code, and where the fault lies."""
    found = refused(client, **changes)
    assert found[:2] == (status, code)
    assert problem in found[2]


def test_eight_versions_are_compared_each_with_the_one_before(client):
    """As many as the document says, in the order in which they were named."""
    versions = [{"year": 2012}, {"year": 2012, "readings": BEGUN}] * 4
    answer = compared(client, versions=versions, sheets=samples()[:2])
    assert [len(row["results"]) for row in answer["units"]] == [8, 8]
    assert [len(row["changes"]) for row in answer["units"]] == [7, 7]
