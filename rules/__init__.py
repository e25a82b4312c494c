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
    problem,
)
from .explanation import clause_sentence
from .language import Text, visible
from .loading import load_policy
from .numbers import plain
from .policy.versions import Policy, Standard
from .scenarios import read_examples, run_examples
from .scoring import Evaluator, Scorer

__all__ = [
    "SENTENCES",
    "Answers",
    "Bounds",
    "Case",
    "Decision",
    "EngineFailed",
    "Evaluator",
    "EvaluatorsDisagree",
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
    "plain",
    "problem",
    "read_examples",
    "run_examples",
    "visible",
    "written",
]
