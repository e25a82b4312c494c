"""
What comes out: a decision, its items' scores and the findings that explain them.

All points are whole units of the policy's points scale. Values are frozen and keep what they came from, so that every
result explains itself backwards.
"""

from collections.abc import Mapping
from typing import NamedTuple

from .policy.model import Clause, Grade, Item
from .sheets import Sheet


class Finding(NamedTuple):
    """One clause that fired."""

    clause: Clause
    points: int | None  # the clause's own, before any limit of the item; None for a veto or a ceiling
    counted: int | None  # what it took or gave in effect; None for a veto or a ceiling


class ItemScore(NamedTuple):
    """An item's score and the clauses behind it, in printed order."""

    item: Item
    score: int
    findings: tuple[Finding, ...]
    rounded: bool  # the exact score fell between two steps of the points scale and was rounded half up


class Adjustment(NamedTuple):
    """What acts beyond an item: `bonus`, `ceiling`, `rescale` or `total_at_most`."""

    kind: str
    clause: Clause | None
    points: int | None
    grade: Grade | None


class Case(NamedTuple):
    """
    A sheet of which nothing that matters is missing; what evaluators decide.

    Absent facts that cannot change the result leave some clauses unsure: no evaluator lets those fire. Where an
    item's score is the same whatever they are, though the sure clauses alone do not tell it, `settled` holds the score.
    """

    sheet: Sheet
    values: Mapping[str, int]  # the sheet's, and a stand-in for every absent fact
    unsure: frozenset[Clause] = frozenset()
    settled: Mapping[str, int] = {}  # item number -> score
    undetermined: tuple[str, ...] = ()  # numbers of the vetoes that absent facts leave open, after another veto


class Decision(NamedTuple):
    """The outcome for one unit. After a veto there is no score, and items and adjustments are empty."""

    case: Case
    grade: Grade
    score: int | None
    vetoes: tuple[str, ...]  # numbers of the items that failed
    veto_findings: tuple[Finding, ...]
    items: tuple[ItemScore, ...]
    adjustments: tuple[Adjustment, ...]


class Bounds(NamedTuple):
    """The lowest and the highest outcome over all values of the facts that are absent, in units."""

    low: int
    high: int
    worst: Grade
    best: Grade
    veto_possible: bool
