"""`kaohe policies`, `show`, `check` and `test`: what there is, as it is printed, and whether it is good."""

import re
from pathlib import Path
from shutil import copytree

import pytest

from rules import clause_sentence, load_policy
from tests.refusals.mutations import CASES, GOOD, spoiled

ROOT = Path(__file__).parents[2]
CHANGZHOU = ROOT / "policy_versions" / "changzhou" / "2012"
OTHERS = [ROOT / "tests" / "policies" / "linjiang" / "2025", ROOT / "tests" / "policies" / "yunzhou" / "2024"]

EXAMPLE = """
standard: station
base:
  open_daily: true
  complaints: 0
  employers_known: 10
  employers_visited: 10
  funds_planned: 100
  funds_received: 100
  ledger: proper
  tidiness_deduction: 0
examples:
  - name: 全好
    why: 0 + (20 + 20 + 20) x 60% + 40 x 40%, 各项合计 52，再乘 100/50
    facts: {}
    expect: {grade: good, score: 104}
  - name: 投诉三件
    why: 20 - 3 = 17, x 60% = 10.2, 计 10
    facts: {complaints: 3}
    expect: {grade: good, items: {"3": 10}, score: 100}
  - name: 未开放
    why: 一票否决
    facts: {open_daily: false}
    expect: {grade: poor, score: null, vetoes: ["1"]}
"""


def squeezed(text: str) -> str:
    """The text without white space."""
    return "".join(text.split())


def cells(table: str) -> str:
    """The words of each cell of a printed table in one piece, whatever lines they were broken into."""
    rows: list[list[str]] = [[]]
    for line in table.splitlines():
        parts = re.split("[│┃]", line)
        if len(parts) > 2:
            inner = parts[1:-1]
            rows[-1] = [a + b for a, b in zip(rows[-1] or [""] * len(inner), inner, strict=True)]
        else:
            rows.append([line])
            rows.append([])
    return "\n".join(squeezed(cell) for row in rows for cell in row)


def with_examples(directory: Path, text: str = EXAMPLE) -> Path:
    """The small good policy with examples of its own."""
    copytree(GOOD, directory)
    (directory / "examples").mkdir()
    (directory / "examples" / "station.yaml").write_text(text, "utf-8")
    return directory


def test_policies_lists_what_is_shipped(kaohe):
    """Id, revision, year, standards, title and the start of the hash of each version stand in the list."""
    ran = kaohe("policies")
    assert (ran.code, ran.stderr) == (0, "")
    policy = load_policy(CHANGZHOU)
    words = squeezed(ran.text)
    for part in ("changzhou-2012", "2012", "official", "community", "village", policy.meaning[:12]):
        assert part in words


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("standard", ["community", "village"])
def test_show_prints_every_title_basis_and_sentence(kaohe, standard, language):
    """Nothing of the printed table is left out, and each clause in force has its sentence below the basis."""
    ran = kaohe("show", "changzhou-2012", standard, "--lang", language)
    assert (ran.code, ran.stderr) == (0, "")
    shown, whole = cells(ran.text), squeezed(ran.text)
    policy = load_policy(CHANGZHOU)
    table = policy.standard(standard)
    missing = []
    for category in table.categories:
        for words in (getattr(category.title, language), *(item.basis for item in category.items)):
            if squeezed(words) not in shown:
                missing.append(words)
        for item in category.items:
            told = [getattr(clause_sentence(clause, policy.points_per_one), language) for clause in item.clauses]
            missing += [words for words in (getattr(item.title, language), *told) if squeezed(words) not in shown]
    assert missing == []
    for note in table.table.notes:
        assert squeezed(note) in whole
    for contradiction in table.table.contradictions:
        assert squeezed(getattr(contradiction.text, language)) in whole
    for grade in policy.grades:
        assert squeezed(getattr(grade.title, language)) in whole


def test_show_follows_the_readings(kaohe):
    """Under another choice the sentences of that choice are shown, and not those of the default."""
    default, begun = (
        squeezed(kaohe("show", "changzhou-2012", "community", *options).text)
        for options in ((), ("--reading", "loan-steps=begun"))
    )
    full, each_begun = "每再低满10个百分点", "（不足的按一档计）"
    assert full in default
    assert each_begun not in default
    assert full not in begun
    assert each_begun in begun


