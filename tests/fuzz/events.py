"""Events for the runtime loop in C: what it answers is what the Python handler gives, in every byte and its log line.

The program runs as on Lambda, with a Runtime API before it and, in the interpreter's place, a stand-in that it hands
events on to. It is held against the handler and the runtime client's own JSON, in this process.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import re
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from fast_start.lambda_runtime import Deployment, Posted, Runtime, deploy

import skylayer
from fuzz import bodies, models
from serving import gateway, log, metrics
from serving.model import Model, load
from serving.schema import Column

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STAND_IN = [sys.executable, "-I", "-S", str(Path(__file__).parents[1] / "fast_start" / "stand_in.py")]
HANDED_ON = b'"handed on"'
FUNCTION = "birds"
# What a stack may be set to: the origin that may call, the least severe message, and whether metrics are on.
SETTINGS: tuple[dict[str, str], ...] = (
    {},
    {"SKYLAYER_CORS_ORIGIN": "*", "SKYLAYER_METRICS": "on"},
    {"SKYLAYER_CORS_ORIGIN": "https://example.com", "SKYLAYER_LOG_LEVEL": "WARN", "SKYLAYER_METRICS": "on"},
    {"SKYLAYER_CORS_ORIGIN": "https://example.com", "SKYLAYER_LOG_LEVEL": "DEBUG"},
)
_CLOCKS = re.compile(rb'("(?:timestamp|latency_ms|Timestamp)": )("[^"]*"|[0-9.e-]+)')
_PATHS = (
    "/health",
    "/ping",
    "/v2/health/live",
    "/v2/health/ready",
    "/model",
    "/predict/",
    "/v2",
    "",
    "/{path+}",
)
_TYPES = (
    "application/json",
    "Application/JSON",
    "application/json; charset=utf-8",
    "text/csv",
    "",
    "application/json ",
)
_ACCEPTED = (
    "application/json",
    "*/*",
    "application/json, text/plain, */*",
    "text/csv",
    "text/html",
    "application/*",
)
_IDS = ("one", "a b", "", "x" * 128, "x" * 129, "é", "tab\t", 'a"b', "the-request-id", "\x7f")
_ODD: tuple[Any, ...] = (None, True, 0, 1.5, [], {}, "text", [{}], "\ud800")


@dataclass(frozen=True)
class Subject:
    """A model deployed for the program, and loaded here."""

    deployment: Deployment
    model: Model
    folder: tempfile.TemporaryDirectory[str]


def subject(name: str = "forest") -> Subject:
    """One of the fuzz models, deployed; the program is the sanitized one where there is one."""
    folder = tempfile.TemporaryDirectory()
    data, target = models.frame()
    artifact = skylayer.package(
        models.fitted()[name],
        data,
        target,
        name=name,
        directory=Path(folder.name, "artifacts"),
        proof_rows=200,
    )
    deployment = deploy(artifact, Path(folder.name, "lambda"))
    if sanitized := os.environ.get("SKYLAYER_FUZZ_START"):
        deployment.program.unlink()
        deployment.program.hardlink_to(sanitized)
    return Subject(deployment, load(deployment.opt / "python" / "model_artifact"), folder)


@contextmanager
def expectation(
    model: Model, settings: dict[str, str]
) -> Iterator[Callable[[bytes, str], tuple[bytes, bytes] | None]]:
    """What gives answer and log lines of the Python handler under settings; None for an event that it fails on."""
    environment = {
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "SKYLAYER_CORS_ORIGIN": "",
        "SKYLAYER_LOG_LEVEL": "INFO",
    }
    with patch.dict(os.environ, environment | settings), ExitStack() as patches:
        patches.enter_context(patch.object(log, "_platform_takes_json", new=True))
        patches.enter_context(patch.object(metrics, "_ENABLED", new=settings.get("SKYLAYER_METRICS") == "on"))
        patches.enter_context(patch.object(metrics, "_FUNCTION", new=FUNCTION))
        patches.enter_context(patch.object(metrics, "_cold", new=True))
        handler = gateway.handler(lambda: model)
        marshaller = LambdaMarshaller()

        def answer(event: bytes, request_id: str) -> tuple[bytes, bytes] | None:
            with contextlib.redirect_stdout(io.StringIO()) as lines:
                try:
                    document = marshaller.unmarshal_request(event)
                    given = handler(document, SimpleNamespace(aws_request_id=request_id))
                    answered, _ = marshaller.marshal_response(given)
                    return answered.encode(), lines.getvalue().encode()
                except Exception:  # noqa: BLE001 - whatever a handler fails with is its error
                    return None

        yield answer
        log._logger.setLevel(20)  # noqa: SLF001


def running(subject: Subject, settings: dict[str, str], log_of: Path, **more: Any) -> Runtime:
    """The program under settings, its lines in the file `log_of`."""
    # A fault must not look like the end that a container error asks for, which is exit code 1.
    sanitizers = {"ASAN_OPTIONS": "detect_leaks=0:exitcode=99", "UBSAN_OPTIONS": "exitcode=99"}
    environment = subject.deployment.environment(**settings, **sanitizers)
    environment["AWS_LAMBDA_FUNCTION_NAME"] = FUNCTION
    command = [str(subject.deployment.program), *STAND_IN]
    return Runtime(command, environment, log_of, **more)


def without_clocks(lines: bytes) -> bytes:
    """Log lines whose moments and durations are left out."""
    return _CLOCKS.sub(rb"\1-", lines)


def disagreement(posted: Posted, written: bytes, expected: tuple[bytes, bytes] | None) -> str | None:
    """What is wrong with an answer; None where it is Python's, or the event was handed on."""
    if posted.body == HANDED_ON:
        return f"it wrote {written!r} and handed the event on" if written else None
    if expected is None:
        return f"it answers {posted.body!r} where Python fails"
    if posted.body != expected[0]:
        return f"it answers {posted.body!r}, Python {expected[0]!r}"
    if without_clocks(written) != without_clocks(expected[1]):
        return f"it logs {written!r}, Python {expected[1]!r}"
    return None


