"""
Around every request: an id in and out, the headers of every answer, its time and its line in the log.

It stands around the application, so that whatever answers, answers with an id and is logged; and it works on the bare
environment of the request, since each look through Flask's `request` and `g` costs a microsecond.
"""

import re
from collections import deque
from collections.abc import Callable, Iterable
from http import HTTPStatus
from random import getrandbits
from time import perf_counter
from typing import Any

from werkzeug.wsgi import ClosingIterator

from .logs import request_line, under_request, write_lines
from .metrics import Metrics

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
# What the parts of the application say about a request, in its environment.
ID, CODE, STREAMED, ROUTE = "kaohe.request_id", "kaohe.code", "kaohe.streamed", "kaohe.route"
# Asked for every few seconds by whoever watches the service.
SELDOM_LOGGED = {"/healthz", "/readyz", "/metrics"}

# Where an application keeps its watch.
WATCH = "kaohe.watch"

Environment = dict[str, Any]
Application = Callable[[Environment, Callable[..., Any]], Iterable[bytes]]


def new_id() -> str:
    """
    An id for a request that brought none. It tells requests apart and keeps no secret.

    To ask the system for random bits would let go of the interpreter in the middle of every request.
    """
    return f"{getrandbits(128):032x}"


class Watch:
    """An application, watched."""

    def __init__(self, application: Application, metrics: Metrics):
        self.application = application
        self.metrics = metrics
        # Set where somebody calls `settle` again and again, so that no answer waits for its line in the log.
        self.settled_elsewhere = False
        self.waiting: deque[tuple[Environment, float, int]] = deque()

    def __call__(self, environment: Environment, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer one request."""
        begun = perf_counter()
        given = environment.get("HTTP_X_REQUEST_ID", "")
        request_id = environment[ID] = given if REQUEST_ID.fullmatch(given) else new_id()
        under_request(request_id)
        answered = 0

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal answered
            answered = int(status[:3])
            # Flask forgets the request when it is done with it.
            request = environment.get("werkzeug.request")
            if request is not None and request.url_rule is not None:
                environment[ROUTE] = request.url_rule.rule
            headers += (("X-Request-Id", request_id), ("X-Content-Type-Options", "nosniff"))
            if not any(name == "Cache-Control" for name, _ in headers):
                headers.append(("Cache-Control", "no-store"))
            return start_response(status, headers, *error)

        answer = self.application(environment, start)
        if STREAMED in environment:
            # Its time is over when its last sheet has been answered.
            return ClosingIterator(answer, lambda: self.finish(environment, begun, answered))
        self.finish(environment, begun, answered)
        return answer

    def finish(self, environment: Environment, begun: float, status: int) -> None:
        """A request has been answered."""
        self.waiting.append((environment, perf_counter() - begun, status))
        if not self.settled_elsewhere:
            self.settle()

    def settle(self) -> None:
        """Count and log the requests that have been answered, many in one piece."""
        lines = []
        while self.waiting:
            try:
                environment, seconds, status = self.waiting.popleft()
            except IndexError:  # another thread was quicker
                break
            route = environment.get(ROUTE, "none")
            self.metrics.note(self.metrics.seconds, route, str(status), amount=seconds)
            if route not in SELDOM_LOGGED or status >= HTTPStatus.BAD_REQUEST:
                # WSGI hands over the bytes of a path as if each were a character.
                path = environment["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
                method = environment["REQUEST_METHOD"]
                lines.append(request_line(environment[ID], method, path, status, seconds, environment.get(CODE)))
        self.metrics.settle()
        if lines:
            write_lines(lines)