@pytest.mark.parametrize("directory", [CHANGZHOU, *OTHERS], ids=lambda path: path.parent.name)
def test_check_says_that_a_good_policy_may_be_loaded(kaohe, directory):
    """A good policy is told with its id, revision and hash, and its items and points for each standard."""
    ran = kaohe("check", directory)
    assert (ran.code, ran.stderr) == (0, "")
    policy = load_policy(directory)
    last = ran.lines[-1]
    assert f"{policy.key} r{policy.revision}" in last
    assert policy.meaning in last
    for key in policy.tables:
        assert any(line.startswith(f"{key}: {len(policy.standard(key).items)} ") for line in ran.lines)


def test_check_names_every_problem_with_its_place(kaohe, tmp_path):
    """A bad policy is refused with exit 3: a line for each problem, starting with the path of its file."""
    directory = spoiled(CASES["many_clauses"], tmp_path / "policy")
    ran = kaohe("check", directory)
    assert ran.code == 3
    golden = (ROOT / "tests" / "refusals" / "golden" / "many_clauses.refusal").read_text("utf-8")
    assert ran.lines == [f"{directory}/{line}" for line in golden.splitlines()]
    assert f"{len(ran.lines)} " in ran.stderr
    assert (directory / "station.yaml").exists()


def test_a_policy_that_is_not_good_scores_nothing(kaohe, tmp_path):
    """`score` and `test` on a bad policy name its problems and end with exit 2, before any sheet is read."""
    directory = spoiled(CASES["bands_overlap"], tmp_path / "policy")
    for arguments in (("score", "--policy", directory, "--standard", "station"), ("test", directory)):
        ran = kaohe(*arguments, stdin=b"{}\n")
        assert (ran.code, ran.stdout) == (2, b"")
        assert "bands_overlap" in ran.stderr


def test_all_shipped_examples_hold(kaohe):
    """Every scenario of the shipped policy comes out as worked by hand, and all of them are counted."""
    ran = kaohe("test", "changzhou-2012")
    assert (ran.code, ran.stderr) == (0, ""), ran.text[-2000:]
    held, count = re.match(r"(\d+)/(\d+) ", ran.lines[-1]).groups()
    assert held == count
    assert int(count) >= 50


def test_examples_of_a_directory_are_run(kaohe, tmp_path):
    """A directory's own examples are counted, also when it is no shipped policy."""
    ran = kaohe("test", with_examples(tmp_path / "policy"))
    assert ran.code == 0, ran.text
    assert ran.lines[-1].startswith("3/3 ")


def test_a_wrong_expectation_is_told_with_what_came_out(kaohe, tmp_path):
    """A scenario that comes out otherwise is named with its working, what was expected and what was got."""
    text = EXAMPLE.replace("score: 104", "score: 103.5").replace('items: {"3": 10}, score: 100', 'items: {"3": 9}')
    text = text.replace("grade: poor, score: null", "grade: fair, score: 60")
    ran = kaohe("test", with_examples(tmp_path / "policy", text))
    assert ran.code == 3
    assert ran.lines[-1].startswith("0/3 ")
    for words in ("全好", "投诉三件", "20 - 3 = 17", "103.5 != 104", "items.3: 9 != 10", "60 != null", "fair != poor"):
        assert words in ran.text, words


def test_a_bad_sheet_in_an_example_is_told(kaohe, tmp_path):
    """An example whose facts are refused, though nothing of the kind is expected, shows the problems."""
    ran = kaohe("test", with_examples(tmp_path / "policy", EXAMPLE.replace("complaints: 3", "complaints: three")))
    assert ran.code == 3
    assert "wrong_type" in ran.text


def test_a_bad_file_of_examples_is_told_with_places(kaohe, tmp_path):
    """A slip in an examples file is reported as in a policy file: file, line, code and nearest name."""
    text = EXAMPLE.replace("    expect: {grade: good, score: 104}", "    expectt: {grade: good, score: 104}")
    ran = kaohe("test", with_examples(tmp_path / "policy", text))
    assert ran.code in (2, 3)
    assert re.search(r"examples/station\.yaml:\d+:\d+: key_unknown: .*`expect`", ran.text)


def test_a_policy_without_examples_is_wrong_use(kaohe, tmp_path):
    """No examples is not the same as all examples holding."""
    copytree(GOOD, tmp_path / "policy")
    ran = kaohe("test", tmp_path / "policy")
    assert ran.code == 2
    assert ran.text.startswith("0/0 ")
