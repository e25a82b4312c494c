"""What there is to score under, readable by people and programs."""

from collections.abc import Mapping
from typing import Any

from flask import Response
from flask_smorest import Blueprint

from rules import RequestRefused, Standard, written

from ..catalogue import Version
from ..descriptions import facts_schema, policy_data, policy_line, standard_data
from ..problems import Failure
from ..workflows import Scoring
from .documented import failing
from .parameters import parameters
from .responses import PoliciesSchema, PolicySchema, StandardSchema
from .schemas import NothingSchema, StandardQuerySchema

NOTHING = NothingSchema()
STANDARD_QUERY = StandardQuerySchema()


def withheld_data(versions: tuple[Version, ...]) -> list[dict[str, Any]]:
    """The versions that are not good, and why."""
    return [
        {
            "directory": "/".join(version.directory.parts[-2:]),
            "problems": [each.as_data() for each in version.problems],
        }
        for version in versions
    ]


def policies(scoring: Scoring, words: Mapping[str, Any]) -> Blueprint:
    """The routes; `words` describe parameters and links."""
    blueprint = Blueprint("policies", __name__, url_prefix="/v1/policies", description="政策 / policies")

    def standard_of(policy_id: str, standard: str) -> Standard:
        """The standard under the readings of the query."""
        pairs = parameters(STANDARD_QUERY).get("reading", [])
        readings = dict(pair.partition("=")[::2] for pair in pairs)
        try:
            return scoring.policy(policy_id).standard(standard, readings)
        except RequestRefused as refused:
            withheld = any(each.code == "policy_withheld" for each in refused.problems)
            raise Failure("policy_withheld" if withheld else "policy_unknown", refused.problems) from None

    @blueprint.route("", methods=["GET"])
    @blueprint.doc(operationId="listPolicies")
    @failing(422)
    @blueprint.doc(responses={200: {"links": words["policies"]}})
    @blueprint.response(
        200, PoliciesSchema(), description="所有版本，以及停用的版本 / every version, and those that are withheld"
    )
    def list_policies() -> dict[str, Any]:
        """所有政策版本 / every policy version."""
        parameters(NOTHING)
        found = [policy_line(policy) for policy in scoring.policies]
        return {"policies": found, "withheld": withheld_data(scoring.withheld)}

    @blueprint.route("/<policy_id>", methods=["GET"], parameters=words["policy_id"])
    @blueprint.doc(operationId="getPolicy")
    @failing(404, 422, 503)
    @blueprint.doc(responses={200: {"links": words["policy"]}})
    @blueprint.response(
        200,
        PolicySchema(),
        description="办法原文、等次、读法、矛盾 / the method, the grades, the readings, the contradictions",
    )
    def get_policy(policy_id: str) -> dict[str, Any]:
        """一个政策版本：办法、读法与文本矛盾 / one policy version: method, readings, contradictions."""
        parameters(NOTHING)
        return policy_data(scoring.policy(policy_id))

    @blueprint.route("/<policy_id>/standards/<standard>", methods=["GET"], parameters=words["standard"])
    @blueprint.doc(operationId="getStandard", parameters=words["readings"])
    @failing(404, 422, 503)
    @blueprint.response(
        200, StandardSchema(), description="评估表，每条条款一句话 / the printed table, each clause as a sentence"
    )
    def get_standard(policy_id: str, standard: str) -> dict[str, Any]:
        """一个标准：评估表与逐条说明 / one standard: the table, with sentences."""
        return standard_data(standard_of(policy_id, standard))

    @blueprint.route("/<policy_id>/standards/<standard>/facts-schema", methods=["GET"], parameters=words["standard"])
    @blueprint.doc(operationId="getFactsSchema", parameters=words["readings"])
    @failing(404, 422, 503)
    @blueprint.response(
        200,
        {"type": "object"},
        content_type="application/schema+json",
        description="指标的 JSON Schema（2020-12） / a JSON Schema (2020-12) of the facts",
    )
    def get_facts_schema(policy_id: str, standard: str) -> Response:
        """指标的 JSON Schema / what the facts of a sheet may be."""
        schema = facts_schema(standard_of(policy_id, standard))
        return Response(written(schema) + "\n", content_type="application/schema+json")

    @blueprint.route("/<policy_id>/standards/<standard>/sample-sheet", methods=["GET"], parameters=words["standard"])
    @blueprint.doc(operationId="getSampleSheet")
    @failing(404, 422, 503)
    @blueprint.doc(responses={200: {"links": words["sample"]}})
    @blueprint.response(
        200,
        {"$ref": "#/components/schemas/Sheet"},
        description="完整合格的评估表 / a good and complete sheet",
    )
    def get_sample_sheet(policy_id: str, standard: str) -> Response:
        """样表：可直接用于评定 / a good and complete sheet, ready to be posted."""
        parameters(NOTHING)
        policy = scoring.policy(policy_id)
        sheet = {"policy": policy_id, "standard": standard, **scoring.sample(policy, standard)}
        return Response(written(sheet) + "\n", content_type="application/json")

    return blueprint
