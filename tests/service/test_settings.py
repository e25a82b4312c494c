"""What the service can be told: each setting from the environment and from a file, and everything wrong at once."""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from service.settings import Settings, SettingsRefused, read_settings, settings_table

from .serving import served

ROOT = Path(__file__).parents[2]
INVENTED = ROOT / "tests" / "policies"
# Each setting: what may stand in the environment, in the file, and what both become; then what is refused.
SETTINGS = {
    "host": ("0.0.0.0", '"::1"', ["0.0.0.0", "::1"], ["", "two words", "http://here/"]),
    "port": ("0", "65535", [0, 65535], ["65536", "-1", "http", "8000.5", "٣"]),
    "workers": ("1", "64", [1, 64], ["0", "65", "many"]),
    "threads": ("3", "64", [3, 64], ["1", "65"]),
    "connections": ("100", "100000", [100, 100_000], ["99", "100001"]),
    "idle_seconds": ("1", "3600", [1, 3600], ["0", "3601"]),
    "request_seconds": ("1", "3600", [1, 3600], ["0", "3601"]),
    "worker_seconds": ("2", "3600", [2, 3600], ["1", "3601"]),
    "batch_seconds": ("1", "86400", [1, 86_400], ["0", "86401"]),
    "grace_seconds": ("1", "86400", [1, 86_400], ["0", "86401"]),
    "body_bytes": ("1024", "1048576", [1024, 1_048_576], ["1023", "1048577", "1 MiB"]),
    "batch_bytes": ("1024", "17179869184", [1024, 17_179_869_184], ["1023", "17179869185"]),
    "batch_sheets": ("1", "10000000", [1, 10_000_000], ["0", "10000001"]),
    "batches": ("1", "3", [1, 3], ["0", "64"]),
    "compiled": ("1", "1000", [1, 1000], ["0", "1001", "9" * 5000]),
    "policies": (
        f"{INVENTED / 'linjiang'}:{INVENTED / 'yunzhou'}",
        f'["{INVENTED / "linjiang"}"]',
        [(INVENTED / "linjiang", INVENTED / "yunzhou"), (INVENTED / "linjiang",)],
        ["no/such/place", f"{INVENTED}:README.md"],
    ),
    "log_level": ("debug", '"error"', ["debug", "error"], ["loud", "", "INFO"]),
    "log_facts": ("true", "false", [True, False], ["yes", "1", ""]),
}
# What a file can say and a variable cannot.
WRONG_TYPES = {
    "a number for a name": "host = 1",
    "a fraction": "port = 80.5",
    "a whole fraction": "port = 8000.0",
    "true for 1": "workers = true",
    "a list for a number": "threads = [4]",
    "a table": "port = {first = 8000}",
    "a date": "port = 2012-01-01",
    "1 for true": "log_facts = 1",
    "a number among directories": 'policies = ["tests", 1]',
    "a list of levels": 'log_level = ["info"]',
}


def problems_of(environment):
    """Everything that is refused, as a person is told: (code, path, sentence, near)."""
    with pytest.raises(SettingsRefused) as refused:
        read_settings(environment)
    return [(each.code, each.path, str(each), each.near) for each in refused.value.problems]


def file_with(folder, text):
    """The environment that names a file of settings."""
    path = folder / "kaohe.toml"
    path.write_text(text, encoding="utf-8")
    return {"KAOHE_CONFIG": str(path)}


def test_every_setting_is_tried():
    """The table of this test has each setting that there is."""
    assert list(SETTINGS) == [each.name for each in dataclasses.fields(Settings)]


def test_without_settings_the_defaults_hold():
    """Nothing has to be set; what is not ours does not matter."""
    assert read_settings({}) == Settings()
    assert (
        read_settings({"PATH": "x", "KAOHE_TEST_ALL": "1", "KAOHE_SOAK_SECONDS": "9", "kaohe_port": "9"}) == Settings()
    )


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_comes_from_the_environment_or_the_file(tmp_path, name):
    """Each is read from either, in its own type, and nothing else changes by it."""
    text, line, (from_text, from_line), _ = SETTINGS[name]
    by_environment = read_settings({f"KAOHE_{name.upper()}": text})
    by_file = read_settings(file_with(tmp_path, f"{name} = {line}\n"))
    for settings, value in ((by_environment, from_text), (by_file, from_line)):
        assert getattr(settings, name) == value
        assert type(getattr(settings, name)) is type(value)
        changed = {each: value for each, value in dataclasses.asdict(settings).items() if each != name}
        assert changed == {each: value for each, value in dataclasses.asdict(Settings()).items() if each != name}


