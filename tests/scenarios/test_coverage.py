"""What a version's own examples cover, by exact counts."""

import pytest

from rules import coverage_of
from tests.scenarios.places import SHIPPED, outcomes_of, policy_at, standards


@pytest.mark.parametrize(("directory", "standard"), standards(*SHIPPED), ids=str)
def test_the_examples_of_a_shipped_version_leave_nothing_untried(directory, standard):
    """Each clause of each reading fires, and each threshold, step, band, grade and condition is tried on both sides."""
    coverage = coverage_of(policy_at(directory), standard, outcomes_of(directory))
    assert [each.name for each in coverage.never_fired] == []
    assert [
        (each.probe.key, each.probe.words.zh, each.held, each.failed) for each in coverage.probes if not each.complete
    ] == []
    assert coverage.complete


@pytest.mark.parametrize(("directory", "standard"), standards(*SHIPPED), ids=str)
def test_each_numeric_edge_of_a_shipped_version_is_met_exactly_or_from_both_sides(directory, standard):
    """Where no example lies exactly at an edge, examples lie above and below it, or nothing can lie on one side."""
    coverage = coverage_of(policy_at(directory), standard, outcomes_of(directory))
    for each in coverage.tried(numeric=True):
        assert each.at_edge or (each.below is not None and each.above is not None), each.probe.key


@pytest.mark.parametrize(("directory", "standard"), standards(*SHIPPED), ids=str)
def test_an_example_that_alone_shows_something_is_missed(directory, standard):
    """Without the scenarios in which a clause fires the clause is named, and nothing is counted for it."""
    outcomes = outcomes_of(directory)
    whole = coverage_of(policy_at(directory), standard, outcomes)
    rarest = min(whole.clauses, key=lambda each: each.fired)
    kept = [
        each
        for each in outcomes
        if each.decision is None
        or rarest.clause
        not in {
            finding.clause
            for findings in (each.decision.veto_findings, *(score.findings for score in each.decision.items))
            for finding in findings
        }
    ]
    fewer = coverage_of(policy_at(directory), standard, kept)
    assert rarest.name in [each.name for each in fewer.never_fired]
    assert not fewer.complete
    left_out = sum(each.example.standard == standard for each in outcomes) - fewer.scenarios
    assert left_out == rarest.fired
