"""A policy, a standard and its facts as plain data, for whoever is to read them over HTTP."""

from collections.abc import Mapping
from typing import Any

from rules import MOST_NAME, MOST_REASON, Fact, Policy, Standard, clause_sentence, number

FEN_PER_YUAN = 100
# The library takes fifteen digits, of fen here.
MOST_FEN = 10**15 - 1


def policy_line(policy: Policy) -> dict[str, Any]:
    """One line of the list of policies."""
    return {
        "id": policy.key,
        "revision": policy.revision,
        "year": policy.year,
        "status": policy.status,
        "title": policy.title.as_data(),
        "policy_hash": policy.meaning,
        "standards": list(policy.tables),
    }


def policy_data(policy: Policy) -> dict[str, Any]:
    """The method: grades, caps, subsidies, districts, readings, contradictions, and its text as printed."""
    per_one = policy.points_per_one
    return {
        **policy_line(policy),
        "year_basis": policy.year_basis,
        "source": policy.source.as_data(),
        "points_scale": number(1, per_one),
        "reasons_required": policy.reasons_required,
        "method": [{"heading": each.heading, "no": each.no, "text": each.text} for each in policy.method],
        "grades": [
            {"key": each.key, "title": each.title.as_data(), "from": number(each.start, per_one)}
            for each in policy.grades
        ],
        "veto_grade": policy.veto_grade.key,
        "rectify": list(policy.rectify),
        "caps": [
            {
                "grade": cap.grade,
                "becomes": cap.becomes,
                "share": cap.share and number(cap.share, 1),
                "number": cap.number,
                **{
                    name: _chosen(getattr(cap, name))
                    for name in ("per", "standards", "rank_by", "binding", "ties", "rounding", "denominator")
                },
            }
            for cap in policy.caps
        ],
        "subsidy": policy.subsidy
        and {
            "average_standard": _chosen(policy.subsidy.average_standard),
            "ratios": {grade: number(ratio, 1) for grade, ratio in policy.subsidy.ratios.items()},
            "amounts": {grade: number(fen, FEN_PER_YUAN) for grade, fen in policy.subsidy.amounts.items()},
            "by_rank": [
                {"first": each.first, "last": each.last, "amount": number(each.amount, FEN_PER_YUAN)}
                for each in policy.subsidy.by_rank
            ],
            "rounding": policy.subsidy.rounding,
            "permitted_use": policy.subsidy.permitted_use.as_data(),
        },
        "districts": [
            {"name": each.name, "aliases": list(each.aliases), "bound": each.bound} for each in policy.districts
        ],
        "may_follow": _chosen(policy.may_follow),
        "readings": [
            {
                "id": reading.key,
                "text": reading.text,
                "default": reading.default,
                "choices": {choice: words.as_data() for choice, words in reading.choices.items()},
            }
            for reading in policy.readings.values()
        ],
        "contradictions": [
            {
                "standard": table.key,
                "items": list(each.items),
                "reading": each.reading,
                "text": each.text.as_data(),
            }
            for table in policy.tables.values()
            for each in table.contradictions
        ],
    }


def _chosen(value: Any) -> Any:
    """A field that a reading chooses says which, and every choice; any other field is its value."""
    if hasattr(value, "reading"):
        return {"reading": value.reading, "values": dict(value.values)}
    return value


def standard_data(standard: Standard) -> dict[str, Any]:
    """The printed table; under each item the clauses in force and the sentence that each of them is."""
    policy, per_one = standard.policy, standard.policy.points_per_one
    return {
        "policy": policy.key,
        "revision": policy.revision,
        "status": policy.status,
        "policy_hash": policy.meaning,
        "standard": standard.key,
        "title": standard.table.title.as_data(),
        "readings": dict(standard.readings),
        "points": number(standard.points, per_one),
        "items_points": number(standard.items_points, per_one),
        "notes": list(standard.table.notes),
        "categories": [
            {
                "title": category.title.as_data(),
                "points": number(category.points, per_one),
                "items_points": number(sum(item.points for item in category.items), per_one),
                "weight": category.part and number(category.part.weight, 1),
                "items": [
                    {
                        "no": item.no,
                        "key": item.key,
                        "title": item.title.as_data(),
                        "basis": item.basis,
                        "points": number(item.points, per_one),
                        "clauses": [
                            {
                                "clause": clause.key,
                                "effect": clause.effect_name,
                                "sentence": clause_sentence(clause, per_one).as_data(),
                                "facts": [fact.name for fact in clause.facts],
                                "reading": clause.reading,
                            }
                            for clause in item.clauses
                        ],
                    }
                    for item in category.items
                ],
            }
            for category in standard.categories
        ],
    }


