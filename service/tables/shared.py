"""What every table needs: a console that is wide enough, and how values are written."""

from collections.abc import Sequence
from typing import Any

from rich.console import Console

from rules import Policy, visible


def wide_console(*, stderr: bool = False) -> Console:
    """A console; where there is no terminal to ask, lines are wide enough for a table."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return (
        console
        if console.is_terminal
        else Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=160)
    )


def said(value: Any) -> str:
    """The value; nothing where there is none."""
    return "" if value is None else str(value)


def visible_lines(lines: Sequence[str]) -> str:
    """Each on a line of its own, without characters that act on a terminal."""
    return "\n".join(visible(each) for each in lines)


def with_sign(value: Any) -> str:
    """`+2`, `−1.5`, `0`."""
    return f"+{value}" if value > 0 else f"−{-value}" if value < 0 else "0"


def heading(policy: Policy) -> str:
    """The policy's id, and that it is an illustration where it is one."""
    return f"{policy.key}{'（示例，非正式文本）' if policy.status == 'illustration' else ''}"
