"""From clauses that fired to a decision: items, weights, bonuses, ceilings, vetoes and grades, worked by hand."""

from fractions import Fraction

import pytest

from rules.decision import Adjustment, Finding
from rules.engine import Engine
from rules.plan import lower
from rules.plan.standard import MOST_REMEMBERED
from rules.policy.model import (
    Award,
    Bonus,
    Ceiling,
    Deduct,
    Fixed,
    Judged,
    PerOccurrence,
    Proportion,
    Rescale,
    Score,
    Veto,
)
from rules.reference import Reference
from tests.evaluators.making import (
    BEST,
    CASES,
    DONE,
    EMPTY_IS_NOTHING,
    LAST,
    MIDDLE,
    OPINION,
    OTHER,
    RATE,
    THIRD,
    case,
    clause,
    decided,
    flagged,
    item,
    number,
    standard,
)

TRUE = {"done": 1, "other": 1, "third": 1}


def counted(decision, no="1"):
    """(points, counted) of each finding of an item."""
    score = next(each for each in decision.items if each.item.no == no)
    return [(finding.points, finding.counted) for finding in score.findings]


# One item


def test_an_item_that_nothing_touches_keeps_its_points():
    """No finding, the full score, the grade that it reaches."""
    decision = decided(standard(item(flagged(Deduct(Fixed(300))))), {})
    assert (decision.score, decision.grade, counted(decision), decision.items[0].rounded) == (1000, BEST, [], False)
    assert (decision.vetoes, decision.veto_findings, decision.adjustments) == ((), (), ())


def test_deductions_add_up_and_end_at_nothing():
    """扣完为止: the last one takes only what is left, and a later one nothing."""
    clauses = [flagged(Deduct(Fixed(points)), flag) for points, flag in ((700, DONE), (600, OTHER), (100, THIRD))]
    decision = decided(standard(item(*clauses)), TRUE)
    assert decision.score == 0
    assert counted(decision) == [(700, 700), (600, 300), (100, 0)]


def test_awards_add_up_and_end_at_the_items_points():
    """An awarded item starts at nothing."""
    clauses = [flagged(Award(Fixed(points)), flag) for points, flag in ((700, DONE), (600, OTHER), (100, THIRD))]
    assert decided(standard(item(*clauses)), {}).score == 0
    decision = decided(standard(item(*clauses)), TRUE)
    assert decision.score == 1000
    assert counted(decision) == [(700, 700), (600, 300), (100, 0)]


def test_deductions_come_after_awards_whatever_their_order():
    """The points given are full before anything is taken from them."""
    of = standard(item(flagged(Deduct(Fixed(400))), flagged(Award(Fixed(600))), flagged(Award(Fixed(700)), OTHER)))
    decision = decided(of, {"done": 1, "other": 1})
    assert decision.score == 600
    assert counted(decision) == [(400, 400), (600, 600), (700, 400)]


@pytest.mark.parametrize(("first", "second"), [(300, 200), (200, 300)])
def test_the_lowest_outright_score_is_the_items(first, second):
    """What else fired in the item counts nothing."""
    clauses = [flagged(Deduct(Fixed(100))), flagged(Score(first)), flagged(Score(second)), flagged(Deduct(Fixed(50)))]
    decision = decided(standard(item(*clauses)), TRUE)
    assert decision.score == 200
    expected = {first: (first, 800 if first < second else 0), second: (second, 800 if second < first else 0)}
    assert counted(decision) == [(100, 0), expected[first], expected[second], (50, 0)]


def test_of_equal_outright_scores_the_first_counts():
    """The other one is named with nothing counted."""
    decision = decided(standard(item(flagged(Score(0)), flagged(Score(0), OTHER))), TRUE)
    assert (decision.score, counted(decision)) == (0, [(0, 1000), (0, 0)])


def test_an_outright_score_also_acts_in_an_awarded_item():
    """Awards beside it count nothing."""
    decision = decided(standard(item(flagged(Award(Fixed(900))), flagged(Score(400), OTHER))), TRUE)
    assert (decision.score, counted(decision)) == (400, [(900, 0), (400, 400)])


