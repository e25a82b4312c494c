"""What a planned clause tells from some of the facts: surely fires, surely does not, or neither."""

import pytest

from rules.expressions.syntax import ALWAYS, And, IsChoice, IsTrue, Not, Or
from rules.plan import lower
from rules.policy.model import Award, Deduct, Judged, Proportion, Score, Veto
from tests.evaluators.making import (
    ALL,
    CASES,
    DONE,
    EMPTY_IS_NOTHING,
    OPINION,
    OTHER,
    RATE,
    STATE,
    THIRD,
    clause,
    compare,
    item,
    standard,
)

EITHER = Or((IsTrue(DONE), And((IsTrue(OTHER), IsTrue(THIRD)))))
NEITHER, SURE, DEAD = "neither", "sure", "dead"


def planned(effect, when):
    """A clause of a standard, lowered."""
    (found,) = lower(standard(item(clause(effect, when)))).clauses
    return found


@pytest.mark.parametrize(
    ("effect", "when", "known", "so"),
    [
        (Veto(), IsTrue(DONE), {}, NEITHER),
        (Veto(), IsTrue(DONE), {"done": 1}, SURE),
        (Veto(), IsTrue(DONE), {"done": 0}, DEAD),
        (Veto(), ALWAYS, {}, SURE),
        (Veto(), Or(()), {}, DEAD),
        (Veto(), EITHER, {}, NEITHER),
        (Veto(), EITHER, {"done": 1}, SURE),
        (Veto(), EITHER, {"done": 0}, NEITHER),
        (Veto(), EITHER, {"other": 1}, NEITHER),
        (Veto(), EITHER, {"other": 1, "third": 1}, SURE),
        (Veto(), EITHER, {"other": 1, "third": 0}, NEITHER),
        (Veto(), EITHER, {"other": 0}, NEITHER),
        (Veto(), EITHER, {"done": 0, "other": 0}, DEAD),
        (Veto(), EITHER, {"done": 0, "other": 1}, NEITHER),
        (Veto(), EITHER, {"done": 0, "other": 1, "third": 0}, DEAD),
        (Veto(), IsChoice(STATE, (0, 1)), {"state": 1}, SURE),
        (Veto(), Not(IsChoice(STATE, (0, 1))), {"state": 1}, DEAD),
        (Veto(), compare(CASES, "<", ALL), {"cases": 1}, NEITHER),
        (Veto(), compare(CASES, "<", ALL), {"cases": 1, "all": 2}, SURE),
        (Veto(), compare(CASES, "<", ALL), {"cases": 2, "all": 2}, DEAD),
        (Veto(), compare(RATE, "<", 50), {"all": 3}, NEITHER),
        (Veto(), compare(RATE, "<", 50), {"cases": 1, "all": 3}, SURE),
        (Score(0), IsTrue(DONE), {"done": 1}, SURE),
        # an amount takes all its facts
        (Award(Judged(OPINION)), IsTrue(DONE), {"done": 1}, NEITHER),
        (Award(Judged(OPINION)), IsTrue(DONE), {"done": 1, "opinion": 5}, SURE),
        (Award(Judged(OPINION)), IsTrue(DONE), {"done": 0}, DEAD),
        (Award(Proportion(EMPTY_IS_NOTHING, 9)), ALWAYS, {"all": 3}, NEITHER),
        (Award(Proportion(EMPTY_IS_NOTHING, 9)), ALWAYS, {"all": 3, "cases": 0}, SURE),
        (Deduct(Judged(OPINION)), ALWAYS, {"opinion": 0}, DEAD),
    ],
)
def test_a_clause_is_sure_dead_or_neither(effect, when, known, so):
    """Never both, and never by a fact that is not known."""
    found = planned(effect, when)
    assert (found.sure(known), found.dead(known)) == (so == SURE, so == DEAD)


def test_a_clause_without_an_amount_comes_to_its_outright_points():
    """An outright score has its own, every other clause nothing."""
    assert planned(Score(250), ALWAYS).points({}) == 250
    assert planned(Veto(), ALWAYS).points({}) == 0
    assert planned(Award(Judged(OPINION)), ALWAYS).points({"opinion": 30}) == 30
