"""Versions beside each other: the same one, three in a row, another year; and the facts that a sheet may give."""

from random import Random
from shutil import copytree, ignore_patterns

import pytest

from rules import CohortRefused, Posted, Version, compare, comparison_rows, comparison_summary, load_policy
from tests.agreement.agreement import CHANGZHOU, ROOT, SHIPPED, shipped_policy
from tests.comparison.making import Common, changzhou, cohort, compared, made_versions, own_facts

LACKING = (0, 0, 1, 2, 3, 5)
EVERYTHING = 1000


def nothing_changed(comparison):
    """Whether no unit, item, part or mover is there, and everybody keeps the grade."""
    for row in comparison_rows(comparison):
        (change,) = row["changes"]
        assert not change["changed"], row
        assert change["items"] == change["adjustments"] == []
        assert change["because"] == {"zh": "", "en": ""}
        assert change["score"] in (0, None)
    (step,) = comparison_summary(comparison)["steps"]
    assert step["changed"] == step["grade_changed"] == 0
    assert step["items"] == step["movers"] == []
    assert step["migration"]["from"] == step["migration"]["to"]
    for at, counts in enumerate(step["migration"]["counts"]):
        assert not any(counts[:at] + counts[at + 1 :])
    return True


@pytest.mark.parametrize("directory", SHIPPED)
def test_a_shipped_version_against_itself_is_empty(directory):
    """Complete sheets, and such as lack a few facts or all of them; the bonuses of 2013 do not blur that."""
    for standard in shipped_policy(directory).tables:
        twice = [Version(shipped_policy(directory)) for _ in range(2)]
        common, rng = Common(twice, standard), Random(standard)
        posted = [common.posted(rng, at, lacking) for at, lacking in enumerate((*LACKING, *LACKING, EVERYTHING))]
        comparison = compared(twice, *posted)
        assert nothing_changed(comparison)
        lacking = comparison_summary(comparison)["steps"][0]["lacking"]
        assert lacking["from"] == lacking["to"]
        assert lacking["from"]["units"] > 2


def test_a_generated_version_against_itself_is_empty(tmp_path):
    """So it is for any policy, under any reading, also where the facts that are missing may veto or raise a grade."""
    lacking = 0
    for seed in range(40):
        rng = Random(seed)
        version = made_versions(rng, tmp_path / str(seed), small=True)[1]
        twice = (version, Version(version.policy, version.readings))
        common = Common(twice)
        posted = [each for at in range(8) if (each := common.posted(rng, at, LACKING[at % 6])) is not None]
        comparison = compared(twice, *posted)
        assert nothing_changed(comparison)
        lacking += comparison_summary(comparison)["steps"][0]["lacking"]["to"]["units"]
    assert lacking > 30


def test_a_reading_that_concerns_no_sheet_changes_none():
    """Under a reading of another item nothing changes, though the sheets lack facts of their own."""
    versions = changzhou(2012), changzhou(2012, loan_steps="begun")
    units = cohort(versions, Random(5), 60, lacking=0.5)
    for sheet in units:
        sheet["facts"] |= {"loan_service_active": False, "loan_ledger_kept": True}
    assert nothing_changed(compared(versions, *units))


def test_an_open_grade_may_have_changed_where_grades_start_elsewhere(tmp_path):
    """Two versions that score alike but grade otherwise: whose grade is open may have moved, and is listed."""
    versions = changzhou(2012), excellent_from_88(tmp_path / "other")
    units = cohort(versions, Random(6), 40)
    for sheet in units:
        del sheet["facts"]["teamwork_points"], sheet["facts"]["insurance_expansion_points"]
    rows = list(comparison_rows(compared(versions, *units)))
    opened = [row["changes"][0] for row in rows if all(each["worst"] != each["best"] for each in row["results"])]
    assert opened
    assert all(change["changed"] and change["score"] == 0 and not change["items"] for change in opened)


def excellent_from_88(directory):
    """Changzhou 2012, but that 88 points are excellent."""
    copytree(ROOT / CHANGZHOU, directory, ignore=ignore_patterns("samples", "examples"))
    method = directory / "policy.yaml"
    text = method.read_text("utf-8")
    assert text.count("from: 90}") == 1
    method.write_text(text.replace("from: 90}", "from: 88}"), "utf-8")
    return Version(load_policy(directory))


def test_steps_between_three_versions_add_up():
    """Each version against the one before it; the steps come to the change from the first to the last."""
    versions = changzhou(2012), changzhou(2012, loan_steps="begun", petitions="tolerant"), changzhou(2013)
    units = cohort(versions, Random(3), 40)
    rows = list(comparison_rows(compared(versions, *units)))
    directly = list(comparison_rows(compared(versions[::2], *units)))
    moved = 0
    for row, whole in zip(rows, directly, strict=True):
        steps = row["changes"]
        names = [version.name for version in versions]
        assert [(step["from"], step["to"]) for step in steps] == [(names[0], names[1]), (names[1], names[2])]
        (change,) = whole["changes"]
        assert [row["results"][0], row["results"][2]] == whole["results"]
        if None not in (steps[0]["score"], steps[1]["score"]):
            assert steps[0]["score"] + steps[1]["score"] == change["score"]
            moved += bool(steps[0]["score"]) and bool(steps[1]["score"])
    assert moved > 0
    assert [(step["from"], step["to"]) for step in comparison_summary(compared(versions, *units))["steps"]] == [
        (names[0], names[1]),
        (names[1], names[2]),
    ]


