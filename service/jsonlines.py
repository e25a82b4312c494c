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
# A sheet is three levels deep; what is nested far deeper only takes the reader's stack.
MOST_DEPTH = 32
# Possessive, so that no text can make the search go back or grow.
STRING = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
# A string, or what opens and closes.
TOKEN = re.compile(STRING + rb'|["{}\[\]]', re.DOTALL)
# An escape that may stand for half a character, which no UTF-8 can write.
HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
MARK = b"\xef\xbb\xbf"
# What Python's reader says, in the words of kaohe.
WORDS = {
    "Expecting value": Text("此处应有一个值", "a value is expected"),
    "Expecting property name enclosed in double quotes": Text(
        "此处应为双引号中的键", "a key in double quotes is expected"
    ),
    "Expecting ':' delimiter": Text("此处应为“:”", "`:` is expected"),
    "Expecting ',' delimiter": Text("此处应为“,”或结束的括号", "`,` or a closing bracket is expected"),
    "Illegal trailing comma before end of object": Text("“}”之前多一个“,”", "a `,` too many before `}`"),
    "Illegal trailing comma before end of array": Text("“]”之前多一个“,”", "a `,` too many before `]`"),
    "Unterminated string starting at": Text("此处开始的字符串没有结束", "the string that begins here has no end"),
    "Invalid control character at": Text(
        "字符串中有控制字符，须写成 \\n、\\t 或 \\u00XX",
        "a control character in a string; write \\n, \\t or \\u00XX",
    ),
    "Invalid \\escape": Text("“\\”之后的字符不对", "`\\` does not go before this character"),
    "Invalid \\uXXXX escape": Text("“\\u”之后应有四位十六进制数", "`\\u` needs four hexadecimal digits"),
    "Extra data": Text("JSON 到此已经结束，之后还有内容", "the JSON has ended here, and more follows"),
}


class Line(NamedTuple):
    """One line of input: its number, what stands on it or what is wrong with it, and the line as it came."""

    number: int
    value: Any
    problem: Problem | None
    size: int
    raw: bytes = b""  # none of a line that is too long


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
            raw = raw.removeprefix(MARK)
        if raw.strip():
            value, found = parse(raw)
            yield Line(number, value, found, size, raw)


def parse(raw: bytes) -> tuple[Any, Problem | None]:
    """The value, or what is wrong with the JSON."""
    try:
        if raw.count(b"[") + raw.count(b"{") > MOST_DEPTH:
            _check_depth(raw)
        value = _DECODER.decode(raw.decode("utf-8"))
        if HALF_A_PAIR.search(raw):
            written(value).encode("utf-8")
    except _Bad as bad:
        why = bad.why
    except json.JSONDecodeError as error:
        why = _why(raw, error)
    except UnicodeDecodeError as error:
        why = Text(f"第 {error.start + 1} 个字节不是 UTF-8", f"byte {error.start + 1} is not UTF-8")
    except UnicodeEncodeError:
        why = Text("含有半个字符（\\ud800–\\udfff 须成对）", "half a character: \\ud800–\\udfff come in pairs")
    except ValueError:  # Python reads whole numbers of a few thousand digits only
        why = Text("数字过长", "a number is too long")
    else:
        return value, None
    return None, problem("json_broken", why=why)


def _why(raw: bytes, error: json.JSONDecodeError) -> Text:
    """What is wrong, and where."""
    if raw.startswith(MARK):
        return Text(
            "开头有字节顺序标记（EF BB BF），请去掉", "it begins with a byte order mark (EF BB BF); leave it out"
        )
    if not raw.strip():
        return Text("没有内容", "there is nothing in it")
    # The reader's words for a broken escape name what follows it.
    words = next((words for said, words in WORDS.items() if error.msg.startswith(said)), Text("有误", error.msg))
    return Text(f"第 {error.pos + 1} 个字符处：{words.zh}", f"at character {error.pos + 1}: {words.en}")


def _check_depth(raw: bytes) -> None:
    depth = 0
    for token in TOKEN.finditer(raw):
        sign = token.group()
        if sign == b'"':
            # A string without an end. What follows it is read by nobody, and a search that tried each further quote
            # for the beginning of another one would take quadratic time.
            return
        depth += (sign in {b"[", b"{"}) - (sign in {b"]", b"}"})
        if depth > MOST_DEPTH:
            raise _Bad(Text(f"嵌套超过 {MOST_DEPTH} 层", f"nested more than {MOST_DEPTH} levels deep"))


def _decimal(text: str) -> Decimal:
    if len(text) > MOST_DIGITS:
        raise _Bad(Text("数字过长", "a number is too long"))
    try:
        return Decimal(text)
    except InvalidOperation:
        raise _Bad(Text(f"数字 {text} 超出范围", f"the number {text} is out of range")) from None


def _constant(text: str) -> Any:
    raise _Bad(Text(f"{text} 不是 JSON 数字", f"{text} is not a number in JSON"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        seen: set[str] = set()
        # `add` gives None, so a name is kept and not yet found twice.
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))[:80]  # type: ignore[func-returns-value]
        raise _Bad(Text(f"“{twice}”出现两次", f"`{twice}` is given twice"))
    return result


_DECODER = json.JSONDecoder(parse_float=_decimal, parse_constant=_constant, object_pairs_hook=_object)
