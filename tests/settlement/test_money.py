"""Subsidies to the fen, and what a pool makes the average standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import Cohort, Money, method_of, settle, summary_data
from tests.settlement.cohorts import CHANGZHOU, YUNZHOU, by_id, changzhou, cohort, made, policy_of, settled, unit

POLICY = policy_of(CHANGZHOU)


@pytest.mark.parametrize(
    ("average", "excellent"),
    # x 120%: 0.01 -> 0.012, 0.04 -> 0.048, 0.03 -> 0.036, 10000.13 -> 12000.156
    [("0.01", "0.01"), ("0.04", "0.05"), ("0.03", "0.04"), ("10000.13", "12000.16"), ("0", "0")],
)
def test_the_subsidy_of_an_excellent_unit_is_rounded_half_up_to_the_fen(average, excellent):
    """120% of the average standard, exactly, and then to the fen."""
    rows = by_id(settled(changzhou(excellent_cap="advisory"), cohort(POLICY, "95 80 70"), average))
    assert [str(rows[name]["subsidy"]) for name in "abc"] == [excellent, average, "0"]


def test_half_a_fen_goes_up_or_down_as_the_policy_says(tmp_path):
    """0.01 x 50% is half a fen: 0.01 half up, 0 by floor."""
    half = ("qualified: {ratio: 0}", "qualified: {ratio: 50}")
    for change, subsidy in ((), "0.01"), ((("rounding: half_up\n  p", "rounding: floor\n  p"),), "0"):
        policy = made(tmp_path / subsidy, half, *change)
        assert str(by_id(settled(method_of(policy), cohort(policy, "70"), "0.01"))["a"]["subsidy"]) == subsidy


def test_without_money_no_subsidy_is_told():
    """An average standard that was not given is not zero."""
    settlement = settled(changzhou(), cohort(POLICY, "95 80 70 -"))
    assert {row["subsidy"] for row in by_id(settlement).values()} == {None}
    summary = summary_data(settlement)
    assert (summary["average_standard"], summary["pool"], summary["total"]["subsidy"]) == (None, None, None)


def test_yunzhou_pays_by_grade_and_by_rank():
    """
    Yunzhou pays amounts: 30000, 20000, 8000.50 and nothing; the first three 50000 and the next seven 20000 on top.

    Ranks are city-wide, by score of what is attainable (urban 100, rural 105): 99%, 98%, then two of 96% (96 and
    100.80), a place is then left out, and 90% is fifth.
    """
    policy = policy_of(YUNZHOU)
    method = method_of(policy)
    units = [
        unit(policy, "a", 99, district="云东区", standard="urban"),
        unit(policy, "b", 98, district="云西区", standard="urban"),
        unit(policy, "c", 96, district="青山县", standard="urban"),
        unit(policy, "d", "100.8", district="云东区", standard="rural"),
        unit(policy, "e", "94.5", district="云东区", standard="rural"),
        unit(policy, "f", 85, district="云西区", standard="urban"),
        unit(policy, "g", 65, district="云西区", standard="urban"),
        *(unit(policy, f"h{at}", 60, district="青山县", standard="urban") for at in range(4)),
        unit(policy, "z", None, district="云东区", standard="urban"),
    ]
    rows = by_id(settled(method, units))
    said = {name: (row["rank"], str(row["subsidy"])) for name, row in rows.items()}
    assert said == {
        "a": (1, "80000"),
        "b": (2, "80000"),
        "c": (3, "80000"),
        "d": (3, "80000"),
        "e": (5, "50000"),
        "f": (6, "40000"),
        "g": (7, "28000.5"),
        **{f"h{at}": (8, "28000.5") for at in range(4)},
        "z": (None, "0"),
    }
    # 4 x 80000 + 50000 + 40000 + 5 x 28000.50
    assert settled(method, units).total.subsidy == 55000250


def test_amounts_for_each_standard():
    """Under by_standard each standard is paid by its own average standard."""
    method = changzhou(average_standard="by_standard")
    units = [unit(POLICY, "c", 80, standard="community"), unit(POLICY, "v", 80, standard="village")]
    settlement = settled(method, units, {"community": 1000, "village": 700})
    assert {name: row["subsidy"] for name, row in by_id(settlement).items()} == {"c": 1000, "v": 700}
    assert summary_data(settlement)["average_standard"] == {"community": 1000, "village": 700}


def test_an_amount_is_needed_only_for_the_standards_that_are_there():
    """Where only communities are settled, no amount for villages is asked for."""
    method = changzhou(average_standard="by_standard")
    settlement = settled(method, [unit(POLICY, "c", 80, standard="community")], {"community": 1000})
    assert settlement.total.subsidy == 100000


def test_a_pool_divided_by_the_units():
    """
    Under the reading `pool` the average standard is the pool by the number of units, down to the fen.

    1000 by 3 is 333.33; one unit is qualified (333.33) and two are paid nothing.
    """
    settlement = settled(changzhou(average_standard="pool"), cohort(POLICY, "80 70 -"), pool=1000)
    summary = summary_data(settlement)
    assert str(summary["average_standard"]) == "333.33"
    assert {key: str(amount) for key, amount in summary["pool"].items()} == {
        "amount": "1000",
        "spent": "333.33",
        "left": "666.67",
    }


def test_a_pool_by_units_that_does_not_suffice_says_what_lacks():
    """Three excellent of ten get 120%: 10 units and 1000 make 100 each, 3 x 120 + 7 x 100 = 1060, so 60 are lacking."""
    method = changzhou(average_standard="pool")
    settlement = settled(method, cohort(POLICY, "99 98 97 80 80 80 80 80 80 80"), pool=1000)
    assert summary_data(settlement)["pool"] == {"amount": 1000, "spent": 1060, "left": -60}


def test_a_pool_instead_of_an_average_standard():
    """
    The same ten units and 1000: 10.6 average standards are 1000, so 94.33 each.

    Three get 113.196, so 113.20, and seven 94.33: 339.60 + 660.31 = 999.91. At 94.34 it would be 113.208 -> 113.21,
    339.63 + 660.38 = 1000.01, a fen too much.
    """
    settlement = settled(changzhou(), cohort(POLICY, "99 98 97 80 80 80 80 80 80 80"), pool=1000)
    summary = summary_data(settlement)
    assert str(summary["average_standard"]) == "94.33"
    assert {key: str(amount) for key, amount in summary["pool"].items()} == {
        "amount": "1000",
        "spent": "999.91",
        "left": "0.09",
    }


def test_a_pool_pays_only_those_who_are_paid_by_the_city():
    """A district that only may follow shows what it would pay by the same average standard; the pool is not for it."""
    units = [unit(POLICY, "N", 80), *cohort(POLICY, "80 80 80", district="金坛市")]
    settlement = settled(changzhou(), units, pool=500)
    summary = summary_data(settlement)
    assert (summary["average_standard"], summary["total"]["subsidy"]) == (500, 500)
    assert summary["total"]["following_subsidy"] == 1500
    assert summary["pool"] == {"amount": 500, "spent": 500, "left": 0}


def test_a_pool_that_nobody_is_paid_from_is_left():
    """Where nobody's subsidy hangs on an average standard, none is told, nobody gets anything, and the pool is left."""
    settlement = settled(changzhou(), cohort(POLICY, "70 50 -"), pool=500)
    summary = summary_data(settlement)
    assert summary["average_standard"] is None
    assert [row["subsidy"] for row in by_id(settlement).values()] == [0, 0, 0]
    assert summary["pool"] == {"amount": 500, "spent": 0, "left": 500}


