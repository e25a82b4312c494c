"""
YAML files with the place of every key and value. The only module that knows the YAML library.

Decimals are read from their digits, never as floats; anchors, duplicate keys, deep and large files are refused.
"""

from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ..errors import Problem, Problems, pointer, problem
from ..language import Text
from .model import Place

MOST_BYTES = 512 * 1024
# Several times what a table of 300 items and 1,000 clauses has; more would keep the reader busy for long.
MOST_PARTS = 80_000
MOST_LEVELS = 30
# What a policy file is made of; other tags would make objects of a program.
TAGS = ("map", "seq", "str", "int", "float", "bool", "null", "timestamp")
PLAIN = Text("文字、数字、true 或 false", "text, a number, true or false")

# Keys and positions from the top of a file down to one value.
KeyPath = tuple[str | int, ...]


@dataclass(slots=True)
class Document:
    """One file: its plain data, and where each key and value stands."""

    name: str
    data: Any = None
    values: dict[KeyPath, Place] = field(default_factory=dict)
    keys: dict[KeyPath, Place] = field(default_factory=dict)
    styles: dict[KeyPath, str | None] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    stood_in: set[KeyPath] = field(default_factory=set)  # values that were refused, and that nothing more is said about
    put_aside: set[str] = field(default_factory=set)  # facts that were refused, so that they are not called unknown too

    def place(self, path: KeyPath, *, key: bool = False) -> Place:
        """Where the value (or the key) at `path` stands; the nearest parent where there is none."""
        table = self.keys if key else self.values
        while path and path not in table:
            path, table = path[:-1], self.values
        return table.get(path, Place(self.name, 1, 1))

    def problem(
        self,
        code: str,
        path: KeyPath = (),
        known: Any = (),
        *,
        key: bool = False,
        offset: int = 0,
        **values: object,
    ) -> Problem:
        """A problem of this file at a path; `offset` counts characters into the value."""
        place = self.place(path, key=key)
        if offset or path in self.styles:
            place = self.within(path, place, offset)
        return placed(problem(code, pointer(*path), known, **values), place)

    def within(self, path: KeyPath, place: Place, offset: int) -> Place:
        """The place so many characters into a text, however it is written: plain, quoted or as a block."""
        style = self.styles.get(path)
        if style in ("|", ">"):
            block = self.lines[place.line :]
            indent = next((len(line) - len(line.lstrip()) for line in block if line.strip()), 0)
            pieces = [(place.line + 1 + at, indent, line[indent:]) for at, line in enumerate(block)]
        else:
            start = place.column - 1 + (1 if style else 0)
            first = self.lines[place.line - 1][start:]
            more = self.lines[place.line :]
            pieces = [(place.line, start, first)]
            pieces += [
                (place.line + 1 + at, len(line) - len(line.lstrip()), line.strip()) for at, line in enumerate(more)
            ]
        for line, column, text in pieces:
            if offset <= len(text):
                return Place(place.file, line, column + offset + 1)
            offset -= len(text) + 1
        return place


def placed(found: Problem, place: Place) -> Problem:
    """The problem with its place in a file."""
    return Problem(found.code, found.message, found.path, found.near, place.file, place.line, place.column)


def read_document(path: Path, name: str, problems: Problems) -> Document | None:
    """The file as a document, or None after noting what is wrong with it."""
    document = Document(name)
    try:
        if path.exists() and not path.is_file():
            why = Text("不是普通文件", "it is not a plain file")
            problems.found.append(document.problem("file_unreadable", why=why))
            return None
        if path.stat().st_size > MOST_BYTES:
            problems.found.append(document.problem("file_too_large", limit=MOST_BYTES))
            return None
        text = path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        problems.found.append(document.problem("file_missing", name=name))
        return None
    except UnicodeDecodeError as error:
        why = Text(f"第 {error.start + 1} 个字节不是 UTF-8", f"byte {error.start + 1} is not UTF-8")
        problems.found.append(document.problem("file_unreadable", why=why))
        return None
    except OSError as error:
        problems.found.append(document.problem("file_unreadable", why=error.strerror or "?"))
        return None
    if sum(text.count(mark) for mark in ",:\n") > MOST_PARTS:
        problems.found.append(document.problem("file_too_full", limit=MOST_PARTS))
        return None
    document.lines = text.splitlines()
    before = len(problems.found)
    try:
        yaml = YAML(typ="safe", pure=True)
        # An anchor that is used twice is refused below like any other; no warning is needed.
        yaml.composer.warn_double_anchors = False
        node = yaml.compose(text)
        if node is not None:
            document.data = _Builder(document, problems).value(node, ())
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)
        problems.found.append(placed(problem("yaml_broken", why=error.problem or "?"), place))
    except (YAMLError, ValueError) as error:
        problems.found.append(document.problem("yaml_broken", why=str(error).splitlines()[0]))
    except RecursionError:
        problems.found.append(document.problem("yaml_too_deep", limit=MOST_LEVELS))
    return None if len(problems.found) > before else document


class _Builder:
    """Plain data from YAML nodes: dict, list, str, int, Decimal, bool, None."""

    def __init__(self, document: Document, problems: Problems):
        self.document = document
        self.problems = problems

    def value(self, node: Node, path: KeyPath) -> Any:
        mark = node.start_mark
        self.document.values[path] = Place(self.document.name, mark.line + 1, mark.column + 1)
        if node.anchor is not None:
            self.refuse("yaml_alias", path)
            return None
        if len(path) > MOST_LEVELS:
            self.refuse("yaml_too_deep", path, limit=MOST_LEVELS)
            return None
        kind = str(node.tag).removeprefix("tag:yaml.org,2002:")
        if kind not in TAGS:
            self.refuse("value_bad", path, value=str(node.tag)[:40], right=PLAIN)
            return None
        match node:
            case MappingNode():
                return self.mapping(node, path)
            case SequenceNode():
                return [self.value(child, (*path, at)) for at, child in enumerate(node.value)]
            case ScalarNode():
                return self.scalar(node, path)
        raise AssertionError(node)

    def refuse(self, code: str, path: KeyPath, **values: Any) -> None:
        self.problems.found.append(self.document.problem(code, path, **values))

    def mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            inner = (*path, key)
            mark = key_node.start_mark
            if key in result:
                self.problems.found.append(
                    placed(
                        problem("key_twice", pointer(*inner), name=key),
                        Place(self.document.name, mark.line + 1, mark.column + 1),
                    )
                )
                continue
            self.document.keys[inner] = Place(self.document.name, mark.line + 1, mark.column + 1)
            result[key] = self.value(value_node, inner)
            if result[key] is None:  # an empty value has no place of its own
                self.document.values[inner] = self.document.keys[inner]
        return result

    def scalar(self, node: ScalarNode, path: KeyPath) -> Any:
        text = node.value
        match str(node.tag).rsplit(":", 1)[-1]:
            case "null":
                return None
            case "bool":
                return text.lower() == "true"
            case "int" if text.lstrip("+-").isdigit() and len(text) <= 30:
                return int(text)
            case "float" if text.lstrip("+-").replace(".", "", 1).isdigit() and len(text) <= 30:
                return Decimal(text)
            case "str":
                if "\n" in text or node.style:
                    self.document.styles[path] = node.style
                return text
        self.refuse(
            "value_bad", path, value=text, right=Text("文字、数字、true 或 false", "text, a number, true or false")
        )
        return None
