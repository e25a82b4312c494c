"""The OpenAPI document and its page, which asks no other address for anything."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from itertools import combinations
from typing import Any

from flask import Blueprint, Response, redirect, send_from_directory
from werkzeug.wrappers import Response as BaseResponse

from rules import (
    KaoheError,
    Policy,
    Posted,
    Problems,
    comparison_rows,
    comparison_summary,
    summary_data,
    unit_rows,
    written,
)

from ..descriptions import (
    cohort_sheet_schema,
    comparison_schema,
    settlement_schema,
    sheet_schema,
    version_schema,
)
from ..workflows import Comparing, Scoring, Settling, Under, Wanted
from .schemas import MOST_NAME

ASSETS = str(files("flask_swagger_ui") / "dist")
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PAGE = """<!DOCTYPE html>
<html lang="zh">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>考核 kaohe · 接口说明</title>
<link rel="icon" href="/docs/assets/favicon-32x32.png">
<link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
<div id="page"></div>
<noscript>本页需要 JavaScript；接口说明见 <a href="/openapi.json">/openapi.json</a>。</noscript>
<script src="/docs/assets/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
# Without the list of schemas: each of them is shown where it is used. No validator: it would be another host.
START = """SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#page",
  deepLinking: true,
  defaultModelsExpandDepth: -1,
  docExpansion: "list",
  validatorUrl: null,
});
"""
SHEET = {"$ref": "#/components/schemas/Sheet"}
# What is no good sheet is refused by itself, and the address may name the policy: the batch is taken all the same.
ANYTHING = {"anyOf": [SHEET, {"description": "其他内容逐份退回 / anything else is refused by itself"}]}
ANSWER = {"$ref": "#/components/schemas/Answer"}
OUTCOME = {"anyOf": [ANSWER, {"$ref": "#/components/schemas/Refusal"}]}


def bodies(scoring: Scoring) -> dict[str, Any]:
    """What may be posted and what comes back, with the shipped samples as examples."""
    samples, answers, lines = {}, {}, []
    for name, (policy, standard) in standards(scoring).items():
        try:
            sheet = scoring.sample(policy, standard)
            scored = scoring.score(Wanted(standard, policy.key), sheet, Problems())
        except KaoheError:  # a further policy may have no sample, and is served all the same
            continue
        posted = {"policy": policy.key, "standard": standard, **sheet}
        answer = scored.scorer.answers.data(scored.decision)
        summary = policy.tables[standard].title.zh
        samples[name] = {"summary": summary, "value": posted}
        answers[name] = {"summary": summary, "value": answer}
        lines.append((posted, answer))
    as_lines = "".join(written(posted) + "\n" for posted, _ in lines)
    return {
        "one": {"required": True, "content": {"application/json": {"schema": SHEET, "examples": samples}}},
        "answer": {
            "description": "等次、得分与理由 / the decision, and why",
            "content": {"application/json": {"schema": ANSWER, "examples": answers}},
        },
        "parameters": [
            {"in": "query", "name": name, "schema": schema, "description": f"{says} / for every sheet that names none"}
            for name, schema, says in (
                ("policy", {"type": "string", "minLength": 1, "maxLength": MOST_NAME}, "未注明政策的评估表所用的政策"),
                ("year", {"type": "integer", "minimum": 1000, "maximum": 9999}, "未注明政策和年度的评估表的年度"),
                (
                    "standard",
                    {"type": "string", "minLength": 1, "maxLength": MOST_NAME},
                    "未注明标准的评估表所用的标准",
                ),
            )
        ],
        "many": {
            "required": True,
            "description": "一个 JSON 数组，或每行一份评估表 / a JSON array, or one sheet a line",
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": ANYTHING},
                    "example": [posted for posted, _ in lines],
                },
                "application/x-ndjson": {"schema": {"type": "string"}, "example": as_lines},
            },
        },
        "answered": {
            "description": "依次为每份评估表的结果或问题 / each sheet's answer, or what is wrong with it, in order",
            "content": {
                "application/json": {
                    "schema": {"type": "array", "items": OUTCOME},
                    "example": [answer for _, answer in lines],
                },
                "application/x-ndjson": {
                    "schema": {"type": "string"},
                    "example": "".join(written(answer) + "\n" for _, answer in lines),
                },
            },
        },
    }


