"""
A policy as values: frozen, complete, and knowing where each part stands in its files.

All points are whole numbers of the policy's points scale (here called units); grades, items and clauses keep their
printed order.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from ..expressions.syntax import ALWAYS, Compare, Condition, Constant, FactValue, Number, Or, all_of, facts_of
from ..facts import Fact, Judgement, Percent, base_facts
from ..language import Text
from ..numbers import Exact


@dataclass(frozen=True, slots=True)
class Place:
    """Where something stands in the files of a policy."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same points whenever the clause applies."""

    points: int


@dataclass(frozen=True, slots=True)
class Judged:
    """The points of a judgement (酌情)."""

    fact: Judgement


@dataclass(frozen=True, slots=True)
class PerOccurrence:
    """每发现一例…分: `points` for each full `every` of `number`."""

    number: Number
    every: Fraction
    points: int
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Stepped:
    """每低于N个百分点扣M分: beyond `limit`, `first`, and `then` for each step of `every`, full or begun."""

    number: Number
    below: bool
    limit: Fraction
    first: int
    every: Fraction
    then: int
    begun: bool
    at_most: int | None


@dataclass(frozen=True, slots=True)
class Band:
    """Points for a range; `range` is the condition that the number lies in it."""

    range: Condition
    points: int
    low: Fraction | None
    low_included: bool
    high: Fraction | None
    high_included: bool


@dataclass(frozen=True, slots=True)
class Banded:
    """Bands that exclude each other."""

    number: Number
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Proportion:
    """按比例得分: `points` x rate / 100, never above `points`."""

    rate: Percent
    points: int


Amount = Fixed | Judged | PerOccurrence | Stepped | Banded | Proportion


@dataclass(frozen=True, slots=True)
class Veto:
    """一票否决."""


@dataclass(frozen=True, slots=True)
class Score:
    """The item's score outright."""

    points: int


@dataclass(frozen=True, slots=True)
class Deduct:
    """Taken from the item."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Award:
    """Given in the item."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Bonus:
    """Given on top of the items."""

    amount: Amount


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The grade is at most this one."""

    grade: "Grade"


Effect = Veto | Score | Deduct | Award | Bonus | Ceiling


def exceeds_zero(amount: Amount) -> Condition:
    """When the amount is more than nothing."""
    match amount:
        case Fixed():
            return ALWAYS
        case Judged(fact):
            return Compare(FactValue(fact), ">", Constant(Fraction(0)))
        case PerOccurrence(number, every, _, _):
            return Compare(number, ">=", Constant(every))
        case Stepped(number, below, limit, 0, every, _, False, _):
            return Compare(number, "<=" if below else ">=", Constant(limit - every if below else limit + every))
        case Stepped(number, below, limit, _, _, _, _, _):
            return Compare(number, "<" if below else ">", Constant(limit))
        case Banded(_, bands):
            ranges = tuple(band.range for band in bands if band.points)
            return ranges[0] if len(ranges) == 1 else Or(ranges)
        case Proportion(rate, _):
            return Compare(FactValue(rate), ">", Constant(Fraction(0)))
    raise AssertionError(amount)


@dataclass(frozen=True, slots=True, eq=False)
class Clause:
    """One executable rule of one item. Two clauses are the same only if they are the same object."""

    key: str  # `loan_review.3`: stable within a version
    item_no: str
    when: Condition
    effect: Effect
    readings: tuple[tuple[str, str | None], ...]  # (reading, choice); no choice: only named
    note: Text | None
    place: Place
    # When the clause fires: its condition holds and, unless it awards, it has something to take or give.
    fires: Condition = field(init=False)
    # What decides whether it fires and with what amount; as named in the clause, and with derived facts as their bases.
    named: tuple[Fact, ...] = field(init=False)
    facts: tuple[Fact, ...] = field(init=False)

    def __post_init__(self) -> None:
        match self.effect:
            case Deduct(amount) | Bonus(amount):
                fires = all_of(self.when, exceeds_zero(amount))
            case _:
                fires = self.when
        object.__setattr__(self, "fires", fires)
        named = {fact.name: fact for fact in (*facts_of(fires), *amount_facts(self.amount))}
        object.__setattr__(self, "named", tuple(named.values()))
        bases = {base.name: base for fact in named.values() for base in base_facts(fact)}
        object.__setattr__(self, "facts", tuple(bases.values()))

    @property
    def amount(self) -> Amount | None:
        """The amount of a deduction, award or bonus."""
        return self.effect.amount if isinstance(self.effect, Deduct | Award | Bonus) else None

    @property
    def effect_name(self) -> str:
        """The effect's word in a policy file."""
        return type(self.effect).__name__.lower()

    @property
    def reading(self) -> str | None:
        """The readings that the clause carries out, for people."""
        return ", ".join(name for name, _ in self.readings) or None

    def in_force(self, chosen: Mapping[str, str]) -> bool:
        """Whether the clause belongs to the standard under these readings."""
        return all(choice is None or chosen[name] == choice for name, choice in self.readings)


