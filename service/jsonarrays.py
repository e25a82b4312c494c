"""
A JSON array of any length, element by element, with bounded memory.

Where its elements begin and end is found first, so that a broken array, or one that is too long, is refused before
anything of it is answered. An element that is broken inside is refused by itself.
"""

import re
from array import array
from collections.abc import Iterator
from mmap import mmap

from rules import Problem, Text, problem

from .jsonlines import MARK, MOST_BYTES, STRING, Line, parse

BLANKS = re.compile(rb"[ \t\r\n]*+")
# The next sign that matters, and everything before it: between elements a comma does, inside of them only brackets.
# A quote is a sign only where no whole string begins.
AMONG = re.compile(rb'(?:[^"{}\[\],]++|' + STRING + rb')*+(["{}\[\],])', re.DOTALL)
INSIDE = re.compile(rb'(?:[^"{}\[\]]++|' + STRING + rb')*+(["{}\[\]])', re.DOTALL)


class ArrayBroken(Exception):
    """The text is not one array; `problem` says why."""

    def __init__(self, why: Text):
        self.problem: Problem = problem("json_broken", why=why)
        super().__init__(why.en)


class TooMany(Exception):
    """The array has more elements than may be read."""


class JsonArray:
    """The elements of one array; raises `ArrayBroken` or `TooMany`."""

    def __init__(self, text: mmap | bytes, most: int):
        self.text = text
        # Where each element begins, and where the sign after it stands.
        self.spans = array("Q")
        begin = _skip(text, len(MARK) if text[: len(MARK)] == MARK else 0)
        if text[begin : begin + 1] != b"[":
            raise ArrayBroken(Text("应为 JSON 数组", "a JSON array is expected"))
        end = self._split(begin, most)
        rest = _skip(text, end + 1)
        if rest < len(text):
            raise ArrayBroken(Text(f"数组之后第 {rest + 1} 个字节有多余内容", f"byte {rest + 1}: text after the array"))

    def _split(self, begin: int, most: int) -> int:
        """Find the elements; gives the place of the bracket that closes the array."""
        depth, start, end = 1, begin + 1, begin + 1
        while found := (AMONG if depth == 1 else INSIDE).match(self.text, end):
            sign, end = found[1], found.end()
            if sign in {b"[", b"{"}:
                depth += 1
            elif sign in {b"]", b"}"}:
                depth -= 1
                if depth == 0 and sign == b"]":
                    if self.spans or _skip(self.text, start) < end - 1:
                        self._add(start, end - 1, most)
                    return end - 1
                if depth == 0:
                    raise ArrayBroken(Text(f"第 {end} 个字节的括号不配对", f"byte {end}: brackets do not match"))
            elif sign == b",":
                self._add(start, end - 1, most)
                start = end
            else:
                raise ArrayBroken(Text(f"第 {end} 个字节的引号没有结束", f"byte {end}: a string without an end"))
        raise ArrayBroken(Text("数组没有结束", "the array has no end"))

    def _add(self, start: int, end: int, most: int) -> None:
        if len(self.spans) >= 2 * most:
            raise TooMany
        self.spans.extend((start, end))

    def __len__(self) -> int:
        """How many elements there are."""
        return len(self.spans) // 2

    def lines(self) -> Iterator[Line]:
        """Every element as if it stood on a line of its own; its number counts elements, from 1."""
        for at in range(0, len(self.spans), 2):
            start, end = self.spans[at], self.spans[at + 1]
            number, size = at // 2 + 1, end - start
            if size > MOST_BYTES:
                yield Line(number, None, problem("line_too_long", limit=MOST_BYTES), size)
            else:
                value, found = parse(self.text[start:end])
                yield Line(number, value, found, size)


def _skip(text: mmap | bytes, at: int) -> int:
    """The place of the next byte that is not blank."""
    found = BLANKS.match(text, at)
    return found.end() if found else at
