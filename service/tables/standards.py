"""A standard as it is printed, and the scores of a unit."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rules import Decision, Policy, Standard, clause_sentence, plain, visible

from .shared import said

GRADE_COLOURS = ("green", "cyan", "yellow", "red")


def policies_table(rows: Sequence[tuple[str, ...]]) -> Table:
    """The versions that there are."""
    table = Table(box=box.SIMPLE_HEAD)
    for title in ("政策 policy", "版次 revision", "年度 year", "状态 status", "标准 standards", "名称 title", "sha256"):
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table


def standard_table(standard: Standard, language: str) -> RenderableType:
    """The table as printed, each item with the sentences that carry it out."""
    policy, chinese = standard.policy, language == "zh"
    per_one = policy.points_per_one
    table = Table(box=box.ROUNDED, show_lines=True, expand=True, title=getattr(standard.table.title, language))
    titles = (
        ("序号", "评估标准", "分值", "加减分依据与算法") if chinese else ("No.", "Item", "Points", "Basis and rules")
    )
    table.add_column(titles[0], justify="right", width=4)
    table.add_column(titles[1], ratio=2, overflow="fold")
    table.add_column(titles[2], justify="right", width=6)
    table.add_column(titles[3], ratio=4, overflow="fold")
    for category in standard.categories:
        printed, summed = category.points, sum(item.points for item in category.items)
        weight = f" × {plain(category.part.weight)}%" if category.part else ""
        note = (
            ""
            if printed == summed
            else (f"（各项合计 {plain(summed, per_one)}）" if chinese else f" (items: {plain(summed, per_one)})")
        )
        table.add_row(
            "",
            Line(getattr(category.title, language), style="bold"),
            Line(plain(printed, per_one), style="bold"),
            Line(weight + note, style="yellow"),
        )
        for item in category.items:
            basis = Line(item.basis, style="dim")
            for clause in item.clauses:
                # No blank after the dot: Chinese sentences have none, and the line would be broken there.
                basis.append("\n•", style="blue")
                basis.append(getattr(clause_sentence(clause, per_one), language), style="default not dim")
                if clause.reading:
                    basis.append(f"  [{'读法' if chinese else 'reading'} {clause.reading}]", style="cyan")
            table.add_row(item.no, getattr(item.title, language), plain(item.points, per_one), basis)
    return Group(table, _below(standard, language))


def _below(standard: Standard, language: str) -> Line:
    """The total, the notes, the contradictions and the grades."""
    policy, chinese = standard.policy, language == "zh"
    per_one = policy.points_per_one
    lines = Line(_year(policy, chinese=chinese))
    total, summed = plain(standard.points, per_one), plain(standard.items_points, per_one)
    lines.append(
        f"合计 {total}（各项合计 {summed}）\n" if chinese else f"Total as printed {total}, items {summed}\n",
        style="bold",
    )
    for note in standard.table.notes:
        lines.append(f"{note}\n")
    for contradiction in standard.table.contradictions:
        reading = f" [{contradiction.reading}]" if contradiction.reading else ""
        lines.append(f"⚠ {getattr(contradiction.text, language)}{reading}\n", style="yellow")
    for grade in policy.grades:
        start = f" ≥ {plain(grade.start, per_one)}" if grade.start else ""
        lines.append(f"{getattr(grade.title, language)}{start}   ")
    return lines


def _year(policy: Policy, *, chinese: bool) -> str:
    """The assessed year and how official the text is."""
    assumed, illustration = policy.year_basis == "assumed", policy.status == "illustration"
    if chinese:
        words = f"{policy.year} 年度{'（推定，原文未载日期）' if assumed else ''}"
        return words + ("；示例，非正式文本\n" if illustration else "\n")
    words = f"Assessed year {policy.year}{' (assumed: the text names none)' if assumed else ''}"
    return words + ("; an illustration, not an official text\n" if illustration else "\n")


def score_table(decision: Decision, data: dict[str, Any]) -> RenderableType:
    """One decision and its data: self and assessed scores side by side, and what was found."""
    standard, grade, unit = decision.case.sheet.standard, decision.grade, data["unit"]
    name = " ".join(part for part in (unit["id"], unit["name"], unit["district"]) if part)
    title = Line(f"{name}：", style="bold")
    title.append(grade.title.zh, style=GRADE_COLOURS[min(grade.rank, len(GRADE_COLOURS) - 1)])
    title.append(f" {data['score']} 分" if data["score"] is not None else " 一票否决")
    table = Table(box=box.SIMPLE_HEAD, title=title, title_justify="left", expand=True)
    table.add_column("序号", justify="right", width=4)
    table.add_column("评估标准", ratio=3, no_wrap=True, overflow="ellipsis")
    for column in ("分值", "自评", "评估", "差"):
        table.add_column(column, justify="right", min_width=4)
    table.add_column("评估依据", ratio=5, overflow="fold")
    if data["items"] is None:
        for found, finding in zip(decision.veto_findings, data["veto_findings"], strict=True):
            item = standard.item(found.clause.item_no)
            own = said(data["self_scores"].get(found.clause.item_no))
            table.add_row(
                found.clause.item_no, item.title.zh if item else "", "", own, "", "", finding["because"]["zh"]
            )
        if data["undetermined"]:
            table.add_row("", "因缺少指标，另有否决项未定", "", "", "", "", "、".join(data["undetermined"]))
        return table
    rows = iter(data["items"])
    for category, summed in zip(standard.categories, data["categories"], strict=True):
        for item in category.items:
            row = next(rows)
            because = "\n".join(visible(finding["because"]["zh"]) for finding in row["findings"])
            table.add_row(item.no, item.title.zh, *_scores(row), because)
        table.add_row(
            "", Line(category.title.zh, style="bold"), *(Line(each, style="bold") for each in _scores(summed)), ""
        )
    for adjustment in data["adjustments"]:
        table.add_row("", adjustment["because"]["zh"], "", "", said(adjustment.get("points")), "", "")
    table.add_row(
        "", Line("合计", style="bold"), *(Line(each, style="bold") for each in _scores(data)), "", end_section=True
    )
    return table


def _scores(row: dict[str, Any]) -> tuple[str, str, str, str]:
    return said(row["points"]), said(row["self_score"]), said(row["score"]), said(row["difference"])
