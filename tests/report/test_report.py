"""The report of a comparison, in a real browser: what it shows, how it folds, and that it does nothing else."""

import re
import subprocess
import sys
from decimal import Decimal

import pytest
from hatchling.builders.wheel import WheelBuilder

from service.report.figures import ELISION, MINUS, signed_money
from service.report.page import comparison_page
from tests.browsing import Seen, chromium
from tests.report.made import CHANGZHOU, HOSTILE, KINDS, ROOT, facts_missing, nothing_changes, three_versions, two_years
from tests.report.pdf import characters, page_sizes

LANGUAGES = {"zh": "zh-CN", "en": "en"}
WIDTHS = (1280, 390)
COMMAND = "from service.cli import main; main()"
HAN = re.compile(r"[\u3400-\u9fff]")
A4 = (842, 595)
# Each text against what is behind it, as WCAG 2 reckons; gives those that are too faint.
FAINT = """() => {
  const light = (colour) => colour.slice(0, 3).map((part) => part / 255)
    .map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4)
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0);
  const read = (text) => text.match(/[\\d.]+/g).map(Number);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = read(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll("main *")) {
    const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
    if (!own || !element.checkVisibility() || element.tagName === "STYLE") continue;
    const style = getComputedStyle(element);
    const one = light(read(element.namespaceURI.endsWith("svg") ? style.fill : style.color));
    const other = light(behind(element));
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) faint.push(`${element.className.baseVal ?? element.className}: ${contrast}`);
  }
  return [...new Set(faint)];
}"""
ROWS = "(table) => [...table.rows].map((row) => [...row.cells].map((cell) => cell.innerText.trim()))"


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    with chromium() as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Every kind of report as a file."""
    folder = tmp_path_factory.mktemp("reports")
    for kind, summary in KINDS.items():
        (folder / f"{kind}.html").write_text(comparison_page(summary()))
    return folder


@pytest.fixture
def opened(browser, files):
    """Opens a report; at the end it has asked for nothing but itself, and nothing was complained about."""
    seen = []

    def opened(kind, width=1280, language="zh"):
        page = browser.new_page(viewport={"width": width, "height": 900})
        seen.append(Seen(page))
        page.goto(files.joinpath(f"{kind}.html").as_uri())
        page.locator(f"label[for={language}]").click()
        return page

    yield opened
    for context in browser.contexts:
        context.close()
    assert [len(each.asked) for each in seen] == [1] * len(seen)
    assert [each.complaints for each in seen] == [[]] * len(seen)


def shown(page):
    """What of the page can be read."""
    return page.locator("main").inner_text()


def rows_of(table):
    """The cells of a table as they are shown, row by row."""
    return table.evaluate(ROWS)


def number(text):
    """A figure as a number."""
    return Decimal(text.replace(MINUS, "-").replace(",", ""))


def both(text):
    """`5 → 6` as two, `5` as the same twice."""
    parts = text.split(" → ")
    return parts * 2 if len(parts) == 1 else parts


# Languages


def test_one_language_is_shown_and_the_switch_shows_the_other(opened):
    """Chinese first; without a script, by mouse and by keyboard."""
    page = opened("two years")
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    for key, other in (("zh", "en"), ("en", "zh")):
        page.locator(f"label[for={key}]").click()
        assert page.locator(f"article.{key}").is_visible()
        assert not page.locator(f"article.{other}").is_visible()
        assert page.locator(f"article.{key}").get_attribute("lang") == LANGUAGES[key]
    page.locator("#en").focus()
    page.keyboard.press("ArrowLeft")
    assert page.locator("article.zh").is_visible()


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"hostile"}))
def test_both_languages_say_the_same(opened, kind):
    """The same tables with the same figures; the English one has no Chinese but names and what somebody wrote."""
    page = opened(kind)
    tables = {}
    for key in LANGUAGES:
        page.locator(f"label[for={key}]").click()
        visible = page.locator(f"article.{key} table:visible").all()
        cells = [cell for table in visible for row in rows_of(table) for cell in row]
        tables[key] = [cell for cell in cells if re.fullmatch(r"[−+]?[\d,.]+", cell)]
    assert tables["zh"] == tables["en"]
    page.evaluate("document.querySelectorAll('bdi, .why').forEach((each) => each.remove())")
    assert HAN.findall(page.locator("article.en").inner_text()) == []


@pytest.mark.parametrize("kind", ["two years", "facts missing", "three versions"])
def test_an_illustration_is_called_one_wherever_it_is_named(opened, kind):
    """In both languages, in headings in full."""
    page = opened(kind)
    for key, short, full in (
        ("zh", "示例", "示例，非正式文本"),
        ("en", "illustration", "an illustration, not an official text"),
    ):
        page.locator(f"label[for={key}]").click()
        for line in page.locator(f"article.{key}").inner_text().splitlines():
            for cell in line.split("\t"):
                assert "2013" not in cell or short in cell
        assert full in page.locator(f"article.{key} h1").inner_text()


# Figures


def test_the_figures_are_those_of_the_summary(opened):
    """The cards, every cell of the migration, every unit that is listed, every district and every item."""
    summary = two_years()
    step, page = summary["steps"][0], opened("two years", language="en")
    cards = [each.inner_text().splitlines() for each in page.locator("article.en .card").all()]
    total = step["total"]
    figures = [[number(each) for each in re.findall(r"[\d,.]+", card[1])] for card in cards]
    assert figures == [
        [step["grade_changed"]],
        [total["from"]["mean"], total["to"]["mean"]],
        [total["to"]["subsidy"]],
        [total["from"]["capped"], total["to"]["capped"]],
    ]
    assert "average standard 10,000 CNY" in cards[2][0]
    assert signed_money(total["to"]["subsidy"] - total["from"]["subsidy"]) in " ".join(cards[2])
    assert "limit 30% → 25%" in " ".join(cards[3])

    rows = rows_of(page.locator("article.en table.migration"))
    counts = [[number(re.sub("[↑↓]", "", cell)) for cell in row[1:-1]] for row in rows[1:-1]]
    assert counts == step["migration"]["counts"]
    assert number(rows[-1][-1]) == summary["units"]

    rows = rows_of(page.locator("article.en table.movers"))[1:]
    assert len(rows) == len(step["movers"]) == 100
    for row, mover in zip(rows, step["movers"], strict=True):
        assert mover["unit"]["id"] in row[0]
        assert mover["unit"]["name"] in row[0]
        assert row[1] == mover["unit"]["district"]
        for cell, value in zip(row[2:5], (*mover["score"].values(), mover["difference"]["score"]), strict=True):
            assert cell in {"vetoed", "–"} if value is None else number(cell) == value
        assert number(row[6]) == mover["difference"]["subsidy"]
        for reason in mover["reasons"]:
            assert reason["what"]["en"] in row[7]
    assert f"{step['changed'] - 100} more changed" in shown(page)

    rows = rows_of(page.locator("article.en table.districts"))[1:]
    for row, district in zip(rows, [*step["districts"], {"units": summary["units"], **total}], strict=True):
        assert number(row[1]) == district["units"]
        for cell, key in ((row[2], "mean"), (row[-3], "capped"), (row[-2], "subsidy")):
            assert [number(each) for each in both(cell)] == [district[side][key] for side in ("from", "to")]
        assert number(row[-1]) == district["to"]["subsidy"] - district["from"]["subsidy"]

    tables = page.locator("article.en table.items").all()
    rows = [row for each in tables for row in rows_of(each)[1:]]
    items = sorted(step["items"], key=lambda each: each["standard"])
    assert [(number(row[2]), number(row[3])) for row in rows] == [(each["units"], each["difference"]) for each in items]


def test_a_unit_beyond_the_places_is_told_so(opened):
    """Where the final grade is not the one that the score gives, the cap is named with the rank."""
    text = shown(opened("two years"))
    kept = [
        (mover["rank"][side], year)
        for mover in two_years()["steps"][0]["movers"]
        for side, year in (("from", "2012"), ("to", "2013（示例）"))
        if mover["grade"][side] != mover["final_grade"][side]
    ]
    assert kept
    for rank, year in kept:
        assert f"{year}：按得分为优秀，第 {rank} 名，名额之外，定为合格" in text


def test_what_hangs_on_missing_facts_is_bounded_and_never_counted_as_changed(opened):
    """Open grades have a column of their own, bounds are written from low to high, the facts are named."""
    step, page = facts_missing()["steps"][0], opened("facts missing")
    text = shown(page)
    assert all(each["title"]["zh"] in text for each in step["lacking"]["to"]["facts"])
    assert f"另有 {step['open']} 个未定" in text
    assert "不含名额和补贴" in text
    assert "补贴总额" not in text
    assert "名额之外" not in text
    assert page.locator("article.zh .card strong").first.inner_text() == f"{step['grade_changed']} 个"
    rows = rows_of(page.locator("article.zh table.movers"))[1:]
    for row, mover in zip(rows, step["movers"], strict=True):
        low, high = mover["difference"]["low"], mover["difference"]["high"]
        if low is not None and low != high:
            assert [number(each) for each in row[4].split(ELISION)] == [low, high]
            assert row[5].endswith("→ 未定") or mover["grade"]["to"] is not None


def test_without_a_cohort_there_is_neither_money_nor_a_cap(opened):
    """Two cards a step, one section for each step."""
    page = opened("three versions")
    for key in LANGUAGES:
        assert page.locator(f"article.{key} .card").count() == 2 * len(three_versions()["steps"]) == 4
        assert page.locator(f"article.{key} h2").count() == 3
    for said in ("补贴总额", "补贴差", "落选", "最终等次"):
        assert said not in shown(page)
    assert "2012（2）（petitions=tolerant）" in shown(page)


def test_no_change_is_said_plainly(opened):
    """And no unit is listed."""
    assert nothing_changes()["steps"][0]["changed"] == 0
    page = opened("nothing changes")
    assert "没有任何变化" in shown(page)
    assert page.locator("table.movers").count() == 0
    page.locator("label[for=en]").click()
    assert "Nothing changes" in shown(page)


def test_the_chart_has_a_text_and_a_table(opened):
    """Whoever cannot see it has a name, a caption, and every count."""
    page, summary = opened("two years"), two_years()
    assert page.get_by_role("img", name="分数分布").count() == 1
    page.locator("article.zh details summary").click()
    rows = rows_of(page.locator("article.zh details table"))[1:]
    for at, counts in enumerate(summary["distribution"]["counts"], 1):
        assert sum(number(row[at]) for row in rows) == sum(counts) == summary["steps"][0]["total"]["from"]["scored"]


# Shape


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_overflows_the_page(opened, kind, width):
    """At the width of a desk and of a telephone, in both languages: what is too wide scrolls in its own place."""
    page = opened(kind, width)
    for key in LANGUAGES:
        page.locator(f"label[for={key}]").click()
        assert page.evaluate("document.documentElement.scrollWidth") == width
        cut = page.locator(".card, .panel, p, h1, td, th, li").evaluate_all(
            "(all) => all.filter((each) => each.checkVisibility() && !each.closest('.scroll, .movers thead')"
            " && each.scrollWidth > each.clientWidth + 1 && getComputedStyle(each).position !== 'absolute'"
            " && getComputedStyle(each).display !== 'inline').map((each) => each.outerHTML.slice(0, 200))"
        )
        assert cut == []


@pytest.mark.parametrize("kind", ["two years", "facts missing", "nothing changes"])
def test_every_text_stands_out_and_every_table_has_its_heads(opened, kind):
    """Contrast of 4.5 to 1, a scope on every head, a caption on every figure, one first heading a language."""
    page = opened(kind)
    for key in LANGUAGES:
        page.locator(f"label[for={key}]").click()
        assert page.evaluate(FAINT) == []
        assert page.locator(f"article.{key} h1").count() == 1
    assert page.locator("th:not([scope])").count() == 0
    assert page.locator("figure:not(:has(figcaption))").count() == 0
    ids = page.locator("[id]").evaluate_all("(all) => all.map((each) => each.id)")
    assert len(set(ids)) == len(ids)
    named = page.locator("[aria-labelledby]").evaluate_all(
        "(all) => all.flatMap((each) => each.getAttribute('aria-labelledby').split(' '))"
    )
    assert set(named) <= set(ids)


def test_colour_is_never_alone(opened):
    """A cell of the migration that is tinted for a change has its arrow; a difference has its sign."""
    page = opened("two years")
    tinted = page.locator("article.zh .migration :is(.up, .down, .far):not(.strength-0)").all_inner_texts()
    assert tinted
    assert all(text.endswith(("↑", "↓")) for text in tinted)
    assert all(text.startswith("+") for text in page.locator("article.zh td > span.up").all_inner_texts())
    assert all(text.startswith(MINUS) for text in page.locator("article.zh td > span.down").all_inner_texts())


def test_paper_has_the_chosen_language_only(opened):
    """A4, heads on every page, no row cut, nothing of the screen's switch and nothing of the other language."""
    page, names = opened("two years"), {each["district"] for each in two_years()["steps"][0]["districts"]}
    names |= {each["unit"]["name"] for each in two_years()["steps"][0]["movers"]}
    written_by_people = HAN.findall("".join(names) + str(two_years()["steps"][0]["movers"]))
    printed = {}
    for key in LANGUAGES:
        page.locator(f"label[for={key}]").click()
        pdf = page.pdf(prefer_css_page_size=True)
        sizes = page_sizes(pdf)
        assert len(sizes) > 1
        assert {(round(width), round(height)) for width, height in sizes} == {A4}
        printed[key] = characters(pdf)
    assert set("等次迁移分数分布") <= printed["zh"]
    assert set(HAN.findall("".join(printed["en"]))) - set(written_by_people) == set()
    page.emulate_media(media="print")
    assert not page.locator(".bar").is_visible()
    assert page.locator("article.zh").is_hidden()
    style = "(each) => [getComputedStyle(each).breakInside, getComputedStyle(each).display]"
    assert page.locator("article.en .movers tbody tr").first.evaluate(style) == ["avoid", "table-row"]
    assert page.locator("article.en .movers thead").evaluate(style)[1] == "table-header-group"


