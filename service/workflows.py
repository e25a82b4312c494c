"""What the service can do, each use case named once; the command line and the HTTP interface call nothing below."""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, NamedTuple

from rules import (
    MOST_NAME,
    Decision,
    EngineFailed,
    Evaluator,
    EvaluatorsDisagree,
    Policy,
    Problem,
    Problems,
    RequestRefused,
    Scorer,
    SheetRefused,
    bounds_data,
    problem,
    read_examples,
)

from .catalogue import Catalogue, Version
from .jsonlines import Line, read_lines

# Scorers without durable_rules are freed when others are asked for, so more of them may be kept.
MOST_KEPT = 256
SAMPLES = "samples"


class Wanted(NamedTuple):
    """Under what a sheet is to be scored."""

    standard: str
    policy: str | None = None
    year: int | None = None
    readings: Mapping[str, str] = {}
    policy_hash: str | None = None


class Scored(NamedTuple):
    """A decision, and the scorer that can put it into words."""

    decision: Decision
    scorer: Scorer

    def text(self) -> str:
        """The answer as one line of JSON."""
        return self.scorer.answers.text(self.decision)


@dataclass(slots=True)
class Scoring:
    """
    What there is to score under, and who scores. Safe to be used from many threads.

    durable_rules never frees what it was built for, so at most `most_compiled` standards under chosen readings get it;
    beyond that the reference and the plan decide, and must agree in the same way.
    """

    catalogue: Catalogue
    most_compiled: int
    versions: Mapping[str, Version] = field(init=False)
    withheld: tuple[Version, ...] = field(init=False)
    _usual: dict[tuple[str | None, str], Scorer] = field(init=False, default_factory=dict)
    _compiled: dict[tuple[Any, ...], Scorer] = field(init=False, default_factory=dict)
    _uncompiled: OrderedDict[tuple[Any, ...], Scorer] = field(init=False, default_factory=OrderedDict)
    _lock: Lock = field(init=False, default_factory=Lock)

    def __post_init__(self) -> None:
        versions = tuple(self.catalogue.versions())
        self.versions = {version.policy.key: version for version in versions if version.policy}
        self.withheld = tuple(version for version in versions if not version.policy)

    def compile(self) -> None:
        """Build what every standard needs under the default readings, so that the first answer is quick."""
        for policy, standard in self.standards():
            scorer = self.scorer(policy, standard, {})
            _ = scorer.answers
            self._usual[policy.key, standard] = scorer

    @property
    def policies(self) -> list[Policy]:
        """Every policy that may be scored under."""
        return [version.policy for version in self.versions.values() if version.policy]

    def standards(self) -> list[tuple[Policy, str]]:
        """Every standard that may be scored under, as its policy and its key."""
        return [(policy, standard) for policy in self.policies for standard in policy.tables]

    def policy(self, key: str) -> Policy:
        """The policy of that id; raises `RequestRefused` when there is none, or it is withheld."""
        version = self.versions.get(key)
        if version is not None and version.policy is not None:
            return version.policy
        for each in self.withheld:
            if key in {"-".join(each.directory.parts[-2:]), str(each.directory)}:
                raise RequestRefused([problem("policy_withheld", "/policy", name=key, why=each.problems[0].message)])
        raise RequestRefused([problem("policy_unknown", "/policy", self.versions, name=key)])

    def policy_of(self, wanted: Wanted) -> Policy:
        """The policy of the id or the year; raises `RequestRefused` when it is not one that there is."""
        if wanted.policy is not None:
            policy = self.policy(wanted.policy)
            if wanted.year not in {None, policy.year}:
                raise RequestRefused([problem("value_bad", "/year", value=str(wanted.year), right=str(policy.year))])
            return policy
        found = [policy for policy in self.policies if policy.year == wanted.year]
        if not found:
            years = ", ".join(str(year) for year in sorted({policy.year for policy in self.policies}))
            raise RequestRefused([problem("year_unknown", "/year", year=wanted.year, right=years)])
        if len(found) > 1:
            right = ", ".join(policy.key for policy in found)
            raise RequestRefused([problem("year_shared", "/year", year=wanted.year, right=right)])
        return found[0]

    def scorer(self, policy: Policy, standard: str, readings: Mapping[str, str]) -> Scorer:
        """Who scores under that standard; raises `RequestRefused` on an unknown standard, reading or choice."""
        found = policy.standard(standard, readings)
        key = (policy.key, standard, *sorted(found.readings.items()))
        scorer = self._compiled.get(key)
        if scorer is not None:
            return scorer
        with self._lock:
            if key in self._compiled:
                return self._compiled[key]
            if len(self._compiled) < self.most_compiled:
                scorer = self._compiled[key] = Scorer(found, Evaluator.BOTH)
                return scorer
            scorer = self._uncompiled.pop(key, None) or Scorer(found, Evaluator.PYTHON)
            self._uncompiled[key] = scorer
            if len(self._uncompiled) > MOST_KEPT:
                self._uncompiled.popitem(last=False)
            return scorer

    def score(self, wanted: Wanted, sheet: object, problems: Problems) -> Scored:
        """
        Decide a sheet; `problems` are those of the request around it, so that all are refused together.

        Raises `RequestRefused`, `SheetRefused`, `EvaluatorsDisagree` or `EngineFailed`.
        """
        try:
            scorer = self._usual.get((wanted.policy, wanted.standard))
            if scorer is None or wanted.readings or wanted.year is not None:
                scorer = self.scorer(self.policy_of(wanted), wanted.standard, wanted.readings)
            policy = scorer.standard.policy
        except RequestRefused as refused:
            raise RequestRefused([*problems.found, *(_below(each) for each in refused.problems)]) from None
        if wanted.policy_hash not in {None, policy.meaning}:
            hashes = {"found": policy.meaning, "wanted": wanted.policy_hash}
            problems.add("policy_changed", "/policy_hash", (), name=policy.key, **hashes)
        case = scorer.intake.case(sheet, problems)
        problems.refuse(SheetRefused)
        assert case is not None
        return Scored(scorer.decide(case), scorer)

    def sample(self, policy: Policy, standard: str) -> dict[str, Any]:
        """A good and complete sheet of that standard, as `score` takes it; raises `RequestRefused`, see `policy`."""
        policy.standard(standard)
        directory = self.versions[policy.key].directory
        samples = directory / SAMPLES / f"{standard}.jsonl"
        if samples.is_file():
            with samples.open("rb") as stream:
                line = next(read_lines(stream), None)
            if line is not None and isinstance(line.value, dict):
                return line.value
        reference = Scorer(policy.standard(standard), Evaluator.REFERENCE)
        for example in read_examples(directory, Problems()):
            if example.standard == standard and not example.readings:
                try:
                    reference.case(example.posted)
                except SheetRefused:
                    continue
                return {key: value for key, value in example.posted.items() if value}
        raise RequestRefused([problem("sample_missing", name=standard)])


