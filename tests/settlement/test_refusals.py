"""Cohorts that cannot be settled: everything that is wrong is named, all of it together."""

import subprocess
import sys
from decimal import Decimal

import pytest

from rules import (
    Cohort,
    CohortRefused,
    Evaluator,
    Money,
    Posted,
    Problems,
    RequestRefused,
    Scorer,
    method_of,
    read_decision,
    read_money,
    settle,
    unit_rows,
)
from service.jsonlines import read_lines
from service.settling import gather
from tests.settlement.cohorts import CHANGZHOU, ROOT, YUNZHOU, changzhou, cohort, made, policy_of, unit

POLICY = policy_of(CHANGZHOU)
NOBODY = Cohort([])


def refused(act):
    """Everything that is wrong."""
    with pytest.raises(CohortRefused) as found:
        act()
    return found.value.problems


def codes(problems):
    """Code and path of each."""
    return [(each.code, each.path) for each in problems]


def sample():
    """A good sheet of a community, with its standard."""
    with (CHANGZHOU / "samples/community.jsonl").open("rb") as lines:
        return {**next(iter(read_lines(lines))).value, "standard": "community"}


def sheet(name, **other):
    """The sample as a sheet of another unit; keywords replace its keys."""
    return {**sample(), "unit": {"id": name, "district": "新北区"}, **other}


def decision(name, **other):
    """A decision as it was given before; keywords replace its keys."""
    return {
        "unit": {"id": name, "name": None, "district": "新北区"},
        "policy": POLICY.key,
        "policy_hash": POLICY.meaning,
        "standard": "community",
        "readings": {},
        "grade": "excellent",
        "score": Decimal("95.5"),
        "vetoes": [],
        **other,
    }


def settle_posted(*posted, method=None, money=None, leave_out=False):
    """Settle what was posted; each is found at its number."""
    method = method or changzhou()

    def scorer_of(standard):
        return Scorer(POLICY.standard(standard, method.readings), Evaluator.REFERENCE)

    problems = Problems()
    gathered = gather(
        method, scorer_of, [Posted(f"/{at}", each) for at, each in enumerate(posted)], problems, leave_out=leave_out
    )
    return settle(method, gathered, money or Money(), problems)


def test_nobody():
    """There must be somebody to settle."""
    assert codes(refused(lambda: settle(changzhou(), NOBODY))) == [("cohort_empty", "")]


def test_a_unit_twice():
    """A unit that is there more than once is named with every place, whatever its district or standard."""
    one = unit(POLICY, "A", 90)._replace(at="/0")
    other = unit(POLICY, "A", 80, district="天宁区", standard="village")._replace(at="/2")
    third = unit(POLICY, "B", 80)._replace(at="/1")
    (problem,) = refused(lambda: settle(changzhou(), Cohort([one, third, other])))
    assert (problem.code, problem.path) == ("unit_twice", "/2/unit/id")
    for words in problem.message:
        assert "A" in words
        assert "2" in words
        assert "/0, /2" in words


def test_districts_missing_and_unknown():
    """Every unit without a district, and with one that the policy does not know, is named, in the order they came."""
    units = [
        each._replace(unit=each.unit.__class__(each.unit.id, None, district), at=f"/{at}")
        for at, (each, district) in enumerate(
            zip(cohort(POLICY, "90 90 90 90"), ["新被区", None, "新北", "Atlantis"], strict=True)
        )
    ]
    problems = refused(lambda: settle(changzhou(), Cohort(units)))
    assert [(each.code, each.path, each.near) for each in problems] == [
        ("district_unknown", "/0/unit/district", "新北区"),
        ("district_missing", "/1/unit/district", None),
        ("district_unknown", "/3/unit/district", None),
    ]
    assert all("新北区" in words and "武进区" in words for words in problems[0].message)


