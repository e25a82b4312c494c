"""The hash of a policy covers what it means, and nothing that only people read."""

import shutil
from pathlib import Path

import pytest

from rules import load_policy

SHIPPED = Path(__file__).parents[2] / "policy_versions" / "changzhou" / "2012"

SAME_MEANING = {
    "a translation": ("community.yaml", "title_en: Review small guaranteed loans", "title_en: Loans reviewed"),
    "a comment": ("policy.yaml", "id: changzhou-2012", "# a remark\nid: changzhou-2012"),
    "the layout of a condition": (
        "community.yaml",
        "when: lowest_staff_wage < local",
        "when: lowest_staff_wage  <  local",
    ),
    "a phrase for people": ("facts.yaml", "未设立工作平台", "没有设立工作平台"),
}
OTHER_MEANING = {
    "a threshold": ("community.yaml", "below: 80, first: 2", "below: 81, first: 2"),
    "points off": (
        "community.yaml",
        "when: not home_visits_regular, deduct: 1",
        "when: not home_visits_regular, deduct: 2",
    ),
    "a comparison": ("community.yaml", "when: lowest_staff_wage < local", "when: lowest_staff_wage <= local"),
    "a grade": ("policy.yaml", "from: 90", "from: 91"),
    "a cap": ("policy.yaml", "share: 30", "share: 35"),
    "a subsidy": ("policy.yaml", "{ratio: 120}", "{ratio: 110}"),
    "a bound": ("facts.yaml", "max: 4", "max: 3"),
    "the default of a reading": ("policy.yaml", "default: full\n", "default: begun\n"),
    "a fact's place in a rate": ("facts.yaml", "empty: 100", "empty: 0"),
}


def changed(folder, change):
    """The shipped policy with one text replaced wherever it stands in one file."""
    name, before, after = change
    copy = folder / "policy"
    shutil.copytree(SHIPPED, copy)
    text = (copy / name).read_text(encoding="utf-8")
    assert before in text
    (copy / name).write_text(text.replace(before, after), encoding="utf-8")
    return load_policy(copy)


@pytest.mark.parametrize("change", SAME_MEANING.values(), ids=SAME_MEANING)
def test_words_for_people_leave_the_hash_as_it_is(tmp_path, change):
    """A better translation is the same policy."""
    assert changed(tmp_path, change).meaning == load_policy(SHIPPED).meaning


@pytest.mark.parametrize("change", OTHER_MEANING.values(), ids=OTHER_MEANING)
def test_another_meaning_is_another_hash(tmp_path, change):
    """What could change anybody's result, grade or money changes the hash."""
    assert changed(tmp_path, change).meaning != load_policy(SHIPPED).meaning


def test_the_hash_is_the_same_wherever_it_is_computed():
    """Reading the same files twice gives the same hash."""
    assert load_policy(SHIPPED).meaning == load_policy(SHIPPED).meaning


def test_the_shipped_revision_means_what_it_meant():
    """A published revision never changes: whoever changes its meaning, or how it is hashed, has to do so on purpose."""
    policy = load_policy(SHIPPED)
    lines = (SHIPPED.parents[1] / "published.txt").read_text(encoding="utf-8").splitlines()
    published = [line.split() for line in lines if not line.startswith("#")]
    assert [policy.key, str(policy.revision), policy.meaning] in published
    assert ["changzhou-2012", "1"] in [words[:2] for words in published]


def test_no_cap_and_a_cap_of_nothing_are_told_apart(tmp_path):
    """A number that is 0 is set; what is not set is something else."""
    text = (SHIPPED / "community.yaml").read_text(encoding="utf-8")
    for name, cap in (("none", ""), ("nothing", "bonus: {at_most: 0}\n"), ("ten", "bonus: {at_most: 10}\n")):
        shutil.copytree(SHIPPED, tmp_path / name)
        (tmp_path / name / "community.yaml").write_text(
            text.replace("points: 100\n", f"points: 100\n{cap}", 1), "utf-8"
        )
    assert len({load_policy(tmp_path / name).meaning for name in ("none", "nothing", "ten")}) == 3
