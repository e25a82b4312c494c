"""A cohort in, its settlement out."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from rules import Posted, Settlement, is_decision, summary_data, unit_rows

from ..workflows import Scoring
from .counting import Counting
from .documented import failing
from .many import Answer, Many, Together
from .schemas import read_settlement

UNITS = "units"


class Settlements:
    """Has cohorts settled, and counts the sheets that were decided for them."""

    def __init__(self, scoring: Scoring, counting: Counting):
        self.scoring = scoring
        self.counting = counting

    def settle(self, many: Many) -> Answer:
        """The settlement of what was posted; raises what `Scoring.settle` raises."""
        wanted = read_settlement(many.around, many.problems)
        many.check()
        sheets: set[str] = set()
        settlement = self.scoring.settle(wanted, _noted(many.posted(), sheets), many.problems, many.begin)
        self._count(settlement, sheets)
        return summary_data(settlement), unit_rows(settlement)

    def _count(self, settlement: Settlement, sheets: set[str]) -> None:
        policy = settlement.method.policy.key
        assessed = (each.assessed for each in settlement.units)
        decided = Counter((each.standard, each.grade.key) for each in assessed if each.at in sheets)
        for (standard, grade), times in decided.items():
            self.counting.decided(policy, standard, grade, times)


def _noted(posted: Iterator[Posted], sheets: set[str]) -> Iterator[Posted]:
    """The same; the places of those that are sheets, and not decided before, are added to `sheets`."""
    for each in posted:
        if not is_decision(each.value):
            sheets.add(each.at)
        yield each


def settlements(scoring: Scoring, counting: Counting, together: Together, bodies: Mapping[str, Any]) -> Blueprint:
    """The route; `bodies` describe what may be posted."""
    blueprint = Blueprint("settlements", __name__, url_prefix="/v1", description="结算 / settlements")
    service = Settlements(scoring, counting)

    @blueprint.route("/settlements", methods=["POST"])
    @failing(
        404, 408, 409, 413, 415, 422, 429, 503,
        operationId="settle", requestBody=bodies["settlement"], answers=bodies["settled"],
    )  # fmt: skip
    def settle() -> Response:
        """
        结算一个年度 / settle a year.

        各辖区、各标准的单位一并提交：评估表，或此前的评定结果。答复为最终等次、名次、奖补和整改，逐一说明理由；有一处问题即不结算，全部指出（409）。

        All units of all districts and standards at once: sheets, or decisions that were given before. Out come final
        grades under the cap, ranks, subsidies and orders to rectify, each explained; or nothing but all that is wrong
        (409).
        """
        return together.answer(UNITS, service.settle)

    return blueprint
