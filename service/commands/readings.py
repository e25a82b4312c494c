"""`kaohe readings`."""

import sys
from typing import IO

import click

from rules import CohortRefused, Problems, read_money, reading_rows, written

from ..catalogue import Catalogue
from ..tables.readings import readings_table
from ..tables.shared import wide_console
from .shared import MONEY, WRONG_USE, exit_refused, given_average, posted_lines, wrong_use_is_told


@click.command(name="readings")
@click.argument("policy_name", metavar="POLICY")
@click.argument("sheets", type=click.File("rb", lazy=True), required=False)
@MONEY
@click.option("--table", is_flag=True, help="print a table for people instead of JSON lines")
def readings_command(
    policy_name: str,
    sheets: IO[bytes] | None,
    average_standard: tuple[str, ...],
    pool: str | None,
    *,
    table: bool,
) -> None:
    """
    List the readings of POLICY: the printed words, the default and every alternative, and where each acts.

    With SHEETS (- for standard input; a JSON line each, with its "standard") it also says what each alternative would
    change on them. Where every unit names a district of the policy, they are settled too.
    """
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
    problems = Problems()
    money = read_money(*given_average(average_standard, pool), problems)
    if sheets is None and (average_standard or pool):
        click.echo("给出金额时须有评估表 / money is for settling sheets, and there are none", err=True)
        sys.exit(WRONG_USE)
    try:
        rows = reading_rows(policy, None if sheets is None else posted_lines(sheets), money, problems)
    except CohortRefused as refused:
        exit_refused(refused)
    if not rows:
        click.echo("本政策没有读法 / this policy has no readings", err=True)
    elif table:
        wide_console().print(readings_table(policy, rows))
        return
    for row in rows:
        sys.stdout.write(written(row) + "\n")
