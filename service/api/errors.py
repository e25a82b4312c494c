"""Every failure in one shape: `application/problem+json`, in the language that the client asked for."""

import structlog
from flask import Flask, Response, request
from werkzeug.exceptions import ClientDisconnected, HTTPException, MethodNotAllowed

from rules import EngineFailed, EvaluatorsDisagree, Refused, written

from ..problems import KIND_OF_STATUS, LANGUAGES, MEDIA_TYPE, Failure, body, failure_of_http, kind_of
from ..watch import CODE, ID
from ..workflows import undecided

log = structlog.get_logger()


def language() -> str:
    """
    `zh` or `en`, whichever the client would rather read; `zh` when it does not say.

    `zh-CN, en;q=0.8` asks for Chinese first; werkzeug's own choice is English, because only `en` is named exactly.
    """
    wishes: dict[str, float] = {}
    for name, quality in request.accept_languages:
        primary = name.replace("_", "-").partition("-")[0].lower()
        wishes[primary] = max(quality, wishes.get(primary, 0))
    return max(LANGUAGES, key=lambda each: wishes.get(each, wishes.get("*", 0)))


def failure_of(error: BaseException) -> Failure:
    """What an error is for whoever sent the request."""
    match error:
        case Failure():
            return error
        case Refused():
            return Failure(kind_of(error.problems), error.problems)
        case EngineFailed() | EvaluatorsDisagree():
            return Failure(undecided(error).code, (undecided(error),))
        case ClientDisconnected():
            return Failure("request_late")
        case HTTPException():
            kind = KIND_OF_STATUS.get(
                error.code or 500, "request_bad" if (error.code or 500) < 500 else "internal_error"
            )
            return Failure(kind, headers=_allow(error))
    return failure_of_http(error) or Failure("internal_error")


def _allow(error: HTTPException) -> dict[str, str]:
    """A 405 says what would be right in a header."""
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        return {"Allow": ", ".join(sorted(error.valid_methods))}
    return {}


def handle(error: Exception) -> Response:
    """The answer to a request that failed."""
    failure = failure_of(error)
    if failure.kind == "internal_error":
        log.error("internal_error", exc_info=error)
    request.environ[CODE] = failure.kind
    return problem_response(failure)


def problem_response(failure: Failure) -> Response:
    """A failure as a response."""
    chosen = language()
    text = written(body(failure, chosen, request.environ[ID])) + "\n"
    response = Response(text, failure.status, content_type=MEDIA_TYPE)
    response.headers.update({"Content-Language": chosen, "Vary": "Accept-Language", **failure.headers})
    return response


def register(app: Flask) -> None:
    """Answer every error of the application."""
    app.register_error_handler(Exception, handle)
