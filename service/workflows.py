"""What the service can do, each use case named once; the command line and the HTTP interface call nothing below."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, NamedTuple, TypeVar

from rules import (
    MOST_NAME,
    Comparison,
    Decision,
    EngineFailed,
    Evaluator,
    EvaluatorsDisagree,
    Policy,
    Posted,
    Problem,
    Problems,
    RequestRefused,
    Scorer,
    Settlement,
    SheetRefused,
    bounds_data,
    compare,
    is_decision,
    method_of,
    problem,
    read_examples,
    read_money,
    settle,
    shown,
)
from rules import Version as Compared

from .catalogue import Catalogue, Version
from .jsonlines import Line, read_lines
from .settling import gather

Found = TypeVar("Found")
Begun = Callable[[Posted, int], None]

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


class Under(NamedTuple):
    """Under which version a cohort is settled, or sheets are compared."""

    policy: str | None = None
    year: int | None = None
    readings: Mapping[str, str] = {}
    policy_hash: str | None = None


class Settling(NamedTuple):
    """How a cohort is to be settled. The money is as it was given; None of it need be."""

    under: Under | None
    average_standard: object = None
    pool: object = None
    leave_out: bool = False


class Comparing(NamedTuple):
    """Under which versions sheets are to be compared, and whether as settled cohorts."""

    versions: Sequence[Under | None]
    cohort: bool = False
    average_standard: object = None
    pool: object = None
    leave_out: bool = False


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

    def policy_of(self, wanted: Wanted | Under) -> Policy:
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
        _check_hash(policy, wanted.policy_hash, "", problems)
        case = scorer.intake.case(sheet, problems)
        problems.refuse(SheetRefused)
        assert case is not None
        return Scored(scorer.decide(case), scorer)

    def settle(
        self, wanted: Settling, posted: Iterable[Posted], problems: Problems, begun: Begun | None = None
    ) -> Settlement:
        """
        Settle sheets and decisions together; `problems` are those of the request around them, refused with theirs.

        `begun` is told of each before it is looked at, and of how many problems there are so far; it may give up.

        Raises `RequestRefused`, `CohortRefused`, `EvaluatorsDisagree` or `EngineFailed`.
        """
        method = self._under(wanted.under, "", method_of, problems)
        money = read_money(wanted.average_standard, wanted.pool, problems)
        if method is None:
            raise RequestRefused(problems.found)
        scorer_of = partial(self.scorer, method.policy, readings=method.readings)
        own = _without_policy(posted, (method.policy.key,), problems)
        cohort = gather(method, scorer_of, own, problems, leave_out=wanted.leave_out, begun=begun)
        return settle(method, cohort, money, problems)

    def compare(
        self, wanted: Comparing, posted: Iterable[Posted], problems: Problems, begun: Begun | None = None
    ) -> Comparison:
        """
        Compare sheets under each version with the one before it; `problems` and `begun` as in `settle`.

        Raises `RequestRefused` or `CohortRefused`.
        """
        found = [self._under(each, f"/versions/{at}", Compared, problems) for at, each in enumerate(wanted.versions)]
        versions = [each for each in found if each is not None]
        money = read_money(wanted.average_standard, wanted.pool, problems)
        if not found or len(versions) < len(found):
            raise RequestRefused(problems.found)
        own = _without_policy(posted, [each.policy.key for each in versions], problems)
        return compare(
            versions,
            own,
            cohort=wanted.cohort,
            money=money,
            leave_out=wanted.leave_out,
            problems=problems,
            begun=begun,
        )

    def _under(
        self, wanted: Under | None, at: str, make: Callable[[Policy, Mapping[str, str]], Found], problems: Problems
    ) -> Found | None:
        """What `make` makes of a policy under chosen readings; None after adding to `problems` why there is none."""
        if wanted is None:
            return None
        try:
            policy = self.policy_of(wanted)
            _check_hash(policy, wanted.policy_hash, at, problems)
            return make(policy, wanted.readings)
        except RequestRefused as refused:
            problems.found += [each.below(at if each.path else f"{at}/readings") for each in refused.problems]
            return None

    def samples(self, policy: Policy, standard: str) -> list[dict[str, Any]]:
        """The sample sheets that a version brings for that standard."""
        file = self.versions[policy.key].directory / SAMPLES / f"{standard}.jsonl"
        if not file.is_file():
            return []
        with file.open("rb") as stream:
            return [line.value for line in read_lines(stream) if isinstance(line.value, dict)]

    def sample(self, policy: Policy, standard: str) -> dict[str, Any]:
        """A good and complete sheet of that standard, as `score` takes it; raises `RequestRefused`, see `policy`."""
        policy.standard(standard)
        for sheet in self.samples(policy, standard):
            return sheet
        reference = Scorer(policy.standard(standard), Evaluator.REFERENCE)
        for example in read_examples(self.versions[policy.key].directory, Problems()):
            if example.standard == standard and not example.readings:
                try:
                    reference.case(example.posted)
                except SheetRefused:
                    continue
                return {key: value for key, value in example.posted.items() if value}
        raise RequestRefused([problem("sample_missing", name=standard)])


def _without_policy(posted: Iterable[Posted], keys: Sequence[str], problems: Problems) -> Iterator[Posted]:
    """The same; a sheet may name the policy as one that comes alone does, if it is one of these `keys`."""
    for each in posted:
        sheet = each.value
        if not isinstance(sheet, dict) or "policy" not in sheet or is_decision(sheet):
            yield each
            continue
        if sheet["policy"] not in keys:
            problems.add("value_bad", f"{each.at}/policy", value=shown(sheet["policy"]), right=", ".join(keys))
        yield each._replace(value={key: value for key, value in sheet.items() if key != "policy"})


def _check_hash(policy: Policy, wanted: str | None, at: str, problems: Problems) -> None:
    """Note when the policy means something else than was asked for."""
    if wanted not in {None, policy.meaning}:
        problems.add("policy_changed", f"{at}/policy_hash", (), name=policy.key, found=policy.meaning, wanted=wanted)


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
