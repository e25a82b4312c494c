"""Ways to spoil the good policy beside this file: each case replaces words of its files."""

from dataclasses import dataclass
from pathlib import Path
from shutil import copytree

GOOD = Path(__file__).parent / "good"
METHOD, FACTS, STATION = "policy.yaml", "facts.yaml", "station.yaml"


@dataclass(frozen=True)
class Change:
    """In `file`, `old` (which stands there once) becomes `new`."""

    file: str
    old: str
    new: str


def spoiled(changes: tuple[Change, ...], directory: Path) -> Path:
    """A copy of the good policy with these changes."""
    copytree(GOOD, directory)
    for change in changes:
        path = directory / change.file
        text = path.read_text("utf-8")
        assert text.count(change.old) == 1, f"`{change.old}` stands {text.count(change.old)} times in {change.file}"
        path.write_text(text.replace(change.old, change.new), "utf-8")
    return directory


def method(old: str, new: str) -> Change:
    """A change of the method."""
    return Change(METHOD, old, new)


def facts(old: str, new: str) -> Change:
    """A change of the facts."""
    return Change(FACTS, old, new)


def station(old: str, new: str) -> Change:
    """A change of the standard."""
    return Change(STATION, old, new)


def veto(condition: str) -> Change:
    """The veto's condition becomes another one, plain, so that columns count from its first character."""
    return station("when: not open_daily, veto", f"when: {condition}, veto")


def quoted_veto(condition: str) -> Change:
    """The same in single quotes."""
    return veto(f"'{condition}'")


def wide() -> str:
    """A condition of 7 x 7 cases with two comparisons each: 98, where 48 are the most."""
    numbers = range(1, 14, 2)
    left = " or ".join(f"complaints == {at}" for at in numbers)
    right = " or ".join(f"employers_known == {at}" for at in numbers)
    return f"({left}) and ({right})"


LAST_CLAUSES = """clauses:
          - {when: open_daily, deduct: tidiness_deduction, note: {zh: 酌情, en: at discretion}}"""

