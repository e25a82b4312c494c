"""
JSON lines, exactly: numbers are read from their digits, never as floats.

A line that is broken, too long or ambiguous is refused by itself; the next one is read all the same.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import IO, Any, NamedTuple

from rules import Problem, Text, problem, written

MOST_BYTES = 1024 * 1024
MOST_DIGITS = 4000
# An escape that may stand for half a character, which no UTF-8 can write.
HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")


class Line(NamedTuple):
    """One line of input: its number, and what stands on it or what is wrong with it."""

    number: int
    value: Any
    problem: Problem | None
    size: int


class _Bad(ValueError):
    """What JSON allows and a sheet may not have."""

    def __init__(self, why: Text):
        self.why = why
        super().__init__(why.en)


def read_lines(stream: IO[bytes]) -> Iterator[Line]:
    """Every line that is not blank, with bounded memory."""
    number = 0
    while raw := stream.readline(MOST_BYTES + 1):
        number += 1
        size = len(raw)
        if size > MOST_BYTES and not raw.endswith(b"\n"):
            while (rest := stream.readline(MOST_BYTES)) and not rest.endswith(b"\n"):
                size += len(rest)
            yield Line(number, None, problem("line_too_long", limit=MOST_BYTES), size + len(rest))
            continue
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if raw.strip():
            value, found = parse(raw)
            yield Line(number, value, found, size)


def parse(raw: bytes) -> tuple[Any, Problem | None]:
    """The value, or what is wrong with the JSON."""
    try:
        value = json.loads(
            raw.decode("utf-8"),
            parse_float=_decimal,
            parse_int=_integer,
            parse_constant=_constant,
            object_pairs_hook=_object,
        )
        if HALF_A_PAIR.search(raw):
            written(value).encode("utf-8")
    except _Bad as bad:
        why = bad.why
    except json.JSONDecodeError as error:
        why = Text(f"第 {error.pos + 1} 个字符处有误", f"{error.msg} at character {error.pos + 1}")
    except UnicodeDecodeError as error:
        why = Text(f"第 {error.start + 1} 个字节不是 UTF-8", f"byte {error.start + 1} is not UTF-8")
    except UnicodeEncodeError:
        why = Text("含有半个字符（\\ud800–\\udfff 须成对）", "half a character: \\ud800–\\udfff come in pairs")
    except RecursionError:
        why = Text("嵌套过深", "nested too deeply")
    else:
        return value, None
    return None, problem("json_broken", why=why)


def _decimal(text: str) -> Decimal:
    if len(text) > MOST_DIGITS:
        raise _Bad(Text("数字过长", "a number is too long"))
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Bad(Text(f"数字 {text} 超出范围", f"the number {text} is out of range")) from None


def _integer(text: str) -> int:
    if len(text) > MOST_DIGITS:
        raise _Bad(Text("数字过长", "a number is too long"))
    return int(text)


def _constant(text: str) -> Any:
    raise _Bad(Text(f"{text} 不是 JSON 数字", f"{text} is not a number in JSON"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)[:80]
        raise _Bad(Text(f"“{twice}”出现两次", f"`{twice}` is given twice"))
    return result
