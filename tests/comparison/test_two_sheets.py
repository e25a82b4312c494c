"""Two sheets of one unit, where something is missing on one side."""

from random import Random

from rules import Problems, difference
from tests.comparison.making import changzhou, cohort


def outcome(version, sheet):
    """What a version makes of a sheet that is good."""
    judge = version.judge(sheet["standard"])
    from_reader = judge.reader.read({key: sheet[key] for key in ("unit", "facts")}, problems := Problems())
    assert not problems.found
    return judge.outcome(from_reader)


def test_an_item_that_means_the_same_may_differ_where_the_sheets_do():
    """Two assessments under one version, one of which lacks a fact: the bounds hold what the other one found."""
    version = changzhou(2012)
    sheet = next(each for each in cohort([version], Random(3), 40) if each["standard"] == "community")
    sheet["facts"] |= {"resident_data_deduction": 3}
    lacking = {**sheet, "facts": {**sheet["facts"], "resident_data_deduction": None}}
    change = difference(outcome(version, sheet), outcome(version, lacking))
    (item,) = [each for each in change.items if each.missing]
    assert (item.low, item.high) == (0, 300)
