"""The settlement of a cohort: from decisions to final grades, subsidies and orders to rectify."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import NamedTuple

from ..errors import CohortRefused, Problems
from ..numbers import sum_of_known
from ..policy.model import District, Grade
from .caps import Capped, Places, Standing, apply_caps
from .cohort import Assessed, Cohort, LeftOut, check, districts_in_order
from .method import Method
from .money import NO_MONEY, Average, Money, Payable, average_of, check_money, known, worth


class Settled(NamedTuple):
    """One unit, settled. `standings` say how it fared under each cap that it was a candidate of."""

    assessed: Assessed
    district: District
    rank: int | None  # in the cohort of the policy's first cap; None after a veto
    final: Grade
    standings: tuple[Standing, ...]
    subsidy: int | None  # fen; None where it cannot be told

    @property
    def capped(self) -> bool:
        """Whether a cap took its grade."""
        return self.final.rank != self.assessed.grade.rank


class Tally(NamedTuple):
    """What came out for a district, or for everybody."""

    district: District | None
    paid: bool  # its subsidies count in the total
    assessed: int  # everybody, also who was vetoed or left out
    vetoed: int
    left_out: int
    before: Mapping[str, int]  # grade -> units
    final: Mapping[str, int]
    capped: int
    rectify: int
    subsidy: int | None  # fen

    @property
    def scored(self) -> int:
        """Who has a score."""
        return self.assessed - self.vetoed - self.left_out


class Settlement(NamedTuple):
    """
    A cohort, settled. Units stand by district, then by rank, then by id, whatever the order was in which they came.

    The subsidy of `total` leaves out the districts that only follow the method; theirs is in `following`.
    """

    method: Method
    average: Average
    units: tuple[Settled, ...]
    left_out: tuple[tuple[LeftOut, District], ...]
    places: tuple[Places, ...]
    districts: tuple[Tally, ...]
    total: Tally
    following: int | None  # fen


def settle(method: Method, cohort: Cohort, money: Money = NO_MONEY, problems: Problems | None = None) -> Settlement:
    """
    Settle everybody of a cohort together.

    `problems` are those that were found when the cohort was read, so that all are refused together. Raises
    `CohortRefused`: nobody, a unit twice, a missing or unknown district, money of another kind than is asked for.
    """
    problems = Problems() if problems is None else problems
    districts = check(method, cohort, problems)
    check_money(method, money, dict.fromkeys(each.standard for each in cohort.assessed), problems)
    problems.refuse(CohortRefused)
    capped = apply_caps(method, cohort, districts)
    paid = {name: method.paid_by_the_city(district) for name, district in districts.items()}

    def payable() -> Iterator[Payable]:
        return (
            Payable(each.standard, final, rank, paid[each.unit.district]) for each, rank, final, _ in _graded(capped)
        )

    average = average_of(method, money, payable, problems)
    problems.refuse(CohortRefused)
    return _settlement(method, cohort, capped, districts, average)


_Graded = tuple[Assessed, int | None, Grade, tuple[Standing, ...]]


def _graded(capped: Capped) -> Iterator[_Graded]:
    """Everybody's rank and final grade, cohort by cohort, best first."""
    standings = capped.standings.get
    for ranking in capped.rankings:
        for each, rank in zip(ranking.units, ranking.ranks, strict=True):
            stood = standings(each.unit.id)
            if stood is None:
                yield each, rank, each.grade, ()
            else:
                yield each, rank, _final(each.grade, stood), stood
        for each in ranking.unscored:
            yield each, None, each.grade, ()


def _final(grade: Grade, standings: tuple[Standing, ...]) -> Grade:
    for each in standings:
        if each.places.cap.hard and not each.inside:
            grade = each.places.cap.becomes
    return grade


def _settlement(
    method: Method,
    cohort: Cohort,
    capped: Capped,
    districts: Mapping[str | None, District],
    average: Average,
) -> Settlement:
    pay = _Pay(method, average)
    in_order = districts_in_order(method, districts.values())
    by_district: dict[str, list[Settled]] = {each.name: [] for each in in_order}
    lists = {name: (district, by_district[district.name].append) for name, district in districts.items()}
    for each, rank, final, stood in _graded(capped):
        district, append = lists[each.unit.district]
        append(Settled(each, district, rank, final, stood, pay.of(each.standard, final, rank)))
    left_out = sorted(
        ((each, districts[each.unit.district]) for each in cohort.left_out), key=lambda each: each[0].unit.id
    )
    absent = Counter(district.name for _, district in left_out)
    tallies = tuple(_tally(method, each, by_district[each.name], absent[each.name]) for each in in_order)
    ordered = {each.name: at for at, each in enumerate(in_order)}
    return Settlement(
        method=method,
        average=average,
        units=tuple(chain(*by_district.values())),
        left_out=tuple(sorted(left_out, key=lambda each: ordered[each[1].name])),
        places=tuple(capped.places),
        districts=tallies,
        total=_total(method, tallies),
        following=sum_of_known([each.subsidy for each in tallies if not each.paid]),
    )


class _Pay:
    """Works out each kind of subsidy once."""

    def __init__(self, method: Method, average: Average):
        self.method = method
        self.average = average
        self.known = {key: known(method, amount) for key, amount in average.by_standard.items()}
        last = max((each.last for each in method.subsidy.by_rank), default=0) if method.subsidy else 0
        self.last_rank = last
        self.worked_out: dict[tuple[str, int, int | None], int | None] = {}

    def of(self, standard: str, final: Grade, rank: int | None) -> int | None:
        """The subsidy, in fen; None where it cannot be told."""
        key = (standard, final.rank, rank if rank is not None and rank <= self.last_rank else None)
        try:
            return self.worked_out[key]
        except KeyError:
            amount = worth(self.method, self.average.by_standard[standard], final, key[2])
            self.worked_out[key] = amount if self.known[standard] or self._hangs_on_nothing(final) else None
            return self.worked_out[key]

    def _hangs_on_nothing(self, final: Grade) -> bool:
        """A pool that gives no average standard, since nobody is paid by it, pays everything else all the same."""
        subsidy = self.method.subsidy
        return subsidy is not None and self.average.pool is not None and not subsidy.ratios.get(final.key)


def _tally(method: Method, district: District, units: list[Settled], left_out: int) -> Tally:
    final = Counter([each.final.key for each in units])
    before = Counter([each.assessed.grade.key for each in units])
    grades = [grade.key for grade in method.policy.grades]
    return Tally(
        district=district,
        paid=method.paid_by_the_city(district),
        assessed=len(units) + left_out,
        vetoed=sum([each.rank is None for each in units]),
        left_out=left_out,
        before={key: before[key] for key in grades},
        final={key: final[key] for key in grades},
        capped=sum([each.capped for each in units]),
        rectify=sum(final[key] for key in method.rectify),
        subsidy=sum_of_known([each.subsidy for each in units]),
    )


def _total(method: Method, tallies: tuple[Tally, ...]) -> Tally:
    grades = [grade.key for grade in method.policy.grades]
    return Tally(
        district=None,
        paid=True,
        assessed=sum(each.assessed for each in tallies),
        vetoed=sum(each.vetoed for each in tallies),
        left_out=sum(each.left_out for each in tallies),
        before={key: sum(each.before[key] for each in tallies) for key in grades},
        final={key: sum(each.final[key] for each in tallies) for key in grades},
        capped=sum(each.capped for each in tallies),
        rectify=sum(each.rectify for each in tallies),
        subsidy=sum_of_known([each.subsidy for each in tallies if each.paid]),
    )
