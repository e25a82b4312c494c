"""
What of a standard can be tried: every comparison, condition, step, band, grade and cap, as a probe with two sides.

A probe is met by a decision only where it counted: its facts were given, its item was really scored (or it decides a
veto), and, for an amount, nothing ended the item before the amount was looked at.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from math import ceil, floor, gcd, lcm
from typing import NamedTuple

from ..amounts import points_of
from ..decision import Decision
from ..explanation import points_words
from ..expressions.meaning import Values, exact, test
from ..expressions.sentences import sentence
from ..expressions.syntax import (
    And,
    Compare,
    Condition,
    Constant,
    FactValue,
    IsChoice,
    IsTrue,
    Not,
    Or,
    Scaled,
    Sum,
    facts_of,
)
from ..facts import Choice, Percent, base_facts
from ..language import Text
from ..numbers import Exact, half_up
from ..policy import model
from ..policy.versions import Policy, Standard

Atom = IsTrue | IsChoice | Compare

# The same edge is written `< 80` in one place and `>= 80` in another.
_SAME_EDGE = {"<": "<", ">=": "<", "<=": "<=", ">": "<=", "==": "==", "!=": "=="}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
# An item of 20 points at 0.1 a case has 200 steps; of so many, those at both ends are tried.
MOST_STEPS = 60
ENDS = 3


class Met(NamedTuple):
    """How a decision met a probe."""

    held: bool
    gap: Fraction  # what was tried minus the edge; 0 is exactly at it, and so is every flag and choice
    tried: Fraction  # the number that was tried; for two facts, by how much the one exceeds the other


@dataclass(frozen=True, slots=True, eq=False)
class ClauseProbe:
    """One comparison, flag or choice of a clause: in its condition, or in what its amount turns at."""

    clause: model.Clause
    atom: Atom
    in_amount: bool
    holds: Callable[[Values], bool] = field(init=False)
    applies: Callable[[Values], bool] = field(init=False)
    facts: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "holds", test(self.atom))
        object.__setattr__(self, "applies", test(self.clause.when))
        named = (*facts_of(self.atom), *(facts_of(self.clause.when) if self.in_amount else ()))
        object.__setattr__(self, "facts", frozenset(base.name for fact in named for base in base_facts(fact)))

    @property
    def numeric(self) -> bool:
        """Whether it is a threshold; flags and choices are conditions."""
        return isinstance(self.atom, Compare)

    @property
    def key(self) -> str:
        """`10 loan_review.3`."""
        return clause_name(self.clause)

    @property
    def words(self) -> Text:
        """The comparison as people read it."""
        return sentence(self.atom)

    def gap(self, values: Values) -> Fraction:
        """By how much the number exceeds the edge."""
        if not isinstance(self.atom, Compare):
            return Fraction(0)
        return exact(self.atom.left)(values) - exact(self.atom.right)(values)

    def met(self, decision: Decision) -> Met | None:
        """How the decision met it; None where it did not count."""
        case, clause = decision.case, self.clause
        if not self.facts <= case.sheet.values.keys():
            return None
        if not isinstance(clause.effect, model.Veto):
            if decision.score is None:
                return None
            if self.in_amount and (not self.applies(case.values) or self._ended(decision)):
                return None
        gap = self.gap(case.values)
        atom = self.atom
        constant = isinstance(atom, Compare) and isinstance(atom.right, Constant)
        tried = gap + atom.right.value if constant else gap  # type: ignore[union-attr]
        return Met(self.holds(case.values), gap, tried)

    def _ended(self, decision: Decision) -> bool:
        """Whether an outright score ended the item, so that its awards and deductions were not looked at."""
        if not isinstance(self.clause.effect, model.Deduct | model.Award):
            return False
        return any(
            isinstance(finding.clause.effect, model.Score)
            for score in decision.items
            if score.item.no == self.clause.item_no
            for finding in score.findings
        )


@dataclass(frozen=True, slots=True, eq=False)
class TotalProbe:
    """A number that the whole sheet comes to: the start of a grade, or a cap. It holds at `limit` or above."""

    kind: str  # `grade`, `bonus` or `total`
    limit: int  # in units
    per_one: int
    grade: model.Grade | None

    numeric = True

    @property
    def key(self) -> str:
        """`grade.excellent`, `bonus.at_most`."""
        return f"grade.{self.grade.key}" if self.grade else {"bonus": "bonus.at_most"}.get(self.kind, "total_at_most")

    @property
    def words(self) -> Text:
        """What turns there."""
        points = points_words(self.limit, self.per_one)
        if self.grade:
            zh = f"总分不低于 {points.zh}（{self.grade.title.zh}）"
            return Text(zh, f"the total is at least {points.en} ({self.grade.title.en})")
        if self.kind == "bonus":
            return Text(f"加分合计高于 {points.zh}", f"all bonuses are above {points.en}")
        return Text(f"总分高于 {points.zh}", f"the total is above {points.en}")

    def met(self, decision: Decision) -> Met | None:
        """How the decision met it; None after a veto."""
        if decision.score is None:
            return None
        value = self.measured(decision)
        gap = Fraction(value - self.limit, self.per_one)
        return Met(gap >= 0 if self.grade else gap > 0, gap, Fraction(value, self.per_one))

    def measured(self, decision: Decision) -> Exact:
        """The exact number that is compared, in units."""
        if self.kind == "bonus":
            return all_bonuses(decision)
        total = total_before_cap(decision)
        most = decision.case.sheet.standard.table.total_at_most
        return total if self.kind == "total" or most is None else min(total, most)


Probe = ClauseProbe | TotalProbe


def all_bonuses(decision: Decision) -> Exact:
    """All bonuses together before their cap, in units."""
    values = decision.case.values
    return sum(
        points_of(finding.clause.effect.amount)(values)
        for score in decision.items
        for finding in score.findings
        if isinstance(finding.clause.effect, model.Bonus)
    )


def total_before_cap(decision: Decision) -> Exact:
    """The exact total of a decision before `total_at_most`, in units."""
    standard = decision.case.sheet.standard
    total: Exact = sum(score.score for score in decision.items)
    if standard.rescale:
        total = Fraction(total * standard.rescale.to, standard.rescale.start)
    bonus, most = all_bonuses(decision), standard.table.bonus_at_most
    return total + half_up(bonus if most is None else min(bonus, most))


def probes_of(policy: Policy, standard: str) -> tuple[Probe, ...]:
    """Every probe of a standard, over all clauses of every reading, in printed order, then grades and caps."""
    table = policy.tables[standard]
    found: list[Probe] = []
    for category in table.categories:
        for item in category.items:
            for clause in item.clauses:
                found += clause_probes(clause, _worth(clause, item, table))
    per_one = policy.points_per_one
    found += [TotalProbe("grade", grade.start, per_one, grade) for grade in policy.grades if grade.start]
    if table.bonus_at_most is not None:
        found.append(TotalProbe("bonus", table.bonus_at_most, per_one, None))
    if table.total_at_most is not None:
        found.append(TotalProbe("total", table.total_at_most, per_one, None))
    return tuple(found)


def _worth(clause: model.Clause, item: model.Item, table: model.Table) -> int:
    """The points beyond which more of the clause's amount changes nothing."""
    if isinstance(clause.effect, model.Bonus):
        return next(most for most in (table.bonus_at_most, table.total_at_most, table.points) if most is not None)
    return item.points


