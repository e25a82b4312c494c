"""
Decisions as answers: plain data, and the JSON that stands for it digit by digit.

Most items of most sheets come out alike, so an item's JSON is kept for the next sheet on which its score, its findings
and the facts behind them are the same.
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import count
from json.encoder import encode_basestring
from operator import itemgetter
from typing import Any, NamedTuple

import simplejson

from .decision import Adjustment, Bounds, Decision, Finding, ItemScore
from .explanation import because, points_words
from .language import Text
from .numbers import half_up, number, plain
from .policy.model import Item
from .policy.versions import Standard
from .sheets import Sheet

MOST_KEPT = 2048
MOST_TEXTS = 8192  # of one standard, all together
# What is longer has a reason of somebody's in it, and will not come again.
LONGEST_KEPT = 2000
NO_VETO = '"vetoes": [], "veto_findings": [], "undetermined": []'


def written(data: Any) -> str:
    """Plain data as one line of JSON; Decimals digit by digit, never as floats."""
    return simplejson.dumps(data, ensure_ascii=False, use_decimal=True, allow_nan=False)


class Seen(NamedTuple):
    """
    An item's score that came out, which a plan gives again and again, and the texts that it had.

    `score` is held so that nothing else can have its id. `names` are the facts behind its findings.
    """

    score: ItemScore
    no: str
    names: list[str]
    facts: Callable[[Mapping[str, int]], object] | None
    texts: dict[tuple[object, ...], str]


class Answers:
    """Writes decisions of one standard; `attainable` is the highest total that it lets anybody reach, in units."""

    def __init__(self, standard: Standard, attainable: int | None):
        self.standard = standard
        self.attainable = attainable
        self.seen: dict[int, Seen] = {}
        self.put = count(1)
        self.names = {clause: [fact.name for fact in clause.facts] for clause in standard.clauses()}
        self.texts: dict[tuple[object, ...], str] = {}
        # What stands in every answer alike, as JSON, without the braces around it.
        self.under = written(_under(standard))[1:-1]
        self.worth = written(self._worth())[1:-1]

    def data(self, decision: Decision) -> dict[str, Any]:
        """The decision as dicts, lists, strings, ints and Decimals (exact, without exponents)."""
        sheet = decision.case.sheet
        writer = _Writer(sheet)
        items = categories = None
        if decision.score is not None:
            items = [writer.item(each) for each in decision.items]
            categories = [writer.category(*each) for each in writer.sums(decision)]
        return {
            "unit": sheet.unit.as_data(),
            **_under(self.standard),
            **self._result(writer, decision),
            "categories": categories,
            "items": items,
            "adjustments": writer.adjustments(decision),
            **self._worth(),
            "self_scores": {no: writer.points(units) for no, units in sheet.self_scores.items()},
        }

    def text(self, decision: Decision) -> str:
        """The same as one line of JSON."""
        sheet = decision.case.sheet
        writer = _Writer(sheet)
        unit = ", ".join([f'"{key}": {_quoted(value)}' for key, value in sheet.unit.as_data().items()])
        items = categories = "null"
        if decision.score is not None:
            items = f"[{', '.join(self._items(writer, decision))}]"
            sums = [self.texts.get(each) or self._category(writer, *each) for each in writer.sums(decision)]
            categories = f"[{', '.join(sums)}]"
        own = ", ".join([self.texts.get(each) or self._self_score(*each) for each in sheet.self_scores.items()])
        result = self._outcome(writer, decision)
        adjustments = written(writer.adjustments(decision)) if decision.adjustments else "[]"
        return (
            f'{{"unit": {{{unit}}}, {self.under}, {result}, "categories": {categories}, "items": {items}, '
            f'"adjustments": {adjustments}, {self.worth}, "self_scores": {{{own}}}}}'
        )

    def _items(self, writer: "_Writer", decision: Decision) -> list[str]:
        """Each item as JSON."""
        sheet, seen, own = writer.sheet, self.seen, writer.own
        values, reasons = sheet.values, sheet.reasons
        texts = []
        for score in decision.items:
            known = seen.get(id(score)) or self._see(score)
            key: tuple[object, ...] = (own.get(known.no),)
            if known.facts:
                try:
                    key = (*key, known.facts(values))
                except KeyError:  # a clause may fire though one of its facts is absent
                    key = (*key, *[values.get(name) for name in known.names])
            if reasons and known.names:
                key = (*key, *[reasons.get(name) for name in known.names])
            text = known.texts.get(key)
            if text is None:
                text = written(writer.item(score))
                if len(text) <= LONGEST_KEPT:
                    if next(self.put) % MOST_TEXTS == 0:
                        seen.clear()
                    known.texts[key] = text
            texts.append(text)
        return texts

    def _see(self, score: ItemScore) -> "Seen":
        if len(self.seen) >= MOST_KEPT:
            self.seen.clear()
        names = [name for finding in score.findings for name in self.names[finding.clause]]
        known = self.seen[id(score)] = Seen(score, score.item.no, names, itemgetter(*names) if names else None, {})
        return known

    def _outcome(self, writer: "_Writer", decision: Decision) -> str:
        """`_result` as JSON; the usual one, without a veto, is put together by hand."""
        if decision.vetoes:
            return written(self._result(writer, decision))[1:-1]
        own = writer.self_sum(self.standard.items)
        score, difference = writer.points(decision.score), writer.difference(decision.score, own)
        return (
            f'"grade": {_quoted(decision.grade.key)}, "score": {_digits(score)}, '
            f'"self_score": {_digits(writer.points(own))}, "difference": {_digits(difference)}, {NO_VETO}'
        )

    def _result(self, writer: "_Writer", decision: Decision) -> dict[str, Any]:
        self_total = writer.self_sum(self.standard.items)
        return {
            "grade": decision.grade.key,
            "score": writer.points(decision.score),
            "self_score": writer.points(self_total),
            "difference": writer.difference(decision.score, self_total),
            "vetoes": list(decision.vetoes),
            "veto_findings": [writer.finding(each) for each in decision.veto_findings],
            "undetermined": list(decision.case.undetermined),
        }

    def _worth(self) -> dict[str, Any]:
        """The points that there are to be had."""
        per_one = self.standard.policy.points_per_one
        points = (self.standard.points, self.standard.items_points, self.attainable)
        names = ("points", "items_points", "attainable")
        return {
            name: None if units is None else number(units, per_one) for name, units in zip(names, points, strict=True)
        }

    def _category(self, writer: "_Writer", at: int, score: int, own: int | None) -> str:
        return self._keep((at, score, own), written(writer.category(at, score, own)))

    def _self_score(self, no: str, units: int) -> str:
        return self._keep((no, units), f"{written(no)}: {plain(units, self.standard.policy.points_per_one)}")

    def _keep(self, key: tuple[object, ...], text: str) -> str:
        if len(self.texts) >= MOST_KEPT:
            self.texts.clear()
        self.texts[key] = text
        return text


class _Writer:
    """Writes the parts of one decision."""

    def __init__(self, sheet: Sheet):
        self.sheet = sheet
        self.per_one = sheet.standard.policy.points_per_one
        # Self scores under the same weights and rounding as the assessed ones.
        self.own = sheet.self_scores
        if any(category.part for category in sheet.standard.categories):
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
        try:
            return sum([own[item.no] for item in items])
        except KeyError:
            return None

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

    def sums(self, decision: Decision) -> list[tuple[int, int, int | None]]:
        """Each printed section's position, the sum of its scores, and the sum of its self scores."""
        scores = [each.score for each in decision.items]
        owns = [self.own.get(item.no) for item in self.sheet.standard.items]
        complete = None not in owns
        sums, first = [], 0
        for at, category in enumerate(self.sheet.standard.categories):
            last = first + len(category.items)
            own = sum(owns[first:last]) if complete else self.self_sum(category.items)  # type: ignore[arg-type]
            sums.append((at, sum(scores[first:last]), own))
            first = last
        return sums

    def category(self, at: int, score: int, own: int | None) -> dict[str, Any]:
        """A printed section with its sums."""
        category = self.sheet.standard.categories[at]
        return {
            "title": category.title.zh,
            "points": self.points(category.points),
            "items_points": self.points(sum(item.points for item in category.items)),
            "score": self.points(score),
            "self_score": self.points(own),
            "difference": self.difference(score, own),
        }

    def adjustments(self, decision: Decision) -> list[dict[str, Any]]:
        """Everything that acted beyond an item."""
        return [self.adjustment(each, decision) for each in decision.adjustments]

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
        "unit": sheet.unit.as_data(),
        **_under(sheet.standard),
        "provisional": True,
        "missing": list(missing),
        "score": bounds and {"low": writer.points(bounds.low), "high": writer.points(bounds.high)},
        "grade": bounds and {"worst": bounds.worst.key, "best": bounds.best.key},
        "veto_possible": bounds.veto_possible if bounds else None,
    }


def _digits(value: int | Decimal | None) -> str:
    """An exact number as JSON."""
    return "null" if value is None else str(value)


def _quoted(value: str | None) -> str:
    """A text, which holds no control character, as JSON."""
    return "null" if value is None else encode_basestring(value)


def _under(standard: Standard) -> dict[str, Any]:
    """What an answer was decided under."""
    return {
        "policy": standard.policy.key,
        "revision": standard.policy.revision,
        "status": standard.policy.status,
        "policy_hash": standard.policy.meaning,
        "standard": standard.key,
        "readings": dict(standard.readings),
    }
