"""Every reading with where it acts, and what each alternative would change on given sheets."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from rules import CohortRefused, Evaluator, Money, Posted, Problems, Scorer, SheetRefused, reading_rows
from service.jsonlines import read_lines
from tests.agreement.agreement import CHANGZHOU, ROOT, SHIPPED, shipped_policy
from tests.strategies import Dense

YEAR = shipped_policy(CHANGZHOU)


def samples():
    """The shipped sample sheets of both standards."""
    found = []
    for standard in YEAR.tables:
        with (ROOT / CHANGZHOU / "samples" / f"{standard}.jsonl").open("rb") as stream:
            found += [line.value for line in read_lines(stream)]
    return found


def changed(sheet, **facts):
    """The sheet with other facts."""
    return {**sheet, "facts": {**sheet["facts"], **facts}}


def rows_of(sheets=None, policy=YEAR, **options):
    """The rows by reading and alternative."""
    posted = None if sheets is None else [Posted(f"{at}:", each) for at, each in enumerate(sheets, 1)]
    rows = reading_rows(policy, posted, **options)
    return {(row["reading"], row["alternative"] and row["alternative"]["choice"]): row for row in rows}


def effect_of(reading, choice, sheets, **options):
    """What one alternative changes."""
    return rows_of(sheets, **options)[reading, choice]["effect"]


@pytest.mark.parametrize("directory", SHIPPED)
def test_every_reading_is_listed_with_every_alternative(directory):
    """In the order of the policy, with its words; one without an alternative has one row."""
    policy = shipped_policy(directory)
    rows = reading_rows(policy)
    expected = [
        (reading.key, choice)
        for reading in policy.readings.values()
        for choice in ([each for each in reading.choices if each != reading.default] or [None])
    ]
    assert [(row["reading"], row["alternative"] and row["alternative"]["choice"]) for row in rows] == expected
    for row in rows:
        reading = policy.readings[row["reading"]]
        assert (row["text"], row["default"]["choice"], row["effect"]) == (reading.text, reading.default, None)
        assert row["default"]["zh"] == reading.choices[reading.default].zh
        assert any(row["acts_on"].values()), row["reading"]


@pytest.mark.parametrize("directory", SHIPPED)
def test_clauses_from_and_to_are_what_the_standards_have(directory):
    """Of the clauses that it names, a standard has those of `from` under the default, and those of `to` otherwise."""
    policy = shipped_policy(directory)
    for row in reading_rows(policy):
        chosen = {row["reading"]: row["alternative"]["choice"]} if row["alternative"] else {}
        for each in row["acts_on"]["items"]:
            for side, readings in (("from", {}), ("to", chosen)):
                if each[side] is None:
                    assert row["alternative"] is None
                    continue
                item = policy.standard(each["standard"], readings).item(each["no"])
                in_force = {clause.key for clause in item.clauses}
                others = {clause["clause"] for clause in (*each["from"], *(each["to"] or ()))}
                assert {clause["clause"] for clause in each[side]} == others & in_force


def test_where_a_reading_acts_by_hand():
    """An item of each standard, a rate, the rescaling, a field of the method."""
    rows = rows_of()
    items = rows["complaint-transfer", "per_duty"]["acts_on"]["items"]
    assert [(each["standard"], each["no"]) for each in items] == [("community", "26"), ("village", "27")]
    assert [len(items[0][side]) for side in ("from", "to")] == [3, 4]
    assert items[0]["from"][0]["says"]["en"] == "complaint transfer is standard: the item scores 2 points"
    assert [each["name"] for each in rows["nothing-due", None]["acts_on"]["rates"]] == [
        "loan_repayment_rate",
        "collection_rate",
    ]
    assert rows["village-total", "rescale"]["acts_on"]["rescale"] == ["village"]
    assert rows["cap-cohort", "apart"]["acts_on"]["method"] == [
        {"field": "caps.standards", "grade": "excellent", "from": "together", "to": "apart"}
    ]
    assert rows["may-follow", "bound"]["acts_on"]["method"] == [
        {"field": "may_follow", "grade": None, "from": "reported", "to": "bound"}
    ]


def test_facts_of_an_alternative_are_named_with_the_standards_that_ask_for_them():
    """Both standards ask for the two duties, one alone for the persons who were never referred."""
    rows = rows_of()
    assert [(each["name"], each["standards"]) for each in rows["complaint-transfer", "per_duty"]["facts"]] == [
        ("complaints_passed_on", ["community", "village"]),
        ("complaints_reported_up", ["community", "village"]),
    ]
    assert {each for row in rows["under-referral", "per_person"]["facts"] for each in row["standards"]} == {"community"}
    assert rows["petitions", "tolerant"]["facts"] == []


def scorers(policy, readings=None):
    """Who scores each standard by itself."""
    return {key: Scorer(policy.standard(key, readings), Evaluator.REFERENCE) for key in policy.tables}


@pytest.mark.parametrize("directory", SHIPPED)
def test_an_effect_is_what_scoring_under_both_readings_gives(directory):
    """Counted by scoring generated sheets twice by themselves: points up and down, and grades from one to another."""
    policy, rng = shipped_policy(directory), Random(7)
    sheets = []
    for key in policy.tables:
        dense = Dense(policy.standard(key))
        for at in range(15):
            sheets.append({**dense.posted(dense.values(rng, 0.97)), "unit": {"id": f"{key}-{at}"}, "standard": key})
    usual, moved = scorers(policy), 0
    for (reading, choice), row in rows_of(sheets, policy).items():
        if choice is None:
            assert row["effect"] is None
            continue
        other = scorers(policy, {reading: choice})
        told, grades, unsure, vetoes = [], Counter(), 0, Counter()
        for sheet in sheets:
            try:
                before, after = (each[sheet["standard"]].score(sheet) for each in (usual, other))
            except SheetRefused:
                unsure += 1
                continue
            if before.score is not None and after.score is not None:
                told.append(after.score - before.score)
            vetoes[bool(before.vetoes), bool(after.vetoes)] += 1
            grades[before.grade.key, after.grade.key] += before.grade != after.grade
        effect = row["effect"]
        assert effect["sheets"] == len(sheets)
        assert effect["open"]["units"] <= unsure
        if not unsure:
            by = Fraction(sum(told), policy.points_per_one)
            assert effect["scores"] == {"up": sum(x > 0 for x in told), "down": sum(x < 0 for x in told), "by": by}
            assert {(each["from"], each["to"]): each["units"] for each in effect["grades"]} == +grades
            assert effect["vetoes"] == {"more": vetoes[False, True], "fewer": vetoes[True, False]}
        moved += effect["changed"]
        assert (effect["final_grades"], effect["subsidies"]) == (None, None)
        assert "names no district" in effect["unsettled"]["en"]
    assert moved or not policy.readings


def test_a_sheet_that_lacks_the_facts_of_an_alternative_is_bounded_and_they_are_named():
    """The samples have no facts of two duties: 26 goes from 2 to 0..4 or from 0 to 0..4, and nobody settles that."""
    effect = effect_of("complaint-transfer", "per_duty", samples())
    # Two of the twelve are vetoed under both.
    assert effect["open"] == {
        "units": 10,
        "facts": ["complaints_passed_on", "complaints_reported_up"],
        "low": -2,
        "high": 4,
    }
    assert (effect["changed"], effect["scores"]) == (0, {"up": 0, "down": 0, "by": 0})
    assert (effect["final_grades"], effect["subsidies"]) == (None, None)
    assert "lacks facts" in effect["unsettled"]["en"]


def test_a_sheet_may_hold_the_facts_of_several_alternatives_at_once():
    """Each alternative takes its own, the others' stand in nobody's way, and the effect is told exactly."""
    sheets = [
        changed(
            each,
            complaints_passed_on="standard",
            complaints_reported_up="irregular",
            deaths_handled=1,
            disputes_handled=0,
            complaints_handled=1,
        )
        for each in samples()[:1]
    ]
    rows = rows_of(sheets)
    assert rows["complaint-transfer", "per_duty"]["effect"]["scores"] == {"up": 1, "down": 0, "by": 1}
    assert rows["nothing-arose", "literal"]["effect"]["scores"] == {"up": 0, "down": 1, "by": -3}
    assert rows["petitions", "tolerant"]["effect"]["changed"] == 0


def test_final_grades_and_subsidies_by_hand():
    """Under an advisory cap three of the samples stay excellent, each for 2000 more; the total of the city follows."""
    effect = effect_of("excellent-cap", "advisory", samples(), money=Money(average=1_000_000))
    assert effect["final_grades"] == [{"from": "qualified", "to": "excellent", "units": 3}]
    assert effect["subsidies"] == {"changed": 3, "from": 62000, "to": 68000, "by": 6000}
    assert (effect["changed"], effect["grades"], effect["unsettled"]) == (3, [], None)
    without = effect_of("excellent-cap", "advisory", samples())
    assert without["final_grades"] == effect["final_grades"]
    assert without["subsidies"] is None


def test_money_that_an_alternative_asks_for_otherwise_is_named_and_left_out():
    """Final grades are compared all the same; a pool is good for both, and then subsidies are too."""
    effect = effect_of("average-standard", "pool", samples(), money=Money(average=1_000_000))
    assert [each["code"] for each in effect["problems"]] == ["money_of_other_kind"]
    assert (effect["final_grades"], effect["subsidies"]) == ([], None)
    pooled = effect_of("average-standard", "pool", samples(), money=Money(pool=12_000_000))
    assert pooled["problems"] == []
    assert pooled["subsidies"]["from"] != pooled["subsidies"]["to"]


def test_a_following_district_is_in_the_total_only_where_it_is_bound():
    """No unit is paid otherwise, yet the city's total grows by what the district's are paid."""
    sheet = samples()[2]
    sheets = [sheet, {**sheet, "unit": {"id": "JT-1", "district": "金坛市"}}]
    effect = effect_of("may-follow", "bound", sheets, money=Money(average=1_000_000))
    assert effect["subsidies"] == {"changed": 0, "from": 10000, "to": 20000, "by": 10000}


def test_one_unit_without_a_known_district_keeps_everybody_from_being_settled():
    """Scores are told all the same, and why nothing was settled."""
    for district in ({}, {"district": "苏州市"}):
        sheets = [*samples()[1:], {**samples()[0], "unit": {"id": "X", **district}}]
        effect = effect_of("rate-bands", "add_up", sheets)
        assert effect["scores"] == {"up": 0, "down": 4, "by": -4}
        assert (effect["final_grades"], effect["unsettled"]["en"].split(":")[0]) == (None, "not settled")


def test_everything_that_is_wrong_is_refused_together_and_once():
    """An unknown fact, an amount with three decimals, money of another kind; a unit twice where all are settled."""
    sheets = [changed(samples()[0], computers=True), changed(samples()[1], loans_due=Decimal("1.005"))]
    with pytest.raises(CohortRefused) as refused:
        rows_of(sheets, money=Money(by_standard={"community": 1}))
    assert [(each.code, each.path) for each in refused.value.problems] == [
        ("fact_unknown", "1:/facts/computers"),
        ("too_many_decimals", "2:/facts/loans_due"),
        ("money_of_other_kind", "/average_standard"),
    ]
    for sheets, money, code in (
        ([], Money(), "cohort_empty"),
        (samples()[:1] * 2, Money(), "unit_twice"),
        (samples(), Money(by_standard={"community": 1, "village": 1}), "money_of_other_kind"),
    ):
        with pytest.raises(CohortRefused) as refused:
            rows_of(sheets, money=money, problems=Problems())
        assert [each.code for each in refused.value.problems] == [code]