def clause_probes(clause: model.Clause, worth: int) -> Iterator[ClauseProbe]:
    """The probes of one clause: what no sheet can be on both sides of is none, and one written in two ways is one."""
    seen: set[tuple[object, ...]] = set()
    conditions = [(atom, False) for atom in atoms_of(clause.when)]
    amounts = [(atom, True) for condition in _amount_edges(clause, worth) for atom in atoms_of(condition)]
    for atom, in_amount in conditions + amounts:
        key = edge_of(atom)
        if key not in seen and all(possible(atom)):
            seen.add(key)
            yield ClauseProbe(clause, atom, in_amount)


def edge_of(atom: Atom) -> tuple[object, ...]:
    """What a comparison turns at, however it is written: `a < b`, `b - a > 0` and `b - a >= 1` are one for counts."""
    if not isinstance(atom, Compare):
        return (str(atom),)
    if isinstance(atom.left, FactValue) and isinstance(atom.left.fact, Percent):
        return (str(atom.left), _SAME_EDGE[atom.operator], str(atom.right))
    start, slopes = linear(atom)
    if not slopes:
        return (str(atom),)
    # One whole form for all multiples of it: the first fact counts upwards, and nothing can be taken out.
    per_one = lcm(*(slope.denominator for slope in slopes.values()))
    unit = Fraction(gcd(*(int(slope * per_one) for slope in slopes.values())), per_one)
    operator = atom.operator
    if next(iter(slopes.values())) < 0:
        unit, operator = -unit, _TURNED.get(operator, operator)
    form = tuple((name, int(slope / unit)) for name, slope in slopes.items())
    limit = -start / unit
    if operator in ("==", "!="):
        return (form, "==", limit)
    # The first whole number on the upper side.
    return (form, ">=", ceil(limit) if operator in ("<", ">=") else floor(limit) + 1)


