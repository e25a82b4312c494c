"""Sheets that lack facts: bounds are those of all completions, and what is told holds for each of them."""

from collections import Counter
from random import Random

import pytest

from rules import comparison_rows, difference
from rules.comparison.versions import Opened
from tests.agreement.completions import beyond_items, completed
from tests.comparison.making import Common, all_completions, compared, made_versions, own_facts

PAIRS = 40
SHEETS = 6


def open_sheets(directory, first, pairs=PAIRS):
    """Where it is from, versions, and what becomes of a sheet that lacks one to three of their facts; many of them."""
    for seed in range(first, first + pairs):
        rng = Random(seed)
        versions = made_versions(rng, directory / str(seed), small=True)
        common = Common(versions)
        for at in range(SHEETS):
            posted = common.posted(rng, at, lacking=rng.randint(1, 3))
            if posted is not None:
                yield f"seed {seed}, sheet {at}", versions, posted


def scores_of(decision):
    """Each item's score by its key, in units; 0 for others."""
    return Counter({each.item.key: each.score for each in decision.items})


def opened_wrongly(judge, outcome):
    """What is wrong with the facts that are named as missing, and with the bounds of items, of groups and of all."""
    sheet = outcome.decision.case.sheet
    completions = completed(judge.standard, judge.reference, sheet)
    asked, named = completions.asked(), set(outcome.missing)
    if asked - named or (asked != named and not beyond_items(judge.plan, completions.absent)):
        yield f"missing {named}, not {asked}"
    scored = completions.scored()
    if outcome.items is None or outcome.bounds is None:
        if scored:
            yield "no bounds"
        return
    scores = [scores_of(each) for each in scored]
    totals = [each.score for each in scored]
    if (outcome.bounds.low, outcome.bounds.high) != (min(totals), max(totals)):
        yield f"total {outcome.bounds}, not {min(totals)} to {max(totals)}"
    for group in outcome.items:
        if not set(group.missing) <= named:
            yield f"a group lacks {group.missing}, the sheet {named}"
        ends = [min, max]
        for item, *told in group.items:
            if told != [end(each[item.key] for each in scores) for end in ends]:
                yield f"{item.key}: {told}"
        sums = [sum(each[item.key] for item, _, _ in group.items) for each in scores]
        if [group.low, group.high] != [end(sums) for end in ends]:
            yield f"sum {group.low} to {group.high}, not {min(sums)} to {max(sums)}"
    open_keys = {item.key for group in outcome.items for item, low, high in group.items if low < high}
    for key in scores[0]:
        if key not in open_keys and len({each[key] for each in scores}) > 1:
            yield f"{key} is told, but hangs on what is missing"


def changed_wrongly(versions, change, told_same, sheets):
    """What is wrong with the ends of a change and of its items, over all completions that are good under both."""
    times = [change.per_one // version.policy.points_per_one for version in versions]
    listed = {(each.items.after or each.items.before).key: each for each in change.items}
    for both in all_completions(sheets):
        grades = [each.grade.key for each in both]
        if both.before.vetoes or both.after.vetoes:
            if told_same and (grades[0] != grades[1] or not (both.before.vetoes and both.after.vetoes)):
                yield f"told to be the same, but vetoed as {grades}"
            continue
        before, after = (scores_of(each) for each in both)
        moved_by = both.after.score * times[1] - both.before.score * times[0]
        if told_same and (moved_by or grades[0] != grades[1]):
            yield f"told to be the same, but {moved_by} and {grades}"
        if change.low is None or not change.low <= moved_by <= change.high:
            yield f"{moved_by} is not within {change.low} to {change.high}"
        for key in {**before, **after}:
            moved = after[key] * times[1] - before[key] * times[0]
            low, high = (listed[key].low, listed[key].high) if key in listed else (0, 0)
            if not low <= moved <= high:
                yield f"{key}: {moved} is not within {low} to {high}"


def named_wrongly(change):
    """What is wrong with the facts that items lack, and with the parts of those that lack none."""
    for each in change.items:
        facts = {fact.name for item in each.items if item for clause in item.clauses for fact in clause.facts}
        if bool(each.missing) != (each.low < each.high) or not set(each.missing) <= facts:
            yield f"{each.low} to {each.high}, missing {each.missing}"
        if not each.missing and sum(part.difference for part in each.parts) != each.difference:
            yield f"{each.difference} is not the sum of {each.parts}"


@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.slow)])
def test_bounds_are_those_of_all_completions(tmp_path, first):
    """Items, groups and totals under each version are as low and as high as completions make them; changes hold all."""
    wrong, seen = [], Counter()
    for where, versions, posted in open_sheets(tmp_path, first, PAIRS * (10 if first else 1)):
        comparison = compared(versions, posted)
        (unit,), (row,) = comparison.units, comparison_rows(comparison)
        (change,), (told,) = unit.changes, row["changes"]
        found = []
        for version, outcome in zip(versions, unit.outcomes, strict=True):
            if isinstance(outcome, Opened):
                seen["opened"] += 1
                found += opened_wrongly(version.judge("table"), outcome)
        sheets = [getattr(each, "decision", each).case.sheet for each in unit.outcomes]
        found += changed_wrongly(versions, change, not told["changed"], sheets)
        found += named_wrongly(change)
        seen["open item"] += sum(bool(each.missing) for each in change.items)
        seen["under one"] += sum(isinstance(each, Opened) for each in unit.outcomes) == 1
        seen["unchanged"] += not told["changed"]
        wrong += [f"{where} {posted['facts']}: {each}" for each in found]
    assert "\n".join(wrong) == ""
    assert all(seen[each] > PAIRS / 5 for each in ("opened", "open item", "under one", "unchanged")), seen


def test_two_sheets_of_a_unit_differ_by_what_is_given_too(tmp_path):
    """Where another sheet of the unit lacks nothing, the difference holds every completion of the one that does."""
    opened = 0
    for where, versions, posted in open_sheets(tmp_path, 500, 20):
        version = versions[0]
        common, rng = Common((version,)), Random(where)
        other = compared((version, version), common.posted(rng)).units[0].outcomes[0]
        outcome = compared((version, version), own_facts(version, posted)).units[0].outcomes[0]
        if not isinstance(outcome, Opened) or other.score is None:
            continue
        opened += 1
        change, judge = difference(outcome, other), version.judge("table")
        for each in completed(judge.standard, judge.reference, outcome.decision.case.sheet).scored():
            assert change.low <= other.score - each.score <= change.high, where
    assert opened > 20
