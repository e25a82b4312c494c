"""
The difference between two outcomes of one unit, attributed to clauses: what each counted after, less what before.

Items are matched by their keys, clauses by their effect and the facts that they look at, in printed order. The parts of
an item add up to its difference, and items and adjustments to the difference of the scores, exactly.
"""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from math import lcm
from typing import Generic, NamedTuple, TypeVar

from ..decision import Decision, Finding, ItemScore
from ..numbers import half_up
from ..policy.model import Award, Bonus, Ceiling, Clause, Deduct, Item, Score, Veto
from ..policy.versions import Standard
from .versions import Opened, Outcome

POINTS = "points"  # the item is worth more or less, or was added or taken out
CLAMP = "clamp"  # what no clause tells, as where absent facts settle a score together
CLAUSE = "clause"

# So many pairs of standards are remembered as alike or not: to tell takes longer than to compare a sheet.
MOST_PAIRS = 32


Thing = TypeVar("Thing")


class Pair(NamedTuple, Generic[Thing]):
    """The same thing before and after; None on the side that has none."""

    before: Thing | None
    after: Thing | None


class Part(NamedTuple):
    """A part of an item's difference."""

    kind: str
    difference: int  # in the change's units
    findings: Pair[Finding]  # of a clause


class ItemChange(NamedTuple):
    """An item whose score changed, or hangs on missing facts (`low` below `high`)."""

    items: Pair[Item]
    low: int
    high: int
    parts: tuple[Part, ...]  # none where facts are missing
    missing: tuple[str, ...]

    @property
    def item(self) -> Item:
        """The later one, or the one that is gone."""
        found = self.items.after or self.items.before
        assert found is not None
        return found

    @property
    def difference(self) -> int | None:
        """The difference, where it can be told."""
        return self.low if self.low == self.high else None


class AdjustmentChange(NamedTuple):
    """What acts beyond the items, and acted otherwise."""

    kind: str
    difference: int
    clauses: Pair[Clause]


class Change(NamedTuple):
    """
    From one outcome to another, in units of `per_one` to a point.

    `low` and `high` are None after a veto on either side, and where too much is missing; else they hold every
    difference that is possible, and are the same where no fact is missing.
    """

    before: Outcome
    after: Outcome
    per_one: int
    low: int | None
    high: int | None
    items: tuple[ItemChange, ...]
    adjustments: tuple[AdjustmentChange, ...]

    @property
    def difference(self) -> int | None:
        """The difference of the scores, where it can be told."""
        return self.low if self.low == self.high else None

    @property
    def vetoed(self) -> tuple[bool, bool]:
        """Whether there is a veto before and after."""
        return bool(decision_of(self.before).vetoes), bool(decision_of(self.after).vetoes)

    @property
    def veto_moved(self) -> bool:
        """Whether a veto came or went."""
        before, after = self.vetoed
        return before != after

    @property
    def graded_alike(self) -> bool:
        """Whether the same score has the same grade on both sides."""
        return _graded_alike(*(decision_of(each).case.sheet.standard for each in (self.before, self.after)))

    @property
    def least(self) -> int:
        """How far the scores are apart at least."""
        if self.low is None or self.high is None or self.low <= 0 <= self.high:
            return 0
        return min(abs(self.low), abs(self.high))


def decision_of(outcome: Outcome) -> Decision:
    """The decision, or what of it is known."""
    return outcome.decision if isinstance(outcome, Opened) else outcome


def grade_of(outcome: Outcome) -> str | None:
    """The grade, where it can be told."""
    if isinstance(outcome, Decision):
        return outcome.grade.key
    bounds = outcome.bounds
    if bounds is None or bounds.best.key != bounds.worst.key:
        return None
    # The grade of a veto may be a better one than the worst.
    vetoed = outcome.decision.case.sheet.standard.policy.veto_grade
    return None if bounds.veto_possible and vetoed.key != bounds.best.key else bounds.best.key


