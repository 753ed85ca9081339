"""Nothing that is given to make is run, by make or by a shell: each value arrives as it is, or is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from skylayer import commands
from skylayer.__main__ import load

ROOT = Path(__file__).parents[2]
PAYLOADS = {
    "quote": 'x"; touch {0}; echo "',
    "dollars": "$$(touch {0})",
    "backquotes": "`touch {0}`",
    "make": "$(shell touch {0})",
    "newline": "x\ntouch {0}",
    "semicolon": "x; touch {0}",
    "pipe": "x | touch {0}",
    "apostrophe": "x'; touch {0}; '",
}
# A verb and what it takes; the rest is the same for all.
VERBS = {verb: [variable.name for variable in load(verb).VARIABLES] for verb in commands.verbs()}
CALLED = {verb: names for verb, names in VERBS.items() if names and verb not in {"layer", "function"}}

Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run the real Makefile with a uv that writes down its arguments and what it is given by make."""
    # Not the interpreter's own line: the path of a fork may have a space, which #! does not take.
    uv, noting = tmp_path / "uv", tmp_path / "noting.py"
    uv.write_text(f"#!/bin/sh\nexec '{sys.executable}' '{noting}' \"$@\"\n", encoding="utf-8")
    noting.write_text(
        "import json, os, sys\n"
        f"given = {{name: text for name, text in os.environ.items() if name.startswith('GIVEN_')}}\n"
        f"with open({str(tmp_path / 'called')!r}, 'a') as file:\n"
        "    print(json.dumps([sys.argv[1:], given, os.environ.get('MAKEFLAGS', '')]), file=file)\n",
        encoding="utf-8",
    )
    uv.chmod(0o755)

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        kept = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
        return subprocess.run(
            ["make", *arguments], cwd=ROOT, env={**kept, "UV": str(uv)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return call


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
@pytest.mark.parametrize("verb", CALLED)
def test_a_value_reaches_the_verb_as_it_is(verb: str, payload: str, tmp_path: Path, make: Make) -> None:
    text = payload.format(tmp_path / "pwned")
    done = make(verb, *(f"{name}={text}" for name in CALLED[verb]))
    assert not (tmp_path / "pwned").exists()
    assert done.returncode == 0, done.stderr
    *_, last = (tmp_path / "called").read_text(encoding="utf-8").splitlines()
    arguments, given, flags = json.loads(last)
    assert arguments[-3:] == ["-m", "skylayer", verb]
    assert given == {f"GIVEN_{name}": text for name in CALLED[verb]}
    assert text not in flags


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
def test_the_path_of_uv_is_not_run_either(payload: str, tmp_path: Path, make: Make) -> None:
    make("down", f"UV={payload.format(tmp_path / 'pwned')}")
    assert not (tmp_path / "pwned").exists()


def test_the_environment_gives_a_verb_nothing(
    tmp_path: Path, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A PORT or NAME of the shell means something else.
    monkeypatch.setenv("PORT", "1")
    assert make("down").returncode == 0
    assert json.loads((tmp_path / "called").read_text(encoding="utf-8"))[1] == {}
