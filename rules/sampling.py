"""
A sample for spot checks (重点抽查) that anybody can draw again.

Units stand in strata, by the named keys. Within a stratum they are ordered by the SHA-256 of the seed, a zero byte and
the unit's id, so the order of the input never matters, a unit more changes only its own stratum, and a larger sample of
the same seed holds the smaller one.
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from hashlib import sha256
from typing import Any, NamedTuple

from .errors import CohortRefused, Problems, problem
from .facts import shown
from .language import Text
from .numbers import half_up, plain
from .sheets import MOST_NAME, Posted, name_twice, read_unit

STRATUM_KEYS = ("district", "standard", "grade")
ORDER = "sha256(seed + NUL + unit id)"


class Draw(NamedTuple):
    """How a sample is drawn: `share` percent of each stratum, half up and at least one, or `number` of each."""

    seed: str
    by: tuple[str, ...]
    share: Fraction | None
    number: int | None

    def size(self, stratum: int) -> int:
        """How many are drawn from that many."""
        if self.number is not None:
            return min(self.number, stratum)
        assert self.share is not None
        return max(1, half_up(stratum * self.share / 100))


class Candidate(NamedTuple):
    """Somebody who may be drawn; `at` is where the line stood."""

    id: str
    at: str


class Stratum(NamedTuple):
    """Everybody who is alike in the named keys, in the order in which they are drawn."""

    key: tuple[str | None, ...]
    units: tuple[Candidate, ...]
    drawn: tuple[Candidate, ...]


class Sample(NamedTuple):
    """The strata, ordered by their keys."""

    draw: Draw
    strata: tuple[Stratum, ...]


def sample(draw: Draw, posted: Iterable[Posted]) -> Sample:
    """
    Draw from decisions, from lines of a settlement (the final grade counts there), or from sheets.

    Raises `CohortRefused` naming a seed that cannot be read, every unit that is there twice or lacks a key, and nobody
    at all.
    """
    problems = Problems()
    if not draw.seed.strip() or not draw.seed.isprintable() or len(draw.seed) > MOST_NAME:
        problems.add("text_unreadable", "/seed")
    strata: dict[tuple[str | None, ...], list[Candidate]] = {}
    places: dict[str, list[str]] = {}
    for each in posted:
        found = Problems()
        candidate, key = _read(draw.by, each, found)
        problems.found += [one.below(each.at) for one in found.found]
        if not found.found:
            places.setdefault(candidate.id, []).append(each.at)
            strata.setdefault(key, []).append(candidate)
    name_twice(places, problems)
    if not strata and not problems.found:
        problems.add("sample_empty")
    problems.refuse(CohortRefused)
    return Sample(draw, tuple(_stratum(draw, key, strata[key]) for key in sorted(strata, key=_in_order)))


def _read(by: Sequence[str], posted: Posted, problems: Problems) -> tuple[Candidate, tuple[str | None, ...]]:
    """Who it is, and the values of the keys."""
    if posted.problem is not None or not isinstance(posted.value, Mapping):
        right = Text("一个 JSON 对象", "a JSON object")
        problems.found.append(posted.problem or problem("value_bad", value=shown(posted.value), right=right))
        return Candidate("", posted.at), ()
    unit = read_unit(posted.value.get("unit"), problems)
    return Candidate(unit.id, posted.at), tuple(_value(name, posted.value, unit.id, problems) for name in by)


def _value(name: str, line: Mapping[str, Any], unit: str, problems: Problems) -> str | None:
    """The value of a key; None for the grade of a unit that a settlement left out."""
    path = f"/{name}"
    if name == "grade" and "final_grade" in line:
        path, value = "/final_grade", line["final_grade"]
        if value is None:
            return None
    elif name == "district" and line.get("district") is None:
        if not isinstance(line.get("unit"), Mapping):
            return None  # a line without a unit has been named already
        path, value = "/unit/district", line["unit"].get("district")
    else:
        value = line.get(name)
    if value is None:
        problems.add("stratum_unknown", path, (), unit=unit, name=name)
    elif not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= MOST_NAME:
        problems.add("value_bad", path, (), value=shown(value), right=Text("一个名称", "a name"))
    else:
        return value
    return None


def _in_order(key: tuple[str | None, ...]) -> tuple[tuple[bool, str], ...]:
    return tuple((value is None, value or "") for value in key)


def _stratum(draw: Draw, key: tuple[str | None, ...], candidates: Iterable[Candidate]) -> Stratum:
    units = tuple(sorted(candidates, key=lambda each: _hash(draw.seed, each.id)))
    return Stratum(key, units, units[: draw.size(len(units))])


def _hash(seed: str, unit: str) -> bytes:
    return sha256(f"{seed}\0{unit}".encode()).digest()


def sample_data(drawn: Sample) -> dict[str, Any]:
    """
    Everything that is needed to draw it again from the same units.

    `population` is the SHA-256 of a stratum's ids, sorted, each ended by a line feed: it shows whether two people draw
    from the same units.
    """
    draw = drawn.draw
    return {
        "seed": draw.seed,
        "by": list(draw.by),
        "share": None if draw.share is None else plain(draw.share),
        "number": draw.number,
        "order": ORDER,
        "units": sum(len(each.units) for each in drawn.strata),
        "drawn": sum(len(each.drawn) for each in drawn.strata),
        "strata": [
            {
                **dict(zip(draw.by, each.key, strict=True)),
                "size": len(each.units),
                "drawn": len(each.drawn),
                "population": sha256("".join(f"{unit.id}\n" for unit in sorted(each.units)).encode()).hexdigest(),
                "units": [unit.id for unit in each.drawn],
            }
            for each in drawn.strata
        ],
    }
