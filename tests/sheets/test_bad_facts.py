"""Every kind of bad sheet is refused whole: all problems at once, each with its code and its place."""

import json
import os
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Evaluator, Scorer, SheetRefused, load_policy
from rules.errors import SENTENCES, Problem, Problems
from rules.scenarios import read_examples
from service.jsonlines import parse

ROOT = Path(__file__).parents[2]
CHANGZHOU = ROOT / "policy_versions" / "changzhou" / "2012"
LINJIANG = ROOT / "tests" / "policies" / "linjiang" / "2025"
TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"

D = Decimal
# One more than the largest number that anything may be, in yuan and as a count.
SIXTEEN_DIGITS = 10**15


@cache
def scorer(standard: str, readings: tuple[tuple[str, str], ...] = (), directory: Path = CHANGZHOU) -> Scorer:
    """A scorer by the reference; what is refused is refused before anybody decides."""
    return Scorer(load_policy(directory).standard(standard, dict(readings)), Evaluator.REFERENCE)


def good(standard: str = "community") -> dict[str, Any]:
    """The first sample sheet: complete and good, with the number types that JSON lines are read with."""
    line = (CHANGZHOU / "samples" / f"{standard}.jsonl").read_bytes().splitlines()[0]
    posted, problem = parse(line)
    assert problem is None
    return posted


def linjiang(**changes: Any) -> dict[str, Any]:
    """A good sheet of the policy that wants reasons, from its examples, with some facts changed."""
    sheet = _linjiang()
    return {**sheet, "facts": {**sheet["facts"], **changes}}


@cache
def _linjiang() -> dict[str, Any]:
    example = next(each for each in read_examples(LINJIANG, Problems()) if each.expect["refused"] is None)
    return {**example.posted, "unit": {"id": "L-1"}}


def problems_of(posted: object, by: Scorer | None = None) -> list[Problem]:
    """Everything that is wrong with what was posted; nothing when it is scored."""
    try:
        (by or scorer("community")).score(posted)
    except SheetRefused as refused:
        return list(refused.problems)
    return []


def told(posted: object, by: Scorer | None = None) -> list[tuple[str, str]]:
    """Code and path of every problem."""
    return [(each.code, each.path) for each in problems_of(posted, by)]


def with_facts(**facts: Any) -> dict[str, Any]:
    """The good community sheet with these facts changed."""
    sheet = good()
    return {**sheet, "facts": {**sheet["facts"], **facts}}


NOT_A_NUMBER = [True, False, "85", "", [], [1], {}, {"value": 1}]
NO_DECIMALS = [D("NaN"), D("-NaN"), D("sNaN"), D("Infinity"), D("-Infinity")]

