"""Which versions there are: a published one that means something else now is withheld, and stops nothing else."""

import json
import shutil
from pathlib import Path

import pytest

from rules import PolicyRefused, RequestRefused
from service.catalogue import PUBLISHED_FILE, Catalogue
from service.workflows import Scoring

from .conftest import ROOT, sample
from .serving import served

POLICIES = ROOT / "policy_versions"
INVENTED = ROOT / "tests" / "policies"
# The repaid share below which points are taken, changed after publication.
CHANGE = ("community.yaml", "below: 80, first: 2", "below: 85, first: 2")


def copied(folder, *, city="changzhou", year="2012"):
    """The shipped policies with their published hashes in another place; gives that place and the version's folder."""
    root = folder / "versions"
    shutil.copytree(POLICIES, root, ignore=shutil.ignore_patterns("__pycache__", "*.py"))
    return root, root / city / year


def change(version, name, before, after):
    """Replace a text in a file of a version."""
    text = (version / name).read_text(encoding="utf-8")
    assert before in text
    (version / name).write_text(text.replace(before, after), encoding="utf-8")


def serving_from(root):
    """What starts the service with these policies in place of the shipped ones."""
    return (
        "from pathlib import Path\nimport service.catalogue\n"
        f"service.catalogue.files = lambda package: Path({str(root)!r})\nfrom service.cli import main; main()"
    )


def codes(version):
    """The codes of what is wrong with a version."""
    return [each.code for each in version.problems]


def test_an_untouched_copy_is_good(tmp_path):
    """The published hash is that of what is shipped."""
    root, version = copied(tmp_path)
    found = list(Catalogue(shipped=root).versions())
    assert [(each.directory, codes(each)) for each in found] == [(version, []), (version.with_name("2013"), [])]
    assert Catalogue(shipped=root).find("changzhou-2012")[1].key == "changzhou-2012"


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [CHANGE, ("policy.yaml", "from: 90", "from: 89"), ("facts.yaml", "max: 4", "max: 3")],
    ids=["a clause", "a grade", "a bound"],
)
def test_a_published_version_that_was_changed_is_withheld_and_refused(tmp_path, name, before, after):
    """What every answer so far was given under must not change in silence: the version is named, with both hashes."""
    root, version = copied(tmp_path)
    good = Catalogue(shipped=root).find("changzhou-2012")[1].meaning
    change(version, name, before, after)
    catalogue = Catalogue(shipped=root)
    found, untouched = catalogue.versions()
    assert (found.directory, found.policy, codes(found)) == (version, None, ["meaning_changed"])
    assert (untouched.policy.key, codes(untouched)) == ("changzhou-2013", [])
    assert "changzhou-2012" in str(found.problems[0])
    assert good[:12] in str(found.problems[0])
    for asked in ("changzhou-2012", str(version)):
        with pytest.raises(PolicyRefused) as refused:
            catalogue.find(asked)
        assert [each.code for each in refused.value.problems] == ["meaning_changed"]


def test_words_for_people_may_be_changed_after_publication(tmp_path):
    """A better translation means the same and is served."""
    root, version = copied(tmp_path)
    change(version, "community.yaml", "title_en: Review small guaranteed loans", "title_en: Loans reviewed")
    assert [codes(each) for each in Catalogue(shipped=root).versions()] == [[], []]


def test_a_new_revision_may_mean_something_else(tmp_path):
    """A correction under the next revision is not held to the published one, also once its own hash stands there."""
    root, version = copied(tmp_path)
    change(version, *CHANGE)
    change(version, "policy.yaml", "revision: 1", "revision: 2")
    found, _ = Catalogue(shipped=root).versions()
    assert found.policy is not None
    assert found.policy.revision == 2
    with (root / PUBLISHED_FILE).open("a", encoding="utf-8") as file:
        file.write(f"changzhou-2012 2 {found.policy.meaning}\n")
    assert [codes(each) for each in Catalogue(shipped=root).versions()] == [[], []]
    change(version, "community.yaml", "below: 85, first: 2", "below: 86, first: 2")
    assert [codes(each) for each in Catalogue(shipped=root).versions()] == [["meaning_changed"], []]