def test_fixed_amounts_are_paid_first(tmp_path):
    """Of 1000, a fixed amount of 300 and 50 for the first rank are paid; the 650 left are one average standard."""
    policy = made(
        tmp_path,
        ("qualified: {ratio: 0}", "qualified: {amount: 300}"),
        ("by_rank: []", "by_rank: [{from: 1, to: 1, amount: 50}]"),
    )
    settlement = settled(method_of(policy), cohort(policy, "85 70 -"), pool=1000)
    rows = by_id(settlement)
    assert summary_data(settlement)["average_standard"] == 650
    assert [rows[name]["subsidy"] for name in "abc"] == [700, 300, 0]


RATIOS = "{ratio: 120}, good: {ratio: 100}, qualified: {ratio: 0}"
# In percent; the fewer a grade has, the more average standards are the same subsidy.
ODD_RATIOS = "{ratio: 33.3}, good: {ratio: 7}, qualified: {amount: 0.05}"


@pytest.fixture(scope="module")
def methods(tmp_path_factory):
    """Methods whose pools are searched: each rounding, plain and odd ratios, with an amount for a rank."""
    return [
        method_of(
            made(
                tmp_path_factory.mktemp("pools") / "policy",
                ("rounding: half_up\n  p", f"rounding: {rounding}\n  p"),
                (RATIOS, ratios),
                ("by_rank: []", "by_rank: [{from: 2, to: 3, amount: 0.02}]"),
            )
        )
        for rounding in ("half_up", "floor")
        for ratios in (RATIOS, ODD_RATIOS)
    ]


@given(data=st.data())
def test_no_larger_average_standard_can_be_paid_from_the_pool(methods, data):
    """The average standard that a pool gives is what trying every amount, fen by fen, finds to be the largest."""
    method = data.draw(st.sampled_from(methods))
    scores = data.draw(st.lists(st.sampled_from(["95", "92", "85", "70", "50", "-"]), min_size=1, max_size=6))
    # Six amounts of 5 and five of 2 for a rank are 40; 7% of 1000 fen, the largest amount tried, is 70.
    pool = data.draw(st.integers(40, 69))
    settlement = settle(method, Cohort(cohort(method.policy, " ".join(scores))), Money(pool=pool))
    fixed = sum(
        method.subsidy.amounts.get(each.final.key, 0) + (2 if each.rank in (2, 3) else 0) for each in settlement.units
    )
    # In tenths of a percent, so that everything is whole.
    ratios = [int(method.subsidy.ratios.get(each.final.key, 0) * 10) for each in settlement.units]
    half = 500 if method.subsidy.rounding == "half_up" else 0

    def spent(average):
        return fixed + sum((average * ratio + half) // 1000 for ratio in ratios)

    average = settlement.average.by_standard["urban"]
    if average is None:
        assert not any(ratios)
        assert settlement.total.subsidy == fixed
        return
    assert average == max(each for each in range(1000) if spent(each) <= pool)
    assert settlement.total.subsidy == spent(average) <= pool
