"""The chart of the score distributions: how many units scored in each band of points, under two versions."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from .figures import Exact, points

# Wider bands where there would be more of them than this: single points of a few hundred units are only noise.
MOST_BANDS = 25
WIDTHS = (1, 2, 5, 10, 20, 50)
# The curves' own square, which the page stretches to any width.
SIDE = 1000
MOST_LINES = 5
MOST_TICKS = 6
# Nearer to an end than this share, a text would stand out of the chart.
EDGE = Fraction(1, 8)


@dataclass(frozen=True, slots=True)
class Mark:
    """Something at a place along an axis, in percent of it."""

    at: str
    text: str
    series: str = ""  # whose mark it is: `before`, `after`, or both's
    anchor: str = "middle"  # where its text is held, so that it stays within the chart


@dataclass(frozen=True, slots=True)
class Band:
    """A row of the chart's table: from which points to below which, and how many units under each version."""

    low: int
    below: int
    counts: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything that is drawn, and the same as a table."""

    width: int  # of a band, in points
    before: str  # the outlines
    after: str
    ticks: tuple[Mark, ...]
    lines: tuple[Mark, ...]
    starts: tuple[Mark, ...]
    bands: tuple[Band, ...]


def draw(
    first: int,
    size: int,
    counts: tuple[Sequence[int], Sequence[int]],
    starts: tuple[Sequence[tuple[str, Exact]], ...],
) -> Chart | None:
    """
    The chart of two versions' counts in columns of `size` points from `first` on; None where nobody has a score.

    `starts` are each version's grades with the points that they start at.
    """
    scored = [at for at, pair in enumerate(zip(*counts, strict=True)) if any(pair)]
    if not scored:
        return None
    low, high = first + scored[0] * size, first + (scored[-1] + 1) * size
    width = next((each * size for each in WIDTHS if high - low <= each * size * MOST_BANDS), WIDTHS[-1] * size)
    left, right = low // width * width, -(-high // width) * width
    heights = tuple(
        tuple(
            sum(column[point] for point in range((at - first) // size, (at + width - first) // size) if point in scored)
            for at in range(left, right, width)
        )
        for column in counts
    )
    top, line = _scale(max(max(column) for column in heights))
    return Chart(
        width=width,
        before=_outline(heights[0], top),
        after=_outline(heights[1], top),
        ticks=_ticks(left, right, width),
        lines=tuple(Mark(_percent(top - at, top), str(at)) for at in range(line, top + 1, line)),
        starts=tuple(_starts(left, right, starts)),
        bands=tuple(
            Band(at, at + width, (one, other))
            for at, one, other in zip(range(left, right, width), *heights, strict=True)
        ),
    )


def _scale(most: int) -> tuple[int, int]:
    """Where the axis of counts ends, and how far its lines are apart."""
    line = 1
    while line * (MOST_LINES - 1) < most:
        line = line * 5 // 2 if str(line)[0] == "2" else line * 2
    return -(-most // line) * line, line


def _outline(heights: Sequence[int], top: int) -> str:
    """A line over the bands, as steps: what is counted is neither smoothed nor guessed."""
    steps = [f"M0 {SIDE}"]
    for at, height in enumerate(heights):
        right = SIDE * (at + 1) // len(heights)
        steps.append(f"V{SIDE - SIDE * height // top}H{right}")
    return "".join((*steps, f"V{SIDE}"))


def _ticks(left: int, right: int, width: int) -> tuple[Mark, ...]:
    """Labels along the points, at whole bands."""
    apart = next((width * each for each in WIDTHS if right - left <= width * each * MOST_TICKS), right - left)
    first = -(-left // apart) * apart
    return tuple(Mark(_percent(at - left, right - left), str(at)) for at in range(first, right + 1, apart))


def _starts(left: int, right: int, starts: tuple[Sequence[tuple[str, Exact]], ...]) -> list[Mark]:
    """Where grades start: once where both versions agree."""
    one, other = starts
    shared = [each for each in one if each in other]
    named = [("", shared), ("before", one), ("after", other)]
    return [
        Mark(
            _percent(Fraction(start) - left, right - left),
            f"{title} {points(start)}",
            series,
            _anchor(start, left, right),
        )
        for series, grades in named
        for title, start in grades
        if left <= start <= right and start > 0 and (not series or (title, start) not in shared)
    ]


def _anchor(at: Exact, left: int, right: int) -> str:
    place = (Fraction(at) - left) / (right - left)
    return "start" if place < EDGE else "end" if place > 1 - EDGE else "middle"


def _percent(part: int | Fraction, whole: int) -> str:
    return f"{float(Fraction(part) * 100 / whole):.2f}"
