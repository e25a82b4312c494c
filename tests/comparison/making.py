"""Versions to compare, generated and shipped, and sheets that are good under all of them."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import simplejson

from rules import Comparison, Decision, Posted, Problems, Version, compare, load_policy, read_for_all
from rules.decision import Case
from rules.reference import Reference
from rules.sheets import Sheet
from tests.agreement.agreement import CHANGZHOU, ROOT, shipped_policy
from tests.agreement.completions import good
from tests.strategies import Dense, generate_versions

CHANGZHOU_2013 = "policy_versions/changzhou/2013"
STANDARDS = ("community", "village")
DISTRICTS = ("新北区", "天宁区", "钟楼区", "戚墅堰区", "金坛市")


def changzhou(year: int, **readings: str) -> Version:
    """A shipped version; `loan_steps="begun"` is the reading `loan-steps`."""
    directory = {2012: CHANGZHOU, 2013: CHANGZHOU_2013}[year]
    return Version(shipped_policy(directory), {name.replace("_", "-"): each for name, each in readings.items()})


def made_versions(rng: Random, directory: Path, *, small: bool) -> tuple[Version, Version]:
    """Two years of a generated policy, each under some of its readings; the later one's points may be finer."""
    items = rng.randint(1, 4)
    versions = []
    for at, made in enumerate(generate_versions(rng, items, items + rng.randint(2, 7), small=small)):
        chosen = {name: rng.choice(choices) for name, choices in made.readings.items()}
        versions.append(Version(load_policy(made.write(directory / str(at))), chosen))
    return versions[0], versions[1]


def compared(versions: Sequence[Version], *posted: Mapping[str, Any], **options: Any) -> Comparison:
    """The comparison of sheets that are good; each stands at `sheet N`."""
    return compare(versions, [Posted(f"sheet {at}", each) for at, each in enumerate(posted)], **options)


class Common:
    """Sheets that are good under every one of some versions, dense around the thresholds of one or another."""

    def __init__(self, versions: Sequence[Version], standard: str = "table"):
        self.versions = versions
        self.standard = standard
        self.dense = [Dense(version.judge(standard).standard) for version in versions]
        finest = max(version.policy.points_per_one for version in versions)
        # Points that are finer than another version's are no good there.
        self.leading = [each for each in self.dense if each.standard.policy.points_per_one < finest] or self.dense

    def posted(self, rng: Random, unit: int = 0, lacking: int = 0) -> dict[str, Any] | None:
        """One sheet, without so many of its facts; None where the rates of the versions do not fit together."""
        for _ in range(20):
            leading = rng.choice(self.leading)
            facts: dict[str, Any] = {}
            for dense in (leading, *self.dense):
                values = dense.values(rng, calm=0.95)
                facts = {name: dense.facts[name].given(units) for name, units in values.items()} | facts
            for name in rng.sample(sorted(facts), min(lacking, len(facts))):
                del facts[name]
            district = rng.choice(DISTRICTS)
            sheet = {"unit": {"id": f"u{unit}", "district": district}, "standard": self.standard, "facts": facts}
            problems = Problems()
            read_for_all(self.versions, sheet, problems)
            if not problems.found:
                return sheet
        return None


def cohort(versions: Sequence[Version], rng: Random, size: int, lacking: float = 0) -> list[dict[str, Any]]:
    """
    Units of both standards of Changzhou, of all grades, good under every version: samples with some facts changed.

    `lacking` is how likely a sheet lacks one of its facts, or two.
    """
    commons = {standard: Common(versions, standard) for standard in STANDARDS}
    units: list[dict[str, Any]] = []
    while len(units) < size:
        standard = rng.choice(STANDARDS)
        common = commons[standard]
        strange = common.posted(rng)
        assert strange is not None
        known = strange["facts"]
        # The samples go from the best to the worst; caps need good ones.
        sample = rng.choice((0, 0, 0, 1, 1, 2, 3, 4, 5))
        usual = {name: value for year in (2012, 2013) for name, value in _samples(year, standard)[sample].items()}
        facts = known | {name: value for name, value in usual.items() if name in known and value is not None}
        facts |= {name: known[name] for name in rng.sample(sorted(known), rng.choice((0, 0, 0, 1, 2, 8)))}
        for name in rng.sample(sorted(facts), rng.choice((1, 2)) if rng.random() < lacking else 0):
            del facts[name]
        unit = {"id": f"u{len(units)}", "name": None, "district": rng.choice(DISTRICTS)}
        sheet = {"unit": unit, "standard": standard, "facts": facts}
        problems = Problems()
        read_for_all(versions, sheet, problems)
        if not problems.found:
            units.append(sheet)
    return units


@cache
def _samples(year: int, standard: str) -> list[dict[str, Any]]:
    """The facts of each sample."""
    lines = (ROOT / f"policy_versions/changzhou/{year}/samples/{standard}.jsonl").read_text("utf-8").splitlines()
    return [simplejson.loads(line, use_decimal=True)["facts"] for line in lines]


def own_facts(version: Version, sheet: Mapping[str, Any]) -> dict[str, Any]:
    """The sheet with the facts and reasons that the version knows, and no others."""
    known = version.judge(sheet["standard"]).standard.accepted
    own = {
        key: {name: each for name, each in sheet.get(key, {}).items() if name in known} for key in ("facts", "reasons")
    }
    return {**sheet, **own}


class Both(NamedTuple):
    """What a completion comes to under each of two versions."""

    before: Decision
    after: Decision


def all_completions(sheets: Sequence[Sheet]) -> Iterator[Both]:
    """Every way to fill in what either of two sheets lacks that is good under both versions, decided under both."""
    facts = {
        name: sheet.standard.facts[name]
        for sheet in sorted(sheets, key=lambda each: -each.standard.policy.points_per_one)
        for name in sheet.absent
    }
    references = [Reference(sheet.standard) for sheet in sheets]
    for values in product(*(range(fact.lowest, fact.highest + 1) for fact in facts.values())):
        given = {fact.name: fact.given(units) for fact, units in zip(facts.values(), values, strict=True)}
        filled = [
            {**sheet.values, **{name: sheet.standard.facts[name].units(given[name]) for name in sheet.absent}}
            for sheet in sheets
        ]
        if all(good(sheet.standard, each) for sheet, each in zip(sheets, filled, strict=True)):
            decided = zip(references, sheets, filled, strict=True)
            yield Both(*(reference.decide(Case(sheet, each)) for reference, sheet, each in decided))
