"""The part of a policy that acts on a cohort, under chosen readings: every field is one plain value."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from ..completion import attainable
from ..errors import Problems, RequestRefused
from ..plan import lower
from ..policy.model import ByReading, Cap, Ceiling, District, Grade, Subsidy
from ..policy.versions import Policy


@dataclass(frozen=True, slots=True)
class ChosenCap:
    """How many of a cohort may hold `grade`; whoever does not fit `becomes` the other one."""

    grade: Grade
    becomes: Grade
    share: Fraction | None  # percent
    number: int | None
    overall: bool
    apart: bool  # each standard by itself
    by_share: bool  # ranked by the score as a share of what is attainable
    hard: bool
    group_goes_in: bool
    half_up: bool
    scored_only: bool  # vetoed and left-out units do not count among all

    @property
    def shape(self) -> tuple[bool, bool, bool]:
        """What makes its cohorts and their order."""
        return self.overall, self.apart, self.by_share


@dataclass(frozen=True)
class Method:
    """How a policy settles a cohort under `readings` (those that are not the default)."""

    policy: Policy
    readings: Mapping[str, str]
    caps: tuple[ChosenCap, ...]
    subsidy: Subsidy | None
    average_standard: str  # one_amount, pool or by_standard
    following_bound: bool  # districts that may follow are treated as bound
    rectify: frozenset[str]

    @cached_property
    def districts(self) -> Mapping[str, District]:
        """Each district by its name and by every alias."""
        named = {name: each for each in self.policy.districts for name in each.aliases}
        return {**named, **{each.name: each for each in self.policy.districts}}

    @cached_property
    def attainable(self) -> Mapping[str, int | None]:
        """The highest total that each standard lets anybody reach, in units; None where it cannot be told."""
        return {key: attainable(lower(self.policy.standard(key, self.readings))) for key in self.policy.tables}

    @cached_property
    def ceilings(self) -> Mapping[str, tuple[Grade, ...]]:
        """The grades that a ceiling of each standard may make out of a better one."""
        return {
            key: tuple(
                clause.effect.grade
                for clause in self.policy.standard(key, self.readings).clauses()
                if isinstance(clause.effect, Ceiling)
            )
            for key in self.policy.tables
        }

    @property
    def wants_average(self) -> bool:
        """Whether some grade is paid by a ratio of the average standard."""
        return self.subsidy is not None and any(self.subsidy.ratios.values())

    def paid_by_the_city(self, district: District) -> bool:
        """Whether the district's subsidies count in the total."""
        return district.bound or self.following_bound


def method_of(policy: Policy, readings: Mapping[str, str] | None = None) -> Method:
    """
    The method of a policy under chosen readings.

    Raises `RequestRefused` naming every unknown reading and choice, and a ranking by share of what nobody can tell.
    """
    standard = policy.standard(next(iter(policy.tables)), readings)
    chosen = {**{name: reading.default for name, reading in policy.readings.items()}, **standard.readings}

    def value(field: object) -> object:
        return field.values[chosen[field.reading]] if isinstance(field, ByReading) else field

    grades = {grade.key: grade for grade in policy.grades}
    method = Method(
        policy=policy,
        readings=standard.readings,
        caps=tuple(_cap(cap, grades, value) for cap in policy.caps),
        subsidy=policy.subsidy,
        average_standard=str(value(policy.subsidy.average_standard)) if policy.subsidy else "one_amount",
        following_bound=value(policy.may_follow) == "bound",
        rectify=frozenset(policy.rectify),
    )
    if any(cap.by_share for cap in method.caps):
        problems = Problems()
        for key, most in method.attainable.items():
            if not most:
                problems.add("attainable_unknown", name=key)
        problems.refuse(RequestRefused)
    return method


def _cap(cap: Cap, grades: Mapping[str, Grade], chosen: Callable[[object], object]) -> ChosenCap:
    return ChosenCap(
        grade=grades[cap.grade],
        becomes=grades[cap.becomes],
        share=cap.share,
        number=cap.number,
        overall=chosen(cap.per) == "overall",
        apart=chosen(cap.standards) == "apart",
        by_share=chosen(cap.rank_by) == "share",
        hard=chosen(cap.binding) == "hard",
        group_goes_in=chosen(cap.ties) == "group_goes_in",
        half_up=chosen(cap.rounding) == "half_up",
        scored_only=chosen(cap.denominator) == "scored",
    )
