"""From clauses to a plan: conditions to guards, amounts to integers, in one pass."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm

from ..errors import PolicyRefused, Problems, problem
from ..expressions.syntax import (
    Always,
    And,
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
from ..facts import Percent
from ..policy.files import placed
from ..policy.model import (
    Amount,
    Banded,
    Clause,
    Fixed,
    Judged,
    PerOccurrence,
    Proportion,
    Stepped,
)
from ..policy.versions import Standard
from .amounts import Bands, Constantly, FactPoints, Gap, PlannedAmount, Quotient, Steps
from .forms import ALWAYS, Comparison, Conjunction, Form, Guard, RateForm, compared
from .standard import Plan, PlannedClause

# What one clause may come to, so that its rules fit into one message of durable_rules with room to spare.
MOST_COMPARISONS = 48
MOST_ON_THE_WAY = 1000
# So many pairs are looked at to see which alternatives are the same.
MOST_PAIRS = 20_000


def lower(standard: Standard) -> Plan:
    """The plan of a standard; raises `PolicyRefused` naming every clause that cannot be lowered."""
    problems = Problems()
    clauses = lower_clauses(standard.clauses(), problems)
    problems.refuse(PolicyRefused)
    return Plan(standard, clauses)


def lower_clauses(clauses: Iterable[Clause], problems: Problems) -> list[PlannedClause]:
    """Each clause, lowered; one that comes to too many cases is noted instead."""
    planned = []
    for index, clause in enumerate(clauses):
        try:
            guard = _guard(without_not(clause.fires))
            comparisons = sum(len(conjunction) for conjunction in guard)
        except _TooWide as wide:
            guard, comparisons = (), wide.comparisons
        if comparisons > MOST_COMPARISONS:
            found = problem("clause_too_wide", count=comparisons, limit=MOST_COMPARISONS)
            problems.found.append(placed(found, clause.place))
            continue
        amount = _amount(clause.amount) if clause.amount else None
        planned.append(PlannedClause(index, clause, guard, amount, frozenset(fact.name for fact in clause.facts)))
    return planned


class _TooWide(Exception):
    """A clause comes to more comparisons than fit into a message."""

    def __init__(self, comparisons: int):
        self.comparisons = comparisons
        super().__init__(comparisons)


def _not_too_wide(guard: Guard) -> Guard:
    """The guard; one that explodes on the way is refused before it can, even if it would shrink again."""
    if len(guard) > MOST_ON_THE_WAY:
        raise _TooWide(sum(len(conjunction) for conjunction in guard))
    return guard


def _guard(condition: Condition) -> Guard:
    """The disjunction of conjunctions."""
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
            found = dict.fromkeys(conjunction for part in parts for conjunction in _guard(part))
            return ALWAYS if () in found else _not_too_wide(tuple(found))
        case And(parts):
            product: dict[Conjunction, None] = {(): None}
            for part in parts:
                more = _guard(part)
                if len(product) * len(more) > MOST_PAIRS:
                    raise _TooWide(len(product) * len(more))
                product = dict.fromkeys(tuple(dict.fromkeys((*one, *other))) for one in product for other in more)
                _not_too_wide(tuple(product))
            return tuple(product)
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
            return Steps(_integers(*_linear(number)), every, 0, points, begun=False, at_most=at_most)
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
