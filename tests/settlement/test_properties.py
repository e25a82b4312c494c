"""What holds for every cohort under every cap."""

from dataclasses import replace
from fractions import Fraction
from random import Random
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules import Cohort, LeftOut, Money, method_of, settle, summary_data, unit_rows, written
from rules.policy.model import RankAmount
from rules.settlement.method import ChosenCap
from tests.settlement.cohorts import made, unit
from tests.settlement.plainly import Plainly

AVERAGE = 100_03  # fen; 120% of it is not whole


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """The plain method, of which caps and subsidies are replaced."""
    return method_of(made(tmp_path_factory.mktemp("plain") / "policy"))


@st.composite
def caps(draw, grades):
    """A cap of any kind, of one of the two best grades."""
    at = draw(st.integers(0, 1))
    by_number = draw(st.booleans())
    return ChosenCap(
        grade=grades[at],
        becomes=grades[draw(st.integers(at + 1, 2))],
        share=None
        if by_number
        else draw(st.sampled_from([Fraction(each) for each in (0, 10, 30, 50, 100)] + [Fraction(25, 2)])),
        number=draw(st.integers(0, 5)) if by_number else None,
        **{name: draw(st.booleans()) for name in FLAGS},
    )


FLAGS = ("overall", "apart", "by_share", "hard", "group_goes_in", "half_up", "scored_only")


@st.composite
def methods(draw, method):
    """The plain method under none, one or two caps of any kind, and with any subsidies."""
    grades = method.policy.grades
    ratios = {key: Fraction(draw(st.sampled_from([0, 50, 100, 120]))) for key in ("excellent", "good", "qualified")}
    subsidy = replace(
        method.subsidy,
        ratios=MappingProxyType(ratios),
        amounts=MappingProxyType({"fail": draw(st.sampled_from([0, 800050]))}),
        by_rank=tuple(draw(st.sampled_from([[], [RankAmount(1, 2, 5000), RankAmount(2, 4, 77)]]))),
        rounding=draw(st.sampled_from(["half_up", "floor"])),
    )
    return replace(
        method,
        caps=tuple(draw(st.lists(caps(grades), max_size=2))),
        subsidy=subsidy,
        following_bound=draw(st.booleans()),
        rectify=frozenset(draw(st.sets(st.sampled_from([each.key for each in grades])))),
    )


@st.composite
def units(draw, policy):
    """A cohort with many ties and some vetoes, over all districts and both standards."""
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from([99, 98, 97, 95, 90, "89.99", 85, 80, 60, 50, None]),
                st.sampled_from(["东区", "东", "西区", "远县"]),
                st.sampled_from(["urban", "rural"]),
            ),
            min_size=1,
            max_size=25,
        )
    )
    return [
        unit(policy, f"u{at:02}", score, district=where, standard=key) for at, (score, where, key) in enumerate(rows)
    ]


@st.composite
def absents(draw, policy):
    """A few units that were left out."""
    where = st.tuples(st.sampled_from(["东区", "西区", "远县"]), st.sampled_from(["urban", "rural"]))
    return [
        LeftOut(unit(policy, f"x{at}", 0, district=district).unit, standard, ())
        for at, (district, standard) in enumerate(draw(st.lists(where, max_size=4)))
    ]


@given(data=st.data())
def test_another_settlement_agrees(plain, data):
    """Final grades, ranks and subsidies are those that a plain settlement of the same cohort finds."""
    method = data.draw(methods(plain))
    everybody, absent = data.draw(units(plain.policy)), data.draw(absents(plain.policy))
    settlement = settle(method, Cohort(everybody, absent), Money(AVERAGE) if method.wants_average else Money())
    found = {each.assessed.unit.id: (each.final.key, each.rank, each.subsidy) for each in settlement.units}
    assert found == Plainly(method, everybody, absent).outcome(AVERAGE)


@given(data=st.data())
def test_the_order_of_input_changes_nothing(plain, data):
    """Every line and every total are the same, byte for byte, however the cohort came."""
    method = data.draw(methods(plain))
    everybody, absent = data.draw(units(plain.policy)), data.draw(absents(plain.policy))
    pool, shuffled = data.draw(st.integers(5_000_000, 10_000_000)), Random(data.draw(st.integers(0, 2**32)))
    others = [shuffled.sample(each, len(each)) for each in (everybody, absent)]
    money = Money(pool=pool) if method.wants_average else Money()
    outcomes = []
    for cohort in (Cohort(everybody, absent), Cohort(*others)):
        settlement = settle(method, cohort, money)
        outcomes.append([*(written(row) for row in unit_rows(settlement)), written(summary_data(settlement))])
    assert outcomes[0] == outcomes[1]


