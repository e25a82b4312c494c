"""What every part of a policy's reader shares: the problems found, the points scale, the readings."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

from ..errors import Problems
from ..numbers import in_units, plain
from . import model
from .files import Document, KeyPath

POINTS_SCALES = ("1", "0.5", "0.25", "0.2", "0.1", "0.05", "0.01", "0.001")


class Context:
    """Collects problems and remembers which facts and choices something uses."""

    def __init__(self, method: Document, problems: Problems):
        self.method = method
        self.problems = problems
        self.per_one = self.scale(method.data["points_scale"])
        self.readings = self.read_readings()
        self.used_choices: set[tuple[str, str]] = set()
        self.used_facts: set[str] = set()
        self.bad_facts: set[str] = set()
        self.clauses: list[model.Clause] = []  # every one that could be read

    def note(self, document: Document, code: str, path: KeyPath, known: Iterable[str] = (), **values: Any) -> None:
        """Note a problem at a path of a file; what was refused already is not spoken of again."""
        bad_fact = code == "fact_unknown" and values.get("name") in self.bad_facts
        if not bad_fact and path not in document.stood_in:
            self.problems.found.append(document.problem(code, path, known, **values))

    def scale(self, scale: Fraction) -> int:
        """Units to a point."""
        if plain(scale) not in POINTS_SCALES:
            self.note(self.method, "value_bad", ("points_scale",), value=plain(scale), right=", ".join(POINTS_SCALES))
            return 1000
        return (1 / scale).numerator

    def points(self, document: Document, value: Fraction | None, path: KeyPath) -> int:
        """Points in units."""
        units = in_units(value or Fraction(0), self.per_one)
        if units is None:
            self.note(document, "off_scale", path, value=plain(value or 0), scale=plain(Fraction(1, self.per_one)))
        return units or 0

    def optional_points(self, document: Document, value: Fraction | None, path: KeyPath) -> int | None:
        """Points in units, or None."""
        return None if value is None else self.points(document, value, path)

    def read_readings(self) -> dict[str, model.Reading]:
        """The readings of the method."""
        readings: dict[str, model.Reading] = {}
        for at, row in enumerate(self.method.data["readings"]):
            path: KeyPath = ("readings", at)
            if row["id"] in readings:
                self.note(self.method, "defined_twice", (*path, "id"), name=row["id"])
            if row["default"] not in row["choices"]:
                right = ", ".join(row["choices"])
                self.note(
                    self.method, "value_bad", (*path, "default"), row["choices"],
                    value=row["default"], right=right, name=row["default"],
                )  # fmt: skip
            readings[row["id"]] = model.Reading(
                row["id"], row["text"], row["default"], MappingProxyType(dict(row["choices"]))
            )
        return readings

    def by_reading(self, value: Any, path: KeyPath) -> Any:
        """A field of the method: its word, or the choice by a reading."""
        if not isinstance(value, Mapping):
            return value
        name = value["reading"]
        values = {choice: word for choice, word in value.items() if choice != "reading"}
        reading = self.readings.get(name)
        if reading is None:
            self.note(self.method, "reading_unknown", (*path, "reading"), self.readings, name=name)
        else:
            for choice in reading.choices:
                self.used_choices.add((name, choice))
                if choice not in values:
                    self.note(self.method, "key_missing", (*path, choice), name=choice)
            for choice in values:
                if choice not in reading.choices:
                    self.note(self.method, "key_unknown", (*path, choice), reading.choices, key=True, name=choice)
        return model.ByReading(name, MappingProxyType(values))

    def named_readings(
        self, document: Document, named: Iterable[str], path: KeyPath
    ) -> tuple[tuple[str, str | None], ...]:
        """The readings that a clause, a fact or a rescaling names: `id` or `id=choice`."""
        pairs: list[tuple[str, str | None]] = []
        for each in named:
            name, _, choice = each.partition("=")
            reading = self.readings.get(name)
            if reading is None:
                self.note(document, "reading_unknown", path, self.readings, name=name)
            elif choice and choice not in reading.choices:
                right = ", ".join(reading.choices)
                self.note(document, "choice_unknown", path, name=name, choice=choice, right=right)
            else:
                if choice:
                    self.used_choices.add((name, choice))
                pairs.append((name, choice or None))
        return tuple(pairs)
