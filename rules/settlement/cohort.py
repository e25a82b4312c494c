"""Who is settled together: units decided under one policy and the same readings, each once, in districts it knows."""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from ..decision import Decision
from ..errors import Problem, Problems
from ..facts import MOST_UNITS, BadValue, Judgement, shown
from ..language import Text
from ..policy.model import District, Grade
from ..sheets import Unit, name_twice, read_unit
from .method import Method

# What tells apart an answer that `kaohe score` gave from a sheet.
DECIDED = ("grade", "policy_hash")
UNDER = ("policy", "policy_hash", "readings")


class Assessed(NamedTuple):
    """One unit's outcome as it enters a settlement; `at` is where it was given."""

    unit: Unit
    standard: str
    grade: Grade
    score: int | None  # in units; None after a veto
    vetoes: tuple[str, ...]
    decision: Decision | None = None
    at: str = ""

    @classmethod
    def of(cls, decision: Decision, at: str = "") -> "Assessed":
        """A decision as it enters a settlement."""
        sheet = decision.case.sheet
        return cls(sheet.unit, sheet.standard.key, decision.grade, decision.score, decision.vetoes, decision, at)


class LeftOut(NamedTuple):
    """A unit whose sheet cannot be scored, left out on request; it still counts as the policy says."""

    unit: Unit
    standard: str
    problems: tuple[Problem, ...]
    at: str = ""


class Cohort(NamedTuple):
    """Everybody who is settled together."""

    assessed: Sequence[Assessed]
    left_out: Sequence[LeftOut] = ()


def is_decision(posted: object) -> bool:
    """Whether this is an answer that was given before, and not a sheet."""
    return isinstance(posted, Mapping) and all(key in posted for key in DECIDED)


def read_decision(method: Method, posted: Mapping[str, Any], at: str, problems: Problems) -> Assessed | None:
    """
    An answer that was given before: `unit`, `standard`, `grade`, `score`, `vetoes`, and what it was decided under.

    None after adding to `problems` whatever does not fit with the method, or with itself.
    """
    found = Problems()
    unit = read_unit(posted.get("unit"), found)
    _decided_alike(method, posted, unit, found)
    standard = posted.get("standard")
    if not isinstance(standard, str) or standard not in method.policy.tables:
        name = standard if isinstance(standard, str) else shown(standard)
        found.add("standard_unknown", "/standard", method.policy.tables, name=name)
    grades = {grade.key: grade for grade in method.policy.grades}
    grade = grades.get(posted["grade"]) if isinstance(posted["grade"], str) else None
    if grade is None:
        found.add("value_bad", "/grade", value=shown(posted["grade"]), right=", ".join(grades))
    vetoes = _vetoes(method, standard, posted.get("vetoes"), found)
    score = _score(method, posted.get("score"), found, vetoed=bool(vetoes))
    if grade is not None and not found.found:
        _grade_fits(method, str(standard), grade, score, found)
    problems.found += [each.below(at) for each in found.found]
    if found.found or grade is None:
        return None
    return Assessed(unit, str(standard), grade, score, vetoes, None, at)


def _decided_alike(method: Method, posted: Mapping[str, Any], unit: Unit, problems: Problems) -> None:
    """The decision's policy, hash and readings are those of the settlement."""
    wanted = (method.policy.key, method.policy.meaning, dict(method.readings))
    for key, right in zip(UNDER, wanted, strict=True):
        value = posted.get(key)
        if value == right or (key == "policy_hash" and posted.get("policy") != method.policy.key):
            continue  # another policy has another hash, which need not be said as well
        said = ", ".join(f"{name}={choice}" for name, choice in value.items()) if isinstance(value, Mapping) else value
        wish = ", ".join(f"{name}={choice}" for name, choice in right.items()) if isinstance(right, dict) else right
        problems.add(
            "decided_otherwise", f"/{key}", (),
            name=unit.id, key=key, found=said if isinstance(said, str) and said else "–", wanted=wish or "–",
        )  # fmt: skip


def _vetoes(method: Method, standard: object, value: object, problems: Problems) -> tuple[str, ...]:
    """The numbers of the items that failed, which the standard has."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(no, str) for no in value):
        problems.add("value_bad", "/vetoes", value=shown(value), right='["1", …]')
        return ()
    if value and isinstance(standard, str) and standard in method.policy.tables:
        items = [item.no for item in method.policy.standard(standard, method.readings).items]
        for no in value:
            if no not in items:
                problems.add("item_unknown", "/vetoes", items, name=no)
    return tuple(value)


def _score(method: Method, value: object, problems: Problems, *, vetoed: bool) -> int | None:
    if vetoed and value is None:
        return None
    if vetoed:
        problems.add("value_bad", "/score", value=shown(value), right="null")
        return None
    points = Text("得分", "the score"), Text("分", "points")
    try:
        return Judgement("score", *points, 0, MOST_UNITS, method.policy.points_per_one).units(value)
    except BadValue as bad:
        problems.found.append(bad.problem.below("/score"))
        return None


def _grade_fits(method: Method, standard: str, grade: Grade, score: int | None, problems: Problems) -> None:
    """A veto makes its grade, and a score another one; only a ceiling of the standard may make that lower."""
    if score is None:
        possible = [method.policy.veto_grade]
    else:
        under = method.policy.standard(standard, method.readings)
        possible = [under.grade(score)]
        if under.rescale is not None:  # the grade follows the exact total, and the score is that one rounded half up
            possible.append(under.grade(max(Fraction(0), score - Fraction(1, 2))))
        possible += [each for each in method.ceilings[standard] if each.rank > possible[0].rank]
    if grade not in possible:
        right = ", ".join(dict.fromkeys(each.key for each in possible))
        problems.add("value_bad", "/grade", value=grade.key, right=right)


def check(method: Method, cohort: Cohort, problems: Problems) -> Mapping[str | None, District]:
    """
    The district of every name that the cohort uses.

    Adds to `problems`: nobody at all, a unit that is there twice, a district that is missing or unknown.
    """
    everybody: list[Assessed | LeftOut] = [*cohort.assessed, *cohort.left_out]
    if not everybody and not problems.found:
        problems.add("cohort_empty")
    if len({each.unit.id for each in everybody}) < len(everybody):
        places: dict[str, list[str]] = {}
        for each in everybody:
            places.setdefault(each.unit.id, []).append(each.at)
        name_twice(places, problems)
    # A policy that names no district takes any.
    known = method.districts if method.policy.districts else _Any()
    used: dict[str | None, District] = {}
    for name in {each.unit.district for each in everybody}:
        district = known.get(name) if name is not None else None
        if district is not None:
            used[name] = district
    for each in everybody:
        if each.unit.district not in used:
            _no_district(method, each, problems)
    return used


class _Any(dict[str, District]):
    """Every name is a district."""

    def get(self, name: str, default: object = None) -> District:
        """The district of that name."""
        return District(name, (), bound=True)


def _no_district(method: Method, each: Assessed | LeftOut, problems: Problems) -> None:
    path, name = f"{each.at}/unit/district", each.unit.district
    if name is None:
        problems.add("district_missing", path, (), name=each.unit.id)
    else:
        right = ", ".join(district.name for district in method.policy.districts)
        problems.add("district_unknown", path, method.districts, name=name, unit=each.unit.id, right=right)


def districts_in_order(method: Method, used: Iterable[District]) -> list[District]:
    """Each district once, in the order of the policy; those that it does not name by name."""
    order = {each.name: at for at, each in enumerate(method.policy.districts)}
    return sorted({each.name: each for each in used}.values(), key=lambda each: (order.get(each.name, 0), each.name))
