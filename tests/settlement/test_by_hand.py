"""Changzhou's cap, worked by hand: floor(0.30 x N) places, a tied group goes in together or stays out together."""

import pytest

from rules import Cohort, LeftOut, method_of, settle, summary_data
from tests.settlement.cohorts import (
    CHANGZHOU,
    by_id,
    changzhou,
    cohort,
    finals,
    holders,
    made,
    money,
    policy_of,
    settled,
    unit,
)

POLICY = policy_of(CHANGZHOU)


def ranks(settlement):
    """The rank of each unit, by id."""
    return {name: row["rank"] for name, row in sorted(by_id(settlement).items())}


def test_one_unit_has_no_place():
    """30% of 1 is 0.3, so no place: the best and only unit is qualified, and is paid 10000 x 100%."""
    settlement = settled(changzhou(), cohort(POLICY, "98"), 10000)
    row = by_id(settlement)["a"]
    assert (row["grade"], row["final_grade"], row["rank"], row["capped"]) == ("excellent", "qualified", 1, True)
    assert row["subsidy"] == 10000
    assert settlement.places[0].room == 0


def test_three_units_have_no_place():
    """30% of 3 is 0.9, so no place, however good they are."""
    assert finals(settled(changzhou(), cohort(POLICY, "98 97 80"))) == "a=qualified b=qualified c=qualified"


def test_ten_units_have_three_places():
    """30% of 10 is 3 exactly: of five excellent units the best three stay, the next two become qualified."""
    settlement = settled(changzhou(), cohort(POLICY, "99 98 97 96 95 89.99 75 74.99 60 59.99"), 10000)
    assert finals(settlement) == (
        "a=excellent b=excellent c=excellent d=qualified e=qualified f=qualified g=qualified h=basic i=basic j=fail"
    )
    # 3 x 12000 + 4 x 10000
    assert summary_data(settlement)["total"]["subsidy"] == 76000
    assert [row["rank"] for row in by_id(settlement).values()] == list(range(1, 11))
    assert [name for name, row in by_id(settlement).items() if row["rectify"]] == ["h", "i", "j"]


def test_eleven_units_have_three_places_too():
    """30% of 11 is 3.3, so three places."""
    assert holders(settled(changzhou(), cohort(POLICY, "99 98 97 96 95 94 93 92 91 90 89"))) == "a b c"


def test_a_tied_group_that_does_not_fit_stays_out_and_so_does_everybody_below():
    """
    Ten units, three places: 99 takes one, 98 another; the two 97 need two where one is left.

    Both stay out, and 96 does not get the place that is left.
    """
    settlement = settled(changzhou(), cohort(POLICY, "99 98 97 97 96 80 80 80 80 80"))
    assert holders(settlement) == "a b"
    assert ranks(settlement) == {"a": 1, "b": 2, "c": 3, "d": 3, "e": 5, **dict.fromkeys("fghij", 6)}
    places = settlement.places[0]
    assert (places.room, places.candidates, places.admitted, places.last.rank) == (3, 5, 2, 2)


def test_a_tied_group_that_just_fits_goes_in():
    """Three places: 99, and the two 98 fill them exactly."""
    assert holders(settled(changzhou(), cohort(POLICY, "99 98 98 97 96 80 80 80 80 80"))) == "a b c"


def test_a_tied_group_at_the_edge_goes_in_whole_under_the_other_reading():
    """The same two 97 go in together, so four hold the grade where three places are; 96 stays out."""
    method = changzhou(cap_ties="group_goes_in")
    assert holders(settled(method, cohort(POLICY, "99 98 97 97 96 80 80 80 80 80"))) == "a b c d"


def test_a_tied_group_behind_full_places_stays_out_under_either_reading():
    """Three places and 99, 98, 97 in them: the two 96 find none left, so no group is at the edge."""
    for ties in ("whole_or_none", "group_goes_in"):
        method = changzhou(cap_ties=ties)
        assert holders(settled(method, cohort(POLICY, "99 98 97 96 96 80 80 80 80 80"))) == "a b c"


