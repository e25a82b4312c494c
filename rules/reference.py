"""
What a policy means, on one page. Every other evaluator is held to this one.

A sheet is decided so (annex 1, 三; annexes 2 and 3, 说明):
1. A veto that fires makes the grade `veto_grade`; the items then have no score. Every failed veto is reported.
2. Otherwise each item starts at its points, or at 0 when it is awarded. The lowest outright score that fires is the
   item's score. Else awards add up, never above the item's points; then deductions, never below 0 (扣完为止).
3. An item in a weighted part counts with its weight. Each item is rounded half up to the points scale, once.
4. The items, rescaled where the standard says so, and the bonuses under their cap make the total.
5. The grade is the best one whose start the exact total reaches (以上 includes the number), under every ceiling.
"""

from fractions import Fraction
from functools import lru_cache

from .amounts import Points, points_of
from .decision import Adjustment, Case, Decision, Finding, ItemScore
from .expressions.meaning import Test, test
from .expressions.syntax import Always
from .numbers import Exact, half_up
from .policy import model
from .policy.versions import Standard

Rule = tuple[model.Clause, Test | None, Points]  # a clause, whether it fires (None: always), and its points
Fired = tuple[tuple[model.Clause, Exact], ...]

# Units repeat each other: an item's score is kept for so many combinations of clauses and points.
MOST_REMEMBERED = 1024


class Reference:
    """Decides cases of one standard, from its clauses."""

    def __init__(self, standard: Standard):
        self.standard = standard
        rules = [_rule(clause) for clause in standard.clauses()]
        self.vetoes = [rule for rule in rules if isinstance(rule[0].effect, model.Veto)]
        self.others = [rule for rule in rules if not isinstance(rule[0].effect, model.Veto)]
        self.item_score = lru_cache(MOST_REMEMBERED)(_item_score)

    def decide(self, case: Case) -> Decision:
        """The decision, with every clause that fired."""
        failed = tuple(Finding(clause, None, None) for clause, _ in _fired(self.vetoes, case))
        if failed:
            numbers = tuple(dict.fromkeys(finding.clause.item_no for finding in failed))
            return Decision(case, self.standard.policy.veto_grade, None, numbers, failed, (), ())
        fired = _fired(self.others, case)
        by_item: dict[str, Fired] = {}
        for each in fired:
            by_item[each[0].item_no] = (*by_item.get(each[0].item_no, ()), each)
        items = [self.item_score(item, by_item.get(item.no, ())) for item in self.standard.items]
        beyond = tuple([each for each in fired if isinstance(each[0].effect, (model.Bonus, model.Ceiling))])
        if case.settled:
            items = [each._replace(score=case.settled.get(each.item.no, each.score)) for each in items]
        return self.total(case, items, beyond)

    def total(self, case: Case, items: list[ItemScore], beyond: Fired) -> Decision:
        """Rules 4 and 5. The items' scores and the adjustments' points add up to the score."""
        standard = self.standard
        adjustments: list[Adjustment] = []
        printed = sum([each.score for each in items])
        total: Exact = printed
        if standard.rescale:
            total = Fraction(total * standard.rescale.to, standard.rescale.start)
            adjustments.append(Adjustment("rescale", None, half_up(total) - printed, None))
        cap, given = standard.table.bonus_at_most, Fraction(0)
        for clause, points in beyond:
            if isinstance(clause.effect, model.Bonus):
                more = given + points if cap is None else min(given + points, Fraction(cap))
                counted = half_up(more) - half_up(given)
                adjustments.append(Adjustment("bonus", clause, counted, None))
                items = [_with_bonus(each, clause, counted) for each in items]
                given = more
        total += half_up(given)
        most = standard.table.total_at_most
        if most is not None and total > most:
            adjustments.append(Adjustment("total_at_most", None, most - half_up(total), None))
            total = most
        grade = standard.grade(total)
        for clause, _ in beyond:
            if isinstance(clause.effect, model.Ceiling):
                adjustments.append(Adjustment("ceiling", clause, None, clause.effect.grade))
                grade = max(grade, clause.effect.grade, key=lambda each: each.rank)
        return Decision(case, grade, half_up(total), (), (), tuple(items), tuple(adjustments))


def _fired(rules: list[Rule], case: Case) -> Fired:
    """The clauses whose condition holds, with their points."""
    values, unsure = case.values, case.unsure
    return tuple([
        (clause, points(values))
        for clause, fires, points in rules
        if (fires is None or fires(values)) and clause not in unsure
    ])  # fmt: skip


def _item_score(item: model.Item, fired: Fired) -> ItemScore:
    """Rules 2 and 3. `counted` is how far each clause moved the rounded score, so that the parts add up."""
    score: Exact = item.start
    outright = [(clause, points) for clause, points in fired if isinstance(clause.effect, model.Score)]
    if outright:
        lowest = min(outright, key=lambda each: each[1])
        moves = [(lowest[0], lowest[1] - score)]
    else:
        moves = [(clause, points) for clause, points in fired if isinstance(clause.effect, model.Award)]
        moves += [(clause, -points) for clause, points in fired if isinstance(clause.effect, model.Deduct)]
    counted: dict[model.Clause, int] = {}
    before = half_up(score * item.weight)
    for clause, change in moves:
        score = max(0, min(score + change, item.points))
        after = half_up(score * item.weight)
        counted[clause] = abs(after - before)
        before = after
    findings = tuple([
        Finding(clause, None, None)
        if isinstance(clause.effect, model.Ceiling)
        else Finding(clause, half_up(points), counted.get(clause, 0))
        for clause, points in fired
    ])  # fmt: skip
    return ItemScore(item, before, findings, before != score * item.weight)


def _with_bonus(score: ItemScore, clause: model.Clause, counted: int) -> ItemScore:
    """The item's findings, the bonus with what it gave under the cap."""
    if all(each.clause is not clause for each in score.findings):
        return score
    findings = [each._replace(counted=counted) if each.clause is clause else each for each in score.findings]
    return score._replace(findings=tuple(findings))


def _rule(clause: model.Clause) -> Rule:
    fires = None if isinstance(clause.fires, Always) else test(clause.fires)
    match clause.effect:
        case model.Score(points):
            return clause, fires, lambda values: points
        case model.Deduct(amount) | model.Award(amount) | model.Bonus(amount):
            return clause, fires, points_of(amount)
    return clause, fires, lambda values: 0
