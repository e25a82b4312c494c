"""
The plan in durable_rules: which clauses fire is decided by its Rete, in C. The only module that knows it.

Its Python `Host` parses and prints JSON at every firing; the functions of its C module are driven here directly, and
only the name of each fired rule is read. The limits of its C core are counted when a plan is compiled:

- a message that matches more than 64 conditions at once fails (error 303) and may take the process with it, so clauses
  are dealt out to messages whose conditions cannot reach that many;
- a node finds its conditions in a table of 512 places by the hash of their property, and loops for ever when the table
  is full, so a ruleset holds few rules;
- properties are told apart by a 32-bit hash of their name alone, so no two names of a ruleset may share one;
- at most 1,024 sessions are open, found by a hash of their name, and facts of one session join: each sheet has the
  ruleset for itself, and its session is deleted whatever happens.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from operator import itemgetter
from string import ascii_lowercase, digits

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
_SESSION = "1"


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
        primer = next(names)
        definition[str(len(self.clauses))] = {"all": [{"m": {primer: 1}}]}
        self.clauses.append([])
        self.asserted = [_template(number, message) for number, message in enumerate(messages, start=1)]
        self.lock = threading.Lock()
        self.handle = durable_rules_engine.create_ruleset(name, json.dumps(definition))
        # A session's place in memory is never cleared; deleting one that has never had an action frees what happens to
        # stand there. One action here, and the place that every later session takes is clean.
        self._session([f'{{"id":1,"sid":{_SESSION},"{primer}":1}}'])

    def fired(self, values: Values) -> list[int]:
        """The clauses that fire, as positions in the plan; in a session of its own."""
        messages = [template % variables(values) for template, variables in self.asserted]
        with self.lock:
            try:
                return self._session(messages)
            except (durable_rules_engine.error, MemoryError) as error:
                raise EngineFailed(f"durable_rules: {error}") from error

    def _session(self, messages: list[str]) -> list[int]:
        handle, found = self.handle, []
        opened = False
        try:
            for message in messages:
                opened = True
                _, state = durable_rules_engine.assert_fact(handle, message)
            action = durable_rules_engine.start_action_for_state(handle, state)
            result = action and action[1]
            while result:
                # The result is `{"<rule>":{…`: the name of the one rule that fired.
                found += self.clauses[int(result[2 : result.index('"', 2)])]
                if len(found) > self.most:
                    raise EngineFailed("durable_rules fires without end")
                result = durable_rules_engine.complete_and_start_action(handle, state)
        finally:
            if opened:
                durable_rules_engine.delete_state(handle, _SESSION)
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
