"""What the command line says of a wrong word: one line, exit code 2, no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from skylayer import commands
from skylayer.__main__ import COMMANDS, main


@pytest.mark.parametrize("port", ["abc", "80", "70000", "-1"])
def test_a_wrong_port_is_one_line(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["up", f"--port={port}"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"PORT is {port!r}" in said


@pytest.mark.parametrize("lines", ["x", "0", "-3", ""])
def test_a_wrong_number_of_lines_is_one_line(lines: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["logs", f"--lines={lines}"]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert f"LINES is {lines!r}" in said


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["start_api", "--port=abc"], "PORT is 'abc'"),
        (["start_api", "--memory=lots"], "MEMORY is 'lots'"),
        (["metrics", "--minutes=-5"], "MINUTES is '-5'"),
        (["dashboard", "--minutes=soon"], "MINUTES is 'soon'"),
    ],
)
def test_a_wrong_number_is_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert named in said


def test_an_unknown_verb_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["fly"])
    assert stopped.value.code == 2
    assert "fly" in capsys.readouterr().err


def test_every_verb_has_its_module() -> None:
    assert commands.__file__ is not None
    assert set(COMMANDS) <= {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
