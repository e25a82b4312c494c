"""The table of hostile requests: what is sent, byte for byte, and how it must be refused."""

import gzip
import json
from typing import NamedTuple

from .conftest import sample

ONE, MANY = "/v1/evaluations", "/v1/evaluations/batch"
SETTLE, COMPARE = "/v1/settlements", "/v1/comparisons"
JSON, LINES = "application/json", "application/x-ndjson"
POLICIES = "/v1/policies"
STANDARD = f"{POLICIES}/changzhou-2012/standards/community"
# Every address, and the methods that it takes.
ROUTES = {
    ONE: "POST",
    MANY: "POST",
    SETTLE: "POST",
    COMPARE: "POST",
    POLICIES: "GET",
    f"{POLICIES}/changzhou-2012": "GET",
    STANDARD: "GET",
    f"{STANDARD}/facts-schema": "GET",
    f"{STANDARD}/sample-sheet": "GET",
    "/healthz": "GET",
    "/readyz": "GET",
    "/metrics": "GET",
    "/openapi.json": "GET",
    "/docs": "GET",
    "/docs/start.js": "GET",
    "/docs/assets/swagger-ui.css": "GET",
}
# The limits that the service of these tests is given.
LIMITS = {"request_seconds": 2, "body_bytes": 64 * 1024, "batch_bytes": 512 * 1024, "batch_sheets": 50}

GOOD = sample("community")
FACTS, UNIT = GOOD["facts"], GOOD["unit"]


class Row(NamedTuple):
    """
    One hostile request.

    `codes` are codes with their paths, each as `code path`, that must be among the problems. In an answer of many,
    `refused` are the lines that must be refused so; all others must be answered.
    """

    name: str
    sent: bytes
    status: int
    kind: str
    codes: tuple[str, ...] = ()
    refused: tuple[int, ...] | None = None
    # Whether the client has nothing more to send, and says so.
    ends: bool = False


