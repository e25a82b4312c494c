"""Facts that are the cohort's best value of another one: known once everybody's sheet is there."""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import Problems, pointer
from ..facts import BadValue, Facts, Measured
from ..sheets import Posted


def with_best(facts: Facts, posted: Iterable[Posted], problems: Problems) -> Iterable[Posted]:
    """
    The sheets, each with the cohort's best values filled in where they are absent.

    A best value that was given and is not the cohort's is added to `problems`; values that are not good are left for
    the reader of sheets to refuse.
    """
    bests = [
        (name, fact, fact.best_of)
        for name, fact in facts.items()
        if isinstance(fact, Measured) and fact.best_of is not None
    ]
    if not bests:
        return posted  # which then need not all be held
    found = list(posted)
    for name, fact, of in bests:
        each_best = [_units(facts[of], _facts(each).get(of)) for each in found]
        best = max((units for units in each_best if units is not None), default=None)
        if best is None:
            continue
        for at, each in enumerate(found):
            given, own = _facts(each).get(name), _facts(each).get(of)
            if given is None and own is not None:
                found[at] = _with(each, name, fact.given(best))
            elif given is not None and _units(fact, given) not in {None, best}:
                path = each.at + pointer("facts", name)
                values = {"given": fact.words(_units(fact, given) or 0), "best": fact.words(best)}
                problems.add("best_otherwise", path, (), title=fact.title, name=_unit_id(each), **values)
    return found


def _facts(posted: Posted) -> Mapping[str, Any]:
    facts = posted.value.get("facts") if isinstance(posted.value, Mapping) else None
    return facts if isinstance(facts, Mapping) else {}


def _unit_id(posted: Posted) -> str:
    unit = posted.value.get("unit") if isinstance(posted.value, Mapping) else None
    return str(unit.get("id")) if isinstance(unit, Mapping) else "?"


def _units(fact: object, value: object) -> int | None:
    """The value in units; None when it is absent or not good."""
    try:
        return fact.units(value) if isinstance(fact, Measured) and value is not None else None
    except BadValue:
        return None


def _with(posted: Posted, name: str, value: object) -> Posted:
    assert isinstance(posted.value, Mapping)
    return posted._replace(value={**posted.value, "facts": {**_facts(posted), name: value}})
