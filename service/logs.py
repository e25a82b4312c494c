"""Logs: one JSON object a line on standard error, each with the request it belongs to; no fact of a unit in them."""

import json
import logging
import sys
from contextlib import suppress
from contextvars import ContextVar
from datetime import UTC, datetime
from json.encoder import encode_basestring
from traceback import extract_tb
from types import TracebackType
from typing import Any, TextIO, cast

import structlog
from gunicorn.glogging import Logger as GunicornLogger
from structlog.typing import EventDict, Processor

# Kept, since `json.dumps` would make a new one for every line.
ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)
RENDER = structlog.processors.JSONRenderer(lambda line, **_: ENCODER.encode(line))


_REQUEST: ContextVar[str | None] = ContextVar("request_id", default=None)


class _Errors:
    """Standard error. That nobody reads it any more, or its disk is full, must not end a process that answers."""

    def write(self, text: str) -> None:
        """Write, if that is possible."""
        with suppress(OSError):
            sys.stderr.write(text)

    def flush(self) -> None:
        """Let nothing wait."""
        with suppress(OSError):
            sys.stderr.flush()


ERRORS = cast("TextIO", _Errors())


class _Lines:
    """Where the lines of requests go, and whether there are any."""

    out = structlog.WriteLogger(ERRORS)
    requests = True


def places(exc_info: tuple[type[BaseException], BaseException, TracebackType | None]) -> str:
    """What was raised and where, without its words: they may quote a sheet."""
    told = []
    raised: BaseException | None = exc_info[1]
    while raised is not None:
        calls = [f"{call.filename}:{call.lineno} {call.name}" for call in extract_tb(raised.__traceback__)]
        told.append(" > ".join([*calls, type(raised).__name__]))
        raised = raised.__cause__ or (None if raised.__suppress_context__ else raised.__context__)
    return "; after ".join(told)


def processors(*, facts: bool) -> list[Processor]:
    """What makes a line complete; with facts, an error speaks for itself."""
    return [
        _request_id,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info if facts else structlog.processors.ExceptionRenderer(places),
    ]


def under_request(request_id: str) -> None:
    """Every line from here on, in this thread, belongs to that request."""
    _REQUEST.set(request_id)


def _request_id(_: Any, __: str, line: EventDict) -> EventDict:
    request_id = _REQUEST.get()
    if request_id is not None:
        line.setdefault("request_id", request_id)
    return line


def request_line(request_id: str, method: str, path: str, status: int, seconds: float, code: str | None) -> str:
    """
    The line that every request leaves, as structlog would write it.

    Put together by hand: on its usual way it would take a twentieth of the time of the whole request.
    """
    failed = f', "code": "{code}"' if code else ""
    now = datetime.now(UTC).isoformat(timespec="microseconds")[:26]
    return (
        f'{{"method": {encode_basestring(method)}, "path": {encode_basestring(path)}, "status": {status}, '
        f'"ms": {round(seconds * 1000, 2)}{failed}, "event": "request", "request_id": "{request_id}", '
        f'"level": "info", "timestamp": "{now}Z"}}'
    )


def write_lines(lines: list[str]) -> None:
    """Lines of requests, in one piece."""
    if _Lines.requests:
        _Lines.out.msg("\n".join(lines))


def configure(level: str, *, facts: bool = False) -> None:
    """Send every log line to standard error as JSON."""
    _Lines.requests = level in {"debug", "info"}
    structlog.configure(
        processors=[*processors(facts=facts), RENDER],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(ERRORS),
        cache_logger_on_first_use=True,
    )


class ServerLog(GunicornLogger):
    """The server's own lines in the same form."""

    facts = False

    def setup(self, cfg: Any) -> None:
        """Write through structlog and nowhere else."""
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=processors(facts=self.facts),
                processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, RENDER],
            )
        )
        self.error_log.handlers = [handler]
        self.error_log.propagate = False
        self.error_log.setLevel(cfg.loglevel.upper())
