"""`kaohe settle`."""

import sys
from functools import cache
from typing import IO

import click

from rules import (
    CohortRefused,
    Evaluator,
    Problems,
    Scorer,
    method_of,
    read_money,
    settle,
    summary_data,
    unit_rows,
    written,
)

from ..catalogue import Catalogue
from ..settling import gather
from ..tables.settlements import settlement_table
from ..tables.shared import wide_console
from .shared import MONEY, READINGS, chosen_readings, exit_refused, given_average, posted_lines, wrong_use_is_told


@click.command(name="settle")
@click.option("--policy", "policy_name", required=True, metavar="ID|PATH", help="the policy version to settle under")
@READINGS
@MONEY
@click.option("--leave-out", is_flag=True, help="leave out sheets that cannot be scored; they still count among all")
@click.option(
    "--summary", type=click.File("w", encoding="utf-8", lazy=True), help="write the totals into this file, as JSON"
)
@click.option("--table", is_flag=True, help="print tables for people instead of JSON lines")
@click.argument("sheets", type=click.File("rb", lazy=True), default="-")
def settle_command(
    policy_name: str,
    readings: tuple[str, ...],
    average_standard: tuple[str, ...],
    pool: str | None,
    summary: IO[str] | None,
    sheets: IO[bytes],
    *,
    leave_out: bool,
    table: bool,
) -> None:
    """
    Settle a year: final grades under the excellent cap, subsidies, and orders to rectify, each explained.

    SHEETS (or standard input) holds a JSON line for each unit of every district: a sheet with its "standard", or a
    decision as `kaohe score` gave it. Out come a line for each unit, by district and rank; or nothing but everything
    that is wrong.
    """
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
        method = method_of(policy, chosen_readings(readings))

    @cache
    def scorer_of(standard: str) -> Scorer:
        return Scorer(policy.standard(standard, method.readings), Evaluator.BOTH)

    problems = Problems()
    money = read_money(*given_average(average_standard, pool), problems)
    try:
        cohort = gather(method, scorer_of, posted_lines(sheets), problems, leave_out=leave_out)
        settlement = settle(method, cohort, money, problems)
    except CohortRefused as refused:
        exit_refused(refused)
    totals = summary_data(settlement)
    if summary is not None:
        summary.write(written(totals) + "\n")
    if table:
        wide_console().print(settlement_table(settlement, totals))
        return
    for row in unit_rows(settlement):
        sys.stdout.write(written(row) + "\n")
