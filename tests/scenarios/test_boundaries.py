"""Boundary cases: complete, readable, and each condition decides alone."""

from dataclasses import replace
from fractions import Fraction
from random import Random

import pytest

from rules import Problems, boundary_cases, boundary_file, coverage_of, load_policy, read_scenarios, run_examples
from rules.expressions.meaning import test as meaning_of
from rules.policy.model import Banded, Veto
from rules.scenarios.coverage import fired
from rules.scenarios.probes import ClauseProbe, atoms_of, edge_of, possible
from tests.scenarios.places import GOOD, INVENTED, SHIPPED, made_for, policy_at, standards
from tests.strategies import generate_policy

ALL = standards(*SHIPPED, *INVENTED)


@pytest.fixture
def read_back(tmp_path):
    """The scenarios of a file that was written for a standard."""

    def read(directory, standard):
        (tmp_path / "made.yaml").write_text(boundary_file(made_for(directory, standard)), "utf-8")
        problems = Problems()
        examples = read_scenarios(tmp_path / "made.yaml", problems)
        assert [str(each) for each in problems.found] == []
        return examples

    return read


def filled(outcome):
    """The scenario with what the reference made of it as its expectation."""
    decision = outcome.decision
    per_one = decision.case.sheet.standard.policy.points_per_one
    expect = {
        "grade": decision.grade.key,
        "score": None if decision.score is None else Fraction(decision.score, per_one),
        "vetoes": list(decision.vetoes),
        "undetermined": [],
        "items": {each.item.no: Fraction(each.score, per_one) for each in decision.items},
        "refused": None,
        "facts": None,
    }
    return replace(outcome.example, expect=expect)


@pytest.mark.parametrize(("directory", "standard"), ALL, ids=str)
def test_a_written_file_covers_the_standard_completely(read_back, directory, standard):
    """Read back and confirmed as the reference decides, every case holds, and no clause and no side is left out."""
    policy, examples = policy_at(directory), read_back(directory, standard)
    outcomes = list(run_examples(policy, examples))
    assert all(each.unconfirmed for each in outcomes)
    confirmed = list(run_examples(policy, map(filled, outcomes)))
    assert [each.differences for each in confirmed if each.differences] == []
    coverage = coverage_of(policy, standard, confirmed)
    assert [each.name for each in coverage.never_fired] == []
    assert [(each.probe.key, each.probe.words.zh) for each in coverage.one_sided] == []
    assert made_for(directory, standard).missing == []


@pytest.mark.parametrize(("directory", "standard"), ALL, ids=str)
def test_names_are_unique_and_every_reason_is_a_sentence(read_back, directory, standard):
    """A case can be told by its name; its reason ends as a sentence does, and it names the policy."""
    examples = read_back(directory, standard)
    assert len({each.name for each in examples}) == len(examples)
    for each in examples:
        assert "。" in each.why
        assert each.why.endswith(".")
        assert each.policy == policy_at(directory).key
        assert each.expect is None
    written = [(tuple(sorted(each.readings.items())), tuple(sorted(each.posted["facts"].items()))) for each in examples]
    assert len(set(written)) == len(written)


@pytest.mark.parametrize(("directory", "standard"), ALL, ids=str)
def test_each_threshold_is_tried_in_the_smallest_unit(directory, standard):
    """Where a threshold compares one fact with a number, cases lie at it and one unit to each side that there is."""
    found = made_for(directory, standard)
    outcomes = [case.decision for case in found.cases]
    coverage = coverage_of(policy_at(directory), standard, [])
    for decision in outcomes:
        coverage.add(decision)
    for each in coverage.tried(numeric=True):
        probe = each.probe
        if not isinstance(probe, ClauseProbe) or len(probe.facts) != 1:
            continue
        (fact,) = (fact for fact in probe.clause.facts if fact.name in probe.facts)
        unit = Fraction(1, fact.per_one)
        limit = probe.atom.right.value
        assert each.at_edge, (probe.key, str(probe.atom))
        if limit - unit >= Fraction(fact.lowest, fact.per_one):
            assert each.below == limit - unit, (probe.key, str(probe.atom))
        if limit + unit <= Fraction(fact.highest, fact.per_one):
            assert each.above == limit + unit, (probe.key, str(probe.atom))


