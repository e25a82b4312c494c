"""The JSON Schema of the facts, and the sample sheets: both are held to the library, for every policy that there is."""

import json
import os
from decimal import Decimal

import jsonschema_rs
import pytest
import simplejson
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import Evaluator, Problems, Scorer, SheetRefused
from service.app import create_app
from service.settings import Settings
from service.workflows import Scoring

from .conftest import ROOT

TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"
FURTHER = tuple(ROOT / "tests" / "policies" / name for name in ("linjiang/2025", "yunzhou/2024"))
STANDARDS = [
    ("changzhou-2012", "community"),
    ("changzhou-2012", "village"),
    ("changzhou-2013", "community"),
    ("changzhou-2013", "village"),
    ("linjiang-2025", "street"),
    ("yunzhou-2024", "rural"),
    ("yunzhou-2024", "urban"),
]
# What a fact is by itself, whatever stands beside it; that one is missing, or exceeds another, is not among them.
BY_ITSELF = {
    "wrong_type",
    "not_a_choice",
    "out_of_bounds",
    "too_many_decimals",
    "too_many_digits",
    "fact_unknown",
    "fact_derived",
    "fact_of_other_standard",
    "fact_of_other_reading",
}


@pytest.fixture(scope="module")
def all_policies():
    """The application with the shipped policy and the two invented ones, which have no samples."""
    return create_app(Settings(policies=FURTHER, log_level="error"))


@pytest.fixture(scope="module")
def scoring(all_policies) -> Scoring:
    """What the application scores with."""
    return all_policies.extensions["kaohe"]


@pytest.fixture(scope="module")
def schemas(all_policies):
    """The facts schema of every standard, as it is served."""
    return {each: read(all_policies, each, "facts-schema") for each in STANDARDS}


@pytest.fixture(scope="module")
def validators(schemas):
    """Validators of those schemas, that know numbers by their digits."""
    return {each: jsonschema_rs.Draft202012Validator(schema) for each, schema in schemas.items()}


@pytest.fixture(scope="module")
def readers(scoring):
    """The library's own judges of a sheet."""
    return {each: Scorer(standard_of(scoring, each), Evaluator.REFERENCE) for each in STANDARDS}


def standard_of(scoring, each, readings=None):
    """A standard of the library."""
    policy, standard = each
    return scoring.policy(policy).standard(standard, readings or {})


def read(app, each, what, query=""):
    """The JSON that a standard's address answers, numbers by their digits."""
    answer = app.test_client().get(f"/v1/policies/{each[0]}/standards/{each[1]}/{what}{query}")
    assert answer.status_code == 200, answer.data
    return json.loads(answer.data, parse_float=Decimal)


def problems_of(scorer, facts):
    """The codes of what the library finds wrong with single facts."""
    problems = Problems()
    scorer.intake.reader.read({"unit": {"id": "A"}, "facts": facts}, problems)
    return [each.code for each in problems.found if each.code in BY_ITSELF]