def http(method, target, body=b"", *headers, length=True):
    """A request; headers as they stand on the wire."""
    lines = [f"{method} {target} HTTP/1.1", "Host: kaohe", *headers]
    if length and (body or method == "POST"):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def post(body, kind=JSON, target=ONE, *headers):
    """A posted body: bytes as they are, anything else as JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    return http("POST", target, raw, f"Content-Type: {kind}", *headers)


def chunked(*chunks, target=ONE, end=b"0\r\n\r\n"):
    """A body in chunks."""
    head = http("POST", target, b"", f"Content-Type: {JSON}", "Transfer-Encoding: chunked", length=False)
    return head + b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + end


def good(**changes):
    """The good body, changed; `None` is sent as null, `...` is left out."""
    return {key: value for key, value in {**GOOD, **changes}.items() if value is not ...}


def with_facts(**changes):
    """The good body with other facts."""
    return good(facts={key: value for key, value in {**FACTS, **changes}.items() if value is not ...})


def row(name, sent, status, kind, *codes, **more):
    """A row."""
    return Row(name, sent, status, kind, codes, **more)


# What is not JSON, or not JSON that can be taken exactly.
TEXT = json.dumps(GOOD, ensure_ascii=False).encode()
BROKEN = {
    "nothing": b"",
    "blanks": b" \t\r\n ",
    "a byte order mark": b"\xef\xbb\xbf" + TEXT,
    "two byte order marks": b"\xef\xbb\xbf" * 2 + TEXT,
    "UTF-16": TEXT.decode().encode("utf-16"),
    "UTF-16 without a mark": TEXT.decode().encode("utf-16-le"),
    "UTF-32": TEXT.decode().encode("utf-32"),
    "GB 18030": TEXT.decode().encode("gb18030"),
    "latin 1": '{"unit": "café"}'.encode("latin-1"),
    "a stray byte": b'{"policy": "\xff"}',
    "an overlong slash": b'{"policy": "\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"policy": "\xed\xa0\x80"}',
    "beyond Unicode": b'{"policy": "\xf4\x90\x80\x80"}',
    "half a character in UTF-8": b'{"policy": "\xe5\xb8',
    "the first half of a pair": rb'{"policy": "\ud83d"}',
    "the second half of a pair": rb'{"policy": "\ude00"}',
    "a pair the wrong way round": rb'{"policy": "\ude00\ud83d"}',
    "half a pair in a name": rb'{"\ud800": 1}',
    "half a pair deep inside": rb'{"unit": {"id": ["\udfff"]}}',
    "a byte of zero": b"\x00",
    "a byte of zero after the end": TEXT + b"\x00",
    "a byte of zero in a string": b'{"policy": "a\x00"}',
    "a line feed in a string": b'{"policy": "a\nb"}',
    "a tabulator in a string": b'{"policy": "a\tb"}',
    "cut off in a string": b'{"policy": "changzhou',
    "cut off after a name": b'{"policy"',
    "cut off after a colon": b'{"policy":',
    "cut off after a comma": b'{"policy": 1,',
    "cut off after an escape": b'{"policy": "\\',
    "cut off in an escape": b'{"policy": "\\u00',
    "cut off in the middle": TEXT[: len(TEXT) // 2],
    "cut off before the end": TEXT[:-1],
    "an unknown escape": rb'{"policy": "\x41"}',
    "an escape of too few digits": rb'{"policy": "\u12"}',
    "an escape of other digits": rb'{"policy": "\u12G4"}',
    "one brace too many": TEXT + b"}",
    "two bodies": TEXT + TEXT,
    "two lines": TEXT + b"\n" + TEXT,
    "a word after the end": TEXT + b" end",
    "a bracket for a brace": b'{"policy": 1]',
    "only an opening brace": b"{",
    "only a closing brace": b"}",
    "single quotes": b"{'policy': 'a'}",
    "no quotes": b"{policy: 1}",
    "a comment": b'{"policy": 1 /* why */}',
    "a comment of a line": b'// a sheet\n{"policy": 1}',
    "a comma too many": b'{"policy": "a",}',
    "a comma too many in a list": b'{"policy": [1,]}',
    "two commas": b'{"policy": "a",, "year": 1}',
    "no colon": b'{"policy" "a"}',
    "two colons": b'{"policy":: "a"}',
    "a semicolon": b'{"policy": "a"; "year": 1}',
    "a number as a name": b'{1: "a"}',
    "a name without a value": b'{"policy": }',
    "NaN": b'{"year": NaN}',
    "Infinity": b'{"year": Infinity}',
    "-Infinity": b'{"year": -Infinity}',
    "nan in small letters": b'{"year": nan}',
    "inf": b'{"year": inf}',
    "True as in Python": b'{"year": True}',
    "None as in Python": b'{"year": None}',
    "undefined": b'{"year": undefined}',
    "a zero before a number": b'{"year": 02012}',
    "a plus before a number": b'{"year": +2012}',
    "a number that begins with a point": b'{"year": .5}',
    "a number that ends with a point": b'{"year": 2012.}',
    "two points": b'{"year": 2.0.1}',
    "hexadecimal digits": b'{"year": 0x7DC}',
    "an exponent without digits": b'{"year": 1e}',
    "an underscore in a number": b'{"year": 2_012}',
    "a minus alone": b'{"year": -}',
    "digits of another script": '{"year": ２０１２}'.encode(),
    "an exponent out of range": b'{"facts": {"loans_due": 1e99999999999999999999}}',
    "a negative exponent out of range": b'{"facts": {"loans_due": 1e-99999999999999999999}}',
    "five thousand digits": b'{"facts": {"loans_due": ' + b"9" * 5000 + b"}}",
    "five thousand decimals": b'{"facts": {"loans_due": 0.' + b"1" * 5000 + b"}}",
    "a name twice": b'{"policy": "changzhou-2012", "policy": "changzhou-2012"}',
    "a fact twice": b'{"facts": {"loans_due": 1, "loans_due": 2}}',
    "a name twice, once with an escape": rb'{"policy": "a", "p\u006flicy": "b"}',
    "an empty name twice": b'{"": 1, "": 2}',
    "the last of many names twice": b"{" + b"".join(b'"%d":1,' % each for each in range(6000)) + b'"5999":1}',
    "33 lists deep": b"[" * 33 + b"]" * 33,
    "33 objects deep": b'{"a":' * 33 + b"1" + b"}" * 33,
    "60,000 brackets": b"[" * 60_000,
    "60,000 braces": b'{"a":' * 12_000,
    "deep, and brackets in a string before it": b'{"a":"' + b"]" * 40 + b'","b":' + b"[" * 40 + b"]" * 40 + b"}",
    "an endless string of escaped quotes": b'"' + rb"\"" * 30_000 + b"[]" * 40,
    "60,000 quotes": b'"' * 60_001,
    "60,000 backslashes": b'"' + b"\\" * 60_001,
    "60,000 commas": b"[" + b"," * 60_000 + b"]",
    "a form": b"policy=changzhou-2012&standard=community",
    "XML": b'<?xml version="1.0"?><policy>changzhou-2012</policy>',
    "XML that grows": b'<!DOCTYPE a [<!ENTITY b "aa">]><a>&b;</a>',
    "YAML": b"policy: changzhou-2012\n",
    "a gzip file": gzip.compress(TEXT, mtime=0),
    "HTML": b"<html>",
    "a private number of Python": b'{"year": 2012L}',
}


def broken():
    """Bodies that are no good JSON."""
    return [row(f"JSON: {name}", post(raw), 400, "body_broken", "json_broken ") for name, raw in BROKEN.items()]


LONG = "长" * 201
NO_NAMES = {"null": None, "a number": 1, "a fraction": 1.5, "true": True, "a list": [], "an object": {}, "empty": ""}
NO_YEARS = {
    "null": None,
    "a text": "2012",
    "a fraction": 2012.5,
    "a float": 2012.0,
    "true": True,
    "a list": [2012],
    "an object": {},
    "negative": -2012,
    "three digits": 999,
    "five digits": 10_000,
    "huge": 10**30,
}
NO_OBJECTS = {"a number": 1, "a text": "a", "true": True, "a list": [], "a list of pairs": [["a", 1]]}


def envelopes():
    """Good JSON with the wrong things around the sheet."""
    bad = "request_refused"
    whole = {"null": None, "true": True, "a number": 1, "a text": "a", "a list": [], "a list of one": [GOOD]}
    found = [row(f"the body is {name}", post(value), 422, bad, "value_bad ") for name, value in whole.items()]
    found.append(row("an empty object", post({}), 422, bad, "key_missing /policy", "key_missing /standard"))
    for key in ("policy", "standard"):
        for name, value in {**NO_NAMES, "too long": LONG}.items():
            found.append(row(f"{key}: {name}", post(good(**{key: value})), 422, bad, f"value_bad /{key}"))
    for name, value in NO_YEARS.items():
        found.append(row(f"year: {name}", post(good(policy=..., year=value)), 422, bad, "value_bad /year"))
    digests = {"null": None, "a number": 1, "63 digits": "a" * 63, "capitals": "A" * 64, "other letters": "g" * 64}
    for name, value in digests.items():
        found.append(row(f"policy_hash: {name}", post(good(policy_hash=value)), 422, bad, "value_bad /policy_hash"))
    for key in ("readings", "facts", "self_scores", "reasons", "unit"):
        for name, value in NO_OBJECTS.items():
            found.append(row(f"{key}: {name}", post(good(**{key: value})), 422, bad, f"value_bad /{key}"))
    for name, value in {"a number": 1, "null": None, "true": True, "a list": ["full"]}.items():
        sent = post(good(readings={"loan-steps": value}))
        found.append(row(f"a choice: {name}", sent, 422, bad, "value_bad /readings"))
    for key in (
        "polcy",
        "Policy",
        "POLICY",
        "policy ",
        "standards",
        "fact",
        "self_score",
        "reason",
        "",
        "a/b~c",
        "__proto__",
    ):
        path = "/" + key.replace("~", "~0").replace("/", "~1")
        found.append(row(f"an unknown key {key!r}", post(good(**{key: 1})), 422, bad, f"key_unknown {path}"))
    unknown = "policy_unknown"
    return [
        *found,
        row("no policy and no year", post(good(policy=...)), 422, bad, "key_missing /policy"),
        row("no standard", post(good(standard=...)), 422, bad, "key_missing /standard"),
        row("no facts", post(good(facts=...)), 422, bad, "key_missing /facts"),
        row("facts: null", post(good(facts=None)), 422, bad, "key_missing /facts"),
        row("no unit", post(good(unit=...)), 422, bad, "key_missing /unit"),
        row("unit: null", post(good(unit=None)), 422, bad, "key_missing /unit"),
        row("an unknown policy", post(good(policy="changzhou-2022")), 404, unknown, "policy_unknown /policy"),
        row("a path as a policy", post(good(policy="../../etc")), 404, unknown, "policy_unknown /policy"),
        row("a directory as a policy", post(good(policy="/")), 404, unknown, "policy_unknown /policy"),
        row("a policy with a zero byte", post(good(policy="a\0b")), 404, unknown, "policy_unknown /policy"),
        row("a policy in other letters", post(good(policy="CHANGZHOU-2012")), 404, unknown, "policy_unknown /policy"),
        row("a policy with a blank", post(good(policy="changzhou-2012 ")), 404, unknown, "policy_unknown /policy"),
        row("an unknown standard", post(good(standard="town")), 404, unknown, "standard_unknown /standard"),
        row("a standard upwards", post(good(standard="../village")), 404, unknown, "standard_unknown /standard"),
        row("an unknown year", post(good(policy=..., year=2022)), 404, unknown, "year_unknown /year"),
        row("policy and year differ", post(good(year=2013)), 422, bad, "value_bad /year"),
        row(
            "an unknown reading",
            post(good(readings={"loan-step": "full"})),
            422,
            bad,
            "reading_unknown /readings/loan-step",
        ),
        row(
            "an unknown choice",
            post(good(readings={"loan-steps": "all"})),
            422,
            bad,
            "choice_unknown /readings/loan-steps",
        ),
        row("an empty reading", post(good(readings={"": ""})), 422, bad, "reading_unknown /readings/"),
        row(
            "another policy meant",
            post(good(policy_hash="0" * 64)),
            409,
            "policy_changed",
            "policy_changed /policy_hash",
        ),
    ]


def units():
    """A good envelope around a bad unit."""
    bad, undecided = "request_refused", "sheet_undecided"
    found = []
    for key in ("id", "name", "district"):
        for name, value in {
            "a number": 1,
            "true": True,
            "a list": [],
            "an object": {},
            "empty": "",
            "long": LONG,
        }.items():
            found.append(
                row(f"unit.{key}: {name}", post(good(unit={**UNIT, key: value})), 422, bad, f"value_bad /unit/{key}")
            )
        for name, value in {"blanks": "  ", "a zero byte": "a\0", "a line": "a\nb", "turned round": "a\u202eb"}.items():
            sent = post(good(unit={**UNIT, key: value}))
            found.append(row(f"unit.{key}: {name}", sent, 409, undecided, f"text_unreadable /unit/{key}"))
    for key in ("ID", "names", "distrct", "code"):
        sent = post(good(unit={**UNIT, key: "a"}))
        found.append(row(f"an unknown key {key} of the unit", sent, 422, bad, f"key_unknown /unit/{key}"))
    return found


def facts():
    """A good envelope and unit with bad facts."""
    bad, undecided = "request_refused", "sheet_undecided"
    found = []
    kinds = {
        "computer": {"a number": 1, "a text": "true", "zero": 0, "a list": [True], "an object": {}, "empty": ""},
        "employers_total": {"a text": "46", "a part of one": 46.5, "true": True, "a list": [46], "an object": {}},
        "loans_due": {"a text": "620000", "true": True, "a list": [1], "an object": {}},
        "inspection_points": {"a text": "3", "true": True, "a list": [3]},
        "dispute_ledger": {"a number": 1, "true": True, "a list": ["proper"]},
    }
    for fact, values in kinds.items():
        for name, value in values.items():
            sent = post(with_facts(**{fact: value}))
            found.append(row(f"{fact}: {name}", sent, 422, bad, f"wrong_type /facts/{fact}"))
    bounds = {
        "employers_total": {"negative": -1},
        "loans_due": {"negative": -0.01},
        "inspection_points": {
            "negative": -1,
            "too many": 5,
        },
    }
    for fact, values in bounds.items():
        for name, value in values.items():
            sent = post(with_facts(**{fact: value}))
            found.append(row(f"{fact}: {name}", sent, 422, bad, f"out_of_bounds /facts/{fact}"))
    for name in ("loans_du", "Loans_due", "loans_due ", "贷款", "", "a/b~c", "loans_due\0", "__class__", "x" * 5000):
        path = name if len(name) <= 80 else name[:77] + "…"
        path = path.replace("~", "~0").replace("/", "~1")
        sent = post(with_facts(**{name: 1}))
        found.append(row(f"an unknown fact {name[:20]!r}", sent, 422, bad, f"fact_unknown /facts/{path}"))
    for digits in ("1e400", "1e-400", "1E+999999999", "1E-999999999", "9" * 100, "9" * 3999, "0." + "0" * 3000 + "1"):
        raw = TEXT.replace(b'"loans_due": 620000.0', b'"loans_due": ' + digits.encode())
        found.append(
            row(
                f"loans_due: {digits[:12]}, {len(digits)} signs",
                post(raw),
                409,
                undecided,
                "too_many_digits /facts/loans_due",
            )
        )
    sent = post(with_facts(employers_total=46.0))
    found.append(row("employers_total: a float", sent, 409, undecided, "count_with_decimals /facts/employers_total"))
    for digits in ("0.001", "620000.001", "1e-3", "6200000000001e-7"):
        raw = TEXT.replace(b'"loans_due": 620000.0', b'"loans_due": ' + digits.encode())
        found.append(row(f"loans_due: {digits[:12]}", post(raw), 409, undecided, "too_many_decimals /facts/loans_due"))
    return found


def sheets():
    """What else of a sheet can be bad, and what is missing in a good one."""
    bad, undecided = "request_refused", "sheet_undecided"
    found = []
    for name, value in {"a text": "3", "true": True, "a list": [], "an object": {}}.items():
        sent = post(good(self_scores={"1": value}))
        found.append(row(f"a self score: {name}", sent, 422, bad, "wrong_type /self_scores/1"))
    for no in ("0", "31", "01", "1.0", "-1", "一", "", "x" * 300):
        path = no if len(no) <= 80 else no[:77] + "…"
        sent = post(good(self_scores={no: 1}))
        found.append(row(f"a self score of item {no[:9]!r}", sent, 422, bad, f"item_unknown /self_scores/{path}"))
    for name, value in {"a number": 1, "null": None, "a list": [], "empty": "", "too long": "因" * 2001}.items():
        sent = post(good(reasons={"inspection_points": value}))
        found.append(row(f"a reason: {name}", sent, 422, bad, "value_bad /reasons/inspection_points"))
    many = {f"fact_{each}": 1 for each in range(3000)}
    return [
        *found,
        row("a self score below nothing", post(good(self_scores={"1": -1})), 422, bad, "out_of_bounds /self_scores/1"),
        row("a self score beyond its item", post(good(self_scores={"1": 4})), 422, bad, "out_of_bounds /self_scores/1"),
        row(
            "a self score too fine",
            post(good(self_scores={"1": 1.005})),
            409,
            undecided,
            "too_many_decimals /self_scores/1",
        ),
        row(
            "a reason for a count",
            post(good(reasons={"loans_due": "a"})),
            422,
            bad,
            "reason_for_nothing /reasons/loans_due",
        ),
        row(
            "a reason of blanks",
            post(good(reasons={"inspection_points": " "})),
            409,
            undecided,
            "text_unreadable /reasons/inspection_points",
        ),
        row(
            "an unknown choice of a fact",
            post(with_facts(dispute_ledger="good")),
            422,
            bad,
            "not_a_choice /facts/dispute_ledger",
        ),
        row("a fact missing", post(with_facts(loans_due=...)), 409, undecided, "fact_missing /facts/loans_due"),
        row("a fact null", post(with_facts(computer=None)), 409, undecided, "fact_missing /facts/computer"),
        row("no fact at all", post(good(facts={})), 409, undecided, "fact_missing /facts/computer"),
        row(
            "a part beyond its whole",
            post(with_facts(employers_collected=47)),
            409,
            undecided,
            "part_exceeds_whole /facts/employers_collected",
        ),
        row(
            "a derived fact",
            post(with_facts(loan_repayment_rate=100)),
            422,
            bad,
            "fact_derived /facts/loan_repayment_rate",
        ),
        row(
            "a fact of the village",
            post(with_facts(training_organised=True)),
            422,
            bad,
            "fact_of_other_standard /facts/training_organised",
        ),
        row("three thousand unknown facts", post(good(facts=many)), 422, bad, "fact_unknown /facts/fact_2999"),
        row(
            "wrong in the envelope and in the sheet",
            post(good(policy_hash="0", unit=1, facts={"computer": 1})),
            422,
            bad,
            "value_bad /policy_hash",
            "value_bad /unit",
            "wrong_type /facts/computer",
        ),
    ]


def types():
    """Bodies that say they are something else, and packed ones."""
    bad = "media_type_unsupported"
    kinds = [
        "text/plain",
        "text/json",
        "application/xml",
        "application/x-www-form-urlencoded",
        "multipart/form-data",
        "multipart/form-data; boundary=a",
        "application/octet-stream",
        "application/jsonp",
        "application",
        "json",
        "*/*",
        "application/*",
        "application/json-seq",
        "application/vnd.api+json",
        "application/problem+json",
        "image/png",
        ", application/json",
        "application/json, text/plain",
        "a" * 4000,
        ";",
        "; charset=utf-8",
    ]
    found = [row(f"Content-Type: {kind[:40]}", post(GOOD, kind), 415, bad, "value_bad Content-Type") for kind in kinds]
    for encoding in ("gzip", "GZIP", "deflate", "br", "zstd", "compress", "gzip, gzip", "x-gzip", "aws-chunked"):
        sent = post(gzip.compress(TEXT, mtime=0), JSON, ONE, f"Content-Encoding: {encoding}")
        found.append(row(f"Content-Encoding: {encoding}", sent, 415, bad, "value_bad Content-Encoding"))
    bomb = gzip.compress(b" " * 10_000_000, mtime=0)
    return [
        *found,
        row("no Content-Type", http("POST", ONE, TEXT), 415, bad, "value_bad Content-Type"),
        row("no Content-Type of a batch", http("POST", MANY, TEXT), 415, bad, "value_bad Content-Type"),
        row("an empty Content-Type", post(GOOD, ""), 415, bad, "value_bad Content-Type"),
        row("lines as one sheet", post(GOOD, LINES), 415, bad, "value_bad Content-Type"),
        row("a form as a batch", post([GOOD], "text/csv", MANY), 415, bad, "value_bad Content-Type"),
        row(
            "a small body that grows",
            post(bomb, JSON, ONE, "Content-Encoding: gzip"),
            415,
            bad,
            "value_bad Content-Encoding",
        ),
        row(
            "a packed batch", post(bomb, LINES, MANY, "Content-Encoding: gzip"), 415, bad, "value_bad Content-Encoding"
        ),
        row("two Content-Types", post(GOOD, JSON, ONE, "Content-Type: text/plain"), 400, "request_bad", "http_broken "),
    ]


def methods():
    """Methods that an address does not take."""
    found = []
    for path, right in ROUTES.items():
        wrong = ["PUT", "DELETE", "PATCH", "GET" if right == "POST" else "POST", "TRACE", "PROPFIND"]
        found += [row(f"{each} {path}", http(each, path), 405, "method_not_allowed") for each in wrong]
    found += [
        row(f"{each} {ONE} with a body", http(each, ONE, TEXT), 405, "method_not_allowed") for each in ("GET", "PUT")
    ]
    return found


def addresses():
    """Addresses that lead nowhere, and parameters that mean nothing."""
    gone, unknown, bad = "not_found", "policy_unknown", "request_refused"
    nowhere = [
        "/v1",
        "/v1/",
        "/v2/evaluations",
        "/V1/evaluations",
        "/v1/evaluation",
        "/v1/evaluations/batch/x",
        "/v1/evaluations/..%2f..%2fetc%2fpasswd",
        "/v1/evaluations/../../etc/passwd",
        "/.",
        "/..",
        "/./healthz/x",
        "/%2e%2e/%2e%2e/etc/passwd",
        "/%00",
        "/healthz%00",
        "/healthz%0d%0aX-A:%20b",
        "/favicon.ico",
        "/.env",
        "/.git/config",
        "/wp-login.php",
        "/admin",
        "/docs/assets/",
        "/docs/assets/../../../../etc/passwd",
        "/docs/assets/%2e%2e/%2e%2e/setup.py",
        "/docs/assets/..%5c..%5cx",
        "/docs/assets/%00",
        "/docs/assets/a%00.css",
        "/docs/assets//etc/passwd",
        "/docs/assets/" + "a" * 3000,
        "/docs/nothing.js",
        "/openapi.yaml",
        "/%ff%fe",
        "/healthz;a=b",
        "/healthz.json",
        "/" + "a" * 4000,
        "/" + "a/" * 1900,
        "/" + "%61" * 1300,
        "/%",
        "/%zz",
        "/考核".encode().decode("latin-1"),
        "/v1/policies/changzhou-2012/standards",
        "/v1/policies/changzhou-2012/standards/community/facts",
        "/v1/policies/changzhou-2012/standards/community/facts-schema/x",
        "/v1/policies/a/b/c/d/e",
        "/docs/assets/.",
    ]
    found = [row(f"GET {path[:60]}", http("GET", path), 404, gone) for path in nowhere if path.isascii()]
    for name in (
        "changzhou-2022",
        "Changzhou-2012",
        "changzhou-2012%20",
        "..",
        "%2e%2e",
        "%00",
        "%ff",
        "x" * 3900,
        "1",
        "*",
    ):
        found.append(row(f"the policy {name[:20]}", http("GET", f"{POLICIES}/{name}"), 404, unknown, "policy_unknown "))
    for name in ("town", "Community", "%2e", "%00", "y" * 3900):
        path = f"{POLICIES}/changzhou-2012/standards/{name}"
        found.append(row(f"the standard {name[:20]}", http("GET", path), 404, unknown, "standard_unknown "))
        found.append(
            row(f"the facts of {name[:20]}", http("GET", f"{path}/facts-schema"), 404, unknown, "standard_unknown ")
        )
        found.append(
            row(f"the sample of {name[:20]}", http("GET", f"{path}/sample-sheet"), 404, unknown, "standard_unknown ")
        )
    for query in (
        "a",
        "a=1",
        "policy=changzhou-2012",
        "%00=1",
        "=1",
        "a=%ff",
        "a[]=1",
        "&".join(f"q{i}=1" for i in range(500)),
    ):
        found.append(row(f"{ONE}?{query[:20]}", post(GOOD, JSON, f"{ONE}?{query}"), 422, bad, "key_unknown "))
        found.append(row(f"{POLICIES}?{query[:20]}", http("GET", f"{POLICIES}?{query}"), 422, bad, "key_unknown "))
    for query, code in {
        "polcy=a": "key_unknown /polcy",
        "year=": "value_bad /year",
        "year=12": "value_bad /year",
        "policy=": "value_bad /policy",
        "year=2012.0": "value_bad /year",
        "year=%EF%BC%92012": "value_bad /year",
        "year=2012&year=2012": "value_bad /year",
        "year=+2012": "value_bad /year",
        "year=" + "2" * 3000: "value_bad /year",
        "standard=": "value_bad /standard",
        "policy=" + "a" * 201: "value_bad /policy",
        "policy=a&policy=b": "value_bad /policy",
        "readings=a": "key_unknown /readings",
    }.items():
        found.append(row(f"{MANY}?{query[:24]}", post([GOOD], JSON, f"{MANY}?{query}"), 422, bad, code))
    for query in (
        "reading",
        "reading=",
        "reading=loan-steps",
        "reading=loan-steps=all",
        "reading=a=b",
        "reading==",
        "reading=%00=a",
    ):
        found.append(row(f"{STANDARD}?{query}", http("GET", f"{STANDARD}?{query}"), 404, unknown))
    return found


def heads():
    """Requests that are no good HTTP, or that two servers could read differently."""
    bad = "request_bad"
    host = b"GET /healthz HTTP/1.1\r\nHost: kaohe\r\n"
    body = f"POST {ONE} HTTP/1.1\r\nHost: kaohe\r\nContent-Type: {JSON}\r\n".encode()
    batch = body.replace(ONE.encode(), MANY.encode())
    bare = {
        "HTTP/0.9": b"GET /healthz\r\n\r\n",
        "an HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "HTTP/3.0": b"GET /healthz HTTP/3.0\r\n\r\n",
        "HTTP/1.10": b"GET /healthz HTTP/1.10\r\n\r\n",
        "HTTP/x.y": b"GET /healthz HTTP/x.y\r\n\r\n",
        "http in small letters": b"GET /healthz http/1.1\r\n\r\n",
        "another protocol": b"GET /healthz ICY/1.1\r\n\r\n",
        "no host": b"GET /healthz HTTP/1.1\r\n\r\n",
        "no host for a batch": batch.replace(b"Host: kaohe\r\n", b"") + b"Content-Length: 2\r\n\r\n[]",
        "a host with a path": b"GET /healthz HTTP/1.1\r\nHost: kaohe/a\r\n\r\n",
        "a host with a blank": b"GET /healthz HTTP/1.1\r\nHost: kao he\r\n\r\n",
        "a host with a user": b"GET /healthz HTTP/1.1\r\nHost: me@kaohe\r\n\r\n",
        "a host with two ports": b"GET /healthz HTTP/1.1\r\nHost: kaohe:80:80\r\n\r\n",
        "a host with half a bracket": b"GET /healthz HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "a host in raw UTF-8": "GET /healthz HTTP/1.1\r\nHost: 考核\r\n\r\n".encode(),
        "a bad host in HTTP/1.0": b"GET /healthz HTTP/1.0\r\nHost: <a>\r\n\r\n",
        "a method in small letters": b"get /healthz HTTP/1.1\r\n\r\n",
        "a method with a bracket": b"G[T /healthz HTTP/1.1\r\n\r\n",
        "no method": b" /healthz HTTP/1.1\r\n\r\n",
        "no address": b"GET HTTP/1.1\r\n\r\n",
        "an address without a slash": b"GET healthz HTTP/1.1\r\n\r\n",
        "two addresses": b"GET /healthz /readyz HTTP/1.1\r\n\r\n",
        "a blank in the address": b"GET /health z HTTP/1.1\r\n\r\n",
        "a tabulator for a blank": b"GET\t/healthz\tHTTP/1.1\r\n\r\n",
        "an address in raw UTF-8": "GET /考核 HTTP/1.1\r\n\r\n".encode(),
        "a zero byte in the address": b"GET /\x00 HTTP/1.1\r\n\r\n",
        "only empty lines": b"\r\n" * 4,
        "binary": bytes(range(256)) + b"\r\n\r\n",
        "a mail server's greeting": b"EHLO kaohe\r\n\r\n",
        "a redis command": b"*1\r\n$4\r\nPING\r\n\r\n",
        "a header without a colon": host + b"nothing\r\n\r\n",
        "a header without a name": host + b": a\r\n\r\n",
        "a blank before the colon": host + b"X-A : b\r\n\r\n",
        "a header with a blank in its name": host + b"X A: b\r\n\r\n",
        "a zero byte in a header": host + b"X-A: b\x00c\r\n\r\n",
        "a zero byte in a header's name": host + b"X\x00A: b\r\n\r\n",
        "a return in a header": host + b"X-A: b\rc\r\n\r\n",
        "a folded header": host + b"X-A: b\r\n c\r\n\r\n",
        "a header that begins with a blank": b"GET /healthz HTTP/1.1\r\n Host: kaohe\r\n\r\n",
        "raw bytes in a header's name": host + b"X-\xff: b\r\n\r\n",
        "two hosts": host + b"Host: other\r\n\r\n",
        "an unknown expectation": body + b"Expect: 200-maybe\r\nContent-Length: 2\r\n\r\n{}",
        "two lengths that differ": body + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{} ",
        "two lengths that agree": body + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
        "a list of lengths": body + b"Content-Length: 2, 2\r\n\r\n{}",
        "a negative length": body + b"Content-Length: -2\r\n\r\n{}",
        "a length with a plus": body + b"Content-Length: +2\r\n\r\n{}",
        "a length with a fraction": body + b"Content-Length: 2.0\r\n\r\n{}",
        "a length with an exponent": body + b"Content-Length: 2e0\r\n\r\n{}",
        "a hexadecimal length": body + b"Content-Length: 0x2\r\n\r\n{}",
        "an empty length": body + b"Content-Length: \r\n\r\n{}",
        "a length in words": body + b"Content-Length: two\r\n\r\n{}",
        "a length with an underscore": body + b"Content-Length: 1_0\r\n\r\n{}        ",
        "a length with a blank": body + b"Content-Length: 1 0\r\n\r\n{}        ",
        "a superscript length": body + b"Content-Length: \xb2\r\n\r\n{}",
        "a length of 5,000 digits": body + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n{}",
        "a length and chunks": body + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        "chunks and a length": body
        + b"Transfer-Encoding: chunked\r\nContent-Length: 60\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n",
        "chunked twice": body + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        "chunked on two lines": body + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked, then as it is": body + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        "chunked, then packed": body + b"Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        "packed, and no chunks": body + b"Transfer-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
        "as it is, and no length": body + b"Transfer-Encoding: identity\r\n\r\n{}",
        "chunks under HTTP/1.0": body.replace(b"/1.1", b"/1.0") + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "chunked with a tabulator inside": body + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
        "a chunk of no size": chunked(end=b"\r\n{}\r\n0\r\n\r\n"),
        "a chunk of a bad size": chunked(end=b"zz\r\n{}\r\n0\r\n\r\n"),
        "a chunk of a negative size": chunked(end=b"-2\r\n{}\r\n0\r\n\r\n"),
        "a chunk of a size with 0x": chunked(end=b"0x2\r\n{}\r\n0\r\n\r\n"),
        "a chunk of a size with a plus": chunked(end=b"+2\r\n{}\r\n0\r\n\r\n"),
        "a chunk of a size with a blank before": chunked(end=b" 2\r\n{}\r\n0\r\n\r\n"),
        "a chunk that is longer than it says": chunked(end=b"1\r\n{}\r\n0\r\n\r\n"),
        "a return in what belongs to a chunk": chunked(end=b"2;a\rb\r\n{}\r\n0\r\n\r\n"),
        "a length after the chunks": chunked(b"{}", end=b"0\r\nContent-Length: 5\r\n\r\n"),
        "a host after the chunks": chunked(b"{}", end=b"0\r\nHost: other\r\n\r\n"),
        "something after the chunks": chunked(b"{}", end=b"0\r\nnothing\r\n\r\n"),
        "a batch with a bad chunk": chunked(b"[", target=MANY, end=b"zz\r\n]\r\n0\r\n\r\n"),
    }
    found = [row(f"HTTP: {name}", sent, 400, bad, "http_broken ") for name, sent in bare.items()]
    large, long = "headers_too_large", "address_too_long"
    unsupported = "not_implemented"
    flood = b"".join(b"X-%d: a\r\n" % each for each in range(200))
    return [
        *found,
        row("lines without a return", b"GET /healthz HTTP/1.1\nHost: kaohe\n\n", 400, bad),
        row("200 headers", host + flood + b"\r\n", 431, large, "http_broken "),
        row("30,000 headers", host + flood * 150 + b"\r\n", 431, large),
        row("a header of 9,000 bytes", host + b"X-A: " + b"a" * 9000 + b"\r\n\r\n", 431, large, "http_broken "),
        row("a name of 9,000 bytes", host + b"X" * 9000 + b": a\r\n\r\n", 431, large, "http_broken "),
        row("a header without an end", host + b"X-A: " + b"a" * 2_000_000, 431, large),
        row("a cookie of 20,000 bytes", host + b"Cookie: a=" + b"a" * 20_000 + b"\r\n\r\n", 431, large, "http_broken "),
        row(
            "90 headers of 8,000 bytes and more", host + (b"X-A: " + b"a" * 8000 + b"\r\n") * 120 + b"\r\n", 431, large
        ),
        row("200 headers after the chunks", chunked(b"{}", end=b"0\r\n" + flood + b"\r\n"), 431, large, "http_broken "),
        row(
            "a chunk that ends with a line feed",
            chunked(end=b"2\n{}\n0\n\n\r\n\r\n"),
            400,
            bad,
            "http_broken ",
            ends=True,
        ),
        row("an endless size of a chunk", chunked(end=b"0" * 20_000), 400, bad, "http_broken ", ends=True),
        row("an endless addition to a chunk", chunked(end=b"2;" + b"a" * 20_000), 400, bad, "http_broken ", ends=True),
        row("a method without an end", b"G" * 9000 + b" / HTTP/1.1\r\n\r\n", 414, long, "http_broken "),
        row("a policy of 5,000 letters", http("GET", f"{POLICIES}/{'x' * 5000}"), 414, long, "http_broken "),
        row("6,000 parameters", http("GET", f"{POLICIES}?{'a=1&' * 6000}"), 414, long, "http_broken "),
        row("an address of 9,000 bytes", b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, long, "http_broken "),
        row("an address without an end", b"GET /" + b"a" * 100_000, 414, long),
        row("a query of 9,000 bytes", b"GET /healthz?" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", 414, long, "http_broken "),
        row("an unknown coding", body + b"Transfer-Encoding: foo\r\n\r\n", 501, unsupported, "http_broken "),
        row(
            "an unknown coding, then chunks",
            body + b"Transfer-Encoding: foo, chunked\r\n\r\n0\r\n\r\n",
            501,
            unsupported,
        ),
        row(
            "chunked, misspelt",
            body + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
            501,
            unsupported,
            "http_broken ",
        ),
        row(
            "chunked in quotes",
            body + b'Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n',
            501,
            unsupported,
            "http_broken ",
        ),
        row("an empty coding", body + b"Transfer-Encoding: \r\n\r\n0\r\n\r\n", 501, unsupported, "http_broken "),
        row(
            "packed chunks",
            body + b"Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            501,
            unsupported,
            "value_bad Transfer-Encoding",
        ),
        row(
            "packed chunks of a batch",
            batch + b"Transfer-Encoding: deflate, chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
            501,
            unsupported,
            "value_bad Transfer-Encoding",
        ),
        row("no length", body + b"\r\n", 400, "body_broken", "json_broken "),
        row("a tunnel", b"CONNECT other:80 HTTP/1.1\r\nHost: other:80\r\n\r\n", 404, "not_found"),
        row("every address at once", b"OPTIONS * HTTP/1.1\r\nHost: kaohe\r\n\r\n", 404, "not_found"),
        row(
            "a range beyond the end",
            http("GET", "/docs/assets/swagger-ui.css", b"", "Range: bytes=99999999-"),
            400,
            bad,
        ),
        row(
            "another expects before a bad body",
            body + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\n{",
            400,
            "body_broken",
        ),
    ]


def sizes():
    """Bodies that are too large, and those that end before their time."""
    large, late = "body_too_large", "request_late"
    most, most_batch = LIMITS["body_bytes"], LIMITS["batch_bytes"]
    announced = "Content-Length: 99999999999999999999"
    kind = f"Content-Type: {JSON}"
    piece = b" " * 16_000
    return [
        row("one byte too many", post(TEXT + b" " * (most + 1 - len(TEXT))), 413, large, "body_too_large "),
        row("ten times too many bytes", post(b" " * most * 10), 413, large, "body_too_large "),
        row(
            "a length beyond all bounds",
            http("POST", ONE, b"{}", kind, announced, length=False),
            413,
            large,
            "body_too_large ",
        ),
        row(
            "the same for a batch",
            http("POST", MANY, b"[]", kind, announced, length=False),
            413,
            large,
            "body_too_large ",
        ),
        row("too many bytes in chunks", chunked(TEXT, *[piece] * 5), 413, large, "body_too_large "),
        row("chunks of one byte without an end", chunked(TEXT, *[b" "] * most), 413, large, "body_too_large "),
        row(
            "a chunk of a size beyond all bounds",
            chunked(TEXT, end=b"ffffffffffff\r\n" + b" " * most * 2),
            413,
            large,
            "body_too_large ",
        ),
        row("a batch too large", post(b"[" + b" " * most_batch + b"]", JSON, MANY), 413, large, "body_too_large "),
        row(
            "a batch too large in chunks",
            chunked(b"[", *[piece] * 40, b"]", target=MANY),
            413,
            large,
            "body_too_large ",
        ),
        row("lines too large", post(b"\n" * (most_batch + 1), LINES, MANY), 413, large, "body_too_large "),
        row("too many sheets", post([{}] * 51, JSON, MANY), 413, large, "too_many_sheets "),
        row("too many lines", post(b"{}\n" * 51, LINES, MANY), 413, large, "too_many_sheets "),
        row("too many blank lines", post(b"\n" * 51, LINES, MANY), 413, large, "too_many_sheets "),
        row(
            "asks first, and is too large",
            post(b" " * most * 2, JSON, ONE, "Expect: 100-continue"),
            413,
            large,
            "body_too_large ",
        ),
        row("ends too soon", post(TEXT)[:-1], 408, late, ends=True),
        row(
            "ends where a sheet could end",
            http("POST", ONE, TEXT, kind, f"Content-Length: {len(TEXT) + 1}", length=False),
            408,
            late,
            ends=True,
        ),
        row("a batch that ends too soon", post(TEXT + b"\n" + TEXT, LINES, MANY)[: -len(TEXT)], 408, late, ends=True),
        row("ends in a chunk", chunked(end=b"5\r\n{}"), 408, late, ends=True),
        row("ends after a chunk", chunked(TEXT, end=b""), 408, late, ends=True),
        row("a batch that ends after a chunk", chunked(b"[]", target=MANY, end=b""), 408, late, ends=True),
    ]


def batches():
    """Batches that are broken as a whole, and those with broken sheets in them."""
    whole = {
        "nothing": b"",
        "blanks": b" \n ",
        "null": b"null",
        "an object": TEXT,
        "a number": b"1",
        "a text": b'"[]"',
        "no end": b"[" + TEXT,
        "no end after a comma": b"[" + TEXT + b",",
        "no beginning": TEXT + b"]",
        "an open bracket": b"[",
        "a closed bracket": b"]",
        "a brace for a bracket": b"[" + TEXT + b"}",
        "a bracket for a brace": b"[" + TEXT[:-1] + b"]",
        "two arrays": b"[" + TEXT + b"][" + TEXT + b"]",
        "a word after the end": b"[" + TEXT + b"] end",
        "lines": TEXT + b"\n" + TEXT,
        "a string without an end": b'["abc]',
        "a string of an escaped end": rb'["abc\"]',
        "a mark and nothing": b"\xef\xbb\xbf",
        "two marks": b"\xef\xbb\xbf\xef\xbb\xbf[]",
        "UTF-16": "[{}]".encode("utf-16"),
        "a zero byte before": b"\x00[]",
        "a zero byte after": b"[]\x00",
        "a comment before": b"// a\n[]",
        "one bracket too many": b"[[]]]",
        "parentheses": b"({})",
        "brackets without an end": b"[" * 100_000,
        "braces without an end": b"[" + b"{" * 100_000,
        "quotes": b"[" + b'"' * 99_999,
        "escaped quotes": b'["' + rb"\"" * 50_000,
        "a closed brace": b"[}]",
        "an array after a comma": b"[],",
        "NaN": b"NaN",
    }
    found = [
        row(f"batch: {name}", post(raw, JSON, MANY), 400, "body_broken", "json_broken ") for name, raw in whole.items()
    ]
    inner = {
        "a number": (b"1", "value_bad "),
        "null": (b"null", "value_bad "),
        "a list": (b"[]", "value_bad "),
        "a text with brackets": (b'"[{]}"', "value_bad "),
        "nothing": (b"", "json_broken "),
        "blanks": (b"  ", "json_broken "),
        "NaN": (b"NaN", "json_broken "),
        "two numbers": (b"1 2", "json_broken "),
        "a name twice": (b'{"a":1,"a":2}', "json_broken "),
        "half a character": (rb'"\ud800"', "json_broken "),
        "a stray byte": (b'"\xff"', "json_broken "),
        "crossed": (b"[{]}", "json_broken "),
        "deep": (b"[" * 33 + b"]" * 33, "json_broken "),
        "a mark": (b"\xef\xbb\xbf{}", "json_broken "),
        "a word": (b"sheet", "json_broken "),
        "an empty object": (b"{}", "key_missing /policy"),
        "a line feed in a text": (b'"a\nb"', "json_broken "),
        "an unknown policy": (b'{"policy": "a", "standard": "b"}', "policy_unknown /policy"),
        "an unknown key": (b'{"a": 1}', "key_unknown /a"),
    }
    for name, (raw, code) in inner.items():
        sent = post(b"[" + TEXT + b", " + raw + b", " + TEXT + b"]", JSON, MANY)
        found.append(row(f"an element of a batch: {name}", sent, 200, "", code, refused=(2,)))
        if raw.strip() and b"\n" not in raw:
            sent = post(b"\n".join([TEXT, raw, TEXT]), LINES, MANY)
            found.append(row(f"a line of a batch: {name}", sent, 200, "", code, refused=(2,)))
    return [
        *found,
        row(
            "a batch with a comma too many",
            post(b"[" + TEXT + b",]", JSON, MANY),
            200,
            "",
            "json_broken ",
            refused=(2,),
        ),
        row("a batch of a comma", post(b"[,]", JSON, MANY), 200, "", "json_broken ", refused=(1, 2)),
        row(
            "a batch of an array as a line", post(b"[" + TEXT + b"]", LINES, MANY), 200, "", "value_bad ", refused=(1,)
        ),
        row(
            "a line cut in two",
            post(TEXT.replace(b", ", b",\n", 1), LINES, MANY),
            200,
            "",
            "json_broken ",
            refused=(1, 2),
        ),
    ]


BODIES = {SETTLE: "units", COMPARE: "sheets"}
ASKED = {
    SETTLE: {"policy": "changzhou-2012"},
    COMPARE: {"versions": [{"policy": "changzhou-2012"}, {"year": 2013}]},
}


def cohort(target, elements=({"standard": "community", "unit": UNIT, "facts": FACTS},), **changes):
    """A good request to settle or to compare, changed; `...` leaves a key out."""
    asked = {**ASKED[target], BODIES[target]: list(elements), **changes}
    return post({key: value for key, value in asked.items() if value is not ...}, JSON, target)


def cohorts():
    """Settlements and comparisons that are broken as a whole, badly asked for, or cannot be made."""
    bad, refused, broken_json, large = "request_refused", "cohort_refused", "body_broken", "body_too_large"
    unit = {"standard": "community", "unit": UNIT, "facts": FACTS}
    found = []
    for target, name in BODIES.items():
        at = f"/{name}"
        key = json.dumps(name).encode()
        texts = {
            "nothing": b"",
            "no end": b"{" + key + b": [" + TEXT,
            "no end of the object": b"{" + key + b": []",
            "crossed brackets": b"{" + key + b": [}]",
            "a word in an element": b"{" + key + b": [sheet]}",
            "a name twice in an element": b"{" + key + b': [{"a": 1, "a": 2}]}',
            "half a character in an element": b"{" + key + rb': ["\ud800"]}',
            "deep in an element": b"{" + key + b": [" + b"[" * 33 + b"]" * 33 + b"]}",
            "the units twice": b"{" + key + b": [], " + key + b": []}",
            "no comma behind the units": b"{" + key + b': [] "policy": "a"}',
            "a comma too many": b"{" + key + b": [],}",
            "an element of nothing": b"{" + key + b": [1,,2]}",
            "brackets without an end": b"{" + key + b": " + b"[" * 100_000,
            "quotes": b'{"' * 50_000,
            "two objects": b"{" + key + b": []}{}",
        }
        found += [
            row(f"{target}: {what}", post(raw, JSON, target), 400, broken_json, "json_broken ")
            for what, raw in texts.items()
        ]
        wholes = {"null": b"null", "a number": b"1", "a list": b"[]", "a text": b'"units"'}
        found += [
            row(f"{target}: {what}", post(raw, JSON, target), 422, bad, "value_bad ") for what, raw in wholes.items()
        ]
        for what, value in {"null": None, "a text": "[]", "an object": {}, "true": True}.items():
            sent = cohort(target, **{name: value})
            found.append(row(f"{target}: {name} is {what}", sent, 422, bad, f"value_bad {at}"))
        elements = {
            "a number": (1, f"value_bad {at}/1"),
            "null": (None, f"value_bad {at}/1"),
            "an empty object": ({}, f"key_missing {at}/1/standard"),
            "no facts": ({"standard": "community", "unit": {"id": "a"}}, f"key_missing {at}/1/facts"),
            "an unknown standard": ({**unit, "standard": "town"}, f"standard_unknown {at}/1/standard"),
            "a standard that is a list": ({**unit, "standard": []}, f"standard_unknown {at}/1/standard"),
            "an unknown fact": ({**unit, "facts": {"a/b~": 1}}, f"fact_unknown {at}/1/facts/a~1b~0"),
            "a bad fact": ({**unit, "facts": {**FACTS, "loans_due": "1"}}, f"wrong_type {at}/1/facts/loans_due"),
            "another policy": ({**unit, "policy": "changzhou-2022"}, f"value_bad {at}/1/policy"),
            "an unknown key": ({**unit, "grades": 1}, f"key_unknown {at}/1/grades"),
        }
        for what, (value, code) in elements.items():
            found.append(row(f"{target}: an element: {what}", cohort(target, [unit, value]), 409, refused, code))
        found += [
            row(f"{target}: nothing at all", post({}, JSON, target), 422, bad, f"key_missing {at}"),
            row(f"{target}: an unknown key", cohort(target, unit=1), 422, bad, "key_unknown /unit"),
            row(f"{target}: nobody", cohort(target, []), 409, refused, f"cohort_empty {at}"),
            row(f"{target}: too many", cohort(target, [{}] * 51), 413, large, "too_many_sheets "),
            row(
                f"{target}: too much around them",
                cohort(target, [], policy="a" * 600_000),
                413,
                large,
                "body_too_large ",
            ),
            row(f"{target}: leave_out is a number", cohort(target, leave_out=1), 422, bad, "value_bad /leave_out"),
            row(f"{target}: leave_out is null", cohort(target, leave_out=None), 422, bad, "value_bad /leave_out"),
            row(f"{target}: as lines", post(TEXT, LINES, target), 415, "media_type_unsupported", "value_bad "),
            row(
                f"{target}: a parameter",
                post({}, JSON, f"{target}?policy=changzhou-2012"),
                422,
                bad,
                "key_unknown /policy",
            ),
            row(f"{target}: ends too soon", cohort(target)[:-1], 408, "request_late", ends=True),
        ]
    amounts = {"a text": "1", "true": True, "a list": [1]}
    for key in ("average_standard", "pool"):
        for what, value in amounts.items():
            found.append(row(f"{key}: {what}", cohort(SETTLE, **{key: value}), 422, bad, f"wrong_type /{key}"))
        found += [
            row(f"{key}: negative", cohort(SETTLE, **{key: -1}), 422, bad, f"out_of_bounds /{key}"),
            row(f"{key}: too fine", cohort(SETTLE, **{key: 0.001}), 409, refused, f"too_many_decimals /{key}"),
        ]
    versions = {
        "null": (None, "value_bad /versions"),
        "an object": ({}, "value_bad /versions"),
        "none": ([], "value_bad /versions"),
        "one": ([{"year": 2012}], "value_bad /versions"),
        "nine": ([{"year": 2012}] * 9, "value_bad /versions"),
        "a text": (["changzhou-2012", {}], "value_bad /versions/0"),
        "nothing said": ([{"year": 2012}, {}], "key_missing /versions/1/policy"),
        "a standard": ([{"year": 2012, "standard": "village"}, {"year": 2012}], "key_unknown /versions/0/standard"),
        "an unknown reading": (
            [{"year": 2012}, {"year": 2012, "readings": {"a": "b"}}],
            "reading_unknown /versions/1/readings/a",
        ),
        "a number as a choice": (
            [{"year": 2012}, {"year": 2012, "readings": {"a": 1}}],
            "value_bad /versions/1/readings",
        ),
    }
    for what, (value, code) in versions.items():
        found.append(row(f"versions: {what}", cohort(COMPARE, versions=value), 422, bad, code))
    changed = [{"year": 2012}, {"year": 2012, "policy_hash": "0" * 64}]
    unknown = [{"year": 2012}, {"policy": "changzhou-2022"}]
    shared = [unit, {**unit, "unit": {**UNIT, "name": "b"}}]
    return [
        *found,
        row("no version at all", cohort(COMPARE, versions=...), 422, bad, "key_missing /versions"),
        row(
            "a version that changed",
            cohort(COMPARE, versions=changed),
            409,
            "policy_changed",
            "policy_changed /versions/1/policy_hash",
        ),
        row(
            "an unknown version",
            cohort(COMPARE, versions=unknown),
            404,
            "policy_unknown",
            "policy_unknown /versions/1/policy",
        ),
        row("sheets times versions", cohort(COMPARE, [{}] * 26), 413, large, "too_many_sheets "),
        row("cohort is a text", cohort(COMPARE, cohort="true"), 422, bad, "value_bad /cohort"),
        row("no policy to settle under", cohort(SETTLE, policy=...), 422, bad, "key_missing /policy"),
        row(
            "an unknown policy to settle under",
            cohort(SETTLE, policy="a"),
            404,
            "policy_unknown",
            "policy_unknown /policy",
        ),
        row(
            "an unknown reading to settle under",
            cohort(SETTLE, readings={"a": "b"}),
            422,
            bad,
            "reading_unknown /readings/a",
        ),
        row("a unit twice", cohort(SETTLE, shared), 409, refused, "unit_twice /units/1/unit/id"),
        row(
            "a decision of another policy",
            cohort(
                SETTLE, [{**unit, "grade": "excellent", "policy_hash": "0", "score": 98, "vetoes": [], "policy": "a"}]
            ),
            409,
            refused,
            "decided_otherwise /units/0/policy",
        ),
        row(
            "no district",
            cohort(SETTLE, [{**unit, "unit": {"id": "a"}}]),
            409,
            refused,
            "district_missing /units/0/unit/district",
        ),
        row(
            "an unknown district",
            cohort(SETTLE, [{**unit, "unit": {"id": "a", "district": "a"}}]),
            409,
            refused,
            "district_unknown /units/0/unit/district",
        ),
        row(
            "two kinds of money", cohort(SETTLE, average_standard=1, pool=1), 409, refused, "money_of_other_kind /pool"
        ),
    ]


ROWS = [
    *broken(),
    *envelopes(),
    *units(),
    *facts(),
    *sheets(),
    *types(),
    *methods(),
    *addresses(),
    *heads(),
    *sizes(),
    *batches(),
    *cohorts(),
]
