"""From what was posted to a decision: check, complete, decide by one evaluator or by two that must agree."""

from enum import StrEnum
from functools import cached_property

from .answers import Answers
from .completion import Completion, attainable
from .decision import Bounds, Case, Decision
from .engine import Engine
from .errors import EvaluatorsDisagree, Problems, SheetRefused
from .intake import Intake
from .plan import lower
from .policy.versions import Standard
from .reference import Reference
from .sheets import Sheet


class Evaluator(StrEnum):
    """Who decides: durable_rules, the reference, both, which must agree; or, in Python alone, reference and plan."""

    BOTH = "both"
    DURABLE = "durable"
    REFERENCE = "reference"
    PYTHON = "python"


class Scorer:
    """Scores sheets under one standard. Building it lowers and compiles; scoring is safe from many threads."""

    def __init__(self, standard: Standard, evaluator: Evaluator = Evaluator.BOTH):
        self.standard = standard
        self.evaluator = evaluator
        self.plan = lower(standard)
        self.intake = Intake(self.plan)
        self.reference = Reference(standard)
        self.engine = Engine(self.plan) if evaluator in {Evaluator.BOTH, Evaluator.DURABLE} else None

    @cached_property
    def attainable(self) -> int | None:
        """The highest total that any sheet can reach, in units; worked out when it is first asked for."""
        return attainable(self.plan)

    @cached_property
    def answers(self) -> Answers:
        """Who writes this standard's decisions."""
        return Answers(self.standard, self.attainable)

    def case(self, posted: object) -> Case:
        """The sheet that was posted, good and complete; raises `SheetRefused` with everything that is wrong."""
        problems = Problems()
        case = self.intake.case(posted, problems)
        problems.refuse(SheetRefused)
        assert case is not None
        return case

    def decide(self, case: Case) -> Decision:
        """The decision; raises `EvaluatorsDisagree` rather than guess, `EngineFailed` when the engine breaks."""
        if self.evaluator is Evaluator.REFERENCE:
            return self.reference.decide(case)
        decided = self.engine.decide(case) if self.engine else self.plan.decide(case)
        if self.evaluator is not Evaluator.DURABLE and decided != self.reference.decide(case):
            other = "durable_rules" if self.engine else "the plan"
            raise EvaluatorsDisagree(f"unit {case.sheet.unit.id}: the reference and {other} differ")
        return decided

    def score(self, posted: object) -> Decision:
        """Check, complete and decide what was posted."""
        return self.decide(self.case(posted))

    def provisional(self, posted: object) -> tuple[Sheet, tuple[str, ...], Bounds | None]:
        """
        What a sheet with missing facts can still become: the facts that matter, and exact bounds.

        Bad facts are refused all the same. The bounds are None when too much is missing to try every completion.
        """
        problems = Problems()
        sheet = self.intake.reader.read(posted, problems)
        problems.refuse(SheetRefused)
        completion = Completion(self.plan, sheet)
        completion.case(problems)
        missing = tuple(each.path.rsplit("/", 1)[-1] for each in problems.found)
        return sheet, missing, completion.bounds()