# fact, value, code; the path is that of the fact
BAD: list[tuple[str, Any, str]] = [
    *(("computer", value, "wrong_type") for value in (0, 1, "true", "是", D(1), [], {}, [True], D("NaN"))),
    *(("retiree_complaints", value, "wrong_type") for value in (*NOT_A_NUMBER, D("1.5"), *NO_DECIMALS)),
    *(("retiree_complaints", value, "count_with_decimals") for value in (D("1.0"), D(0), D("1e3"))),
    *(("loans_due", value, "wrong_type") for value in (*NOT_A_NUMBER, *NO_DECIMALS)),
    *(("resident_data_deduction", value, "wrong_type") for value in (*NOT_A_NUMBER, *NO_DECIMALS)),
    *(("dispute_ledger", value, "wrong_type") for value in (True, 0, 2, D("1.5"), [], ["proper"], {"proper": True})),
    *(
        ("dispute_ledger", value, "not_a_choice")
        for value in ("", "Proper", "proper ", "合要求", "standard", "x" * 9999)
    ),
    ("retiree_complaints", -1, "out_of_bounds"),
    ("retiree_complaints", SIXTEEN_DIGITS, "too_many_digits"),
    ("retiree_complaints", -SIXTEEN_DIGITS, "too_many_digits"),
    ("retiree_complaints", 10**400, "too_many_digits"),
    ("loans_due", -1, "out_of_bounds"),
    ("loans_due", D("-0.01"), "out_of_bounds"),
    ("loans_due", D("5555.605"), "too_many_decimals"),
    ("loans_due", D("0.001"), "too_many_decimals"),
    ("loans_due", D("10000000000000.00"), "too_many_digits"),
    ("loans_due", D("9999999999999999"), "too_many_digits"),
    ("loans_due", SIXTEEN_DIGITS, "too_many_digits"),
    ("loans_due", D("1e400"), "too_many_digits"),
    ("loans_due", D("-1e400"), "too_many_digits"),
    ("loans_due", D("1e999999"), "too_many_digits"),
    ("loans_due", D("1e-400"), "too_many_digits"),
    ("loans_due", D("1e-999999"), "too_many_digits"),
    ("loans_due", D("0." + "1" * 5000), "too_many_digits"),
    ("loans_due", D("1" * 5000), "too_many_digits"),
    ("resident_data_deduction", D("3.01"), "out_of_bounds"),
    ("resident_data_deduction", 4, "out_of_bounds"),
    ("resident_data_deduction", D("-0.01"), "out_of_bounds"),
    ("resident_data_deduction", D("0.005"), "too_many_decimals"),
    ("resident_data_deduction", D("2.999"), "too_many_decimals"),
    ("resident_data_deduction", 10**40, "too_many_digits"),
    ("resident_data_deduction", D("1e-20"), "too_many_digits"),
    # A count that is 0 makes the judgement irrelevant, not good.
    ("referral_deduction", 0, "out_of_bounds"),
    ("referral_deduction", D("0.99"), "out_of_bounds"),
    ("referral_deduction", D("2.01"), "out_of_bounds"),
    ("referral_deduction", "1", "wrong_type"),
    ("collection_rate", 85, "fact_derived"),
    ("loan_repayment_rate", None, "fact_derived"),
    ("certified_full_time_staff", 1, "fact_of_other_standard"),
    ("labour_survey_active", None, "fact_of_other_standard"),
    ("certified_full_time_staff", "one", "fact_of_other_standard"),
    ("complaints_passed_on", "standard", "fact_of_other_reading"),
    ("deaths_handled", 1, "fact_of_other_reading"),
    ("hard_to_employ_never_referred", 0, "fact_of_other_reading"),
    ("computers", True, "fact_unknown"),
    ("", True, "fact_unknown"),
    ("计算机", True, "fact_unknown"),
    ("x" * 1_000_000, True, "fact_unknown"),
]


def short(value: object) -> str:
    """A value as the name of a test."""
    return repr(value)[:24]


@pytest.mark.parametrize(("fact", "value", "code"), BAD, ids=short)
def test_a_bad_fact_is_refused_at_its_path(fact, value, code):
    """The code says what kind of bad it is, and the path is the fact's; both languages have words for it."""
    found = problems_of(with_facts(**{fact: value}))
    name = fact if len(fact) <= 80 else fact[:77] + "…"
    assert [(each.code, each.path) for each in found] == [(code, f"/facts/{name}")]
    assert all(0 < len(words) < 1000 for words in found[0].message)


def test_every_bound_itself_is_good():
    """The largest and smallest numbers that are good are scored, so that bounds lie exactly there."""
    good_ones = {
        "retiree_complaints": [0, SIXTEEN_DIGITS - 1],
        "resident_data_deduction": [0, D("0.01"), D("2.99"), 3, D("3.00"), D("3"), D("0E-5"), D("3.0000000000")],
        "referral_deduction": [None, 1, D("1.00"), D("1.01"), 2],
        "loans_due": [D("9999999999999.99"), D("620000.000000"), D("6.2E+5"), 620000],
        "dispute_ledger": ["proper", "improper", "none"],
    }
    bad = {(name, value): told(with_facts(**{name: value})) for name, values in good_ones.items() for value in values}
    assert {key: found for key, found in bad.items() if found} == {}


@pytest.mark.parametrize(
    ("part", "whole", "values", "words"),
    [
        ("loans_repaid", "loans_due", (D("100.01"), D("100.00")), ("(100.01 yuan)", "(100 yuan)")),
        ("loans_repaid", "loans_due", (D("0.01"), 0), ("(0.01 yuan)", "(0 yuan)")),
        ("employers_collected", "employers_total", (10, 9), ("(10 ", "(9 ")),
        ("employers_collected", "employers_total", (1, 0), ("(1 ", "(0 ")),
    ],
)
def test_a_part_above_its_whole_is_refused(part, whole, values, words):
    """More repaid than due, more collected than exist: refused at the part, with both values in the sentence."""
    (found,) = problems_of(with_facts(**dict(zip((part, whole), values, strict=True))))
    assert (found.code, found.path) == ("part_exceeds_whole", f"/facts/{part}")
    assert all(each in found.message.en for each in words), found.message.en


