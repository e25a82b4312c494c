"""Whole cohorts under several versions: each is settled as if it were alone, and the summary counts what rows say."""

from collections import Counter
from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest

from rules import (
    Assessed,
    Cohort,
    CohortRefused,
    LeftOut,
    Posted,
    Problems,
    Version,
    compare,
    comparison_rows,
    comparison_summary,
    load_policy,
    read_money,
    read_unit,
    settle,
    summary_data,
    unit_rows,
)
from tests.agreement.agreement import Evaluators
from tests.comparison.making import changzhou, cohort, compared, own_facts
from tests.strategies import one_item

MONEY = read_money(Decimal("10000.55"), None, Problems())
SIDES = ("from", "to")


def alone(version, units):
    """The settlement of one version by itself, from its own decisions; and the facts that each sheet lacks."""
    assessed, left_out, lacking = [], [], {}
    evaluators = {key: Evaluators(version.policy.standard(key, version.readings)) for key in version.policy.tables}
    for sheet in units:
        judge = evaluators[sheet["standard"]]
        case, problems = judge.case(own_facts(version, sheet))
        if case is None:
            lacking[sheet["unit"]["id"]] = [each.path.removeprefix("/facts/") for each in problems.found]
            left_out.append(LeftOut(read_unit(sheet["unit"], Problems()), sheet["standard"], ()))
        else:
            assessed.append(Assessed.of(judge.reference.decide(case)))
    return settle(version.method, Cohort(assessed, left_out), MONEY), lacking


@pytest.mark.parametrize(
    "versions",
    [
        (changzhou(2012), changzhou(2013)),
        (
            changzhou(2012),
            changzhou(2012, cap_ties="group_goes_in", cap_cohort="city", may_follow="bound"),
            changzhou(2013, excellent_cap="advisory"),
        ),
    ],
    ids=["years", "readings"],
)
@pytest.mark.parametrize("lacking", [0, 0.1], ids=["complete", "left out"])
def test_final_grades_and_subsidies_are_those_of_each_settlement_alone(versions, lacking):
    """Grades, ranks, caps, money and totals are as under each version by itself, whoever is left out there."""
    units = cohort(versions, Random(4), 80, lacking)
    comparison = compared(versions, *units, cohort=True, money=MONEY, leave_out=True)
    rows, totals = list(comparison_rows(comparison)), comparison_summary(comparison)
    assert totals["cohort"] is True
    for at, version in enumerate(versions):
        settlement, lacks = alone(version, units)
        assert bool(lacks) == bool(lacking)
        expected = {row["unit"]["id"]: row for row in unit_rows(settlement)}
        for row in rows:
            result, settled = row["results"][at], expected[row["unit"]["id"]]
            told = {key: result[key] for key in ("score", "grade", "final_grade", "rank", "subsidy")}
            assert told == {key: settled[key] for key in told}
            assert result["capped"] is (settled["capped"] if settled["final_grade"] else None)
            assert result["missing"] == lacks.get(row["unit"]["id"], [])
        assert totals["settlements"][at] == summary_data(settlement)
    assert any(result["capped"] for row in rows for result in row["results"])
    for row in rows:
        for at, change in enumerate(row["changes"]):
            one, other = row["results"][at : at + 2]
            final = {"from": one["final_grade"], "to": other["final_grade"]}
            assert change["final_grade"] == (final if any(final.values()) else None)
            both = None not in (one["subsidy"], other["subsidy"])
            assert change["subsidy"] == (other["subsidy"] - one["subsidy"] if both else None)
            if both and one["subsidy"] != other["subsidy"]:
                assert change["changed"] is True


def test_a_version_that_lacks_facts_has_no_settlement_and_says_which():
    """Sheets of 2012 alone are settled under 2012, and under 2013 nobody's final grade is told: it names the facts."""
    versions = changzhou(2012), changzhou(2013)
    units = [own_facts(versions[0], sheet) for sheet in cohort(versions, Random(4), 20)]
    comparison = compared(versions, *units, cohort=True, money=MONEY)
    rows, totals = list(comparison_rows(comparison)), comparison_summary(comparison)
    settlement, lacks = alone(versions[0], units)
    assert not lacks
    assert totals["settlements"] == [summary_data(settlement), None]
    (step,) = totals["steps"]
    assert step["final"] is False
    assert step["lacking"]["from"] == {"units": 0, "facts": []}
    missing = {row["unit"]["id"]: row["results"][1]["missing"] for row in rows}
    needed = alone_lacking(versions[1], units)
    assert {name: facts for name, facts in missing.items() if facts} == needed
    assert step["lacking"]["to"]["units"] == len(needed) > 10
    told = {each["name"]: each["title"] for each in step["lacking"]["to"]["facts"]}
    assert told.keys() == set().union(*needed.values())
    assert told["data_entry_errors"] == versions[1].policy.facts["data_entry_errors"].title.as_data()
    assert all(row["results"][1]["final_grade"] is row["results"][1]["subsidy"] is None for row in rows)
    assert all(row["results"][0]["final_grade"] for row in rows)
    assert step["total"]["to"]["subsidy"] is None