@pytest.mark.parametrize(
    "line",
    [b"changzhou-2012 1\n", b"changzhou-2012 1 a b\n", b"<<<<<<< ours\n", b"\xff\n", b"changzhou-2012 1 0\n"],
    ids=["no hash", "a word too many", "a merge", "not UTF-8", "a revision twice"],
)
def test_a_bad_line_of_published_hashes_withholds_what_it_should_protect(tmp_path, line):
    """A file that cannot be read would protect nothing, and nobody would know: so nothing is served under it."""
    root, _ = copied(tmp_path)
    with (root / PUBLISHED_FILE).open("ab") as file:
        file.write(line)
    found = list(Catalogue(shipped=root).versions())
    assert [(each.policy, codes(each)) for each in found] == [(None, ["file_unreadable"])] * 2
    assert all(PUBLISHED_FILE in str(each.problems[0]) for each in found)


def test_without_published_hashes_nothing_is_held_to_them(tmp_path):
    """A directory of one's own needs no such file."""
    root, version = copied(tmp_path)
    (root / PUBLISHED_FILE).unlink()
    change(version, *CHANGE)
    assert [codes(each) for each in Catalogue(shipped=root).versions()] == [[], []]


def test_further_directories_have_published_hashes_of_their_own(tmp_path):
    """A file beside the cities of a further directory protects its versions in the same way."""
    shutil.copytree(INVENTED, tmp_path / "more")
    catalogue = Catalogue((tmp_path / "more",))
    keys = {each.policy.key: each.policy for each in catalogue.versions()}
    lines = "".join(f"{key} {policy.revision} {policy.meaning}\n" for key, policy in keys.items())
    (tmp_path / "more" / PUBLISHED_FILE).write_text(f"# published\n\n{lines}", encoding="utf-8")
    assert {key for each in catalogue.versions() if each.policy for key in [each.policy.key]} == set(keys)
    (tmp_path / "more" / PUBLISHED_FILE).write_text(f"linjiang-2025 {keys['linjiang-2025'].revision} 0\n", "utf-8")
    withheld = {each.directory.parent.name: codes(each) for each in catalogue.versions() if not each.policy}
    assert withheld == {"linjiang": ["meaning_changed"]}


@pytest.mark.parametrize("below", ["", "linjiang", "linjiang/2025"])
def test_versions_are_found_at_three_depths(below):
    """A further directory may be a version, a city, or hold cities."""
    keys = [each.policy.key for each in Catalogue((INVENTED / below,)).versions()]
    assert keys[:2] == ["changzhou-2012", "changzhou-2013"]
    assert set(keys[2:]) == ({"linjiang-2025", "yunzhou-2024"} if not below else {"linjiang-2025"})


def test_two_versions_of_one_id_are_not_both_served(tmp_path):
    """The second one is withheld by name; the first is served."""
    _, version = copied(tmp_path)
    *shipped, second, third = Catalogue((tmp_path / "versions",)).versions()
    assert [each.policy.key for each in shipped] == ["changzhou-2012", "changzhou-2013"]
    assert [each.directory for each in (second, third)] == [version, version.with_name("2013")]
    assert [codes(each) for each in (second, third)] == [["defined_twice"]] * 2


def test_a_version_at_the_top_of_a_disk_is_read_like_any_other(monkeypatch):
    """A path with few folders above it has no place for published hashes, and that is all."""
    monkeypatch.chdir(INVENTED / "linjiang" / "2025")
    assert Catalogue().find(".")[1].key == "linjiang-2025"
    with pytest.raises(RequestRefused):
        Catalogue().find("/")


