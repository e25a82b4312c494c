"""What comes out, as marshmallow schemas: they dump what is short, and document what the library writes itself."""

from typing import Any

from marshmallow import Schema, fields


def exact(**more: Any) -> fields.Decimal:
    """An exact number of points or money."""
    return fields.Decimal(required=True, **more)


def string(says: str = "", **more: Any) -> fields.String:
    """A text; `says` describes it."""
    return fields.String(required=True, metadata={"description": says} if says else {}, **more)


def strings(says: str = "") -> fields.List[Any]:
    """A list of texts."""
    return fields.List(fields.String(), required=True, metadata={"description": says} if says else {})


class TextSchema(Schema):
    """The same words in Chinese and in English."""

    zh = string()
    en = string()


def sentence(**more: Any) -> fields.Nested:
    """A sentence in both languages."""
    return fields.Nested(TextSchema(), required=True, **more)


def rows(schema: Schema, **more: Any) -> fields.List[Any]:
    """A list of such objects."""
    return fields.List(fields.Nested(schema), required=True, **more)


class UnitSchema(Schema):
    """Whom an answer is about."""

    id = string()
    name = string(allow_none=True)
    district = string(allow_none=True)


class FindingSchema(Schema):
    """A clause that fired."""

    clause = string("the key of the clause; stable within a version")
    effect = string("`veto`, `score`, `deduct`, `award`, `bonus` or `ceiling`")
    points = exact(allow_none=True, metadata={"description": "the clause's own points; null for a veto or a ceiling"})
    counted = exact(allow_none=True, metadata={"description": "what it took or gave in effect"})
    because = sentence()
    facts = fields.Dict(fields.String(), fields.Raw(), required=True, metadata={"description": "as they were given"})
    reading = string("the readings that it carries out", allow_none=True)


class ItemSchema(Schema):
    """One row of the printed table, assessed."""

    no = string("the number as printed")
    key = string("stable over the years")
    points = exact(metadata={"description": "as printed"})
    score = exact()
    self_score = exact(allow_none=True)
    difference = exact(allow_none=True)
    rounded = fields.Boolean(required=True)
    findings = rows(FindingSchema())


class CategorySchema(Schema):
    """A printed section with its sums."""

    title = string()
    points = exact()
    items_points = exact()
    score = exact()
    self_score = exact(allow_none=True)
    difference = exact(allow_none=True)


class AdjustmentSchema(Schema):
    """What acted beyond an item."""

    kind = string("`rescale`, `bonus`, `total_at_most` or `ceiling`")
    clause = string(allow_none=True)
    points = fields.Decimal(metadata={"description": "what it added or took; not for a ceiling"})
    grade = fields.String(metadata={"description": "the grade that a ceiling allows"})
    because = sentence()


class UnderSchema(Schema):
    """Under what something holds."""

    policy = string("the id of the policy version")
    revision = fields.Integer(required=True)
    policy_hash = string("the SHA-256 of what the policy means")
    standard = string()
    readings = fields.Dict(
        fields.String(), fields.String(), required=True, metadata={"description": "those that are not the default"}
    )


class AnswerSchema(UnderSchema):
    """A decision about one unit, and why."""

    unit = fields.Nested(UnitSchema(), required=True)
    grade = string("the key of the grade")
    score = exact(allow_none=True, metadata={"description": "the total; null after a veto"})
    self_score = exact(allow_none=True)
    difference = exact(allow_none=True)
    vetoes = strings("numbers of the items that failed")
    veto_findings = rows(FindingSchema())
    undetermined = strings("after a veto: numbers of the items that absent facts could veto too")
    categories = rows(CategorySchema(), allow_none=True)
    items = rows(ItemSchema(), allow_none=True)
    adjustments = rows(AdjustmentSchema())
    points = exact(metadata={"description": "the total as printed"})
    items_points = exact(metadata={"description": "the items' points added up"})
    attainable = exact(allow_none=True, metadata={"description": "the highest total that any sheet can reach"})
    self_scores = fields.Dict(fields.String(), fields.Decimal(), required=True)


class LineProblemSchema(Schema):
    """One thing that is wrong, in both languages."""

    code = string("stable; see the table of codes")
    path = string("a JSON pointer into what was sent")
    message = sentence()
    near = string("the nearest known name", allow_none=True)


class RefusalSchema(Schema):
    """What is wrong with one sheet of a batch."""

    unit = fields.Dict(required=True, allow_none=True)
    line = fields.Integer(required=True, metadata={"description": "the number of the line or element, from 1"})
    problems = rows(LineProblemSchema())