def amount_facts(amount: Amount | None) -> tuple[Fact, ...]:
    """The facts that an amount is computed from."""
    match amount:
        case Judged(fact) | Proportion(fact, _):
            return (fact,)
        case PerOccurrence() | Stepped() | Banded():
            return tuple(facts_of(amount.number))
    return ()


@dataclass(frozen=True, slots=True)
class Grade:
    """A grade and the lowest total that reaches it; `rank` 0 is the best."""

    key: str
    title: Text
    rank: int
    start: int  # in units; the last grade starts at 0


@dataclass(frozen=True, slots=True)
class Reading:
    """A named choice where the text is open."""

    key: str
    text: str
    default: str
    choices: Mapping[str, Text]


@dataclass(frozen=True, slots=True)
class ByReading:
    """A field of the method whose value is chosen by a reading."""

    reading: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Cap:
    """How many of a cohort may hold a grade. Each field is a value or chosen by a reading."""

    grade: str
    becomes: str
    share: Fraction | None  # percent
    number: int | None
    per: str | ByReading
    standards: str | ByReading
    rank_by: str | ByReading
    binding: str | ByReading
    ties: str | ByReading
    rounding: str | ByReading
    denominator: str | ByReading


@dataclass(frozen=True, slots=True)
class RankAmount:
    """An amount for the ranks from `first` to `last`, in fen."""

    first: int
    last: int
    amount: int


@dataclass(frozen=True, slots=True)
class Subsidy:
    """What a grade or a rank is worth: a ratio (percent of the average standard) or an amount (fen)."""

    average_standard: str | ByReading
    ratios: Mapping[str, Fraction]
    amounts: Mapping[str, int]
    by_rank: tuple[RankAmount, ...]
    rounding: str
    permitted_use: Text


@dataclass(frozen=True, slots=True)
class District:
    """A district; one that is not bound may follow (可参照执行)."""

    name: str
    aliases: tuple[str, ...]
    bound: bool


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the method's text, verbatim."""

    heading: str
    no: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A place where the text contradicts itself, reported and never repaired in silence."""

    items: tuple[str, ...]
    reading: str | None
    text: Text


@dataclass(frozen=True, slots=True)
class Part:
    """A weighted part of the total; weight in percent."""

    key: str
    title: Text
    weight: Fraction


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """One printed row and the clauses that carry it out (those in force, in a standard under readings)."""

    key: str
    no: str
    title: Text  # zh verbatim
    basis: str
    points: int
    clauses: tuple[Clause, ...]
    weight: Exact  # 1, or the weight of its part
    place: Place
    start: int = field(init=False)  # where its score starts: its points, or 0 when it is awarded

    def __post_init__(self) -> None:
        awarded = any(isinstance(clause.effect, Award) for clause in self.clauses)
        object.__setattr__(self, "start", 0 if awarded else self.points)


@dataclass(frozen=True, slots=True, eq=False)
class Category:
    """A printed section with its subtotal."""

    title: Text
    points: int  # as printed
    part: Part | None
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Rescale:
    """The sum of the items times `to` / `start`, compared exactly."""

    start: int
    to: int


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A standard as its file has it: every clause of every reading."""

    key: str
    title: Text
    points: int  # as printed
    notes: tuple[str, ...]
    parts: tuple[Part, ...]
    categories: tuple[Category, ...]
    bonus_at_most: int | None
    total_at_most: int | None
    rescale: Rescale | None
    rescale_readings: tuple[tuple[str, str | None], ...]
    contradictions: tuple[Contradiction, ...]
