"""The command `kaohe`: parse, call, print. Exit 0: all good; 3: something was refused; 2: wrong use."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from io import TextIOWrapper
from typing import IO, Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rules import (
    Decision,
    Evaluator,
    PolicyRefused,
    Problems,
    Refused,
    RequestRefused,
    Scorer,
    plain,
    problem,
    read_examples,
    run_examples,
    visible,
    written,
)

from .catalogue import Catalogue
from .jsonlines import read_lines
from .tables import policies_table, score_table, standard_table, wide_console
from .workflows import score_line

SERVE = "serve"
WRONG_USE = 2
REFUSED = 3


class Commands(click.Group):
    """The commands below; `serve` is looked up when it is asked for: loading a server takes longer than scoring."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command by name."""
        return sorted([*super().list_commands(ctx), SERVE])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name == SERVE:
            command: click.Command = import_module(".server", __package__).serve_command
            return command
        return super().get_command(ctx, cmd_name)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="kaohe")
def main() -> None:
    """考核: score public-service platforms against a yearly assessment policy."""
    for stream in (sys.stdout, sys.stderr):
        # Answers are UTF-8 whatever the locale is, and no character that was posted can stop them.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


@main.command()
@click.option(
    "--policy", "policy_name", required=True, metavar="ID|PATH", help="the policy version, as `kaohe policies` lists it"
)
@click.option("--standard", "standard_key", required=True, help="the table to assess by, such as community or village")
@click.option(
    "--evaluator",
    type=click.Choice([each.value for each in Evaluator]),
    default="both",
    show_default=True,
    help="who decides; both: durable_rules and the reference, which must agree",
)
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="ID=CHOICE",
    help="a reading that is not the default; repeat for more",
)
@click.option("--provisional", is_flag=True, help="answer a sheet with missing facts by its exact bounds")
@click.option("--table", is_flag=True, help="print tables for people instead of JSON lines")
@click.argument("sheets", type=click.File("rb", lazy=True), default="-")
def score(
    policy_name: str,
    standard_key: str,
    evaluator: str,
    readings: tuple[str, ...],
    sheets: IO[bytes],
    *,
    provisional: bool,
    table: bool,
) -> None:
    """
    Score sheets: a JSON line each, in from SHEETS or standard input, out to standard output in the same order.

    A line that cannot be scored is answered by its problems, and the others are scored.
    """
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
        scorer = Scorer(policy.standard(standard_key, _readings(readings)), Evaluator(evaluator))
    console = wide_console()
    refused = scored = 0
    with _progress(sheets) as advance:
        for line in read_lines(sheets):
            outcome = score_line(scorer, line, provisional=provisional)
            problems = outcome.get("problems", []) if isinstance(outcome, dict) else []
            refused += bool(problems)
            scored += not problems
            if table and isinstance(outcome, Decision):
                console.print(score_table(outcome, scorer.answers.data(outcome)))
            elif table and problems:
                for each in problems:
                    console.print(visible(f"{line.number}: {each['path']}: {each['message']['zh']}"), style="red")
            else:
                text = scorer.answers.text(outcome) if isinstance(outcome, Decision) else written(outcome)
                # Each answer is out before the next sheet is read, so that nothing decided is lost in a buffer.
                sys.stdout.write(text + "\n")
                sys.stdout.flush()
            advance(line.size)
    if not refused + scored:
        click.echo("没有评估表：输入为空 / there are no sheets: the input is empty", err=True)
        sys.exit(WRONG_USE)
    sys.exit(REFUSED if refused else 0)


def _readings(pairs: tuple[str, ...]) -> dict[str, str]:
    chosen: dict[str, str] = {}
    for pair in pairs:
        name, equals, choice = pair.partition("=")
        if not equals or name in chosen:
            raise click.BadParameter(f"{pair}: ID=CHOICE, each ID once", param_hint="--reading")
        chosen[name] = choice
    return chosen


