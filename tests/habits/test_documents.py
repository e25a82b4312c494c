"""Documents are held to what exists: paths, commands, settings, codes, keys, and the output that they show."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import click
import pytest

import rules
from rules import SENTENCES, Answers, Problems, Scorer, bounds_data, load_policy, read_examples, run_examples
from rules.policy import schemas
from service.app import create_app
from service.cli import main
from service.metrics import Metrics
from service.problems import KINDS
from service.settings import FILE, Settings, settings_table

ROOT = Path(__file__).parents[2]
READMES = ("README.md", "README.zh-CN.md")
DOCUMENTS = [*READMES, "DECISIONS.md", "CHANGELOG.md", *sorted(f"docs/{path.name}" for path in ROOT.glob("docs/*.md"))]
TEXT = {name: (ROOT / name).read_text() for name in DOCUMENTS}
SHIPPED = ROOT / "policy_versions/changzhou/2012"
INVENTED = sorted(path.parent for path in ROOT.glob("tests/policies/*/*/policy.yaml"))

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What a reader runs once and a test has already: an environment, and the whole test suite.
NOT_RUN = re.compile(r"make (setup|test|check|help)\b|\. \.venv/bin/activate$")
# What goes on running while the commands after it are tried, and where documents say that it is.
STARTS = re.compile(r"(make run|kaohe serve)$")
SAID = "127.0.0.1:8000"
TOLD = re.compile(r"^kaohe: http://(\S+)\n(?:.*\n)*?  curl .*\n", re.MULTILINE)
START_SECONDS = 60
ELISION = "…"
COMMANDS = {name: main.get_command(click.Context(main), name) for name in main.list_commands(click.Context(main))}


def fences(name, language):
    """The fenced blocks of one language."""
    return [body for found, body in FENCE.findall(TEXT[name]) if found == language]


def spans(name):
    """Everything in backticks outside the fenced blocks."""
    return SPAN.findall(FENCE.sub("", TEXT[name]))


def code(name):
    """Everything that is written as code, in spans and in blocks."""
    return "\n".join([*spans(name), *(body for _, body in FENCE.findall(TEXT[name]))])


def tables(name, heading):
    """The rows of every table under a heading, each a list of cells."""
    section = re.split(r"^## ", TEXT[name], flags=re.MULTILINE)
    text = next(part for part in section if part.startswith(heading + "\n"))
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", row.strip("|"))] for row in rows]


# Consoles


def steps(name):
    """The commands of a document's consoles in order, each with the output that is shown below it."""
    found = []
    for body in fences(name, "console"):
        for line in body.splitlines():
            if line.startswith("$ "):
                found.append((line.removeprefix("$ "), []))
            else:
                found[-1][1].append(line)
    return found


def squeezed(line):
    """The line with every run of blanks as one."""
    return " ".join(line.split())


def shown_as(lines):
    """A pattern for the output that is shown: `…` stands for anything, on a line of its own for any lines."""
    pattern = ""
    for line in map(squeezed, lines):
        if line == ELISION:
            pattern += r"(?:[^\n]*\n)*?"
        else:
            pattern += ".*".join(re.escape(part) for part in line.split(ELISION)) + r"\n"
    return pattern


def first_not_found(shown, printed):
    """The first line that is shown and did not come out in its place; None when the output is as shown."""
    text = "".join(f"{squeezed(line)}\n" for line in printed.splitlines())
    for at in range(1, len(shown) + 1):
        if not re.match(shown_as(shown[:at]), text):
            return shown[at - 1]
    return None if re.fullmatch(shown_as(shown), text) else "(the end)"