@pytest.mark.parametrize(("ties", "held"), [("whole_or_none", ""), ("group_goes_in", "a b c d e f g h i j")])
def test_ten_equal_units_stand_together(ties, held):
    """Ten times 95 and three places: nobody, or everybody."""
    assert holders(settled(changzhou(cap_ties=ties), cohort(POLICY, " ".join(["95"] * 10)))) == held


def test_all_vetoed():
    """Ten vetoed units have three places and nobody to take them; all are ordered to rectify, none has a rank."""
    settlement = settled(changzhou(), cohort(POLICY, "- " * 10), 10000)
    total = summary_data(settlement)["total"]
    assert (total["assessed"], total["scored"], total["vetoed"], total["rectify"], total["subsidy"]) == (
        10, 0, 10, 10, 0,
    )  # fmt: skip
    assert total["final_grades"] == {"excellent": 0, "qualified": 0, "basic": 0, "fail": 10}
    assert ranks(settlement) == dict.fromkeys("abcdefghij")
    assert settlement.places[0].room == 3


def test_vetoed_units_count_among_all():
    """Seven with a score and three vetoed are ten assessed: three places; 30% of seven would be two."""
    units = cohort(POLICY, "99 98 97 96 70 70 70 - - -")
    assert holders(settled(changzhou(), units)) == "a b c"
    assert holders(settled(changzhou(cap_denominator="scored"), units)) == "a b"


def test_units_left_out_count_among_all():
    """Nine sheets and one that was left out are ten: three places; the one that was left out gets nothing."""
    units = cohort(POLICY, "99 98 97 96 70 70 70 70 70")
    absent = LeftOut(unit(POLICY, "x", 0).unit, "community", ())
    settlement = settle(changzhou(), Cohort(units, [absent]), money(10000))
    assert holders(settlement) == "a b c"
    row = by_id(settlement)["x"]
    assert {row[key] for key in ("grade", "final_grade", "score", "rank", "subsidy")} == {None}
    assert (row["capped"], row["rectify"]) == (False, False)
    total = summary_data(settlement)["total"]
    assert (total["assessed"], total["scored"], total["left_out"]) == (10, 9, 1)
    # 3 x 12000 + 1 x 10000; the five of 70 points are basic
    assert total["subsidy"] == 46000
    scored = settle(changzhou(cap_denominator="scored"), Cohort(units, [absent]), money(10000))
    assert holders(scored) == "a b"


def test_nobody_but_units_left_out():
    """One unit, left out, is a settlement of nobody with a score."""
    absent = LeftOut(unit(POLICY, "x", 0).unit, "community", ())
    settlement = settle(changzhou(), Cohort([], [absent]))
    assert list(by_id(settlement)) == ["x"]
    assert [(each.assessed, each.left_out) for each in settlement.districts] == [(1, 1)]


@pytest.mark.parametrize("change", [("share: 30", "share: 0"), ("share: 30", "number: 0")])
def test_a_cap_of_nothing_lets_nobody_in(tmp_path, change):
    """Ten units and no place: all five that reach 90 become good, tied or not, whatever ties do."""
    policy = made(tmp_path, change)
    assert holders(settled(method_of(policy), cohort(policy, "99 99 97 96 90 80 80 80 80 80"))) == ""
    tied = made(tmp_path / "tied", change, ("ties: whole_or_none", "ties: group_goes_in"))
    assert holders(settled(method_of(tied), cohort(tied, "99 99 97 96 90 80 80 80 80 80"))) == ""


def test_more_places_than_candidates():
    """Three places and one excellent unit: it stays, and nobody is raised into the places that are left."""
    assert holders(settled(changzhou(), cohort(POLICY, "90 89.99 89 88 80 80 80 80 80 80"))) == "a"


