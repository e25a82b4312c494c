"""Each field of a policy that acts on a cohort, changed alone: the same cohort is then settled otherwise."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rules import method_of, summary_data
from tests.settlement.cohorts import by_id, cohort, holders, made, settled


@cache
def method_with(*changes):
    """The plain method with these changes, loaded once."""
    with TemporaryDirectory() as directory:
        return method_of(made(Path(directory) / "policy", *changes))


def everybody(policy):
    """
    东区: urban 99 98 97 97 50 -, rural 96 95; 西区: urban 94 93, rural 92 91; 远县: urban 90 89.

    By places of 30%: 东区 has 8 units (2.4), 西区 4 (1.2), 远县 2 (0.6).
    """
    return [
        *cohort(policy, "99 98 97 97 50 -", prefix="Eu", district="东"),
        *cohort(policy, "96 95", prefix="Er", district="东区", standard="rural"),
        *cohort(policy, "94 93", prefix="Wu", district="西区"),
        *cohort(policy, "92 91", prefix="Wr", district="西区", standard="rural"),
        *cohort(policy, "90 89", prefix="Fu", district="远县"),
    ]


# What the plain method makes of them: 2, 1 and 0 places.
PLAIN = "Eua Eub Wua"


@pytest.mark.parametrize(
    ("change", "held"),
    [
        (None, PLAIN),
        # 50%: 4, 2 and 1 places; 97 and 97 fill the fourth of 东区 exactly.
        (("share: 30", "share: 50"), "Eua Eub Euc Eud Fua Wua Wub"),
        # A share need not be whole: 12.5% of 8 is 1, of 4 and 2 less than 1.
        (("share: 30", "share: 12.5"), "Eua"),
        # One place in each district.
        (("share: 30", "number: 1"), "Eua Fua Wua"),
        # The 12 units of 东区 and 西区: 3.6, so 3 places; two 97 do not fit beside 99 and 98. 远县 is by itself.
        (("per: district", "per: overall"), "Eua Eub"),
        # 东区 urban 6 (1.8 -> 1), rural 2 (0); 西区 urban 2 (0), rural 2 (0); 远县 0.
        (("standards: together", "standards: apart"), "Eua"),
        # 98 of 100 is more than 96 of 105, as before; in 西区 94 of 100 leads as before.
        (("rank_by: score", "rank_by: share"), PLAIN),
        # Nobody is lowered.
        (("binding: hard", "binding: advisory"), "Eua Eub Euc Eud Era Erb Fua Wra Wrb Wua Wub"),
        # No group is at an edge: 97 and 97 find the places full.
        (("ties: whole_or_none", "ties: group_goes_in"), PLAIN),
        # 2.4 -> 2, 1.2 -> 1, 0.6 -> 1.
        (("rounding: floor\n    denominator", "rounding: half_up\n    denominator"), "Eua Eub Fua Wua"),
        # 东区 has 7 with a score: 2.1 -> 2.
        (("denominator: assessed", "denominator: scored"), PLAIN),
        # 远县 keeps its own cap.
        (("may_follow: reported", "may_follow: bound"), PLAIN),
    ],
)
def test_a_field_changed_alone(change, held):
    """One cohort under the plain method and under each change of one field of the cap."""
    method = method_with(*([change] if change else []))
    settlement = settled(method, everybody(method.policy))
    assert " ".join(sorted(held.split())) == holders(settlement)


@pytest.mark.parametrize(
    ("change", "scores", "before", "after"),
    [
        # Three places of ten and two units at the edge of them.
        (("ties: whole_or_none", "ties: group_goes_in"), "99 98 97 97 70 70 70 70 70 70", "a b", "a b c d"),
        # 30% of ten is 3; of the nine with a score it is 2.
        (("denominator: assessed", "denominator: scored"), "99 98 97 70 70 70 70 70 70 -", "a b c", "a b"),
        # 30% of five is 1.5.
        (("rounding: floor\n    d", "rounding: half_up\n    d"), "99 98 97 70 70", "a", "a b"),
        # Nobody is lowered.
        (("binding: hard", "binding: advisory"), "99 98 97 70 70", "a", "a b c"),
    ],
)
def test_a_field_changed_alone_at_its_edge(change, scores, before, after):
    """For each field a cohort that it decides about."""
    for method, held in ((method_with(), before), (method_with(change), after)):
        assert holders(settled(method, cohort(method.policy, scores))) == held


def test_rank_by_share():
    """Of four units one place: rural 96 leads by score, but 95 of 100 (95%) leads by share before 96 of 105 (91.4%)."""
    for change, held in ((), "ra"), ((("rank_by: score", "rank_by: share"),), "ua"):
        method = method_with(*change)
        units = [
            *cohort(method.policy, "95 70", prefix="u"),
            *cohort(method.policy, "96 70", prefix="r", standard="rural"),
        ]
        assert holders(settled(method, units)) == held


def test_becomes():
    """Whoever does not fit gets the grade that the cap names, and its subsidy."""
    for change, becomes, subsidy in ((), "good", 1000), ((("becomes: good", "becomes: qualified"),), "qualified", 0):
        method = method_with(*change)
        row = by_id(settled(method, cohort(method.policy, "95"), 1000))["a"]
        assert (row["final_grade"], row["subsidy"]) == (becomes, subsidy)


def test_the_grade_that_is_capped():
    """A cap of another grade lowers those who hold that one."""
    method = method_with(("- grade: excellent\n    becomes: good", "- grade: good\n    becomes: qualified"))
    settlement = settled(method, cohort(method.policy, "99 88 87 70"))
    assert holders(settlement) == "a"
    assert holders(settlement, "good") == "b"
    assert holders(settlement, "qualified") == "c d"


def test_rectify():
    """Exactly the grades that the policy names are ordered to rectify, by the final grade."""
    scores = "95 85 65 50 -"
    for change, ordered in (
        ((), "d e"),
        ((("rectify: [fail]", "rectify: [qualified, fail]"),), "c d e"),
        ((("rectify: [fail]", "rectify: []"),), ""),
        # The best one has no place of five x 10%, becomes good, and good is ordered to rectify.
        ((("rectify: [fail]", "rectify: [good]"), ("share: 30", "share: 10")), "a b"),
    ):
        method = method_with(*change)
        settlement = settled(method, cohort(method.policy, scores))
        assert " ".join(name for name, row in by_id(settlement).items() if row["rectify"]) == ordered
        assert settlement.total.rectify == len(ordered.split())


@pytest.mark.parametrize(
    ("changes", "subsidies"),
    [
        # 333.33 x 120% = 399.996; x 100% = 333.33
        ((), ["400", "333.33", "333.33", "0", "0"]),
        (
            (("rounding: half_up\n  permitted", "rounding: floor\n  permitted"),),
            ["399.99", "333.33", "333.33", "0", "0"],
        ),
        # 333.33 x 62.5% = 208.33125, half up
        ((("qualified: {ratio: 0}", "qualified: {ratio: 62.5}"),), ["400", "333.33", "333.33", "208.33", "0"]),
        ((("fail: {ratio: 0}", "fail: {amount: 8000.50}"),), ["400", "333.33", "333.33", "0", "8000.5"]),
        # On top of what the grade is worth; two of rank 2 get the same.
        (
            (("by_rank: []", "by_rank: [{from: 1, to: 1, amount: 50.05}, {from: 2, to: 4, amount: 20}]"),),
            ["450.05", "353.33", "353.33", "20", "0"],
        ),
    ],
)
def test_subsidies(changes, subsidies):
    """Five units, one place (1.5): 95 stays excellent, two 92 become good; each field of the subsidy changed alone."""
    method = method_with(*changes)
    rows = by_id(settled(method, cohort(method.policy, "95 92 92 70 -"), "333.33"))
    assert [str(row["subsidy"]) for row in rows.values()] == subsidies


def test_may_follow():
    """Ten units in a district that only may follow: left out of the total, or in it."""
    for change, total, following, note in (
        ((), 0, 10600, True),
        ((("may_follow: reported", "may_follow: bound"),), 10600, 0, False),
    ):
        method = method_with(*change)
        units = cohort(method.policy, "99 98 97 96 95 94 93 92 91 90", district="远县")
        summary = summary_data(settled(method, units, 1000))
        assert (summary["total"]["subsidy"], summary["total"]["following_subsidy"]) == (total, following)
        assert summary["districts"][0]["subsidy"] == 10600
        assert (summary["districts"][0]["note"] is not None) is note


def test_bound():
    """A district that is bound counts in the total."""
    method = method_with(("{name: 远县, aliases: [], bound: false}", "{name: 远县, aliases: [], bound: true}"))
    assert settled(method, cohort(method.policy, "85", district="远县"), 1000).total.subsidy == 100000


def test_an_alias_is_the_same_district():
    """Units of 东 and of 东区 stand in one ranking."""
    method = method_with()
    units = [*cohort(method.policy, "99", prefix="x", district="东"), *cohort(method.policy, "98", district="东区")]
    settlement = settled(method, units)
    assert {name: (row["district"], row["rank"]) for name, row in by_id(settlement).items()} == {
        "xa": ("东区", 1),
        "a": ("东区", 2),
    }
    assert [each.assessed for each in settlement.districts] == [2]


def test_a_policy_without_districts_takes_any():
    """Where a policy names no district, every name is one, and they stand by name."""
    method = method_with(
        ("districts:\n", "districts: []\n"),
        ("  - {name: 东区, aliases: [东], bound: true}\n", ""),
        ("  - {name: 西区, aliases: [], bound: true}\n", ""),
        ("  - {name: 远县, aliases: [], bound: false}\n", ""),
    )
    units = [unit for name in "乙丙甲" for unit in cohort(method.policy, "99", prefix=name, district=name)]
    settlement = settled(method, units, 100)
    assert [each.district.name for each in settlement.districts] == sorted("甲乙丙")
    assert settlement.total.subsidy == 30000


def test_a_policy_without_subsidies():
    """Where a policy pays nothing, no subsidy is told, and the rest is settled."""
    method = method_with(
        ("subsidy:\n", ""),
        ("  average_standard: one_amount\n", ""),
        ("  by_grade: {excellent: {ratio: 120}, good: {ratio: 100}, qualified: {ratio: 0}, fail: {ratio: 0}}\n", ""),
        ("  by_rank: []\n", ""),
        ("  rounding: half_up\n  permitted_use: {zh: 用于工作经费, en: For working expenses}\n", ""),
    )
    settlement = settled(method, cohort(method.policy, "99 98 80 70"))
    assert holders(settlement) == "a"
    assert {row["subsidy"] for row in by_id(settlement).values()} == {None}
    summary = summary_data(settlement)
    assert (summary["permitted_use"], summary["total"]["subsidy"]) == (None, None)


def test_permitted_use():
    """What the money may be used for is said with the totals, as the policy has it."""
    method = method_with(("zh: 用于工作经费, en: For working expenses", "zh: 用于设备, en: For equipment"))
    assert summary_data(settled(method, cohort(method.policy, "70"), 1))["permitted_use"] == {
        "zh": "用于设备",
        "en": "For equipment",
    }
