"""`kaohe score`: what comes out for every sample and every example, to the digit."""

import json
import os
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import simplejson

from rules import Evaluator, Policy, Problems, load_policy, read_examples
from rules.numbers import half_up

ROOT = Path(__file__).parents[2]
TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"
CHANGZHOU = ROOT / "policy_versions" / "changzhou" / "2012"
POLICIES = {
    "changzhou-2012": CHANGZHOU,
    "linjiang-2025": ROOT / "tests" / "policies" / "linjiang" / "2025",
    "yunzhou-2024": ROOT / "tests" / "policies" / "yunzhou" / "2024",
}
STANDARDS = [
    ("changzhou-2012", "community"),
    ("changzhou-2012", "village"),
    ("linjiang-2025", "street"),
    ("yunzhou-2024", "urban"),
    ("yunzhou-2024", "rural"),
]
DECISION = [
    "unit", "policy", "revision", "status", "policy_hash", "standard", "readings", "grade", "score", "self_score",
    "difference", "vetoes", "veto_findings", "undetermined", "categories", "items", "adjustments", "points",
    "items_points", "attainable", "self_scores",
]  # fmt: skip
CATEGORY = ["title", "points", "items_points", "score", "self_score", "difference"]
ITEM = ["no", "key", "points", "score", "self_score", "difference", "rounded", "findings"]
FINDING = ["clause", "effect", "points", "counted", "because", "facts", "reading"]
REFUSAL = ["unit", "line", "problems"]
PROBLEM = ["code", "path", "message", "near"]


EFFECTS = ("score", "deduct", "award", "bonus", "ceiling")


def read(line: str) -> Any:
    """The line's data, its decimals exact."""
    return json.loads(line, parse_float=Decimal)


def samples(standard: str) -> bytes:
    """The shipped sample sheets of a standard, a line each."""
    return (CHANGZHOU / "samples" / f"{standard}.jsonl").read_bytes()


@pytest.fixture(scope="session")
def policies() -> dict[str, Policy]:
    """The three policies, as the library reads them."""
    return {name: load_policy(directory) for name, directory in POLICIES.items()}


def sheets_of(name: str, standard: str) -> list[bytes]:
    """Every sample and every third example of a standard under default readings, as lines; or every example."""
    examples = read_examples(POLICIES[name], Problems())
    lines = samples(standard).splitlines() if name == "changzhou-2012" else []
    posted = []
    for example in examples:
        if example.standard == standard and not example.readings:
            posted.append(simplejson.dumps(example.posted, use_decimal=True).encode())
    return lines + (posted if TEST_ALL else posted[::3])


@pytest.fixture(scope="session")
def answers(kaohe) -> dict[tuple[str, str], list[str]]:
    """The command's answer to each of these lines, raw."""
    found = {}
    for name, standard in STANDARDS:
        sheets = sheets_of(name, standard)
        where = name if name == "changzhou-2012" else POLICIES[name]
        ran = kaohe("score", "--policy", where, "--standard", standard, stdin=b"\n".join(sheets))
        assert ran.stderr == ""
        assert len(ran.lines) == len(sheets)
        found[name, standard] = ran.lines
    return found


@pytest.fixture(scope="session")
def decisions(answers) -> list[tuple[str, str, dict[str, Any]]]:
    """Every answer that is a decision, with its policy and standard."""
    found = [(*key, read(line)) for key, lines in answers.items() for line in lines]
    return [each for each in found if "problems" not in each[2]]


@pytest.fixture(scope="session")
def given_facts(answers) -> list[set[str]]:
    """For each of the decisions, the facts that its sheet gave."""
    return [
        set(json.loads(sheet)["facts"])
        for key, lines in answers.items()
        for sheet, line in zip(sheets_of(*key), lines, strict=True)
        if "problems" not in json.loads(line)
    ]


def test_samples_of_both_standards_are_all_scored(kaohe):
    """The shipped samples are answered one line for one, in order, with exit 0 and nothing on the error stream."""
    for standard in ("community", "village"):
        ran = kaohe("score", "--policy", "changzhou-2012", "--standard", standard, stdin=samples(standard))
        assert (ran.code, ran.stderr) == (0, "")
        posted = [json.loads(line)["unit"] for line in samples(standard).splitlines()]
        assert [json.loads(line)["unit"] for line in ran.lines] == posted
        assert {json.loads(line)["grade"] for line in ran.lines} == {"excellent", "qualified", "basic", "fail"}


