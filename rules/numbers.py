"""
Exact numbers: every value is a whole number of units (fen, hundredths of a point), every quotient a fraction.

No float is ever made, and no decimal context of the caller can change a result.
"""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

# Whole units beyond this many digits are refused: far more than any budget, and exact in every evaluator.
MOST_DIGITS = 15

# The same points and counts are written again and again.
REMEMBERED = 16_384

Exact = int | Fraction


def in_units(value: int | Decimal | Fraction, per_one: int) -> int | None:
    """`value` as a whole number of units, `per_one` units to one; None when it falls between two."""
    if isinstance(value, int):
        return value * per_one
    above, below = value.as_integer_ratio()
    whole, rest = divmod(above * per_one, below)
    return None if rest else whole


@lru_cache(maxsize=REMEMBERED)
def number(units: Exact, per_one: int) -> int | Decimal:
    """
    Units as the plain number that they stand for, for writing: an int, or a Decimal without exponent.

    `per_one` divides a power of ten, so the result is exact.
    """
    if isinstance(units, int) and units % per_one == 0:
        return units // per_one
    exact = Fraction(units) / per_one
    if exact.denominator == 1:
        return exact.numerator
    places = 1
    while 10**places % exact.denominator:
        places += 1
    whole = exact.numerator * 10**places // exact.denominator
    return Decimal((int(whole < 0), tuple(int(digit) for digit in str(abs(whole))), -places))


@lru_cache(maxsize=REMEMBERED)
def plain(value: int | Decimal | Fraction, per_one: int = 1) -> str:
    """The number as people write it: `2`, `1.5`; a fraction that has no end as `26/3`."""
    exact = Fraction(value) / per_one
    denominator = exact.denominator
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return str(exact) if denominator != 1 else str(number(exact, 1))


def sum_of_known(amounts: Iterable[int | None]) -> int | None:
    """The sum; None where one of them is not known: missing is not zero."""
    total = 0
    for each in amounts:
        if each is None:
            return None
        total += each
    return total


def half_up(value: Exact) -> int:
    """The nearest whole number of units; halves go up. Values are never negative here."""
    if isinstance(value, int):
        return value
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


def cut(value: Exact, places: int) -> str:
    """`value` cut off after `places` decimals; `…` says that more follow, so 79.999 never reads as 80."""
    whole = value.numerator * 10**places // value.denominator
    kept = Fraction(whole, 10**places)
    if kept == value:
        return plain(kept)
    digits = str(whole).rjust(places + 1, "0")
    return f"{digits[:-places]}.{digits[-places:]}…"
