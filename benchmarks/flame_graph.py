"""
Where the time of a request goes: samples a worker of the service under load, prints a table and draws a flame graph.

    python -m benchmarks.flame_graph [SECONDS]

It writes docs/flame-graph.svg. py-spy looks at the worker from outside, many times a second, and counts the stack that
holds the interpreter's lock; what the kernel does meanwhile is not in it. On most systems it has to be root for that.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from html import escape
from pathlib import Path
from typing import NamedTuple

from benchmarks.test_service import ROOT, SERVICE, Load, load, load_generator, measured_bodies, server

GRAPH = ROOT / "docs/flame-graph.svg"
SECONDS = 20.0
WARM = 3.0
A_SECOND = 500
FRAME = re.compile(r"(.+) \((.+?)(?::\d+)?\)$")
# A stack belongs to the first part, seen from the root, that one of its files or functions names.
PARTS = (
    ("reading the body", ("read_body (",)),
    ("JSON in", ("service/jsonlines.py",)),
    ("envelope", ("service/api/schemas.py",)),
    ("checks on the facts", ("rules/intake.py",)),
    ("engine", ("rules/engine.py",)),
    ("reference", ("rules/reference.py",)),
    ("answer's text", ("rules/answers.py",)),
    ("log", ("service/logs.py", "structlog/")),
    ("metrics", ("service/metrics.py", "prometheus_client/")),
)
FLASK, SERVER = "Flask, werkzeug, the view", "server"
OF_FLASK = ("flask/", "werkzeug/", "service/app.py", "service/api/", "flask_smorest/")
COLOURS = dict(
    zip(
        [SERVER, FLASK, *(name for name, _ in PARTS)],
        ["#b8b8b8", "#8fb8de", "#9ad1c9", "#7fc8a9", "#c3d98b", "#f2cf63", "#ee9b56", "#e57f6c", "#d9a5c7", "#a99bd1",
         "#c9b79c"],
        strict=True,
    )
)  # fmt: skip
# Where a request begins; what is below is the same for every stack.
ROOTS = ("service/worker.py", "gunicorn/workers/gthread.py")
WIDTH, HEIGHT, TOP, NARROWEST = 1200, 15, 34, 0.0015


class Box(NamedTuple):
    """A call, as wide as it was often seen."""

    name: str
    depth: int
    left: int
    count: int
    part: str


Stack = tuple[str, ...]
FONT = 'font-family="monospace"'


def sample(seconds: float) -> tuple[Counter[Stack], Load]:
    """How often each stack was seen, and how the load went."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        (directory / "bodies").write_bytes(b"\n".join(measured_bodies()))
        with (
            server(SERVICE, 2, directory / "log", directory / "constant") as running,
            load_generator(directory / "bodies") as loader,
            ThreadPoolExecutor(1) as aside,
        ):
            load(loader, running, WARM)
            loading = aside.submit(load, loader, running, seconds + 1)
            spy = [str(Path(sys.executable).with_name("py-spy")), "record", "--gil", "--format", "raw"]
            spy += ["--rate", str(A_SECOND), "--duration", str(round(seconds)), "--pid", str(running.workers()[0])]
            subprocess.run([*spy, "--output", str(directory / "stacks")], check=True, capture_output=True)
            told = loading.result()
        stacks: Counter[Stack] = Counter()
        for line in (directory / "stacks").read_text().splitlines():
            stack, _, count = line.rpartition(" ")
            stacks[trimmed(stack.split(";"))] += int(count)
    return stacks, told


def trimmed(stack: list[str]) -> Stack:
    """The calls of a request, each as `function (file)`."""
    calls = []
    for each in stack:
        found = FRAME.match(each)
        calls.append(f"{found[1]} ({found[2]})" if found else each)
    first = next((at for at, call in enumerate(calls) if any(root in call for root in ROOTS)), 0)
    return tuple(calls[first:])


def part_of(stack: Stack) -> str:
    """What a request was at."""
    for call in stack:
        for name, marks in PARTS:
            if any(mark in call for mark in marks):
                return name
    return FLASK if any(mark in call for call in stack for mark in OF_FLASK) else SERVER


def boxes(stacks: Counter[Stack]) -> Iterator[Box]:
    """Every call above the calls that it came from."""
    rows = sorted(stacks.items())
    total = sum(stacks.values())

    def below(rows: list[tuple[Stack, int]], depth: int, left: int) -> Iterator[Box]:
        at = 0
        while at < len(rows):
            stack, _ = rows[at]
            end, count = at, 0
            while end < len(rows) and len(rows[end][0]) > depth and rows[end][0][: depth + 1] == stack[: depth + 1]:
                count += rows[end][1]
                end += 1
            if end == at:  # the caller itself was at work
                left += rows[at][1]
                at += 1
                continue
            if count >= total * NARROWEST:
                yield Box(stack[depth], depth, left, count, part_of(stack[: depth + 1]))
                yield from below(rows[at:end], depth + 1, left)
            left += count
            at = end

    yield from below(rows, 0, 0)


def drawn(stacks: Counter[Stack]) -> str:
    """The graph; callers at the bottom."""
    total = sum(stacks.values())
    found = list(boxes(stacks))
    height = TOP + (max(box.depth for box in found) + 1) * HEIGHT + 4
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-size="10" {FONT}>',
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
    ]
    for at, (name, colour) in enumerate(COLOURS.items()):
        left, top = 6 + at % 6 * 198, 4 + at // 6 * 14
        lines.append(f'<rect x="{left}" y="{top}" width="10" height="10" fill="{colour}"/>')
        lines.append(f'<text x="{left + 14}" y="{top + 9}">{escape(name)}</text>')
    for box in found:
        left, width = box.left / total * WIDTH, box.count / total * WIDTH
        top = height - (box.depth + 1) * HEIGHT - 2
        told = f"{escape(box.name)}: {box.count / total:.1%}"
        place = f'x="{left:.1f}" y="{top}" width="{max(width - 0.4, 0.3):.1f}" height="{HEIGHT - 1}"'
        lines.append(f'<g><title>{told}</title><rect {place} fill="{COLOURS[box.part]}"/>')
        letters = int((width - 4) / 6.1)
        if letters >= 4:
            words = box.name if len(box.name) <= letters else box.name.partition(" (")[0][:letters]
            lines.append(f'<text x="{left + 2:.1f}" y="{top + 10}">{escape(words)}</text>')
        lines.append("</g>")
    return "\n".join([*lines, "</svg>", ""])


def table(stacks: Counter[Stack]) -> str:
    """The share of each part."""
    total = sum(stacks.values())
    shares: Counter[str] = Counter()
    for stack, count in stacks.items():
        shares[part_of(stack)] += count
    return "\n".join(f"{name:<28}{shares[name] / total:>6.1%}" for name in COLOURS)


if __name__ == "__main__":
    seen, told = sample(float(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
    GRAPH.write_text(drawn(seen), encoding="utf-8")
    print(f"{sum(seen.values())} samples, {told.per_second:.0f} answers a second meanwhile")
    print(table(seen))
