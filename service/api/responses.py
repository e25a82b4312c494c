"""What comes out, as marshmallow schemas: they dump what is short, and document what the library writes itself."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields

NUMBER_OR_NULL = {"type": ["number", "null"]}
STATUS = "`official`, or `illustration`: not an official text"


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
    status = string(STATUS)
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
    status = string(STATUS)
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


# Settlements and comparisons


def perhaps(says: str = "") -> fields.Decimal:
    """An exact number, or null."""
    return exact(allow_none=True, metadata={"description": says} if says else {})


def whole(says: str = "", **more: Any) -> fields.Integer:
    """A whole number."""
    return fields.Integer(required=True, metadata={"description": says} if says else {}, **more)


def yes_or_no(says: str = "", **more: Any) -> fields.Boolean:
    """True or false."""
    return fields.Boolean(required=True, metadata={"description": says} if says else {}, **more)


def counts(says: str) -> fields.Dict:
    """How many, by name."""
    return fields.Dict(fields.String(), fields.Integer(), required=True, metadata={"description": says})


def nested(schema: type[Schema], says: str = "", **more: Any) -> fields.Nested:
    """Another object."""
    return fields.Nested(schema(), required=True, metadata={"description": says} if says else {}, **more)


def pair(name: str, field: Callable[[], Any]) -> type[Schema]:
    """The same under one version (`from`, a word of Python's own) and under the next (`to`)."""
    return Schema.from_dict({"from": field(), "to": field()}, name=name)


PairOfNumbers = pair("PairOfNumbers", perhaps)
PairOfNames = pair("PairOfNames", lambda: string(allow_none=True))
PairOfSentences = pair("PairOfSentences", lambda: sentence(allow_none=True))
PairOfVetoes = pair("PairOfVetoes", lambda: rows(TextSchema()))


class SettledUnitSchema(Schema):
    """A unit's grade before and after the cap, and why."""

    unit = fields.Nested(UnitSchema(), required=True)
    district = string("as the policy names it")
    standard = string()
    grade = string("before the cap; null for who was left out", allow_none=True)
    final_grade = string(allow_none=True)
    score = perhaps("null after a veto")
    rank = whole("in the cohort of the policy's first cap; null after a veto", allow_none=True)
    capped = yes_or_no("whether a cap took its grade")
    because = sentence()
    subsidy = perhaps("CNY; null where it cannot be told")
    rectify = yes_or_no("whether it is ordered to put things right")
    problems = fields.List(
        fields.Nested(LineProblemSchema()), metadata={"description": "only for who was left out: what is wrong"}
    )


class CohortUnderSchema(Schema):
    """Under what a cohort was settled."""

    policy = string("the id of the policy version")
    revision = whole()
    status = string(STATUS)
    policy_hash = string("the SHA-256 of what the policy means")
    year = whole("the year assessed")
    readings = fields.Dict(
        fields.String(), fields.String(), required=True, metadata={"description": "those that are not the default"}
    )


class PoolSchema(Schema):
    """A sum of money that was given in place of an average standard."""

    amount = exact()
    spent = perhaps()
    left = perhaps()


class LastInSchema(Schema):
    """Who took the last place."""

    rank = whole()
    score = fields.List(fields.Decimal(), required=True)
    units = strings("ids; several where they are tied")


class PlacesSchema(Schema):
    """A cap over one cohort, and how far its places reached."""

    grade = string()
    becomes = string("the grade of those beyond it")
    binding = string("`hard`, or `advisory`: grades stay")
    district = string("null where all districts are one cohort", allow_none=True)
    standard = string("null where both standards are one cohort", allow_none=True)
    share = perhaps("percent")
    counted = whole("of how many")
    room = whole("how many places")
    candidates = whole()
    admitted = whole()
    beyond = whole()
    last = fields.Nested(LastInSchema(), required=True, allow_none=True)
    because = sentence()


class TallySchema(Schema):
    """How many of whom, and what they are paid."""

    assessed = whole("everybody, also who was vetoed or left out")
    scored = whole()
    vetoed = whole()
    left_out = whole()
    grades = counts("by grade before the cap")
    final_grades = counts("by final grade")
    capped = whole()
    rectify = whole()
    subsidy = perhaps("CNY")


class DistrictTallySchema(TallySchema):
    """The same of one district."""

    district = string()
    bound = yes_or_no("whether the policy binds it; else it may follow")
    in_total = yes_or_no("whether its subsidies count in the total")
    note = sentence(allow_none=True)


class TotalTallySchema(TallySchema):
    """The same of all districts; the subsidies of those that only follow stand apart."""

    following_subsidy = perhaps("CNY")


class SettlementSummarySchema(CohortUnderSchema):
    """What came of a cohort."""

    average_standard = fields.Raw(
        required=True,
        metadata={
            "description": "CNY; an amount for each standard where they differ",
            "anyOf": [{"type": ["number", "null"]}, {"type": "object", "additionalProperties": NUMBER_OR_NULL}],
        },
    )
    pool = fields.Nested(PoolSchema(), required=True, allow_none=True)
    permitted_use = sentence(allow_none=True)
    caps = rows(PlacesSchema())
    districts = rows(DistrictTallySchema())
    total = fields.Nested(TotalTallySchema(), required=True)


class SettledSchema(Schema):
    """A settlement."""

    summary = fields.Nested(SettlementSummarySchema(), required=True)
    units = rows(SettledUnitSchema())


class OpenItemSchema(Schema):
    """An item that hangs on missing facts."""

    no = string()
    key = string()
    low = exact()
    high = exact()


class OpenSchema(Schema):
    """Items that hang on the same missing facts, together."""

    missing = strings("names of facts")
    low = exact()
    high = exact()
    items = rows(OpenItemSchema())


class ResultSchema(Schema):
    """What one version makes of a unit."""

    policy = string("the name of the version: its id, and the readings that are not the default")
    status = string(STATUS)
    score = perhaps("null after a veto, and where facts are missing")
    low = perhaps("the lowest score that is possible")
    high = perhaps("the highest score that is possible")
    grade = string(allow_none=True)
    worst = string(allow_none=True)
    best = string(allow_none=True)
    vetoes = strings("numbers of the items that failed")
    veto_possible = yes_or_no("null where it cannot be told", allow_none=True)
    missing = strings("names of the facts that this version needs and the sheet lacks")
    open = rows(OpenSchema())
    final_grade = string("null without a settlement", allow_none=True)
    rank = whole(allow_none=True)
    capped = yes_or_no(allow_none=True)
    subsidy = perhaps("CNY")


class PartSchema(Schema):
    """A part of an item's change; the parts add up to it."""

    kind = string("`clause`, `points` (the points to start from), or `clamp` (held within the item's points)")
    difference = exact()
    clauses = nested(PairOfNames)
    because = nested(PairOfSentences)


class ItemChangeSchema(Schema):
    """An item that changed."""

    key = string()
    no = nested(PairOfNames, "the numbers as printed; null where a version has no such item")
    title = sentence()
    difference = perhaps("null where facts are missing")
    low = perhaps()
    high = perhaps()
    missing = strings()
    parts = rows(PartSchema())


class AdjustmentChangeSchema(Schema):
    """A change of what acts beyond an item."""

    kind = string("`rescale`, `bonus` or `total_at_most`")
    difference = exact()
    clauses = nested(PairOfNames)


ChangeSchema = Schema.from_dict(
    {
        "from": string("the name of a version"),
        "to": string("the name of the next one"),
        "changed": yes_or_no("whether anything changed, or may have"),
        "score": perhaps("null after a veto, and where facts are missing"),
        "low": perhaps(),
        "high": perhaps(),
        "grade": nested(PairOfNames),
        "vetoes": nested(PairOfVetoes, "why, where other items veto; else null", allow_none=True),
        "items": rows(ItemChangeSchema()),
        "adjustments": rows(AdjustmentChangeSchema()),
        "because": sentence(),
        "final_grade": nested(PairOfNames, "null without settlements", allow_none=True),
        "subsidy": perhaps("CNY"),
    },
    name="Change",
)


class ComparedUnitSchema(Schema):
    """A unit under every version."""

    unit = fields.Nested(UnitSchema(), required=True)
    standard = string()
    results = rows(ResultSchema())
    changes = rows(ChangeSchema(), metadata={"description": "from each version to the next"})


class NamedSchema(Schema):
    """A key and what it stands for."""

    key = string()
    title = sentence()


ComparedGradeSchema = Schema.from_dict(
    {"key": string(), "title": sentence(), "from": exact()},
    name="ComparedGrade",
)


class ComparedVersionSchema(CohortUnderSchema):
    """A version that was compared."""

    name = string("its id, and the readings that are not the default")
    title = sentence()
    standards = rows(NamedSchema())
    grades = rows(ComparedGradeSchema())


class LackedFactSchema(Schema):
    """A fact that sheets lack."""

    name = string()
    title = sentence()


class LackingSchema(Schema):
    """Sheets that lack facts under one version."""

    units = whole()
    facts = rows(LackedFactSchema())


MigrationSchema = Schema.from_dict(
    {
        "from": strings("the rows: grades, and `open` where some cannot be told"),
        "to": strings("the columns"),
        "counts": fields.List(fields.List(fields.Integer()), required=True),
    },
    name="Migration",
)


class ItemTotalSchema(Schema):
    """An item that changed for somebody."""

    standard = string()
    key = string()
    no = nested(PairOfNames)
    title = sentence()
    units = whole("for how many it changed")
    open = whole("for how many that cannot be told")
    difference = exact(metadata={"description": "of those that can be told together"})


class DifferenceSchema(Schema):
    """By how much somebody moved."""

    score = perhaps()
    low = perhaps()
    high = perhaps()
    subsidy = perhaps()


class ReasonSchema(Schema):
    """What moved somebody, and why."""

    what = sentence()
    why = sentence(allow_none=True)


class MoverSchema(Schema):
    """Somebody who moved."""

    unit = fields.Nested(UnitSchema(), required=True)
    standard = string()
    score = nested(PairOfNumbers)
    low = nested(PairOfNumbers)
    high = nested(PairOfNumbers)
    grade = nested(PairOfNames)
    final_grade = nested(PairOfNames)
    subsidy = nested(PairOfNumbers)
    rank = nested(PairOfNumbers)
    difference = fields.Nested(DifferenceSchema(), required=True)
    because = sentence()
    reasons = rows(ReasonSchema(), metadata={"description": "the same one by one, the largest first"})


class SideSchema(Schema):
    """Some units under one version."""

    scored = whole()
    mean = perhaps("of the scores")
    grades = counts("by grade; the final one where both versions were settled")
    capped = whole(allow_none=True)
    subsidy = perhaps("CNY")


PairOfSides = pair("PairOfSides", lambda: nested(SideSchema))
PairOfLacking = pair("PairOfLacking", lambda: nested(LackingSchema))


ComparedDistrictSchema = Schema.from_dict(
    {
        "district": string(allow_none=True),
        "units": whole(),
        "from": nested(SideSchema),
        "to": nested(SideSchema),
    },
    name="ComparedDistrict",
)
StepSchema = Schema.from_dict(
    {
        "from": string("the name of a version"),
        "to": string("the name of the next one"),
        "final": yes_or_no("whether grades are final ones"),
        "lacking": nested(PairOfLacking),
        "changed": whole(),
        "grade_changed": whole(),
        "open": whole("for how many a grade cannot be told"),
        "migration": nested(MigrationSchema),
        "items": rows(ItemTotalSchema()),
        "movers": rows(MoverSchema(), metadata={"description": "who moved furthest, at most a hundred"}),
        "districts": rows(ComparedDistrictSchema()),
        "total": nested(PairOfSides),
    },
    name="Step",
)


class DistributionSchema(Schema):
    """How many scored from each whole point to the next, or in wider columns where scores are very far apart."""

    first = whole("the first of these points")
    width = whole("how many points a column is wide")
    counts = fields.List(
        fields.List(fields.Integer()), required=True, metadata={"description": "a list for each version"}
    )


class ComparisonSummarySchema(Schema):
    """What came of a comparison."""

    versions = rows(ComparedVersionSchema())
    units = whole()
    cohort = yes_or_no()
    steps = rows(StepSchema(), metadata={"description": "from each version to the next"})
    distribution = fields.Nested(DistributionSchema(), required=True)
    settlements = fields.List(
        fields.Nested(SettlementSummarySchema(), allow_none=True),
        required=True,
        metadata={"description": "one for each version; null where a sheet lacks facts; none unless asked for"},
    )


class ComparedSchema(Schema):
    """A comparison."""

    summary = fields.Nested(ComparisonSummarySchema(), required=True)
    units = rows(ComparedUnitSchema())


class HealthSchema(Schema):
    """The process answers."""

    status = string()


class ReadySchema(Schema):
    """Whether sheets can be scored."""

    ready = fields.Boolean(required=True)
    policies = strings("ids of the versions that may be scored under")
    withheld = rows(WithheldSchema())
