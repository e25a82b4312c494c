"""
What the service is compared with: bare Flask endpoints on the same server, with the same settings.

    python -m benchmarks.bare constant|flask-json|zen|zen-items

They have no request ids, headers, logs or counters, check no envelope and answer no error in a good shape: each does
only what is named here.

`constant` reads the body with the same exact parser and answers with the same bytes every time.
`flask-json` is the same with Flask's own parser, which reads 613500.00 as a float.
`zen` checks and completes the sheet as the service does and lets zen-engine decide it, each clause an expression.
`zen-items` lets it decide with clauses folded into their items. Both answer with zen-engine's result and trace.
"""

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

from flask import Flask, Response, request

from benchmarks.zen_standard import ZenStandard
from rules import load_policy
from rules.policy.versions import Standard
from rules.scoring import Evaluator, Scorer
from service import server
from service.jsonlines import parse
from service.settings import read_settings

JSON = "application/json"
PATH = "/v1/evaluations"
POLICY = Path(__file__).parents[1] / "policy_versions/changzhou/2012"
STANDARD = "community"
# A file whose bytes are the constant.
CONSTANT = "BARE_CONSTANT"


def constant() -> Callable[[], Response]:
    answer = Path(os.environ[CONSTANT]).read_bytes()

    def evaluate() -> Response:
        _, found = parse(request.get_data(cache=False))
        assert found is None
        return Response(answer, content_type=JSON)

    return evaluate


def flask_json() -> Callable[[], Response]:
    answer = Path(os.environ[CONSTANT]).read_bytes()

    def evaluate() -> Response:
        assert request.get_json(cache=False)
        return Response(answer, content_type=JSON)

    return evaluate


def zen(*, findings: bool) -> Callable[[], Response]:
    standard = shipped_standard()
    scorer = Scorer(standard, Evaluator.REFERENCE)
    decider = ZenStandard(standard, findings=findings)

    def evaluate() -> Response:
        posted, found = parse(request.get_data(cache=False))
        assert found is None
        del posted["policy"], posted["standard"]
        response = decider.evaluate(decider.context(scorer.case(posted)))
        return Response(json.dumps(response), content_type=JSON)

    return evaluate


def shipped_standard() -> Standard:
    return load_policy(POLICY).standard(STANDARD)


KINDS: dict[str, Callable[[], Callable[[], Response]]] = {
    "constant": constant,
    "flask-json": flask_json,
    "zen": lambda: zen(findings=True),
    "zen-items": lambda: zen(findings=False),
}


class Bare(server.Server):
    """The service's server around another application."""

    def load(self) -> Flask:
        app = Flask("bare", static_folder=None)
        app.add_url_rule(PATH, "evaluate", KINDS[sys.argv[1]](), methods=["POST"])
        app.extensions["kaohe"] = SimpleNamespace(standards=list)
        return app


if __name__ == "__main__":
    server.Server = Bare
    server.serve(read_settings(os.environ))
