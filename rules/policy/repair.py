"""
Going on after a slip: a file whose shape is wrong somewhere is read for its meaning all the same.

What was refused is put aside (an unknown key, a clause, a fact) or stood in for (a text, a number), so that everything
else that is wrong is reported together with it. Where that cannot be done without guessing, the file is not read on.
"""

from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from marshmallow import fields

from . import schemas
from .files import KeyPath

# A clause that says nothing and is possible in every item.
NO_CLAUSE = {"bonus": 0}
# More than any item's points, so that no clause seems too large for them.
MANY_POINTS = 1000


class CannotGoOn(Exception):
    """What is missing cannot be stood in for."""


def repaired(
    schema: schemas.Schema, data: Any, refused: Iterable[tuple[KeyPath, str]]
) -> tuple[Any, set[str], set[KeyPath]]:
    """
    The data without what was refused at those paths (with their codes), the facts put aside, and the stood-in values.

    Raises `CannotGoOn`.
    """
    data, facts, stood_in = deepcopy(data), set[str](), set[KeyPath]()
    for path, code in refused:
        if code == "key_unknown":
            _inside(data, path[:-1]).pop(path[-1], None)
        elif "clauses" in path[:-1]:
            at = path.index("clauses")
            _inside(data, path[: at + 1])[path[at + 1]] = dict(NO_CLAUSE)
        elif path[0:1] == ("facts",) and len(path) > 1:
            facts.add(str(path[1]))
            _inside(data, path[:1]).pop(path[1], None)
        else:
            holder = _inside(data, path[:-1])
            if not path or not isinstance(holder, dict):
                raise CannotGoOn
            holder[path[-1]] = _stand_in(schema, path)
            stood_in.add(path)
    return data, facts, stood_in


def _inside(data: Any, path: KeyPath) -> Any:
    for step in path:
        if not isinstance(data, list | dict):
            raise CannotGoOn
        try:
            data = data[step]  # type: ignore[index]
        except (KeyError, IndexError):
            raise CannotGoOn from None
    return data


def _stand_in(schema: schemas.Schema, path: KeyPath) -> Any:
    """A good value for the place."""
    at: Any = schema
    for step in path:
        if isinstance(at, schemas.Schema):
            at = next((field for name, field in at.fields.items() if (field.data_key or name) == step), None)
        elif isinstance(at, fields.List):
            at = at.inner
        elif isinstance(at, fields.Dict):
            at = at.value_field
        if isinstance(at, fields.Nested):
            at = at.schema
    match at:
        case schemas.Words():
            return at.pattern.pattern.split("|")[0] if "|" in at.pattern.pattern else "x"
        case schemas.TextField():
            return {"zh": "x", "en": "x"}
        case schemas.YesNo():
            return False
        case schemas.Exact() if path[-1] == "points":
            return MANY_POINTS
    raise CannotGoOn
