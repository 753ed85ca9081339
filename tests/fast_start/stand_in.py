"""In the interpreter's place: speaks the Runtime API, answers `"handed on"`, and misbehaves when an event says so.

An event `{"do": …}` makes it `die`, `hang`, ask `twice`, answer with `large` many bytes, or `fail` as a handler does.
With STAND_IN=init-error it fails before it asks for anything; STAND_IN=hang, it never asks.
"""

import json
import os
import socket
import sys
import time
from typing import BinaryIO, cast

ANSWER = b'"handed on"'


def main() -> None:
    """Answer until there is nobody to answer to."""
    host, _, port = os.environ["AWS_LAMBDA_RUNTIME_API"].partition(":")
    connection = socket.create_connection((host, int(port)))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = cast("BinaryIO", connection.makefile("rwb"))
    way = os.environ.get("STAND_IN", "")
    if way == "init-error":
        document = b'{"errorMessage": "no such module", "errorType": "Runtime.ImportModuleError"}'
        ask(
            stream,
            "POST",
            "init/error",
            document,
            "Lambda-Runtime-Function-Error-Type: Runtime.ImportModuleError\r\n",
        )
        sys.exit(1)
    while way == "hang":
        time.sleep(1)
    while True:
        headers, event = ask(stream, "GET", "invocation/next")
        invocation = headers["lambda-runtime-aws-request-id"]
        try:
            order = json.loads(event)["do"]
        except (ValueError, KeyError, TypeError):
            order = ""
        if order == "die":
            os._exit(3)
        while order == "hang":
            time.sleep(1)
        if order == "twice":
            ask(stream, "GET", "invocation/next")
        if order == "fail":
            cause = "Lambda-Runtime-Function-XRay-Error-Cause: " + "x" * 100_000 + "\r\n"
            ask(stream, "POST", f"invocation/{invocation}/error", b'{"errorType": "ValueError"}', cause)
            continue
        answer = b'"%s"' % (b"x" * json.loads(event)["bytes"]) if order == "large" else ANSWER
        if order == "environment":
            answer = json.dumps({**os.environ, "headers": headers}).encode()
        ask(stream, "POST", f"invocation/{invocation}/response", answer)


def ask(
    stream: BinaryIO, method: str, path: str, body: bytes = b"", more: str = ""
) -> tuple[dict[str, str], bytes]:
    """Send a request and give the headers and the body of the answer."""
    head = f"{method} /2018-06-01/runtime/{path} HTTP/1.1\r\nHost: here\r\n{more}Content-Length: {len(body)}\r\n\r\n"
    stream.write(head.encode() + body)
    stream.flush()
    if not stream.readline():
        sys.exit(4)
    headers = {}
    while line := stream.readline().strip():
        name, _, value = line.decode().partition(":")
        headers[name.lower()] = value.strip()
    return headers, stream.read(int(headers.get("content-length", 0)))


main()
