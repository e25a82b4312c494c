"""Scenarios as their files hold them, and how they come out: readable by whoever owns or tests a policy."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from ..decision import Decision
from ..errors import Problem, Problems, Refused
from ..intake import Intake
from ..numbers import plain
from ..plan import lower
from ..policy import schemas
from ..policy.files import read_document
from ..policy.reader import shape_problems
from ..policy.versions import Policy
from ..reference import Reference

EXAMPLES = "examples"


@dataclass(frozen=True, slots=True)
class Example:
    """One scenario: changes to a good sheet, the working, and what is expected (None: a person has yet to say)."""

    name: str
    why: str
    standard: str
    posted: Mapping[str, Any]
    readings: Mapping[str, str]
    expect: Mapping[str, Any] | None
    file: str = ""
    policy: str | None = None  # the policy that the file names


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an example came out; no difference means that it holds, or that nothing is expected yet."""

    example: Example
    decision: Decision | None
    differences: tuple[str, ...]

    @property
    def unconfirmed(self) -> bool:
        """Whether it has neither held nor failed."""
        return self.example.expect is None and not self.differences


def read_examples(directory: Path, problems: Problems) -> list[Example]:
    """Every example below a policy's `examples/`, in order of files; what is wrong is added to `problems`."""
    paths = sorted((directory / EXAMPLES).glob("*.yaml"))
    return [each for path in paths for each in _read_file(path, f"{EXAMPLES}/{path.name}", problems)]


def read_scenarios(path: Path, problems: Problems) -> list[Example]:
    """Every scenario of a file, or of the `*.yaml` files below a directory; what is wrong is added to `problems`."""
    if not path.is_dir():
        return list(_read_file(path, path.name, problems))
    paths = sorted(path.rglob("*.yaml"))
    return [each for file in paths for each in _read_file(file, str(file.relative_to(path)), problems)]


def _read_file(path: Path, name: str, problems: Problems) -> Iterator[Example]:
    document = read_document(path, name, problems)
    if document is None:
        return
    schema = schemas.ExamplesSchema()
    try:
        data = schema.load(document.data)
    except ValidationError as error:
        problems.found.extend(shape_problems(document, schema, error))
        return
    names: set[str] = set()
    for at, row in enumerate(data["examples"]):
        if row["name"] in names:
            place = ("examples", at, "name")
            problems.found.append(document.problem("defined_twice", place, name=row["name"]))
        names.add(row["name"])
        facts = {**data["base"], **row["facts"]}
        posted = {
            "unit": {"id": row["name"][:200]},
            "facts": {name: value for name, value in facts.items() if value is not None},
            "self_scores": row["self_scores"],
            "reasons": row["reasons"],
        }
        yield Example(
            row["name"],
            str(row["why"]),
            data["standard"],
            posted,
            row["readings"],
            row["expect"],
            name,
            data["policy"],
        )


def run_examples(policy: Policy, examples: Iterable[Example]) -> Iterator[Outcome]:
    """Decide each example under its readings and hold it against what is expected."""
    made: dict[object, tuple[Reference, Intake]] = {}
    for example in examples:
        try:
            standard = policy.standard(example.standard, example.readings)
        except Refused as refused:
            yield Outcome(example, None, tuple(str(each) for each in refused.problems))
            continue
        if standard not in made:
            made[standard] = (Reference(standard), Intake(lower(standard)))
        reference, intake = made[standard]
        problems = Problems()
        case = intake.case(example.posted, problems)
        decision = reference.decide(case) if case is not None and not problems.found else None
        yield Outcome(example, decision, tuple(_differences(example.expect, decision, problems.found)))


def _differences(expect: Mapping[str, Any] | None, decision: Decision | None, problems: list[Problem]) -> Iterator[str]:
    if expect is None:
        yield from (str(each) for each in problems)
        return
    if expect["refused"] is not None or decision is None:
        yield from _refusal_differences(expect, problems)
        return
    per_one = decision.case.sheet.standard.policy.points_per_one
    score = None if decision.score is None else Fraction(decision.score, per_one)
    if expect["grade"] is None:
        yield "expect.grade: 缺少 / missing"
    if decision.grade.key != expect["grade"]:
        yield f"grade: {expect['grade']} != {decision.grade.key}"
    if score != expect["score"]:
        yield f"score: {_said(expect['score'])} != {_said(score)}"
    for key, found in (("vetoes", decision.vetoes), ("undetermined", decision.case.undetermined)):
        if expect[key] is not None and list(found) != expect[key]:
            yield f"{key}: {expect[key]} != {list(found)}"
    scores = {each.item.no: Fraction(each.score, per_one) for each in decision.items}
    for no, points in (expect["items"] or {}).items():
        if scores.get(no) != points:
            yield f"items.{no}: {_said(points)} != {_said(scores.get(no))}"


def _refusal_differences(expect: Mapping[str, Any], problems: list[Problem]) -> Iterator[str]:
    if expect["refused"] is None:
        yield from (str(each) for each in problems)
        return
    codes = {each.code for each in problems}
    if codes != set(expect["refused"]):
        yield f"refused: {sorted(set(expect['refused']))} != {sorted(codes)}"
    facts = {each.path.rsplit("/", 1)[-1] for each in problems if each.path.startswith(("/facts/", "/reasons/"))}
    if expect["facts"] is not None and facts != set(expect["facts"]):
        yield f"facts: {sorted(set(expect['facts']))} != {sorted(facts)}"


def _said(value: Fraction | None) -> str:
    return "null" if value is None else plain(value)
