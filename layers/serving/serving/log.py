"""One line of JSON per request, through the platform's logging; never a value that a client sent.

On Lambda the runtime formats what `logging` gets with `extra` as JSON (LoggingConfig: LogFormat: JSON). Where
nobody has set a handler up, as in an emulator, this module does.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import traceback

from serving import metrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.http import Request, Response
    from serving.model import Model

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40}
_logger = logging.getLogger("skylayer")


def set_up() -> None:
    """Let lines of the chosen level through, to the platform's handler or, if there's none, to stderr."""
    _logger.setLevel(_LEVELS.get(os.environ.get("SKYLAYER_LOG_LEVEL", "INFO").upper(), logging.INFO))
    if not logging.getLogger().handlers and not _logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonFormatter())
        _logger.addHandler(handler)


def request(request: Request, route: str | None, response: Response, model: Model, seconds: float) -> None:
    """Log what became of a request; `route` is None where there is none."""
    _logger.info(
        "request",
        extra={
            "request_id": request.request_id,
            "route": route,
            "model": model.reference["name"],
            "version": model.reference["version"],
            "rows": response.rows,
            "latency_ms": round(seconds * 1000, 3),
            "status": response.status,
            "outcome": response.outcome,
            **metrics.members(),
        },
    )


def verification(target: str, fault: str | None, measured: dict[str, Any]) -> None:
    """Log what a replay of the golden rows showed: made-up rows, so their values may be named."""
    level = logging.ERROR if fault else logging.INFO
    extra = {"target": target, "fault": fault, **measured}
    _logger.log(level, "golden rows", extra=extra)


def roll_out(message: str, *, failed: bool = False, counts: dict[str, int], **extra: Any) -> None:
    """Log what became of a swap or of a shadow, and count it as metrics."""
    level = logging.ERROR if failed else logging.INFO
    _logger.log(level, message, extra={**extra, **metrics.counted(**counts)})


def failure(request_id: str, error: Exception) -> None:
    """Log where an unforeseen error came from; not its message, which may quote the client's values."""
    frames = traceback.extract_tb(error.__traceback__)
    _logger.error(
        "internal error",
        extra={
            "request_id": request_id,
            "error": type(error).__name__,
            "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        },
    )


_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        return json.dumps(line, default=str)
