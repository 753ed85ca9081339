"""Nothing that is given to make is run, by make or by a shell: each value arrives as it is, or is refused."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

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
VERBS = {
    "up": "PORT", "logs": "LINES", "import": "MODEL SAMPLE NAME CLASSES TRUST", "export": "FORMAT VERSION FILE",
    "push": "STORE VERSION", "versions": "STORE", "promote": "VERSION STORE WEIGHT HEADER", "rollback": "STORE",
    "prune": "KEEP STORE", "build": "CONFIG_ENV", "deploy": "ROLE CONFIG_ENV", "start-api": "PORT",
    "metrics": "MINUTES", "dashboard": "MINUTES", "cost": "REQUESTS ROWS MEMORY", "bootstrap-aws": "APPLY",
    "predict": "FILE", "client": "LANG", "bench": "PIPELINES COMPARE", "fuzz": "TABLES BODIES ANSWERS",
    "test": "TESTS", "help": "VERB", "key": "CONFIG_ENV", "destroy": "CONFIG_ENV",
}  # fmt: skip
SWITCHES = ["ARCHITECTURE", "ENV", "QUICK", "LOCAL", "SHADOW"]

Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Run the real Makefile with a uv that writes down its arguments and CONFIG_ENV."""
    uv = tmp_path / "uv"
    uv.write_text(
        f"#!/bin/sh\nprintf '%s\\0' \"$@\" \"$CONFIG_ENV\" >> '{tmp_path}/called'\n", encoding="utf-8"
    )
    uv.chmod(0o755)
    kept = {name: text for name, text in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["make", *arguments], cwd=ROOT, env={**kept, "UV": str(uv)},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return call


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
@pytest.mark.parametrize("verb", VERBS)
def test_a_value_arrives_as_it_is(verb: str, payload: str, tmp_path: Path, make: Make) -> None:
    text = payload.format(tmp_path / "pwned")
    done = make(verb, *(f"{name}={text}" for name in VERBS[verb].split()))
    assert not (tmp_path / "pwned").exists()
    assert done.returncode == 0, done.stderr
    called = (tmp_path / "called").read_text(encoding="utf-8").split("\0")
    wanted = text.replace("-", "_") if verb == "help" else text
    assert called.count(wanted) >= len(VERBS[verb].split())


@pytest.mark.parametrize("payload", PAYLOADS.values(), ids=PAYLOADS.keys())
@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_refuses_what_it_does_not_know(name: str, payload: str, tmp_path: Path, make: Make) -> None:
    done = make("build", f"{name}={payload.format(tmp_path / 'pwned')}")
    assert not (tmp_path / "pwned").exists()
    assert done.returncode == 2
    assert f"{name} is " in done.stderr
