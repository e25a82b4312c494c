"""The limits of durable_rules' C core: counted when a policy is compiled, never met by luck."""

import json
import subprocess
import sys
import time
import tracemalloc
from itertools import islice
from pathlib import Path
from random import Random
from string import ascii_lowercase

import durable_rules_engine
import pytest

from rules.engine import MOST_CONDITIONS, MOST_RULES, Engine, dealt, name_hash, short_names
from rules.errors import EngineFailed, PolicyRefused
from rules.loading import load_policy
from rules.plan import ALWAYS, lower
from tests.agreement.agreement import CHANGZHOU, Evaluators, shipped_policy, shipped_standards
from tests.strategies import Dense, generate_policy, natural, one_item, python_says

# What durable_rules itself can take in one message.
CONDITIONS_AT_ONCE = 64
PROPERTIES = 255
PLACES_OF_A_NODE = 512
SESSIONS = 1024


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """The plans of every shipped standard, of twelve generated ones, and of one with a thousand clauses."""
    directory = tmp_path_factory.mktemp("policies")
    made = [generate_policy(Random(seed), 6, 40) for seed in range(12)]
    made.append(generate_policy(Random(0), 300, 1000, all_fire=True))
    policies = [load_policy(each.write(directory / str(at))) for at, each in enumerate(made)]
    return [lower(standard) for standard in (*shipped_standards(), *(each.standard("table") for each in policies))]


def messages_of(plan):
    """The messages that a plan is dealt out to, by ruleset."""
    return dealt([each for each in plan.clauses if each.guard and each.guard != ALWAYS])


def test_every_message_and_ruleset_stays_below_the_limits(plans):
    """No message can match 64 conditions at once or hold 255 properties, and no ruleset fills a node's table."""
    for plan in plans:
        for ruleset in messages_of(plan):
            assert sum(len(message.rules) for message in ruleset) <= MOST_RULES
            conditions = sum(len(conjunction) for message in ruleset for _, conjunction in message.rules)
            assert conditions <= MOST_CONDITIONS < PLACES_OF_A_NODE
            for message in ruleset:
                assert len(message.names) < PROPERTIES
                assert message.most_matches() < CONDITIONS_AT_ONCE


def test_no_clause_is_lost_when_clauses_are_dealt_out(plans):
    """Each conjunction of each clause is in exactly one message."""
    for plan in plans:
        wanted = [(each.index, one) for each in plan.clauses if each.guard != ALWAYS for one in each.guard]
        found = [(each.index, one) for rules in messages_of(plan) for message in rules for each, one in message.rules]
        assert sorted(found, key=str) == sorted(wanted, key=str)


def test_most_matches_is_never_below_what_matches(plans):
    """On dense sheets the conditions that are met, counted one by one, are at most what was counted beforehand."""
    highest = 0
    for plan in plans:
        dense = Dense(plan.standard)
        messages = [message for ruleset in messages_of(plan) for message in ruleset]
        for seed in range(8):
            values = dense.values(Random(seed))
            for message in messages:
                met = sum(all(one.holds(values) for one in beginning) for beginning in message.conditions())
                assert met <= message.most_matches()
                highest = max(highest, met)
    assert highest > CONDITIONS_AT_ONCE / 2  # else nothing came near


MATCHING = """
import json, sys
import durable_rules_engine as durable

rules = {str(at): {"all": [{"m": {f"p{at}": 1}}]} for at in range(int(sys.argv[1]))}
handle = durable.create_ruleset("matching", json.dumps(rules))
try:
    durable.assert_fact(handle, json.dumps({"id": 1, "sid": 1, **{f"p{at}": 1 for at in range(len(rules))}}))
except durable.error as error:
    print(error)
"""