def atoms_of(condition: Condition) -> Iterator[Atom]:
    """The flags, choices and comparisons that a condition is made of."""
    match condition:
        case Not(part):
            yield from atoms_of(part)
        case And(parts) | Or(parts):
            for part in parts:
                yield from atoms_of(part)
        case IsTrue() | IsChoice() | Compare():
            yield condition


def _amount_edges(clause: model.Clause, worth: int) -> Iterator[Condition]:
    """Every condition at which an amount changes."""
    amount = clause.amount
    if amount is not None and not isinstance(clause.effect, model.Award):
        yield model.exceeds_zero(amount)
    match amount:
        case model.PerOccurrence(number, every, points, at_most):
            for step in _steps(0, points, worth, at_most):
                yield from _reachable(Compare(number, ">=", Constant(every * step)))
        case model.Stepped(number, below, limit, first, every, then, begun, at_most):
            full, some = ("<=", "<") if below else (">=", ">")
            if first or begun:
                yield Compare(number, some, Constant(limit))
            for step in _steps(first, then, worth, at_most):
                # A step that is begun counts from its first unit on, a full one from its end.
                away = every * (step - 1 if begun else step)
                operator = some if begun else full
                yield from _reachable(Compare(number, operator, Constant(limit - away if below else limit + away)))
        case model.Banded(_, bands):
            yield from (band.range for band in bands)
        case model.Proportion(rate, _) if rate.may_exceed:
            yield Compare(FactValue(rate), ">=", Constant(Fraction(100)))


def _steps(first: int, then: int, worth: int, at_most: int | None) -> list[int]:
    """The steps until the points are used up; where a limit of its own ends it earlier, one more that it cuts off."""
    if not then:
        return []
    needed = max(-(-(worth - first) // then), 1)
    if at_most is not None and at_most < worth:
        needed = max((at_most - first) // then + 1, 1)
    steps = list(range(1, needed + 1))
    return steps if needed <= MOST_STEPS else [*steps[:ENDS], *steps[-ENDS:]]


def _reachable(comparison: Compare) -> Iterator[Compare]:
    """The comparison, if some sheet can make it hold: no rate is below 0, so that steps end there too."""
    if possible(comparison)[0]:
        yield comparison


def linear(comparison: Compare) -> tuple[Fraction, dict[str, Fraction]]:
    """What the left exceeds the right by when every fact is 0, and by how much more for one unit of each fact."""
    gap = exact(Sum((comparison.left, Scaled(Fraction(-1), comparison.right))))
    nothing = dict.fromkeys(sorted(fact.name for fact in facts_of(comparison)), 0)
    start = gap(nothing)
    slopes = {name: gap({**nothing, name: 1}) - start for name in nothing}
    return start, {name: slope for name, slope in slopes.items() if slope}


def _span(comparison: Compare) -> tuple[Fraction, Fraction]:
    """The least and the most by which the left can exceed the right, by the bounds of the facts."""
    match comparison:
        case Compare(FactValue(Percent() as rate), _, Constant(limit)):
            most = Fraction(100 * rate.part.highest) if rate.may_exceed else Fraction(100)
            return min(Fraction(0), rate.empty) - limit, max(most, rate.empty) - limit
    low, slopes = linear(comparison)
    high = low
    for fact in facts_of(comparison):
        ends = [slopes.get(fact.name, 0) * end for end in (fact.lowest, fact.highest)]
        low, high = low + min(ends), high + max(ends)
    return low, high


def possible(atom: Atom) -> tuple[bool, bool]:
    """Whether any sheet can make it hold, and whether any can make it fail, by the bounds of its facts."""
    if isinstance(atom, IsTrue):
        return True, True
    if isinstance(atom, IsChoice):
        assert isinstance(atom.fact, Choice)
        return bool(atom.positions), len(atom.positions) < len(atom.fact.names)
    low, high = _span(atom)
    match atom.operator:
        case "<":
            return low < 0, high >= 0
        case "<=":
            return low <= 0, high > 0
        case ">":
            return high > 0, low <= 0
        case ">=":
            return high >= 0, low < 0
        case "==":
            return low <= 0 <= high, bool(low or high)
    return bool(low or high), low <= 0 <= high


def clause_name(clause: model.Clause) -> str:
    """`10 loan_review.3`: a key of its own is told apart only within its item."""
    return f"{clause.item_no} {clause.key}"


def standard_clauses(standard: Standard | model.Table) -> tuple[model.Clause, ...]:
    """Every clause in printed order: those in force, or of a table, those of every reading."""
    return tuple(clause for category in standard.categories for item in category.items for clause in item.clauses)
