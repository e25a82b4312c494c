"""The outcomes of scenarios as JUnit XML, which CI systems read."""

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from rules import Coverage, Outcome, visible


def junit_xml(suites: Sequence[tuple[str, list[Outcome], Coverage | None]], problems: Sequence[str]) -> bytes:
    """
    The document in UTF-8: a suite for each policy and standard (`changzhou-2012.community`), a case for each scenario.

    A scenario that nobody has confirmed is skipped; a file that cannot be read is an error.
    """
    root = ET.Element("testsuites", name="kaohe test")
    for name, outcomes, coverage in suites:
        failed = [each for each in outcomes if each.differences]
        skipped = [each for each in outcomes if each.unconfirmed]
        suite = _suite(root, name, len(outcomes), failures=len(failed), skipped=len(skipped))
        if coverage is not None:
            properties = ET.SubElement(suite, "properties")
            for key, value in coverage.counts().items():
                ET.SubElement(properties, "property", name=key, value=str(value))
        for outcome in outcomes:
            _case(suite, name, outcome)
    if problems:
        suite = _suite(root, "files", len(problems), errors=len(problems))
        for each in problems:
            case = ET.SubElement(suite, "testcase", classname="files", name=visible(each.partition(": ")[0]))
            ET.SubElement(case, "error", message=visible(each))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: ET.Element, name: str, tests: int, **counts: int) -> ET.Element:
    numbers = {"tests": tests, "failures": 0, "errors": 0, "skipped": 0, **counts}
    attributes = {"name": visible(name), **{key: str(value) for key, value in numbers.items()}}
    return ET.SubElement(root, "testsuite", attributes)


def _case(suite: ET.Element, name: str, outcome: Outcome) -> None:
    example = outcome.example
    case = ET.SubElement(
        suite, "testcase", classname=visible(name), name=visible(example.name), file=visible(example.file)
    )
    if outcome.differences:
        # What XML cannot hold is written as its escape.
        lines = [visible(each) for each in (example.why, *outcome.differences)]
        failure = ET.SubElement(case, "failure", message="; ".join(lines[1:]))
        failure.text = "\n".join(lines)
    elif outcome.unconfirmed:
        ET.SubElement(case, "skipped", message="待确认 to be confirmed")
