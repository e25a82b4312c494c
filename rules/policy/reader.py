"""
From a directory to a `Policy`: shapes by the schemas, then what the values mean, all problems together.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from ..errors import PolicyRefused, Problem, Problems
from ..expressions.reader import read_condition, read_number
from ..expressions.syntax import ALWAYS, Compare, Condition, Constant, FactValue, Number, all_of
from ..facts import (
    FEN_PER_YUAN,
    MOST_UNITS,
    Amount as AmountFact,
    Choice,
    Count,
    Fact,
    Facts,
    Flag,
    Judgement,
    Percent,
)
from ..language import Text
from ..numbers import Exact, in_units, plain
from . import model, schemas
from .files import Document, Path_, read_document
from .meaning import meaning_of
from .versions import Policy

METHOD_FILE = "policy.yaml"
FACTS_FILE = "facts.yaml"
POINTS_SCALES = ("1", "0.5", "0.25", "0.2", "0.1", "0.05", "0.01", "0.001")


def read_policy(directory: Path) -> Policy:
    """
    Read a version's directory: `policy.yaml`, `facts.yaml` and one file per standard.

    Raises `PolicyRefused` with every problem that was found, each with file, line and column.
    """
    problems = Problems()
    method = _loaded(directory, METHOD_FILE, schemas.MethodSchema(), problems)
    dictionary = _loaded(directory, FACTS_FILE, schemas.FactsSchema(), problems)
    names = method.data["standards"] if method else []
    tables = [_loaded(directory, f"{name}.yaml", schemas.StandardSchema(), problems) for name in names]
    if method is None or dictionary is None:
        raise PolicyRefused(problems.found)
    reader = _Reader(method, dictionary, [table for table in tables if table], problems)
    policy = reader.policy()
    problems.refuse(PolicyRefused)
    assert policy is not None
    return policy


def _loaded(directory: Path, name: str, schema: schemas.Schema, problems: Problems) -> Document | None:
    """The file, checked against its schema; its data is then what the schema made of it."""
    document = read_document(directory / name, name, problems)
    if document is None:
        return None
    try:
        document.data = schema.load(document.data)
    except ValidationError as error:
        problems.found.extend(shape_problems(document, schema, error))
        return None
    return document


def shape_problems(document: Document, schema: schemas.Schema, error: ValidationError) -> Iterable[Problem]:
    """marshmallow's refusals as problems with their places."""
    for path, message, known in schemas.flattened(schema, document.data, error):
        code, *right = message.split("|")
        if code == "key_missing":
            yield document.problem(code, path, name=str(path[-1]))
        elif code == "key_unknown":
            yield document.problem(code, path, known, key=True, name=str(path[-1]))
        elif code == "value_empty":
            yield document.problem(code, path, name=str(path[-1]) if path else document.name)
        else:
            value = document.data
            for step in path:
                value = value[step] if isinstance(value, list | dict) else None
            words = Text(*right) if len(right) == 2 else Text(message, message)
            yield document.problem("value_bad", path, value=_brief(value), right=words)


def _brief(value: object) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "…"


