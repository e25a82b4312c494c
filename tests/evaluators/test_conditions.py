"""Conditions as guards: exact integer comparisons that mean what the condition means, of bounded width."""

from fractions import Fraction
from itertools import product

import pytest

from rules.errors import PolicyRefused, Problems
from rules.expressions.meaning import test as meaning_of
from rules.expressions.syntax import ALWAYS as ALWAYS_SO
from rules.expressions.syntax import And, Compare, FactValue, IsChoice, IsTrue, Not, Or, Scaled, Sum
from rules.facts import Flag
from rules.language import Text
from rules.plan import ALWAYS, Comparison, Form, RateForm, lower, lower_clauses
from rules.plan.forms import compared
from rules.policy.model import Award, Fixed, Veto
from tests.evaluators.making import (
    ALL,
    CASES,
    DONE,
    EMPTY_IS_NOTHING,
    MONEY,
    OTHER,
    PLACE,
    RATE,
    STATE,
    THIRD,
    case,
    clause,
    compare,
    decided,
    flagged,
    item,
    number,
    standard,
)

OPERATORS = ("<", "<=", "==", "!=", ">=", ">")


def times(factor, of):
    """A fact's value, some times."""
    return Scaled(Fraction(factor), number(of))


def plus(*terms):
    """Numbers added up."""
    return Sum(tuple(number(term) for term in terms))


def guard_of(condition):
    """The guard of a clause with this condition."""
    problems = Problems()
    (planned,) = lower_clauses([clause(Veto(), condition)], problems)
    assert problems.found == []
    return planned.guard


CONDITIONS = [
    ALWAYS_SO,
    IsTrue(DONE),
    Not(IsTrue(DONE)),
    IsChoice(STATE, (1,)),
    Not(IsChoice(STATE, (0, 2))),
    And((IsTrue(DONE), Or((IsTrue(OTHER), Not(IsTrue(THIRD)))))),
    Not(And((IsTrue(DONE), IsTrue(OTHER)))),
    Or((IsTrue(DONE), And((IsTrue(OTHER), IsTrue(THIRD))))),
    Or((IsTrue(DONE), Not(IsTrue(DONE)))),
    Or((IsTrue(DONE), ALWAYS_SO)),
    Or(()),
    *[compare(CASES, operator, 2) for operator in OPERATORS],
    *[compare(times(2, CASES), operator, 3) for operator in OPERATORS],
    *[compare(times(-2, CASES), operator, -3) for operator in OPERATORS],
    *[compare(times(-2, CASES), operator, -4) for operator in OPERATORS],
    *[compare(plus(CASES, "0.5"), operator, "2.25") for operator in OPERATORS],
    *[compare(CASES, operator, ALL) for operator in OPERATORS],
    *[compare(plus(times("0.5", CASES), 1), operator, ALL) for operator in OPERATORS],
    *[compare(plus(CASES, CASES), operator, plus(CASES, 1)) for operator in OPERATORS],
    *[compare(plus(CASES, times(-1, CASES)), operator, 0) for operator in OPERATORS],
    *[compare(MONEY, operator, "0.015") for operator in OPERATORS],
    *[compare(times(100, MONEY), operator, CASES) for operator in OPERATORS],
    *[compare(RATE, operator, "66.5") for operator in OPERATORS],
    *[compare(RATE, operator, 100) for operator in OPERATORS],
    *[compare(EMPTY_IS_NOTHING, operator, 0) for operator in OPERATORS],
    *[compare(EMPTY_IS_NOTHING, operator, 50) for operator in OPERATORS],
]
SMALL = {"done": 2, "other": 2, "third": 2, "state": 3, "cases": 4, "all": 4, "money": 4}


@pytest.mark.parametrize("condition", CONDITIONS, ids=str)
def test_a_guard_holds_when_its_condition_does(condition):
    """For every combination of small values of the facts that it names."""
    (planned,) = lower_clauses([clause(Veto(), condition)], Problems())
    meant, names = meaning_of(condition), sorted(planned.facts)
    for each in product(*(range(SMALL[name]) for name in names)):
        values = dict(zip(names, each, strict=True))
        assert planned.fires(values) == meant(values), values


