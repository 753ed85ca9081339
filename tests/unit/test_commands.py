"""What the command line and the Makefile refuse, in one line."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from skylayer.__main__ import main
from skylayer.aws import sam
from skylayer.commands import status
from skylayer.commands.build import agreed_architecture
from skylayer.errors import UserError

ROOT = Path(__file__).parents[2]


def test_the_architecture_of_the_call_or_of_the_environment_or_the_default_holds() -> None:
    assert agreed_architecture(None, None, "default") == "x86_64"
    assert agreed_architecture("arm64", None, "default") == "arm64"
    assert agreed_architecture(None, "arm64", "prod") == "arm64"
    assert agreed_architecture("arm64", "arm64", "prod") == "arm64"


def test_two_architectures_at_once_are_refused() -> None:
    with pytest.raises(UserError, match=r"ARCHITECTURE is arm64.*prod.*Architecture=x86_64"):
        agreed_architecture("arm64", "x86_64", "prod")


def test_an_environment_that_samconfig_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(UserError, match=r"no environment nowhere; it has default, prod, local"):
        sam.overrides("nowhere")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["up", "PROT=4567"], "PROT is not a variable of this verb; it takes PORT"),
        (["status", "PORT=4567"], "PORT is not a variable of this verb; it takes none"),
        (["build", "ARCHITECTURE=riscv"], "ARCHITECTURE is 'riscv'; it must be one of x86_64, arm64"),
        (["build", "ENV=prod", "CONFIG_ENV=staging"], "give one of them"),
        (["predict"], "Give FILE=…: rows as CSV"),
        (["help", "VERB=fly"], "there is no verb 'fly'"),
    ],
)
def test_make_refuses_by_name(arguments: list[str], named: str) -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    done = subprocess.run(
        ["make", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert named in done.stderr


def test_status_fails_and_gives_a_shell_nothing_when_nothing_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(status, "EMULATOR", tmp_path)
    assert main(["status"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "Nothing runs here: make up starts it.\n"
