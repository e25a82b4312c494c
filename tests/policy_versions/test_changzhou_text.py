"""The text of the shipped policy is the text of its source: nothing missing, nothing invented."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

VERSION = Path(__file__).parents[2] / "policy_versions" / "changzhou" / "2012"
ANNEXES = {"community": 2, "village": 3}
HEADING = re.compile(r"[一二三四五六]、")
NUMBERED_PARAGRAPH = re.compile(r"（([一二三四五六])）|([0-9]+)\. ")
NOTE = re.compile(r"[0-9]\.")
ELISION = "……"


@dataclass(frozen=True)
class PrintedItem:
    no: str
    title: str
    points: str
    basis: str


@dataclass(frozen=True)
class PrintedCategory:
    title: str
    subtotal: str
    items: tuple[PrintedItem, ...]


@dataclass(frozen=True)
class PrintedTable:
    title: str
    categories: tuple[PrintedCategory, ...]
    total: str
    notes: tuple[str, ...]


def squeezed(text: object) -> str:
    """The text with all white space removed."""
    return "".join(str(text).split())


def annex(number: int) -> str:
    """The text of one annex, without its number."""
    source = (VERSION / "source.txt").read_text(encoding="utf-8")
    parts = re.split(r"^附件[123]$", source, flags=re.MULTILINE)
    assert len(parts) == 4, "the source has three annexes and nothing before the first"
    return parts[number]


def rows_of(text: str) -> list[list[str]]:
    """A cell is a line that starts with a tab, with the lines below it that do not; an empty line ends the row."""
    rows: list[list[str]] = [[]]
    for line in text.splitlines():
        if not line:
            rows.append([])
        elif line.startswith("\t"):
            rows[-1].append(line)
        else:
            rows[-1][-1] += line
    return [[squeezed(cell) for cell in row] for row in rows if row]


def printed_table(standard: str) -> PrintedTable:
    """The table of a standard as the source prints it."""
    text = annex(ANNEXES[standard])
    before, first_cell, table = text.partition("\t")
    header, *rows = rows_of(first_cell + table)
    assert header == ["评估项目", "序号", "评估标准", "分值", "加减分依据", "自评得分", "评估得分"]

    categories: list[PrintedCategory] = []
    title, items = "", []
    total, notes = "", []
    for row in rows:
        match row:
            case ["", "小计", subtotal, "", "", ""]:
                categories.append(PrintedCategory(title, subtotal, tuple(items)))
                title, items = "", []
            case ["合计", "", total, "", "", ""]:
                pass
            case [continued, no, item_title, points, basis, "", ""] if no.isdigit():
                # A category that runs over a page repeats its title in the first row of the new page.
                title = title or continued
                assert continued in ("", title)
                items.append(PrintedItem(no, item_title, points, basis))
            case [note, *empty] if NOTE.match(note) and not any(empty):
                notes.append(note)
            case ["说明：" | "", *empty] if not any(empty):
                pass
            case unknown:
                pytest.fail(f"a row of the source that this test cannot read: {unknown}")
    assert not items, "every item belongs to a category with a subtotal"
    return PrintedTable(squeezed(before), tuple(categories), total, tuple(notes))


def shipped(name: str) -> Any:
    """One file of the policy, as plain data."""
    return YAML(typ="safe", pure=True).load(VERSION / f"{name}.yaml")


def printed_method() -> tuple[str, list[tuple[str, str, int | None]]]:
    """The method's title, and its paragraphs with the heading above each and the number printed before it."""
    title_lines, text = annex(1).strip().split("\n\n", 1)
    title = squeezed(title_lines)
    heading, paragraphs = title, []
    for line in filter(str.strip, text.splitlines()):
        if HEADING.match(line):
            heading = squeezed(line)
            continue
        numbered = NUMBERED_PARAGRAPH.match(line)
        number = numbered and (int(numbered[2]) if numbered[2] else "一二三四五六".index(numbered[1]) + 1)
        paragraphs.append((heading, squeezed(line), number))
    return title, paragraphs


def items_of(standard: Any) -> list[dict[str, Any]]:
    """The items of a standard in their printed order."""
    return [item for category in standard["categories"] for item in category["items"]]


@pytest.mark.parametrize(("standard", "count"), [("community", 30), ("village", 31)])
def test_every_printed_item_is_shipped_and_no_other(standard: str, count: int) -> None:
    """Number, title, points and basis of every item are those of the source, in its order."""
    printed = [item for category in printed_table(standard).categories for item in category.items]
    in_policy = [
        PrintedItem(item["no"], squeezed(item["title"]), str(item["points"]), squeezed(item["basis"]))
        for item in items_of(shipped(standard))
    ]
    assert [item.no for item in printed] == [str(no) for no in range(1, count + 1)]
    assert in_policy == printed


@pytest.mark.parametrize("standard", ANNEXES)
def test_categories_hold_the_printed_titles_subtotals_and_items(standard: str) -> None:
    """Each category has the title, the subtotal and the item numbers that the source prints for it."""
    in_policy = [
        (squeezed(category["title"]), str(category["points"]), [item["no"] for item in category["items"]])
        for category in shipped(standard)["categories"]
    ]
    assert in_policy == [
        (category.title, category.subtotal, [item.no for item in category.items])
        for category in printed_table(standard).categories
    ]


