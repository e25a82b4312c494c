"""A settlement as plain data: one row for each unit with the sentence that explains it, and the totals."""

from collections.abc import Iterator
from typing import Any

from ..facts import FEN_PER_YUAN
from ..language import Text, joined, same
from ..numbers import number, plain
from ..policy.model import District
from .caps import BEHIND_GROUP, FITS, FULL, GROUP_GOES_IN, Places, Standing, Tied
from .cohort import Assessed, LeftOut
from .method import Method
from .settle import Settled, Settlement, Tally


def unit_rows(settlement: Settlement) -> Iterator[dict[str, Any]]:
    """Every unit in order, and then those that were left out."""
    for each in settlement.units:
        yield unit_data(settlement, each)
    for absent, district in settlement.left_out:
        yield _left_out_data(absent, district)


def unit_data(settlement: Settlement, settled: Settled) -> dict[str, Any]:
    """One unit's row: its grade before and after, and why."""
    method, assessed = settlement.method, settled.assessed
    return {
        "unit": assessed.unit.as_data(),
        "district": settled.district.name,
        "standard": assessed.standard,
        "grade": assessed.grade.key,
        "final_grade": settled.final.key,
        "score": _points(method, assessed.score),
        "rank": settled.rank,
        "capped": settled.capped,
        "because": _because(settlement, settled).as_data(),
        "subsidy": _money(settled.subsidy),
        "rectify": settled.final.key in method.rectify,
    }


def _left_out_data(absent: LeftOut, district: District) -> dict[str, Any]:
    because = Text("评估表不能评定，按要求不评", "its sheet cannot be scored and was left out on request")
    return {
        "unit": absent.unit.as_data(),
        "district": district.name,
        "standard": absent.standard,
        "grade": None,
        "final_grade": None,
        "score": None,
        "rank": None,
        "capped": False,
        "because": because.as_data(),
        "subsidy": None,
        "rectify": False,
        "problems": [each.as_data() for each in absent.problems],
    }


def summary_data(settlement: Settlement) -> dict[str, Any]:
    """Under what was settled, each cap and how far its places reached, and the totals by district and of all."""
    method = settlement.method
    subsidy = method.subsidy
    return {
        "policy": method.policy.key,
        "revision": method.policy.revision,
        "status": method.policy.status,
        "policy_hash": method.policy.meaning,
        "year": method.policy.year,
        "readings": dict(method.readings),
        "average_standard": _average_data(settlement),
        "pool": _pool_data(settlement),
        "permitted_use": subsidy.permitted_use.as_data() if subsidy else None,
        "caps": [_places_data(method, each) for each in settlement.places],
        "districts": [_tally_data(each) for each in settlement.districts],
        "total": {**_tally_data(settlement.total), "following_subsidy": _money(settlement.following)},
    }


def _average_data(settlement: Settlement) -> Any:
    """One amount where every standard has the same, else an amount for each; null where none was given."""
    amounts = settlement.average.by_standard
    if len(set(amounts.values())) == 1:
        return _money(next(iter(amounts.values())))
    return {key: _money(amount) for key, amount in amounts.items()}


def _pool_data(settlement: Settlement) -> dict[str, Any] | None:
    pool, spent = settlement.average.pool, settlement.total.subsidy
    if pool is None:
        return None
    return {
        "amount": _money(pool),
        "spent": _money(spent),
        "left": _money(None if spent is None else pool - spent),
    }


def _places_data(method: Method, places: Places) -> dict[str, Any]:
    cap, last = places.cap, places.last
    return {
        "grade": cap.grade.key,
        "becomes": cap.becomes.key,
        "binding": "hard" if cap.hard else "advisory",
        "district": places.ranking.district,
        "standard": places.ranking.standard,
        "share": None if cap.share is None else number(cap.share, 1),
        "counted": places.counted,
        "room": places.room,
        "candidates": places.candidates,
        "admitted": places.admitted,
        "beyond": places.candidates - places.admitted,
        "last": None
        if last is None
        else {
            "rank": last.rank,
            "score": [_points(method, score) for score in _scores(last)],
            "units": [each.unit.id for each in last.units],
        },
        "because": _room_words(places).as_data(),
    }


