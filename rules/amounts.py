"""What each form of amount means: points as a function of a sheet's values. Part of the reference's definition."""

from collections.abc import Callable
from fractions import Fraction

from .expressions.meaning import Values, exact, test
from .numbers import Exact
from .policy import model

Points = Callable[[Values], Exact]


def points_of(amount: model.Amount) -> Points:
    """What an amount comes to, in units."""
    match amount:
        case model.Fixed(points):
            return lambda values: points
        case model.Judged(fact):
            name = fact.name
            return lambda values: values[name]
        case model.PerOccurrence(number, every, points, at_most):
            many = exact(number)
            return lambda values: _at_most(max(many(values) // every, 0) * points, at_most)
        case model.Stepped(number, below, limit, first, every, then, begun, at_most):
            value = exact(number)

            def stepped(values: Values) -> Exact:
                beyond = limit - value(values) if below else value(values) - limit
                steps = -(-beyond // every) if begun else beyond // every
                return _at_most(first + steps * then, at_most) if beyond > 0 else 0

            return stepped
        case model.Banded(_, bands):
            ranges = [(test(band.range), band.points) for band in bands]
            return lambda values: next((points for lies_in, points in ranges if lies_in(values)), 0)
        case model.Proportion(rate, points):
            return lambda values: min(points * rate.rate(values) / 100, Fraction(points))
    raise AssertionError(amount)


def _at_most(points: int, limit: int | None) -> int:
    return points if limit is None else min(points, limit)
