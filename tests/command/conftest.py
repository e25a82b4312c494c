"""The command as people run it: a process of its own."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# What the installed script does, also where kaohe is not installed.
KAOHE = [sys.executable, "-c", "from service.cli import main; main(prog_name='kaohe')"]


def environment(**more: str) -> dict[str, str]:
    """The environment of a plain shell, without what would colour or widen the output."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT), **more}


@dataclass(frozen=True)
class Ran:
    """How a run of the command ended."""

    code: int
    stdout: bytes
    stderr: str

    @property
    def text(self) -> str:
        return self.stdout.decode("utf-8")

    @property
    def lines(self) -> list[str]:
        # Only a line feed ends a line of JSON; a sentence may hold other separators.
        return self.text.removesuffix("\n").split("\n")


Run = Callable[..., Ran]


@pytest.fixture(scope="session")
def kaohe() -> Run:
    """Runs the command with these arguments; `stdin` is what it reads."""

    def run(*arguments: Any, stdin: bytes = b"", **more: str) -> Ran:
        ran = subprocess.run(
            [*KAOHE, *map(str, arguments)],
            input=stdin,
            capture_output=True,
            env=environment(**more),
            timeout=120,
            check=False,
        )
        stderr = ran.stderr.decode("utf-8")
        assert "Traceback" not in stderr, stderr[-3000:]
        return Ran(ran.returncode, ran.stdout, stderr)

    return run
