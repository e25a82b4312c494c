"""
A city's spot check beside the district's assessment of the same unit (重点抽查): facts, items and clauses that differ.

Annex 1, 三 1 lets the city check, and prints no consequence when the two differ; so this only reports.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from .comparison import Change, Version, change_data, difference, read_for_all
from .comparison.account import signed
from .comparison.difference import ItemChange
from .comparison.versions import Opened
from .decision import Decision
from .errors import CohortRefused, Problems
from .language import Text, joined
from .numbers import number, plain
from .sheets import Posted, Sheet, Unit, name_twice, read_unit

NOTE = Text(
    "办法没有规定市、区评估不一致的后果；这里只列出差异，不改变任何结果",
    "the text prints no consequence when the two differ; this only reports, and changes nothing",
)


class Recheck(NamedTuple):
    """One unit, assessed by the district and again by the city."""

    district: Decision
    city: Decision
    change: Change

    @property
    def sheets(self) -> tuple[Sheet, Sheet]:
        """The district's sheet and the city's."""
        return self.district.case.sheet, self.city.case.sheet

    @property
    def facts(self) -> list[str]:
        """The facts that were given otherwise, also where one side gave none."""
        one, other = self.sheets
        return [name for name in one.standard.facts if one.values.get(name) != other.values.get(name)]

    @property
    def result_differs(self) -> bool:
        """Whether the score, an item, the grade or a veto differs."""
        return bool(self.change.items or self.change.difference or self.change.adjustments) or (
            (self.district.grade, self.district.vetoes) != (self.city.grade, self.city.vetoes)
        )


class Rechecks(NamedTuple):
    """Every unit of the city's file, in its order; `assessed` is how many the district's file has."""

    version: Version
    units: tuple[Recheck, ...]
    assessed: int


def recheck(version: Version, district: Iterable[Posted], city: Iterable[Posted]) -> Rechecks:
    """
    Compare the city's sheets with the district's, each with its `standard`, matched by the unit's id.

    Of the district's sheets only those that the city checked are decided. Raises `CohortRefused` with everything that
    is wrong: a unit twice, one that the district did not assess or assessed by another standard, a sheet that cannot be
    scored, nobody at all.
    """
    problems = Problems()
    mine, theirs = _by_unit(district, problems), _by_unit(city, problems)
    units: list[Recheck] = []
    for name, each in theirs.items():
        if name not in mine:
            problems.add("unit_not_assessed", f"{each.at}/unit/id", mine, name=name)
            continue
        one, other = _decided(version, mine[name], problems), _decided(version, each, problems)
        if one is None or other is None:
            continue
        standards = [side.case.sheet.standard.key for side in (one, other)]
        if standards[0] != standards[1]:
            values = {"found": standards[1], "wanted": standards[0]}
            problems.add("checked_otherwise", f"{each.at}/standard", (), name=name, **values)
            continue
        units.append(Recheck(one, other, difference(one, other)))
    if not theirs and not problems.found:
        problems.add("recheck_empty")
    problems.refuse(CohortRefused)
    return Rechecks(version, tuple(units), len(mine))


def _by_unit(posted: Iterable[Posted], problems: Problems) -> dict[str, Posted]:
    """Each sheet by the id of its unit."""
    found: dict[str, Posted] = {}
    places: dict[str, list[str]] = {}
    for each in posted:
        if each.problem is not None:
            problems.found.append(each.problem.below(each.at))
            continue
        wrong = Problems()
        unit = read_unit(each.value.get("unit") if isinstance(each.value, Mapping) else None, wrong)
        problems.found += [one.below(each.at) for one in wrong.found]
        if not wrong.found:
            found[unit.id] = each
            places.setdefault(unit.id, []).append(each.at)
    name_twice(places, problems)
    return found


def _decided(version: Version, posted: Posted, problems: Problems) -> Decision | None:
    """The decision of a sheet; None after adding to `problems` what is wrong with it, or what it lacks."""
    found = Problems()
    standard = posted.value.get("standard") if isinstance(posted.value, Mapping) else None
    decision = None
    if isinstance(standard, str) and standard in version.policy.tables:
        judge = version.judge(standard)
        sheet = judge.reader.read(posted.value, found)
        outcome = None if found.found else judge.outcome(sheet)
        if isinstance(outcome, Opened):
            for name in outcome.missing:
                found.add("fact_missing", f"/facts/{name}", (), title=sheet.standard.facts[name].title)
        else:
            decision = outcome
    else:
        read_for_all([version], posted.value, found)
    problems.found += [one.below(posted.at) for one in found.found]
    return decision


# As plain data


def recheck_rows(rechecks: Rechecks) -> Iterator[dict[str, Any]]:
    """A row for each unit of the city's file, in its order; also for those on which both agree."""
    for each in rechecks.units:
        yield _row(each)


