"""Sheets in, decisions out: one at a time, or many in one request."""

import json
from collections.abc import Iterator, Mapping
from contextlib import closing
from time import monotonic
from typing import Any

import structlog
from flask import Response, request
from flask_smorest import Blueprint

from rules import EngineFailed, EvaluatorsDisagree, Problem, Problems, Refused, RequestRefused, problem, written

from ..jsonlines import Line, parse
from ..problems import Failure
from ..settings import Settings
from ..workflows import Scored, Scoring, refusal, undecided
from .bodies import JSON, LINES, Places, check_type, elements_of, lines_of, pieces, read_body, spool, streamed
from .counting import Counting
from .documented import failing
from .parameters import parameters
from .schemas import BatchQuerySchema, NothingSchema, read_evaluation

log = structlog.get_logger()


class Evaluations:
    """Reads what was posted, has it decided, and counts what came of it."""

    def __init__(self, scoring: Scoring, settings: Settings, counting: Counting):
        self.scoring = scoring
        self.settings = settings
        self.counting = counting

    def score(self, posted: object) -> Scored:
        """Decide one sheet; raises what `Scoring.score` raises, with the problems of the request around the sheet."""
        problems = Problems()
        try:
            wanted, sheet = read_evaluation(posted, problems)
            if wanted is None:
                raise RequestRefused(problems.found)
            scored = self.scoring.score(wanted, sheet, problems)
        except Refused as refused:
            self.counting.refused(refused.problems)
            if self.settings.log_facts:
                log.info(
                    "refused", sheet=json.loads(written(posted)), problems=[str(each) for each in refused.problems]
                )
            raise
        except (EvaluatorsDisagree, EngineFailed) as failed:
            self.counting.failed(failed)
            raise
        standard = scored.scorer.standard
        self.counting.decided(standard.policy.key, standard.key, scored.decision.grade.key)
        return scored

    def line(self, line: Line, defaults: Mapping[str, Any]) -> str:
        """One sheet of a batch, answered by itself."""
        problems: tuple[Problem, ...]
        if line.problem is not None:
            problems = (line.problem,)
            self.counting.refused(problems)
        else:
            posted = {**defaults, **line.value} if isinstance(line.value, dict) else line.value
            try:
                return self.score(posted).text()
            except Refused as refused:
                problems = refused.problems
            except (EvaluatorsDisagree, EngineFailed) as failed:
                problems = (undecided(failed),)
        return written(refusal(line, problems))

    def answers(self, lines: Iterator[Line], defaults: Mapping[str, Any]) -> Iterator[str]:
        """Each sheet's answer, in order; those that are not reached in time are refused, each by itself."""
        seconds = self.settings.batch_seconds
        end = monotonic() + seconds
        for line in lines:
            if monotonic() > end:
                yield written(refusal(Line(line.number, None, None, 0), (problem("time_is_up", limit=seconds),)))
            else:
                yield self.line(line, defaults)
        self.counting.settle()


def evaluations(
    scoring: Scoring, settings: Settings, counting: Counting, places: Places, bodies: Mapping[str, Any]
) -> Blueprint:
    """The routes; `bodies` describe what may be posted."""
    blueprint = Blueprint("evaluations", __name__, url_prefix="/v1", description="评定 / scoring")
    service = Evaluations(scoring, settings, counting)

    @blueprint.route("/evaluations", methods=["POST"])
    @failing(
        404, 408, 409, 413, 415, 422, 503,
        operationId="evaluate", requestBody=bodies["one"], answers=bodies["answer"],
    )  # fmt: skip
    def evaluate() -> Response:
        """
        评定一个单位 / score one unit.

        由两种算法分别评定，一致才予答复。缺少指标或相互矛盾时为 409，逐一指出。

        Decided by two evaluators that must agree. What is missing or contradictory is named, all at once (409).
        """
        parameters(NOTHING)
        posted, found = parse(read_body(settings.body_bytes, (JSON,)))
        if found is not None:
            counting.refused((found,))
            raise Failure("body_broken", (found,))
        scored = service.score(posted)
        return Response(scored.text() + "\n", content_type=JSON)

    @blueprint.route("/evaluations/batch", methods=["POST"])
    @failing(
        408, 413, 415, 422, 429,
        operationId="evaluateBatch", requestBody=bodies["many"], answers=bodies["answered"],
        parameters=bodies["parameters"],
    )  # fmt: skip
    def evaluate_batch() -> Response:
        """
        评定许多单位 / score many units.

        按顺序逐份答复；某一份不能评定，不影响其余各份。

        Answers come in the order of the sheets, each by itself; one that cannot be decided does not stop the others.
        """
        check_type((JSON, LINES))
        defaults = parameters(BATCH_QUERY)
        with places.take() as held:
            file = held.enter_context(closing(spool(settings.batch_bytes)))
            as_array = request.mimetype == JSON
            lines = (elements_of if as_array else lines_of)(file, settings.batch_sheets)
            let_go = held.pop_all().close
        signs = ("[", ",\n", "]\n") if as_array else ("", "\n", "\n")
        answered = pieces(service.answers(lines, defaults), *signs)
        return streamed(answered, JSON if as_array else LINES, let_go)

    return blueprint


NOTHING = NothingSchema()
BATCH_QUERY = BatchQuerySchema()