@pytest.mark.parametrize(("conditions", "fails"), [(CONDITIONS_AT_ONCE - 1, False), (CONDITIONS_AT_ONCE + 1, True)])
def test_durable_rules_fails_beyond_64_conditions_at_once(conditions, fails):
    """The limit that is counted against is the real one: 63 conditions that match pass, 65 do not."""
    command = [sys.executable, "-c", MATCHING, str(conditions)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert bool(ended.returncode or "303" in ended.stdout) == fails, ended


# Names


def colliding_names():
    """Two names that durable_rules cannot tell apart, by a birthday search."""
    rng, seen = Random(1), {}
    while True:
        name = "q" + "".join(rng.choices(ascii_lowercase, k=8))
        other = seen.setdefault(name_hash(name), name)
        if other != name:
            return other, name


def test_durable_rules_mixes_up_names_that_share_a_hash():
    """The hash computed here is its own: a fact of one name fires the rule on another name with the same hash."""
    one, other = colliding_names()
    handle = durable_rules_engine.create_ruleset("names", f'{{"0":{{"all":[{{"m":{{"{one}":1}}}}]}}}}')
    for sid, name, fires in ((1, one, True), (2, other, True), (3, one[:-1] + "0", False)):
        _, state = durable_rules_engine.assert_fact(handle, f'{{"id":1,"sid":{sid},"{name}":1}}')
        action = durable_rules_engine.start_action_for_state(handle, state)
        assert bool(action and action[1]) == fires, name


def test_short_names_never_share_a_hash():
    """Among the first 20,000 short names no two share a hash, nor one with a name that durable_rules uses itself."""
    names = list(islice(short_names(), 20_000))
    assert len({name_hash(name) for name in (*names, "id", "sid", "$s", "$m", "m")}) == 20_005


# Sessions


@pytest.fixture
def community():
    """The shipped community standard, compiled anew, and a few dense sheets with their decisions."""
    evaluators = Evaluators(shipped_policy(CHANGZHOU).standard("community"))
    dense = Dense(evaluators.standard)
    cases = [evaluators.case(dense.posted(dense.values(Random(seed))))[0] for seed in range(50)]
    return evaluators, [(case, evaluators.reference.decide(case)) for case in cases]


def test_more_sheets_than_sessions_are_decided_in_a_row(community):
    """durable_rules has 1,024 sessions; three times as many sheets are decided, one after the other in one of them."""
    evaluators, decided = community
    for at in range(3 * SESSIONS):
        case, meant = decided[at % len(decided)]
        assert evaluators.engine.decide(case) == meant


BROKEN = {
    "not JSON": '{"id":1,"sid":1,"pa":',
    "an exponent": '{"id":1,"sid":1,"pa":1e-05}',
    "too many properties": '{"id":1,"sid":1,' + ",".join(f'"x{at}":1' for at in range(300)) + "}",
}


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize("position", [0, -1], ids=["first", "last"])
def test_a_session_that_failed_is_deleted(community, broken, position):
    """After as many real failures of the C core as it has sessions, every sheet is decided as before."""
    evaluators, decided = community
    engine = Engine(evaluators.plan)
    ruleset = next(each for each in engine.rulesets if len(each.asserted) > 1 or len(engine.rulesets) == 1)
    good = list(ruleset.asserted)
    ruleset.asserted = list(good)
    ruleset.asserted[position] = (BROKEN[broken], lambda values: ())
    ruleset.idle.clear()
    for at in range(SESSIONS + 76):
        with pytest.raises(EngineFailed):
            engine.decide(decided[at % len(decided)][0])
    ruleset.asserted = good
    for case, meant in decided:
        assert engine.decide(case) == meant


def test_a_session_in_which_nothing_fires_is_deleted_cleanly():
    """The first session of a ruleset may fire nothing; deleting it frees no wild pointer, over a hundred rulesets."""
    script = Path(__file__).with_name("silent.py")
    ended = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120, check=False)
    assert (ended.returncode, ended.stdout.strip()) == (0, "100 silent"), ended


# Clauses that come near the limits


def flags(many):
    """That many flags, by short names."""
    return {f"f{at}": "flag" for at in range(many)}


ODD = {
    "the same alternatives over and over": (flags(2), " and ".join(["(f0 or f1)"] * 7)),
    "alternatives that swallow each other": (flags(3), " and ".join(["(f0 or (f0 and f1) or f2)"] * 5)),
    "alternatives that swallow each other only outside": (
        flags(6),
        "f0 and f1 and f2 and f3 and f4 and (" + " and ".join(["(f0 or f1 or f2 or f3 or f4)"] * 3) + " and f5)",
    ),
    "alternatives of which all but one die": (
        flags(8),
        "(" + " or ".join(f"f{at} and not f{at}" for at in range(8)) + ") or f0",
    ),
    "as many flags as fit": (flags(48), " and ".join(f"f{at}" for at in range(48))),
    "as many alternatives as fit": (flags(48), " or ".join(f"f{at}" for at in range(48))),
    "pairs of alternatives": (flags(8), "(f0 or f1 or f2 or f3) and (f4 or f5 or f6 or f7)"),
    "a limit beyond 64 bits": ({"a0": "amount"}, "0.000001 * a0 < 999999999999999"),
    "a limit far below zero": ({"a0": "amount"}, "0.000001 * a0 > -999999999999999"),
    "a limit just below zero": ({"c0": "count"}, "c0 + 5 > 3"),
    "the largest amounts": ({"a0": "amount", "a1": "amount"}, "999999 * a0 - 999998.999999 * a1 > 0.000001"),
    "nothing can be so": ({"c0": "count"}, "c0 < 0"),
    "nothing can be otherwise": ({"c0": "count"}, "c0 - c0 == 0"),
    "a half count": ({"c0": "count"}, "2 * c0 == 3 or 2 * c0 != 4"),
}


