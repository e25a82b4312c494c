"""Every way in which a request can fail: its code, its status, its title; and the body that says so (RFC 9457)."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from gunicorn.http.errors import (
    ExpectationFailed,
    LimitRequestHeaders,
    LimitRequestLine,
    NoMoreData,
    ParseException,
    UnsupportedTransferCoding,
)

from rules import Problem, Text, problem

MEDIA_TYPE = "application/problem+json"
LANGUAGES = ("zh", "en")

# code -> (status, title). The code is stable; clients may act on it.
KINDS: dict[str, tuple[int, Text]] = {
    "request_bad": (400, Text("请求有误", "the request cannot be understood")),
    "body_broken": (400, Text("请求正文不是合格的 JSON", "the body is not good JSON")),
    "not_found": (404, Text("没有这个地址", "there is nothing at this address")),
    "policy_unknown": (404, Text("没有这个政策或标准", "there is no such policy or standard")),
    "method_not_allowed": (405, Text("该地址不接受这种方法", "this address does not take that method")),
    "request_late": (408, Text("请求未在时限内收完", "the request did not come in whole in time")),
    "policy_changed": (409, Text("政策与所要求的不同", "the policy is not the one that was asked for")),
    "sheet_undecided": (409, Text("评估表尚不能评定", "the sheet cannot be decided as it is")),
    "cohort_refused": (409, Text("这些单位尚不能结算或比较", "the units cannot be settled or compared as they are")),
    "body_too_large": (413, Text("请求正文过大", "the body is too large")),
    "address_too_long": (414, Text("地址过长", "the address is too long")),
    "media_type_unsupported": (415, Text("不接受这种内容类型", "this content type is not taken")),
    "request_refused": (422, Text("请求不合要求", "the request is not as documented")),
    "too_many_batches": (429, Text("正在处理的批量过多，请稍后再试", "too many batches at once; try again soon")),
    "headers_too_large": (431, Text("请求头过大", "the headers are too large")),
    "internal_error": (500, Text("服务内部错误", "something is wrong inside the service")),
    "not_implemented": (501, Text("不支持这种请求", "requests of this kind are not supported")),
    "evaluators_disagree": (
        503,
        Text("两种算法结果不一致，不予评定", "two evaluators disagree, so nothing is decided"),
    ),
    "engine_failed": (503, Text("规则引擎出错，不予评定", "the rule engine failed, so nothing is decided")),
    "policy_withheld": (503, Text("政策已停用", "the policy is withheld")),
    "time_is_up": (503, Text("未能在时限内完成", "it could not be done in time")),
    "not_ready": (503, Text("服务尚未就绪", "the service is not ready")),
}
KIND_OF_STATUS = {
    400: "request_bad",
    404: "not_found",
    405: "method_not_allowed",
    408: "request_late",
    413: "body_too_large",
    414: "address_too_long",
    415: "media_type_unsupported",
    422: "request_refused",
    431: "headers_too_large",
    500: "internal_error",
    501: "not_implemented",
}
# What a problem makes of the whole request, the gravest first; any other one makes it `request_refused`.
KIND_OF_PROBLEM = {
    "evaluators_disagree": "evaluators_disagree",
    "engine_failed": "engine_failed",
    "policy_withheld": "policy_withheld",
    "json_broken": "body_broken",
    "line_too_long": "body_too_large",
    "policy_unknown": "policy_unknown",
    "standard_unknown": "policy_unknown",
    "year_unknown": "policy_unknown",
    "sample_missing": "policy_unknown",
}
# What a sheet of the documented form can still lack; any graver problem comes first.
KIND_OF_CONFLICT = {
    "policy_changed": "policy_changed",
    "year_shared": "policy_changed",
    "fact_missing": "sheet_undecided",
    "fact_of_other_reading": "sheet_undecided",
    "part_exceeds_whole": "sheet_undecided",
    "reason_missing": "sheet_undecided",
    "text_unreadable": "sheet_undecided",
    "too_many_decimals": "sheet_undecided",
    # 1e-400 is a number, and within its bounds.
    "too_many_digits": "sheet_undecided",
    # To a JSON Schema 1.0 is an integer like 1.
    "count_with_decimals": "sheet_undecided",
    "cohort_empty": "cohort_refused",
    "unit_twice": "cohort_refused",
    "unit_unscored": "cohort_refused",
    "district_missing": "cohort_refused",
    "district_unknown": "cohort_refused",
    "decided_otherwise": "cohort_refused",
    "attainable_unknown": "cohort_refused",
    "money_unwanted": "cohort_refused",
    "money_of_other_kind": "cohort_refused",
    "money_without_cohort": "cohort_refused",
    "money_missing": "cohort_refused",
    "pool_too_small": "cohort_refused",
    "too_many_problems": "cohort_refused",
}
# To the document each of many units may be anything: what is wrong with one is a conflict, unless it is no JSON at all.
OF_ONE_OF_MANY = re.compile(r"/(?:units|sheets)/[0-9]+(?:/|$)")
OF_THE_WHOLE = {"json_broken", "line_too_long"}


class Failure(Exception):
    """A request that failed, in a way that its sender is told."""

    def __init__(self, kind: str, problems: Iterable[Problem] = (), headers: Mapping[str, str] | None = None):
        self.kind = kind
        self.problems = tuple(problems)
        self.headers = dict(headers or {})
        super().__init__(kind)

    @property
    def status(self) -> int:
        """The HTTP status."""
        return KINDS[self.kind][0]


def failure_of_http(error: BaseException) -> Failure | None:
    """What is wrong with a request that is not good HTTP, be it in its head or in the chunks of its body; else None."""
    match error:
        case LimitRequestLine():
            kind = "address_too_long"
        case LimitRequestHeaders():
            kind = "headers_too_large"
        case UnsupportedTransferCoding():
            kind = "not_implemented"
        case NoMoreData() | ConnectionError() | TimeoutError():
            return Failure("request_late")
        case ParseException() | ExpectationFailed():
            kind = "request_bad"
        case _:
            return None
    return Failure(kind, (problem("http_broken", why=str(error)),))


def kind_of(problems: Iterable[Problem]) -> str:
    """What problems make of a whole request: the gravest of them decides."""
    codes = {each.code for each in problems}
    tables = [KIND_OF_PROBLEM, KIND_OF_CONFLICT] if codes <= KIND_OF_CONFLICT.keys() else [KIND_OF_PROBLEM]
    kinds = (kind for table in tables for code, kind in table.items() if code in codes)
    return next(kinds, "request_refused")


def kind_of_many(problems: Iterable[Problem]) -> str:
    """The same for a request about many units."""
    around = [each for each in problems if each.code in OF_THE_WHOLE or not OF_ONE_OF_MANY.match(each.path)]
    kind = kind_of(around) if around else "cohort_refused"
    return "cohort_refused" if kind == "sheet_undecided" else kind


def body(failure: Failure, language: str, request_id: str) -> dict[str, Any]:
    """The problem body, in one language."""
    status, title = KINDS[failure.kind]
    rows = [{**each.as_data(), "message": getattr(each.message, language)} for each in failure.problems]
    return {
        "type": f"urn:kaohe:problem:{failure.kind}",
        "title": getattr(title, language),
        "status": status,
        "code": failure.kind,
        "instance": f"urn:kaohe:request:{request_id}",
        "problems": rows,
    }
