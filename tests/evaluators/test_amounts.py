"""Each form of amount, worked by hand in units: the reference's definition and the plan's integers come to the same."""

from fractions import Fraction

import pytest

from rules.amounts import points_of
from rules.expressions.syntax import And, Scaled, Sum
from rules.plan import lower
from rules.policy.model import Award, Band, Banded, Fixed, Judged, PerOccurrence, Proportion, Stepped
from tests.evaluators.making import (
    ALL,
    CASES,
    EMPTY_IS_NOTHING,
    MONEY,
    OPINION,
    RATE,
    clause,
    compare,
    item,
    number,
    standard,
)

LEFT = Sum((number(CASES), Scaled(Fraction(-1), number(ALL))))  # may be below 0


def per_case(every="1", points=10, at_most=None, of=CASES):
    """So many units for each `every`."""
    return PerOccurrence(number(of), Fraction(every), points, at_most)


def stepped(of=RATE, below=True, limit="80", first=200, every="10", then=50, begun=False, at_most=None):
    """By default 2 points below 80 percent, and half a point for each full 10 percent."""
    return Stepped(number(of), below, Fraction(limit), first, Fraction(every), then, begun, at_most)


def band(low, high, points):
    """From `low` to below `high`."""
    lies_in = And((compare(CASES, ">=", low), compare(CASES, "<", high)))
    return Band(lies_in, points, Fraction(low), True, Fraction(high), False)


BANDS = Banded(number(CASES), (band(5, 8, 300), band(1, 3, 100)))


def of(part, whole):
    """So many of so many."""
    return {"cases": part, "all": whole}


WORKED = [
    (Fixed(150), {}, 150),
    (Judged(OPINION), {"opinion": 120}, 120),
    # every so often
    (per_case(), {"cases": 0}, 0),
    (per_case(), {"cases": 1}, 10),
    (per_case(), {"cases": 3}, 30),
    (per_case(every="2"), {"cases": 5}, 20),
    (per_case(every="2"), {"cases": 6}, 30),
    (per_case(every="2.5"), {"cases": 4}, 10),
    (per_case(every="2.5"), {"cases": 5}, 20),
    (per_case(at_most=25), {"cases": 2}, 20),
    (per_case(at_most=25), {"cases": 3}, 25),
    (per_case(of=MONEY, every="0.5"), {"money": 149}, 20),
    (per_case(of=MONEY, every="0.5"), {"money": 150}, 30),
    (per_case(of=LEFT), of(2, 5), 0),
    (per_case(of=LEFT), of(5, 2), 30),
    # steps below and above a rate
    (stepped(), of(80, 100), 0),
    (stepped(), of(81, 100), 0),
    (stepped(), of(79, 100), 200),
    (stepped(), of(7001, 10000), 200),
    (stepped(), of(70, 100), 250),
    (stepped(), of(0, 100), 600),
    (stepped(), of(7, 9), 200),
    (stepped(at_most=220), of(79, 100), 200),
    (stepped(at_most=220), of(70, 100), 220),
    (stepped(first=0), of(71, 100), 0),
    (stepped(first=0), of(70, 100), 50),
    (stepped(first=0, begun=True), of(80, 100), 0),
    (stepped(first=0, begun=True), of(79, 100), 50),
    (stepped(begun=True), of(80, 100), 0),
    (stepped(begun=True), of(79, 100), 250),
    (stepped(begun=True), of(70, 100), 250),
    (stepped(begun=True), of(69, 100), 300),
    (stepped(every="2.5"), of(75, 100), 300),
    (stepped(every="2.5", limit="79.5"), of(77, 100), 250),
    (stepped(every="2.5", limit="79.5"), of(78, 100), 200),
    (stepped(below=False), of(80, 100), 0),
    (stepped(below=False), of(79, 100), 0),
    (stepped(below=False), of(81, 100), 200),
    (stepped(below=False), of(90, 100), 250),
    (stepped(below=False), of(1, 1), 300),
    # nothing of nothing is 100 percent, or as the fact says
    (stepped(), of(0, 0), 0),
    (stepped(below=False), of(0, 0), 300),
    (stepped(of=EMPTY_IS_NOTHING), of(0, 0), 600),
    (stepped(of=EMPTY_IS_NOTHING, limit="33.5"), of(0, 0), 350),
    (stepped(of=EMPTY_IS_NOTHING, below=False), of(0, 0), 0),
    # steps below and above another number
    (stepped(of=CASES, limit="10", every="3"), {"cases": 10}, 0),
    (stepped(of=CASES, limit="10", every="3"), {"cases": 9}, 200),
    (stepped(of=CASES, limit="10", every="3"), {"cases": 7}, 250),
    (stepped(of=CASES, limit="10", every="3"), {"cases": 3}, 300),
    (stepped(of=CASES, limit="10", every="3", below=False), {"cases": 10}, 0),
    (stepped(of=CASES, limit="10", every="3", below=False), {"cases": 12}, 200),
    (stepped(of=CASES, limit="10", every="3", below=False), {"cases": 13}, 250),
    (stepped(of=MONEY, limit="10.01", every="2.5", below=False), {"money": 1001}, 0),
    (stepped(of=MONEY, limit="10.01", every="2.5", below=False), {"money": 1250}, 200),
    (stepped(of=MONEY, limit="10.01", every="2.5", below=False), {"money": 1251}, 250),
    # bands
    (BANDS, {"cases": 0}, 0),
    (BANDS, {"cases": 1}, 100),
    (BANDS, {"cases": 2}, 100),
    (BANDS, {"cases": 3}, 0),
    (BANDS, {"cases": 5}, 300),
    (BANDS, {"cases": 8}, 0),
    # shares
    (Proportion(RATE, 200), of(1, 2), 100),
    (Proportion(RATE, 200), of(1, 3), Fraction(200, 3)),
    (Proportion(RATE, 200), of(3, 3), 200),
    (Proportion(RATE, 200), of(4, 3), 200),
    (Proportion(RATE, 200), of(0, 3), 0),
    (Proportion(RATE, 200), of(0, 0), 200),
    (Proportion(EMPTY_IS_NOTHING, 200), of(0, 0), 0),
]


def planned(amount):
    """The amount in the plan of a standard that awards it."""
    (found,) = lower(standard(item(clause(Award(amount))))).clauses
    return found.amount


@pytest.mark.parametrize(("amount", "values", "points"), WORKED)
def test_an_amount_comes_to_its_points(amount, values, points):
    """Both say the same exact number, and no float is made on the way."""
    for found in (points_of(amount)(values), planned(amount).points(values)):
        assert found == points
        assert isinstance(found, int | Fraction)


@pytest.mark.parametrize(
    ("amount", "facts"),
    [
        (Fixed(150), set()),
        (Judged(OPINION), {"opinion"}),
        (per_case(of=LEFT), {"cases", "all"}),
        (stepped(of=MONEY), {"money"}),
        (stepped(), {"cases", "all"}),
        (BANDS, {"cases"}),
        (Proportion(RATE, 200), {"cases", "all"}),
    ],
)
def test_a_planned_amount_names_the_facts_it_hangs_on(amount, facts):
    """Completion asks for these and no others."""
    assert set(planned(amount).facts()) == facts


def test_what_is_no_amount_has_no_points():
    """A form that nobody defined is an error of the program at once."""
    with pytest.raises(AssertionError, match="nothing"):
        points_of("nothing")
    with pytest.raises(AssertionError, match="nothing"):
        planned("nothing")
