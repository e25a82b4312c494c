"""
The same standard as a decision graph of zen-engine, made from the policy.

Every clause becomes an expression: a veto's condition, or the clause's points where it fires and null where it does
not. Every item, the total and the grade are expressions over those. Numbers are the whole units in which the library
computes too (fen, hundredths of a point), flags are booleans and choices their names, so that zen-engine compares what
the library compares and its answers can be held to be equal, not close.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import lcm
from typing import Any, NamedTuple

import zen

from rules.decision import Case, Decision
from rules.expressions.syntax import (
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
)
from rules.facts import Choice, Flag, Percent
from rules.policy.model import (
    Amount,
    Award,
    Banded,
    Clause,
    Deduct,
    Fixed,
    Item,
    Judged,
    PerOccurrence,
    Proportion,
    Score,
    Stepped,
    Veto,
)
from rules.policy.versions import Standard

WITH_TRACE = {"trace": True}


class Answer(NamedTuple):
    """What both must agree on. After a veto there are neither items nor points of clauses."""

    grade: str
    score: int | None
    vetoes: frozenset[str]  # clauses
    items: Mapping[str, int]
    findings: Mapping[str, int]  # clauses that fired, with their own points


def answer_of(decision: Decision) -> Answer:
    """A decision of the library, as far as zen-engine has it too."""
    return Answer(
        decision.grade.key,
        decision.score,
        frozenset(finding.clause.key for finding in decision.veto_findings),
        {each.item.no: each.score for each in decision.items},
        {finding.clause.key: finding.points for each in decision.items for finding in each.findings},
    )


class ZenStandard:
    """
    A standard in zen-engine, made once.

    With `findings`, each clause is an expression of its own, so that the answer tells which clauses fired, as a
    decision does. Without, clauses are folded into their items: the least that scores a sheet, and less than a decision
    tells.
    """

    def __init__(self, standard: Standard, *, findings: bool):
        if standard.rescale or standard.table.bonus_at_most or standard.table.total_at_most:
            raise NotImplementedError("only standards whose total is the sum of their items")
        self.standard = standard
        self.findings = findings
        self.clauses = {f"c{at}": clause for at, clause in enumerate(standard.clauses())}
        self.items = {f"i{at}": item for at, item in enumerate(standard.items)}
        self.key_of = {clause: key for key, clause in self.clauses.items()}
        # A decision from `create_decision` compiles its expressions again at every evaluation and takes three times as
        # long; content of a static loader is compiled once.
        self.engine = zen.ZenEngine({"loader": {"type": "static", "content": {standard.key: self.graph()}}})

    def evaluate(self, context: Mapping[str, Any]) -> Mapping[str, Any]:
        """zen-engine's response, with the trace that explains it."""
        return self.engine.evaluate(self.standard.key, context, WITH_TRACE)

    def answer(self, response: Mapping[str, Any]) -> Answer:
        """What the response says; zen-engine leaves out what is null."""
        result = response["result"]
        grade, score = result["grade"], result.get("score")
        fired = {clause.key: result[key] for key, clause in self.clauses.items() if key in result}
        vetoes = {clause.key for clause in self.clauses.values() if isinstance(clause.effect, Veto)}
        if result["vetoed"]:
            return Answer(grade, score, frozenset(key for key in vetoes if fired.get(key)), {}, {})
        items = {item.no: result[key] for key, item in self.items.items()}
        return Answer(
            grade, score, frozenset(), items, {key: points for key, points in fired.items() if key not in vetoes}
        )

    def expected(self, decision: Decision) -> Answer:
        """What the response has to say, as far as it can."""
        answer = answer_of(decision)
        return answer if self.findings else answer._replace(vetoes=frozenset(), findings={})

    def context(self, case: Case) -> dict[str, Any]:
        """The checked facts of a case as zen-engine takes them."""
        given: dict[str, Any] = {}
        for name, fact in self.standard.facts.items():
            units = case.values[name]
            given[name] = fact.given(units) if isinstance(fact, Flag | Choice) else units
        return given

    def graph(self) -> dict[str, Any]:
        """Input, one node of expressions, output: more nodes are not quicker."""
        expressions = [{"id": key, "key": key, "value": value} for key, value in self.expressions()]
        nodes = [
            {"id": "sheet", "name": "sheet", "type": "inputNode", "content": {}},
            {"id": "rules", "name": "rules", "type": "expressionNode", "content": {"expressions": expressions}},
            {"id": "answer", "name": "answer", "type": "outputNode", "content": {}},
        ]
        edges = [
            {"id": "first", "sourceId": "sheet", "targetId": "rules", "type": "edge"},
            {"id": "second", "sourceId": "rules", "targetId": "answer", "type": "edge"},
        ]
        return {"nodes": nodes, "edges": edges}

    def expressions(self) -> Iterator[tuple[str, str]]:
        """Clauses, items, total and grade, each with its expression."""
        if self.findings:
            yield from ((key, _clause(clause)) for key, clause in self.clauses.items())
        yield from ((key, self.item(item)) for key, item in self.items.items())
        policy = self.standard.policy
        vetoes = [self.fired(clause) for clause in self.clauses.values() if isinstance(clause.effect, Veto)]
        yield "vetoed", " or ".join(vetoes) or "false"
        yield "total", " + ".join(f"$.{key}" for key in self.items)
        yield "score", "$.vetoed ? null : $.total"
        *upper, last = policy.grades
        steps = "".join(f'$.total >= {grade.start} ? "{grade.key}" : ' for grade in upper)
        yield "grade", f'$.vetoed ? "{policy.veto_grade.key}" : {steps}"{last.key}"'

    def item(self, item: Item) -> str:
        """The item's score from its clauses' points: the lowest outright score, or awards and deductions in bounds."""
        outright, awards, deductions = [], [], []
        for clause in item.clauses:
            match clause.effect:
                case Score(points):
                    outright.append((points, self.fired(clause)))
                case Award():
                    awards.append(self.points_or_nothing(clause))
                case Deduct():
                    deductions.append(self.points_or_nothing(clause))
                case Veto():
                    pass
                case _:
                    raise NotImplementedError(clause.effect)
        # Outright scores are constants, so the lowest that fires is the first of them in rising order.
        lowest = [fired for _, fired in sorted(outright)]
        score = f"min([{item.points}, {' + '.join(awards)}])" if awards else str(item.start)
        if deductions:
            score = f"max([0, {score} - {' - '.join(deductions)}])"
        return " ?? ".join([*lowest, score])

    def fired(self, clause: Clause) -> str:
        """The clause's points, null where it does not fire; of a veto whether it fires."""
        return f"$.{self.key_of[clause]}" if self.findings else f"({_clause(clause)})"

    def points_or_nothing(self, clause: Clause) -> str:
        """The clause's points, 0 where it does not fire."""
        return self.fired(clause) if isinstance(clause.fires, Always) else f"({self.fired(clause)} ?? 0)"


