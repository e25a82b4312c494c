"""The second shipped version is an illustration that says so, and differs from 2012 in every way that two years can."""

from pathlib import Path

import pytest

from rules import Policy, load_policy
from rules.policy.model import Bonus, Ceiling, PerOccurrence, Proportion

VERSIONS = Path(__file__).parents[2] / "policy_versions"
STANDARDS = ("community", "village")


@pytest.fixture(scope="module")
def old() -> Policy:
    """The official version."""
    return load_policy(VERSIONS / "changzhou" / "2012")


@pytest.fixture(scope="module")
def new() -> Policy:
    """The illustration."""
    return load_policy(VERSIONS / "changzhou" / "2013")


def numbers(policy, standard):
    """The printed number of each item, by key."""
    return {item.key: item.no for category in policy.tables[standard].categories for item in category.items}


def test_it_says_everywhere_that_it_is_no_official_text(new):
    """Status, title, source and the titles of its standards say so, in both languages."""
    assert (new.status, new.year_basis) == ("illustration", "stated")
    titles = [new.title, new.source, *(new.tables[standard].title for standard in STANDARDS)]
    assert all("示例，非正式文本" in each.zh for each in titles)
    assert all("llustration, not an official text" in each.en for each in titles)


def test_its_published_revision_means_what_it_meant(new):
    """Its hash stands among those of the published revisions."""
    lines = (VERSIONS / "published.txt").read_text(encoding="utf-8").splitlines()
    assert f"{new.key} {new.revision} {new.meaning}" in lines


@pytest.mark.parametrize("standard", STANDARDS)
def test_what_it_prints_adds_up_to_100(new, standard):
    """The items of each category come to its subtotal, and the subtotals to the total of 100."""
    table = new.tables[standard]
    for category in table.categories:
        assert sum(item.points for item in category.items) == category.points, category.title
    assert sum(category.points for category in table.categories) == table.points == 100 * new.points_per_one


@pytest.mark.parametrize(
    ("standard", "removed", "shifted"),
    [
        ("community", "certificate_service", {"training_referral", "loan_review", "flexible_employment"}),
        ("village", "flexible_employment", {"labour_survey", "training_and_startup", "loan_review"}),
    ],
)
def test_items_are_added_removed_and_renumbered_under_the_same_key(old, new, standard, removed, shifted):
    """Whoever compares the years by number would compare different items; by key the same ones meet."""
    before, after = numbers(old, standard), numbers(new, standard)
    assert before.keys() - after.keys() == {removed}
    assert after.keys() - before.keys() == {"online_service", "commendations", "model_platform", "not_excellent"}
    assert {key for key in before.keys() & after.keys() if before[key] != after[key]} == shifted


def test_the_contradictions_of_2012_are_resolved(old, new):
    """Their readings are gone with them; two duties about complaints are facts of every sheet, their union is none."""
    gone = {"village-total", "complaint-transfer", "rate-80-inclusive", "rate-bands"}
    assert set(old.readings) - set(new.readings) == gone
    assert set(new.readings) <= set(old.readings)
    assert {each.reading for table in new.tables.values() for each in table.contradictions} == {"inactive-beats-poor"}
    assert "complaint_transfer" not in new.facts
    for standard in STANDARDS:
        used = {fact.name for clause in new.standard(standard).clauses() for fact in clause.facts}
        assert {"complaints_passed_on", "complaints_reported_up"} <= used


def test_grades_cap_and_subsidies_differ(old, new):
    """Other starts of grades, a smaller share of excellent, and a partial subsidy."""
    starts = [{grade.key: grade.start // each.points_per_one for grade in each.grades} for each in (old, new)]
    assert starts == [
        {"excellent": 90, "qualified": 75, "basic": 60, "fail": 0},
        {"excellent": 92, "qualified": 78, "basic": 60, "fail": 0},
    ]
    assert [each.caps[0].share for each in (old, new)] == [30, 25]
    assert [dict(each.subsidy.ratios) for each in (old, new)] == [
        {"excellent": 120, "qualified": 100, "basic": 0, "fail": 0},
        {"excellent": 115, "qualified": 100, "basic": 50, "fail": 0},
    ]


@pytest.mark.parametrize("standard", STANDARDS)
def test_it_uses_what_2012_does_not(old, new, standard):
    """A deduction per occurrence, a proportional award, capped bonuses, a total at most, and a ceiling of the grade."""
    used = {
        policy.key: {
            type(part) for clause in policy.standard(standard).clauses() for part in (clause.effect, clause.amount)
        }
        for policy in (old, new)
    }
    shapes = {PerOccurrence, Proportion, Bonus, Ceiling}
    assert shapes <= used[new.key]
    assert not shapes & used[old.key]
    table = new.tables[standard]
    assert (table.bonus_at_most, table.total_at_most) == (400, 10000)
