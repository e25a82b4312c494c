"""
The facts that a sheet may hold: their types, and what makes a value good.

A good value becomes a whole number of the fact's units: a flag 0 or 1, a count itself, an amount its fen, a judgement
its steps of the points scale, a choice its position in the list. Everything after this module computes with those.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any, NoReturn

from .errors import Problem, problem
from .language import Text, same
from .numbers import MOST_DIGITS, in_units, number, plain

FEN_PER_YUAN = 100
MOST_UNITS = 10**MOST_DIGITS - 1

A_COUNT = Text("整数", "a whole number")
AN_AMOUNT = Text("金额（数字）", "an amount (a number)")
POINTS = Text("分数（数字）", "points (a number)")

Given = bool | int | Decimal | str


class BadValue(Exception):
    """A value is not good for its fact; carries the problem without its place."""

    def __init__(self, found: Problem):
        self.problem = found
        super().__init__(str(found))


@dataclass(frozen=True, slots=True)
class Fact:
    """One named input about one unit. `title` is what people call it, `unit` what it is counted in."""

    name: str
    title: Text
    unit: Text

    # How many units make one: `units / per_one` is the number that people see.
    @property
    def per_one(self) -> int:
        """Units to one."""
        return 1

    @property
    def lowest(self) -> int:
        """The smallest good value, in units."""
        return 0

    @property
    def highest(self) -> int:
        """The largest good value, in units."""
        return 1

    @property
    def kind(self) -> str:
        """The type's name in a policy file."""
        return type(self).__name__.lower()

    def units(self, value: object) -> int:
        """The value in units, or `BadValue`."""
        raise NotImplementedError

    def given(self, units: int) -> Given:
        """The value as it was given, from its units."""
        return units

    def words(self, units: int) -> Text:
        """The value as people read it, with its unit."""
        return same(plain(units, self.per_one)) if self.unit == Text("", "") else same(units)

    def refuse(self, code: str, value: object, **values: Any) -> NoReturn:
        """Raise `BadValue` in this fact's own words."""
        raise BadValue(problem(code, title=self.title, value=shown(value), **values))


def shown(value: object) -> str:
    """A value of any type as it would stand in JSON, for a sentence."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return f'"{value}"'
        case Decimal() | int() | Fraction():
            text = str(value)
            return text if len(text) <= 40 else text[:37] + "…"
        case Mapping():
            return "{…}"
        case list() | tuple():
            return "[…]"
    return type(value).__name__


@dataclass(frozen=True, slots=True)
class Flag(Fact):
    """True or false; `yes` and `no` say what each means."""

    yes: Text
    no: Text

    def units(self, value: object) -> int:
        """1 or 0."""
        if value is True:
            return 1
        if value is not False:
            self.refuse("wrong_type", value, right=Text("true 或 false", "true or false"))
        return 0

    def given(self, units: int) -> Given:
        """True or false."""
        return bool(units)

    def words(self, units: int) -> Text:
        """What is the case."""
        return self.yes if units else self.no


@dataclass(frozen=True, slots=True)
class Choice(Fact):
    """One of a few named values, each with its words, in the order of the policy file."""

    choices: tuple[tuple[str, Text], ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The values that are possible."""
        return tuple(name for name, _ in self.choices)

    @property
    def highest(self) -> int:
        """The last position."""
        return len(self.choices) - 1

    def units(self, value: object) -> int:
        """The position of the value."""
        if not isinstance(value, str) or value not in self.names:
            right = same(", ".join(self.names))
            self.refuse("not_a_choice" if isinstance(value, str) else "wrong_type", value, right=right)
        return self.names.index(value)

    def given(self, units: int) -> Given:
        """The name of the value."""
        return self.names[units]

    def words(self, units: int) -> Text:
        """The words for the value."""
        return self.choices[units][1]


