"""Arrays are taken apart as a JSON reader would, whatever bytes come, and in time that grows with their size."""

import json
import mmap
import resource
import time
from decimal import Decimal, InvalidOperation

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from service.jsonarrays import ArrayBroken, JsonArray, TooMany, array_below
from service.jsonlines import MOST_BYTES, parse

MANY = 1000
BYTES = 50_000_000
# One pass over 50 MB takes about a second; trying again from each place would take years.
MOST_SECONDS = 60
MOST_MEMORY = 64 * 1024 * 1024
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
numbers = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
values = st.recursive(
    st.none() | st.booleans() | numbers | texts | st.sampled_from(['"', "\\", '\\"', "[", "]{", ",", '],["', "\\\\"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
blanks = st.text(" \t\r\n", max_size=2)
PIECES = [b'"', b"\\", b'\\"', b"[", b"]", b"{", b"}", b",", b":", b" ", b"\n", b"0", b"-", b"e", b".", b"N", b"n"]
PIECES += [b"\x00", b"\xff", b"\xe8\x80\x83", b"\xef\xbb\xbf", rb"\ud800", b'"a":1', b"null", b"[]", b"{}"]


def written(value, blank, *, plain):
    """A value as JSON, with blanks at every place where they may stand."""
    if isinstance(value, list):
        return f"[{blank}" + f"{blank},{blank}".join(written(each, blank, plain=plain) for each in value) + f"{blank}]"
    if isinstance(value, dict):
        pairs = (
            f"{written(name, '', plain=plain)}{blank}:{blank}{written(each, blank, plain=plain)}"
            for name, each in value.items()
        )
        return f"{{{blank}" + f"{blank},{blank}".join(pairs) + f"{blank}}}"
    if isinstance(value, Decimal):
        return str(value)
    return json.dumps(value, ensure_ascii=plain)


def taken_apart(raw):
    """The elements, or None when the array or one of its elements is refused."""
    try:
        lines = list(JsonArray(raw, MANY).lines())
    except (ArrayBroken, TooMany):
        return None
    assert [line.number for line in lines] == list(range(1, len(lines) + 1))
    return None if any(line.problem for line in lines) else [line.value for line in lines]


def refuse_twice(pairs):
    """An object, unless a name stands in it twice."""
    if len(dict(pairs)) < len(pairs):
        raise ValueError("twice")
    return dict(pairs)


def refuse_constant(name):
    """NaN and its like are no JSON."""
    raise ValueError(name)


def read_whole(raw):
    """What Python's own reader takes the whole text for, or None when it is no good array."""
    try:
        text = raw.decode("utf-8-sig")
        found = json.loads(text, parse_float=Decimal, parse_constant=refuse_constant, object_pairs_hook=refuse_twice)
        json.dumps(found, ensure_ascii=False, default=str).encode()
    except (ValueError, InvalidOperation):
        return None
    return found if isinstance(found, list) else None


@given(st.lists(values, max_size=6), blanks, blanks, st.booleans(), st.booleans())
def test_an_array_is_split_into_exactly_its_elements(elements, blank, around, plain, marked):
    """Whatever the elements hold, and however they are spaced, the same values come out, numbers digit by digit."""
    text = around + written(elements, blank, plain=plain) + around
    raw = (b"\xef\xbb\xbf" if marked else b"") + text.encode()
    assert taken_apart(raw) == elements
    assert repr(taken_apart(raw)) == repr(read_whole(raw))


@given(
    st.lists(values, max_size=4),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 4), st.sampled_from(PIECES)), min_size=1, max_size=5),
)
@example([1], [(1.0, 0, b",")])
@example([], [(0.5, 0, b",")])
@example([{}], [(0.5, 1, b"]")])
def test_any_change_of_bytes_is_read_as_python_reads_it_or_refused(elements, changes):
    """What a JSON reader would not take is refused, in whole or in one element; what it takes comes out the same."""
    raw = written(elements, "", plain=False).encode()
    for place, removed, piece in changes:
        at = round(place * len(raw))
        raw = raw[:at] + piece + raw[at + removed :]
    assert taken_apart(raw) == read_whole(raw)


@given(st.lists(st.sampled_from(PIECES), max_size=20).map(b"".join))
def test_any_bytes_are_read_as_python_reads_them_or_refused(inner):
    """The same for bytes that never were an array."""
    for raw in (inner, b"[" + inner + b"]"):
        assert taken_apart(raw) == read_whole(raw)


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (b'[{"a": 1}, NaN, 2]', [2]),
        (b"[1, , 3]", [2]),
        (b"[1,]", [2]),
        (b"[,]", [1, 2]),
        (b'["\xff", 2]', [1]),
        (b'[{"a": 1, "a": 2}, 2]', [1]),
        (b"[[}, 2]", [1]),
        (b"[1, " + b"[" * 40 + b"]" * 40 + b"]", [2]),
        (b'["' + b"a" * MOST_BYTES + b'", 2]', [1]),
    ],
    ids=["NaN", "empty", "comma at the end", "only a comma", "no UTF-8", "twice", "crossed", "deep", "long"],
)
def test_an_element_that_is_broken_inside_is_refused_by_itself(raw, where):
    """The other elements are read all the same, and keep their numbers."""
    lines = list(JsonArray(raw, MANY).lines())
    assert [line.number for line in lines if line.problem] == where


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "a JSON array is expected"),
        (b"{}", "a JSON array is expected"),
        (b"[1", "has no end"),
        (b"[1]]", "byte 4: text after the array"),
        (b"[1}", "byte 3: brackets do not match"),
        (b'[1, "abc]', "byte 5: a string without an end"),
        (b'[1, "abc\\"]', "byte 5: a string without an end"),
    ],
)
def test_a_broken_array_says_where(raw, says):
    """The sentence names the byte at which the array stops being one."""
    with pytest.raises(ArrayBroken, match=says):
        JsonArray(raw, MANY)


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_as_many_elements_as_allowed_are_read_and_no_more(count):
    """The limit itself is allowed."""
    raw = json.dumps([{}] * count).encode()
    assert len(JsonArray(raw, max(count, 1))) == count
    if count:
        with pytest.raises(TooMany):
            JsonArray(raw, count - 1)


