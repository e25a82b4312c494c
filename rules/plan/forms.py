"""
Exact integer comparisons, and guards over them.

Every comparison is `variable operator integer`. A variable is the value of one fact, or the sign of a form over several
facts. A guard is a disjunction of conjunctions of comparisons.
"""

from collections.abc import Mapping
from typing import NamedTuple

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
