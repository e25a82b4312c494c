"""`kaohe score` and lines that are broken, huge or odd: each is answered in its place and disturbs no other."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from service.jsonlines import MOST_BYTES, MOST_DEPTH

ROOT = Path(__file__).parents[2]
SAMPLE = (ROOT / "policy_versions/changzhou/2012/samples/community.jsonl").read_bytes().splitlines()[0]
ASKED = ("score", "--policy", "changzhou-2012", "--standard", "community", "--evaluator", "reference")


def with_fact(name: str, value: str) -> bytes:
    """The good sheet with one fact's value replaced by this text."""
    changed, count = re.subn(rf'"{name}": [^,}}]+'.encode(), f'"{name}": {value}'.encode(), SAMPLE)
    assert count == 1
    return changed


def with_unit(text: str) -> bytes:
    """The good sheet with another unit, as text."""
    changed, count = re.subn(rb'"unit": \{[^}]*\}', lambda _: f'"unit": {text}'.encode(), SAMPLE)
    assert count == 1
    return changed


def beside(text: str) -> bytes:
    """The good sheet with one more key at the top."""
    return SAMPLE[:-1] + b", " + text.encode() + b"}"


def with_reasons(text: str) -> bytes:
    """The good sheet with other reasons, as text."""
    sheet = json.loads(SAMPLE)
    sheet["reasons"] = {}
    # Whole yuan stay whole, so that no decimal is lost on the way.
    return json.dumps(sheet).replace('"reasons": {}', f'"reasons": {text}').encode()


def among_facts(text: str) -> bytes:
    """The good sheet with one more fact."""
    return SAMPLE.replace(b'"facts": {', b'"facts": {' + text.encode() + b", ", 1)


