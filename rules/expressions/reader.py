"""
From the text of a condition to its typed syntax.

The text is a small part of Python's expression grammar. It is parsed with `ast` and never run.
"""

import ast
import re
from collections.abc import Callable
from fractions import Fraction

from ..facts import KINDS, Choice, Fact, Facts, Flag, Percent
from ..language import Text
from .syntax import And, Compare, Condition, Constant, FactValue, IsChoice, IsTrue, Not, Number, Or, Scaled, Sum

MOST_CHARACTERS = 2000
MOST_LEVELS = 20
PLAIN_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{1,6})?")

# (code, column within the text, values, known names): how a reader reports, so that the caller can name the YAML line.
Report = Callable[..., None]

_OPERATORS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "==", "!=": "!="}


class _Stop(Exception):
    """A problem was reported; the part of the expression around it has no meaning."""


def read_condition(text: str, facts: Facts, report: Report) -> Condition | None:
    """The condition that `text` says, or None after reporting what is wrong with it."""
    reader = _Reader(text, facts, report)
    try:
        return reader.condition(reader.tree())
    except _Stop:
        return None


def read_number(text: str, facts: Facts, report: Report) -> Number | None:
    """The linear number that `text` says (an amount's `of` or `each`), or None after reporting what is wrong."""
    reader = _Reader(text, facts, report)
    try:
        number = reader.number(reader.tree())
        reader.one_kind([number])
        return number
    except _Stop:
        return None