def test_refusals_stand_in_the_order_of_the_cohort_in_every_process():
    """Two processes name the same problems in the same order, though each hashes names in its own way."""
    program = (
        "from tests.settlement.cohorts import *\n"
        "from rules import CohortRefused\n"
        "policy = policy_of(CHANGZHOU)\n"
        "units = [unit(policy, f'u{at}', 90, district=f'nowhere {at}')._replace(at=f'/{at}') for at in range(20)]\n"
        "try:\n"
        "    settled(changzhou(), units)\n"
        "except CohortRefused as refused:\n"
        "    print([each.path for each in refused.problems])\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert said == {str([f"/{at}/unit/district" for at in range(20)]) + "\n"}


# Decisions


def test_a_good_decision_is_taken_as_it_was_given():
    """Score, grade and vetoes are those of the decision."""
    settlement = settle_posted(decision("A"), decision("B", grade="fail", score=None, vetoes=["2", "5"]))
    rows = [(row["unit"]["id"], row["grade"], row["score"], row["rank"]) for row in unit_rows(settlement)]
    assert rows == [("A", "excellent", Decimal("95.5"), 1), ("B", "fail", None, None)]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        # Another year: its other hash need not be said, its other readings are.
        ({"policy": "changzhou-2013", "policy_hash": "0"}, [("decided_otherwise", "/0/policy")]),
        (
            {"policy": "changzhou-2013", "policy_hash": "0", "readings": {"petitions": "tolerant"}},
            [("decided_otherwise", "/0/policy"), ("decided_otherwise", "/0/readings")],
        ),
        ({"policy_hash": "0" * 64}, [("decided_otherwise", "/0/policy_hash")]),
        ({"readings": {"petitions": "tolerant"}}, [("decided_otherwise", "/0/readings")]),
        (
            {"policy_hash": 0, "readings": None},
            [("decided_otherwise", "/0/policy_hash"), ("decided_otherwise", "/0/readings")],
        ),
        ({"standard": "comunity"}, [("standard_unknown", "/0/standard")]),
        ({"standard": ["community"]}, [("standard_unknown", "/0/standard")]),
        ({"grade": "good"}, [("value_bad", "/0/grade")]),
        ({"grade": {"worst": "fail", "best": "fail"}}, [("value_bad", "/0/grade")]),
        # 95.5 reaches excellent, and no ceiling of this policy could make that lower.
        ({"grade": "qualified"}, [("value_bad", "/0/grade")]),
        ({"score": 60}, [("value_bad", "/0/grade")]),
        ({"score": Decimal("95.555")}, [("too_many_decimals", "/0/score")]),
        ({"score": -1}, [("out_of_bounds", "/0/score")]),
        ({"score": "95"}, [("wrong_type", "/0/score")]),
        ({"score": None}, [("wrong_type", "/0/score")]),
        ({"score": {"low": 1, "high": 2}}, [("wrong_type", "/0/score")]),
        ({"score": Decimal("NaN")}, [("wrong_type", "/0/score")]),
        ({"score": 10**20}, [("too_many_digits", "/0/score")]),
        # A veto leaves no score, and makes its grade.
        ({"vetoes": ["2"], "grade": "fail"}, [("value_bad", "/0/score")]),
        ({"vetoes": ["2"], "score": None}, [("value_bad", "/0/grade")]),
        ({"vetoes": ["99"], "score": None, "grade": "fail"}, [("item_unknown", "/0/vetoes")]),
        ({"vetoes": "2"}, [("value_bad", "/0/vetoes")]),
        ({"vetoes": [2], "score": None, "grade": "fail"}, [("value_bad", "/0/vetoes"), ("wrong_type", "/0/score")]),
        ({"unit": None}, [("key_missing", "/0/unit")]),
        ({"unit": {"id": "", "district": "新北区"}}, [("value_bad", "/0/unit/id")]),
        ({"unit": {"id": "A"}}, [("district_missing", "/0/unit/district")]),
        (
            {"policy_hash": "0", "standard": "x", "grade": "y", "score": -1, "vetoes": None, "unit": {"id": "A"}},
            [
                ("decided_otherwise", "/0/policy_hash"),
                ("standard_unknown", "/0/standard"),
                ("value_bad", "/0/grade"),
                ("value_bad", "/0/vetoes"),
                ("out_of_bounds", "/0/score"),
                ("district_missing", "/0/unit/district"),
            ],
        ),
    ],
)
def test_decisions_that_do_not_fit(changes, found):
    """A decision under something else, or that is not at one with itself, is refused with everything that is wrong."""
    assert codes(refused(lambda: settle_posted(decision("A", **changes)))) == found


