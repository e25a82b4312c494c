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

from collections.abc import Callable
from fractions import Fraction

from .decision import Adjustment, Case, Decision, Finding, ItemScore
from .expressions.meaning import Test, Values, exact, test
from .expressions.syntax import Always
from .numbers import Exact, half_up
from .policy.model import (
    Amount,
    Award,
    Banded,
    Bonus,
    Ceiling,
    Clause,
    Deduct,
    Fixed,
    Item,
    Judged,
    PerOccurrence,
    Proportion,
    Score,
    Stepped,
    Veto,
)
from .policy.versions import Standard

Points = Callable[[Values], Exact]
Rule = tuple[Clause, Test | None, Points]  # a clause, whether it fires (None: always), and its points
Fired = list[tuple[Clause, Exact]]


class Reference:
    """Decides cases of one standard, from its clauses."""

    def __init__(self, standard: Standard):
        self.standard = standard
        self.vetoes = [rule for rule in map(_rule, standard.clauses()) if isinstance(rule[0].effect, Veto)]
        self.items = [
            (item, [_rule(clause) for clause in item.clauses if not isinstance(clause.effect, Veto)])
            for item in standard.items
        ]
        self.untouched = {item.no: self.item_score(item, []) for item in standard.items}

    def decide(self, case: Case) -> Decision:
        """The decision, with every clause that fired."""
        failed = tuple(Finding(clause, None, None) for clause, _ in self.fired(self.vetoes, case))
        if failed:
            numbers = tuple(dict.fromkeys(finding.clause.item_no for finding in failed))
            return Decision(case, self.standard.policy.veto_grade, None, numbers, failed, (), ())
        items: list[ItemScore] = []
        beyond: Fired = []  # bonuses and ceilings
        for item, rules in self.items:
            fired = self.fired(rules, case)
            items.append(self.item_score(item, fired) if fired else self.untouched[item.no])
            beyond += [each for each in fired if isinstance(each[0].effect, Bonus | Ceiling)]
        if case.settled:
            items = [each._replace(score=case.settled.get(each.item.no, each.score)) for each in items]
        return self.total(case, items, beyond)

    def fired(self, rules: list[Rule], case: Case) -> Fired:
        """The clauses whose condition holds, with their points."""
        values, unsure = case.values, case.unsure
        return [
            (clause, points(values))
            for clause, fires, points in rules
            if clause not in unsure and (fires is None or fires(values))
        ]

    def item_score(self, item: Item, fired: Fired) -> ItemScore:
        """Rules 2 and 3. `counted` is how far each clause moved the rounded score, so that the parts add up."""
        counted: dict[Clause, int] = {}
        score: Exact = item.start

        def move(clause: Clause, to: Exact) -> None:
            nonlocal score
            counted[clause] = abs(_rounded(to * item.weight)[0] - _rounded(score * item.weight)[0])
            score = to

        outright = [(points, clause) for clause, points in fired if isinstance(clause.effect, Score)]
        if outright:
            lowest, clause = min(outright, key=lambda each: each[0])
            move(clause, lowest)
        else:
            for clause, points in fired:
                if isinstance(clause.effect, Award):
                    move(clause, min(score + points, item.points))
            for clause, points in fired:
                if isinstance(clause.effect, Deduct):
                    move(clause, max(score - points, 0))
        findings = tuple(
            Finding(clause, None, None)
            if isinstance(clause.effect, Ceiling)
            else Finding(clause, half_up(points), counted.get(clause, 0))
            for clause, points in fired
        )
        rounded, inexact = _rounded(score * item.weight)
        return ItemScore(item, rounded, findings, inexact)

    def total(self, case: Case, items: list[ItemScore], beyond: Fired) -> Decision:
        """Rules 4 and 5. The items' scores and the adjustments' points add up to the score."""
        standard = self.standard
        adjustments: list[Adjustment] = []
        printed = sum(each.score for each in items)
        total: Exact = printed
        if standard.rescale:
            total = Fraction(total * standard.rescale.to, standard.rescale.start)
            adjustments.append(Adjustment("rescale", None, half_up(total) - printed, None))
        cap = standard.table.bonus_at_most
        given: Exact = 0
        for clause, points in beyond:
            if isinstance(clause.effect, Bonus):
                more = given + points if cap is None else min(given + points, cap)
                adjustments.append(Adjustment("bonus", clause, half_up(more) - half_up(given), None))
                given = more
        total += half_up(given)
        most = standard.table.total_at_most
        if most is not None and total > most:
            adjustments.append(Adjustment("total_at_most", None, most - half_up(total), None))
            total = most
        grade = standard.grade(total)
        for clause, _ in beyond:
            if isinstance(clause.effect, Ceiling):
                adjustments.append(Adjustment("ceiling", clause, None, clause.effect.grade))
                grade = max(grade, clause.effect.grade, key=lambda each: each.rank)
        given_by = {each.clause: each.points for each in adjustments if each.kind == "bonus"}
        if given_by:
            items = [_with_bonuses(each, given_by) for each in items]
        return Decision(case, grade, half_up(total), (), (), tuple(items), tuple(adjustments))


def _with_bonuses(score: ItemScore, given: dict[Clause | None, int | None]) -> ItemScore:
    """The item's findings, each bonus with what it gave under the cap."""
    findings = tuple(each._replace(counted=given.get(each.clause, each.counted)) for each in score.findings)
    return score._replace(findings=findings)


def _rounded(score: Exact) -> tuple[int, bool]:
    return half_up(score), half_up(score) != score


def _rule(clause: Clause) -> Rule:
    fires = None if isinstance(clause.fires, Always) else test(clause.fires)
    match clause.effect:
        case Score(points):
            return clause, fires, lambda values: points
        case Deduct(amount) | Award(amount) | Bonus(amount):
            return clause, fires, _points(amount)
    return clause, fires, lambda values: 0


def _points(amount: Amount) -> Points:
    """What an amount comes to, in units, for values of which its clause fires or that award nothing."""
    match amount:
        case Fixed(points):
            return lambda values: points
        case Judged(fact):
            return lambda values: values[fact.name]
        case PerOccurrence(number, every, points, at_most):
            many = exact(number)
            return lambda values: _at_most(max(many(values) // every, 0) * points, at_most)
        case Stepped(number, below, limit, first, every, then, begun, at_most):
            value = exact(number)

            def stepped(values: Values) -> Exact:
                beyond = limit - value(values) if below else value(values) - limit
                steps = -(-beyond // every) if begun else beyond // every
                return _at_most(first + steps * then, at_most) if beyond > 0 else 0

            return stepped
        case Banded(_, bands):
            ranges = [(test(band.range), band.points) for band in bands]
            return lambda values: next((points for lies_in, points in ranges if lies_in(values)), 0)
        case Proportion(rate, points):
            return lambda values: min(points * rate.rate(values) / 100, Fraction(points))
    raise AssertionError(amount)


def _at_most(points: int, limit: int | None) -> int:
    return points if limit is None else min(points, limit)
