"""`kaohe settle`: a year of sheets and decisions in, a line for each unit out, or nothing but what is wrong."""

import json
from itertools import pairwise
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "policy_versions/changzhou/2012/samples"
STANDARDS = ("community", "village")
ASKED = ("settle", "--policy", "changzhou-2012", "--average-standard", "10000")
KEYS = (
    "unit", "district", "standard", "grade", "final_grade", "score", "rank", "capped", "because", "subsidy", "rectify",
)  # fmt: skip


def encoded(rows):
    """Rows as lines of JSON."""
    return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows)


@pytest.fixture(scope="module")
def sheets():
    """The sample sheets of both standards, each with its standard."""
    return [
        {**json.loads(line), "standard": standard}
        for standard in STANDARDS
        for line in (SAMPLES / f"{standard}.jsonl").read_text("utf-8").splitlines()
    ]


@pytest.fixture(scope="module")
def decisions(kaohe, sheets):
    """What `kaohe score` makes of them."""
    return [
        json.loads(line)
        for standard in STANDARDS
        for line in kaohe(
            "score", "--policy", "changzhou-2012", "--standard", standard,
            stdin=encoded([sheet for sheet in sheets if sheet["standard"] == standard]),
        ).lines
    ]  # fmt: skip


@pytest.fixture(scope="module")
def settled(kaohe, sheets):
    """The settlement of the sheets."""
    return kaohe(*ASKED, stdin=encoded(sheets))


def test_a_line_for_each_unit(settled, sheets):
    """Every unit has one line with the keys that are promised, in their order, and stands by district and rank."""
    assert (settled.code, settled.stderr) == (0, "")
    rows = [json.loads(line) for line in settled.lines]
    assert {tuple(row) for row in rows} == {KEYS}
    assert sorted(row["unit"]["id"] for row in rows) == sorted(sheet["unit"]["id"] for sheet in sheets)
    for district in {row["district"] for row in rows}:
        ranks = [row["rank"] for row in rows if row["district"] == district]
        assert ranks == sorted(ranks, key=lambda rank: (rank is None, rank or 0))
    places = [row["district"] for row in rows]
    assert len([1 for place, after in pairwise(places) if place != after]) == len(set(places)) - 1


def test_who_is_capped_and_paid(settled):
    """Of the shipped samples, those that reach 90 and find no place are qualified, and are paid as such."""
    for row in map(json.loads, settled.lines):
        assert row["capped"] == (row["grade"] != row["final_grade"])
        assert row["subsidy"] == {"excellent": 12000, "qualified": 10000, "basic": 0, "fail": 0}[row["final_grade"]]
        assert row["rectify"] == (row["final_grade"] in ("basic", "fail"))
        if row["capped"]:
            assert (row["grade"], row["final_grade"]) == ("excellent", "qualified")
            assert "“优秀”定为“合格”" in row["because"]["zh"]
            assert "so excellent becomes qualified" in row["because"]["en"]


def test_decisions_and_both_together_give_the_same_lines(kaohe, sheets, decisions, settled):
    """Sheets, the answers of `kaohe score`, and some of each, in whatever order, settle alike, byte for byte."""
    mixed = [*decisions[::2], *sheets[1::2]]
    assert {each["unit"]["id"] for each in mixed} == {each["unit"]["id"] for each in sheets}
    for rows in (decisions, decisions[::-1], mixed, sheets[::-1]):
        ran = kaohe(*ASKED, stdin=encoded(rows))
        assert (ran.code, ran.stdout) == (0, settled.stdout)


def test_a_file_is_read_as_standard_input_is(kaohe, sheets, settled, tmp_path):
    """The sheets may stand in a file."""
    path = tmp_path / "sheets.jsonl"
    path.write_bytes(encoded(sheets))
    assert kaohe(*ASKED, path).stdout == settled.stdout


def test_the_totals_go_into_a_file(kaohe, sheets, settled, tmp_path):
    """`--summary` writes the totals; they add up to the lines, which stay the same."""
    path = tmp_path / "summary.json"
    ran = kaohe(*ASKED, "--summary", path, stdin=encoded(sheets))
    assert (ran.code, ran.stdout) == (0, settled.stdout)
    summary = json.loads(path.read_text("utf-8"))
    rows = [json.loads(line) for line in settled.lines]
    assert (summary["policy"], summary["year"], summary["status"]) == ("changzhou-2012", 2012, "official")
    assert summary["average_standard"] == 10000
    assert summary["permitted_use"]["zh"].endswith("不得用于发放人员奖金及补贴。")
    assert summary["total"]["assessed"] == len(rows) == sum(each["assessed"] for each in summary["districts"])
    assert summary["total"]["subsidy"] == sum(row["subsidy"] for row in rows)
    assert summary["total"]["rectify"] == sum(row["rectify"] for row in rows)
    assert [each["district"] for each in summary["caps"]] == [each["district"] for each in summary["districts"]]


def test_a_pool(kaohe, sheets, tmp_path):
    """`--pool` gives the average standard that spends it."""
    path = tmp_path / "summary.json"
    ran = kaohe("settle", "--policy", "changzhou-2012", "--pool", "1000.50", "--summary", path, stdin=encoded(sheets))
    assert ran.code == 0
    summary = json.loads(path.read_text("utf-8"))
    assert summary["pool"]["amount"] == 1000.5
    assert 0 < summary["pool"]["spent"] <= 1000.5
    assert summary["average_standard"] > 0


