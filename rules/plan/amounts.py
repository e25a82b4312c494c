"""
Amounts in integer arithmetic.

They stay arithmetic (a floor division, a quotient) instead of being unrolled into levels: 0.1 point per case of an
item of 20 points would be 200 rules that test one field, which is what hangs durable_rules.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from ..numbers import Exact
from .forms import Form, Guard, Values


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

    beyond: Form | Gap
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
        if not whole:
            return min(self.units * self.empty / 100, Fraction(self.units))
        return min(Fraction(self.units * values[self.part], whole), Fraction(self.units))

    def facts(self) -> tuple[str, ...]:
        """Part and whole."""
        return (self.part, self.whole)
