"""The same sheets under two or more policy versions, or readings of one: what changes, and by which clauses."""

from .account import change_data, comparison_rows, comparison_summary
from .compare import Comparison, compare
from .difference import Change, difference
from .versions import Version, read_for_all

__all__ = [
    "Change",
    "Comparison",
    "Version",
    "change_data",
    "compare",
    "comparison_rows",
    "comparison_summary",
    "difference",
    "read_for_all",
]
