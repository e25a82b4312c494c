"""A standard, lowered: clauses with guards and integer amounts, and the decision that follows from what fired."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from ..decision import Adjustment, Case, Decision, Finding, ItemScore
from ..numbers import Exact, half_up
from ..policy.model import Award, Bonus, Ceiling, Clause, Deduct, Item, Score, Veto
from ..policy.versions import Standard
from .amounts import PlannedAmount
from .forms import Guard, Values

# An item's score is remembered for each set of clauses and points that was met; then the memory starts anew.
MOST_REMEMBERED = 64


@dataclass(frozen=True, slots=True, eq=False)
class PlannedClause:
    """A clause, lowered. `index` is its position among the standard's clauses."""

    index: int
    clause: Clause
    guard: Guard
    amount: PlannedAmount | None
    facts: frozenset[str]  # everything that its firing and its points hang on

    def fires(self, values: Values) -> bool:
        """Whether its guard holds."""
        return any(all(one.holds(values) for one in conjunction) for conjunction in self.guard)

    @property
    def outright(self) -> int:
        """The points of a clause without an amount."""
        return self.clause.effect.points if isinstance(self.clause.effect, Score) else 0

    def points(self, values: Values) -> Exact:
        """What it comes to."""
        return self.amount.points(values) if self.amount else self.outright

    def dead(self, known: Values) -> bool:
        """Whether it cannot fire, by the known facts alone."""
        return all(
            any(all(name in known for name in one.facts()) and not one.holds(known) for one in conjunction)
            for conjunction in self.guard
        )

    def sure(self, known: Values) -> bool:
        """Whether it fires, and with which points, from the known facts alone."""
        if self.amount and not all(name in known for name in self.amount.facts()):
            return False
        return any(
            all(all(name in known for name in one.facts()) and one.holds(known) for one in conjunction)
            for conjunction in self.guard
        )


@dataclass(frozen=True, slots=True, eq=False)
class PlannedItem:
    """An item and its clauses."""

    item: Item
    clauses: tuple[PlannedClause, ...]
    weight: Fraction | None  # None: 1
    remembered: dict[tuple[tuple[int, Exact], ...], ItemScore]


