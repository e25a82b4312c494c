"""A sample that anybody can draw again: by strata, in the order of a hash, whatever the order of the input."""

from fractions import Fraction
from hashlib import sha256
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import CohortRefused, Draw, Posted, sample, sample_data

BY = ("district", "standard", "grade")
seeds = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=9)
ids = st.text(st.characters(codec="utf-8", categories=("L", "N")), min_size=1, max_size=6)
cohorts = st.dictionaries(
    ids,
    st.tuples(st.sampled_from(("新北区", "天宁区")), st.sampled_from(("a", "b")), st.sampled_from(("good", "bad"))),
    min_size=1,
    max_size=40,
)
shares = st.fractions(Fraction(1, 100), 100)


def decision(unit, district, standard, grade):
    """A decision as far as a sample looks at it."""
    return {"unit": {"id": unit, "district": district}, "standard": standard, "grade": grade}


def posted(cohort):
    """The decisions of a cohort, each at its id."""
    return [Posted(unit, decision(unit, *key)) for unit, key in cohort.items()]


def drawn(cohort, seed, share=None, number=None, by=BY):
    """The ids that are drawn, by stratum."""
    found = sample(Draw(seed, by, share, number), posted(cohort) if isinstance(cohort, dict) else cohort)
    return {stratum.key: [unit.id for unit in stratum.drawn] for stratum in found.strata}


def by_hand(cohort, seed, size):
    """The same, worked out by sorting hashes; `size` says how many of so many."""
    strata = {}
    for unit, key in cohort.items():
        strata.setdefault(key, []).append(unit)
    order = {unit: sha256(seed.encode() + b"\0" + unit.encode()).digest() for unit in cohort}
    return {key: sorted(units, key=order.__getitem__)[: size(len(units))] for key, units in sorted(strata.items())}


@given(cohorts, seeds, shares)
def test_a_share_is_half_up_of_each_stratum_and_at_least_one(cohort, seed, share):
    """Each stratum gives the nearest whole number of its share, in the order of the hashes."""

    def size(units):
        exact = units * share / 100
        whole = exact.numerator // exact.denominator
        return max(1, whole + (exact - whole >= Fraction(1, 2)))

    found = drawn(cohort, seed, share=share)
    assert found == by_hand(cohort, seed, size)
    assert list(found) == sorted(found)


@given(cohorts, seeds, st.integers(1, 9))
def test_a_number_is_drawn_from_each_stratum(cohort, seed, number):
    """So many of each stratum, or all of one that has fewer."""
    assert drawn(cohort, seed, number=number) == by_hand(cohort, seed, lambda units: min(number, units))


@given(cohorts, seeds, shares, st.randoms(use_true_random=False))
def test_the_order_of_the_input_never_matters(cohort, seed, share, rng: Random):
    """A shuffled file gives the same lines in the same order."""
    shuffled = posted(cohort)
    rng.shuffle(shuffled)
    assert drawn(shuffled, seed, share=share) == drawn(cohort, seed, share=share)


@given(cohorts, seeds, shares, shares)
def test_a_larger_share_holds_the_smaller_one(cohort, seed, one, other):
    """Whoever wants more later keeps what was drawn already."""
    fewer, more = (drawn(cohort, seed, share=share) for share in sorted((one, other)))
    assert all(more[key][: len(units)] == units for key, units in fewer.items())


@given(cohorts, seeds, shares, ids)
def test_a_unit_more_changes_only_its_own_stratum(cohort, seed, share, unit):
    """The other strata are drawn as before."""
    key = cohort.pop(unit, ("新北区", "a", "good"))
    others = {each: units for each, units in drawn({**cohort, unit: key}, seed, share=share).items() if each != key}
    assert not cohort or others == {k: units for k, units in drawn(cohort, seed, share=share).items() if k != key}


def test_another_seed_draws_others():
    """Of a thousand units two seeds do not draw the same ten, nor does a seed draw the first ones."""
    cohort = {f"U{at:04}": ("新北区", "a", "good") for at in range(1000)}
    one, other = (drawn(cohort, seed, number=10)["新北区", "a", "good"] for seed in ("2012", "2013"))
    assert set(one) != set(other)
    assert set(one) != set(list(cohort)[:10])


