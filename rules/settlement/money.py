"""
Subsidies, to the fen.

Annex 1, 三 4: 优秀…按平均标准的120%…合格…按平均标准…基本合格…不合格…不予奖励. The average standard is an input, or what
spends a pool of money.
"""

from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import NamedTuple

from ..errors import Problems, pointer
from ..facts import FEN_PER_YUAN, MOST_UNITS, Amount, BadValue
from ..language import Text, joined
from ..numbers import half_up, plain
from ..policy.model import Grade
from .method import Method

AN_AMOUNT = Text("一个平均标准", "one amount")
AMOUNTS = Text("每个标准各一个平均标准", "one amount for each standard")
A_POOL = Text("资金总额", "a pool")


class Money(NamedTuple):
    """What there is to pay, in fen: an average standard, one for each standard, or a pool; or nothing of it."""

    average: int | None = None
    by_standard: Mapping[str, int] | None = None
    pool: int | None = None

    @property
    def given(self) -> Text | None:
        """What it was given as; None where nothing was."""
        kinds = zip(self, (AN_AMOUNT, AMOUNTS, A_POOL), strict=True)
        words = [kind for each, kind in kinds if each is not None]
        return joined(words, "和", " and ") if words else None

    @property
    def at(self) -> str:
        """Where it was given, as a JSON pointer."""
        return "/pool" if self.pool is not None else "/average_standard"


NO_MONEY = Money()


def read_money(average_standard: object, pool: object, problems: Problems) -> Money:
    """
    The money of a settlement from plain data: yuan, or `{"standard": yuan, …}`, and yuan; None where not given.

    What is no good amount is added to `problems`.
    """
    found = Money()
    if isinstance(average_standard, Mapping):
        amounts = {
            key: _fen(each, pointer("average_standard", key), problems) for key, each in average_standard.items()
        }
        found = found._replace(by_standard={key: fen for key, fen in amounts.items() if fen is not None})
    elif average_standard is not None:
        found = found._replace(average=_fen(average_standard, "/average_standard", problems))
    if pool is not None:
        found = found._replace(pool=_fen(pool, "/pool", problems))
    return found


_YUAN = Amount("money", Text("金额", "the amount"), Text("元", "CNY"), 0, MOST_UNITS)


def _fen(yuan: object, path: str, problems: Problems) -> int | None:
    try:
        return _YUAN.units(yuan)
    except BadValue as bad:
        problems.found.append(bad.problem.below(path))
        return None


class Payable(NamedTuple):
    """Somebody whose subsidy is to be worked out; `paid` where it counts in the total."""

    standard: str
    final: Grade
    rank: int | None
    paid: bool


class Average(NamedTuple):
    """The average standard that was paid by, by standard, in fen; None where none was given or none is needed."""

    by_standard: Mapping[str, int | None]
    pool: int | None


def check_money(method: Method, money: Money, standards: Iterable[str], problems: Problems) -> None:
    """Whether the money was given as the policy, under the chosen reading, asks for it."""
    given = money.given
    if given is None:
        return
    if not method.wants_average:
        problems.add("money_unwanted", money.at, (), given=given)
        return
    kind = method.average_standard
    takes = {"one_amount": (AN_AMOUNT, A_POOL), "pool": (A_POOL,), "by_standard": (AMOUNTS,)}[kind]
    if given not in takes:
        right = Text(" 或 ".join(each.zh for each in takes), " or ".join(each.en for each in takes))
        problems.add("money_of_other_kind", money.at, (), given=given, right=right)
        return
    if money.by_standard is None:
        return
    for name in money.by_standard:
        if name not in method.policy.tables:
            problems.add("standard_unknown", pointer("average_standard", name), method.policy.tables, name=name)
    for name in standards:
        if name not in money.by_standard:
            problems.add("money_missing", pointer("average_standard", name), (), name=name)


def average_of(method: Method, money: Money, everybody: Callable[[], Iterable[Payable]], problems: Problems) -> Average:
    """
    What the money makes the average standard: itself; or, of a pool, what the chosen reading says.

    Under the reading `pool` it is the pool divided by the number of units that are paid for. Otherwise it is the
    largest amount, to the fen, whose subsidies the pool can pay.
    """
    keys = tuple(method.policy.tables)
    if money.pool is None:
        amounts = money.by_standard if money.by_standard is not None else dict.fromkeys(keys, money.average)
        return Average(MappingProxyType({key: amounts.get(key) for key in keys}), None)
    paid = [each for each in everybody() if each.paid]
    if method.average_standard == "pool":
        average = money.pool // len(paid) if paid else None
    else:
        average = _spending(method, money.pool, paid, problems)
    return Average(MappingProxyType(dict.fromkeys(keys, average)), money.pool)


def _spending(method: Method, pool: int, paid: list[Payable], problems: Problems) -> int | None:
    """The largest average standard whose subsidies the pool can pay; None where no subsidy hangs on it."""
    assert method.subsidy is not None
    ratios = method.subsidy.ratios
    counts: dict[str, int] = {}
    for each in paid:
        counts[each.final.key] = counts.get(each.final.key, 0) + 1
    shares = [(ratios[key], number) for key, number in counts.items() if ratios.get(key)]
    fixed = sum(worth(method, None, each.final, each.rank) or 0 for each in paid)
    if fixed > pool:
        amounts = {"pool": plain(pool, FEN_PER_YUAN), "fixed": plain(fixed, FEN_PER_YUAN)}
        problems.add("pool_too_small", "/pool", (), **amounts)
        return None
    if not shares:
        return None

    def spent(average: int) -> int:
        return fixed + sum(number * _part(method, average, ratio) for ratio, number in shares)

    # Without rounding the pool is spent by `exact`; each subsidy is rounded by less than a fen.
    parts = sum(ratio * number / 100 for ratio, number in shares)
    low, high = 0, int((pool - fixed + sum(number for _, number in shares)) / parts) + 1
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if spent(middle) <= pool else (low, middle - 1)
    return low


def worth(method: Method, average: int | None, final: Grade, rank: int | None) -> int | None:
    """
    The subsidy of a unit with that final grade and rank, in fen; None where the policy pays nothing at all.

    What hangs on an average standard that is None counts as nothing; see `known`.
    """
    subsidy = method.subsidy
    if subsidy is None:
        return None
    total = subsidy.amounts.get(final.key, 0)
    ratio = subsidy.ratios.get(final.key)
    if ratio and average is not None:
        total += _part(method, average, ratio)
    if rank is not None:
        total += sum(each.amount for each in subsidy.by_rank if each.first <= rank <= each.last)
    return total


def known(method: Method, average: int | None) -> bool:
    """Whether subsidies can be told: missing is not zero."""
    return method.subsidy is not None and (average is not None or not method.wants_average)


def _part(method: Method, average: int, ratio: Fraction) -> int:
    """`ratio` percent of the average standard, to the fen as the policy rounds."""
    assert method.subsidy is not None
    exact = average * ratio / 100
    return half_up(exact) if method.subsidy.rounding == "half_up" else int(exact)
