"""
How long a settlement takes, beside plain Python sorting and ranking the same (district, score) pairs.

Both work on the same units in turns; a ratio compares the times of one round, and the figure is the median of the
rounds. The garbage collector runs as it does for everybody who calls `settle`.
"""

import gc
import os
import random
import statistics
from pathlib import Path
from time import process_time

import pytest

from rules import Assessed, Cohort, Money, load_policy, method_of, settle
from rules.sheets import Unit

POLICY = Path(__file__).parents[1] / "policy_versions/changzhou/2012"
SHORT = os.environ.get("KAOHE_BENCH_SHORT") == "1"
ROUNDS = 3 if SHORT else 7
UNITS = 100_000
SIZES = (UNITS, 650_000) if SHORT else (UNITS, 200_000, 400_000, 650_000)

MOST_OF_PLAIN = 4
# What does not fit into the processor's caches takes longer, for the plain sort as well: growth is held to its growth.
MOST_GROWTH = 1.5


@pytest.fixture(scope="module")
def method():
    return method_of(load_policy(POLICY))


@pytest.fixture(scope="module")
def assessed(method):
    """Units of every district and standard, one in twenty vetoed, in no order."""
    chance, policy = random.Random(2012), method.policy
    districts, standards = [each.name for each in policy.districts], list(policy.tables)
    grades = policy.standard(standards[0])
    units = []
    for at in range(max(SIZES)):
        unit = Unit(f"U{chance.randrange(10**9):09}-{at}", None, chance.choice(districts))
        score = None if chance.random() < 0.05 else chance.randint(4000, 10_000)
        grade = policy.veto_grade if score is None else grades.grade(score)
        vetoes = ("1",) if score is None else ()
        units.append(Assessed(unit, chance.choice(standards), grade, score, vetoes))
    return units


def sorted_and_ranked(pairs):
    """What anybody would write: sort by district and score, count up, equals share a rank."""
    ranked, last, place, rank = [], None, 0, 0
    for pair in sorted(pairs, key=lambda pair: (pair[0], -pair[1])):
        if last is None or pair[0] != last[0]:
            place = 0
        place += 1
        if pair != last:
            rank = place
        ranked.append((*pair, rank))
        last = pair
    return ranked


def seconds(work):
    """Of the processor, so that whatever else the machine does is not counted."""
    gc.collect()
    begun = process_time()
    work()
    return process_time() - begun


def one_round(method, units, money):
    """Seconds of the plain way and of `settle`, for the same units."""
    pairs = [(each.unit.district, each.score or 0) for each in units]
    cohort = Cohort(units)
    return seconds(lambda: sorted_and_ranked(pairs)), seconds(lambda: settle(method, cohort, money))


def test_time_of_a_settlement(benchmark, method, assessed, capsys):
    money = Money(average=1_000_000)
    units = assessed[:UNITS]
    settled = {(each.district.name, each.assessed.score, each.rank) for each in settle(method, Cohort(units)).units}
    ranked = set(sorted_and_ranked([(each.unit.district, each.score or 0) for each in units]))
    assert {each for each in settled if each[1]} == {each for each in ranked if each[1]}

    rounds: dict[int, list[tuple[float, float]]] = {size: [] for size in SIZES}
    benchmark.pedantic(lambda: rounds[UNITS].append(one_round(method, units, money)), rounds=ROUNDS, warmup_rounds=1)
    rounds[UNITS].pop(0)
    for size in SIZES[1:]:
        rounds[size] += [one_round(method, assessed[:size], money) for _ in range(3)]
    ratios = {size: statistics.median(each / plain for plain, each in rounds[size]) for size in SIZES}
    times = {
        size: [statistics.median(column) / size * 1e6 for column in zip(*rounds[size], strict=True)] for size in SIZES
    }
    benchmark.extra_info.update(ratios=ratios, microseconds=times)
    with capsys.disabled():
        print(f"\n{'units':>10}{'plain sort and rank':>22}{'settle':>10}{'ratio':>8}   (us a unit)")
        for size, (plain, each) in times.items():
            print(f"{size:>10}{plain:>22.2f}{each:>10.2f}{ratios[size]:>8.2f}")
    missed = [f"{size} units: {ratio:.2f} x plain Python" for size, ratio in ratios.items() if ratio > MOST_OF_PLAIN]
    growth = ratios[max(SIZES)] / ratios[UNITS]
    if growth > MOST_GROWTH:
        missed.append(f"from {UNITS} to {max(SIZES)} units it grows {growth:.2f} x as much as a plain sort")
    assert not missed, "; ".join(missed)
