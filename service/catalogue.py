"""Which policy versions there are, and where."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from rules import Policy, PolicyRefused, Problem, RequestRefused, load_policy, problem

METHOD_FILE = "policy.yaml"
# One line for each published revision: `changzhou-2012 1 1889680c…`.
PUBLISHED_FILE = "published.txt"


@dataclass(frozen=True, slots=True)
class Version:
    """A version's directory, and the policy in it or what is wrong with it."""

    directory: Path
    policy: Policy | None
    problems: tuple[Problem, ...]


class Catalogue:
    """The shipped versions, those in further directories, and any directory that is asked for by its path."""

    def __init__(self, more: tuple[Path, ...] = (), shipped: Path | None = None):
        self.shipped = shipped or Path(str(files("policy_versions")))
        self.more = more

    def directories(self) -> list[Path]:
        """Every version's directory: `city/year` below a directory of the catalogue, or that directory itself."""
        found = sorted(path.parent for path in self.shipped.glob(f"*/*/{METHOD_FILE}"))
        for root in self.more:
            depths = (METHOD_FILE, f"*/{METHOD_FILE}", f"*/*/{METHOD_FILE}")
            found += sorted(path.parent for depth in depths for path in root.glob(depth))
        return list(dict.fromkeys(found))

    def versions(self) -> Iterator[Version]:
        """Every version; a bad one, or a second one of the same id, is named and stops nothing else."""
        ids: set[str] = set()
        for directory in self.directories():
            try:
                policy = _load(directory)
            except PolicyRefused as refused:
                yield Version(directory, None, refused.problems)
                continue
            if policy.key in ids:
                yield Version(directory, None, (problem("defined_twice", name=policy.key),))
            else:
                ids.add(policy.key)
                yield Version(directory, policy, ())

    def find(self, name: str) -> tuple[Path, Policy]:
        """
        The version of that id, or in the directory of that path.

        Raises `RequestRefused` when there is none, `PolicyRefused` when it is not good.
        """
        if (Path(name) / METHOD_FILE).is_file():
            return Path(name), _load(Path(name))
        # The usual place first, so that asking for one version does not read them all.
        city, _, year = name.rpartition("-")
        likely = self.shipped / city / year
        if city and (likely / METHOD_FILE).is_file():
            policy = _load(likely)
            if policy.key == name:
                return likely, policy
        found = [version for version in self.versions() if version.policy]
        for version in found:
            if version.policy and version.policy.key == name:
                return version.directory, version.policy
        known = [version.policy.key for version in found if version.policy]
        raise RequestRefused([problem("policy_unknown", known=known, name=name)])


def _load(directory: Path) -> Policy:
    """The policy, if it is good and still means what was published under its id and revision."""
    policy = load_policy(directory)
    published = _published(directory).get((policy.key, str(policy.revision)))
    if published is not None and published != policy.meaning:
        hashes = {"published": published[:12], "found": policy.meaning[:12]}
        raise PolicyRefused([problem("meaning_changed", "", (), name=policy.key, revision=policy.revision, **hashes)])
    return policy


def _published(directory: Path) -> dict[tuple[str, str], str]:
    """The hash of each published id and revision, from the file that stands beside the cities."""
    file = Path(*directory.resolve().parts[:-2], PUBLISHED_FILE)
    if not file.is_file():
        return {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise PolicyRefused([problem("file_unreadable", PUBLISHED_FILE, why=str(error))]) from None
    hashes: dict[tuple[str, str], str] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if len(words) != 3 or (words[0], words[1]) in hashes:
            # A line that is passed over would protect nothing, and nobody would know.
            raise PolicyRefused([problem("file_unreadable", PUBLISHED_FILE, why=f"line {number}")])
        hashes[words[0], words[1]] = words[2]
    return hashes