def test_a_fraction_is_rounded_half_up_once():
    """12.5 units become 13, and the item says that it was rounded; 12 units were not."""
    of = standard(item(clause(Award(Proportion(RATE, 100)))))
    decision = decided(of, {"cases": 1, "all": 8})
    assert (decision.score, decision.items[0].rounded, counted(decision)) == (13, True, [(13, 13)])
    decision = decided(of, {"cases": 12, "all": 100})
    assert (decision.score, decision.items[0].rounded, counted(decision)) == (12, False, [(12, 12)])


def test_two_fractions_in_an_item_are_added_before_rounding():
    """A third of a unit three times is one unit; what each counted adds up to the score."""
    third = Award(Proportion(RATE, 1))
    decision = decided(standard(item(clause(third), clause(third), clause(third))), {"cases": 1, "all": 3})
    assert (decision.score, decision.items[0].rounded) == (1, False)
    assert counted(decision) == [(0, 0), (0, 1), (0, 0)]


def test_an_item_counts_with_the_weight_of_its_part():
    """A third of 1,000 units is 333 after rounding; what a deduction counted is weighted too."""
    of = standard(item(flagged(Deduct(Fixed(100))), weight=Fraction(1, 3)))
    decision = decided(of, {})
    assert (decision.score, decision.items[0].rounded) == (333, True)
    decision = decided(of, {"done": 1})
    assert (decision.score, decision.items[0].rounded, counted(decision)) == (300, False, [(100, 33)])


def test_a_finding_of_more_than_an_item_holds_keeps_its_own_points():
    """`points` are the clause's, `counted` what it took."""
    decision = decided(standard(item(clause(Deduct(Judged(OPINION))), points=200)), {"opinion": 350})
    assert (decision.score, counted(decision)) == (0, [(350, 200)])


def test_findings_stand_in_printed_order_in_their_item():
    """Each item has its own clauses' findings only."""
    one, two = flagged(Deduct(Fixed(1))), flagged(Deduct(Fixed(2)))
    three = flagged(Deduct(Fixed(3)), no="2")
    decision = decided(standard(item(one, two), item(three, no="2"), item(no="3")), TRUE)
    assert [[finding.clause for finding in each.findings] for each in decision.items] == [[one, two], [three], []]
    assert [each.item.no for each in decision.items] == ["1", "2", "3"]
    assert decision.score == 997 + 997 + 1000


# The total


@pytest.mark.parametrize(("lost", "grade"), [(99, BEST), (100, BEST), (101, MIDDLE), (400, MIDDLE), (401, LAST)])
def test_a_grade_includes_its_start(lost, grade):
    """以上: 900 units are a, 899 are b."""
    of = standard(item(clause(Deduct(PerOccurrence(number(CASES), Fraction(1), 1, None)))))
    assert decided(of, {"cases": lost}).grade == grade


def test_the_total_is_rescaled_where_the_standard_says_so():
    """1,000 of 1,000 become 500; the adjustment says what that took."""
    decision = decided(standard(item(), rescale=Rescale(1000, 500)), {})
    assert (decision.score, decision.grade) == (500, LAST)
    assert decision.adjustments == (Adjustment("rescale", None, -500, None),)


def test_the_grade_goes_by_the_exact_rescaled_total():
    """899.5 units are written as 900 and still below 900."""
    decision = decided(standard(item(points=1799), rescale=Rescale(2, 1)), {})
    assert (decision.score, decision.grade) == (900, MIDDLE)
    assert decision.adjustments == (Adjustment("rescale", None, -899, None),)


def test_a_bonus_stands_beside_its_item():
    """It counts on top of the items, in the item's finding and as an adjustment; the item's score stays."""
    bonus = flagged(Bonus(Fixed(70)))
    decision = decided(standard(item(bonus, flagged(Deduct(Fixed(100)), OTHER))), TRUE)
    assert (decision.score, decision.items[0].score) == (970, 900)
    assert counted(decision) == [(70, 70), (100, 100)]
    assert decision.adjustments == (Adjustment("bonus", bonus, 70, None),)


