"""
What the service can be told: by `KAOHE_*` in the environment, or in a TOML file that `KAOHE_CONFIG` names.

The environment wins over the file. Everything that is wrong is said at once, before anything is started.
"""

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from os import cpu_count
from pathlib import Path
from typing import Any, NamedTuple

from rules import Problems, Refused, Text

PREFIX = "KAOHE_"
FILE = "KAOHE_CONFIG"
# Settings of the tests and benchmarks; they share the prefix and mean nothing here.
OTHERS = ("KAOHE_TEST_", "KAOHE_BENCH_", "KAOHE_SOAK_", "KAOHE_ACCEPT")
# More would be a slip, and Python takes long over very many.
MOST_DIGITS = 20
MIB = 1024 * 1024


class SettingsRefused(Refused):
    """The service cannot be started with these settings."""


class _Bad(ValueError):
    """A value that a setting cannot have, or a part of one."""


class _Kind(NamedTuple):
    """What a setting may be, in words, and who reads it; raises `_Bad` on anything else."""

    right: Text
    read: Callable[[object], Any]


def _whole(low: int, high: int) -> _Kind:
    """A whole number from `low` to `high`, as such or in digits."""

    def read(given: object) -> int:
        digits = str(given).strip()
        good = not isinstance(given, bool) and digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        if not good or not low <= int(digits) <= high:
            raise _Bad
        return int(digits)

    return _Kind(Text(f"{low} 至 {high} 的整数", f"a whole number from {low} to {high}"), read)


def _one_of(*words: str) -> _Kind:
    """One of these words."""

    def read(given: object) -> str:
        if given not in words:
            raise _Bad
        return str(given)

    return _Kind(Text("、".join(words) + " 之一", "one of " + ", ".join(words)), read)


def _read_yes_or_no(given: object) -> bool:
    words = {"true": True, "false": False}
    if str(given).lower() not in words:
        raise _Bad
    return words[str(given).lower()]


def _read_host(given: object) -> str:
    if not isinstance(given, str) or not given or any(each.isspace() or each == "/" for each in given):
        raise _Bad
    return given


def _read_directories(given: object) -> tuple[Path, ...]:
    """Directories, as a list or with colons between them."""
    names = given.split(":") if isinstance(given, str) else given
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise _Bad
    paths = tuple(Path(name) for name in names if name)
    for path in paths:
        if not _is_directory(path):
            raise _Bad(path)
    return paths


def _is_directory(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # not even its folder may be looked into
        return False


YES_OR_NO = _Kind(Text("true 或 false", "true or false"), _read_yes_or_no)
HOST = _Kind(Text("主机名或地址", "a host name or an address"), _read_host)
DIRECTORIES = _Kind(
    Text("现有的目录，多个以冒号分隔", "a directory that exists, or several with colons between"), _read_directories
)


def _setting(default: Any, kind: _Kind, says: str, shown: str = "") -> Any:
    """A setting; `shown` is the default in words, where it is not the same everywhere."""
    return field(default=default, metadata={"kind": kind, "says": says, "shown": shown})


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything that can be set; read once, then never changed."""

    host: str = _setting("127.0.0.1", HOST, "the address to listen on; `0.0.0.0` for every network")
    port: int = _setting(8000, _whole(0, 65535), "the port; 0 for any that is free")
    workers: int = _setting(
        min(cpu_count() or 1, 64), _whole(1, 64), "processes that answer requests", "one for each core"
    )
    threads: int = _setting(4, _whole(2, 64), "requests that one process answers at the same time")
    connections: int = _setting(1000, _whole(100, 100_000), "connections that one process keeps open")
    idle_seconds: int = _setting(75, _whole(1, 3600), "how long a connection without a request is kept open")
    request_seconds: int = _setting(30, _whole(1, 3600), "a request must have come in whole by then")
    worker_seconds: int = _setting(30, _whole(2, 3600), "a process without a sign of life for so long is replaced")
    batch_seconds: int = _setting(300, _whole(1, 86_400), "sheets of a batch that are not reached by then are refused")
    grace_seconds: int = _setting(30, _whole(1, 86_400), "how long a stop waits for answers that are under way")
    body_bytes: int = _setting(MIB, _whole(1024, MIB), "the largest body of a request for one sheet")
    batch_bytes: int = _setting(256 * MIB, _whole(1024, 16_384 * MIB), "the largest body of a batch")
    batch_sheets: int = _setting(100_000, _whole(1, 10_000_000), "the most sheets of a batch")
    batches: int = _setting(
        2, _whole(1, 63), "batches that one process answers at the same time; fewer than its threads"
    )
    compiled: int = _setting(
        64,
        _whole(1, 1000),
        "standards and readings that durable_rules is built for; see [the limits](service.md#limits)",
    )
    policies: tuple[Path, ...] = _setting((), DIRECTORIES, "directories with further policy versions", "none")
    log_level: str = _setting(
        "info", _one_of("debug", "info", "warning", "error"), "how grave a line must be to be logged"
    )
    log_facts: bool = _setting(
        default=False, kind=YES_OR_NO, says="write the sheets of refused evaluations into the log"
    )


KNOWN = {each.name: each for each in fields(Settings)}


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings of this environment and its file; raises `SettingsRefused` with everything that is wrong."""
    problems = Problems()
    # Where each was given comes first in what is said about it; the environment comes last, and wins.
    given: dict[str, tuple[str, object]] = {}
    if environment.get(FILE):
        file = Path(environment[FILE])
        for name, value in _read_file(file, problems).items():
            if name in KNOWN:
                given[name] = (f"{file}: {name}", value)
            else:
                problems.add("key_unknown", str(file), KNOWN, name=name)
    variables = {PREFIX + name.upper(): name for name in KNOWN}
    for variable, text in environment.items():
        if variable in variables:
            given[variables[variable]] = (variable, text)
        elif variable.startswith(PREFIX) and variable != FILE and not variable.startswith(OTHERS):
            problems.add("key_unknown", "", [*variables, FILE], name=variable)
    values: dict[str, Any] = {}
    for name in (name for name in KNOWN if name in given):
        where, value = given[name]
        kind = KNOWN[name].metadata["kind"]
        try:
            values[name] = kind.read(value)
        except _Bad as bad:
            problems.add("value_bad", where, value=str(bad.args[0] if bad.args else value), right=kind.right)
    threads = values.get("threads", Settings().threads)
    if "batches" not in given:
        values["batches"] = min(Settings().batches, threads - 1)
    elif values.get("batches", 0) >= threads:
        right = Text(f"小于线程数（threads）{threads}", f"a number below that of threads, {threads},")
        problems.add("value_bad", given["batches"][0], value=str(values["batches"]), right=right)
    problems.refuse(SettingsRefused)
    return Settings(**values)


def _read_file(file: Path, problems: Problems) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        problems.add("file_missing", FILE, name=str(file))
    except OSError as error:
        problems.add("file_unreadable", f"{FILE}: {file}", why=error.strerror)
    except (ValueError, RecursionError) as error:
        problems.add("file_unreadable", f"{FILE}: {file}", why=str(error))
    return {}


def settings_table() -> list[tuple[str, str, str, str]]:
    """Each setting's variable, its default, what it may be, and what it says."""
    rows = []
    for name, each in KNOWN.items():
        default = str(each.default).lower() if isinstance(each.default, bool) else str(each.default)
        words = each.metadata
        rows.append((PREFIX + name.upper(), words["shown"] or default, words["kind"].right.en, words["says"]))
    return rows
