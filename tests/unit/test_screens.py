"""What verbs print fits a terminal of 80 columns: requests that can be read, next steps that are true."""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from skylayer import project
from skylayer.commands import metrics, up

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.aws.local_stack import Deployment
    from skylayer.aws.stacks import Stack

DEPLOYMENT = cast("Deployment", SimpleNamespace(url="http://127.0.0.1:4566/api", api_key="a key"))


def test_metrics_keep_their_words_whole_in_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    line = {"_aws": {}, "version": "0123456789abcdef", "requests": 1, "rows": 1_000_000, "cold_starts": 1}
    events = [
        {"message": json.dumps({**line, "latency_ms": 1234.56, "outcome": outcome})}
        for outcome in ("ok", "invalid-instances", "unsupported-media-type", "not-acceptable")
    ]
    pages = SimpleNamespace(paginate=lambda **_: [{"events": events}])
    client = SimpleNamespace(get_paginator=lambda _: pages)
    stack = SimpleNamespace(name="s", client=lambda _: client, outputs=lambda: {"LogGroup": "g"})
    metrics.show(cast("Stack", stack), 60)
    shown = capsys.readouterr().out
    for word in (
        "cold starts",
        "1,234.56",
        "4,000,000",
        "invalid-instances 1",
        "unsupported-media-type 1",
        "not-acceptable 1",
    ):
        assert word in shown
    assert "…" not in shown
    table = [row for row in shown.splitlines() if not row.startswith("0123")]
    assert max(map(len, table)) <= 80


WIDE: dict[str, Any] = {f"column {index}": index for index in range(79)}


def test_a_request_is_one_command_that_a_shell_takes(capsys: pytest.CaptureFixture[str]) -> None:
    command, answer = up._example(DEPLOYMENT, {"name": "O'Neill", "age": 3}, b"old")  # noqa: SLF001
    assert json.loads(shlex.split(command)[-1]) == {"instances": [{"name": "O'Neill", "age": 3}]}
    assert answer == b"old"
    up._show_next_steps(DEPLOYMENT, 1.0)  # noqa: SLF001
    assert "put your pipeline" not in capsys.readouterr().out


@pytest.mark.parametrize("status", [200, 422])
def test_for_many_columns_a_file_is_asked_for_and_the_answer_is_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / "predict.csv").write_bytes(b"three rows")
    asked: list[object] = []

    def request(path: str, body: bytes, headers: dict[str, str]) -> object:
        asked.extend([path, body, headers])
        return SimpleNamespace(status=status, body=b"of three rows")

    deployment = cast("Deployment", SimpleNamespace(url="http://127.0.0.1:1", api_key="", request=request))
    command, answer = up._example(deployment, WIDE, b"of one row")  # noqa: SLF001
    assert asked == ["/predict", b"three rows", {"content-type": "text/csv"}]
    if status == 200:
        assert shlex.split(command)[-2:] == ["--data-binary", "@events/predict.csv"]
        assert answer == b"of three rows"
        assert len(command) < 200
    else:  # the file is of another version of the model
        assert json.loads(shlex.split(command)[-1]) == {"instances": [WIDE]}
        assert answer == b"of one row"


def test_a_long_answer_loses_its_middle() -> None:
    assert up.shortened("0123456789", 10) == "0123456789"
    assert up.shortened("0123456789", 4) == "01 … 89"
