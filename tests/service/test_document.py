"""The OpenAPI document: it says what the service does, and the service does what it says."""

import json
import os
import re
from collections import Counter
from copy import deepcopy
from importlib.metadata import version

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig
from schemathesis.config._checks import NEGATIVE_DATA_REJECTION_EXPECTED_STATUSES as REFUSALS
from schemathesis.engine import events, from_schema
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from rules import Problems, read_examples
from service.app import create_app
from service.problems import KINDS, LANGUAGES, MEDIA_TYPE
from service.settings import Settings

from .conftest import ROOT, SHIPPED, sample

TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"
CASES = 120 if TEST_ALL else 15
# The coverage phase tries every bound of every fact in turn: thousands of requests that are the same each time.
PHASES = ("examples", "coverage", "fuzzing", "stateful") if TEST_ALL else ("examples", "fuzzing", "stateful")
STANDARDS = ("community", "village")
METHODS = {"get", "post", "put", "patch", "delete", "head", "options", "trace"}
# Of the page, not of the interface.
UNDOCUMENTED = {"/", "/docs", "/docs/start.js", "/docs/assets/{name}", "/openapi.json"}
LINES = "application/x-ndjson"

a_line = st.one_of(
    st.sampled_from(STANDARDS).map(lambda standard: json.dumps(sample(standard)).encode()),
    st.dictionaries(st.sampled_from(["policy", "standard", "unit", "facts", "year"]), st.text(max_size=5)).map(
        lambda value: json.dumps(value).encode()
    ),
    st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b"")),
)


@pytest.fixture(scope="module")
def document(app):
    """The document, as it is served."""
    return json.loads(app.test_client().get("/openapi.json").data)


@pytest.fixture(scope="module")
def validator(document):
    """Makes a validator of one schema of the document, with its references; kept, since some are large."""
    kept = {}

    def made(schema):
        key = json.dumps(schema, sort_keys=True)
        if key not in kept:
            kept[key] = jsonschema_rs.Draft202012Validator({**schema, "components": document["components"]})
        return kept[key]

    return made