@contextmanager
def _progress(sheets: IO[bytes]) -> Iterator[Any]:
    """A bar on a terminal, by bytes of a file or by lines of a pipe; nothing elsewhere."""
    console = wide_console(stderr=True)
    if not console.is_terminal or sys.stdout.isatty():
        yield lambda size: None
        return
    status = os.fstat(sheets.fileno())
    total = status.st_size if stat.S_ISREG(status.st_mode) else None
    columns = (TextColumn("评分 scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as progress:
        task = progress.add_task("score", total=total)
        yield lambda size: progress.advance(task, size if total else 1)


@main.command()
def policies() -> None:
    """List the policy versions that there are."""
    rows, withheld = [], []
    for version in Catalogue().versions():
        if version.policy is None:
            withheld.append(version)
            continue
        policy = version.policy
        rows.append(
            (
                policy.key,
                str(policy.revision),
                str(policy.year),
                policy.status,
                ", ".join(policy.tables),
                policy.title.zh,
                policy.meaning[:12],
            )
        )
    wide_console().print(policies_table(rows))
    for version in withheld:
        click.echo(
            f"{version.directory}: {len(version.problems)} 处问题，停用 / withheld; kaohe check {version.directory}",
            err=True,
        )
    sys.exit(REFUSED if withheld else 0)


@main.command()
@click.argument("policy_name", metavar="POLICY")
@click.argument("standard_key", metavar="STANDARD")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="the language of titles and sentences",
)
@click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="ID=CHOICE",
    help="a reading that is not the default; repeat for more",
)
def show(policy_name: str, standard_key: str, lang: str, readings: tuple[str, ...]) -> None:
    """Print a standard as its table, each item with the sentences that carry it out."""
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
        standard = policy.standard(standard_key, _readings(readings))
    wide_console().print(standard_table(standard, lang))


@main.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False))
def check(path: str) -> None:
    """Say whether the policy in the directory PATH may be loaded, or everything that is wrong with it."""
    try:
        _, policy = Catalogue().find(path)
    except PolicyRefused as refused:
        for each in refused.problems:
            click.echo(f"{path.rstrip('/')}/{each}" if each.file else str(each))
        click.echo(f"{len(refused.problems)} 处问题 / problems", err=True)
        sys.exit(REFUSED)
    except RequestRefused:
        click.echo(str(problem("file_missing", name=f"{path.rstrip('/')}/policy.yaml")), err=True)
        sys.exit(WRONG_USE)
    for key in policy.tables:
        standard = policy.standard(key)
        items, clauses = len(standard.items), len(standard.clauses())
        points, summed = (plain(units, policy.points_per_one) for units in (standard.points, standard.items_points))
        click.echo(
            f"{key}: {items} 项 items, {clauses} 条 clauses, {points} 分 points (各项合计 items add up to {summed})"
        )
    click.echo(f"{policy.key} r{policy.revision} sha256 {policy.meaning}: 可以载入 / good")


@main.command()
@click.argument("path", metavar="PATH|POLICY")
def test(path: str) -> None:
    """Run the examples of the policy in the directory PATH (or of that id) and say which differ."""
    with wrong_use_is_told():
        directory, policy = Catalogue().find(path)
    problems = Problems()
    examples = read_examples(directory, problems)
    failed = 0
    for outcome in run_examples(policy, examples):
        if outcome.differences:
            failed += 1
            click.echo(f"✗ {outcome.example.standard}: {outcome.example.name} ({outcome.example.why})")
            for difference in outcome.differences:
                click.echo(f"    {difference}")
    for each in problems.found:
        click.echo(f"{directory}/{each}")
    click.echo(f"{len(examples) - failed}/{len(examples)} 例通过 / examples hold")
    if not examples:
        sys.exit(WRONG_USE)
    sys.exit(REFUSED if failed or problems.found else 0)


@contextmanager
def wrong_use_is_told() -> Iterator[None]:
    """A policy, standard or reading that does not exist, or a policy that is not good: said, and exit 2."""
    try:
        yield
    except Refused as refused:
        for each in refused.problems:
            click.echo(str(each), err=True)
        sys.exit(WRONG_USE)
