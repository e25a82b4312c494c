"""Counts of a few scenarios, worked by hand, on the small good policy."""

import pytest

from rules import Problems, coverage_of, load_policy, read_scenarios, run_examples
from tests.scenarios.places import GOOD

HEAD = """
standard: station
base:
  open_daily: true
  complaints: 0
  employers_known: 10
  employers_visited: 10
  funds_planned: 100
  funds_received: 100
  ledger: proper
  tidiness_deduction: 0
examples:
"""


@pytest.fixture
def coverage(tmp_path):
    """Counts what changes of the good sheet try: each is the text of a case's `facts`, and its readings."""

    def count(*cases):
        lines = [
            f"  - {{name: '{at}', why: 为例, facts: {facts}, readings: {readings}, expect: null}}\n"
            for at, (facts, readings) in enumerate(each if isinstance(each, tuple) else (each, "{}") for each in cases)
        ]
        (tmp_path / "cases.yaml").write_text(HEAD + "".join(lines), "utf-8")
        problems = Problems()
        policy = load_policy(GOOD)
        examples = read_scenarios(tmp_path / "cases.yaml", problems)
        assert problems.found == []
        return coverage_of(policy, "station", run_examples(policy, examples))

    return count


def probe(coverage, key, words):
    """The counts of one threshold or condition."""
    (found,) = [each for each in coverage.probes if each.probe.key == key and words in each.probe.words.zh]
    return found


def test_scenarios_are_counted_by_how_they_end(coverage):
    """Scored, vetoed and refused scenarios make up all of them."""
    counts = coverage("{}", "{complaints: 3}", "{open_daily: false}", "{complaints: null}").counts()
    assert (counts["scenarios"], counts["scored"], counts["vetoed"], counts["refused"]) == (4, 2, 1, 1)
    assert (counts["clauses"], counts["clauses_fired"]) == (10, 3)


def test_a_clause_is_counted_where_it_fired_and_where_it_could(coverage):
    """A clause of another reading is in force only in the scenarios that choose it."""
    found = coverage("{}", "{employers_visited: 8}", ("{employers_visited: 8}", "{edge: without}"))
    counts = {each.name: (each.in_force, each.fired) for each in found.clauses}
    assert counts["2 visits.1"] == (2, 1)
    assert counts["2 visits.2"] == (1, 1)
    assert counts["4 proportion.1"] == (3, 3)
    assert counts["1 opening.1"] == (3, 0)


def test_each_step_up_to_the_limit_and_one_beyond_is_a_threshold(coverage):
    """At most 5 points at 1 a case are five steps, and a sixth that the limit cuts off."""
    found = coverage("{}", "{complaints: 2}", "{complaints: 5}")
    steps = [each for each in found.tried(numeric=True) if each.probe.key == "3 complaints.1"]
    assert [(each.held, each.failed, each.at_edge) for each in steps] == [
        (2, 1, 0),
        (2, 1, 1),
        (1, 2, 0),
        (1, 2, 0),
        (1, 2, 1),
        (0, 3, 0),
    ]
    assert [(each.below, each.above) for each in steps] == [(0, 2), (0, 5), (2, 5), (2, 5), (2, None), (5, None)]
    assert [each.complete for each in steps] == [True] * 5 + [False]


def test_an_edge_that_two_bands_share_is_one(coverage):
    """`above: 80` of one band and `to: 80` of the next turn at the same number, on the same side."""
    found = coverage("{}", "{employers_visited: 8}", "{employers_visited: 9}")
    edges = [each for each in found.tried(numeric=True) if each.probe.key == "2 visits.1"]
    assert [str(each.probe.atom) for each in edges] == ["visit_rate > 80", "visit_rate < 90"]
    assert [(each.held, each.failed, each.at_edge) for each in edges] == [(2, 1, 1), (1, 2, 1)]


def test_an_amount_behind_an_outright_score_is_not_tried(coverage):
    """A ledger that is improper makes the item 1 point, so that its award is not looked at."""
    found = coverage("{ledger: improper}")
    assert probe(found, "4 proportion.2", "台账").held == 1
    assert [each.held + each.failed for each in found.probes if each.probe.key == "4 proportion.1"] == []
    assert probe(found, "3 complaints.2", "投诉不低于 11").failed == 1


def test_after_a_veto_only_vetoes_count(coverage):
    """What decided the veto was tried; no item was scored, and no grade was reached by points."""
    found = coverage("{open_daily: false, complaints: 7, ledger: none}")
    tried = {each.probe.key for each in found.probes if each.held + each.failed}
    assert tried == {"1 opening.1"}


def test_a_fact_that_is_absent_was_not_tried(coverage):
    """After a veto the rest may be absent; a stand-in for it counts on neither side."""
    found = coverage("{open_daily: false, complaints: null}", "{complaints: 0}")
    assert probe(found, "3 complaints.1", "有投诉").failed == 1


def test_a_grade_is_measured_by_the_exact_total_under_its_cap(coverage):
    """104 points and 76 lie on the two sides of 80; the bonus and the cap have their own."""
    found = coverage("{}", "{funds_received: 200}", "{employers_visited: 0}")
    good = probe(found, "grade.good", "80")
    assert (good.held, good.failed, good.above) == (2, 1, 104)
    cap = probe(found, "total_at_most", "105")
    assert (cap.held, cap.failed, cap.below, cap.above) == (1, 2, 104, 106)
    assert probe(found, "bonus.at_most", "5").below == 2


def test_sides_that_no_sheet_can_be_on_are_not_asked_for(coverage):
    """A count is never below 0, so that the judgement of 0 to 3 points is tried at 0 and above."""
    found = coverage("{}", "{tidiness_deduction: 0.5}")
    above_nothing = probe(found, "5 tidiness.1", "不整洁扣分")
    assert (above_nothing.held, above_nothing.failed, above_nothing.complete) == (1, 1, True)