# name: (the line, the codes and paths it is refused with; none of them: whatever for; None: it is scored)
LINES: dict[str, tuple[bytes, list[tuple[str, str]] | None]] = {
    "good": (SAMPLE, None),
    "only_a_brace": (b"{", [("json_broken", "")]),
    "no_json": ("考核".encode(), [("json_broken", "")]),
    "trailing_comma": (SAMPLE[:-1] + b",}", [("json_broken", "")]),
    "cut_off": (SAMPLE[:500], [("json_broken", "")]),
    "two_values": (SAMPLE + SAMPLE, [("json_broken", "")]),
    "single_quotes": (b"{'unit': 1}", [("json_broken", "")]),
    "python_words": (with_fact("computer", "True"), [("json_broken", "")]),
    "a_comment": (SAMPLE + b" // good", [("json_broken", "")]),
    "nan": (with_fact("loans_due", "NaN"), [("json_broken", "")]),
    "infinity": (with_fact("loans_due", "Infinity"), [("json_broken", "")]),
    "minus_infinity": (with_fact("loans_due", "-Infinity"), [("json_broken", "")]),
    "leading_zero": (with_fact("loans_due", "0620000"), [("json_broken", "")]),
    "leading_plus": (with_fact("loans_due", "+1"), [("json_broken", "")]),
    "1e400": (with_fact("loans_due", "1e400"), [("too_many_digits", "/facts/loans_due")]),
    "1e-400": (with_fact("loans_due", "1e-400"), [("too_many_digits", "/facts/loans_due")]),
    "exponent_of_seven_digits": (with_fact("loans_due", "1e9999999"), [("too_many_digits", "/facts/loans_due")]),
    "exponent_of_thirty_digits": (with_fact("loans_due", "1e" + "9" * 30), [("json_broken", "")]),
    "minus_1e400_as_a_count": (
        with_fact("retiree_complaints", "-1e400"),
        [("wrong_type", "/facts/retiree_complaints")],
    ),
    "5000_digits": (with_fact("loans_due", "9" * 5000), [("json_broken", "")]),
    "5000_decimals": (with_fact("loans_due", "0." + "1" * 5000), [("json_broken", "")]),
    "3000_digits": (with_fact("loans_due", "9" * 3000), [("too_many_digits", "/facts/loans_due")]),
    "3000_digits_as_a_count": (
        with_fact("retiree_complaints", "9" * 3000),
        [("too_many_digits", "/facts/retiree_complaints")],
    ),
    "a_million_digits": (with_fact("loans_due", "9" * 1_000_000), [("json_broken", "")]),
    "16_digits": (with_fact("loans_due", "12345678901234.56"), [("too_many_digits", "/facts/loans_due")]),
    "exponent_of_a_good_amount": (with_fact("loans_due", "6.2e5"), None),
    "minus_zero": (with_fact("retiree_complaints", "-0"), None),
    "decimal_count": (with_fact("retiree_complaints", "0.0"), [("count_with_decimals", "/facts/retiree_complaints")]),
    "key_twice": (beside('"facts": {}'), [("json_broken", "")]),
    "fact_twice": (among_facts('"computer": true'), [("json_broken", "")]),
    "unit_key_twice": (with_unit('{"id": "a", "id": "b"}'), [("json_broken", "")]),
    "29_deep_fact": (with_fact("computer", "[" * 29 + "]" * 29), [("wrong_type", "/facts/computer")]),
    "29_deep_objects": (with_fact("computer", '{"a":' * 29 + "1" + "}" * 29), [("wrong_type", "/facts/computer")]),
    "31_deep_unit": (with_unit("[" * 31 + "]" * 31), [("value_bad", "/unit")]),
    "32_deep_unit": (with_unit("[" * 32 + "]" * 32), [("json_broken", "")]),
    "30_deep_id": (with_unit('{"id": ' + "[" * 30 + "]" * 30 + "}"), [("value_bad", "/unit/id")]),
    "900_deep_id": (with_unit('{"id": ' + "[" * 900 + "]" * 900 + "}"), [("json_broken", "")]),
    "brackets_in_a_text": (with_unit(f'{{"id": "{"[" * 100}"}}'), None),
    # A list is no sheet, and has neither unit nor facts.
    "32_deep_line": (
        b"[" * 32 + b"]" * 32,
        [("value_bad", ""), ("key_missing", "/unit"), ("key_missing", "/facts")],
    ),
    "33_deep_line": (b"[" * 33 + b"]" * 33, [("json_broken", "")]),
    "33_deep_objects": (b'{"a":' * 33 + b"1" + b"}" * 33, [("json_broken", "")]),
    "100000_deep_line": (b"[" * 100_000 + b"]" * 100_000, [("json_broken", "")]),
    "100000_deep_never_closed": (b'{"a":' * 100_000, [("json_broken", "")]),
    "long_key": (beside(f'"{"k" * 900_000}": 1'), [("key_unknown", "/" + "k" * 77 + "…")]),
    "long_fact_name": (among_facts(f'"{"k" * 900_000}": 1'), [("fact_unknown", "/facts/" + "k" * 77 + "…")]),
    "long_choice": (with_fact("dispute_ledger", f'"{"x" * 900_000}"'), [("not_a_choice", "/facts/dispute_ledger")]),
    "long_id": (with_unit(f'{{"id": "{"x" * 900_000}"}}'), [("value_bad", "/unit/id")]),
    "one_mebibyte_key": (beside(f'"{"k" * MOST_BYTES}": 1'), [("line_too_long", "")]),
    "three_mebibytes": (b" " * 3 * MOST_BYTES + SAMPLE, [("line_too_long", "")]),
    "as_long_as_may_be": (SAMPLE + b" " * (MOST_BYTES - len(SAMPLE)), None),
    "not_utf8": (SAMPLE.replace("新北区".encode(), b"\xd0\xc2", 1), [("json_broken", "")]),
    "half_a_surrogate": (with_unit('{"id": "x\\ud800"}'), []),
    "half_a_surrogate_as_a_key": (among_facts('"\\udfff": 1'), []),
    "half_a_surrogate_as_a_reason": (with_reasons('{"publicity_points": "\\ud800"}'), []),
    "zero_character": (with_unit('{"id": "a\\u0000b"}'), [("text_unreadable", "/unit/id")]),
    "raw_zero_byte": (SAMPLE[:20] + b"\0" + SAMPLE[20:], [("json_broken", "")]),
    "escape_sequence": (with_unit('{"id": "\\u001b[31m"}'), [("text_unreadable", "/unit/id")]),
    "byte_order_mark_in_the_middle": (b"\xef\xbb\xbf" + SAMPLE, [("json_broken", "")]),
    "carriage_return": (SAMPLE + b"\r", None),
    "blanks_around": (b" \t" + SAMPLE + b"  ", None),
    "unit_with_an_exponent": (with_unit('{"id": 1e400}'), [("value_bad", "/unit/id")]),
    "last_good": (SAMPLE, None),
}

# What is hard to write back gets a stream of its own, so that a crash shows where it came from.
HARD = [
    "900_deep_id", "long_id", "half_a_surrogate", "half_a_surrogate_as_a_key", "half_a_surrogate_as_a_reason",
    "unit_with_an_exponent",
]  # fmt: skip
TOGETHER = [name for name in LINES if name not in HARD]


@pytest.fixture(scope="module")
def answers(kaohe) -> dict[str, Any]:
    """What is written for each line, when all come in one stream with blank lines between them."""
    ran = kaohe(*ASKED, stdin=b"\xef\xbb\xbf" + b"\n\n".join(LINES[name][0] for name in TOGETHER))
    assert ran.code == 3
    assert ran.stderr == ""
    assert len(ran.lines) == len(TOGETHER), "one answer a line"
    return dict(zip(TOGETHER, ran.lines, strict=True))


