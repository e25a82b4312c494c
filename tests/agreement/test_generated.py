"""Policies that nobody wrote by hand: every effect, amount and condition, decided alike by all three evaluators."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

MANY = Path(__file__).with_name("many.py")
EACH = 50
LAST = 1500 if os.environ.get("KAOHE_TEST_ALL") == "1" else 300
# What fifty policies show at least once.
SHOWN = (
    "veto", "score", "deduct", "award", "bonus", "ceiling", "Fixed", "Judged", "PerOccurrence", "Stepped", "Banded",
    "Proportion", "rescale", "total_at_most", "unsure", "rounded",
)  # fmt: skip


def run(*arguments: str, seconds: int) -> dict[str, int]:
    """What `many.py` saw in a process of its own; a failure that names the seed when it crashes, hangs or disagrees."""
    command = [sys.executable, str(MANY), *arguments]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as hang:
        told = hang.stderr.decode() if isinstance(hang.stderr, bytes) else hang.stderr or ""
        pytest.fail(f"no answer in {seconds} seconds; {last_seed(told)}")
    if ended.returncode:
        pytest.fail(f"ended with {ended.returncode}; {last_seed(ended.stderr)}\n{ended.stderr[-3000:]}")
    return json.loads(ended.stdout.splitlines()[-1])


def last_seed(told: str) -> str:
    """The seed that was being tried."""
    return ([line for line in told.splitlines() if line.startswith("seed ")] or ["before the first seed"])[-1]


@pytest.mark.parametrize("first", range(0, LAST, EACH))
def test_generated_policies_are_decided_alike(first):
    """Fifty policies, ten dense sheets each: no crash, no hang and no difference, and every effect is among them."""
    seen = run("small", str(first), str(EACH), seconds=150)
    assert seen["policies"] == EACH
    assert seen["decisions"] > 5 * EACH
    assert [each for each in SHOWN if not seen.get(each)] == []


@pytest.mark.parametrize("seed", range(10))
def test_a_thousand_clauses_fire_at_once(seed):
    """A policy of 300 items and 1,000 clauses, every one of which fires on the sheet, is decided alike."""
    seen = run("large", str(seed), seconds=90)
    assert (seen["items"], seen["fired"], seen["decisions"]) == (300, 1000, 1)
    assert seen["veto"] == (seed % 4 == 0)