# Alone and harmless


def test_what_people_wrote_does_nothing(opened):
    """Names that look like markup, scripts and templates stand on the page as they were written, and only there."""
    page = opened("hostile")
    assert page.evaluate("window.harm") is None
    text = shown(page)
    for name in HOSTILE:
        assert name in text
    assert page.locator("script, img, iframe, a, bdi *").count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_is_whole_in_itself(files, kind):
    """No address, no script, no style from elsewhere; the same summary makes the same file."""
    text = files.joinpath(f"{kind}.html").read_text()
    if kind != "hostile":
        assert re.findall(r"https?:|//[a-z]|<script|<link|<img|url\(|@import|javascript:", text) == []
    assert text == comparison_page(KINDS[kind]())
    assert text.count("<style>") == 1


def test_the_command_writes_the_report(tmp_path):
    """`--html FILE` beside the lines, which stay as they were; scoring does not load what writes pages."""
    sheets = tmp_path / "sheets.jsonl"
    sheets.write_text("".join(path.read_text() for path in sorted(CHANGZHOU.glob("2012/samples/*"))))
    compare = ["compare", "changzhou-2012", "changzhou-2013", "--cohort", "--average-standard", "10000"]
    plain = python(COMMAND, *compare, "--sheets", sheets)
    assert python(COMMAND, *compare, "--sheets", sheets, "--html", tmp_path / "a.html") == plain
    assert (tmp_path / "a.html").read_text() == comparison_page(facts_missing())
    assert python("import sys, service.commands.score; print('jinja2' in sys.modules)") == b"False\n"


def python(code, *arguments):
    """What a process of its own prints."""
    ran = subprocess.run([sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, check=True)
    return ran.stdout


def test_the_template_and_its_style_are_in_the_wheel():
    """What is installed can write a report too."""
    packed = {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    there = {f"service/report/{path.name}" for path in (ROOT / "service/report").glob("comparison.*")}
    assert len(there) == 2
    assert there <= packed
