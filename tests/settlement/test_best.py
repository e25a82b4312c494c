"""A fact that is the best of the cohort is found by the settlement."""

from pathlib import Path

import pytest

from rules import Posted, Problems, load_policy, with_best

LINJIANG = load_policy(Path(__file__).parents[1] / "policies/linjiang/2025")


def posted(*settled, best=None):
    """Sheets with so many disputes settled; the last one gives a best value itself."""
    sheets = [{"unit": {"id": str(at)}, "facts": {"disputes_settled": each}} for at, each in enumerate(settled)]
    if best is not None:
        sheets[-1]["facts"]["disputes_settled_best"] = best
    return [Posted(f"/units/{at}", sheet) for at, sheet in enumerate(sheets)]


def test_the_best_is_filled_in_where_it_is_absent():
    """Everybody gets the highest value of all, who has it as well; whoever has no value of the kind gets none."""
    problems = Problems()
    found = with_best(LINJIANG.facts, [*posted(3, 7, 5), Posted("/units/3", {"facts": {}})], problems)
    assert [each.value["facts"].get("disputes_settled_best") for each in found] == [7, 7, 7, None]
    assert problems.found == []


@pytest.mark.parametrize("best", [6, 8])
def test_a_best_that_is_not_the_best_is_refused_by_name(best):
    """Below or above the highest value of all, it contradicts the other sheets."""
    problems = Problems()
    list(with_best(LINJIANG.facts, posted(3, 7, 5, best=best), problems))
    (problem,) = problems.found
    assert (problem.code, problem.path) == ("best_otherwise", "/units/2/facts/disputes_settled_best")
    assert f"为 {best} 件" in problem.message.zh
    assert "最高为 7 件" in problem.message.zh


def test_what_is_not_good_is_left_for_the_reader_of_sheets():
    """A wrong type, no facts, no sheet at all: nothing is filled in and nothing is said here."""
    strange = [Posted("a", None), Posted("b", {"facts": []}), Posted("c", {"facts": {"disputes_settled": "many"}})]
    problems = Problems()
    assert list(with_best(LINJIANG.facts, strange, problems)) == strange
    assert problems.found == []