def test_every_answer_has_exactly_the_promised_keys(decisions, answers):
    """Decisions, categories, items, findings, refusals and problems hold these keys in this order, and no others."""
    assert len(decisions) > 100
    for _, _, decision in decisions:
        assert list(decision) == DECISION
        assert all(list(each) == CATEGORY for each in decision["categories"] or ())
        assert all(list(each) == ITEM for each in decision["items"] or ())
        findings = [finding for item in decision["items"] or () for finding in item["findings"]]
        for finding in [*findings, *decision["veto_findings"]]:
            assert list(finding) == FINDING
            assert list(finding["because"]) == ["zh", "en"]
            assert all(finding["because"].values())
    refused = [read(line) for lines in answers.values() for line in lines if '"problems"' in line]
    assert len(refused) > 15
    for refusal in refused:
        assert list(refusal) == REFUSAL
        assert all(list(problem) == PROBLEM for problem in refusal["problems"])
        assert all(list(problem["message"]) == ["zh", "en"] for problem in refusal["problems"])


def test_values_are_of_the_promised_types(decisions, policies):
    """Numbers of items are strings as printed, names are the policy's, and default readings are not listed."""
    for name, standard, decision in decisions:
        table = policies[name].standard(standard)
        assert (decision["policy"], decision["standard"]) == (policies[name].key, standard)
        assert decision["revision"] == policies[name].revision
        assert decision["policy_hash"] == policies[name].meaning
        assert re.fullmatch(r"[0-9a-f]{64}", decision["policy_hash"])
        assert decision["readings"] == {}
        assert decision["grade"] in [grade.key for grade in policies[name].grades]
        if decision["items"] is not None:
            assert [(each["no"], each["key"]) for each in decision["items"]] == [
                (item.no, item.key) for item in table.items
            ]
            assert [each["title"] for each in decision["categories"]] == [each.title.zh for each in table.categories]
        points = Fraction(table.points, policies[name].points_per_one)
        assert Fraction(decision["points"]) == points
        assert decision["attainable"] is None or 0 < decision["attainable"] <= 200


def test_attainable_totals_are_those_of_the_text(decisions):
    """An item whose basis grants half its points leaves 98 of the community's 100, and 96 of the village's 98."""
    found = {(name, standard): decision["attainable"] for name, standard, decision in decisions}
    assert found["changzhou-2012", "community"] == 98
    assert found["changzhou-2012", "village"] == 96


def test_numbers_are_written_exactly(answers, policies):
    """No exponent, no zeros at the end, no float's tail: each number has at most the decimals that it needs."""
    tokens: dict[str, set[str]] = {}

    def keep(kind: set[str]) -> Any:
        return lambda text: kind.add(text) or Decimal(text)

    for (name, _), lines in answers.items():
        numbers = tokens.setdefault(name, set())
        for line in lines:
            json.loads(line, parse_float=keep(numbers), parse_int=keep(numbers), parse_constant=keep(numbers))
    assert "1.5" in tokens["changzhou-2012"]
    for numbers in tokens.values():
        for token in numbers:
            assert re.fullmatch(r"0|-?[1-9][0-9]*|-?(0|[1-9][0-9]*)\.[0-9]?[0-9]?[1-9]", token), token


def test_points_lie_on_the_scale(decisions, policies):
    """Every score, total and difference is a whole multiple of the policy's points scale."""
    for name, _, decision in decisions:
        rows = [decision, *(decision["categories"] or ()), *(decision["items"] or ())]
        rows += [finding for item in decision["items"] or () for finding in item["findings"]]
        for row in rows:
            for key in ("points", "score", "self_score", "difference", "counted", "items_points"):
                if row.get(key) is not None:
                    assert (Fraction(row[key]) * policies[name].points_per_one).denominator == 1, (key, row[key])


def test_items_and_adjustments_add_up_to_the_score(decisions):
    """The printed items, with what acted beyond them, are the printed total; a category is the sum of its items."""
    adjusted = 0
    for _, _, decision in decisions:
        if decision["items"] is None:
            continue
        total = sum(Fraction(item["score"]) for item in decision["items"])
        total += sum(Fraction(each.get("points", 0)) for each in decision["adjustments"])
        assert total == Fraction(decision["score"]), decision["unit"]
        adjusted += bool(decision["adjustments"])
        assert sum(item["score"] for item in decision["items"]) == sum(
            category["score"] for category in decision["categories"]
        )
    assert adjusted > 5


def test_category_rows_are_the_sums_of_their_items(decisions, policies):
    """Points of the items, assessed and own scores of each section are the sums of what stands below it."""
    for name, standard, decision in decisions:
        if decision["items"] is None:
            continue
        rows = iter(decision["items"])
        for category, summed in zip(policies[name].standard(standard).categories, decision["categories"], strict=True):
            items = [next(rows) for _ in category.items]
            assert summed["items_points"] == sum(item["points"] for item in items)
            assert Fraction(summed["points"]) == Fraction(category.points, policies[name].points_per_one)
            assert summed["score"] == sum(item["score"] for item in items)
            own = [item["self_score"] for item in items]
            assert summed["self_score"] == (None if None in own else sum(own))


