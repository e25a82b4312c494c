"""Exact numbers as people read them: aligned decimals, a real minus, an explicit plus, thousands apart."""

from collections.abc import Iterable
from decimal import Decimal

MINUS = "−"
ELISION = "…"
NOTHING = "–"

Exact = int | Decimal


def places(values: Iterable[Exact | None]) -> int:
    """How many decimals a column of numbers needs so that none is rounded."""
    exponents = (Decimal(value).as_tuple().exponent for value in values if value is not None)
    return max((-each for each in exponents if isinstance(each, int)), default=0)


def points(value: Exact, decimals: int = 0) -> str:
    """`84.5`, `1,031.61`; with more decimals than asked for where it has them."""
    return (
        f"{abs(Decimal(value)):,.{max(decimals, places([value]))}f}"
        if value >= 0
        else f"{MINUS}{points(-value, decimals)}"
    )


def signed(value: Exact, decimals: int = 0) -> str:
    """`+2.0`, `−6.5`, `0.0`."""
    return f"+{points(value, decimals)}" if value > 0 else points(value, decimals)


def ranged(low: Exact, high: Exact, decimals: int = 0, *, sign: bool = False) -> str:
    """One number, or from where to where it may be: `89…100`, `−9…+2`."""
    said = signed if sign else points
    return said(low, decimals) if low == high else f"{said(low, decimals)}{ELISION}{said(high, decimals)}"


def money(value: Exact) -> str:
    """`7,412,000`, `1,234.50`."""
    amount = abs(Decimal(value))
    text = f"{amount:,.2f}" if amount % 1 else f"{amount:,.0f}"
    return f"{MINUS}{text}" if value < 0 else text


def signed_money(value: Exact) -> str:
    """`+500`, `−486,000`, `0`."""
    return f"+{money(value)}" if value > 0 else money(value)


def share(part: int, whole: int) -> str:
    """`11.5%`, rounded half up to a tenth."""
    tenths = (2000 * part + whole) // (2 * whole)
    return f"{tenths // 10}.{tenths % 10}%"


def way(value: Exact | None) -> str:
    """Which way something went: `up`, `down` or nowhere."""
    return "" if not value else "up" if value > 0 else "down"
