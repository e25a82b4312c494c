"""
How many sheets the service answers in a second, beside bare Flask endpoints on the same server.

All servers run from the beginning to the end, each with as many processes and threads as the service has; one at a time
is loaded, for a short while, by a process of its own. A ratio compares the loads of one round; the figure is the median
of the rounds. Rounds are short, so that what else the machine does hits all of them alike.
"""

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.bare import CONSTANT, PATH, POLICY, STANDARD, shipped_standard
from benchmarks.sheets import Posted, made, shipped
from benchmarks.zen_standard import ZenStandard
from rules import written
from rules.plan import lower
from rules.scoring import Evaluator, Scorer
from tests.service.serving import end

ROOT = Path(__file__).parents[1]
SHORT = os.environ.get("KAOHE_BENCH_SHORT") == "1"
MADE = 240
CONNECTIONS = 16
# Processes of a server: as many as the cores of the smallest machine it is for; one alone, which leaves the load
# generator a core of its own; and for each how many rounds of how many seconds.
LOADS = {2: (12, 0.25), 1: (6, 0.25)} if SHORT else {2: (24, 0.25), 1: (12, 0.25)}
ADDRESS = re.compile(r"kaohe: http://(\S+)")

# A short run, on a machine that others use too, shows a collapse but no percentages.
LEAST_OF_CONSTANT = 0.35 if SHORT else 0.5
LEAST_OF_ZEN = 0.7 if SHORT else 1.0

SERVICE, CONSTANT_KIND, FLASK_JSON = "kaohe serve", "constant", "flask-json"
ZEN, ZEN_ITEMS = "zen", "zen-items"
COMMANDS = {
    SERVICE: ["-c", "from service.cli import main; main(['serve'])"],
    **{kind: ["-m", "benchmarks.bare", kind] for kind in (CONSTANT_KIND, FLASK_JSON, ZEN, ZEN_ITEMS)},
}
TICKS = os.sysconf("SC_CLK_TCK")


class Running(NamedTuple):
    """A server under test."""

    process: subprocess.Popen[str]
    address: str

    def workers(self) -> list[int]:
        """The processes that answer."""
        master = self.process.pid
        return [int(each) for each in Path(f"/proc/{master}/task/{master}/children").read_text().split()]

    def processor_seconds(self) -> float:
        """What they have spent since they began."""
        spent = 0
        for each in self.workers():
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            spent += int(fields[11]) + int(fields[12])
        return spent / TICKS


class Load(NamedTuple):
    """How one load went."""

    per_second: float
    microseconds: list[int]  # that each answer took
    spent: float  # microseconds of the server's processors for one answer


@contextmanager
def server(name: str, workers: int, log: Path, constant: Path) -> Iterator[Running]:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("KAOHE_")}
    environment |= {"KAOHE_PORT": "0", "KAOHE_WORKERS": str(workers), CONSTANT: str(constant)}
    with log.open("wb") as stream:
        process = subprocess.Popen(
            [sys.executable, *COMMANDS[name]],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=stream,
            text=True,
        )
    try:
        found = None
        while found is None:
            line = process.stdout.readline()
            assert line, f"{name} did not start: {log.read_text()}"
            found = ADDRESS.match(line)
        running = Running(process, found.group(1))
        ask(running, measured_bodies()[:1])
        yield running
    finally:
        end(process)
        process.stdout.close()


@cache
def measured_sheets() -> list[Posted]:
    samples = shipped(POLICY / "samples/community.jsonl")
    return samples + made(lower(shipped_standard()), samples[0], MADE)


@cache
def measured_bodies() -> list[bytes]:
    """The sheets as requests."""
    key = shipped_standard().policy.key
    return [written({"policy": key, "standard": STANDARD, **each}).encode() for each in measured_sheets()]


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    return Scorer(shipped_standard(), Evaluator.BOTH)


@pytest.fixture(scope="module")
def posted():
    return measured_sheets()


@pytest.fixture(scope="module")
def bodies():
    return measured_bodies()


@pytest.fixture(scope="module")
def answers(scorer, posted):
    return [scorer.answers.text(scorer.score(each)).encode() + b"\n" for each in posted]


@pytest.fixture(scope="module")
def files(tmp_path_factory, bodies, answers):
    """The bodies as the load generator reads them, and an answer of the mean size as the constant."""
    directory = tmp_path_factory.mktemp("load")
    size = round(statistics.mean(len(each) for each in answers))
    constant = max(answers, key=len)[:size].ljust(size)
    (directory / "constant").write_bytes(constant)
    (directory / "bodies").write_bytes(b"\n".join(bodies))
    return directory


