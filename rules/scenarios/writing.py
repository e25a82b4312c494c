"""Boundary cases as a file of scenarios: readable by people, and by whatever reads examples."""

import json
from collections.abc import Iterator, Mapping

from ..decision import Decision
from ..facts import Given
from ..numbers import plain
from .boundaries import Boundaries
from .coverage import fired


def boundary_file(found: Boundaries) -> str:
    """The YAML text of boundary cases, each with what the reference makes of it as a comment."""
    return "\n".join([*_head(found), *(line for case in _cases(found) for line in case)]) + "\n"


def _head(found: Boundaries) -> Iterator[str]:
    standard = found.standard
    title = standard.table.title
    yield f"# {title.zh} {title.en}"
    yield "# 边界和独立条件的算例，由程序列出；结果须由人按原文确认：expect 写明后即为算例。"
    yield "# Cases at boundaries and for each condition alone. A person confirms from the text what is expected:"
    yield "# put grade, score and items in place of `null`. Until then a case neither passes nor fails."
    if not found.whole:
        said = ", ".join(f"{name}={choice}" for name, choice in standard.readings.items()) or "—"
        yield f"# 只含读法 {said} 下的条款。 Only the clauses that are in force under these readings."
    for each in found.missing:
        yield f"# 未覆盖 not covered: {each.zh}"
        yield f"#   {each.en}"
    yield f"policy: {standard.policy.key}"
    yield f"standard: {standard.key}"
    yield "base:"
    for name, value in found.base.items():
        yield f"  {name}: {_value(value)}"
    yield "examples:"


def _cases(found: Boundaries) -> Iterator[list[str]]:
    for case in found.cases:
        lines = [f"  - name: {_text(case.name)}", f"    why: {_text(case.why)}"]
        lines.append(f"    facts: {_mapping(case.facts)}")
        if case.readings:
            lines.append(f"    readings: {_mapping(case.readings)}")
        if case.reasons:
            lines.append(f"    reasons: {_mapping(case.reasons)}")
        lines.append(f"    expect: null  # 待确认 to be confirmed: {_made(case.decision)}")
        yield lines


def _made(decision: Decision) -> str:
    """What the reference makes of a case, in a line."""
    grade, per_one = decision.grade, decision.case.sheet.standard.policy.points_per_one
    words = [f"{grade.title.zh} {grade.key}"]
    if decision.score is None:
        words.append(f"一票否决 vetoes {', '.join(decision.vetoes)}")
    else:
        words.append(f"{plain(decision.score, per_one)} 分 points")
    moved = [each for each in decision.items if each.findings]
    keys = list(dict.fromkeys(clause.key for clause in fired(decision)))
    touched = [f"{each.item.no}={plain(each.score, per_one)}" for each in moved if each.score != each.item.points]
    if touched:
        words.append(f"各项 items {' '.join(touched)}")
    if decision.score is None and keys:
        words.append(f"触发 fired {' '.join(keys)}")
    return "; ".join(words)


def _mapping(values: Mapping[str, Given]) -> str:
    return "{" + ", ".join(f"{name}: {_value(value)}" for name, value in values.items()) + "}"


def _value(value: Given) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _text(value) if isinstance(value, str) else str(value)


def _text(words: str) -> str:
    # What JSON quotes, YAML reads as the same text.
    return json.dumps(words, ensure_ascii=False)
