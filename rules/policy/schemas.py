"""
The shape of policy files, as marshmallow schemas: which keys there are, and of which type.

What the values mean, and whether they fit each other, is judged by `reader`.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from marshmallow import RAISE, ValidationError, fields, validate
from marshmallow import Schema as MarshmallowSchema

from ..language import Text
from .files import KeyPath

# How marshmallow's own refusals are said here: a code, or a code with what would have been right.
# Between a code and what would have been right in Chinese and English; no policy file holds it in its words.
SEPARATOR = "\x1f"
_ERRORS: dict[str, Any] = {"required": "key_missing", "null": "value_empty", "invalid": "value_bad"}


def _right(zh: str, en: str) -> dict[str, Any]:
    # marshmallow fills in what stands in braces.
    said = SEPARATOR.join(("value_bad", zh, en)).replace("{", "{{").replace("}", "}}")
    return {**_ERRORS, "invalid": said, "type": said, "validator_failed": said, "invalid_utf8": said}


TEXT = _right("文字", "text")
YES_NO = _right("true 或 false", "true or false")
WHOLE = _right("整数", "a whole number")
NUMBER = _right("数字", "a number")
MAPPING = _right("一组“键: 值”", "keys and values")
LIST = _right("列表", "a list")


class Schema(MarshmallowSchema):
    """Refuses unknown keys, in this project's codes."""

    class Meta:
        """Unknown keys are refused."""

        unknown = RAISE

    error_messages: dict[str, Any] = {  # noqa: RUF012 - marshmallow declares it so
        "unknown": "key_unknown",
        "type": MAPPING["invalid"],
    }


class Words(fields.Field[str]):
    """Text that is not empty."""

    def __init__(self, pattern: str = r"(?s).+", **options: Any):
        super().__init__(error_messages=TEXT, **options)
        self.pattern = re.compile(pattern)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not self.pattern.fullmatch(value):
            raise self.make_error("invalid")
        return value


