"""Standards made of values, without files: a few facts, clauses and items to show one thing at a time."""

from collections.abc import Mapping
from fractions import Fraction
from types import MappingProxyType

from rules.decision import Case, Decision
from rules.engine import Engine
from rules.expressions.syntax import ALWAYS, Compare, Condition, Constant, FactValue, IsTrue, Number
from rules.facts import MOST_UNITS, Amount, Choice, Count, Fact, Flag, Judgement, Percent
from rules.language import Text
from rules.plan import lower
from rules.policy.model import (
    Category,
    Clause,
    Effect,
    Grade,
    Item,
    Place,
    Rescale,
    Table,
)
from rules.policy.versions import Policy, Standard
from rules.reference import Reference
from rules.sheets import Sheet, Unit

SCALE = 100  # units to a point
WORDS = Text("词", "words")
PLACE = Place("table.yaml", 7, 3)
GRADES = tuple(Grade(key, WORDS, rank, start) for rank, (key, start) in enumerate([("a", 900), ("b", 600), ("c", 0)]))
BEST, MIDDLE, LAST = GRADES

DONE, OTHER, THIRD = (Flag(name, WORDS, WORDS, WORDS, WORDS) for name in ("done", "other", "third"))
CASES, ALL = (Count(name, WORDS, WORDS, 0, MOST_UNITS) for name in ("cases", "all"))
MONEY, OWED = (Amount(name, WORDS, WORDS, 0, MOST_UNITS) for name in ("money", "owed"))
OPINION = Judgement("opinion", WORDS, WORDS, 0, 500, SCALE)
STATE = Choice("state", WORDS, WORDS, (("good", WORDS), ("poor", WORDS), ("none", WORDS)))
RATE = Percent("rate", WORDS, WORDS, CASES, ALL, Fraction(100), may_exceed=True, readings=())
EMPTY_IS_NOTHING = Percent("low_rate", WORDS, WORDS, CASES, ALL, Fraction(0), may_exceed=True, readings=())


def compare(left: Number | Fact, operator: str, right: object) -> Condition:
    """A comparison; a fact stands for its value, and text for an exact constant."""
    return Compare(number(left), operator, number(right))


def number(value: object) -> Number:
    """A fact's value or a constant; a number as it is."""
    if isinstance(value, Fact):
        return FactValue(value)
    return Constant(Fraction(value)) if isinstance(value, int | str | Fraction) else value


def clause(effect: Effect, when: Condition = ALWAYS, no: str = "1", key: str = "clause") -> Clause:
    """A clause of item `no`."""
    return Clause(key, no, when, effect, (), None, PLACE)


def flagged(effect: Effect, flag: Flag = DONE, no: str = "1") -> Clause:
    """A clause of item `no` that fires when a flag is true."""
    return clause(effect, IsTrue(flag), no)


def item(*clauses: Clause, points: int = 1000, no: str = "1", weight: Fraction | int = 1) -> Item:
    """An item worth so many units."""
    return Item(f"item{no}", no, WORDS, "", points, clauses, weight, PLACE)


def standard(
    *items: Item,
    bonus_at_most: int | None = None,
    total_at_most: int | None = None,
    rescale: Rescale | None = None,
    veto_grade: Grade = LAST,
) -> Standard:
    """A standard of these items, graded a from 9 points, b from 6, c from 0."""
    category = Category(WORDS, 0, None, items)
    table = Table("table", WORDS, 0, (), (), (category,), bonus_at_most, total_at_most, rescale, (), ())
    facts = {fact.name: fact for each in items for clause in each.clauses for fact in clause.facts}
    policy = Policy(
        key="made", revision=1, year=2030, year_basis="assumed", status="illustration", title=WORDS, source=WORDS,
        points_per_one=SCALE, reasons_required=False, method=(), grades=GRADES, veto_grade=veto_grade, rectify=(),
        caps=(), subsidy=None, districts=(), may_follow=None, readings={}, facts=facts, tables={"table": table},
        meaning="0123456789abcdef0123",
    )  # fmt: skip
    return Standard(policy, table, {}, (category,), items, rescale, MappingProxyType(facts), MappingProxyType(facts))


def case(of: Standard, values: Mapping[str, int], **more: object) -> Case:
    """A case with these values, in units, and 0 for every other fact."""
    complete = dict.fromkeys(of.facts, 0) | dict(values)
    return Case(Sheet(of, Unit("unit", None, None), complete, {}, {}), complete, **more)


def decided(of: Standard, values: Mapping[str, int], **more: object) -> Decision:
    """What the reference, the plan and durable_rules all decide."""
    posed, plan = case(of, values, **more), lower(of)
    meant = Reference(of).decide(posed)
    assert plan.decide(posed) == meant
    assert Engine(plan).decide(posed) == meant
    return meant
