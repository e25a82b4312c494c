"""From a directory to a policy that is ready to use: read, and every clause of every reading lowered."""

from pathlib import Path

from .errors import PolicyRefused, Problems
from .plan import lower_clauses
from .policy.reader import read_policy
from .policy.versions import Policy


def load_policy(directory: Path) -> Policy:
    """
    The policy in a directory; nothing about it is left to be found out later.

    Raises `PolicyRefused` with every problem, each with file, line and column.
    """
    policy = read_policy(directory)
    problems = Problems()
    for table in policy.tables.values():
        clauses = [clause for category in table.categories for item in category.items for clause in item.clauses]
        lower_clauses(clauses, problems)
    problems.refuse(PolicyRefused)
    return policy