def test_bonuses_end_at_their_cap():
    """The last one gives what is left, a later one nothing; each says so in its own item."""
    bonuses = [flagged(Bonus(Fixed(70))), flagged(Bonus(Fixed(60)), OTHER, "2"), flagged(Bonus(Fixed(5)), THIRD, "2")]
    of = standard(item(bonuses[0]), item(*bonuses[1:], no="2"), bonus_at_most=100)
    decision = decided(of, TRUE)
    assert decision.score == 2100
    assert (counted(decision), counted(decision, "2")) == ([(70, 70)], [(60, 30), (5, 0)])
    gave = zip(bonuses, (70, 30, 0), strict=True)
    assert decision.adjustments == tuple(Adjustment("bonus", each, points, None) for each, points in gave)


def test_fractions_of_bonuses_are_added_before_rounding():
    """Half a unit twice is one unit: the first counts as 1 by rounding, the second as nothing more."""
    half = Bonus(Proportion(RATE, 1))
    decision = decided(standard(item(clause(half), clause(half))), {"cases": 1, "all": 2})
    assert (decision.score, counted(decision)) == (1001, [(1, 1), (1, 0)])


def test_a_bonus_comes_on_top_of_the_exact_rescaled_total():
    """899.5 units and 1 unit reach 900."""
    decision = decided(standard(item(flagged(Bonus(Fixed(1))), points=1799), rescale=Rescale(2, 1)), TRUE)
    assert (decision.score, decision.grade) == (901, BEST)
    assert [each.kind for each in decision.adjustments] == ["rescale", "bonus"]


@pytest.mark.parametrize(("most", "score", "taken"), [(1000, 1000, [-50]), (1049, 1049, [-1]), (1050, 1050, [])])
def test_the_total_ends_at_its_own_limit(most, score, taken):
    """What goes beyond it is an adjustment below zero; a total at the limit is left alone."""
    decision = decided(standard(item(flagged(Bonus(Fixed(50)))), total_at_most=most), {"done": 1})
    assert decision.score == score
    assert decision.adjustments[1:] == tuple(Adjustment("total_at_most", None, points, None) for points in taken)


def test_a_limited_total_is_the_one_that_is_graded():
    """A total held down to 899 units is b."""
    assert decided(standard(item(), total_at_most=899), {}).grade == MIDDLE


def test_a_ceiling_lowers_the_grade_and_no_points():
    """Its finding has no points; the adjustment names the grade."""
    ceiling = flagged(Ceiling(MIDDLE))
    decision = decided(standard(item(ceiling)), TRUE)
    assert (decision.score, decision.grade, counted(decision)) == (1000, MIDDLE, [(None, None)])
    assert decision.adjustments == (Adjustment("ceiling", ceiling, None, MIDDLE),)


def test_a_ceiling_above_the_grade_leaves_it():
    """It is reported all the same."""
    decision = decided(standard(item(flagged(Ceiling(MIDDLE)), points=500)), TRUE)
    assert (decision.grade, decision.adjustments[0].grade) == (LAST, MIDDLE)


@pytest.mark.parametrize("grades", [(MIDDLE, LAST, BEST), (LAST, MIDDLE, BEST), (BEST, MIDDLE, LAST)])
def test_the_lowest_of_several_ceilings_holds(grades):
    """In whatever order they are printed."""
    clauses = [flagged(Ceiling(grade), no=str(at)) for at, grade in enumerate(grades)]
    items = [item(each, no=each.item_no) for each in clauses]
    decision = decided(standard(*items), TRUE)
    assert (decision.grade, [each.grade for each in decision.adjustments]) == (LAST, list(grades))