def test_durable_rules_finds_out_the_same_conditions():
    """All of them at once, as clauses of one item, on every small sheet of two counts."""
    clauses = [clause(Award(Fixed(1)), each, key=f"clause{at}") for at, each in enumerate(CONDITIONS)]
    of = standard(item(*clauses))
    for cases, all_of_them in product(range(4), repeat=2):
        meant = decided(of, {"cases": cases, "all": all_of_them, "state": cases % 3, "money": cases})
        fired = {finding.clause.key for finding in meant.items[0].findings}
        assert "clause0" in fired
        assert "clause10" not in fired  # one of none


@pytest.mark.parametrize(
    ("condition", "guard"),
    [
        (IsTrue(DONE), ((("done", "==", 1),),)),
        (Not(IsTrue(DONE)), ((("done", "==", 0),),)),
        (IsChoice(STATE, (0, 2)), ((("state", "==", 0),), (("state", "==", 2),))),
        (compare(CASES, ">=", 3), ((("cases", ">=", 3),),)),
        (compare(MONEY, "<", "79.99"), ((("money", "<", 7999),),)),
        (compare(times(2, CASES), "<", 3), ((("cases", "<=", 1),),)),
        (compare(times(2, CASES), ">=", 3), ((("cases", ">", 1),),)),
        (compare(times(-1, CASES), "<", -3), ((("cases", ">", 3),),)),
        (compare(times(2, CASES), "==", 3), ()),
        (compare(times(2, CASES), "!=", 3), ALWAYS),
        (compare(plus(CASES, times(-1, CASES)), "<", 1), ALWAYS),
        (compare(plus(CASES, times(-1, CASES)), ">", 1), ()),
        (compare(CASES, "<", ALL), (((Form((("cases", 1), ("all", -1)), 0, 1), "<", 0),),)),
        (compare(plus(MONEY, "0.5"), "<", CASES), (((Form((("money", 1), ("cases", -100)), 50, 100), "<", 0),),)),
        (compare(RATE, "<", "79.5"), (((RateForm("cases", "all", 159, 2, 1), "<", 0),),)),
        (compare(RATE, "<", 100), (((RateForm("cases", "all", 100, 1, 0), "<", 0),),)),
        (compare(EMPTY_IS_NOTHING, "<", 50), (((RateForm("cases", "all", 50, 1, -1), "<", 0),),)),
        (And((IsTrue(DONE), IsTrue(DONE))), ((("done", "==", 1),),)),
        (Or((IsTrue(DONE), IsTrue(DONE))), ((("done", "==", 1),),)),
        (Or((IsTrue(DONE), ALWAYS_SO)), ALWAYS),
        (And((Or((IsTrue(DONE), IsTrue(OTHER))), IsTrue(THIRD))),
         ((("done", "==", 1), ("third", "==", 1)), (("other", "==", 1), ("third", "==", 1)))),
    ],
    ids=str,
)  # fmt: skip
def test_a_condition_becomes_few_comparisons_of_integers(condition, guard):
    """Of one fact its own value is compared; what can never or must always hold takes no comparison."""
    assert guard_of(condition) == guard


@pytest.mark.parametrize("operator", OPERATORS)
def test_two_integers_are_compared(operator):
    """Below, at and above the limit, as Python does."""
    for value in (1, 2, 3):
        assert compared(value, operator, 2) == eval(f"{value} {operator} 2")


@pytest.mark.parametrize(
    ("variable", "facts"),
    [
        ("cases", ("cases",)),
        (Form((("cases", 1), ("all", -1)), 0, 1), ("cases", "all")),
        (RateForm("cases", "all", 100, 1, 0), ("cases", "all")),
    ],
)
def test_a_comparison_names_its_facts(variable, facts):
    """Those whose values decide it."""
    assert Comparison(variable, "<", 0).facts() == facts


