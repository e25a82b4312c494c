"""Small habits of the repository: its scripts, its locks, and what no file may name."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [*sorted((ROOT / "scripts").iterdir()), ROOT / ".ci/run"]
LOCKS = sorted(ROOT.glob("requirements*.txt"))

REGISTRY = re.compile(
    r"pypi\.org|pythonhosted\.org|npmjs\.(org|com)|deb\.debian\.org|crates\.io|proxy\.golang\.org"
    r"|^\s*(-i|--index-url|--extra-index-url|--find-links)[ =]",
    re.MULTILINE,
)
MACHINE_PATH = re.compile(r"(?<![\w.}$)*-])/(?:root|home|work|Users)/")


def text_files():
    """Every text file that is in the repository or about to be."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        path = ROOT / name
        if path.is_file() and b"\0" not in (content := path.read_bytes()):
            yield name, content.decode()


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_a_script_stops_at_the_first_error_and_says_what_it_is_for(script):
    """Bash, strict, executable, and its second line is a sentence."""
    first, second, *rest = script.read_text().splitlines()
    assert first == "#!/usr/bin/env bash"
    assert second.startswith("# ")
    assert "set -euo pipefail" in rest[:3]
    assert os.access(script, os.X_OK)


def test_shellcheck_has_nothing_to_say():
    """Scripts are linted like everything else."""
    shellcheck = shutil.which("shellcheck", path=Path(sys.executable).parent)
    done = subprocess.run([shellcheck, *SCRIPTS], capture_output=True, text=True, check=False)
    assert (done.stdout, done.returncode) == ("", 0)


def test_no_file_names_a_registry_or_a_path_of_a_machine():
    """Each machine has its own registry and its own folders."""
    named = [
        f"{name}: {found.group()}"
        for name, text in text_files()
        for pattern in (REGISTRY, MACHINE_PATH)
        for found in pattern.finditer(text)
    ]
    assert named == []


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_pins_and_hashes_every_requirement_and_has_no_address(lock):
    """Each requirement is one version with at least one hash; nothing says where it comes from."""
    text = lock.read_text()
    requirements = [line for line in text.splitlines() if re.match(r"\w", line)]
    assert requirements
    assert all(re.match(r"[\w.\[\]-]+==\S+ .*\\$", line) for line in requirements)
    assert len(re.findall(r"\\\n    --hash=sha256:", text)) >= len(requirements)
    assert "://" not in text


def test_the_locks_agree_and_hold_what_the_project_asks_for():
    """What is shipped is what was tested: the same versions in every lock, none of the direct ones missing."""
    pinned = [dict(re.findall(r"^([\w.-]+)(?:\[\w+\])?==(\S+)", lock.read_text(), re.MULTILINE)) for lock in LOCKS]
    everything = max(pinned, key=len)
    assert all(lock.items() <= everything.items() for lock in pinned)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    asked = project["project"]["dependencies"] + groups["build"] + [r for r in groups["dev"] if isinstance(r, str)]
    names = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in asked}
    assert {re.sub(r"[._]", "-", name) for name in names} <= set(everything)


def test_the_checks_run_every_test():
    """`.ci/run` calls the test command that README names, with nothing left out."""
    assert "KAOHE_TEST_ALL=1 make test" in (ROOT / ".ci/run").read_text().splitlines()
    assert "make test" in (ROOT / "README.md").read_text()


def test_every_command_of_make_says_what_it_is_for():
    """`make help` lists every target that a person can call."""
    text = (ROOT / "Makefile").read_text()
    targets = re.findall(r"^\.PHONY: (\w+)$", text, re.MULTILINE)
    described = re.findall(r"^(\w+):.*## \S", text, re.MULTILINE)
    assert sorted(targets) == sorted(described)


# What `install-system test` looks for, and the package that brings it.
LOOKED_FOR = {
    "chromium": "chromium",
    "fc-list": "fonts-wqy-zenhei",
    "javac": "default-jdk-headless",
    "curl": "curl",
}


@pytest.fixture
def bare(tmp_path):
    """A machine without what only the tests need, and without a way to install it."""
    hidden = {*LOOKED_FOR, "apt-get"}
    for folder in os.environ["PATH"].split(":"):
        for tool in Path(folder).glob("*"):
            if tool.name not in hidden and not (tmp_path / tool.name).is_symlink():
                (tmp_path / tool.name).symlink_to(tool.resolve() if tool.name == "cc" else tool)
    return tmp_path


@pytest.mark.parametrize(("needs", "missing"), [("build", set()), ("run", set()), ("test", set(LOOKED_FOR.values()))])
def test_only_what_is_lacking_for_the_purpose_is_installed(needs, missing, bare):
    """A browser, letters, Java and curl are asked for by the tests alone; where all is there nothing is done."""
    done = subprocess.run(
        [ROOT / "scripts/install-system", needs],
        env={**os.environ, "PATH": str(bare)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == bool(missing), done.stderr
    named = re.match(r"missing: (.*) \(", done.stderr)
    assert set(named.group(1).split() if named else []) == missing


def test_make_run_starts_the_service_with_the_settings_of_the_environment():
    """One command and it answers, on the port that was asked for; it ends when it is told to."""
    # The environment is this one: nothing is to be installed by a test.
    command = ["make", "--no-print-directory", "-o", ".venv/.installed", f"BIN={Path(sys.executable).parent}", "run"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "KAOHE_"))}
    settings = {"KAOHE_PORT": "0", "KAOHE_WORKERS": "1"}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**kept, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        start_new_session=True,
    ) as process:
        try:
            address = next(line.split()[1] for line in process.stdout if line.startswith("kaohe: "))
            assert not address.endswith((":0", ":8000"))
            with urllib.request.urlopen(f"{address}/readyz", timeout=30) as response:
                assert response.status == 200
        finally:
            # As Ctrl-C does: to make and to the service alike.
            os.killpg(process.pid, signal.SIGINT)
        process.stdout.read()
        process.wait(60)
