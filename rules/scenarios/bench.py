"""A place to try sheets on: a standard, a good sheet for it, and what changes of a few facts come to."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import permutations
from math import ceil, gcd, lcm

from ..decision import Case, Decision
from ..errors import Problems
from ..expressions.meaning import Values
from ..expressions.syntax import Compare, Constant, FactValue, facts_of
from ..facts import Choice, Fact, Flag, Given, Judgement, Percent, base_facts
from ..intake import Intake
from ..plan import lower
from ..policy.model import Award, Clause
from ..policy.versions import Standard
from ..reference import Reference
from ..sheets import Sheet, Unit
from .probes import ClauseProbe, linear, probes_of

UNIT = Unit("-", None, None)
# A reason for a judgement, where the policy wants one.
REASON = "边界情形 boundary case"
FEW = 6
WHOLE = 100
# So many ways to change a few facts are tried for one thing.
MOST_TRIED = 4000
MOST_CHANGED = 3

Changes = dict[str, int]


class Bench:
    """Sheets of one standard under its readings; `base` is a complete good sheet in units."""

    def __init__(self, standard: Standard, given: Mapping[str, int]):
        self.standard = standard
        self.reference = Reference(standard)
        self.intake = Intake(lower(standard))
        self.rates = [
            fact
            for fact in standard.policy.facts.values()
            if isinstance(fact, Percent) and {fact.part.name, fact.whole.name} <= standard.facts.keys()
        ]
        self.clauses_of = {item.no: item.clauses for item in standard.items}
        # Every comparison that something turns at, by the facts that it names.
        self.edges: dict[str, list[Compare]] = {name: [] for name in standard.facts}
        in_force = set(standard.clauses())
        for probe in probes_of(standard.policy, standard.key):
            if isinstance(probe, ClauseProbe) and probe.clause in in_force and isinstance(probe.atom, Compare):
                for fact in facts_of(probe.atom):
                    for base in base_facts(fact):
                        self.edges[base.name].append(probe.atom)
        self.base = self._best({name: given[name] for name in standard.facts if name in given})

    def _best(self, given: Changes) -> Changes:
        """The given values, and for every fact that is not given the one that takes least."""
        values = {name: given.get(name, _likely(fact)) for name, fact in self.standard.facts.items()}
        for clause in self.standard.clauses():
            fact = getattr(clause.amount, "fact", None)
            if isinstance(fact, Judgement) and isinstance(clause.effect, Award) and fact.name not in given:
                values[fact.name] = fact.highest
        for rate in self.rates:
            if rate.whole.name not in given and rate.part.name not in given:
                values[rate.whole.name] = min(WHOLE * rate.whole.per_one, rate.whole.highest)
        for _ in range(2):
            for name, fact in self.standard.facts.items():
                if name in given:
                    continue
                best = self._worth(values)
                for value in self.candidates(fact, values):
                    worth = self._worth({**values, name: value})
                    if worth > best:
                        best, values = worth, {**values, name: value}
        return values

    def _worth(self, values: Changes) -> tuple[int, ...]:
        """How little a sheet loses: no veto, full items, nothing beyond them, and as few clauses as can be."""
        if not self.fits(values):
            return (-(10**9),)
        decision = self.decide(values)
        if decision.score is None:
            return (-len(decision.veto_findings), 0, 0, 0)
        items = sum(each.score for each in decision.items)
        return (1, items, -len(decision.adjustments), -sum(len(each.findings) for each in decision.items))

    def decide(self, values: Changes) -> Decision:
        """The reference's decision of a complete sheet."""
        return self.reference.decide(Case(Sheet(self.standard, UNIT, values, {}, {}), values))

    def fits(self, values: Values) -> bool:
        """Whether no part of a rate exceeds its whole."""
        return all(rate.may_exceed or values[rate.part.name] <= values[rate.whole.name] for rate in self.rates)

    def given(self, values: Changes) -> dict[str, Given]:
        """The values as they stand in a file."""
        return {name: self.standard.facts[name].given(units) for name, units in values.items()}

    def reasons(self, values: Changes) -> dict[str, str] | None:
        """The reasons that the sheet needs to be taken in; None when it would be refused."""
        reasons: dict[str, str] = {}
        while True:
            problems = Problems()
            posted = {"unit": {"id": UNIT.id}, "facts": self.given(values), "reasons": reasons}
            self.intake.case(posted, problems)
            wanted = {each.path.removeprefix("/reasons/") for each in problems.found if each.code == "reason_missing"}
            if not problems.found:
                return reasons
            if not wanted or len(wanted) < len(problems.found):
                return None
            reasons |= dict.fromkeys(sorted(wanted), REASON)

    def facts_around(self, clause: Clause) -> list[Fact]:
        """The facts that a clause hangs on, and then the others of its item."""
        facts = {fact.name: fact for fact in clause.facts}
        for other in self.clauses_of[clause.item_no]:
            facts |= {fact.name: fact for fact in other.facts}
        return list(facts.values())

    def variations(self, facts: Sequence[Fact], changed: int) -> Iterator[Changes]:
        """The base with so many of the facts changed, to values near which something turns."""
        seen: set[tuple[tuple[str, int], ...]] = set()
        for chosen in permutations(facts, changed):
            for values in self._filled(dict(self.base), chosen):
                key = tuple(sorted((fact.name, values[fact.name]) for fact in chosen))
                if key in seen:
                    continue
                seen.add(key)
                if self.fits(values):
                    yield values
                if len(seen) > MOST_TRIED:
                    return

    def _filled(self, values: Changes, facts: Sequence[Fact]) -> Iterator[Changes]:
        if not facts:
            yield values
            return
        fact, *rest = facts
        for value in self.candidates(fact, values):
            if value != self.base[fact.name]:
                yield from self._filled({**values, fact.name: value}, rest)

    def candidates(self, fact: Fact, values: Values) -> list[int]:
        """The values of a fact at and next to which something turns, the other facts being as they are."""
        low, high = fact.lowest, fact.highest
        if isinstance(fact, Flag | Choice) or high - low < FEW:
            return list(range(low, high + 1))
        found = {low, low + 1, *([high - 1, high] if isinstance(fact, Judgement) else [])}
        for edge in self.edges[fact.name]:
            for turn in _turns(edge, fact, values):
                found |= {turn - 1, turn, turn + 1}
        for rate in self.rates:
            if fact is rate.part:
                whole = values[rate.whole.name]
                found |= {whole, whole - 1, whole + 1}
            elif fact is rate.whole:
                found.add(values[rate.part.name])
        now = values[fact.name]
        return sorted((value for value in found if low <= value <= high), key=lambda value: (abs(value - now), value))

    def search(
        self, facts: Sequence[Fact], wanted: Callable[[Changes], int | None], most: int = MOST_CHANGED
    ) -> Changes | None:
        """
        Values with as few facts changed as can be for which `wanted` gives a number: 0 is as good as can be.

        Where the best is not as good, one fact more may be changed to better it.
        """
        best: tuple[int, Changes] | None = None
        for changed in range(min(most, len(facts)) + 1):
            before = best
            for values in self.variations(facts, changed):
                worth = wanted(values)
                if worth is not None and (best is None or worth < best[0]):
                    best = worth, values
                    if worth == 0:
                        return values
            if before is not None:
                break
        return best[1] if best else None


