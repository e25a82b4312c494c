"""
Who may hold a capped grade: cohorts, ranks in them, and how far the places reach.

Annex 1, 三 3: 从紧控制优秀等次数量（一般不超过总数的30%）. What the text leaves open is a field of the policy's cap.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import attrgetter
from typing import NamedTuple

from ..numbers import half_up
from ..policy.model import District
from .cohort import Assessed, Cohort, districts_in_order
from .method import ChosenCap, Method

FITS = "fits"  # the whole group is within the places
GROUP_GOES_IN = "group_goes_in"  # the group at the edge goes in as a whole, over the number
FULL = "full"  # better scores took every place
GROUP_STAYS_OUT = "group_stays_out"  # the group at the edge does not fit, and stays out as a whole
BEHIND_GROUP = "behind_group"  # a better group stayed out, and nobody lower goes in
_ID = attrgetter("unit.id")
_SCORE: Callable[[Assessed], int] = attrgetter("score")
# Where a policy caps nothing, units are ranked per district over all standards, by score.
_PLAIN_SHAPE = (False, False, False)


class Tied(NamedTuple):
    """Units of one rank, in order of their ids."""

    rank: int
    units: list[Assessed]


class Ranking(NamedTuple):
    """One cohort, best first; `district` and `standard` are None where the cohort is over all of them."""

    district: str | None
    standard: str | None
    units: list[Assessed]  # those with a score, best first, and equals in order of their ids
    ranks: list[int]  # of each of them
    unscored: list[Assessed]  # after a veto, in order of their ids
    left_out: int

    @property
    def scored(self) -> int:
        """How many have a score."""
        return len(self.units)

    @property
    def assessed(self) -> int:
        """Everybody, also who has no score."""
        return self.scored + len(self.unscored) + self.left_out


@dataclass(frozen=True, slots=True)
class Places:
    """A cap over one cohort: how many places there were, and how far they reached."""

    cap: ChosenCap
    ranking: Ranking
    counted: int  # whom the share is taken of
    room: int
    candidates: int
    admitted: int
    last: Tied | None  # the last candidates who are in


class Standing(NamedTuple):
    """How the candidates of one rank fared under a cap; `taken` places were gone to better ones."""

    places: Places
    rank: int
    size: int
    taken: int
    why: str

    @property
    def inside(self) -> bool:
        """Whether they are within the places."""
        return self.why in (FITS, GROUP_GOES_IN)


class Capped(NamedTuple):
    """What the caps made of a cohort: the rankings of the first one, every cap's places, and who stood how."""

    rankings: list[Ranking]
    places: list[Places]
    standings: Mapping[str, tuple[Standing, ...]]  # by unit id, of those who were candidates


def apply_caps(method: Method, cohort: Cohort, districts: Mapping[str | None, District]) -> Capped:
    """Rank everybody and apply the policy's caps in their order, each to the grades that the ones before left."""
    shapes = [cap.shape for cap in method.caps] or [_PLAIN_SHAPE]
    rankings = {shape: rank(method, cohort, districts, shape) for shape in dict.fromkeys(shapes)}
    standings: dict[str, tuple[Standing, ...]] = {}
    grade_ranks: dict[str, int] = {}  # of the units that a cap lowered
    places: list[Places] = []
    for cap in method.caps:
        for ranking in rankings[cap.shape]:
            candidates = _candidates(cap, ranking, grade_ranks)
            found, stood = _fill(cap, ranking, candidates)
            places.append(found)
            for tied, standing in zip(candidates, stood, strict=True):
                lowered = cap.hard and not standing.inside
                alone = (standing,)
                for each in tied.units:
                    name = each.unit.id
                    standings[name] = (*standings[name], standing) if name in standings else alone
                    if lowered:
                        grade_ranks[name] = cap.becomes.rank
    return Capped(rankings[shapes[0]], places, standings)


