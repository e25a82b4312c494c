"""
What is said about a policy that is not good, word for word.

Each case of `mutations.py` spoils the good policy, and its refusal stands in `golden/CASE.refusal`. After a change that
is meant, `KAOHE_ACCEPT=1 pytest tests/refusals` writes those files anew; read the difference before keeping it.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from rules import Policy, PolicyRefused, Problem, load_policy
from rules.errors import SENTENCES
from tests.refusals.mutations import (
    CASES,
    FACTS,
    GOOD,
    METHOD,
    STATION,
    Change,
    facts,
    method,
    spoiled,
    station,
    veto,
    wide,
)

GOLDEN = Path(__file__).parent / "golden"
ACCEPT = os.environ.get("KAOHE_ACCEPT") == "1"
FILES = (METHOD, FACTS, STATION, "village.yaml")
NEAR = re.compile(r"did you mean `([^`]+)`\?\)$")
# A policy file may be named in any way that a file system allows, so these cases are made by `test_hostile_files`.
CODES_OF_HOSTILE_FILES = {"file_unreadable", "file_too_large", "file_too_full", "value_empty"}
# Codes from here on are about sheets and requests, and a policy is refused with none of them but these.
FIRST_SHEET_CODE = "json_broken"
SHARED_WITH_SHEETS = {"fact_unknown", "item_unknown", "reading_unknown", "choice_unknown"}


def refusal(directory: Path) -> tuple[Problem, ...]:
    """Everything that is wrong with the policy in the directory."""
    with pytest.raises(PolicyRefused) as refused:
        load_policy(directory)
    return refused.value.problems


@dataclass(frozen=True)
class Told:
    """One line of a golden file."""

    place: tuple[str, int, int]
    code: str
    text: str
    near: str | None


def kept(name: str) -> list[Told]:
    """What the golden file of a case says."""
    lines = []
    for line in (GOLDEN / f"{name}.refusal").read_text("utf-8").splitlines():
        place, code, text = line.split(": ", 2)
        file, row, column = place.split(":")
        near = NEAR.search(text)
        lines.append(Told((file, int(row), int(column)), code, text, near and near[1]))
    return lines


def codes_of_policies() -> set[str]:
    """The codes of `SENTENCES` that a policy can be refused with."""
    codes = list(SENTENCES)
    return {*codes[: codes.index(FIRST_SHEET_CODE)], *SHARED_WITH_SHEETS}


def test_the_policy_that_cases_spoil_is_good():
    """Whatever a case is refused for comes from its changes."""
    assert isinstance(load_policy(GOOD), Policy)


@pytest.mark.parametrize("name", CASES)
def test_refusal_is_word_for_word_as_kept(tmp_path, name):
    """Place, code, both sentences and the nearest name of each problem are those of the golden file."""
    said = "".join(f"{each}\n" for each in refusal(spoiled(CASES[name], tmp_path / "policy")))
    golden = GOLDEN / f"{name}.refusal"
    if ACCEPT:
        golden.write_text(said, "utf-8")
    assert said == golden.read_text("utf-8")


def test_every_golden_file_belongs_to_a_case():
    """A case that was renamed leaves no file behind."""
    assert sorted(path.name for path in GOLDEN.iterdir()) == sorted(f"{name}.refusal" for name in CASES)


def test_every_code_about_policies_has_a_case():
    """No sentence about a policy goes without a policy that is refused with it."""
    produced = {told.code for name in CASES for told in kept(name)}
    assert produced | CODES_OF_HOSTILE_FILES >= codes_of_policies()
    assert produced <= codes_of_policies()


@pytest.mark.parametrize("name", CASES)
def test_kept_places_are_there_and_in_reading_order(tmp_path, name):
    """Each problem points at a character of the spoiled policy, from top to bottom, the method before the rest."""
    directory = spoiled(CASES[name], tmp_path / "policy")
    places = []
    for told in kept(name):
        file, line, column = told.place
        places.append((FILES.index(file), line, column))
        if told.code == "file_missing":
            assert not (directory / file).exists()
            continue
        lines = [*(directory / file).read_text("utf-8").splitlines(), ""]
        assert 1 <= line <= len(lines)
        assert 1 <= column <= len(lines[line - 1]) + 1
    assert places == sorted(places)


@pytest.mark.parametrize("name", CASES)
def test_kept_sentences_are_for_people(name):
    """No codes, no values as the program writes them, no hint at the very name that was refused, no walls of text."""
    for told in kept(name):
        assert not any(word in told.text for word in ("value_bad", "key_missing", "None", "True", "Error"))
        assert len(told.text) < 1000
        assert told.near is None or f"`{told.near}`" not in told.text.split(" (“")[0]


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    """An unknown fact, a bad type, a missing basis, bands that overlap and a clause too wide are one refusal."""
    problems = refusal(
        spoiled(
            (
                method("year_basis: stated", "year_basis: guessed"),
                method("from: 60", "from: 85"),
                facts("type: flag", "type: flagg"),
                facts("max: 90000.50", "max: 90000.505"),
                station("not open_daily, veto", "complaint > 0, veto"),
                station("bonus: 2}", "bonus: 2.25}"),
                station("{above: 80, below: 90, points: 1}", "{from: 80, below: 90, points: 1}"),
                station("        basis: 不整洁的酌情扣1—3分。\n", ""),
            ),
            tmp_path / "policy",
        )
    )
    assert [(each.file, each.code) for each in problems] == [
        (METHOD, "value_bad"),
        (METHOD, "grades_out_of_order"),
        (FACTS, "value_bad"),
        (FACTS, "off_scale"),
        (STATION, "fact_unknown"),
        (STATION, "off_scale"),
        (STATION, "bands_overlap"),
        (STATION, "key_missing"),
    ]


def test_a_clause_too_wide_is_told_beside_other_problems(tmp_path):
    """What only lowering finds out is reported together with what reading finds out."""
    directory = spoiled((veto(wide()), station("bonus: 2}", "bonus: 2.25}")), tmp_path / "policy")
    assert [each.code for each in refusal(directory)] == ["clause_too_wide", "off_scale"]


def test_a_bad_shape_in_one_file_hides_no_bad_meaning_in_another(tmp_path):
    """A missing key of the method leaves the conditions of the standard to be checked all the same."""
    changes: tuple[Change, ...] = (method("id: small-2020\n", ""), veto("not open_dayly"))
    problems = refusal(spoiled(changes, tmp_path / "policy"))
    assert [(each.file, each.code) for each in problems] == [(METHOD, "key_missing"), (STATION, "fact_unknown")]


def test_an_unknown_fact_is_pointed_at_inside_its_condition(tmp_path):
    """Line and column are those of the name itself, and the nearest known name is offered."""
    directory = spoiled((veto("open_daily and complaints > 0 and employer_visited < 3"),), tmp_path / "policy")
    (problem,) = refusal(directory)
    assert problem.line is not None
    assert problem.column is not None
    line = (directory / STATION).read_text("utf-8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("employer_visited < 3")
    assert problem.near == "employers_visited"


def test_an_empty_value_is_looked_for_on_its_own_line(tmp_path):
    """A key without a value is reported where the key stands, not where the next one does."""
    (problem,) = refusal(spoiled((station("basis: 不整洁的酌情扣1—3分。", "basis:"),), tmp_path / "policy"))
    lines = (GOOD / STATION).read_text("utf-8").splitlines()
    assert problem.line == 1 + next(at for at, line in enumerate(lines) if "basis: 不整洁" in line)


@pytest.mark.parametrize(
    ("change", "name"),
    [
        (station("deduct: tidiness_deduction", "deduct: complaints"), "complaints"),
        (station("{proportion: visit_rate", "{proportion: complaints"), "complaints"),
        (facts("part: employers_visited", "part: open_daily"), "open_daily"),
    ],
)
def test_a_fact_of_the_wrong_type_is_not_called_unknown(tmp_path, change, name):
    """A fact that exists and does not fit here is refused for its type."""
    problems = refusal(spoiled((change,), tmp_path / "policy"))
    assert not any(each.code == "fact_unknown" and f"`{name}`" in each.message.en for each in problems)


@pytest.mark.parametrize("style", ["'{}'", '"{}"', ">-\n              {}", "|\n              {}"])
def test_an_unknown_fact_is_pointed_at_in_every_way_to_write_text(tmp_path, style):
    """Quotes and block texts move the words; the place moves with them."""
    condition = style.format("complaints > 0 and complaint > 1")
    directory = spoiled(
        (
            station(
                "- {when: open_daily, deduct: tidiness_deduction, note: {zh: 酌情, en: at discretion}}",
                f"- deduct: tidiness_deduction\n            when: {condition}",
            ),
        ),
        tmp_path / "policy",
    )
    (problem,) = refusal(directory)
    assert problem.line is not None
    assert problem.column is not None
    line = (directory / STATION).read_text("utf-8").splitlines()[problem.line - 1]
    assert line[problem.column - 1 :].startswith("complaint > 1")
