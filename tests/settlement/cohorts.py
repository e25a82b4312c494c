"""Cohorts without sheets, and small policies to settle them under."""

from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

from rules import (
    Assessed,
    Cohort,
    Method,
    Money,
    Policy,
    Problems,
    Settlement,
    load_policy,
    method_of,
    read_money,
    read_unit,
    settle,
    unit_rows,
)

ROOT = Path(__file__).parents[2]
CHANGZHOU = ROOT / "policy_versions/changzhou/2012"
YUNZHOU = ROOT / "tests/policies/yunzhou/2024"

# In place of what Yunzhou says about cohorts: every field is written out, so that a test may change one of them.
# Its urban standard lets anybody reach 100 points, its rural one 105.
PLAIN = """\
grades:
  - {key: excellent, title: {zh: 优秀, en: excellent}, from: 90}
  - {key: good, title: {zh: 良好, en: good}, from: 80}
  - {key: qualified, title: {zh: 合格, en: qualified}, from: 60}
  - {key: fail, title: {zh: 不合格, en: fail}}
veto_grade: fail
rectify: [fail]
caps:
  - grade: excellent
    becomes: good
    share: 30
    per: district
    standards: together
    rank_by: score
    binding: hard
    ties: whole_or_none
    rounding: floor
    denominator: assessed
subsidy:
  average_standard: one_amount
  by_grade: {excellent: {ratio: 120}, good: {ratio: 100}, qualified: {ratio: 0}, fail: {ratio: 0}}
  by_rank: []
  rounding: half_up
  permitted_use: {zh: 用于工作经费, en: For working expenses}
districts:
  - {name: 东区, aliases: [东], bound: true}
  - {name: 西区, aliases: [], bound: true}
  - {name: 远县, aliases: [], bound: false}
may_follow: reported
readings: []
standards: [urban, rural]
"""


def made(directory: Path, *changes: tuple[str, str]) -> Policy:
    """Yunzhou's standards under the plain method, in which each first text becomes the second."""
    method = PLAIN
    for old, new in changes:
        assert method.count(old) == 1, f"`{old}` stands {method.count(old)} times in the plain method"
        method = method.replace(old, new)
    copytree(YUNZHOU, directory, dirs_exist_ok=True)
    path = directory / "policy.yaml"
    head, _, _ = path.read_text("utf-8").partition("grades:\n")
    path.write_text(head + method, "utf-8")
    return load_policy(directory)


@cache
def policy_of(directory: Path) -> Policy:
    """A shipped policy, loaded once."""
    return load_policy(directory)


def changzhou(**readings: str) -> Method:
    """The method of Changzhou 2012; `cap_ties="group_goes_in"` chooses the reading `cap-ties`."""
    return method_of(policy_of(CHANGZHOU), {name.replace("_", "-"): choice for name, choice in readings.items()})


def unit(
    policy: Policy,
    name: str,
    score: Any,
    *,
    district: str | None = None,
    standard: str | None = None,
    vetoes: tuple[str, ...] = ("1",),
) -> Assessed:
    """A unit with the grade that its score reaches; without a score it was vetoed."""
    problems = Problems()
    who = read_unit({"id": name, "district": district or policy.districts[0].name}, problems)
    assert not problems.found
    key = standard or next(iter(policy.tables))
    if score is None:
        return Assessed(who, key, policy.veto_grade, None, vetoes)
    units = Fraction(str(score)) * policy.points_per_one
    assert units.denominator == 1
    return Assessed(who, key, policy.standard(key).grade(units), int(units), ())


def cohort(policy: Policy, scores: str, **where: Any) -> list[Assessed]:
    """Units a, b, c … with these scores, parted by blanks; `-` was vetoed. `prefix` stands before their names."""
    prefix = where.pop("prefix", "")
    return [
        unit(policy, f"{prefix}{chr(ord('a') + at)}", None if score == "-" else score, **where)
        for at, score in enumerate(scores.split())
    ]


def money(average: Any = None, pool: Any = None) -> Money:
    """Money as it is given, in yuan; a text stands for a number with decimals."""
    problems = Problems()
    found = read_money(*(Decimal(each) if isinstance(each, str) else each for each in (average, pool)), problems)
    assert not problems.found
    return found


def settled(method: Method, units: list[Assessed], average: Any = None, pool: Any = None) -> Settlement:
    """Settle these units."""
    return settle(method, Cohort(units), money(average, pool))


def by_id(settlement: Settlement) -> dict[str, dict[str, Any]]:
    """Each row by the id of its unit."""
    return {row["unit"]["id"]: row for row in unit_rows(settlement)}


def finals(settlement: Settlement) -> str:
    """`a=excellent b=good …`, by id."""
    return " ".join(f"{name}={row['final_grade']}" for name, row in sorted(by_id(settlement).items()))


def holders(settlement: Settlement, grade: str = "excellent") -> str:
    """The ids that hold the grade in the end, in order, one after the other."""
    return " ".join(sorted(name for name, row in by_id(settlement).items() if row["final_grade"] == grade))


def shuffles(units: list[Assessed]) -> Iterator[list[Assessed]]:
    """Other orders of the same units."""
    yield units[::-1]
    yield units[1::2] + units[::2]