def test_a_part_equal_to_its_whole_is_good():
    """All repaid and all collected is as it should be, to the fen."""
    equal = {"loans_due": D("0.01"), "loans_repaid": D("0.01"), "employers_total": 9, "employers_collected": 9}
    assert told(with_facts(**equal)) == []


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("signboard_display", "signboard_displayed"),
        ("loan_due", "loans_due"),
        ("Computer", "computer"),
        ("dispute_leger", "dispute_ledger"),
        ("zzzzzzzzzzzz", None),
    ],
)
def test_an_unknown_fact_is_answered_with_the_nearest_known_one(name, near):
    """A slip of the pen finds the name that was meant; a name like no other gets no hint."""
    (found,) = problems_of(with_facts(**{name: 1}))
    assert (found.code, found.near) == ("fact_unknown", near)


def test_a_fact_of_another_reading_is_known_under_it():
    """What the default reading refuses, the reading that uses it takes, and says so when it is bad."""
    per_duty = scorer("community", (("complaint-transfer", "per_duty"),))
    both = {"complaints_passed_on": "standard", "complaints_reported_up": "standard"}
    assert told(with_facts(**both), per_duty) == []
    assert told(with_facts(**{**both, "complaints_reported_up": "late"}), per_duty) == [
        ("not_a_choice", "/facts/complaints_reported_up")
    ]


@pytest.mark.parametrize("value", [85.0, 0.5, 1e400, float("nan"), float("inf"), -0.0])
@pytest.mark.parametrize("fact", ["retiree_complaints", "loans_due", "resident_data_deduction", "computer"])
def test_floats_are_refused_in_the_library(fact, value):
    """A float is never exact, so no type takes one, whole or not."""
    assert told(with_facts(**{fact: value})) == [("wrong_type", f"/facts/{fact}")]


@pytest.mark.parametrize("value", [Fraction(1, 2), 1j, b"1", {1, 2}, object(), range(3), Decimal])
def test_values_that_json_does_not_have_are_refused_in_the_library(value):
    """Whatever a caller of the library passes as a fact is scored or refused by name."""
    for fact in ("retiree_complaints", "loans_due", "resident_data_deduction", "computer", "dispute_ledger"):
        assert told(with_facts(**{fact: value})) == [("wrong_type", f"/facts/{fact}")]


def test_null_is_the_same_as_absent():
    """A null counts as not given: asked for where it matters, and let be where it does not."""
    assert told(with_facts(loans_due=None)) == [("fact_missing", "/facts/loans_due")]
    assert told(with_facts(referral_deduction=None)) == []
    sheet = good()
    del sheet["facts"]["loans_due"]
    assert told(sheet) == [("fact_missing", "/facts/loans_due")]


def test_a_decimal_context_of_the_caller_changes_nothing():
    """Two digits of precision around the call leave a good amount good and a bad one bad."""
    with localcontext(prec=2, Emax=3, Emin=-3):
        assert told(with_facts(loans_due=D("9999999999999.99"))) == []
        assert told(with_facts(loans_due=D("5555.605"))) == [("too_many_decimals", "/facts/loans_due")]


def test_everything_that_is_wrong_is_told_at_once():
    """Bad values, a part above its whole, unknown keys, reasons, self scores and unit are one refusal."""
    sheet = with_facts(
        computer=1,
        retiree_complaints=D("1.0"),
        loans_due=D("100.00"),
        loans_repaid=D("100.01"),
        resident_data_deduction=D("3.5"),
        employer_data_deduction=D("0.001"),
        dispute_ledger="kept",
        collection_rate=90,
        labour_survey_active=True,
        deaths_handled=0,
        computers=True,
        telephone_or_fax=None,
    )
    sheet |= {
        "unit": {"id": "", "names": "x"},
        "self_scores": {"6": 4, "99": 1},
        "reasons": {"computer": "x", "publicity_points": " "},
        "fact": {},
    }
    assert sorted(told(sheet)) == sorted(
        [
            ("value_bad", "/unit/id"),
            ("key_unknown", "/unit/names"),
            ("key_unknown", "/fact"),
            ("wrong_type", "/facts/computer"),
            ("count_with_decimals", "/facts/retiree_complaints"),
            ("part_exceeds_whole", "/facts/loans_repaid"),
            ("out_of_bounds", "/facts/resident_data_deduction"),
            ("too_many_decimals", "/facts/employer_data_deduction"),
            ("not_a_choice", "/facts/dispute_ledger"),
            ("fact_derived", "/facts/collection_rate"),
            ("fact_of_other_standard", "/facts/labour_survey_active"),
            ("fact_of_other_reading", "/facts/deaths_handled"),
            ("fact_unknown", "/facts/computers"),
            ("fact_missing", "/facts/telephone_or_fax"),
            ("out_of_bounds", "/self_scores/6"),
            ("item_unknown", "/self_scores/99"),
            ("reason_for_nothing", "/reasons/computer"),
            ("text_unreadable", "/reasons/publicity_points"),
        ]
    )


