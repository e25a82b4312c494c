"""For whoever runs the service: does it live, can it score, what has it done."""

from typing import Any

from flask import Response
from flask_smorest import Blueprint

from rules import problem

from ..metrics import Metrics
from ..problems import Failure
from ..workflows import Scoring
from .documented import failing
from .policies import withheld_data
from .responses import HealthSchema, ReadySchema

PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8"


def operations(scoring: Scoring, metrics: Metrics) -> Blueprint:
    """The routes."""
    blueprint = Blueprint("operations", __name__, description="运行 / operations")

    @blueprint.route("/healthz", methods=["GET"])
    @blueprint.doc(operationId="health")
    @failing()
    @blueprint.response(200, HealthSchema(), description="进程在运行 / the process answers")
    def health() -> dict[str, Any]:
        """进程是否在运行 / does the process answer."""
        return {"status": "ok"}

    @blueprint.route("/readyz", methods=["GET"])
    @blueprint.doc(operationId="ready")
    @failing(503)
    @blueprint.response(
        200,
        ReadySchema(),
        description="可以评定；停用的版本逐一列出 / sheets can be scored; a withheld version is named",
    )
    def ready() -> dict[str, Any]:
        """能否评定，停用了哪些版本 / can sheets be scored, and which versions are withheld."""
        if not scoring.versions:
            names = ", ".join(each["directory"] for each in withheld_data(scoring.withheld))
            raise Failure("not_ready", (problem("policy_unknown", name=names),))
        return {"ready": True, "policies": list(scoring.versions), "withheld": withheld_data(scoring.withheld)}

    @blueprint.route("/metrics", methods=["GET"])
    @blueprint.doc(operationId="metrics")
    @failing()
    @blueprint.response(
        200,
        {"type": "string"},
        content_type="text/plain",
        description="Prometheus 文本格式 / in the text form of Prometheus",
    )
    def count() -> Response:
        """计数：等次、时延、不一致、重启 / decisions by grade, latency, disagreements, engine restarts."""
        return Response(metrics.text(), content_type=PROMETHEUS)

    return blueprint
