"""What absent facts could still change, found out by trying every completion of a small sheet with the reference."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from rules.decision import Case, Decision
from rules.facts import Percent
from rules.plan import Plan
from rules.policy.model import Bonus, Ceiling, Veto
from rules.policy.versions import Standard
from rules.reference import Reference
from rules.sheets import Sheet

Result = tuple[object, ...]


def result(decision: Decision) -> Result:
    """Vetoed or not, every item's score, total and grade."""
    return (bool(decision.vetoes), tuple(each.score for each in decision.items), decision.score, decision.grade.key)


@dataclass
class Completions:
    """Every good completion of a sheet, decided."""

    absent: tuple[str, ...]
    decided: dict[tuple[int, ...], Decision]  # by the values of the absent facts

    def asked(self) -> set[str]:
        """The facts in which alone two completions differ that have different results."""
        found = set()
        for at, name in enumerate(self.absent):
            seen: dict[tuple[int, ...], Result] = {}
            for values, decision in self.decided.items():
                others = values[:at] + values[at + 1 :]
                if seen.setdefault(others, result(decision)) != result(decision):
                    found.add(name)
        return found

    def results(self) -> set[Result]:
        """The different results."""
        return {result(decision) for decision in self.decided.values()}

    def scored(self) -> list[Decision]:
        """The decisions without a veto."""
        return [decision for decision in self.decided.values() if not decision.vetoes]


def completed(standard: Standard, reference: Reference, sheet: Sheet) -> Completions:
    """Try all values of all absent facts."""
    absent = tuple(name for name in standard.facts if name not in sheet.values)
    ranges = [range(standard.facts[name].lowest, standard.facts[name].highest + 1) for name in absent]
    decided = {}
    for values in product(*ranges):
        complete = {**sheet.values, **dict(zip(absent, values, strict=True))}
        if good(standard, complete):
            decided[values] = reference.decide(Case(sheet, complete))
    return Completions(absent, decided)


def beyond_items(plan: Plan, absent: Iterable[str]) -> bool:
    """Whether a veto, a bonus or a ceiling hangs on an absent fact."""
    return any(
        isinstance(each.clause.effect, Veto | Bonus | Ceiling) and each.facts & set(absent) for each in plan.clauses
    )


def rates(standard: Standard) -> Iterator[Percent]:
    """The rates of which the standard knows both sides."""
    for fact in standard.policy.facts.values():
        if isinstance(fact, Percent) and {fact.part.name, fact.whole.name} <= standard.facts.keys():
            yield fact


def good(standard: Standard, values: Mapping[str, int]) -> bool:
    """Whether no part exceeds its whole."""
    return all(rate.may_exceed or values[rate.part.name] <= values[rate.whole.name] for rate in rates(standard))
