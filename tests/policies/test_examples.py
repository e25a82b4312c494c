"""The scenarios beside each policy: all hold, there are enough, and they reach every clause and every choice."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from rules import Decision, Policy, Problems, load_policy, read_examples, run_examples
from rules.policy.model import ByReading, Clause
from rules.scenarios import Example, Outcome

ROOT = Path(__file__).parents[2]
DIRECTORIES = {
    "changzhou-2012": ROOT / "policy_versions" / "changzhou" / "2012",
    "changzhou-2013": ROOT / "policy_versions" / "changzhou" / "2013",
    "linjiang-2025": ROOT / "tests" / "policies" / "linjiang" / "2025",
    "yunzhou-2024": ROOT / "tests" / "policies" / "yunzhou" / "2024",
}
FILES = [(name, path.name) for name, at in DIRECTORIES.items() for path in sorted((at / "examples").glob("*.yaml"))]
STANDARDS = [(name, key) for name in DIRECTORIES for key in load_policy(DIRECTORIES[name]).tables]


@cache
def policy_of(name: str) -> Policy:
    """The policy of that name, read once."""
    return load_policy(DIRECTORIES[name])


@cache
def outcomes_of(name: str) -> list[Outcome]:
    """How every example of a policy came out."""
    problems = Problems()
    examples = read_examples(DIRECTORIES[name], problems)
    assert [str(each) for each in problems.found] == []
    return list(run_examples(policy_of(name), examples))


def of_standard(name: str, standard: str) -> list[Outcome]:
    """How the examples of one standard came out."""
    return [each for each in outcomes_of(name) if each.example.standard == standard]


def fired(decision: Decision) -> Iterator[Clause]:
    """The clauses behind a decision."""
    for finding in decision.veto_findings:
        yield finding.clause
    for score in decision.items:
        for finding in score.findings:
            yield finding.clause


@pytest.mark.parametrize(("name", "file"), FILES)
def test_every_example_of_a_file_holds(name, file):
    """Each scenario comes out as it was worked by hand; one that does not is named with what differs."""
    outcomes = of_standard(name, file.removesuffix(".yaml"))
    assert outcomes
    wrong = {f"{each.example.name} ({each.example.why})": each.differences for each in outcomes if each.differences}
    assert wrong == {}


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_each_standard_has_enough_examples(name, standard):
    """At least 25 scenarios a standard, each with a name of its own and its working."""
    examples: list[Example] = [each.example for each in of_standard(name, standard)]
    assert len(examples) >= 25
    assert len({each.name for each in examples}) == len(examples)
    assert all(each.why.strip() for each in examples)


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_every_clause_fires_in_some_example(name, standard):
    """Under whatever reading it is in force, each clause of the table acts in at least one scenario."""
    table = policy_of(name).tables[standard]
    clauses = {
        (clause.item_no, clause.key) for each in table.categories for item in each.items for clause in item.clauses
    }
    reached = {
        (clause.item_no, clause.key)
        for each in of_standard(name, standard)
        if each.decision is not None
        for clause in fired(each.decision)
    }
    assert sorted(clauses - reached) == []


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_every_clause_also_stays_silent_in_some_example(name, standard):
    """Under the default readings, a clause with a condition is out of play in at least one scenario that is scored."""
    table = policy_of(name).standard(standard)
    conditional = {
        (clause.item_no, clause.key)
        for clause in table.clauses()
        if clause.effect_name != "veto" and str(clause.fires) != "always"
    }
    silent: set[tuple[str, str]] = set()
    for each in of_standard(name, standard):
        if each.decision is not None and each.decision.score is not None and not each.example.readings:
            silent |= conditional - {(clause.item_no, clause.key) for clause in fired(each.decision)}
    assert sorted(conditional - silent) == []


def choices_within_units(policy: Policy, standard: str) -> set[tuple[str, str]]:
    """The choices of readings that act on a unit's decision, so that an example can show them."""
    table = policy.tables[standard]
    named: set[str] = {name for name, _ in table.rescale_readings}
    for category in table.categories:
        for item in category.items:
            for clause in item.clauses:
                named |= {name for name, choice in clause.readings if choice is not None}
    return {(name, choice) for name in named for choice in policy.readings[name].choices}


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_every_choice_that_acts_within_a_unit_is_tried(name, standard):
    """Each choice of each reading that a clause or the rescaling hangs on is chosen in some scenario that is scored."""
    policy = policy_of(name)
    defaults = {key: reading.default for key, reading in policy.readings.items()}
    tried = {
        pair
        for each in of_standard(name, standard)
        if each.decision is not None
        for pair in {**defaults, **each.example.readings}.items()
    }
    assert choices_within_units(policy, standard) <= tried


@pytest.mark.parametrize("name", DIRECTORIES)
def test_every_other_reading_chooses_a_field_of_the_method(name):
    """A reading that no unit's score hangs on is one that the settlement looks at, or has a single choice."""
    policy = policy_of(name)
    within = {reading for standard in policy.tables for reading, _ in choices_within_units(policy, standard)}
    fields = [getattr(cap, field) for cap in policy.caps for field in cap.__dataclass_fields__]
    fields += [policy.may_follow, policy.subsidy and policy.subsidy.average_standard]
    beyond = {field.reading for field in fields if isinstance(field, ByReading)}
    for key, reading in policy.readings.items():
        assert key in within | beyond or len(reading.choices) == 1, key


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_every_grade_comes_out_in_some_example(name, standard):
    """Each grade of the method is reached by some scenario of each standard."""
    grades = {each.decision.grade.key for each in of_standard(name, standard) if each.decision is not None}
    assert grades == {grade.key for grade in policy_of(name).grades}


@pytest.mark.parametrize(("name", "standard"), STANDARDS)
def test_every_veto_fails_in_some_example(name, standard):
    """Each item that can veto a unit does so in some scenario."""
    vetoing = {
        clause.item_no for clause in policy_of(name).standard(standard).clauses() if clause.effect_name == "veto"
    }
    failed = {no for each in of_standard(name, standard) if each.decision is not None for no in each.decision.vetoes}
    assert failed == vetoing


def test_a_wrong_expectation_would_be_found():
    """The comparison can fail: an example with another score, grade or item differs."""
    policy = policy_of("changzhou-2012")
    example = next(each.example for each in outcomes_of("changzhou-2012") if each.decision and each.decision.items)
    for key, value in (("score", 1), ("grade", "basic"), ("items", {"6": 99}), ("vetoes", ["6"]), ("refused", ["x"])):
        changed = Example(
            example.name,
            example.why,
            example.standard,
            example.posted,
            example.readings,
            {**example.expect, key: value},
        )
        (outcome,) = run_examples(policy, [changed])
        assert outcome.differences, key
