"""What came of requests, counted; and defects of kaohe, said loudly."""

from collections.abc import Iterable

import structlog

from rules import EngineFailed, EvaluatorsDisagree, Problem

from ..metrics import Metrics

log = structlog.get_logger()


class Counting:
    """Counts decisions, refusals and defects. `facts` says whether the log may name a unit."""

    def __init__(self, metrics: Metrics, *, facts: bool):
        self.metrics = metrics
        self.facts = facts

    def decided(self, policy: str, standard: str, grade: str, times: int = 1) -> None:
        """A sheet was decided, or so many alike."""
        self.metrics.note(self.metrics.decisions, policy, standard, grade, amount=times)

    def refused(self, problems: Iterable[Problem]) -> None:
        """A sheet or a request was refused; each code counts once."""
        for code in {each.code for each in problems}:
            self.metrics.note(self.metrics.refusals, code)

    def failed(self, failed: EvaluatorsDisagree | EngineFailed) -> None:
        """Nothing was decided, for a defect of kaohe."""
        disagree = isinstance(failed, EvaluatorsDisagree)
        self.metrics.note(self.metrics.disagreements if disagree else self.metrics.engine_failures)
        # Which unit it was is for whoever may see facts; the request id leads there too.
        words = {"why": str(failed)} if self.facts or not disagree else {}
        log.error("evaluators_disagree" if disagree else "engine_failed", **words)

    def settle(self) -> None:
        """Count what was noted, before anybody knows that it is done."""
        self.metrics.settle()
