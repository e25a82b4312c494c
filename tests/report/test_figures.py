"""Numbers as people read them are the numbers that they were."""

from decimal import Decimal
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from service.report.chart import draw
from service.report.figures import ELISION, MINUS, money, places, points, ranged, share, signed, signed_money, way

exact = st.integers(-(10**15), 10**15) | st.decimals(-(10**13), 10**13, places=2)
counts = st.integers(1, 90).flatmap(
    lambda size: st.tuples(*(st.lists(st.integers(0, 900), min_size=size, max_size=size) for _ in range(2)))
)


def read(text):
    """A figure of the page as the number that it stands for."""
    return Decimal(text.replace(MINUS, "-").replace(",", ""))


@given(exact, st.integers(0, 4))
def test_every_figure_reads_back_as_the_number_that_it_was(value, decimals):
    """Nothing is rounded, whatever column it stands in."""
    for said in (points, signed):
        text = said(value, decimals)
        assert read(text) == value
        assert "-" not in text
        assert len(text.partition(".")[2]) >= decimals
    for said in (money, signed_money):
        assert read(said(value)) == value
    assert signed(value).startswith("+") == signed_money(value).startswith("+") == (value > 0)
    assert way(value) == ("up" if value > 0 else "down" if value < 0 else "")


@given(st.lists(exact, min_size=1))
def test_a_column_of_numbers_has_one_width_after_the_point(values):
    """So that figures below each other can be compared."""
    decimals = places(values)
    assert len({len(points(value, decimals).partition(".")[2]) for value in values}) == 1


@given(exact, exact)
def test_bounds_are_written_from_low_to_high(low, high):
    """One number where both are the same."""
    text = ranged(low, high, sign=True)
    assert [read(each) for each in text.split(ELISION)] == ([low] if low == high else [low, high])


def test_figures_look_as_intended():
    """Thousands apart, fen only where there are some, a real minus, an explicit plus."""
    assert money(7412000) == "7,412,000"
    assert money(Decimal("1234.5")) == "1,234.50"
    assert signed_money(-486000) == "−486,000"
    assert signed_money(0) == "0"
    assert (signed(Decimal("-6.5"), 1), signed(2, 1), signed(0, 1)) == ("−6.5", "+2.0", "0.0")
    assert ranged(Decimal("-8.5"), 6, 1, sign=True) == "−8.5…+6.0"
    assert share(97, 842) == "11.5%"
    assert share(1, 2000) == "0.1%"
    assert way(None) == ""


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_share_is_right_to_half_a_tenth(part, whole):
    """Of a percent."""
    shown = Fraction(share(part, whole).removesuffix("%"))
    assert abs(shown - Fraction(100 * part, whole)) <= Fraction(1, 20)


@given(st.integers(0, 60), st.sampled_from((1, 10)), counts)
def test_the_chart_loses_nobody(first, size, columns):
    """Every unit is in one band, both outlines come back to the ground, and no mark stands outside."""
    chart = draw(first * size, size, columns, ([("A", 60), ("B", 0)], [("A", 60), ("B", 75)]))
    if not any(map(any, columns)):
        assert chart is None
        return
    assert [sum(band.counts[side] for band in chart.bands) for side in (0, 1)] == [sum(each) for each in columns]
    assert all(band.below - band.low == chart.width for band in chart.bands)
    assert [band.low for band in chart.bands[1:]] == [band.below for band in chart.bands[:-1]]
    assert chart.before.endswith("V1000")
    assert chart.after.endswith("V1000")
    assert all(0 <= float(mark.at) <= 100 for mark in (*chart.ticks, *chart.lines, *chart.starts))
    assert len(chart.bands) <= 26
    assert 2 <= len(chart.ticks) <= 8 or len(chart.bands) == 1


def test_a_grade_that_starts_alike_is_marked_once():
    """Where the versions differ, each has its own mark."""
    chart = draw(50, 1, ([1] * 50, [1] * 50), ([("good", 90), ("fair", 60)], [("good", 92), ("fair", 60)]))
    assert [(mark.text, mark.series) for mark in chart.starts] == [
        ("fair 60", ""),
        ("good 90", "before"),
        ("good 92", "after"),
    ]
