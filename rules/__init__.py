"""
The rules: policy versions as data, and what they make of a sheet.

    policy = load_policy(Path("policy_versions/changzhou/2012"))
    scorer = Scorer(policy.standard("community"))
    decision = scorer.score({"unit": {"id": "XB-001"}, "facts": {...}})
    scorer.answers.data(decision)

A pure library: no clock, no environment, no file but the policy directory that it is given.
"""

from .answers import Answers, bounds_data, written
from .decision import Bounds, Case, Decision, Finding, ItemScore
from .errors import (
    SENTENCES,
    EngineFailed,
    EvaluatorsDisagree,
    KaoheError,
    PolicyRefused,
    Problem,
    Problems,
    Refused,
    RequestRefused,
    SheetRefused,
    pointer,
    problem,
)
from .explanation import clause_sentence
from .facts import Fact, shown
from .language import Text, visible
from .loading import load_policy
from .numbers import number, plain
from .policy.versions import Policy, Standard
from .scenarios import read_examples, run_examples
from .scoring import Evaluator, Scorer
from .sheets import MOST_NAME, MOST_REASON

__all__ = [
    "MOST_NAME",
    "MOST_REASON",
    "SENTENCES",
    "Answers",
    "Bounds",
    "Case",
    "Decision",
    "EngineFailed",
    "Evaluator",
    "EvaluatorsDisagree",
    "Fact",
    "Finding",
    "ItemScore",
    "KaoheError",
    "Policy",
    "PolicyRefused",
    "Problem",
    "Problems",
    "Refused",
    "RequestRefused",
    "Scorer",
    "SheetRefused",
    "Standard",
    "Text",
    "bounds_data",
    "clause_sentence",
    "load_policy",
    "number",
    "plain",
    "pointer",
    "problem",
    "read_examples",
    "run_examples",
    "shown",
    "visible",
    "written",
]