def test_counted_points_explain_every_score(decisions, given_facts, policies):
    """From where an item starts, what its findings took or gave in effect leads exactly to its score."""
    explained = 0
    for (name, standard, decision), given in zip(decisions, given_facts, strict=True):
        per_one = policies[name].points_per_one
        table = policies[name].standard(standard)
        for item, row in zip(table.items, decision["items"] or (), strict=decision["items"] is not None):
            if decision["items"] is None:
                break
            findings = {effect: [each for each in row["findings"] if each["effect"] == effect] for effect in EFFECTS}
            at = Fraction(half_up(item.start * Fraction(item.weight)), per_one)
            if findings["score"]:
                lowest = min(each["points"] for each in findings["score"])
                counted = sum(Fraction(each["counted"]) for each in findings["score"])
                assert abs(at - Fraction(row["score"])) == counted
                assert item.weight != 1 or row["score"] == lowest
                assert not any(each["counted"] for each in findings["deduct"] + findings["award"])
            elif all(fact.name in given for clause in item.clauses for fact in clause.facts):
                at += sum(Fraction(each["counted"]) for each in findings["award"])
                at -= sum(Fraction(each["counted"]) for each in findings["deduct"])
                assert at == Fraction(row["score"]), (decision["unit"], row)
            explained += bool(row["findings"])
    assert explained > 300


def test_counted_points_never_exceed_a_findings_own(decisions):
    """What a clause took is at most what it is worth, and only the item's limits make it less."""
    for name, _, decision in decisions:
        for item in decision["items"] or ():
            for each in item["findings"]:
                if each["effect"] in ("deduct", "award", "bonus") and name != "yunzhou-2024":
                    assert 0 <= each["counted"] <= each["points"]


def test_self_and_assessed_scores_stand_side_by_side(decisions):
    """Each item, category and total has the unit's own score and the difference, where there is one."""
    compared = 0
    for _, _, decision in decisions:
        for row in [*(decision["items"] or ()), *(decision["categories"] or ()), decision]:
            if row["score"] is None or row["self_score"] is None:
                assert row["difference"] is None
            else:
                compared += 1
                assert row["difference"] == row["score"] - row["self_score"]
        for item in decision["items"] or ():
            own = decision["self_scores"].get(item["no"])
            assert (own is None) == (item["self_score"] is None)
            if decision["policy"] != "yunzhou-2024":
                assert item["self_score"] == own
    assert compared > 100


def test_a_total_of_own_scores_needs_every_item(kaohe):
    """Own scores that are not all given add up to nothing: missing is not zero."""
    sheet = read(samples("community").splitlines()[1].decode())
    del sheet["self_scores"]["30"]
    line = simplejson.dumps(sheet, use_decimal=True).encode()
    (answer,) = map(read, kaohe("score", "--policy", "changzhou-2012", "--standard", "community", stdin=line).lines)
    assert (answer["self_score"], answer["difference"]) == (None, None)
    assert [each["self_score"] is None for each in answer["categories"]] == [False] * 5 + [True]


def test_after_a_veto_there_are_no_item_scores_and_own_scores_are_kept(decisions):
    """Every failed item is named with its finding; score, items and categories are null; own scores stay."""
    vetoed = [(name, standard, each) for name, standard, each in decisions if each["vetoes"]]
    assert len(vetoed) > 8
    kept = 0
    for _, _, decision in vetoed:
        assert (decision["score"], decision["items"], decision["categories"]) == (None, None, None)
        assert decision["adjustments"] == []
        assert decision["grade"] == "fail"
        assert {each["effect"] for each in decision["veto_findings"]} == {"veto"}
        assert all(each["points"] is None and each["counted"] is None for each in decision["veto_findings"])
        assert not set(decision["vetoes"]) & set(decision["undetermined"])
        kept += bool(decision["self_scores"])
    assert kept
    not_vetoed = [each for _, _, each in decisions if not each["vetoes"]]
    assert all(each["veto_findings"] == [] and each["undetermined"] == [] for each in not_vetoed)
    assert all(each["score"] is not None for each in not_vetoed)


def test_all_evaluators_write_the_same(kaohe):
    """durable_rules, the reference, the plan and any two together give identical lines, refused sheets included."""
    for name, standard in (("changzhou-2012", "community"), ("changzhou-2012", "village"), ("yunzhou-2024", "urban")):
        every = sheets_of(name, standard)
        shipped = samples(standard).splitlines() if name == "changzhou-2012" else []
        assert every[: len(shipped)] == shipped
        stdin = b"\n".join(shipped + every[len(shipped) :: 5])
        where = name if name == "changzhou-2012" else POLICIES[name]
        written = {
            evaluator: kaohe(
                "score", "--policy", where, "--standard", standard, "--evaluator", evaluator, stdin=stdin
            ).stdout
            for evaluator in Evaluator
        }
        assert written.keys() == {"both", "durable", "reference", "python"}
        assert len(set(written.values())) == 1
        assert written["both"].count(b"\n") == len(stdin.splitlines())


