"""Many threads on mixed standards give the reference's answers, and memory does not grow with the sheets decided."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.agreement.agreement import Evaluators, label, shipped_standards
from tests.strategies import Dense

THREADS = 16
SHEETS = 60


def asked(name, default):
    """A number from the environment."""
    return int(os.environ.get(name, default))


def both(name, default, in_soak):
    """The test by default, and again for long where `make soak` asks for it."""
    soaked = pytest.param(asked(name, in_soak), marks=pytest.mark.soak, id="soak")
    return [pytest.param(asked(name, default), id="default"), soaked]


@pytest.mark.parametrize("seconds", both("KAOHE_SOAK_SECONDS", 3, 30))
def test_threads_on_mixed_standards_give_the_answers_of_the_reference(seconds):
    """Sixteen threads draw sheets of five standards at random; durable_rules decides each as the reference did."""
    tasks = []
    for standard in shipped_standards():
        evaluators, dense = Evaluators(standard), Dense(standard)
        for seed in range(SHEETS):
            case, _ = evaluators.case(dense.posted(dense.values(Random(seed))))
            tasks.append((label(standard), evaluators.engine, case, evaluators.reference.decide(case)))
    decided, wrong = Counter(), []
    until = time.monotonic() + seconds

    def decide(seed):
        rng, own = Random(seed), Counter()
        try:
            while time.monotonic() < until:
                name, engine, case, meant = rng.choice(tasks)
                if engine.decide(case) != meant:
                    wrong.append(name)
                own[name] += 1
        except BaseException as error:  # noqa: BLE001 - a thread's error must fail the test
            wrong.append(repr(error))
        decided.update(own)

    threads = [threading.Thread(target=decide, args=(seed,)) for seed in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=seconds + 60)
    assert not any(thread.is_alive() for thread in threads)
    assert wrong == []
    assert set(decided) == {label(standard) for standard in shipped_standards()}
    assert min(decided.values()) > THREADS


@pytest.mark.parametrize("decisions", both("KAOHE_SOAK_DECISIONS", 20_000, 200_000))
def test_memory_does_not_grow_with_the_decisions(decisions):
    """After that many decisions the process holds at most 5% more than after a tenth of them."""
    script = Path(__file__).with_name("memory.py")
    command = [sys.executable, str(script), str(decisions), "10"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=3000, check=False)
    assert ended.returncode == 0, ended
    after_a_tenth, after_all = map(int, ended.stdout.split())
    assert after_all <= 1.05 * after_a_tenth, ended.stdout
