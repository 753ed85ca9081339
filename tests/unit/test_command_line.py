"""What the command line says of a wrong word: one line, exit code 2, no traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skylayer import commands, project
from skylayer.__main__ import load, main
from skylayer.commands import variables
from skylayer.commands.variables import Variable
from skylayer.errors import UserError

TAKES = (
    Variable("ROWS", "rows", variables.whole, 7),
    Variable("SHADOW", "1: compare only", variables.switch, False),
    Variable("VERSION", "the version", required=True),
)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["up", "PORT=abc"], "PORT is 'abc'; it must be a number from 1024 to 65535"),
        (["up", "PORT=80"], "PORT is '80'"),
        (["up", "PORT=70000"], "PORT is '70000'"),
        (["up", "PORT=-1"], "PORT is '-1'"),
        (["start-api", "PORT=abc"], "PORT is 'abc'"),
        (["start-api", "MEMORY=lots"], "MEMORY is 'lots'; it must be a whole number above 0"),
        (["logs", "LINES=0"], "LINES is '0'"),
        (["logs", "LINES=-3"], "LINES is '-3'"),
        (["metrics", "MINUTES=-5"], "MINUTES is '-5'"),
        (["dashboard", "MINUTES=soon"], "MINUTES is 'soon'"),
        (["promote", "VERSION=a", "WEIGHT=2"], "WEIGHT is '2'; it must be a number from 0 to 1"),
        (["promote", "VERSION=a", "WEIGHT=nan"], "WEIGHT is 'nan'"),
        (["promote", "VERSION=a", "HEADER=a b"], "HEADER is 'a b'; it must be the name of a header"),
        (["prune", "KEEP=0"], "KEEP is '0'"),
        (["export", "FORMAT=pmml"], "FORMAT is 'pmml'; it must be one of joblib"),
        (["export"], "Give FORMAT=…: joblib"),
        (["client", "LANG=cobol"], "LANG is 'cobol'"),
        (["destroy", "LOCAL=yes"], "LOCAL is 'yes'; it must be 1 or not given"),
        (["destroy", "LOCAL=1", "ENV=prod"], "give one of them"),
        (["build", "ENV=staging"], "ENV is 'staging'; it must be one of dev, prod"),
        (["down", "LOCAL=1"], "LOCAL is not a variable of this verb; it takes none"),
        (["train", "--project"], "'--project' is not NAME=value"),
        (["fly"], "there is no verb 'fly'"),
        (["variables"], "there is no verb"),
    ],
)
def test_what_cannot_be_meant_is_one_line(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith(f"skylayer {arguments[0]}: ")
    assert named in said


@given(st.dictionaries(st.sampled_from(["ROWS", "SHADOW", "VERSION", "OTHER"]), st.text(max_size=5)))
def test_every_value_is_read_or_refused_by_name(values: dict[str, str]) -> None:
    rows, shadow = values.get("ROWS", ""), values.get("SHADOW", "")
    right = not rows or (rows.isdecimal() and int(rows) > 0), shadow in {"", "1"}, bool(values.get("VERSION"))
    if "OTHER" in values or not all(right):
        with pytest.raises(UserError, match=r"OTHER|ROWS|SHADOW|VERSION"):
            variables.read(TAKES, values)
        return
    options = variables.read(TAKES, values)
    assert options.version == values["VERSION"] != ""
    assert options.rows == (int(values["ROWS"]) if values.get("ROWS") else 7)
    assert options.shadow is (values.get("SHADOW") == "1")
    assert options.given == tuple(f"{name}={text}" for name, text in values.items())


def test_what_make_passes_is_read_and_not_handed_on() -> None:
    program = (
        "import os; from skylayer import __main__ as line; from types import SimpleNamespace as S;"
        "from skylayer.commands.variables import Variable;"
        "line.load = lambda verb: S(VARIABLES=[Variable('FILE', '')],"
        " run=lambda options: print(options.file, [name for name in os.environ if 'GIVEN' in name]));"
        "line.main(['predict'])"
    )
    environment = {**os.environ, "GIVEN_FILE": "a=b; $(c)"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout == "a=b; $(c) []\n"


def test_the_verbs_are_the_modules_and_every_one_says_what_it_is() -> None:
    assert commands.__file__ is not None
    modules = {path.stem for path in Path(commands.__file__).parent.glob("*.py")}
    assert {verb.replace("-", "_") for verb in commands.verbs()} | commands.SHARED | {"__init__"} == modules
    for verb in commands.verbs():
        assert (load(verb).__doc__ or "").startswith(f"`{verb}`: ")


@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_reader_that_has_seen_enough_ends_a_verb_without_a_traceback(buffered: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "skylayer", "help", "VERB=promote"],
            cwd=project.ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": buffered},
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_a_pipe_that_is_not_our_output_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def explain(_: str) -> str:
        raise BrokenPipeError

    monkeypatch.setattr("skylayer.__main__.explained", explain)
    monkeypatch.setattr("sys.stdout", sys.__stdout__)
    with pytest.raises(BrokenPipeError):
        main(["help", "VERB=promote"])