def make(source: random.Random, columns: list[Column]) -> bytes:
    """One event: mostly right, often odd, sometimes broken."""
    oddness = source.choice((0.0, 0.0, 0.03, 0.2))
    event = _event(source, columns, oddness)
    if source.random() < oddness:
        event[source.choice(list(event))] = source.choice(_ODD)
    if source.random() < oddness:
        event.pop(source.choice(list(event)), None)
    members = list(event.items())
    if source.random() < 0.3:
        source.shuffle(members)
    if source.random() < oddness / 2:
        members.append(source.choice(members))
    ascii_only = source.random() < 0.5
    space = source.choice((None, None, 1, "\t"))
    parts = [
        f"{json.dumps(name)}:{json.dumps(value, ensure_ascii=ascii_only, indent=space)}"
        for name, value in members
    ]
    content = bytearray(f"{{{','.join(parts)}}}".encode("utf-8", "surrogatepass"))
    if source.random() < oddness:
        for _ in range(source.choice((1, 1, 3))):
            bodies.damage(source, content)
    return bytes(content)


def _event(source: random.Random, columns: list[Column], oddness: float) -> dict[str, Any]:
    reads = source.random() < 0.15
    path = "/predict" if not reads else source.choice(_PATHS[:4])
    method = "GET" if reads else "POST"
    if source.random() < oddness:
        path = source.choice(_PATHS)
    if source.random() < oddness:
        method = source.choice(("GET", "POST", "post", "HEAD", "PUT"))
    headers: dict[str, Any] = {
        "Host": "api.example.com",
        "User-Agent": 'curl/8 "é"',
        "Content-Type": "application/json",
    }
    if source.random() < 0.5:
        headers["accept"] = source.choice(_ACCEPTED[:3])
    if source.random() < 0.3:
        headers["X-Request-Id"] = source.choice(_IDS[:2])
    if source.random() < oddness:
        name, values = source.choice((
            ("content-type", _TYPES), ("Accept", _ACCEPTED), ("x-request-id", _IDS),
            ("Content-Encoding", ("gzip", "identity", "br")), ("x-other", _ODD), ("\u212a", ("k",)),
        ))  # fmt: skip
        headers[name] = source.choice(values)
    lists: Any = {name: [value] for name, value in headers.items()}
    if source.random() < oddness:
        lists[source.choice(list(lists))] = source.choice(([], ["a", "b"], [None], "text", ["text/csv"]))
    body = (
        None
        if reads
        else bodies.make(source, columns).decode("utf-8", source.choice(("replace", "surrogateescape")))
    )
    context = {
        "stage": "live",
        "requestId": "c",
        "identity": {"sourceIp": "192.0.2.1", "x": [1, -2.5e-3, None, True, []]},
    }
    return {
        "resource": path,
        "path": f"/live{path}",
        "httpMethod": method,
        "headers": source.choice((headers, headers, headers, None)),
        "multiValueHeaders": source.choice((lists, lists, lists, None)),
        "queryStringParameters": {"extra": "ignore"}
        if source.random() < oddness
        else source.choice((None, None, {})),
        "pathParameters": None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": source.random() < oddness / 4,
    }


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Send so many events; return how many the program answered, and how many it handed on.

    Raises:
        AssertionError: It answered one otherwise than Python, or died; the message holds the event.
    """
    answered = 0
    chosen = subject()
    columns = [Column(column) for column in models.schema()["columns"]]
    log_of = Path(chosen.folder.name, "log")
    per_setting = -(-count // len(SETTINGS))
    for index, settings in enumerate(SETTINGS):
        log_of.write_bytes(b"")
        with (
            expectation(chosen.model, settings) as expected,
            running(chosen, settings, log_of, chunked=index % 2 == 1) as runtime,
            log_of.open("rb") as lines,
        ):
            for number in range(index * per_setting, min((index + 1) * per_setting, count)):
                source = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
                event = make(source, columns)
                request_id = source.choice(("the-request-id", "8476a536-e9f4-11e8-9739-2dfe598c3fcd"))
                posted = runtime.invoke(event, request_id)
                answered += posted.body != HANDED_ON
                wrong = disagreement(posted, lines.read(), _expected(posted, expected, event, request_id))
                assert wrong is None, f"event {number} of seed {seed}, {event!r}: {wrong}"
                progress()
    chosen.folder.cleanup()
    return answered, count - answered


def _expected(
    posted: Posted,
    expected: Callable[[bytes, str], tuple[bytes, bytes] | None],
    event: bytes,
    request_id: str,
) -> tuple[bytes, bytes] | None:
    """What Python gives; the first event alone is a cold start's, whoever answers it."""
    if posted.body == HANDED_ON:
        metrics._cold = False  # noqa: SLF001
        return None
    return expected(event, request_id)