def _likely(fact: Fact) -> int:
    if isinstance(fact, Flag):
        return 1
    return 0 if isinstance(fact, Choice) else fact.lowest


def _turns(edge: Compare, fact: Fact, values: Values) -> Iterator[int]:
    """The values of a fact, in units, around which a comparison turns; for the whole of a rate, also rounder ones."""
    left = edge.left
    if isinstance(left, FactValue) and isinstance(left.fact, Percent):
        rate = left.fact
        limit = edge.right.value if isinstance(edge.right, Constant) else None
        if limit is None:
            return
        part, whole = values[rate.part.name], values[rate.whole.name]
        if fact is rate.part:
            yield int(limit * whole / 100)
        elif limit:
            step = (limit / 100).denominator
            yield int(part * 100 / limit)
            # A whole that the limit divides, so that the rate can be exactly at it.
            yield from (-(-max(whole, 1) // step) * step, -(-max(whole, WHOLE) // step) * step)
        return
    start, slopes = linear(edge)
    if slope := slopes.get(fact.name):
        gap = start + sum(slope * values[name] for name, slope in slopes.items())
        yield values[fact.name] + int(-gap // slope)


def steps_away(edge: Compare, values: Values) -> int:
    """How many of the facts' smallest units lie between a number and the edge next to which it could be; 0: none."""
    left = edge.left
    if isinstance(left, FactValue) and isinstance(left.fact, Percent) and isinstance(edge.right, Constant):
        whole = values[left.fact.whole.name]
        away = abs(values[left.fact.part.name] - edge.right.value * whole / 100)
        # Without a whole there is no rate to be near to anything.
        return max(ceil(away) - 1, 0) if whole else MOST_TRIED
    start, slopes = linear(edge)
    per_one = lcm(*(slope.denominator for slope in slopes.values()))
    unit = Fraction(gcd(*(int(slope * per_one) for slope in slopes.values())), per_one)
    gap = start + sum(slope * values[name] for name, slope in slopes.items())
    return max(ceil(abs(gap) / unit) - 1, 0)
