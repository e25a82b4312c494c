"""
The readings of a policy: where each alternative acts, which facts it asks for, and what it would change.

An effect is a comparison of the policy under its defaults with the policy under that one alternative.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from .comparison import Comparison, Version, compare, read_for_all
from .comparison.compare import Compared
from .comparison.difference import Change, grade_of
from .comparison.versions import Opened
from .errors import CohortRefused, Problem, Problems, RequestRefused
from .explanation import clause_sentence
from .facts import FEN_PER_YUAN, Percent
from .language import Text
from .numbers import number
from .policy.model import ByReading, Clause, Reading
from .policy.versions import Policy
from .settlement import Money
from .settlement.money import NO_MONEY, check_money
from .sheets import Posted, Sheet

NO_DISTRICT = Text("有单位没有写明本政策的辖区，未作结算", "not settled: some unit names no district of the policy")
LACKING = Text("有评估表缺少指标，未作结算", "not settled: some sheet lacks facts")


class _Alternative(NamedTuple):
    """A choice that is not the default, and the policy under it, or why nobody can settle by it."""

    reading: Reading
    choice: str | None  # none: the reading has no alternative
    version: Version | None
    problems: tuple[Problem, ...]


def reading_rows(
    policy: Policy,
    posted: Iterable[Posted] | None = None,
    money: Money = NO_MONEY,
    problems: Problems | None = None,
) -> list[dict[str, Any]]:
    """
    A row for each reading and alternative, in the order of the policy; one for a reading that has no alternative.

    With sheets, each with its `standard`, every row also says what the alternative would change on them: scores and
    grades, and final grades and subsidies where every unit has a district of the policy. Raises `CohortRefused` with
    everything that is wrong, `problems` first.
    """
    problems = Problems() if problems is None else problems
    alternatives = list(_alternatives(policy))
    rows = [_row(policy, each) for each in alternatives]
    if posted is not None:
        sheets = _Sheets(policy, alternatives, posted, money, problems)
        for row, each in zip(rows, alternatives, strict=True):
            row["effect"] = sheets.effect(each) if each.choice is not None else None
    return rows


def _alternatives(policy: Policy) -> Iterator[_Alternative]:
    for reading in policy.readings.values():
        others = [choice for choice in reading.choices if choice != reading.default]
        for choice in others:
            try:
                yield _Alternative(reading, choice, Version(policy, {reading.key: choice}), ())
            except RequestRefused as refused:
                yield _Alternative(reading, choice, None, refused.problems)
        if not others:
            yield _Alternative(reading, None, None, ())


# Where a reading acts


def _row(policy: Policy, alternative: _Alternative) -> dict[str, Any]:
    reading, choice = alternative.reading, alternative.choice
    return {
        "policy": policy.key,
        "status": policy.status,
        "reading": reading.key,
        "text": reading.text,
        "default": _choice_data(reading, reading.default),
        "alternative": None if choice is None else _choice_data(reading, choice),
        "acts_on": {
            "items": list(_items(policy, reading, choice)),
            "rates": [
                {"name": fact.name, "title": fact.title.as_data()}
                for fact in policy.facts.values()
                if isinstance(fact, Percent) and reading.key in fact.readings
            ],
            "rescale": [
                key
                for key, table in policy.tables.items()
                if any(name == reading.key for name, _ in table.rescale_readings)
            ],
            "method": [each for each in _fields(policy, reading, choice) if each["from"] != each["to"]],
        },
        "facts": [] if choice is None else list(_facts(policy, reading, choice)),
        "effect": None,
    }


def _choice_data(reading: Reading, choice: str) -> dict[str, str]:
    return {"choice": choice, **reading.choices[choice].as_data()}


def _items(policy: Policy, reading: Reading, choice: str | None) -> Iterator[dict[str, Any]]:
    """The items with clauses that name the reading: those in force under the default, and under the alternative."""
    defaults = {each.key: each.default for each in policy.readings.values()}
    chosen = {**defaults, reading.key: choice or reading.default}
    for key, table in policy.tables.items():
        for item in (item for category in table.categories for item in category.items):
            clauses = [each for each in item.clauses if any(name == reading.key for name, _ in each.readings)]
            if clauses:
                yield {
                    "standard": key,
                    "no": item.no,
                    "key": item.key,
                    "title": item.title.as_data(),
                    "from": _clauses_data(policy, clauses, defaults),
                    "to": None if choice is None else _clauses_data(policy, clauses, chosen),
                }


def _clauses_data(policy: Policy, clauses: Sequence[Clause], chosen: Mapping[str, str]) -> list[dict[str, Any]]:
    return [
        {"clause": each.key, "says": clause_sentence(each, policy.points_per_one).as_data()}
        for each in clauses
        if each.in_force(chosen)
    ]


def _fields(policy: Policy, reading: Reading, choice: str | None) -> Iterator[dict[str, Any]]:
    """The fields of the method that the reading chooses, with their values."""
    named: list[tuple[str, str | None, object]] = [
        (f"caps.{field.name}", cap.grade, getattr(cap, field.name)) for cap in policy.caps for field in fields(cap)
    ]
    if policy.subsidy is not None:
        named.append(("subsidy.average_standard", None, policy.subsidy.average_standard))
    named.append(("may_follow", None, policy.may_follow))
    for name, grade, value in named:
        if isinstance(value, ByReading) and value.reading == reading.key:
            after = None if choice is None else value.values[choice]
            yield {"field": name, "grade": grade, "from": value.values[reading.default], "to": after}


def _facts(policy: Policy, reading: Reading, choice: str) -> Iterator[dict[str, Any]]:
    """The facts that are known only under the alternative, with the standards that ask for them."""
    asked: dict[str, list[str]] = {}
    for key in policy.tables:
        usual = policy.standard(key).accepted
        for name in policy.standard(key, {reading.key: choice}).accepted:
            if name not in usual:
                asked.setdefault(name, []).append(key)
    for name, standards in asked.items():
        fact = policy.facts[name]
        yield {"name": name, "title": fact.title.as_data(), "kind": fact.kind, "standards": standards}


# What an alternative would change


class _Sheets:
    """Sheets that were read once under the defaults and every alternative; refused together if any is not good."""

    def __init__(
        self,
        policy: Policy,
        alternatives: Sequence[_Alternative],
        posted: Iterable[Posted],
        money: Money,
        problems: Problems,
    ):
        self.usual = Version(policy)
        self.money = money
        self.versions = [each.version for each in alternatives if each.version is not None]
        # Of each sheet, what each alternative takes of it: the defaults' facts and its own, none of the others'.
        self.rows: list[tuple[str, list[Sheet]]] = []
        for each in posted:
            if each.problem is not None:
                problems.found.append(each.problem.below(each.at))
                continue
            found = Problems()
            sheets = read_for_all([*self.versions, self.usual], each.value, found)
            problems.found += [one.below(each.at) for one in found.found]
            if sheets:
                self.rows.append((each.at, sheets))
        if not self.rows and not problems.found:
            problems.add("cohort_empty")
        standards = dict.fromkeys(sheets[-1].standard.key for _, sheets in self.rows)
        check_money(self.usual.method, money, standards, problems)
        problems.refuse(CohortRefused)
        known = self.usual.method.districts if policy.districts else None
        districts = [sheets[-1].unit.district for _, sheets in self.rows]
        self.cohort = all(name is not None and (known is None or name in known) for name in districts)

    def effect(self, alternative: _Alternative) -> dict[str, Any] | None:
        """What the alternative changes; money that it asks for otherwise is left out, and said."""
        version = alternative.version
        if version is None:
            return {**_nothing(len(self.rows)), "problems": [each.as_data() for each in alternative.problems]}
        refused: tuple[Problem, ...] = ()
        try:
            comparison = self._compare(version, self.money)
        except CohortRefused as error:
            if self.money == NO_MONEY:
                raise
            refused = error.problems
            comparison = self._compare(version, NO_MONEY)
        return {**_effect(comparison, cohort=self.cohort), "problems": [each.as_data() for each in refused]}

    def _compare(self, version: Version, money: Money) -> Comparison:
        at = self.versions.index(version)
        posted = [Posted(place, _posted(sheets[at])) for place, sheets in self.rows]
        return compare([self.usual, version], posted, cohort=self.cohort, money=money)


def _posted(sheet: Sheet) -> dict[str, Any]:
    """The sheet as it would be posted, without self scores."""
    reasons = dict(sheet.reasons)
    return {"unit": sheet.unit.as_data(), "standard": sheet.standard.key, "facts": sheet.given(), "reasons": reasons}


def _nothing(sheets: int) -> dict[str, Any]:
    keys = ("changed", "scores", "vetoes", "grades", "open", "final_grades", "subsidies", "unsettled")
    return {"sheets": sheets, **dict.fromkeys(keys)}


def _effect(comparison: Comparison, *, cohort: bool) -> dict[str, Any]:
    per_one = comparison.versions[0].policy.points_per_one
    units = comparison.units
    changes = [each.changes[0] for each in units]
    told = [each.difference for each in changes if each.difference is not None]
    unsure = [each for each in changes if _is_open(each)]
    settled = cohort and None not in comparison.settlements
    vetoed = [each.vetoed for each in changes]
    return {
        "sheets": len(units),
        "changed": sum(_is_changed(each) for each in units),
        "scores": {
            "up": sum(each > 0 for each in told),
            "down": sum(each < 0 for each in told),
            "by": number(sum(told), per_one),
        },
        "vetoes": {"more": vetoed.count((False, True)), "fewer": vetoed.count((True, False))},
        "grades": _moves((grade_of(each.before), grade_of(each.after)) for each in changes),
        "open": _open_data(unsure, per_one),
        "final_grades": _moves(
            (each.settled[0].final.key, each.settled[1].final.key)
            for each in units
            if each.settled[0] is not None and each.settled[1] is not None
        )
        if settled
        else None,
        "subsidies": _subsidies(comparison) if settled else None,
        "unsettled": None if settled else (LACKING if cohort else NO_DISTRICT).as_data(),
    }


def _is_open(change: Change) -> bool:
    """Whether missing facts leave open what changes."""
    if change.difference is not None or not any(isinstance(each, Opened) for each in (change.before, change.after)):
        return False
    return not all(change.vetoed)


def _is_changed(compared: Compared) -> bool:
    """Whether something changed for sure."""
    change, (before, after) = compared.changes[0], compared.settled
    if change.least or (not _is_open(change) and grade_of(change.before) != grade_of(change.after)):
        return True
    if before is None or after is None:
        return False
    return (before.final.key, before.subsidy) != (after.final.key, after.subsidy)


def _moves(pairs: Iterable[tuple[str | None, str | None]]) -> list[dict[str, Any]]:
    """How many went from which grade to which other one; most first. Who cannot be told is not counted."""
    counts = Counter(pair for pair in pairs if None not in pair and pair[0] != pair[1])
    return [{"from": before, "to": after, "units": units} for (before, after), units in counts.most_common()]


def _open_data(unsure: Sequence[Change], per_one: int) -> dict[str, Any]:
    """How many sheets are only bounded, for want of which facts, and how far any of them may move."""
    facts = [name for each in unsure for name in _missing(each)]
    lows = [each.low for each in unsure if each.low is not None]
    highs = [each.high for each in unsure if each.high is not None]
    known = bool(unsure) and len(lows) == len(unsure)
    return {
        "units": len(unsure),
        "facts": list(dict.fromkeys(facts)),
        "low": number(min(lows), per_one) if known else None,
        "high": number(max(highs), per_one) if known else None,
    }


def _missing(change: Change) -> list[str]:
    """The facts for want of which it is open."""
    named = [name for item in change.items if item.low != item.high for name in item.missing]
    sides = (each for each in (change.before, change.after) if isinstance(each, Opened))
    return named or [name for each in sides for name in each.missing]


def _subsidies(comparison: Comparison) -> dict[str, Any] | None:
    """How many subsidies change, and the total of the city before and after; None where no money can be told."""
    totals = [each.total.subsidy if each is not None else None for each in comparison.settlements]
    before, after = totals
    if before is None or after is None:
        return None
    pairs = [[side.subsidy for side in each.settled if side is not None] for each in comparison.units]
    return {
        "changed": sum(pair[0] != pair[1] for pair in pairs),
        "from": number(before, FEN_PER_YUAN),
        "to": number(after, FEN_PER_YUAN),
        "by": number(after - before, FEN_PER_YUAN),
    }
