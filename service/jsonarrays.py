"""
A JSON array of any length, element by element, with bounded memory; by itself, or as a member of an object.

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
CLOSING = {b"[": b"]", b"{": b"}"}
# What stands before the value of a member.
KEY = re.compile(rb"[ \t\r\n]*+(" + STRING + rb")[ \t\r\n]*+:[ \t\r\n]*+", re.DOTALL)


class ArrayBroken(Exception):
    """The text is not one array; `problem` says why."""

    def __init__(self, why: Text):
        self.problem: Problem = problem("json_broken", why=why)
        super().__init__(why.en)


class TooMany(Exception):
    """The array has more elements than may be read."""


class _Parts:
    """What stands between the commas of one pair of brackets; `begin` and `end` are the places of the brackets."""

    def __init__(self, text: mmap | bytes, begin: int, most: int):
        self.text = text
        # Where each part begins, and where the sign after it stands.
        self.spans = array("Q")
        self.begin = begin
        self.end = self._split(CLOSING[text[begin : begin + 1]], most)

    def _split(self, closing: bytes, most: int) -> int:
        """Find the parts; gives the place of the bracket that closes them."""
        depth, start, end = 1, self.begin + 1, self.begin + 1
        while found := (AMONG if depth == 1 else INSIDE).match(self.text, end):
            sign, end = found[1], found.end()
            if sign in {b"[", b"{"}:
                depth += 1
            elif sign in {b"]", b"}"}:
                depth -= 1
                if depth == 0 and sign == closing:
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
        raise ArrayBroken(
            Text("数组没有结束", "the array has no end")
            if closing == b"]"
            else Text("对象没有结束", "the object has no end")
        )

    def _add(self, start: int, end: int, most: int) -> None:
        if len(self.spans) >= 2 * most:
            raise TooMany
        self.spans.extend((start, end))

    def __len__(self) -> int:
        """How many parts there are."""
        return len(self.spans) // 2


class JsonArray(_Parts):
    """The elements of one array, which begins at `begin`, or is all of the text. Raises `ArrayBroken` or `TooMany`."""

    def __init__(self, text: mmap | bytes, most: int, begin: int | None = None):
        if begin is not None:
            super().__init__(text, begin, most)
            return
        begin = _skip(text, len(MARK) if text[: len(MARK)] == MARK else 0)
        if text[begin : begin + 1] != b"[":
            raise ArrayBroken(Text("应为 JSON 数组", "a JSON array is expected"))
        super().__init__(text, begin, most)
        rest = _skip(text, self.end + 1)
        if rest < len(text):
            raise ArrayBroken(Text(f"数组之后第 {rest + 1} 个字节有多余内容", f"byte {rest + 1}: text after the array"))

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


def array_below(text: mmap | bytes, name: str, most: int) -> JsonArray | None:
    """
    The array that the member `name` of an object is; None where the text is no object, or that member no array.

    What else is wrong with the object is not looked at. Raises `ArrayBroken` or `TooMany`.
    """
    begin = _skip(text, 0)
    if text[begin : begin + 1] != b"{":
        return None
    try:
        members = _Parts(text, begin, MOST_BYTES)
    except TooMany:  # each comma is a byte; so large an object has no place around an array
        return None
    quoted = b'"%s"' % name.encode()
    for start in members.spans[::2]:
        key = KEY.match(text, start)
        if key is None or not (key[1] == quoted or (b"\\" in key[1] and parse(key[1])[0] == name)):
            continue
        if text[key.end() : key.end() + 1] == b"[":
            return JsonArray(text, most, key.end())
    return None


def _skip(text: mmap | bytes, at: int) -> int:
    """The place of the next byte that is not blank."""
    found = BLANKS.match(text, at)
    return found.end() if found else at
