"""Sheets follow each other in one session of durable_rules, and leave nothing there; each one at work has its own."""

import threading
from collections import Counter
from itertools import permutations
from pathlib import Path
from random import Random

import durable_rules_engine
import pytest

from rules.decision import Case
from rules.engine import Engine
from rules.errors import EngineFailed
from rules.loading import load_policy
from tests.agreement.agreement import Evaluators, label, shipped_standards
from tests.strategies import Dense, one_item

THREADS = 16
SECONDS = 30
KIB = 1024
BROKEN = ('{"id":1,"sid":1,"pa":', lambda values: ())


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """A standard of 200 flags, each a deduction: two rulesets, of three messages and of two."""
    facts = {f"f{at}": "flag" for at in range(200)}
    made = one_item(facts, [{"when": name, "deduct": 1} for name in facts])
    return Evaluators(load_policy(made.write(tmp_path_factory.mktemp("wide"))).standard("table"))


def flagged(evaluators, true):
    """The case in which these flags are true, and its decision by the reference."""
    dense = Dense(evaluators.standard)
    values = {name: int(name in true) for name in dense.facts}
    case = Case(dense.sheet(values), values)
    return case, evaluators.reference.decide(case)


def patterns(evaluators):
    """Nothing, everything, halves that share nothing, and a single flag at either end."""
    names = list(evaluators.standard.facts)
    return [flagged(evaluators, set(those)) for those in ([], names, names[::2], names[1::2], names[:1], names[-1:])]


def findings(decision):
    """How many clauses fired."""
    return sum(len(item.findings) for item in decision.items) + len(decision.veto_findings)


def in_all_orders(engine, decided):
    """Every sheet after every other one, and after itself, on one engine."""
    for (one, meant), (other, also_meant) in [*permutations(decided, 2), *zip(decided, decided, strict=True)]:
        assert engine.decide(one) == meant
        assert engine.decide(other) == also_meant


@pytest.mark.parametrize("standard", shipped_standards(), ids=label)
def test_a_sheet_leaves_nothing_to_the_next(standard):
    """Of 150 dense sheets those on which most, and least, fires are decided in all orders as the reference does."""
    evaluators, dense = Evaluators(standard), Dense(standard)
    cases = [evaluators.case(dense.posted(dense.values(Random(seed))))[0] for seed in range(150)]
    decided = sorted(((case, evaluators.reference.decide(case)) for case in cases), key=lambda each: findings(each[1]))
    chosen = [*decided[:7], *decided[-7:], decided[75]]
    assert findings(chosen[0][1]) + 5 < findings(decided[-1][1])  # else the orders would show little
    in_all_orders(evaluators.engine, chosen)
    assert [len(ruleset.idle) for ruleset in evaluators.engine.rulesets] == [1] * len(evaluators.engine.rulesets)


def test_all_that_fired_is_gone_for_a_sheet_on_which_nothing_fires(wide):
    """Two hundred clauses fire, then none, then others, over several messages of several rulesets."""
    decided = patterns(wide)
    assert [findings(meant) for _, meant in decided] == [0, 200, 100, 100, 1, 1]
    in_all_orders(wide.engine, decided)


# As many as are at work at once


class Awaited(dict):
    """Values that are given out only when as many sheets as a barrier waits for have taken their sessions."""

    def __init__(self, values, barrier):
        super().__init__(values)
        self.waits = [barrier]

    def __getitem__(self, name):
        if self.waits:
            self.waits.pop().wait(SECONDS)
        return super().__getitem__(name)


def at_once(ruleset, sheets):
    """What fires for each of these values, each in its own thread, all of them at work at the same time."""
    barrier, found = threading.Barrier(len(sheets)), [None] * len(sheets)

    def fire(at):
        found[at] = Counter(ruleset.fired(Awaited(sheets[at], barrier)))

    threads = [threading.Thread(target=fire, args=(at,)) for at in range(len(sheets))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(SECONDS)
    return found


def names_of(ruleset):
    """The sessions that wait for a sheet."""
    return [session.name for session in ruleset.idle]


def test_there_are_as_many_sessions_as_sheets_were_ever_at_work_at_once(wide):
    """Sixteen sheets at once take sixteen sessions and are told apart; fewer sheets then take of these."""
    engine = Engine(wide.plan)
    names = list(wide.standard.facts)
    rng = Random(1)
    sheets = [{name: int(rng.random() < at / (THREADS - 1)) for name in names} for at in range(THREADS)]
    for ruleset in engine.rulesets:
        alone = [Counter(ruleset.fired(values)) for values in sheets]
        assert len(ruleset.idle) == 1
        assert len({sum(each.values()) for each in alone}) > THREADS / 2
        for some in (sheets, sheets[::-1], sheets[:3], sheets):
            expected = [alone[sheets.index(values)] for values in some]
            assert at_once(ruleset, some) == expected
            assert len(set(names_of(ruleset))) == len(ruleset.idle) == THREADS


# Failures


def test_a_session_that_failed_is_deleted_and_the_others_are_not_touched(wide):
    """A message that the C core refuses, after one that it took, ends its session alone; the next sheets are right."""
    engine = Engine(wide.plan)
    decided = patterns(wide)
    ruleset = engine.rulesets[0]
    at_once(ruleset, [case.values for case, _ in decided[:3]])
    *others, failing = list(ruleset.idle)
    assert len(others) == 2
    failing.asserted[-1] = BROKEN
    with pytest.raises(EngineFailed):
        engine.decide(decided[1][0])
    assert ruleset.idle == others
    with pytest.raises(durable_rules_engine.error):  # it is there no more
        durable_rules_engine.delete_state(ruleset.handle, failing.name)
    in_all_orders(engine, decided)
    assert names_of(ruleset) == [each.name for each in others]
    at_once(ruleset, [case.values for case, _ in decided[:3]])
    assert len(ruleset.idle) == 3
    assert failing.name not in names_of(ruleset)


# Memory


def resident():
    """The process's resident memory, in bytes."""
    status = Path("/proc/self/status").read_text()
    return KIB * int(next(line for line in status.splitlines() if line.startswith("VmRSS:")).split()[1])


def test_memory_stays_as_it_is_however_many_sheets_a_session_has_had():
    """Between the 2,000th and the 20,000th sheet the process grows by less than 512 KiB, 30 bytes a sheet."""
    evaluators = Evaluators(shipped_standards()[0])
    dense = Dense(evaluators.standard)
    sheets = [dense.values(Random(seed)) for seed in range(20)]
    (ruleset,) = evaluators.engine.rulesets
    before = 0
    for turn in range(1000):
        for values in sheets:
            ruleset.fired(values)
        if turn == 100:
            before = resident()
    assert resident() - before < 512 * KIB
    assert len(ruleset.idle) == 1