def two_districts_and_two_standards():
    """
    新北区: communities 99 96, villages 95 94; 天宁区: communities 98 97 93, villages 92 91 90. Ten, all excellent.

    Anybody can reach 98 in a community and 96 in a village, so 94 of 96 is 97.91…% and 95 of 96 98.95…%; 99 and more
    than 96 are made up, as decisions that were given before may be.
    """
    return [
        *cohort(POLICY, "99 96", prefix="Nc", district="新北区", standard="community"),
        *cohort(POLICY, "95 94", prefix="Nv", district="新北", standard="village"),
        *cohort(POLICY, "98 97 93", prefix="Tc", district="天宁区", standard="community"),
        *cohort(POLICY, "92 91 90", prefix="Tv", district="天宁", standard="village"),
    ]


@pytest.mark.parametrize(
    ("cohort_of", "rooms", "held"),
    [
        # 新北区 4 units: 1.2 -> 1, it is 99. 天宁区 6 units: 1.8 -> 1, it is 98.
        ("district", [1, 1], "Nca Tca"),
        # 2, 2, 3 and 3 units: 0.6, 0.6, 0.9 and 0.9 -> no place anywhere.
        ("apart", [0, 0, 0, 0], ""),
        # The same places as by district; 99/98 and 98/98 lead.
        ("share", [1, 1], "Nca Tca"),
        # All ten: 3 places, for 99, 98 and 97.
        ("city", [3], "Nca Tca Tcb"),
    ],
)
def test_whom_the_cap_is_taken_of(cohort_of, rooms, held):
    """The same ten units under each reading of 总数."""
    settlement = settled(changzhou(cap_cohort=cohort_of), two_districts_and_two_standards())
    assert [each.room for each in settlement.places] == rooms
    assert holders(settlement) == held


def test_a_share_of_what_is_attainable_ranks_otherwise_than_the_score():
    """Four units, one place: 95 of a village's 96 (98.95…%) stand before 96 of a community's 98 (97.95…%)."""
    units = [
        *cohort(POLICY, "96 70", prefix="c", standard="community"),
        *cohort(POLICY, "95 70", prefix="v", standard="village"),
    ]
    assert holders(settled(changzhou(), units)) == "ca"
    by_share = settled(changzhou(cap_cohort="share"), units)
    assert holders(by_share) == "va"
    # 70 of 96 is more than 70 of 98.
    assert ranks(by_share) == {"va": 1, "ca": 2, "vb": 3, "cb": 4}


def test_equal_shares_of_two_standards_are_a_tie():
    """49 of 98 and 48 of 96 are both one half, so both have rank 1."""
    units = [unit(POLICY, "c", 49, standard="community"), unit(POLICY, "v", 48, standard="village")]
    assert ranks(settled(changzhou(cap_cohort="share"), units)) == {"c": 1, "v": 1}


def test_rounding_half_up():
    """30% of 5 is 1.5 and of 3 is 0.9: down to 1 and 0, or half up to 2 and 1; of 4 (1.2) it is 1 either way."""
    for scores, floor, half_up in (("99 98 97 80 80", 1, 2), ("99 98 97", 0, 1), ("99 98 97 80", 1, 1)):
        assert len(holders(settled(changzhou(), cohort(POLICY, scores))).split()) == floor
        rounded = settled(changzhou(cap_rounding="half_up"), cohort(POLICY, scores))
        assert len(holders(rounded).split()) == half_up


def test_an_advisory_cap_changes_no_grade():
    """Ten excellent units and three places: all stay excellent, seven are told that they are beyond."""
    settlement = settled(changzhou(excellent_cap="advisory"), cohort(POLICY, "99 98 97 96 95 94 93 92 91 90"), 10000)
    assert len(holders(settlement).split()) == 10
    places = summary_data(settlement)["caps"][0]
    assert (places["binding"], places["room"], places["admitted"], places["beyond"]) == ("advisory", 3, 3, 7)
    total = summary_data(settlement)["total"]
    assert (total["capped"], total["subsidy"]) == (0, 120000)