def test_a_decision_without_its_keys():
    """What a decision lacks is named; with neither grade nor hash it is no decision but a sheet."""
    bare = {"grade": "fail", "policy_hash": POLICY.meaning}
    assert [each.code for each in refused(lambda: settle_posted(bare))] == [
        "key_missing", "decided_otherwise", "decided_otherwise", "standard_unknown", "value_bad", "wrong_type",
    ]  # fmt: skip
    assert [each.code for each in refused(lambda: settle_posted({"grade": "fail"}))] == ["key_missing"]


def test_what_a_decision_was_decided_under_is_said():
    """The sentence names the unit, what it was decided under, and what the settlement is under."""
    (problem,) = refused(lambda: settle_posted(decision("A", readings={"petitions": "tolerant"})))
    for words in problem.message:
        assert all(part in words for part in ("A", "petitions=tolerant", "–"))


def test_decisions_under_the_readings_of_the_settlement():
    """Under readings that are not the default, decisions under just those are taken, and no others."""
    method = changzhou(petitions="tolerant")
    settle_posted(decision("A", readings={"petitions": "tolerant"}), method=method)
    assert codes(refused(lambda: settle_posted(decision("A"), method=method))) == [("decided_otherwise", "/0/readings")]


def test_a_ceiling_may_make_a_grade_lower():
    """Where a clause of the standard sets a ceiling, that grade fits a higher score, and no other lower one does."""
    policy = next(
        each
        for each in (policy_of(ROOT / "tests/policies/linjiang/2025"), policy_of(YUNZHOU))
        if any(method_of(each).ceilings.values())
    )
    method = method_of(policy)
    standard, ceilings = next((key, grades) for key, grades in method.ceilings.items() if grades)
    for grade in policy.grades[1:]:
        problems = Problems()
        posted = decision(
            "A", policy=policy.key, policy_hash=policy.meaning, standard=standard, grade=grade.key, score=100
        )
        read_decision(method, posted, "/0", problems)
        assert codes(problems.found) == ([] if grade in ceilings else [("value_bad", "/0/grade")]), grade.key


def test_a_rescaled_total_may_round_up_to_a_threshold():
    """Rescaled, 89.995 is printed as 90 and still qualified, so both grades fit 90, and only qualified fits 89.99."""
    method = changzhou(village_total="rescale")
    for score, grade, fits in (
        (90, "qualified", True),
        (90, "excellent", True),
        (90, "basic", False),
        (Decimal("89.99"), "excellent", False),
        (Decimal("90.01"), "qualified", False),
        (0, "fail", True),
    ):
        problems = Problems()
        posted = decision("A", standard="village", readings={"village-total": "rescale"}, score=score, grade=grade)
        read_decision(method, posted, "/0", problems)
        assert (not problems.found) is fits, (score, grade)


# Sheets


def test_a_sheet_that_cannot_be_scored():
    """The unit is named, and after it everything that is wrong with its sheet."""
    facts = {**sample()["facts"], "loans_due": None, "loans_du": 1}
    problems = refused(lambda: settle_posted(sheet("A"), sheet("B", facts=facts)))
    assert codes(problems) == [
        ("unit_unscored", "/1"),
        ("fact_unknown", "/1/facts/loans_du"),
        ("fact_missing", "/1/facts/loans_due"),
    ]
    assert all("B" in words for words in problems[0].message)