def near(fact):
    """Values around what a fact may be."""
    edges = [fact.lowest, fact.highest, fact.lowest - 1, fact.highest + 1]
    step = Decimal(1) / fact.per_one
    return [
        *(edge * step if fact.per_one > 1 else edge for edge in edges),
        *(edge * step + step / 2 for edge in edges),
        *(fact.given(at) for at in (fact.lowest, fact.highest)),
        Decimal("0.29"),
        Decimal("2.675"),
        Decimal("1.10"),
    ]


ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**17), 10**17),
    st.integers(-1, 6),
    st.decimals(-1, 6, places=3),
    st.decimals(-(10**14), 10**14, places=2),
    st.text(max_size=5),
    st.lists(st.integers(), max_size=1),
    st.dictionaries(st.text(max_size=2), st.integers(), max_size=1),
)


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
@settings(max_examples=1500 if TEST_ALL else 150)
@given(data=st.data())
def test_the_schema_and_the_library_agree_on_each_fact(scoring, validators, readers, each, data):
    """A fact is good by the schema exactly when the library finds nothing wrong with it by itself."""
    dictionary = scoring.policy(each[0]).facts
    accepted = standard_of(scoring, each).accepted
    name = data.draw(st.sampled_from([*accepted, *dictionary, "loans_du", "", "a/b"]))
    kinds = [ANYTHING]
    if name in accepted:
        fact = accepted[name]
        kinds.append(st.sampled_from(near(fact)))
        if fact.kind == "choice":
            kinds.append(st.sampled_from([fact.given(at) for at in range(fact.highest + 1)]))
    value = data.draw(st.one_of(kinds))
    good = validators[each].is_valid({name: value})
    found = problems_of(readers[each], {name: value})
    assert good == (not found), (name, value, found)


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
def test_the_schema_and_the_library_agree_at_every_bound(scoring, validators, readers, each):
    """At, below, above and between the steps of every bound of every fact, both say the same."""
    for name, fact in standard_of(scoring, each).accepted.items():
        for value in near(fact):
            found = problems_of(readers[each], {name: value})
            assert validators[each].is_valid({name: value}) == (not found), (name, value, found)


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
def test_only_a_count_with_a_point_is_good_for_the_schema_alone(scoring, validators, readers, each):
    """To a JSON Schema 1.0 is an integer; the library wants a count written as one, and says so."""
    for name, fact in standard_of(scoring, each).accepted.items():
        if fact.kind == "count":
            value = Decimal(f"{fact.lowest}.0")
            assert validators[each].is_valid({name: value})
            problems = Problems()
            readers[each].intake.reader.read({"unit": {"id": "A"}, "facts": {name: value}}, problems)
            assert [found.code for found in problems.found] == ["count_with_decimals"]


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
def test_the_schema_is_good_and_speaks_of_every_fact(scoring, schemas, each):
    """It is JSON Schema of 2020-12 and has every fact of the standard, titled in Chinese and described in both."""
    schema = json.loads(simplejson.dumps(schemas[each], use_decimal=True))
    jsonschema_rs.meta.validate(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    accepted = standard_of(scoring, each).accepted
    assert list(schema["properties"]) == list(accepted)
    for name, fact in accepted.items():
        words = schema["properties"][name]
        assert words["title"] == fact.title.zh
        assert words["description"].startswith(fact.title.en)
        if fact.kind in {"flag", "choice"}:
            for at in range(fact.lowest, fact.highest + 1):
                assert fact.words(at).zh in words["description"]
                assert fact.words(at).en in words["description"]


def test_the_schema_follows_the_readings(all_policies, scoring):
    """A fact that only a reading knows is in the schema of that reading, and in no other."""
    each = ("changzhou-2012", "community")
    default = read(all_policies, each, "facts-schema")
    chosen = read(all_policies, each, "facts-schema", "?reading=complaint-transfer=per_duty&reading=petitions=tolerant")
    readings = {"complaint-transfer": "per_duty", "petitions": "tolerant"}
    assert list(chosen["properties"]) == list(standard_of(scoring, each, readings).accepted)
    assert "complaints_passed_on" in chosen["properties"]
    assert "complaints_passed_on" not in default["properties"]


def test_all_standards_are_looked_at(scoring):
    """The tests here leave no standard of any policy out."""
    found = {(key, standard) for key, version in scoring.versions.items() for standard in version.policy.tables}
    assert found == set(STANDARDS)


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
def test_the_sample_sheet_is_good_and_complete(all_policies, validators, readers, each):
    """The sample can be posted as it is; it holds to the schema, nothing that matters is missing, and it is decided."""
    sample = read(all_policies, each, "sample-sheet")
    assert (sample.pop("policy"), sample.pop("standard")) == each
    assert validators[each].is_valid(sample["facts"])
    try:
        decision = readers[each].score(sample)
    except SheetRefused as refused:
        pytest.fail(str(refused.problems))
    text = all_policies.test_client().get(f"/v1/policies/{each[0]}/standards/{each[1]}/sample-sheet").data
    answer = all_policies.test_client().post("/v1/evaluations", data=text, content_type="application/json")
    assert answer.status_code == 200
    assert json.loads(answer.data)["grade"] == decision.grade.key


@pytest.mark.parametrize("each", STANDARDS, ids=".".join)
def test_the_sample_sheet_enters_scoring(all_policies, each):
    """The sample is a starting point: no veto, so that every item has its score."""
    text = all_policies.test_client().get(f"/v1/policies/{each[0]}/standards/{each[1]}/sample-sheet").data
    answer = all_policies.test_client().post("/v1/evaluations", data=text, content_type="application/json")
    assert json.loads(answer.data)["items"] is not None
