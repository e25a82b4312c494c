"""`kaohe score`."""

import sys
from typing import IO

import click

from rules import Decision, Evaluator, Scorer, visible, written

from ..catalogue import Catalogue
from ..jsonlines import read_lines
from ..tables.shared import wide_console
from ..tables.standards import score_table
from ..workflows import score_line
from .shared import READINGS, REFUSED, WRONG_USE, chosen_readings, progress, wrong_use_is_told


@click.command()
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
@READINGS
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
        scorer = Scorer(policy.standard(standard_key, chosen_readings(readings)), Evaluator(evaluator))
    console = wide_console()
    refused = scored = 0
    with progress(sheets) as advance:
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