def _clause(clause: Clause) -> str:
    match clause.effect:
        case Veto():
            return _condition(clause.fires)
        case Score(points):
            amount = str(points)
        case Deduct(Banded(_, bands)) | Award(Banded(_, bands)):
            # The bands themselves tell whether there is anything to take.
            chosen = "".join(f"{_condition(band.range)} ? {band.points} : " for band in bands if band.points)
            return (
                f"{chosen}null"
                if isinstance(clause.when, Always)
                else f"{_condition(clause.when)} ? ({chosen}null) : null"
            )
        case Deduct(of) | Award(of):
            amount = _amount(of)
        case _:
            raise NotImplementedError(clause.effect)
    return amount if isinstance(clause.fires, Always) else f"{_condition(clause.fires)} ? {amount} : null"


def _condition(condition: Condition) -> str:
    match condition:
        case Always():
            return "true"
        case IsTrue(fact):
            return fact.name
        case IsChoice(fact, positions):
            names = [f'{fact.name} == "{fact.names[position]}"' for position in positions]
            return names[0] if len(names) == 1 else f"({' or '.join(names)})"
        case Not(part):
            return f"not ({_condition(part)})"
        case And(parts):
            return " and ".join(f"({_condition(part)})" for part in parts)
        case Or(parts):
            return " or ".join(f"({_condition(part)})" for part in parts)
        case Compare(FactValue(Percent() as rate), operator, Constant(limit)):
            return _rate(rate, operator, limit)
        case Compare(left, operator, right):
            per_one = lcm(_per_one(left), _per_one(right))
            return f"{_units(left, per_one)} {operator} {_units(right, per_one)}"
    raise NotImplementedError(condition)