class _Reader:
    def __init__(self, text: str, facts: Facts, report: Report):
        self.text = text
        self.facts = facts
        self.report = report

    def stop(self, code: str, node: ast.AST | None = None, known: object = (), **values: object) -> "_Stop":
        """Report, and give the exception to raise."""
        at = getattr(node, "col_offset", 0)
        # ast counts bytes; people count characters.
        self.report(code, len(self.text.encode()[:at].decode(errors="ignore")), known, values)
        return _Stop()

    def source(self, node: ast.AST) -> str:
        """The words of a part of the text."""
        return ast.get_source_segment(self.text, node) or self.text

    def tree(self) -> ast.expr:
        """The untyped syntax, within the limits."""
        if len(self.text) > MOST_CHARACTERS:
            raise self.stop("condition_too_long", limit=MOST_CHARACTERS, depth=MOST_LEVELS)
        try:
            tree = ast.parse(self.text.replace("\n", " "), mode="eval").body
        except SyntaxError as error:
            # The parser's own sentence is English and about Python; the place is what helps.
            words = (error.text or self.text)[max(0, (error.offset or 1) - 1) :].strip() or self.text
            words = words[:40]
            raise self.stop(
                "condition_broken", why=Text(f"“{words}”处无法读懂", f"not understood at `{words}`")
            ) from None
        except (ValueError, RecursionError, MemoryError):
            raise self.stop("condition_too_long", limit=MOST_CHARACTERS, depth=MOST_LEVELS) from None
        if _deeper_than(tree, MOST_LEVELS):
            raise self.stop("condition_too_long", limit=MOST_CHARACTERS, depth=MOST_LEVELS)
        return tree

    def condition(self, node: ast.expr) -> Condition:
        """A part that is true or false."""
        match node:
            case ast.BoolOp(op, values):
                parts = self.each(values)
                return And(parts) if isinstance(op, ast.And) else Or(parts)
            case ast.UnaryOp(ast.Not(), operand):
                return Not(self.condition(operand))
            case ast.Compare(left, operators, rights):
                links = []
                for operator, right in zip(operators, rights, strict=True):
                    links.append(self.comparison(node, left, operator, right))
                    left = right
                return links[0] if len(links) == 1 else And(tuple(links))
            case ast.Name():
                fact = self.fact(node)
                if isinstance(fact, Flag):
                    return IsTrue(fact)
                raise self.stop("not_a_condition", node, value=fact.name)
        if isinstance(node, ast.BinOp | ast.Constant):
            raise self.stop("not_a_condition", node, value=self.source(node))
        raise self.stop("condition_not_allowed", node, value=self.source(node))

    def each(self, nodes: list[ast.expr]) -> tuple[Condition, ...]:
        """All parts, so that problems in several of them are reported together."""
        parts = []
        for node in nodes:
            try:
                parts.append(self.condition(node))
            except _Stop:
                continue
        if len(parts) < len(nodes):
            raise _Stop
        return tuple(parts)

    def fact(self, node: ast.Name) -> Fact:
        """The fact of that name."""
        fact = self.facts.get(node.id)
        if fact is None:
            raise self.stop("fact_unknown", node, self.facts, name=node.id)
        return fact

    def comparison(self, whole: ast.expr, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> Condition:
        """One link of a chain."""
        if isinstance(left, ast.Name) and isinstance(fact := self.fact(left), Choice):
            return self.choice(fact, operator, right)
        if isinstance(right, ast.Name) and isinstance(fact := self.fact(right), Choice):
            return self.choice(fact, operator, left)
        if type(operator) not in _OPERATORS:
            raise self.stop("condition_not_allowed", whole, value=self.source(whole))
        one, other = self.number(left), self.number(right)
        self.one_kind([one, other])
        symbol = _OPERATORS[type(operator)]
        if isinstance(one, Constant) and not isinstance(other, Constant):
            return Compare(other, _TURNED[symbol], one)
        return Compare(one, symbol, other)

    def choice(self, fact: Choice, operator: ast.cmpop, node: ast.expr) -> Condition:
        """A choice against one of its values, or several."""
        match operator, node:
            case ((ast.Eq() | ast.NotEq()), ast.Constant(str())):
                values: list[ast.expr] = [node]
            case ((ast.In() | ast.NotIn()), ast.Tuple(elements) | ast.List(elements)):
                values = elements
            case _:
                raise self.stop("wrong_kind", node, left=fact.title, right=self.source(node))
        positions = []
        for value in values:
            name = value.value if isinstance(value, ast.Constant) else None
            if name not in fact.names:
                right = ", ".join(fact.names)
                raise self.stop("value_bad", value, fact.names, value=self.source(value), right=right, name=str(name))
            positions.append(fact.names.index(name))
        condition = IsChoice(fact, tuple(sorted(set(positions))))
        return Not(condition) if isinstance(operator, ast.NotEq | ast.NotIn) else condition

    def number(self, node: ast.expr) -> Number:
        """A part that is a linear number."""
        match node:
            case ast.Constant(value) if isinstance(value, int | float) and not isinstance(value, bool):
                return Constant(self.constant(node))
            case ast.Name():
                fact = self.fact(node)
                if isinstance(fact, Flag | Choice):
                    raise self.stop("not_a_number", node, value=fact.name)
                return FactValue(fact)
            case ast.UnaryOp(ast.USub(), operand):
                return _times(Fraction(-1), self.number(operand))
            case ast.BinOp(left, ast.Add(), right):
                return _added(self.number(left), self.number(right))
            case ast.BinOp(left, ast.Sub(), right):
                return _added(self.number(left), _times(Fraction(-1), self.number(right)))
            case ast.BinOp(left, ast.Mult(), right):
                one, other = self.number(left), self.number(right)
                if isinstance(one, Constant):
                    return _times(one.value, other)
                if isinstance(other, Constant):
                    return _times(other.value, one)
        raise self.stop("condition_not_allowed", node, value=self.source(node))

    def constant(self, node: ast.Constant) -> Fraction:
        """The number exactly as it is written: the text, not the float that Python makes of it."""
        text = self.source(node)
        if not PLAIN_NUMBER.fullmatch(text):
            raise self.stop("condition_not_allowed", node, value=text)
        return Fraction(text)

    def one_kind(self, numbers: list[Number]) -> None:
        """Counts, amounts, judgements and percents do not mix; a percent stands alone against a constant."""
        kinds: dict[type[Fact], FactValue] = {}
        for value in numbers:
            for part in _values(value):
                kinds.setdefault(type(part.fact), part)
        first, *others = kinds.values() or (None,)
        if others:
            raise self.stop("wrong_kind", left=_title(first), right=_title(others[0]))
        if Percent in kinds:
            alone = [value for value in numbers if not isinstance(value, Constant)]
            if len(alone) != 1 or not isinstance(alone[0], FactValue):
                raise self.stop("condition_not_allowed", value=self.text)


def _title(value: FactValue | None) -> Text:
    assert value is not None
    kind = KINDS[type(value.fact)]
    return Text(f"{kind.zh}“{value.fact.title.zh}”", f"{kind.en} ({value.fact.title.en})")


def _values(node: Number) -> list[FactValue]:
    match node:
        case FactValue():
            return [node]
        case Sum(terms):
            return [value for term in terms for value in _values(term)]
        case Scaled(_, inner):
            return _values(inner)
    return []


def _added(left: Number, right: Number) -> Number:
    if isinstance(left, Constant) and isinstance(right, Constant):
        return Constant(left.value + right.value)
    terms = [
        *(left.terms if isinstance(left, Sum) else (left,)),
        *(right.terms if isinstance(right, Sum) else (right,)),
    ]
    return Sum(tuple(terms))


def _times(factor: Fraction, number: Number) -> Number:
    match number:
        case Constant(value):
            return Constant(factor * value)
        case Scaled(inner, rest):
            return Scaled(factor * inner, rest)
    return Scaled(factor, number)


def _deeper_than(tree: ast.AST, levels: int) -> bool:
    """Whether the syntax is nested deeper than `levels`; walks without recursion."""
    level = [tree]
    for _ in range(levels + 1):
        level = [child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
        if not level:
            return False
    return True