@pytest.fixture
def clone(tmp_path):
    """A place like a fresh clone, with `kaohe` to be found; what a reader would change there is a copy."""
    root = tmp_path / "clone"
    root.mkdir()
    shutil.copytree(ROOT / "policy_versions", root / "policy_versions", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("rules", "service", "tests", "Makefile"):
        (root / name).symlink_to(ROOT / name)
    found = root / "bin"
    found.mkdir()
    command = f"#!{sys.executable}\nfrom service.cli import main\nmain()\n"
    (found / "kaohe").write_text(command)
    (found / "kaohe").chmod(0o755)
    return root


def environment_of(clone):
    """The environment of a reader who has just cloned; what the service is told there makes it small."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS", "COLUMNS"))}
    return {
        **{name: value for name, value in kept.items() if not name.startswith("KAOHE_")},
        "PATH": f"{clone / 'bin'}:{os.environ['PATH']}",
        "PYTHONPATH": str(clone),
        "PYTHONDONTWRITEBYTECODE": "1",
        "KAOHE_PORT": "0",
        "KAOHE_WORKERS": "1",
    }


def run_in(clone, command):
    """What a command prints, both streams as a reader sees them."""
    return subprocess.run(
        ["bash", "-c", command],
        cwd=clone,
        env=environment_of(clone),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    ).stdout


class Consoles:
    """A reader's terminals: one for the service, which goes on running, and one for everything else."""

    def __init__(self, clone):
        self.clone = clone
        self.service = self.address = None

    def start(self, command):
        """Start the service on a free port; gives what it prints until it can be tried."""
        self.stop()
        # The environment is this one: nothing is to be installed by a test.
        command = command.replace("make", f"make --no-print-directory -o .venv/.installed BIN={self.clone / 'bin'}", 1)
        with (self.clone / "printed").open("w") as printed:
            self.service = subprocess.Popen(
                ["bash", "-c", command],
                cwd=self.clone,
                env=environment_of(self.clone),
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        end = time.monotonic() + START_SECONDS
        while not (told := TOLD.search((self.clone / "printed").read_text())):
            text = (self.clone / "printed").read_text()
            assert self.service.poll() is None, text
            assert time.monotonic() < end, text
            time.sleep(0.05)
        self.address = told.group(1)
        return (self.clone / "printed").read_text().replace(self.address, SAID)

    def run(self, command):
        """What a command prints; the service is started for one that asks it, if the document did not do so before."""
        if STARTS.match(command):
            return self.start(command)
        if SAID not in command:
            return run_in(self.clone, command)
        if self.service is None:
            self.start("kaohe serve")
        return run_in(self.clone, command.replace(SAID, self.address)).replace(self.address, SAID)

    def stop(self):
        """End the service and whatever started it."""
        if self.service is not None:
            os.killpg(self.service.pid, signal.SIGTERM)
            try:
                self.service.wait(30)
            except subprocess.TimeoutExpired:
                os.killpg(self.service.pid, signal.SIGKILL)
                self.service.wait()
            self.service = self.address = None


@pytest.fixture
def consoles(clone):
    """Terminals in a fresh clone, closed when the document has been read."""
    opened = Consoles(clone)
    try:
        yield opened
    finally:
        opened.stop()


# The second README shows what the first one shows; a test below holds it to that.
@pytest.mark.parametrize("name", [name for name in DOCUMENTS if steps(name) and name != READMES[1]])
def test_what_a_document_shows_is_what_comes_out(name, consoles):
    """Every command of a console runs, in order, and prints what is shown below it."""
    for command, shown in steps(name):
        if NOT_RUN.match(command):
            continue
        printed = consoles.run(command)
        assert first_not_found(shown, printed) is None, f"$ {command}\n{printed[-3000:]}"


def test_a_line_that_does_not_come_out_is_noticed():
    """The comparison itself can fail: a wrong line, a line too few, a line too many."""
    printed = "one\ntwo  2\nthree\n"
    assert first_not_found(["one", "two 2", "three"], printed) is None
    assert first_not_found(["one", "…"], printed) is None
    assert first_not_found(["…", "t…2", "three"], printed) is None
    assert first_not_found(["one", "three"], printed) == "three"
    assert first_not_found(["…", "four"], printed) == "four"
    assert first_not_found(["one", "two 2", "three", "four"], printed) == "four"
    assert first_not_found(["one"], printed) == "(the end)"


def test_both_readmes_show_the_same():
    """A reader of either language is shown the same commands and the same output."""
    one, other = READMES
    assert steps(one) == steps(other)
    assert steps(one)


# Names


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_path_that_a_document_names_exists(name):
    """In the repository, or made by the document's own consoles."""
    missing = [path for path in paths_named(name) if not path_exists(path, name) and not path.startswith(made_by(name))]
    assert missing == []


def made_by(name):
    """What a document's commands copy or write."""
    return tuple(made for command, _ in steps(name) for made in re.findall(r"(?:^cp -r \S+ |> )([\w./-]+)$", command))


def paths_named(name):
    """Links, and code that looks like a path: with a known ending, or with a slash after a top-level name."""
    named = [target.split("#")[0] for target in re.findall(r"\]\(([^)]+)\)", TEXT[name]) if "://" not in target]
    tops = "|".join(re.escape(path.name) for path in ROOT.iterdir())
    for word in re.findall(r"[^\s`'\"(),;|]+", code(name)):
        if re.fullmatch(rf"(?:{tops})/[\w./-]*", word) or re.fullmatch(r"[\w-]+\.(md|py|yaml|toml|txt|jsonl)", word):
            named.append(word)
    return [path for path in named if path]


def path_exists(path, name):
    """Whether the path is there, from the document or from the top; a bare file name may be anywhere below."""
    if ((ROOT / name).parent / path).exists() or (ROOT / path).exists():
        return True
    folders = ("rules", "service", "policy_versions", "tests", "docs")
    return "/" not in path and any(next((ROOT / folder).rglob(path), None) for folder in folders)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_make_target_that_a_document_names_exists(name):
    """`make …` works as it is written."""
    targets = set(re.findall(r"^\.PHONY: (\w+)$", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"(?:^|[\s`(])make ([a-z]+)", code(name), re.MULTILINE))
    assert named <= targets


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_command_and_option_that_a_document_names_exists(name):
    """`kaohe …` works as it is written; an option that stands alone is one of some command."""
    every = {option for command in COMMANDS.values() for option in options_of(command)}
    alone = {span for span in spans(name) if re.fullmatch(r"--[a-z-]+", span)}
    assert alone - {"--help", "--version"} <= every
    for line in code(name).splitlines():
        for command, arguments in re.findall(r"(?:^|[\s;&|])kaohe ([a-z]+)([^|\n]*)", line):
            assert command in COMMANDS, line
            assert set(re.findall(r"(?<=\s)--[a-z-]+", arguments)) <= options_of(COMMANDS[command]), line


def options_of(command):
    """The options of a command, and those that every command has."""
    found = {name for each in command.params if isinstance(each, click.Option) for name in each.opts}
    return found | {"--help"}


def test_every_command_stands_in_both_readmes():
    """What there is can be found."""
    for name in READMES:
        assert {f"kaohe {command}" for command in COMMANDS} <= set(spans(name))


# Slips that a test makes on purpose.
MADE_UP = {"KAOHE_PORTT", "KAOHE_LOG", "KAOHE_CONFIGG"}


def settings_of_the_code():
    """The environment variables of kaohe that anything but a document reads."""
    places = ["Makefile", ".ci/run", "scripts", "rules", "service", "tests", "benchmarks", "pyproject.toml"]
    files = [path for place in places for path in (ROOT / place, *(ROOT / place).rglob("*"))]
    texts = [path.read_text(errors="ignore") for path in files if path.is_file() and path.suffix != ".pyc"]
    return {name for text in texts for name in variables_in(text)} - MADE_UP


def variables_in(text):
    """The environment variables of kaohe that a text names."""
    return set(re.findall(r"\bKAOHE_[A-Z]+(?:_[A-Z]+)*\b", text))


def test_every_setting_is_named_in_a_readme_or_in_the_document_of_the_service():
    """None is secret, in neither language, and none is invented."""
    known = settings_of_the_code() | {variable for variable, *_ in settings_table()} | {FILE}
    for name in READMES:
        assert known <= variables_in(TEXT[name]) | variables_in(TEXT["docs/service.md"])
        assert "docs/service.md" in TEXT[name]
    for name in DOCUMENTS:
        assert variables_in(TEXT[name]) <= known, name


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name != "CHANGELOG.md"])
def test_every_name_in_a_document_is_a_name_of_the_code_or_of_a_policy(name):
    """A code, a key, a fact or a constant that was renamed is renamed in the documents too."""
    known = words_of_the_code()
    named = {word for span in spans(name) for word in WORD.findall(span) if "_" in word.strip("_")}
    assert sorted(named - known) == []