def test_leaving_out_a_sheet_that_cannot_be_scored():
    """On request the unit is left out, with what is wrong beside it, and still counts among all."""
    facts = {**sample()["facts"], "loans_due": None}
    settlement = settle_posted(sheet("A"), sheet("B", facts=facts), leave_out=True)
    left, right = unit_rows(settlement)
    assert (left["unit"]["id"], right["unit"]["id"]) == ("A", "B")
    assert [each["code"] for each in right["problems"]] == ["fact_missing"]
    assert settlement.total.assessed == settlement.places[0].counted == 2


def test_what_cannot_be_left_out():
    """Who cannot be named, a sheet of no known standard, and a decision that does not fit, are refused all the same."""
    problems = refused(
        lambda: settle_posted(
            sheet("A", unit={"district": "新北区"}, facts={}),
            sheet("B", standard="comunity"),
            {key: value for key, value in sheet("C").items() if key != "standard"},
            decision("D", score=1),
            17,
            leave_out=True,
        )
    )
    assert {"unit_unscored", "standard_unknown", "key_missing", "value_bad"} <= {each.code for each in problems}
    assert {each.path.split("/")[1] for each in problems} == {"0", "1", "2", "3", "4"}
    assert [each.near for each in problems if each.code == "standard_unknown"] == ["community"]


def test_who_is_refused_is_looked_at_all_the_same():
    """A unit that is refused for one thing is still named where it is there twice or its district is unknown."""
    problems = refused(
        lambda: settle_posted(
            sheet("A", facts={"loans_du": 1}, unit={"id": "A", "district": "新被区"}),
            sheet("A"),
            decision("B", score=1),
            decision("B"),
            sheet("C", standard=None, unit={"id": "C"}),
        )
    )
    found = [(each.code, each.path) for each in problems if each.code != "fact_missing"]
    assert found == [
        ("unit_unscored", "/0"),
        ("fact_unknown", "/0/facts/loans_du"),
        ("value_bad", "/2/grade"),
        ("key_missing", "/4/standard"),
        ("unit_twice", "/0/unit/id"),
        ("unit_twice", "/2/unit/id"),
        ("district_unknown", "/0/unit/district"),
        ("district_missing", "/4/unit/district"),
    ]


def test_everything_together():
    """What is wrong with a decision, a sheet, a district, a unit and the money is told in one refusal."""
    problems = refused(
        lambda: settle_posted(
            decision("A", policy="other"),
            decision("B"),
            decision("B", unit={"id": "B", "district": "南北区"}),
            17,
            money=Money(average=1, pool=2),
        )
    )
    assert [each.code for each in problems] == [
        "decided_otherwise", "value_bad", "unit_twice", "district_unknown", "money_of_other_kind",
    ]  # fmt: skip


# Money


@pytest.mark.parametrize(
    ("kind", "money", "problems"),
    [
        ("one_amount", Money(by_standard={"community": 1}), ["money_of_other_kind"]),
        ("one_amount", Money(average=1, pool=1), ["money_of_other_kind"]),
        ("one_amount", Money(average=1, by_standard={"community": 1}, pool=1), ["money_of_other_kind"]),
        ("pool", Money(average=1), ["money_of_other_kind"]),
        ("pool", Money(by_standard={"community": 1}), ["money_of_other_kind"]),
        ("by_standard", Money(average=1), ["money_of_other_kind"]),
        ("by_standard", Money(pool=1), ["money_of_other_kind"]),
        ("by_standard", Money(by_standard={}), ["money_missing"]),
        ("by_standard", Money(by_standard={"village": 1}), ["money_missing"]),
        ("by_standard", Money(by_standard={"comunity": 1}), ["standard_unknown", "money_missing"]),
        ("by_standard", Money(by_standard={"community": 1, "town": 1}), ["standard_unknown"]),
    ],
)
def test_money_of_another_kind(kind, money, problems):
    """Money is taken only as the chosen reading asks for it, and for standards that there are."""
    method = changzhou(average_standard=kind)
    found = refused(lambda: settle(method, Cohort(cohort(POLICY, "90")), money))
    assert [each.code for each in found] == problems


