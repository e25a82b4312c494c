"""`kaohe test` on a tester's own files, `kaohe scenarios`, and JUnit XML."""

from xml.etree import ElementTree as ET

import pytest

from tests.scenarios.places import GOOD, ROOT

CASES = """
policy: changzhou-2012
standard: community
base: {base}
examples:
  - name: 全部达标
    why: 满分项目合计98
    facts: {{}}
    expect: {{grade: excellent, score: 98}}
  - name: 还款率不足
    why: 3 - 2
    facts: {{loans_due: 100, loans_repaid: {repaid}}}
    expect: {{grade: excellent, score: 96, items: {{"10": 1}}}}
  - name: 待定
    why: 由人确认
    facts: {{signboard_displayed: false}}
    expect: null
"""


@pytest.fixture
def cases(tmp_path):
    """A tester's directory, with one file in a folder of its own."""
    lines = (ROOT / "policy_versions/changzhou/2012/examples/community.yaml").read_text("utf-8").splitlines()
    start, end = lines.index("base:"), lines.index("examples:")
    base = "\n" + "\n".join(lines[start + 1 : end])

    def write(repaid="75", head="policy: changzhou-2012\n"):
        place = tmp_path / "suite" / "loans"
        place.mkdir(parents=True, exist_ok=True)
        text = CASES.format(base=base, repaid=repaid).replace("policy: changzhou-2012\n", head)
        (place / "rates.yaml").write_text(text, "utf-8")
        return tmp_path / "suite"

    return write


def test_a_directory_is_run_with_everything_below_it(kaohe, cases):
    """Each file names its policy; what nobody has confirmed is told with what was got, and is no error."""
    ran = kaohe("test", cases())
    assert ran.code == 0, ran.text
    assert ran.lines[-1] == "2/2 例通过 / examples hold，1 例待确认 / to be confirmed"
    assert "? community: 待定 (由人确认)" in ran.lines
    assert "    得到 got: 不合格 fail; 否决 vetoes 1" in ran.lines


def test_a_single_file_is_run(kaohe, cases):
    """A path may be a file."""
    ran = kaohe("test", cases() / "loans" / "rates.yaml")
    assert (ran.code, ran.lines[-1].startswith("2/2 ")) == (0, True)


def test_what_failed_is_told_with_every_score(kaohe, cases):
    """Expected and got side by side, and then the whole decision."""
    ran = kaohe("test", cases(repaid="80"))
    assert ran.code == 3
    at = ran.lines.index("✗ community: 还款率不足 (3 - 2)")
    assert ran.lines[at + 1 : at + 3] == ["    score: 96 != 98", "    items.10: 1 != 3"]
    assert ran.lines[at + 3].startswith("    得到 got: 优秀 excellent; 98 分 points; 各项 items 1=3 2=3 ")


def test_coverage_is_told_by_exact_counts(kaohe, cases):
    """A line for the standard, and each clause and threshold that lacks something, with the numbers that were tried."""
    ran = kaohe("test", cases())
    assert any(
        line.startswith("changzhou-2012 community: 3 例 scenarios (计分 scored 2, 否决 vetoed 1, 拒收 refused 0); ")
        for line in ran.lines
    )
    never = [line for line in ran.lines if line.startswith("  从未触发 never fired: ")]
    assert any(": 1 platform.1: " in line for line in never)
    assert not any(": 1 platform.2: " in line for line in never)
    assert not any(": 10 loan_review.3: " in line for line in never)
    (step,) = [line for line in ran.lines if ": 10 loan_review.3: 当年还款率不高于 70%" in line]
    assert step.endswith(": 成立 held 0, 不成立 not held 2; 最近 nearest: 界上 above 75")


def test_every_count_is_printed_where_it_is_asked_for(kaohe, cases):
    """The table names clauses that fired and thresholds on both sides too."""
    short, long = kaohe("test", cases()), kaohe("test", "--coverage", cases(), COLUMNS="200")
    assert "1 platform.2" not in short.text
    assert "1 platform.2" in long.text
    assert "恰在界限 at the edge" in long.text