def words_of_the_code():
    """Every word of the code, the scripts and the policies."""
    places = [*(ROOT / "scripts").iterdir(), ROOT / "Makefile", ROOT / "pyproject.toml"]
    for folder in ("rules", "service", "policy_versions", "tests", "benchmarks"):
        places += [path for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".yaml")]
    here = Path(__file__)
    words = {word for path in places if path != here for word in WORD.findall(path.read_text())}
    # Names that are put together: settings, and counters as Prometheus gives them out.
    return words | {variable for variable, *_ in settings_table()} | names_of_counters()


def test_the_readmes_test_command_is_what_ci_runs():
    """What a newcomer runs is what has to pass."""
    commands = [command for command, _ in steps("README.md")]
    assert "make test" in commands
    assert "KAOHE_TEST_ALL=1 make test" in (ROOT / ".ci/run").read_text()


@pytest.mark.parametrize("name", [name for name in DOCUMENTS if name.startswith("docs/")])
def test_a_document_can_be_read_at_one_sitting(name):
    """Long ones are split, not endured."""
    assert len(TEXT[name].splitlines()) <= 240


# Codes, keys, readings, limits


def test_every_error_code_stands_in_the_output_document_with_its_sentence():
    """A caller who meets a code can look it up, in the words that were met, and finds how to mend it."""
    rows = {row[0].strip("`"): row for row in tables("docs/output.md", "Error codes") if row[0].startswith("`")}
    assert set(rows) == set(SENTENCES)
    for name, sentence in SENTENCES.items():
        _, said, mend = rows[name]
        assert said == f"{sentence.zh} / {sentence.en}"
        assert mend


