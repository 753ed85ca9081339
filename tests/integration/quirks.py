"""Requests as strangers' clients write them: rare, wrong or merely unusual HTTP, each by a name."""

from __future__ import annotations

import gzip
import io
import json
import zlib
from typing import Any

import artifacts
import numpy as np
from doors import CSV, JSON, Headers, Sent

from serving import limits

BIRD = artifacts.BIRD
BODY = json.dumps({"instances": [BIRD]}).encode()
MANY = json.dumps({"instances": [BIRD] * 200}).encode()
TABLE = b"bill,mass,tagged,island,note\r\n39.1,3750,true,Dream,\r\n"
SPLIT = json.dumps({"dataframe_split": {"columns": [*BIRD], "data": [[*BIRD.values()]]}}).encode()
TENSORS = json.dumps(
    {
        "inputs": [
            {"name": name, "datatype": datatype, "shape": [1], "data": [BIRD[name]]}
            for name, datatype in (
                ("bill", "FP64"),
                ("mass", "INT64"),
                ("tagged", "BOOL"),
                ("island", "BYTES"),
                ("note", "BYTES"),
            )
        ]
    }
).encode()
LONG = b" " * (limits.MAX_BODY_BYTES + 1)


def post(body: bytes = BODY, *headers: tuple[str, str], target: str = "/predict", **more: Any) -> Sent:
    """A POST, of JSON unless its headers say otherwise."""
    named = {name.lower() for name, _ in headers}
    return Sent("POST", target, headers if "content-type" in named else JSON + headers, body, **more)


def get(target: str, *headers: tuple[str, str], method: str = "GET") -> Sent:
    return Sent(method, target, headers)


def typed(kind: str) -> Sent:
    return post(BODY, ("Content-Type", kind))


def accepting(value: str, **more: Any) -> Sent:
    return post(BODY, ("Accept", value), **more)


def twice(name: str, first: str, second: str, *others: tuple[str, str]) -> Sent:
    return post(BODY, (name, first), (name, second), *others)


GZIPPED: Headers = (*JSON, ("Content-Encoding", "gzip"))