class ProblemDetailSchema(Schema):
    """One thing that is wrong, in the language asked for."""

    code = string("stable; see the table of codes")
    path = string("a JSON pointer into the body, or the name of a parameter")
    message = string()
    near = string("the nearest known name", allow_none=True)


class ProblemSchema(Schema):
    """Why a request failed (RFC 9457)."""

    type = string("`urn:kaohe:problem:` and the code")
    title = string("in the language of `Accept-Language`")
    status = fields.Integer(required=True)
    code = string("stable")
    instance = string("`urn:kaohe:request:` and the request id, as in the log")
    problems = rows(ProblemDetailSchema())


class PolicyLineSchema(Schema):
    """One policy version."""

    id = string()
    revision = fields.Integer(required=True)
    year = fields.Integer(required=True)
    status = string("`official`, or `illustration`: not an official text")
    title = sentence()
    policy_hash = string("the SHA-256 of what the policy means")
    standards = strings()


class WithheldSchema(Schema):
    """A version that is not good."""

    directory = string()
    problems = rows(LineProblemSchema())


class PoliciesSchema(Schema):
    """Every policy version."""

    policies = rows(PolicyLineSchema())
    withheld = rows(WithheldSchema())


class ParagraphSchema(Schema):
    """One paragraph of the method, verbatim."""

    heading = string()
    no = string(allow_none=True)
    text = string()


class GradeSchema(Schema):
    """A grade and the total that reaches it."""

    key = string()
    title = sentence()
    start = exact(data_key="from")

    def get_attribute(self, obj: Any, attr: str, default: Any) -> Any:
        """`from` is a word of Python's own."""
        return super().get_attribute(obj, "from" if attr == "start" else attr, default)


class CapSchema(Schema):
    """How many of a cohort may hold a grade; a field may be chosen by a reading."""

    grade = string()
    becomes = string()
    share = exact(allow_none=True, metadata={"description": "percent"})
    number = fields.Integer(required=True, allow_none=True)
    per = fields.Raw(required=True)
    standards = fields.Raw(required=True)
    rank_by = fields.Raw(required=True)
    binding = fields.Raw(required=True)
    ties = fields.Raw(required=True)
    rounding = fields.Raw(required=True)
    denominator = fields.Raw(required=True)


class ReadingSchema(Schema):
    """A named choice where the text is open."""

    id = string()
    text = string()
    default = string()
    choices = fields.Dict(fields.String(), fields.Nested(TextSchema()), required=True)


class ContradictionSchema(Schema):
    """A place where the text contradicts itself; reported, never repaired in silence."""

    standard = string()
    items = strings()
    reading = string(allow_none=True)
    text = sentence()


class DistrictSchema(Schema):
    """A district; one that is not bound may follow the policy."""

    name = string()
    aliases = strings()
    bound = fields.Boolean(required=True)


class PolicySchema(PolicyLineSchema):
    """The method of one policy version."""

    year_basis = string("`stated`, or `assumed`: the text names no year")
    source = sentence()
    points_scale = exact()
    reasons_required = fields.Boolean(required=True)
    method = rows(ParagraphSchema())
    grades = rows(GradeSchema())
    veto_grade = string()
    rectify = strings("grades after which a unit has to put things right")
    caps = rows(CapSchema())
    subsidy = fields.Dict(required=True, allow_none=True)
    districts = rows(DistrictSchema())
    may_follow = fields.Raw(required=True, allow_none=True)
    readings = rows(ReadingSchema())
    contradictions = rows(ContradictionSchema())


class ClauseSchema(Schema):
    """A clause as a sentence."""

    clause = string()
    effect = string()
    sentence = sentence()
    facts = strings()
    reading = string(allow_none=True)


class StandardItemSchema(Schema):
    """One row of the printed table, and the clauses that carry it out."""

    no = string()
    key = string()
    title = sentence()
    basis = string("加减分依据, verbatim")
    points = exact()
    clauses = rows(ClauseSchema())


class StandardCategorySchema(Schema):
    """A printed section."""

    title = sentence()
    points = exact()
    items_points = exact()
    weight = exact(allow_none=True, metadata={"description": "percent"})
    items = rows(StandardItemSchema())


class StandardSchema(UnderSchema):
    """A printed table."""

    title = sentence()
    points = exact()
    items_points = exact()
    notes = strings()
    categories = rows(StandardCategorySchema())


class HealthSchema(Schema):
    """The process answers."""

    status = string()


class ReadySchema(Schema):
    """Whether sheets can be scored."""

    ready = fields.Boolean(required=True)
    policies = strings("ids of the versions that may be scored under")
    withheld = rows(WithheldSchema())