@pytest.mark.parametrize("standard", ANNEXES)
def test_standards_hold_the_printed_title_total_and_notes(standard: str) -> None:
    """Title, total and notes of a standard are those of its annex."""
    printed, in_policy = printed_table(standard), shipped(standard)
    assert squeezed(in_policy["title"]["zh"]) == printed.title
    assert str(in_policy["points"]) == printed.total == "100"
    assert [squeezed(note) for note in in_policy["notes"]] == list(printed.notes)
    assert len(printed.notes) == 2


def test_method_holds_every_printed_paragraph_and_no_other() -> None:
    """The method's paragraphs stand under their printed headings, in order, with their numbers."""
    title, printed = printed_method()
    in_policy = [
        (squeezed(paragraph["heading"]), squeezed(paragraph["text"]), paragraph.get("no"))
        for paragraph in shipped("policy")["method"]
    ]
    assert in_policy == printed
    assert len(printed) == 13
    assert title == "常州市社区（村）人力资源和社会保障公共服务平台考核办法"


def test_permitted_use_and_titles_quote_the_method() -> None:
    """What the subsidy may be used for, and the policy's title, are words of the method."""
    title, printed = printed_method()
    policy = shipped("policy")
    assert printed[-1][1].endswith(policy["subsidy"]["permitted_use"]["zh"])
    assert policy["title"]["zh"].startswith(title)


@pytest.mark.parametrize("reading", shipped("policy")["readings"], ids=lambda reading: reading["id"])
def test_readings_quote_the_words_that_are_open(reading: dict[str, Any]) -> None:
    """The text of a reading occurs in the source, its parts in the printed order."""
    rest = squeezed("".join(annex(number) for number in (1, 2, 3)))
    for part in squeezed(reading["text"]).split(ELISION):
        _, found, rest = rest.partition(part)
        assert found, f"{part} does not follow in the source"


def test_white_space_is_kept_inside_a_line() -> None:
    """Blanks that the source prints inside a basis stay single blanks, and its misprints stay misprints."""
    lines = {" ".join(line.split()) for number in (2, 3) for line in annex(number).splitlines()}
    for standard in ANNEXES:
        in_policy = shipped(standard)
        texts = [*in_policy["notes"], *(item[field] for item in items_of(in_policy) for field in ("title", "basis"))]
        assert [text for text in texts if text not in lines] == []


def test_printed_sums_contradict_themselves_as_reported() -> None:
    """The community's sums agree; the village's items add up to 98 and its subtotals to 96 where 100 is printed."""
    sums = {}
    for standard in ANNEXES:
        categories = shipped(standard)["categories"]
        items = [sum(item["points"] for item in category["items"]) for category in categories]
        subtotals = [category["points"] for category in categories]
        disagreeing = [
            category["title"]
            for category, of_items, subtotal in zip(categories, items, subtotals, strict=True)
            if of_items != subtotal
        ]
        sums[standard] = (sum(items), sum(subtotals), disagreeing)
    assert sums == {"community": (100, 100, []), "village": (98, 96, ["三、促进就业创业"])}
    assert shipped("village")["rescale"]["from"] == sums["village"][0]


def test_both_standards_use_the_same_key_for_the_same_title() -> None:
    """Items with the same printed title carry the same key in both standards, and keys are unique."""
    keys = {standard: {item["title"]: item["key"] for item in items_of(shipped(standard))} for standard in ANNEXES}
    for of_standard in keys.values():
        assert len(set(of_standard.values())) == len(of_standard)
    for title in keys["community"].keys() & keys["village"].keys():
        assert keys["community"][title] == keys["village"][title]


def test_facts_are_exactly_those_that_the_standards_use() -> None:
    """Every fact of the dictionary is used by a clause or a derived fact, and every name used is a fact."""
    facts = shipped("facts")["facts"]
    used: set[str] = set()
    for standard in ANNEXES:
        for item in items_of(shipped(standard)):
            for clause in item["clauses"]:
                amount = clause.get("deduct", clause.get("award"))
                if isinstance(amount, dict):
                    amount = amount.get("of", amount.get("each"))
                condition = re.sub(r'"[^"]*"', "", clause.get("when", ""))
                used |= set(re.findall(r"[a-z_]+", f"{condition} {amount or ''}")) - {"and", "or", "not", "in"}
    used |= {fact[side] for fact in facts.values() if fact["type"] == "percent" for side in ("part", "whole")}
    assert used == set(facts)


def test_every_alternative_of_a_reading_is_carried_out_somewhere() -> None:
    """Every reading is named in the files, and each choice that is not the default is carried out by one of them."""
    policy, files = shipped("policy"), "\n".join(path.read_text("utf-8") for path in sorted(VERSION.glob("*.yaml")))
    for reading in policy["readings"]:
        name, choices = reading["id"], reading["choices"]
        assert reading["default"] in choices
        assert re.search(rf"reading: {name}\b|[ \[]{name}=", files), name
        for choice in set(choices) - {reading["default"]}:
            chosen_by_a_field = re.search(rf"{{reading: {name},[^}}]*\b{choice}: ", files)
            assert chosen_by_a_field or f"{name}={choice}" in files, f"{name}={choice}"
