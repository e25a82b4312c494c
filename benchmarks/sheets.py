"""
The sheets that are measured: the shipped samples and, from a fixed seed, units as good and as bad as there are.

A made sheet is the best one with some of its facts changed to values around which a clause turns.
"""

import json
import random
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from rules.facts import Amount, Choice, Count, Fact, Flag, Judgement
from rules.plan import Form, Plan, RateForm

SEED = 2012
# How many facts of a unit are not as they should be, and how many units in ten there are of the kind.
KINDS = (((0, 3), 4), ((4, 9), 4), ((10, 20), 2))
ONE_IN_VETOED = 20
# Nobody sets the points of a judgement that no clause asks for: the forms leave it empty.
LEFT_EMPTY = {"referral_deduction": "hard_to_employ_under_referred"}

Posted = dict[str, Any]


def shipped(path: Path) -> list[Posted]:
    """The sample sheets of a policy, as the command reads them."""
    return [json.loads(line, parse_float=Decimal) for line in path.read_text(encoding="utf-8").splitlines()]


def made(plan: Plan, best: Posted, many: int) -> list[Posted]:
    """`many` sheets, always the same ones."""
    maker = _Maker(plan, best, random.Random(SEED))
    return [maker.sheet(number) for number in range(many)]


class _Maker:
    def __init__(self, plan: Plan, best: Posted, chance: random.Random):
        self.plan = plan
        self.best = best
        self.chance = chance
        self.facts = plan.standard.facts
        vetoing = {name for each in plan.vetoes for name in each.facts}
        self.vetoing = [name for name in self.facts if name in vetoing]
        self.others = [name for name in self.facts if name not in vetoing]
        self.comparisons = [one for each in plan.clauses for conjunction in each.guard for one in conjunction]

    def sheet(self, number: int) -> Posted:
        """One unit."""
        chance = self.chance
        (least, most), _ = chance.choices(KINDS, [often for _, often in KINDS])[0]
        units = {name: self.facts[name].units(value) for name, value in self.best["facts"].items() if value is not None}
        units = {name: units.get(name, fact.lowest) for name, fact in self.facts.items()}
        changed = chance.sample(self.others, chance.randint(least, most))
        if chance.randrange(ONE_IN_VETOED) == 0:
            changed += chance.sample(self.vetoing, 2)
        for name in changed:
            self.change(self.facts[name], units)
        facts = {name: self.facts[name].given(value) for name, value in units.items()}
        for empty, number_of in LEFT_EMPTY.items():
            if not units[number_of]:
                facts[empty] = None
        reasons = {
            name: "抽查台账后酌情认定" for name in changed if isinstance(self.facts[name], Judgement) and facts[name]
        }
        unit = {"id": f"B-{number:04}", "name": f"第{number}社区", "district": "新北区"}
        return {"unit": unit, "facts": facts, "self_scores": self.best["self_scores"], "reasons": reasons}

    def change(self, fact: Fact, units: dict[str, int]) -> None:
        """Give the fact another value, in a rate both facts."""
        match fact:
            case Flag():
                units[fact.name] = 1 - units[fact.name]
            case Choice():
                units[fact.name] = self.chance.choice(range(fact.highest + 1))
            case Judgement():
                half = fact.per_one // 2
                units[fact.name] = self.chance.choice(range(fact.lowest, fact.highest + 1, half))
            case Count() | Amount():
                around = list(self.turns(fact, units))
                if around:
                    units.update(self.chance.choice(around))

    def turns(self, fact: Fact, units: dict[str, int]) -> Iterator[dict[str, int]]:
        """Changes that bring a comparison with the fact to its limit, and just to either side."""
        for one in self.comparisons:
            match one.variable:
                case str() if one.variable == fact.name:
                    yield from ({fact.name: max(0, one.limit + step)} for step in (-1, 0, 1))
                case RateForm(part, whole, _, _, _) if fact.name in (part, whole):
                    total = self.chance.randrange(1, 400) * self.facts[whole].per_one
                    for tenth in (5, 6, 7, 8, 9):
                        met = total * tenth // 10
                        yield from ({whole: total, part: max(0, met + step)} for step in (-1, 0, 1))
                    yield {whole: 0, part: 0}
                case Form(terms, _, _) if fact.name in dict(terms):
                    other = next(name for name, _ in terms if name != fact.name)
                    yield from ({fact.name: max(0, units[other] + step)} for step in (-1, 0, 1))