def seconds_and_memory(task):
    """How long a task takes of the processor, and by how much it raises the most memory held so far."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.process_time()
    task()
    return time.process_time() - begun, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - held) * 1024


def outcome(text):
    """What becomes of an array: the codes of its elements, or the name of what was raised."""
    try:
        return [line.problem.code if line.problem else "" for line in JsonArray(text, MANY).lines()]
    except (ArrayBroken, TooMany) as error:
        return type(error).__name__


HUGE = {
    "a string of escapes": (b'["', rb"\n", b'"]', ["line_too_long"]),
    "a string of escaped quotes": (b'["', rb"\"", b'"]', ["line_too_long"]),
    "escaped quotes without an end": (b'["', rb"\"", b"", "ArrayBroken"),
    "escaped quotes outside of a string": (b"[", rb"\"", b"]", "ArrayBroken"),
    "quotes": (b"[[", b'""', b"]]", ["line_too_long"]),
    "quotes, one too many": (b"[[", b'""', b'"]]', "ArrayBroken"),
    "backslashes": (b"[", b"\\", b"]", ["line_too_long"]),
    "short strings": (b"[[", b'"a",', b"1]]", ["line_too_long"]),
    "commas": (b"[", b",", b"]", "TooMany"),
    "commas inside": (b"[[", b",", b"]]", ["line_too_long"]),
    "blanks": (b"[", b" ", b"]", []),
    "blanks after the end": (b"[]", b" ", b"", []),
    "opening brackets": (b"[", b"[", b"", "ArrayBroken"),
    "pairs of brackets": (b"[[", b"[]", b"]]", ["line_too_long"]),
}


@pytest.mark.parametrize("name", HUGE)
@pytest.mark.parametrize("size", [BYTES // 25, pytest.param(BYTES, marks=pytest.mark.slow)])
def test_no_text_takes_long_or_much_memory(name, size):
    """Signs that a reader might go back over, many of them: time grows with the size, and memory hardly at all."""
    before, piece, after, expected = HUGE[name]
    found = []
    with mmap.mmap(-1, size + len(before) + len(after) + len(piece)) as text:
        text.write(before)
        block = piece * (1_000_000 // len(piece))
        for _ in range(size // len(block)):
            text.write(block)
        end = text.tell() + len(after)
        text.write(after)
        # What is left of the map is blank.
        text.write(b" " * (len(text) - end))
        seconds, memory = seconds_and_memory(lambda: found.append(outcome(text)))
    print(f"{name}: {size / 1e6:g} MB in {seconds:.2f} s, {memory / 2**20:+.0f} MiB")
    assert found == [expected]
    assert seconds < MOST_SECONDS * size / BYTES + 1
    assert memory < MOST_MEMORY


@pytest.mark.parametrize(
    "raw",
    [
        b'"' + rb"\"" * 500_000 + b"[]" * 17,
        b"[" * 33 + b'"' + rb"\"" * 500_000,
        b"{" + b",".join(b'"%x":1' % each for each in range(90_000)) + b',"15f8f":1}',
        b'"' * 1_000_001 + b"[]" * 17,
        b"[" + b"1," * 500_000,
        b'{"a":' * 200_000,
        b"-" * 1_000_000,
        b'"' + b"\\" * 1_000_001,
        rb'"\ud800' * 130_000,
    ],
    ids=["escaped quotes", "the same, deep", "names", "quotes", "commas", "deep", "minus", "backslashes", "half pairs"],
)
def test_no_line_takes_long_to_be_refused(raw):
    """A line of 1 MB that is broken at its end is refused in one pass."""
    found = []
    seconds, _ = seconds_and_memory(lambda: found.append(parse(raw)))
    assert found[0][1].code == "json_broken"
    assert seconds < 5


@given(
    around=st.dictionaries(texts, values, max_size=4), value=values, at=st.integers(0, 4), blank=blanks,
    plain=st.booleans(),
)  # fmt: skip
def test_an_array_is_found_below_an_object_and_nothing_else_is_taken_for_it(around, value, at, blank, plain):
    """Wherever the member stands, whatever is around it: its elements if it is an array, and what is left is good."""
    pairs = [pair for pair in around.items() if pair[0] != "考核"]
    pairs.insert(at, ("考核", value))
    raw = (blank + written(dict(pairs), blank, plain=plain)).encode()
    found = array_below(raw, "考核", MANY)
    assert (found is not None) == isinstance(value, list)
    if found is not None:
        assert [line.value for line in found.lines()] == value
        left, problem = parse(raw[: found.begin + 1] + raw[found.end :])
        assert (left, problem) == ({**dict(pairs), "考核": []}, None)


@given(st.lists(st.sampled_from(PIECES), max_size=12).map(b"".join))
def test_whatever_stands_below_a_name_is_taken_apart_as_a_reader_would(raw):
    """What is found, with its elements, is what reading the whole body gives; else that is refused too."""
    body = b'{"a": ' + raw
    whole, problem = parse(body)
    try:
        found = array_below(body, "a", MANY)
    except ArrayBroken:
        assert problem is not None
        return
    if problem is None and isinstance(whole, dict) and isinstance(whole["a"], list):
        assert found is not None
        assert [line.value for line in found.lines()] == whole["a"]