def _below(found: Problem) -> Problem:
    """A problem of a policy's standard as one of a request."""
    return found if found.path else Problem(found.code, found.message, "/standard", found.near)


def score_line(scorer: Scorer, line: Line, *, provisional: bool) -> Decision | dict[str, Any]:
    """One line's decision; else its bounds, or its problems, as plain data."""
    if line.problem is not None:
        return refusal(line, (line.problem,))
    try:
        return scorer.score(line.value)
    except SheetRefused as refused:
        found = refused.problems
        if provisional and all(each.code == "fact_missing" for each in found):
            return bounds_data(*scorer.provisional(line.value))
    except (EvaluatorsDisagree, EngineFailed) as failed:
        found = (undecided(failed),)
    return refusal(line, found)


def undecided(failed: EvaluatorsDisagree | EngineFailed) -> Problem:
    """Why nothing was decided, for whoever posted the sheet."""
    if isinstance(failed, EngineFailed):
        return problem("engine_failed", why=str(failed))
    return problem("evaluators_disagree")


def refusal(line: Line, problems: tuple[Problem, ...]) -> dict[str, Any]:
    """What is wrong with one of many sheets, with what helps to find it again."""
    unit = line.value.get("unit") if isinstance(line.value, dict) else None
    if isinstance(unit, dict):
        unit = {key: _name(unit.get(key)) for key in ("id", "name", "district")}
    return {
        "unit": unit if isinstance(unit, dict) else None,
        "line": line.number,
        "problems": [each.as_data() for each in problems],
    }


def _name(value: object) -> str | None:
    """What of a unit that may not be good is repeated to find it again."""
    return value[:MOST_NAME] if isinstance(value, str) else None
