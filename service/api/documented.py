"""flask-smorest, told to document failures as they are: `application/problem+json` on every operation."""

from collections.abc import Callable, Mapping
from typing import Any

from apispec import BasePlugin
from flask import Flask
from flask_smorest import Api
from flask_smorest.utils import deepupdate

from rules import Text, problem

from ..problems import KINDS, LANGUAGES, MEDIA_TYPE, Failure, body
from .responses import ProblemSchema

SUMMARY = "按年度考核办法评定公共服务平台 / scores public-service platforms against a yearly assessment policy"
ABOUT = """\
填报一个社区或村的指标，得到等次、各项得分，以及每一分增减的条款、依据和中英文说明。缺少的指标不作零分，而是逐一指出。

先取一份样表（`GET …/sample-sheet`），改动其中的指标，再提交评定（`POST /v1/evaluations`）。\
各辖区一年的评估表一并提交，即可结算（`POST /v1/settlements`）；\
同一批评估表可在不同年度、不同读法之间比较（`POST /v1/comparisons`）。

---

Post the facts about a community or a village; the answer is its grade, every item's score, and for every point taken \
or given the clause, the facts and a sentence in Chinese and English. A missing fact is never zero: it is asked for by \
name.

Fetch a sample sheet (`GET …/sample-sheet`), change its facts, and post it (`POST /v1/evaluations`). The sheets of a \
year, of all districts together, are settled (`POST /v1/settlements`); and the same sheets are compared under several \
years or readings (`POST /v1/comparisons`).

| | |
|---|---|
| 404 | 没有这个政策、年度或标准 / there is no such policy, year or standard |
| 409 | 形式合格，但不能评定、结算或比较：缺少指标、自相矛盾等 / well-formed, but it cannot be decided as it is |
| 422 | 与本文档不符 / not as this document says |
| 503 | 政策已停用，或两种算法结果不一致 / the policy is withheld, or the two evaluators disagree |

任何失败都是同一种正文 / every failure has the same body: `application/problem+json` (RFC 9457).
"""
# These may happen anywhere.
ANYWHERE = (400, 405, 414, 431, 500, 501)

REQUEST_ID = "X-Request-Id"
A_REQUEST_ID = "0190b0c4d1e27f3a"
# What every request may carry, and every answer does.
PARAMETERS: Mapping[str, dict[str, Any]] = {
    "Accept-Language": {
        "schema": {"type": "string"},
        "example": "zh",
        "description": "错误信息的语言 / the language of problems: `zh`, `en`",
    },
    REQUEST_ID: {
        "schema": {"type": "string"},
        "description": "请求编号，原样返回并写入日志 / an id of your own, given back and logged; "
        "1–128 characters of `A-Z a-z 0-9 . _ : -`, else a new one is made",
    },
}
REQUEST_ID_HEADER = {
    REQUEST_ID: {
        "required": True,
        "schema": {"type": "string"},
        "description": "请求编号，日志中可查 / the id of the request, as in the log",
    }
}
LANGUAGE_HEADER = {
    "Content-Language": {
        "required": True,
        "schema": {"type": "string", "enum": list(LANGUAGES)},
        "description": "正文的语言 / the language of the body",
    }
}
# Headers that say what would be right.
REMEDIES: Mapping[int, tuple[str, str]] = {
    405: ("Allow", "允许的方法 / the methods that are taken"),
    415: ("Accept", "接受的内容类型 / the content types that are taken"),
    429: ("Retry-After", "多少秒后再试 / try again after so many seconds"),
}
# One thing that may be wrong, for the codes that a client meets most; they come first among those of their status.
EXAMPLES: Mapping[str, tuple[str, str, Mapping[str, Any]]] = {
    "body_broken": (
        "json_broken",
        "",
        {"why": Text("第 1 个字符处有误", "Expecting value at character 1")},
    ),
    "policy_unknown": ("policy_unknown", "/policy", {"name": "changzhou-2022"}),
    "sheet_undecided": ("fact_missing", "/facts/loans_due", {"title": Text("当年到期贷款", "loans due this year")}),
    "cohort_refused": ("district_missing", "/units/3/unit/district", {"name": "XB-001"}),
    "request_refused": ("fact_unknown", "/facts/loans_du", {"name": "loans_du", "known": ("loans_due",)}),
    "time_is_up": ("time_is_up", "/units/81000", {"limit": 300}),
}


