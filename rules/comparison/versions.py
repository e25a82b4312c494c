"""One of the versions that are compared, and what it makes of a sheet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from ..completion import Completion, OpenItems
from ..decision import Bounds, Decision
from ..errors import Problem, Problems
from ..facts import shown
from ..language import Text, nearest
from ..plan import Plan, lower
from ..policy.versions import Policy, Standard
from ..reference import Reference
from ..settlement import Method, method_of
from ..sheets import Sheet, SheetReader


class Opened(NamedTuple):
    """
    What a sheet that lacks facts comes to: the facts, the items that hang on them, and bounds of the whole.

    `decision` is right but for those items, its total and its grade. `items` and `bounds` are None when too much is
    missing to try every completion.
    """

    missing: tuple[str, ...]
    decision: Decision
    items: tuple[OpenItems, ...] | None
    bounds: Bounds | None


Outcome = Decision | Opened


class _Judge:
    """Reads and decides sheets of one standard; by the reference alone, as nothing hangs on a comparison."""

    def __init__(self, standard: Standard):
        self.standard = standard
        self.plan: Plan = lower(standard)
        self.reader = SheetReader(standard)
        self.reference = Reference(standard)

    def outcome(self, sheet: Sheet) -> Outcome:
        """The decision, or what the sheet can still become."""
        missing = Problems()
        completion = Completion(self.plan, sheet)
        case = completion.case(missing)
        if case is not None:
            return self.reference.decide(case)
        names = tuple(each.path.rsplit("/", 1)[-1] for each in missing.found)
        partly = self.reference.decide(completion.known_so_far())
        items = completion.open_items()
        return Opened(names, partly, None if items is None else tuple(items), completion.bounds())


@dataclass(frozen=True, slots=True, eq=False)
class Version:
    """A policy under chosen readings. Raises `RequestRefused` on readings that it does not have."""

    policy: Policy
    readings: Mapping[str, str] = field(default_factory=dict)
    method: Method = field(init=False)
    _judges: dict[str, _Judge] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "method", method_of(self.policy, self.readings))

    @property
    def name(self) -> str:
        """`changzhou-2012`, or `changzhou-2012:petitions=tolerant`."""
        readings = ",".join(f"{name}={choice}" for name, choice in sorted(self.method.readings.items()))
        return f"{self.policy.key}:{readings}" if readings else self.policy.key

    def judge(self, standard: str) -> _Judge:
        """Who decides sheets of that standard."""
        if standard not in self._judges:
            self._judges[standard] = _Judge(self.policy.standard(standard, self.readings))
        return self._judges[standard]


def read_for_all(versions: Sequence[Version], posted: object, problems: Problems) -> list[Sheet]:
    """
    What was posted as a sheet of every version: a fact that any of them knows is good, and each takes its own.

    None of them when `problems` names what is wrong. Self scores stand for one version's items, and are not looked at.
    """
    found = Problems()
    if not isinstance(posted, Mapping):
        problems.add("value_bad", value=shown(posted), right=Text("一个 JSON 对象", "a JSON object"))
        return []
    standard = posted.get("standard")
    for each in versions:
        if standard is None:
            found.add("key_missing", "/standard", name="standard")
        elif not isinstance(standard, str) or standard not in each.policy.tables:
            name = standard if isinstance(standard, str) else shown(standard)
            found.add("standard_unknown", "/standard", each.policy.tables, name=name)
    if found.found:
        problems.found += _once(found.found)
        return []
    judges = [each.judge(str(standard)) for each in versions]
    sheets = [judge.reader.read(_own(judge, judges, posted), found) for judge in judges]
    problems.found += _once(found.found)
    return [] if found.found else sheets


def _own(judge: _Judge, judges: Sequence[_Judge], posted: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet without what only other versions know; what none knows stays, to be refused."""
    sheet = {key: value for key, value in posted.items() if key != "self_scores"}
    for key, known in (("facts", _facts), ("reasons", _judgements)):
        given = posted.get(key)
        if isinstance(given, Mapping):
            mine = known(judge)
            others = set().union(*(known(other) for other in judges))
            sheet[key] = {name: value for name, value in given.items() if name in mine or name not in others}
    return sheet


def _facts(judge: _Judge) -> set[str]:
    return set(judge.standard.accepted)


def _judgements(judge: _Judge) -> set[str]:
    return set(judge.reader.judgements)


def _once(problems: Sequence[Problem]) -> list[Problem]:
    """
    What several versions say alike is said once, with the nearest of all known names.

    A name that one version knows otherwise (as derived, or of another standard) is not called unknown for another.
    """
    alike: dict[tuple[str, str, Text], list[Problem]] = {}
    for each in problems:
        alike.setdefault((each.code, each.path, each.message), []).append(each)
    known = {each.path for each in problems if each.code != "fact_unknown"}
    return [
        replace(same[0], near=_nearest(same))
        for (code, path, _), same in alike.items()
        if code != "fact_unknown" or path not in known
    ]


def _nearest(problems: Sequence[Problem]) -> str | None:
    """The nearest of the names that versions know."""
    near = dict.fromkeys(each.near for each in problems if each.near is not None)
    return nearest(problems[0].path.rsplit("/", 1)[-1], near) or next(iter(near), None)
