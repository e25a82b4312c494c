"""What scenarios tried of a standard, by exact counts."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from ..decision import Decision
from ..policy.model import Clause, Table
from ..policy.versions import Policy
from .probes import ClauseProbe, Met, Probe, clause_name, probes_of, standard_clauses
from .suites import Outcome


@dataclass(slots=True)
class ClauseCount:
    """In how many scenarios a clause was in force and the unit decided, and in how many it fired."""

    clause: Clause
    in_force: int = 0
    fired: int = 0

    @property
    def name(self) -> str:
        """`10 loan_review.3`."""
        return clause_name(self.clause)


@dataclass(slots=True)
class ProbeCount:
    """In how many scenarios a threshold or condition was met on either side, and how near."""

    probe: Probe
    held: int = 0
    failed: int = 0
    at_edge: int = 0
    below: Fraction | None = None  # the nearest number that was tried below the edge
    above: Fraction | None = None  # and above it

    def add(self, met: Met) -> None:
        """One scenario more."""
        if met.held:
            self.held += 1
        else:
            self.failed += 1
        if not met.gap:
            self.at_edge += 1
        elif met.gap < 0:
            self.below = met.tried if self.below is None else max(self.below, met.tried)
        else:
            self.above = met.tried if self.above is None else min(self.above, met.tried)

    @property
    def complete(self) -> bool:
        """Whether both sides were tried."""
        return bool(self.held and self.failed)


@dataclass(slots=True)
class Coverage:
    """What scenarios tried of one standard, over all clauses of every reading."""

    policy: Policy
    table: Table
    clauses: list[ClauseCount]
    probes: list[ProbeCount]
    scenarios: int = 0
    decided: int = 0
    vetoed: int = 0
    _at: dict[Clause, ClauseCount] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._at = {each.clause: each for each in self.clauses}

    def add(self, decision: Decision | None) -> None:
        """One scenario more; None is one that was refused."""
        self.scenarios += 1
        if decision is None:
            return
        self.decided += 1
        self.vetoed += decision.score is None
        in_force = decision.case.sheet.standard.clauses()
        for clause in in_force:
            self._at[clause].in_force += 1
        for clause in fired(decision):
            self._at[clause].fired += 1
        known = set(in_force)
        for count in self.probes:
            probe = count.probe
            if isinstance(probe, ClauseProbe) and probe.clause not in known:
                continue
            met = probe.met(decision)
            if met is not None:
                count.add(met)

    @property
    def never_fired(self) -> list[ClauseCount]:
        """Clauses that fired in no scenario."""
        return [each for each in self.clauses if not each.fired]

    def tried(self, *, numeric: bool) -> list[ProbeCount]:
        """The thresholds, or the conditions on flags and choices."""
        return [each for each in self.probes if each.probe.numeric == numeric]

    @property
    def one_sided(self) -> list[ProbeCount]:
        """Thresholds and conditions that lack a side."""
        return [each for each in self.probes if not each.complete]

    @property
    def complete(self) -> bool:
        """Whether every clause fired and nothing lacks a side."""
        return not self.never_fired and not self.one_sided

    def counts(self) -> dict[str, int]:
        """The counts, each by its name."""
        thresholds, conditions = self.tried(numeric=True), self.tried(numeric=False)
        return {
            "scenarios": self.scenarios,
            "scored": self.decided - self.vetoed,
            "vetoed": self.vetoed,
            "refused": self.scenarios - self.decided,
            "clauses": len(self.clauses),
            "clauses_fired": len(self.clauses) - len(self.never_fired),
            "thresholds": len(thresholds),
            "thresholds_on_both_sides": sum(each.complete for each in thresholds),
            "conditions": len(conditions),
            "conditions_on_both_sides": sum(each.complete for each in conditions),
        }


def fired(decision: Decision) -> Iterator[Clause]:
    """The clauses behind a decision."""
    yield from (finding.clause for finding in decision.veto_findings)
    yield from (finding.clause for score in decision.items for finding in score.findings)


def coverage_of(policy: Policy, standard: str, outcomes: Iterable[Outcome]) -> Coverage:
    """What the outcomes of that standard tried of it; those of other standards are passed over."""
    table = policy.tables[standard]
    coverage = Coverage(
        policy,
        table,
        [ClauseCount(clause) for clause in standard_clauses(table)],
        [ProbeCount(probe) for probe in probes_of(policy, standard)],
    )
    for outcome in outcomes:
        if outcome.example.standard == standard:
            coverage.add(outcome.decision)
    return coverage
