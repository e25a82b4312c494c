"""The hash of what a policy means: its facts, clauses, points and readings, and nothing that only people read."""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from fractions import Fraction
from hashlib import sha256
from typing import Any

from ..expressions.syntax import Always, And, Compare, IsChoice, IsTrue, Not, Or
from ..facts import Choice, Fact
from ..language import Text
from .model import Clause, Contradiction, Paragraph, Place, Reading
from .versions import Policy

# Words for people, and places in files: a better translation is the same policy.
_NOT_MEANING = frozenset(
    {"title", "basis", "note", "place", "text", "permitted_use", "unit", "yes", "no_text", "notes", "contradictions"}
    | {"method", "source", "revision", "status", "year_basis", "meaning", "_standards"}
)
_CONDITIONS = (Always, IsTrue, IsChoice, Compare, Not, And, Or)


def meaning_of(policy: Policy) -> str:
    """SHA-256 over the policy's meaning in canonical form, in hexadecimal."""
    canonical = json.dumps(_plain(policy), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return sha256(canonical.encode()).hexdigest()


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int() | str():
            return value
        case Fraction():
            return str(value)
        case Text() | Place() | Paragraph() | Contradiction():
            return None
        case Reading():
            return {"default": value.default, "choices": sorted(value.choices)}
        case Choice():
            return {"type": "choice", "name": value.name, "choices": list(value.names)}
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case tuple() | list():
            return [_plain(inner) for inner in value]
    if isinstance(value, _CONDITIONS):
        return str(value)
    if is_dataclass(value):
        named = {
            each.name: _plain(getattr(value, each.name))
            for each in fields(value)
            if each.init and each.name not in _NOT_MEANING
        }
        # What is not set is left out, so that what the format gains later leaves older hashes as they are. 0 is set.
        plain = {
            name: inner
            for name, inner in named.items()
            if inner is not None and inner is not False and inner not in ([], {})
        }
        if isinstance(value, Fact):
            plain["type"] = value.kind
        if isinstance(value, Clause):
            plain["effect_name"] = value.effect_name
        return plain
    return str(value)
