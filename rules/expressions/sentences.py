"""Conditions as sentences that an officer reads, in Chinese and English."""

from ..facts import Fact, Percent
from ..language import Text, joined, same
from ..numbers import plain
from .meaning import Values, test
from .syntax import (
    Always,
    And,
    Compare,
    Condition,
    Constant,
    FactValue,
    IsChoice,
    IsTrue,
    Not,
    Number,
    Or,
    Scaled,
    Sum,
    without_not,
)

_COMPARED = {
    "<": Text("低于", "is below"),
    "<=": Text("不高于", "is at most"),
    ">": Text("高于", "is above"),
    ">=": Text("不低于", "is at least"),
    "==": Text("等于", "is"),
    "!=": Text("不等于", "is not"),
}


def sentence(condition: Condition) -> Text:
    """The condition in words: `贷款还款率低于 80%`."""
    return _sentence(without_not(condition))


def reason(condition: Condition, values: Values) -> Text:
    """Why the condition holds: as its sentence, with only those alternatives that are the case."""
    return _sentence(_true_parts(without_not(condition), values))


def _true_parts(condition: Condition, values: Values) -> Condition:
    match condition:
        case Or(parts):
            true = tuple(_true_parts(part, values) for part in parts if _known_true(part, values))
            return true[0] if len(true) == 1 else Or(true)
        case And(parts):
            return And(tuple(_true_parts(part, values) for part in parts))
    return condition


def _known_true(condition: Condition, values: Values) -> bool:
    """Whether the condition holds by facts that were given; an absent one gives no reason."""
    try:
        return test(condition)(values)
    except KeyError:
        return False


def _sentence(condition: Condition) -> Text:
    match condition:
        case Always():
            return Text("", "")
        case IsTrue(fact):
            return fact.yes
        case Not(IsTrue(fact)):
            return fact.no
        case IsChoice(fact, positions):
            words = joined((fact.choices[at][1] for at in positions), "或", " or ")
            return Text(f"{fact.title.zh}为“{words.zh}”", f"{fact.title.en} is {words.en}")
        case And((Compare(FactValue(one), low, Constant(start)), Compare(FactValue(other), high, Constant(end)))) if (
            one is other and low in (">", ">=") and high in ("<", "<=")
        ):
            return _range(one, (low, start), (high, end))
        case And(parts):
            return joined((_inner(part, Or) for part in parts), "，且", " and ")
        case Or(parts):
            return joined((_inner(part, And) for part in parts), "，或", " or ")
        case Compare(FactValue(fact), operator, Constant(limit)):
            return _against_limit(fact, operator, limit)
        case Compare(left, operator, right):
            this, that, words = _number(left), _number(right), _COMPARED[operator]
            return Text(f"{this.zh}{words.zh}{_spaced(that.zh)}", f"{this.en} {words.en} {that.en}")
    raise AssertionError(condition)


def _spaced(words: str) -> str:
    """A number stands a blank away from Chinese words."""
    return f" {words}" if words[:1].isdigit() else words


def _range(fact: Fact, low: tuple[str, object], high: tuple[str, object]) -> Text:
    """Two limits on one fact in one breath: `采集率高于 80%、低于 90%`."""
    (over, start), (under, end) = low, high
    first, last = quantity(fact, start), quantity(fact, end)
    return Text(
        f"{fact.title.zh}{_COMPARED[over].zh} {first.zh}、{_COMPARED[under].zh} {last.zh}",
        f"{fact.title.en} {_COMPARED[over].en} {first.en} and {_COMPARED[under].en.removeprefix('is ')} {last.en}",
    )


def _inner(part: Condition, bracketed: type) -> Text:
    words = _sentence(part)
    return Text(f"（{words.zh}）", f"({words.en})") if isinstance(part, bracketed) else words


def _against_limit(fact: Fact, operator: str, limit: object) -> Text:
    """A fact against a number; none and some are said as people say them."""
    name = fact.title
    if fact.kind == "count" and (operator, limit) in ((">", 0), (">=", 1), ("!=", 0)):
        return Text(f"有{name.zh}", f"there are {name.en}")
    if fact.kind == "count" and (operator, limit) in (("<", 1), ("<=", 0), ("==", 0)):
        return Text(f"没有{name.zh}", f"there are no {name.en}")
    words, value = _COMPARED[operator], quantity(fact, limit)
    return Text(f"{name.zh}{words.zh} {value.zh}", f"{name.en} {words.en} {value.en}")


def quantity(fact: Fact, value: object) -> Text:
    """A number with the fact's unit: `80%`, `3 人`."""
    text = plain(value)
    if isinstance(fact, Percent):
        return same(f"{text}%")
    return Text(f"{text} {fact.unit.zh}".rstrip(), f"{text} {fact.unit.en}".rstrip())


def number_words(number: Number) -> Text:
    """A number in words: the facts' titles and the arithmetic between them."""
    return _number(number)


def _number(number: Number) -> Text:
    match number:
        case Constant(value):
            return same(plain(value))
        case FactValue(fact):
            return fact.title
        case Scaled(factor, inner):
            words = _number(inner)
            if factor == -1:
                return Text(f"负{words.zh}", f"minus {words.en}")
            return Text(f"{words.zh}的 {plain(factor)} 倍", f"{plain(factor)} x {words.en}")
        case Sum(terms):
            first, *rest = terms
            zh, en = _number(first)
            for term in rest:
                minus = (isinstance(term, Scaled) and term.factor < 0) or (
                    isinstance(term, Constant) and term.value < 0
                )
                words = _number(_absolute(term) if minus else term)
                zh += f"{'减' if minus else '加'}{words.zh}"
                en += f" {'minus' if minus else 'plus'} {words.en}"
            return Text(zh, en)
    raise AssertionError(number)


def _absolute(term: Number) -> Number:
    match term:
        case Scaled(factor, inner):
            return inner if factor == -1 else Scaled(-factor, inner)
        case Constant(value):
            return Constant(-value)
    return term