def test_a_bad_fact_hides_no_missing_one_and_is_not_called_missing():
    """A fact that is bad is reported once, as bad; another that is absent is asked for in the same breath."""
    sheet = with_facts(computer="yes", dispute_ledger=None)
    assert sorted(told(sheet)) == [("fact_missing", "/facts/dispute_ledger"), ("wrong_type", "/facts/computer")]


def test_bad_facts_are_refused_after_a_veto_too():
    """A veto settles what is missing, never what is wrong."""
    vetoed = with_facts(platform_established=False, computer=None)
    assert told(vetoed) == []
    assert told(with_facts(platform_established=False, loans_due="5")) == [("wrong_type", "/facts/loans_due")]


# The sheet around the facts


@pytest.mark.parametrize("posted", [None, [], "sheet", 1, True, D("1.5"), [{}]], ids=short)
def test_a_sheet_that_is_no_object_is_refused(posted):
    """Anything but an object is refused as such, and its unit and facts are missing."""
    assert ("value_bad", "") in told(posted)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"facts": None}, ("key_missing", "/facts")),
        ({"facts": []}, ("value_bad", "/facts")),
        ({"facts": "none"}, ("value_bad", "/facts")),
        ({"facts": {f"fact_{at}": 1 for at in range(10_001)}}, ("value_bad", "/facts")),
        ({"unit": None}, ("key_missing", "/unit")),
        ({"unit": "XB-001"}, ("value_bad", "/unit")),
        ({"unit": {}}, ("value_bad", "/unit/id")),
        ({"unit": {"id": None}}, ("value_bad", "/unit/id")),
        ({"unit": {"id": 7}}, ("value_bad", "/unit/id")),
        ({"unit": {"id": ""}}, ("value_bad", "/unit/id")),
        ({"unit": {"id": "  "}}, ("text_unreadable", "/unit/id")),
        ({"unit": {"id": "x" * 201}}, ("value_bad", "/unit/id")),
        ({"unit": {"id": "x\ny"}}, ("text_unreadable", "/unit/id")),
        ({"unit": {"id": "x\0"}}, ("text_unreadable", "/unit/id")),
        ({"unit": {"id": "x\u202ey"}}, ("text_unreadable", "/unit/id")),
        ({"unit": {"id": "x\ud800"}}, ("text_unreadable", "/unit/id")),
        ({"unit": {"id": "x", "name": "\x1b[31m"}}, ("text_unreadable", "/unit/name")),
        ({"unit": {"id": "x", "name": ["翠庭社区"]}}, ("value_bad", "/unit/name")),
        ({"unit": {"id": "x", "district": "新" * 201}}, ("value_bad", "/unit/district")),
        ({"unit": {"id": "x", "town": "y"}}, ("key_unknown", "/unit/town")),
        ({"standard": "village"}, ("value_bad", "/standard")),
        ({"standard": None}, ("value_bad", "/standard")),
        ({"sheet": 1}, ("key_unknown", "/sheet")),
        ({"a/b~c": 1}, ("key_unknown", "/a~1b~0c")),
        ({"self_scores": []}, ("value_bad", "/self_scores")),
        ({"self_scores": {"31": 1}}, ("item_unknown", "/self_scores/31")),
        ({"self_scores": {"06": 1}}, ("item_unknown", "/self_scores/06")),
        ({"self_scores": {"resident_data": 1}}, ("item_unknown", "/self_scores/resident_data")),
        ({"self_scores": {"6": D("3.01")}}, ("out_of_bounds", "/self_scores/6")),
        ({"self_scores": {"6": -1}}, ("out_of_bounds", "/self_scores/6")),
        ({"self_scores": {"6": D("0.005")}}, ("too_many_decimals", "/self_scores/6")),
        ({"self_scores": {"6": "3"}}, ("wrong_type", "/self_scores/6")),
        ({"self_scores": {"6": True}}, ("wrong_type", "/self_scores/6")),
        ({"self_scores": {"6": 3.0}}, ("wrong_type", "/self_scores/6")),
        ({"self_scores": {"6": D("Infinity")}}, ("wrong_type", "/self_scores/6")),
        ({"self_scores": {"6": D("1e400")}}, ("too_many_digits", "/self_scores/6")),
        ({"reasons": "because"}, ("value_bad", "/reasons")),
        ({"reasons": {"computer": "broken"}}, ("reason_for_nothing", "/reasons/computer")),
        ({"reasons": {"no_such_fact": "x"}}, ("reason_for_nothing", "/reasons/no_such_fact")),
        ({"reasons": {"publicity_points": ""}}, ("value_bad", "/reasons/publicity_points")),
        ({"reasons": {"publicity_points": " \n"}}, ("text_unreadable", "/reasons/publicity_points")),
        ({"reasons": {"publicity_points": 3}}, ("value_bad", "/reasons/publicity_points")),
        ({"reasons": {"publicity_points": None}}, ("value_bad", "/reasons/publicity_points")),
        ({"reasons": {"publicity_points": "长" * 2001}}, ("value_bad", "/reasons/publicity_points")),
    ],
    ids=short,
)
def test_what_stands_around_the_facts_is_checked_too(change, expected):
    """Unit, standard, self scores and reasons: each bad one is refused at its own path."""
    assert expected in told({**good(), **change})


