"""
What goes in, as marshmallow schemas.

What is around a sheet (policy, year, standard, readings) is checked here; the sheet itself by the library, which alone
knows what a good fact is, so that the command line and HTTP refuse the same things in the same words.
"""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields

from rules import Problem, Problems, Text, pointer, problem, shown

from ..workflows import Comparing, Settling, Under, Wanted

SHEET_KEYS = ("unit", "facts", "self_scores", "reasons")
# Two of them fit into an address, each character of four bytes, and each byte of three letters.
MOST_NAME = 100
A_NAME = Text(f"1 至 {MOST_NAME} 个字符的文字", f"a text of 1 to {MOST_NAME} characters")
A_YEAR = Text("四位数的年份", "a year of four digits")
READINGS = Text('{"读法": "选项"}', '{"reading": "choice"}')
A_HASH = Text("64 位十六进制数", "a SHA-256 in 64 hexadecimal digits")
YES_OR_NO = Text("true 或 false", "true or false")
AN_OBJECT = Text("一个 JSON 对象", "a JSON object")
AN_ARRAY = Text("一个 JSON 数组", "a JSON array")
LEAST_VERSIONS, MOST_VERSIONS = 2, 8
VERSIONS = Text(f"{LEAST_VERSIONS} 至 {MOST_VERSIONS} 个版本", f"{LEAST_VERSIONS} to {MOST_VERSIONS} versions")


def _bad(value: object, right: Text) -> ValidationError:
    """A refusal that already is a problem, but for its place."""
    return ValidationError([problem("value_bad", value=shown(value), right=right)])


def _right(right: Text) -> dict[str, Any]:
    """What a field says of null."""
    return {"null": [problem("value_bad", value="null", right=right)]}


class Name(fields.Field[str]):
    """A short text."""

    default_error_messages = _right(A_NAME)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= MOST_NAME:
            raise _bad(value, A_NAME)
        return value


class Year(fields.Field[int]):
    """A year, as a number."""

    default_error_messages = _right(A_YEAR)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, str) and self.metadata.get("digits") and value.isascii() and value.isdigit():
            value = int(value) if len(value) == 4 else value
        if not isinstance(value, int) or isinstance(value, bool) or not 1000 <= value <= 9999:
            raise _bad(value, A_YEAR)
        return value


class Digest(fields.Field[str]):
    """A SHA-256 in hexadecimal digits."""

    default_error_messages = _right(A_HASH)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or len(value) != 64 or not set(value) <= set("0123456789abcdef"):
            raise _bad(value, A_HASH)
        return value


class Readings(fields.Field[dict[str, str]]):
    """Choices by reading."""

    default_error_messages = _right(READINGS)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, str]:
        if not isinstance(value, dict) or not all(isinstance(choice, str) for choice in value.values()):
            raise _bad(value, READINGS)
        return value


class YesOrNo(fields.Field[bool]):
    """True or false, and nothing that is only like it."""

    default_error_messages = _right(YES_OR_NO)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise _bad(value, YES_OR_NO)
        return value


class StrictSchema(Schema):
    """Refuses keys that it does not know, and speaks in codes."""

    error_messages = {"unknown": "key_unknown"}  # noqa: RUF012 - an attribute of each instance

    class Meta:
        """Nothing is dropped in silence."""

        unknown = RAISE


class EvaluationSchema(StrictSchema):
    """Under what a sheet is to be scored; the sheet beside it is the library's to check."""

    policy = Name()
    year = Year()
    standard = Name(required=True, error_messages={"required": "key_missing"})
    readings = Readings()
    policy_hash = Digest()


class UnderSchema(StrictSchema):
    """Under which version a cohort is settled, or sheets are compared."""

    policy = Name()
    year = Year()
    readings = Readings()
    policy_hash = Digest()


class MoneySchema(StrictSchema):
    """What there is to pay; what a good amount is, the library knows."""

    average_standard = fields.Raw(allow_none=True)
    pool = fields.Raw(allow_none=True)
    leave_out = YesOrNo()


class SettlementSchema(UnderSchema, MoneySchema):
    """How a cohort is to be settled; its units are read one by one."""

    units = fields.Raw(required=True, allow_none=True, error_messages={"required": "key_missing"})


class ComparisonSchema(MoneySchema):
    """Under what sheets are to be compared; they are read one by one."""

    versions = fields.Raw(required=True, allow_none=True, error_messages={"required": "key_missing"})
    cohort = YesOrNo()
    sheets = fields.Raw(required=True, allow_none=True, error_messages={"required": "key_missing"})


class BatchQuerySchema(StrictSchema):
    """What the sheets of a batch are scored under where they do not say it themselves."""

    policy = Name()
    year = Year(metadata={"digits": True})
    standard = Name()


class StandardQuerySchema(StrictSchema):
    """Under which readings a standard is shown."""

    reading = fields.List(fields.String())


class NothingSchema(StrictSchema):
    """No parameters."""


