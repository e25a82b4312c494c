"""The policies that scenarios are run and made for."""

from functools import cache
from pathlib import Path

from rules import Policy, Problems, load_policy, read_examples, run_examples
from rules.scenarios import Boundaries, Outcome, boundary_cases

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(path.parent for path in ROOT.glob("policy_versions/*/*/policy.yaml"))
INVENTED = sorted(path.parent for path in ROOT.glob("tests/policies/*/*/policy.yaml"))
GOOD = ROOT / "tests" / "refusals" / "good"


@cache
def policy_at(directory: Path) -> Policy:
    """The policy in a directory, read once."""
    return load_policy(directory)


def standards(*directories: Path) -> list[tuple[Path, str]]:
    """Every standard of these versions."""
    return [(directory, key) for directory in directories for key in policy_at(directory).tables]


@cache
def outcomes_of(directory: Path) -> list[Outcome]:
    """How a version's own examples come out."""
    problems = Problems()
    examples = read_examples(directory, problems)
    assert not problems.found
    return list(run_examples(policy_at(directory), examples))


@cache
def made_for(directory: Path, standard: str) -> Boundaries:
    """The boundary cases of a standard, from its first example where there is one."""
    first = [each for each in outcomes_of(directory) if each.example.standard == standard] if directory != GOOD else []
    base = first[0].example.posted["facts"] if first else None
    return boundary_cases(policy_at(directory), standard, {}, base)
