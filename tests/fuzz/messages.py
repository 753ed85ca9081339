"""Damaged answers of the Runtime API: the runtime loop neither faults nor hangs, and is whole for the next one.

A connection ends behind each damaged answer, so that the loop can't wait for more of it. It asks again, once; then it
gets an answer as it should be, and has to answer a prediction. Where Lambda says that something is wrong with the
runtime's container, it ends, as it must.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import TYPE_CHECKING

from fast_start.lambda_runtime import Ended

from fuzz import events

if TYPE_CHECKING:
    from collections.abc import Callable

    from fast_start.lambda_runtime import Runtime

_EVENT = (
    b'{"resource": "/predict", "httpMethod": "POST", "headers": {}, "body": '
    b'"{\\"instances\\": [[41.25, 12, true, \\"x\\", \\"p\\"]]}"}'
)
_HEADERS = (
    b"Content-Type: application/json", b"Lambda-Runtime-Aws-Request-Id: 1", b"Lambda-Runtime-Deadline-Ms: 1",
    b"Lambda-Runtime-Trace-Id: Root=1", b"Lambda-Runtime-Client-Context: {}", b"Connection: close",
    b"Expect: 100-continue",
    b"Lambda-Runtime-Aws-Request-Id: " + b"x" * 300, b"A" * 9000 + b": b", b":", b"no colon", b"Content-Length: 3",
    b"Content-Length: -1", b"Content-Length: 99999999999999999999", b"Content-Length: 1e3", b"Transfer-Encoding: gzip",
    b"Lambda-Runtime-Deadline-Ms: 99999999999999999999999", b"Lambda-Runtime-Invocation-Id: 2", b"\x00: \xff",
)  # fmt: skip
_FIRST = (
    b"HTTP/1.1 200 OK", b"HTTP/1.1 200", b"HTTP/1.0 200 OK", b"HTTP/1.1 500 No", b"HTTP/1.1 403 No", b"HTTP/1.1", b"",
    b"GET / HTTP/1.1", b"HTTP/1.1 2x0 OK", b"HTTP/1.1 999999 OK",
)  # fmt: skip
_SIZES = (b"0", b"1", b"5", b"10", b"ffffffff", b"ffffffffffffffffffff", b"-1", b"", b"g", b"5;a=b", b" 5 ")


def make(source: random.Random) -> bytes:
    """One answer: made of wrong parts, or a right one that was damaged."""
    first = source.choice(_FIRST) if source.random() < 0.3 else _FIRST[0]
    headers = [*_HEADERS[:2], *source.sample(_HEADERS, source.choice((0, 0, 1, 3)))]
    if source.random() < 0.5:
        body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(_EVENT), _EVENT)
        if source.random() < 0.5:
            parts = [b"%s\r\n%s\r\n" % (source.choice(_SIZES), _EVENT[:16]) for _ in range(3)]
            body = b"".join(parts)
        headers.append(b"Transfer-Encoding: chunked")
    else:
        body = _EVENT
        headers.append(b"Content-Length: %d" % (len(body) + source.choice((0, 0, 0, 7, -7))))
    content = bytearray(b"\r\n".join([first, *headers, b"", b""]) + body)
    for _ in range(source.choice((0, 1, 1, 4))):
        _damage(source, content)
    return bytes(content)


def _damage(source: random.Random, content: bytearray) -> None:
    at = source.randrange(len(content)) if content else 0
    what = source.randrange(3)
    if what == 0 and content:
        content[at] ^= 1 << source.randrange(8)
    elif what == 1:
        content[at:at] = source.choice((b"\r\n", b"\r\n\r\n", b"\n", b"\x00", b":", b" ", b"0" * 40, b"\xff"))
    else:
        del content[at : at + source.choice((1, 5, 10_000))]


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> tuple[int, int]:
    """Answer the loop so many times wrongly; return how often it went on, and how often it ended with exit code 1.

    Raises:
        AssertionError: It faulted, hung or was not whole afterwards; the message holds the answer.
    """
    chosen = events.subject("logistic")
    log_of = Path(chosen.folder.name, "log")
    ended = number = 0
    while number < count:
        log_of.write_bytes(b"")
        with events.running(chosen, {}, log_of) as runtime:
            while number < count:
                source = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
                content, refused = make(source), source.random() < 0.2
                number += 1
                progress()
                try:
                    _answer(runtime, content, refused=refused)
                    assert json.loads(runtime.invoke(_EVENT).body)["statusCode"] == 200
                except Ended as end:
                    if end.args != (1,):
                        said = log_of.read_text(errors="replace")[-3000:]
                        raise AssertionError(
                            f"message {number - 1} of seed {seed}, {content!r}: {said}"
                        ) from end
                    ended += 1
                    break
                except (AssertionError, OSError) as error:
                    raise AssertionError(
                        f"message {number - 1} of seed {seed}, {content!r}: {error!r}"
                    ) from error
    chosen.folder.cleanup()
    return count - ended, ended


def _answer(runtime: Runtime, content: bytes, *, refused: bool) -> None:
    """Reply to the request for an invocation or, `refused`, to a response."""
    if refused:
        runtime.invoke(_EVENT, reply=content)
        return
    runtime.wait()
    runtime.send(content)
    runtime.drop()
    runtime.last_response()