def _scores(tied: Tied) -> list[int]:
    """Their score, highest first; of several standards there may be several that are the same share."""
    return sorted({each.score for each in tied.units if each.score is not None}, reverse=True)


def _tally_data(tally: Tally) -> dict[str, Any]:
    data: dict[str, Any] = {
        "assessed": tally.assessed,
        "scored": tally.scored,
        "vetoed": tally.vetoed,
        "left_out": tally.left_out,
        "grades": dict(tally.before),
        "final_grades": dict(tally.final),
        "capped": tally.capped,
        "rectify": tally.rectify,
        "subsidy": _money(tally.subsidy),
    }
    if tally.district is None:
        return data
    note = Text(
        "可参照执行，补贴不计入市财政合计", "may follow the method; its subsidies are left out of the city's total"
    )
    return {
        "district": tally.district.name,
        "bound": tally.district.bound,
        "in_total": tally.paid,
        **data,
        "note": None if tally.paid else note.as_data(),
    }


def _because(settlement: Settlement, settled: Settled) -> Text:
    """Why the final grade is what it is, and what follows from it."""
    method, assessed = settlement.method, settled.assessed
    parts: list[Text] = []
    if settled.rank is None:
        vetoes = "、".join(assessed.vetoes), ", ".join(assessed.vetoes)
        items = "item" if len(assessed.vetoes) == 1 else "items"
        parts.append(
            Text(f"第 {vetoes[0]} 项一票否决，不参与排名", f"vetoed by {items} {vetoes[1]}, so it has no rank")
        )
    else:
        by_share = bool(method.caps) and method.caps[0].by_share
        ranked = Text(f"第 {settled.rank} 名", f"rank {settled.rank}")
        parts.append(joined([_score_words(method, assessed, by_share=by_share), ranked], "，", ", "))
    parts += [_standing_words(method, each, settled.rank) for each in settled.standings]
    parts.append(_consequence(settlement, settled))
    return joined(parts, "；", "; ")


def _room_words(places: Places) -> Text:
    """How many places there are, and of what."""
    cap, grade = places.cap, places.cap.grade.title
    where = places.ranking.district or "全市", places.ranking.district or "all districts together"
    standard = f"（{places.ranking.standard}）" if places.ranking.standard else ""
    named = f" ({places.ranking.standard})" if places.ranking.standard else ""
    if cap.share is None:
        return Text(
            f"{where[0]}{standard}“{grade.zh}”名额 {places.room} 个",
            f"{where[1]}{named} has {_some(places.room, 'place')} for {grade.en}",
        )
    share = plain(cap.share)
    among = ("进入分值测评的", "scored") if cap.scored_only else ("被考核的", "assessed")
    return Text(
        f"{where[0]}{standard}“{grade.zh}”名额 {places.room} 个（{among[0]} {places.counted} 个单位的 {share}%）",
        f"{where[1]}{named} has {_some(places.room, 'place')} for {grade.en} "
        f"({share}% of {_some(places.counted, 'unit')} {among[1]})",
    )


def _some(number_of: int, noun: str) -> str:
    """`1 place`, `2 places`."""
    return f"{number_of} {noun}" if number_of == 1 else f"{number_of} {noun}s"


def _score_words(method: Method, assessed: Assessed, *, by_share: bool) -> Text:
    """A score as it is compared: by itself, or beside what its standard lets anybody reach."""
    score = plain(assessed.score or 0, method.policy.points_per_one)
    if not by_share:
        return Text(f"{score} 分", f"{score} points")
    most = plain(method.attainable[assessed.standard] or 0, method.policy.points_per_one)
    return Text(f"{score}/{most} 分", f"{score} of {most} points")