def keys_of(data, under=""):
    """Every key of an answer; below `facts` and the like stand names that a policy chose."""
    if isinstance(data, list):
        return {key for each in data for key in keys_of(each, under)}
    if not isinstance(data, Mapping):
        return set()
    found = set()
    for key, value in data.items():
        found.add(key)
        if key not in ("facts", "readings", "self_scores"):
            found |= keys_of(value, key)
    return found


def answers():
    """The decisions of every example of every policy, and what a sheet with nothing on it can become."""
    for directory in (SHIPPED, *INVENTED):
        policy, problems = load_policy(directory), Problems()
        attainable = {key: Scorer(policy.standard(key), rules.Evaluator.REFERENCE).attainable for key in policy.tables}
        for outcome in run_examples(policy, read_examples(directory, problems)):
            if outcome.decision is not None:
                yield (
                    "An answer",
                    Answers(outcome.decision.case.sheet.standard, attainable[outcome.example.standard]).data(
                        outcome.decision
                    ),
                )
    scorer = Scorer(load_policy(SHIPPED).standard("community"), rules.Evaluator.REFERENCE)
    yield "A provisional answer", bounds_data(*scorer.provisional({"unit": {"id": "x"}, "facts": {}}))


def test_every_key_of_an_answer_stands_in_the_output_document(clone):
    """What comes out can be looked up, and nothing else is described."""
    found = {}
    for heading, data in answers():
        found.setdefault(heading, set()).update(keys_of(data))
    refusal = json.loads(run_in(clone, "echo 1 | kaohe score --policy changzhou-2012 --standard village"))
    found["A refusal"] = keys_of(refusal)
    for heading, keys in found.items():
        rows = [[words_in(cell) for cell in row] for row in tables("docs/output.md", heading)]
        assert keys <= {word for row in rows for cell in row for word in cell}, heading
        assert {word for row in rows for word in row[0]} <= keys, heading


def words_in(cell):
    """The names written as code in a cell."""
    return {word for span in SPAN.findall(cell) for word in WORD.findall(span)}


def schemas_of_policies():
    """Every schema of the policy reader."""
    return [value for value in vars(schemas).values() if isinstance(value, type) and issubclass(value, schemas.Schema)]


def test_every_key_of_a_policy_file_stands_in_the_policy_format():
    """An officer finds each key in one document."""
    keys = {field.data_key or name for each in schemas_of_policies() for name, field in each().fields.items()}
    assert keys >= {"points_scale", "rescale", "at_most"}
    assert keys - set(re.findall(r"[a-z_]+", TEXT["docs/policy-format.md"])) == set()


def test_every_code_of_a_problem_stands_in_the_document_of_the_service():
    """Each code of a failed request with its status and its title in both languages, in the order of the code."""
    rows = [row[:3] for row in tables("docs/service.md", "Problems") if row[0].startswith("`")]
    assert rows == [[f"`{code}`", str(status), f"{title.zh} / {title.en}"] for code, (status, title) in KINDS.items()]