@pytest.mark.parametrize("name", TOGETHER)
def test_a_line_is_answered_in_its_place(answers, name):
    """A good line is scored and a bad one refused with its codes, paths and number, whatever stood before it."""
    holds(answers[name], 1 + 2 * TOGETHER.index(name), LINES[name][1])


@pytest.mark.parametrize("name", HARD)
def test_a_line_that_is_hard_to_write_back_is_answered(kaohe, name):
    """Half characters, deep nesting and odd numbers are refused like anything else, and the next line is scored."""
    ran = kaohe(*ASKED, stdin=LINES[name][0] + b"\n" + SAMPLE)
    assert ran.code == 3
    assert ran.stderr == ""
    first, second = ran.lines
    holds(first, 1, LINES[name][1])
    holds(second, 2, None)


def holds(line: str, number: int, expected: list[tuple[str, str]] | None) -> None:
    """The answer is a decision, or a short refusal of line `number`; strict JSON of plain numbers in both cases."""
    is_plain(line)
    answer = json.loads(line)
    if expected is None:
        assert answer["score"] == 98
        return
    told = [(each["code"], each["path"]) for each in answer["problems"]]
    assert told
    assert not expected or [each for each in told if each[0] != "fact_missing"] == expected
    assert answer["line"] == number
    assert len(line) < 20_000, "what was posted is not sent back in full"


def is_plain(line: str) -> None:
    """Strict JSON that any reader takes: no NaN, no exponents, no endless digits, no half characters."""

    def refuse(word: str) -> None:
        raise AssertionError(word)

    def plain(token: str) -> str:
        assert re.fullmatch(r"-?[0-9]{1,16}(\.[0-9]{1,3})?", token), token
        return token

    answer = json.loads(line, parse_constant=refuse, parse_int=plain, parse_float=plain)
    json.dumps(answer, ensure_ascii=False).encode()


def test_what_is_nested_too_deeply_is_told_so(answers):
    """The limit stands in the sentence, so that whoever meets it knows what is wrong."""
    (found,) = json.loads(answers["33_deep_line"])["problems"]
    assert f"nested more than {MOST_DEPTH} levels deep" in found["message"]["en"]
    assert f"嵌套超过 {MOST_DEPTH} 层" in found["message"]["zh"]


def test_nothing_but_blank_lines_is_wrong_use(kaohe):
    """Input without a sheet is answered by a sentence and exit 2, not by silence."""
    for stdin in (b"", b"\xef\xbb\xbf\n\n \r\n\t\n"):
        ran = kaohe(*ASKED, stdin=stdin)
        assert (ran.code, ran.stdout) == (2, b"")
        assert "输入为空" in ran.stderr
        assert "empty" in ran.stderr


def test_windows_lines_and_no_last_line_feed_are_read(kaohe):
    """CRLF after every line, or no line feed after the last, changes nothing."""
    first, second = (
        kaohe(*ASKED, stdin=stdin) for stdin in (SAMPLE + b"\r\n" + SAMPLE + b"\r\n", SAMPLE + b"\n" + SAMPLE)
    )
    assert first == second
    assert (first.code, len(first.lines)) == (0, 2)


def test_utf16_is_refused_line_by_line(kaohe):
    """A file in another encoding is refused, never guessed at."""
    ran = kaohe(*ASKED, stdin=(SAMPLE.decode() + "\n").encode("utf-16"))
    assert ran.code == 3
    assert {each["code"] for line in ran.lines for each in json.loads(line)["problems"]} == {"json_broken"}


def test_a_plain_c_locale_changes_nothing(kaohe):
    """Chinese sentences are written as UTF-8 whatever the locale says."""
    plain = kaohe(*ASKED, stdin=SAMPLE, LC_ALL="C", LANG="C")
    assert plain == kaohe(*ASKED, stdin=SAMPLE)
    ascii_only = kaohe(*ASKED, stdin=SAMPLE, PYTHONIOENCODING="ascii")
    assert ascii_only.stdout == plain.stdout


def test_odd_lines_are_shown_in_tables_too(kaohe):
    """With `--table`, brackets and controls in what was posted are shown as text and break nothing."""
    odd = [among_facts('"[/red]": 1'), with_unit('{"id": "[bold]x[/nothing]"}'), with_unit('{"id": "\\u001b[31m"}')]
    odd.append(with_reasons('{"publicity_points": "[/bold] [red]good\\u001b[31m"}'))
    ran = kaohe(*ASKED, "--table", stdin=b"\n".join([*odd, b"{", SAMPLE]))
    assert ran.code == 3
    assert "[/red]" in ran.text
    assert "[bold]x[/nothing]" in ran.text
    assert "[/bold]" in ran.text
    assert "[red]" in ran.text
    assert "\x1b" not in ran.text
    assert "XB-001" in ran.text
