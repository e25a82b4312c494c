"""The readings of a policy, and what each alternative would change."""

from collections.abc import Sequence
from typing import Any

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text as Line

from rules import Policy

from .shared import heading, visible_lines, with_sign

FIELDS = {
    "caps.per": "名额按辖区或全市",
    "caps.standards": "名额合并或分开",
    "caps.rank_by": "排名依据",
    "caps.binding": "名额约束",
    "caps.ties": "同分",
    "caps.rounding": "名额取整",
    "caps.denominator": "总数",
    "subsidy.average_standard": "平均标准",
    "may_follow": "参照执行的辖区",
}


FACT_WIDTH = 30  # a fact's name is to be copied from here, so it stands on one line


def readings_table(policy: Policy, rows: Sequence[dict[str, Any]]) -> RenderableType:
    """The readings of a policy: the words, the choices, where each acts, and what it would change."""
    table = Table(box=box.SIMPLE_HEAD, expand=True)
    told = any(row["effect"] is not None for row in rows)
    ratios = {"读法与原文": 4, "选项": 5, "作用于": 3, "另需指标": 3, **({"对所给评估表的影响": 5} if told else {})}
    for column, ratio in ratios.items():
        table.add_column(column, ratio=ratio, overflow="fold")
    table.columns[3].width = FACT_WIDTH if any(row["facts"] for row in rows) else None
    for at, row in enumerate(rows):
        first = not at or rows[at - 1]["reading"] != row["reading"]
        last = at + 1 == len(rows) or rows[at + 1]["reading"] != row["reading"]
        name = Line(row["reading"], style="bold")
        name.append(f"\n{row['text']}", style="not bold dim")
        # No blank after the mark: a Chinese sentence has none, and the line would be broken there.
        choices = Line(f"【默认】{_choice(row['default'])}\n" if first else "")
        choices.append(_choice(row["alternative"]) if row["alternative"] else "没有别的选项", style="cyan")
        facts = "\n".join(f"{each['title']['zh']}\n{each['name']}" for each in row["facts"])
        effect = [_effect_words(policy, row["effect"])] if told else []
        table.add_row(name if first else "", choices, _acts_on(row["acts_on"]), facts, *effect, end_section=last)
    return Group(Line(heading(policy), style="bold"), table)


def _choice(choice: dict[str, str]) -> str:
    return f"{choice['choice']}：{choice['zh']}"


def _acts_on(acts: dict[str, Any]) -> str:
    """`community 26；village 27`, or the fields of the method."""
    items: dict[str, list[str]] = {}
    for each in acts["items"]:
        items.setdefault(each["standard"], []).append(each["no"])
    words = [f"{standard} 第{'、'.join(numbers)}项" for standard, numbers in items.items()]
    words += [each["title"]["zh"] for each in acts["rates"]]
    words += [f"{standard} 总分折算" for standard in acts["rescale"]]
    words += [f"结算：{FIELDS[each['field']]}" for each in acts["method"]]
    return "\n".join(words)


def _effect_words(policy: Policy, effect: dict[str, Any] | None) -> str:
    """How many sheets an alternative changes, and how."""
    if effect is None:
        return ""
    words = []
    if effect["changed"] is not None:
        words = _score_effect_words(policy, effect)
        if effect["subsidies"] is not None:
            words += _money_effect_words(effect["subsidies"])
        if not words:
            words.append(f"{effect['sheets']} 份{'得分和等次' if effect['subsidies'] is None else ''}均无变化")
        if effect["unsettled"] is not None:
            words.append(effect["unsettled"]["zh"])
    return visible_lines([*words, *(f"{each['code']}：{each['message']['zh']}" for each in effect["problems"])])


def _score_effect_words(policy: Policy, effect: dict[str, Any]) -> list[str]:
    titles = {grade.key: grade.title.zh for grade in policy.grades}
    scores, vetoes, unsure = effect["scores"], effect["vetoes"], effect["open"]
    words = []
    if scores["up"] or scores["down"]:
        words.append(f"得分升 {scores['up']}、降 {scores['down']}，合计 {with_sign(scores['by'])} 分")
    for each, said in ((vetoes["more"], "新增"), (vetoes["fewer"], "减少")):
        if each:
            words.append(f"一票否决{said} {each}")
    for key, said in (("grades", "等次"), ("final_grades", "最终等次")):
        moved = [f"{titles[each['from']]}→{titles[each['to']]} {each['units']}" for each in effect[key] or ()]
        if moved:
            words.append(f"{said}：{'，'.join(moved)}")
    if unsure["units"]:
        facts = "、".join(policy.facts[name].title.zh for name in unsure["facts"])
        within = "" if unsure["low"] is None else f"，各 {with_sign(unsure['low'])} 至 {with_sign(unsure['high'])} 分"
        words.append(f"{unsure['units']} 份缺少 {facts}{within}")
    return words


def _money_effect_words(subsidies: dict[str, Any]) -> list[str]:
    if not subsidies["changed"] and not subsidies["by"]:
        return []
    return [f"补贴变化 {subsidies['changed']} 个，市财政合计 {subsidies['from']} → {subsidies['to']} 元"]
