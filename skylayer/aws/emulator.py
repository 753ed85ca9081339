"""The AWS emulator (ministack) on this machine: started, found again and stopped, on loopback only."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING

from skylayer import project
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
REGION = "us-east-1"
START_SECONDS = 60
STOP_SECONDS = 10


@dataclass(frozen=True)
class Emulator:
    """One emulator: its folder (process id, log, temporary files), and the port that it listens on.

    Both stand in its command line, too, so that it is found where its folder was lost.
    """

    folder: Path
    port: int

    @property
    def endpoint(self) -> str:
        """The address of every AWS service."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """What the emulator itself says."""
        return self.folder / "emulator.log"

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which AWS programs speak to the emulator and can't speak to AWS."""
        return {
            **_without_aws(),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": f"{HOST},localhost",
            "no_proxy": f"{HOST},localhost",
        }

    def answers(self) -> bool:
        """Whether the emulator is ready."""
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=2) as response:  # noqa: S310
                return bool(response.status == 200)  # noqa: PLR2004
        except (OSError, urllib.error.URLError):
            return False


def running(folder: Path) -> Emulator | None:
    """The emulator that was started with this folder, if it is alive and answers."""
    state = _read_state(folder)
    if state is None or not _is_ours(state["pid"]):
        state = _found(folder)
    if state is None:
        return None
    emulator = Emulator(folder, state["port"])
    return emulator if emulator.answers() else None


def start(folder: Path, port: int | None = None, *, on_wait: Callable[[], None] = lambda: None) -> Emulator:
    """The emulator of this folder, started unless it runs already.

    Without a port, one that runs keeps its own; with another port, it is started anew there. `on_wait` is called
    while it starts. Raises UserError if the port is taken or the emulator doesn't come up.
    """
    emulator = running(folder)
    if emulator and port in {None, emulator.port}:
        return emulator
    stop(folder)
    emulator = Emulator(folder, port or DEFAULT_PORT)
    if is_taken(emulator.port):
        raise UserError(
            f"Port {emulator.port} is taken by another program: choose a free one, make up PORT={emulator.port + 1}"
        )
    process = _spawn(emulator)
    deadline = time.monotonic() + START_SECONDS
    while not emulator.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            stop(folder)
            raise UserError(f"The emulator did not start; {emulator.log} says why.")
        on_wait()
        time.sleep(0.1)
    return emulator


def stop(folder: Path) -> bool:
    """Stop the emulator and the Lambda workers it started; True if there was one. State and log go, too."""
    found = False
    for look in (_read_state, _found):
        if state := look(folder):
            found = found or _is_ours(state["pid"])
            _end_group(state["pid"])
    _state_file(folder).unlink(missing_ok=True)
    shutil.rmtree(folder / "tmp", ignore_errors=True)
    return found


def _spawn(emulator: Emulator) -> subprocess.Popen[bytes]:
    temporary = emulator.folder / "tmp"
    shutil.rmtree(temporary, ignore_errors=True)
    temporary.mkdir(parents=True)
    environment = {
        **emulator.environment,
        "GATEWAY_PORT": str(emulator.port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": HOST,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "PERSIST_STATE": "0",
        "LAMBDA_EXECUTOR": "local",
        "STATE_DIR": str(temporary / "state"),
        "TMPDIR": str(temporary),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    with emulator.log.open("wb") as log:
        # A session of its own, so that its Lambda workers can be ended with it and Ctrl-C does not reach it.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, *_marks(emulator), "-m", "ministack"],
            env=environment,
            cwd=emulator.folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    state = json.dumps({"pid": process.pid, "port": emulator.port})
    project.write_at_once(_state_file(emulator.folder), state)
    return process


def _marks(emulator: Emulator) -> list[str]:
    """Options that mean nothing to Python: by them an emulator is found where its file is lost or damaged."""
    return ["-X", f"skylayer_emulator={emulator.folder.resolve()}", "-X", f"skylayer_port={emulator.port}"]


def _found(folder: Path) -> dict[str, int] | None:
    """The emulator of a folder among the machine's processes."""
    mark = re.escape(f" -X skylayer_emulator={folder.resolve()} -X skylayer_port=")
    for pid, _, command in _processes():
        if port := re.search(rf"{mark}(\d+) -m ministack", command):
            return {"pid": pid, "port": int(port[1])}
    return None


def _state_file(folder: Path) -> Path:
    return folder / "emulator.json"


def _read_state(folder: Path) -> dict[str, int] | None:
    try:
        state = json.loads(_state_file(folder).read_text(encoding="utf-8"))
        return {"pid": int(state["pid"]), "port": int(state["port"])}
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _is_ours(pid: int) -> bool:
    """Whether the process is an emulator: after a restart of the machine its number may be another program's."""
    command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    return "ministack" in subprocess.run(command, capture_output=True, text=True, check=False).stdout  # noqa: S603


def _end_group(pid: int) -> None:
    """End the emulator and every process of its group: politely, then not."""
    for sign in (signal.SIGTERM, signal.SIGKILL):
        members = _group(pid)
        for member in members:
            _send(member, sign)
        deadline = time.monotonic() + STOP_SECONDS
        while (members := _group(pid)) and time.monotonic() < deadline:
            _reap(pid)
            time.sleep(0.05)
        if not members:
            return


def _group(pid: int) -> list[int]:
    """The living processes of a group that an emulator leads or led, and that are of its making."""
    return [member for member, group, command in _processes() if group == pid and "ministack" in command]


def _processes() -> list[tuple[int, int, str]]:
    """Number, group and command line of each living process."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "pid=,pgid=,stat=,command="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    rows = [line.split(None, 3) for line in listing.splitlines()]
    return [
        (int(row[0]), int(row[1]), row[3])
        for row in rows
        if len(row) == 4 and not row[2].startswith("Z")  # noqa: PLR2004
    ]


def _send(pid: int, sign: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, sign)


def _reap(pid: int) -> None:
    """Collect the emulator if this very program started it; else init does."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)


def is_taken(port: int) -> bool:
    """Whether another program listens on a port of this machine."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _without_aws() -> dict[str, str]:
    """The environment without what a user has set for the real AWS."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_CLI_"))}
