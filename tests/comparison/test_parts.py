"""The parts of a difference add up to it exactly, whatever the versions are; turned round, all of it is negated."""

from collections import Counter
from fractions import Fraction
from random import Random

import pytest

from rules import Version, comparison_rows, comparison_summary
from rules.comparison.difference import CLAUSE, POINTS
from rules.numbers import half_up
from rules.policy.model import Award, Deduct, Score
from tests.agreement.agreement import label, other_readings
from tests.comparison.making import STANDARDS, Common, changzhou, compared, made_versions

PAIRS = 40
SHEETS = 12


def start_of(item):
    """Where the item's score starts, under its weight."""
    return half_up(item.start * Fraction(item.weight)) if item else 0


def effect_of(finding, item):
    """What a finding put on its item's score, in units of its own version."""
    if finding is None or not finding.counted:
        return 0
    match finding.clause.effect:
        case Award():
            return finding.counted
        case Deduct():
            return -finding.counted
        case Score(points):
            return finding.counted if points > item.start else -finding.counted
    return 0


def wrong_parts(change):
    """What does not add up in a change between two decisions that have scores."""
    times = [change.per_one // each.case.sheet.standard.policy.points_per_one for each in (change.before, change.after)]
    scores = [
        {each.item.key: each.score * by for each in decision.items}
        for decision, by in zip((change.before, change.after), times, strict=True)
    ]
    moved = {key: scores[1].get(key, 0) - scores[0].get(key, 0) for key in {**scores[0], **scores[1]}}
    for item in change.items:
        key = (item.items.after or item.items.before).key
        told = {moved.pop(key), item.low, item.high, item.difference, sum(each.difference for each in item.parts)}
        if len(told) > 1:
            yield f"{key}: {told}"
        yield from wrong_part(key, item, times)
    yield from (f"{key} moved by {difference} and is not named" for key, difference in moved.items() if difference)
    total = change.after.score * times[1] - change.before.score * times[0]
    parts = sum(each.difference for each in (*change.items, *change.adjustments))
    if not change.difference == change.low == change.high == total == parts:
        yield f"the score moved by {total}, the parts by {parts}, and {change.difference} is told"


def wrong_part(key, item, times):
    """What is wrong with the parts of one item: on a sheet that lacks nothing clauses and points tell it all."""
    if [each.kind for each in item.parts].count(POINTS) > 1:
        yield f"{key}: {POINTS} twice"
    for part in item.parts:
        if part.kind == CLAUSE:
            ends = [effect_of(*each) for each in zip(part.findings, item.items, strict=True)]
        elif part.kind == POINTS:
            ends = [start_of(each) for each in item.items]
        else:
            yield f"{key}: a remainder of {part.difference}"
            continue
        if not 0 != part.difference == ends[1] * times[1] - ends[0] * times[0]:
            yield f"{key}: {part.kind} {part.difference} instead of {ends}"


def as_told(change, sign):
    """All that a change tells, each difference times `sign`, and its sides turned round for -1."""
    ends = None if change.low is None else sorted((sign * change.low, sign * change.high))
    items = {
        (each.items[::sign], frozenset(each.missing)): (
            sorted((sign * each.low, sign * each.high)),
            Counter((part.kind, sign * part.difference, part.findings[::sign]) for part in each.parts),
        )
        for each in change.items
    }
    adjustments = Counter((each.kind, sign * each.difference, each.clauses[::sign]) for each in change.adjustments)
    return ends, items, adjustments


def check(versions, posted):
    """Compare complete sheets both ways; counts what was seen."""
    there, back = (compared(each, *posted) for each in (versions, versions[::-1]))
    wrong, seen = [], Counter()
    for sheet, one, other in zip(posted, there.units, back.units, strict=True):
        (change,), (reverse,) = one.changes, other.changes
        assert as_told(change, 1) == as_told(reverse, -1)
        if change.difference is None:
            assert change.before.vetoes or change.after.vetoes
            assert not change.items + change.adjustments
            seen["vetoed"] += 1
            continue
        wrong += [f"{sheet}: {each}" for each in wrong_parts(change)]
        seen.update(each.kind for item in change.items for each in item.parts)
        seen.update(each.kind for each in change.adjustments)
        seen["added"] += sum(item.items.before is None for item in change.items)
        seen["removed"] += sum(item.items.after is None for item in change.items)
        seen["finer"] += change.before.case.sheet.standard.policy.points_per_one < change.per_one
    assert "\n".join(wrong) == ""
    assert len(list(comparison_rows(there))) == comparison_summary(there)["units"] == len(posted)
    return seen


def sheets(common, rng, count=SHEETS, lacking=0):
    """Good sheets; none where the versions' rates do not fit together."""
    found = (common.posted(rng, at, lacking) for at in range(count))
    return [each for each in found if each is not None]


@pytest.mark.parametrize("first", [0, pytest.param(1000, marks=pytest.mark.slow)])
def test_parts_add_up_between_two_years_of_any_policy(tmp_path, first):
    """Points scales, weights, caps of bonuses and totals, rescaling, ceilings, vetoes and all effects may change."""
    seen = Counter()
    for seed in range(first, first + PAIRS * (10 if first else 1)):
        rng = Random(seed)
        versions = made_versions(rng, tmp_path / str(seed), small=False)
        posted = sheets(Common(versions), rng)
        if posted:
            seen += check(versions, posted)
    every = ("clause", "points", "bonus", "rescale", "total_at_most", "vetoed", "added", "removed", "finer")
    assert all(seen[each] >= 10 for each in every), seen


@pytest.mark.parametrize("key", dict.fromkeys(each.policy.key for each in other_readings()))
def test_parts_add_up_between_the_readings_of_a_policy(key):
    """Each choice that changes a standard, against the defaults."""
    seen = Counter()
    for standard in other_readings():
        if standard.policy.key == key:
            pair = Version(standard.policy), Version(standard.policy, standard.readings)
            seen += check(pair, sheets(Common(pair, standard.key), Random(label(standard))))
    assert seen["clause"] > 10, seen


@pytest.mark.parametrize("standard", STANDARDS)
def test_parts_add_up_from_2012_to_2013(standard):
    """Dense sheets of both years: items moved, were added and taken out, and bonuses came."""
    versions = changzhou(2012), changzhou(2013)
    seen = check(versions, sheets(Common(versions, standard), Random(standard), 60))
    assert all(seen[each] >= 10 for each in ("clause", "points", "bonus", "added", "removed")), seen
