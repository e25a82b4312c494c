"""From a directory to a `Policy`: shapes by the schemas, then what the values mean, all problems together."""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

from marshmallow import ValidationError

from ..errors import Problem, Problems
from ..facts import FEN_PER_YUAN, Facts, Percent, shown
from ..language import Text
from ..numbers import in_units, plain
from . import model, schemas
from .context import Context
from .dictionary import DictionaryReader
from .files import Document, KeyPath, read_document
from .meaning import meaning_of
from .repair import CannotGoOn, repaired
from .tables import TableReader
from .versions import Policy

METHOD_FILE = "policy.yaml"
FACTS_FILE = "facts.yaml"


def read_policy(directory: Path, problems: Problems) -> tuple[Policy | None, list[model.Clause]]:
    """
    Read a version's directory: `policy.yaml`, `facts.yaml` and one file per standard.

    Every problem is added to `problems` with file, line and column; then there is no policy, but the clauses that
    could be read are there, so that whatever else is wrong with them is found as well.
    """
    method = _loaded(directory, METHOD_FILE, schemas.MethodSchema(), problems)
    dictionary = _loaded(directory, FACTS_FILE, schemas.FactsSchema(), problems)
    names = method.data["standards"] if method else []
    tables = [_loaded(directory, f"{name}.yaml", schemas.StandardSchema(), problems) for name in names]
    if method is None or dictionary is None:
        return None, []
    context = Context(method, problems)
    policy = _MethodReader(context, dictionary, [table for table in tables if table]).policy()
    return policy, context.clauses


def _loaded(directory: Path, name: str, schema: schemas.Schema, problems: Problems) -> Document | None:
    """The file, checked against its schema; its data is then what the schema made of it."""
    document = read_document(directory / name, name, problems)
    if document is None:
        return None
    if document.data is None:
        problems.found.append(document.problem("value_empty", name=name))
        return None
    try:
        document.data = schema.load(document.data)
    except ValidationError as error:
        found = list(schemas.flattened(schema, document.data, error))
        problems.found.extend(_in_words(document, found))
        refused = [(path, message.split(schemas.SEPARATOR)[0]) for path, message, _ in found]
        try:
            data, document.put_aside, document.stood_in = repaired(schema, document.data, refused)
            document.data = schema.load(data)
        except (CannotGoOn, ValidationError):
            return None
    return document


def shape_problems(document: Document, schema: schemas.Schema, error: ValidationError) -> Iterable[Problem]:
    """marshmallow's refusals as problems with their places."""
    return _in_words(document, schemas.flattened(schema, document.data, error))


def _in_words(document: Document, found: Iterable[tuple[KeyPath, str, tuple[str, ...]]]) -> Iterable[Problem]:
    for path, message, known in found:
        code, *right = message.split(schemas.SEPARATOR)
        if code == "key_missing":
            yield document.problem(code, path, name=str(path[-1]))
        elif code == "key_unknown":
            yield document.problem(code, path, known, key=True, name=str(path[-1]))
        elif code == "value_empty":
            yield document.problem(code, path, name=str(path[-1]) if path else document.name)
        else:
            value = document.data
            for step in path:
                value = value[step] if isinstance(value, list | dict) else None  # type: ignore[index]
            words = Text(*right) if len(right) == 2 else Text(message, message)
            yield document.problem("value_bad", path, value=_brief(value), right=words)


def _brief(value: object) -> str:
    text = str(value) if isinstance(value, str | list | dict) else shown(value)
    return text if len(text) <= 60 else text[:57] + "…"