def _standing_words(method: Method, standing: Standing, said: int | None) -> Text:
    """How a unit fared under one cap; its rank there, where that is not the one that was `said`."""
    places, words = standing.places, [_room_words(standing.places)]
    if standing.rank != said:
        words.append(Text(f"在其中第 {standing.rank} 名", f"among whom it has rank {standing.rank}"))
    if standing.why == FITS:
        words.append(Text("在名额之内", "it is within them"))
        return joined(words, "，", ", ")
    size, left = standing.size, places.room - standing.taken
    if standing.why == GROUP_GOES_IN:
        words.append(Text(f"名额边上并列的 {size} 个一并进入", f"the {size} units tied at the edge go in together"))
        return joined(words, "，", ", ")
    if standing.why == FULL and not places.room:
        words.append(Text("没有名额", "and nobody goes in"))
    elif standing.why == FULL:
        words.append(Text("已由名次更前的单位占满", "and units ranked above took them all"))
    elif standing.why == BEHIND_GROUP:
        words.append(
            Text("前面并列的一组容不下，其后不再递补", "a tied group above did not fit, and nobody lower goes in")
        )
    else:
        words.append(
            Text(
                f"余 {left} 个，容不下并列的 {size} 个，一并不进",
                f"the {left} left cannot hold the {size} tied units, which stay out together",
            )
        )
    if places.last is not None:
        words.append(_last_words(method, places))
    grade, becomes = places.cap.grade.title, places.cap.becomes.title
    if places.cap.hard:
        words.append(Text(f"“{grade.zh}”定为“{becomes.zh}”", f"so {grade.en} becomes {becomes.en}"))
    else:
        words.append(Text("只作提示，等次不变", "which is only reported; the grade stays"))
    return joined(words, "，", ", ")


def _last_words(method: Method, places: Places) -> Text:
    """The last one who is in, by rank and score."""
    last = places.last
    assert last is not None
    scores = dict.fromkeys(_score_words(method, each, by_share=places.cap.by_share) for each in last.units)
    said = joined(scores, "、", ", ")
    return Text(f"入围至第 {last.rank} 名（{said.zh}）", f"the last ones in are rank {last.rank} ({said.en})")


def _consequence(settlement: Settlement, settled: Settled) -> Text:
    """The final grade, what it is worth, and the order to rectify."""
    method, final = settlement.method, settled.final
    words = [Text(f"最终等次“{final.title.zh}”", f"the final grade is {final.title.en}")]
    if settled.subsidy is not None:
        words.append(_subsidy_words(settlement, settled))
    if final.key in method.rectify:
        words.append(Text("责令整改", "it is ordered to rectify"))
    return joined(words, "，", ", ")


def _subsidy_words(settlement: Settlement, settled: Settled) -> Text:
    subsidy = settlement.method.subsidy
    assert subsidy is not None
    total = plain(settled.subsidy or 0, FEN_PER_YUAN)
    parts: list[Text] = []
    ratio, fixed = subsidy.ratios.get(settled.final.key), subsidy.amounts.get(settled.final.key)
    average = settlement.average.by_standard[settled.assessed.standard]
    if ratio and average is not None:
        parts.append(same(f"{plain(average, FEN_PER_YUAN)} × {plain(ratio)}%"))
    if fixed:
        parts.append(same(plain(fixed, FEN_PER_YUAN)))
    for each in subsidy.by_rank:
        if settled.rank is not None and each.first <= settled.rank <= each.last:
            amount = plain(each.amount, FEN_PER_YUAN)
            parts.append(Text(f"名次奖补 {amount}", f"{amount} for the rank"))
    sums = joined(parts, " + ", " + ")
    if not parts or (len(parts) == 1 and not ratio):
        sums = Text("", "")
    equals = " = " if sums.zh else ""
    return Text(f"补贴 {sums.zh}{equals}{total} 元", f"the subsidy is {sums.en}{equals}{total} CNY")


def _points(method: Method, units: int | None) -> Any:
    return None if units is None else number(units, method.policy.points_per_one)


def _money(fen: int | None) -> Any:
    return None if fen is None else number(fen, FEN_PER_YUAN)