def test_both_kinds_of_money_are_named():
    """With an average standard and a pool, the sentence says that there are both."""
    (problem,) = refused(lambda: settle(changzhou(), Cohort(cohort(POLICY, "90")), Money(average=1, pool=2)))
    assert problem.message.zh.endswith("收到的是一个平均标准和资金总额")
    assert problem.message.en.endswith("is given as one amount or a pool, not as one amount and a pool")


def test_the_nearest_standard_is_named():
    """An amount for a standard that there is not names the nearest one, and where it was given."""
    method = changzhou(average_standard="by_standard")
    money = Money(by_standard={"community": 1, "vilage": 1})
    (problem,) = refused(lambda: settle(method, Cohort(cohort(POLICY, "90")), money))
    assert (problem.path, problem.near) == ("/average_standard/vilage", "village")


@pytest.mark.parametrize("money", [Money(average=1), Money(pool=1), Money(by_standard={"urban": 1})])
def test_money_that_nobody_asked_for(money):
    """Yunzhou pays amounts, so no money is taken."""
    policy = policy_of(YUNZHOU)
    (problem,) = refused(lambda: settle(method_of(policy), Cohort(cohort(policy, "90")), money))
    assert problem.code == "money_unwanted"


def test_a_pool_too_small_for_what_is_fixed(tmp_path):
    """A pool that does not pay the fixed amounts is refused with both sums; the exact sum is enough."""
    policy = made(tmp_path, ("qualified: {ratio: 0}", "qualified: {amount: 300.50}"))
    units = Cohort(cohort(policy, "70 70 85"))
    (problem,) = refused(lambda: settle(method_of(policy), units, Money(pool=60099)))
    assert problem.code == "pool_too_small"
    assert all("600.99" in words and "601" in words for words in problem.message)
    assert settle(method_of(policy), units, Money(pool=60100)).average.by_standard["urban"] == 0


@pytest.mark.parametrize(
    ("given", "path", "code"),
    [
        (({"a/b": -1}, None), "/average_standard/a~1b", "out_of_bounds"),
        ((Decimal("0.001"), None), "/average_standard", "too_many_decimals"),
        (("10000", None), "/average_standard", "wrong_type"),
        ((True, None), "/average_standard", "wrong_type"),
        ((Decimal("NaN"), None), "/average_standard", "wrong_type"),
        ((None, Decimal(-5)), "/pool", "out_of_bounds"),
        ((10**14, None), "/average_standard", "too_many_digits"),
    ],
)
def test_amounts_that_are_no_good(given, path, code):
    """What is no exact amount of yuan from 0 on is named where it was given."""
    problems = Problems()
    read_money(*given, problems)
    assert codes(problems.found) == [(code, path)]


def test_every_bad_amount_is_named():
    """Amounts for standards and a pool are all looked at."""
    problems = Problems()
    read_money({"community": -1, "village": "x"}, [], problems)
    assert [each.path for each in problems.found] == [
        "/average_standard/community", "/average_standard/village", "/pool",
    ]  # fmt: skip


# Readings


def test_readings_that_there_are_not():
    """Every unknown reading and choice is named, with the nearest."""
    with pytest.raises(RequestRefused) as found:
        method_of(POLICY, {"cap-tie": "x", "cap-ties": "some"})
    assert [(each.code, each.near) for each in found.value.problems] == [
        ("reading_unknown", "cap-ties"),
        ("choice_unknown", None),
    ]
