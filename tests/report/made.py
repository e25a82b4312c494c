"""Summaries of real comparisons, for the report to show."""

import json
from decimal import Decimal
from functools import cache
from pathlib import Path

from rules import Money, Posted, Problems, Version, compare, comparison_summary, load_policy, read_money

ROOT = Path(__file__).parents[2]
CHANGZHOU = ROOT / "policy_versions/changzhou"

HOSTILE = (
    "<script>window.harm = 1</script>",
    '"><img src=x onerror="window.harm = 2">',
    "</style></title><svg onload=window.harm=3>",
    "{{ 7 * 7 }}{% for each in pages %}",
    "<!--",
    "&lt;b&gt; &amp;",
    "javascript:alert(1)//' onmouseover='window.harm=4",
    "!" + "W" * 99,  # the first of the districts, too long for a line
)


@cache
def policy(year):
    """A shipped version."""
    return load_policy(CHANGZHOU / str(year))


def version(year, **readings):
    """A shipped version under readings, whose ids are written with `_`."""
    return Version(policy(year), {name.replace("_", "-"): choice for name, choice in readings.items()})


def sheets(year):
    """The sample sheets of a version by unit."""
    lines = [
        line for path in sorted(CHANGZHOU.glob(f"{year}/samples/*.jsonl")) for line in path.read_text().splitlines()
    ]
    return {sheet["unit"]["id"]: sheet for sheet in (json.loads(line, parse_float=Decimal) for line in lines)}


def full_sheets(times=1):
    """The sample sheets with the facts of both years, each unit that many times."""
    later = sheets(2013)
    for unit, sheet in sheets(2012).items():
        facts = {**later[unit]["facts"], **sheet["facts"]}
        reasons = {**later[unit].get("reasons", {}), **sheet.get("reasons", {})}
        for at in range(times):
            named = {**sheet["unit"], "id": f"{unit}-{at}"}
            yield {"unit": named, "standard": sheet["standard"], "facts": facts, "reasons": reasons}


def money(average):
    """The average standard."""
    return Money() if average is None else read_money(average, None, Problems())


def summary(versions, posted, *, average=None, cohort=False, leave_out=False):
    """The summary of a comparison."""
    lines = [Posted(f"{at}:", sheet, None) for at, sheet in enumerate(posted, 1)]
    comparison = compare(versions, lines, cohort=cohort, money=money(average), leave_out=leave_out)
    return comparison_summary(comparison)


@cache
def two_years():
    """Everything known, everything settled, more movers than are listed."""
    return summary([version(2012), version(2013)], full_sheets(11), cohort=True, average=10000)


@cache
def facts_missing():
    """The later year asks for facts that nobody gave: open grades and bounds."""
    return summary([version(2012), version(2013)], sheets(2012).values(), cohort=True, average=10000)


@cache
def three_versions():
    """Two steps, without settlements."""
    return summary([version(2012), version(2012, petitions="tolerant"), version(2013)], full_sheets())


@cache
def nothing_changes():
    """A version beside itself."""
    return summary([version(2012), version(2012)], sheets(2012).values())


@cache
def hostile():
    """Units, districts and reasons with names that try to break out of the page."""
    posted = list(full_sheets())[: len(HOSTILE)]
    for sheet, name in zip(posted, HOSTILE, strict=True):
        sheet["unit"] = {"id": f"{name[:90]} {sheet['unit']['id']}", "name": name, "district": name}
        sheet["reasons"] = dict.fromkeys(sheet["reasons"], name)
    return summary([version(2012), version(2013)], posted)


KINDS = {
    "two years": two_years,
    "facts missing": facts_missing,
    "three versions": three_versions,
    "nothing changes": nothing_changes,
    "hostile": hostile,
}
