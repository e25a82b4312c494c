"""Standards: from a printed table's file to its items."""

from fractions import Fraction
from typing import Any

from ..facts import Facts
from ..language import Text
from ..numbers import Exact, plain
from . import model
from .clauses import ClauseReader
from .context import Context
from .files import Document, KeyPath


class TableReader:
    """Reads one standard and notes what is wrong with it."""

    def __init__(self, context: Context, document: Document, facts: Facts, grades: tuple[model.Grade, ...]):
        self.context = context
        self.document = document
        self.facts = facts
        self.grades = grades

    def note(self, code: str, path: KeyPath, known: Any = (), **values: Any) -> None:
        """Note a problem of this standard."""
        self.context.note(self.document, code, path, known, **values)

    def table(self) -> model.Table:
        """The standard."""
        data = self.document.data
        parts = tuple(model.Part(each["key"], each["title"], each["weight"]) for each in data["parts"])
        by_key = {part.key: part for part in parts}
        seen: dict[str, set[str]] = {"no": set(), "key": set()}
        self.clause_keys: set[str] = set()
        if parts and sum(part.weight for part in parts) != 100:
            total = plain(sum((part.weight for part in parts), Fraction(0)))
            self.note("weights_off", ("parts",), value=total)
        categories = []
        for at, row in enumerate(data["categories"]):
            path: KeyPath = ("categories", at)
            part = by_key.get(row["part"] or "")
            if (part is None) != (not parts):
                right = ", ".join(by_key) or "-"
                if row["part"] is None:
                    self.note("key_missing", (*path, "part"), name="part")
                else:
                    self.note("value_bad", (*path, "part"), by_key, value=row["part"], right=right, name=row["part"])
            weight: Exact = part.weight / 100 if part else 1
            items = tuple(self.item(each, (*path, "items", n), weight, seen) for n, each in enumerate(row["items"]))
            title = Text(row["title"], row["title_en"])
            categories.append(
                model.Category(title, self.context.points(self.document, row["points"], (*path, "points")), part, items)
            )
        rescale: model.Rescale | None = None
        readings: tuple[tuple[str, str | None], ...] = ()
        if data["rescale"]:
            start, to = data["rescale"]["from_"], data["rescale"]["to"]
            rescale = model.Rescale(
                self.context.points(self.document, start, ("rescale", "from")),
                self.context.points(self.document, to, ("rescale", "to")),
            )
            if not rescale.start:
                self.note("value_bad", ("rescale", "from"), value=plain(start), right="> 0")
            readings = self.context.named_readings(self.document, data["rescale"]["reading"], ("rescale", "reading"))
        contradictions = []
        for at, each in enumerate(data["contradictions"]):
            path = ("contradictions", at)
            for no in each["items"]:
                if no not in seen["no"]:
                    self.note("item_unknown", (*path, "items"), seen["no"], name=no)
            if each["reading"]:
                self.context.named_readings(self.document, [each["reading"]], (*path, "reading"))
            contradictions.append(
                model.Contradiction(tuple(each["items"]), each["reading"], Text(each["zh"], each["en"]))
            )
        bonus = data["bonus"]["at_most"] if data["bonus"] else None
        return model.Table(
            key=data["key"],
            title=data["title"],
            points=self.context.points(self.document, data["points"], ("points",)),
            notes=tuple(data["notes"]),
            parts=parts,
            categories=tuple(categories),
            bonus_at_most=self.context.optional_points(self.document, bonus, ("bonus", "at_most")),
            total_at_most=self.context.optional_points(self.document, data["total_at_most"], ("total_at_most",)),
            rescale=rescale,
            rescale_readings=readings,
            contradictions=tuple(contradictions),
        )

    def item(
        self,
        row: dict[str, Any],
        path: KeyPath,
        weight: Exact,
        seen: dict[str, set[str]],
    ) -> model.Item:
        """One printed row with its clauses."""
        for name, names in seen.items():
            if row[name] in names:
                self.note("defined_twice", (*path, name), name=row[name])
            names.add(row[name])
        points = self.context.points(self.document, row["points"], (*path, "points"))
        clauses: list[model.Clause] = []
        for at, each in enumerate(row["clauses"]):
            inner = (*path, "clauses", at)
            clause = ClauseReader(self.context, self.document, inner, self.facts, self.grades, row, points).clause(
                each, at
            )
            if clause is not None:
                if clause.key in self.clause_keys:
                    self.note("defined_twice", (*inner, "key"), name=clause.key)
                if not points and clause.effect_name in ("score", "deduct", "award"):
                    self.note("item_without_points", inner)
                self.clause_keys.add(clause.key)
                clauses.append(clause)
        title = Text(row["title"], row["title_en"])
        return model.Item(
            row["key"], row["no"], title, row["basis"], points, tuple(clauses), weight, self.document.place(path)
        )