CASES: dict[str, tuple[Change, ...]] = {
    # files and their YAML
    "standard_without_file": (method("standards: [station]", "standards: [station, village]"),),
    "key_twice": (method("year: 2020\n", "year: 2020\nyear: 2021\n"),),
    "key_twice_in_a_clause": (station("award: {proportion: visit_rate, points: 20}", "score: 1, score: 2"),),
    "anchor_without_alias": (method("{zh: 用于工作经费", "&use {zh: 用于工作经费"),),
    "alias_of_a_scalar": (method("revision: 1\nyear: 2020", "revision: &one 1\nyear: *one"),),
    "alias_without_anchor": (facts("en: {name: open daily", "en: *nothing\n    fr: {name: open daily"),),
    "merge_key": (
        facts(
            "  complaints:\n    type: count",
            "  complaints: &same\n    type: count",
        ),
        facts("  employers_known:\n    type: count", "  employers_known:\n    <<: *same"),
    ),
    "tab_for_indentation": (facts("  ledger:\n    type: choice", "  ledger:\n\ttype: choice"),),
    "bracket_never_closed": (method("rectify: [poor]", "rectify: [poor"),),
    "two_documents": (method("grades:\n", "---\ngrades:\n"),),
    "nested_too_deep": (method("rectify: [poor]", "rectify: " + "[" * 40 + "poor" + "]" * 40),),
    "value_is_a_date": (method("id: small-2020", "id: 2020-01-01"),),
    "value_is_a_number_with_exponent": (method("points_scale: 0.5", "points_scale: 5e-1"),),
    "value_is_hexadecimal": (method("year: 2020\n", "year: 0x7e4\n"),),
    "value_is_infinite": (method("from: 80", "from: .inf"),),
    "value_is_not_a_number": (method("from: 80", "from: .nan"),),
    "value_has_many_digits": (method("from: 80", f"from: {'9' * 40}"),),
    "value_has_a_tag": (method("year: 2020\n", "year: !!python/object/apply:os.getpid []\n"),),
    # keys and types
    "key_unknown_with_near": (method("veto_grade: poor", "veto_grad: poor"),),
    "key_unknown_without_near": (method("revision: 1", "revision: 1\nzzzzzz: 1"),),
    "key_unknown_in_an_item": (station("title_en: Tidiness", "titel_en: Tidiness"),),
    "key_unknown_in_a_clause": (station("when: open_daily, deduct", "whenn: open_daily, deduct"),),
    "key_unknown_in_an_amount": (
        station("at_most: 5}}\n          - {deduct: {of", "at_mosst: 5}}\n          - {deduct: {of"),
    ),
    "key_unknown_for_the_type": (facts("type: flag", "type: flag\n    max: 3"),),
    "id_missing": (method("id: small-2020\n", ""),),
    "basis_missing": (station("        basis: 不整洁的酌情扣1—3分。\n", ""),),
    "basis_empty": (station("basis: 不整洁的酌情扣1—3分。", "basis:"),),
    "basis_an_empty_word": (station("basis: 不整洁的酌情扣1—3分。", "basis: ''"),),
    "max_of_a_judgement_missing": (facts("    max: 3\n", ""),),
    "yes_and_no_missing": (facts("yes: 每日开放, no: 未每日开放", "unit: 天"),),
    "whole_of_a_percent_missing": (facts("    whole: employers_known\n", ""),),
    "translation_missing": (method("{zh: 80%在内, en: 80% is in it}", "{zh: 80%在内}"),),
    "year_a_word": (method("year: 2020\n", "year: last\n"),),
    "year_a_flag": (method("year: 2020\n", "year: true\n"),),
    "year_a_fraction": (method("year: 2020\n", "year: 2020.5\n"),),
    "number_unquoted": (station('no: "5"', "no: 5"),),
    "points_a_word": (station("points: 40\n        basis", "points: forty\n        basis"),),
    "points_negative": (station("points: 40\n        basis", "points: -40\n        basis"),),
    "clauses_not_a_list": (station(LAST_CLAUSES, "clauses: none"),),
    "clauses_empty": (station(LAST_CLAUSES, "clauses: []"),),
    "type_of_a_fact_unknown": (facts("type: flag", "type: flagg"),),
    "year_basis_unknown": (method("year_basis: stated", "year_basis: guessed"),),
    "scale_unknown": (method("points_scale: 0.5", "points_scale: 0.3"),),
    "fact_name_not_a_name": (facts("  open_daily:", "  open-daily:"),),
    # what does not fit together
    "fact_defined_twice": (facts("  employers_known:\n", "  complaints:\n"),),
    "item_number_twice": (station('no: "5"', 'no: "4"'),),
    "item_key_twice": (station("key: tidiness", "key: visits"),),
    "clause_key_twice": (
        station("- {deduct: {each", "- {key: same, deduct: {each"),
        station("- {deduct: {of: complaints", "- {key: same, deduct: {of: complaints"),
    ),
    "grade_twice": (method("key: fair, title", "key: good, title"),),
    "reading_twice": (method("- id: ties", "- id: edge"),),
    "fact_unused": (facts("facts:\n", "facts:\n  idle:\n    type: count\n    zh: {name: 闲}\n    en: {name: idle}\n"),),
    "grades_out_of_order": (method("from: 60", "from: 85"),),
    "grades_start_together": (method("from: 60", "from: 80"),),
    "last_grade_starts": (method("{zh: 较差, en: poor}}", "{zh: 较差, en: poor}, from: 10}"),),
    "first_grade_without_start": (method(", from: 80}", "}"),),
    "veto_grade_unknown": (method("veto_grade: poor", "veto_grade: pour"),),
    "cap_of_an_unknown_grade": (method("- grade: good", "- grade: goods"),),
    "cap_with_share_and_number": (method("share: 30", "share: 30\n    number: 3"),),
    "cap_choice_unknown": (method("together: whole_or_none", "together: half_or_none"),),
    "subsidy_of_an_unknown_grade": (method("poor: {ratio: 0}}", "pooor: {ratio: 0}}"),),
    "subsidy_ratio_and_amount": (method("poor: {ratio: 0}}", "poor: {ratio: 0, amount: 0}}"),),
    "subsidy_below_the_fen": (method("amount: 5000.50", "amount: 5000.505"),),
    "ranks_overlap": (method("{from: 4, to: 6", "{from: 3, to: 6"),),
    "ranks_backwards": (method("{from: 4, to: 6", "{from: 6, to: 4"),),
    "bands_overlap": (station("{above: 80, below: 90, points: 1}", "{from: 80, below: 90, points: 1}"),),
    "band_empty": (station("{above: 80, below: 90, points: 1}", "{above: 90, below: 80, points: 1}"),),
    "band_without_ends": (station("{above: 80, below: 90, points: 1}", "{points: 1}"),),
    "band_with_two_starts": (
        station("{above: 80, below: 90, points: 1}", "{above: 80, from: 85, below: 90, points: 1}"),
    ),
    "step_of_nothing": (station("every: 2, then: 0.5", "every: 0, then: 0.5"),),
    "step_in_both_directions": (station("above: 9, first", "above: 9, below: 3, first"),),
    "points_off_scale": (station("every: 2, then: 0.5", "every: 2, then: 0.25"),),
    "judgement_off_scale": (facts("    max: 3\n", "    max: 3.25\n"),),
    "amount_below_the_fen": (facts("max: 90000.50", "max: 90000.505"),),
    "bounds_backwards": (facts("min: 0\n    max: 3\n", "min: 4\n    max: 3\n"),),
    "percent_of_two_kinds": (facts("part: employers_visited", "part: funds_received"),),
    "percent_of_a_flag": (facts("part: employers_visited", "part: open_daily"),),
    "default_is_no_choice": (method("default: with\n", "default: within\n"),),
    "reading_unused": (station(", reading: edge=without", ""), station(", reading: edge, zh", ", zh")),
    "reading_only_mentioned": (station(", reading: edge=without", ""),),
    "reading_unknown": (station("reading: edge=without", "reading: edges=without"),),
    "reading_of_a_field_unknown": (method("{reading: ties, ", "{reading: tie, "),),
    "choice_unknown": (station("reading: edge=without", "reading: edge=outside"),),
    "choice_of_a_field_missing": (method(", apart: group_goes_in}", "}"),),
    "item_of_a_contradiction_unknown": (station('{items: ["2"], reading: edge', '{items: ["22"], reading: edge'),),
    "rescaled_from_nothing": (station("rescale: {from: 50", "rescale: {from: 0"),),
    "key_differs_from_the_file": (station("key: station\n", "key: stations\n"),),
    "part_unknown": (station("part: review", "part: reviews"),),
    "part_missing": (station("    part: review\n", ""),),
    "cap_raises": (method("becomes: fair", "becomes: good"),),
    "weights_off": (station("weight: 60", "weight: 50"),),
    "item_without_points": (station("bonus: 2}", "deduct: 2}"),),
    "effect_missing": (station("when: not open_daily, veto: true", "when: not open_daily"),),
    "two_effects": (station("when: not open_daily, veto: true", "when: not open_daily, veto: true, bonus: 1"),),
    "veto_false": (station("veto: true", "veto: false"),),
    "condition_missing": (station("when: not open_daily, veto: true", "veto: true"),),
    "ceiling_without_condition": (station("""when: 'ledger == "none"', ceiling""", "ceiling"),),
    "ceiling_of_an_unknown_grade": (station("ceiling: fair", "ceiling: fare"),),
    "score_above_the_item": (station("score: 1}", "score: 20.5}"),),
    "judgement_unknown": (station("deduct: tidiness_deduction", "deduct: tidyness_deduction"),),
    "judgement_that_is_a_count": (station("deduct: tidiness_deduction", "deduct: complaints"),),
    "proportion_of_a_count": (station("{proportion: visit_rate", "{proportion: complaints"),),
    "occurrences_of_a_rate": (station("{each: complaints", "{each: visit_rate"),),
    "occurrences_of_an_unknown_fact": (station("{each: complaints", "{each: complaint"),),
    # the condition language
    "fact_of_a_condition_unknown": (veto("open_daily and complaints > 0 and employer_visited < 3"),),
    "two_facts_of_a_condition_unknown": (veto("open_dayly or complaint > 0"),),
    "fact_of_a_quoted_condition_unknown": (quoted_veto('ledger == "proper" or  ledgr == "none"'),),
    "condition_ends_early": (veto("complaints >"),),
    "condition_with_one_equals_sign": (veto("complaints = 1"),),
    "condition_in_chinese": (veto("投诉 > 1"),),
    "condition_with_a_call": (veto('__import__("os").getpid() > 0'),),
    "condition_with_an_attribute": (veto("complaints.real > 0"),),
    "condition_with_a_division": (veto("complaints / 2 > 0"),),
    "condition_with_a_power": (veto("9 ** 9 ** 9 > complaints"),),
    "condition_with_two_facts_multiplied": (veto("complaints * employers_known > 0"),),
    "condition_with_a_number_with_exponent": (veto("complaints > 1e3"),),
    "condition_with_is": (veto("complaints is 1"),),
    "condition_with_a_lambda": (veto("lambda x = 1"),),
    "condition_too_long": (veto(" or ".join(["complaints > 10"] * 150)),),
    "condition_too_deep": (veto("not " * 30 + "open_daily"),),
    "condition_with_many_brackets": (veto("(" * 300 + "open_daily" + ")" * 300),),
    "count_against_an_amount": (veto("complaints > funds_received"),),
    "amount_plus_count": (veto("funds_received + complaints > 0"),),
    "rate_added_up": (veto("visit_rate + 1 > 3"),),
    "choice_against_a_number": (veto("ledger == 1"),),
    "choice_of_a_condition_unknown": (quoted_veto('ledger == "propper"'),),
    "choice_in_a_sum": (veto("ledger + 1 > 0"),),
    "count_alone": (veto("complaints"),),
    "number_alone": (quoted_veto("1"),),
    "flag_compared": (veto("open_daily > 0"),),
    # lowering
    "clause_too_wide": (veto(wide()),),
    # together
    "many_in_one_file": (
        method("year_basis: stated", "year_basis: guessed"),
        method("veto_grade: poor", "veto_grad: poor"),
        method("share: 30", "share: thirty"),
        method("amount: 800", "amount: -800"),
    ),
    "many_clauses": (
        veto("not open_dayly"),
        station("ceiling: fair", "ceiling: fare"),
        station("{above: 80, below: 90, points: 1}", "{above: 79, below: 90, points: 1}"),
        station("every: 2, then: 0.5", "every: 2, then: 0.75"),
        station("deduct: tidiness_deduction", "deduct: tidyness_deduction"),
    ),
}
