"""What several commands share: exit codes, options, and how wrong use is told."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from typing import IO, Any, NoReturn

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rules import Posted, Refused

from ..jsonlines import read_lines
from ..tables.shared import wide_console

WRONG_USE = 2
REFUSED = 3
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,15})?")

READINGS = click.option(
    "--reading",
    "readings",
    multiple=True,
    metavar="ID=CHOICE",
    help="a reading that is not the default; repeat for more",
)


def chosen_readings(pairs: tuple[str, ...]) -> dict[str, str]:
    """`ID=CHOICE` pairs as a mapping; wrong use when one is not such a pair or names an ID again."""
    chosen: dict[str, str] = {}
    for pair in pairs:
        name, equals, choice = pair.partition("=")
        if not equals or name in chosen:
            raise click.BadParameter(f"{pair}: ID=CHOICE, each ID once", param_hint="--reading")
        chosen[name] = choice
    return chosen


@contextmanager
def progress(sheets: IO[bytes]) -> Iterator[Any]:
    """A bar on a terminal, by bytes of a file or by lines of a pipe; nothing elsewhere."""
    console = wide_console(stderr=True)
    if not console.is_terminal or sys.stdout.isatty():
        yield lambda size: None
        return
    status = os.fstat(sheets.fileno())
    total = status.st_size if stat.S_ISREG(status.st_mode) else None
    columns = (TextColumn("评分 scoring"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, redirect_stdout=False, redirect_stderr=False) as bar:
        task = bar.add_task("score", total=total)
        yield lambda size: bar.advance(task, size if total else 1)


@contextmanager
def wrong_use_is_told() -> Iterator[None]:
    """A policy, standard or reading that does not exist, or a policy that is not good: said, and exit 2."""
    try:
        yield
    except Refused as refused:
        for each in refused.problems:
            click.echo(str(each), err=True)
        sys.exit(WRONG_USE)


def MONEY(command: Any) -> Any:  # noqa: N802 - used as the options above
    """The options that say what there is to pay."""
    average = click.option(
        "--average-standard",
        multiple=True,
        metavar="CNY|STANDARD=CNY",
        help="the average standard (平均标准); STANDARD=CNY for each where the policy wants so",
    )
    pool = click.option(
        "--pool", metavar="CNY", help="a sum of money instead: gives the average standard that spends it"
    )
    return average(pool(command))


def given_average(average: tuple[str, ...], pool: str | None) -> tuple[object, object]:
    """What `MONEY` took, as plain data with exact numbers."""
    if len(average) == 1 and "=" not in average[0]:
        return _number(average[0], "--average-standard"), pool and _number(pool, "--pool")
    amounts = {}
    for each in average:
        standard, equals, amount = each.partition("=")
        if not equals or standard in amounts:
            raise click.BadParameter(f"{each}: STANDARD=CNY, each standard once", param_hint="--average-standard")
        amounts[standard] = _number(amount, "--average-standard")
    return amounts or None, pool and _number(pool, "--pool")


def _number(text: str, option: str) -> Decimal:
    if not AMOUNT.fullmatch(text):
        raise click.BadParameter(f"{text}: 10000 or 10000.50 is expected", param_hint=option)
    return Decimal(text)


def posted_lines(sheets: IO[bytes]) -> Iterator[Posted]:
    """Each line as something posted, with a bar on a terminal."""
    with progress(sheets) as advance:
        for line in read_lines(sheets):
            yield Posted(f"{line.number}:", line.value, line.problem)
            advance(line.size)


def exit_refused(refused: Refused) -> NoReturn:
    """Say everything that is wrong, and exit 3; or 2 where there was nothing at all."""
    for each in refused.problems:
        # A line as a whole is `4: …`, what is in it `4:/facts/…: …`.
        click.echo(str(replace(each, path=each.path.rstrip(":"))), err=True)
    sys.exit(WRONG_USE if [each.code for each in refused.problems] == ["cohort_empty"] else REFUSED)