@pytest.mark.parametrize("name", SETTINGS)
def test_the_environment_wins_over_the_file(tmp_path, name):
    """What stands in both is taken from the environment."""
    text, line, (from_text, _), _ = SETTINGS[name]
    settings = read_settings({**file_with(tmp_path, f"{name} = {line}\n"), f"KAOHE_{name.upper()}": text})
    assert getattr(settings, name) == from_text


@pytest.mark.parametrize("name", SETTINGS)
def test_a_bad_value_is_refused_with_what_would_be_right(name):
    """The variable, what was given, and what is expected stand in one sentence."""
    right = next(right for variable, _, right, _ in settings_table() if variable == f"KAOHE_{name.upper()}")
    for bad in SETTINGS[name][3]:
        [(code, path, sentence, _)] = problems_of({f"KAOHE_{name.upper()}": bad})
        assert (code, path) == ("value_bad", f"KAOHE_{name.upper()}")
        assert f"{right} is expected" in sentence


@pytest.mark.parametrize("line", WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_value_of_another_type_is_refused(tmp_path, line):
    """A file has types; those that are meant are kept apart, and the place names file and key."""
    [(code, path, _, _)] = problems_of(file_with(tmp_path, line))
    assert code == "value_bad"
    assert path == f"{tmp_path / 'kaohe.toml'}: {line.split()[0]}"


def test_the_directory_that_is_not_there_is_named():
    """Of several directories, the one that does not exist is said."""
    [(_, _, sentence, _)] = problems_of({"KAOHE_POLICIES": f"{INVENTED}:/no/such/place"})
    assert "“/no/such/place”" in sentence


def test_everything_that_is_wrong_is_said_at_once(tmp_path):
    """In the environment and in the file together, each unknown name with the known one that was meant."""
    environment = file_with(tmp_path, 'prot = 1\nthreads = "x"\n[server]\nport = 1\n')
    environment |= {"KAOHE_PORTT": "1", "KAOHE_PORT": "x", "KAOHE_LOG": "x", "KAOHE_CONFIGG": "x", "KAOHE_host": "x"}
    found = problems_of(environment)
    file = str(tmp_path / "kaohe.toml")
    assert {(code, path) for code, path, _, _ in found} == {
        ("key_unknown", file),
        ("key_unknown", ""),
        ("value_bad", "KAOHE_PORT"),
        ("value_bad", f"{file}: threads"),
    }
    assert len(found) == 8
    nears = {
        re.search(r"“(.*?)”", sentence).group(1): near for code, _, sentence, near in found if code == "key_unknown"
    }
    assert nears["prot"] == "port"
    assert nears["KAOHE_PORTT"] == "KAOHE_PORT"
    assert nears["KAOHE_CONFIGG"] == "KAOHE_CONFIG"
    assert {"server", "KAOHE_LOG", "KAOHE_host"} <= nears.keys()


@pytest.mark.parametrize(
    ("text", "code"),
    [(b"port = ", "file_unreadable"), (b"port = 1\nport = 2", "file_unreadable"), (b"\xff", "file_unreadable"),
     (b"port = " + b"[" * 5000, "file_unreadable"), (b"port = " + b"9" * 5000, "file_unreadable")],
    ids=["broken", "twice", "not UTF-8", "deep", "long"],
)  # fmt: skip
def test_a_bad_file_is_refused_by_name(tmp_path, text, code):
    """A file that is no TOML is refused with its name, and the rest is judged all the same."""
    file = tmp_path / "kaohe.toml"
    file.write_bytes(text)
    found = problems_of({"KAOHE_CONFIG": str(file), "KAOHE_PORT": "x"})
    assert [(each[0], str(file) in each[1]) for each in found] == [(code, True), ("value_bad", False)]


def test_a_file_that_is_not_there_or_is_a_directory_is_refused(tmp_path):
    """A slip in KAOHE_CONFIG does not start the service with other settings."""
    assert problems_of({"KAOHE_CONFIG": str(tmp_path / "none.toml")})[0][0] == "file_missing"
    assert problems_of({"KAOHE_CONFIG": str(tmp_path)})[0][0] == "file_unreadable"


def test_batches_leave_a_thread_for_single_sheets():
    """As many batches as threads are refused; with few threads the default shrinks by itself."""
    assert read_settings({"KAOHE_THREADS": "2"}).batches == 1
    assert read_settings({"KAOHE_THREADS": "2", "KAOHE_BATCHES": "1"}).batches == 1
    for batches in ("4", "5"):
        [(code, path, sentence, _)] = problems_of({"KAOHE_BATCHES": batches})
        assert (code, path) == ("value_bad", "KAOHE_BATCHES")
        assert "below that of threads, 4" in sentence


def test_settings_cannot_be_changed():
    """What was read at the start holds until the end."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        Settings().port = 1  # type: ignore[misc]


def test_serve_names_every_problem_and_ends_with_2(tmp_path):
    """Nothing is started; each problem is a line in Chinese and English, whatever the locale."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KAOHE_")}
    environment |= file_with(tmp_path, "wokers = 2\n")
    environment |= {"KAOHE_PORT": "eight", "KAOHE_LOG_LEVEL": "loud", "LC_ALL": "C"}
    ran = subprocess.run(
        [sys.executable, "-c", "from service.cli import main; main(['serve'])"],
        env=environment, cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (2, "")
    unknown, port, level = ran.stderr.splitlines()
    assert unknown.startswith(f"{tmp_path / 'kaohe.toml'}: key_unknown: 不认识“wokers” / `wokers` is not known here")
    assert unknown.endswith("(“workers”？ did you mean `workers`?)")
    assert port.startswith("KAOHE_PORT: value_bad: “eight”不合要求，应为 0 至 65535 的整数 / ")
    assert port.endswith("`eight` is not good here; a whole number from 0 to 65535 is expected")
    assert level.startswith("KAOHE_LOG_LEVEL: value_bad: “loud”不合要求，应为 debug、info、warning、error 之一 / ")
    assert level.endswith("`loud` is not good here; one of debug, info, warning, error is expected")


def test_the_document_has_every_setting_as_it_is():
    """The table of docs/service.md is that of the code, row by row."""
    text = (ROOT / "docs" / "service.md").read_text(encoding="utf-8")
    section = text.partition("\n## Settings\n")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| `KAOHE_")]
    shown = [(row[0].strip("`"), row[1].strip("`"), row[2], row[3]) for row in rows]
    assert shown == settings_table()


def test_further_policies_are_served():
    """Policies of directories that were named are listed, shown and scored under like the shipped ones."""
    with served(workers=1, policies=f"{INVENTED / 'linjiang'}:{INVENTED / 'yunzhou'}") as running:
        known = {each["id"]: each for each in running.get("/v1/policies")["policies"]}
        assert known.keys() == {"changzhou-2012", "changzhou-2013", "linjiang-2025", "yunzhou-2024"}
        assert running.get("/readyz")["policies"] == list(known)
        for key, policy in known.items():
            for standard in policy["standards"]:
                sheet = running.get(f"/v1/policies/{key}/standards/{standard}/sample-sheet")
                status, _, body = running.ask("/v1/evaluations", sheet)
                answer = json.loads(body)
                assert (status, answer.get("policy"), answer.get("standard")) == (200, key, standard), body
        by_year = {**running.get("/v1/policies/linjiang-2025/standards/street/sample-sheet"), "year": 2025}
        del by_year["policy"]
        status, _, body = running.ask("/v1/evaluations", by_year)
        assert (status, json.loads(body).get("policy")) == (200, "linjiang-2025")


def test_the_service_listens_where_it_was_told(tmp_path):
    """The host of a file reaches the socket, and the printed address says so."""
    config = file_with(tmp_path, 'host = "127.0.0.2"\nport = 1\n')
    with served(config=config["KAOHE_CONFIG"], workers=1) as running:
        assert running.address.startswith("http://127.0.0.2:")
        assert running.port > 1
        assert running.get("/healthz") == {"status": "ok"}