@pytest.mark.parametrize(("cases", "all_of_them", "sign"), [(1, 2, 0), (2, 3, 1), (1, 3, -1), (0, 0, 1), (5, 0, 1)])
def test_a_rate_form_has_the_sign_of_the_difference(cases, all_of_them, sign):
    """Of the rate and 50 percent; of 100 percent and 50 when there is no whole."""
    value = RateForm("cases", "all", 50, 1, 1).value({"cases": cases, "all": all_of_them})
    assert (value > 0) - (value < 0) == sign


# Width


def flags(many):
    """That many flags, each true."""
    words = Text("", "")
    return tuple(IsTrue(Flag(f"flag{at}", words, words, words, words)) for at in range(many))


def pairs(many):
    """Either of two, so many times."""
    some = flags(2 * many)
    return And(tuple(Or((some[at], some[at + many])) for at in range(many)))


@pytest.mark.parametrize("condition", [And(flags(48)), Or(flags(48)), pairs(3), And((pairs(2), *flags(2)))])
def test_a_clause_of_48_comparisons_can_be_lowered(condition):
    """Width is counted in comparisons over all cases."""
    assert sum(len(conjunction) for conjunction in guard_of(condition)) <= 48


@pytest.mark.parametrize(
    ("condition", "count"),
    [
        (And(flags(49)), 49),
        (Or(flags(49)), 49),
        (Or(flags(200)), 200),
        (pairs(4), 64),
        (And((Or(flags(48)), IsTrue(DONE))), 96),
        (pairs(40), 1024 * 10),  # given up after ten of the forty
        (And((Or(flags(1001)), Or(()))), 1001),  # even though nothing would be left of it
    ],
)
def test_a_wider_clause_is_refused_at_its_place(condition, count):
    """It is named with its line and what it came to, and the clauses beside it are lowered."""
    narrow = [flagged(Veto()), flagged(Veto(), OTHER)]
    problems = Problems()
    planned = lower_clauses([narrow[0], clause(Veto(), condition), narrow[1]], problems)
    assert [(each.index, each.clause) for each in planned] == [(0, narrow[0]), (2, narrow[1])]
    (problem,) = problems.found
    assert (problem.code, problem.file, problem.line, problem.column) == (
        "clause_too_wide", PLACE.file, PLACE.line, PLACE.column,
    )  # fmt: skip
    assert f"{count}" in problem.message.en
    assert "48" in problem.message.en


def test_what_is_wide_on_the_way_may_come_to_little():
    """A thousand alternatives of which none can be so are no comparison at all."""
    assert guard_of(And((Or(flags(1000)), Or(())))) == ()
    assert guard_of(Or((*flags(1000), ALWAYS_SO))) == ALWAYS


def test_a_standard_with_a_clause_too_wide_has_no_plan():
    """All such clauses are refused together."""
    wide = [clause(Veto(), Or(flags(49))), clause(Veto(), And(flags(49)))]
    with pytest.raises(PolicyRefused) as refused:
        lower(standard(item(*wide)))
    assert [each.code for each in refused.value.problems] == ["clause_too_wide"] * 2


def test_what_is_no_condition_has_no_guard():
    """A condition or number that nobody defined is an error of the program at once."""
    with pytest.raises(AssertionError, match="nothing"):
        guard_of("nothing")
    with pytest.raises(AssertionError, match="nothing"):
        guard_of(Compare("nothing", "<", FactValue(CASES)))


def test_a_plan_knows_where_each_fact_and_item_counts():
    """The clauses that hang on a fact, derived ones by their bases, and the position of each item."""
    one, two = clause(Veto(), compare(RATE, "<", 50)), flagged(Award(Fixed(1)), no="2")
    plan = lower(standard(item(one), item(two, no="2")))
    assert {name: [each.clause for each in found] for name, found in plan.by_fact.items()} == {
        "cases": [one], "all": [one], "done": [two],
    }  # fmt: skip
    assert plan.at == {"1": 0, "2": 1}
    assert [each.clause for each in plan.vetoes] == [one]
    assert [[each.clause for each in planned.clauses] for planned in plan.items] == [[], [two]]
    assert plan.decide(case(plan.standard, {"all": 1})).vetoes == ("1",)
