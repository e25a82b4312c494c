"""What each unit is told: its rank and score, the places, the last one in, ties, and what follows."""

import pytest

from rules import Cohort, LeftOut, method_of, settle, summary_data
from tests.settlement.cohorts import CHANGZHOU, by_id, changzhou, cohort, made, policy_of, settled, unit

POLICY = policy_of(CHANGZHOU)


def said(settlement, name):
    """The sentence about a unit, in both languages."""
    because = by_id(settlement)[name]["because"]
    return because["zh"], because["en"]


def test_who_is_within_the_places():
    """Rank, score, places and of what they are a share, and how the subsidy is worked out."""
    settlement = settled(changzhou(), cohort(POLICY, "98 80 70 -"), 10000)
    zh, en = said(settlement, "a")
    assert zh == (
        "98 分，第 1 名；新北区“优秀”名额 1 个（被考核的 4 个单位的 30%），在名额之内；"
        "最终等次“优秀”，补贴 10000 × 120% = 12000 元"
    )
    assert en == (
        "98 points, rank 1; 新北区 has 1 place for excellent (30% of 4 units assessed), it is within them; "
        "the final grade is excellent, the subsidy is 10000 × 120% = 12000 CNY"
    )


def test_who_comes_after_the_last_one_in():
    """Who finds the places full is told up to which rank and score they reached."""
    settlement = settled(changzhou(), cohort(POLICY, "98.5 97 96 95 94 93 92"))
    zh, en = said(settlement, "d")
    assert zh == (
        "95 分，第 4 名；新北区“优秀”名额 2 个（被考核的 7 个单位的 30%），已由名次更前的单位占满，"
        "入围至第 2 名（97 分），“优秀”定为“合格”；最终等次“合格”"
    )
    assert en == (
        "95 points, rank 4; 新北区 has 2 places for excellent (30% of 7 units assessed), "
        "and units ranked above took them all, the last ones in are rank 2 (97 points), "
        "so excellent becomes qualified; the final grade is qualified"
    )


def test_who_is_tied_at_the_edge():
    """A tied group that does not fit is told how many places were left and how many they are."""
    settlement = settled(changzhou(), cohort(POLICY, "99 98 97 97 96 80 80 80 80 80"))
    for name in "cd":
        zh, en = said(settlement, name)
        assert "第 3 名；" in zh
        assert "余 1 个，容不下并列的 2 个，一并不进，入围至第 2 名（98 分），“优秀”定为“合格”" in zh
        assert "the 1 left cannot hold the 2 tied units, which stay out together" in en
        assert "the last ones in are rank 2 (98 points)" in en


def test_who_comes_after_a_tied_group_that_did_not_fit():
    """Whoever stands behind such a group is told that nobody lower goes in, though a place is left."""
    zh, en = said(settled(changzhou(), cohort(POLICY, "99 98 97 97 96 80 80 80 80 80")), "e")
    assert "前面并列的一组容不下，其后不再递补，入围至第 2 名（98 分）" in zh
    assert "a tied group above did not fit, and nobody lower goes in, the last ones in are rank 2 (98 points)" in en


def test_who_goes_in_over_the_places():
    """A tied group that goes in as a whole is told so, and who comes behind it that the places are full."""
    settlement = settled(changzhou(cap_ties="group_goes_in"), cohort(POLICY, "99 98 97 97 96 80 80 80 80 80"))
    zh, en = said(settlement, "c")
    assert "名额边上并列的 2 个一并进入；最终等次“优秀”" in zh
    assert "the 2 units tied at the edge go in together; the final grade is excellent" in en
    zh, en = said(settlement, "e")
    assert "已由名次更前的单位占满，入围至第 3 名（97 分）" in zh
    assert "units ranked above took them all, the last ones in are rank 3 (97 points)" in en


def test_where_there_is_no_place():
    """Without any place nobody is the last one in."""
    zh, en = said(settled(changzhou(), cohort(POLICY, "98")), "a")
    assert zh == (
        "98 分，第 1 名；新北区“优秀”名额 0 个（被考核的 1 个单位的 30%），没有名额，“优秀”定为“合格”；最终等次“合格”"
    )
    assert en == (
        "98 points, rank 1; 新北区 has 0 places for excellent (30% of 1 unit assessed), and nobody goes in, "
        "so excellent becomes qualified; the final grade is qualified"
    )


def test_an_advisory_cap_says_that_the_grade_stays():
    """Who is beyond an advisory cap is told so, and keeps the grade."""
    zh, en = said(settled(changzhou(excellent_cap="advisory"), cohort(POLICY, "98")), "a")
    assert "没有名额，只作提示，等次不变；最终等次“优秀”" in zh
    assert "which is only reported; the grade stays; the final grade is excellent" in en


def test_a_rank_by_share_says_of_what():
    """Where 96 points stand behind 95, the sentence says of how many points each is."""
    units = [
        *cohort(POLICY, "96 70", prefix="c", standard="community"),
        *cohort(POLICY, "95 70", prefix="v", standard="village"),
    ]
    zh, en = said(settled(changzhou(cap_cohort="share"), units), "ca")
    assert zh.startswith("96/98 分，第 2 名；")
    assert "入围至第 1 名（95/96 分）" in zh
    assert en.startswith("96 of 98 points, rank 2; ")
    assert "the last ones in are rank 1 (95 of 96 points)" in en


def test_a_cap_over_all_districts_and_one_of_a_standard_say_so():
    """The sentence names the cohort that the places are of."""
    zh, en = said(settled(changzhou(cap_cohort="city"), cohort(POLICY, "98 70 70 70")), "a")
    assert "全市“优秀”名额 1 个" in zh
    assert "all districts together has 1 place" in en
    zh, en = said(settled(changzhou(cap_cohort="apart"), cohort(POLICY, "98 70 70 70", standard="village")), "a")
    assert "新北区（village）“优秀”名额 1 个" in zh
    assert "新北区 (village) has 1 place" in en


