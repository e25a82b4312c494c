"""
Cases for whatever is to be tried of a standard: both sides and the edge of each threshold, and each condition alone.

A case is the base with as few facts changed as can be. What the reference makes of it is said beside it; what is right
is for a person to say.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

from ..decision import Decision
from ..explanation import clause_sentence
from ..expressions.meaning import test
from ..expressions.sentences import sentence
from ..expressions.syntax import Compare, Not
from ..facts import BadValue, Fact, Given
from ..language import Text
from ..policy.model import Banded, Clause, Veto
from ..policy.versions import Policy, Standard
from .bench import Bench, Changes, steps_away
from .coverage import fired
from .probes import (
    Atom,
    ClauseProbe,
    Met,
    Probe,
    TotalProbe,
    atoms_of,
    clause_name,
    edge_of,
    possible,
    probes_of,
    standard_clauses,
)
from .totals import with_total

BELOW, AT, ABOVE = Text("略低于界限", "just below"), Text("恰在界限上", "exactly at"), Text("略高于界限", "just above")
HELD, FAILED = Text("成立", "holds"), Text("不成立", "does not hold")
FIRES, SILENT = Text("触发", "fires"), Text("不触发", "does not fire")


@dataclass(frozen=True, slots=True)
class BoundaryCase:
    """One case: the base with these changes, why it is worth a look, and what the reference makes of it."""

    name: str
    why: str
    facts: Mapping[str, Given]
    readings: Mapping[str, str]
    reasons: Mapping[str, str]
    decision: Decision


@dataclass(slots=True)
class Boundaries:
    """The cases of a standard; `missing` names what no case was found for, and why."""

    standard: Standard
    whole: bool  # whether clauses of other readings are tried too
    base: Mapping[str, Given]
    cases: list[BoundaryCase] = field(default_factory=list)
    missing: list[Text] = field(default_factory=list)


def boundary_cases(
    policy: Policy, standard: str, readings: Mapping[str, str], base: Mapping[str, object] | None = None
) -> Boundaries:
    """
    Cases under `readings`; where none is named, also for the clauses of every other reading, each under its own.

    `base` is a good sheet to start from; without one, or with one that does not fit, it is made so that nothing is
    taken. Raises `RequestRefused` for an unknown standard or reading.
    """
    chosen = policy.standard(standard, readings)
    writer = _Writer(Bench(chosen, _in_units(chosen, base or {})), whole=not readings)
    writer.base()
    done: set[Clause] = set()
    for under in [readings] if readings else _all_readings(policy, standard):
        there = policy.standard(standard, under)
        bench = writer.bench if there is chosen else Bench(there, writer.bench.base)
        clauses = [clause for clause in there.clauses() if clause not in done]
        done.update(clauses)
        writer.write(bench, clauses, totals=there is chosen)
    return writer.found


def _in_units(standard: Standard, given: Mapping[str, object]) -> Changes:
    values: Changes = {}
    for name, value in given.items():
        try:
            values[name] = standard.facts[name].units(value)
        except (KeyError, BadValue):
            continue
    return values


def _all_readings(policy: Policy, standard: str) -> Iterator[dict[str, str]]:
    """The default readings, and for each clause that they leave out the fewest others that put it in force."""
    yield {}
    seen: list[dict[str, str]] = []
    for clause in standard_clauses(policy.tables[standard]):
        others = {
            name: choice
            for name, choice in clause.readings
            if choice is not None and choice != policy.readings[name].default
        }
        if others and others not in seen:
            seen.append(others)
            yield others


class _Writer:
    """Collects cases; one that serves two purposes is written once."""

    def __init__(self, bench: Bench, *, whole: bool):
        self.bench = bench
        self.found = Boundaries(bench.standard, whole, bench.given(bench.base))
        self.names: dict[tuple[object, ...], str] = {}

    def base(self) -> None:
        """The base itself."""
        words = Text("其他各例都由它改动几项事实而来", "every other case changes a few of its facts")
        self.case(self.bench, self.bench.base, "基准 base", words)

    def write(self, bench: Bench, clauses: list[Clause], *, totals: bool) -> None:
        """The cases of some clauses, and of grades and caps."""
        probes: dict[Clause, list[ClauseProbe]] = {clause: [] for clause in clauses}
        of_total: list[TotalProbe] = []
        for probe in probes_of(bench.standard.policy, bench.standard.key):
            if isinstance(probe, TotalProbe):
                of_total.append(probe)
            elif probe.clause in probes:
                probes[probe.clause].append(probe)
        for clause in clauses:
            for probe in probes[clause]:
                self.sides(bench, probe)
            self.alone(bench, clause)
            self.fires_at_all(bench, clause)
        for total in of_total if totals else ():
            self.total_sides(bench, total)

    def key(self, bench: Bench, values: Changes) -> tuple[object, ...]:
        """What makes two cases the same: their readings, and what they change."""
        base = self.bench.base
        changes = ((name, value) for name, value in sorted(values.items()) if base.get(name) != value)
        return (tuple(sorted(bench.standard.readings.items())), *changes)

    def case(self, bench: Bench, values: Changes, name: str, why: Text) -> None:
        """Write a case, unless the same one stands there under another name, or it would be refused."""
        key, reasons = self.key(bench, values), bench.reasons(values)
        if key in self.names or reasons is None:
            return
        unique, again = name, 2
        while unique in self.names.values():
            unique, again = f"{name} ({again})", again + 1
        self.names[key] = unique
        changes = {name: value for name, value in values.items() if self.bench.base.get(name) != value}
        self.found.cases.append(
            BoundaryCase(
                unique,
                f"{why.zh}。{why.en[:1].upper()}{why.en[1:]}.",
                bench.given(changes),
                bench.standard.readings,
                reasons,
                bench.decide(values),
            )
        )

    # Both sides, and the edge

    def sides(self, bench: Bench, probe: ClauseProbe) -> None:
        """A case on each side of a probe, and exactly at the edge of a threshold."""
        facts = bench.facts_around(probe.clause)
        if isinstance(probe.atom, Compare):
            wanted = [(BELOW, _on(-1)), (AT, _on(0)), (ABOVE, _on(1))]
        else:
            wanted = [(HELD, _holds), (FAILED, _fails)]
        for words, right in wanted:
            values = self.nearest(bench, probe, facts, right)
            name = f"{probe.key} `{probe.atom}`: {words.zh} {words.en}"
            no, said = probe.clause.item_no, probe.words
            why = Text(f"第{no}项：{said.zh}，{words.zh}", f"item {no}: {said.en}; {words.en} the edge")
            if not probe.numeric:
                said = said if words is HELD else sentence(Not(probe.atom))
                why = Text(f"第{no}项：{said.zh}", f"item {no}: {said.en}")
            if values is not None:
                self.case(bench, values, name, why)
        self.lacking(bench, probe)

    @staticmethod
    def nearest(
        bench: Bench, probe: ClauseProbe, facts: Sequence[Fact], right: Callable[[Met], bool]
    ) -> Changes | None:
        """The sheet that meets a probe rightly, as near to its edge as the facts' units allow."""

        def wanted(values: Changes) -> int | None:
            if probe.in_amount and not probe.applies(values):
                return None
            gap = probe.gap(values)
            if not right(Met(probe.holds(values), gap, gap)) or probe.met(bench.decide(values)) is None:
                return None
            return steps_away(probe.atom, values) if isinstance(probe.atom, Compare) else 0

        return bench.search(facts, wanted)

    def lacking(self, bench: Bench, probe: Probe) -> None:
        """Say so when no case came out on a side."""
        met = [
            found.held
            for case in self.found.cases
            if case.decision.case.sheet.standard is bench.standard and (found := probe.met(case.decision)) is not None
        ]
        for side, words in ((True, HELD), (False, FAILED)):
            if side not in met:
                self.found.missing.append(
                    Text(
                        f"{probe.key}：“{probe.words.zh}”{words.zh}的一侧没有找到可计分的表",
                        f"{probe.key}: no sheet was found on which “{probe.words.en}” {words.en} and counts",
                    )
                )

    # Grades and caps

    def total_sides(self, bench: Bench, probe: TotalProbe) -> None:
        """A case just below, at and just above a number that the whole sheet comes to."""
        for words, values in zip((BELOW, AT, ABOVE), with_total(bench, probe), strict=True):
            if values is not None:
                said = probe.words
                why = Text(f"{said.zh}，{words.zh}", f"{said.en}; {words.en} the edge")
                self.case(bench, values, f"{probe.key}: {words.zh} {words.en}", why)
        self.lacking(bench, probe)

    # Each condition alone

    def alone(self, bench: Bench, clause: Clause) -> None:
        """For each atom of a clause, two cases that differ only in it and in whether the clause fires."""
        # The edges between bands change the points, and not whether the clause fires.
        condition = clause.when if isinstance(clause.amount, Banded) else clause.fires
        atoms = {edge_of(atom): atom for atom in atoms_of(condition) if all(possible(atom))}
        ordered = [(atom, test(atom)) for atom in atoms.values()]
        if not ordered:
            return
        name, fires = clause_name(clause), test(clause.fires)
        found: dict[tuple[bool, ...], list[Changes]] = {}
        tried = 0
        facts = list(clause.facts)
        for changed in range(min(3, len(facts)) + 1):
            for values in bench.variations(facts, changed):
                tried += 1
                kept = found.setdefault(tuple(holds(values) for _, holds in ordered), [])
                if len(kept) < 4 and self.counts(bench, clause, values, fires=fires(values)):
                    kept.append(values)
        for at, (atom, _) in enumerate(ordered):
            pair = _closest(found, at, fires)
            if pair is None:
                self.found.missing.append(
                    Text(
                        f"{name}：试了 {tried} 种组合，没有只因“{atom}”而触发与否不同的一对",
                        f"{name}: among {tried} combinations no two differ in `{atom}` alone and in firing",
                    )
                )
                continue
            # The one that stands there already comes first, so that the other can name it.
            one, two = sorted(pair, key=lambda values: self.key(bench, values) not in self.names)
            self.case(bench, one, *_said_alone(clause, atom, None, fires=fires(one)))
            partner = self.names.get(self.key(bench, one))
            self.case(bench, two, *_said_alone(clause, atom, partner, fires=fires(two)))

    @staticmethod
    def counts(bench: Bench, clause: Clause, values: Changes, *, fires: bool) -> bool:
        """Whether the decision shows that the clause fires, or that it does not."""
        decision = bench.decide(values)
        if decision.score is None and not isinstance(clause.effect, Veto):
            return False
        return (clause in fired(decision)) == fires

    def fires_at_all(self, bench: Bench, clause: Clause) -> None:
        """A case in which the clause fires, where none came out so far."""
        if any(clause in fired(case.decision) for case in self.found.cases):
            return
        facts = bench.facts_around(clause)
        values = bench.search(facts, lambda values: 0 if clause in fired(bench.decide(values)) else None)
        name, said = clause_name(clause), clause_sentence(clause, bench.standard.policy.points_per_one)
        if values is None:
            self.found.missing.append(
                Text(f"{name}：没有找到触发它的表（{said.zh}）", f"{name}: no sheet was found on which it fires")
            )
        else:
            self.case(bench, values, f"{name}: 触发 fires", said)


