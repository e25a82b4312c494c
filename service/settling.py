"""Settling a cohort of sheets and of decisions that were given before, whoever posts them."""

from collections.abc import Callable, Iterable, Mapping

from rules import (
    Assessed,
    Cohort,
    LeftOut,
    Method,
    Posted,
    Problem,
    Problems,
    Scorer,
    SheetRefused,
    Text,
    is_decision,
    problem,
    read_decision,
    read_unit,
    shown,
    with_best,
)


def gather(
    method: Method,
    scorer_of: Callable[[str], Scorer],
    posted: Iterable[Posted],
    problems: Problems,
    *,
    leave_out: bool = False,
    begun: Callable[[Posted, int], None] | None = None,
) -> Cohort:
    """
    Everybody who is to be settled: sheets are scored, decisions are taken as they were given.

    What is wrong is added to `problems`. A sheet that cannot be scored is left out if so wished, and else refused. Who
    is refused stands among those left out too, so that its district, and a unit that is there twice, are looked at.
    `begun` is told of each before it is looked at, and of how many problems there are so far, also of those left out;
    it may give up by an error of its own. Raises `EvaluatorsDisagree` or `EngineFailed`.
    """
    assessed: list[Assessed] = []
    left_out: list[LeftOut] = []
    passed_over = 0
    for each in with_best(method.policy.facts, posted, problems):
        if begun is not None:
            begun(each, len(problems.found) + passed_over)
        if each.problem is not None:
            problems.found.append(each.problem.below(each.at))
        elif isinstance(each.value, Mapping) and is_decision(each.value):
            found = read_decision(method, each.value, each.at, problems)
            if found is not None:
                assessed.append(found)
            else:
                left_out += _named(each)
        else:
            scorer = _scorer(method, scorer_of, each, problems)
            if scorer is None:
                left_out += _named(each)
                continue
            try:
                assessed.append(Assessed.of(scorer.score(each.value), each.at))
            except SheetRefused as refused:
                absent = _named(each, scorer.standard.key, refused.problems)
                left_out += absent
                if absent and leave_out:
                    passed_over += len(refused.problems)
                    continue
                unit = read_unit(_value(each, "unit"), Problems())
                problems.found.append(problem("unit_unscored", each.at, name=unit.id))
                problems.found += [one.below(each.at) for one in refused.problems]
    return Cohort(assessed, left_out)


def _value(posted: Posted, key: str) -> object:
    return posted.value.get(key) if isinstance(posted.value, Mapping) else None


def _scorer(method: Method, scorer_of: Callable[[str], Scorer], posted: Posted, problems: Problems) -> Scorer | None:
    """Who scores the sheet, by the standard that it names."""
    standard = _value(posted, "standard")
    if isinstance(standard, str) and standard in method.policy.tables:
        return scorer_of(standard)
    if not isinstance(posted.value, Mapping):
        right = Text("一个 JSON 对象", "a JSON object")
        problems.add("value_bad", posted.at, value=shown(posted.value), right=right)
    elif standard is None:
        problems.add("key_missing", f"{posted.at}/standard", name="standard")
    else:
        name = standard if isinstance(standard, str) else shown(standard)
        problems.add("standard_unknown", f"{posted.at}/standard", method.policy.tables, name=name)
    return None


def _named(posted: Posted, standard: str = "", problems: tuple[Problem, ...] = ()) -> list[LeftOut]:
    """The unit as one that is not scored; nobody where it cannot even be told who it is."""
    found = Problems()
    unit = read_unit(_value(posted, "unit"), found)
    return [] if found.found else [LeftOut(unit, standard, problems, posted.at)]
