"""What may be wrong with a request: its document, its text, its bytes, its headers, its size."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from fuzz.wire.flawless import CSV, JSON, LINES, NPY, Maker, Sent
from serving import limits

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

LITERAL = "\x01a number\x01"  # JSON has none of these digits in Python: they are put in its text
_DIGITS = ("9" * 30, "9" * 401, "-" + "9" * 4300, "9" * 4301, "0." + "3" * 5000, "1e400", "-1e-400", "1" * 20)
_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 3.5, 2**31, 2**63, -(2**63), 1e308, 5e-324, float("nan"), float("inf"),
    "", " ", "NaN", "true", "1", "1e400", "2024-02-30", "9999-12-31T24:00", "\x00", "\u2028", "\ud800",
    "\ufffd", "=1+1", "x" * 300, "x" * 70_000, [], {}, [1], [[[[1]]]], {"a": 1}, LITERAL, [LITERAL, LITERAL],
)  # fmt: skip
_TOKENS = (
    "{", "}", "[", "]", ",", ":", '"', "\\", "\\u", "\\ud800", "1e400", "-", "0", "01", "1.", "NaN", "Infinity",
    "null", "tru", "\ufeff", "\x00", "\ufffd", "\n", "\r", " ", "é", "\N{PENGUIN}", "\x1f", "/", "'", ";", "9" * 5000,
)  # fmt: skip
_NAMES = ("", "id", "instances", "inputs", "0", "colour", "a/b~c", "\ud800", "![p](http://a)", "x" * 5000)
_HEADERS: tuple[tuple[str, Any], ...] = (
    ("content-type", "text/csv; header=absent"),
    ("content-type", "application/json; charset=latin-1"),
    ("content-type", ";;=,"),
    ("content-type", "\ud800"),
    ("content-encoding", "gzip"),
    ("content-encoding", "br"),
    ("accept", "text/csv; guard=formulas"),
    ("accept", "application/x-npy"),
    ("accept", "application/jsonlines"),
    ("accept", "*/*;q=x, ,;"),
    ("accept", "text/csv;q=1e400, application/json;q=nan"),
    ("accept", "a/b," * 2_000),
    ("x-request-id", "a\nb"),
    ("x-request-id", "9" * 5_000),
    ("if-none-match", "*"),
    ("inference-header-content-length", "7"),
    ("x-amz-meta", None),
)
_PATHS = (
    "/", "/model", "/openapi.json", "/health", "/ping", "/version", "/execution-parameters", "/v2", "/v2/health/ready",
    "/v1/models",
    "/v2/models/\ud800/infer", "/v1/models/:predict", "/nothing", "/predict//", "/\x00", "/" + "a" * 9_000,
)  # fmt: skip
_METHODS = ("GET", "HEAD", "PUT", "OPTIONS", "PROPFIND", "", "\ud800")
_QUERIES: tuple[dict[str, str], ...] = (
    {"extra": "ignore"},
    {"extra": "\ud800"},
    {"extra": "9" * 5_000},
    {"a": "b"},
    {},
)


def event_of(sent: Sent) -> dict[str, Any]:
    """The event of a REST API."""
    binary = isinstance(sent.body, bytes)
    return {
        "httpMethod": sent.method,
        "resource": sent.path,
        "path": sent.path,
        "headers": {"content-type": sent.kind, **sent.headers},
        "body": base64.b64encode(sent.body).decode() if isinstance(sent.body, bytes) else sent.body,
        "isBase64Encoded": binary,
        "queryStringParameters": sent.query,
    }


def unusual(event: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    """An event as it is or, now and then, one that no gateway would send."""
    part = chance.random()
    if part < 0.02:
        return {**event, chance.choice(("headers", "body", "queryStringParameters", "resource")): None}
    if part < 0.04 and event["isBase64Encoded"]:
        return {**event, "body": event["body"][:-1] + chance.choice(("", "=", "\ud800"))}
    return event


def damaged(maker: Maker, chance: random.Random) -> Sent:
    """A request with something wrong with it, mostly one thing."""
    if chance.random() < 0.01:
        return _large(maker, chance)
    sent = maker.request(chance, chance.choice((1, 1, 2, 3, 40)))
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        sent = chance.choice(_WAYS)(sent, chance)
    return sent


def _document(sent: Sent, chance: random.Random) -> Sent:
    """Another value, name or length somewhere in a document."""
    if sent.document is None:
        return _text(sent, chance)
    document = json.loads(json.dumps(sent.document))
    place = document
    for _ in range(chance.randrange(8)):
        inner = [*place.values()] if isinstance(place, dict) else place
        deeper = [each for each in inner if isinstance(each, (dict, list)) and each]
        if not deeper:
            break
        place = chance.choice(deeper)
    _change(place, chance)
    text = json.dumps(document, ensure_ascii=chance.random() < 0.5)
    text = text.replace(json.dumps(LITERAL), chance.choice(_DIGITS))
    return replace(sent, body=text, document=document)


def _change(place: Any, chance: random.Random) -> None:
    value = chance.choice(_VALUES)
    if isinstance(place, dict):
        name = chance.choice([*place, *place, *place, *_NAMES])
        if chance.random() < 0.2:
            place[chance.choice(_NAMES)] = place.pop(name, value)
        elif chance.random() < 0.2:
            place.pop(name, None)
        else:
            place[name] = value
        return
    at = chance.randrange(len(place)) if place else 0
    part = chance.randrange(4)
    if part == 0:
        place[at : at + 1] = []
    elif part == 1:
        place.extend(place[at:])
    else:
        place[at : at + 1] = [value]


def _text(sent: Sent, chance: random.Random) -> Sent:
    """A piece cut out, doubled or replaced."""
    if isinstance(sent.body, bytes):
        return _bytes(sent, chance)
    text = sent.body
    start = chance.randrange(len(text) + 1)
    end = min(len(text), start + chance.choice((0, 1, 1, 5, 50)))
    new = chance.choice(("", text[start:end] * 2, chance.choice(_TOKENS), text[: chance.randrange(99)]))
    return replace(sent, body=text[:start] + new + text[end:], document=None)


def _bytes(sent: Sent, chance: random.Random) -> Sent:
    """Other bytes, so that a gateway passes them on in base64."""
    body = bytearray(sent.body if isinstance(sent.body, bytes) else sent.body.encode("utf-8", "replace"))
    for _ in range(chance.choice((1, 2, 8))):
        at = chance.randrange(len(body)) if body else 0
        body[at : at + chance.choice((0, 1, 1, 4))] = chance.randbytes(chance.choice((0, 1, 1, 4)))
    return replace(sent, body=bytes(body), document=None)


def _lost(sent: Sent, chance: random.Random) -> Sent:
    """A letter that was no UTF-8 and that a gateway has replaced."""
    if isinstance(sent.body, bytes) or not sent.body:
        return _bytes(sent, chance)
    at = chance.randrange(len(sent.body))
    return replace(sent, body=sent.body[:at] + "\ufffd" + sent.body[at + 1 :], document=None)


def _header(sent: Sent, chance: random.Random) -> Sent:
    name, value = chance.choice(_HEADERS)
    packed = (name, value) == ("content-encoding", "gzip") and isinstance(sent.body, bytes)
    body = gzip.compress(sent.body) if packed and isinstance(sent.body, bytes) else sent.body
    return replace(sent, body=body, headers={**sent.headers, name: value})


def _elsewhere(sent: Sent, chance: random.Random) -> Sent:
    """Another path, method, query or media type than the body is for."""
    changes: list[dict[str, Any]] = [
        {"path": chance.choice(_PATHS)},
        {"path": chance.choice(("/predict", "/invocations"))},
        {"path": chance.choice(_PATHS), "method": chance.choice(_METHODS)},
        {"method": chance.choice(_METHODS)},
        {"kind": chance.choice((JSON, CSV, LINES, NPY, "application/octet-stream"))},
        {"query": chance.choice(_QUERIES)},
    ]
    return replace(sent, **chance.choice(changes))


_WAYS: list[Callable[[Sent, random.Random], Sent]] = [
    *[_document] * 4, *[_text] * 3, _bytes, _lost, _header, _elsewhere,
]  # fmt: skip


def _large(maker: Maker, chance: random.Random) -> Sent:
    """About as much as a request may hold: rows, names, depth, digits, one text."""
    longest = limits.MAX_BODY_BYTES
    row = json.dumps(chance.choice(maker.rows))
    piece = chance.choice((
        row + ",", "[", '{"a":', "9", '"x",', "[],", ",", "\n", '"', "\\u00e9", '{"inputs":[', "1,", "\N{PENGUIN}",
    ))  # fmt: skip
    many = longest // len(piece.encode()) + chance.choice((-200, -1, 1))
    before, after = chance.choice(
        (("", ""), ('{"instances":[', row + "]}"), ('{"inputs":[', "]}"), ("[", "]"))
    )
    text = before + piece * max(1, min(many, chance.choice((longest, longest, 100_000)))) + after
    path = chance.choice(("/predict", "/invocations", f"/v2/models/{maker.name}/infer"))
    kind = chance.choice((JSON, JSON, CSV, LINES) if path == "/invocations" else (JSON, JSON, CSV))
    if chance.random() < 0.4:
        return maker.request(chance, min(maker.model.most_rows, chance.choice((100, 1_000, 10_000))))
    return Sent(path, kind, text)
