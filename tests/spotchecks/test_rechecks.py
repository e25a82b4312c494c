"""The city's spot check beside the district's assessment: what differs is told exactly, and nothing follows from it."""

from decimal import Decimal
from fractions import Fraction
from random import Random

import pytest
from hypothesis import given, settings

from rules import CohortRefused, Evaluator, Posted, Scorer, Version, load_policy, recheck, recheck_data, recheck_rows
from service.jsonlines import read_lines
from tests.agreement.agreement import CHANGZHOU, ROOT, SHIPPED, shipped_policy
from tests.strategies import Dense, generate_policy, seeds

SAMPLES = ROOT / CHANGZHOU / "samples"


def version(**readings):
    """The shipped version of 2012; `village_total="rescale"` is the reading `village-total`."""
    return Version(shipped_policy(CHANGZHOU), {name.replace("_", "-"): each for name, each in readings.items()})


def samples(standard="community"):
    """The shipped sample sheets."""
    with (SAMPLES / f"{standard}.jsonl").open("rb") as stream:
        return [line.value for line in read_lines(stream)]


def changed(sheet, **facts):
    """The sheet with other facts; None takes one away."""
    return {**sheet, "facts": {**sheet["facts"], **facts}}


def checked(one, other, under=None):
    """The spot check of those sheets."""
    sides = (
        [Posted(f"{name}:{at}:", each) for at, each in enumerate(sheets, 1)]
        for name, sheets in (("D", one), ("C", other))
    )
    return recheck(under or version(), *sides)


def problems_of(one, other):
    """What is wrong with those sheets, as codes and places."""
    with pytest.raises(CohortRefused) as refused:
        checked(one, other)
    return [(each.code, each.path) for each in refused.value.problems]


def holds_together(row, scores):
    """The parts of every item add up to its difference, and all of them to that of the independent scores."""
    one, other = scores
    if one is None or other is None:
        assert row["difference"] is None
        assert row["items"] == []
        assert (row["vetoes"] is None) == (row["district"]["vetoes"] == row["city"]["vetoes"])
        return
    for item in row["items"]:
        assert (
            item["difference"] == item["city"] - item["district"] == sum(each["difference"] for each in item["parts"])
        )
    moved = sum(each["difference"] for each in (*row["items"], *row["adjustments"]))
    assert row["difference"] == moved == other - one


@pytest.mark.parametrize(
    ("directory", "standard"), [(directory, key) for directory, keys in SHIPPED.items() for key in keys]
)
def test_parts_add_up_to_the_difference_of_two_scores(directory, standard):
    """On generated sheets the difference is that of two decisions, told item by item and clause by clause."""
    policy, rng = shipped_policy(directory), Random(41)
    scorer, dense = Scorer(policy.standard(standard), Evaluator.REFERENCE), Dense(policy.standard(standard))
    met = set()
    for _ in range(25):
        values = dense.values(rng, calm=0.95)
        second = dense.values(rng, calm=0.95)
        kept = {name: second[name] if rng.random() < 0.5 else units for name, units in values.items()}
        dense.mend(rng, kept)
        pair = [{**dense.posted(each), "standard": standard} for each in (values, kept)]
        decisions = [scorer.score({**each, "standard": standard}) for each in pair]
        (row,) = recheck_rows(checked(*([each] for each in pair), Version(policy)))
        per_one = policy.points_per_one
        scores = [None if each.score is None else Fraction(each.score, per_one) for each in decisions]
        holds_together(row, scores)
        assert [row[side]["grade"] for side in ("district", "city")] == [each.grade.key for each in decisions]
        differing = {name for name in values if values[name] != kept[name]}
        assert {each["name"] for each in row["facts"]} == differing & set(policy.standard(standard).facts)
        met.add(row["difference"] is None)
    assert False in met


@settings(max_examples=40)
@given(seeds)
def test_generated_policies_add_up_too_and_both_ways(tmp_path_factory, seed):
    """Whatever a policy holds, parts add up, an assessment agrees with itself, and turned round all is negated."""
    rng = Random(seed)
    made = generate_policy(rng, items=3, clauses=8)
    under = Version(load_policy(made.write(tmp_path_factory.mktemp("made"))))
    dense = Dense(under.policy.standard("table"))
    pair = [{**dense.posted(dense.values(rng)), "standard": "table"} for _ in range(2)]
    forth, back, same = (
        next(recheck_rows(checked([pair[one]], [pair[other]], under))) for one, other in ((0, 1), (1, 0), (0, 0))
    )
    scores = [None if forth[side]["score"] is None else Fraction(forth[side]["score"]) for side in ("district", "city")]
    holds_together(forth, scores)
    assert (same["differs"], same["facts"], same["items"], same["adjustments"]) == (False, [], [], [])
    assert same["because"]["en"] == "they agree"
    if forth["difference"] is not None:
        assert forth["difference"] == -back["difference"]
        assert {each["key"]: each["difference"] for each in forth["items"]} == {
            each["key"]: -each["difference"] for each in back["items"]
        }


