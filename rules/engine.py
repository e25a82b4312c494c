"""
The plan in durable_rules: which clauses fire is decided by its Rete, in C. The only module that knows it.

Its Python `Host` parses and prints JSON at every firing; the functions of its C module are driven here directly, and
only the name of each fired rule is read. The limits of its C core are counted when a plan is compiled:

- a message that matches more than 64 conditions at once fails (error 303) and may take the process with it, so clauses
  are dealt out to messages whose conditions cannot reach that many;
- a node finds its conditions in a table of 512 places by the hash of their property, and loops for ever when the table
  is full, so a ruleset holds few rules;
- properties are told apart by a 32-bit hash of their name alone, so no two names of a ruleset may share one;
- at most 1,024 sessions are open, found by a hash of their name, and facts of one session join: each sheet has one for
  itself, takes back what it asserted, and leaves the session to the next. To make and delete one clears half a megabyte
  for a printed table, and with it whatever the processor kept at hand; so only an error ends a session.

The C module never lets go of the interpreter, so each of its calls is whole, and threads in different sessions need no
lock. A lock here would be taken by one thread and woken for by all others, at every sheet.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from string import ascii_lowercase, digits
from typing import NamedTuple

import durable_rules_engine

from .decision import Case, Decision
from .errors import EngineFailed
from .plan import ALWAYS, Comparison, Conjunction, Form, Plan, PlannedClause, RateForm, Values, Variable

# durable_rules fails above 64 and 255; a few are kept free for what it adds itself.
MOST_MATCHES = 60
MOST_PROPERTIES = 200
# Conditions of a ruleset: half of a node's table of 512 places.
MOST_CONDITIONS = 256
MOST_RULES = 128

_OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}
# Names that durable_rules gives meaning to; a property with the hash of one would be taken for it.
_TAKEN = ("id", "sid", "$s", "$m", "m")
# Where the name of the session goes in a message that is yet to be filled in.
_SESSION = "<session>"


def name_hash(name: str) -> int:
    """The hash by which durable_rules tells names apart (FNV-1a over bytes, 32 bits)."""
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def short_names() -> Iterator[str]:
    """`pa`, `pb`, … `pba` …: short, because every firing prints the message again; none with a hash seen before."""
    seen = {name_hash(name) for name in _TAKEN}
    letters = ascii_lowercase + digits
    for number in count():
        name, rest = "", number
        while True:
            rest, at = divmod(rest, len(letters))
            name = letters[at] + name
            if not rest:
                break
        name = "p" + name
        if name_hash(name) not in seen:
            seen.add(name_hash(name))
            yield name


@dataclass(slots=True)
class Message:
    """The facts of some clauses, asserted together. `names` gives each variable its property."""

    names: dict[Variable, str] = field(default_factory=dict)
    rules: list[tuple[PlannedClause, Conjunction]] = field(default_factory=list)

    def conditions(self) -> set[tuple[Comparison, ...]]:
        """The conditions of durable_rules' network: every beginning of a conjunction, since rules share those."""
        return {conjunction[: end + 1] for _, conjunction in self.rules for end in range(len(conjunction))}

    def most_matches(self) -> int:
        """
        How many conditions a message can match at once, at most.

        Of first comparisons with one variable, as many count as some value meets; every later one counts.
        """
        conditions = self.conditions()
        first: dict[Variable, list[Comparison]] = {}
        for each in conditions:
            if len(each) == 1:
                first.setdefault(each[0].variable, []).append(each[0])
        later = sum(len(each) > 1 for each in conditions)
        return later + sum(_most_met(comparisons) for comparisons in first.values())

    def takes(self, clause: PlannedClause) -> bool:
        """Whether the clause's rules keep the message within the limits."""
        rules = [(clause, conjunction) for conjunction in clause.guard]
        variables = {one.variable for _, conjunction in rules for one in conjunction}
        tried = Message({**self.names, **dict.fromkeys(variables, "")}, self.rules + rules)
        return len(tried.names) <= MOST_PROPERTIES and tried.most_matches() <= MOST_MATCHES


def _most_met(comparisons: list[Comparison]) -> int:
    """How many of the comparisons with one variable hold for one value, at most."""
    points = {each.limit + step for each in comparisons for step in (-1, 0, 1)}
    one = comparisons[0].variable
    return max(
        sum(
            Comparison("x", each.operator, each.limit).holds({"x": point})
            for each in comparisons
            if each.variable == one
        )
        for point in points
    )


class Session(NamedTuple):
    """A place of a ruleset's own for one sheet after the other, and the messages to be filled in for it."""

    name: str
    asserted: list[tuple[str, Callable[[Values], tuple[int, ...]]]]


