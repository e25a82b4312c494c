"""Which policy versions there are, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rules import Policy, PolicyRefused, Problem, RequestRefused, load_policy, problem

METHOD_FILE = "policy.yaml"


@dataclass(frozen=True, slots=True)
class Version:
    """A version's directory, and the policy in it or what is wrong with it."""

    directory: Path
    policy: Policy | None
    problems: tuple[Problem, ...]


class Catalogue:
    """The shipped versions, and any directory that is asked for by its path."""

    def __init__(self, root: Path | None = None):
        self.root = root or Path(str(files("policy_versions")))

    def directories(self) -> list[Path]:
        """Every shipped version's directory."""
        return sorted(path.parent for path in self.root.glob(f"*/*/{METHOD_FILE}"))

    def versions(self) -> Iterator[Version]:
        """Every shipped version; a bad one is named and stops nothing else."""
        for directory in self.directories():
            try:
                yield Version(directory, load_policy(directory), ())
            except PolicyRefused as refused:
                yield Version(directory, None, refused.problems)

    def find(self, name: str) -> tuple[Path, Policy]:
        """
        The version of that id, or in the directory of that path.

        Raises `RequestRefused` when there is none, `PolicyRefused` when it is not good.
        """
        if (Path(name) / METHOD_FILE).is_file():
            return Path(name), load_policy(Path(name))
        # The usual place first, so that asking for one version does not read them all.
        city, _, year = name.rpartition("-")
        likely = self.root / city / year
        if city and (likely / METHOD_FILE).is_file():
            policy = load_policy(likely)
            if policy.key == name:
                return likely, policy
        found = [version for version in self.versions() if version.policy]
        for version in found:
            if version.policy and version.policy.key == name:
                return version.directory, version.policy
        known = [version.policy.key for version in found if version.policy]
        raise RequestRefused([problem("policy_unknown", known=known, name=name)])
