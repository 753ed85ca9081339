"""Lambda around a runtime: a Runtime API on loopback, and the folders and variables that a managed runtime gets."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from skylayer.packaging import fast_start, layers

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64"}
PATIENCE_SECONDS = 60
BEGINNING = "HTTP/1.1 200 OK\r\n"


@dataclass(frozen=True)
class Deployment:
    """Where the layers and the function lie."""

    opt: Path
    task: Path

    @property
    def program(self) -> Path:
        """The program for this machine."""
        return self.opt / fast_start.FOLDER / f"start-{ARCHITECTURES[platform.machine()]}"

    @property
    def interpreter(self) -> list[str]:
        """The interpreter's command line, as Lambda's bootstrap has it."""
        return [sys.executable, "-m", "awslambdaric", "app.lambda_handler"]

    def environment(self, **more: str) -> dict[str, str]:
        """The variables of a managed runtime, with more of them."""
        return {
            "PATH": os.environ["PATH"],
            "LANG": "en_US.UTF-8",
            "TZ": ":UTC",
            "_HANDLER": "app.lambda_handler",
            "LAMBDA_TASK_ROOT": str(self.task),
            "PYTHONPATH": os.pathsep.join([str(self.task), str(self.opt / "python")]),
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_LOG_FORMAT": "JSON",
            "AWS_LAMBDA_FUNCTION_NAME": "birds",
            **more,
        }


def deploy(artifact: Path, folder: Path) -> Deployment:
    """The layers over one another and the function, as Lambda unpacks them."""
    deployment = Deployment(folder / "opt", folder / "task")
    layers.serving_layer(deployment.opt)
    layers.model_layer(folder / "model", artifact)
    shutil.copytree(folder / "model", deployment.opt, dirs_exist_ok=True)
    layers.function("predict", deployment.task)
    return deployment


class Ended(Exception):
    """The runtime ended; the argument is its exit code."""


@dataclass
class Posted:
    """What a runtime posted: where to, its headers by lower-case name and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """`response` or `error`."""
        return self.path.rpartition("/")[2]


@dataclass
class Runtime:
    """A runtime process with Lambda before it; a context manager.

    `chunked` sends events as RIE sends long ones; `piece` is how many bytes go at a time.
    """

    command: list[str]
    environment: dict[str, str]
    log: Path
    chunked: bool = False
    piece: int = 1 << 20
    process: Any = None
    _connection: socket.socket | None = None
    _in: bytes = b""
    _asked: bool = False
    _listener: socket.socket = field(default_factory=socket.socket)

    def __enter__(self) -> Self:
        """Start it."""
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(8)
        self._listener.settimeout(PATIENCE_SECONDS)
        api = f"127.0.0.1:{self._listener.getsockname()[1]}"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                env={**self.environment, "AWS_LAMBDA_RUNTIME_API": api},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()
        self.drop()
        self._listener.close()

    def drop(self) -> None:
        """Close the connection, as a thaw may find it."""
        if self._connection is not None:
            self._connection.close()
        self._connection, self._in, self._asked = None, b"", False

    def wait(self) -> None:
        """Read the request for the next invocation."""
        if not self._asked:
            asked = self._read()
            assert asked.path == "GET /2018-06-01/runtime/invocation/next", asked
            self._asked = True

    def invoke(
        self,
        event: bytes,
        request_id: str = "the-request-id",
        seconds: float = PATIENCE_SECONDS,
        status: str = "202 Accepted",
        reply: bytes | None = None,
        **headers: str,
    ) -> Posted:
        """Hand an event out and give what comes back, to which `status` is replied.

        With `reply`, those bytes are replied in its place and the connection ends behind them.
        """
        self.wait()
        deadline = int((time.time() + seconds) * 1000)
        given = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request_id,
            "Lambda-Runtime-Deadline-Ms": str(deadline),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-central-1:123456789012:function:birds",
            "Lambda-Runtime-Trace-Id": "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Sampled=1",
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        head = "".join([BEGINNING, *(f"{name}: {value}\r\n" for name, value in given.items())]).encode()
        if self.chunked:
            half = len(event) // 2
            chunks = b"".join(
                b"%x\r\n%s\r\n" % (len(part), part) for part in (event[:half], event[half:]) if part
            )
            self.send(head + b"Transfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        else:
            self.send(head + b"Content-Length: %d\r\n\r\n%s" % (len(event), event))
        self._asked = False
        posted = self._read()
        if reply is not None:
            self.send(reply)
            self.drop()
            return self.last_response() or posted
        self.send(f'HTTP/1.1 {status}\r\nContent-Length: 16\r\n\r\n{{"status":"OK"}}\n'.encode())
        return posted

    def last_response(self) -> Posted | None:
        """Take what comes until the next invocation is asked for; give the last response that came."""
        last = None
        while not self._asked:
            request = self._read()
            if request.path.startswith("GET"):
                self._asked = True
            else:
                last = request
                self.accept()
        return last

    def accept(self) -> None:
        """Reply to a response as Lambda does."""
        self.send(b'HTTP/1.1 202 Accepted\r\nContent-Length: 16\r\n\r\n{"status":"OK"}\n')

    def send(self, content: bytes) -> None:
        """Send bytes in pieces."""
        assert self._connection is not None
        for at in range(0, len(content), self.piece):
            self._connection.sendall(content[at : at + self.piece])

    def _read(self) -> Posted:
        while b"\r\n\r\n" not in self._in:
            self._receive()
        head, _, self._in = self._in.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = int(headers.get("content-length", 0))
        while len(self._in) < size:
            self._receive()
        body, self._in = self._in[:size], self._in[size:]
        return Posted(first.rpartition(" ")[0], headers, body)

    def _accepted(self) -> socket.socket:
        deadline = time.monotonic() + PATIENCE_SECONDS
        self._listener.settimeout(0.2)
        while time.monotonic() < deadline:
            with suppress(TimeoutError):
                return self._listener.accept()[0]
            if self.process.poll() is not None:
                raise Ended(self.process.returncode)
        raise AssertionError("the runtime asks for nothing")

    def _receive(self) -> None:
        if self._connection is None:
            self._connection = self._accepted()
            self._connection.settimeout(PATIENCE_SECONDS)
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            got = self._connection.recv(1 << 20)
        except ConnectionResetError:
            got = b""
        if not got and not self._in:
            self.drop()
        elif not got:
            raise AssertionError(f"the runtime closed in the middle: {self.log.read_text()[-2000:]}")
        self._in += got
