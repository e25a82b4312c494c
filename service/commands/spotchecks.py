"""`kaohe sample` and `kaohe recheck`: which units the city looks at again, and what it finds."""

import re
import sys
from collections.abc import Iterator
from fractions import Fraction
from typing import IO

import click

from rules import (
    STRATUM_KEYS,
    CohortRefused,
    Draw,
    Posted,
    Version,
    recheck,
    recheck_data,
    recheck_rows,
    sample,
    sample_data,
    written,
)

from ..catalogue import Catalogue
from ..jsonlines import read_lines
from ..tables.shared import wide_console
from ..tables.spotchecks import recheck_table, strata_table
from .shared import READINGS, chosen_readings, exit_refused, wrong_use_is_told

PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,6})?")
SUMMARY = click.option(
    "--summary", type=click.File("w", encoding="utf-8", lazy=True), help="write the summary into this file, as JSON"
)


@click.command(name="sample")
@click.option("--seed", required=True, help="any words; the same seed and units give the same sample")
@click.option("--share", metavar="PERCENT", help="so many percent of each stratum, half up, at least one unit")
@click.option("--number", type=click.IntRange(min=1), help="so many units of each stratum")
@click.option(
    "--by",
    "keys",
    default=",".join(STRATUM_KEYS),
    show_default=True,
    metavar="KEY,KEY",
    help='what makes a stratum; "" for none',
)
@SUMMARY
@click.argument("decisions", type=click.File("rb", lazy=True), default="-")
def sample_command(
    seed: str, share: str | None, number: int | None, keys: str, summary: IO[str] | None, decisions: IO[bytes]
) -> None:
    """
    Draw a sample for spot checks that anybody can draw again from the same seed.

    DECISIONS (or standard input) holds what `kaohe score` or `kaohe settle` gave, a line for each unit (the final grade
    counts where there is one); or sheets, when --by does not name the grade. The drawn lines come out unchanged.
    """
    draw = Draw(seed, _keys(keys), _percent(share), number)
    if (draw.share is None) == (number is None):
        raise click.UsageError("either --share or --number is wanted")
    raw: dict[str, bytes] = {}

    def posted() -> Iterator[Posted]:
        for line in read_lines(decisions):
            raw[f"{line.number}:"] = line.raw
            yield Posted(f"{line.number}:", line.value, line.problem)

    try:
        drawn = sample(draw, posted())
    except CohortRefused as refused:
        exit_refused(refused)
    data = sample_data(drawn)
    if summary is not None:
        summary.write(written(data) + "\n")
    wide_console(stderr=True).print(strata_table(data))
    for stratum in drawn.strata:
        for each in stratum.drawn:
            line = raw[each.at]
            sys.stdout.buffer.write(line if line.endswith(b"\n") else line + b"\n")


def _keys(text: str) -> tuple[str, ...]:
    keys = tuple(key.strip() for key in text.split(",")) if text.strip() else ()
    if len(set(keys)) < len(keys) or not set(keys) <= set(STRATUM_KEYS):
        raise click.BadParameter(f"{text}: some of {', '.join(STRATUM_KEYS)}, each once", param_hint="--by")
    return keys


def _percent(text: str | None) -> Fraction | None:
    if text is None:
        return None
    if not PERCENT.fullmatch(text) or not 0 < Fraction(text) <= 100:
        raise click.BadParameter(f"{text}: above 0 and up to 100 is expected, such as 20 or 12.5", param_hint="--share")
    return Fraction(text)


@click.command(name="recheck")
@click.option(
    "--policy", "policy_name", required=True, metavar="ID|PATH", help="the policy version that both assessed by"
)
@READINGS
@SUMMARY
@click.option("--table", is_flag=True, help="print tables for people instead of JSON lines")
@click.argument("district", type=click.File("rb", lazy=True))
@click.argument("city", type=click.File("rb", lazy=True))
def recheck_command(
    policy_name: str,
    readings: tuple[str, ...],
    summary: IO[str] | None,
    district: IO[bytes],
    city: IO[bytes],
    *,
    table: bool,
) -> None:
    """
    Compare the city's spot check with the district's assessment of the same units, item by item.

    DISTRICT and CITY hold sheets, a JSON line each, with its "standard". Out comes a line for each unit of CITY: the
    facts that differ, both results, and the clauses that explain the difference. The text prints no consequence when
    they differ, so this only reports.
    """
    if district.name == city.name == "-":
        raise click.UsageError("only one of the two can be standard input")
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
        version = Version(policy, chosen_readings(readings))
    try:
        rechecks = recheck(version, _posted(district), _posted(city))
    except CohortRefused as refused:
        exit_refused(refused)
    data = recheck_data(rechecks)
    if summary is not None:
        summary.write(written(data) + "\n")
    rows = recheck_rows(rechecks)
    if table:
        wide_console().print(recheck_table(policy, list(rows), data))
        return
    for row in rows:
        sys.stdout.write(written(row) + "\n")
    click.echo(f"{data['note']['zh']} / {data['note']['en']}", err=True)


def _posted(sheets: IO[bytes]) -> Iterator[Posted]:
    """Each line as something posted, told apart by its file."""
    for line in read_lines(sheets):
        yield Posted(f"{sheets.name}:{line.number}:", line.value, line.problem)
