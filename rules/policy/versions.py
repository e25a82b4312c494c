"""A policy version, and a standard of it under chosen readings."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from types import MappingProxyType

from ..errors import Problems, RequestRefused, pointer
from ..facts import Fact, Facts
from ..language import Text
from .model import (
    Cap,
    Category,
    Clause,
    District,
    Grade,
    Item,
    Paragraph,
    Reading,
    Rescale,
    Subsidy,
    Table,
)


@dataclass(frozen=True, slots=True, eq=False)
class Policy:
    """One year's method and its standards, immutable; `meaning` is the SHA-256 of what it means."""

    key: str
    revision: int
    year: int
    year_basis: str
    status: str
    title: Text
    source: Text
    points_per_one: int  # units to a point
    reasons_required: bool
    method: tuple[Paragraph, ...]
    grades: tuple[Grade, ...]  # best first
    veto_grade: Grade
    rectify: tuple[str, ...]
    caps: tuple[Cap, ...]
    subsidy: Subsidy | None
    districts: tuple[District, ...]
    may_follow: object
    readings: Mapping[str, Reading]
    facts: Facts
    tables: Mapping[str, Table]
    meaning: str = ""
    _standards: dict[tuple[str, tuple[tuple[str, str], ...]], "Standard"] = field(default_factory=dict, repr=False)

    def standard(self, key: str, readings: Mapping[str, str] | None = None) -> "Standard":
        """
        The standard of that key with the clauses in force under `readings` (the defaults where none is named).

        Raises `RequestRefused` naming every unknown standard, reading and choice.
        """
        problems = Problems()
        if key not in self.tables:
            problems.add("standard_unknown", known=self.tables, name=key)
        for name, choice in (readings or {}).items():
            if name not in self.readings:
                problems.add("reading_unknown", pointer("readings", name), self.readings, name=name)
            elif choice not in self.readings[name].choices:
                right = ", ".join(self.readings[name].choices)
                problems.add("choice_unknown", pointer("readings", name), name=name, choice=choice, right=right)
        problems.refuse(RequestRefused)
        others = tuple(
            (name, choice) for name, choice in sorted((readings or {}).items()) if choice != self.readings[name].default
        )
        if (key, others) not in self._standards:
            self._standards[key, others] = _under(self, self.tables[key], dict(others))
        return self._standards[key, others]


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """A printed table with the clauses that are in force under chosen readings."""

    policy: Policy
    table: Table
    readings: Mapping[str, str]  # those not default
    categories: tuple[Category, ...]
    items: tuple[Item, ...]
    rescale: Rescale | None
    facts: Facts  # the base facts that the clauses in force use
    accepted: Facts  # those, and the facts of the default readings

    @property
    def key(self) -> str:
        """`community`."""
        return self.table.key

    @property
    def points(self) -> int:
        """The total as printed, in units."""
        return self.table.points

    @property
    def items_points(self) -> int:
        """The items' points added up, in units."""
        return sum(item.points for item in self.items)

    @property
    def facts_of_any_reading(self) -> Facts:
        """The base facts that a clause of the table uses under some reading."""
        return _facts(
            clause for category in self.table.categories for item in category.items for clause in item.clauses
        )

    def item(self, no: str) -> Item | None:
        """The item of that printed number."""
        return next((item for item in self.items if item.no == no), None)

    def clauses(self) -> tuple[Clause, ...]:
        """The clauses in force, in printed order."""
        return tuple(clause for item in self.items for clause in item.clauses)

    def grade(self, total: int | Fraction) -> Grade:
        """The grade of a total in units: 以上 includes the number."""
        return next(grade for grade in self.policy.grades if total >= grade.start)


def _under(policy: Policy, table: Table, others: dict[str, str]) -> Standard:
    """The table with only the clauses in force."""
    defaults = {name: reading.default for name, reading in policy.readings.items()}
    chosen = {**defaults, **others}
    categories = tuple(
        replace(category, items=tuple(_item(item, chosen) for item in category.items)) for category in table.categories
    )
    items = tuple(item for category in categories for item in category.items)
    facts = _facts(clause for item in items for clause in item.clauses)
    accepted = _facts(
        clause
        for category in table.categories
        for item in category.items
        for clause in item.clauses
        if clause.in_force(defaults) or clause.in_force(chosen)
    )
    rescaled = table.rescale is not None and all(
        choice is None or chosen[name] == choice for name, choice in table.rescale_readings
    )
    return Standard(
        policy=policy,
        table=table,
        readings=MappingProxyType(others),
        categories=categories,
        items=items,
        rescale=table.rescale if rescaled else None,
        facts=MappingProxyType(facts),
        accepted=MappingProxyType(accepted),
    )


def _item(item: Item, chosen: Mapping[str, str]) -> Item:
    return replace(item, clauses=tuple(clause for clause in item.clauses if clause.in_force(chosen)))


def _facts(clauses: object) -> dict[str, Fact]:
    return {fact.name: fact for clause in clauses for fact in clause.facts}  # type: ignore[attr-defined]
