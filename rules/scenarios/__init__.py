"""
Scenarios: sheets with worked results, what they try of a standard, and cases for whatever is to be tried.

Everything is decided by the reference; completing and checking is the same as for every posted sheet.
"""

from .boundaries import Boundaries, boundary_cases
from .coverage import ClauseCount, Coverage, ProbeCount, coverage_of
from .suites import Example, Outcome, read_examples, read_scenarios, run_examples
from .writing import boundary_file

__all__ = [
    "Boundaries",
    "ClauseCount",
    "Coverage",
    "Example",
    "Outcome",
    "ProbeCount",
    "boundary_cases",
    "boundary_file",
    "coverage_of",
    "read_examples",
    "read_scenarios",
    "run_examples",
]