def test_districts_that_only_may_follow():
    """
    金坛市 has ten units of its own, of which 30% is three, and 新北区 one.

    Its subsidies (3 x 12000 + 7 x 10000) are told apart from the city's (10000); bound, they are part of it (116000).
    """
    units = [
        *cohort(POLICY, "99 98 97 96 95 94 93 92 91 90", prefix="J", district="金坛"),
        unit(POLICY, "N", 80, district="新北区"),
    ]
    total = summary_data(settled(changzhou(), units, 10000))["total"]
    assert (total["subsidy"], total["following_subsidy"]) == (10000, 106000)
    summary = summary_data(settled(changzhou(may_follow="bound"), units, 10000))
    assert (summary["total"]["subsidy"], summary["total"]["following_subsidy"]) == (116000, 0)
    assert [each["in_total"] for each in summary["districts"]] == [True, True]


def test_a_district_that_only_may_follow_is_settled_by_itself_where_the_cap_is_over_all():
    """
    新北区 with seven units and 金坛市 with three: 30% of seven is two, of three none.

    Bound, all ten stand in one ranking with three places.
    """
    units = [
        *cohort(POLICY, "95 94 93 92 80 80 80", prefix="N", district="新北区"),
        *cohort(POLICY, "99 98 80", prefix="J", district="金坛市"),
    ]
    apart = settled(changzhou(cap_cohort="city"), units)
    assert holders(apart) == "Na Nb"
    assert by_id(apart)["Na"]["rank"] == 1
    together = settled(changzhou(cap_cohort="city", may_follow="bound"), units)
    assert holders(together) == "Ja Jb Na"
    assert by_id(together)["Na"]["rank"] == 3


def test_several_caps_one_after_the_other(tmp_path):
    """
    Ten units: 20% may be excellent, 30% good.

    99 and 98 stay excellent; 97 and 96 become good and compete with 89 and 88 for three places of good: 97, 96 and 89
    take them, and 88 becomes qualified.
    """
    policy = made(
        tmp_path,
        ("share: 30", "share: 20"),
        ("subsidy:", "  - {grade: good, becomes: qualified, share: 30}\nsubsidy:"),
    )
    settlement = settled(method_of(policy), cohort(policy, "99 98 97 96 89 88 70 70 50 -"), 1000)
    assert finals(settlement) == (
        "a=excellent b=excellent c=good d=good e=good f=qualified g=qualified h=qualified i=fail j=fail"
    )
    assert [(each.candidates, each.admitted) for each in settlement.places] == [(4, 2), (4, 3)]
    assert summary_data(settlement)["total"]["subsidy"] == 2 * 1200 + 3 * 1000
    assert summary_data(settlement)["total"]["capped"] == 3


def test_a_unit_may_fall_under_both_caps(tmp_path):
    """Three units, one place for excellent and one for good: 99 is excellent, 98 good, and 97 falls to qualified."""
    policy = made(
        tmp_path,
        ("share: 30", "number: 1"),
        ("subsidy:", "  - {grade: good, becomes: qualified, number: 1}\nsubsidy:"),
    )
    settlement = settled(method_of(policy), cohort(policy, "99 98 97"))
    assert finals(settlement) == "a=excellent b=good c=qualified"
    assert [len(each.standings) for each in settlement.units] == [1, 2, 2]


def test_a_settlement_of_a_policy_without_caps_ranks_all_the_same(tmp_path):
    """Without a cap nobody is lowered, and the ranks are those of each district by score."""
    head, _, tail = (
        "caps:\n" + "  - grade: excellent\n    becomes: good\n    share: 30\n    per: district\n"
        "    standards: together\n    rank_by: score\n    binding: hard\n    ties: whole_or_none\n"
        "    rounding: floor\n    denominator: assessed\n"
    ).partition("\n")
    policy = made(tmp_path, (f"{head}\n{tail}", "caps: []\n"))
    units = [*cohort(policy, "99 98 98 70"), *cohort(policy, "60", prefix="w", district="西区")]
    settlement = settled(method_of(policy), units)
    assert holders(settlement) == "a b c"
    assert ranks(settlement) == {"a": 1, "b": 2, "c": 2, "d": 4, "wa": 1}
    assert settlement.places == ()
