"""A hundred rulesets, each of whose first session fires nothing: deleting it must free nothing that is not its own."""

import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from rules.decision import Case
from rules.engine import Engine
from rules.loading import load_policy
from rules.plan import lower
from rules.reference import Reference
from tests.strategies import Dense, one_item


def main() -> None:
    """Leave garbage where the next ruleset will lie, then decide a sheet on which nothing fires."""
    with tempfile.TemporaryDirectory() as directory:
        facts = {f"f{at}": "flag" for at in range(9)}
        made = one_item(facts, [{"when": name, "deduct": 1} for name in facts])
        standard = load_policy(made.write(Path(directory))).standard("table")
    plan, reference, dense = lower(standard), Reference(standard), Dense(standard)
    values = dict.fromkeys(dense.facts, 0)
    case = Case(dense.sheet(values), values)
    silent = 0
    for _ in range(100):
        garbage = [b"\xff" * size for size in range(1000, 100_000, 997)]
        del garbage
        decision = Engine(plan).decide(case)
        assert decision == reference.decide(case)
        silent += not any(item.findings for item in decision.items)
    print(silent, "silent")


if __name__ == "__main__":
    main()
