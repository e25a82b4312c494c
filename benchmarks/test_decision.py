"""
How long a decision takes, beside zen-engine doing the same standard.

All contenders decide the same sheets in turns, a few sheets at a time, so that whatever else the machine does hits all
of them alike; a ratio compares the times of one round, and the figure is the median of the rounds.
"""

import gc
import os
import statistics
from collections.abc import Callable
from pathlib import Path
from time import perf_counter_ns

import pytest

from benchmarks.sheets import made, shipped
from benchmarks.zen_standard import ZenStandard
from rules import load_policy
from rules.scoring import Evaluator, Scorer

POLICY = Path(__file__).parents[1] / "policy_versions/changzhou/2012"
SHORT = os.environ.get("KAOHE_BENCH_SHORT") == "1"
ROUNDS = 10 if SHORT else 60
MADE = 240
# Sheets that one contender decides before it is the next one's turn: about a millisecond.
AT_ONCE = 12

MOST_OF_ZEN = 0.8
MOST_FOR_REFERENCE = 100  # microseconds

ENGINE, REFERENCE, PLAN, BOTH = "engine", "reference", "plan", "engine and reference"
ZEN, ZEN_ITEMS, DICT_IN = "zen-engine, each clause", "zen-engine, items only", "dict in, all checks, both"

Contender = Callable[[int], object]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(load_policy(POLICY).standard("community"), Evaluator.BOTH)


@pytest.fixture(scope="module")
def posted(scorer):
    samples = shipped(POLICY / "samples/community.jsonl")
    return samples + made(scorer.plan, samples[0], MADE)


@pytest.fixture(scope="module")
def cases(scorer, posted):
    found = [scorer.case(each) for each in posted]
    assert not any(case.settled for case in found), "zen-engine is not told what absent facts cannot change"
    return found


@pytest.fixture(scope="module")
def decisions(scorer, cases):
    return [scorer.reference.decide(case) for case in cases]


@pytest.fixture(scope="module")
def zens(scorer, cases, decisions):
    """The fairness gate: nothing is timed unless grade, score, vetoes, items and findings are equal on every sheet."""
    both = {ZEN: ZenStandard(scorer.standard, findings=True), ZEN_ITEMS: ZenStandard(scorer.standard, findings=False)}
    for zen in both.values():
        for case, decision in zip(cases, decisions, strict=True):
            answer = zen.answer(zen.evaluate(zen.context(case)))
            assert answer == zen.expected(decision), case.sheet.unit.id
    return both


def test_evaluators_agree_on_every_measured_sheet(scorer, cases, decisions):
    for case, decision in zip(cases, decisions, strict=True):
        assert scorer.engine.decide(case) == decision, case.sheet.unit.id
        assert scorer.plan.decide(case) == decision, case.sheet.unit.id


def test_time_of_a_decision(benchmark, scorer, posted, cases, decisions, zens, capsys):
    contexts = [zens[ZEN].context(case) for case in cases]
    contenders: dict[str, Contender] = {
        ENGINE: lambda at: scorer.engine.decide(cases[at]),
        ZEN: lambda at: zens[ZEN].evaluate(contexts[at]),
        ZEN_ITEMS: lambda at: zens[ZEN_ITEMS].evaluate(contexts[at]),
        REFERENCE: lambda at: scorer.reference.decide(cases[at]),
        PLAN: lambda at: scorer.plan.decide(cases[at]),
        BOTH: lambda at: scorer.decide(cases[at]),
        DICT_IN: lambda at: scorer.score(posted[at]),
    }
    rounds: list[dict[str, int]] = []
    benchmark.pedantic(
        lambda: rounds.append(one_round(contenders, len(cases), len(rounds))),
        rounds=ROUNDS,
        iterations=1,
        warmup_rounds=1,
    )
    rounds = rounds[1:]
    times = {name: statistics.median(each[name] for each in rounds) / len(cases) / 1000 for name in contenders}
    ratios = {
        name: statistics.median(each[ENGINE] / each[name] for each in rounds) for name in contenders if name != ENGINE
    }
    benchmark.extra_info.update(microseconds=times, engine_to=ratios)
    findings = [sum(len(item.findings) for item in each.items) + len(each.veto_findings) for each in decisions]
    with capsys.disabled():
        print(table(times, ratios, findings, sum(bool(each.vetoes) for each in decisions)))
    missed = [
        f"engine takes {ratios[zen]:.2f} x {zen}, at most {MOST_OF_ZEN}"
        for zen in (ZEN, ZEN_ITEMS)
        if ratios[zen] > MOST_OF_ZEN
    ]
    if times[REFERENCE] > MOST_FOR_REFERENCE:
        missed.append(f"the reference takes {times[REFERENCE]:.0f} us, at most {MOST_FOR_REFERENCE}")
    assert not missed, "; ".join(missed)


def one_round(contenders: dict[str, Contender], many: int, number: int) -> dict[str, int]:
    """Nanoseconds of each contender for all sheets. Garbage is collected between rounds only."""
    spent = dict.fromkeys(contenders, 0)
    names = list(contenders)
    gc.collect()
    gc.disable()
    try:
        for turn, first in enumerate(range(0, many, AT_ONCE)):
            sheets = range(first, min(first + AT_ONCE, many))
            start = (number + turn) % len(names)
            for name in names[start:] + names[:start]:
                decide = contenders[name]
                begun = perf_counter_ns()
                for at in sheets:
                    decide(at)
                spent[name] += perf_counter_ns() - begun
    finally:
        gc.enable()
    return spent


def table(times: dict[str, float], ratios: dict[str, float], findings: list[int], vetoed: int) -> str:
    """The figures, as they stand in README.md."""
    told = f"{statistics.median(findings):g} findings at the median, {max(findings)} at most"
    lines = [
        "",
        f"{len(findings)} sheets, {vetoed} of them vetoed; {told}; {ROUNDS} rounds",
        "",
        f"{'a decision by':<28}{'us':>8}{'engine / it':>14}",
    ]
    lines += [
        f"{name:<28}{time:>8.1f}{ratios[name]:>14.2f}" if name in ratios else f"{name:<28}{time:>8.1f}"
        for name, time in times.items()
    ]
    return "\n".join(lines)
