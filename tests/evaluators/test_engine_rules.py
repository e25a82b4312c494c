"""What the engine makes of a plan: names, messages and rulesets within durable_rules' limits, and failures told."""

from collections import Counter
from fractions import Fraction
from itertools import islice

import pytest

from rules.engine import (
    MOST_CONDITIONS,
    MOST_MATCHES,
    MOST_RULES,
    Engine,
    Message,
    dealt,
    name_hash,
    short_names,
)
from rules.errors import EngineFailed
from rules.expressions.syntax import ALWAYS, And, IsTrue, Or
from rules.facts import Count, Flag
from rules.plan import Comparison, lower
from rules.policy.model import Deduct, Fixed, PerOccurrence, Veto
from tests.evaluators.making import (
    ALL,
    CASES,
    DONE,
    OTHER,
    WORDS,
    case,
    clause,
    compare,
    decided,
    flagged,
    item,
    number,
    standard,
)


def flags(many, named="flag"):
    """Conditions, each that another flag is true."""
    return [IsTrue(Flag(f"{named}{at}", WORDS, WORDS, WORDS, WORDS)) for at in range(many)]


def planned(*conditions):
    """A plan of vetoes, one for each condition."""
    return lower(standard(item(*(clause(Veto(), each) for each in conditions))))


def messages(*conditions):
    """The messages of each ruleset, as the number of their rules."""
    return [[len(message.rules) for message in ruleset] for ruleset in dealt(planned(*conditions).clauses)]


# Names


@pytest.mark.parametrize(("name", "value"), [("", 0x811C9DC5), ("a", 0xE40C292C), ("foobar", 0xBF9CF968)])
def test_names_are_hashed_by_fnv_1a(name, value):
    """The published values of the 32-bit hash."""
    assert name_hash(name) == value


def test_short_names_count_up_through_letters_and_digits():
    """After one letter come two; every name starts with p and comes once."""
    names = list(islice(short_names(), 36 + 36 * 36))
    assert names[:3] == ["pa", "pb", "pc"]
    assert names[25:38] == ["pz", *(f"p{digit}" for digit in range(10)), "pba", "pbb"]
    assert len(set(names)) == len(names)


# Messages


def message(*conjunctions):
    """A message whose rules are these conjunctions of comparisons."""
    rules = [tuple(Comparison(*one) for one in each) for each in conjunctions]
    (any_clause,) = planned(IsTrue(DONE)).clauses
    names = {one.variable: "" for each in rules for one in each}
    return Message(names, [(any_clause, each) for each in rules])


ONE_TWO_THREE = [("x", "==", 1), ("y", "==", 2), ("z", "==", 3)]


def test_the_conditions_of_a_message_are_the_beginnings_of_its_rules():
    """Rules that begin alike share them."""
    one, two, three = (Comparison(*each) for each in ONE_TWO_THREE)
    found = message(ONE_TWO_THREE, ONE_TWO_THREE[:2], [ONE_TWO_THREE[0], ONE_TWO_THREE[2]])
    assert found.conditions() == {(one,), (one, two), (one, two, three), (one, three)}


@pytest.mark.parametrize(
    ("conjunctions", "most"),
    [
        ([], 0),
        ([[("x", "==", 1)]], 1),
        ([[("x", "==", 1)], [("x", "==", 1)]], 1),
        ([[("x", "==", 1)], [("x", "==", 2)]], 1),
        ([[("x", "==", 1)], [("y", "==", 2)]], 2),
        ([[("x", "<", 5)], [("x", "<", 7)], [("x", ">", 6)]], 2),
        ([[("x", "<", 5)], [("x", "<=", 4)], [("x", "!=", 4)]], 3),
        ([[("x", "<=", 5)], [("x", ">=", 5)]], 2),
        ([[("x", "<", 5)], [("x", ">", 5)], [("x", "!=", 5)]], 2),
        ([[("x", ">", 5)], [("x", ">", 7)], [("x", ">", 9)]], 3),
        ([[("x", "<", 5)], [("x", "<", 3)], [("x", "<", 1)]], 3),
        ([[("x", ">", 5)], [("x", "<", 7)]], 2),
        ([[("x", ">", 5)], [("x", "<", 6)]], 1),
        ([ONE_TWO_THREE], 3),
        ([ONE_TWO_THREE, ONE_TWO_THREE[:1]], 3),
        ([ONE_TWO_THREE, [("x", "==", 2)]], 3),
        ([[("x", "==", 1), ("y", "==", 1)], [("x", "==", 1), ("y", "==", 2)]], 3),
    ],
)
def test_most_matches_is_what_one_sheet_can_meet(conjunctions, most):
    """One value of each first variable is tried against all first comparisons; later ones all count."""
    assert message(*conjunctions).most_matches() == most