COHORT_SHEET = {"$ref": "#/components/schemas/CohortSheet"}
# What is no good one is named with its place (409): which facts are good, only the version can tell.
A_UNIT = {"anyOf": [COHORT_SHEET, ANSWER, {"description": "其他内容逐一指出 / anything else is named (409)"}]}
A_SHEET = {"anyOf": [COHORT_SHEET, {"description": "其他内容逐一指出 / anything else is named (409)"}]}
AN_AVERAGE_STANDARD = 10_000
MOST_SHOWN = 3


def many_schemas(scoring: Scoring) -> dict[str, Any]:
    """The schemas of what may be posted about many units: each is one of those for each policy."""
    policies = scoring.policies
    settlements = {f"Settlement.{policy.key}": settlement_schema(policy, A_UNIT) for policy in policies}
    versions = {f"Version.{policy.key}": version_schema(policy) for policy in policies}
    return {
        "CohortSheet": cohort_sheet_schema(),
        **settlements,
        "Settlement": _one_of(settlements, "要结算的单位 / the units to settle"),
        **versions,
        "Version": _one_of(versions, "一个版本及其读法 / a version and its readings"),
        "Comparison": comparison_schema({"$ref": "#/components/schemas/Version"}, A_SHEET),
    }


def _one_of(schemas: Mapping[str, Any], about: str) -> dict[str, Any]:
    found = {"anyOf": [{"$ref": f"#/components/schemas/{name}"} for name in schemas]} if schemas else {"type": "object"}
    return {"description": about, **found}


def bodies_of_many(scoring: Scoring) -> dict[str, Any]:
    """What may be posted to be settled or compared and what comes back, with shipped samples as examples."""
    settlement = next(filter(None, (_settlement(scoring, policy) for policy in scoring.policies)), None)
    pairs = combinations(scoring.policies, 2)
    comparison = next(filter(None, (_comparison(scoring, before, after) for before, after in pairs)), None)
    return {
        "settlement": _content("Settlement", settlement and settlement[0], required=True),
        "settled": _content(
            "Settled", settlement and settlement[1], description="汇总与各单位 / the totals, and a row for each unit"
        ),
        "comparison": _content("Comparison", comparison and comparison[0], required=True),
        "compared": _content(
            "Compared",
            comparison and comparison[1],
            description="汇总与各单位的变化 / the summary, and what changed for each unit",
        ),
    }