def alone_lacking(version, units):
    """The facts that each sheet lacks, by unit."""
    return alone(version, units)[1]


def test_what_is_wrong_with_a_cohort_is_refused_together():
    """A unit twice and one without a district are named once, though both versions would refuse them."""
    versions = changzhou(2012), changzhou(2013)
    one, other, third = cohort(versions, Random(9), 3)
    other["unit"]["id"] = one["unit"]["id"]
    del third["unit"]["district"]
    posted = [Posted(f"{at}:", each) for at, each in enumerate((one, other, third), 1)]
    assert compare(versions, posted).units
    with pytest.raises(CohortRefused) as found:
        compare(versions, posted, cohort=True, money=MONEY)
    assert [each.code for each in found.value.problems] == ["unit_twice", "district_missing"]


# The summary, recounted from the rows


def ended(result, *, final):
    """The grade in the end."""
    grade = result["grade"] or (result["worst"] if result["worst"] == result["best"] else None)
    return (result["final_grade"] if final else None) or grade or "open"


def mean(scores, places):
    """Their mean, rounded half up to the points scale."""
    if not scores:
        return None
    exact = sum(map(Fraction, scores)) / len(scores) * 10**places
    return Fraction((2 * exact + 1).__floor__() // 2, 10**places)


def recounted(rows, at, *, final, money):
    """What a total says of these rows under one version."""
    results = [row["results"][at] for row in rows]
    scores = [each["score"] for each in results if each["score"] is not None]
    subsidies = [each["subsidy"] for each in results if each["subsidy"] is not None]
    return {
        "scored": len(scores),
        "mean": mean(scores, 2),
        "grades": Counter(ended(each, final=final) for each in results),
        "capped": sum(bool(each["capped"]) for each in results) if money else None,
        "subsidy": sum(subsidies) if money else None,
    }


def differ(told, expected):
    """What a total tells otherwise."""
    told = {**told, "grades": +Counter(told["grades"])}
    return {key: (told[key], expected[key]) for key in expected if told[key] != expected[key]}


WHOLE = {"money": MONEY, "leave_out": True}


@pytest.mark.parametrize("options", WHOLE.items(), ids=WHOLE)
def test_what_acts_in_a_settlement_is_refused_without_one(options):
    """Money, or a wish to leave out, that would be passed over in silence."""
    with pytest.raises(CohortRefused) as refused:
        compared((changzhou(2012), changzhou(2013)), *cohort((changzhou(2012),), Random(1), 3), **dict([options]))
    assert [each.code for each in refused.value.problems] == ["money_without_cohort"]


@pytest.mark.parametrize("whole", [False, True], ids=["units", "cohort"])
@pytest.mark.parametrize("lacking", [0, 0.3], ids=["complete", "lacking"])
def test_the_summary_is_a_recount_of_the_rows(whole, lacking):
    """Migration, movers, districts, items and distribution, of units by themselves and of cohorts."""
    versions = changzhou(2012), changzhou(2012, petitions="tolerant", cap_cohort="city"), changzhou(2013)
    units = cohort(versions, Random(11), 90, lacking)
    comparison = compared(versions, *units, cohort=whole, **(WHOLE if whole else {}))
    rows, totals = list(comparison_rows(comparison)), comparison_summary(comparison)
    assert totals["units"] == len(rows) == 90
    assert len(totals["steps"]) == 2
    for at, step in enumerate(totals["steps"]):
        assert (step["from"], step["to"], step["final"]) == (versions[at].name, versions[at + 1].name, whole)
        pairs = [tuple(ended(each, final=whole) for each in row["results"][at : at + 2]) for row in rows]
        matrix = step["migration"]
        counted = {
            (before, after): count
            for before, counts in zip(matrix["from"], matrix["counts"], strict=True)
            for after, count in zip(matrix["to"], counts, strict=True)
            if count
        }
        assert counted == Counter(pairs)
        assert step["open"] == sum("open" in pair for pair in pairs)
        assert step["grade_changed"] == sum(one != other for one, other in pairs if "open" not in (one, other))
        changes = [row["changes"][at] for row in rows]
        assert step["changed"] == sum(change["changed"] for change in changes)
        movers_in_order(step["movers"], {row["unit"]["id"]: row["changes"][at] for row in rows})
        items_recounted(step["items"], rows, at)
        for side, where in zip(SIDES, (at, at + 1), strict=True):
            bound = [row for row in rows if row["unit"]["district"] != "金坛市"]
            expected = recounted(rows, where, final=whole, money=whole)
            if whole:  # who only may follow is not paid by the city
                expected["subsidy"] = recounted(bound, where, final=whole, money=whole)["subsidy"]
            assert differ(step["total"][side], expected) == {}
            for district in step["districts"]:
                own = [row for row in rows if row["unit"]["district"] == district["district"]]
                assert district["units"] == len(own) > 0
                assert differ(district[side], recounted(own, where, final=whole, money=whole)) == {}
        assert sum(district["units"] for district in step["districts"]) == 90
    assert totals["steps"][1]["changed"] > 40
    distribution_recounted(totals["distribution"], rows)


def movers_in_order(movers, changes):
    """Who changed and nobody else; vetoes that came or went first, then by how far the score moved for sure."""
    assert {each["unit"]["id"] for each in movers} == {name for name, change in changes.items() if change["changed"]}

    def moved(mover):
        change = changes[mover["unit"]["id"]]
        low, high = change["low"], change["high"]
        told = {"score": change["score"], "low": low, "high": high, "subsidy": change["subsidy"]}
        assert mover["difference"] == told
        assert mover["because"] == change["because"]
        least = 0 if low is None or low <= 0 <= high else min(abs(low), abs(high))
        return change["vetoes"] is None, -least, mover["unit"]["id"]

    assert [moved(each) for each in movers] == sorted(map(moved, movers))


def items_recounted(items, rows, at):
    """Each item that changed, with how many units it moved and by how much in all."""
    found = {}
    for row in rows:
        for item in row["changes"][at]["items"]:
            found.setdefault((row["standard"], item["key"]), []).append(item["difference"])
    assert {(each["standard"], each["key"]) for each in items} == found.keys()
    for each in items:
        moves = found[each["standard"], each["key"]]
        told = [move for move in moves if move is not None]
        assert (each["units"], each["open"]) == (sum(move != 0 for move in told), len(moves) - len(told))
        assert each["difference"] == sum(told)
    sums = [abs(each["difference"]) for each in items]
    assert sums == sorted(sums, reverse=True)


def distribution_recounted(distribution, rows):
    """From each whole point to the next, under each version."""
    first = distribution["first"]
    assert distribution["width"] == 1
    for at, counts in enumerate(distribution["counts"]):
        scores = Counter(int(row["results"][at]["score"]) for row in rows if row["results"][at]["score"] is not None)
        assert {first + place: count for place, count in enumerate(counts) if count} == scores
    assert any(counts[0] for counts in distribution["counts"])
    assert any(counts[-1] for counts in distribution["counts"])


def test_scores_far_apart_make_wider_columns(tmp_path):
    """A bonus without a limit makes no list of as many columns as it has points."""
    version = unlimited(tmp_path)
    sheets = [sheet_with(count) for count in (0, 5, 10**6, 10**12, 10**12)]
    distribution = comparison_summary(compared((version, version), *sheets))["distribution"]
    assert len(distribution["counts"][0]) <= 1000
    assert sum(distribution["counts"][0]) == len(sheets)
    assert distribution["counts"][0][-1] == 2
    assert distribution["first"] == 0
    last = distribution["width"] * (len(distribution["counts"][0]) - 1)
    assert last <= 10**12 + 10 < last + distribution["width"]


def unlimited(directory):
    """A version whose bonus grows with a count."""
    made = one_item({"c0": "count"}, [{"key": "item0.1", "bonus": {"each": "c0", "points": 1}}])
    return Version(load_policy(made.write(directory / "policy")))


def sheet_with(count):
    """A sheet of that version."""
    return {"unit": {"id": f"u{count}"}, "standard": "table", "facts": {"c0": count}}