def difference(before: Outcome, after: Outcome) -> Change:
    """What changed from one outcome to the other, and by which clauses."""
    one, other = _Side(before), _Side(after)
    per_one = lcm(one.scale, other.scale)
    one.times, other.times = per_one // one.scale, per_one // other.scale
    if one.decision.score is None or other.decision.score is None:
        return Change(before, after, per_one, None, None, (), ())
    if (one.opened or other.opened) and one.given == other.given and _scored_alike(one.standard, other.standard):
        return Change(before, after, per_one, 0, 0, (), ())
    if one.unknown or other.unknown:
        return Change(before, after, per_one, None, None, (), ())
    keys = dict.fromkeys((*other.items, *one.items))
    items = [_item_change(one, other, key) for key in keys]
    adjustments = tuple(_adjustments(one, other))
    if not one.opened and not other.opened:
        total = sum(each.low for each in items) + sum(each.difference for each in adjustments)
        low = high = total
    else:
        low, high = _bounds(one, other, items)
        adjustments = ()
    changed = tuple(each for each in items if each.low or each.high or any(part.difference for part in each.parts))
    return Change(before, after, per_one, low, high, changed, adjustments)


class _Side:
    """One outcome, with its items by key."""

    def __init__(self, outcome: Outcome):
        self.opened = outcome if isinstance(outcome, Opened) else None
        self.decision = decision_of(outcome)
        self.standard = self.decision.case.sheet.standard
        self.scale = self.standard.policy.points_per_one
        self.times = 1
        self.items: Mapping[str, ItemScore] = {each.item.key: each for each in self.decision.items}
        self.unknown = self.opened is not None and (self.opened.items is None or self.opened.bounds is None)
        open_items = (self.opened.items or ()) if self.opened else ()
        self.ends = {item.key: (low, high) for group in open_items for item, low, high in group.items}
        self.missing = {
            item.key: _looked_at(item, group.missing)
            for group in open_items
            for item, low, high in group.items
            if low < high
        }

    def range(self, key: str) -> tuple[int, int]:
        """The lowest and the highest score of an item; 0 where there is no such item."""
        score = self.items.get(key)
        if score is None:
            return 0, 0
        low, high = self.ends.get(key, (score.score, score.score))
        return low * self.times, high * self.times

    @property
    def given(self) -> dict[str, int | None]:
        """The facts of the standard as they were given; two outcomes may be of two sheets."""
        return {name: self.decision.case.sheet.values.get(name) for name in self.standard.facts}

    def looked_at(self, item: Item | None) -> dict[str, int | None]:
        """Those of them that the item's clauses look at."""
        given, clauses = self.given, item.clauses if item else ()
        return {fact.name: given[fact.name] for clause in clauses for fact in clause.facts}

    def total(self) -> tuple[int, int]:
        """The lowest and the highest total."""
        if self.opened is not None and self.opened.bounds is not None:
            return self.opened.bounds.low * self.times, self.opened.bounds.high * self.times
        assert self.decision.score is not None
        return self.decision.score * self.times, self.decision.score * self.times

    @property
    def plain(self) -> bool:
        """Whether the total is the sum of the items whatever the facts are."""
        table = self.standard.table
        bonus = any(isinstance(clause.effect, Bonus) for clause in self.standard.clauses())
        return self.standard.rescale is None and table.total_at_most is None and not bonus


def _item_change(one: _Side, other: _Side, key: str) -> ItemChange:
    before, after = one.items.get(key), other.items.get(key)
    items = Pair(before.item if before else None, after.item if after else None)
    missing = tuple(dict.fromkeys((*one.missing.get(key, ()), *other.missing.get(key, ()))))
    if missing:
        alike = items.before and items.after and one.scale == other.scale and _same(items.before, items.after)
        if alike and one.looked_at(items.before) == other.looked_at(items.after):
            return ItemChange(items, 0, 0, (), missing)
        (low, high), (least, most) = one.range(key), other.range(key)
        return ItemChange(items, least - high, most - low, (), missing)
    total = other.range(key)[0] - one.range(key)[0]
    parts = tuple(_parts(one, other, before, after, total))
    return ItemChange(items, total, total, parts, ())


def _looked_at(item: Item, names: Iterable[str]) -> tuple[str, ...]:
    """Those of the facts that the item's clauses look at."""
    facts = {fact.name for clause in item.clauses for fact in clause.facts}
    return tuple(name for name in names if name in facts)


@lru_cache(maxsize=MOST_PAIRS)
def _scored_alike(one: Standard, other: Standard) -> bool:
    """Whether every sheet has the same score under both, whatever its facts are."""
    items = {each.key: each for each in one.items}
    return (
        _beyond(one) == _beyond(other)
        and items.keys() == {each.key for each in other.items}
        and all(_same(items[each.key], each) for each in other.items)
    )


