"""The dictionary of facts: from `facts.yaml` to typed facts."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

from ..facts import FEN_PER_YUAN, KINDS, MOST_UNITS, Amount, Choice, Count, Fact, Facts, Flag, Judgement, Percent
from ..language import Text
from ..numbers import in_units, plain
from .context import Context
from .files import Document, KeyPath

_RESERVED = {"and", "or", "not", "in", "True", "False", "None", "if", "else", "for", "is", "lambda", "always"}
_KEYS_OF_TYPES = {
    "min": ("count", "amount", "judgement"),
    "max": ("count", "amount", "judgement"),
    "choices": ("choice",),
    "part": ("percent",),
    "whole": ("percent",),
    "empty": ("percent",),
}


class DictionaryReader:
    """Reads the facts and notes what is wrong with them."""

    def __init__(self, context: Context, dictionary: Document):
        self.context = context
        self.dictionary = dictionary

    def note(self, code: str, path: KeyPath, known: Any = (), **values: Any) -> None:
        """Note a problem of the dictionary."""
        self.context.note(self.dictionary, code, path, known, **values)

    def facts(self) -> dict[str, Fact]:
        """Every fact by name; derived ones last, since they name others."""
        rows = self.dictionary.data["facts"]
        facts: dict[str, Fact] = {}
        for name, row in rows.items():
            if row["type"] != "percent":
                fact = self.fact(name, row)
                if fact is not None:
                    facts[name] = fact
        for name, row in rows.items():
            if row["best_of"] is not None:
                self.context.used_facts.add(name)
                self.best_of(name, row["best_of"], facts)
        for name, row in rows.items():
            if row["type"] == "percent":
                fact = self.percent(name, row, facts)
                if fact is not None:
                    facts[name] = fact
        return facts

    def best_of(self, name: str, other: str, facts: dict[str, Fact]) -> None:
        """The fact is the cohort's best value of another one, of the same type."""
        path = ("facts", name, "best_of")
        fact, best = facts.get(other), facts.get(name)
        if fact is None:
            self.note("fact_unknown", path, facts, name=other)
        elif best is not None and (type(fact) is not type(best) or not isinstance(best, Count | Amount)):
            self.note("wrong_kind", path, left=best.title, right=fact.title)
        elif isinstance(best, Count | Amount):
            facts[name] = replace(best, best_of=other)

    def fact(self, name: str, row: dict[str, Any]) -> Fact | None:
        """One fact that is given, or None after noting what is wrong with it."""
        path: KeyPath = ("facts", name)
        if not name.isidentifier() or not name.isascii() or name in _RESERVED:
            right = Text("小写字母、数字和下划线", "lower case letters, digits and underscores")
            self.note("value_bad", path, value=name, right=right)
            return None
        for key, types in _KEYS_OF_TYPES.items():
            if row[key] is not None and row["type"] not in types:
                self.note("key_unknown", (*path, key), key=True, name=key)
        title = Text(row["zh"]["name"], row["en"]["name"])
        unit = Text(row["zh"]["unit"], row["en"]["unit"])
        match row["type"]:
            case "flag":
                return Flag(name, title, unit, self.phrase("yes", row, path), self.phrase("no", row, path))
            case "choice":
                if not row["choices"]:
                    self.note("key_missing", (*path, "choices"), name="choices")
                    return None
                return Choice(name, title, unit, tuple(row["choices"].items()))
            case "judgement":
                if row["max"] is None:
                    self.note("key_missing", (*path, "max"), name="max")
                low, high = self.bounds(row, path, self.context.per_one, 0)
                return Judgement(name, title, Text("分", "points"), low, high, self.context.per_one)
            case "amount":
                return Amount(name, title, Text("元", "yuan"), *self.bounds(row, path, FEN_PER_YUAN, MOST_UNITS))
        return Count(name, title, unit, *self.bounds(row, path, 1, MOST_UNITS))

    def phrase(self, key: str, row: dict[str, Any], path: KeyPath) -> Text:
        """What a flag says when it is true, or false."""
        for language in ("zh", "en"):
            if row[language][key] is None:
                self.note("key_missing", (*path, language, key), name=key)
        return Text(str(row["zh"][key]), str(row["en"][key]))

    def bounds(self, row: dict[str, Any], path: KeyPath, per_one: int, highest: int) -> tuple[int, int]:
        """The lowest and highest value, in units."""
        low, high = 0, highest
        for key in ("min", "max"):
            if row[key] is not None:
                units = in_units(row[key], per_one)
                if units is None or units > MOST_UNITS:
                    scale = plain(Fraction(1, per_one))
                    self.note("off_scale", (*path, key), value=plain(row[key]), scale=scale)
                elif key == "min":
                    low = units
                else:
                    high = units
        if low > high:
            self.note("value_bad", (*path, "min"), value=plain(row["min"]), right="min <= max")
        return low, high

    def percent(self, name: str, row: dict[str, Any], facts: Facts) -> Percent | None:
        """One derived rate, or None after noting what is wrong with it."""
        path: KeyPath = ("facts", name)
        sides = []
        for key in ("part", "whole"):
            other = row[key]
            fact = facts.get(other or "")
            if other is None:
                self.note("key_missing", (*path, key), name=key)
            elif not isinstance(fact, Count | Amount):
                if fact is None:
                    self.note("fact_unknown", (*path, key), facts, name=other)
                else:
                    right = Text("个数或金额", "a count or an amount")
                    self.note("fact_of_wrong_type", (*path, key), name=other, kind=KINDS[type(fact)], right=right)
            else:
                sides.append(fact)
        if row["empty"] is None:
            self.note("key_missing", (*path, "empty"), name="empty")
        if len(sides) < 2 or row["empty"] is None:
            return None
        part, whole = sides
        if type(part) is not type(whole):
            self.note("wrong_kind", (*path, "whole"), left=part.title, right=whole.title)
        title = Text(row["zh"]["name"], row["en"]["name"])
        readings = tuple(
            each for each, _ in self.context.named_readings(self.dictionary, row["reading"], (*path, "reading"))
        )
        return Percent(name, title, Text("%", "%"), part, whole, row["empty"], row["may_exceed"], readings)
