"""Many sheets under several versions, each version against the one before it, as units or as settled cohorts."""

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..decision import Decision
from ..errors import CohortRefused, Problems
from ..settlement import Assessed, Cohort, LeftOut, Money, Settled, Settlement, settle, with_best
from ..settlement.money import NO_MONEY
from ..sheets import Posted, Unit
from .difference import Change, difference
from .versions import Opened, Outcome, Version, read_for_all


class Compared(NamedTuple):
    """
    One unit under every version, and what changed from each version to the next.

    `settled` has its place in each version's settlement: None without one, or where the unit was left out of it.
    """

    unit: Unit
    standard: str
    outcomes: tuple[Outcome, ...]
    changes: tuple[Change, ...]
    settled: tuple[Settled | None, ...]


class Comparison(NamedTuple):
    """
    Units in the order in which they came, under versions in the order in which they were named.

    `settlements` is empty unless whole cohorts were compared, and has None for a version under which a sheet lacks a
    fact, so that nobody's final grade can be told.
    """

    versions: tuple[Version, ...]
    units: tuple[Compared, ...]
    settlements: tuple[Settlement | None, ...]


def compare(
    versions: Sequence[Version],
    posted: Iterable[Posted],
    *,
    cohort: bool = False,
    money: Money = NO_MONEY,
    leave_out: bool = False,
    problems: Problems | None = None,
    begun: Callable[[Posted, int], None] | None = None,
) -> Comparison:
    """
    Compare sheets, each with its `standard`, under two or more versions; with `cohort` also their settlements.

    With `leave_out` a sheet that lacks a fact under a version is left out of that version's settlement, and counts.
    `begun` is told of each sheet before it is looked at, and of how many problems there are so far; it may give up by
    an error of its own.
    Raises `CohortRefused` with everything that is wrong, `problems` first.
    """
    problems = Problems() if problems is None else problems
    rows: list[tuple[Unit, str, str, tuple[Outcome, ...]]] = []
    for version in versions if cohort else ():
        posted = with_best(version.policy.facts, posted, problems)
    for each in posted:
        if begun is not None:
            begun(each, len(problems.found))
        if each.problem is not None:
            problems.found.append(each.problem.below(each.at))
            continue
        found = Problems()
        sheets = read_for_all(versions, each.value, found)
        if found.found:
            problems.found += [one.below(each.at) for one in found.found]
            continue
        key = sheets[0].standard.key
        judged = zip(versions, sheets, strict=True)
        outcomes = tuple(version.judge(key).outcome(sheet) for version, sheet in judged)
        rows.append((sheets[0].unit, key, each.at, outcomes))
    if not cohort and (money != NO_MONEY or leave_out):
        problems.add("money_without_cohort", "/cohort")
    if not rows and not problems.found:
        problems.add("cohort_empty")
    if not cohort or not rows:
        problems.refuse(CohortRefused)
    settlements = _settlements(versions, rows, money, problems, leave_out=leave_out) if cohort else ()
    settled = [{each.assessed.unit.id: each for each in one.units} if one else {} for one in settlements]
    units = tuple(
        Compared(
            unit,
            standard,
            outcomes,
            tuple(difference(*pair) for pair in pairwise(outcomes)),
            tuple(each.get(unit.id) for each in settled) or (None,) * len(versions),
        )
        for unit, standard, _, outcomes in rows
    )
    return Comparison(tuple(versions), units, settlements)


def _settlements(
    versions: Sequence[Version],
    rows: Sequence[tuple[Unit, str, str, tuple[Outcome, ...]]],
    money: Money,
    problems: Problems,
    *,
    leave_out: bool,
) -> tuple[Settlement | None, ...]:
    """Everybody settled under each version; what is wrong under any of them is refused together."""
    wanted = [version.method.wants_average for version in versions]
    settlements: list[Settlement | None] = []
    for at, version in enumerate(versions):
        cohort = _cohort([(unit, standard, place, outcomes[at]) for unit, standard, place, outcomes in rows])
        # A policy that pays fixed amounts needs no average standard beside one that does.
        own = money if wanted[at] or not any(wanted) else NO_MONEY
        found = Problems()
        try:
            settlement = settle(version.method, cohort, own, found)
        except CohortRefused as refused:
            problems.found += [each for each in refused.problems if each not in problems.found]
            continue
        settlements.append(settlement if leave_out or not cohort.left_out else None)
    problems.refuse(CohortRefused)
    return tuple(settlements)


def _cohort(rows: Iterable[tuple[Unit, str, str, Outcome]]) -> Cohort:
    assessed: list[Assessed] = []
    left_out: list[LeftOut] = []
    for unit, standard, at, outcome in rows:
        match outcome:
            case Opened():
                # What it lacks, the unit's own row says.
                left_out.append(LeftOut(unit, standard, (), at))
            case Decision():
                assessed.append(Assessed.of(outcome, at))
    return Cohort(assessed, left_out)
