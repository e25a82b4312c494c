"""
The typed syntax of the condition language, and its canonical text.

A condition is made of comparisons of linear numbers; whatever the language can say is linear, so that columns and a
solver can say it too. `in`, chains and `-` are spelled out by the reader: there is one form for one meaning.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from ..facts import Choice, Fact, Flag
from ..numbers import plain


@dataclass(frozen=True, slots=True)
class Constant:
    """A number of the policy."""

    value: Fraction

    def __str__(self) -> str:
        return plain(self.value)


@dataclass(frozen=True, slots=True)
class FactValue:
    """The value of a numeric fact, in natural units (yuan, points, percent)."""

    fact: Fact

    def __str__(self) -> str:
        return self.fact.name


@dataclass(frozen=True, slots=True)
class Sum:
    """Numbers added up."""

    terms: tuple["Number", ...]

    def __str__(self) -> str:
        return " + ".join(str(term) for term in self.terms)


@dataclass(frozen=True, slots=True)
class Scaled:
    """A number times a constant."""

    factor: Fraction
    number: "Number"

    def __str__(self) -> str:
        inner = f"({self.number})" if isinstance(self.number, Sum) else str(self.number)
        return f"{plain(self.factor)} * {inner}"


Number = Constant | FactValue | Sum | Scaled


@dataclass(frozen=True, slots=True)
class Always:
    """Holds for every sheet."""

    def __str__(self) -> str:
        return "always"


@dataclass(frozen=True, slots=True)
class IsTrue:
    """A flag is true."""

    fact: Flag

    def __str__(self) -> str:
        return self.fact.name


@dataclass(frozen=True, slots=True)
class IsChoice:
    """A choice has one of the values at these positions."""

    fact: Choice
    positions: tuple[int, ...]

    def __str__(self) -> str:
        names = [f'"{self.fact.names[position]}"' for position in self.positions]
        return f"{self.fact.name} in ({', '.join(names)})"


@dataclass(frozen=True, slots=True)
class Compare:
    """Two numbers compared; `operator` is one of `< <= == != >= >`."""

    left: Number
    operator: str
    right: Number

    def __str__(self) -> str:
        return f"{self.left} {self.operator} {self.right}"


@dataclass(frozen=True, slots=True)
class Not:
    """The condition does not hold."""

    part: "Condition"

    def __str__(self) -> str:
        return f"not ({self.part})"


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" for part in self.parts)


@dataclass(frozen=True, slots=True)
class Or:
    """At least one part holds."""

    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return " or ".join(f"({part})" for part in self.parts)


Condition = Always | IsTrue | IsChoice | Compare | Not | And | Or

ALWAYS = Always()
OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def all_of(*parts: Condition) -> Condition:
    """The condition that all parts hold; parts that always hold are left out."""
    kept = tuple(part for part in parts if part != ALWAYS)
    if len(kept) == 1:
        return kept[0]
    return And(kept) if kept else ALWAYS


def without_not(condition: Condition, *, negated: bool = False) -> Condition:
    """The same condition with every `not` moved into comparisons, flags and choices; only flags keep theirs."""
    match condition:
        case Not(part):
            return without_not(part, negated=not negated)
        case And(parts) | Or(parts):
            inner = tuple(without_not(part, negated=negated) for part in parts)
            return And(inner) if isinstance(condition, And) != negated else Or(inner)
        case Compare(left, operator, right) if negated:
            return Compare(left, OPPOSITE[operator], right)
        case IsChoice(fact, positions) if negated:
            return IsChoice(fact, tuple(at for at in range(len(fact.names)) if at not in positions))
        case IsTrue() if negated:
            return Not(condition)
        case Always() if negated:
            return Or(())
    return condition


def facts_of(node: Condition | Number) -> Iterator[Fact]:
    """Every fact that the expression names, in order of appearance, once each."""
    seen: set[str] = set()
    for fact in _facts(node):
        if fact.name not in seen:
            seen.add(fact.name)
            yield fact


def _facts(node: Condition | Number) -> Iterator[Fact]:
    match node:
        case FactValue(fact) | IsTrue(fact) | IsChoice(fact, _):
            yield fact
        case Sum(parts) | And(parts) | Or(parts):
            for part in parts:
                yield from _facts(part)
        case Scaled(_, inner) | Not(inner):
            yield from _facts(inner)
        case Compare(left, _, right):
            yield from _facts(left)
            yield from _facts(right)
