"""
Files that nobody would write by hand: each is refused with a clear sentence, quickly and within bounded memory.

All are read in one process of their own, under a limit of its address space: reading that grows without bound fails
there and disturbs nothing else.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from shutil import copytree, rmtree
from typing import Any

import pytest

from tests.refusals.mutations import GOOD, METHOD, STATION

ROOT = Path(__file__).parents[2]
# Of the processor, on a machine that is busy with other tests; alone each takes a second or less.
MOST_SECONDS = 5.0
MOST_BYTES = 768 * 1024 * 1024

READER = """
import json, resource, sys, time
from pathlib import Path
from rules import PolicyRefused, load_policy
resource.setrlimit(resource.RLIMIT_AS, (int(sys.argv[2]),) * 2)
answers = {}
for directory in sorted(Path(sys.argv[1]).iterdir()):
    start = time.process_time()
    try:
        load_policy(directory)
        problems = None
    except PolicyRefused as refused:
        problems = [(each.file, each.line, each.column, each.code, each.message.en) for each in refused.problems]
    except BaseException as error:
        problems = [(None, None, None, type(error).__name__, str(error)[:200])]
    answers[directory.name] = {"problems": problems, "seconds": time.process_time() - start}
print(json.dumps(answers))
"""


def replaced(file: str, content: bytes) -> Callable[[Path], object]:
    """The whole file becomes `content`."""
    return lambda directory: (directory / file).write_bytes(content)


def appended(file: str, content: bytes) -> Callable[[Path], object]:
    """`content` follows what the file holds."""
    return lambda directory: (directory / file).write_bytes((directory / file).read_bytes() + content)


def a_directory_instead(directory: Path) -> None:
    """A directory stands where the standard's file should be."""
    (directory / STATION).unlink()
    (directory / STATION).mkdir()


def no_file(directory: Path) -> None:
    """The method is not there at all."""
    (directory / METHOD).unlink()


def laughs(levels: int) -> bytes:
    """Ten of the line before, `levels` times: as plain text it would be 10 ** levels words."""
    lines = ["l0: &l0 [ha]"]
    lines += [f"l{at}: &l{at} [{', '.join([f'*l{at - 1}'] * 10)}]" for at in range(1, levels)]
    return "\n".join(lines).encode()


def bombs_of_merges() -> bytes:
    """Mappings that take in the one before twice, forty times over."""
    return b"\n".join(
        [b"m0: &m0 {a: 1}", *(b"m%d: &m%d {<<: [*m%d, *m%d]}" % (n, n, n - 1, n - 1) for n in range(1, 40))]
    )


