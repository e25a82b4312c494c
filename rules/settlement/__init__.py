"""
A year, settled: the excellent cap over each cohort, final grades, subsidies and orders to rectify, each explained.

Carries out annex 1, 三 3 (从紧控制优秀等次数量) and 三 4 (奖励补贴, 责令整改).
"""

from .account import summary_data, unit_data, unit_rows
from .best import with_best
from .cohort import Assessed, Cohort, LeftOut, is_decision, read_decision
from .method import Method, method_of
from .money import Money, read_money
from .settle import Settled, Settlement, settle

__all__ = [
    "Assessed",
    "Cohort",
    "LeftOut",
    "Method",
    "Money",
    "Settled",
    "Settlement",
    "is_decision",
    "method_of",
    "read_decision",
    "read_money",
    "settle",
    "summary_data",
    "unit_data",
    "unit_rows",
    "with_best",
]
