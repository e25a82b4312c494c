"""Who scores: durable_rules within a bound, the reference and the plan beyond it, with the same answers."""

from concurrent.futures import ThreadPoolExecutor
from itertools import product
from threading import Barrier

import pytest

from rules import Evaluator, Problems, RequestRefused, Scorer, SheetRefused
from service import workflows
from service.catalogue import Catalogue
from service.jsonlines import read_lines
from service.workflows import Scoring, Wanted

from .conftest import ROOT, SHIPPED

INVENTED = ROOT / "tests" / "policies"
KEY = "changzhou-2012"
READINGS = [{}, {"rate-bands": "add_up"}, {"loan-steps": "begun"}, {"petitions": "tolerant"}]


@pytest.fixture(scope="module")
def policy():
    """The shipped policy."""
    return Scoring(Catalogue(), 1).policy(KEY)


@pytest.fixture
def built(monkeypatch):
    """Every scorer that is built during a test, with who decides: the real ones, noted."""
    made = []

    def build(standard, evaluator):
        made.append((standard.key, dict(standard.readings), evaluator))
        return Scorer(standard, evaluator)

    monkeypatch.setattr(workflows, "Scorer", build)
    return made


def sheets(standard):
    """The shipped sample sheets, numbers exact."""
    with (SHIPPED / "samples" / f"{standard}.jsonl").open("rb") as lines:
        return [line.value for line in read_lines(lines)]


def answer(scoring, standard, readings, sheet):
    """The answer as it is written."""
    return scoring.score(Wanted(standard, KEY, readings=readings), sheet, Problems()).text()


def test_beyond_the_bound_the_answers_are_the_same(standard):
    """With room for one standard, the others are decided by reference and plan: not a byte differs."""
    narrow, wide = Scoring(Catalogue(), 1), Scoring(Catalogue(), 64)
    for readings in READINGS:
        for sheet in sheets(standard):
            assert answer(narrow, standard, readings, sheet) == answer(wide, standard, readings, sheet)
    policy = narrow.policy(KEY)
    used = [narrow.scorer(policy, standard, readings) for readings in READINGS]
    assert [each.evaluator for each in used] == [Evaluator.BOTH] + [Evaluator.PYTHON] * 3
    assert [each.engine is not None for each in used] == [True, False, False, False]
    policy = wide.policy(KEY)
    assert all(wide.scorer(policy, standard, readings).engine for readings in READINGS)


def test_the_bound_counts_standards_under_readings(policy):
    """No more than so many get durable_rules, for good; naming a default is no reading of its own."""
    scoring = Scoring(Catalogue(), 3)
    first = [scoring.scorer(policy, "community", readings) for readings in READINGS]
    again = [scoring.scorer(policy, "community", readings) for readings in READINGS]
    assert [each.evaluator for each in first] == [Evaluator.BOTH] * 3 + [Evaluator.PYTHON]
    assert all(one is other for one, other in zip(first, again, strict=True))
    default = {key: reading.default for key, reading in policy.readings.items()}
    assert scoring.scorer(policy, "community", default) is first[0]
    assert scoring.scorer(policy, "village", {}).evaluator is Evaluator.PYTHON


def test_what_is_compiled_at_the_start_are_the_defaults(built):
    """The first request of any standard finds its rules built; a bound below that leaves the rest to the plan."""
    scoring = Scoring(Catalogue((INVENTED,)), 2)
    scoring.compile()
    evaluators = [each for _, _, each in built]
    assert len(built) == 7
    assert evaluators.count(Evaluator.BOTH) == 2
    assert evaluators.count(Evaluator.PYTHON) == 5
    assert all(readings == {} for _, readings, _ in built)
    scoring.compile()
    assert len(built) == 7


def test_scorers_beyond_the_bound_are_freed_again(policy, monkeypatch, built):
    """Those used longest ago make room; what is asked for again is built again and answers."""
    monkeypatch.setattr(workflows, "MOST_KEPT", 2)
    scoring = Scoring(Catalogue(), 1)
    for readings in READINGS:
        scoring.scorer(policy, "community", readings)
    assert len(built) == 4
    scoring.scorer(policy, "community", READINGS[3])
    scoring.scorer(policy, "community", READINGS[2])
    assert len(built) == 4
    scoring.scorer(policy, "community", READINGS[1])
    scoring.scorer(policy, "community", READINGS[2])
    assert len(built) == 5
    scoring.scorer(policy, "community", READINGS[3])
    assert len(built) == 6


@pytest.mark.parametrize("most", [64, 1], ids=["with durable_rules", "without"])
def test_many_threads_that_ask_for_the_same_build_it_once(policy, built, most):
    """Sixteen threads, the same new readings at the same moment: each is built once, and all get the same scorer."""
    scoring = Scoring(Catalogue(), most)
    scoring.scorer(policy, "village", {})
    names = [key for key, reading in policy.readings.items() if len(reading.choices) > 1]
    new = [{name: list(policy.readings[name].choices)[1]} for name in names[:6]]
    together = Barrier(16)

    def ask(_):
        found = []
        for readings in new:
            together.wait(30)
            found.append(scoring.scorer(policy, "community", readings))
        return found

    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(ask, range(16)))
    assert len(built) == 1 + len(new)
    assert all(one is other for each in found for one, other in zip(each, found[0], strict=True))