class _Everywhere(BasePlugin):
    """What every operation has in common."""

    def operation_helper(
        self,
        path: str | None = None,
        operations: dict[str, Any] | None = None,
        **_: Any,
    ) -> None:
        """Document what every request may carry, and every answer does."""
        for operation in (operations or {}).values():
            operation.setdefault("parameters", []).extend(PARAMETERS)
            for response in operation["responses"].values():
                if isinstance(response, dict):
                    response.setdefault("headers", {}).update(REQUEST_ID_HEADER)


class DocumentedApi(Api):
    """The OpenAPI document; errors are answered by `errors`, not here."""

    # A status that is not documented does not happen.
    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_responses(self) -> None:
        for status in sorted({status for status, _ in KINDS.values()}):
            self.spec.components.response(name_of(status), response_of(status), lazy=True)

    def _register_error_handlers(self) -> None:
        """Errors have their own place."""

    def _register_etag_headers(self) -> None:
        """Nothing is tagged."""

    def _register_pagination_header(self) -> None:
        """Nothing comes in pages."""


def name_of(status: int) -> str:
    """What the document calls the failures of a status."""
    return f"Problem{status}"


def response_of(status: int) -> dict[str, Any]:
    """Every way to fail with a status: its codes in both languages, and a body for each."""
    kinds = sorted(
        (kind for kind, (found, _) in KINDS.items() if found == status), key=lambda each: each not in EXAMPLES
    )
    headers: dict[str, Any] = {**REQUEST_ID_HEADER, **LANGUAGE_HEADER}
    if status in REMEDIES:
        name, says = REMEDIES[status]
        headers[name] = {"schema": {"type": "string"}, "description": says}
    return {
        "description": "; ".join(f"`{kind}`: {KINDS[kind][1].zh} / {KINDS[kind][1].en}" for kind in kinds),
        "headers": headers,
        "content": {
            MEDIA_TYPE: {
                "schema": ProblemSchema,
                "examples": {kind: {"summary": KINDS[kind][1].zh, "value": _example(kind)} for kind in kinds},
            }
        },
    }


def _example(kind: str) -> dict[str, Any]:
    found = []
    if kind in EXAMPLES:
        code, path, words = EXAMPLES[kind]
        found = [problem(code, path, **words)]
    return body(Failure(kind, found), LANGUAGES[0], A_REQUEST_ID)


def failing(
    *statuses: int,
    answers: Mapping[str, Any] | None = None,
    **words: Any,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """
    Document the statuses that an operation fails with, beside those of every operation, and what it `answers`.

    The function stays as it is: flask-smorest's own decorators would each take their share of the time of a request.
    """
    responses: dict[Any, Any] = {} if answers is None else {200: answers}
    responses |= {str(status): name_of(status) for status in sorted({*statuses, *ANYWHERE})}

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        kept = function.__dict__.setdefault("_apidoc", {})
        deepupdate(kept.setdefault("manual_doc", {}), {"responses": responses, **words})
        return function

    return decorate


def make_api(app: Flask, version: str) -> DocumentedApi:
    """The API of an application."""
    app.config.update(API_TITLE="考核 kaohe", API_VERSION=version, OPENAPI_VERSION="3.1.0")
    api = DocumentedApi(
        app,
        spec_kwargs={
            "info": {"summary": SUMMARY, "description": ABOUT},
            "extra_plugins": [_Everywhere()],
        },
    )
    for name, parameter in PARAMETERS.items():
        api.spec.components.parameter(name, "header", {**parameter, "name": name}, lazy=True)
    return api