@dataclass(frozen=True, slots=True)
class Measured(Fact):
    """A number within bounds, in whole units."""

    low: int
    high: int
    # The fact whose best value in the cohort this one is; given for a single unit, known to a settlement.
    best_of: str | None = field(default=None, kw_only=True)

    @property
    def lowest(self) -> int:
        """The lower bound, in units."""
        return self.low

    @property
    def highest(self) -> int:
        """The upper bound, in units."""
        return self.high

    def given(self, units: int) -> Given:
        """A whole number, or a decimal."""
        return number(units, self.per_one)

    def words(self, units: int) -> Text:
        """`5555.6 元`, `3 persons`."""
        text = plain(units, self.per_one)
        return Text(f"{text} {self.unit.zh}".rstrip(), f"{text} {self.unit.en}".rstrip())

    def within(self, value: object, units: int | None) -> int:
        """`units` if they are whole and within bounds."""
        if units is None:
            self.refuse("too_many_decimals", value, scale=plain(1, self.per_one))
        if not self.low <= units <= self.high:
            if abs(units) > MOST_UNITS:
                self.refuse("too_many_digits", value, limit=MOST_DIGITS)
            high = Text("不限", "any number") if self.high == MOST_UNITS else same(plain(self.high, self.per_one))
            self.refuse("out_of_bounds", value, low=plain(self.low, self.per_one), high=high)
        return units


@dataclass(frozen=True, slots=True)
class Count(Measured):
    """A whole number; written as an integer, so `1.0`, `true` and `"1"` are refused."""

    def units(self, value: object) -> int:
        """The count itself."""
        if type(value) is int and self.low <= value <= self.high:
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            # To a JSON Schema 1.0 is an integer like 1, so this must not count as being of the wrong type.
            bounded = isinstance(value, Decimal) and value.is_finite() and self.low <= value <= self.high
            whole = isinstance(value, Decimal) and bounded and value == value.to_integral_value()
            self.refuse("count_with_decimals" if whole else "wrong_type", value, right=A_COUNT)
        return self.within(value, value)


def exact_decimal(fact: Measured, value: object, right: Text) -> int | Decimal:
    """An int or a finite Decimal of a size that can be computed with; anything else is refused in the fact's words."""
    if type(value) is int:
        return value
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        fact.refuse("wrong_type", value, right=right)
    if isinstance(value, Decimal):
        if not value.is_finite():
            fact.refuse("wrong_type", value, right=right)
        _, digits, exponent = value.as_tuple()
        # 1e400 has one digit and 1e-400 another one: neither may become a number of 400 digits.
        if value and not -MOST_DIGITS <= len(digits) + int(exponent) <= 2 * MOST_DIGITS:
            fact.refuse("too_many_digits", value, limit=MOST_DIGITS)
        if len(digits) > 4 * MOST_DIGITS:
            fact.refuse("too_many_digits", shown(value), limit=MOST_DIGITS)
    return value


@dataclass(frozen=True, slots=True)
class Amount(Measured):
    """Yuan with at most two decimals; in fen."""

    @property
    def per_one(self) -> int:
        """Fen to a yuan."""
        return FEN_PER_YUAN

    def units(self, value: object) -> int:
        """Fen."""
        exact = exact_decimal(self, value, AN_AMOUNT)
        return self.within(value, in_units(exact, FEN_PER_YUAN))


@dataclass(frozen=True, slots=True)
class Judgement(Measured):
    """Points that an assessor sets at discretion (酌情), in steps of the points scale."""

    scale: int

    @property
    def per_one(self) -> int:
        """Steps of the points scale to a point."""
        return self.scale

    def units(self, value: object) -> int:
        """Steps of the points scale."""
        if type(value) is int and self.low <= value * self.scale <= self.high:
            return value * self.scale
        exact = exact_decimal(self, value, POINTS)
        return self.within(value, in_units(exact, self.scale))


@dataclass(frozen=True, slots=True)
class Percent(Fact):
    """Derived and never given: part / whole x 100, exactly; `empty` when the whole is 0."""

    part: Measured
    whole: Measured
    empty: Fraction
    may_exceed: bool
    readings: tuple[str, ...]

    def units(self, value: object) -> int:
        """Always refused: it is derived."""
        self.refuse("fact_derived", value, part=self.part.name, whole=self.whole.name)

    def rate(self, values: Mapping[str, int]) -> Fraction:
        """The exact percentage."""
        whole = values[self.whole.name]
        return Fraction(100 * values[self.part.name], whole) if whole else self.empty


Facts = Mapping[str, Fact]


def base_facts(fact: Fact) -> tuple[Fact, ...]:
    """The facts that must be given for this one to be known."""
    return (fact.part, fact.whole) if isinstance(fact, Percent) else (fact,)


KINDS: dict[type[Fact], Text] = {
    Flag: Text("是非", "a flag"),
    Choice: Text("选项", "a choice"),
    Count: Text("个数", "a count"),
    Amount: Text("金额", "an amount"),
    Judgement: Text("酌情分", "a judgement"),
    Percent: Text("比率", "a percent"),
}