def test_clauses_that_match_together_are_spread_over_messages():
    """Sixty flags can all be true in one message, so the next one starts another."""
    some = flags(2 * MOST_MATCHES + 1)
    assert messages(*some[:MOST_MATCHES]) == [[MOST_MATCHES]]
    assert messages(*some[: MOST_MATCHES + 1]) == [[MOST_MATCHES, 1]]
    assert messages(*some) == [[MOST_MATCHES, MOST_MATCHES, 1]]


def test_clauses_that_exclude_each_other_share_a_message():
    """Of many values of one count, one can be so."""
    assert messages(*(compare(CASES, "==", at) for at in range(MOST_MATCHES + 3))) == [[MOST_MATCHES + 3]]


def test_a_ruleset_holds_only_so_many_rules():
    """One more starts another; a clause's alternatives stay together."""
    same, either = [IsTrue(DONE)] * (MOST_RULES + 1), Or((IsTrue(DONE), IsTrue(OTHER)))
    assert messages(*same[:MOST_RULES]) == [[MOST_RULES]]
    assert messages(*same) == [[MOST_RULES], [1]]
    assert messages(*same[: MOST_RULES - 1], either) == [[MOST_RULES - 1], [2]]
    assert messages(*same[: MOST_RULES - 2], either) == [[MOST_RULES]]


def test_a_ruleset_holds_only_so_many_conditions():
    """Counted over all conjunctions of all clauses, so that no node's table fills up."""
    some = And(tuple(flags(32)))
    fitting = MOST_CONDITIONS // 32
    assert messages(*[some] * fitting) == [[fitting]]
    assert messages(*[some] * (fitting + 1)) == [[fitting], [1]]
    assert messages(*[some] * (2 * fitting + 1)) == [[fitting], [fitting], [1]]
    assert messages(*[Or((some, *flags(16, "other")))] * 6) == [[85], [17]]


def test_a_message_names_each_variable_of_its_clauses_once():
    """Before the ruleset is compiled the names are still empty."""
    (ruleset,) = dealt(planned(IsTrue(DONE), And((IsTrue(DONE), IsTrue(OTHER)))).clauses)
    assert ruleset[0].names == {"done": "", "other": ""}


def test_nothing_to_match_takes_no_ruleset():
    """A standard whose clauses always or never hold is decided without durable_rules."""
    of = standard(item(clause(Deduct(Fixed(10))), clause(Veto(), Or(()))))
    assert Engine(lower(of)).rulesets == []
    assert decided(of, {}).score == 990


# Rulesets


def test_clauses_with_the_same_condition_share_a_rule():
    """Every rule costs; what fires is both clauses. The last rule is the one that primes each session."""
    plan = planned(IsTrue(DONE), IsTrue(OTHER), IsTrue(DONE), Or((IsTrue(OTHER), compare(CASES, ">", 3))))
    (ruleset,) = Engine(plan).rulesets
    assert ruleset.clauses == [[0, 2], [1, 3], [3], []]
    assert Counter(ruleset.fired({"done": 1, "other": 1, "cases": 4})) == {0: 1, 1: 1, 2: 1, 3: 2}
    assert ruleset.fired({"done": 0, "other": 0, "cases": 3}) == []


def test_every_message_of_a_ruleset_reaches_its_rules():
    """Two hundred flags take several messages of two rulesets; each sheet fires what is true and nothing else."""
    some = flags(200)
    of = standard(item(*(clause(Deduct(Fixed(1)), each, key=each.fact.name) for each in some)))
    engine = Engine(lower(of))
    assert [len(ruleset.asserted) for ruleset in engine.rulesets] == [3, 2]
    for step in (1, 2, 3, 7, 59, 199):
        true = [each.fact.name for each in some[::step]]
        found = engine.decide(case(of, dict.fromkeys(true, 1)))
        assert [each.clause.key for each in found.items[0].findings] == true


