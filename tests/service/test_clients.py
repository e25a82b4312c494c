"""The clients that docs/integrate.md shows, each run as its reader would, against the real service."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import Settings

from .conftest import ROOT, sample
from .serving import served

DOCUMENT = (ROOT / "docs/integrate.md").read_text()
CLIENTS = ROOT / "docs/clients"
ADDRESS = "http://127.0.0.1:8000"
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ELISION = "…"
NO_JAVA = "no Java compiler; scripts/install-system test"
PYTHON = [sys.executable, str(CLIENTS / "evaluate.py")]


def environment():
    """As a user has it, with the tools of the virtual environment; no proxy between a client and this machine."""
    kept = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
    return kept | {"PATH": f"{Path(sys.executable).parent}:{kept['PATH']}", "PYTHONDONTWRITEBYTECODE": "1"}


def run(command, folder=ROOT, posted=None):
    """What a command prints, and how it ends."""
    return subprocess.run(
        command,
        input="" if posted is None else json.dumps(posted, ensure_ascii=False),
        cwd=folder,
        env=environment(),
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=120,
    )


def need_java(text="java"):
    """Skip where the Java client cannot be run."""
    if "java" in text and shutil.which("javac") is None:
        pytest.skip(NO_JAVA)


@pytest.fixture(scope="session", params=["python", "java"])
def client_of(request, tmp_path_factory):
    """The command of each client that reads a sheet; Java's is compiled once, which saves seconds each time."""
    if request.param == "python":
        return PYTHON
    need_java()
    classes = tmp_path_factory.mktemp("classes")
    subprocess.run(["javac", "-Xlint:all", "-Werror", "-d", classes, CLIENTS / "Evaluate.java"], check=True)
    return ["java", "-XX:TieredStopAtLevel=1", "-cp", str(classes), "Evaluate"]


