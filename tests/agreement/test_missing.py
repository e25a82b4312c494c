"""Missing is not zero: an absent fact changes nothing, or is asked for by name; found out by trying everything."""

import os
from collections import Counter
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings

from rules.completion import Completion, complete
from rules.decision import Case
from rules.errors import Problems
from rules.facts import Choice, Flag, Judgement
from rules.loading import load_policy
from rules.numbers import half_up
from rules.scoring import Evaluator, Scorer
from tests.agreement.agreement import Evaluators, label, shipped_standards
from tests.agreement.completions import beyond_items, completed, result
from tests.refusals.mutations import spoiled, station
from tests.strategies import Dense, generate_policy

MORE = 5 if os.environ.get("KAOHE_TEST_ALL") == "1" else 1
EACH = 50


def named(problems):
    """The facts that are asked for; nothing else may be wrong."""
    assert {each.code for each in problems.found} <= {"fact_missing"}, problems.found
    return [each.path.removeprefix("/facts/") for each in problems.found]


@pytest.mark.parametrize("standard", shipped_standards(), ids=label)
def test_dropping_a_fact_changes_nothing_or_names_exactly_that_fact(standard):
    """Without any one fact of a good sheet the result stays the same, or the refusal names that fact alone."""
    evaluators, dense = Evaluators(standard), Dense(standard)

    @settings(max_examples=40 * MORE)
    @given(dense.sheets())
    def holds(values):
        case, _ = evaluators.case(dense.posted(values))
        meant = evaluators.reference.decide(case)
        for name in values:
            without, problems = evaluators.case(dense.posted(values, [name]))
            if without is None:
                assert named(problems) == [name]
                assert not meant.vetoes or only_veto(evaluators, values, name)
                continue
            decided = evaluators.agreed(without)
            assert result(decided) == result(meant), name
            # Of two failed vetoes one may hang on the fact: it is then undetermined.
            assert set(decided.vetoes) <= set(meant.vetoes) <= {*decided.vetoes, *without.undetermined}, name

    holds()


def only_veto(evaluators, values, name):
    """Whether no veto fires for sure without that fact."""
    known = {each: units for each, units in values.items() if each != name}
    return not any(each.sure(known) for each in evaluators.plan.vetoes)


@pytest.mark.parametrize("standard", shipped_standards(), ids=label)
def test_a_fact_is_asked_for_if_and_only_if_it_could_change_the_result(standard):
    """For each flag, choice and judgement of a good sheet: asked for when two of its values differ in their result."""
    evaluators, dense = Evaluators(standard), Dense(standard)
    small = [fact for fact in dense.facts.values() if isinstance(fact, Flag | Choice | Judgement)]

    @settings(max_examples=15 * MORE)
    @given(dense.sheets())
    def holds(values):
        for fact in small:
            _, problems = evaluators.case(dense.posted(values, [fact.name]))
            results = {
                result(evaluators.reference.decide(Case(dense.sheet(values), {**values, fact.name: units})))
                for units in values_of(fact)
            }
            assert bool(named(problems)) == (len(results) > 1), fact.name

    holds()