class _Reader:
    """Builds the model and notes what does not fit together."""

    def __init__(self, method: Document, dictionary: Document, tables: list[Document], problems: Problems):
        self.method = method
        self.dictionary = dictionary
        self.tables = tables
        self.problems = problems
        self.per_one = self.scale(method.data["points_scale"])
        self.readings = self.read_readings()
        self.used_choices: set[tuple[str, str]] = set()
        self.used_facts: set[str] = set()

    def note(self, document: Document, code: str, path: Path_, known: Iterable[str] = (), **values: Any) -> None:
        self.problems.found.append(document.problem(code, path, known, **values))

    # numbers

    def scale(self, scale: Fraction) -> int:
        """Units to a point."""
        if plain(scale) not in POINTS_SCALES:
            self.note(self.method, "value_bad", ("points_scale",), value=plain(scale), right=", ".join(POINTS_SCALES))
            return 1000
        return (1 / scale).numerator

    def points(self, document: Document, value: Fraction | None, path: Path_) -> int:
        """Points in units."""
        units = in_units(value or Fraction(0), self.per_one)
        if units is None:
            self.note(document, "off_scale", path, value=plain(value or 0), scale=plain(Fraction(1, self.per_one)))
        return units or 0

    def optional_points(self, document: Document, value: Fraction | None, path: Path_) -> int | None:
        return None if value is None else self.points(document, value, path)

    # the method

    def policy(self) -> Policy | None:
        data = self.method.data
        grades = self.grades(data["grades"])
        facts = self.facts()
        tables: dict[str, model.Table] = {}
        for document in self.tables:
            table = self.table(document, facts, grades)
            if table.key in tables:
                self.note(document, "defined_twice", ("key",), name=table.key)
            if f"{table.key}.yaml" != document.name:
                right = document.name.removesuffix(".yaml")
                self.note(document, "value_bad", ("key",), value=table.key, right=right)
            tables[table.key] = table
        known = [grade.key for grade in grades]
        for path, key in self.grade_names(data):
            if key not in known:
                self.note(self.method, "value_bad", path, known, value=key, right=", ".join(known), name=key)
        caps = tuple(self.cap(cap, ("caps", at)) for at, cap in enumerate(data["caps"]))
        subsidy = self.subsidy(data["subsidy"])
        may_follow = self.by_reading(data["may_follow"], ("may_follow",))
        self.everything_used(facts)
        if self.problems.found:
            return None
        by_key = {grade.key: grade for grade in grades}
        policy = Policy(
            key=data["id"],
            revision=data["revision"],
            year=data["year"],
            year_basis=data["year_basis"],
            status=data["status"],
            title=data["title"],
            source=data["source"],
            points_per_one=self.per_one,
            reasons_required=data["judgement_reasons"] == "required",
            method=tuple(
                model.Paragraph(each["heading"], None if each["no"] is None else str(each["no"]), each["text"])
                for each in data["method"]
            ),
            grades=grades,
            veto_grade=by_key[data["veto_grade"]],
            rectify=tuple(data["rectify"]),
            caps=caps,
            subsidy=subsidy,
            districts=tuple(
                model.District(each["name"], tuple(each["aliases"]), each["bound"]) for each in data["districts"]
            ),
            may_follow=may_follow,
            readings=MappingProxyType(self.readings),
            facts=MappingProxyType(facts),
            tables=MappingProxyType(tables),
        )
        object.__setattr__(policy, "meaning", meaning_of(policy))
        return policy

    def grade_names(self, data: Mapping[str, Any]) -> Iterable[tuple[Path_, str]]:
        """Every place of the method that names a grade."""
        yield ("veto_grade",), data["veto_grade"]
        for at, key in enumerate(data["rectify"]):
            yield ("rectify", at), key
        for at, cap in enumerate(data["caps"]):
            yield ("caps", at, "grade"), cap["grade"]
            yield ("caps", at, "becomes"), cap["becomes"]
        if data["subsidy"]:
            for key in data["subsidy"]["by_grade"]:
                yield ("subsidy", "by_grade", key), key

    def grades(self, rows: list[dict[str, Any]]) -> tuple[model.Grade, ...]:
        grades: list[model.Grade] = []
        for at, row in enumerate(rows):
            path: Path_ = ("grades", at)
            last = at == len(rows) - 1
            if last != (row["from_"] is None):
                code = "key_unknown" if last else "key_missing"
                self.note(self.method, code, (*path, "from"), name="from")
            start = self.points(self.method, row["from_"], (*path, "from"))
            if grades and start >= grades[-1].start:
                self.note(self.method, "grades_out_of_order", path, name=row["key"])
            if row["key"] in [grade.key for grade in grades]:
                self.note(self.method, "defined_twice", (*path, "key"), name=row["key"])
            grades.append(model.Grade(row["key"], row["title"], at, start))
        return tuple(grades)

    def read_readings(self) -> dict[str, model.Reading]:
        readings: dict[str, model.Reading] = {}
        for at, row in enumerate(self.method.data["readings"]):
            path: Path_ = ("readings", at)
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

    def by_reading(self, value: Any, path: Path_) -> Any:
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

    def cap(self, row: dict[str, Any], path: Path_) -> model.Cap:
        if (row["share"] is None) == (row["number"] is None):
            self.note(self.method, "value_bad", path, value=row["grade"], right="share | number")
        chosen = {
            name: self.by_reading(row[name], (*path, name))
            for name in ("per", "standards", "rank_by", "binding", "ties", "rounding", "denominator")
        }
        return model.Cap(row["grade"], row["becomes"], row["share"], row["number"], **chosen)

    def subsidy(self, row: dict[str, Any] | None) -> model.Subsidy | None:
        if row is None:
            return None
        path: Path_ = ("subsidy",)
        ratios: dict[str, Fraction] = {}
        amounts: dict[str, int] = {}
        for grade, worth in row["by_grade"].items():
            at = (*path, "by_grade", grade)
            if (worth["ratio"] is None) == (worth["amount"] is None):
                self.note(self.method, "value_bad", at, value=grade, right="{ratio: 100} | {amount: 5000}")
            elif worth["ratio"] is not None:
                ratios[grade] = worth["ratio"]
            else:
                amounts[grade] = self.fen(worth["amount"], (*at, "amount"))
        by_rank = []
        for at_rank, rank in enumerate(row["by_rank"]):
            at = (*path, "by_rank", at_rank)
            if not 1 <= rank["from_"] <= rank["to"]:
                self.note(self.method, "value_bad", at, value=f"{rank['from_']}-{rank['to']}", right="1 <= from <= to")
            if any(rank["from_"] <= other.last and other.first <= rank["to"] for other in by_rank):
                self.note(self.method, "bands_overlap", at, first=at_rank, second=at_rank + 1)
            by_rank.append(model.RankAmount(rank["from_"], rank["to"], self.fen(rank["amount"], (*at, "amount"))))
        return model.Subsidy(
            average_standard=self.by_reading(row["average_standard"], (*path, "average_standard")),
            ratios=MappingProxyType(ratios),
            amounts=MappingProxyType(amounts),
            by_rank=tuple(by_rank),
            rounding=row["rounding"],
            permitted_use=row["permitted_use"],
        )

    def fen(self, amount: Fraction, path: Path_) -> int:
        units = in_units(amount, FEN_PER_YUAN)
        if units is None:
            self.note(self.method, "off_scale", path, value=plain(amount), scale="0.01")
        return units or 0

    # facts

    def facts(self) -> dict[str, Fact]:
        rows = self.dictionary.data["facts"]
        facts: dict[str, Fact] = {}
        for name, row in rows.items():
            if row["type"] != "percent":
                fact = self.fact(name, row)
                if fact is not None:
                    facts[name] = fact
        for name, row in rows.items():
            if row["type"] == "percent":
                fact = self.percent(name, row, facts)
                if fact is not None:
                    facts[name] = fact
        for name, row in rows.items():
            if row["best_of"] is not None:
                self.used_facts.add(name)
                if row["best_of"] not in facts:
                    self.note(
                        self.dictionary, "fact_unknown", ("facts", name, "best_of"), facts, name=row["best_of"]
                    )
        return facts

    def fact(self, name: str, row: dict[str, Any]) -> Fact | None:
        path: Path_ = ("facts", name)
        if not name.isidentifier() or not name.isascii() or name in _RESERVED:
            right = Text("小写字母、数字和下划线", "lower case letters, digits and underscores")
            self.note(self.dictionary, "value_bad", path, value=name, right=right)
            return None
        for key, types in _KEYS_OF_TYPES.items():
            if row[key] is not None and row["type"] not in types:
                self.note(self.dictionary, "key_unknown", (*path, key), key=True, name=key)
        title = Text(row["zh"]["name"], row["en"]["name"])
        unit = Text(row["zh"]["unit"], row["en"]["unit"])
        match row["type"]:
            case "flag":
                for language in ("zh", "en"):
                    for key in ("yes", "no"):
                        if row[language][key] is None:
                            self.note(self.dictionary, "key_missing", (*path, language, key), name=key)
                words = [Text(str(row["zh"][key]), str(row["en"][key])) for key in ("yes", "no")]
                return Flag(name, title, unit, *words)
            case "choice":
                if not row["choices"]:
                    self.note(self.dictionary, "key_missing", (*path, "choices"), name="choices")
                    return None
                return Choice(name, title, unit, tuple(row["choices"].items()))
            case "judgement":
                if row["max"] is None:
                    self.note(self.dictionary, "key_missing", (*path, "max"), name="max")
                low, high = self.bounds(row, path, self.per_one, 0)
                return Judgement(name, title, Text("分", "points"), low, high, self.per_one)
            case "amount":
                return AmountFact(name, title, Text("元", "yuan"), *self.bounds(row, path, FEN_PER_YUAN, MOST_UNITS))
        return Count(name, title, unit, *self.bounds(row, path, 1, MOST_UNITS))

    def bounds(self, row: dict[str, Any], path: Path_, per_one: int, highest: int) -> tuple[int, int]:
        low, high = 0, highest
        for key in ("min", "max"):
            if row[key] is not None:
                units = in_units(row[key], per_one)
                if units is None or units > MOST_UNITS:
                    scale = plain(Fraction(1, per_one))
                    self.note(self.dictionary, "off_scale", (*path, key), value=plain(row[key]), scale=scale)
                elif key == "min":
                    low = units
                else:
                    high = units
        if low > high:
            self.note(self.dictionary, "value_bad", (*path, "min"), value=plain(row["min"]), right="min <= max")
        return low, high

    def percent(self, name: str, row: dict[str, Any], facts: Facts) -> Percent | None:
        path: Path_ = ("facts", name)
        sides = []
        for key in ("part", "whole"):
            other = row[key]
            fact = facts.get(other or "")
            if other is None:
                self.note(self.dictionary, "key_missing", (*path, key), name=key)
            elif not isinstance(fact, Count | AmountFact):
                self.note(self.dictionary, "fact_unknown", (*path, key), facts, name=other)
            else:
                sides.append(fact)
        if row["empty"] is None:
            self.note(self.dictionary, "key_missing", (*path, "empty"), name="empty")
        if len(sides) < 2 or row["empty"] is None:
            return None
        part, whole = sides
        if type(part) is not type(whole):
            self.note(self.dictionary, "wrong_kind", (*path, "whole"), left=part.title, right=whole.title)
        title = Text(row["zh"]["name"], row["en"]["name"])
        readings = tuple(each for each, _ in self.named_readings(self.dictionary, row["reading"], (*path, "reading")))
        return Percent(name, title, Text("%", "%"), part, whole, row["empty"], row["may_exceed"], readings)

    # readings on clauses

    def named_readings(
        self, document: Document, named: Iterable[str], path: Path_
    ) -> tuple[tuple[str, str | None], ...]:
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
                self.used_choices.update([(name, choice)] if choice else [(name, each) for each in reading.choices])
                pairs.append((name, choice or None))
        return tuple(pairs)

    def everything_used(self, facts: Facts) -> None:
        """A fact or a choice that nothing uses is a slip of the pen."""
        for name, fact in facts.items():
            if isinstance(fact, Percent) and name in self.used_facts:
                self.used_facts |= {fact.part.name, fact.whole.name}
        if self.problems.found:
            return  # clauses that were refused may be the ones that use them
        for name in facts:
            if name not in self.used_facts:
                self.note(self.dictionary, "fact_unused", ("facts", name), key=True, name=name)
        for at, reading in enumerate(self.readings.values()):
            for choice in reading.choices:
                if (reading.key, choice) not in self.used_choices and choice != reading.default:
                    path: Path_ = ("readings", at, "choices", choice)
                    self.note(self.method, "reading_unused", path, key=True, name=reading.key, choice=choice)

    # standards

    def table(self, document: Document, facts: Facts, grades: tuple[model.Grade, ...]) -> model.Table:
        data = document.data
        parts = tuple(model.Part(each["key"], each["title"], each["weight"]) for each in data["parts"])
        by_key = {part.key: part for part in parts}
        seen: dict[str, set[str]] = {"no": set(), "key": set()}
        categories = []
        for at, row in enumerate(data["categories"]):
            path: Path_ = ("categories", at)
            part = by_key.get(row["part"] or "")
            if (part is None) != (not parts):
                right = ", ".join(by_key) or "-"
                self.note(document, "value_bad", (*path, "part"), by_key, value=str(row["part"]), right=right)
            weight: Exact = part.weight / 100 if part else 1
            items = tuple(
                self.item(document, each, (*path, "items", n), facts, grades, weight, seen)
                for n, each in enumerate(row["items"])
            )
            title = Text(row["title"], row["title_en"])
            categories.append(model.Category(title, self.points(document, row["points"], (*path, "points")), part, items))
        rescale, readings = None, ()
        if data["rescale"]:
            start, to = data["rescale"]["from_"], data["rescale"]["to"]
            rescale = model.Rescale(
                self.points(document, start, ("rescale", "from")), self.points(document, to, ("rescale", "to"))
            )
            if not rescale.start:
                self.note(document, "value_bad", ("rescale", "from"), value=plain(start), right="> 0")
            readings = self.named_readings(document, data["rescale"]["reading"], ("rescale", "reading"))
        contradictions = []
        for at, each in enumerate(data["contradictions"]):
            path = ("contradictions", at)
            for no in each["items"]:
                if no not in seen["no"]:
                    self.note(document, "item_unknown", (*path, "items"), seen["no"], name=no)
            if each["reading"]:
                self.named_readings(document, [each["reading"]], (*path, "reading"))
            contradictions.append(
                model.Contradiction(tuple(each["items"]), each["reading"], Text(each["zh"], each["en"]))
            )
        bonus = data["bonus"]["at_most"] if data["bonus"] else None
        return model.Table(
            key=data["key"],
            title=data["title"],
            points=self.points(document, data["points"], ("points",)),
            notes=tuple(data["notes"]),
            parts=parts,
            categories=tuple(categories),
            bonus_at_most=self.optional_points(document, bonus, ("bonus", "at_most")),
            total_at_most=self.optional_points(document, data["total_at_most"], ("total_at_most",)),
            rescale=rescale,
            rescale_readings=readings,
            contradictions=tuple(contradictions),
        )

    def item(
        self,
        document: Document,
        row: dict[str, Any],
        path: Path_,
        facts: Facts,
        grades: tuple[model.Grade, ...],
        weight: Exact,
        seen: dict[str, set[str]],
    ) -> model.Item:
        for name, names in seen.items():
            if row[name] in names:
                self.note(document, "defined_twice", (*path, name), name=row[name])
            names.add(row[name])
        points = self.points(document, row["points"], (*path, "points"))
        clauses: list[model.Clause] = []
        for at, each in enumerate(row["clauses"]):
            inner = (*path, "clauses", at)
            clause = _ClauseReader(self, document, inner, facts, grades, row, points).clause(each, at)
            if clause is not None:
                if clause.key in [other.key for other in clauses]:
                    self.note(document, "defined_twice", (*inner, "key"), name=clause.key)
                if not points and clause.effect_name in ("score", "deduct", "award"):
                    self.note(document, "item_without_points", inner)
                clauses.append(clause)
        title = Text(row["title"], row["title_en"])
        return model.Item(
            row["key"], row["no"], title, row["basis"], points, tuple(clauses), weight, document.place(path)
        )


