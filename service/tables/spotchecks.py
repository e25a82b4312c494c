"""Samples for spot checks, and what they found."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rules import Policy, visible

from .shared import heading, said, visible_lines, with_sign

KEY_TITLES = {"district": "辖区", "standard": "标准", "grade": "等次"}


def strata_table(data: dict[str, Any]) -> RenderableType:
    """The strata of a sample: how many there are in each, and how many were drawn."""
    how = f"每层 {data['number']} 个" if data["share"] is None else f"每层 {data['share']}%"
    table = Table(box=box.SIMPLE_HEAD, title=visible(f"抽样种子 seed {data['seed']}，{how}"), title_justify="left")
    for key in data["by"]:
        table.add_column(f"{KEY_TITLES[key]} {key}", overflow="fold")
    for column in ("单位 units", "抽取 drawn"):
        table.add_column(column, justify="right")
    for each in data["strata"]:
        table.add_row(*(said(each[key]) or "–" for key in data["by"]), str(each["size"]), str(each["drawn"]))
    table.add_section()
    table.add_row(*(["合计"] + [""] * len(data["by"]))[: len(data["by"])], str(data["units"]), str(data["drawn"]))
    return table


def recheck_table(policy: Policy, rows: Sequence[dict[str, Any]], totals: dict[str, Any]) -> RenderableType:
    """A spot check beside the district's assessment: each unit with what differs, then the totals."""
    titles = {grade.key: grade.title.zh for grade in policy.grades}
    units = [part for row in rows for part in _recheck_parts(titles, row)]
    total = totals["total"]
    title = Line(f"{heading(policy)}：抽查 {total['rechecked']} 个单位，{total['differ']} 个有差异\n", style="bold")
    title.append(f"{totals['note']['zh']}\n", style="not bold yellow")
    return Group(title, *units, *_recheck_totals(titles, totals))


def _recheck_parts(titles: dict[str, str], row: dict[str, Any]) -> list[RenderableType]:
    unit, sides = row["unit"], (row["district"], row["city"])
    name = " ".join(part for part in (unit["id"], unit["name"], unit["district"]) if part)
    ends = [f"{titles[side['grade']]} {said(side['score']) or '一票否决'}" for side in sides]
    title = Line(visible(name), style="bold")
    if not row["differs"]:
        title.append(f"：一致（{ends[0]}）\n", style="not bold green")
        return [title]
    moved = "" if row["difference"] is None else f"（{with_sign(row['difference'])}）"
    title.append(f"：区 {ends[0]} → 市 {ends[1]}{moved}", style="not bold")
    facts = Table(box=box.SIMPLE_HEAD, expand=True)
    for column in ("不同的指标", "区", "市", "理由"):
        facts.add_column(column, ratio=3 if column == "理由" else 2, overflow="fold")
    for each in row["facts"]:
        reasons = each["reasons"] or {}
        given = [f"{side}：{reasons[key]}" for side, key in (("区", "district"), ("市", "city")) if reasons.get(key)]
        values = (_given(each["district"]), _given(each["city"]))
        facts.add_row(each["title"]["zh"], *values, visible_lines(given))
    parts: list[RenderableType] = [title, facts]
    if row["items"]:
        parts.append(_recheck_items(row["items"]))
    if row["vetoes"] is not None or not row["result_differs"]:
        parts.append(Line(f"  {visible(row['because']['zh'])}\n"))
    return parts


def _recheck_items(items: Sequence[dict[str, Any]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    for column, right in (
        ("序号", True),
        ("评估标准", False),
        ("自评", True),
        ("区", True),
        ("市", True),
        ("差", True),
    ):
        table.add_column(column, justify="right" if right else "left", ratio=None if right else 3, overflow="fold")
    table.add_column("区的依据", ratio=4, overflow="fold")
    table.add_column("市的依据", ratio=4, overflow="fold")
    for item in items:
        because = [
            visible_lines([part["because"][side]["zh"] for part in item["parts"] if part["because"][side]])
            for side in ("district", "city")
        ]
        scores = (said(item["self_score"]), said(item["district"]), said(item["city"]))
        table.add_row(item["no"], item["title"]["zh"], *scores, with_sign(item["difference"]), *because)
    return table


def _recheck_totals(titles: dict[str, str], totals: dict[str, Any]) -> list[RenderableType]:
    items = Table(box=box.SIMPLE_HEAD, title="差异最多的项目", title_justify="left")
    for column, right in (("标准", False), ("序号", True), ("评估标准", False), ("单位", True), ("合计", True)):
        items.add_column(column, justify="right" if right else "left")
    for each in totals["items"]:
        items.add_row(each["standard"], each["no"], each["title"]["zh"], str(each["units"]), with_sign(each["sum"]))
    table = Table(box=box.SIMPLE_HEAD, title="合计", title_justify="left")
    table.add_column("辖区")
    for column in ("抽查", "有差异", "等次不同", "否决不同", "市高于区", "市低于区", "平均差"):
        table.add_column(column, justify="right")
    for row in (*totals["districts"], {"district": "合计", **totals["total"]}):
        counts = ("rechecked", "differ", "grade_differs", "veto_differs", "higher", "lower")
        mean = "–" if row["mean"] is None else row["mean"].replace("-", "−")
        table.add_row(visible(row["district"] or "（未填辖区）"), *(str(row[key]) for key in counts), mean)
    moved = [f"{titles[each['district']]} → {titles[each['city']]} {each['units']} 个" for each in totals["grades"]]
    grades = [Line(f"等次（区 → 市）：{'，'.join(moved)}")] if moved else []
    return [*([items] if totals["items"] else []), *grades, table]


def _given(value: Any) -> str:
    """A fact as it was given, for people."""
    if isinstance(value, bool):
        return "是" if value else "否"
    return visible(said(value)) or "（未填）"