def test_bonuses_before_ceilings_in_the_adjustments():
    """What adds points comes first, then what holds the total, then what holds the grade."""
    clauses = [flagged(Ceiling(MIDDLE)), flagged(Bonus(Fixed(50)))]
    decision = decided(standard(item(*clauses), rescale=Rescale(1, 1), total_at_most=1001), TRUE)
    assert [each.kind for each in decision.adjustments] == ["rescale", "bonus", "total_at_most", "ceiling"]
    assert [each.points for each in decision.adjustments] == [0, 50, -49, None]
    assert counted(decision) == [(None, None), (50, 50)]


# Vetoes


def test_a_veto_ends_the_assessment():
    """The grade is the policy's, there is no score, and items and adjustments are left out."""
    veto = flagged(Veto())
    decision = decided(standard(item(veto, flagged(Bonus(Fixed(5)))), veto_grade=MIDDLE), TRUE)
    assert (decision.grade, decision.score, decision.items, decision.adjustments) == (MIDDLE, None, (), ())
    assert (decision.vetoes, decision.veto_findings) == (("1",), (Finding(veto, None, None),))


def test_every_failed_veto_is_reported():
    """Each item's number once, each clause with its finding, in printed order."""
    vetoes = [flagged(Veto()), flagged(Veto(), OTHER), flagged(Veto(), no="2")]
    of = standard(item(*vetoes[:2]), item(vetoes[2], no="2"), item(flagged(Veto(), THIRD, "3"), no="3"))
    decision = decided(of, {"done": 1, "other": 1})
    assert decision.vetoes == ("1", "2")
    assert [each.clause for each in decision.veto_findings] == vetoes


# What is not known


@pytest.mark.parametrize("effect", [Veto(), Deduct(Fixed(300)), Bonus(Fixed(300)), Score(0), Ceiling(LAST)])
def test_an_unsure_clause_does_not_fire(effect):
    """Neither one with a condition nor one that always holds; its sure neighbour does."""
    unsure, always, sure = flagged(effect), clause(effect), flagged(Deduct(Fixed(10)), OTHER)
    of = standard(item(unsure, always, sure))
    decision = decided(of, TRUE, unsure=frozenset({unsure, always}))
    assert (decision.score, decision.grade, decision.vetoes, decision.adjustments) == (990, BEST, (), ())
    assert [each.clause for each in decision.items[0].findings] == [sure]


def test_a_settled_item_has_the_score_that_was_settled():
    """Whatever the sure clauses alone say; its findings stay, and the total follows."""
    sure = flagged(Deduct(Fixed(10)))
    of = standard(item(sure), item(no="2"), item(no="3"))
    decision = decided(of, TRUE, settled={"1": 250, "3": 100})
    assert [each.score for each in decision.items] == [250, 1000, 100]
    assert (decision.score, counted(decision)) == (1350, [(10, 10)])


# Remembering


def test_nothing_remembered_changes_a_later_decision():
    """More different sheets than are remembered, decided twice in turn, each as the reference does."""
    clauses = [
        clause(Deduct(Judged(OPINION))),
        flagged(Bonus(Fixed(7))),
        clause(Award(Proportion(EMPTY_IS_NOTHING, 9))),
    ]
    of = standard(item(*clauses))
    plan = lower(of)
    engine, reference = Engine(plan), Reference(of)
    for _ in range(2):
        for opinion in range(MOST_REMEMBERED + 44):
            posed = case(of, {"opinion": opinion, "done": opinion % 2, "cases": opinion, "all": 400})
            assert plan.decide(posed) == engine.decide(posed) == reference.decide(posed)
            assert len(plan.items[0].remembered) <= MOST_REMEMBERED


def test_the_same_findings_are_worked_out_once():
    """The item's score of the first decision is the very one of the second."""
    of = standard(item(flagged(Deduct(Fixed(10)))))
    plan = lower(of)
    first, second = (plan.decide(case(of, TRUE)).items[0] for _ in range(2))
    assert first is second
    assert plan.item_score(plan.items[0], ((0, 10),)) is first
    assert len(plan.items[0].remembered) == 1
