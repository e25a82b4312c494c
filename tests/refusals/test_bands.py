"""Bands exclude each other: an overlap is refused exactly when some number lies in both bands."""

import os
from fractions import Fraction
from itertools import pairwise, product
from pathlib import Path

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from rules import PolicyRefused, load_policy
from tests.refusals.mutations import Change, spoiled, station

TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"
OLD = "{deduct: {of: complaints, above: 9, first: 0, every: 2, then: 0.5}}"

# (key of the lower bound, its value, key of the upper bound, its value); a key of None leaves that end open.
Band = tuple[str | None, Fraction, str | None, Fraction]


def written(band: Band) -> str:
    """The band as it stands in a policy file."""
    start, low, end, high = band
    ends = [f"{key}: {float(value):g}" for key, value in ((start, low), (end, high)) if key]
    return "{" + ", ".join([*ends, "points: 1"]) + "}"


def holds(band: Band, number: Fraction) -> bool:
    """Whether the number lies in the band, by the words of the format: above >, from >=, below <, to <=."""
    start, low, end, high = band
    over = {None: True, "above": number > low, "from": number >= low}[start]
    under = {None: True, "below": number < high, "to": number <= high}[end]
    return over and under


def witnesses(*bands: Band) -> list[Fraction]:
    """Numbers of which one lies wherever all bands meet: every bound, between two of them, and beyond them all."""
    bounds = sorted({bound for _, low, _, high in bands for bound in (low, high)})
    between = [(one + other) / 2 for one, other in pairwise(bounds)]
    return [bounds[0] - 1, *bounds, *between, bounds[-1] + 1]


def meet(*bands: Band) -> bool:
    """Whether one number lies in all bands."""
    return any(all(holds(band, number) for band in bands) for number in witnesses(*bands))


def refused(directory: Path, groups: list[tuple[Band, ...]]) -> list[set[tuple[str, str]]]:
    """For each group of bands, as a clause of its own, what is said about it: codes and English sentences."""
    indent = "\n          - "
    clauses = [f"{{deduct: {{of: complaints, bands: [{', '.join(map(written, group))}]}}}}" for group in groups]
    change: Change = station(OLD, indent.join(clauses))
    try:
        load_policy(spoiled((change,), directory))
    except PolicyRefused as found:
        problems = found.problems
    else:
        problems = ()
    # The clause that counts each complaint comes first.
    said: list[set[tuple[str, str]]] = [set() for _ in groups]
    for problem in problems:
        clause = int(problem.path.split("/clauses/")[1].split("/")[0]) - 1
        said[clause].add((problem.code, problem.message.en))
    return said


def overlap(first: int, second: int) -> tuple[str, str]:
    """Two bands overlap."""
    return "bands_overlap", f"band {first} and band {second} overlap: a value can be in both"


def empty(band: int) -> tuple[str, str]:
    """No number is in the band."""
    return "band_empty", f"no value can be in band {band}"


def expected(bands: tuple[Band, ...]) -> set[tuple[str, str]]:
    """What must be said about these bands, and nothing else."""
    pairs = [(one, other) for other in range(len(bands)) for one in range(other)]
    return {overlap(one + 1, other + 1) for one, other in pairs if meet(bands[one], bands[other])} | {
        empty(at + 1) for at, band in enumerate(bands) if not meet(band)
    }


NUMBERS = (Fraction(1), Fraction(2))
EVERY_BAND: list[Band] = [
    (start, low, end, high)
    for (start, low), (end, high) in product(
        [(None, Fraction(1)), *product(("above", "from"), NUMBERS)],
        [(None, Fraction(1)), *product(("below", "to"), NUMBERS)],
    )
    if start or end
]


@pytest.mark.parametrize("half", [0, 1])
def test_two_bands_overlap_exactly_when_a_number_lies_in_both(tmp_path, half):
    """Every kind of band against every other, touching, apart, crossing, open and empty."""
    pairs = list(product(EVERY_BAND, repeat=2))[half::2]
    said = refused(tmp_path / "policy", pairs)
    assert {pair: each for pair, each in zip(pairs, said, strict=True) if each != expected(pair)} == {}


decimals = st.integers(0, 40).map(lambda quarters: Fraction(quarters, 4))
bands = st.tuples(
    st.sampled_from([None, "above", "from"]), decimals, st.sampled_from([None, "below", "to"]), decimals
).filter(lambda band: band[0] or band[2])


# Not shrunk: the test above already has the smallest pairs, and each try reads a whole policy.
@settings(max_examples=200 if TEST_ALL else 10, phases=[Phase.explicit, Phase.generate])
@given(groups=st.lists(st.lists(bands, min_size=1, max_size=5).map(tuple), min_size=10, max_size=20))
def test_any_number_of_bands_is_compared_pair_by_pair(tmp_path_factory, groups):
    """Each pair that shares a number is named, and no other pair, with decimals as with whole numbers."""
    said = refused(tmp_path_factory.mktemp("bands") / "policy", groups)
    assert said == [expected(tuple(group)) for group in groups]
