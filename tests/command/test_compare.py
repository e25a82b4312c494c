"""`kaohe compare`: lines of sheets in, what changed out, as lines or tables, with the readings of each version."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import simplejson
from click.testing import CliRunner

from service.cli import main
from tests.command.test_terminal import at_a_terminal

VERSIONS = Path(__file__).parents[2] / "policy_versions/changzhou"
YEARS = ("changzhou-2012", "changzhou-2013")
MONEY = ("--cohort", "--average-standard", "10000")


def read(line: str) -> Any:
    """A line of JSON, exactly."""
    return json.loads(line, parse_float=Decimal)


def sheets(year: int) -> list[dict[str, Any]]:
    """The samples of a year, each with its standard."""
    return [
        {**read(line), "standard": standard}
        for standard in ("community", "village")
        for line in (VERSIONS / f"{year}/samples/{standard}.jsonl").read_text("utf-8").splitlines()
    ]


def jsonl(rows: list[dict[str, Any]]) -> bytes:
    """JSON lines."""
    return "\n".join(simplejson.dumps(row, use_decimal=True) for row in rows).encode()


OLD = jsonl(sheets(2012))
MERGED = [
    {**old, "facts": old["facts"] | new["facts"], "self_scores": {}, "reasons": {}}
    for old, new in zip(sheets(2012), sheets(2013), strict=True)
]
BOTH = jsonl(MERGED)


def ran(*arguments: Any, sheets: bytes = OLD) -> Any:
    """The command, within this process."""
    return CliRunner().invoke(main, ["compare", *map(str, arguments)], input=sheets)


def rows_of(result: Any) -> list[dict[str, Any]]:
    """What it printed, one value a line."""
    assert result.exit_code == 0, result.stderr
    return [read(line) for line in result.stdout.removesuffix("\n").split("\n")]


def test_each_sheet_gets_a_line_in_its_place(kaohe):
    """A process that reads sheets and writes what changed for each, and nothing else."""
    done = kaohe("compare", *YEARS, stdin=BOTH)
    assert (done.code, done.stderr) == (0, "")
    rows = [read(line) for line in done.lines]
    assert [row["unit"] for row in rows] == [sheet["unit"] for sheet in sheets(2012)]
    assert [row["standard"] for row in rows] == ["community"] * 6 + ["village"] * 6
    for row in rows:
        assert [result["policy"] for result in row["results"]] == list(YEARS)
        assert [result["status"] for result in row["results"]] == ["official", "illustration"]
        assert all(result["final_grade"] is None for result in row["results"])
        (change,) = row["changes"]
        if change["score"] is not None:
            parts = [*change["items"], *change["adjustments"]]
            assert sum(part["difference"] for part in parts) == change["score"]
            assert row["results"][1]["score"] - row["results"][0]["score"] == change["score"]
    assert sum(row["changes"][0]["score"] not in (None, 0) for row in rows) > 5


def test_a_version_may_name_readings_behind_a_colon(tmp_path):
    """As an id or a path; several readings with commas; three versions make two steps."""
    names = [
        "changzhou-2012",
        "changzhou-2012:petitions=tolerant",
        f"{VERSIONS / '2012'}:loan-steps=begun,petitions=tolerant",
    ]
    rows = rows_of(ran(*names))
    known = [
        "changzhou-2012",
        "changzhou-2012:petitions=tolerant",
        "changzhou-2012:loan-steps=begun,petitions=tolerant",
    ]
    for row in rows:
        assert [result["policy"] for result in row["results"]] == known
        assert [(step["from"], step["to"]) for step in row["changes"]] == [tuple(known[:2]), tuple(known[1:])]
    summary = tmp_path / "summary.json"
    assert ran(*names, "--summary", summary).exit_code == 0
    assert [each["readings"] for each in read(summary.read_text("utf-8"))["versions"]] == [
        {},
        {"petitions": "tolerant"},
        {"loan-steps": "begun", "petitions": "tolerant"},
    ]


def test_a_default_reading_is_the_version_itself():
    """Naming the default changes neither the name nor anything else."""
    for row in rows_of(ran("changzhou-2012", "changzhou-2012:petitions=strict")):
        assert {result["policy"] for result in row["results"]} == {"changzhou-2012"}
        assert row["changes"][0]["changed"] is False


def test_a_cohort_is_settled_under_each_version(kaohe, tmp_path):
    """With `--cohort` final grades and subsidies are those of `kaohe settle` under each version."""
    summary = tmp_path / "summary.json"
    rows = rows_of(ran(*YEARS, *MONEY, "--summary", summary, sheets=BOTH))
    totals = read(summary.read_text("utf-8"))
    for at, year in enumerate((2012, 2013)):
        settled = kaohe("settle", "--policy", YEARS[at], "--average-standard", "10000", stdin=of_year(year))
        assert settled.code == 0
        expected = {row["unit"]["id"]: row for row in map(read, settled.lines)}
        for row in rows:
            told, alone = row["results"][at], expected[row["unit"]["id"]]
            for key in ("score", "grade", "final_grade", "rank", "capped", "subsidy"):
                assert told[key] == alone[key]
    (step,) = totals["steps"]
    assert step["final"] is True
    assert totals["units"] == len(rows) == sum(map(sum, step["migration"]["counts"])) == 12
    assert step["total"]["from"]["subsidy"] == sum(
        row["results"][0]["subsidy"] for row in rows if row["unit"]["district"] not in ("金坛市", "溧阳市", "武进区")
    )


def of_year(year: int) -> bytes:
    """The merged sheets with the facts of that year alone."""
    pairs = zip(MERGED, sheets(year), strict=True)
    return jsonl([{**both, "facts": {name: both["facts"][name] for name in own["facts"]}} for both, own in pairs])


def test_sheets_that_lack_facts_are_bounded_or_left_out(tmp_path):
    """Without facts of 2013 its scores have two ends and its settlement is not told, unless they are left out."""
    summary = tmp_path / "summary.json"
    for row in rows_of(ran(*YEARS, *MONEY, "--summary", summary)):
        before, after = row["results"]
        assert before["final_grade"] is not None
        assert after["final_grade"] is None
        if after["missing"]:
            assert after["score"] is None
            assert after["low"] < after["high"]
            assert after["open"]
    totals = read(summary.read_text("utf-8"))
    assert totals["settlements"][1] is None
    assert "data_entry_errors" in [each["name"] for each in totals["steps"][0]["lacking"]["to"]["facts"]]
    assert ran(*YEARS, *MONEY, "--leave-out", "--summary", summary).exit_code == 0
    left_out = read(summary.read_text("utf-8"))["settlements"][1]["total"]["left_out"]
    assert left_out == totals["steps"][0]["lacking"]["to"]["units"] > 0


def test_tables_name_the_illustration_and_have_no_json():
    """`--table` prints the migration, the movers and the totals; what is no official text says so."""
    done = ran(*YEARS, *MONEY, "--table", sheets=BOTH)
    assert done.exit_code == 0
    assert "changzhou-2012 → changzhou-2013（示例，非正式文本）" in done.stdout
    for words in ("12 个单位", "等次迁移", "变化最大的单位", "合计", "新北区"):
        assert words in done.stdout
    assert "{" not in done.stdout
    official = ran("changzhou-2012", "changzhou-2012:petitions=tolerant", "--table")
    assert "非正式" not in official.stdout


def test_at_a_terminal_a_bar_is_drawn_beside_the_lines(tmp_path):
    """The bar goes to the terminal and the lines to the file, each kept apart."""
    file, output = tmp_path / "sheets.jsonl", tmp_path / "out.jsonl"
    file.write_bytes(BOTH)
    code, seen = at_a_terminal(["compare", *YEARS, "--sheets", str(file)], file, output, piped=False)
    assert code == 0
    assert "评分" in seen
    assert "Traceback" not in seen
    assert [read(line) for line in output.read_text("utf-8").splitlines()] == rows_of(ran(*YEARS, sheets=BOTH))


# What is refused


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ("VERSION",)),
        (("changzhou-2012",), ("two versions",)),
        (("changzhou-2012", "changzhou-2014"), ("policy_unknown", "`changzhou-2013`")),
        (("changzhou-2012", "changzhou-2012:petition=tolerant"), ("reading_unknown", "`petitions`")),
        (("changzhou-2012", "changzhou-2012:petitions=maybe"), ("choice_unknown", "tolerant")),
        (("changzhou-2012", "changzhou-2012:petitions"), ("policy_unknown",)),
        (("changzhou-2012", "changzhou-2012:petitions=strict,petitions=tolerant"), ("ID=CHOICE", "once")),
        (("changzhou-2012", "changzhou-2012:petitions=strict,loans"), ("ID=CHOICE", "loans")),
        ((*YEARS, "--average-standard", "many"), ("--average-standard", "10000.50")),
        ((*YEARS, "--sheets", "no/such/file"), ("no/such/file",)),
    ],
    ids=lambda value: " ".join(value)[-40:],
)
def test_wrong_use_is_told_in_a_sentence(arguments, words):
    """Exit 2, nothing on the output, and the name that is wrong on the error stream."""
    done = ran(*arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert all(word in done.stderr for word in words), done.stderr


def test_everything_wrong_with_the_sheets_is_refused_together():
    """Exit 3, nothing on the output; each problem once, with the line where it stands and the nearest name."""
    bad = sheets(2012)[:3]
    bad[0]["facts"]["data_entry_deducton"] = 1
    bad[1]["standard"] = "vilage"
    bad[2]["facts"]["computer"] = "yes"
    done = ran(*YEARS, sheets=jsonl(bad) + b"\n{\n")
    assert (done.exit_code, done.stdout) == (3, "")
    told = done.stderr.splitlines()
    assert [line.split(": ")[1].strip() for line in told] == [
        "fact_unknown",
        "standard_unknown",
        "wrong_type",
        "json_broken",
    ]
    assert [line.split(":")[0] for line in told] == ["1", "2", "3", "4"]
    assert "did you mean `data_entry_deduction`?" in told[0]
    assert "did you mean `village`?" in told[1]


@pytest.mark.parametrize("options", [(), ("--table",), ("--cohort",)])
def test_nobody_to_compare_is_refused(options):
    """An empty stream is no comparison; it is wrong use, as it is for scoring."""
    done = ran(*YEARS, *options, sheets=b"\n\n")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "cohort_empty" in done.stderr


def test_a_cohort_without_its_average_standard_has_no_money():
    """Final grades are told, and subsidies are left open."""
    for row in rows_of(ran(*YEARS, "--cohort", sheets=BOTH)):
        assert all(result["final_grade"] for result in row["results"])
        assert all(result["subsidy"] is None for result in row["results"])