@pytest.mark.parametrize("workers", LOADS)
@pytest.mark.timeout(300)
def test_answers_in_a_second(workers, scorer, posted, bodies, answers, files, capsys):
    rounds, seconds = LOADS[workers]
    with ExitStack() as stack:
        running = {
            name: stack.enter_context(server(name, workers, files / f"{name}.{workers}.log", files / "constant"))
            for name in COMMANDS
        }
        check_answers(running, scorer, posted, bodies, answers, (files / "constant").read_bytes())
        loads: dict[str, list[Load]] = {name: [] for name in COMMANDS}
        loader = stack.enter_context(load_generator(files / "bodies"))
        for number in range(rounds):
            names = list(COMMANDS)
            start = number % len(names)
            for name in names[start:] + names[:start]:
                loads[name].append(load(loader, running[name], seconds))
    ratios = {
        name: statistics.median(
            ours.per_second / other.per_second for ours, other in zip(loads[SERVICE], loads[name], strict=True)
        )
        for name in COMMANDS
        if name != SERVICE
    }
    with capsys.disabled():
        print(table(workers, loads, ratios, [len(each) for each in bodies], [len(each) for each in answers]))
    missed = [
        f"{ratios[name]:.2f} x {name}, at least {least} wanted"
        for name, least in ((CONSTANT_KIND, LEAST_OF_CONSTANT), (ZEN, LEAST_OF_ZEN))
        if ratios[name] < least
    ]
    assert not missed, "; ".join(missed)


def check_answers(running, scorer, posted, bodies, answers, constant):
    """The fairness gate: nothing is timed unless every server answers every sheet as it should."""
    standard = scorer.standard
    decisions = [scorer.score(each) for each in posted]
    assert ask(running[SERVICE], bodies) == answers
    for name in (CONSTANT_KIND, FLASK_JSON):
        assert set(ask(running[name], bodies)) == {constant}
    for name, findings in ((ZEN, True), (ZEN_ITEMS, False)):
        zen = ZenStandard(standard, findings=findings)
        for decision, answer in zip(decisions, ask(running[name], bodies), strict=True):
            response = json.loads(answer)
            assert zen.answer(response) == zen.expected(decision), decision.case.sheet.unit.id
            assert response["trace"]


def ask(running: Running, bodies: list[bytes]) -> list[bytes]:
    """The answer to each body, one after another."""
    host, _, port = running.address.rpartition(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=30)
    found = []
    for body in bodies:
        connection.request("POST", PATH, body, {"Content-Type": "application/json"})
        response = connection.getresponse()
        found.append(response.read())
        assert response.status == 200, found[-1]
    connection.close()
    return found


@contextmanager
def load_generator(bodies: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, str(ROOT / "benchmarks/load.py"), PATH, str(bodies), "--connections", str(CONNECTIONS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def load(loader: subprocess.Popen[str], running: Running, seconds: float) -> Load:
    """Load one server while the others wait."""
    before = running.processor_seconds()
    loader.stdin.write(f"{running.address} {seconds}\n")
    loader.stdin.flush()
    line = loader.stdout.readline()
    assert line, "the load generator has failed"
    spent = running.processor_seconds() - before
    told = json.loads(line)
    return Load(told["per_second"], told["microseconds"], spent / told["answered"] * 1e6)


def table(
    workers: int, loads: dict[str, list[Load]], ratios: dict[str, float], sent: list[int], told: list[int]
) -> str:
    """The figures, as they stand in docs/performance.md."""
    rounds, seconds = LOADS[workers]
    sizes = f"a body has {statistics.mean(sent):.0f} bytes, an answer {statistics.mean(told):.0f}"
    lines = [
        "",
        f"workers: {workers}; {CONNECTIONS} connections; {rounds} rounds of {seconds} s; {len(sent)} sheets; {sizes}",
        "",
        f"{'':<14}{'answers/s':>11}{'p50 ms':>9}{'p99 ms':>9}{'us of processor':>17}{'kaohe / it':>13}",
    ]
    for name, rows in loads.items():
        per_second = statistics.median(row.per_second for row in rows)
        took = sorted(each / 1000 for row in rows for each in row.microseconds)
        p50, p99 = took[len(took) // 2], took[len(took) * 99 // 100]
        spent = statistics.mean(row.spent for row in rows)
        line = f"{name:<14}{per_second:>11.0f}{p50:>9.2f}{p99:>9.2f}{spent:>17.0f}"
        lines.append(f"{line}{ratios[name]:>13.2f}" if name in ratios else line)
    return "\n".join(lines)