class Whole(fields.Field[int]):
    """A whole number, 0 or more."""

    def __init__(self, **options: Any):
        super().__init__(error_messages=WHOLE, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise self.make_error("invalid")
        return value


class Exact(fields.Field[Fraction]):
    """A number, 0 or more, exactly as it is written."""

    def __init__(self, **options: Any):
        super().__init__(error_messages=NUMBER, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Fraction:
        if isinstance(value, bool) or not isinstance(value, int | Decimal) or value < 0:
            raise self.make_error("invalid")
        return Fraction(value)


class YesNo(fields.Field[bool]):
    """True or false."""

    def __init__(self, **options: Any):
        super().__init__(error_messages=YES_NO, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid")
        return value


def one_of(*choices: str, **options: Any) -> Words:
    """One of a few words."""
    field = Words("|".join(choices), **options)
    said = " | ".join(choices)
    field.error_messages["invalid"] = SEPARATOR.join(("value_bad", said, said))
    return field


def many(inner: fields.Field[Any], **options: Any) -> "fields.List[Any]":
    """A list."""
    return fields.List(inner, error_messages=LIST, **options)


def mapped(values: fields.Field[Any], **options: Any) -> fields.Dict:
    """Keys and values."""
    return fields.Dict(keys=Words(), values=values, error_messages=MAPPING, **options)


def nested(schema: type[Schema], **options: Any) -> fields.Nested:
    """A mapping of its own."""
    return fields.Nested(schema, error_messages=MAPPING, **options)


class TextField(fields.Field[Text]):
    """`{zh: …, en: …}`."""

    def __init__(self, **options: Any):
        super().__init__(error_messages=_right("{zh: 中文, en: English}", "{zh: 中文, en: English}"), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Text:
        if not isinstance(value, Mapping) or set(value) != {"zh", "en"}:
            raise self.make_error("invalid")
        if not all(isinstance(words, str) and words for words in value.values()):
            raise self.make_error("invalid")
        return Text(value["zh"], value["en"])


class OneOrMany(fields.Field[list[str]]):
    """A word, or a list of words."""

    def __init__(self, **options: Any):
        super().__init__(error_messages=TEXT, **options)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> list[str]:
        words = value if isinstance(value, list) else [value]
        if not words or not all(isinstance(word, str) and word for word in words):
            raise self.make_error("invalid")
        return words


class Chosen(fields.Field[Any]):
    """One of a few words, or `{reading: …, choice: word, …}`."""

    def __init__(self, *choices: str, **options: Any):
        said = " | ".join(choices)
        super().__init__(error_messages=_right(said, said), **options)
        self.choices = choices

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, Mapping):
            values = {key: word for key, word in value.items() if key != "reading"}
            if isinstance(value.get("reading"), str) and values and set(values.values()) <= set(self.choices):
                return value
        elif value in self.choices:
            return value
        raise self.make_error("invalid")


class AmountField(fields.Field[Any]):
    """Points, the name of a judgement, or one of the amounts that are written as mappings."""

    def __init__(self, **options: Any):
        super().__init__(
            error_messages=_right("分数、酌情指标名或一种计分方式", "points, a judgement or an amount"), **options
        )

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        if isinstance(value, str) and value:
            return value
        if isinstance(value, int | Decimal) and not isinstance(value, bool) and value >= 0:
            return Fraction(value)
        if isinstance(value, Mapping):
            return schema_of_amount(value).load(value)
        raise self.make_error("invalid")


def schema_of_amount(value: Mapping[str, Any]) -> Schema:
    """The schema that an amount's keys ask for."""
    if "each" in value:
        return PerOccurrenceSchema()
    if "proportion" in value:
        return ProportionSchema()
    return BandedSchema() if "bands" in value else SteppedSchema()


class PerOccurrenceSchema(Schema):
    """`{each: cases, points: 1}`."""

    each = Words(required=True)
    points = Exact(required=True)
    every = Exact(load_default=Fraction(1))
    at_most = Exact(load_default=None)


class SteppedSchema(Schema):
    """`{of: rate, below: 80, first: 2, every: 10, then: 2}`."""

    of = Words(required=True)
    below = Exact(load_default=None)
    above = Exact(load_default=None)
    first = Exact(required=True)
    every = Exact(required=True)
    then = Exact(required=True)
    steps = one_of("full", "begun", load_default="full")
    at_most = Exact(load_default=None)


class BandSchema(Schema):
    """`{above: 80, below: 90, points: 1}`."""

    above = Exact(load_default=None)
    from_ = Exact(data_key="from", load_default=None)
    below = Exact(load_default=None)
    to = Exact(load_default=None)
    points = Exact(required=True)


class BandedSchema(Schema):
    """`{of: rate, bands: […]}`."""

    of = Words(required=True)
    bands = many(nested(BandSchema), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))


class ProportionSchema(Schema):
    """`{proportion: rate, points: 10}`."""

    proportion = Words(required=True)
    points = Exact(load_default=None)


EFFECTS = ("veto", "score", "deduct", "award", "bonus", "ceiling")


class ClauseSchema(Schema):
    """A condition and an effect."""

    key = Words(r"[a-z][a-z0-9_.]*", load_default=None)
    when = Words(load_default=None)
    veto = YesNo()
    score = Exact()
    deduct = AmountField()
    award = AmountField()
    bonus = AmountField()
    ceiling = Words()
    reading = OneOrMany(load_default=())
    note = TextField(load_default=None)


class ItemSchema(Schema):
    """A printed row and its clauses."""

    key = Words(r"[a-z][a-z0-9_]*", required=True)
    no = Words(required=True)
    title = Words(required=True)
    title_en = Words(required=True)
    points = Exact(required=True)
    basis = Words(required=True)
    clauses = many(nested(ClauseSchema), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))


class CategorySchema(Schema):
    """A printed section."""

    title = Words(required=True)
    title_en = Words(required=True)
    points = Exact(required=True)
    part = Words(load_default=None)
    items = many(nested(ItemSchema), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))


class PartSchema(Schema):
    """A weighted part."""

    key = Words(required=True)
    title = TextField(required=True)
    weight = Exact(required=True)


