"""The command at a terminal, and in a pipe that ends early."""

import os
import pty
import signal
import subprocess
from pathlib import Path

import pytest

from tests.command.conftest import KAOHE, environment

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "policy_versions/changzhou/2012/samples/community.jsonl"
ASKED = ["score", "--policy", "changzhou-2012", "--standard", "community", "--evaluator", "reference"]

# A shell that runs the tests in the background makes its children deaf to interrupts.
HEARING = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "


def at_a_terminal(arguments: list[str], sheets: Path, output: Path, *, piped: bool) -> tuple[int, str]:
    """Exit and error stream of a run whose error stream is a terminal and whose output is a file."""
    feeder = subprocess.Popen(["cat", str(sheets)], stdout=subprocess.PIPE) if piped else None
    master, slave = pty.openpty()
    with output.open("wb") as out, sheets.open("rb") as file:
        process = subprocess.Popen(
            [*KAOHE, *arguments],
            stdin=feeder.stdout if feeder else file,
            stdout=out,
            stderr=slave,
            env=environment(TERM="xterm", COLUMNS="100"),
        )
    os.close(slave)
    seen = b""
    try:
        while part := os.read(master, 65536):
            seen += part
    except OSError:
        pass  # how Linux says that the other end of a terminal was closed
    os.close(master)
    if feeder and feeder.stdout:
        feeder.stdout.close()
        feeder.wait(60)
    return process.wait(60), seen.decode("utf-8")


@pytest.mark.parametrize("piped", [False, True])
def test_a_progress_bar_is_drawn_on_a_terminal(kaohe, tmp_path, piped):
    """With the output in a file, the bar is on the terminal and the file holds the same answers as ever."""
    many = SAMPLES.read_bytes() * 8
    sheets = tmp_path / "sheets.jsonl"
    sheets.write_bytes(many)
    output = tmp_path / "out.jsonl"
    code, seen = at_a_terminal(ASKED, sheets, output, piped=piped)
    assert code == 0
    assert "评分" in seen
    assert "Traceback" not in seen
    if not piped:
        assert f"{len(many)}/{len(many)}" in seen, "the bar ends full"
    assert output.read_bytes() == kaohe(*ASKED, stdin=many).stdout


def test_no_progress_bar_without_a_terminal(kaohe):
    """In a script nothing but errors goes to the error stream."""
    assert kaohe(*ASKED, stdin=SAMPLES.read_bytes()).stderr == ""


@pytest.mark.parametrize("options", [[], ["--table"]])
def test_a_reader_that_stops_early_is_no_failure_of_ours(tmp_path, options):
    """`kaohe score … | head -1` prints one answer and no traceback."""
    sheets = tmp_path / "sheets.jsonl"
    sheets.write_bytes(SAMPLES.read_bytes() * 60)
    with subprocess.Popen(
        [*KAOHE, *ASKED, *options, str(sheets)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read().decode()
        process.wait(60)
    assert stderr == ""


def test_show_may_be_cut_off_too():
    """`kaohe show … | head -1` ends without a traceback."""
    with subprocess.Popen(
        [*KAOHE, "show", "changzhou-2012", "village"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
        pipesize=4096,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline()
        process.stdout.close()
        stderr = process.stderr.read().decode()
        process.wait(60)
    assert stderr == ""


def test_an_interrupt_ends_it_without_a_traceback():
    """Ctrl-C while it waits for sheets ends the command quietly."""
    process = subprocess.Popen(
        [KAOHE[0], "-c", HEARING + KAOHE[-1], *ASKED],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment(),
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    # Enough answers that some leave the buffer (then it waits for more sheets), too few to fill a pipe.
    process.stdin.write(SAMPLES.read_bytes() * 2)
    process.stdin.flush()
    assert process.stdout.read1(100)
    process.send_signal(signal.SIGINT)
    process.stdout.close()
    stderr = process.stderr.read().decode()
    process.stdin.close()
    process.stderr.close()
    assert process.wait(60) != 0
    assert "Traceback" not in stderr
