"""A settled cohort."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rules import Policy, Settlement, unit_rows, visible

from .shared import heading, said


def settlement_table(settlement: Settlement, totals: dict[str, Any]) -> RenderableType:
    """A settled cohort: a row for each unit, the places under each cap, and the totals by district."""
    titles = {grade.key: grade.title.zh for grade in settlement.method.policy.grades}
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    for column, right in (("单位", False), ("辖区", False), ("得分", True), ("名次", True), ("等次", False)):
        table.add_column(column, justify="right" if right else "left", overflow="fold")
    table.add_column("补贴", justify="right")
    table.add_column("依据", ratio=3, overflow="fold")
    for row in unit_rows(settlement):
        unit, before, final = row["unit"], row["grade"], row["final_grade"]
        grade = titles.get(final, "") if before == final else f"{titles[before]} → {titles[final]}"
        name = " ".join(part for part in (unit["id"], unit["name"]) if part)
        scores = (said(row["score"]), said(row["rank"]), grade, said(row["subsidy"]))
        style = "yellow" if row["capped"] else None
        table.add_row(visible(name), row["district"], *scores, row["because"]["zh"], style=style)
    return Group(table, _totals_table(settlement.method.policy, titles, totals), _below(totals))


def _below(totals: dict[str, Any]) -> Line:
    """The places under each cap, and what the money is for."""
    rooms = (f"{each['because']['zh']}，入围 {each['admitted']} 个" for each in totals["caps"])
    use = totals["permitted_use"]
    return Line("\n".join([*rooms, *([use["zh"]] if use else [])]))


def _totals_table(policy: Policy, titles: dict[str, str], totals: dict[str, Any]) -> RenderableType:
    """A row for each district and one for all."""
    table = Table(box=box.SIMPLE_HEAD, title=f"{heading(policy)} · {totals['year']} 年度", title_justify="left")
    table.add_column("辖区")
    for column in ("单位", *titles.values(), "因名额落选", "整改", "补贴"):
        table.add_column(column, justify="right")
    for row in (*totals["districts"], {"district": "合计", "note": None, **totals["total"]}):
        grades = (str(row["final_grades"][key]) for key in titles)
        name = row["district"] if row["note"] is None else f"{row['district']}（{row['note']['zh']}）"
        numbers = (str(row["capped"]), str(row["rectify"]), said(row["subsidy"]))
        table.add_row(name, str(row["assessed"]), *grades, *numbers)
    return table
