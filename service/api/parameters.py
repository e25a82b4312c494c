"""The parameters of a request's address, checked like a body."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError, fields

from ..problems import Failure
from .schemas import problems_of


def parameters(schema: Schema) -> dict[str, Any]:
    """The parameters; a name that is not known, or is given twice where one is meant, is refused."""
    if not request.query_string and not any(each.required for each in schema.fields.values()):
        return {}
    given: dict[str, Any] = {}
    for name, values in request.args.lists():
        field = schema.fields.get(name)
        given[name] = values if isinstance(field, fields.List) or len(values) > 1 else values[0]
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise Failure("request_refused", problems_of(error, given, schema.fields)) from None
    return loaded
