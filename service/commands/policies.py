"""`kaohe policies`, `kaohe show` and `kaohe check`: which versions there are, and what they say."""

import sys

import click

from rules import PolicyRefused, RequestRefused, plain, problem

from ..catalogue import Catalogue
from ..tables.shared import wide_console
from ..tables.standards import policies_table, standard_table
from .shared import READINGS, REFUSED, WRONG_USE, chosen_readings, wrong_use_is_told


@click.command()
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


@click.command()
@click.argument("policy_name", metavar="POLICY")
@click.argument("standard_key", metavar="STANDARD")
@click.option(
    "--lang",
    type=click.Choice(["zh", "en"]),
    default="zh",
    show_default=True,
    help="the language of titles and sentences",
)
@READINGS
def show(policy_name: str, standard_key: str, lang: str, readings: tuple[str, ...]) -> None:
    """Print a standard as its table, each item with the sentences that carry it out."""
    with wrong_use_is_told():
        _, policy = Catalogue().find(policy_name)
        standard = policy.standard(standard_key, chosen_readings(readings))
    wide_console().print(standard_table(standard, lang))


@click.command()
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
