"""
A sheet: everything that was posted about one unit, checked against a standard.

Bad facts are refused whole, all problems at once. Whether an absent fact matters is judged later, by `completion`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from .errors import Problem, Problems, pointer
from .facts import BadValue, Flag, Judgement, Percent, shown
from .language import Text
from .policy.model import Item
from .policy.versions import Standard

MOST_NAME = 200
MOST_REASON = 2000
# Half a surrogate pair is no character, and nothing can store it.
HALF = re.compile("[\ud800-\udfff]")
MOST_FACTS = 10_000
SHEET_KEYS = ("unit", "standard", "facts", "self_scores", "reasons")


class Posted(NamedTuple):
    """One sheet or decision of many; `at` is where it was given, `problem` why it cannot even be read."""

    at: str
    value: object
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """Whom the sheet is about."""

    id: str
    name: str | None
    district: str | None

    def as_data(self) -> dict[str, str | None]:
        """As it was posted."""
        return {"id": self.id, "name": self.name, "district": self.district}


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """Good facts of one unit in units of each fact, self scores in units of the points scale, reasons as written."""

    standard: Standard
    unit: Unit
    values: Mapping[str, int]
    self_scores: Mapping[str, int]
    reasons: Mapping[str, str]

    @property
    def absent(self) -> tuple[str, ...]:
        """The facts of the standard that were not given."""
        return tuple(name for name in self.standard.facts if name not in self.values)

    def given(self) -> dict[str, Any]:
        """The facts as they were given."""
        return {name: self.standard.accepted[name].given(units) for name, units in self.values.items()}


class SheetReader:
    """Reads sheets of one standard; what does not depend on the sheet is prepared once."""

    def __init__(self, standard: Standard):
        self.standard = standard
        self.units_of = {name: fact.units for name, fact in standard.accepted.items()}
        self.rates = [
            fact
            for fact in standard.policy.facts.values()
            if isinstance(fact, Percent) and {fact.part.name, fact.whole.name} <= standard.accepted.keys()
        ]
        self.flags = {name for name, fact in standard.accepted.items() if isinstance(fact, Flag)}
        self.judgements = [name for name, fact in standard.accepted.items() if isinstance(fact, Judgement)]
        self.self_scores = {item.no: _self_score(item, standard.policy.points_per_one) for item in standard.items}

    def read(self, posted: object, problems: Problems) -> Sheet:
        """
        The sheet that was posted: `{"unit": {"id", "name", "district"}, "facts": {…}, "self_scores"?, "reasons"?}`.

        What is wrong is added to `problems`; the sheet then holds what is good.
        """
        if not isinstance(posted, Mapping):
            problems.add("value_bad", value=shown(posted), right=Text("一个 JSON 对象", "a JSON object"))
            posted = {}
        for key in posted:
            if key not in SHEET_KEYS:
                problems.add("key_unknown", pointer(key), SHEET_KEYS, name=str(key))
        if posted.get("standard", self.standard.key) != self.standard.key:
            problems.add("value_bad", "/standard", value=shown(posted["standard"]), right=self.standard.key)
        return Sheet(
            self.standard,
            read_unit(posted.get("unit"), problems),
            self._values(posted.get("facts"), problems),
            self._self_scores(_mapping(posted.get("self_scores"), "self_scores", problems), problems),
            self._reasons(_mapping(posted.get("reasons"), "reasons", problems), problems),
        )

    def _values(self, posted: object, problems: Problems) -> dict[str, int]:
        if posted is None:
            problems.add("key_missing", "/facts", name="facts")
        facts = _mapping(posted, "facts", problems)
        values: dict[str, int] = {}
        units_of, flags = self.units_of, self.flags
        for name, value in facts.items():
            if value is True and name in flags:  # most facts of most sheets, and quicker so
                values[name] = 1
                continue
            if value is None and name in units_of:
                continue
            try:
                values[name] = units_of[name](value)
            except KeyError:
                _unknown(self.standard, name, problems)
            except BadValue as bad:
                problems.found.append(_at(bad.problem, pointer("facts", name)))
        for rate in self.rates:
            _check_rate(rate, values, problems)
        return values

    def _self_scores(self, posted: Mapping[str, Any], problems: Problems) -> dict[str, int]:
        scores: dict[str, int] = {}
        for no, value in posted.items():
            points = self.self_scores.get(str(no))
            if points is None:
                known = self.self_scores
                problems.add("item_unknown", pointer("self_scores", no), known, name=str(no)[:MOST_NAME])
                continue
            try:
                scores[str(no)] = points.units(value)
            except BadValue as bad:
                problems.found.append(_at(bad.problem, pointer("self_scores", no)))
        return scores

    def _reasons(self, posted: Mapping[str, Any], problems: Problems) -> dict[str, str]:
        reasons: dict[str, str] = {}
        for name, value in posted.items():
            path = pointer("reasons", name)
            if name not in self.judgements:
                problems.add("reason_for_nothing", path, self.judgements, name=str(name)[:MOST_NAME])
            elif not isinstance(value, str) or not 0 < len(value) <= MOST_REASON:
                right = Text(f"1 至 {MOST_REASON} 个字符的理由", f"a reason of 1 to {MOST_REASON} characters")
                problems.add("value_bad", path, value=shown(value), right=right)
            elif not value.strip() or HALF.search(value):
                problems.add("text_unreadable", path)
            else:
                reasons[name] = value
        return reasons


def _self_score(item: Item, per_one: int) -> Judgement:
    """What an item's self score may be: 0 to the item's points, on the points scale."""
    title = Text(f"第 {item.no} 项自评得分", f"the self score of item {item.no}")
    return Judgement("self_score", title, Text("分", "points"), 0, item.points, per_one)


def name_twice(places: Mapping[str, Sequence[str]], problems: Problems) -> None:
    """Name every unit that stands in several places: `places` has the places of each id."""
    for name, where in places.items():
        if len(where) > 1:
            values = {"times": len(where), "where": ", ".join(each.rstrip(":") for each in where)}
            problems.add("unit_twice", f"{where[-1]}/unit/id", (), name=name, **values)


def read_unit(posted: object, problems: Problems) -> Unit:
    """The unit: an id, and a name and a district where they are known."""
    keys = ("id", "name", "district")
    if not isinstance(posted, Mapping):
        code = "key_missing" if posted is None else "value_bad"
        problems.add(code, "/unit", name="unit", value=shown(posted), right='{"id", "name", "district"}')
        return Unit("", None, None)
    for key in posted:
        if key not in keys:
            problems.add("key_unknown", pointer("unit", key), keys, name=str(key))
    words: dict[str, str | None] = {}
    for key in keys:
        value = posted.get(key)
        words[key] = None
        if isinstance(value, str) and 0 < len(value) <= MOST_NAME:
            if value.strip() and value.isprintable():
                words[key] = value
            else:
                problems.add("text_unreadable", pointer("unit", key))
        elif value is not None or key == "id":
            right = Text(f"1 至 {MOST_NAME} 个字符", f"1 to {MOST_NAME} characters")
            problems.add("value_bad", pointer("unit", key), value=shown(value), right=right)
    return Unit(words["id"] or "", words["name"], words["district"])


def _mapping(posted: object, key: str, problems: Problems) -> Mapping[str, Any]:
    if posted is None:
        return {}
    if not isinstance(posted, Mapping):
        problems.add("value_bad", pointer(key), value=shown(posted), right=Text("一个 JSON 对象", "a JSON object"))
        return {}
    if len(posted) > MOST_FACTS:
        problems.add("value_bad", pointer(key), value=str(len(posted)), right=f"<= {MOST_FACTS}")
        return {}
    return posted


def _at(found: Problem, path: str) -> Problem:
    return Problem(found.code, found.message, path, found.near)


def _unknown(standard: Standard, name: str, problems: Problems) -> None:
    """Say why a name is not a fact of this standard."""
    path = pointer("facts", name)
    fact = standard.policy.facts.get(name)
    others = [key for key in standard.policy.tables if name in standard.policy.standard(key).accepted]
    readings = [
        f"{reading}={choice}"
        for category in standard.table.categories
        for item in category.items
        for clause in item.clauses
        for reading, choice in clause.readings
        if choice and fact in clause.facts
    ]
    if isinstance(fact, Percent):
        problems.add("fact_derived", path, title=fact.title, part=fact.part.name, whole=fact.whole.name)
    elif fact is not None and others:
        problems.add("fact_of_other_standard", path, title=fact.title, standard=", ".join(others))
    elif fact is not None and readings:
        problems.add("fact_of_other_reading", path, title=fact.title, reading=", ".join(dict.fromkeys(readings)))
    else:
        problems.add("fact_unknown", path, standard.accepted, name=name)


def _check_rate(rate: Percent, values: Mapping[str, int], problems: Problems) -> None:
    part, whole = values.get(rate.part.name), values.get(rate.whole.name)
    if part is None or whole is None or rate.may_exceed or part <= whole:
        return
    words = {"part_value": rate.part.words(part), "whole_value": rate.whole.words(whole)}
    path = pointer("facts", rate.part.name)
    problems.add("part_exceeds_whole", path, part=rate.part.title, whole=rate.whole.title, **words)
