"""
`memory.py N TIMES`: decides N sheets and prints the resident memory, in KiB, after a tenth of them and after all.

Each sheet is decided TIMES times, because drawing one takes longer than deciding it. The first tenth has every sheet
that comes, so that what the plan remembers on purpose is full by then.
"""

import gc
import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.agreement.agreement import Evaluators, shipped_standards
from tests.strategies import Dense


def resident() -> int:
    """The process's resident memory."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def main(decisions: int, times: int) -> None:
    """Sheets of every standard in turn, and of each one that lacks three facts."""
    standards = [(Evaluators(standard), Dense(standard)) for standard in shipped_standards()]
    sheets = decisions // 10 // times
    after_a_tenth = 0
    for drawn in range(10 * sheets):
        rng = Random(drawn % sheets)
        evaluators, dense = standards[drawn % sheets % len(standards)]
        values = dense.values(rng)
        evaluators.case(dense.posted(values, rng.sample(sorted(values), 3)))
        case, _ = evaluators.case(dense.posted(values))
        meant = evaluators.reference.decide(case)
        for _ in range(times):
            assert evaluators.engine.decide(case) == meant
        if drawn == sheets - 1:
            after_a_tenth = resident()
    print(after_a_tenth, resident())


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