def operations(document):
    """Every operation: its method, its path, what the document says of it."""
    return [
        (method, path, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    ]


def resolved(document, part):
    """What a reference stands for."""
    while "$ref" in part:
        found = document
        for step in part["$ref"].removeprefix("#/").split("/"):
            found = found[step]
        part = found
    return part


@pytest.fixture
def lines_for_schemathesis():
    """Schemathesis knows no JSON lines: tell it what such a body may be, and that an example of one is bytes."""
    schemathesis.openapi.media_type(LINES, st.lists(a_line, max_size=4).map(b"\n".join))

    @schemathesis.hook
    def before_init_operation(context, operation):
        for body in operation.body:
            if body.media_type == LINES and isinstance(body.definition["example"], str):
                body.definition["example"] = body.definition["example"].encode()

    yield
    schemathesis.hooks.unregister_all()


def run(service):
    """Everything that schemathesis does by itself: what it finds, and what it did."""
    config = SchemathesisConfig.from_dict(
        {
            "generation": {"max-examples": CASES, "database": "none"},
            "continue-on-failure": True,
            # Its own list of refusals has no 414: a value that is far too long makes the address too long as well.
            "checks": {"negative_data_rejection": {"expected-statuses": [*REFUSALS, "414"]}},
            "phases": {
                phase: {"enabled": phase in PHASES} for phase in ("examples", "coverage", "fuzzing", "stateful")
            },
        }
    )
    found, done, followed, checks = [], Counter(), Counter(), Counter()
    for event in from_schema(schemathesis.openapi.from_url(f"{service.address}/openapi.json", config=config)).execute():
        if isinstance(event, events.FatalError):
            raise event.exception
        if isinstance(event, events.NonFatalError):
            found.append(f"{event.label}: {event.value}")
        if not isinstance(event, events.ScenarioFinished):
            continue
        for case_id, case in event.recorder.cases.items():
            done[event.phase.value, case.value.operation.definition.raw["operationId"]] += 1
            if case.transition is not None and (sent := event.recorder.interactions.get(case_id)) and sent.response:
                followed[case.transition.id, sent.response.status_code] += 1
        for case_id, results in event.recorder.checks.items():
            for check in results:
                checks[check.name] += 1
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    label = event.recorder.cases[case_id].value.operation.label
                    found.append(
                        f"{label}: {failure.title}: {failure.message}\n{check.failure_info.code_sample[:1500]}"
                    )
    return found, done, followed, checks


@pytest.mark.timeout(1200)
def test_schemathesis_finds_nothing(service, document, lines_for_schemathesis):
    """Every check, every phase, every operation, nothing left out: no failure; and the links are really followed."""
    found, done, followed, checks = run(service)
    assert not found, "\n\n".join(found)
    for _, _, operation in operations(document):
        assert done["fuzzing", operation["operationId"]] >= CASES
    assert {phase for phase, _ in done} == set(PHASES)
    if TEST_ALL:
        decided = Counter()
        for (transition, status), count in followed.items():
            decided[transition.split(" -> ")[1].partition("] ")[2], status] += count
        assert decided["getSampleSheet", 200]
        assert decided["evaluate", 200]
    assert checks["response_schema_conformance"]


def test_the_document_is_good_openapi(document):
    """Its schemas are good JSON Schema, every reference leads somewhere, and no name is given twice."""
    assert not [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(document)]
    assert document["openapi"] == "3.1.0"
    assert document["info"]["version"] == version("kaohe")
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate({**schema, "$schema": "https://json-schema.org/draft/2020-12/schema"})
    ids = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    for reference in re.findall(r'"\$ref": "([^"]+)"', json.dumps(document)):
        assert resolved(document, {"$ref": reference})
    for _, path, operation in operations(document):
        links = [link for each in operation["responses"].values() for link in each.get("links", {}).values()]
        assert {link["operationId"] for link in links} <= set(ids)
        named = {resolved(document, each)["name"] for each in document["paths"][path].get("parameters", [])}
        assert set(re.findall(r"{(\w+)}", path)) == named


def test_every_component_is_used(document):
    """Nothing stands in the document for nothing."""
    text = json.dumps(document)
    for kind, components in document["components"].items():
        for name in components:
            assert f'"$ref": "#/components/{kind}/{name}"' in text, (kind, name)


def test_every_route_is_documented(app, document):
    """The document has every route and every method, but for those of its own page; and no others."""
    routes = {
        (method.lower(), re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in app.url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    documented = {(method, path) for method, path, _ in operations(document)}
    assert {(method, path) for method, path in routes if path not in UNDOCUMENTED} == documented
    assert {path for _, path in routes} >= UNDOCUMENTED


def test_every_failure_is_documented_by_its_codes(document):
    """Each documented failure is one of those that there are, with all its codes; and each of those is documented."""
    statuses = {status for status, _ in KINDS.values()}
    seen = set()
    for _, _, operation in operations(document):
        for status, named in operation["responses"].items():
            if status == "200":
                continue
            seen.add(int(status))
            response = resolved(document, named)
            assert list(response["content"]) == [MEDIA_TYPE]
            kinds = {kind for kind, (found, _) in KINDS.items() if found == int(status)}
            examples = response["content"][MEDIA_TYPE]["examples"]
            assert examples.keys() == kinds
            assert all(f"`{kind}`" in response["description"] for kind in kinds)
    assert seen == statuses


def test_the_example_of_a_failure_is_like_a_real_one(client, document, validator):
    """The problem bodies that are shown are as documented, and so are those that come."""
    problem = validator({"$ref": "#/components/schemas/Problem"})
    for response in document["components"]["responses"].values():
        for kind, example in response["content"][MEDIA_TYPE]["examples"].items():
            assert not list(problem.iter_errors(example["value"]))
            assert example["value"]["code"] == kind
    for language in LANGUAGES:
        answer = client.get("/v1/policies/changzhou-2022", headers={"Accept-Language": language})
        assert not list(problem.iter_errors(json.loads(answer.data)))
        example = document["components"]["responses"]["Problem404"]["content"][MEDIA_TYPE]["examples"]["policy_unknown"]
        assert json.loads(answer.data).keys() == example["value"].keys()


def test_the_examples_are_the_shipped_samples_and_their_answers(client, document):
    """What is shown as a request is the shipped sample, and posting it gives the answer that is shown."""
    one = document["paths"]["/v1/evaluations"]["post"]
    posted = one["requestBody"]["content"]["application/json"]["examples"]
    answers = one["responses"]["200"]["content"]["application/json"]["examples"]
    for standard in STANDARDS:
        name = f"changzhou-2012.{standard}"
        assert posted[name]["value"] == sample(standard)
        answer = client.post("/v1/evaluations", json=posted[name]["value"])
        assert json.loads(answer.data) == answers[name]["value"]
    many = document["paths"]["/v1/evaluations/batch"]["post"]
    for media_type in ("application/json", LINES):
        example = many["requestBody"]["content"][media_type]["example"]
        sent = example if isinstance(example, str) else json.dumps(example)
        with client.post("/v1/evaluations/batch", data=sent, content_type=media_type) as answer:
            text = answer.get_data(as_text=True)
        shown = many["responses"]["200"]["content"][media_type]["example"]
        assert (text if isinstance(shown, str) else json.loads(text)) == shown


MANY = {"/v1/settlements": "Settlement", "/v1/comparisons": "Comparison"}


def example_of(document, path):
    """What the document shows as a request about many units."""
    return document["paths"][path]["post"]["requestBody"]["content"]["application/json"]["example"]


def test_a_settlement_and_a_comparison_are_shown_as_they_are(client, document, validator):
    """Three sheets are settled, and compared from 2012 to 2013; posting what is shown gives what is shown."""
    assert len(example_of(document, "/v1/settlements")["units"]) == 3
    assert [each["policy"] for each in example_of(document, "/v1/comparisons")["versions"]] == [
        "changzhou-2012", "changzhou-2013",
    ]  # fmt: skip
    for path, name in MANY.items():
        posted = example_of(document, path)
        assert validator({"$ref": f"#/components/schemas/{name}"}).is_valid(posted)
        with client.post(path, json=posted) as answer:
            shown = document["paths"][path]["post"]["responses"]["200"]["content"]["application/json"]["example"]
            assert json.loads(answer.get_data()) == shown


def meant(expression, request, answer):
    """What a runtime expression of a link stands for."""
    kind, _, pointer = expression.partition("#")
    if kind.startswith("$request.path."):
        return request[kind.removeprefix("$request.path.")]
    assert kind == "$response.body"
    for step in pointer.split("/")[1:]:
        answer = answer[int(step) if step.isdecimal() else step]
    return answer


def test_the_links_lead_from_the_list_of_policies_to_a_decision(client, document):
    """Whoever knows nothing but the document follows its links: every one of them leads to a good answer."""
    known = {operation["operationId"]: (method, path, operation) for method, path, operation in operations(document)}
    waiting, followed = [("listPolicies", {}, None)], Counter()
    while waiting:
        name, request, body = waiting.pop()
        method, path, operation = known[name]
        answer = client.open(path.format(**request), method=method, json=body)
        assert answer.status_code == 200, (name, request)
        followed[name] += 1
        for link in operation["responses"]["200"].get("links", {}).values():
            value = json.loads(answer.data)
            asked = {key: meant(each, request, value) for key, each in link.get("parameters", {}).items()}
            sent = meant(link["requestBody"], request, value) if "requestBody" in link else None
            waiting.append((link["operationId"], asked, sent))
    assert followed == {
        "listPolicies": 1, "getPolicy": 1, "getStandard": 2, "getFactsSchema": 2, "getSampleSheet": 2, "evaluate": 2,
    }  # fmt: skip


def content_of(document, path, media_type):
    """The documented schema of what a GET answers."""
    return document["paths"][path]["get"]["responses"]["200"]["content"][media_type]["schema"]


def test_what_is_read_is_as_documented(client, document, validator):
    """Every answer to a GET has the type and the form that the document says, for every policy and standard."""
    paths = [path for path, methods in document["paths"].items() if "get" in methods]
    asked = 0
    for path in paths:
        for standard in STANDARDS if "{standard}" in path else (None,):
            answer = client.get(path.replace("{policy_id}", "changzhou-2012").replace("{standard}", standard or ""))
            assert answer.status_code == 200
            schema = content_of(document, path, answer.mimetype)
            value = json.loads(answer.data) if "json" in answer.mimetype else answer.get_data(as_text=True)
            assert not [str(error) for error in validator(schema).iter_errors(value)], path
            asked += 1
    assert asked == len(paths) + 3


def test_what_comes_out_is_as_documented(client, validator, standard):
    """Every worked example of the policy is answered as `Answer` says, or refused as `Refusal` and `Problem` say."""
    answers, refusals, failures = (
        validator({"$ref": f"#/components/schemas/{name}"}) for name in ("Answer", "Refusal", "Problem")
    )
    problems = Problems()
    examples = [each for each in read_examples(SHIPPED, problems) if each.standard == standard]
    assert not problems.found
    counts = Counter()
    for example in examples:
        posted = {key: value for key, value in example.posted.items() if value}
        posted |= {"policy": "changzhou-2012", "standard": standard, "readings": dict(example.readings)}
        text = client.application.json.dumps(posted)
        answer = client.post("/v1/evaluations", data=text, content_type="application/json")
        value = json.loads(answer.data)
        assert not [str(error) for error in (answers if answer.status_code == 200 else failures).iter_errors(value)]
        with client.post("/v1/evaluations/batch", data=text, content_type=LINES) as many:
            line = json.loads(many.data)
        assert not [str(error) for error in (refusals if "problems" in line else answers).iter_errors(line)]
        assert ("problems" in line) == (answer.status_code != 200)
        counts[answer.status_code] += 1
    assert counts[200] > 50
    assert counts[409]
    assert counts[422]


VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-2, 10), st.floats(-1, 5).map(lambda value: round(value, 3)),
    st.sampled_from(["", "x", "x" * 201, "proper", "changzhou-2012", "community", "a" * 64, 10**16, 2012, 1.0, 1e-30]),
    st.just([]), st.just({}), st.just({"id": "x"}), st.just({"loans_due": 1}),
)  # fmt: skip


@st.composite
def changed(draw):
    """A good and complete sheet with one or two places changed, removed or added."""
    sheet = sample(draw(st.sampled_from(STANDARDS)))
    sheet["year"] = 2012
    for _ in range(draw(st.integers(1, 2))):
        parts = [key for key, value in sheet.items() if isinstance(value, dict)]
        under = draw(st.sampled_from([None, *parts]))
        part = sheet if under is None else sheet[under]
        new = ["readings", "reasons", "policy_hash", "petitions", "resident_data_deduction", "1", "99", "loans_du"]
        key = draw(st.sampled_from([*part, *new]))
        if draw(st.booleans()):
            part[key] = deepcopy(draw(VALUES))
        else:
            part.pop(key, None)
    return sheet


@settings(max_examples=2000 if TEST_ALL else 200)
@given(sheet=changed())
def test_a_body_is_422_if_and_only_if_the_schema_says_so(app, validator, sheet):
    """What the schema calls valid is decided, or conflicts (409); what it calls invalid is refused."""
    answer = app.test_client().post("/v1/evaluations", json=sheet)
    if validator({"$ref": "#/components/schemas/Sheet"}).is_valid(sheet):
        assert answer.status_code in {200, 409}
    elif answer.status_code == 409:
        # A number with too many digits or decimals is not looked at any further: it may be out of bounds as well.
        codes = {each["code"] for each in json.loads(answer.data)["problems"]}
        assert codes & {"too_many_digits", "too_many_decimals"}
    else:
        assert answer.status_code in {404, 422}


@st.composite
def changed_many(draw, document):
    """A good request about many units with one or two places around them changed, removed or added."""
    path = draw(st.sampled_from(list(MANY)))
    body = deepcopy(example_of(document, path))
    for _ in range(draw(st.integers(1, 2))):
        versions = body.get("versions")
        parts = [body, *(each for each in versions if isinstance(each, dict))] if isinstance(versions, list) else [body]
        part = draw(st.sampled_from(parts))
        money = ["average_standard", "pool", "leave_out", "cohort", "policy", "year", "readings", "policy_hash", "unit"]
        key = draw(st.sampled_from([*part, *money]))
        if draw(st.booleans()):
            part[key] = deepcopy(
                draw(
                    st.one_of(
                        VALUES, st.just([{"year": 2012}, {"year": 2012}, {"year": 2013}]), st.just({"community": 1.25})
                    )
                )
            )
        else:
            part.pop(key, None)
    return path, body


@settings(max_examples=1000 if TEST_ALL else 100)
@given(data=st.data())
def test_what_is_around_many_units_is_422_if_and_only_if_the_schema_says_so(app, document, validator, data):
    """What the schema calls valid is answered, conflicts or is not there (409, 404); anything else is refused."""
    path, body = data.draw(changed_many(document))
    with app.test_client().post(path, json=body) as answer:
        status = answer.status_code
        codes = {each["code"] for each in answer.json.get("problems", ())}
    if validator({"$ref": f"#/components/schemas/{MANY[path]}"}).is_valid(body):
        assert status in {200, 404, 409}
    elif status == 409:
        # A number with too many digits or decimals is not looked at any further: it may be out of bounds as well.
        assert codes & {"too_many_digits", "too_many_decimals"}
    else:
        assert status in {404, 422}


TEXTS = {"/unit/id": 200, "/unit/name": 200, "/unit/district": 200, "/reasons/resident_data_deduction": 2000}


@pytest.mark.parametrize("path", TEXTS)
def test_a_text_may_be_as_long_as_the_schema_says(client, validator, standard, path):
    """The longest text is taken and one character more is refused, by the schema and by the service alike."""
    _, part, key = path.split("/")
    for length, good in ((1, True), (TEXTS[path], True), (TEXTS[path] + 1, False), (0, False)):
        sheet = sample(standard)
        sheet[part] = {**sheet.get(part, {}), key: "字" * length}
        assert validator({"$ref": "#/components/schemas/Sheet"}).is_valid(sheet) == good
        assert client.post("/v1/evaluations", json=sheet).status_code == (200 if good else 422)


def test_the_schema_of_no_sheet_allows_a_sheet_of_another_policy(document):
    """A sheet is posted under a policy and a standard by name: each schema has its own."""
    schemas = document["components"]["schemas"]
    names = [each["$ref"].rpartition("/")[2] for each in schemas["Sheet"]["anyOf"]]
    assert names == [f"Sheet.changzhou-{year}.{standard}" for year in (2012, 2013) for standard in STANDARDS]
    for name in names:
        _, policy, standard = name.split(".")
        assert schemas[name]["properties"]["policy"]["enum"] == [policy]
        assert schemas[name]["properties"]["standard"]["enum"] == [standard]


def test_further_policies_are_in_the_document():
    """A policy from a further directory, without samples, is documented like the shipped one, with an example."""
    more = tuple(ROOT / "tests" / "policies" / name for name in ("linjiang/2025", "yunzhou/2024"))
    app = create_app(Settings(policies=more, log_level="error"))
    document = json.loads(app.test_client().get("/openapi.json").data)
    examples = document["paths"]["/v1/evaluations"]["post"]["requestBody"]["content"]["application/json"]["examples"]
    assert len(examples) == 7
    sheets = jsonschema_rs.Draft202012Validator(
        {"$ref": "#/components/schemas/Sheet", "components": document["components"]}
    )
    for example in examples.values():
        assert not [str(error) for error in sheets.iter_errors(example["value"])]
        assert app.test_client().post("/v1/evaluations", json=example["value"]).status_code == 200


def test_no_address_but_its_own(document):
    """The document names no other host: not in a schema, not in a description, not as a server."""
    assert re.findall(r"(?:https?:)?//[^\s\"]*", json.dumps(document)) == []


def test_the_words_are_in_chinese_and_in_english(document):
    """Every summary and description that a reader meets first is in Chinese, then in English."""
    chinese = re.compile("[\u4e00-\u9fff]")
    said = [document["info"]["summary"], *(tag["description"] for tag in document["tags"])]
    for _, _, operation in operations(document):
        said += [operation["summary"], operation["responses"]["200"]["description"]]
        said += [resolved(document, each)["description"] for each in operation.get("parameters", [])]
    said += [response["description"] for response in document["components"]["responses"].values()]
    for text in said:
        zh, _, en = text.partition(" / ")
        assert chinese.search(zh), text
        assert en, text
        assert re.search("[A-Za-z]", en), text