class RescaleSchema(Schema):
    """The sum x to / from."""

    from_ = Exact(data_key="from", required=True)
    to = Exact(required=True)
    reading = OneOrMany(load_default=())


class BonusSchema(Schema):
    """The cap on all bonuses together."""

    at_most = Exact(required=True)


class ContradictionSchema(Schema):
    """Where the text contradicts itself."""

    items = many(Words(), load_default=())
    reading = Words(load_default=None)
    zh = Words(required=True)
    en = Words(required=True)


class StandardSchema(Schema):
    """One standard's file."""

    key = Words(required=True)
    title = TextField(required=True)
    points = Exact(required=True)
    notes = many(Words(), load_default=())
    parts = many(nested(PartSchema), load_default=())
    bonus = nested(BonusSchema, load_default=None)
    total_at_most = Exact(load_default=None)
    rescale = nested(RescaleSchema, load_default=None)
    contradictions = many(nested(ContradictionSchema), load_default=())
    categories = many(nested(CategorySchema), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))


class NameSchema(Schema):
    """What a fact is called, and how its values read."""

    name = Words(required=True)
    unit = Words(load_default="")
    yes = Words(load_default=None)
    no = Words(load_default=None)


class FactSchema(Schema):
    """One fact."""

    type = one_of("flag", "count", "amount", "choice", "judgement", "percent", required=True)
    zh = nested(NameSchema, required=True)
    en = nested(NameSchema, required=True)
    min = Exact(load_default=None)
    max = Exact(load_default=None)
    choices = mapped(TextField(), load_default=None)
    part = Words(load_default=None)
    whole = Words(load_default=None)
    empty = Exact(load_default=None)
    may_exceed = YesNo(load_default=False)
    best_of = Words(load_default=None)
    reading = OneOrMany(load_default=())


class FactsSchema(Schema):
    """The dictionary of facts."""

    facts = mapped(nested(FactSchema), required=True)


class ParagraphSchema(Schema):
    """A paragraph of the method."""

    heading = Words(required=True)
    no = fields.Raw(load_default=None)
    text = Words(required=True)


class GradeSchema(Schema):
    """A grade."""

    key = Words(r"[a-z][a-z0-9_]*", required=True)
    title = TextField(required=True)
    from_ = Exact(data_key="from", load_default=None)


class CapSchema(Schema):
    """A cap."""

    grade = Words(required=True)
    becomes = Words(required=True)
    share = Exact(load_default=None)
    number = Whole(load_default=None)
    per = Chosen("district", "overall", load_default="district")
    standards = Chosen("together", "apart", load_default="together")
    rank_by = Chosen("score", "share", load_default="score")
    binding = Chosen("hard", "advisory", load_default="hard")
    ties = Chosen("whole_or_none", "group_goes_in", load_default="whole_or_none")
    rounding = Chosen("floor", "half_up", load_default="floor")
    denominator = Chosen("assessed", "scored", load_default="assessed")


class GradeWorthSchema(Schema):
    """What a grade is worth."""

    ratio = Exact(load_default=None)
    amount = Exact(load_default=None)


class RankAmountSchema(Schema):
    """What ranks are worth."""

    from_ = Whole(data_key="from", required=True)
    to = Whole(required=True)
    amount = Exact(required=True)


class SubsidySchema(Schema):
    """Subsidies."""

    average_standard = Chosen("one_amount", "pool", "by_standard", load_default="one_amount")
    by_grade = mapped(nested(GradeWorthSchema), load_default=dict)
    by_rank = many(nested(RankAmountSchema), load_default=())
    rounding = one_of("half_up", "floor", load_default="half_up")
    permitted_use = TextField(required=True)


class DistrictSchema(Schema):
    """A district."""

    name = Words(required=True)
    aliases = many(Words(), load_default=())
    bound = YesNo(required=True)


class ReadingSchema(Schema):
    """A reading."""

    id = Words(r"[a-z][a-z0-9-]*", required=True)
    text = Words(required=True)
    default = Words(required=True)
    choices = mapped(TextField(), required=True)


