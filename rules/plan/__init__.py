"""
The one lowering of a standard: exact integer comparisons, guards over them, and amounts in integers.

durable_rules, columns and a solver each read this plan; none of them reads clauses.
"""

from .forms import ALWAYS, Comparison, Conjunction, Form, Guard, RateForm, Values, Variable
from .lowering import lower, lower_clauses
from .standard import Plan, PlannedClause, PlannedItem

__all__ = [
    "ALWAYS",
    "Comparison",
    "Conjunction",
    "Form",
    "Guard",
    "Plan",
    "PlannedClause",
    "PlannedItem",
    "RateForm",
    "Values",
    "Variable",
    "lower",
    "lower_clauses",
]