# name: (what is done to the good policy, the codes that may be given, the file that is named)
HOSTILE: dict[str, tuple[Callable[[Path], object], set[str], str]] = {
    "ten_megabytes": (replaced(METHOD, b"# kaohe\n" * 1_310_720), {"file_too_large"}, METHOD),
    "a_number_too_many": (replaced(METHOD, b"id: [" + b"1," * 80_000 + b"1]"), {"file_too_full"}, METHOD),
    "one_byte_too_many": (appended(METHOD, b"#" * 512 * 1024), {"file_too_large"}, METHOD),
    "billion_laughs": (replaced(METHOD, laughs(10)), {"yaml_alias"}, METHOD),
    "laughs_at_the_end": (appended(STATION, b"\n" + laughs(30)), {"yaml_alias"}, STATION),
    "merges_that_double": (replaced(METHOD, bombs_of_merges()), {"yaml_alias"}, METHOD),
    "alias_of_itself": (replaced(METHOD, b"a: &a [*a]"), {"yaml_alias"}, METHOD),
    "ten_thousand_brackets": (
        replaced(METHOD, b"id: " + b"[" * 10_000 + b"]" * 10_000),
        {"yaml_too_deep"},
        METHOD,
    ),
    "brackets_never_closed": (replaced(METHOD, b"[" * 10_000), {"yaml_too_deep", "yaml_broken"}, METHOD),
    "ten_thousand_braces": (replaced(METHOD, b"{a: " * 10_000 + b"}" * 10_000), {"yaml_too_deep"}, METHOD),
    "ten_thousand_dashes": (replaced(METHOD, b"- " * 10_000 + b"a"), {"yaml_too_deep"}, METHOD),
    "a_thousand_indentations": (
        replaced(METHOD, b"".join(b" " * at + b"a:\n" for at in range(1_000))),
        {"yaml_too_deep"},
        METHOD,
    ),
    "many_keys": (appended(METHOD, b"".join(b"key_%d: 1\n" % at for at in range(5_000))), {"key_unknown"}, METHOD),
    "one_long_key": (appended(METHOD, b"? " + b"k" * 500_000 + b"\n: 1\n"), {"key_unknown"}, METHOD),
    "one_long_word": (replaced(METHOD, b"id: " + b"w" * 450_000), {"key_missing", "value_bad"}, METHOD),
    "one_long_number": (replaced(METHOD, b"year: " + b"9" * 450_000), {"value_bad"}, METHOD),
    "not_utf8": (replaced(METHOD, b"id: caf\xe9\n"), {"file_unreadable"}, METHOD),
    "utf16": (replaced(METHOD, "id: small-2020\n".encode("utf-16")), {"file_unreadable"}, METHOD),
    "half_a_character": (appended(STATION, "核".encode()[:2]), {"file_unreadable"}, STATION),
    "binary_junk": (replaced(METHOD, bytes(range(256)) * 64), {"file_unreadable"}, METHOD),
    "zero_bytes": (replaced(METHOD, b"\0" * 1000), {"yaml_broken"}, METHOD),
    "empty": (replaced(METHOD, b""), {"value_empty"}, METHOD),
    "only_a_comment": (replaced(STATION, "# 空\n".encode()), {"value_empty"}, STATION),
    "a_list": (replaced(METHOD, b"- id: small-2020\n"), {"value_bad"}, METHOD),
    "a_word": (replaced(METHOD, b"small-2020\n"), {"value_bad"}, METHOD),
    "lists_as_keys": (replaced(METHOD, b"? [a, b]\n: 1\n"), {"value_bad", "yaml_broken", "key_unknown"}, METHOD),
    "a_directory_instead": (a_directory_instead, {"file_unreadable"}, STATION),
    "no_file": (no_file, {"file_missing"}, METHOD),
    "anchor_twice": (replaced(METHOD, b"id: &a x\nyear: &a y\n"), {"yaml_alias"}, METHOD),
    "a_directory_of_an_upper_standard": (
        lambda directory: (directory / METHOD).write_text(
            (directory / METHOD).read_text("utf-8").replace("[station]", "['../station']"), "utf-8"
        ),
        {"value_bad"},
        METHOD,
    ),
}


if os.environ.get("KAOHE_TEST_ALL") == "1":
    # As large as a file may be, and with as much in it as fits.
    HOSTILE["many_numbers"] = (replaced(METHOD, b"id: [" + b"1," * 79_000 + b"1]"), {"value_bad"}, METHOD)


@pytest.fixture(scope="module")
def answers(tmp_path_factory) -> dict[str, Any]:
    """What a process of limited memory says about every case."""
    directories = tmp_path_factory.mktemp("hostile")
    for name, (spoil, _, _) in HOSTILE.items():
        copytree(GOOD, directories / name)
        spoil(directories / name)
    ran = subprocess.run(
        [sys.executable, "-c", READER, directories, str(MOST_BYTES)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    rmtree(directories)
    assert ran.returncode == 0, ran.stderr[-2000:]
    return {"stderr": ran.stderr, **json.loads(ran.stdout)}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_with_its_code_and_place(answers, name):
    """The code says what is wrong, the file is named, and its first problem has a line and a column."""
    _, codes, named = HOSTILE[name]
    problems = answers[name]["problems"]
    assert problems, "a hostile file became a policy"
    file, line, column, _, _ = problems[0]
    assert codes & {code for _, _, _, code, _ in problems}, problems[:3]
    assert file == named
    assert line >= 1
    assert column >= 1


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_quickly_and_shortly(answers, name):
    """Neither the time nor the sentences grow with what is in the file."""
    assert answers[name]["seconds"] < MOST_SECONDS
    assert all(len(message) < 2_500 for _, _, _, _, message in answers[name]["problems"])


@pytest.mark.parametrize("name", HOSTILE)
def test_a_refusal_does_not_tell_where_the_files_are_kept(answers, name):
    """A file is called by its name inside the policy, not by its place on the machine."""
    assert not any("/hostile" in message for _, _, _, _, message in answers[name]["problems"])


def test_nothing_is_said_beside_the_refusals(answers):
    """No library writes warnings of its own while a hostile file is read."""
    assert answers["stderr"] == ""