def test_a_reading_changes_the_score_and_is_named(kaohe):
    """A choice that is not the default acts, stands in the answer, and is named by the findings it brought about."""
    sheet = read(samples("community").splitlines()[0].decode())
    sheet["facts"] |= {"employers_total": 10, "employers_collected": 8}
    line = simplejson.dumps(sheet, use_decimal=True).encode()
    asked = ("score", "--policy", "changzhou-2012", "--standard", "community")
    scores = {}
    for readings in ((), ("rate-80-inclusive=exclusive",), ("rate-80-inclusive=inclusive", "rate-bands=add_up")):
        options = [option for each in readings for option in ("--reading", each)]
        (answer,) = map(read, kaohe(*asked, *options, stdin=line).lines)
        item = next(each for each in answer["items"] if each["no"] == "22")
        scores[readings] = item["score"]
        assert answer["readings"] == dict(each.split("=") for each in readings if each != "rate-80-inclusive=inclusive")
        assert all("rate-" in finding["reading"] for finding in item["findings"])
    assert list(scores.values()) == [3 - 2, 3 - 1, 3 - 3]


def test_a_rescaled_total_is_explained_by_its_adjustment(kaohe):
    """x 100/98 is exact: the adjustment adds the difference, with words in both languages."""
    ran = kaohe(
        "score", "--policy", "changzhou-2012", "--standard", "village", "--reading", "village-total=rescale",
        stdin=samples("village"),
    )  # fmt: skip
    scored = [each for each in map(read, ran.lines) if each["score"] is not None]
    assert scored
    for answer in scored:
        (adjustment,) = answer["adjustments"]
        total = sum(Fraction(item["score"]) for item in answer["items"])
        assert adjustment["kind"] == "rescale"
        assert total + Fraction(adjustment["points"]) == Fraction(answer["score"])
        assert Fraction(answer["score"]) == Fraction(half_up(total * 100 * 100 / 98), 100)


def test_a_provisional_answer_has_exact_bounds(kaohe):
    """Missing facts are named, and the score lies between what they can make of it; a bad fact is still refused."""
    sheet = read(samples("community").splitlines()[0].decode())
    good = simplejson.dumps(sheet, use_decimal=True)
    sheet["facts"] |= {"publicity_points": None, "resident_data_deduction": None}
    missing = simplejson.dumps(sheet, use_decimal=True)
    sheet["facts"]["computer"] = "yes"
    bad = simplejson.dumps(sheet, use_decimal=True)
    asked = ("score", "--policy", "changzhou-2012", "--standard", "community")
    ran = kaohe(*asked, "--provisional", stdin=f"{good}\n{missing}\n{bad}".encode())
    assert ran.code == 3
    first, second, third = map(read, ran.lines)
    assert first["score"] == 98
    assert "provisional" not in first
    assert second["provisional"] is True
    assert second["missing"] == ["resident_data_deduction", "publicity_points"]
    assert second["score"] == {"low": 98 - 4 - 3, "high": 98}
    assert second["grade"] == {"worst": "excellent", "best": "excellent"}
    assert second["veto_possible"] is False
    assert ("wrong_type", "/facts/computer") in [(each["code"], each["path"]) for each in third["problems"]]
    ran = kaohe(*asked, stdin=missing.encode())
    assert ran.code == 3
    assert [each["path"] for each in read(ran.lines[0])["problems"]] == [
        "/facts/resident_data_deduction",
        "/facts/publicity_points",
    ]


def test_tables_show_every_item_with_both_scores(kaohe, policies):
    """`--table` prints a table a unit: item numbers, titles' beginnings, scores, the sentence of each finding."""
    ran = kaohe("score", "--policy", "changzhou-2012", "--standard", "community", "--table", stdin=samples("community"))
    assert ran.code == 0
    squeezed = "".join(ran.text.split())
    for line in samples("community").splitlines():
        unit = json.loads(line)["unit"]
        assert unit["id"] in ran.text
        assert unit["name"] in ran.text
    for words in ("自评", "评估", "差", "合计", "优秀", "不合格", "一票否决"):
        assert words in squeezed
    for item in policies["changzhou-2012"].standard("community").items:
        assert item.title.zh[:10] in squeezed
    assert "{" not in ran.text


def test_sheets_may_come_from_a_file(kaohe):
    """The path of a file stands for standard input, with the same answer."""
    asked = ("score", "--policy", "changzhou-2012", "--standard", "community")
    from_file = kaohe(*asked, CHANGZHOU / "samples" / "community.jsonl")
    assert from_file == kaohe(*asked, stdin=samples("community"))
    assert from_file.code == 0
