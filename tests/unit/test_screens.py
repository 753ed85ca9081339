"""What verbs print fits a terminal of 80 columns: requests that can be read, next steps that are true."""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

from skylayer.commands import metrics, up

if TYPE_CHECKING:
    import pytest

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


def test_a_request_is_one_command_that_a_shell_takes(capsys: pytest.CaptureFixture[str]) -> None:
    command = up._curl(DEPLOYMENT, {"name": "O'Neill", "age": 3})  # noqa: SLF001
    assert json.loads(shlex.split(command)[-1]) == {"instances": [{"name": "O'Neill", "age": 3}]}
    wide: dict[str, Any] = {f"column {index}": index for index in range(79)}
    command = up._curl(DEPLOYMENT, wide)  # noqa: SLF001
    assert len(command) < 200
    assert shlex.split(command)[-2:] == ["--data-binary", "@events/predict.csv"]
    up._show_next_steps(DEPLOYMENT, 1.0)  # noqa: SLF001
    assert "put your pipeline" not in capsys.readouterr().out


def test_a_long_answer_loses_its_middle() -> None:
    assert up.shortened("0123456789", 10) == "0123456789"
    assert up.shortened("0123456789", 4) == "01 … 89"
