"""
Decides sheets of generated policies in a process of its own: `many.py small FIRST COUNT` or `many.py large SEED`.

durable_rules never frees a ruleset, and a defect in C ends the process. The last seed on standard error is where it
happened; the last line on standard output is what was seen, as JSON.
"""

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rules.expressions.meaning import test
from rules.loading import load_policy
from rules.policy.versions import Standard
from tests.agreement.agreement import Evaluators
from tests.strategies import Dense, MadePolicy, generate_policy, natural, python_says

SHEETS = 10


def small(seed: int, directory: Path, seen: Counter[str]) -> None:
    """One policy of a few items, ten sheets, some with facts left out."""
    rng = Random(seed)
    made = generate_policy(rng, items=rng.randint(2, 9), clauses=rng.randint(10, 30))
    policy = load_policy(made.write(directory / str(seed)))
    evaluators = Evaluators(policy.standard("table", {name: rng.choice(each) for name, each in made.readings.items()}))
    dense = Dense(evaluators.standard)
    seen["policies"] += 1
    for _ in range(SHEETS):
        values = dense.values(rng, calm=0.6)
        conditions_mean_what_python_says(made, evaluators.standard, values)
        without = rng.sample(sorted(values), min(len(values), rng.choice((0, 0, 0, 1, 2))))
        case, problems = evaluators.case(dense.posted(values, without))
        if case is None:
            wrong = [each for each in problems.found if each.code != "fact_missing" or not without]
            assert not wrong, f"a good sheet is refused: {wrong[0]}"
            seen["refused"] += 1
        else:
            count(evaluators.agreed(case), seen)


def large(seed: int, directory: Path, seen: Counter[str]) -> None:
    """One policy of 300 items and 1,000 clauses, all of which fire on the sheet."""
    made = generate_policy(Random(seed), items=300, clauses=1000, all_fire=True, vetoes=seed % 4 == 0)
    assert made.all_firing is not None
    evaluators = Evaluators(load_policy(made.write(directory / str(seed))).standard("table"))
    reasons = {name: "理由" for name, row in made.files["facts.yaml"]["facts"].items() if row["type"] == "judgement"}
    posted = {"unit": {"id": "unit"}, "facts": made.all_firing, "reasons": reasons}
    case, problems = evaluators.case(posted)
    assert case is not None, f"the sheet is refused: {problems.found[:3]}"
    silent = [each.clause.key for each in evaluators.plan.clauses if not each.fires(case.values)]
    assert not silent, f"these clauses do not fire: {silent[:5]}"
    seen["items"] += len(evaluators.standard.items)
    seen["fired"] += len(evaluators.plan.clauses)
    count(evaluators.agreed(case), seen)


def conditions_mean_what_python_says(made: MadePolicy, standard: Standard, values: dict[str, int]) -> None:
    """The language is a part of Python's: with exact numbers, Python comes to the same truth."""
    said = natural(standard, values)
    for clause in standard.clauses():
        text = made.conditions.get(clause.key)
        if text is not None:
            assert test(clause.when)(values) == bool(python_says(text, said)), f"{clause.key}: {text} with {said}"


def count(decision, seen: Counter[str]) -> None:
    """What the decision shows, so that the test can see that nothing is left untried."""
    seen["decisions"] += 1
    seen["veto"] += bool(decision.vetoes)
    seen["unsure"] += bool(decision.case.unsure)
    seen["undetermined"] += bool(decision.case.undetermined)
    seen["rounded"] += sum(each.rounded for each in decision.items)
    for finding in (finding for item in decision.items for finding in item.findings):
        seen[finding.clause.effect_name] += 1
        seen[type(finding.clause.amount).__name__] += 1
    for adjustment in decision.adjustments:
        seen[adjustment.kind] += 1


def main(kind: str, first: str, many: str = "1") -> None:
    """Run, naming each seed before it is tried."""
    seen: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as directory:
        for seed in range(int(first), int(first) + int(many)):
            print(f"seed {seed}", file=sys.stderr, flush=True)
            {"small": small, "large": large}[kind](seed, Path(directory), seen)
    print(json.dumps(seen))


if __name__ == "__main__":
    main(*sys.argv[1:])
