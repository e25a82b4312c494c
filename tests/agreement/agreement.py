"""Three evaluators side by side, as every test of agreement uses them, and the standards to try them on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from rules.decision import Case, Decision
from rules.engine import Engine
from rules.errors import Problems
from rules.intake import Intake
from rules.loading import load_policy
from rules.plan import Plan, lower
from rules.policy.versions import Policy, Standard
from rules.reference import Reference

ROOT = Path(__file__).resolve().parents[2]
CHANGZHOU = "policy_versions/changzhou/2012"
SHIPPED = {
    CHANGZHOU: ("community", "village"),
    "policy_versions/changzhou/2013": ("community", "village"),
    "tests/policies/linjiang/2025": ("street",),
    "tests/policies/yunzhou/2024": ("urban", "rural"),
}


@cache
def shipped_policy(directory: str) -> Policy:
    """A policy of this checkout, read once."""
    return load_policy(ROOT / directory)


@cache
def shipped_standards() -> tuple[Standard, ...]:
    """Every standard of every policy, under its default readings."""
    return tuple(shipped_policy(directory).standard(key) for directory, keys in SHIPPED.items() for key in keys)


@cache
def other_readings() -> tuple[Standard, ...]:
    """Every standard under each single choice that is not the default, where that changes the standard."""
    return tuple(other for standard in shipped_standards() for other in _others(standard))


def _others(standard: Standard) -> Iterator[Standard]:
    for name, reading in standard.policy.readings.items():
        for choice in reading.choices:
            other = standard.policy.standard(standard.key, {name: choice})
            same_clauses = [each.key for each in other.clauses()] == [each.key for each in standard.clauses()]
            if not (same_clauses and other.rescale == standard.rescale):
                yield other


def label(standard: Standard) -> str:
    """How a test names a standard."""
    chosen = [f"{name}={choice}" for name, choice in standard.readings.items()]
    return " ".join([standard.policy.key, standard.key, *chosen])


@dataclass(eq=False)
class Evaluators:
    """The reference, the plan and durable_rules under one standard."""

    standard: Standard

    @cached_property
    def plan(self) -> Plan:
        """The standard, lowered."""
        return lower(self.standard)

    @cached_property
    def reference(self) -> Reference:
        """The definition."""
        return Reference(self.standard)

    @cached_property
    def engine(self) -> Engine:
        """durable_rules; compiled on first use, because it is never freed."""
        return Engine(self.plan)

    @cached_property
    def intake(self) -> Intake:
        """What checks a posted sheet."""
        return Intake(self.plan)

    def case(self, posted: Mapping[str, Any]) -> tuple[Case | None, Problems]:
        """The case of a posted sheet, or the problems with it."""
        problems = Problems()
        case = self.intake.case(posted, problems)
        return (None if problems.found else case), problems

    def agreed(self, case: Case) -> Decision:
        """The decision that all three give; an AssertionError that says what differs when they do not."""
        meant = self.reference.decide(case)
        for name, decided in (("plan", self.plan.decide(case)), ("engine", self.engine.decide(case))):
            for part in Decision._fields:
                one, other = getattr(meant, part), getattr(decided, part)
                assert one == other, f"{name} differs in {part}: {_brief(other)} instead of {_brief(one)}"
        return meant


def _brief(value: object) -> str:
    if not isinstance(value, tuple):
        return str(getattr(value, "key", value))
    return ", ".join(f"({_names(each)})" for each in value)


def _names(each: Any) -> str:
    parts = each if isinstance(each, tuple) else (each,)
    return " ".join(_brief(part) if isinstance(part, tuple) else str(getattr(part, "key", part)) for part in parts)