def values_of(fact):
    """All values of a flag or a choice; of a judgement those at the ends and in the middle, since points only rise."""
    low, high = fact.lowest, fact.highest
    if isinstance(fact, Judgement):
        return sorted({low, low + 1, (low + high) // 2, high - 1, high})
    return range(low, high + 1)


# Small policies, of which every completion of every sheet can be tried


def small_sheets(directory, first):
    """Evaluators, a sheet with one to three facts dropped, and what its completions come to; many of them."""
    for seed in range(first, first + EACH):
        rng = Random(seed)
        made = generate_policy(rng, items=rng.randint(1, 3), clauses=rng.randint(3, 8), small=True)
        policy = load_policy(made.write(directory / str(seed)))
        chosen = {name: rng.choice(choices) for name, choices in made.readings.items()}
        evaluators = Evaluators(policy.standard("table", chosen))
        dense = Dense(evaluators.standard)
        for at in range(8):
            values = dense.values(rng, calm=0.8)
            dropped = rng.sample(sorted(values), min(len(values), rng.randint(1, 3)))
            sheet = dense.sheet(values, dropped)
            completions = completed(evaluators.standard, evaluators.reference, sheet)
            assert completions.decided
            yield f"seed {seed}, sheet {at}, without {', '.join(dropped)}", evaluators, sheet, completions


def asked_wrongly(evaluators, sheet, completions):
    """
    What is wrong with the facts that are asked for.

    Two exceptions: a veto that is sure settles the sheet; where a veto, a bonus or a ceiling hangs on an absent fact,
    all of its group may be asked for, since beyond the items there is no score to settle.
    """
    problems = Problems()
    complete(evaluators.plan, sheet, problems)
    asked, expected = set(named(problems)), completions.asked()
    if any(each.sure(sheet.values) for each in evaluators.plan.vetoes):
        return f"asked for {asked} after a veto" if asked else None
    if expected - asked:
        return f"not asked for {expected - asked}"
    if asked != expected and not beyond_items(evaluators.plan, completions.absent):
        return f"asked for {asked - expected} too"
    return None


def decided_wrongly(evaluators, sheet, completions):
    """What is wrong with the decision when nothing is asked for."""
    case = complete(evaluators.plan, sheet, Problems())
    if case is None:
        return None
    decided = evaluators.reference.decide(case)
    if decided != evaluators.plan.decide(case):
        return "the plan and the reference differ"
    if not decided.vetoes:
        results = completions.results()
        return None if results == {result(decided)} else f"decided {result(decided)}, not one of {results}"
    possible = set().union(*(each.vetoes for each in completions.decided.values()))
    if completions.scored() or possible != {*decided.vetoes, *case.undetermined}:
        return f"vetoes {decided.vetoes}, undetermined {case.undetermined}, possible {possible}"
    return None


def bounded_wrongly(evaluators, sheet, completions):
    """What is wrong with the bounds over everything that is not vetoed."""
    scored = completions.scored()
    if not scored:
        return None
    bounds = Completion(evaluators.plan, sheet).bounds()
    vetoed = len(scored) < len(completions.decided)
    ranks = [each.grade.rank for each in scored]
    worst = max(*ranks, evaluators.standard.policy.veto_grade.rank) if vetoed else max(ranks)
    scores = [each.score for each in scored]
    expected = (min(scores), max(scores), worst, min(ranks), vetoed)
    found = bounds and (bounds.low, bounds.high, bounds.worst.rank, bounds.best.rank, bounds.veto_possible)
    return None if found == expected else f"bounds {found}, not {expected}"


@pytest.mark.parametrize("first", range(0, 400 * MORE, EACH))
def test_absent_facts_are_judged_as_all_their_completions_say(tmp_path, first):
    """A fact is asked for if it alone can change the result; else the one result is given; bounds are exact."""
    wrong, kinds = [], Counter()
    for where, evaluators, sheet, completions in small_sheets(tmp_path, first):
        kinds["many results" if len(completions.results()) > 1 else "one result"] += 1
        kinds["vetoed"] += len(completions.scored()) < len(completions.decided)
        kinds["beyond"] += beyond_items(evaluators.plan, completions.absent)
        for judged in (asked_wrongly, decided_wrongly, bounded_wrongly):
            found = judged(evaluators, sheet, completions)
            if found:
                wrong.append(f"{where}: {found}")
    assert "\n".join(wrong) == ""
    assert all(kinds[each] > EACH / 2 for each in ("many results", "one result", "beyond")), kinds
    assert kinds["vetoed"] > 0
    assert kinds["beyond"] < kinds.total() / 2


def test_amounts_that_move_against_each_other_over_one_number_are_bounded_exactly(tmp_path):
    """Two points for each complaint up to six, one taken for each: three complaints are worth three, more are not."""
    clauses = "{deduct: {each: complaints, points: 1, at_most: 5}}"
    against = "{award: {each: complaints, points: 2, at_most: 6}}"
    directory = spoiled((station(clauses, f"{against}\n          - {clauses.replace('5', '9')}"),), tmp_path / "policy")
    scorer = Scorer(load_policy(directory).standard("station"), Evaluator.REFERENCE)
    others = [each for each in scorer.standard.facts.values() if each.name != "complaints"]
    facts = {each.name: each.given(each.highest if isinstance(each, Flag) else each.lowest) for each in others}
    sheet = scorer.intake.reader.read({"unit": {"id": "A"}, "facts": facts}, Problems())
    completion = Completion(scorer.plan, sheet)
    completion.case(Problems())
    ends = {item.key: (low, high) for each in completion.open_items() for item, low, high in each.items}
    scale, weight = scorer.standard.policy.points_per_one, Fraction(60, 100)
    expected = [max(min(2 * count, 6) - min(count, 9), 0) * scale * weight for count in range(20)]
    assert ends["complaints"] == (half_up(min(expected)), half_up(max(expected)))
