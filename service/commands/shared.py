"""What several commands share: exit codes, options, and how wrong use is told."""

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rules import Refused

from ..tables import wide_console

WRONG_USE = 2
REFUSED = 3

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
