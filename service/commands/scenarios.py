"""`kaohe test`: scenarios, run."""

import sys

import click

from rules import Problems, read_examples, run_examples

from ..catalogue import Catalogue
from .shared import REFUSED, WRONG_USE, wrong_use_is_told


@click.command()
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
