"""The worked examples of every policy, under all their readings: what people worked out is what each evaluator says."""

from functools import cache

import pytest

from rules.errors import Problems
from rules.scenarios import Example, read_examples, run_examples
from tests.agreement.agreement import ROOT, SHIPPED, Evaluators, shipped_policy

STANDARDS = [(directory, key) for directory, keys in SHIPPED.items() for key in keys]


@cache
def examples_of(directory: str) -> list[Example]:
    """Every example of a policy."""
    problems = Problems()
    examples = read_examples(ROOT / directory, problems)
    assert problems.found == []
    return examples


@pytest.mark.parametrize(("directory", "key"), STANDARDS)
def test_the_reference_comes_to_what_was_worked_by_hand(directory, key):
    """Grade, score, vetoes and items of every example are those that its working gives."""
    examples = [each for each in examples_of(directory) if each.standard == key]
    outcomes = list(run_examples(shipped_policy(directory), examples))
    assert [(each.example.name, each.differences) for each in outcomes if each.differences] == []


@pytest.mark.parametrize(("directory", "key"), STANDARDS)
def test_plan_and_engine_explain_every_example_alike(directory, key):
    """Under the readings of each example, all three give one decision with the same findings and adjustments."""
    evaluators: dict[tuple[tuple[str, str], ...], Evaluators] = {}
    agreed = 0
    for example in examples_of(directory):
        if example.standard == key:
            readings = tuple(sorted(example.readings.items()))
            if readings not in evaluators:
                evaluators[readings] = Evaluators(shipped_policy(directory).standard(key, dict(readings)))
            case, _ = evaluators[readings].case(example.posted)
            if case is not None:
                evaluators[readings].agreed(case)
                agreed += 1
    assert agreed >= 25