def test_the_command_line_says_what_is_withheld(tmp_path):
    """`kaohe check` on a changed version ends in a refusal that says why."""
    root, version = copied(tmp_path)
    change(version, *CHANGE)
    with pytest.raises(PolicyRefused, match="已经公布"):
        Catalogue(shipped=root).find(str(version))


def test_the_service_starts_without_a_withheld_version_and_names_it(tmp_path):
    """The others are served; `/readyz`, the list and the log name the version, and who asks for it is told why."""
    root, version = copied(tmp_path)
    change(version, *CHANGE)
    with served(serving_from(root), workers=1, policies=INVENTED) as running:
        ready = running.get("/readyz")
        assert ready["ready"] is True
        assert set(ready["policies"]) == {"changzhou-2013", "linjiang-2025", "yunzhou-2024"}
        for withheld in (ready["withheld"], running.get("/v1/policies")["withheld"]):
            (told,) = withheld
            assert told["directory"].endswith("changzhou/2012")
            assert [each["code"] for each in told["problems"]] == ["meaning_changed"]
        logged = [each for each in running.log if each["event"] == "policy_withheld"]
        assert len(logged) == 1
        assert "meaning_changed" in logged[0]["problems"][0]
        for status, _, body in (
            running.ask("/v1/evaluations", sample("community")),
            running.ask("/v1/policies/changzhou-2012"),
        ):
            told = json.loads(body)
            assert (status, told["code"]) == (503, "policy_withheld")
            assert told["problems"][0]["code"] == "policy_withheld"
        sheet = running.get("/v1/policies/linjiang-2025/standards/street/sample-sheet")
        assert running.ask("/v1/evaluations", sheet)[0] == 200


def test_the_service_lives_without_any_good_version_and_is_not_ready(tmp_path):
    """With nothing to score under the process answers, and `/readyz` is a 503 that names what is withheld."""
    root, version = copied(tmp_path)
    change(version, *CHANGE)
    change(version.with_name("2013"), "policy.yaml", "from: 92", "from: 91")
    with served(serving_from(root), workers=1) as running:
        assert running.get("/healthz") == {"status": "ok"}
        status, _, body = running.ask("/readyz")
        assert (status, json.loads(body)["code"]) == (503, "not_ready")
        assert all(f"changzhou/{year}" in body.decode() for year in (2012, 2013))
        assert running.ask("/v1/evaluations", sample("community"))[0] == 503
        assert running.get("/openapi.json")["openapi"].startswith("3.1")


def test_a_further_policy_needs_no_sample(tmp_path):
    """It is served and scored under, though no sample of it can be shown."""
    _, version = copied(tmp_path)
    (tmp_path / "wuxi").mkdir()
    version = version.rename(tmp_path / "wuxi" / "2012")
    change(version, "policy.yaml", "id: changzhou-2012", "id: wuxi-2012")
    shutil.rmtree(version / "samples")
    shutil.rmtree(version / "examples")
    with served(workers=1, policies=tmp_path / "wuxi") as running:
        assert running.get("/readyz")["policies"] == ["changzhou-2012", "changzhou-2013", "wuxi-2012"]
        assert running.ask("/v1/evaluations", {**sample("community"), "policy": "wuxi-2012"})[0] == 200
        assert running.ask("/v1/policies/wuxi-2012/standards/community/sample-sheet")[0] == 404
        assert running.get("/openapi.json")["components"]["schemas"]["Sheet.wuxi-2012.community"]


def test_a_withheld_version_in_a_directory_without_a_parent_is_named(tmp_path, monkeypatch):
    """A path of one part is as good as any other."""
    _, version = copied(tmp_path)
    change(version, *CHANGE)
    version.rename(tmp_path / "mine")
    monkeypatch.chdir(tmp_path)
    scoring = Scoring(Catalogue((Path("mine"),)), 1)
    for name, code in (("mine", "policy_withheld"), ("nothing", "policy_unknown")):
        with pytest.raises(RequestRefused) as refused:
            scoring.policy(name)
        assert [each.code for each in refused.value.problems] == [code]
