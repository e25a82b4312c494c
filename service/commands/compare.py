"""`kaohe compare`."""

import sys
from typing import IO

import click

from rules import (
    CohortRefused,
    Problems,
    Version,
    compare,
    comparison_rows,
    comparison_summary,
    read_money,
    written,
)

from ..catalogue import Catalogue
from ..report.page import comparison_page
from ..tables.comparisons import comparison_table
from ..tables.shared import wide_console
from .shared import MONEY, chosen_readings, exit_refused, given_average, posted_lines, wrong_use_is_told


@click.command(name="compare")
@click.argument("names", metavar="VERSION VERSION...", nargs=-1, required=True)
@click.option(
    "--cohort", is_flag=True, help="settle everybody under each version and compare final grades and subsidies"
)
@MONEY
@click.option("--leave-out", is_flag=True, help="leave sheets that lack facts out of that version's settlement")
@click.option("--sheets", type=click.File("rb", lazy=True), default="-", help="the sheets, if not on standard input")
@click.option(
    "--summary", type=click.File("w", encoding="utf-8", lazy=True), help="write the summary into this file, as JSON"
)
@click.option(
    "--html",
    type=click.File("w", encoding="utf-8", lazy=True),
    help="write a report into this file: one page for a browser and for paper, in Chinese and English",
)
@click.option("--table", is_flag=True, help="print tables for people instead of JSON lines")
def compare_command(
    names: tuple[str, ...],
    average_standard: tuple[str, ...],
    pool: str | None,
    sheets: IO[bytes],
    summary: IO[str] | None,
    html: IO[str] | None,
    *,
    cohort: bool,
    leave_out: bool,
    table: bool,
) -> None:
    """
    Compare what two or more versions make of the same sheets, each version with the one before it.

    A VERSION is an id or a path, and may name readings: changzhou-2012:complaint-transfer=per_duty,petitions=tolerant.
    Each line in holds a sheet with its "standard"; each line out says what changed for that unit, and by which clauses.
    """
    if len(names) < 2:
        raise click.UsageError("two versions or more are wanted: kaohe compare changzhou-2012 changzhou-2013")
    with wrong_use_is_told():
        versions = [_version(name) for name in names]
    problems = Problems()
    money = read_money(*given_average(average_standard, pool), problems)
    try:
        comparison = compare(
            versions, posted_lines(sheets), cohort=cohort, money=money, leave_out=leave_out, problems=problems
        )
    except CohortRefused as refused:
        exit_refused(refused)
    totals = comparison_summary(comparison)
    if summary is not None:
        summary.write(written(totals) + "\n")
    if html is not None:
        html.write(comparison_page(totals))
    if table:
        wide_console().print(comparison_table(totals))
        return
    for row in comparison_rows(comparison):
        sys.stdout.write(written(row) + "\n")


def _version(name: str) -> Version:
    """The policy of an id or a path under the readings behind a colon."""
    policy_name, colon, readings = name.rpartition(":")
    if not colon or "=" not in readings:
        policy_name, readings = name, ""
    _, policy = Catalogue().find(policy_name)
    return Version(policy, chosen_readings(tuple(readings.split(",")) if readings else ()))
