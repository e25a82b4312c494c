"""
The one lowering of a standard: exact integer comparisons, guards over them, and amounts in integers.

Every comparison becomes `variable operator integer`. A variable is the value of one fact, or the sign of a linear form
over several facts, computed once a sheet. A guard is a disjunction of conjunctions of comparisons. Amounts stay
arithmetic (a floor division, a quotient) instead of being unrolled into levels: 0.1 point per case of an item of 20
points would be 200 rules that test one field, which is what hangs durable_rules.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from typing import NamedTuple

from .decision import Adjustment, Case, Decision, Finding, ItemScore
from .errors import PolicyRefused, Problems
from .expressions.syntax import (
    And,
    Always,
    Compare,
    Condition,
    Constant,
    FactValue,
    IsChoice,
    IsTrue,
    Not,
    Number,
    Or,
    Scaled,
    Sum,
    without_not,
)
from .facts import Percent
from .numbers import Exact, half_up
from .policy.files import placed
from .policy.model import (
    Amount,
    Award,
    Banded,
    Bonus,
    Ceiling,
    Clause,
    Deduct,
    Fixed,
    Item,
    Judged,
    PerOccurrence,
    Proportion,
    Score,
    Stepped,
    Veto,
)
from .policy.versions import Standard

MOST_CONJUNCTIONS = 64
# An item's score is remembered for each set of clauses and points that was met; then the memory starts anew.
MOST_REMEMBERED = 4096

Values = Mapping[str, int]


class Form(NamedTuple):
    """The integer `sum of coefficient x fact + constant`; `per_one` of it make one natural unit."""

    terms: tuple[tuple[str, int], ...]
    constant: int
    per_one: int

    def value(self, values: Values) -> int:
        """Its value, in `per_one`-ths."""
        return sum(times * values[name] for name, times in self.terms) + self.constant


class RateForm(NamedTuple):
    """The sign of part / whole x 100 - n / d, as an integer with the same sign."""

    part: str
    whole: str
    numerator: int
    denominator: int
    empty: int  # the sign when the whole is 0

    def value(self, values: Values) -> int:
        """An integer with the sign of the difference."""
        whole = values[self.whole]
        return 100 * self.denominator * values[self.part] - self.numerator * whole if whole else self.empty


Variable = str | Form | RateForm  # a fact's name: its own value; a form: its sign


class Comparison(NamedTuple):
    """`variable operator limit`."""

    variable: Variable
    operator: str
    limit: int

    def holds(self, values: Values) -> bool:
        """Whether it is so."""
        variable = self.variable
        return compared(
            values[variable] if isinstance(variable, str) else variable.value(values), self.operator, self.limit
        )

    def facts(self) -> tuple[str, ...]:
        """The facts that it hangs on."""
        match self.variable:
            case str():
                return (self.variable,)
            case Form():
                return tuple(name for name, _ in self.variable.terms)
        return (self.variable.part, self.variable.whole)


Conjunction = tuple[Comparison, ...]
Guard = tuple[Conjunction, ...]  # of which one must hold; ((),) always holds

ALWAYS: Guard = ((),)


def compared(value: int, operator: str, limit: int) -> bool:
    """The comparison of two integers."""
    match operator:
        case "<":
            return value < limit
        case "<=":
            return value <= limit
        case "==":
            return value == limit
        case "!=":
            return value != limit
        case ">=":
            return value >= limit
    return value > limit


@dataclass(frozen=True, slots=True, eq=False)
class PlannedClause:
    """A clause, lowered. `index` is its position among the standard's clauses."""

    index: int
    clause: Clause
    guard: Guard
    amount: "PlannedAmount | None"
    facts: frozenset[str]  # everything that its firing and its points hang on

    def fires(self, values: Values) -> bool:
        """Whether its guard holds."""
        return any(all(one.holds(values) for one in conjunction) for conjunction in self.guard)

    def points(self, values: Values) -> Exact:
        """What it comes to."""
        match self.clause.effect:
            case Score(points):
                return points
        return self.amount.points(values) if self.amount else 0

    def sure(self, known: Values) -> bool:
        """Whether it fires, and with which points, from the known facts alone."""
        if self.amount and not all(name in known for name in self.amount.facts()):
            return False
        return any(
            all(all(name in known for name in one.facts()) and one.holds(known) for one in conjunction)
            for conjunction in self.guard
        )