def test_amounts_for_each_standard(kaohe, sheets):
    """Under the reading by_standard each standard is given its own amount."""
    ran = kaohe(
        "settle", "--policy", "changzhou-2012", "--reading", "average-standard=by_standard",
        "--average-standard", "community=100", "--average-standard", "village=70.50", stdin=encoded(sheets),
    )  # fmt: skip
    assert ran.code == 0
    paid = {(row["standard"], row["final_grade"]): row["subsidy"] for row in map(json.loads, ran.lines)}
    assert paid["community", "qualified"] == 100
    assert paid["village", "qualified"] == 70.5


def test_without_money(kaohe, sheets):
    """Without an average standard everything but the subsidies is told."""
    ran = kaohe("settle", "--policy", "changzhou-2012", stdin=encoded(sheets))
    assert ran.code == 0
    assert {row["subsidy"] for row in map(json.loads, ran.lines)} == {None}


def test_a_table(kaohe, sheets, settled):
    """`--table` prints every unit, where it moved, why, and the totals by district."""
    ran = kaohe(*ASKED, "--table", stdin=encoded(sheets), COLUMNS="400")
    assert ran.code == 0
    rows = [json.loads(line) for line in settled.lines]
    for row in rows:
        line = next(line for line in ran.lines if f" {row['unit']['id']} " in line)
        assert row["because"]["zh"].split("；")[0] in line
        assert ("优秀 → 合格" in line) == row["capped"]
    assert any("合计" in line and str(sum(row["subsidy"] for row in rows)) in line for line in ran.lines)


def test_a_table_shows_names_as_they_are(kaohe, sheets):
    """What looks like markup in a unit's name is printed, and acts on nothing."""
    odd = [{**sheets[0], "unit": {**sheets[0]["unit"], "id": "[/x]", "name": "[red]社区"}}]
    ran = kaohe(*ASKED, "--table", stdin=encoded(odd), COLUMNS="400")
    assert ran.code == 0
    assert "[/x] [red]社区" in ran.text


def test_a_sheet_that_is_left_out(kaohe, sheets):
    """With `--leave-out` a sheet that cannot be scored has nulls and its problems; without, nobody has a line."""
    first = {**sheets[0], "facts": {**sheets[0]["facts"], "platform_established": None}}
    lines = encoded([first, *sheets[1:]])
    refused = kaohe(*ASKED, stdin=lines)
    assert (refused.code, refused.stdout) == (3, b"")
    assert sheets[0]["unit"]["id"] in refused.stderr
    assert "fact_missing" in refused.stderr
    ran = kaohe(*ASKED, "--leave-out", stdin=lines)
    assert ran.code == 0
    rows = [json.loads(line) for line in ran.lines]
    assert len(rows) == len(sheets)
    assert rows[-1]["unit"] == first["unit"]
    assert [each["code"] for each in rows[-1]["problems"]] == ["fact_missing"]
    table = kaohe(*ASKED, "--leave-out", "--table", stdin=lines, COLUMNS="400")
    assert table.code == 0
    assert "按要求不评" in table.text


def test_everything_that_is_wrong_and_no_line(kaohe, sheets, decisions, tmp_path):
    """Whatever is wrong is named with its line, all of it; nothing is printed and no summary written; exit 3."""
    summary = tmp_path / "summary.json"
    lines = (
        encoded([sheets[0], sheets[0], {**sheets[1], "unit": {"id": "N", "district": "新被区"}}])
        + b"{broken\n\n"
        + encoded([{**decisions[2], "policy_hash": "0"}, {**decisions[3], "readings": {"petitions": "tolerant"}}])
        + encoded([{key: value for key, value in sheets[4].items() if key != "standard"}])
    )
    ran = kaohe(*ASKED, "--pool", "1", "--summary", summary, stdin=lines)
    assert (ran.code, ran.stdout) == (3, b"")
    assert not summary.exists()
    found = [
        (1, "unit_twice"), (3, "district_unknown"), (4, "json_broken"), (6, "decided_otherwise"),
        (7, "decided_otherwise"), (8, "key_missing"),
    ]  # fmt: skip
    said = ran.stderr.splitlines()
    for number, code in found:
        assert any(code in line and str(number) in line for line in said), (number, code)
    assert any("money_of_other_kind" in line for line in said)
    assert "did you mean `新北区`?" in ran.stderr
    assert len(said) == len(found) + 1


def test_nobody(kaohe):
    """An empty input is refused."""
    ran = kaohe(*ASKED, stdin=b"\n")
    assert ran.code == 2
    assert ran.stdout == b""
    assert "cohort_empty" in ran.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["--policy", "changzhou-2102"],
        ["--policy", "changzhou-2012", "--reading", "cap-tie=x"],
        ["--policy", "changzhou-2012", "--reading", "cap-ties"],
        ["--policy", "changzhou-2012", "--average-standard", "1e4"],
        ["--policy", "changzhou-2012", "--average-standard", "-1"],
        ["--policy", "changzhou-2012", "--average-standard", "1", "--average-standard", "2"],
        ["--policy", "changzhou-2012", "--average-standard", "community=1", "--average-standard", "community=2"],
        ["--policy", "changzhou-2012", "--pool", "much"],
        ["--policy", "changzhou-2012", "--unknown"],
        [],
    ],
)
def test_wrong_use(kaohe, sheets, arguments):
    """An unknown policy, reading or option, or an amount that is none, is wrong use: exit 2, and nothing is printed."""
    ran = kaohe("settle", *arguments, stdin=encoded(sheets))
    assert (ran.code, ran.stdout) == (2, b"")
    assert ran.stderr


def test_an_amount_of_less_than_a_fen_is_refused(kaohe, sheets):
    """An average standard is an exact number of fen; no rounding is done for whoever asks."""
    ran = kaohe("settle", "--policy", "changzhou-2012", "--average-standard", "0.001", stdin=encoded(sheets))
    assert (ran.code, ran.stdout) == (3, b"")
    assert "too_many_decimals" in ran.stderr