class MethodSchema(Schema):
    """policy.yaml."""

    id = Words(r"[a-z][a-z0-9-]*", required=True)
    revision = Whole(required=True)
    year = Whole(required=True)
    year_basis = one_of("stated", "assumed", required=True)
    status = one_of("official", "illustration", required=True)
    title = TextField(required=True)
    source = TextField(required=True)
    points_scale = Exact(required=True)
    judgement_reasons = one_of("optional", "required", load_default="optional")
    method = many(nested(ParagraphSchema), load_default=())
    grades = many(nested(GradeSchema), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))
    veto_grade = Words(required=True)
    rectify = many(Words(), load_default=())
    caps = many(nested(CapSchema), load_default=())
    subsidy = nested(SubsidySchema, load_default=None)
    districts = many(nested(DistrictSchema), load_default=())
    may_follow = Chosen("reported", "bound", load_default="reported")
    readings = many(nested(ReadingSchema), load_default=())
    standards = many(Words(r"[a-z][a-z0-9_]*"), required=True, validate=validate.Length(min=1, error=LIST["invalid"]))


class ExpectSchema(Schema):
    """What an example expects."""

    grade = Words(load_default=None)
    score = Exact(load_default=None, allow_none=True)
    vetoes = many(Words(), load_default=None)
    undetermined = many(Words(), load_default=None)
    items = mapped(Exact(), load_default=None)
    refused = many(Words(), load_default=None)
    facts = many(Words(), load_default=None)


class ExampleSchema(Schema):
    """One scenario."""

    name = Words(required=True)
    why = fields.Raw(required=True, error_messages=TEXT)
    facts = mapped(fields.Raw(allow_none=True), load_default=dict)
    readings = mapped(Words(), load_default=dict)
    self_scores = mapped(fields.Raw(), load_default=dict)
    reasons = mapped(Words(), load_default=dict)
    expect = nested(ExpectSchema, required=True, allow_none=True)


class ExamplesSchema(Schema):
    """A file of scenarios."""

    policy = Words(load_default=None)
    standard = Words(required=True)
    base = mapped(fields.Raw(allow_none=True), required=True)
    examples = many(nested(ExampleSchema), required=True)


def flattened(schema: Schema, data: Any, error: ValidationError) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    """marshmallow's nested messages as (path, message, names known at that place)."""
    yield from _flat(schema, data, error.messages, ())


def _flat(at: Any, data: Any, messages: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    if isinstance(messages, list):
        known = tuple(_names(at)) if isinstance(at, Schema) else ()
        for message in messages:
            yield path, str(message), known
        return
    for key, inner in messages.items():
        if key == "_schema":
            yield from _flat(at, data, inner, path)
        elif isinstance(at, Schema):
            found = next((field for name, field in at.fields.items() if (field.data_key or name) == key), None)
            value = data.get(key) if isinstance(data, Mapping) else None
            if found is None:
                yield (*path, key), str(inner[0]), tuple(_names(at))
            else:
                yield from _flat(_inside(found, value), value, inner, (*path, key))
        elif isinstance(at, fields.Dict) and isinstance(inner, Mapping) and set(inner) <= {"key", "value"}:
            value = data.get(key) if isinstance(data, Mapping) else None
            for side in inner.values():
                yield from _flat(_inside(at.value_field, value), value, side, (*path, key))
        else:
            value = data[key] if isinstance(data, list) and isinstance(key, int) and key < len(data) else None
            yield from _flat(
                _inside(at.inner, value) if isinstance(at, fields.List) else at, value, inner, (*path, key)
            )


def _inside(field: Any, value: Any) -> Any:
    """What the messages below a field speak of."""
    if isinstance(field, fields.Nested):
        return field.schema
    if isinstance(field, AmountField) and isinstance(value, Mapping):
        return schema_of_amount(value)
    return field


def _names(schema: Schema) -> Iterator[str]:
    return (field.data_key or name for name, field in schema.fields.items())