def test_every_route_stands_in_the_document_of_the_service():
    """What can be asked for can be looked up, and nothing else is promised."""
    routes = {
        f"{method} {rule.rule}"
        for rule in create_app(Settings(log_level="error")).url_map.iter_rules()
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    named = [span for row in tables("docs/service.md", "Addresses") for span in SPAN.findall(row[0]) if " /" in span]
    assert set(named) == routes
    assert len(named) == len(routes)


def names_of_counters():
    """What is counted, by the names that Prometheus is given."""
    return {f"{each.name}_total" if each.type == "counter" else each.name for each in Metrics().registry.collect()}


def test_every_counter_stands_in_the_document_of_the_service():
    """A counter's name and labels are what Prometheus is given."""
    rows = {row[0].strip("`"): set(SPAN.findall(row[1])) for row in tables("docs/service.md", "Metrics")[1:]}
    assert set(rows) == names_of_counters()
    made = (value for value in vars(Metrics()).values() if hasattr(value, "_labelnames"))
    labels = {value._name: set(value._labelnames) for value in made}
    assert {name.removesuffix("_total"): found for name, found in rows.items()} == labels


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_link_to_a_heading_leads_to_one(name):
    """GitHub's way: lower case, hyphens for blanks, nothing else but letters."""
    for target, anchor in re.findall(r"\]\(([^)#]*)#([^)]+)\)", TEXT[name]):
        text = ((ROOT / name).parent / target).read_text() if target else TEXT[name]
        headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
        assert anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_readings_table_is_what_the_policy_has():
    """Ids, words, defaults, alternatives, and the items where each acts."""
    policy = load_policy(SHIPPED)
    rows = {row[0].strip("`"): row for row in tables("docs/meaning.md", "Readings") if row[0].startswith("`")}
    assert set(rows) == set(policy.readings)
    for key, reading in policy.readings.items():
        _, text, default, others, acts = rows[key]
        assert text == reading.text
        assert default.startswith(f"`{reading.default}`: ")
        named = [choice for choice in reading.choices if f"`{choice}`: " in others]
        assert named == [choice for choice in reading.choices if choice != reading.default]
        for letter, standard in (("C", "community"), ("V", "village")):
            items = [
                item.no
                for category in policy.tables[standard].categories
                for item in category.items
                if any(name == key for clause in item.clauses for name, _ in clause.readings)
            ]
            said = re.search(rf"{letter} ([\d, ]+\d|\d)", acts)
            assert (said.group(1).split(", ") if said else []) == items, key


def test_the_words_quoted_from_the_source_stand_in_it():
    """A quotation is verbatim; only white space may differ."""
    source = re.sub(r"\s+", "", (SHIPPED / "source.txt").read_text())
    quoted = [line.removeprefix("> ") for line in TEXT["docs/meaning.md"].splitlines() if line.startswith("> ")]
    assert quoted
    for quotation in quoted:
        for part in quotation.split(ELISION):
            assert re.sub(r"\s+", "", part) in source


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_limit_that_a_document_names_has_that_value(name):
    """`MOST_…` with a number beside it in a table is that constant of that module."""
    rows = re.findall(r"^\| `(rules|service)((?:\.\w+)+)\.([A-Z_]+)` \| ([\d,]+) \|", TEXT[name], re.MULTILINE)
    for top, module, constant, value in rows:
        assert getattr(import_module(top + module), constant) == int(value.replace(",", "")), constant
    if name == "docs/durable-rules.md":
        assert rows


def test_the_changelog_begins_with_the_version_that_is_made():
    """The newest entry is that of pyproject.toml, dated or unreleased."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    first = next(line for line in TEXT["CHANGELOG.md"].splitlines() if line.startswith("## "))
    assert re.fullmatch(rf"## \[{re.escape(version)}\] - (Unreleased|\d{{4}}-\d\d-\d\d)", first)


def test_decisions_are_numbered_and_each_says_why_what_cost_and_rejected():
    """A decision that hides its price is not finished."""
    parts = re.split(r"^## ", TEXT["DECISIONS.md"], flags=re.MULTILINE)[1:]
    assert [int(part.split(".", 1)[0]) for part in parts] == list(range(1, len(parts) + 1))
    for part in parts:
        labels = re.findall(r"^\*\*(\w+)\.\*\*", part, re.MULTILINE)
        assert labels == ["Why", "Decision", "Cost", "Rejected"], part.splitlines()[0]