def test_a_spot_check_by_hand():
    """Facts, items with self scores, clauses and the sentence of a unit where the city found less."""
    sheet = samples()[0]
    city = changed(sheet, loans_repaid=Decimal("434000.00"), resident_data_deduction=Decimal("1.5"))
    city["reasons"] = {"resident_data_deduction": "抽查三户，一户不符"}
    rechecks = checked(samples(), [city])
    (row,) = recheck_rows(rechecks)
    assert row["unit"]["id"] == "XB-001"
    assert (row["district"]["score"], row["city"]["score"], row["difference"]) == (98, Decimal("93.5"), Decimal("-4.5"))
    assert [(each["name"], each["district"], each["city"]) for each in row["facts"]] == [
        ("resident_data_deduction", 0, Decimal("1.5")),
        ("loans_repaid", 613500, 434000),
    ]
    assert row["facts"][0]["reasons"] == {"district": None, "city": "抽查三户，一户不符"}
    assert row["facts"][1]["reasons"] is None
    keys = ("no", "self_score", "district", "city", "difference")
    assert [tuple(item[key] for key in keys) for item in row["items"]] == [
        ("6", 3, 3, Decimal("1.5"), Decimal("-1.5")),
        ("10", 3, 3, 0, -3),
    ]
    (part,) = row["items"][1]["parts"]
    assert part["clauses"] == {"district": None, "city": "loan_review.3"}
    assert part["because"]["district"] is None
    assert "70%" in part["because"]["city"]["en"]
    assert row["because"]["en"].startswith("item 6 −1.5 (district: nothing; city: minus 1.5 points")
    assert row["because"]["zh"].startswith("第6项 −1.5（区：未见问题；市：酌情扣 1.5 分")
    data = recheck_data(rechecks)
    assert (data["assessed"], data["not_rechecked"]) == (6, 5)
    assert [(each["no"], each["units"], each["sum"]) for each in data["items"]] == [
        ("10", 1, -3),
        ("6", 1, Decimal("-1.5")),
    ]


def test_a_veto_that_only_the_city_found_is_told_without_scores():
    """There is no difference of scores then; the veto's reason stands for it, and the grade moves."""
    sheet = samples()[2]
    rechecks = checked([sheet], [changed(sheet, computer=False)])
    (row,) = recheck_rows(rechecks)
    assert (row["district"]["score"], row["city"]["score"], row["difference"]) == (84, None, None)
    assert row["vetoes"]["district"] == []
    assert "未配备计算机" in row["vetoes"]["city"][0]["zh"]
    assert row["because"]["zh"] == "区：无否决；市：未配备计算机：一票否决"
    data = recheck_data(rechecks)
    assert data["grades"] == [{"district": "qualified", "city": "fail", "units": 1}]
    assert (data["total"]["veto_differs"], data["total"]["scored"], data["total"]["mean"]) == (1, 0, None)


def test_facts_may_differ_without_a_consequence_for_the_result():
    """A difference of facts that moves no point is told as such."""
    sheet = samples()[0]
    (row,) = recheck_rows(checked([sheet], [changed(sheet, lowest_staff_wage=Decimal("1700.00"))]))
    assert (row["differs"], row["result_differs"], row["difference"], row["items"]) == (True, False, 0, [])
    assert row["because"] == {"zh": "指标不同，结果相同", "en": "facts differ, the result is the same"}


def test_the_mean_difference_is_exact():
    """-4 over three units is -4/3, in all and in the district that names itself by an alias."""
    sheets = samples()[:3]
    city = [changed(sheets[0], teamwork_points=0), *sheets[1:]]
    city[0] = {**city[0], "unit": {**city[0]["unit"], "district": "新北"}}
    district = [{**sheets[0], "unit": {**sheets[0]["unit"], "district": "新北"}}, *sheets[1:]]
    data = recheck_data(checked(district, city))
    assert (data["total"]["sum"], data["total"]["mean"], data["total"]["differ"]) == (-4, "-4/3", 1)
    assert (data["total"]["higher"], data["total"]["lower"]) == (0, 1)
    assert [(each["district"], each["mean"]) for each in data["districts"]] == [
        ("新北区", "-4"),
        ("天宁区", "0"),
        ("钟楼区", "0"),
    ]


def test_another_reading_is_for_both_sides():
    """Both sheets are decided under the readings that were chosen, and the summary names them."""
    sheet = samples("village")[0]
    rechecks = checked([sheet], [changed(sheet, teamwork_points=0)], version(village_total="rescale"))
    (row,) = recheck_rows(rechecks)
    assert row["difference"] == sum(each["difference"] for each in (*row["items"], *row["adjustments"]))
    assert [each["kind"] for each in row["adjustments"]] == ["rescale"]
    assert recheck_data(rechecks)["readings"] == {"village-total": "rescale"}


def test_what_cannot_be_compared_is_refused_by_name_all_together():
    """Only in the city's file, there twice, without a fact, by another standard, without one: each with its place."""
    sheets = samples()
    stranger = {**sheets[0], "unit": {"id": "XB-999"}}
    other = {**samples("village")[0], "unit": sheets[3]["unit"]}
    city = [stranger, sheets[1], sheets[1], changed(sheets[2], computer=None), other, {**sheets[4], "standard": "town"}]
    assert problems_of(sheets, city) == [
        ("unit_twice", "C:3:/unit/id"),
        ("unit_not_assessed", "C:1:/unit/id"),
        ("fact_missing", "C:4:/facts/computer"),
        ("checked_otherwise", "C:5:/standard"),
        ("standard_unknown", "C:6:/standard"),
    ]
    assert problems_of(sheets, []) == [("recheck_empty", "")]
    assert problems_of([*sheets, sheets[0]], [sheets[1]]) == [("unit_twice", "D:7:/unit/id")]


def test_a_district_sheet_that_nobody_checked_is_only_counted():
    """It may lack facts; what it needs is a unit."""
    sheets = samples()
    rechecks = checked([sheets[0], changed(sheets[1], computer=None)], [sheets[0]])
    assert recheck_data(rechecks)["not_rechecked"] == 1
    assert problems_of([sheets[0], {"facts": {}}], [sheets[0]]) == [("key_missing", "D:2:/unit")]