@pytest.mark.parametrize(
    ("standard", "renumbered", "added", "removed"),
    [
        ("community", ("loan_review", "10", "11"), ("online_service", "9"), ("certificate_service", "12")),
        ("village", ("loan_review", "11", "12"), ("online_service", "9"), ("flexible_employment", "12")),
    ],
)
def test_items_are_matched_by_key_from_2012_to_2013(standard, renumbered, added, removed):
    """A renumbered item is one item; one that was added or taken out has no number on the other side, and says so."""
    versions = changzhou(2012), changzhou(2013)
    units = [each for each in cohort(versions, Random(8), 60) if each["standard"] == standard]
    rows = list(comparison_rows(compared(versions, *units)))
    seen = {}
    for row in rows:
        (change,) = row["changes"]
        for item in change["items"]:
            seen.setdefault(item["key"], set()).add((item["no"]["from"], item["no"]["to"]))
            if not item["difference"]:
                continue  # what moved nothing is no reason
            if item["key"] == added[0] and item["difference"]:
                assert f"第{added[1]}项" in change["because"]["zh"]
                assert "新增项" in change["because"]["zh"]
                assert "new item" in change["because"]["en"]
            if item["key"] == removed[0] and item["difference"]:
                assert f"原第{removed[1]}项 −" in change["because"]["zh"]
                assert f"former item {removed[1]} −" in change["because"]["en"]
    assert seen[renumbered[0]] == {renumbered[1:]}
    assert seen[added[0]] == {(None, added[1])}
    assert seen[removed[0]] == {(removed[1], None)}


def test_what_names_the_illustration_says_so():
    """Each result of a row, each version of the summary and its title say that 2013 is no official text."""
    versions = changzhou(2012), changzhou(2013)
    comparison = compared(versions, *cohort(versions, Random(1), 3))
    for row in comparison_rows(comparison):
        assert [result["status"] for result in row["results"]] == ["official", "illustration"]
    official, illustration = comparison_summary(comparison)["versions"]
    assert (official["status"], illustration["status"]) == ("official", "illustration")
    assert "示例，非正式文本" in illustration["title"]["zh"]
    assert "an illustration, not an official text" in illustration["title"]["en"]


# The facts of a sheet


def refused(versions, *posted):
    """The code, path and nearest name of every problem."""
    with pytest.raises(CohortRefused) as found:
        compare(versions, [Posted(f"{at}:", each) for at, each in enumerate(posted, 1)])
    return [(each.code, each.path, each.near) for each in found.value.problems]


@pytest.fixture
def sheet():
    """A good sheet of both years."""
    return cohort((changzhou(2012), changzhou(2013)), Random(2), 1)[0]


@pytest.mark.parametrize("years", [(2012, 2013), (2013, 2012), (2012, 2013, 2012)])
@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ({"data_entry_deducton": 1}, [("fact_unknown", "data_entry_deducton", "data_entry_deduction")]),
        ({"data_entry_errrs": 1}, [("fact_unknown", "data_entry_errrs", "data_entry_errors")]),
        ({"xyz": 1}, [("fact_unknown", "xyz", None)]),
        ({"online_handling_rate": 90}, [("fact_derived", "online_handling_rate", None)]),
        ({"computer": "yes"}, [("wrong_type", "computer", None)]),
        ({"data_entry_errors": -1}, [("out_of_bounds", "data_entry_errors", None)]),
        ({"loans_due": 1, "loans_repaid": 2}, [("part_exceeds_whole", "loans_repaid", None)]),
    ],
)
def test_a_bad_fact_is_refused_once_whichever_version_knows_it(sheet, years, facts, codes):
    """A fact of one year is good in both; a name that none knows gets the nearest of all names, a bad value one."""
    versions = [changzhou(year) for year in years]
    bad = {**sheet, "facts": {**sheet["facts"], **facts}}
    assert refused(versions, bad) == [(code, f"1:/facts/{name}", near) for code, name, near in codes]


def test_facts_and_reasons_of_either_version_are_good(sheet):
    """What only one of the years knows changes nothing under the other, and may stand beside the rest."""
    one, other = changzhou(2012), changzhou(2013)
    sheet["facts"] |= {"data_entry_deduction": 0, "data_entry_errors": 0}
    sheet["reasons"] = {"data_entry_deduction": "录入准确", "resident_data_deduction": "个别有误"}
    (row,) = comparison_rows(compared((one, other), sheet))
    for version, result in zip((one, other), row["results"], strict=True):
        own = own_facts(version, sheet)
        assert next(comparison_rows(compared((version, version), own)))["results"] == [result, result]
        assert refused((version, version), sheet)


def test_a_standard_that_one_version_lacks_is_refused_by_name(sheet):
    """A sheet of a standard that only one of the versions has, or none, or that names none."""
    versions = changzhou(2012), Version(shipped_policy("tests/policies/yunzhou/2024"))
    assert refused(versions, sheet) == [("standard_unknown", "1:/standard", None)]
    bad = [{**sheet, "standard": each} for each in ("vilage", None, 7)]
    assert refused((changzhou(2012), changzhou(2013)), *bad) == [
        ("standard_unknown", "1:/standard", "village"),
        ("key_missing", "2:/standard", None),
        ("standard_unknown", "3:/standard", None),
    ]


def test_problems_of_all_sheets_are_refused_together(sheet):
    """Every line is looked at before anything is refused; with nobody there is nothing to compare."""
    bad = {**sheet, "facts": {**sheet["facts"], "computer": 1, "xyz": 1}}
    versions = changzhou(2012), changzhou(2013)
    found = refused(versions, bad, sheet, 7, {**sheet, "unit": {"id": ""}})
    assert found == [
        ("wrong_type", "1:/facts/computer", None),
        ("fact_unknown", "1:/facts/xyz", None),
        ("value_bad", "3:", None),
        ("value_bad", "4:/unit/id", None),
    ]
    assert [code for code, _, _ in refused(versions)] == ["cohort_empty"]