class PlannedAmount:
    """Points as integer arithmetic over a sheet's values."""

    __slots__ = ()

    def points(self, values: Values) -> Exact:
        """The points, in units."""
        raise NotImplementedError

    def facts(self) -> tuple[str, ...]:
        """The facts that it is computed from."""
        return ()


@dataclass(frozen=True, slots=True)
class Constantly(PlannedAmount):
    """Always the same."""

    units: int

    def points(self, values: Values) -> Exact:
        """The constant."""
        return self.units


@dataclass(frozen=True, slots=True)
class FactPoints(PlannedAmount):
    """A judgement's points."""

    name: str

    def points(self, values: Values) -> Exact:
        """Its value."""
        return values[self.name]

    def facts(self) -> tuple[str, ...]:
        """The judgement."""
        return (self.name,)


@dataclass(frozen=True, slots=True)
class Steps(PlannedAmount):
    """
    `first` beyond nothing and `then` for each step; a step is full or begun.

    The distance is `beyond`, or for a rate limit - part / whole x 100, as a fraction of integers.
    """

    beyond: "Form | Gap"
    every: Fraction
    first: int
    then: int
    begun: bool
    at_most: int | None

    def points(self, values: Values) -> Exact:
        """By floor division of integers."""
        if isinstance(self.beyond, Form):
            above, below = self.beyond.value(values), self.beyond.per_one
        else:
            above, below = self.beyond.fraction(values)
        if above < 0 or (above == 0 and self.first):
            return 0
        divisor = below * self.every.numerator
        dividend = above * self.every.denominator
        steps = -(-dividend // divisor) if self.begun else dividend // divisor
        points = self.first + steps * self.then
        return points if self.at_most is None else min(points, self.at_most)

    def facts(self) -> tuple[str, ...]:
        """Those of the distance."""
        if isinstance(self.beyond, Form):
            return tuple(name for name, _ in self.beyond.terms)
        return (self.beyond.part, self.beyond.whole)


class Gap(NamedTuple):
    """How far a rate lies below a limit (or above it), in percent."""

    part: str
    whole: str
    limit: Fraction
    empty: Fraction
    below: bool

    def fraction(self, values: Values) -> tuple[int, int]:
        """(numerator, positive denominator)."""
        whole = values[self.whole]
        if whole:
            above = self.limit.numerator * whole - 100 * self.limit.denominator * values[self.part]
            under = self.limit.denominator * whole
        else:
            gap = self.limit - self.empty
            above, under = gap.numerator, gap.denominator
        return (above if self.below else -above), under


@dataclass(frozen=True, slots=True)
class Bands(PlannedAmount):
    """Guards that exclude each other, each with its points."""

    bands: tuple[tuple[Guard, int], ...]

    def points(self, values: Values) -> Exact:
        """Those of the band that holds."""
        for guard, points in self.bands:
            if any(all(one.holds(values) for one in conjunction) for conjunction in guard):
                return points
        return 0

    def facts(self) -> tuple[str, ...]:
        """Those of the guards."""
        return tuple({name for guard, _ in self.bands for each in guard for one in each for name in one.facts()})


@dataclass(frozen=True, slots=True)
class Quotient(PlannedAmount):
    """`units` x part / whole: the only quotient."""

    part: str
    whole: str
    units: int
    empty: Fraction

    def points(self, values: Values) -> Exact:
        """At most `units`, exactly."""
        whole = values[self.whole]
        exact = Fraction(self.units * values[self.part], whole) if whole else self.units * self.empty / 100
        return min(exact, self.units)

    def facts(self) -> tuple[str, ...]:
        """Part and whole."""
        return (self.part, self.whole)


@dataclass(frozen=True, slots=True, eq=False)
class PlannedItem:
    """An item and its clauses."""

    item: Item
    clauses: tuple[PlannedClause, ...]
    weight: Fraction | None  # None: 1
    remembered: dict[tuple[tuple[int, Exact], ...], ItemScore]


class Plan:
    """
    A standard, lowered; built once by `lower`.

    `total_of` makes a decision from the clauses that fired, whoever found out which.
    """

    def __init__(self, standard: Standard, clauses: Sequence[PlannedClause]):
        self.standard = standard
        self.clauses = tuple(clauses)
        self.vetoes = tuple(each for each in clauses if isinstance(each.clause.effect, Veto))
        by_item: dict[str, list[PlannedClause]] = {item.no: [] for item in standard.items}
        for each in clauses:
            if not isinstance(each.clause.effect, Veto):
                by_item[each.clause.item_no].append(each)
        self.items = tuple(
            PlannedItem(item, tuple(by_item[item.no]), None if item.weight == 1 else Fraction(item.weight), {})
            for item in standard.items
        )
        self.at = {item.item.no: at for at, item in enumerate(self.items)}
        self.untouched = tuple(self._scored(item, ()) for item in self.items)
        self.beyond = frozenset(
            each.index for each in clauses if isinstance(each.clause.effect, Bonus | Ceiling)
        )

    def decide(self, case: Case) -> Decision:
        """The decision, by the plan's own comparisons."""
        values, unsure = case.values, case.unsure
        return self.decision(
            case, [each.index for each in self.clauses if each.clause not in unsure and each.fires(values)]
        )

    def decision(self, case: Case, fired: Iterable[int]) -> Decision:
        """The decision from the positions of the clauses that fired, in printed order."""
        clauses, values, standard = self.clauses, case.values, self.standard
        by_item: dict[str, list[tuple[int, Exact]]] = {}
        failed: list[Finding] = []
        beyond: list[int] = []
        for index in fired:
            planned = clauses[index]
            clause = planned.clause
            if isinstance(clause.effect, Veto):
                failed.append(Finding(clause, None, None))
            else:
                amount = planned.amount
                points = amount.points(values) if amount is not None else planned.points(values)
                no = clause.item_no
                if no in by_item:
                    by_item[no].append((index, points))
                else:
                    by_item[no] = [(index, points)]
                if index in self.beyond:
                    beyond.append(index)
        if failed:
            numbers = tuple(dict.fromkeys(finding.clause.item_no for finding in failed))
            return Decision(case, standard.policy.veto_grade, None, numbers, tuple(failed), (), ())
        scores = list(self.untouched)
        for no, pairs in by_item.items():
            at = self.at[no]
            scores[at] = self.item_score(self.items[at], tuple(pairs))
        if case.settled:
            for no, settled in case.settled.items():
                scores[self.at[no]] = scores[self.at[no]]._replace(score=settled)
        return self._total(case, scores, [(index, clauses[index].points(values)) for index in beyond])

    def item_score(self, item: PlannedItem, fired: tuple[tuple[int, Exact], ...]) -> ItemScore:
        """An item's score from (clause, points) in printed order; the same combination is worked out once."""
        score = item.remembered.get(fired)
        if score is None:
            score = self._scored(item, fired)
            if len(item.remembered) >= MOST_REMEMBERED:
                item.remembered.clear()
            item.remembered[fired] = score
        return score

    def _scored(self, item: PlannedItem, fired: tuple[tuple[int, Exact], ...]) -> ItemScore:
        """An item's score from (clause, points) in printed order."""
        counted = dict.fromkeys((index for index, _ in fired), 0)
        outright: tuple[Exact, int] | None = None
        awards, deductions = [], []
        for index, points in fired:
            match self.clauses[index].clause.effect:
                case Score():
                    if outright is None or points < outright[0]:
                        outright = (points, index)
                case Award():
                    awards.append((points, index))
                case Deduct():
                    deductions.append((-points, index))
        steps = [(outright[0] - item.item.start, outright[1])] if outright else awards + deductions
        exact: Exact = item.item.start
        before = self._round(item, exact)
        for change, index in steps:
            exact = max(0, min(exact + change, item.item.points))
            after = self._round(item, exact)
            counted[index] = abs(after - before)
            before = after
        findings = []
        for index, points in fired:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                findings.append(Finding(clause, None, None))
            else:
                findings.append(Finding(clause, half_up(points), counted[index]))
        weighted = exact if item.weight is None else exact * item.weight
        return ItemScore(item.item, before, tuple(findings), weighted != before)

    @staticmethod
    def _round(item: PlannedItem, exact: Exact) -> int:
        return half_up(exact if item.weight is None else exact * item.weight)

    def _total(self, case: Case, scores: list[ItemScore], beyond: list[tuple[int, Exact]]) -> Decision:
        standard = self.standard
        total: Exact = sum([score.score for score in scores])
        adjustments: list[Adjustment] = []
        if standard.rescale is not None:
            printed = total
            total = Fraction(total * standard.rescale.to, standard.rescale.start)
            adjustments.append(Adjustment("rescale", None, half_up(total) - int(printed), None))
        lowered = None
        if beyond:
            total, lowered = self._beyond(scores, beyond, total, adjustments)
        most = standard.table.total_at_most
        if most is not None and total > most:
            adjustments.append(Adjustment("total_at_most", None, most - half_up(total), None))
            total = most
        grade = standard.grade(total)
        for index, _ in beyond:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                adjustments.append(Adjustment("ceiling", clause, None, clause.effect.grade))
        if lowered is not None and lowered > grade.rank:
            grade = standard.policy.grades[lowered]
        return Decision(case, grade, half_up(total), (), (), tuple(scores), tuple(adjustments))

    def _beyond(
        self, scores: list[ItemScore], beyond: list[tuple[int, Exact]], total: Exact, adjustments: list[Adjustment]
    ) -> tuple[Exact, int | None]:
        """The total with its bonuses, and the rank of the lowest ceiling."""
        cap = self.standard.table.bonus_at_most
        bonus: Exact = 0
        lowered = None
        for index, points in beyond:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                rank = clause.effect.grade.rank
                lowered = rank if lowered is None else max(lowered, rank)
                continue
            before = half_up(bonus)
            bonus = bonus + points if cap is None else min(bonus + points, cap)
            counted = half_up(bonus) - before
            adjustments.append(Adjustment("bonus", clause, counted, None))
            at = self.at[clause.item_no]
            scores[at] = scores[at]._replace(
                findings=tuple(
                    each._replace(counted=counted) if each.clause is clause else each for each in scores[at].findings
                )
            )
        return total + half_up(bonus), lowered


def lower(standard: Standard) -> Plan:
    """The plan of a standard; raises `PolicyRefused` naming every clause that cannot be lowered."""
    problems = Problems()
    planned = []
    for index, clause in enumerate(standard.clauses()):
        amount = clause.amount
        guard = _guard(without_not(clause.fires))
        if len(guard) > MOST_CONJUNCTIONS:
            problems.add("clause_too_wide", count=len(guard), limit=MOST_CONJUNCTIONS)
            problems.found[-1] = placed(problems.found[-1], clause.place)
            continue
        facts = frozenset(fact.name for fact in clause.facts())
        planned.append(PlannedClause(index, clause, guard, _amount(amount) if amount else None, facts))
    problems.refuse(PolicyRefused)
    return Plan(standard, planned)


def _guard(condition: Condition) -> Guard:
    """The disjunction of conjunctions; cut off just above the limit, so that no policy can make it explode."""
    match condition:
        case Always():
            return ALWAYS
        case IsTrue(fact):
            return ((Comparison(fact.name, "==", 1),),)
        case Not(IsTrue(fact)):
            return ((Comparison(fact.name, "==", 0),),)
        case IsChoice(fact, positions):
            return tuple((Comparison(fact.name, "==", position),) for position in positions)
        case Compare(left, operator, right):
            return _comparison(left, operator, right)
        case Or(parts):
            found = [conjunction for part in parts for conjunction in _guard(part)]
            return ALWAYS if () in found else tuple(dict.fromkeys(found))[: MOST_CONJUNCTIONS + 1]
        case And(parts):
            product: list[Conjunction] = [()]
            for part in parts:
                product = [
                    tuple(dict.fromkeys((*one, *other))) for one in product for other in _guard(part)
                ][: MOST_CONJUNCTIONS + 1]
            return tuple(dict.fromkeys(product))
    raise AssertionError(condition)


def _comparison(left: Number, operator: str, right: Number) -> Guard:
    if isinstance(left, FactValue) and isinstance(left.fact, Percent) and isinstance(right, Constant):
        rate, limit = left.fact, right.value
        empty = (rate.empty > limit) - (rate.empty < limit)
        form = RateForm(rate.part.name, rate.whole.name, limit.numerator, limit.denominator, empty)
        return ((Comparison(form, operator, 0),),)
    coefficients, constant = _linear(Sum((left, Scaled(Fraction(-1), right))))
    integers = _integers(coefficients, constant)
    if not integers.terms:
        return ALWAYS if compared(integers.constant, operator, 0) else ()
    if len(integers.terms) == 1:
        return _single(integers, operator)
    return ((Comparison(integers, operator, 0),),)


def _single(form: Form, operator: str) -> Guard:
    """`a x + b operator 0` as `x operator integer`: the limit is rounded towards what the operator keeps."""
    (name, times), constant = form.terms[0], form.constant
    if times < 0:
        times, constant = -times, -constant
        operator = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}.get(operator, operator)
    whole, rest = divmod(-constant, times)  # x operator whole + rest / times
    if rest == 0:
        return ((Comparison(name, operator, whole),),)
    match operator:
        case "==":
            return ()
        case "!=":
            return ALWAYS
        case "<" | "<=":
            return ((Comparison(name, "<=", whole),),)
    return ((Comparison(name, ">", whole),),)


