"""The emulator's life: start, find again, stop with nothing left, and what goes wrong between."""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import subprocess
import time
import zipfile
from typing import TYPE_CHECKING

import pytest

from skylayer import project
from skylayer.aws import emulator, local_stack
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """State of an emulator, in a path with spaces, stopped in the end whatever happened."""
    state = tmp_path / "an emulator"
    yield state
    emulator.stop(state)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((emulator.HOST, 0))
        return int(probe.getsockname()[1])


def processes_of(group: int) -> list[str]:
    """Command lines of the living processes of a group."""
    listing = subprocess.run(
        ["ps", "-A", "-ww", "-o", "stat=,pgid=,command="], capture_output=True, text=True, check=True
    ).stdout
    rows = [line.split(None, 2) for line in listing.splitlines()]
    return [command for status, of, command in rows if int(of) == group and not status.startswith("Z")]


def group_of(folder: Path) -> int:
    return int(json.loads((folder / "emulator.json").read_text(encoding="utf-8"))["pid"])


def invoke_a_function(running: emulator.Emulator) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", "def lambda_handler(event, context):\n    return 42\n")
    lambdas = local_stack.client(running, "lambda")
    lambdas.create_function(
        FunctionName="answer",
        Runtime=f"python{project.python_version()}",
        Handler="app.lambda_handler",
        Role="arn:aws:iam::000000000000:role/any",
        Code={"ZipFile": content.getvalue()},
    )
    lambdas.get_waiter("function_active_v2").wait(FunctionName="answer", WaiterConfig={"Delay": 1})
    assert json.loads(lambdas.invoke(FunctionName="answer")["Payload"].read()) == 42


def test_stop_leaves_no_process_not_even_a_worker(folder: Path) -> None:
    running = emulator.start(folder, free_port())
    invoke_a_function(running)
    group = group_of(folder)
    assert any("_worker" in command for command in processes_of(group))
    assert emulator.stop(folder)
    assert processes_of(group) == []
    assert not running.answers()
    assert not emulator.stop(folder)


def test_start_finds_the_one_that_runs(folder: Path) -> None:
    running = emulator.start(folder, free_port())
    assert emulator.start(folder) == running
    assert emulator.start(folder, running.port) == running


def test_an_emulator_that_was_killed_is_replaced_and_its_workers_end(folder: Path) -> None:
    running = emulator.start(folder, free_port())
    invoke_a_function(running)
    killed = group_of(folder)
    os.kill(killed, signal.SIGKILL)
    os.waitpid(killed, 0)
    assert emulator.running(folder) is None
    assert emulator.start(folder, running.port).answers()
    assert processes_of(killed) == []


def test_a_number_that_now_belongs_to_another_program_is_left_alone(folder: Path) -> None:
    with subprocess.Popen(["sleep", "60"], start_new_session=True) as bystander:
        folder.mkdir()
        (folder / "emulator.json").write_text(json.dumps({"pid": bystander.pid, "port": 1}), encoding="utf-8")
        assert emulator.running(folder) is None
        assert not emulator.stop(folder)
        time.sleep(0.1)
        assert bystander.poll() is None
        bystander.kill()


def test_a_state_file_that_is_damaged_is_no_obstacle(folder: Path) -> None:
    folder.mkdir()
    (folder / "emulator.json").write_text("{", encoding="utf-8")
    assert emulator.start(folder, free_port()).answers()


def test_one_that_runs_is_found_without_its_state_file(folder: Path) -> None:
    running = emulator.start(folder, free_port())
    group = group_of(folder)
    for content in ('{"pid": ', "{}", f'{{"pid": {2**30}, "port": 1}}', None):
        if content is None:
            (folder / "emulator.json").unlink()
        else:
            (folder / "emulator.json").write_text(content, encoding="utf-8")
        assert emulator.running(folder) == running
        assert emulator.start(folder, running.port) == running
    assert emulator.running(folder.parent) is None
    assert emulator.stop(folder)
    assert processes_of(group) == []
    assert not emulator.is_taken(running.port)
    assert not emulator.stop(folder)


def test_a_reader_sees_the_whole_state_or_none(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder.mkdir()
    path = folder / "emulator.json"
    path.write_text("old", encoding="utf-8")
    seen = []
    replace = type(path).replace

    def look(draft: Path, target: Path) -> Path:
        seen.append((draft.read_text(encoding="utf-8"), target.read_text(encoding="utf-8")))
        return replace(draft, target)

    monkeypatch.setattr(type(path), "replace", look)
    project.write_at_once(path, "new")
    assert seen == [("new", "old")]
    assert path.read_text(encoding="utf-8") == "new"
    assert [each.name for each in folder.iterdir()] == [path.name]


def test_a_busy_port_is_named_with_a_way_out(folder: Path) -> None:
    with socket.socket() as other:
        other.bind((emulator.HOST, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=rf"Port {port} is taken.*make up PORT=\d+"):
            emulator.start(folder, port)


def test_it_listens_on_this_machine_only(folder: Path) -> None:
    running = emulator.start(folder, free_port())
    with socket.socket() as outside:
        # Another address of the loopback network: refused unless it listens on every interface.
        assert outside.connect_ex(("127.0.0.2", running.port)) != 0


def test_programs_that_speak_to_it_cannot_speak_to_aws(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "secret")
    environment = emulator.Emulator(folder, 1).environment
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
