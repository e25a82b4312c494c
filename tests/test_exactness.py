"""Figures that a float gets wrong: rates are compared on the integers they come from, points are never rounded."""

from decimal import Decimal

import pytest

from rules.errors import Problems
from rules.numbers import number
from rules.policy.files import read_document
from tests.agreement.agreement import CHANGZHOU, ROOT, Evaluators, shipped_policy


@pytest.fixture(scope="module")
def community():
    """The evaluators of the community standard, and a complete good sheet."""
    document = read_document(ROOT / CHANGZHOU / "examples/community.yaml", "community.yaml", Problems())
    return Evaluators(shipped_policy(CHANGZHOU).standard("community")), document.data["base"]


def item_score(community, no, changes):
    """The score of one item, by all three evaluators."""
    evaluators, base = community
    facts = {name: value for name, value in {**base, **changes}.items() if value is not None}
    case, problems = evaluators.case({"unit": {"id": "unit"}, "facts": facts})
    assert case is not None, problems.found
    decision = evaluators.agreed(case)
    score = next(each.score for each in decision.items if each.item.no == no)
    return number(score, evaluators.standard.policy.points_per_one)


LOANS = [
    ("5555.60", "4444.48", 3),  # 80% exactly; a float says 79.99999999999999
    ("5555.60", "4444.47", 1),
    ("5555.60", "4444.49", 3),
    ("2972113469379.70", "2377690775503.76", 3),  # 80% exactly, with 15 digits
    ("2972113469379.70", "2377690775503.75", 1),
    ("397.30", "317.84", 3),
    ("397.30", "317.83", 1),
    ("200.00", "159.99", 1),  # 79.995% is below 80%
    ("9999999999999.99", "7999999999999.99", 1),
    ("5555.60", "3888.92", 0),  # 70% exactly: a full ten points below
    ("5555.60", "3888.93", 1),
    ("0", "0", 3),
    ("0.01", "0.01", 3),
    ("0.01", "0", 0),
]


@pytest.mark.parametrize(("due", "repaid", "score"), LOANS)
def test_the_repayment_rate_is_exact(community, due, repaid, score):
    """Item 10 loses 2 of 3 points below 80% and 2 more for each full 10 points, to the fen."""
    changes = {"loan_service_active": True, "loans_due": Decimal(due), "loans_repaid": Decimal(repaid)}
    assert item_score(community, "10", changes) == score


EMPLOYERS = [
    (10, 9, 0),  # 90%: not below 90
    (10, 8, 2),  # 80% itself loses 2
    (100, 89, 1),
    (100, 81, 1),
    (1000, 899, 1),
    (999_999_999_999_999, 899_999_999_999_999, 1),  # just below 90%
    (999_999_999_999_990, 899_999_999_999_991, 0),
    (999_999_999_999_990, 799_999_999_999_992, 2),  # 80% exactly
    (999_999_999_999_990, 799_999_999_999_993, 1),
    (3, 3, 0),
    (0, 0, 0),
]


@pytest.mark.parametrize(("total", "collected", "lost"), EMPLOYERS)
def test_the_collection_rate_is_exact(community, total, collected, lost):
    """Item 22 loses 1 point below 90% and 2 points at 80% or below."""
    points = number(community[0].standard.item("22").points, 100)
    changes = {"employers_total": total, "employers_collected": collected}
    assert item_score(community, "22", changes) == points - lost


def test_a_deduction_of_one_and_a_half_points_is_taken_in_full(community):
    """Item 19 loses 1.5 points without health records."""
    points = number(community[0].standard.item("19").points, 100)
    changes = {"retiree_health_system": True, "retiree_health_records": False}
    assert item_score(community, "19", changes) == points - Decimal("1.5")
