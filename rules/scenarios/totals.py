"""Sheets that come to a wanted total: items lose so many points together, each by one change of its facts."""

from collections.abc import Iterator
from fractions import Fraction

from ..decision import Decision
from ..facts import Judgement
from .bench import Bench, Changes
from .probes import TotalProbe

Option = tuple[int, Changes]  # what it adds to the total, and the facts that it changes


def with_total(bench: Bench, probe: TotalProbe) -> tuple[Changes | None, Changes | None, Changes | None]:
    """Sheets just below, at and just above a number that the whole sheet comes to; None where none was found."""
    measure = _Measure(bench, probe)
    start = measure.of(bench.decide(bench.base))
    if start is None:
        return None, None, None
    groups = [options for options in measure.groups(start) if options]
    lowest = sum(min(0, *(change for change, _ in options)) for options in groups)
    # Bit n is set where start + lowest + n can be reached by the groups so far.
    reached = [1 << -lowest]
    for options in groups:
        sums = reached[-1]
        for change, _ in options:
            sums |= reached[-1] << change if change > 0 else reached[-1] >> -change
        reached.append(sums)
    aim = measure.limit - start - lowest
    last = reached[-1]
    below = (last & ((1 << aim) - 1)).bit_length() - 1 if aim > 0 else -1
    more = last >> max(aim + 1, 0)
    above = max(aim + 1, 0) + (more & -more).bit_length() - 1 if more else -1
    at = aim if aim >= 0 and last >> aim & 1 else -1
    ends = [measure.sheet(groups, reached, wanted) if wanted >= 0 else None for wanted in (below, at, above)]
    return ends[0], ends[1], ends[2]


class _Measure:
    """A whole number that grows with what a probe compares, so that sums of changes can be looked up."""

    def __init__(self, bench: Bench, probe: TotalProbe):
        self.bench, self.probe = bench, probe
        rescale = bench.standard.rescale
        self.times = rescale.start if rescale else 1
        self.limit = probe.limit * self.times

    def of(self, decision: Decision) -> int | None:
        """The number of a decision; None after a veto, or where it falls between two."""
        if decision.score is None:
            return None
        value = Fraction(self.probe.measured(decision) * self.times)
        return value.numerator if value.denominator == 1 else None

    def groups(self, start: int) -> Iterator[list[Option]]:
        """For items that share no fact with others: what one change of a fact adds, each sum once."""
        wholes = {rate.whole.name for rate in self.bench.rates}
        for names in _together(self.bench):
            found: dict[int, Changes] = {}
            for name in sorted(names, key=lambda name: name in wholes):
                for value in self.values(name):
                    values = {**self.bench.base, name: value}
                    if not self.bench.fits(values):
                        continue
                    decision = self.bench.decide(values)
                    if any(each.kind == "ceiling" for each in decision.adjustments):
                        continue
                    number = self.of(decision)
                    if number is not None and number != start:
                        found.setdefault(number - start, {name: value})
            yield list(found.items())

    def values(self, name: str) -> list[int]:
        """Values of a fact that may move the total, and for a judgement the finest steps and every whole point."""
        fact, bench = self.bench.standard.facts[name], self.bench
        found = bench.candidates(fact, bench.base)
        if isinstance(fact, Judgement):
            near = [fact.lowest + 1, fact.lowest + 2, fact.highest - 1, fact.highest - 2]
            found += [*near, *range(fact.lowest, fact.highest + 1, fact.per_one)]
        for rate in bench.rates:
            if fact is rate.part:
                whole = bench.base[rate.whole.name]
                found += [whole * percent // 100 for percent in range(0, 100, 5)]
        return [value for value in dict.fromkeys(found) if fact.lowest <= value <= fact.highest]

    def sheet(self, groups: list[list[Option]], reached: list[int], wanted: int) -> Changes | None:
        """The base with changes that add up to the wanted sum, if the reference agrees that they do."""
        values, rest = dict(self.bench.base), wanted
        for options, sums in zip(reversed(groups), reversed(reached[:-1]), strict=True):
            if sums >> rest & 1:
                continue
            change, facts = next(
                (change, facts) for change, facts in options if rest >= change and sums >> (rest - change) & 1
            )
            values |= facts
            rest -= change
        number = self.of(self.bench.decide(values))
        start = self.of(self.bench.decide(self.bench.base))
        if number is None or start is None or not self.bench.fits(values):
            return None
        lowest = (reached[0]).bit_length() - 1
        return values if number == start - lowest + wanted else None


def _together(bench: Bench) -> list[list[str]]:
    """The facts of the standard, those of one item, or of items that share a fact or a rate, together."""
    group_of: dict[str, list[str]] = {name: [name] for name in bench.standard.facts}
    sets = [{fact.name for clause in item.clauses for fact in clause.facts} for item in bench.standard.items]
    sets += [{rate.part.name, rate.whole.name} for rate in bench.rates]
    for names in sets:
        joined = list(dict.fromkeys(other for name in sorted(names) for other in group_of[name]))
        for name in joined:
            group_of[name] = joined
    return list({id(group): group for group in group_of.values()}.values())
