"""The documentation page, in a real browser, under the policy that lets nothing in from outside."""

import json
import re
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browsing import Seen, chromium

from .conftest import sample

WAIT = 15_000
EVALUATE = "#operations-evaluations-evaluate"


@pytest.fixture(scope="module")
def browser():
    """Chromium, without a window."""
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser, service):
    """The page, loaded; at the end it has asked nobody else, and nothing was complained about."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1280, "height": 1400})
    page = context.new_page()
    page.set_default_timeout(WAIT)
    seen = Seen(page)
    page.goto(f"{service.address}/docs")
    expect(page.locator(".opblock").first).to_be_visible(timeout=WAIT)
    yield page
    context.close()
    assert {urlsplit(url).netloc for url in seen.asked if not url.startswith("data:")} == {f"127.0.0.1:{service.port}"}
    assert seen.complaints == []


def opened(page, operation):
    """An operation, unfolded and ready to be tried."""
    block = page.locator(operation)
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    return block


def answered(block):
    """Press execute; the status and the body that are shown."""
    block.get_by_role("button", name="Execute").click()
    live = block.locator(".live-responses-table tbody tr").first
    expect(live.locator(".response-col_status")).to_have_text(re.compile(r"\d{3}"), timeout=WAIT)
    return live.locator(".response-col_status").inner_text().split()[0], live.locator("pre").first.inner_text()


def test_the_page_shows_every_operation_in_both_languages(page, service):
    """Each operation of the document is on the page, under a Chinese title, with its Chinese and English summary."""
    expect(page).to_have_title("考核 kaohe · 接口说明")
    expect(page.locator(".info .title")).to_contain_text("考核 kaohe")
    expect(page.locator(".info")).to_contain_text("按年度考核办法评定公共服务平台")
    paths = service.get("/openapi.json")["paths"]
    summaries = [methods[name]["summary"] for methods in paths.values() for name in ("get", "post") if name in methods]
    shown = page.locator(".opblock-summary-description").all_inner_texts()
    assert sorted(shown) == sorted(summaries)
    assert page.locator(".errors-wrapper").count() == 0


def test_a_sample_is_scored_on_the_page(page, service):
    """The first example, sent as it is, is answered; the second, chosen from the list, too."""
    block = opened(page, EVALUATE)
    status, body = answered(block)
    assert status == "200"
    assert json.loads(body)["standard"] == "community"
    block.locator("select.examples-select-element").first.select_option("changzhou-2012.village")
    expect(block.locator("textarea.body-param__text")).to_have_value(re.compile("XB-101"), timeout=WAIT)
    with page.expect_response(f"{service.address}/v1/evaluations"):
        block.get_by_role("button", name="Execute").click()
    expect(block.locator(".live-responses-table pre").first).to_contain_text('"standard": "village"', timeout=WAIT)


def test_a_policy_is_read_on_the_page(page):
    """The path's parameters are filled in with what there is."""
    status, body = answered(opened(page, "#operations-policies-getSampleSheet"))
    assert status == "200"
    assert json.loads(body) == sample("community")


def test_the_page_lets_nothing_in(browser, service):
    """Nothing of another host is allowed, nor a script or a style inside the page; and the browser holds to it."""
    _, headers, body = service.ask("/docs")
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert set(re.findall(r"https?:[^\s;]*|\*", headers["Content-Security-Policy"])) == set()
    assert re.findall(rb"(?:https?:)?//[^\s\"'<]+", body) == []
    assert re.findall(rb"<script(?![^>]* src=)", body) == []
    page = browser.new_page()
    seen = Seen(page)
    page.goto(f"{service.address}/docs")
    page.evaluate("document.body.append(Object.assign(document.createElement('script'), {text: 'window.let_in = 1'}))")
    page.wait_for_function("performance.now() > 0")
    assert page.evaluate("window.let_in") is None
    assert any("Content Security Policy" in each for each in seen.complaints)
    page.close()


def test_everything_on_the_page_is_served_with_its_own_type(service):
    """Each file that the page names is there, as what it is, and may not be taken for anything else."""
    _, _, body = service.ask("/docs")
    named = re.findall(r'(?:src|href)="([^"]+)"', body.decode())
    types = {"js": "text/javascript", "css": "text/css", "png": "image/png", "json": "application/json"}
    assert len(named) == 5
    for path in named:
        status, headers, _ = service.ask(path)
        assert status == 200
        assert headers.get_content_type() == types[path.rpartition(".")[2]]
        assert headers["X-Content-Type-Options"] == "nosniff"
    for path in ("/docs/assets/nothing.js", "/docs/assets/..%2f..%2f__init__.py", "/docs/assets/../__init__.py"):
        assert service.ask(path)[0] == 404