def test_threads_that_score_under_new_readings_agree(policy):
    """Sixteen threads post the same sheet under many readings at once; every answer is that of one thread alone."""
    # Readings that need no further facts.
    names = ("rate-bands", "loan-steps", "rate-80-inclusive")
    wanted = [
        dict(zip(names, each, strict=True)) for each in product(*(policy.readings[name].choices for name in names))
    ]
    assert len(wanted) == 8
    sheet = sheets("community")[1]
    alone, shared = Scoring(Catalogue(), 64), Scoring(Catalogue(), 3)
    expected = [answer(alone, "community", readings, sheet) for readings in wanted]
    with ThreadPoolExecutor(16) as pool:
        rows = pool.map(lambda _: [answer(shared, "community", readings, sheet) for readings in wanted], range(16))
        assert all(row == expected for row in rows)


@pytest.mark.parametrize(
    ("wanted", "code", "path"),
    [
        (Wanted("community"), "year_unknown", "/year"),
        (Wanted("community", year=1999), "year_unknown", "/year"),
        (Wanted("community", "changzhou-2012", 2013), "value_bad", "/year"),
        (Wanted("community", "changzhou-2022"), "policy_unknown", "/policy"),
        (Wanted("street", "changzhou-2012"), "standard_unknown", "/standard"),
        (Wanted("community", "changzhou-2012", readings={"x": "y"}), "reading_unknown", "/readings/x"),
        (Wanted("community", "changzhou-2012", readings={"petitions": "y"}), "choice_unknown", "/readings/petitions"),
    ],
    ids=str,
)
def test_what_does_not_exist_is_refused_at_its_place(wanted, code, path):
    """Policy, year, standard, reading and choice are each named by a pointer into what was posted."""
    with pytest.raises(RequestRefused) as refused:
        Scoring(Catalogue(), 1).score(wanted, sheets("community")[0], Problems())
    assert [(each.code, each.path) for each in refused.value.problems] == [(code, path)]


def test_a_year_of_two_policies_has_to_be_made_plain(tmp_path):
    """Where two policies are of one year, that year alone does not say which; both are named."""
    text = (INVENTED / "linjiang" / "2025" / "policy.yaml").read_text(encoding="utf-8")
    other = tmp_path / "linjiang" / "2012"
    other.mkdir(parents=True)
    for file in (INVENTED / "linjiang" / "2025").glob("*.yaml"):
        (other / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    assert "year: 2025" in text
    text = text.replace("id: linjiang-2025", "id: linjiang-2012").replace("year: 2025", "year: 2012")
    (other / "policy.yaml").write_text(text, encoding="utf-8")
    scoring = Scoring(Catalogue((tmp_path,)), 4)
    with pytest.raises(RequestRefused) as refused:
        scoring.policy_of(Wanted("community", year=2012))
    (found,) = refused.value.problems
    assert (found.code, found.path) == ("year_shared", "/year")
    assert "changzhou-2012, linjiang-2012" in found.message.en
    assert scoring.policy_of(Wanted("community", "linjiang-2012", 2012)).key == "linjiang-2012"


def test_a_policy_that_means_something_else_is_not_used(policy):
    """Whoever names the hash is answered under exactly that meaning, or not at all."""
    scoring, sheet = Scoring(Catalogue(), 1), sheets("community")[0]
    wanted = Wanted("community", KEY, policy_hash=policy.meaning)
    assert policy.meaning in scoring.score(wanted, sheet, Problems()).text()
    with pytest.raises(SheetRefused) as refused:
        scoring.score(wanted._replace(policy_hash="0" * 64), sheet, Problems())
    assert [(each.code, each.path) for each in refused.value.problems] == [("policy_changed", "/policy_hash")]


def test_every_standard_has_a_sample_that_is_scored():
    """Shipped samples, or a good example of the policy; each is a decision."""
    scoring = Scoring(Catalogue((INVENTED,)), 1)
    for key, version in scoring.versions.items():
        for standard in version.policy.tables:
            sheet = scoring.sample(version.policy, standard)
            assert scoring.score(Wanted(standard, key), sheet, Problems()).decision.grade


@pytest.mark.parametrize("samples", [None, b"", b"\n \n", b"[1]\n", b'{"unit":\n'])
def test_a_standard_without_a_good_sample_and_examples_says_so(tmp_path, samples):
    """A version that has neither is served all the same; only its sample is refused. A broken file counts as none."""
    if samples is not None:
        (tmp_path / "samples").mkdir()
        (tmp_path / "samples" / "street.jsonl").write_bytes(samples)
    for file in (INVENTED / "linjiang" / "2025").glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    scoring = Scoring(Catalogue((tmp_path,)), 1)
    with pytest.raises(RequestRefused) as refused:
        scoring.sample(scoring.policy("linjiang-2025"), "street")
    assert [each.code for each in refused.value.problems] == ["sample_missing"]