def test_signs_of_forms_stand_beside_facts_in_a_message():
    """A sheet's facts are asserted as they are; a sum or a rate only as below, at or above nothing."""
    plan = planned(compare(CASES, ">", ALL), IsTrue(DONE), compare(ALL, "<", 9), IsTrue(OTHER))
    (ruleset,) = Engine(plan).rulesets
    ((template, integers),) = ruleset.asserted
    assert integers({"cases": 7, "all": 5, "done": 1, "other": 0}) == (1, 5, 0, 1)
    assert integers({"cases": 5, "all": 5, "done": 0, "other": 1}) == (0, 5, 1, 0)
    assert integers({"cases": 0, "all": 5, "done": 0, "other": 1}) == (0, 5, 1, -1)
    assert template.count("%d") == 4


def test_every_kind_of_message_is_filled():
    """One fact alone, one form alone, one of each, and facts without forms."""
    more = Count("more", WORDS, WORDS, 0, 9)
    for conditions in (
        [IsTrue(DONE)],
        [compare(CASES, "<", ALL)],
        [IsTrue(DONE), compare(CASES, "<", ALL)],
        [IsTrue(DONE), compare(more, ">", 0)],
    ):
        of = standard(item(*(clause(Deduct(Fixed(10)), each) for each in conditions)))
        assert decided(of, {}).score == 1000
        assert decided(of, {name: 1 for name in of.facts if name != "cases"}).score == 1000 - 10 * len(conditions)


@pytest.mark.parametrize("operator", ["<", "<=", "==", "!=", ">=", ">"])
def test_durable_rules_compares_as_python_does(operator):
    """Below, at and above the limit of a fact, and of a form."""
    (fact_rules,) = Engine(planned(compare(CASES, operator, 5))).rulesets
    (form_rules,) = Engine(planned(compare(CASES, operator, ALL))).rulesets
    for cases in (4, 5, 6):
        expected = [0] if eval(f"{cases} {operator} 5") else []
        assert fact_rules.fired({"cases": cases}) == expected
        assert form_rules.fired({"cases": cases, "all": 5}) == expected


# Sessions and failures


@pytest.fixture
def engine():
    """A small compiled standard."""
    return Engine(
        lower(
            standard(
                item(flagged(Deduct(Fixed(10))), clause(Deduct(PerOccurrence(number(CASES), Fraction(1), 10, None))))
            )
        )
    )


def test_a_session_serves_sheet_after_sheet(engine):
    """It is taken, and given back as it was; another is opened only where none waits, and both then wait."""
    (ruleset,) = engine.rulesets
    (session,) = ruleset.idle
    for done in (1, 0, 1):
        assert ruleset.fired({"done": done, "cases": 0}) == [0] * done
        assert ruleset.idle == [session]
    ruleset.idle.clear()
    assert ruleset.fired({"done": 1, "cases": 0}) == [0]
    (other,) = ruleset.idle
    assert other.name != session.name


def test_what_durable_rules_refuses_is_told_as_a_failure(engine):
    """The error keeps what durable_rules said, and the next sheet is decided."""
    (ruleset,) = engine.rulesets
    good, ruleset.asserted = ruleset.asserted, [('{"id":1,"sid":1,"pa":', lambda values: ())]
    ruleset.idle.clear()
    posed = case(engine.plan.standard, {"done": 1})
    with pytest.raises(EngineFailed, match=r"^durable_rules: ") as failed:
        engine.decide(posed)
    assert failed.value.__cause__ is not None
    ruleset.asserted = good
    assert engine.decide(posed).score == 990


def test_firing_without_end_is_a_failure_and_no_hang(engine):
    """More findings than a ruleset has clauses cannot be true."""
    (ruleset,) = engine.rulesets
    assert ruleset.most == 2
    ruleset.most = 0
    with pytest.raises(EngineFailed, match=r"^durable_rules fires without end$"):
        ruleset.fired({"done": 1, "cases": 0})
    assert ruleset.idle == []  # what is left to fire there must not meet another sheet
    ruleset.most = 1
    assert ruleset.fired({"done": 1, "cases": 0}) == [0]


def test_clauses_that_always_hold_fire_beside_those_that_match():
    """They are known beforehand and no rule is spent on them."""
    of = standard(item(clause(Deduct(Fixed(10)), ALWAYS), flagged(Deduct(Fixed(5))), clause(Deduct(Fixed(1)), ALWAYS)))
    engine = Engine(lower(of))
    assert engine.always == [0, 2]
    assert [[each for each in ruleset.clauses if each] for ruleset in engine.rulesets] == [[[1]]]
    assert (decided(of, {}).score, decided(of, {"done": 1}).score) == (989, 984)