def _content(schema: str, example: Any, **more: Any) -> dict[str, Any]:
    shown = {} if example is None else {"example": example}
    return {**more, "content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}, **shown}}}


def _samples(scoring: Scoring, policy: Policy) -> list[dict[str, Any]]:
    """A few sample sheets of a policy, of every standard in turn."""
    found = [
        {"standard": standard, **sheet}
        for sheets in zip(*(scoring.samples(policy, standard) for standard in policy.tables), strict=False)
        for standard, sheet in zip(policy.tables, sheets, strict=True)
    ]
    return found[:MOST_SHOWN]


def _posted(sheets: list[dict[str, Any]]) -> list[Posted]:
    return [Posted(f"/{at}", sheet) for at, sheet in enumerate(sheets)]


def _settlement(scoring: Scoring, policy: Policy) -> tuple[Any, Any] | None:
    """A settlement of sample sheets: the request and its answer; None where the samples cannot be settled."""
    sheets = _samples(scoring, policy)
    wanted = Settling(Under(policy.key), AN_AVERAGE_STANDARD)
    try:
        settlement = scoring.settle(wanted, _posted(sheets), Problems())
    except KaoheError:
        return None
    asked = {"policy": policy.key, "average_standard": AN_AVERAGE_STANDARD, "units": sheets}
    return asked, {"summary": summary_data(settlement), "units": list(unit_rows(settlement))}


def _comparison(scoring: Scoring, before: Policy, after: Policy) -> tuple[Any, Any] | None:
    """The sample sheets of one version under another too; None where they cannot be compared."""
    sheets = _samples(scoring, before)
    try:
        comparison = scoring.compare(Comparing((Under(before.key), Under(after.key))), _posted(sheets), Problems())
    except KaoheError:
        return None
    asked = {"versions": [{"policy": before.key}, {"policy": after.key}], "sheets": sheets}
    return asked, {"summary": comparison_summary(comparison), "units": list(comparison_rows(comparison))}


def words(scoring: Scoring) -> dict[str, Any]:
    """Parameters of paths, and what of one answer leads to the next request."""
    named = standards(scoring)
    text = {"required": True, "schema": {"type": "string", "minLength": 1, "maxLength": MOST_NAME}}
    policy = {"in": "path", "name": "policy_id", "description": "政策编号 / the id of a policy version", **text}
    standard = {"in": "path", "name": "standard", "description": "标准 / the key of a standard", **text}
    if named:
        first, key = next(iter(named.values()))
        policy, standard = {**policy, "example": first.key}, {**standard, "example": key}
    first_id, first_key = "$response.body#/policies/0/id", "$response.body#/policies/0/standards/0"
    here = {"policy_id": "$request.path.policy_id", "standard": "$response.body#/standards/0"}
    shown = ("getStandard", "getFactsSchema", "getSampleSheet")
    return {
        "policy_id": [policy],
        "standard": [policy, standard],
        "readings": [
            {
                "in": "query",
                "name": "reading",
                "schema": {
                    "type": "array",
                    "items": {"type": "string", "pattern": "^[^=]+=[^=]+$", "maxLength": MOST_NAME},
                },
                "description": "`读法=选项`，可重复 / `ID=CHOICE`: a reading that is not the default; repeat for more",
            }
        ],
        "policies": {
            "getPolicy": {"operationId": "getPolicy", "parameters": {"policy_id": first_id}},
            **{
                name: {"operationId": name, "parameters": {"policy_id": first_id, "standard": first_key}}
                for name in shown
            },
        },
        "policy": {name: {"operationId": name, "parameters": here} for name in shown},
        "sample": {"evaluate": {"operationId": "evaluate", "requestBody": "$response.body"}},
    }


def standards(scoring: Scoring) -> dict[str, Any]:
    """Every policy and standard by a name that a document may use."""
    return {f"{policy.key}.{standard}": (policy, standard) for policy, standard in scoring.standards()}


def sheet_schemas(scoring: Scoring) -> dict[str, Any]:
    """The schema of what may be posted: `Sheet`, which is one of those for each policy and standard."""
    schemas = {
        f"Sheet.{name}": sheet_schema(policy.standard(standard))
        for name, (policy, standard) in standards(scoring).items()
    }
    about = "按某一政策和标准填报的评估表 / a sheet under one of the policies and standards"
    return {**schemas, "Sheet": _one_of(schemas, about)}


def documentation(document: Callable[[], Mapping[str, Any]]) -> Blueprint:
    """The routes; the document is made when it is first asked for, and kept."""
    blueprint = Blueprint("documentation", __name__)

    @cache
    def text() -> str:
        return written(document()) + "\n"

    @blueprint.get("/openapi.json")
    def openapi() -> Response:
        return Response(text(), content_type="application/json")

    @blueprint.get("/docs")
    def page() -> Response:
        return Response(PAGE, content_type="text/html; charset=utf-8", headers={"Content-Security-Policy": POLICY})

    @blueprint.get("/docs/start.js")
    def start() -> Response:
        return Response(START, content_type="text/javascript; charset=utf-8")

    @blueprint.get("/docs/assets/<name>")
    def asset(name: str) -> Response:
        return send_from_directory(ASSETS, name, max_age=86_400)

    @blueprint.get("/")
    def front() -> BaseResponse:
        return redirect("/docs")

    return blueprint
