"""
The rules: policy versions as data, and what they make of a sheet.

    policy = load_policy(Path("policy_versions/changzhou/2012"))
    scorer = Scorer(policy.standard("community"))
    decision = scorer.score({"unit": {"id": "XB-001"}, "facts": {...}})
    scorer.answers.data(decision)

A pure library: no clock, no environment, no file but the policy directory that it is given.
"""

from .answers import Answers, bounds_data, written
from .comparison import (
    Comparison,
    Version,
    change_data,
    compare,
    comparison_rows,
    comparison_summary,
    difference,
    read_for_all,
)
from .decision import Bounds, Case, Decision, Finding, ItemScore
from .errors import (
    SENTENCES,
    CohortRefused,
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
from .numbers import cut, number, plain
from .policy.versions import Policy, Standard
from .readings import reading_rows
from .rechecks import Rechecks, recheck, recheck_data, recheck_rows
from .sampling import STRATUM_KEYS, Draw, Sample, sample, sample_data
from .scenarios import (
    Coverage,
    Example,
    Outcome,
    ProbeCount,
    boundary_cases,
    boundary_file,
    coverage_of,
    read_examples,
    read_scenarios,
    run_examples,
)
from .scoring import Evaluator, Scorer
from .settlement import (
    Assessed,
    Cohort,
    LeftOut,
    Method,
    Money,
    Settlement,
    is_decision,
    method_of,
    read_decision,
    read_money,
    settle,
    summary_data,
    unit_rows,
    with_best,
)
from .sheets import MOST_NAME, MOST_REASON, Posted, read_unit

__all__ = [
    "MOST_NAME",
    "MOST_REASON",
    "SENTENCES",
    "STRATUM_KEYS",
    "Answers",
    "Assessed",
    "Bounds",
    "Case",
    "Cohort",
    "CohortRefused",
    "Comparison",
    "Coverage",
    "Decision",
    "Draw",
    "EngineFailed",
    "Evaluator",
    "EvaluatorsDisagree",
    "Example",
    "Fact",
    "Finding",
    "ItemScore",
    "KaoheError",
    "LeftOut",
    "Method",
    "Money",
    "Outcome",
    "Policy",
    "PolicyRefused",
    "Posted",
    "ProbeCount",
    "Problem",
    "Problems",
    "Rechecks",
    "Refused",
    "RequestRefused",
    "Sample",
    "Scorer",
    "Settlement",
    "SheetRefused",
    "Standard",
    "Text",
    "Version",
    "boundary_cases",
    "boundary_file",
    "bounds_data",
    "change_data",
    "clause_sentence",
    "compare",
    "comparison_rows",
    "comparison_summary",
    "coverage_of",
    "cut",
    "difference",
    "is_decision",
    "load_policy",
    "method_of",
    "number",
    "plain",
    "pointer",
    "problem",
    "read_decision",
    "read_examples",
    "read_for_all",
    "read_money",
    "read_scenarios",
    "read_unit",
    "reading_rows",
    "recheck",
    "recheck_data",
    "recheck_rows",
    "run_examples",
    "sample",
    "sample_data",
    "settle",
    "shown",
    "summary_data",
    "unit_rows",
    "visible",
    "with_best",
    "written",
]
