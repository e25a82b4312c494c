"""
What absent facts could still change.

Missing is not zero. A fact that is absent and could change the result (vetoes or none, an item's score, the total, the
grade) is missing, and asked for by name; one that cannot is let be. Items that share absent facts are looked at
together. A number that is absent is tried wherever a comparison of the plan turns or an amount is used up, and at its
bounds: between two such points no clause changes its mind, and points rise or fall in one direction.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

from .decision import Bounds, Case
from .errors import Problems, pointer
from .facts import Choice, Fact, Flag, Percent
from .numbers import Exact, half_up
from .plan import Comparison, Form, Plan, PlannedClause, RateForm, Values
from .plan.amounts import Bands, Steps
from .policy.model import Award, Bonus, Ceiling, Deduct, Item, Score
from .sheets import Sheet, Unit

# Completions that are tried for one group of absent facts. Beyond it, a fact that may matter is taken to matter.
MOST_COMPLETIONS = 20_000
# So few values of a number are all tried.
FEW = 32
# A whole that is large enough for every rate of a policy to be met exactly.
LARGE = 10**12
NOBODY = Unit("-", None, None)


class Outcome(NamedTuple):
    """What a group of items comes to under one completion."""

    vetoes: tuple[str, ...]
    scores: tuple[int, ...]
    bonus: Exact
    ceiling: int  # the rank of the lowest ceiling; -1: none


class OpenItems(NamedTuple):
    """Items that hang on the same missing facts: the lowest and highest score of each, and of their sum, in units."""

    missing: tuple[str, ...]
    items: tuple[tuple[Item, int, int], ...]
    low: int
    high: int


class TooMany(Exception):
    """More completions than are tried."""


class NoScore(Exception):
    """Every completion is vetoed, or none fits with what was given."""


@dataclass(slots=True)
class Group:
    """Items that hang on the same absent facts."""

    facts: list[Fact]
    items: list[int] = field(default_factory=list)  # positions
    clauses: list[PlannedClause] = field(default_factory=list)
    rest: "_Reach | None" = None  # what everything else comes to


class Completion:
    """What the absent facts of one sheet could still change, under a plan."""

    def __init__(self, plan: Plan, sheet: Sheet):
        self.plan = plan
        self.sheet = sheet
        self.known: dict[str, int] = dict(sheet.values)
        self.rates = [fact for fact in plan.standard.policy.facts.values() if isinstance(fact, Percent)]
        self.sure_vetoes = [each for each in plan.vetoes if each.sure(self.known)]
        self.groups = _groups(plan, sheet, self.rates)
        self.asked: list[str] = []
        self.settled: dict[str, int] = {}
        self.stand_ins: dict[str, int] = {}

    def case(self, problems: Problems) -> Case | None:
        """The case to decide, or None after naming every fact that is missing."""
        if not self.groups:
            return Case(self.sheet, self.known)
        undetermined: tuple[str, ...] = ()
        if self.sure_vetoes:
            undetermined = self.open_vetoes()
        else:
            for group in self.groups:
                self.look_at(group)
        if self.asked:
            self.report(problems)
            return None
        return self.known_so_far(undetermined)

    def known_so_far(self, undetermined: tuple[str, ...] = ()) -> Case:
        """The case whose items are right but for those that hang on a missing fact; `case` comes first."""
        for name in self.sheet.absent:
            self.stand_ins.setdefault(name, self.plan.standard.facts[name].lowest)
        unsure = frozenset(
            each.clause for each in self.plan.clauses if self.hangs_on_absent(each) and not each.sure(self.known)
        )
        return Case(self.sheet, {**self.known, **self.stand_ins}, unsure, self.settled, undetermined)

    def hangs_on_absent(self, clause: PlannedClause) -> bool:
        """Whether the clause names a fact that was not given."""
        return not clause.facts <= self.known.keys()

    def open_vetoes(self) -> tuple[str, ...]:
        """Numbers of the items that absent facts could still veto, beside those that are vetoed for sure."""
        failed = {each.clause.item_no for each in self.sure_vetoes}
        found: set[str] = set()
        for group in self.groups:
            vetoes = [each for each in group.clauses if each in self.plan.vetoes]
            try:
                for values in self.completions(group, group.facts):
                    found.update(each.clause.item_no for each in vetoes if each.fires(values))
            except TooMany:
                found.update(each.clause.item_no for each in vetoes)
        return tuple(item.no for item in self.plan.standard.items if item.no in found - failed)

    def look_at(self, group: Group) -> None:
        """Name the facts of a group that matter, or keep stand-ins for them and scores that do not tell themselves."""
        missing = [fact.name for fact in group.facts if self.matters(group, fact)]
        if missing:
            self.asked += missing
            return
        values = next(self.completions(group, group.facts), None)
        if values is None:  # no value fits with what was given, so the caller has to look
            self.asked += [fact.name for fact in group.facts]
            return
        self.stand_ins.update({fact.name: values[fact.name] for fact in group.facts})
        outcome, sure = self.outcome(group, values), self.outcome(group, self.known, sure_only=True)
        if outcome._replace(scores=()) != sure._replace(scores=()):
            # Beyond the items there is no score to settle, so the facts are asked for after all.
            self.asked += [fact.name for fact in group.facts]
        for at, score, told in zip(group.items, outcome.scores, sure.scores, strict=True):
            if score != told:
                self.settled[self.plan.items[at].item.no] = score

    def matters(self, group: Group, fact: Fact) -> bool:
        """Whether two completions that differ in this fact alone have different results."""
        others = [other for other in group.facts if other is not fact]
        tried = 0
        try:
            for values in self.completions(group, others):
                first: Outcome | None = None
                for value in self.candidates(group, fact, values):
                    tried += 1
                    if tried > MOST_COMPLETIONS:
                        return True
                    values[fact.name] = value
                    outcome = self.outcome(group, values)
                    if first is not None and self.differ(group, first, outcome):
                        return True
                    first = first or outcome
                values.pop(fact.name, None)
        except TooMany:
            return True
        return False

    def differ(self, group: Group, one: Outcome, other: Outcome) -> bool:
        """Whether two outcomes make different results: a bonus that the cap cuts off does not, for example."""
        if one == other or (one.vetoes and other.vetoes):
            return False
        if bool(one.vetoes) != bool(other.vetoes) or one.scores != other.scores:
            return True
        if group.rest is None:
            try:
                group.rest = _Reach.of(self, group)
            except NoScore:  # the rest is vetoed whatever it is
                return False
        return group.rest.acts(one, other)

    def outcome(self, group: Group, values: Values, *, sure_only: bool = False) -> Outcome:
        """The group's outcome under one completion, or by the clauses that are sure without any."""
        plan = self.plan

        def fires(each: PlannedClause) -> bool:
            return each.sure(values) if sure_only else each.fires(values)

        vetoes = tuple(each.clause.item_no for each in plan.vetoes if each in group.clauses and fires(each))
        scores: list[int] = []
        bonus: Exact = 0
        ceiling = -1
        for at in group.items:
            item = plan.items[at]
            fired = tuple((each.index, each.points(values)) for each in item.clauses if fires(each))
            scores.append(plan.item_score(item, fired).score)
            for index, points in fired:
                effect = plan.clauses[index].clause.effect
                if isinstance(effect, Bonus):
                    bonus += points
                elif isinstance(effect, Ceiling):
                    ceiling = max(ceiling, effect.grade.rank)
        return Outcome(vetoes, tuple(scores), bonus, ceiling)

    def completions(self, group: Group, facts: list[Fact]) -> Iterator[dict[str, int]]:
        """The known values with every combination of candidates for `facts`; raises `TooMany`."""
        count = 0
        values = dict(self.known)
        ordered = sorted(facts, key=lambda fact: all(fact is not rate.whole for rate in self.rates))

        def fill(at: int) -> Iterator[dict[str, int]]:
            nonlocal count
            if at == len(ordered):
                count += 1
                if count > MOST_COMPLETIONS:
                    raise TooMany
                yield values
                return
            fact = ordered[at]
            for value in self.candidates(group, fact, values):
                values[fact.name] = value
                yield from fill(at + 1)
            values.pop(fact.name, None)

        yield from fill(0)

    def candidates(self, group: Group, fact: Fact, values: Values) -> list[int]:
        """The values of a fact between which nothing turns, given the others that are known so far."""
        if isinstance(fact, Flag | Choice):
            return list(range(fact.lowest, fact.highest + 1))
        low, high = fact.lowest, fact.highest
        for rate in self.rates:
            if not rate.may_exceed and fact is rate.part and rate.whole.name in values:
                high = min(high, values[rate.whole.name])
            if not rate.may_exceed and fact is rate.whole and rate.part.name in values:
                low = max(low, values[rate.part.name])
        if high - low < FEW:
            return list(range(low, high + 1))
        points = {low, high, (low + high) // 2, min(high, LARGE)}
        for clause in group.clauses:
            for turn in self.turns(clause, fact.name, values):
                points.update((turn - 1, turn, turn + 1))
        return sorted(point for point in points if low <= point <= high)

    def turns(self, clause: PlannedClause, name: str, values: Values) -> Iterator[int]:
        """The integers around which a clause turns over `name`, where its other facts are known."""
        comparisons = [one for conjunction in clause.guard for one in conjunction]
        match clause.amount:
            case Bands(bands):
                comparisons += [one for guard, _ in bands for conjunction in guard for one in conjunction]
            case Steps():
                item = self.plan.items[self.plan.at[clause.clause.item_no]].item
                comparisons += _exhausted(clause.amount, item.points)
        for one in comparisons:
            turn = _turn(one, name, values)
            if turn is not None:
                yield turn

    def report(self, problems: Problems) -> None:
        """Name every missing fact, in the order of the standard."""
        asked = set(self.asked)
        for name, fact in self.plan.standard.facts.items():
            if name in asked:
                problems.add("fact_missing", pointer("facts", name), title=fact.title)

    def open_items(self) -> list[OpenItems] | None:
        """The items that hang on missing facts, by the facts they share; None when too much is absent to try."""
        asked, found = set(self.asked), []
        try:
            for group in self.groups:
                names = tuple(fact.name for fact in group.facts if fact.name in asked)
                if names:
                    found.append(self._ends(group, names))
        except (TooMany, NoScore):
            return None
        return found

    def _ends(self, group: Group, names: tuple[str, ...]) -> OpenItems:
        outcomes = [self.outcome(group, values) for values in self.completions(group, group.facts)]
        scores = [each.scores for each in outcomes if not each.vetoes]
        if not scores:
            raise NoScore
        sums = [sum(each) for each in scores]
        items = [self.plan.items[at].item for at in group.items]
        each = [(item, min(column), max(column)) for item, column in zip(items, zip(*scores, strict=True), strict=True)]
        return OpenItems(names, tuple(each), min(sums), max(sums))

    def bounds(self) -> Bounds | None:
        """
        The lowest and the highest outcome that is not a veto; None when too much is absent to try.

        Exact: groups are independent of each other, and within a group every completion is tried.
        """
        try:
            return _Reach.of(self, None).bounds(vetoed=bool(self.sure_vetoes))
        except (TooMany, NoScore):
            return None


class _Reach(NamedTuple):
    """For each sum of bonuses and lowest ceiling that are possible, the lowest and the highest sum of items."""

    plan: Plan
    sums: Mapping[tuple[Exact, int], tuple[int, int]]
    veto_possible: bool

    @classmethod
    def of(cls, completion: Completion, without: Group | None) -> "_Reach":
        """Over all groups but one, and everything that hangs on no absent fact."""
        plan = completion.plan
        grouped = {at for group in completion.groups for at in group.items}
        outcome = completion.outcome(
            Group([], [at for at in range(len(plan.items)) if at not in grouped]), completion.known
        )
        total = sum(outcome.scores)
        sums: dict[tuple[Exact, int], tuple[int, int]] = {(outcome.bonus, outcome.ceiling): (total, total)}
        vetoed = False
        for group in completion.groups:
            if group is without:
                continue
            found: dict[tuple[Exact, int], tuple[int, int]] = {}
            for values in completion.completions(group, group.facts):
                each = completion.outcome(group, values)
                if each.vetoes:
                    vetoed = True
                    continue
                _widen(found, (each.bonus, each.ceiling), sum(each.scores), sum(each.scores))
            if not found:
                raise NoScore
            merged: dict[tuple[Exact, int], tuple[int, int]] = {}
            for (bonus, ceiling), (low, high) in sums.items():
                for (more, other), (least, most) in found.items():
                    _widen(merged, (bonus + more, max(ceiling, other)), low + least, high + most)
            sums = merged
        return cls(plan, sums, vetoed)

    def total(self, items: int, bonus: Exact) -> Exact:
        """The exact total of a sum of items and a sum of bonuses."""
        standard = self.plan.standard
        total: Exact = items
        if standard.rescale is not None:
            total = Fraction(items * standard.rescale.to, standard.rescale.start)
        cap, most = standard.table.bonus_at_most, standard.table.total_at_most
        total += half_up(bonus if cap is None else min(bonus, cap))
        return total if most is None else min(total, most)

    def rank(self, total: Exact, ceiling: int) -> int:
        """The rank of the grade of a total under a ceiling."""
        return max(self.plan.standard.grade(total).rank, ceiling)

    def acts(self, one: Outcome, other: Outcome) -> bool:
        """Whether two outcomes of the group that was left out, alike in their items, differ beside the rest."""
        for (bonus, ceiling), ends in self.sums.items():
            for rest in ends:
                results = {
                    (
                        total := self.total(rest + sum(each.scores), bonus + each.bonus),
                        self.rank(total, max(ceiling, each.ceiling)),
                    )
                    for each in (one, other)
                }
                if len(results) > 1:
                    return True
        return False

    def bounds(self, *, vetoed: bool) -> Bounds:
        """In units, with the grades at both ends."""
        grades = self.plan.standard.policy.grades
        ends = [(self.total(end, bonus), ceiling) for (bonus, ceiling), both in self.sums.items() for end in both]
        ranks = [self.rank(total, ceiling) for total, ceiling in ends]
        possible = vetoed or self.veto_possible
        worst = max(ranks)
        if possible:
            worst = max(worst, self.plan.standard.policy.veto_grade.rank)
        totals = [total for total, _ in ends]
        return Bounds(half_up(min(totals)), half_up(max(totals)), grades[worst], grades[min(ranks)], possible)


def _widen(sums: dict[tuple[Exact, int], tuple[int, int]], key: tuple[Exact, int], low: int, high: int) -> None:
    """Take a sum of items into the range at `key`."""
    lowest, highest = sums.get(key, (low, high))
    sums[key] = (min(lowest, low), max(highest, high))


def complete(plan: Plan, sheet: Sheet, problems: Problems) -> Case | None:
    """The case of a good sheet, or None after naming every fact that is missing in `problems`."""
    known = sheet.values
    if plan.standard.facts.keys() <= known.keys():
        return Case(sheet, known)
    absent = plan.standard.facts.keys() - known.keys()
    hanging = {each for name in absent for each in plan.by_fact[name]}
    if all(_idle(plan, each, known) for each in hanging):
        stand_ins = {name: plan.standard.facts[name].lowest for name in absent}
        unsure = frozenset(each.clause for each in hanging if not each.dead(known) and not each.sure(known))
        return Case(sheet, {**known, **stand_ins}, unsure)
    return Completion(plan, sheet).case(problems)


def _idle(plan: Plan, clause: PlannedClause, known: Values) -> bool:
    """
    Whether the known facts alone show that a clause cannot matter; the usual case, and quick to see.

    It cannot fire, or its item scores 0 outright (the judgement of a count that is 0, a service that is not offered).
    """
    if clause.dead(known):
        return True
    if not isinstance(clause.clause.effect, Score | Deduct | Award):
        return False
    item = plan.items[plan.at[clause.clause.item_no]]
    return any(
        isinstance(each.clause.effect, Score) and not each.clause.effect.points and each.sure(known)
        for each in item.clauses
    )


def attainable(plan: Plan) -> int | None:
    """The highest total that any sheet can reach, in units; None when there are too many sheets to try."""
    from_nothing = Sheet(plan.standard, NOBODY, {}, {}, {})
    bounds = Completion(plan, from_nothing).bounds()
    return bounds.high if bounds else None


def _groups(plan: Plan, sheet: Sheet, rates: list[Percent]) -> list[Group]:
    """Absent facts, joined where one item hangs on several or where they make a rate."""
    absent = set(sheet.absent)
    if not absent:
        return []
    group_of: dict[str, set[str]] = {name: {name} for name in absent}

    def join(names: set[str]) -> None:
        together = set().union(*(group_of[name] for name in names))
        for name in together:
            group_of[name] = together

    by_item: dict[str, list[PlannedClause]] = {}
    for each in plan.clauses:
        if each.facts & absent:
            by_item.setdefault(each.clause.item_no, []).append(each)
    for clauses in by_item.values():
        join(absent.intersection(*[set().union(*(each.facts for each in clauses))]))
    for rate in rates:
        if {rate.part.name, rate.whole.name} <= absent:
            join({rate.part.name, rate.whole.name})
    groups: dict[int, Group] = {}
    for name, fact in plan.standard.facts.items():
        if name in absent:
            groups.setdefault(id(group_of[name]), Group([])).facts.append(fact)
    for no, clauses in by_item.items():
        group = groups[id(group_of[next(iter(absent & clauses[0].facts))])]
        at = plan.at[no]
        group.items.append(at)
        # All clauses of the item: those that hang on no absent fact decide with the others.
        group.clauses += [each for each in plan.clauses if each.clause.item_no == no]
    return list(groups.values())


def _exhausted(amount: Steps, points: int) -> Iterator[Comparison]:
    """
    Where steps reach their own limit, or the points of their item.

    Two amounts of one item may move against each other over the same number: the item's score then turns here.
    """
    for most in {amount.at_most, points} - {None}:
        if most is None or amount.then <= 0 or most <= amount.first:
            continue
        distance = -(-(most - amount.first) // amount.then) * amount.every
        if isinstance(amount.beyond, Form):
            yield Comparison(amount.beyond, ">=", int(distance * amount.beyond.per_one))
            continue
        part, whole, limit, _, below = amount.beyond
        edge = limit - distance if below else limit + distance
        yield Comparison(RateForm(part, whole, edge.numerator, edge.denominator, 0), ">=", 0)


def _turn(one: Comparison, name: str, values: Values) -> int | None:
    match one.variable:
        case str() if one.variable == name:
            return one.limit
        case Form(terms, constant, _):
            times = dict(terms).get(name)
            if times and all(other == name or other in values for other, _ in terms):
                rest = constant + sum(factor * values[other] for other, factor in terms if other != name)
                return (one.limit - rest) // times
        case RateForm(part, whole, numerator, denominator, _):
            if name == part and whole in values:
                return numerator * values[whole] // (100 * denominator)
            if name == whole and part in values and numerator:
                return 100 * denominator * values[part] // numerator
    return None
