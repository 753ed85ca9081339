"""Whatever a store does, a function answers in time, says what was wrong, and follows the store once it is well again.

A server on this machine stands in for S3 and DynamoDB and does what neither should.
"""

from __future__ import annotations

import base64
import contextlib
import errno
import json
import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import artifact, hot_swap
from serving.stores import StoreError, deadline, pointer
from serving.stores.open import open_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from serving.model import Model

SHIPPED, WANTED = f"sums/{'a' * 16}", f"sums/{'b' * 16}"
POINTER = pointer.write(pointer.Pointer(SHIPPED))
PLACES = ("s3://bucket/prefix", "dynamodb://table")


class Server:
    """Answers every request by `answer`, which writes to a socket what it likes."""

    def __init__(self) -> None:
        self.answer: Callable[[Any], None] = good
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do(self) -> None:
                outer.asked += 1
                self.rfile.read(int(self.headers.get("content-length") or 0))
                self.close_connection = True
                with contextlib.suppress(OSError):  # the client has had enough
                    outer.answer(self)

            def log_message(self, *_: object) -> None:
                pass

        for method in ("GET", "POST"):
            setattr(Handler, f"do_{method}", Handler.do)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server()
    monkeypatch.setenv("AWS_ENDPOINT_URL", found.url)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    for uri in PLACES:  # imports boto3, which takes longer than a store may here
        open_place(uri, 1.0)
    yield found
    found.close()


def send(handler: Any, status: int, body: bytes, length: int | None = None, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("content-length", str(len(body) if length is None else length))
    for name, value in headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body)


def is_table(handler: Any) -> bool:
    return bool(handler.command == "POST")


def whole(handler: Any, content: bytes) -> bytes:
    """The body of a store that holds a pointer."""
    if not is_table(handler):
        return content
    item = {"content": {"B": base64.b64encode(content).decode()}, "revision": {"N": str(len(content))}}
    return json.dumps({"Item": item}).encode()


def good(handler: Any, content: bytes = POINTER) -> None:
    send(handler, 200, whole(handler, content), etag='"1"')


def drip(handler: Any, text: bytes) -> None:
    for byte in text:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.3)