def facts_schema(standard: Standard) -> dict[str, Any]:
    """
    A JSON Schema (2020-12) of the facts of a sheet under one standard and its readings.

    It knows each fact by itself. That facts are missing, or contradict each other, only the policy can tell.
    """
    policy = standard.policy
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:kaohe:facts:{policy.key}:{policy.revision}:{standard.key}",
        "title": standard.table.title.zh,
        "type": "object",
        "properties": {name: fact_schema(fact, exact=True) for name, fact in standard.accepted.items()},
        "additionalProperties": False,
    }


def fact_schema(fact: Fact, *, exact: bool) -> dict[str, Any]:
    """
    What a fact may be; null is as good as absent.

    Readers of JSON differ in whether 0.29 is a multiple of 0.01; `exact` asks for the step all the same.
    """
    words: dict[str, Any] = {"title": fact.title.zh, "description": _described(fact)}
    match fact.kind:
        case "flag":
            return {"type": ["boolean", "null"], **words}
        case "choice":
            names = [fact.given(at) for at in range(fact.lowest, fact.highest + 1)]
            return {"type": ["string", "null"], "enum": [*names, None], **words}
        case "count":
            return {"type": ["integer", "null"], **words, "minimum": fact.lowest, "maximum": fact.highest}
    step: Mapping[str, Any] = {"multipleOf": number(1, fact.per_one)} if exact else {}
    return {
        "type": ["number", "null"],
        **words,
        "minimum": fact.given(fact.lowest),
        "maximum": fact.given(fact.highest),
        **step,
    }


def _described(fact: Fact) -> str:
    """The fact in English, with what its values stand for."""
    if fact.kind in {"flag", "choice"}:
        values = [(str(fact.given(at)), fact.words(at)) for at in range(fact.lowest, fact.highest + 1)]
        if fact.kind == "flag":
            values = [(name.lower(), words) for name, words in values]
        return f"{fact.title.en}. {'; '.join(f'{name}: {words.zh} / {words.en}' for name, words in values)}"
    unit = f"（{fact.unit.zh} / {fact.unit.en}）" if fact.unit.zh else ""
    return f"{fact.title.en}{unit}"


A_TEXT = {"type": "string", "minLength": 1, "maxLength": MOST_NAME}
PERHAPS_A_TEXT = {"type": ["string", "null"], "minLength": 1, "maxLength": MOST_NAME}
A_UNIT = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": A_TEXT, "name": PERHAPS_A_TEXT, "district": PERHAPS_A_TEXT},
    "additionalProperties": False,
}


def under_schema(policy: Policy) -> dict[str, Any]:
    """What names a policy version and readings of it, as properties of a JSON Schema."""
    return {
        "policy": {"type": "string", "enum": [policy.key], "description": "the id of the policy version"},
        "year": {
            "type": "integer",
            "enum": [policy.year],
            "description": "the year assessed, in place of `policy`",
        },
        "policy_hash": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "refuse to answer (409) unless the policy means exactly this",
        },
        "readings": {
            "type": "object",
            "properties": {
                reading.key: {"type": "string", "enum": list(reading.choices), "default": reading.default}
                for reading in policy.readings.values()
            },
            "additionalProperties": False,
        },
    }


NAMED = [{"required": ["policy"]}, {"required": ["year"]}]