def test_an_option_names_the_policy_instead(kaohe, cases):
    """`--policy` wins over the file, and serves a file that names none."""
    without = cases(head="")
    ran = kaohe("test", without)
    assert ran.code == 2
    assert "rates.yaml: /policy: key_missing: " in ran.text
    assert kaohe("test", "--policy", "changzhou-2012", without).code == 0
    unknown = kaohe("test", cases(head="policy: changzhou-2102\n"))
    assert unknown.code == 2
    assert "policy_unknown" in unknown.text
    assert "changzhou-2012" in unknown.text
    assert kaohe("test", "--policy", "changzhou-2012", cases(head="policy: changzhou-2102\n")).code == 0


def test_a_bad_file_beside_a_good_one_is_an_error(kaohe, cases):
    """The good file's scenarios are run; the other's place is named, and the run is no success."""
    suite = cases()
    (suite / "broken.yaml").write_text("standard: community\nbase: {}\nexamples: 3\n", "utf-8")
    ran = kaohe("test", suite)
    assert ran.code == 3
    assert f"{suite}/broken.yaml:3:" in ran.text
    assert ran.lines[-1].startswith("2/2 ")


def test_a_standard_that_the_policy_does_not_have_is_told(kaohe, cases):
    """Every scenario of such a file fails, and nothing else is hurt."""
    suite = cases()
    file = suite / "loans" / "rates.yaml"
    file.write_text(file.read_text("utf-8").replace("standard: community", "standard: comunity"), "utf-8")
    ran = kaohe("test", suite)
    assert ran.code == 3
    assert "standard_unknown" in ran.text


def test_junit_has_a_case_for_each_scenario(kaohe, cases, tmp_path):
    """CI reads names, failures with the differences, what is skipped, and the coverage as properties."""
    report = tmp_path / "report.xml"
    ran = kaohe("test", "--junit", report, cases(repaid="80"))
    assert ran.code == 3
    root = ET.parse(report).getroot()
    (suite,) = root.findall("testsuite")
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    found = suite.findall("testcase")
    assert [each.get("name") for each in found] == ["全部达标", "还款率不足", "待定"]
    assert {each.get("classname") for each in found} == {"changzhou-2012.community"}
    assert found[1].find("failure").get("message") == "score: 96 != 98; items.10: 1 != 3"
    assert found[2].find("skipped") is not None
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert (properties["scenarios"], properties["scored"], properties["clauses"]) == ("3", "2", "85")


def test_junit_holds_whatever_stands_in_a_file(kaohe, cases, tmp_path):
    """Characters that XML cannot hold are written as escapes, and bad files are errors of their own."""
    suite = cases()
    file = suite / "loans" / "rates.yaml"
    text = file.read_text("utf-8").replace("name: 待定", 'name: "a\\u0001<b>&\\uFFFE"').replace("98}", "97}")
    file.write_text(text, "utf-8")
    (suite / "broken.yaml").write_text("examples: [", "utf-8")
    report = tmp_path / "report.xml"
    assert kaohe("test", "--junit", report, suite).code == 3
    root = ET.parse(report).getroot()
    assert "a\\u0001<b>&\\ufffe" in [each.get("name") for each in root.iter("testcase")]
    assert [each.get("errors") for each in root.findall("testsuite")] == ["0", "1"]


def test_scenarios_writes_a_file_that_test_reads(kaohe, tmp_path):
    """The written file runs under the policy that it names; all of it is to be confirmed, and it covers everything."""
    wrote = kaohe("scenarios", "changzhou-2012", "village")
    assert wrote.code == 0
    (tmp_path / "village.yaml").write_bytes(wrote.stdout)
    ran = kaohe("test", tmp_path / "village.yaml")
    assert ran.code == 0, ran.text[-2000:]
    assert ran.lines[-1].startswith("0/0 例通过 / examples hold，")
    assert "从未触发" not in ran.text
    assert "缺一侧" not in ran.text


def test_scenarios_of_what_does_not_exist_is_wrong_use(kaohe):
    """An unknown policy, standard or reading is told with exit 2, and nothing is written."""
    for arguments in (
        ("changzhou-1912", "village"),
        ("changzhou-2012", "town"),
        ("changzhou-2012", "village", "--reading", "x=y"),
    ):
        ran = kaohe("scenarios", *arguments)
        assert (ran.code, ran.stdout) == (2, b"")
        assert "unknown" in ran.stderr


def test_scenarios_need_no_example(kaohe):
    """A policy without examples gets a sheet that is made from its facts."""
    ran = kaohe("scenarios", GOOD, "station")
    assert ran.code == 0
    assert "policy: " in ran.text
    assert 'name: "基准 base"' in ran.text
