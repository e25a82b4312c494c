"""What holds for every test: slow ones wait to be asked for, and nothing is left out without a word.

A reason to skip says what is missing and, after a semicolon, how to get it: `pytest.skip("no Chromium; apt-get install
chromium")`.
"""

import os
from collections import Counter

import pytest
from hypothesis import settings

TEST_ALL = os.environ.get("KAOHE_TEST_ALL") == "1"

# The time that one example takes says nothing on a shared machine; pytest's timeout ends a test that hangs.
settings.register_profile("kaohe", deadline=None)
settings.load_profile("kaohe")


def pytest_collection_modifyitems(items):
    """A slow test is skipped unless everything was asked for."""
    if TEST_ALL:
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow; KAOHE_TEST_ALL=1 make test"))


def skipped(config):
    """Counts the skipped tests by reason; workers of a distributed run leave this to the one that reports."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return Counter()
    return Counter(reason_of(report) for report in reporter.stats.get("skipped", []))


def reason_of(report):
    """The reason as written in the test, without pytest's own word before it."""
    text = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    return text.removeprefix("Skipped: ")


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session, exitstatus):
    """Under KAOHE_TEST_ALL=1 a skipped test is a failure."""
    if TEST_ALL and exitstatus == pytest.ExitCode.OK and skipped(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter, config):
    """The last lines before the count say what was skipped and how to get it."""
    reasons = skipped(config)
    if not reasons:
        return
    verdict = ", and KAOHE_TEST_ALL=1 makes that a failure" if TEST_ALL else ""
    terminalreporter.section(f"skipped: {sum(reasons.values())}{verdict}")
    for reason, count in sorted(reasons.items()):
        missing, _, remedy = reason.partition("; ")
        terminalreporter.line(f"{count} x {missing}" + (f" -- to run: {remedy}" if remedy else ""))