def test_a_share_of_those_with_a_score_says_so():
    """The denominator is named."""
    zh, en = said(settled(changzhou(cap_denominator="scored"), cohort(POLICY, "98 70 70 70 -")), "a")
    assert "（进入分值测评的 4 个单位的 30%）" in zh
    assert "(30% of 4 units scored)" in en


def test_a_number_of_places_is_no_share(tmp_path):
    """A cap by number says the number alone."""
    policy = made(tmp_path, ("share: 30", "number: 2"))
    settlement = settled(method_of(policy), cohort(policy, "98"))
    zh, en = said(settlement, "a")
    assert "东区“优秀”名额 2 个，在名额之内" in zh
    assert "东区 has 2 places for excellent, it is within them" in en
    assert summary_data(settlement)["caps"][0]["share"] is None


@pytest.mark.parametrize(
    ("vetoes", "zh", "en"),
    [(("2",), "第 2 项", "item 2"), (("2", "5"), "第 2、5 项", "items 2, 5")],
)
def test_a_vetoed_unit_is_told_why_it_has_no_rank(vetoes, zh, en):
    """Every failed item is named, and that the unit is ordered to rectify."""
    settlement = settled(changzhou(), [unit(POLICY, "a", None, vetoes=vetoes)], 10000)
    assert said(settlement, "a") == (
        f"{zh}一票否决，不参与排名；最终等次“不合格”，补贴 0 元，责令整改",
        f"vetoed by {en}, so it has no rank; the final grade is fail, the subsidy is 0 CNY, it is ordered to rectify",
    )


def test_a_unit_that_is_no_candidate_is_told_of_no_places():
    """The cap does not concern a unit of another grade."""
    assert said(settled(changzhou(), cohort(POLICY, "74.99"), 1), "a") == (
        "74.99 分，第 1 名；最终等次“基本合格”，补贴 0 元，责令整改",
        "74.99 points, rank 1; the final grade is basic, the subsidy is 0 CNY, it is ordered to rectify",
    )


def test_a_subsidy_of_several_parts_says_each(tmp_path):
    """What the grade and what the rank is worth are told apart."""
    policy = made(tmp_path, ("by_rank: []", "by_rank: [{from: 1, to: 3, amount: 50000}]"), ("share: 30", "number: 1"))
    zh, en = said(settled(method_of(policy), cohort(policy, "98"), "1000.50"), "a")
    # 1000.50 x 120% = 1200.60
    assert zh.endswith("补贴 1000.5 × 120% + 名次奖补 50000 = 51200.6 元")
    assert en.endswith("the subsidy is 1000.5 × 120% + 50000 for the rank = 51200.6 CNY")


def test_each_of_two_caps_is_told_and_a_rank_that_differs(tmp_path):
    """
    Two caps over different cohorts: the rank in the second one is said where it is another.

    In 东区 98 has rank 2, over all districts rank 3; one place for excellent each, and one for good overall.
    """
    policy = made(
        tmp_path,
        ("share: 30", "number: 1"),
        ("subsidy:", "  - {grade: good, becomes: qualified, number: 1, per: overall}\nsubsidy:"),
    )
    units = [*cohort(policy, "99.5 98"), *cohort(policy, "99 98.5", prefix="w", district="西区")]
    settlement = settled(method_of(policy), units)
    assert [by_id(settlement)[name]["final_grade"] for name in ("a", "b", "wa", "wb")] == [
        "excellent", "qualified", "excellent", "good",
    ]  # fmt: skip
    zh, en = said(settlement, "b")
    assert zh == (
        "98 分，第 2 名；东区“优秀”名额 1 个，已由名次更前的单位占满，入围至第 1 名（99.5 分），“优秀”定为“良好”；"
        "全市“良好”名额 1 个，在其中第 4 名，已由名次更前的单位占满，入围至第 3 名（98.5 分），“良好”定为“合格”；"
        "最终等次“合格”"
    )
    assert en == (
        "98 points, rank 2; 东区 has 1 place for excellent, and units ranked above took them all, "
        "the last ones in are rank 1 (99.5 points), so excellent becomes good; "
        "all districts together has 1 place for good, "
        "among whom it has rank 4, and units ranked above took them all, the last ones in are rank 3 (98.5 points), "
        "so good becomes qualified; the final grade is qualified"
    )


def test_a_unit_left_out_is_told_so():
    """A unit that was left out says so, and its problems stand beside it."""
    absent = LeftOut(unit(POLICY, "x", 0).unit, "community", ())
    row = by_id(settle(changzhou(), Cohort([], [absent])))["x"]
    assert row["because"] == {
        "zh": "评估表不能评定，按要求不评",
        "en": "its sheet cannot be scored and was left out on request",
    }
    assert row["problems"] == []


def test_the_summary_says_who_was_the_last_one_in():
    """Rank, scores and units of the last group that went in; of two standards there may be two scores of one share."""
    settlement = settled(
        changzhou(cap_cohort="share"),
        [
            unit(POLICY, "c", "93.1", standard="community"),
            unit(POLICY, "v", "91.2", standard="village"),
            *cohort(POLICY, "70 70 70 70 70", prefix="z"),
        ],
    )
    # 93.10 of 98 and 91.20 of 96 are both 95%; 7 x 30% are two places.
    last = summary_data(settlement)["caps"][0]["last"]
    assert (last["rank"], [str(score) for score in last["score"]], last["units"]) == (1, ["93.1", "91.2"], ["c", "v"])