@given(data=st.data())
def test_the_places_are_kept(plain, data):
    """
    Whole groups never take a hard cap over its places; a group that goes in does, alone, and only from below them.

    Whoever is lowered stands strictly behind everybody who is not.
    """
    cap = data.draw(caps(plain.policy.grades))
    method = replace(plain, caps=(cap,))
    settlement = settle(method, Cohort(data.draw(units(plain.policy)), data.draw(absents(plain.policy))))
    standings = {each.assessed.unit.id: each.standings for each in settlement.units}
    for places in settlement.places:
        candidates = [
            each for each in settlement.units if standings[each.assessed.unit.id] and each.standings[0].places is places
        ]
        inside = [each for each in candidates if each.standings[0].inside]
        assert len(inside) == places.admitted
        assert len(candidates) == places.candidates
        if not cap.group_goes_in:
            assert len(inside) <= places.room
        elif len(inside) > places.room:
            worst = max(each.rank for each in inside)
            assert len([each for each in inside if each.rank < worst]) < places.room
        outside = [each for each in candidates if not each.standings[0].inside]
        assert all(each.final is (cap.becomes if cap.hard else cap.grade) for each in outside)
        assert all(each.final is cap.grade for each in inside)
        assert max([each.rank for each in inside], default=0) < min([each.rank for each in outside], default=10**9)


@given(data=st.data())
def test_nobody_else_is_touched(plain, data):
    """A unit that holds no capped grade keeps its own, and no grade gets better."""
    method = data.draw(methods(plain))
    settlement = settle(method, Cohort(data.draw(units(plain.policy))))
    capped = {cap.grade.key for cap in method.caps}
    for each in settlement.units:
        assert each.final.rank >= each.assessed.grade.rank
        assert each.assessed.grade.key in capped or each.final is each.assessed.grade
        assert each.capped == (each.final is not each.assessed.grade)


@given(data=st.data())
def test_money_and_counts_add_up(plain, data):
    """
    Units add up to their district, and districts to the total.

    Districts that only follow are kept apart from the total's subsidy, and what a pool pays is spent and left.
    """
    method = data.draw(methods(plain))
    everybody, absent = data.draw(units(plain.policy)), data.draw(absents(plain.policy))
    pool = data.draw(st.integers(30_000_000, 90_000_000)) if method.wants_average else None
    settlement = settle(method, Cohort(everybody, absent), Money(pool=pool))
    rows, summary = list(unit_rows(settlement)), summary_data(settlement)
    districts, total = summary["districts"], summary["total"]
    for district in districts:
        here = [row for row in rows if row["district"] == district["district"]]
        assert district["assessed"] == len(here)
        assert district["left_out"] == len([row for row in here if row["grade"] is None])
        assert district["vetoed"] == len([row for row in here if row["grade"] and row["score"] is None])
        assert district["scored"] == len([row for row in here if row["score"] is not None])
        assert district["capped"] == len([row for row in here if row["capped"]])
        assert district["rectify"] == len([row for row in here if row["rectify"]])
        for key, name in (("grades", "grade"), ("final_grades", "final_grade")):
            assert district[key] == {
                grade.key: len([row for row in here if row[name] == grade.key]) for grade in method.policy.grades
            }
        paid = [row["subsidy"] for row in here if row["grade"]]
        assert district["subsidy"] == (None if None in paid else sum(paid))
    for key in ("assessed", "scored", "vetoed", "left_out", "capped", "rectify"):
        assert total[key] == sum(each[key] for each in districts)
    for key, bound in (("subsidy", True), ("following_subsidy", False)):
        amounts = [each["subsidy"] for each in districts if each["in_total"] is bound]
        assert total[key] == (None if None in amounts else sum(amounts))
    if pool is None:
        assert summary["pool"] is None
    else:
        assert total["subsidy"] is not None
        assert summary["pool"]["spent"] == total["subsidy"] <= summary["pool"]["amount"]
        assert summary["pool"]["left"] == summary["pool"]["amount"] - total["subsidy"]


@given(data=st.data())
def test_rectify_follows_the_final_grade(plain, data):
    """Exactly those whose final grade the policy names are ordered to rectify."""
    method = data.draw(methods(plain))
    settlement = settle(method, Cohort(data.draw(units(plain.policy))))
    for row in unit_rows(settlement):
        assert row["rectify"] == (row["final_grade"] in method.rectify)
