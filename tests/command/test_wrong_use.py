"""Wrong use of the command: a sentence on the error stream, exit 2, nothing on the output."""

import subprocess
import sys

import pytest
from click.testing import CliRunner

from service.cli import main

SCORE = ("score", "--policy", "changzhou-2012", "--standard", "community")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("score", "--policy", "changzhou-2022", "--standard", "community"), ("policy_unknown", "`changzhou-2012`")),
        (("score", "--policy", "beijing", "--standard", "community"), ("policy_unknown", "beijing")),
        (("score", "--policy", "", "--standard", "community"), ("policy_unknown",)),
        (("score", "--policy", "../..", "--standard", "community"), ("policy_unknown",)),
        (("score", "--policy", "no/such/place", "--standard", "community"), ("policy_unknown",)),
        (("score", "--policy", "changzhou-2012", "--standard", "comunity"), ("standard_unknown", "`community`")),
        (("score", "--policy", "changzhou-2012", "--standard", "Village"), ("standard_unknown", "`village`")),
        ((*SCORE, "--reading", "loan-step=begun"), ("reading_unknown", "`loan-steps`")),
        ((*SCORE, "--reading", "loan-steps=half"), ("choice_unknown", "full, begun")),
        ((*SCORE, "--reading", "loan-steps"), ("--reading", "ID=CHOICE")),
        ((*SCORE, "--reading", "loan-steps=full", "--reading", "loan-steps=begun"), ("--reading", "once")),
        ((*SCORE, "--reading", "loan-step=x", "--reading", "rate-band=x"), ("`loan-steps`", "`rate-bands`")),
        ((*SCORE, "--evaluator", "guess"), ("--evaluator", "reference")),
        ((*SCORE, "--evaluators", "both"), ("--evaluator",)),
        ((*SCORE, "no/such/file.jsonl"), ("no/such/file.jsonl",)),
        ((*SCORE, "."), ("directory",)),
        (("score", "--standard", "community"), ("--policy",)),
        (("score", "--policy", "changzhou-2012"), ("--standard",)),
        (("scores",), ("scores",)),
        (("show", "changzhou-2012"), ("STANDARD",)),
        (("show", "changzhou-2012", "town"), ("standard_unknown",)),
        (("show", "changzhou", "village"), ("policy_unknown",)),
        (("show", "changzhou-2012", "village", "--lang", "fr"), ("--lang",)),
        (("show", "changzhou-2012", "village", "--reading", "x=y"), ("reading_unknown",)),
        (("check",), ("PATH",)),
        (("check", "no/such/place"), ("no/such/place",)),
        (("check", "README.md"), ("README.md",)),
        (("check", "policy_versions"), ("file_missing", "policy.yaml")),
        (("test", "no-such-policy"), ("policy_unknown",)),
    ],
    ids=lambda value: " ".join(value)[-40:],
)
def test_wrong_use_is_told_in_a_sentence(arguments, words):
    """The option, name or path that is wrong is named, with the nearest known name where there is one."""
    ran = CliRunner().invoke(main, arguments, input=b"{}\n")
    assert ran.exit_code == 2
    assert ran.stdout == ""
    assert all(word in ran.stderr for word in words), ran.stderr


@pytest.mark.parametrize(
    "arguments", [(*SCORE, "--evaluators", "both"), (*SCORE, "-", "two"), ("score", "--policy", "x", "--standard", "y")]
)
def test_wrong_use_ends_the_process_with_2(kaohe, arguments):
    """A script sees exit 2 and an empty output, whether the option or the policy is wrong."""
    ran = kaohe(*arguments, stdin=b"{}\n")
    assert (ran.code, ran.stdout) == (2, b"")
    assert ran.stderr


def test_help_is_there_for_every_command(kaohe):
    """`--help` lists the commands; each command's own help names its options and ends well."""
    ran = kaohe("--help")
    assert ran.code == 0
    for command in ("score", "policies", "show", "check", "test", "serve"):
        assert command in ran.text
    assert all(
        option in kaohe("score", "-h").text for option in ("--evaluator", "--reading", "--provisional", "--table")
    )


def test_scoring_does_not_load_the_server():
    """A server's libraries take longer to load than a file of sheets takes to score; only `serve` waits for them."""
    code = "import sys, service.cli; print(sorted({'flask', 'gunicorn', 'prometheus_client'} & sys.modules.keys()))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert loaded == "[]\n"