def test_a_good_unit_may_lack_name_and_district():
    """Only the id is needed; null stands for what is not known, and 200 characters are not too many."""
    for unit in ({"id": "x"}, {"id": "长" * 200, "name": None, "district": None}, {"id": "a b", "name": "甲 乙"}):
        assert told({**good(), "unit": unit}) == []


def test_reasons_and_self_scores_may_be_left_out():
    """Without them, or with null, a sheet is as good as before; the longest reason is taken."""
    sheet = good()
    for change in ({"self_scores": None, "reasons": None}, {"reasons": {"publicity_points": "长" * 2000}}):
        assert told({**sheet, **change}) == []
    assert told({key: sheet[key] for key in ("unit", "facts")}) == []


def test_a_reason_for_an_unknown_judgement_is_answered_with_the_nearest():
    """Reasons are held against the judgements only."""
    (found,) = problems_of({**good(), "reasons": {"publicity_point": "x"}})
    assert (found.code, found.near) == ("reason_for_nothing", "publicity_points")


# A policy that wants a reason for every judgement below full points


def test_a_judgement_below_full_points_needs_a_reason_where_the_policy_says_so():
    """Taking points without a reason is refused; taking none, or giving the reason, is not."""
    by = scorer("street", directory=LINJIANG)
    judgements = [fact for fact in by.standard.facts.values() if fact.kind == "judgement"]
    deducted = [fact for fact in judgements if "deduction" in fact.name]
    assert deducted
    for fact in deducted:
        sheet = linjiang(**{fact.name: fact.given(fact.highest)})
        without = {**sheet, "reasons": {k: v for k, v in sheet["reasons"].items() if k != fact.name}}
        assert told(without, by) == [("reason_missing", f"/reasons/{fact.name}")]
        assert told({**without, "reasons": {**without["reasons"], fact.name: "台账不全"}}, by) == []
        if fact.lowest == 0:
            assert told({**without, "facts": {**without["facts"], fact.name: 0}}, by) == []


def test_full_points_need_no_reason():
    """An award at its highest takes nothing from anybody; a tenth of a point less needs words."""
    by = scorer("street", directory=LINJIANG)
    awarded = [fact for fact in by.standard.facts.values() if fact.kind == "judgement" and "points" in fact.name]
    assert awarded
    for fact in awarded:
        # A bonus of innovation counts only where the innovation was recognised.
        recognised = {"innovation_recognised": True, "innovation_points": 6}
        sheet = {**linjiang(**{**recognised, fact.name: fact.given(fact.highest)}), "reasons": {}}
        assert ("reason_missing", f"/reasons/{fact.name}") not in told(sheet, by)
        less = {**sheet, "facts": {**sheet["facts"], fact.name: fact.given(fact.highest - 1)}}
        assert ("reason_missing", f"/reasons/{fact.name}") in told(less, by)