def _row(each: Recheck) -> dict[str, Any]:
    change = change_data(each.change)
    own = _self_scores(each)
    return {
        "unit": each.sheets[0].unit.as_data(),
        "standard": each.sheets[0].standard.key,
        "differs": bool(each.facts) or each.result_differs,
        "result_differs": each.result_differs,
        "district": _side(each.district),
        "city": _side(each.city),
        "difference": change["score"],
        "facts": list(_facts(each)),
        "items": [_item(each, item, data, own) for item, data in zip(each.change.items, change["items"], strict=True)],
        "adjustments": [
            {**_sides(data, "clauses"), "kind": data["kind"], "difference": data["difference"]}
            for data in change["adjustments"]
        ],
        "vetoes": None
        if change["vetoes"] is None
        else {"district": change["vetoes"]["from"], "city": change["vetoes"]["to"]},
        "because": _words(each, change).as_data(),
    }


def _side(decision: Decision) -> dict[str, Any]:
    per_one = decision.case.sheet.standard.policy.points_per_one
    return {
        "score": None if decision.score is None else number(decision.score, per_one),
        "grade": decision.grade.key,
        "vetoes": list(decision.vetoes),
    }


def _self_scores(each: Recheck) -> dict[str, int]:
    """The unit's own scores: those of the district's sheet, and of the city's where the district's has none."""
    one, other = each.sheets
    return {**other.self_scores, **one.self_scores}


def _facts(each: Recheck) -> Iterator[dict[str, Any]]:
    """The facts that differ, as they were given, with the reasons that assessors gave for a judgement."""
    one, other = each.sheets
    values = one.given(), other.given()
    for name in each.facts:
        yield {
            "name": name,
            "title": one.standard.facts[name].title.as_data(),
            "district": values[0].get(name),
            "city": values[1].get(name),
            "reasons": {"district": one.reasons.get(name), "city": other.reasons.get(name)}
            if name in one.reasons or name in other.reasons
            else None,
        }


def _item(each: Recheck, item: ItemChange, data: Mapping[str, Any], own: Mapping[str, int]) -> dict[str, Any]:
    """An item that differs: both scores, the unit's own, and the clauses that make the difference."""
    per_one, no = each.change.per_one, item.item.no
    scores = {side: _score(decision, no) for side, decision in (("district", each.district), ("city", each.city))}
    return {
        "no": no,
        "key": data["key"],
        "title": data["title"],
        "points": number(item.item.points, per_one),
        "self_score": number(own[no], per_one) if no in own else None,
        **{side: number(score, per_one) for side, score in scores.items()},
        "difference": data["difference"],
        "parts": [
            {
                "kind": part["kind"],
                "difference": part["difference"],
                "clauses": _sides(part, "clauses")["clauses"],
                "because": _sides(part, "because")["because"],
            }
            for part in data["parts"]
        ],
    }


def _score(decision: Decision, no: str) -> int:
    return next(score.score for score in decision.items if score.item.no == no)


def _sides(data: Mapping[str, Any], key: str) -> dict[str, Any]:
    """What a comparison calls before and after is the district's and the city's here."""
    return {key: {"district": data[key]["from"], "city": data[key]["to"]}}