EVALUATION = EvaluationSchema()
SETTLEMENT = SettlementSchema()
COMPARISON = ComparisonSchema()
UNDER = UnderSchema()


def read_evaluation(posted: object, problems: Problems) -> tuple[Wanted | None, dict[str, Any]]:
    """
    Under what a sheet is to be scored, and the sheet; what is wrong is added to `problems`.

    No `Wanted` where it cannot be told under what the sheet is to be scored.
    """
    if not isinstance(posted, dict):
        problems.add("value_bad", value=shown(posted), right=AN_OBJECT)
        return None, {}
    sheet = {key: posted[key] for key in SHEET_KEYS if key in posted}
    envelope = {key: value for key, value in posted.items() if key not in sheet}
    given: Mapping[str, Any]
    try:
        policy, standard = envelope.get("policy"), envelope.get("standard")
        if len(envelope) == 2 and type(policy) is str and type(standard) is str:
            return _usual(policy, standard), sheet
        given = EVALUATION.load(envelope)
    except ValidationError as error:
        known = (*EVALUATION.fields, *SHEET_KEYS)
        problems.found += problems_of(error, envelope, known)
        given = error.valid_data if isinstance(error.valid_data, dict) else {}
    if "policy" not in posted and "year" not in posted:
        problems.add("key_missing", "/policy", name="policy")
    if "standard" not in given or not given.keys() & {"policy", "year"}:
        return None, sheet
    wanted = Wanted(
        given["standard"], given.get("policy"), given.get("year"), given.get("readings", {}), given.get("policy_hash")
    )
    return wanted, sheet


@lru_cache(256)
def _usual(policy: str, standard: str) -> Wanted:
    """What most requests name, and only that; checked once for all of them."""
    EVALUATION.load({"policy": policy, "standard": standard})
    return Wanted(standard, policy)


def read_settlement(posted: object, problems: Problems) -> Settling:
    """How a cohort is to be settled; what is wrong is added to `problems`, and left out of what is given."""
    given = _loaded(SETTLEMENT, posted, "", problems)
    return Settling(_under(given, posted, "", problems), *_paying(given))


def read_comparison(posted: object, problems: Problems) -> Comparing:
    """Under what sheets are to be compared; what is wrong is added to `problems`, and left out of what is given."""
    given = _loaded(COMPARISON, posted, "", problems)
    versions: tuple[Under | None, ...] = ()
    if "versions" in given:
        listed = given["versions"]
        if not isinstance(listed, list) or not LEAST_VERSIONS <= len(listed) <= MOST_VERSIONS:
            problems.add("value_bad", "/versions", value=shown(listed), right=VERSIONS)
        else:
            versions = tuple(_version(each, f"/versions/{at}", problems) for at, each in enumerate(listed))
    return Comparing(versions, given.get("cohort", False), *_paying(given))


def _version(posted: object, at: str, problems: Problems) -> Under | None:
    """One of the versions that are compared."""
    return _under(_loaded(UNDER, posted, at, problems), posted, at, problems)


def _under(given: Mapping[str, Any], posted: object, at: str, problems: Problems) -> Under | None:
    """The version that was asked for; None where it cannot be told which one."""
    if isinstance(posted, dict) and not posted.keys() & {"policy", "year"}:
        problems.add("key_missing", f"{at}/policy", name="policy")
    if not given.keys() & {"policy", "year"}:
        return None
    return Under(given.get("policy"), given.get("year"), given.get("readings", {}), given.get("policy_hash"))


def _paying(given: Mapping[str, Any]) -> tuple[object, object, bool]:
    return given.get("average_standard"), given.get("pool"), given.get("leave_out", False)


def _loaded(schema: Schema, posted: object, at: str, problems: Problems) -> Mapping[str, Any]:
    """What of a posted object is good."""
    if not isinstance(posted, dict):
        problems.add("value_bad", at, value=shown(posted), right=AN_OBJECT)
        return {}
    try:
        loaded: Mapping[str, Any] = schema.load(posted)
    except ValidationError as error:
        problems.found += [each.below(at) for each in problems_of(error, posted, schema.fields)]
        return error.valid_data if isinstance(error.valid_data, dict) else {}
    return loaded


def problems_of(error: ValidationError, posted: Mapping[str, Any], known: Iterable[str]) -> list[Problem]:
    """marshmallow's refusals as problems with their places."""
    found: list[Problem] = []
    messages: Mapping[str, Any] = error.messages if isinstance(error.messages, dict) else {}
    for name, reasons in messages.items():
        for each in reasons if isinstance(reasons, list) else [reasons]:
            if isinstance(each, Problem):
                found.append(Problem(each.code, each.message, pointer(name), each.near))
            elif each == "key_unknown":
                found.append(problem("key_unknown", pointer(name), known, name=str(name)))
            elif each == "key_missing":
                found.append(problem("key_missing", pointer(name), name=str(name)))
            else:
                found.append(problem("value_bad", pointer(name), value=shown(posted.get(name)), right=A_NAME))
    return found