class Ruleset:
    """Some messages of a plan as one ruleset of durable_rules."""

    def __init__(self, name: str, messages: Sequence[Message]):
        self.clauses: list[list[int]] = []  # by rule number
        names = short_names()
        definition: dict[str, object] = {}
        for message in messages:
            message.names = {variable: next(names) for variable in message.names}
            # Clauses with the same conjunction share a rule: every rule costs, in each session and when it fires.
            sharing: dict[Conjunction, list[int]] = {}
            for clause, conjunction in message.rules:
                sharing.setdefault(conjunction, []).append(clause.index)
            for conjunction, indices in sharing.items():
                tests = [_test(message.names[one.variable], one) for one in conjunction]
                definition[str(len(self.clauses))] = {"all": [{"m": tests[0] if len(tests) == 1 else {"$and": tests}}]}
                self.clauses.append(indices)
        self.most = sum(len(indices) for indices in self.clauses)
        self.primer = next(names)
        definition[str(len(self.clauses))] = {"all": [{"m": {self.primer: 1}}]}
        self.clauses.append([])
        self.asserted = [_template(number, message) for number, message in enumerate(messages, start=1)]
        self.handle = durable_rules_engine.create_ruleset(name, json.dumps(definition))
        self.numbers = count(1)
        # Taking from a list and giving back to it needs no lock.
        self.idle = [self._open()]

    def fired(self, values: Values) -> list[int]:
        """The clauses that fire, as positions in the plan; no other sheet is in the session meanwhile."""
        try:
            session = self.idle.pop()
        except IndexError:
            session = self._open()
        try:
            messages = [template % variables(values) for template, variables in session.asserted]
        except BaseException:
            self.idle.append(session)
            raise
        found = self._alone(session.name, messages)
        self.idle.append(session)
        return found

    def _open(self) -> "Session":
        """
        One more session: as many as ever were at work at the same time.

        A session's place in memory is never cleared; deleting one that has never had an action frees what happens to
        stand there. So its first fact fires a rule, and from then on the place is clean.
        """
        name = str(next(self.numbers))
        asserted = [(template.replace(_SESSION, name), variables) for template, variables in self.asserted]
        self._alone(name, [f'{{"id":1,"sid":{name},"{self.primer}":1}}'])
        return Session(name, asserted)

    def _alone(self, session: str, messages: list[str]) -> list[int]:
        """What fires for these messages; the session is then as empty as before, or deleted."""
        try:
            found = self._firings(messages)
            for message in messages:
                durable_rules_engine.retract_fact(self.handle, message)
        except BaseException as error:
            # What is left of the sheet must not meet the next one.
            durable_rules_engine.delete_state(self.handle, session)
            if isinstance(error, durable_rules_engine.error | MemoryError):
                raise EngineFailed(f"durable_rules: {error}") from error
            raise
        return found

    def _firings(self, messages: list[str]) -> list[int]:
        handle, found = self.handle, []
        for message in messages:
            _, state = durable_rules_engine.assert_fact(handle, message)
        action = durable_rules_engine.start_action_for_state(handle, state)
        result = action and action[1]
        while result:
            # The result is `{"<rule>":{…`: the name of the one rule that fired.
            found += self.clauses[int(result[2 : result.index('"', 2)])]
            if len(found) > self.most:
                raise EngineFailed("durable_rules fires without end")
            result = durable_rules_engine.complete_and_start_action(handle, state)
        return found


def _test(name: str, one: Comparison) -> dict[str, object]:
    return {name: one.limit} if one.operator == "==" else {_OPERATORS[one.operator]: {name: one.limit}}


def _template(number: int, message: Message) -> tuple[str, Callable[[Values], tuple[int, ...]]]:
    """A message as a template to fill with integers, and where those come from: facts first, then signs of forms."""
    names = [variable for variable in message.names if isinstance(variable, str)]
    forms = [variable for variable in message.names if not isinstance(variable, str)]
    properties = "".join(f',"{message.names[variable]}":%d' for variable in (*names, *forms))
    return f'{{"id":{number},"sid":{_SESSION}{properties}}}', _integers(names, forms)


def _integers(names: list[str], forms: list[Form | RateForm]) -> Callable[[Values], tuple[int, ...]]:
    """The facts as they are, and the forms by their sign."""

    def signs(values: Values) -> tuple[int, ...]:
        exact = [form.value(values) for form in forms]
        return tuple([(each > 0) - (each < 0) for each in exact])

    if len(names) < 2:  # `itemgetter` of one name gives no tuple
        return lambda values: (*[values[name] for name in names], *signs(values))
    facts = itemgetter(*names)
    return (lambda values: facts(values) + signs(values)) if forms else facts


class Engine:
    """A plan, compiled for durable_rules. Safe to use from many threads; its rulesets are never freed."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.always = [each.index for each in plan.clauses if each.guard == ALWAYS]
        matched = [each for each in plan.clauses if each.guard != ALWAYS and each.guard]
        self.rulesets = [
            Ruleset(f"{plan.standard.policy.meaning[:16]}-{plan.standard.key}-{number}", messages)
            for number, messages in enumerate(dealt(matched))
        ]

    def decide(self, case: Case) -> Decision:
        """The decision; raises `EngineFailed` when durable_rules breaks."""
        fired = set(self.always)
        for ruleset in self.rulesets:
            fired.update(ruleset.fired(case.values))
        if case.unsure:
            fired -= {index for index in fired if self.plan.clauses[index].clause in case.unsure}
        return self.plan.decision(case, sorted(fired))


def dealt(clauses: Iterable[PlannedClause]) -> list[list[Message]]:
    """Clauses dealt out to messages, and messages to rulesets, each within the limits."""
    rulesets: list[list[Message]] = []
    rules = conditions = 0
    for clause in clauses:
        more = sum(len(conjunction) for conjunction in clause.guard)
        if rulesets and rules + len(clause.guard) <= MOST_RULES and conditions + more <= MOST_CONDITIONS:
            if not rulesets[-1][-1].takes(clause):
                rulesets[-1].append(Message())
        else:
            rulesets.append([Message()])
            rules = conditions = 0
        message = rulesets[-1][-1]
        rules += len(clause.guard)
        conditions += more
        for conjunction in clause.guard:
            message.rules.append((clause, conjunction))
            message.names.update({one.variable: "" for one in conjunction if one.variable not in message.names})
    return rulesets
