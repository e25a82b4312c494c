"""Sheets in, and what several policy versions, or readings of one, make of them."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from rules import comparison_rows, comparison_summary

from ..workflows import Scoring
from .documented import failing
from .many import Answer, Many, Together
from .schemas import read_comparison

SHEETS = "sheets"


def compared(scoring: Scoring, many: Many) -> Answer:
    """The comparison of what was posted; raises what `Scoring.compare` raises."""
    wanted = read_comparison(many.around, many.problems)
    many.check(times=len(wanted.versions) or 1)
    comparison = scoring.compare(wanted, many.posted(), many.problems, many.begin)
    return comparison_summary(comparison), comparison_rows(comparison)


def comparisons(scoring: Scoring, together: Together, bodies: Mapping[str, Any]) -> Blueprint:
    """The route; `bodies` describe what may be posted."""
    blueprint = Blueprint("comparisons", __name__, url_prefix="/v1", description="比较 / comparisons")

    @blueprint.route("/comparisons", methods=["POST"])
    @failing(
        404, 408, 409, 413, 415, 422, 429, 503,
        operationId="compare", requestBody=bodies["comparison"], answers=bodies["compared"],
    )  # fmt: skip
    def compare() -> Response:
        """
        比较两个或更多的版本或读法 / compare two or more versions or readings.

        同一批评估表在各版本下的得分、等次、奖补及其变化，逐条归因；缺少的指标按最低和最高计，不作猜测。

        What each version makes of the same sheets, each compared with the one before it, every point of change with its
        clause. A fact that a sheet lacks gives the lowest and highest score, never a guess.
        """
        return together.answer(SHEETS, partial(compared, scoring))

    return blueprint
