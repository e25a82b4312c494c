"""The shipped policies: the reference, the plan and durable_rules give one answer around every threshold."""

import os
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings

from rules.plan import ALWAYS
from tests.agreement.agreement import Evaluators, label, other_readings, shipped_standards
from tests.strategies import Dense

MORE = 5 if os.environ.get("KAOHE_TEST_ALL") == "1" else 1


def agree_on(standard, examples):
    """Decide that many dense sheets three times each."""
    evaluators, dense = Evaluators(standard), Dense(standard)

    @settings(max_examples=examples, suppress_health_check=list(HealthCheck))
    @given(dense.sheets())
    def agrees(values):
        case, problems = evaluators.case(dense.posted(values))
        assert case is not None, problems.found
        evaluators.agreed(case)

    agrees()


@pytest.mark.parametrize("standard", shipped_standards(), ids=label)
def test_the_evaluators_agree_on_every_shipped_standard(standard):
    """All three give the same decision, findings and adjustments included, on sheets dense around every threshold."""
    agree_on(standard, 500 * MORE)


@pytest.mark.parametrize("standard", other_readings(), ids=label)
def test_the_evaluators_agree_under_every_other_reading(standard):
    """The same holds under each choice of a reading that is not the default."""
    agree_on(standard, 150 * MORE)


@pytest.mark.parametrize("standard", shipped_standards(), ids=label)
def test_dense_sheets_reach_every_clause(standard):
    """Every clause fires on some of a thousand dense sheets and is silent on others: nothing agrees by silence."""
    dense, plan = Dense(standard), Evaluators(standard).plan
    sheets = [dense.values(Random(seed)) for seed in range(1000)]
    for planned in plan.clauses:
        fired = sum(planned.fires(values) for values in sheets)
        assert fired > 0, f"{planned.clause.key} never fires"
        assert fired < len(sheets) or planned.guard == ALWAYS, f"{planned.clause.key} always fires"
