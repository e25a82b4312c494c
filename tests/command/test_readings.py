"""`kaohe readings`, and `kaohe score --reading` under an alternative with facts of its own."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "policy_versions/changzhou/2012/samples"
SCORE = ("score", "--policy", "changzhou-2012", "--standard", "community")
PER_DUTY = ("--reading", "complaint-transfer=per_duty")


def sheet(**facts):
    """The first sample with other facts, as a line; None takes one away."""
    posted = json.loads((SAMPLES / "community.jsonl").read_text().splitlines()[0])
    posted["facts"] = {name: value for name, value in {**posted["facts"], **facts}.items() if value is not None}
    return json.dumps(posted).encode()


def both():
    """The sample sheets of both standards."""
    return b"".join((SAMPLES / f"{standard}.jsonl").read_bytes() for standard in ("community", "village"))


@pytest.mark.parametrize(
    ("passed_on", "reported_up", "points"),
    [
        ("standard", "standard", 4),
        ("standard", "irregular", 3),
        ("irregular", "irregular", 2),
        ("omitted", "omitted", 0),
    ],
)
def test_an_alternative_scores_its_own_facts_and_the_answer_names_it(kaohe, passed_on, reported_up, points):
    """Each duty is worth 2, 1 or 0; the readings that are not the default stand in the answer, the others do not."""
    facts = {"complaints_passed_on": passed_on, "complaints_reported_up": reported_up, "complaint_transfer": None}
    more = ("--reading", "petitions=tolerant", "--reading", "loan-steps=full")
    ran = kaohe(*SCORE, *PER_DUTY, *more, stdin=sheet(**facts))
    answer = json.loads(ran.text)
    assert ran.code == 0
    assert next(item["score"] for item in answer["items"] if item["no"] == "26") == points
    assert answer["readings"] == {"complaint-transfer": "per_duty", "petitions": "tolerant"}
    assert answer["score"] == 96 + points


def test_one_sheet_is_good_under_both_readings_when_it_has_the_facts_of_both(kaohe):
    """The default's fact stays good under the alternative, and changes nothing there."""
    facts = {"complaints_passed_on": "standard", "complaints_reported_up": "standard"}
    ran = kaohe(*SCORE, *PER_DUTY, stdin=sheet(**facts))
    assert (ran.code, json.loads(ran.text)["score"]) == (0, 100)


def test_a_fact_of_another_reading_is_refused_by_naming_that_reading(kaohe):
    """So is everything else that is wrong with the sheet."""
    ran = kaohe(*SCORE, stdin=sheet(complaints_passed_on="standard", complaint_transfer=None))
    problems = json.loads(ran.text)["problems"]
    assert ran.code == 3
    assert [(each["code"], each["path"]) for each in problems] == [
        ("fact_of_other_reading", "/facts/complaints_passed_on"),
        ("fact_missing", "/facts/complaint_transfer"),
    ]
    assert "complaint-transfer=per_duty" in problems[0]["message"]["zh"]
    assert "complaint-transfer=per_duty" in problems[0]["message"]["en"]
    # Another alternative does not know it either.
    ran = kaohe(*SCORE, "--reading", "petitions=tolerant", stdin=sheet(complaints_passed_on="standard"))
    assert [each["code"] for each in json.loads(ran.text)["problems"]] == ["fact_of_other_reading"]


def test_an_alternative_without_its_facts_asks_for_them(kaohe):
    """Missing is not zero under any reading."""
    ran = kaohe(*SCORE, *PER_DUTY, stdin=sheet())
    assert [each["path"] for each in json.loads(ran.text)["problems"]] == [
        "/facts/complaints_passed_on",
        "/facts/complaints_reported_up",
    ]


def test_a_line_for_each_reading_and_alternative(kaohe):
    """Without sheets there is no effect; the lines are JSON, and the error stream is empty."""
    ran = kaohe("readings", "changzhou-2012")
    rows = [json.loads(line) for line in ran.lines]
    assert (ran.code, ran.stderr) == (0, "")
    assert len({row["reading"] for row in rows}) == 18
    assert [row["alternative"]["choice"] for row in rows if row["reading"] == "cap-cohort"] == [
        "apart",
        "share",
        "city",
    ]
    assert all(row["effect"] is None for row in rows)


def test_sheets_from_standard_input_or_a_file_give_the_same_effects(kaohe, tmp_path):
    """With money there are subsidies."""
    (tmp_path / "sheets.jsonl").write_bytes(both())
    money = ("--average-standard", "10000")
    from_file = kaohe("readings", "changzhou-2012", tmp_path / "sheets.jsonl", *money)
    piped = kaohe("readings", "changzhou-2012", "-", *money, stdin=both())
    assert (from_file.code, from_file.stdout) == (0, piped.stdout)
    rows = {
        (row["reading"], row["alternative"] and row["alternative"]["choice"]): row
        for row in map(json.loads, piped.lines)
    }
    assert rows["rate-bands", "add_up"]["effect"]["scores"] == {"up": 0, "down": 4, "by": -4}
    assert rows["cap-cohort", "city"]["effect"]["subsidies"]["by"] == 4000


def test_the_table_says_it_in_chinese(kaohe):
    """Where it acts, which facts it asks for on one line each, what it changes; and that an illustration is one."""
    ran = kaohe("readings", "changzhou-2012", "-", "--average-standard", "10000", "--table", stdin=both())
    assert ran.code == 0
    for words in (
        "【默认】literal：",
        "community 第26项",
        "complaints_reported_up",
        "得分升 0、降 4，合计 −4 分",
        "合格→优秀 3",
    ):
        assert words in ran.text
    assert "示例，非正式文本" in kaohe("readings", "changzhou-2013", "--table").text


def test_a_policy_without_readings_says_so(kaohe):
    """An empty output alone would leave one wondering."""
    ran = kaohe("readings", ROOT / "tests/policies/yunzhou/2024", "--table")
    assert (ran.code, ran.stdout) == (0, b"")
    assert "no readings" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (("changzhou-2031",), b"", 2, "policy_unknown"),
        (("changzhou-2012", "--average-standard", "10000"), b"", 2, "there are none"),
        (("changzhou-2012", "-", "--average-standard", "ten"), b"", 2, "--average-standard"),
        (("changzhou-2012", "no-such-file"), b"", 2, "no-such-file"),
        (("changzhou-2012", "-"), b"", 2, "cohort_empty"),
        (("changzhou-2012", "-"), b"{}\nnothing\n", 3, "2: json_broken"),
        (("changzhou-2012", "-", "--average-standard", "community=1"), both(), 3, "money_of_other_kind"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_comes_out(kaohe, arguments, stdin, code, words):
    """Wrong use is 2, what was refused is 3."""
    ran = kaohe("readings", *arguments, stdin=stdin)
    assert (ran.code, ran.stdout) == (code, b"")
    assert words in ran.stderr