@pytest.fixture(scope="session")
def generated(service, tmp_path_factory):
    """A folder with the client that is generated from the document of the running service."""
    folder = tmp_path_factory.mktemp("generated")
    (commands,) = (body for body, _ in shown() if "openapi-python-client" in body)
    generate = commands.splitlines()[0].replace(ADDRESS, service.address)
    done = run(["bash", "-c", generate], folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


# The document


def shown():
    """Each block of commands and the output that is shown below it, if there is any."""
    found = FENCE.findall(DOCUMENT)
    after = [*found[1:], ("", "")]
    return [
        (body, next_body if language == "text" else None)
        for (kind, body), (language, next_body) in zip(found, after, strict=True)
        if kind == "bash"
    ]


def pattern(text):
    """What is shown, as a pattern: `…` stands for anything on a line, and on a line of its own for any lines."""
    made = ""
    for line in text.splitlines():
        if line == ELISION:
            made += r"(?:[^\n]*\n)*?"
        else:
            made += ".*".join(map(re.escape, line.split(ELISION))) + r"\n"
    return made


@pytest.fixture(scope="module")
def desk(service, tmp_path_factory):
    """A folder like a clone, with what the first block fetches, in which a reader types what the document shows."""
    folder = tmp_path_factory.mktemp("desk")
    for name in ("docs", "policy_versions"):
        (folder / name).symlink_to(ROOT / name)
    for commands, _ in shown()[:2]:
        run(["bash", "-c", commands.replace(ADDRESS, service.address)], folder)
    return folder


@pytest.mark.parametrize("at", range(len(shown())))
def test_what_the_document_shows_is_what_comes_out(at, service, desk):
    """Every block of commands ends well and prints what is shown below it."""
    commands, expected = shown()[at]
    need_java(commands)
    assert ADDRESS in commands
    done = run(["bash", "-euo", "pipefail", "-c", commands.replace(ADDRESS, service.address)], desk)
    assert done.returncode == 0, done.stderr
    assert expected is not None
    assert re.fullmatch(pattern(expected), done.stdout), done.stdout


def test_output_that_is_not_as_shown_is_noticed():
    """The comparison itself can fail: a wrong line, a line too few, a line too many."""
    assert re.fullmatch(pattern("one\n…\nthr…\n"), "one\ntwo\nthree\n")
    for text in ("one\ntwo\n", "one\nthree\nfour\n", "two\nthree\n"):
        assert not re.fullmatch(pattern("one\n…\nthr…\n"), text)


def test_every_program_is_shown():
    """A client that lies in the folder is one that the document tells how to run."""
    assert {f"docs/clients/{path.name}" for path in CLIENTS.iterdir() if path.is_file()} <= set(
        re.findall(r"docs/clients/[\w.]+", DOCUMENT)
    )


def test_the_limits_in_the_document_are_the_defaults():
    """A client that is built after the document fits the service as it is started."""
    defaults = Settings()
    in_words = {
        "KAOHE_REQUEST_SECONDS": f"{defaults.request_seconds} s",
        "KAOHE_BATCH_SECONDS": f"{defaults.batch_seconds} s",
        "KAOHE_IDLE_SECONDS": f"{defaults.idle_seconds} s",
        "KAOHE_BODY_BYTES": f"{defaults.body_bytes >> 20} MiB",
        "KAOHE_BATCH_BYTES": f"{defaults.batch_bytes >> 20} MiB",
        "KAOHE_BATCH_SHEETS": f"{defaults.batch_sheets} sheets",
    }
    rows = re.findall(r"^\|.*\| (.+) \| (`KAOHE_.+) \|$", DOCUMENT, re.MULTILINE)
    said = {name: value for values, names in rows for name, value in zip(
        re.findall(r"KAOHE_\w+", names), re.split(r"[;,] ", values), strict=True)}  # fmt: skip
    assert said == in_words


# The programs


def decided(answer):
    """What a client prints of a decision."""
    score = "-" if answer["score"] is None else answer["score"]
    yield f"{answer['unit']['id']} {answer['grade']} {score} {answer['policy_hash']}"
    for item in answer["items"] or []:
        for finding in item["findings"]:
            yield f"{item['no']} {item['score']} of {item['points']} {finding['because']['en']}"
    for finding in answer["veto_findings"]:
        yield f"veto {finding['because']['en']}"


def answered(service, posted):
    """The service's own answer; each number stays the text that it came as."""
    status, _, body = service.ask("/v1/evaluations", posted)
    assert status == 200, body
    return json.loads(body, parse_int=str, parse_float=str)


@pytest.fixture(scope="module")
def in_hundredths():
    """A service that has an invented policy whose points go by hundredths."""
    with served(workers=1, policies=ROOT / "tests/policies/yunzhou/2024") as running:
        yield running


def test_a_client_shows_points_to_the_last_digit(client_of, in_hundredths):
    """Numbers that no float holds come out as the service wrote them."""
    posted = in_hundredths.get("/v1/policies/yunzhou-2024/standards/rural/sample-sheet")
    posted["facts"]["households_filed"] = 283
    answer = answered(in_hundredths, posted)
    assert answer["score"] == "99.72"
    done = run([*client_of, in_hundredths.address], posted=posted)
    assert (done.returncode, done.stdout.splitlines()) == (0, list(decided(answer))), done.stderr
    assert "4.72 of 5" in done.stdout


def test_a_client_shows_a_veto(client_of, service):
    """A decision without items is read as well."""
    posted = sample("village")
    posted["facts"]["platform_established"] = False
    done = run([*client_of, service.address], posted=posted)
    assert (done.returncode, done.stdout.splitlines()) == (0, list(decided(answered(service, posted)))), done.stderr
    assert "\nveto " in done.stdout


def test_a_client_says_what_is_wrong_and_under_which_id(client_of, service):
    """Every problem is shown with its place, and the id is the one in the log."""
    posted = sample("village")
    posted["facts"] |= {"loans_due": "many", "labour_survey_activ": True}
    done = run([*client_of, service.address], posted=posted)
    first, *problems = done.stdout.splitlines()
    status, code, request_id = first.split()
    assert (done.returncode, status, code) == (3, "422", "request_refused")
    assert {line.split()[1] for line in problems} == {"/facts/loans_due", "/facts/labour_survey_activ"}
    assert any(line.get("request_id") == request_id for line in service.log)


def test_a_client_waits_for_a_service_that_is_just_starting(client_of):
    """What is not reached is asked again, and then answered."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    posted = sample("community")
    client = subprocess.Popen(
        [*client_of, f"http://127.0.0.1:{port}"],
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        encoding="utf-8",
    )
    try:
        client.stdin.write(json.dumps(posted))
        client.stdin.close()
        with served(port=port, workers=1) as starting:
            printed = client.stdout.read()
            assert (client.wait(60), printed.splitlines()) == (0, list(decided(answered(starting, posted))))
    finally:
        client.kill()
        client.wait()
        client.stdout.close()


EXACT = """
import sys
from decimal import Decimal
from json import loads
from kaohe_client import Client
from kaohe_client.api.evaluations import evaluate, evaluate_batch
from kaohe_client.api.policies import get_facts_schema, get_standard, list_policies
from kaohe_client.models import Answer, Policies, Problem, Refusal, Standard

sheet = loads(sys.stdin.read())
with Client(base_url=sys.argv[1]) as client:
    response = evaluate.sync_detailed(client=client, body=sheet)
    assert response.status_code == 200, response.content
    print(loads(response.content, parse_float=Decimal)["score"], response.parsed.score, len(response.parsed.items))

    found = list_policies.sync(client=client)
    assert isinstance(found, Policies)
    for each in found.policies:
        for standard in each.standards:
            table = get_standard.sync(each.id, standard, client=client)
            assert isinstance(table, Standard)
            schema = get_facts_schema.sync(each.id, standard, client=client).to_dict()
            items = [item.no for category in table.categories for item in category.items]
            print(table.standard, len(items), "platform_established" in schema["properties"])

    bad = {**sheet, "facts": {"no_such_fact": 1}}
    print([type(each).__name__ for each in evaluate_batch.sync(client=client, body=[sheet, bad])])
    print(evaluate.sync(client=client, body={**sheet, "policy": "nowhere-1900"}).code)
"""


def test_the_generated_client_reads_whatever_it_asks_for(generated, service):
    """Tables, schemas, batches and refusals come out as objects, and an answer's digits can be had."""
    posted = sample("community")
    posted["facts"]["loans_repaid"] = 434000
    done = run([sys.executable, "-c", EXACT, service.address], generated, posted)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "95 95 30",
        "community 30 True",
        "village 31 True",
        "community 33 True",
        "village 34 True",
        "['Answer', 'Refusal']",
        "policy_unknown",
    ]
