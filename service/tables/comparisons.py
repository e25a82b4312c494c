"""What several versions make of the same sheets."""

from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rules import visible

from .shared import said, with_sign


def comparison_table(totals: dict[str, Any]) -> RenderableType:
    """A comparison: for each step the grades that moved, the units that moved furthest, and the totals."""
    return Group(*(part for step in totals["steps"] for part in _step_tables(totals, step)))


def _step_tables(totals: dict[str, Any], step: dict[str, Any]) -> list[RenderableType]:
    versions = {each["name"]: each for each in totals["versions"]}
    titles = {grade["key"]: grade["title"]["zh"] for each in versions.values() for grade in each["grades"]}
    titles["open"] = "未定"
    before, after = (_version_title(versions[step[side]]) for side in ("from", "to"))
    heading = Line(f"{before} → {after}\n", style="bold")
    heading.append(
        f"{totals['units']} 个单位，{step['changed']} 个有变化，{step['grade_changed']} 个等次变化", style="not bold"
    )
    matrix = Table(box=box.SIMPLE_HEAD, title="等次迁移（行为前，列为后）", title_justify="left")
    matrix.add_column("")
    for key in step["migration"]["to"]:
        matrix.add_column(titles[key], justify="right")
    for key, counts in zip(step["migration"]["from"], step["migration"]["counts"], strict=True):
        matrix.add_row(titles[key], *(str(count) if count else "·" for count in counts))
    movers = Table(box=box.SIMPLE_HEAD, title="变化最大的单位", title_justify="left", expand=True)
    for column, right in (("单位", False), ("辖区", False), ("前", True), ("后", True), ("差", True), ("等次", False)):
        movers.add_column(column, justify="right" if right else "left", overflow="fold")
    movers.add_column("原因", ratio=3, overflow="fold")
    for each in step["movers"]:
        movers.add_row(*_mover_cells(each, titles), visible(each["because"]["zh"]))
    money = Table(box=box.SIMPLE_HEAD, title="合计", title_justify="left")
    for column in ("辖区", "单位", "平均分", "补贴"):
        money.add_column(column, justify="left" if column == "辖区" else "right")
    for row in (*step["districts"], {"district": "合计", "units": totals["units"], **step["total"]}):
        means, sums = (_from_to(row["from"][key], row["to"][key]) for key in ("mean", "subsidy"))
        money.add_row(visible(row["district"] or "（未填辖区）"), str(row["units"]), means, sums)
    return [heading, matrix, movers, money]


def _version_title(version: dict[str, Any]) -> str:
    return f"{version['name']}{'（示例，非正式文本）' if version['status'] == 'illustration' else ''}"


def _mover_cells(each: dict[str, Any], titles: dict[str, str]) -> tuple[str, ...]:
    unit = each["unit"]
    name = " ".join(part for part in (unit["id"], unit["name"]) if part)
    scores = (_ranged(each, side) for side in ("from", "to"))
    difference = each["difference"]
    moved = "" if difference["score"] is None else with_sign(difference["score"])
    if difference["score"] is None and difference["low"] is not None:
        moved = f"{with_sign(difference['low'])}…{with_sign(difference['high'])}"
    final = each["final_grade"]
    grades = final if final["from"] and final["to"] else each["grade"]
    named = {side: titles.get(key, "未定") for side, key in grades.items()}
    return (visible(name), visible(unit["district"] or ""), *scores, moved, _from_to(named["from"], named["to"]))


def _ranged(each: dict[str, Any], side: str) -> str:
    """The score, or from where to where it may be."""
    low, high = each["low"][side], each["high"][side]
    return said(low) if low == high else f"{low}…{high}"


def _from_to(before: Any, after: Any) -> str:
    return said(before) if before == after else f"{said(before) or '–'} → {said(after) or '–'}"