def evaluators_unless_too_wide(directory):
    """The evaluators of the one standard in a directory; None when a clause is refused for its many cases."""
    try:
        return Evaluators(load_policy(directory).standard("table"))
    except PolicyRefused as refused:
        if {each.code for each in refused.problems} == {"clause_too_wide"}:
            return None
        raise


@pytest.mark.parametrize("odd", ODD)
def test_odd_conditions_are_decided_alike(tmp_path, odd):
    """Conditions at the edge of what a clause may come to are decided alike, or the policy is refused for it."""
    facts, condition = ODD[odd]
    tried = 0
    for at, text in enumerate((condition, f"not ({condition})")):
        made = one_item(facts, [{"when": text, "deduct": 1}])
        evaluators = evaluators_unless_too_wide(made.write(tmp_path / str(at)))
        if evaluators is None:
            continue
        tried += 1
        dense = Dense(evaluators.standard)
        for seed in range(200):
            values = dense.values(Random(seed))
            if seed < 4:
                values = {name: seed % 2 if facts[name] == "flag" else values[name] for name in values}
            case, _ = evaluators.case(dense.posted(values))
            fired = bool(evaluators.agreed(case).items[0].findings)
            assert fired == python_says(text, natural(evaluators.standard, values)), values
    assert tried


@pytest.mark.parametrize(
    "condition",
    [
        " and ".join(f"(f{at} or f{at + 1})" for at in range(0, 16, 2)),
        " or ".join(f"f{at}" for at in range(250)),
        " and ".join(f"f{at}" for at in range(200)),
        " and ".join(f"(f{at} or f{at + 1} or f{at + 2})" for at in range(0, 120, 3)),
    ],
    ids=["256 cases", "250 alternatives", "200 flags", "3^40 cases"],
)
def test_a_clause_beyond_the_limits_is_refused_by_name(tmp_path, condition):
    """What would exceed a message of durable_rules is refused when the policy is read, with its line, and quickly."""
    many = len({word for word in condition.replace("(", " ").replace(")", " ").split() if word[0] == "f"})
    made = one_item(flags(many), [{"when": condition, "deduct": 1}])
    with pytest.raises(PolicyRefused) as refused:
        load_policy(made.write(tmp_path))
    assert [(each.code, each.file) for each in refused.value.problems] == [("clause_too_wide", "table.yaml")]
    assert refused.value.problems[0].line


def test_alternatives_that_multiply_are_refused_before_they_are_built(tmp_path):
    """Short conditions over long lists of choices come to hundreds of thousands of cases, and to a quick refusal."""
    names = [f"v{at}" for at in range(900)]
    text = {"zh": "选项", "en": "choice"}
    long = {"type": "choice", "zh": {"name": "选项"}, "en": {"name": "choice"}, "choices": dict.fromkeys(names, text)}
    made = one_item({"a": "flag", "b": "flag"}, [{"when": 'a != "v0" and b != "v0"', "deduct": 1}])
    directory = made.write(tmp_path)
    (directory / "facts.yaml").write_text(json.dumps({"facts": {"a": long, "b": long}}), encoding="utf-8")
    started = time.process_time()
    with pytest.raises(PolicyRefused) as refused:
        load_policy(directory)
    reading = time.process_time() - started
    assert [each.code for each in refused.value.problems] == ["clause_too_wide"]
    tracemalloc.start()
    with pytest.raises(PolicyRefused):
        load_policy(directory)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert reading < 5
    assert most < 60 * 1024 * 1024


def test_rulesets_of_one_policy_under_different_readings_are_kept_apart():
    """Standards that differ only in a reading have rulesets of the same names; each decides by its own clauses."""
    policy = shipped_policy(CHANGZHOU)
    one, other = (Evaluators(policy.standard("community", readings)) for readings in ({}, {"petitions": "tolerant"}))
    dense = Dense(one.standard)
    differ = 0
    for seed in range(100):
        values = dense.values(Random(seed))
        values["retiree_petitions"], values["retiree_complaints"] = 1, 0
        decisions = [each.agreed(each.case(dense.posted(values))[0]) for each in (one, other)]
        differ += decisions[0].score != decisions[1].score
    assert differ > 10
