"""One Lambda environment on loopback: AWS's Runtime Interface Emulator and the real runtime client."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import platform
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from benchmarks.bytecode import INTERPRETER
from skylayer.aws.proxy_event import proxy_event

if TYPE_CHECKING:
    from types import TracebackType

    from benchmarks.allotment import Allotment

HERE = Path(__file__).resolve().parent
_STARTING = threading.Lock()
INVOKE = "/2015-03-31/functions/function/invocations"
ARCHITECTURES = {"x86_64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
# One thread each, and nothing of the shell that started the benchmark.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "TZ": ":UTC",
    "AWS_LAMBDA_FUNCTION_NAME": "benchmark",
    "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
    "AWS_LAMBDA_LOG_FORMAT": "JSON",
    "AWS_LAMBDA_LOG_LEVEL": "INFO",
    "AWS_REGION": "eu-central-1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


class Refused(Exception):
    """The function answered something else than 200."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What came back, the moment of asking (monotonic clock, seconds) and how long it took (seconds)."""

    body: dict[str, Any]
    asked: float
    seconds: float


class Emulator:
    """A function that isn't started before its first invocation, as on Lambda; a context manager."""

    def __init__(
        self,
        folders: tuple[Path, ...],
        *,
        handler: str = "app.lambda_handler",
        entry: str = "bootstrap.py",
        environment: dict[str, str] | None = None,
        wrapper: Path | None = None,
        allotment: Allotment | None = None,
        megabytes: int = 1_769,
        timeout: float = 120,
    ) -> None:
        """Serve the first of `folders`, the function's own, with all of them importable, in this order.

        With `wrapper`, that is started with the interpreter's command line as its arguments.
        """
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  closed on exit
        self._allotment = allotment
        with _STARTING:  # until it listens, another thread could draw the same port
            port, runtime_port = _free_ports()
            python = [str(INTERPRETER), "-I", "-S", "-B", str(HERE / entry), handler, *map(str, folders)]
            if wrapper:
                python = [str(wrapper), *python]
            command = [str(_binary()), "--log-level", "error"]
            command += ["--runtime-interface-emulator-address", f"127.0.0.1:{port}"]
            command += ["--runtime-api-address", f"127.0.0.1:{runtime_port}"]
            self._process = subprocess.Popen(
                command + (allotment.wrap(python) if allotment else python),
                cwd=folders[0],
                env={
                    **ENVIRONMENT,
                    "LAMBDA_TASK_ROOT": str(folders[0]),
                    "_HANDLER": handler,
                    "AWS_LAMBDA_FUNCTION_TIMEOUT": str(int(timeout)),
                    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(megabytes),
                    **(environment or {}),
                },
                stdout=self._log,
                stderr=subprocess.STDOUT,
            )
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout + 10)
            _wait_until_listening(port, self._process)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the emulator, and the runtime with it."""
        self._connection.close()
        runtime = self._runtime_process()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if runtime:
            with suppress(ProcessLookupError):
                os.kill(runtime, 9)
        self._log.close()

    def invoke(self, event: bytes) -> Answer:
        """Ask and wait. Raises `Refused` unless the function itself answers, with status 200."""
        asked = time.monotonic()
        try:
            self._connection.request("POST", INVOKE, event)
            content = self._connection.getresponse().read()
        except OSError as error:
            raise Refused(0, f"no answer: {error}; {self.log()}") from error
        seconds = time.monotonic() - asked
        try:
            body = json.loads(content)
        except ValueError:
            raise Refused(0, f"{content[:300]!r}; {self.log()}") from None
        status = body.get("statusCode", 200 if "errorMessage" not in body else 0)
        if status != http.client.OK:
            raise Refused(status, f"{content[:500].decode(errors='replace')}; {self.log()}")
        return Answer(body, asked, seconds)

    def peak_memory(self) -> int:
        """Give the runtime process's peak resident memory (VmHWM of /proc/PID/status) in bytes."""
        status = Path(f"/proc/{self._runtime_process()}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024

    def log(self) -> str:
        """Give the last of what the function and the emulator wrote."""
        self._log.seek(0)
        return self._log.read()[-1_500:].decode(errors="replace").strip()

    def _runtime_process(self) -> int | None:
        children: list[str] = []
        for thread in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            with suppress(OSError):
                children += thread.read_text().split()
        return int(children[0]) if children else None


def event(body: dict[str, Any], path: str = "/predict", method: str = "POST") -> bytes:
    """Make the event that every variant gets."""
    return json.dumps(proxy_event(method, path, body or None)).encode()


def _binary() -> Path:
    package = importlib.util.find_spec("samcli")
    machine = ARCHITECTURES.get(platform.machine())
    if platform.system() != "Linux" or not machine:
        raise SystemExit("error: the Runtime Interface Emulator needs Linux on x86_64 or arm64")
    if not package or not package.submodule_search_locations:
        raise SystemExit("error: aws-sam-cli isn't installed\n  run: uv sync --group local --group bench")
    binary = Path(package.submodule_search_locations[0]) / f"local/rapid/aws-lambda-rie-{machine}"
    if not os.access(binary, os.X_OK):
        binary.chmod(binary.stat().st_mode | 0o111)
    return binary


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


def _wait_until_listening(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.002)
    process.kill()
    raise RuntimeError(f"the Runtime Interface Emulator didn't listen on port {port}")
