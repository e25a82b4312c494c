"""Clauses: a condition, an effect, the readings they carry out."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from ..expressions.reader import read_condition, read_number
from ..expressions.syntax import ALWAYS, Compare, Condition, Constant, FactValue, Number, all_of
from ..facts import KINDS, Fact, Facts, Judgement, Percent
from ..language import Text
from ..numbers import plain
from . import model, schemas
from .context import Context
from .files import Document, KeyPath


class ClauseReader:
    """Reads one clause: its condition, its effect, its readings."""

    def __init__(
        self,
        context: Context,
        document: Document,
        path: KeyPath,
        facts: Facts,
        grades: tuple[model.Grade, ...],
        item: dict[str, Any],
        item_points: int,
    ):
        self.context = context
        self.document = document
        self.path = path
        self.facts = facts
        self.grades = grades
        self.item = item
        self.item_points = item_points

    def note(self, code: str, path: KeyPath = (), known: Iterable[str] = (), **values: Any) -> None:
        """Note a problem of this clause."""
        self.context.note(self.document, code, (*self.path, *path), known, **values)

    def points(self, value: Fraction | None, *path: str | int) -> int:
        """Points in units."""
        return self.context.points(self.document, value, (*self.path, *path))

    def optional_points(self, value: Fraction | None, *path: str | int) -> int | None:
        """Points in units, or None."""
        return self.context.optional_points(self.document, value, (*self.path, *path))

    def clause(self, row: dict[str, Any], at: int) -> model.Clause | None:
        """The clause, or None after noting what is wrong with it."""
        named = [name for name in schemas.EFFECTS if name in row]
        if len(named) != 1:
            self.note("effect_missing", right=", ".join(schemas.EFFECTS))
            return None
        condition: Condition | None = ALWAYS
        if row["when"] is not None:
            condition = read_condition(row["when"], self.facts, self.reporter("when"))
        readings = self.context.named_readings(self.document, row["reading"], (*self.path, "reading"))
        effect = self.effect(named[0], row[named[0]])
        if named[0] in ("veto", "ceiling") and row["when"] is None:
            self.note("condition_missing")
        if condition is None or effect is None:
            return None
        clause = model.Clause(
            key=row["key"] or f"{self.item['key']}.{at + 1}",
            item_no=self.item["no"],
            when=condition,
            effect=effect,
            readings=readings,
            note=row["note"],
            place=self.document.place(self.path),
        )
        self.context.clauses.append(clause)
        self.context.used_facts.update(fact.name for fact in clause.facts)
        self.context.used_facts.update(fact.name for fact in clause.named)
        return clause

    def reporter(self, *path: str | int) -> Any:
        """How the condition language reports: at this value, so many characters in."""

        def report(code: str, offset: int, known: Any, values: dict[str, Any]) -> None:
            self.context.note(self.document, code, (*self.path, *path), known, offset=offset, **values)

        return report

    def effect(self, name: str, value: Any) -> model.Effect | None:
        """The effect, or None after noting what is wrong with it."""
        match name:
            case "veto":
                if value is not True:
                    self.note("value_bad", ("veto",), value="false", right="true")
                return model.Veto()
            case "score":
                points = self.points(value, "score")
                if points > self.item_points:
                    self.note("value_bad", ("score",), value=plain(value), right=f"<= {plain(self.item['points'])}")
                return model.Score(points)
            case "ceiling":
                grade = next((grade for grade in self.grades if grade.key == value), None)
                if grade is None:
                    known = [each.key for each in self.grades]
                    self.note("value_bad", ("ceiling",), known, value=value, right=", ".join(known), name=value)
                    return None
                return model.Ceiling(grade)
        amount = self.amount(name, value)
        if amount is None:
            return None
        effects: dict[str, type[model.Deduct | model.Award | model.Bonus]] = {
            "deduct": model.Deduct,
            "award": model.Award,
            "bonus": model.Bonus,
        }
        return effects[name](amount)

    def amount(self, name: str, value: Any) -> model.Amount | None:
        """An amount in any of its forms."""
        if isinstance(value, Fraction):
            return model.Fixed(self.points(value, name))
        if isinstance(value, str):
            fact = self.facts.get(value)
            if not isinstance(fact, Judgement):
                self.wrong_fact(fact, value, Judgement, name)
                return None
            return model.Judged(fact)
        if "each" in value:
            return self.per_occurrence(name, value)
        if "proportion" in value:
            return self.proportion(name, value)
        number = self.number(value["of"], name, "of")
        return self.banded(name, number, value) if "bands" in value else self.stepped(name, number, value)

    def number(self, text: str, *path: str | int) -> Number | None:
        """The linear number that a text says."""
        return read_number(text, self.facts, self.reporter(*path))

    def wrong_fact(self, fact: Fact | None, name: str, right: type[Judgement | Percent], *path: str | int) -> None:
        """The fact is not there, or not of the type that is wanted."""
        known = [each for each, found in self.facts.items() if isinstance(found, right)]
        if fact is None:
            self.note("fact_unknown", path, known, name=name)
        else:
            self.note("fact_of_wrong_type", path, name=name, kind=KINDS[type(fact)], right=KINDS[right])

    def per_occurrence(self, name: str, row: dict[str, Any]) -> model.Amount | None:
        """`{each: …, points: …}`."""
        number = self.number(row["each"], name, "each")
        every = self.positive(row["every"], name, "every")
        points = self.points(row["points"], name, "points")
        at_most = self.optional_points(row["at_most"], name, "at_most")
        if number is None:
            return None
        if isinstance(number, FactValue) and isinstance(number.fact, Percent):
            self.note("wrong_kind", (name, "each"), left=number.fact.title, right=Text("个数", "a count"))
            return None
        return model.PerOccurrence(number, every, points, at_most)

    def positive(self, value: Fraction, *path: str | int) -> Fraction:
        """A number above 0."""
        if value <= 0:
            self.note("value_bad", path, value=plain(value), right="> 0")
            return Fraction(1)
        return value

    def stepped(self, name: str, number: Number | None, row: dict[str, Any]) -> model.Amount | None:
        """`{of: …, below: …, first: …, every: …, then: …}`."""
        if (row["below"] is None) == (row["above"] is None):
            self.note("value_bad", (name,), value=name, right="below | above")
            return None
        limit = row["below"] if row["below"] is not None else row["above"]
        every = self.positive(row["every"], name, "every")
        first, then = (self.points(row[key], name, key) for key in ("first", "then"))
        at_most = self.optional_points(row["at_most"], name, "at_most")
        if number is None:
            return None
        begun = row["steps"] == "begun"
        return model.Stepped(number, row["below"] is not None, limit, first, every, then, begun, at_most)

    def banded(self, name: str, number: Number | None, row: dict[str, Any]) -> model.Amount | None:
        """`{of: …, bands: […]}`; no number may lie in two bands."""
        bands: list[model.Band] = []
        for at, band in enumerate(row["bands"]):
            path = (name, "bands", at)
            if (band["above"] is not None and band["from_"] is not None) or (
                band["below"] is not None and band["to"] is not None
            ):
                self.note("value_bad", path, value=str(at + 1), right="above | from, below | to")
            low_included, high_included = band["from_"] is not None, band["to"] is not None
            low = band["from_"] if low_included else band["above"]
            high = band["to"] if high_included else band["below"]
            if low is None and high is None:
                self.note("value_bad", path, value=str(at + 1), right="above, from, below, to")
            limits = []
            if low is not None and number is not None:
                limits.append(Compare(number, ">=" if low_included else ">", Constant(low)))
            if high is not None and number is not None:
                limits.append(Compare(number, "<=" if high_included else "<", Constant(high)))
            points = self.points(band["points"], *path, "points")
            band_ = model.Band(all_of(*limits), points, low, low_included, high, high_included)
            if _empty(band_):
                self.note("band_empty", path, first=at + 1)
            for other_at, other in enumerate(bands):
                if _overlap(band_, other):
                    self.note("bands_overlap", path, first=other_at + 1, second=at + 1)
            bands.append(band_)
        return None if number is None else model.Banded(number, tuple(bands))

    def proportion(self, name: str, row: dict[str, Any]) -> model.Amount | None:
        """`{proportion: …}`."""
        fact = self.facts.get(row["proportion"])
        if not isinstance(fact, Percent):
            self.wrong_fact(fact, row["proportion"], Percent, name, "proportion")
            return None
        points = self.optional_points(row["points"], name, "points")
        return model.Proportion(fact, self.item_points if points is None else points)


def _empty(band: model.Band) -> bool:
    """Whether no number can lie in the band."""
    return not _reaches(band, band)


def _overlap(one: model.Band, other: model.Band) -> bool:
    """Whether a number can lie in both bands."""
    return not (_empty(one) or _empty(other)) and _reaches(one, other) and _reaches(other, one)


def _reaches(one: model.Band, other: model.Band) -> bool:
    """Whether `one` starts before `other` ends."""
    if one.low is None or other.high is None:
        return True
    return one.low < other.high or (one.low == other.high and one.low_included and other.high_included)
