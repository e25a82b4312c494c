"""A decision's JSON is its plain data, whether a part of it was written before or not."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from rules import Evaluator, Problems, Scorer, SheetRefused, load_policy, read_examples, written

ROOT = Path(__file__).parents[1]
POLICIES = [path for top in ("policy_versions", "tests/policies") for path in sorted((ROOT / top).glob("*/*/"))]


@pytest.mark.parametrize("directory", POLICIES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_the_json_of_an_answer_is_its_data_digit_by_digit(directory):
    """Answers put together from kept parts are the same as answers written whole."""
    policy = load_policy(directory)
    scorers = {}
    seen = 0
    for example in read_examples(directory, Problems()):
        standard = policy.standard(example.standard, example.readings)
        scorer = scorers.setdefault(standard, Scorer(standard, Evaluator.REFERENCE))
        try:
            decision = scorer.score(example.posted)
        except SheetRefused:
            continue
        text = scorer.answers.text(decision)
        whole = written(scorer.answers.data(decision))
        assert json.loads(text, parse_float=Decimal) == json.loads(whole, parse_float=Decimal)
        fresh = Scorer(standard, Evaluator.REFERENCE).answers if seen % 40 == 0 else scorer.answers
        assert fresh.text(decision) == text
        seen += 1
    assert seen > 50


def test_what_is_kept_of_one_unit_is_never_shown_to_another():
    """Two sheets with the same scores and other facts, reasons or self scores are told by their own."""
    directory = POLICIES[0]
    scorer = Scorer(load_policy(directory).standard("community"))
    first = json.loads((directory / "samples/community.jsonl").read_text("utf-8").splitlines()[1], parse_float=Decimal)
    judged = "resident_data_deduction"
    answers = []
    for reason, own, due in (("one reason", 1, "620000.00"), ("another reason", 2, "720000.00")):
        facts = {**first["facts"], "loans_due": Decimal(due), "loans_repaid": Decimal(due) / 2}
        sheet = {**first, "facts": facts, "reasons": {judged: reason}, "self_scores": {"6": own}}
        answers.append(json.loads(scorer.answers.text(scorer.score(sheet))))
    for answer, words, own, due in zip(
        answers, ("one reason", "another reason"), (1, 2), (620000, 720000), strict=True
    ):
        items = {item["no"]: item for item in answer["items"]}
        assert words in items["6"]["findings"][0]["because"]["en"]
        assert items["6"]["self_score"] == own
        assert items["10"]["findings"][0]["facts"]["loans_due"] == due