def drip_body(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("content-length", "1000000")
    handler.send_header("etag", '"1"')
    handler.end_headers()
    handler.wfile.flush()
    drip(handler, b" " * 200)


def drip_headers(handler: Any) -> None:
    drip(handler, b"HTTP/1.1 200 OK\r\nx-more: " + b"a" * 200)


def silence(_: Any) -> None:
    time.sleep(20)


def hang_up(handler: Any) -> None:
    handler.connection.close()


def truncated(handler: Any) -> None:
    body = whole(handler, POINTER)
    send(handler, 200, body[: len(body) // 2], length=len(body), etag='"1"')


def garbage(handler: Any) -> None:
    send(handler, 200, b"\xff\x00<html>", etag='"1"')


def damaged(handler: Any) -> None:
    good(handler, b'{"format": 1, "champion": 3}')


def error(status: int, code: str) -> Callable[[Any], None]:
    def answer(handler: Any) -> None:
        if is_table(handler):
            send(handler, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": "no"}).encode())
        else:
            send(handler, status, f"<Error><Code>{code}</Code><Message>no</Message></Error>".encode())

    return answer


FAULTS: dict[str, Callable[[Any], None]] = {
    "drip body": drip_body,
    "drip headers": drip_headers,
    "silence": silence,
    "hang up": hang_up,
    "truncated": truncated,
    "garbage": garbage,
    "damaged": damaged,
    "500": error(500, "InternalServerError"),
    "503": error(503, "SlowDown"),
    "throttled": error(400, "ProvisionedThroughputExceededException"),
    "denied": error(403, "AccessDenied"),
    "no bucket": error(404, "NoSuchBucket"),
    "no table": error(400, "ResourceNotFoundException"),
    "no json": lambda handler: send(handler, 200, b"[]", etag='"1"'),
    "an array": lambda handler: send(handler, 200, b'{"Item": []}', etag='"1"'),
    "no content": lambda handler: send(handler, 200, b'{"Item": {"revision": {"N": "8"}}}', etag='"1"'),
    "no revision": lambda handler: send(handler, 200, b'{"Item": {"content": {"B": "e30="}}}', etag='"1"'),
    "content is text": lambda handler: send(
        handler, 200, b'{"Item": {"content": {"S": "x"}, "revision": {"N": "8"}}}', etag='"1"'
    ),
}


ENDLESS = (drip_body, drip_headers, silence)


class Clock:
    def __init__(self) -> None:
        self.offset = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.offset


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hot_swap, "monotonic", clock)
    return clock


@pytest.fixture
def failures(caplog: pytest.LogCaptureFixture) -> Callable[[], list[Any]]:
    caplog.set_level(logging.INFO, "skylayer")
    return lambda: [record for record in caplog.records if record.message == "model swap failed"]


def shipped() -> Model:
    name, version = SHIPPED.split("/")
    return cast("Model", SimpleNamespace(reference={"name": name, "version": version}, folder=""))


@pytest.mark.parametrize(
    ("fault", "uri"),
    # Of a table S3 knows nothing.
    [(fault, uri) for fault in FAULTS for uri in PLACES if (fault, uri) != ("no table", PLACES[0])],
)
def test_a_function_answers_in_time_and_follows_the_store_once_it_is_well(  # noqa: PLR0917
    fault: str, uri: str, server: Server, clock: Clock, failures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = hot_swap.STORE_SECONDS
    monkeypatch.setattr(hot_swap, "STORE_SECONDS", 2.0 if FAULTS[fault] in ENDLESS else own)
    server.answer = FAULTS[fault]
    started = time.monotonic()
    swap = hot_swap.HotSwap(shipped(), uri, 10.0)
    # Without a limit it would take hours; the rest is the load of the machine.
    assert time.monotonic() - started < 3 * hot_swap.STORE_SECONDS
    monkeypatch.setattr(hot_swap, "STORE_SECONDS", own)
    assert swap.current().reference["version"] == "a" * 16
    assert len(failures()) == 1, "it says what was wrong"
    server.answer = good
    asked = server.asked
    clock.offset += 11
    assert swap.current().reference["version"] == "a" * 16
    assert server.asked > asked
    assert len(failures()) == 1


@pytest.mark.parametrize("uri", PLACES, ids=["s3", "dynamodb"])
def test_a_damaged_pointer_is_told_each_time_that_it_is_found_damaged(
    uri: str, server: Server, clock: Clock, failures: Any
) -> None:
    swap = hot_swap.HotSwap(shipped(), uri, 10.0)
    server.answer = damaged
    for number in range(1, 4):
        clock.offset += 301
        swap.current()
        swap.current()
        assert len(failures()) == number
    assert "champion in the store's pointer is 3" in failures()[-1].reason


@pytest.mark.parametrize("uri", PLACES, ids=["s3", "dynamodb"])
def test_nobody_is_left_behind_by_a_store_that_drips(uri: str, server: Server) -> None:
    place = open_place(uri, 1.0)
    server.answer = drip_headers
    for _ in range(3):
        with pytest.raises(StoreError, match=r"takes longer than 0.5 s"):
            deadline.within(0.5, lambda: place.read_pointer(None))
    time.sleep(1.0)
    assert [thread for thread in threading.enumerate() if thread.name == "store"] == []


def test_a_download_shares_the_pointer_s_deadline(
    server: Server, failures: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(hot_swap, "STORE_SECONDS", 2.0)

    def answer(handler: Any) -> None:
        if handler.path.endswith("/pointer"):
            good(handler, pointer.write(pointer.Pointer(WANTED)))
        else:
            drip_body(handler)

    server.answer = answer
    started = time.monotonic()
    swap = hot_swap.HotSwap(shipped(), PLACES[0], 10.0, str(tmp_path))
    assert time.monotonic() - started < 12.0
    assert swap.current().reference["version"] == "a" * 16
    (failure,) = failures()
    assert failure.wanted == WANTED
    assert "takes longer than" in failure.reason or "takes too long" in failure.reason
    time.sleep(1.0)
    assert list(tmp_path.iterdir()) == [], "and leaves nothing"


def test_an_error_in_time_is_the_store_s_own() -> None:
    def fail() -> None:
        raise artifact.ArtifactError("altered")

    with pytest.raises(artifact.ArtifactError, match="altered"):
        deadline.within(5.0, fail)
    assert deadline.within(5.0, lambda: 3) == 3


def test_a_full_disk_leaves_the_model_that_was_shipped(
    server: Server, failures: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(**_: object) -> str:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("tempfile.mkdtemp", full)
    server.answer = lambda handler: good(handler, pointer.write(pointer.Pointer(WANTED)))
    swap = hot_swap.HotSwap(shipped(), PLACES[0], 10.0)
    assert swap.current().reference["version"] == "a" * 16
    (failure,) = failures()
    assert "No space left" in failure.reason
