"""From a directory to a policy that is ready to use: read, and every clause of every reading lowered."""

from pathlib import Path

from .errors import PolicyRefused, Problems, in_reading_order
from .plan import lower_clauses
from .policy.reader import FACTS_FILE, METHOD_FILE, read_policy
from .policy.versions import Policy


def load_policy(directory: Path) -> Policy:
    """
    The policy in a directory; nothing about it is left to be found out later.

    Raises `PolicyRefused` with every problem, in reading order, each with file, line and column.
    """
    problems = Problems()
    policy, clauses = read_policy(directory, problems)
    lower_clauses(clauses, problems)
    if problems.found or policy is None:
        raise PolicyRefused(in_reading_order(problems.found, (METHOD_FILE, FACTS_FILE)))
    return policy