class Plan:
    """
    A standard, lowered; built once by `lower`.

    `total_of` makes a decision from the clauses that fired, whoever found out which.
    """

    def __init__(self, standard: Standard, clauses: Sequence[PlannedClause]):
        self.standard = standard
        self.clauses = tuple(clauses)
        self.vetoes = tuple(each for each in clauses if isinstance(each.clause.effect, Veto))
        by_item: dict[str, list[PlannedClause]] = {item.no: [] for item in standard.items}
        for each in clauses:
            if not isinstance(each.clause.effect, Veto):
                by_item[each.clause.item_no].append(each)
        self.items = tuple(
            PlannedItem(item, tuple(by_item[item.no]), None if item.weight == 1 else Fraction(item.weight), {})
            for item in standard.items
        )
        self.at = {item.item.no: at for at, item in enumerate(self.items)}
        self.by_fact: dict[str, list[PlannedClause]] = {name: [] for name in standard.facts}
        for each in clauses:
            for name in each.facts:
                self.by_fact[name].append(each)
        self.untouched = tuple(self._scored(item, ()) for item in self.items)
        # What a decision needs of each clause: its item's position (-1: a veto), its points, and how to work those out.
        self.needed = tuple([
            (-1, 0, None)
            if isinstance(each.clause.effect, Veto)
            else (self.at[each.clause.item_no], each.outright, each.amount)
            for each in clauses
        ])  # fmt: skip
        self.beyond = frozenset(each.index for each in clauses if isinstance(each.clause.effect, Bonus | Ceiling))

    def decide(self, case: Case) -> Decision:
        """The decision, by the plan's own comparisons."""
        values, unsure = case.values, case.unsure
        return self.decision(
            case, [each.index for each in self.clauses if each.clause not in unsure and each.fires(values)]
        )

    def decision(self, case: Case, fired: Iterable[int]) -> Decision:
        """The decision from the positions of the clauses that fired, in printed order."""
        needed, values, standard = self.needed, case.values, self.standard
        by_item: dict[int, tuple[tuple[int, Exact], ...]] = {}
        failed: list[Finding] = []
        beyond: list[tuple[int, Exact]] = []
        for index in fired:
            at, outright, amount = needed[index]
            if at < 0:
                failed.append(Finding(self.clauses[index].clause, None, None))
                continue
            each = (index, outright if amount is None else amount.points(values))
            by_item[at] = (*by_item[at], each) if at in by_item else (each,)
            if index in self.beyond:
                beyond.append(each)
        if failed:
            numbers = tuple(dict.fromkeys(finding.clause.item_no for finding in failed))
            return Decision(case, standard.policy.veto_grade, None, numbers, tuple(failed), (), ())
        scores = list(self.untouched)
        for at, pairs in by_item.items():
            item = self.items[at]
            scores[at] = item.remembered.get(pairs) or self.item_score(item, pairs)
        if case.settled:
            for no, settled in case.settled.items():
                scores[self.at[no]] = scores[self.at[no]]._replace(score=settled)
        return self._total(case, scores, beyond)

    def item_score(self, item: PlannedItem, fired: tuple[tuple[int, Exact], ...]) -> ItemScore:
        """An item's score from (clause, points) in printed order; the same combination is worked out once."""
        score = item.remembered.get(fired)
        if score is None:
            score = self._scored(item, fired)
            if len(item.remembered) >= MOST_REMEMBERED:
                item.remembered.clear()
            item.remembered[fired] = score
        return score

    def _scored(self, item: PlannedItem, fired: tuple[tuple[int, Exact], ...]) -> ItemScore:
        """An item's score from (clause, points) in printed order."""
        counted = dict.fromkeys((index for index, _ in fired), 0)
        outright: tuple[Exact, int] | None = None
        awards, deductions = [], []
        for index, points in fired:
            match self.clauses[index].clause.effect:
                case Score():
                    if outright is None or points < outright[0]:
                        outright = (points, index)
                case Award():
                    awards.append((points, index))
                case Deduct():
                    deductions.append((-points, index))
        steps = [(outright[0] - item.item.start, outright[1])] if outright else awards + deductions
        exact: Exact = item.item.start
        before = self._round(item, exact)
        for change, index in steps:
            exact = max(0, min(exact + change, item.item.points))
            after = self._round(item, exact)
            counted[index] = abs(after - before)
            before = after
        findings = []
        for index, points in fired:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                findings.append(Finding(clause, None, None))
            else:
                findings.append(Finding(clause, half_up(points), counted[index]))
        weighted = exact if item.weight is None else exact * item.weight
        return ItemScore(item.item, before, tuple(findings), weighted != before)

    @staticmethod
    def _round(item: PlannedItem, exact: Exact) -> int:
        return half_up(exact if item.weight is None else exact * item.weight)

    def _total(self, case: Case, scores: list[ItemScore], beyond: list[tuple[int, Exact]]) -> Decision:
        standard = self.standard
        total: Exact = sum([score.score for score in scores])
        adjustments: list[Adjustment] = []
        if standard.rescale is not None:
            printed = total
            total = Fraction(total * standard.rescale.to, standard.rescale.start)
            adjustments.append(Adjustment("rescale", None, half_up(total) - int(printed), None))
        lowered = None
        if beyond:
            total, lowered = self._beyond(scores, beyond, total, adjustments)
        most = standard.table.total_at_most
        if most is not None and total > most:
            adjustments.append(Adjustment("total_at_most", None, most - half_up(total), None))
            total = most
        grade = standard.grade(total)
        for index, _ in beyond:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                adjustments.append(Adjustment("ceiling", clause, None, clause.effect.grade))
        if lowered is not None and lowered > grade.rank:
            grade = standard.policy.grades[lowered]
        return Decision(case, grade, half_up(total), (), (), tuple(scores), tuple(adjustments))

    def _beyond(
        self, scores: list[ItemScore], beyond: list[tuple[int, Exact]], total: Exact, adjustments: list[Adjustment]
    ) -> tuple[Exact, int | None]:
        """The total with its bonuses, and the rank of the lowest ceiling."""
        cap = self.standard.table.bonus_at_most
        bonus: Exact = 0
        lowered = None
        for index, points in beyond:
            clause = self.clauses[index].clause
            if isinstance(clause.effect, Ceiling):
                rank = clause.effect.grade.rank
                lowered = rank if lowered is None else max(lowered, rank)
                continue
            before = half_up(bonus)
            bonus = bonus + points if cap is None else min(bonus + points, cap)
            counted = half_up(bonus) - before
            adjustments.append(Adjustment("bonus", clause, counted, None))
            at = self.at[clause.item_no]
            scores[at] = scores[at]._replace(
                findings=tuple(
                    each._replace(counted=counted) if each.clause is clause else each for each in scores[at].findings
                )
            )
        return total + half_up(bonus), lowered
