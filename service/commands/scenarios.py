"""`kaohe test` and `kaohe scenarios`: scenarios, run, what they cover, and a file of more to confirm."""

import sys
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import IO

import click
from rich import box
from rich.table import Table

from rules import (
    Coverage,
    Decision,
    Example,
    Outcome,
    Policy,
    ProbeCount,
    Problems,
    Refused,
    RequestRefused,
    boundary_cases,
    boundary_file,
    clause_sentence,
    coverage_of,
    cut,
    plain,
    problem,
    read_examples,
    read_scenarios,
    run_examples,
    visible,
)

from ..catalogue import METHOD_FILE, Catalogue
from ..junit import junit_xml
from ..tables.shared import wide_console
from .shared import READINGS, REFUSED, WRONG_USE, chosen_readings, wrong_use_is_told

Suites = dict[tuple[Policy, str], list[Outcome]]


@click.command()
@click.argument("path", metavar="PATH|POLICY")
@click.option("--policy", "policy_name", metavar="ID|PATH", help="run under this policy, whatever the files name")
@click.option("--coverage", "counts", is_flag=True, help="print every count, not only what is not covered")
@click.option("--junit", type=click.File("wb", lazy=False), metavar="FILE", help="write JUnit XML for CI")
def test(path: str, policy_name: str | None, counts: bool, junit: IO[bytes] | None) -> None:  # noqa: FBT001
    """
    Run scenarios, say which differ, and what of the policy they cover.

    PATH is a policy version's directory (or its id): its own examples are run. Or it is a directory of scenario files
    of yours, or one such file; these name their policy.
    """
    with wrong_use_is_told():
        suites, found = _run(path, policy_name)
    outcomes = [each for several in suites.values() for each in several]
    for (_, standard), several in suites.items():
        for outcome in several:
            _tell(standard, outcome)
    for each in found:
        click.echo(each)
    coverages = {
        (policy, standard): coverage_of(policy, standard, several)
        for (policy, standard), several in suites.items()
        if standard in policy.tables and outcomes
    }
    for coverage in coverages.values():
        _tell_coverage(coverage, counts=counts)
    if junit is not None:
        named = [(f"{at[0].key}.{at[1]}", several, coverages.get(at)) for at, several in suites.items()]
        junit.write(junit_xml(named, found))
    failed = sum(bool(each.differences) for each in outcomes)
    unconfirmed = sum(each.unconfirmed for each in outcomes)
    expected = len(outcomes) - unconfirmed
    waiting = f"，{unconfirmed} 例待确认 / to be confirmed" if unconfirmed else ""
    click.echo(f"{expected - failed}/{expected} 例通过 / examples hold{waiting}")
    if not outcomes:
        sys.exit(WRONG_USE)
    sys.exit(REFUSED if failed or found else 0)


def _run(path: str, policy_name: str | None) -> tuple[Suites, list[str]]:
    """The outcomes of the scenarios at a path by policy and standard, and what is wrong with their files."""
    catalogue, problems = Catalogue(), Problems()
    wanted = catalogue.find(policy_name)[1] if policy_name is not None else None
    suites: Suites = {}
    policies: dict[str | None, Policy] = {}
    if (Path(path) / METHOD_FILE).is_file() or not Path(path).exists():
        root, own = catalogue.find(path)
        examples = read_examples(root, problems)
        policies = {None: own, own.key: own}
        suites = {(wanted or own, standard): [] for standard in (wanted or own).tables}
    else:
        root = Path(path) if Path(path).is_dir() else Path(path).parent
        examples = read_scenarios(Path(path), problems)
    told = [f"{root}/{each}" for each in problems.found]
    by_policy: dict[Policy, list[Example]] = {}
    refused: set[tuple[str, str | None]] = set()
    for example in examples:
        at = (example.file, example.policy)
        try:
            policy = wanted or policies.get(example.policy) or _policy(catalogue, example.policy)
        except Refused as error:
            if at not in refused:
                told += [f"{root}/{example.file}: {each}" for each in error.problems]
            refused.add(at)
            continue
        policies[example.policy] = policy
        by_policy.setdefault(policy, []).append(example)
    for policy, several in by_policy.items():
        for outcome in run_examples(policy, several):
            suites.setdefault((policy, outcome.example.standard), []).append(outcome)
    return suites, told


def _policy(catalogue: Catalogue, name: str | None) -> Policy:
    if name is None:
        raise RequestRefused([problem("key_missing", "/policy", name="policy")])
    return catalogue.find(name)[1]


def _tell(standard: str, outcome: Outcome) -> None:
    """A scenario that differs, or that is to be confirmed, with what was got."""
    example = outcome.example
    if not outcome.differences and not outcome.unconfirmed:
        return
    mark = "✗" if outcome.differences else "?"
    click.echo(visible(f"{mark} {standard}: {example.name} ({example.why})"))
    for difference in outcome.differences:
        click.echo(f"    {visible(difference)}")
    if outcome.decision is not None:
        click.echo(f"    得到 got: {_got(outcome.decision, every_item=not outcome.unconfirmed)}")