_RESERVED = {"and", "or", "not", "in", "True", "False", "None", "if", "else", "for", "is", "lambda", "always"}
_KEYS_OF_TYPES = {
    "min": ("count", "amount", "judgement"),
    "max": ("count", "amount", "judgement"),
    "choices": ("choice",),
    "part": ("percent",),
    "whole": ("percent",),
    "empty": ("percent",),
}


class _ClauseReader:
    """Reads one clause: its condition, its effect, its readings."""

    def __init__(
        self,
        reader: _Reader,
        document: Document,
        path: Path_,
        facts: Facts,
        grades: tuple[model.Grade, ...],
        item: dict[str, Any],
        item_points: int,
    ):
        self.reader = reader
        self.document = document
        self.path = path
        self.facts = facts
        self.grades = grades
        self.item = item
        self.item_points = item_points

    def note(self, code: str, path: Path_ = (), known: Iterable[str] = (), **values: Any) -> None:
        self.reader.note(self.document, code, (*self.path, *path), known, **values)

    def points(self, value: Fraction | None, *path: str | int) -> int:
        return self.reader.points(self.document, value, (*self.path, *path))

    def optional_points(self, value: Fraction | None, *path: str | int) -> int | None:
        return self.reader.optional_points(self.document, value, (*self.path, *path))

    def clause(self, row: dict[str, Any], at: int) -> model.Clause | None:
        named = [name for name in schemas.EFFECTS if name in row]
        if len(named) != 1:
            self.note("effect_missing", right=", ".join(schemas.EFFECTS))
            return None
        condition: Condition | None = ALWAYS
        if row["when"] is not None:
            condition = read_condition(row["when"], self.facts, self.reporter("when"))
        readings = self.reader.named_readings(self.document, row["reading"], (*self.path, "reading"))
        effect = self.effect(named[0], row[named[0]])
        if named[0] in ("veto", "ceiling") and row["when"] is None:
            self.note("veto_without_condition")
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
        self.reader.used_facts.update(fact.name for fact in clause.facts())
        self.reader.used_facts.update(fact.name for fact in _named(clause))
        return clause

    def reporter(self, *path: str | int) -> Any:
        """How the condition language reports: at this value, so many characters in."""

        def report(code: str, offset: int, known: Any, values: dict[str, Any]) -> None:
            self.reader.problems.found.append(
                self.document.problem(code, (*self.path, *path), known, offset=offset, **values)
            )

        return report

    def effect(self, name: str, value: Any) -> model.Effect | None:
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
        return {"deduct": model.Deduct, "award": model.Award, "bonus": model.Bonus}[name](amount)

    def amount(self, name: str, value: Any) -> model.Amount | None:
        if isinstance(value, Fraction):
            return model.Fixed(self.points(value, name))
        if isinstance(value, str):
            fact = self.facts.get(value)
            if not isinstance(fact, Judgement):
                judgements = [each for each, found in self.facts.items() if isinstance(found, Judgement)]
                self.note("fact_unknown", (name,), judgements, name=value)
                return None
            return model.Judged(fact)
        if "each" in value:
            return self.per_occurrence(name, value)
        if "proportion" in value:
            return self.proportion(name, value)
        number = self.number(value["of"], name, "of")
        return self.banded(name, number, value) if "bands" in value else self.stepped(name, number, value)

    def number(self, text: str, *path: str | int) -> Number | None:
        return read_number(text, self.facts, self.reporter(*path))

    def per_occurrence(self, name: str, row: dict[str, Any]) -> model.Amount | None:
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
        if value <= 0:
            self.note("value_bad", path, value=plain(value), right="> 0")
            return Fraction(1)
        return value

    def stepped(self, name: str, number: Number | None, row: dict[str, Any]) -> model.Amount | None:
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
        bands = []
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
            elif low is not None and high is not None:
                if low > high or (low == high and not (low_included and high_included)):
                    self.note("band_empty", path, first=at + 1)
            limits = []
            if low is not None and number is not None:
                limits.append(Compare(number, ">=" if low_included else ">", Constant(low)))
            if high is not None and number is not None:
                limits.append(Compare(number, "<=" if high_included else "<", Constant(high)))
            points = self.points(band["points"], *path, "points")
            band_ = model.Band(all_of(*limits), points, low, low_included, high, high_included)
            for other_at, other in enumerate(bands):
                if _overlap(band_, other):
                    self.note("bands_overlap", path, first=other_at + 1, second=at + 1)
            bands.append(band_)
        return None if number is None else model.Banded(number, tuple(bands))

    def proportion(self, name: str, row: dict[str, Any]) -> model.Amount | None:
        fact = self.facts.get(row["proportion"])
        if not isinstance(fact, Percent):
            percents = [each for each, found in self.facts.items() if isinstance(found, Percent)]
            self.note("fact_unknown", (name, "proportion"), percents, name=row["proportion"])
            return None
        points = self.optional_points(row["points"], name, "points")
        return model.Proportion(fact, self.item_points if points is None else points)


def _named(clause: model.Clause) -> Iterable[Fact]:
    """The facts that a clause names, derived ones as such."""
    from_condition = [*model.facts_of(clause.fires)]
    return [*from_condition, *model.amount_facts(clause.amount)]


def _overlap(one: model.Band, other: model.Band) -> bool:
    """Whether a number can lie in both bands."""
    return _reaches(one, other) and _reaches(other, one)


def _reaches(one: model.Band, other: model.Band) -> bool:
    """Whether `one` starts before `other` ends."""
    if one.low is None or other.high is None:
        return True
    return one.low < other.high or (one.low == other.high and one.low_included and other.high_included)

