"""The image is built of nothing but what the checks prove."""

import json
import os
import re
from pathlib import Path

import pytest

from service.settings import Settings, read_settings

ROOT = Path(__file__).parents[2]
SCRIPT = re.compile(r"scripts/[\w-]+")


def parse(text):
    """Cuts a Dockerfile into its stages, each a list of (instruction, arguments)."""
    stages = []
    lines = (line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#"))
    for line in re.sub(r"\\\n", " ", "\n".join(lines)).splitlines():
        word, _, arguments = line.strip().partition(" ")
        if word.upper() == "FROM":
            stages.append([])
        stages[-1].append((word.upper(), arguments.strip()))
    return stages


def of_kind(stage, kind):
    """The arguments of one kind of instruction, in order."""
    return [arguments for word, arguments in stage if word == kind]


STAGES = parse((ROOT / "Dockerfile").read_text())
RUNS = [run for stage in STAGES for run in of_kind(stage, "RUN")]


def test_there_are_two_stages_and_the_second_takes_from_the_first():
    """The compiler stays behind: the second stage copies from the first, which it does not stand on."""
    first, second = STAGES
    name = of_kind(first, "FROM")[0].split()[-1]
    assert any(copy.startswith(f"--from={name} ") for copy in of_kind(second, "COPY"))
    assert of_kind(second, "FROM")[0].split()[0] != name


def test_the_image_does_not_run_as_root():
    """The last word on the user is a number that is not root's, so that a cluster can check it."""
    user = of_kind(STAGES[-1], "USER")[-1]
    assert re.fullmatch(r"[1-9]\d*(:[1-9]\d*)?", user)


def test_the_image_says_whether_it_is_healthy():
    """The health check is a script without a shell, and the one that is called when the checks try the service."""
    (check,) = of_kind(STAGES[-1], "HEALTHCHECK")
    (script,) = json.loads(check.partition("CMD ")[2])
    (folder,) = of_kind(STAGES[-1], "WORKDIR")
    name = script.removeprefix(f"{folder}/")
    assert SCRIPT.fullmatch(name)
    assert os.access(ROOT / name, os.X_OK)
    assert Path(name).name in (ROOT / "scripts/try-service").read_text()
    assert "scripts/try-service .cache/image" in (ROOT / ".ci/run").read_text().splitlines()


def test_the_image_is_the_service_and_can_be_reached():
    """Without arguments the service starts, on every network, on the port that is exposed; its settings are good."""
    last = STAGES[-1]
    started = [json.loads(of_kind(last, kind)[-1]) for kind in ("ENTRYPOINT", "CMD")]
    assert started == [["kaohe"], ["serve"]]
    variables = dict(pair.split("=", 1) for line in of_kind(last, "ENV") for pair in line.split())
    settings = read_settings(variables)
    assert settings.host == "0.0.0.0"
    assert [int(port) for port in of_kind(last, "EXPOSE")] == [settings.port] == [Settings().port]


@pytest.mark.parametrize("run", RUNS)
def test_every_step_is_one_script_that_the_checks_run_too(run):
    """A RUN calls one script of ours, which can be executed and which `.ci/run` executes."""
    script = run.split()[0]
    assert SCRIPT.fullmatch(script)
    assert not re.search(r"[;&|<>$`]", run)
    assert os.access(ROOT / script, os.X_OK)
    assert script in SCRIPT.findall((ROOT / ".ci/run").read_text())


def test_what_a_stage_copies_exists_and_reaches_the_builder():
    """Each source of a COPY is in the repository and let through by `.dockerignore`."""
    allowed = {
        line.removeprefix("!") for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")
    }
    for stage in STAGES:
        for copy in of_kind(stage, "COPY"):
            if not copy.startswith("--from="):
                sources = copy.split()[:-1]
                assert set(sources) <= allowed
                assert all((ROOT / source).exists() for source in sources)