def _said_alone(clause: Clause, atom: Atom, partner: str | None, *, fires: bool) -> tuple[str, Text]:
    words, said = FIRES if fires else SILENT, sentence(atom)
    zh = f"第{clause.item_no}项：是否触发只看“{said.zh}”，这里{words.zh}"
    en = f"item {clause.item_no}: it hangs on “{said.en}” alone, and here it {words.en}"
    if partner is not None:
        zh, en = f"{zh}；另一例是“{partner}”", f"{en}; the other case is “{partner}”"
    return f"{clause_name(clause)} 只看 only `{atom}`: {words.zh} {words.en}", Text(zh, en)


def _closest(
    found: Mapping[tuple[bool, ...], list[Changes]], at: int, fires: Callable[[Changes], bool]
) -> tuple[Changes, Changes] | None:
    """The two sheets that differ in the fewest facts among those that differ in one atom and in firing."""
    best: tuple[int, tuple[Changes, Changes]] | None = None
    for truth, ones in found.items():
        other = (*truth[:at], not truth[at], *truth[at + 1 :])
        if not truth[at] or other not in found:
            continue
        for one, two in product(ones, found[other]):
            if fires(one) != fires(two):
                differ = sum(one[name] != two[name] for name in one)
                if best is None or differ < best[0]:
                    best = differ, (one, two)
    return best[1] if best else None


def _holds(met: Met) -> bool:
    return met.held


def _fails(met: Met) -> bool:
    return not met.held


def _on(side: int) -> Callable[[Met], bool]:
    """Whether a threshold was met below its edge (-1), at it (0) or above it (1)."""
    return lambda met: (met.gap > 0) - (met.gap < 0) == side
