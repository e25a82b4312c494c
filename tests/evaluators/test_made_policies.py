"""A few made policies with every effect, amount and kind of condition: the evaluators agree on dense sheets."""

import tempfile
from functools import cache
from pathlib import Path
from random import Random

import pytest

from rules.loading import load_policy
from rules.policy.versions import Standard
from tests.agreement.agreement import Evaluators
from tests.strategies import Dense, generate_policy

SEEDS = range(12)
SHEETS = 8


@cache
def standard_of(seed: int) -> Standard:
    """A made standard under readings drawn with the seed, read once."""
    rng = Random(seed)
    made = generate_policy(rng, items=rng.randint(3, 8), clauses=rng.randint(15, 30))
    with tempfile.TemporaryDirectory() as directory:
        policy = load_policy(made.write(Path(directory)))
    return policy.standard("table", {name: rng.choice(choices) for name, choices in made.readings.items()})


@cache
def sheets_of(seed: int) -> list[dict[str, object]]:
    """Sheets around the thresholds of that standard; a third of them lack some facts."""
    rng, dense = Random(seed), Dense(standard_of(seed))
    values = [dense.values(rng, calm=0.6) for _ in range(SHEETS)]
    return [dense.posted(each, rng.sample(sorted(each), min(len(each), rng.choice((0, 0, 1))))) for each in values]


@pytest.mark.parametrize("seed", SEEDS)
def test_made_policies_are_decided_alike(seed):
    """On sheets dense around every threshold, some with facts left out, all three give the same decision."""
    evaluators = Evaluators(standard_of(seed))
    cases = [case for case, _ in map(evaluators.case, sheets_of(seed)) if case is not None]
    assert len(cases) >= SHEETS // 2
    for case in cases:
        evaluators.agreed(case)
