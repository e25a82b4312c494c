"""
What tests draw from: sheets dense around every threshold of a standard, and whole policies with all effects.

Both are made with a `random.Random`, of which hypothesis draws the seed (`Dense.sheets`), or a test names it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import and_, or_
from pathlib import Path
from random import Random
from typing import Any

import simplejson
from hypothesis import strategies as st

from rules.expressions.meaning import test
from rules.expressions.syntax import (
    And,
    Compare,
    Condition,
    Constant,
    FactValue,
    Not,
    Number,
    Or,
    Scaled,
    Sum,
)
from rules.facts import Amount, Choice, Fact, Flag, Judgement, Measured, Percent
from rules.policy.model import Banded, Clause, Judged, PerOccurrence, Proportion, Score, Stepped, Veto
from rules.policy.versions import Standard
from rules.sheets import Sheet, Unit

# Wholes of which the thresholds of rates are awkward decimals, as floats most of them, in fen.
AWKWARD_AMOUNTS = (
    0, 1, 3, 7, 9, 100, 300, 700, 900, 1000, 39730, 555560, 297211346937970, 31784, 444448, 237769077550376,
    999_999_999_999_999, 333_333_333_333_333, 100_000_000_000_000,
)  # fmt: skip
AWKWARD_COUNTS = (0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 20, 33, 99, 100, 101, 999, 999_999_999_999_999)
UNIT = Unit("unit", None, None)

seeds = st.integers(0, 2**32 - 1)


# Sheets


@dataclass(frozen=True)
class Turn:
    """Where something turns: `number` at `limit`, and at every whole `step` from there."""

    number: Number
    limit: Fraction
    step: Fraction = Fraction(0)


class Dense:
    """Sheets of one standard, most of them within a unit of what decides."""

    def __init__(self, standard: Standard):
        self.standard = standard
        self.facts: Mapping[str, Fact] = standard.facts
        self.rates = [
            fact
            for fact in standard.policy.facts.values()
            if isinstance(fact, Percent) and {fact.part.name, fact.whole.name} <= standard.facts.keys()
        ]
        self.turns = list(dict.fromkeys(turn for clause in standard.clauses() for turn in turns_of(clause)))
        self.rate_turns = {
            rate.name: [turn for turn in self.turns if turn.number == FactValue(rate)] for rate in self.rates
        }
        self.vetoes = [(clause, test(clause.fires)) for clause in standard.clauses() if is_effect(clause, Veto)]
        self.outright = [(clause, test(clause.fires)) for clause in standard.clauses() if is_effect(clause, Score)]

    def sheets(self) -> st.SearchStrategy[dict[str, int]]:
        """The values of a complete good sheet, in units."""
        # A seed is ten times as quick as drawing each value; a failure prints the whole sheet all the same.
        return seeds.map(lambda seed: self.values(Random(seed)))

    def values(self, rng: Random, calm: float = 0.9) -> dict[str, int]:
        """One sheet's values; `calm` is how likely its vetoes are taken away."""
        values = {name: somewhere(rng, fact) for name, fact in self.facts.items()}
        for turn in rng.sample(self.turns, len(self.turns) // 2):
            self.nudge(rng, values, turn)
        for rate in self.rates:
            if self.rate_turns[rate.name] and rng.random() < 0.7:
                self.nudge(rng, values, rng.choice(self.rate_turns[rate.name]))
        self.mend(rng, values)
        # Half of all flags false would veto every sheet and zero every item: then thresholds decide nothing.
        if rng.random() < calm:
            self.calm(rng, values, self.vetoes)
        if rng.random() < 0.8:
            vetoed = any(fires(values) for _, fires in self.vetoes)
            self.calm(rng, values, self.outright if vetoed else [*self.outright, *self.vetoes])
        return values

    def nudge(self, rng: Random, values: dict[str, int], turn: Turn) -> None:
        """Put one fact of the turn exactly there, or a unit to either side, given the others."""
        limit = turn.limit + turn.step * rng.choice((0, 0, 0, 1, 2, 3, 7))
        coefficients, constant = linear(turn.number, limit)
        if not coefficients:
            return
        name = rng.choice(sorted(coefficients))
        rest = constant + sum(times * values[other] for other, times in coefficients.items() if other != name)
        at = -rest / coefficients[name]
        fact = self.facts[name]
        values[name] = min(max(at.__floor__() + rng.choice((-1, 0, 0, 0, 1, 1)), fact.lowest), fact.highest)

    def mend(self, rng: Random, values: dict[str, int]) -> None:
        """No part may exceed its whole where the policy forbids that."""
        for _ in range(len(self.rates) + 1):
            wrong = [
                rate for rate in self.rates if not rate.may_exceed and values[rate.part.name] > values[rate.whole.name]
            ]
            if not wrong:
                return
            for rate in wrong:
                part, whole = rate.part.name, rate.whole.name
                if values[whole] < rate.part.lowest or rng.random() < 0.3:
                    values[whole] = min(values[part], rate.whole.highest)
                for turn in self.rate_turns[rate.name][:1]:
                    about = turn.limit * values[whole] / 100
                    values[part] = about.__floor__() + rng.choice((-1, 0, 0, 1))
                values[part] = max(min(values[part], values[whole]), rate.part.lowest)

    def calm(
        self, rng: Random, values: dict[str, int], clauses: list[tuple[Clause, Callable[[Mapping[str, int]], bool]]]
    ) -> None:
        """Draw the facts of these clauses anew until none fires, or give up."""
        for _ in range(25):
            firing = [clause for clause, fires in clauses if fires(values)]
            if not firing:
                return
            for clause in firing:
                for fact in clause.facts:
                    values[fact.name] = somewhere(rng, fact)
            self.mend(rng, values)

    def sheet(self, values: Mapping[str, int], without: Iterable[str] = ()) -> Sheet:
        """The checked sheet of these values."""
        dropped = set(without)
        kept = {name: units for name, units in values.items() if name not in dropped}
        return Sheet(self.standard, UNIT, kept, {}, {})

    def posted(self, values: Mapping[str, int], without: Iterable[str] = ()) -> dict[str, Any]:
        """The sheet as it is posted, with a reason for every judgement."""
        dropped = set(without)
        facts = {name: self.facts[name].given(units) for name, units in values.items() if name not in dropped}
        reasons = {name: "理由" for name in facts if isinstance(self.facts[name], Judgement)}
        return {"unit": {"id": "unit"}, "facts": facts, "reasons": reasons}


def is_effect(clause: Clause, kind: type) -> bool:
    """Whether the clause has that effect."""
    return isinstance(clause.effect, kind)


def somewhere(rng: Random, fact: Fact) -> int:
    """Any good value of a fact; extremes and awkward ones often."""
    low, high = fact.lowest, fact.highest
    match fact:
        case Flag() | Choice():
            return rng.randint(low, high)
        case Judgement():
            return rng.choice((low, low, high, min(low + 1, high), max(high - 1, low), rng.randint(low, high)))
        case Amount():
            some = rng.choice((*AWKWARD_AMOUNTS, rng.randint(0, 10**6), rng.randint(0, 10**15 - 1)))
        case _:
            some = rng.choice((*AWKWARD_COUNTS, rng.randint(0, 200)))
    return some if low <= some <= high else rng.randint(low, min(high, low + 200))


def turns_of(clause: Clause) -> Iterator[Turn]:
    """Every turn of a clause's condition and amount."""
    yield from condition_turns(clause.when)
    match clause.amount:
        case Judged(fact):
            yield Turn(FactValue(fact), Fraction(0))
        case PerOccurrence(number, every):
            yield Turn(number, Fraction(0), every)
        case Stepped(number, below, limit, _, every):
            yield Turn(number, limit, -every if below else every)
        case Banded(number, bands):
            for band in bands:
                yield from (Turn(number, edge) for edge in (band.low, band.high) if edge is not None)
        case Proportion(rate):
            yield Turn(FactValue(rate), Fraction(0))
            yield Turn(FactValue(rate), Fraction(100))


def condition_turns(condition: Condition) -> Iterator[Turn]:
    """Every comparison's turn."""
    match condition:
        case Compare(left, _, Constant(limit)):
            yield Turn(left, limit)
        case Compare(left, _, right):
            yield Turn(Sum((left, Scaled(Fraction(-1), right))), Fraction(0))
        case And(parts) | Or(parts):
            for part in parts:
                yield from condition_turns(part)
        case Not(part):
            yield from condition_turns(part)


def linear(number: Number, limit: Fraction) -> tuple[dict[str, Fraction], Fraction]:
    """`number - limit` as coefficients of base facts, to a unit of each, and a constant; its zeros are the turn."""
    match number:
        case FactValue(Percent() as rate):
            return {rate.part.name: Fraction(100), rate.whole.name: -limit} if limit else {
                rate.part.name: Fraction(1)
            }, Fraction(0)
        case Constant(value):
            return {}, value - limit
        case FactValue(fact):
            return {fact.name: Fraction(1, fact.per_one)}, -limit
        case Scaled(factor, inner):
            coefficients, constant = linear(inner, Fraction(0))
            return {name: factor * times for name, times in coefficients.items() if factor}, factor * constant - limit
        case Sum(terms):
            total: dict[str, Fraction] = {}
            rest = -limit
            for term in terms:
                coefficients, constant = linear(term, Fraction(0))
                rest += constant
                for name, times in coefficients.items():
                    total[name] = total.get(name, Fraction(0)) + times
            return {name: times for name, times in total.items() if times}, rest
    raise AssertionError(number)


# Policies


SCALES = ("1", "0.5", "0.25", "0.2", "0.1", "0.05", "0.01", "0.001")
WEIGHTS = (("60", "40"), ("33.3", "66.7"), ("33.3", "33.3", "33.4"), ("12.5", "87.5"), ("100",), ("7.77", "92.23"))
PERCENTS = ("0", "33.333", "50", "60", "75", "79.995", "80", "90", "95.5", "99.99", "100", "120")
AMOUNT_LIMITS = ("0", "0.01", "0.02", "1", "397.3", "1000.50", "4444.48", "12345.67", "999999999999.99")
COUNT_LIMITS = ("0", "1", "1.5", "2", "3", "4", "7", "10", "12.25", "100", "999999999999999")
OPERATORS = ("<", "<=", ">", ">=", "==", "!=")
NUMBERED = ("count", "count", "amount", "judgement")
# A condition that comes to more comparisons is thrown away and drawn again; the wide ones have tests of their own.
MOST_COMPARISONS = 16
FACT_IN_TEXT = re.compile(r"\b[a-z][0-9]+\b")
NUMBER_IN_TEXT = re.compile(r'(?<![\w".])(\d+(?:\.\d+)?)')


def python_says(text: str, facts: Mapping[str, Any]) -> Any:
    """What Python makes of an expression of the condition language, its numbers taken exactly."""
    return eval(NUMBER_IN_TEXT.sub(r'F("\1")', text), {"__builtins__": {}, "F": Fraction}, dict(facts))


def natural(standard: Standard, values: Mapping[str, int]) -> dict[str, Any]:
    """Values in units as Python values of the condition language, with every rate that they make."""
    said: dict[str, Any] = {}
    for name, units in values.items():
        fact = standard.facts[name]
        said[name] = Fraction(units, fact.per_one) if isinstance(fact, Measured) else fact.given(units)
    for rate in standard.policy.facts.values():
        if isinstance(rate, Percent) and rate.part.name in said and rate.whole.name in said:
            whole = said[rate.whole.name]
            said[rate.name] = 100 * said[rate.part.name] / whole if whole else rate.empty
    return said


@dataclass
class MadePolicy:
    """A policy's files as plain data; the text of each clause's condition; a sheet on which every clause fires."""

    files: dict[str, Any]
    conditions: dict[str, str]
    readings: dict[str, list[str]]
    all_firing: dict[str, Any] | None

    def write(self, directory: Path) -> Path:
        """Write the directory that `read_policy` reads; JSON is YAML too."""
        directory.mkdir(parents=True, exist_ok=True)
        for name, data in self.files.items():
            (directory / name).write_text(simplejson.dumps(data, ensure_ascii=False, use_decimal=True, indent=1))
        return directory


def generate_policy(
    rng: Random, items: int = 6, clauses: int = 18, *, small: bool = False, all_fire: bool = False, vetoes: bool = True
) -> MadePolicy:
    """
    A good policy with one standard, `table`.

    `small`: every fact has at most five values, so that all sheets can be tried. `all_fire`: `all_firing` is a sheet on
    which each clause fires. `vetoes=False`: no clause vetoes.
    """
    return _Writer(rng, items, clauses, small, all_fire, vetoes).policy()


def generate_versions(rng: Random, items: int, clauses: int, *, small: bool = False) -> tuple[MadePolicy, MadePolicy]:
    """A policy and another year of it; see `generate_policy`."""
    writer = _Writer(rng, items, clauses, small, all_fire=False, vetoes=True)
    made = writer.policy()
    return made, writer.another(made)


@dataclass(frozen=True)
class _Size:
    """To how many cases a condition comes, and to how many comparisons in all of them."""

    cases: int = 1
    comparisons: int = 1

    def __and__(self, other: "_Size") -> "_Size":
        comparisons = self.comparisons * other.cases + other.comparisons * self.cases
        return _Size(self.cases * other.cases, comparisons)

    def __or__(self, other: "_Size") -> "_Size":
        return _Size(self.cases + other.cases, self.comparisons + other.comparisons)


ONE = _Size()
LINK = _Size(1, 2)  # a < b < c
NO_LINK = _Size(2, 2)


@dataclass(frozen=True)
class _Said:
    """A condition's text, and what it and its opposite come to."""

    text: str
    size: _Size = ONE
    opposite: _Size = ONE

    def negated(self) -> "_Said":
        return _Said(f"not ({self.text})", self.opposite, self.size)


def joined(word: str, parts: list[_Said]) -> str:
    """The conditions with `and` or `or` between them."""
    return word.join(f"({part.text})" for part in parts)


def sizes(parts: list[_Said]) -> list[_Size]:
    """Of each condition."""
    return [part.size for part in parts]


def opposites(parts: list[_Said]) -> list[_Size]:
    """Of each condition's opposite."""
    return [part.opposite for part in parts]


@dataclass
class _Writer:
    rng: Random
    items: int
    clauses: int
    small: bool
    all_fire: bool
    vetoes: bool
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scale = Decimal(self.rng.choice(SCALES if not self.small else ("1", "0.5", "0.1")))
        # Few facts to a policy, so that clauses meet in them.
        self.most_facts = max(3, self.clauses // (4 if not self.all_fire else 3))
        self.grades = self.rng.sample(("first", "second", "third", "fourth"), self.rng.randint(1, 4))

    def chance(self, of: float) -> bool:
        return self.rng.random() < of

    # facts

    def fact(self, kind: str) -> str:
        """The name of a fact of that type."""
        known = self.names.setdefault(kind, [])
        if not known or (len(self.facts) < self.most_facts and self.chance(0.5)):
            known.append(self.new_fact(kind))
        return self.rng.choice(known)

    def used(self, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
        """The facts that the clauses name, and those that their rates are made of."""
        named = set(FACT_IN_TEXT.findall(simplejson.dumps(rows, use_decimal=True, ensure_ascii=False)))
        rates = [self.facts[name] for name in named if self.facts[name]["type"] == "percent"]
        named |= {row[side] for row in rates for side in ("part", "whole")}
        return {name: row for name, row in self.facts.items() if name in named}

    def new_fact(self, kind: str) -> str:
        name = f"{kind[0]}{len(self.facts)}"
        row: dict[str, Any] = {"type": kind, "zh": {"name": name}, "en": {"name": name}}
        self.facts[name] = row
        getattr(self, f"describe_{kind}")(row)
        self.values[name] = self.value_of(row)
        return name

    def describe_flag(self, row: dict[str, Any]) -> None:
        for language in ("zh", "en"):
            row[language] |= {"yes": "是", "no": "否"}

    def describe_count(self, row: dict[str, Any]) -> None:
        if self.small:
            row["max"] = self.rng.randint(1, 4)
        elif self.chance(0.2):
            row["max"] = self.rng.choice((1, 7, 100))

    def describe_amount(self, row: dict[str, Any]) -> None:
        if self.small:
            row["max"] = self.rng.choice((Decimal("0.01"), Decimal("0.02"), Decimal("0.03")))
        elif self.chance(0.1):
            row["max"] = Decimal("5555.60")

    def describe_choice(self, row: dict[str, Any]) -> None:
        names = self.rng.sample(("none", "proper", "poor", "a", "b b"), self.rng.randint(2, 3 if self.small else 5))
        row["choices"] = {name: {"zh": name, "en": name} for name in names}

    def describe_judgement(self, row: dict[str, Any]) -> None:
        low = self.rng.choice((0, 0, 0, 1))
        row["min"] = low * self.scale
        row["max"] = (low + self.rng.randint(1, 3 if self.small else 40)) * self.scale

    def describe_percent(self, row: dict[str, Any]) -> None:
        kind = self.rng.choice(("count", "amount"))
        part, whole = self.new_fact(kind), self.new_fact(kind)
        row |= {"part": part, "whole": whole, "empty": Decimal(self.rng.choice(("0", "100", "50", "79.995")))}
        if self.chance(0.3):
            row["may_exceed"] = True
        elif Fraction(self.values[part]) > Fraction(self.values[whole]):
            self.values[part] = self.values[whole]
            if self.values[part] > self.facts[part].get("max", self.values[part]):
                self.values[part] = self.values[whole] = self.facts[part]["max"]
            if self.values[whole] > self.facts[whole].get("max", self.values[whole]):
                self.values[part] = self.values[whole] = min(self.facts[part]["max"], self.facts[whole]["max"])

    def value_of(self, row: dict[str, Any]) -> Any:
        """A value for the sheet on which every clause fires."""
        match row["type"]:
            case "flag":
                return self.chance(0.5)
            case "choice":
                return self.rng.choice(sorted(row["choices"]))
            case "judgement":
                return row["max"]
            case "count":
                return self.rng.randint(1, row.get("max", 50))
            case "amount":
                most = int(row.get("max", Decimal(10**9)) * 100)
                return Decimal(self.rng.randint(1, most)) / 100
        part, whole = Fraction(self.values[row["part"]]), Fraction(self.values[row["whole"]])
        return 100 * part / whole if whole else Fraction(row["empty"])

    def sheet(self) -> dict[str, Any]:
        """Those values, exactly."""
        return {
            name: value if isinstance(value, bool | str) else Fraction(value) for name, value in self.values.items()
        }

    # expressions

    def constant(self, kind: str) -> str:
        if kind == "judgement":
            return str(self.scale * self.rng.randint(0, 5) + (self.scale / 2 if self.chance(0.1) else 0))
        if self.small:
            return self.rng.choice(("0", "1", "2", "3") if kind == "count" else ("0", "0.01", "0.015", "0.02"))
        return self.rng.choice(COUNT_LIMITS if kind == "count" else AMOUNT_LIMITS)

    def number(self, kind: str, terms: int = 2) -> str:
        """A linear number over facts of one kind."""
        name = self.fact(kind)
        if terms == 0 or self.chance(0.5):
            return name
        other = self.number(kind, terms - 1)
        constant = self.constant(kind)
        return self.rng.choice(
            (
                f"{name} + {other}",
                f"{name} - {other}",
                f"0.5 * {name} + {constant}",
                f"2 * ({other} + {constant}) - {name}",
                f"{name} * 1.25 - 3 * ({other})",
                f"-{name} + {constant}",
                f"{name} - {constant}",
                f"0.333 * ({other}) - 0.333 * {name}",
            )
        )

    def comparison(self) -> _Said:
        operator = self.rng.choice(OPERATORS)
        if self.chance(0.3):
            rate, limit = self.fact("percent"), self.rng.choice(PERCENTS)
            if self.chance(0.25):
                return _Said(f"{limit} <= {rate} < 100", LINK, NO_LINK)
            return _Said(f"{rate} {operator} {limit}" if self.chance(0.7) else f"{limit} {operator} {rate}")
        kind = self.rng.choice(NUMBERED)
        left = self.number(kind)
        if self.chance(0.2):
            return _Said(f"{self.constant(kind)} < {left} <= {self.constant(kind)}", LINK, NO_LINK)
        if self.chance(0.03):
            return _Said(f"{self.constant(kind)} {operator} {self.constant(kind)}")
        right = self.number(kind, 1) if self.chance(0.25) else self.constant(kind)
        return _Said(f"{left} {operator} {right}" if self.chance(0.7) else f"{right} {operator} {left}")

    def choice(self) -> _Said:
        name = self.fact("choice")
        names = list(self.facts[name]["choices"])
        some = self.rng.sample(names, self.rng.randint(1, len(names)))
        row = ", ".join(f'"{each}"' for each in some)
        one, rest, more, others = (_Size(many, many) for many in (1, len(names) - 1, len(some), len(names) - len(some)))
        return self.rng.choice(
            (
                _Said(f'{name} == "{some[0]}"', one, rest),
                _Said(f'{name} != "{some[0]}"', rest, one),
                _Said(f'"{some[0]}" == {name}', one, rest),
                _Said(f"{name} in ({row},)", more, others),
                _Said(f"{name} not in [{row}]", others, more),
            )
        )

    def condition(self, depth: int = 3) -> _Said:
        """A condition that is small enough."""
        while True:
            said = self.some_condition(depth)
            if max(said.size.comparisons, said.opposite.comparisons) <= MOST_COMPARISONS and len(said.text) < 600:
                return said

    def some_condition(self, depth: int) -> _Said:
        kind = self.rng.random()
        if depth == 0 or kind < 0.45:
            leaf = self.rng.random()
            if leaf < 0.3:
                return _Said(self.fact("flag"))
            return self.choice() if leaf < 0.45 else self.comparison()
        if kind < 0.6:
            return self.condition(depth - 1).negated()
        parts = [self.condition(depth - 1) for _ in range(self.rng.choice((2, 2, 3)))]
        if self.chance(0.15):
            parts.append(parts[0])
        if kind < 0.8:
            return _Said(joined(" and ", parts), reduce(and_, sizes(parts)), reduce(or_, opposites(parts)))
        return _Said(joined(" or ", parts), reduce(or_, sizes(parts)), reduce(and_, opposites(parts)))

    # amounts

    def points(self, most: int = 40) -> Decimal:
        return self.scale * self.rng.randint(1, most)

    def amount(self, item_points: Decimal) -> tuple[Any, _Size]:
        """Points in one of the forms, and the size of the condition that they are more than nothing."""
        form = self.rng.choice(("fixed", "judged", "occurrence", "stepped", "stepped", "banded", "proportion"))
        match form:
            case "fixed":
                return self.points(), ONE
            case "judged":
                return self.fact("judgement"), ONE
            case "occurrence":
                return self.per_occurrence(), ONE
            case "stepped":
                return self.stepped(), ONE
            case "banded":
                return self.banded()
        row: dict[str, Any] = {"proportion": self.fact("percent")}
        if self.chance(0.7) or not item_points:
            row["points"] = self.points()
        return row, ONE

    def per_occurrence(self) -> dict[str, Any]:
        kind = self.rng.choice(NUMBERED)
        row: dict[str, Any] = {"each": self.number(kind), "points": self.points(5)}
        if self.chance(0.6):
            row["every"] = Decimal(
                self.rng.choice(("1", "2", "3", "0.5", "2.5", "0.01") if not self.small else ("1", "2", "0.02"))
            )
        if self.chance(0.5):
            row["at_most"] = self.points()
        return row

    def of(self) -> tuple[str, str]:
        """A number to step or band, and its kind."""
        kind = self.rng.choice(("percent", "percent", *NUMBERED))
        return (self.fact("percent") if kind == "percent" else self.number(kind)), kind

    def limit(self, kind: str) -> Decimal:
        return Decimal(self.rng.choice(PERCENTS) if kind == "percent" else self.constant(kind))

    def stepped(self) -> dict[str, Any]:
        of, kind = self.of()
        row: dict[str, Any] = {
            "of": of,
            self.rng.choice(("below", "above")): self.limit(kind),
            "first": self.rng.choice((Decimal(0), self.points(6))),
            "every": Decimal(self.rng.choice(("10", "5", "1", "2.5", "0.5", "0.01", "33.3"))),
            "then": self.rng.choice((Decimal(0), self.points(4), self.points(4))),
        }
        if self.chance(0.5):
            row["steps"] = self.rng.choice(("full", "begun"))
        if self.chance(0.4):
            row["at_most"] = self.points()
        return row

    def banded(self) -> tuple[dict[str, Any], _Size]:
        of, kind = self.of()
        edges = sorted({self.limit(kind) for _ in range(self.rng.randint(1, 4))})
        bands: list[dict[str, Any]] = []
        below: str | None = None  # how the next band starts at the edge before it; None: open below, or a gap
        for at, edge in enumerate(edges):
            ends = self.rng.choice(("below", "to"))
            band: dict[str, Any] = {ends: edge, "points": self.scale * self.rng.randint(0, 8)}
            if below:
                band[below] = edges[at - 1]
            if (at == 0 or below) and self.chance(0.85):
                bands.append(band)
            else:
                ends = "below"
            below = "above" if ends == "to" else self.rng.choice(("from", "above"))
            if ends == "below" and self.chance(0.15):
                bands.append({"from": edge, "to": edge, "points": self.points(8)})
                below = "above"
        if not bands or self.chance(0.6):
            bands.append({below or "from": edges[-1], "points": self.points(8)})
        if not any(band["points"] for band in bands):
            bands[0]["points"] = self.scale
        self.rng.shuffle(bands)
        giving = sum(band["points"] > 0 for band in bands)
        return {"of": of, "bands": bands}, _Size(giving, 2 * giving)

    # clauses

    def clause(self, item_points: Decimal, awarded: bool) -> dict[str, Any]:
        """A clause for an item; `awarded` items take awards."""
        while True:
            row, size = self.some_clause(item_points, awarded)
            if size.comparisons <= 3 * MOST_COMPARISONS and (not self.all_fire or self.fires(row)):
                return row

    def some_clause(self, item_points: Decimal, awarded: bool) -> tuple[dict[str, Any], _Size]:
        effects = ["bonus", "ceiling"] + ["veto"] * self.vetoes
        if item_points:
            effects += ["score", "deduct", "deduct", "deduct"] + ["award", "award", "award"] * awarded
        effect = self.rng.choice(effects)
        row: dict[str, Any] = {}
        size = _Size(1, 0)
        if effect in ("veto", "ceiling", "score") or self.chance(0.6):
            said = self.condition()
            if effect == "veto" and not self.all_fire:
                # Rare, or nothing but vetoes would ever be decided.
                parts = [said, _Said(self.fact("flag")), self.condition(1)]
                said = _Said(joined(" and ", parts), reduce(and_, sizes(parts)), reduce(or_, opposites(parts)))
            if self.all_fire and not python_says(said.text, self.sheet()):
                said = said.negated()
            row["when"], size = said.text, said.size
        match effect:
            case "veto":
                row["veto"] = True
            case "ceiling":
                row["ceiling"] = self.rng.choice([*self.grades, "last"])
            case "score":
                row["score"] = self.scale * self.rng.randint(0, int(item_points / self.scale))
            case _:
                row[effect], exceeds = self.amount(item_points)
                if effect != "award":
                    size = size & exceeds
        return row, size

    def fires(self, row: dict[str, Any]) -> bool:
        """Whether the clause fires on the sheet on which all shall."""
        sheet = self.sheet()
        if "when" in row and not python_says(row["when"], sheet):
            return False
        amount = row.get("deduct", row.get("bonus"))
        if isinstance(amount, str):
            return sheet[amount] > 0
        if not isinstance(amount, dict):
            return True
        if "proportion" in amount:
            return bool(sheet[amount["proportion"]] > 0)
        value = Fraction(python_says(amount.get("of", amount.get("each")), sheet))
        if "each" in amount:
            return value >= Fraction(amount.get("every", 1))
        if "bands" in amount:
            return any(band["points"] > 0 and _lies_in(value, band) for band in amount["bands"])
        beyond = Fraction(amount["below"]) - value if "below" in amount else value - Fraction(amount["above"])
        full = amount["first"] == 0 and amount.get("steps") != "begun"
        return beyond >= Fraction(amount["every"]) if full else beyond > 0

    # files

    def policy(self) -> MadePolicy:
        weights = self.weights()
        share = [1] * self.items
        for _ in range(self.clauses - self.items):
            share[self.rng.randrange(self.items)] += 1
        return self.made([self.item(at, clauses) for at, clauses in enumerate(share)], weights)

    def another(self, made: MadePolicy) -> MadePolicy:
        """
        Another year of the policy: items kept, worth more or less, written anew, taken out, added, in another order.

        Points may be finer then. The grades' keys stay, and facts are known by the same names.
        """
        most = 2 if self.small else 5
        self.scale = self.rng.choice([
            each for each in map(Decimal, SCALES) if not self.scale % each and self.scale / each <= most
        ])  # fmt: skip
        self.most_facts += 2
        before = [item for category in made.files["table.yaml"]["categories"] for item in category["items"]]
        rows = [self.changed(deepcopy(item)) for item in before if len(before) == 1 or self.chance(0.85)]
        if not rows or self.chance(0.4):
            rows.append(self.item(len(before), 2))
        if self.chance(0.5):
            self.rng.shuffle(rows)
        for at, row in enumerate(rows):
            row["no"] = str(at + 1)
        return self.made(rows, self.weights())

    def changed(self, item: dict[str, Any]) -> dict[str, Any]:
        """An item of another year: as it was, worth something else, or with some of its clauses written anew."""
        awarded = any("award" in clause for clause in item["clauses"])
        for clause in item["clauses"]:
            clause.pop("reading", None)
        how = self.rng.choice(("kept", "kept", "points", "clauses", "written anew"))
        # An item may not score more outright than it is worth.
        if how == "points" and item["points"] and not any("score" in clause for clause in item["clauses"]):
            item["points"] += self.points(10)
        if how in ("clauses", "written anew"):
            kept = [clause for clause in item["clauses"] if how == "clauses" and self.chance(0.6)]
            new = [self.clause(item["points"], awarded) for _ in range(self.rng.randint(not kept, 2))]
            item["clauses"] = [{**clause, "key": f"{item['key']}.clause{at}"} for at, clause in enumerate(kept + new)]
        return item

    def weights(self) -> tuple[str, ...]:
        return self.rng.choice(WEIGHTS) if self.chance(0.4) else ()

    def item(self, at: int, count: int) -> dict[str, Any]:
        points = self.points(60) if self.chance(0.85) else Decimal(0)
        awarded = self.chance(0.3)
        key, title = f"item{at}", f"第{at + 1}项"
        clauses = [{**self.clause(points, awarded), "key": f"{key}.clause{number}"} for number in range(count)]
        return {"key": key, "no": str(at + 1), "title": title, "title_en": title, "points": points} | {
            "basis": title,
            "clauses": clauses,
        }

    def made(self, rows: list[dict[str, Any]], weights: tuple[str, ...]) -> MadePolicy:
        """The policy of these items."""
        clauses = [clause for row in rows for clause in row["clauses"]]
        total = sum((row["points"] for row in rows), Decimal(0))
        readings = self.readings(clauses)
        table = self.table(rows, total, weights, readings)
        facts = self.used(rows)
        files = {"policy.yaml": self.method(total, readings), "facts.yaml": {"facts": facts}, "table.yaml": table}
        firing = {
            name: value
            for name, value in self.values.items()
            if facts.get(name, {}).get("type") not in (None, "percent")
        }
        conditions = {clause["key"]: clause["when"] for clause in clauses if "when" in clause}
        chosen = {row["id"]: list(row["choices"]) for row in readings}
        return MadePolicy(files, conditions, chosen, firing if self.all_fire else None)

    def readings(self, clauses: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Readings whose choices some of the clauses carry out."""
        found = []
        free = self.rng.sample(clauses, len(clauses))
        for at in range(0 if self.all_fire else self.rng.choice((0, 0, 1, 2))):
            choices = [f"choice{each}" for each in range(self.rng.randint(2, 3))]
            if len(free) < 2 * len(choices):
                break
            for choice in choices:
                for _ in range(self.rng.randint(1, 2)):
                    free.pop()["reading"] = f"reading{at}={choice}"
            words = {choice: {"zh": choice, "en": choice} for choice in choices}
            found.append({"id": f"reading{at}", "text": "…", "default": self.rng.choice(choices), "choices": words})
        return found

    def table(
        self, rows: list[dict[str, Any]], total: Decimal, weights: tuple[str, ...], readings: list[dict[str, Any]]
    ) -> dict[str, Any]:
        title = {"zh": "评估标准", "en": "standard"}
        table: dict[str, Any] = {"key": "table", "title": title, "points": total}
        if self.chance(0.4):
            table["bonus"] = {"at_most": self.points(30)}
        if self.chance(0.4):
            table["total_at_most"] = max(total + self.scale * self.rng.randint(-10, 10), self.scale)
        if total and self.chance(0.3):
            table["rescale"] = {"from": total, "to": self.scale * self.rng.choice((100, 77, 1000))}
            if readings and self.chance(0.5):
                table["rescale"]["reading"] = f"{readings[0]['id']}={self.rng.choice(list(readings[0]['choices']))}"
        parts = [{"key": f"part{at}", "title": title, "weight": Decimal(weight)} for at, weight in enumerate(weights)]
        groups = [rows[at :: len(parts) or 1] for at in range(len(parts) or 1)]
        table["categories"] = [
            {"title": "一", "title_en": "one", "points": total, "items": group}
            | ({"part": parts[at]["key"]} if parts else {})
            for at, group in enumerate(groups)
            if group
        ]
        if parts:
            table["parts"] = parts
        return table

    def method(self, total: Decimal, readings: list[dict[str, Any]]) -> dict[str, Any]:
        words = {"zh": "考核办法", "en": "method"}
        steps = int(total / self.scale)
        starts = sorted(self.rng.sample(range(1, steps + 20), len(self.grades)), reverse=True)
        grades = [
            {"key": key, "title": words, "from": start * self.scale}
            for key, start in zip(self.grades, starts, strict=True)
        ]
        return {
            "id": f"made-{self.rng.randrange(10**9)}",
            "revision": 1,
            "year": 2030,
            "year_basis": "assumed",
            "status": "illustration",
            "title": words,
            "source": words,
            "points_scale": self.scale,
            "judgement_reasons": self.rng.choice(("optional", "required")),
            "grades": [*grades, {"key": "last", "title": words}],
            "veto_grade": self.rng.choice([*self.grades, "last"]),
            "readings": readings,
            "standards": ["table"],
        }


def _lies_in(value: Fraction, band: Mapping[str, Any]) -> bool:
    return (
        ("above" not in band or value > Fraction(band["above"]))
        and ("from" not in band or value >= Fraction(band["from"]))
        and ("below" not in band or value < Fraction(band["below"]))
        and ("to" not in band or value <= Fraction(band["to"]))
    )


def one_item(facts: Mapping[str, str], clauses: list[dict[str, Any]], points: int = 10) -> MadePolicy:
    """A policy of one item with these facts, by name and type, and these clauses."""
    writer = _Writer(Random(0), 1, 1, small=False, all_fire=False, vetoes=False)
    writer.scale, writer.grades = Decimal(1), ["first"]
    for name, kind in facts.items():
        writer.facts[name] = {"type": kind, "zh": {"name": name}, "en": {"name": name}}
        if kind == "flag":
            writer.describe_flag(writer.facts[name])
    title = "第1项"
    item = {"key": "item0", "no": "1", "title": title, "title_en": title, "points": points, "basis": title}
    category = {"title": "一", "title_en": "one", "points": points, "items": [item | {"clauses": clauses}]}
    words = {"zh": "评估标准", "en": "standard"}
    table = {"key": "table", "title": words, "points": points, "categories": [category]}
    files = {
        "policy.yaml": writer.method(Decimal(points), []),
        "facts.yaml": {"facts": writer.facts},
        "table.yaml": table,
    }
    return MadePolicy(files, {}, {}, None)