def _linear(number: Number) -> tuple[dict[str, Fraction], Fraction]:
    """The number as coefficients of facts in their units, and a constant, in natural units."""
    match number:
        case Constant(value):
            return {}, value
        case FactValue(fact):
            return {fact.name: Fraction(1, fact.per_one)}, Fraction(0)
        case Scaled(factor, inner):
            coefficients, constant = _linear(inner)
            return {name: factor * times for name, times in coefficients.items()}, factor * constant
        case Sum(terms):
            total: dict[str, Fraction] = {}
            rest = Fraction(0)
            for term in terms:
                coefficients, constant = _linear(term)
                rest += constant
                for name, times in coefficients.items():
                    total[name] = total.get(name, Fraction(0)) + times
            return total, rest
    raise AssertionError(number)


def _integers(coefficients: Mapping[str, Fraction], constant: Fraction) -> Form:
    per_one = lcm(constant.denominator, *(times.denominator for times in coefficients.values()))
    terms = tuple((name, int(times * per_one)) for name, times in coefficients.items() if times)
    return Form(terms, int(constant * per_one), per_one)


def _amount(amount: Amount) -> PlannedAmount:
    match amount:
        case Fixed(points):
            return Constantly(points)
        case Judged(fact):
            return FactPoints(fact.name)
        case PerOccurrence(number, every, points, at_most):
            return Steps(_integers(*_linear(number)), every, 0, points, False, at_most)
        case Stepped(FactValue(Percent() as rate), below, limit, first, every, then, begun, at_most):
            gap = Gap(rate.part.name, rate.whole.name, limit, rate.empty, below)
            return Steps(gap, every, first, then, begun, at_most)
        case Stepped(number, below, limit, first, every, then, begun, at_most):
            sign = Fraction(-1 if below else 1)
            beyond = Sum((Scaled(sign, number), Constant(-sign * limit)))
            return Steps(_integers(*_linear(beyond)), every, first, then, begun, at_most)
        case Banded(_, bands):
            return Bands(tuple((_guard(band.range), band.points) for band in bands))
        case Proportion(rate, points):
            return Quotient(rate.part.name, rate.whole.name, points, rate.empty)
    raise AssertionError(amount)
