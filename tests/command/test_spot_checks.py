"""`kaohe sample` and `kaohe recheck`: from decisions to a sample, and from two assessments to what differs."""

import json
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "policy_versions/changzhou/2012/samples"
COMMUNITY = (SAMPLES / "community.jsonl").read_bytes()
SHEETS = COMMUNITY + (SAMPLES / "village.jsonl").read_bytes()
LINES = SHEETS.splitlines(keepends=True)
SAMPLE = ("sample", "--seed", "2012")
RECHECK = ("recheck", "--policy", "changzhou-2012")


def test_the_drawn_lines_come_out_unchanged(kaohe, tmp_path):
    """Byte for byte, also blanks, escapes and a line without an end; strata and seed stand on the error stream."""
    odd = b'  {"unit": {"id":"\\u0041", "district":"\\u5929"},   "standard":"x", "more": 1.50}\r\n'
    last = LINES[0].rstrip(b"\n")
    ran = kaohe(*SAMPLE, "--number", 1, "--by", "standard", "--summary", tmp_path / "s.json", stdin=odd + last)
    assert (ran.code, ran.stdout) == (0, last + b"\n" + odd)
    assert "seed 2012" in ran.stderr
    data = json.loads((tmp_path / "s.json").read_text())
    assert [(each["standard"], each["size"], each["units"]) for each in data["strata"]] == [
        ("community", 1, ["XB-001"]),
        ("x", 1, ["A"]),
    ]


def test_decisions_and_settlement_lines_are_drawn_from_by_grade(kaohe):
    """The grade is the decision's, or the final one of a settlement; the same seed and share give the same again."""
    scored = kaohe("score", "--policy", "changzhou-2012", "--standard", "community", stdin=COMMUNITY)
    drawn = kaohe(*SAMPLE, "--share", "40", "--by", "grade", stdin=scored.stdout)
    grades = [json.loads(line)["grade"] for line in drawn.lines]
    assert (drawn.code, grades) == (0, ["basic", "excellent", "fail", "qualified"])
    assert kaohe(*SAMPLE, "--share", "40", "--by", "grade", stdin=scored.stdout).stdout == drawn.stdout
    settled = kaohe("settle", "--policy", "changzhou-2012", stdin=SHEETS)
    drawn = kaohe(*SAMPLE, "--share", "100", stdin=settled.stdout)
    rows = [json.loads(line) for line in drawn.lines]
    strata = [(row["district"], row["standard"], row["final_grade"]) for row in rows]
    assert strata == sorted(strata)
    assert sorted(drawn.lines) == sorted(settled.lines)


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        ((*SAMPLE,), SHEETS, 2, "--share"),
        ((*SAMPLE, "--share", "10", "--number", "1"), SHEETS, 2, "--number"),
        ((*SAMPLE, "--share", "0"), SHEETS, 2, "above 0"),
        ((*SAMPLE, "--share", "101"), SHEETS, 2, "up to 100"),
        ((*SAMPLE, "--share", "1e1"), SHEETS, 2, "--share"),
        ((*SAMPLE, "--number", "0"), SHEETS, 2, "--number"),
        ((*SAMPLE, "--number", "1", "--by", "district,town"), SHEETS, 2, "district, standard, grade"),
        ((*SAMPLE, "--number", "1", "--by", "grade,grade"), SHEETS, 2, "once"),
        (("sample", "--number", "1"), SHEETS, 2, "--seed"),
        ((*SAMPLE, "--number", "1"), SHEETS, 3, "12:/grade: stratum_unknown"),
        ((*SAMPLE, "--number", "1"), b"", 3, "sample_empty"),
        ((*SAMPLE, "--number", "1"), b"{", 3, "1: json_broken"),
        ((*SAMPLE, "--number", "1", "--by", "district"), LINES[0] * 2, 3, "XB-001"),
        ((*RECHECK, "-", "-"), SHEETS, 2, "one of the two"),
        ((*RECHECK, "-", "no-such-file"), b"", 2, "no-such-file"),
        ((*RECHECK, "--reading", "x=y", SAMPLES / "community.jsonl", "-"), b"", 2, "reading_unknown"),
        ((*RECHECK, SAMPLES / "community.jsonl", "-"), b"", 3, "recheck_empty"),
        ((*RECHECK, SAMPLES / "community.jsonl", "-"), LINES[-1], 3, "-:1:/unit/id: unit_not_assessed"),
        ((*RECHECK, SAMPLES / "community.jsonl", "-"), b"[", 3, "-:1: json_broken"),
    ],
    ids=lambda value: str(value)[-30:],
)
def test_what_is_wrong_is_told_and_nothing_comes_out(kaohe, arguments, stdin, code, words):
    """Wrong use is 2, what was refused is 3."""
    ran = kaohe(*arguments, stdin=stdin)
    assert (ran.code, ran.stdout) == (code, b"")
    assert words in ran.stderr


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    """What the city found: fewer loans repaid in one unit, no computer in another, and a third alike."""
    lines = [
        LINES[0].replace(b'"loans_repaid": 613500.00', b'"loans_repaid": 434000.00'),
        LINES[1],
        LINES[2].replace(b'"computer": true', b'"computer": false'),
    ]
    path = tmp_path_factory.mktemp("city") / "city.jsonl"
    path.write_bytes(b"".join(lines))
    return path


def test_a_line_for_each_unit_of_the_city_and_a_summary(kaohe, city, tmp_path):
    """Also for one on which both agree; the error stream says that nothing follows from a difference."""
    summary = tmp_path / "summary.json"
    ran = kaohe(*RECHECK, "--summary", summary, SAMPLES / "community.jsonl", city)
    rows = [json.loads(line) for line in ran.lines]
    assert ran.code == 0
    assert [(row["unit"]["id"], row["differs"], row["difference"]) for row in rows] == [
        ("XB-001", True, -3),
        ("TN-004", False, 0),
        ("ZL-007", True, None),
    ]
    assert "prints no consequence" in ran.stderr
    data = json.loads(summary.read_text())
    assert (data["assessed"], data["not_rechecked"], data["total"]["differ"], data["total"]["mean"]) == (
        6,
        3,
        2,
        "-1.5",
    )
    assert "prints no consequence" in data["note"]["en"]


def test_the_table_shows_both_sides_and_says_that_it_only_reports(kaohe, city):
    """Facts, scores and clauses of both sides, the self score beside them, and the totals by district."""
    ran = kaohe(*RECHECK, "--table", SAMPLES / "community.jsonl", city)
    assert ran.code == 0
    for words in (
        "区 优秀 98 → 市 优秀 95（−3）",
        "613500",
        "434000",
        "实扣 3 分",
        "一致（优秀 94）",
        "未配备计算机",
        "没有规定",
        "−1.5",
    ):
        assert words in ran.text
