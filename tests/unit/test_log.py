"""The log's lines: what each holds and never holds, at which level, and what of it are metrics."""

from __future__ import annotations

import json
import logging
import re
import time
from types import SimpleNamespace
from typing import Any

import pytest

from serving import log, metrics

LOGGER = logging.getLogger("skylayer")
MODEL: Any = SimpleNamespace(reference={"name": "penguins", "version": "0123"})


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Any:
    """What was written since the last call, as on Lambda with JSON logs."""
    monkeypatch.setattr(log, "_platform_takes_json", True)
    monkeypatch.setattr(LOGGER, "level", logging.INFO)
    LOGGER.manager._clear_cache()  # type: ignore[attr-defined]  # noqa: SLF001 - as setLevel does
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def asked(seconds: float = 0.0123456) -> None:
    request: Any = SimpleNamespace(request_id="r-1")
    response: Any = SimpleNamespace(rows=3, status=200, outcome="ok")
    log.request(request, "/predict", response, MODEL, seconds)


def test_a_request_is_one_line_with_what_became_of_it(lines: Any) -> None:
    asked()
    (line,) = lines()
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", line.pop("timestamp"))
    assert line == {
        "level": "INFO", "message": "request", "request_id": "r-1", "requestId": "r-1", "route": "/predict",
        "model": "penguins", "version": "0123", "rows": 3, "latency_ms": 12.346, "status": 200,
        "outcome": "ok",
    }  # fmt: skip


def test_a_failure_names_its_type_and_places_and_nothing_of_its_message(lines: Any) -> None:
    def inner() -> None:
        raise ValueError("a value of a client")

    try:
        inner()
    except ValueError as error:
        log.failure("r-2", error)
    (line,) = lines()
    assert (line["level"], line["message"], line["error"]) == ("ERROR", "internal error", "ValueError")
    assert (line["request_id"], line["requestId"]) == ("r-2", "r-2")
    assert re.fullmatch(r".*test_log\.py:\d+ inner", line["trace"][-1])
    assert "client" not in json.dumps({**line, "trace": ""})


@pytest.mark.parametrize(("reason", "level"), [(None, "INFO"), ("row 3 differs", "ERROR")])
def test_a_replay_is_an_error_if_it_has_a_reason(reason: str | None, level: str, lines: Any) -> None:
    log.verification("function:7", reason, {"seconds": 0.5})
    (line,) = lines()
    assert (line["level"], line["target"], line["reason"]) == (level, "function:7", reason)
    assert line["seconds"] == 0.5
    assert "requestId" not in line


@pytest.mark.parametrize(("failed", "level"), [(False, "INFO"), (True, "ERROR")])
def test_a_swap_counts_whether_or_not_metrics_are_on(failed: bool, level: str, lines: Any) -> None:
    log.roll_out("model swap", failed=failed, counts={"swaps": 2, "others": 0}, version="0123")
    (line,) = lines()
    assert (line["level"], line["swaps"], line["others"], line["version"]) == (level, 2, 0, "0123")
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    assert directive == {
        "Namespace": "Skylayer",
        "Dimensions": [["function"]],
        "Metrics": [{"Name": "swaps", "Unit": "Count"}, {"Name": "others", "Unit": "Count"}],
    }
    assert isinstance(line["function"], str)
    assert abs(line["_aws"]["Timestamp"] / 1000 - time.time()) < 60


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [("DEBUG", 2), ("INFO", 2), ("info", 2), ("WARN", 1), ("ERROR", 1), ("nonsense", 2), (None, 2)],
)
def test_lines_below_the_chosen_level_are_left_out(
    chosen: str | None, shown: int, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = LOGGER.level
    if chosen is None:
        monkeypatch.delenv("SKYLAYER_LOG_LEVEL", raising=False)
    else:
        monkeypatch.setenv("SKYLAYER_LOG_LEVEL", chosen)
    try:
        log.set_up()
        asked()
        log.failure("r", ValueError())
        assert len(lines()) == shown
        wanted = {"DEBUG": logging.DEBUG, "WARN": logging.WARNING, "ERROR": logging.ERROR}
        assert LOGGER.level == wanted.get(str(chosen), logging.INFO)
    finally:
        LOGGER.setLevel(before)


@pytest.mark.parametrize(("failed", "count"), [(True, 1), (False, 0)])
def test_a_replay_of_golden_rows_is_a_metric(failed: bool, count: int) -> None:
    found = metrics.golden_rows(failed=failed)
    assert found["golden_row_failures"] == count
    assert found["_aws"]["CloudWatchMetrics"][0]["Metrics"] == [
        {"Name": "golden_row_failures", "Unit": "Count"}
    ]


def test_the_first_request_of_a_process_is_its_cold_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_ENABLED", False)
    assert metrics.members() == {}
    monkeypatch.setattr(metrics, "_ENABLED", True)
    monkeypatch.setattr(metrics, "_cold", True)
    found = [metrics.members() for _ in range(3)]
    assert [one["cold_starts"] for one in found] == [1, 0, 0]
    assert [one["requests"] for one in found] == [1, 1, 1]
    assert all(abs(one["_aws"]["Timestamp"] / 1000 - time.time()) < 60 for one in found)
    by_version, by_outcome = found[0]["_aws"]["CloudWatchMetrics"]
    assert by_version["Dimensions"] == [["function"], ["function", "version"]]
    assert [m["Name"] for m in by_version["Metrics"]] == ["requests", "rows", "latency_ms", "cold_starts"]
    assert by_outcome["Dimensions"] == [["function", "outcome"]]
    assert [m["Name"] for m in by_outcome["Metrics"]] == ["requests"]