def test_changzhou_wants_no_reasons():
    """Where the policy leaves reasons open, a judgement may stand without one."""
    assert told({**with_facts(resident_data_deduction=3), "reasons": {}}) == []


# Anything at all

numbers = st.one_of(
    st.integers(),
    st.integers(-3, 5),
    st.sampled_from([10**15, 10**15 - 1, -(10**15), 10**399]),
    st.decimals(allow_nan=True, allow_infinity=True),
    st.decimals(min_value=-5, max_value=5, places=3),
    st.sampled_from([D("1e400"), D("1e-400"), D("-0.0"), D("1E+2"), D("1e1000000"), D("sNaN")]),
    st.floats(),
)
json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), numbers, st.text(max_size=20), st.sampled_from(["proper", "none", "standard"])),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
    max_leaves=5,
)
COMMUNITY_FACTS = sorted(scorer("community").standard.facts)
MOST = 20_000 if TEST_ALL else 400


def places(posted: object) -> set[str]:
    """The paths of all problems, after which every sentence was put into words."""
    found = problems_of(posted)
    assert all(words and json.dumps(words) for each in found for words in each.message)
    return {each.path for each in found}


@settings(max_examples=MOST)
@given(fact=st.sampled_from(COMMUNITY_FACTS), value=json_values)
def test_whatever_stands_for_a_fact_is_scored_or_refused_at_its_path(fact, value):
    """No JSON value as a fact makes anything but a decision or a refusal that names that fact."""
    other = {"loans_due": "loans_repaid", "employers_total": "employers_collected"}.get(fact, fact)
    assert places(with_facts(**{fact: value})) <= {f"/facts/{fact}", f"/facts/{other}"} | (
        # A judgement that comes into play is asked for.
        {"/facts/referral_deduction", "/facts/guidance_deduction"} if fact.startswith("hard_to_employ") else set()
    )


@settings(max_examples=MOST // 2)
@given(changes=st.dictionaries(st.sampled_from(COMMUNITY_FACTS), json_values, max_size=12))
def test_many_arbitrary_values_are_refused_only_at_paths_of_facts(changes):
    """Any number of odd values together gives a decision or problems below the facts."""
    assert all(path.startswith("/facts/") for path in places(with_facts(**changes)))


@settings(max_examples=MOST // 8)
@given(
    posted=st.dictionaries(st.sampled_from(["unit", "facts", "self_scores", "reasons", "standard", "x"]), json_values)
)
def test_whatever_is_posted_is_scored_or_refused(posted):
    """Any object in the shape of a sheet, or nearly so, is answered."""
    places(posted)


@settings(max_examples=MOST // 8)
@given(posted=json_values)
def test_whatever_stands_for_a_sheet_is_scored_or_refused(posted):
    """Any JSON value at all is answered."""
    assert places(posted)


@settings(max_examples=MOST // 2)
@given(key=st.text(max_size=30), value=json_values, under=st.sampled_from(["facts", "self_scores", "reasons", "unit"]))
def test_whatever_key_is_given_is_taken_or_refused_by_a_pointer_to_it(key, value, under):
    """An unknown key is named by a JSON pointer that leads back to it."""
    sheet = good()
    sheet[under] = {**(sheet.get(under) or {}), key: value}
    for path in places(sheet):
        parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]
        assert parts[0] == under
        assert parts[1] in {*sheet[under], "id"}


SHEET_CODES_TESTED_HERE = {
    "fact_missing", "fact_unknown", "fact_of_other_standard", "fact_of_other_reading", "fact_derived", "wrong_type",
    "not_a_choice", "out_of_bounds", "too_many_decimals", "count_with_decimals", "too_many_digits",
    "part_exceeds_whole", "reason_missing", "reason_for_nothing", "text_unreadable", "item_unknown",
}  # fmt: skip
CODES_OF_LINES = {"json_broken", "line_too_long"}  # tests/command/test_lines.py


def test_every_code_about_sheets_is_tested_here():
    """A new sentence about sheets needs a test of its own."""
    codes = list(SENTENCES)
    about_sheets = set(codes[codes.index("json_broken") : codes.index("cohort_empty")])
    assert about_sheets == SHEET_CODES_TESTED_HERE | CODES_OF_LINES
    text = Path(__file__).read_text("utf-8").split("SHEET_CODES_TESTED_HERE = ")[0]
    assert all(f'"{code}"' in text for code in SHEET_CODES_TESTED_HERE)