@pytest.mark.parametrize(("directory", "standard"), ALL, ids=str)
def test_each_condition_decides_alone_in_two_cases(directory, standard):
    """For each atom of each clause there are two cases alike in every other atom, of which the clause fires in one."""
    found = made_for(directory, standard)
    table = policy_at(directory).tables[standard]
    for clause in (clause for group in table.categories for item in group.items for clause in item.clauses):
        condition = clause.when if isinstance(clause.amount, Banded) else clause.fires
        atoms = {edge_of(atom): meaning_of(atom) for atom in atoms_of(condition) if all(possible(atom))}
        seen = set()
        for case in found.cases:
            decision = case.decision
            in_force = clause in decision.case.sheet.standard.clauses()
            if in_force and (decision.score is not None or isinstance(clause.effect, Veto)):
                truth = tuple(holds(decision.case.values) for holds in atoms.values())
                seen.add((truth, clause in fired(decision)))
        for at in range(len(atoms)):
            assert any(((*truth[:at], not truth[at], *truth[at + 1 :]), not fires) in seen for truth, fires in seen), (
                clause.key,
                list(atoms)[at],
            )


@pytest.mark.parametrize(("directory", "standard"), standards(*SHIPPED), ids=str)
def test_grades_are_tried_exactly_at_their_start_and_one_step_away(directory, standard):
    """Totals of 90, 75 and 60 points are among the cases, with the nearest totals on both sides."""
    policy = policy_at(directory)
    scores = {case.decision.score for case in made_for(directory, standard).cases if not case.readings}
    for grade in policy.grades[:-1]:
        assert {grade.start - 1, grade.start, grade.start + 1} <= scores, grade.key


def test_what_cannot_be_is_said(read_back):
    """A deduction behind the fact that also vetoes cannot stay silent for that fact alone: the file says so."""
    found = made_for(GOOD, "station")
    (missing,) = [each.zh for each in found.missing if "只因“open_daily”" in each.zh]
    assert missing.startswith("5 tidiness.1")
    assert f"# 未覆盖 not covered: {missing}" in boundary_file(found)
    assert read_back(GOOD, "station")


@pytest.mark.parametrize("seed", [0, 2, 6, 8])
def test_on_any_policy_whatever_is_not_covered_is_named(tmp_path, seed):
    """Clauses drawn at random contradict each other; each that never fires and each side that lacks is in the file."""
    rng = Random(seed)
    made = generate_policy(rng, items=rng.randint(2, 6), clauses=rng.randint(6, 16))
    policy = load_policy(made.write(tmp_path / "policy"))
    text = boundary_file(boundary_cases(policy, "table", {}))
    (tmp_path / "made.yaml").write_text(text, "utf-8")
    problems = Problems()
    outcomes = list(run_examples(policy, read_scenarios(tmp_path / "made.yaml", problems)))
    assert problems.found == []
    assert [each.differences for each in outcomes if each.differences] == []
    coverage = coverage_of(policy, "table", outcomes)
    named = [line for line in text.splitlines() if line.startswith("# 未覆盖 not covered: ")]
    for key in [each.name for each in coverage.never_fired] + [each.probe.key for each in coverage.one_sided]:
        assert any(f": {key}：" in line for line in named), key


def test_without_an_example_the_base_is_a_sheet_from_which_nothing_is_taken():
    """The sheet that is made from the facts alone has every item full, no veto, no bonus and no ceiling."""
    base = made_for(GOOD, "station").cases[0].decision
    assert [each.score for each in base.items] == [round(each.item.points * each.item.weight) for each in base.items]
    assert (base.vetoes, [each.kind for each in base.adjustments]) == ((), ["rescale"])


def test_under_a_reading_only_its_clauses_are_tried():
    """Asked for under one reading, every case chooses it, and the clauses of the other choices are left out."""
    found = boundary_cases(policy_at(GOOD), "station", {"edge": "without"})
    assert {tuple(case.readings.items()) for case in found.cases} == {(("edge", "without"),)}
    assert any(" visits.2 " in case.name for case in found.cases)
    assert not any(" visits.1 " in case.name for case in found.cases)


def test_the_same_file_is_written_every_time():
    """Nothing is drawn by chance."""
    directory, standard = ALL[0]
    again = boundary_cases(policy_at(directory), standard, {}, made_for(directory, standard).base)
    assert boundary_file(again) == boundary_file(made_for(directory, standard))