def sheet_schema(standard: Standard) -> dict[str, Any]:
    """
    What may be posted to be scored under a standard, readings included.

    The facts are those of any reading, since the readings are chosen in the same body.
    """
    policy, per_one = standard.policy, standard.policy.points_per_one
    facts = standard.facts_of_any_reading
    return {
        "type": "object",
        "title": f"{policy.key}, {standard.key}",
        "description": f"{policy.title.zh}：{standard.table.title.zh}",
        "required": ["standard", "unit", "facts"],
        "anyOf": NAMED,
        "properties": {
            **under_schema(policy),
            "standard": {"type": "string", "enum": [standard.key]},
            "unit": A_UNIT,
            "facts": {
                "type": "object",
                "properties": {name: fact_schema(fact, exact=False) for name, fact in facts.items()},
                "additionalProperties": False,
            },
            "self_scores": {
                "type": ["object", "null"],
                "properties": {
                    item.no: {"type": "number", "minimum": 0, "maximum": number(item.points, per_one)}
                    for item in standard.items
                },
                "additionalProperties": False,
            },
            "reasons": {
                "type": ["object", "null"],
                "properties": {
                    name: {"type": "string", "minLength": 1, "maxLength": MOST_REASON}
                    for name, fact in facts.items()
                    if fact.kind == "judgement"
                },
                "additionalProperties": False,
            },
        },
        "additionalProperties": False,
    }


AN_AMOUNT = {"type": "number", "minimum": 0, "maximum": number(MOST_FEN, FEN_PER_YUAN)}
MONEY: Mapping[str, Any] = {
    "average_standard": {
        "description": "平均标准（元），或每个标准各一个 / the average standard in CNY, or one for each standard",
        "anyOf": [
            {**AN_AMOUNT, "type": ["number", "null"]},
            {"type": "object", "additionalProperties": AN_AMOUNT},
        ],
    },
    "pool": {
        **AN_AMOUNT,
        "type": ["number", "null"],
        "description": "资金总额（元），用以代替平均标准 / a sum of money in CNY in its place",
    },
    "leave_out": {
        "type": "boolean",
        "default": False,
        "description": "不能评定的不评，但计入总数 / leave out whom nothing can be told of; they still count",
    },
}


def version_schema(policy: Policy) -> dict[str, Any]:
    """One of the versions that are to be compared."""
    return {
        "type": "object",
        "title": policy.key,
        "anyOf": NAMED,
        "properties": under_schema(policy),
        "additionalProperties": False,
    }


def settlement_schema(policy: Policy, unit: Mapping[str, Any]) -> dict[str, Any]:
    """What may be posted to be settled under a policy; `unit` is the schema of each unit."""
    return {
        "type": "object",
        "title": policy.key,
        "required": ["units"],
        "anyOf": NAMED,
        "properties": {**under_schema(policy), **MONEY, "units": {"type": "array", "items": unit}},
        "additionalProperties": False,
    }


def comparison_schema(version: Mapping[str, Any], sheet: Mapping[str, Any]) -> dict[str, Any]:
    """What may be posted to be compared."""
    return {
        "type": "object",
        "required": ["versions", "sheets"],
        "properties": {
            "versions": {"type": "array", "items": version, "minItems": 2, "maxItems": 8},
            "cohort": {
                "type": "boolean",
                "default": False,
                "description": "在各版本下分别结算 / settle everybody under each version too",
            },
            **MONEY,
            "sheets": {"type": "array", "items": sheet},
        },
        "additionalProperties": False,
    }


def cohort_sheet_schema() -> dict[str, Any]:
    """A sheet among many, under whatever version it is taken: what is around the facts."""
    return {
        "type": "object",
        "description": "一份评估表；指标见 facts-schema / a sheet; what its facts may be, the facts-schema says",
        "required": ["standard", "unit", "facts"],
        "properties": {
            "policy": {"type": "string", "description": "may be named, if it is one that is asked for"},
            "standard": {"type": "string"},
            "unit": A_UNIT,
            "facts": {"type": "object"},
            "self_scores": {"type": ["object", "null"]},
            "reasons": {"type": ["object", "null"]},
        },
        "additionalProperties": False,
    }