def _beyond(standard: Standard) -> object:
    """What acts on the sum of the items."""
    table = standard.table
    return standard.policy.points_per_one, table.bonus_at_most, table.total_at_most, standard.rescale


@lru_cache(maxsize=MOST_PAIRS)
def _graded_alike(one: Standard, other: Standard) -> bool:
    """Whether sheets that have the same score under both have the same grade too."""
    return _grading(one) == _grading(other)


def _grading(standard: Standard) -> object:
    policy = standard.policy
    grades = [(each.key, Fraction(each.start, policy.points_per_one)) for each in policy.grades]
    clauses = [clause for clause in standard.clauses() if isinstance(clause.effect, Veto | Ceiling)]
    return grades, policy.veto_grade.key, sorted(map(_meant, clauses))


def _same(before: Item, after: Item) -> bool:
    """Whether the item means the same: the same points and weight, and clauses that are written alike."""
    return (before.points, before.weight, _meaning(before)) == (after.points, after.weight, _meaning(after))


def _meaning(item: Item) -> list[str]:
    return [_meant(clause) for clause in item.clauses]


def _meant(clause: Clause) -> str:
    return f"{clause.when}|{clause.effect}"


def _parts(one: _Side, other: _Side, before: ItemScore | None, after: ItemScore | None, total: int) -> Iterator[Part]:
    """Clause by clause in printed order, then what is left of the total."""
    told = 0
    for findings in _matched(before.findings if before else (), after.findings if after else ()):
        counted = _signed(other, after, findings.after) - _signed(one, before, findings.before)
        told += counted
        if counted:
            yield Part(CLAUSE, counted, findings)
    nothing: Pair[Finding] = Pair(None, None)
    points = _start(other, after) - _start(one, before)
    if points:
        yield Part(POINTS, points, nothing)
    if total != told + points:
        yield Part(CLAMP, total - told - points, nothing)


def _start(side: _Side, score: ItemScore | None) -> int:
    """Where the item's score starts, under its weight."""
    return half_up(score.item.start * Fraction(score.item.weight)) * side.times if score else 0


def _signed(side: _Side, score: ItemScore | None, finding: Finding | None) -> int:
    """What a clause added to its item's score, or took from it."""
    if score is None or finding is None or not finding.counted:
        return 0
    match finding.clause.effect:
        case Award():
            return finding.counted * side.times
        case Deduct():
            return -finding.counted * side.times
        case Score(points):
            return (finding.counted if points > score.item.start else -finding.counted) * side.times
    return 0


def _matched(before: Iterable[Finding], after: Iterable[Finding]) -> list[Pair[Finding]]:
    """Findings of clauses that have the same effect and look at the same facts, in printed order of the later one."""
    waiting: dict[object, list[Finding]] = {}
    for each in before:
        waiting.setdefault(_likeness(each.clause), []).append(each)
    pairs: list[Pair[Finding]] = []
    for each in after:
        like = waiting.get(_likeness(each.clause))
        pairs.append(Pair(like.pop(0) if like else None, each))
    return pairs + [Pair(each, None) for left in waiting.values() for each in left]


def _likeness(clause: Clause) -> object:
    return clause.effect_name, frozenset(fact.name for fact in clause.facts)


def _adjustments(one: _Side, other: _Side) -> Iterator[AdjustmentChange]:
    """Bonuses clause by clause, and what rescales or limits the total."""
    found: dict[tuple[str, object], list[tuple[int, Clause | None]]] = {}
    for side, sign in ((one, -1), (other, 1)):
        for each in side.decision.adjustments:
            if each.points is not None:
                key = (each.kind, each.clause and _likeness(each.clause))
                found.setdefault(key, []).append((sign * each.points * side.times, each.clause))
    for (kind, _), moves in found.items():
        total = sum(points for points, _ in moves)
        if total:
            clauses = [next((clause for points, clause in moves if points * sign > 0), None) for sign in (-1, 1)]
            yield AdjustmentChange(kind, total, Pair(*clauses))


def _bounds(one: _Side, other: _Side, items: Iterable[ItemChange]) -> tuple[int, int]:
    """What the difference is at least and at most, where facts are missing."""
    (low, high), (least, most) = one.total(), other.total()
    ends = least - high, most - low
    if one.plain and other.plain:
        # Each item by itself is closer where both versions have it alike.
        ends = max(ends[0], sum(each.low for each in items)), min(ends[1], sum(each.high for each in items))
    return ends