def _rate(rate: Percent, operator: str, limit: Fraction) -> str:
    """Without a quotient; an empty whole stands for the rate that the policy gives it."""
    part, whole = rate.part.name, rate.whole.name
    by_hand = f"{part} * {100 * limit.denominator} {operator} {limit.numerator} * {whole}"
    n, d = rate.empty.numerator, rate.empty.denominator
    return f"({whole} == 0 ? {n * limit.denominator} {operator} {limit.numerator * d} : {by_hand})"


def _amount(amount: Amount) -> str:
    match amount:
        case Fixed(points):
            return str(points)
        case Judged(fact):
            return fact.name
        case PerOccurrence(number, every, points, at_most):
            per_one = lcm(_per_one(number), every.denominator)
            many = f"floor(({_units(number, per_one)}) / {every * per_one})"
            return _at_most(f"max([0, {many}]) * {points}", at_most)
        case Stepped(number, below, limit, first, every, then, begun, at_most):
            beyond, under = _beyond(number, limit, below=below)
            steps = f"{'ceil' if begun else 'floor'}(({beyond}) * {every.denominator} / ({under} * {every.numerator}))"
            return _at_most(f"{first} + {then} * {steps}", at_most)
        case Proportion(rate, points):
            part, whole = rate.part.name, rate.whole.name
            empty = f"{points * rate.empty.numerator} / {100 * rate.empty.denominator}"
            return f"min([{points}, {whole} == 0 ? {empty} : {points} * {part} / {whole}])"
    raise NotImplementedError(amount)


def _beyond(number: Number, limit: Fraction, *, below: bool) -> tuple[str, str]:
    """How far a number lies beyond a limit, as dividend and divisor."""
    if isinstance(number, FactValue) and isinstance(number.fact, Percent):
        rate = number.fact
        part, whole = rate.part.name, rate.whole.name
        if (rate.empty < limit) if below else (rate.empty > limit):
            raise NotImplementedError("a rate of nothing that deducts")
        signs = ("", "-") if below else ("-", "+")
        times = f"{limit.numerator} * {whole}", f"{100 * limit.denominator} * {part}"
        return f"{signs[0]}{times[0]} {signs[1]} {times[1]}", f"{limit.denominator} * {whole}"
    per_one = lcm(_per_one(number), limit.denominator)
    value, edge = _units(number, per_one), int(limit * per_one)
    return (f"{edge} - ({value})" if below else f"({value}) - {edge}"), str(per_one)


def _at_most(points: str, limit: int | None) -> str:
    return points if limit is None else f"min([{limit}, {points}])"


def _per_one(number: Number) -> int:
    """What makes every value of the number whole."""
    match number:
        case Constant(value):
            return value.denominator
        case FactValue(fact):
            return fact.per_one
        case Sum(terms):
            return lcm(*(_per_one(term) for term in terms))
        case Scaled(factor, inner):
            return factor.denominator * _per_one(inner)
    raise NotImplementedError(number)


def _units(number: Number, per_one: int) -> str:
    """The number times `per_one`."""
    match number:
        case Constant(value):
            return str(int(value * per_one))
        case FactValue(fact):
            times = per_one // fact.per_one
            return fact.name if times == 1 else f"{fact.name} * {times}"
        case Sum(terms):
            return " + ".join(_units(term, per_one) for term in terms)
        case Scaled(factor, inner):
            return f"{factor.numerator} * ({_units(inner, per_one // factor.denominator)})"
    raise NotImplementedError(number)
