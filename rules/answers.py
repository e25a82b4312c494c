"""
Decisions as answers: plain data, and the JSON that stands for it digit by digit.

Most items of most sheets come out alike, so an item's data and JSON are kept for the next sheet on which its score, its
findings and the facts behind them are the same.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import simplejson

from .decision import Adjustment, Bounds, Decision, Finding, ItemScore
from .explanation import because, points_words
from .language import Text
from .numbers import half_up, number, plain
from .policy.model import Item
from .policy.versions import Standard
from .sheets import Sheet

MOST_KEPT = 8192


def written(data: Any) -> str:
    """Plain data as one line of JSON; Decimals digit by digit, never as floats."""
    return simplejson.dumps(data, ensure_ascii=False, use_decimal=True, allow_nan=False)


class Kept(NamedTuple):
    """A part of an answer, as data and as JSON."""

    data: Mapping[str, Any]
    text: str


class Answers:
    """Writes decisions of one standard; `attainable` is the highest total that it lets anybody reach, in units."""

    def __init__(self, standard: Standard, attainable: int | None):
        self.standard = standard
        self.attainable = attainable
        self.kept: dict[tuple[object, ...], Kept] = {}

    def data(self, decision: Decision) -> dict[str, Any]:
        """The decision as dicts, lists, strings, ints and Decimals (exact, without exponents)."""
        writer = _Writer(decision.case.sheet)
        items = None if decision.score is None else [self._item(writer, each).data for each in decision.items]
        return {**self._before(writer, decision), "items": items, **self._after(writer, decision)}

    def text(self, decision: Decision) -> str:
        """The same as one line of JSON."""
        writer = _Writer(decision.case.sheet)
        items = "null"
        if decision.score is not None:
            items = f"[{', '.join([self._item(writer, each).text for each in decision.items])}]"
        before, after = written(self._before(writer, decision)), written(self._after(writer, decision))
        return f'{before[:-1]}, "items": {items}, {after[1:]}'

    def _before(self, writer: "_Writer", decision: Decision) -> dict[str, Any]:
        self_total = writer.self_sum(self.standard.items)
        return {
            **_whom_and_what(decision.case.sheet),
            "grade": decision.grade.key,
            "score": writer.points(decision.score),
            "self_score": writer.points(self_total),
            "difference": writer.difference(decision.score, self_total),
            "vetoes": list(decision.vetoes),
            "veto_findings": [writer.finding(each) for each in decision.veto_findings],
            "undetermined": list(decision.case.undetermined),
            "categories": None if decision.score is None else writer.categories(decision),
        }

    def _after(self, writer: "_Writer", decision: Decision) -> dict[str, Any]:
        self_scores = decision.case.sheet.self_scores
        return {
            "adjustments": [writer.adjustment(each, decision) for each in decision.adjustments],
            "points": writer.points(self.standard.points),
            "items_points": writer.points(self.standard.items_points),
            "attainable": writer.points(self.attainable),
            "self_scores": {no: writer.points(units) for no, units in self_scores.items()},
        }

    def _item(self, writer: "_Writer", score: ItemScore) -> Kept:
        """One item; what it is made of is the key under which it is kept."""
        sheet = writer.sheet
        values, reasons = sheet.values, sheet.reasons
        own = writer.own.get(score.item.no)
        key: tuple[object, ...] = (score, own)
        if score.findings:
            names = [fact.name for finding in score.findings for fact in finding.clause.facts]
            key = (score, own, *[values.get(name) for name in names], *[reasons.get(name) for name in names])
        kept = self.kept.get(key)
        if kept is None:
            if len(self.kept) >= MOST_KEPT:
                self.kept.clear()
            data = writer.item(score)
            kept = self.kept[key] = Kept(data, written(data))
        return kept


class _Writer:
    """Writes the parts of one decision."""

    def __init__(self, sheet: Sheet):
        self.sheet = sheet
        self.per_one = sheet.standard.policy.points_per_one
        # Self scores under the same weights and rounding as the assessed ones.
        self.own = {
            item.no: half_up(sheet.self_scores[item.no] * item.weight)
            for item in sheet.standard.items
            if item.no in sheet.self_scores
        }

    def points(self, units: int | None) -> Any:
        """Units as an exact number."""
        return None if units is None else number(units, self.per_one)

    def difference(self, assessed: int | None, own: int | None) -> Any:
        """Assessed minus self, where there are both."""
        return None if assessed is None or own is None else self.points(assessed - own)

    def self_sum(self, items: tuple[Item, ...]) -> int | None:
        """The sum of self scores; None unless every item has one, since missing is not zero."""
        own = self.own
        return sum([own[item.no] for item in items]) if all(item.no in own for item in items) else None

    def finding(self, finding: Finding) -> dict[str, Any]:
        """One finding with its sentence and facts."""
        clause = finding.clause
        facts = {
            fact.name: fact.given(self.sheet.values[fact.name])
            for fact in clause.facts
            if fact.name in self.sheet.values
        }
        return {
            "clause": clause.key,
            "effect": clause.effect_name,
            "points": self.points(finding.points),
            "counted": self.points(finding.counted),
            "because": because(finding, self.sheet).as_data(),
            "facts": facts,
            "reading": clause.reading,
        }

    def item(self, score: ItemScore) -> dict[str, Any]:
        """One item, self and assessed side by side."""
        own = self.own.get(score.item.no)
        return {
            "no": score.item.no,
            "key": score.item.key,
            "points": self.points(score.item.points),
            "score": self.points(score.score),
            "self_score": self.points(own),
            "difference": self.difference(score.score, own),
            "rounded": score.rounded,
            "findings": [self.finding(each) for each in score.findings],
        }

    def categories(self, decision: Decision) -> list[dict[str, Any]]:
        """The printed sections with their sums."""
        scores = {each.item.no: each.score for each in decision.items}
        rows = []
        for category in self.sheet.standard.categories:
            score, own = sum(scores[item.no] for item in category.items), self.self_sum(category.items)
            rows.append(
                {
                    "title": category.title.zh,
                    "points": self.points(category.points),
                    "items_points": self.points(sum(item.points for item in category.items)),
                    "score": self.points(score),
                    "self_score": self.points(own),
                    "difference": self.difference(score, own),
                }
            )
        return rows

    def adjustment(self, adjustment: Adjustment, decision: Decision) -> dict[str, Any]:
        """What acted beyond an item."""
        data: dict[str, Any] = {"kind": adjustment.kind, "clause": adjustment.clause and adjustment.clause.key}
        if adjustment.grade is not None:
            data["grade"] = adjustment.grade.key
        else:
            data["points"] = self.points(adjustment.points)
        data["because"] = self.adjustment_words(adjustment, decision).as_data()
        return data

    def adjustment_words(self, adjustment: Adjustment, decision: Decision) -> Text:
        """Why."""
        standard = self.sheet.standard
        if adjustment.clause is not None:
            findings = (each for score in decision.items for each in score.findings)
            return because(next(each for each in findings if each.clause is adjustment.clause), self.sheet)
        if standard.rescale is not None and adjustment.kind == "rescale":
            to, start = plain(standard.rescale.to, self.per_one), plain(standard.rescale.start, self.per_one)
            printed = plain(sum(each.score for each in decision.items), self.per_one)
            return Text(
                f"各项合计 {printed} 分，按 {to}/{start} 折算；等次按折算后未取整的分数确定",
                f"the items' {printed} points x {to}/{start}; the grade goes by the exact result, before rounding",
            )
        most = points_words(standard.table.total_at_most or 0, self.per_one)
        return Text(f"总分最多 {most.zh}", f"the total is at most {most.en}")


def bounds_data(sheet: Sheet, missing: tuple[str, ...], bounds: Bounds | None) -> dict[str, Any]:
    """
    What a sheet with missing facts can still become, as plain data.

    `score` and `grade` are null when too much is missing to try every completion, or a veto has settled it.
    """
    writer = _Writer(sheet)
    return {
        **_whom_and_what(sheet),
        "provisional": True,
        "missing": list(missing),
        "score": bounds and {"low": writer.points(bounds.low), "high": writer.points(bounds.high)},
        "grade": bounds and {"worst": bounds.worst.key, "best": bounds.best.key},
        "veto_possible": bounds.veto_possible if bounds else None,
    }


def _whom_and_what(sheet: Sheet) -> dict[str, Any]:
    """Whom an answer is about, and what it was decided under."""
    standard = sheet.standard
    return {
        "unit": sheet.unit.as_data(),
        "policy": standard.policy.key,
        "revision": standard.policy.revision,
        "policy_hash": standard.policy.meaning,
        "standard": standard.key,
        "readings": dict(standard.readings),
    }