def _words(each: Recheck, change: Mapping[str, Any]) -> Text:
    """Which items differ, and what each side found."""
    if change["vetoes"] is not None:
        sides = [joined((Text(**said) for said in change["vetoes"][side]), "、", ", ") for side in ("from", "to")]
        none = Text("无否决", "no veto")
        one, other = (said if said.zh else none for said in sides)
        return Text(f"区：{one.zh}；市：{other.zh}", f"district: {one.en}; city: {other.en}")
    words = []
    for moved_item, item in zip(each.change.items, change["items"], strict=True):
        found = [_found(item, side) for side in ("from", "to")]
        no, moved = item["no"]["to"], signed(moved_item.low, each.change.per_one)
        words.append(
            Text(
                f"第{no}项 {moved}（区：{found[0].zh}；市：{found[1].zh}）",
                f"item {no} {moved} (district: {found[0].en}; city: {found[1].en})",
            )
        )
    if words:
        return joined(words, "；", "; ")
    if each.facts:
        return Text("指标不同，结果相同", "facts differ, the result is the same")
    return Text("一致", "they agree")


def _found(item: Mapping[str, Any], side: str) -> Text:
    """What one side found on an item, as far as it makes a difference."""
    said = [Text(**part["because"][side]) for part in item["parts"] if part["because"][side] is not None]
    return joined(said, "，", ", ") if said else Text("未见问题", "nothing")


def recheck_data(rechecks: Rechecks) -> dict[str, Any]:
    """What came out for everybody: how many differ, by how much, in which items, and by district."""
    version, units = rechecks.version, rechecks.units
    policy = version.policy
    by_district: dict[str | None, list[Recheck]] = {}
    for each in units:
        by_district.setdefault(_district(version, each.sheets[0].unit), []).append(each)
    order = {each.name: at for at, each in enumerate(policy.districts)}
    names = sorted(by_district, key=lambda name: (name is None, order.get(name or "", len(order)), name or ""))
    return {
        "policy": policy.key,
        "revision": policy.revision,
        "status": policy.status,
        "policy_hash": policy.meaning,
        "year": policy.year,
        "readings": dict(version.method.readings),
        "note": NOTE.as_data(),
        "assessed": rechecks.assessed,
        "not_rechecked": rechecks.assessed - len(units),
        "total": _total(version, units),
        "grades": _grades(units),
        "items": list(_items(units, policy.points_per_one)),
        "districts": [{"district": name, **_total(version, by_district[name])} for name in names],
    }


def _district(version: Version, unit: Unit) -> str | None:
    known = version.method.districts.get(unit.district) if unit.district is not None else None
    return known.name if known else unit.district


def _total(version: Version, units: Sequence[Recheck]) -> dict[str, Any]:
    """`mean` is exact, as `sum` over `scored`: a fraction where it has no end."""
    per_one = version.policy.points_per_one
    told = [each.change.difference for each in units if each.change.difference is not None]
    return {
        "rechecked": len(units),
        "differ": sum(bool(each.facts) or each.result_differs for each in units),
        "result_differs": sum(each.result_differs for each in units),
        "grade_differs": sum(each.district.grade is not each.city.grade for each in units),
        "veto_differs": sum(each.district.vetoes != each.city.vetoes for each in units),
        "higher": sum(each > 0 for each in told),
        "lower": sum(each < 0 for each in told),
        "scored": len(told),
        "sum": number(sum(told), per_one),
        "mean": plain(Fraction(sum(told), len(told) * per_one)) if told else None,
    }


def _grades(units: Iterable[Recheck]) -> list[dict[str, Any]]:
    """How many the district gave one grade and the city another; most first."""
    counts = Counter((each.district.grade.key, each.city.grade.key) for each in units)
    moved = [(pair, count) for pair, count in counts.most_common() if pair[0] != pair[1]]
    return [{"district": one, "city": other, "units": count} for (one, other), count in moved]


def _items(units: Iterable[Recheck], per_one: int) -> Iterator[dict[str, Any]]:
    """Each item that differs somewhere: for how many units, and by how much in all; the most frequent first."""
    found: dict[tuple[str, str], list[ItemChange]] = {}
    for each in units:
        for item in each.change.items:
            found.setdefault((each.sheets[0].standard.key, item.item.key), []).append(item)
    for (standard, key), changes in sorted(found.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        titled = changes[0].item
        yield {
            "standard": standard,
            "no": titled.no,
            "key": key,
            "title": titled.title.as_data(),
            "units": len(changes),
            "sum": number(sum(each.low for each in changes), per_one),
        }
