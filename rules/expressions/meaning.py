"""
What an expression means: conditions and numbers as functions of a sheet's values.

Values are whole numbers of each fact's units. A comparison brings both sides to a common denominator first, so that it
compares integers; nothing is ever rounded.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import lcm
from operator import eq, ge, gt, le, lt, ne

from ..facts import Percent
from .syntax import Always, And, Compare, Condition, Constant, FactValue, IsChoice, IsTrue, Not, Number, Or, Scaled, Sum

Values = Mapping[str, int]
Test = Callable[[Values], bool]

_COMPARED: dict[str, Callable[[int, int], bool]] = {"<": lt, "<=": le, "==": eq, "!=": ne, ">=": ge, ">": gt}


def test(condition: Condition) -> Test:
    """The condition as a function: values in, true or false out."""
    match condition:
        case Always():
            return lambda values: True
        case IsTrue(fact):
            name = fact.name
            return lambda values: values[name] == 1
        case IsChoice(fact, positions):
            name, wanted = fact.name, frozenset(positions)
            return lambda values: values[name] in wanted
        case Not(IsTrue(fact)):
            name = fact.name
            return lambda values: values[name] == 0
        case Not(part):
            inner = test(part)
            return lambda values: not inner(values)
        case And(parts):
            return _all([test(part) for part in parts])
        case Or(parts):
            return _any([test(part) for part in parts])
        case Compare(FactValue(Percent() as rate), operator, Constant(limit)):
            return _rate_test(rate, operator, limit)
        case Compare(left, operator, right):
            return _comparison(left, operator, right)
    raise AssertionError(condition)


def _all(tests: list[Test]) -> Test:
    if len(tests) == 2:
        one, other = tests
        return lambda values: one(values) and other(values)
    return lambda values: all(each(values) for each in tests)


def _any(tests: list[Test]) -> Test:
    if len(tests) == 2:
        one, other = tests
        return lambda values: one(values) or other(values)
    return lambda values: any(each(values) for each in tests)


def _comparison(left: Number, operator: str, right: Number) -> Test:
    per_one = lcm(_denominator(left), _denominator(right))
    compared = _COMPARED[operator]
    one, other = _integer(left, per_one), _integer(right, per_one)
    if isinstance(left, FactValue) and isinstance(right, Constant) and left.fact.per_one == per_one:
        name, limit = left.fact.name, int(right.value * per_one)
        return lambda values: compared(values[name], limit)
    return lambda values: compared(one(values), other(values))


def _rate_test(rate: Percent, operator: str, limit: Fraction) -> Test:
    """part / whole x 100 against n / d is part x 100 x d against n x whole: no division, so nothing to round."""
    compared = _COMPARED[operator]
    part, whole, hundred, times = rate.part.name, rate.whole.name, 100 * limit.denominator, limit.numerator
    when_empty = compared(rate.empty, limit)  # type: ignore[arg-type]
    return lambda values: compared(values[part] * hundred, times * values[whole]) if values[whole] else when_empty


def _denominator(number: Number) -> int:
    """What makes every value of the number whole."""
    match number:
        case Constant(value):
            return value.denominator
        case FactValue(fact):
            return fact.per_one
        case Sum(terms):
            return lcm(*(_denominator(term) for term in terms))
        case Scaled(factor, inner):
            return factor.denominator * _denominator(inner)
    raise AssertionError(number)


def _integer(number: Number, per_one: int) -> Callable[[Values], int]:
    """The number times `per_one`, which its denominator divides."""
    match number:
        case Constant(value):
            whole = int(value * per_one)
            return lambda values: whole
        case FactValue(fact):
            name, times = fact.name, per_one // fact.per_one
            return lambda values: values[name] * times
        case Sum(terms):
            parts = [_integer(term, per_one) for term in terms]
            return lambda values: sum(part(values) for part in parts)
        case Scaled(factor, inner):
            rest = _integer(inner, per_one // factor.denominator)
            numerator = factor.numerator
            return lambda values: numerator * rest(values)
    raise AssertionError(number)


def exact(number: Number) -> Callable[[Values], Fraction]:
    """The number as a function: values in, its exact value in natural units out."""
    if isinstance(number, FactValue) and isinstance(number.fact, Percent):
        return number.fact.rate
    per_one = _denominator(number)
    whole = _integer(number, per_one)
    return lambda values: Fraction(whole(values), per_one)
