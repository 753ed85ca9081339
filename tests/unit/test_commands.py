"""What the command line and the Makefile refuse, in one line."""

from __future__ import annotations

import os
import re
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
        (["PROT=4567"], "PROT"),
        (["ARCHITECTURE=riscv"], "ARCHITECTURE is riscv"),
        (["predict"], "FILE=rows.csv"),
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


def test_make_takes_every_variable_that_it_uses() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    taken = set(re.findall(r"^VARIABLES := (.*)$", text, re.MULTILINE)[0].split())
    shown = {name for line in text.splitlines() if "##" in line for name in re.findall(r"\b([A-Z]+)=", line)}
    printed = {"URL", "KEY", "ENGINE"}
    assert shown - printed <= taken


def test_make_lists_its_verbs_one_line_each() -> None:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    done = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    listed = [line.split()[1] for line in done.stdout.splitlines() if line.startswith("  make ")]
    assert {"up", "down", "status", "logs", "train", "build", "deploy", "predict", "test", "lint"} <= set(
        listed
    )