def _got(decision: Decision, *, every_item: bool) -> str:
    """Grade, score, vetoes and the scores of the items: of every one, or of those below their points."""
    per_one = decision.case.sheet.standard.policy.points_per_one
    words = [f"{decision.grade.title.zh} {decision.grade.key}"]
    if decision.score is not None:
        words.append(f"{plain(decision.score, per_one)} 分 points")
    if decision.vetoes:
        words.append(f"否决 vetoes {', '.join(decision.vetoes)}")
    items = [each for each in decision.items if every_item or each.score != each.item.points]
    if items:
        words.append("各项 items " + " ".join(f"{each.item.no}={plain(each.score, per_one)}" for each in items))
    return "; ".join(words)


def _tell_coverage(coverage: Coverage, *, counts: bool) -> None:
    """What of a standard the scenarios tried: a line, what they did not, and every count where it is asked for."""
    n = coverage.counts()
    click.echo(
        f"{coverage.policy.key} {coverage.table.key}: {n['scenarios']} 例 scenarios "
        f"(计分 scored {n['scored']}, 否决 vetoed {n['vetoed']}, 拒收 refused {n['refused']}); "
        f"触发的条款 clauses fired {n['clauses_fired']}/{n['clauses']}; "
        f"两侧都试过的界限 thresholds on both sides {n['thresholds_on_both_sides']}/{n['thresholds']}, "
        f"条件 conditions {n['conditions_on_both_sides']}/{n['conditions']}"
    )
    per_one = coverage.policy.points_per_one
    for clause in coverage.never_fired:
        said = clause_sentence(clause.clause, per_one)
        click.echo(f"  从未触发 never fired: {clause.name}: {said.zh} / {said.en}")
    for each in coverage.one_sided:
        said = each.probe.words
        click.echo(
            f"  缺一侧 a side lacks: {each.probe.key}: {said.zh} / {said.en}: "
            f"成立 held {each.held}, 不成立 not held {each.failed}{_nearest(each)}"
        )
    if counts:
        wide_console().print(_clauses_table(coverage), _thresholds_table(coverage))


def _nearest(count: ProbeCount) -> str:
    """The numbers nearest to the edge that were tried."""
    tried = [
        f"{words} {_number(value)}"
        for words, value in (("界下 below", count.below), ("界上 above", count.above))
        if value is not None
    ]
    return f"; 最近 nearest: {', '.join(tried)}" if tried and count.probe.numeric else ""


def _number(value: Fraction | None) -> str:
    """A number that was tried; a rate without an end is cut, and says so."""
    if value is None:
        return ""
    text = plain(value)
    return cut(value, 4) if "/" in text else text


def _clauses_table(coverage: Coverage) -> Table:
    table = Table(box=box.SIMPLE_HEAD, title=f"{coverage.policy.key} {coverage.table.key}")
    table.add_column("条款 clause", overflow="fold")
    table.add_column("含义 meaning", overflow="fold")
    table.add_column("有效 in force", justify="right")
    table.add_column("触发 fired", justify="right")
    for each in coverage.clauses:
        said = clause_sentence(each.clause, coverage.policy.points_per_one)
        table.add_row(each.name, said.zh, str(each.in_force), str(each.fired))
    return table


def _thresholds_table(coverage: Coverage) -> Table:
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("条款 clause", overflow="fold")
    table.add_column("界限或条件 threshold or condition", overflow="fold")
    for title in ("成立 held", "不成立 not held", "恰在界限 at the edge", "界下最近 next below", "界上最近 next above"):
        table.add_column(title, justify="right")
    for each in coverage.probes:
        edges = (str(each.at_edge), _number(each.below), _number(each.above)) if each.probe.numeric else ("", "", "")
        table.add_row(each.probe.key, each.probe.words.zh, str(each.held), str(each.failed), *edges)
    return table


@click.command()
@click.argument("policy_name", metavar="POLICY")
@click.argument("standard_key", metavar="STANDARD")
@READINGS
def scenarios(policy_name: str, standard_key: str, readings: tuple[str, ...]) -> None:
    """
    Write a file of scenarios at every boundary of a standard, and for each condition deciding alone.

    What is expected is left for a person to confirm; `kaohe test` reads the file. Without --reading the clauses of
    every reading are tried, each under its own; with it, those in force under it.
    """
    with wrong_use_is_told():
        directory, policy = Catalogue().find(policy_name)
        chosen = chosen_readings(readings)
        policy.standard(standard_key, chosen)
    found = boundary_cases(policy, standard_key, chosen, _good_sheet(directory, policy, standard_key))
    click.echo(boundary_file(found), nl=False)
    click.echo(f"{len(found.cases)} 例待确认 cases to confirm, {len(found.missing)} 处未覆盖 not covered", err=True)


def _good_sheet(directory: Path, policy: Policy, standard: str) -> Mapping[str, object]:
    """The facts of the version's first example that comes to the best grade; none, if there is no such example."""
    examples = [
        each for each in read_examples(directory, Problems()) if each.standard == standard and not each.readings
    ]
    for outcome in run_examples(policy, examples):
        if outcome.decision is not None and outcome.decision.grade.rank == 0:
            facts: Mapping[str, object] = outcome.example.posted["facts"]
            return facts
    return {}