def test_a_known_sample():
    """The order is that of `printf` SEED, NUL, ID `| sha256sum`, so it never changes unnoticed."""
    cohort = dict.fromkeys(("XB-001", "XB-101", "XB-106", "XB-112"), ("新北区", "a", "good"))
    assert drawn(cohort, "2012", number=4)["新北区", "a", "good"] == ["XB-101", "XB-106", "XB-112", "XB-001"]


def test_fewer_keys_make_fewer_strata_and_none_makes_one():
    """A stratum is told apart by the named keys alone."""
    cohort = {"A": ("x", "a", "good"), "B": ("x", "b", "bad"), "C": ("y", "a", "good")}
    assert list(drawn(cohort, "s", number=1, by=("standard", "district"))) == [("a", "x"), ("a", "y"), ("b", "x")]
    assert len(drawn(cohort, "s", number=9, by=())[()]) == 3


def test_the_final_grade_of_a_settlement_counts():
    """A unit that the cap took out of its grade stands among those of its final one, and its district is settled."""
    line = {**decision("A", "新北", "a", "excellent"), "final_grade": "qualified", "district": "新北区"}
    absent = {**decision("B", "新北", "a", None), "final_grade": None, "district": "新北区"}
    found = drawn([Posted("1:", line), Posted("2:", absent)], "s", number=1)
    assert found == {("新北区", "a", "qualified"): ["A"], ("新北区", "a", None): ["B"]}


def test_the_summary_is_enough_to_draw_again():
    """Seed, keys and size are in it, and a hash that shows whether two people have the same units."""
    cohort = dict.fromkeys(("B", "A", "C"), ("新北区", "a", "good"))
    data = sample_data(sample(Draw("2012", BY, Fraction(25, 2), None), posted(cohort)))
    assert (data["seed"], data["by"], data["share"], data["number"]) == ("2012", list(BY), "12.5", None)
    assert (data["units"], data["drawn"]) == (3, 1)
    (stratum,) = data["strata"]
    assert stratum["population"] == sha256(b"A\nB\nC\n").hexdigest()
    assert stratum["units"] == drawn(cohort, "2012", number=1)["新北区", "a", "good"]
    again = Draw(data["seed"], tuple(data["by"]), Fraction(data["share"]), data["number"])
    assert sample_data(sample(again, reversed(posted(cohort)))) == data


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], [("sample_empty", "")]),
        ([None], [("value_bad", "1:")]),
        ([{"standard": "a", "grade": "good"}], [("key_missing", "1:/unit")]),
        ([decision("A", None, "a", "good")], [("stratum_unknown", "1:/unit/district")]),
        (
            [{"unit": {"id": "A", "district": "x"}, "facts": {}}],
            [("stratum_unknown", "1:/standard"), ("stratum_unknown", "1:/grade")],
        ),
        ([decision("A", "x", "a", {"worst": "fail", "best": "good"})], [("value_bad", "1:/grade")]),
        (
            [decision("A", "x", "a", "good"), decision("B", "x", "a", "good"), decision("A", "y", "a", "good")],
            [("unit_twice", "3:/unit/id")],
        ),
    ],
)
def test_what_cannot_be_drawn_from_is_refused_by_name(lines, expected):
    """Every line that lacks a key or a unit, and every unit that is there twice, is named with its place."""
    with pytest.raises(CohortRefused) as refused:
        sample(Draw("s", BY, None, 1), [Posted(f"{at}:", line) for at, line in enumerate(lines, 1)])
    assert [(each.code, each.path) for each in refused.value.problems] == expected


@pytest.mark.parametrize("seed", ["", " ", "a\0b", "a\nb", "\ud800", "x" * 201])
def test_a_seed_that_nobody_could_write_down_is_refused(seed):
    """A seed is to be printed in a record and typed again."""
    with pytest.raises(CohortRefused) as refused:
        sample(Draw(seed, (), None, 1), [Posted("1:", decision("A", "x", "a", "good"))])
    assert [each.path for each in refused.value.problems] == ["/seed"]