class _MethodReader:
    """Reads the method, then everything that it names, and notes what does not fit together."""

    def __init__(self, context: Context, dictionary: Document, tables: list[Document]):
        self.context = context
        self.method = context.method
        self.dictionary = dictionary
        self.tables = tables

    def note(self, document: Document, code: str, path: KeyPath, known: Iterable[str] = (), **values: Any) -> None:
        self.context.note(document, code, path, known, **values)

    def policy(self) -> Policy | None:
        data = self.method.data
        grades = self.grades(data["grades"])
        facts = DictionaryReader(self.context, self.dictionary).facts()
        self.context.bad_facts = self.dictionary.put_aside | (self.dictionary.data["facts"].keys() - facts.keys())
        tables: dict[str, model.Table] = {}
        for document in self.tables:
            table = TableReader(self.context, document, facts, grades).table()
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
        caps = tuple(self.cap(cap, known, ("caps", at)) for at, cap in enumerate(data["caps"]))
        subsidy = self.subsidy(data["subsidy"])
        may_follow = self.context.by_reading(data["may_follow"], ("may_follow",))
        self.everything_used(facts)
        if self.context.problems.found:
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
            points_per_one=self.context.per_one,
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
            readings=MappingProxyType(self.context.readings),
            facts=MappingProxyType(facts),
            tables=MappingProxyType(tables),
        )
        object.__setattr__(policy, "meaning", meaning_of(policy))
        return policy

    def grade_names(self, data: Mapping[str, Any]) -> Iterable[tuple[KeyPath, str]]:
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
            path: KeyPath = ("grades", at)
            last = at == len(rows) - 1
            if last != (row["from_"] is None):
                code = "key_unknown" if last else "key_missing"
                self.note(self.method, code, (*path, "from"), name="from")
            start = self.context.points(self.method, row["from_"], (*path, "from"))
            if grades and start >= grades[-1].start:
                self.note(self.method, "grades_out_of_order", path, name=row["key"])
            if row["key"] in [grade.key for grade in grades]:
                self.note(self.method, "defined_twice", (*path, "key"), name=row["key"])
            grades.append(model.Grade(row["key"], row["title"], at, start))
        return tuple(grades)

    def cap(self, row: dict[str, Any], grades: list[str], path: KeyPath) -> model.Cap:
        if (row["share"] is None) == (row["number"] is None):
            self.note(self.method, "value_bad", path, value=row["grade"], right="share | number")
        named = row["grade"] in grades and row["becomes"] in grades
        if named and grades.index(row["becomes"]) <= grades.index(row["grade"]):
            self.note(self.method, "cap_raises", (*path, "becomes"), name=row["grade"], becomes=row["becomes"])
        chosen = {
            name: self.context.by_reading(row[name], (*path, name))
            for name in ("per", "standards", "rank_by", "binding", "ties", "rounding", "denominator")
        }
        return model.Cap(row["grade"], row["becomes"], row["share"], row["number"], **chosen)

    def subsidy(self, row: dict[str, Any] | None) -> model.Subsidy | None:
        if row is None:
            return None
        path: KeyPath = ("subsidy",)
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
        by_rank: list[model.RankAmount] = []
        for at_rank, rank in enumerate(row["by_rank"]):
            at = (*path, "by_rank", at_rank)
            if not 1 <= rank["from_"] <= rank["to"]:
                self.note(self.method, "value_bad", at, value=f"{rank['from_']}-{rank['to']}", right="1 <= from <= to")
            if any(rank["from_"] <= other.last and other.first <= rank["to"] for other in by_rank):
                self.note(self.method, "bands_overlap", at, first=at_rank, second=at_rank + 1)
            by_rank.append(model.RankAmount(rank["from_"], rank["to"], self.fen(rank["amount"], (*at, "amount"))))
        return model.Subsidy(
            average_standard=self.context.by_reading(row["average_standard"], (*path, "average_standard")),
            ratios=MappingProxyType(ratios),
            amounts=MappingProxyType(amounts),
            by_rank=tuple(by_rank),
            rounding=row["rounding"],
            permitted_use=row["permitted_use"],
        )

    def fen(self, amount: Fraction, path: KeyPath) -> int:
        units = in_units(amount, FEN_PER_YUAN)
        if units is None:
            self.note(self.method, "off_scale", path, value=plain(amount), scale="0.01")
        return units or 0

    def everything_used(self, facts: Facts) -> None:
        """A fact or a choice that nothing uses is a slip of the pen."""
        for name, fact in facts.items():
            if isinstance(fact, Percent) and name in self.context.used_facts:
                self.context.used_facts |= {fact.part.name, fact.whole.name}
        if self.context.problems.found:
            return  # clauses that were refused may be the ones that use them
        for name in facts:
            if name not in self.context.used_facts:
                self.note(self.dictionary, "fact_unused", ("facts", name), key=True, name=name)
        for at, reading in enumerate(self.context.readings.values()):
            for choice in reading.choices:
                if (reading.key, choice) not in self.context.used_choices and choice != reading.default:
                    path: KeyPath = ("readings", at, "choices", choice)
                    self.note(self.method, "reading_unused", path, key=True, name=reading.key, choice=choice)