def rank(
    method: Method, cohort: Cohort, districts: Mapping[str | None, District], shape: tuple[bool, bool, bool]
) -> list[Ranking]:
    """Every cohort of that shape in the order of the policy. Rank = 1 + how many of the cohort have a higher score."""
    overall, apart, by_share = shape
    names = {name: None if overall and method.paid_by_the_city(each) else each.name for name, each in districts.items()}
    by_name: dict[str | None, list[Assessed]] = {name: [] for name in districts}
    for each in cohort.assessed:
        by_name[each.unit.district].append(each)
    merged: dict[tuple[str | None, str | None], list[Assessed]] = {}
    for name, units in by_name.items():
        for standard in method.policy.tables if apart else (None,):
            own = units if standard is None else [each for each in units if each.standard == standard]
            if own:
                merged.setdefault((names[name], standard), []).extend(own)
    absent = Counter((names[each.unit.district], each.standard if apart else None) for each in cohort.left_out)
    key = _by_share(method) if by_share else _SCORE
    return [
        _ranking(where, merged.get(where, []), key, absent[where])
        for where in _in_order(method, districts, merged.keys() | absent.keys())
    ]


def _ranking(
    where: tuple[str | None, str | None], units: list[Assessed], key: Callable[[Assessed], int], left_out: int
) -> Ranking:
    """One cohort, best first."""
    units.sort(key=_ID)
    unscored = [each for each in units if each.score is None]
    scored = [each for each in units if each.score is not None]
    scored.sort(key=key, reverse=True)
    ranks: list[int] = []
    rank, before = 0, None
    for at, score in enumerate(map(key, scored), 1):
        if score != before:
            rank, before = at, score
        ranks.append(rank)
    return Ranking(*where, scored, ranks, unscored, left_out)


def _in_order(
    method: Method, districts: Mapping[str | None, District], there: set[tuple[str | None, str | None]]
) -> Iterator[tuple[str | None, str | None]]:
    for district in (None, *(each.name for each in districts_in_order(method, districts.values()))):
        for standard in (None, *method.policy.tables):
            if (district, standard) in there:
                yield district, standard


def _by_share(method: Method) -> Callable[[Assessed], int]:
    """Scores as shares of what their standard lets anybody reach, as whole numbers that compare alike."""
    most = {key: units for key, units in method.attainable.items() if units}
    common = lcm(*most.values())
    times = {key: common // units for key, units in most.items()}
    return lambda each: (each.score or 0) * times[each.standard]


def _candidates(cap: ChosenCap, ranking: Ranking, grade_ranks: Mapping[str, int]) -> list[Tied]:
    """Those who hold the capped grade by now, by rank."""
    wanted = cap.grade.rank
    found: list[Tied] = []
    last = 0
    for each, rank in zip(ranking.units, ranking.ranks, strict=True):
        if (grade_ranks.get(each.unit.id, each.grade.rank) if grade_ranks else each.grade.rank) == wanted:
            if rank != last:
                found.append(Tied(rank, []))
                last = rank
            found[-1].units.append(each)
    return found


def _fill(cap: ChosenCap, ranking: Ranking, candidates: Sequence[Tied]) -> tuple[Places, list[Standing]]:
    """Give the places to the best; a group of one rank stays or goes together."""
    counted = ranking.scored if cap.scored_only else ranking.assessed
    room = places_of(cap, counted)
    taken, closed, last = 0, "", None
    reasons: list[tuple[int, int, int, str]] = []
    for tied in candidates:
        size = len(tied.units)
        if closed:
            why = closed
        elif taken + size <= room:
            why = FITS
        elif taken >= room:
            why = closed = FULL
        elif cap.group_goes_in:
            why, closed = GROUP_GOES_IN, FULL
        else:
            why, closed = GROUP_STAYS_OUT, BEHIND_GROUP
        reasons.append((tied.rank, size, taken, why))
        if why in (FITS, GROUP_GOES_IN):
            taken, last = taken + size, tied
    places = Places(cap, ranking, counted, room, sum(len(tied.units) for tied in candidates), taken, last)
    return places, [Standing(places, *reason) for reason in reasons]


def places_of(cap: ChosenCap, counted: int) -> int:
    """How many may hold the grade among so many."""
    if cap.number is not None:
        return cap.number
    exact = Fraction(cap.share or 0) * counted / 100
    return half_up(exact) if cap.half_up else int(exact)