METHODS = {
    f"{method} {target}": get(target, method=method)
    for method, target in [
        ("HEAD", "/health"),
        ("HEAD", "/"),
        ("HEAD", "/model"),
        ("HEAD", "/openapi.json"),
        ("HEAD", "/predict"),
        ("HEAD", "/nothing"),
        ("HEAD", "/v2/models/birds"),
        ("HEAD", "/ping"),
        ("GET", "/predict"),
        ("GET", "/invocations"),
        ("PUT", "/predict"),
        ("DELETE", "/predict"),
        ("PATCH", "/model"),
        ("OPTIONS", "/health"),
        ("POST", "/health"),
        ("POST", "/ping"),
        ("POST", "/v2/models/birds"),
        ("DELETE", "/v2/models/birds"),
        ("get", "/health"),
        ("PROPFIND", "/health"),
    ]
}
PATHS = {
    f"the path {target}": get(target)
    for target in [
        "/",
        "/health",
        "/health/",
        "/health?a=1&b=%20",
        "/health?",
        "/HEALTH",
        "/health%20",
        "/%68ealth",
        "/nothing",
        "/predict/extra",
        "/%00",
        "/%ff",
        "/caf%C3%A9",
        "/.env",
        "/model",
        "/openapi.json",
        "/version",
        "/v2",
        "/v2/",
        "/v2/health/live",
        "/v2/models/birds",
        "/v2/models/birds/ready",
        "/v2/models/other",
        "/v2/models/birds/versions/0",
        "/v2/models/caf%C3%A9",
        f"/{'a' * 2000}",
    ]
}
MEDIA_TYPES = {
    f"the type {kind!r}": typed(kind)
    for kind in [
        "",
        "application/json; charset=utf-8",
        "APPLICATION/JSON",
        'application/json;charset="UTF-8"',
        "application/json; charset=latin-1",
        "application/json; boundary=x",
        " application/json ",
        "application/json, text/csv",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/plain",
        "application",
        ";",
        "*/*",
    ]
}
ACCEPTS = {
    f"accepts {value!r}": accepting(value)
    for value in [
        "",
        "*/*",
        "text/csv",
        "text/csv;q=0.5, application/json;q=0.4",
        "text/*",
        "image/png",
        "application/json;q=0",
        "text/csv;q=x",
        ",,,",
        "text/html, */*;q=0.1",
    ]
}
REPEATED = {
    "Accept twice, JSON first": twice("Accept", "application/json", "text/csv"),
    "Accept twice, CSV first": twice("Accept", "text/csv", "application/json"),
    "Accept twice, liked by quality": twice("Accept", "application/json;q=0.1", "text/csv"),
    "Accept twice in two spellings": post(BODY, ("accept", "text/csv"), ("ACCEPT", "image/png")),
    "Content-Type twice, alike": twice("Content-Type", "application/json", "application/json"),
    "Content-Encoding twice": twice("Content-Encoding", "identity", "identity"),
    "an unknown header twice": twice("X-Any", "1", "2"),
    "a hundred headers": post(BODY, *((f"X-{number}", "a") for number in range(80))),
    "a header in Latin-1": post(BODY, ("X-Name", "Z\xfcrich")),
    "an empty header": post(BODY, ("X-Empty", "")),
    "Accept with a tab": accepting("text/csv\t"),
}
BODIES = {
    "a row": post(),
    "a row in chunks": post(chunks=(BODY[:7], BODY[7:8], BODY[8:])),
    "a table in chunks": post(b"", *CSV, chunks=(TABLE[:40], TABLE[40:])),
    "no rows in chunks": post(chunks=(b" ",)),
    "many rows": post(MANY),
    "an empty body": post(b""),
    "no JSON": post(b"{"),
    "JSON with a byte order mark": post(b"\xef\xbb\xbf" + BODY),
    "JSON with NaN": post(BODY.replace(b"39.1", b"NaN")),
    "JSON with a name twice": post(b'{"instances": [], "instances": []}'),
    "rows as lists": post(json.dumps({"instances": [[*BIRD.values()]]}).encode()),
    "no instances": post(b'{"instances": []}'),
    "values of other types": post(json.dumps({"instances": [{name: {} for name in BIRD}]}).encode()),
    "a body that is too long": post(LONG),
    "a body that is too long, in chunks": post(chunks=(LONG[: 2**20],) * 6),
    "a table": post(TABLE, *CSV),
    "a table for a table": post(TABLE, *CSV, ("Accept", "text/csv")),
    "a table for JSON": post(TABLE, *CSV, ("Accept", "application/json")),
    "a table without rows": post(TABLE[:30], *CSV),
    "a table that ends within quotes": post(TABLE + b'"', *CSV),
    "a body with GET": Sent("GET", "/health", JSON, BODY),
    "tensors": post(TENSORS, target="/v2/models/birds/infer"),
    "tensors without inputs": post(b"{}", target="/v2/models/birds/infer"),
    "tensors in chunks": post(target="/v2/models/birds/infer", chunks=(TENSORS,)),
    "a data frame": post(SPLIT, target="/invocations"),
    "a data frame for CSV": post(SPLIT, ("Accept", "text/csv"), target="/invocations"),
    "a data frame of another type": post(SPLIT, ("Content-Type", "text/xml"), target="/invocations"),
}
CODINGS = {
    "a row in gzip": post(gzip.compress(BODY), *GZIPPED),
    "a row in gzip in chunks": post(b"", *GZIPPED, chunks=(gzip.compress(BODY),)),
    "many rows in gzip": post(gzip.compress(MANY), *GZIPPED),
    "Content-Encoding: identity": post(BODY, ("Content-Encoding", "identity")),
    "a row in deflate": post(zlib.compress(BODY), ("Content-Encoding", "deflate")),
    "Content-Encoding: br": post(BODY, ("Content-Encoding", "br")),
    "many rows, gzip accepted": post(MANY, ("Accept-Encoding", "gzip, deflate, br")),
    "many rows, gzip refused": post(MANY, ("Accept-Encoding", "gzip;q=0, *")),
    "a page, gzip accepted": get("/", ("Accept-Encoding", "gzip")),
}
NAMED = {
    "a request with a name": post(BODY, ("X-Request-Id", "abc-1")),
    "a request with a long name": post(BODY, ("X-Request-Id", "a" * 129)),
    "a request with a name that is no text": post(BODY, ("X-Request-Id", "Z\xfcrich")),
    "a page that the client has": get("/", ("If-None-Match", "*")),
    "a page that the client has not": get("/model", ("If-None-Match", '"1", W/"2"')),
    "a document that the client has": get("/openapi.json", ("If-None-Match", "*")),
}
EXTRA = json.dumps({"instances": [{**BIRD, "id": 1}]}).encode()
ARRAY = io.BytesIO()
np.save(ARRAY, np.array([[39.1, 3750.0]]))
NPY: Headers = (("Content-Type", "application/x-npy"),)
PEERS = {
    "an extra column": post(EXTRA),
    "an extra column, ignored": post(EXTRA, target="/predict?extra=ignore"),
    "a parameter twice": post(EXTRA, target="/predict?extra=ignore&extra=no"),
    "a parameter that is percent-encoded": post(EXTRA, target="/predict?%65xtra=ignor%65"),
    "a parameter without a value": post(EXTRA, target="/predict?extra"),
    "a file of NumPy's": post(ARRAY.getvalue(), *NPY, target="/invocations"),
    "a file of NumPy's in chunks": post(b"", *NPY, target="/invocations", chunks=(ARRAY.getvalue(),)),
    "rows alone for NumPy": post(
        json.dumps([[*BIRD.values()]]).encode(), ("Accept", "application/x-npy"), target="/invocations"
    ),
    "rows of JSON lines": post(
        json.dumps([*BIRD.values()]).encode(),
        ("Content-Type", "application/jsonlines"),
        target="/invocations",
    ),
    "KServe's first protocol": post(target="/v1/models/birds:predict"),
    "its models": get("/v1/models"),
    "its models, percent-encoded": get("/v1/models/birds%3Apredict"),
    "what a batch transform asks": get("/execution-parameters"),
}
HANDSHAKE: Headers = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "MDEyMzQ1Njc4OWFiY2RlZg=="),
)
UPGRADES = {
    "a WebSocket handshake": get("/health", *HANDSHAKE),
    "a WebSocket handshake to no route": get("/socket", *HANDSHAKE),
    "a WebSocket handshake to another method's route": get("/predict", *HANDSHAKE),
    "an upgrade to HTTP/2": get("/health", ("Connection", "Upgrade"), ("Upgrade", "h2c")),
}
OWN = {
    "rows for the root": post(target="/"),
    "metrics": get("/metrics"),
    "a file for robots": get("/robots.txt"),
    "an icon": get("/favicon.ico"),
}
QUIRKS: dict[str, Sent] = {
    **METHODS,
    **PATHS,
    **MEDIA_TYPES,
    **ACCEPTS,
    **REPEATED,
    **BODIES,
    **CODINGS,
    **NAMED,
    **PEERS,
    **UPGRADES,
    **OWN,
}

CHUNKED = ("Transfer-Encoding", "chunked")
# What a gateway refuses by itself, and a server hands on, refuses or makes nothing of.
MALFORMED: dict[str, Sent] = {
    "a length that is no number": post(BODY, ("Content-Length", "abc")),
    "a negative length": post(BODY, ("Content-Length", "-1")),
    "a length with a sign": post(BODY, ("Content-Length", "+94")),
    "a length beside chunks of gzip": post(BODY, ("Content-Length", "3"), ("Transfer-Encoding", "gzip")),
    "a chunk without a size": post(b"{}\r\n0\r\n\r\n", CHUNKED),
    "a chunk that is longer than its size": post(b"1\r\n{}\r\n0\r\n\r\n", CHUNKED),
    "a size in Python's notation": post(b"0x2\r\n{}\r\n0\r\n\r\n", CHUNKED),
}
