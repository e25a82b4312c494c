"""From what was posted to a case: read and checked, completed, with a reason where one is wanted."""

from .completion import complete
from .decision import Case
from .errors import Problems, pointer
from .plan import Plan
from .policy.model import Award, Bonus, Judged
from .sheets import SheetReader


class Intake:
    """Takes in sheets of one standard."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.reader = SheetReader(plan.standard)

    def case(self, posted: object, problems: Problems) -> Case | None:
        """The case of what was posted; None, or not to be used, when `problems` names what is wrong with it."""
        sheet = self.reader.read(posted, problems)
        # A bad fact counts as absent when the rest is looked at; it is reported as bad, not as missing too.
        bad = {each.path for each in problems.found}
        if bad & {"", "/facts"}:
            return None  # what was sent has no facts, so each of them need not be named
        missing = Problems()
        case = complete(self.plan, sheet, missing)
        problems.found += [each for each in missing.found if each.path not in bad]
        if case is not None and self.plan.standard.policy.reasons_required:
            _missing_reasons(self.plan, case, problems)
        return case


def _missing_reasons(plan: Plan, case: Case, problems: Problems) -> None:
    """Name each judgement below full points that counts and has no reason."""
    for planned in plan.clauses:
        clause = planned.clause
        if not isinstance(clause.amount, Judged) or clause in case.unsure or not planned.fires(case.values):
            continue
        fact = clause.amount.fact
        full = isinstance(clause.effect, Award | Bonus) and case.values[fact.name] == fact.highest
        if not full and fact.name not in case.sheet.reasons:
            problems.add("reason_missing", pointer("reasons", fact.name), title=fact.title)
