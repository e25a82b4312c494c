"""A comparison as plain data: a row for each unit, and the summary with its matrix, its movers and its totals."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

from ..decision import Decision, Finding
from ..explanation import because
from ..facts import FEN_PER_YUAN
from ..language import Text, joined
from ..numbers import half_up, number, plain, sum_of_known
from ..policy.model import Grade
from ..settlement import Settled, summary_data
from .compare import Compared, Comparison
from .difference import CLAMP, POINTS, AdjustmentChange, Change, ItemChange, Part, decision_of, grade_of
from .versions import Opened, Outcome, Version

# So many movers stand in a summary; the rows have them all.
MOST_MOVERS = 100
# A policy may let a score grow without any limit; a distribution has at most so many columns.
MOST_COLUMNS = 1000
OPEN = "open"  # the grade of a sheet that lacks facts, where it cannot be told


def comparison_rows(comparison: Comparison) -> Iterator[dict[str, Any]]:
    """A row for each unit, in the order in which they came."""
    for each in comparison.units:
        yield _row(comparison, each)


def _row(comparison: Comparison, compared: Compared) -> dict[str, Any]:
    return {
        "unit": compared.unit.as_data(),
        "standard": compared.standard,
        "results": _results(comparison, compared),
        "changes": [_step_data(comparison, compared, at) for at in range(len(comparison.versions) - 1)],
    }


def _results(comparison: Comparison, compared: Compared) -> list[dict[str, Any]]:
    sides = zip(comparison.versions, compared.outcomes, compared.settled, strict=True)
    return [_result(version, outcome, settled) for version, outcome, settled in sides]


def _result(version: Version, outcome: Outcome, settled: Settled | None) -> dict[str, Any]:
    """What one version makes of the unit."""
    per_one = version.policy.points_per_one
    decision = outcome if isinstance(outcome, Decision) else None
    bounds = outcome.bounds if isinstance(outcome, Opened) else None
    score = decision.score if decision else None
    low, high = (bounds.low, bounds.high) if bounds else (score, score)
    grade = decision.grade if decision else None
    worst, best = (bounds.worst, bounds.best) if bounds else (grade, grade)
    return {
        "policy": version.name,
        "status": version.policy.status,
        "score": _points(score, per_one),
        "low": _points(low, per_one),
        "high": _points(high, per_one),
        "grade": _key(grade),
        "worst": _key(worst),
        "best": _key(best),
        "vetoes": list(decision.vetoes) if decision else [],
        "veto_possible": bounds.veto_possible if bounds else None if decision is None else bool(decision.vetoes),
        "missing": list(outcome.missing) if isinstance(outcome, Opened) else [],
        "open": _open_data(outcome, per_one),
        "final_grade": _key(settled.final) if settled else None,
        "rank": settled.rank if settled else None,
        "capped": settled.capped if settled else None,
        "subsidy": _money(settled.subsidy) if settled else None,
    }


def _open_data(outcome: Outcome, per_one: int) -> list[dict[str, Any]]:
    """The items that hang on missing facts, those that share a fact together."""
    groups = (outcome.items or ()) if isinstance(outcome, Opened) else ()
    return [
        {
            "missing": list(group.missing),
            "low": _points(group.low, per_one),
            "high": _points(group.high, per_one),
            "items": [
                {"no": item.no, "key": item.key, "low": _points(low, per_one), "high": _points(high, per_one)}
                for item, low, high in group.items
            ],
        }
        for group in groups
    ]


def _step_data(comparison: Comparison, compared: Compared, at: int) -> dict[str, Any]:
    """What changed from the version at that position to the next."""
    before, after = comparison.versions[at : at + 2]
    settled = compared.settled[at : at + 2]
    change = compared.changes[at]
    data = change_data(change)
    subsidies = [each.subsidy for each in settled if each is not None and each.subsidy is not None]
    return {
        "from": before.name,
        "to": after.name,
        "changed": _changed(comparison, compared, at),
        **data,
        "final_grade": _pair(*(_key(each.final) if each else None for each in settled)) if any(settled) else None,
        "subsidy": _money(subsidies[1] - subsidies[0]) if len(subsidies) == 2 else None,
    }


def change_data(change: Change) -> dict[str, Any]:
    """A change as plain data: the score, the grade, the items that moved it, and the sentence that says so."""
    decisions = decision_of(change.before), decision_of(change.after)
    return {
        "score": _points(change.difference, change.per_one),
        "low": _points(change.low, change.per_one),
        "high": _points(change.high, change.per_one),
        "grade": _pair(*(grade_of(each) for each in (change.before, change.after))),
        "vetoes": {
            side: [because(each, decision.case.sheet).as_data() for each in decision.veto_findings]
            for side, decision in zip(("from", "to"), decisions, strict=True)
        }
        if decisions[0].vetoes != decisions[1].vetoes
        else None,
        "items": [_item_data(change, each) for each in change.items],
        "adjustments": [_adjustment_data(change, each) for each in change.adjustments],
        "because": change_words(change).as_data(),
    }


def _item_data(change: Change, item: ItemChange) -> dict[str, Any]:
    return {
        "key": item.item.key,
        "no": _pair(*(each.no if each else None for each in item.items)),
        "title": item.item.title.as_data(),
        "difference": _points(item.difference, change.per_one),
        "low": _points(item.low, change.per_one),
        "high": _points(item.high, change.per_one),
        "missing": list(item.missing),
        "parts": [_part_data(change, each) for each in item.parts],
    }


def _part_data(change: Change, part: Part) -> dict[str, Any]:
    return {
        "kind": part.kind,
        "difference": _points(part.difference, change.per_one),
        "clauses": _pair(*(each.clause.key if each else None for each in part.findings)),
        "because": _pair(*_sentences(change, part)),
    }


def _sentences(change: Change, part: Part) -> list[dict[str, str] | None]:
    sides = zip(part.findings, (change.before, change.after), strict=True)
    return [_finding_words(each, outcome).as_data() if each else None for each, outcome in sides]


def _finding_words(finding: Finding, outcome: Outcome) -> Text:
    return because(finding, decision_of(outcome).case.sheet)


def _adjustment_data(change: Change, adjustment: AdjustmentChange) -> dict[str, Any]:
    return {
        "kind": adjustment.kind,
        "difference": _points(adjustment.difference, change.per_one),
        "clauses": _pair(*(each.key if each else None for each in adjustment.clauses)),
    }


ADJUSTMENTS = {
    "bonus": Text("加分", "bonus"),
    "rescale": Text("折算", "rescaling"),
    "total_at_most": Text("总分上限", "the limit of the total"),
}


class Reason(NamedTuple):
    """What moved a score, and why: `第22项 −1`, and the sentence of the clause."""

    what: Text
    why: Text  # empty where there is nothing to add

    def as_data(self) -> dict[str, Any]:
        """`{"what": {"zh": …, "en": …}, "why": …}`; null where there is nothing to add."""
        return {"what": self.what.as_data(), "why": self.why.as_data() if self.why.zh else None}


def change_words(change: Change) -> Text:
    """Which items moved the score, each with its number, its difference and its reason; the largest first."""
    return joined((_reason_words(change, each) for each in change_reasons(change)), "；", "; ")


def _reason_words(change: Change, reason: Reason) -> Text:
    """`第22项 −1（…）`; `改为一票否决：…`."""
    what, why = reason
    if not why.zh:
        return what
    if change.veto_moved:
        return Text(f"{what.zh}：{why.zh}", f"{what.en}: {why.en}")
    return Text(f"{what.zh}（{why.zh}）", f"{what.en} ({why.en})")


def change_reasons(change: Change) -> list[Reason]:
    """The same, item by item."""
    if change.veto_moved:
        return [_veto_reason(change)]
    moved = [each for each in change.items if each.low or each.high]
    items = sorted(moved, key=lambda each: -max(abs(each.low), abs(each.high)))
    reasons = [_item_reason(change, each) for each in items]
    for each in change.adjustments:
        kind, said = ADJUSTMENTS[each.kind], signed(each.difference, change.per_one)
        reasons.append(Reason(Text(f"{kind.zh} {said}", f"{kind.en} {said}"), Text("", "")))
    return reasons


def _veto_reason(change: Change) -> Reason:
    _, now = change.vetoed
    vetoed = change.after if now else change.before
    findings = (_finding_words(each, vetoed) for each in decision_of(vetoed).veto_findings)
    what = Text("改为一票否决", "is vetoed now") if now else Text("不再一票否决", "is no longer vetoed")
    return Reason(what, joined(findings, "、", ", "))


def _item_reason(change: Change, item: ItemChange) -> Reason:
    """`第22项 −1` and why; an item of one version alone says so."""
    before, after = item.items
    no = item.item.no
    moved = _range_words(item, change.per_one)
    why = _item_words(change, item)
    if before is None:
        why = Text(f"新增项{'，' if why.zh else ''}{why.zh}", f"new item{', ' if why.en else ''}{why.en}")
    elif after is None:
        return Reason(Text(f"原第{no}项 {moved}", f"former item {no} {moved}"), Text("已取消", "it is gone"))
    return Reason(Text(f"第{no}项 {moved}", f"item {no} {moved}"), why)


def _range_words(item: ItemChange, per_one: int) -> str:
    if item.low == item.high:
        return signed(item.low, per_one)
    return f"{signed(item.low, per_one)}…{signed(item.high, per_one)}"


def _item_words(change: Change, item: ItemChange) -> Text:
    if item.missing:
        titles = [_title_of(change, name) for name in item.missing]
        return Text(f"缺少{'、'.join(each.zh for each in titles)}", f"missing: {', '.join(each.en for each in titles)}")
    words: list[Text] = []
    for part in sorted(item.parts, key=lambda each: -abs(each.difference)):
        before, after = part.findings
        if part.kind == POINTS and item.items.before and item.items.after:
            words.append(_points_words(change, item))
        elif part.kind == CLAMP:
            words.append(Text("所缺指标不影响得分，得分由此确定", "the score was settled though facts are absent"))
        elif after is not None:
            words.append(_finding_words(after, change.after))
        elif before is not None:
            said = _finding_words(before, change.before)
            words.append(Text(f"不再：{said.zh}", f"no longer: {said.en}"))
    return joined(words, "；", "; ")


def _title_of(change: Change, name: str) -> Text:
    """What people call a fact of either version."""
    policies = [decision_of(each).case.sheet.standard.policy for each in (change.after, change.before)]
    return next(policy.facts[name].title for policy in policies if name in policy.facts)


def _points_words(change: Change, item: ItemChange) -> Text:
    scales = (decision_of(each).case.sheet.standard.policy.points_per_one for each in (change.before, change.after))
    starts = (
        plain(each.start * Fraction(each.weight), scale)
        for each, scale in zip(item.items, scales, strict=True)
        if each is not None
    )
    said = " → ".join(starts)
    return Text(f"起评分 {said}", f"starts at {said}")


def signed(units: int, per_one: int) -> str:
    """A difference with its sign: `+2`, `−1.5`, `0`."""
    text = plain(abs(units), per_one)
    return f"+{text}" if units > 0 else f"−{text}" if units < 0 else "0"


def comparison_summary(comparison: Comparison) -> dict[str, Any]:
    """What was compared, and what came out for everybody: from each version to the next, and by district."""
    versions, units = comparison.versions, comparison.units
    return {
        "versions": [_version_data(version) for version in versions],
        "units": len(units),
        "cohort": bool(comparison.settlements),
        "steps": [_step_summary(comparison, at) for at in range(len(versions) - 1)],
        "distribution": _distribution(comparison),
        "settlements": [summary_data(each) if each else None for each in comparison.settlements],
    }


def _version_data(version: Version) -> dict[str, Any]:
    policy = version.policy
    return {
        "name": version.name,
        "policy": policy.key,
        "revision": policy.revision,
        "status": policy.status,
        "policy_hash": policy.meaning,
        "year": policy.year,
        "title": policy.title.as_data(),
        "standards": [{"key": key, "title": table.title.as_data()} for key, table in policy.tables.items()],
        "readings": dict(version.method.readings),
        "grades": [
            {"key": each.key, "title": each.title.as_data(), "from": number(each.start, policy.points_per_one)}
            for each in policy.grades
        ],
    }


def _step_summary(comparison: Comparison, at: int) -> dict[str, Any]:
    pair = comparison.versions[at : at + 2]
    changed = [each for each in comparison.units if _changed(comparison, each, at)]
    final = _final(comparison, at)
    grades = [[_ended(each, side, final=final) for each in comparison.units] for side in (at, at + 1)]
    movers = sorted(changed, key=lambda each: _how_far(each.changes[at]))
    return {
        "from": pair[0].name,
        "to": pair[1].name,
        "final": final,
        "lacking": {side: _lacking(comparison, where) for side, where in (("from", at), ("to", at + 1))},
        "changed": len(changed),
        "grade_changed": sum(len({*both}) == 2 and OPEN not in both for both in zip(*grades, strict=True)),
        "open": sum(OPEN in both for both in zip(*grades, strict=True)),
        "migration": _migration(pair, grades),
        "items": _items_summary(comparison, at),
        "movers": [_mover(comparison, each, at) for each in movers[:MOST_MOVERS]],
        "districts": _districts(comparison, at),
        "total": {
            side: _side_total(comparison, comparison.units, where, final=final, everybody=True)
            for side, where in (("from", at), ("to", at + 1))
        },
    }


def _final(comparison: Comparison, at: int) -> bool:
    """Whether final grades can be compared: there is a settlement under both versions."""
    return bool(comparison.settlements) and None not in comparison.settlements[at : at + 2]


def _lacking(comparison: Comparison, at: int) -> dict[str, Any]:
    """How many sheets lack facts under a version, and which facts."""
    opened = [each.outcomes[at] for each in comparison.units if isinstance(each.outcomes[at], Opened)]
    names = [name for each in opened if isinstance(each, Opened) for name in each.missing]
    facts = comparison.versions[at].policy.facts
    return {
        "units": len(opened),
        "facts": [{"name": name, "title": facts[name].title.as_data()} for name in dict.fromkeys(names)],
    }


def _changed(comparison: Comparison, compared: Compared, at: int) -> bool:
    """Whether the score, the grade, the final grade or the subsidy changed, or may have."""
    change = compared.changes[at]
    if (change.low != 0 or change.high != 0) and not (change.low is None and all(change.vetoed)):
        return True
    grades = [grade_of(each) for each in (change.before, change.after)]
    if grades[0] != grades[1]:
        return True
    if (None in grades or _veto_possible(change.before) or _veto_possible(change.after)) and not change.graded_alike:
        return True
    before, after = compared.settled[at : at + 2]
    if not _final(comparison, at) or before is None or after is None:
        return False
    return (before.final.key, before.subsidy) != (after.final.key, after.subsidy)


def _veto_possible(outcome: Outcome) -> bool:
    return isinstance(outcome, Opened) and (outcome.bounds is None or outcome.bounds.veto_possible)


def _how_far(change: Change) -> tuple[bool, int, str]:
    """Vetoes that came or went first, then who moved furthest for sure, then by id."""
    return not change.veto_moved, -change.least, decision_of(change.after).case.sheet.unit.id


def _mover(comparison: Comparison, compared: Compared, at: int) -> dict[str, Any]:
    step, results = _step_data(comparison, compared, at), _results(comparison, compared)[at : at + 2]
    return {
        "unit": compared.unit.as_data(),
        "standard": compared.standard,
        **{
            key: _pair(*(each[key] for each in results))
            for key in ("score", "low", "high", "grade", "final_grade", "subsidy", "rank")
        },
        "difference": {"score": step["score"], "low": step["low"], "high": step["high"], "subsidy": step["subsidy"]},
        "because": step["because"],
        "reasons": [each.as_data() for each in change_reasons(compared.changes[at])],
    }


def _migration(pair: Sequence[Version], grades: Sequence[Sequence[str]]) -> dict[str, Any]:
    """How many went from which grade to which; `open` only where there is one."""
    axes = [
        [grade.key for grade in version.policy.grades] + [OPEN] * (OPEN in side)
        for version, side in zip(pair, grades, strict=True)
    ]
    counts = Counter(zip(*grades, strict=True))
    return {
        "from": axes[0],
        "to": axes[1],
        "counts": [[counts[before, after] for after in axes[1]] for before in axes[0]],
    }


def _items_summary(comparison: Comparison, at: int) -> list[dict[str, Any]]:
    """Each item that changed: for how many units, and by how much in all where that can be told."""
    found: dict[tuple[str, str], list[tuple[Change, ItemChange]]] = {}
    for each in comparison.units:
        for item in each.changes[at].items:
            found.setdefault((each.standard, item.item.key), []).append((each.changes[at], item))
    rows = []
    for (standard, key), changes in found.items():
        change, first = changes[0]
        told = [item.difference for _, item in changes if item.difference is not None]
        row = {
            "standard": standard,
            "key": key,
            "no": _pair(*(each.no if each else None for each in first.items)),
            "title": first.item.title.as_data(),
            "units": sum(1 for item in told if item),
            "open": len(changes) - len(told),
            "difference": _points(sum(told), change.per_one),
        }
        rows.append((-abs(sum(told)), row))
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


def _districts(comparison: Comparison, at: int) -> list[dict[str, Any]]:
    """The totals of each district, as the later version names it, in the order of that policy."""
    named = comparison.versions[at + 1].method.districts
    order = {each.name: place for place, each in enumerate(comparison.versions[at + 1].policy.districts)}
    by_name: dict[str | None, list[Compared]] = {}
    for each in comparison.units:
        given = each.unit.district
        known = named.get(given) if given is not None else None
        by_name.setdefault(known.name if known else given, []).append(each)
    names = sorted(by_name, key=lambda name: (name is None, order.get(name or "", len(order)), name or ""))
    return [
        {
            "district": name,
            "units": len(by_name[name]),
            **{
                side: _side_total(comparison, by_name[name], where, final=_final(comparison, at))
                for side, where in (("from", at), ("to", at + 1))
            },
        }
        for name in names
    ]


def _side_total(
    comparison: Comparison, units: Sequence[Compared], at: int, *, final: bool, everybody: bool = False
) -> dict[str, Any]:
    """Of those units under one version: how many have a score, their mean, their grades, and what they are paid."""
    version = comparison.versions[at]
    scores = [each.outcomes[at].score for each in units if isinstance(each.outcomes[at], Decision)]  # type: ignore[union-attr]
    told = [score for score in scores if score is not None]
    settlement = comparison.settlements[at] if comparison.settlements else None
    settled = [each for each in (unit.settled[at] for unit in units) if each is not None]
    # The versions may name districts otherwise, so theirs are added up from the units.
    paid = settlement.total.subsidy if settlement and everybody else sum_of_known(each.subsidy for each in settled)
    grades = Counter(_ended(each, at, final=final) for each in units)
    return {
        "scored": len(told),
        "mean": _mean(told, version.policy.points_per_one),
        "grades": {
            key: grades[key] for key in [each.key for each in version.policy.grades] + [OPEN] * (OPEN in grades)
        },
        "capped": sum(each.capped for each in settled) if settlement else None,
        "subsidy": _money(paid) if settlement else None,
    }


def _mean(scores: Sequence[int], per_one: int) -> Any:
    """Rounded half up to the points scale, or to hundredths where that is coarser."""
    finer = lcm(per_one, 100)
    return _points(half_up(Fraction(sum(scores) * finer, len(scores) * per_one)), finer) if scores else None


def _distribution(comparison: Comparison) -> dict[str, Any]:
    """
    How many units scored from each whole point to the next, under each version.

    Columns are `width` points wide where scores are so far apart that there would be too many of them.
    """
    columns: list[Counter[int]] = []
    for at, version in enumerate(comparison.versions):
        scores = (each.outcomes[at] for each in comparison.units)
        told = [each.score for each in scores if isinstance(each, Decision) and each.score is not None]
        columns.append(Counter(score // version.policy.points_per_one for score in told))
    points = [point for column in columns for point in column]
    low, high, width = min(points, default=0), max(points, default=0), 1
    while high // width - low // width >= MOST_COLUMNS:
        width *= 10
    first = low // width
    counts = [[0] * (high // width - first + 1) for _ in columns]
    for row, column in zip(counts, columns, strict=True):
        for point, units in column.items():
            row[point // width - first] += units
    return {"first": first * width, "width": width, "counts": counts}


def _ended(compared: Compared, at: int, *, final: bool) -> str:
    """The grade in the end: the final one where there are settlements."""
    settled = compared.settled[at] if final else None
    return settled.final.key if settled is not None else grade_of(compared.outcomes[at]) or OPEN


def _pair(before: Any, after: Any) -> dict[str, Any]:
    return {"from": before, "to": after}


def _key(grade: Grade | None) -> str | None:
    return grade.key if grade else None


def _points(units: int | None, per_one: int) -> Any:
    return None if units is None else number(units, per_one)


def _money(fen: int | None) -> Any:
    return None if fen is None else number(fen, FEN_PER_YUAN)
