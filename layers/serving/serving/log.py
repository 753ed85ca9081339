"""One line of JSON per request, as the platform's logging writes it; of what a client sent, its request's id alone.

On Lambda with JSON logs (LoggingConfig: LogFormat: JSON) the lines go to the output as they are: there, a line with
`timestamp` and `level` needs no formatting, and the standard logging takes longer than a prediction. Elsewhere they
go through `logging` and, where nobody has set a handler up, as in an emulator, through this module's own.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-log-level.html
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import traceback

from serving import metrics

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from serving.http import Request, Response
    from serving.model import Model

_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40}
_logger = logging.getLogger("skylayer")
_encode = json.JSONEncoder(default=str).encode
_platform_takes_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"


def set_up() -> None:
    """Let lines of the chosen level through, to the platform's handler or, if there's none, to stderr."""
    _logger.setLevel(_LEVELS.get(os.environ.get("SKYLAYER_LOG_LEVEL", "INFO").upper(), logging.INFO))
    if not _platform_takes_json and not logging.getLogger().handlers and not _logger.handlers:
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_JsonFormatter())
        _logger.addHandler(handler)


def request(request: Request, route: str | None, response: Response, model: Model, seconds: float) -> None:
    """Log what became of a request; `route` is None where there is none.

    `client_request_id` is what the client calls its request by, where it has a name for it.
    """
    members = request_members(request, route, response, model.reference, round(seconds * 1000, 3))
    _write(logging.INFO, "request", members | metrics.members())


def request_members(
    request: Request, route: str | None, response: Response, reference: dict[str, str], milliseconds: Any
) -> dict[str, Any]:
    """What the line of a request says, but for its metrics."""
    shown = response.headers.get("x-request-id", request.request_id)
    return {
        **({"client_request_id": shown} if shown != request.request_id else {}),
        "request_id": request.request_id,
        "route": route,
        "model": reference["name"],
        "version": reference["version"],
        "rows": response.rows,
        "latency_ms": milliseconds,
        "status": response.status,
        "outcome": response.outcome,
    }


def verification(target: str, reason: str | None, measured: dict[str, Any]) -> None:
    """Log what a replay of the golden rows showed: made-up rows, so their values may be named."""
    level = logging.ERROR if reason else logging.INFO
    _write(level, "golden rows", {"target": target, "reason": reason, **measured})


def roll_out(message: str, *, failed: bool = False, counts: dict[str, int], **extra: Any) -> None:
    """Log what became of a swap or of a shadow, and count it as metrics."""
    level = logging.ERROR if failed else logging.INFO
    _write(level, message, {**extra, **metrics.counted(**counts)})


def failure(request_id: str, error: Exception) -> None:
    """Log where an unforeseen error came from; not its message, which may quote the client's values."""
    frames = traceback.extract_tb(error.__traceback__)
    _write(
        logging.ERROR,
        "internal error",
        {
            "request_id": request_id,
            "error": type(error).__name__,
            "trace": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
        },
    )


def _write(level: int, message: str, members: dict[str, Any]) -> None:
    if not _platform_takes_json:
        _logger.log(level, message, extra=members)
    elif _logger.isEnabledFor(level):
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        sys.stdout.write(platform_line(moment, level, message, members))


def platform_line(moment: str, level: int, message: str, members: dict[str, Any]) -> str:
    """A line as the platform takes it where logs are JSON."""
    line = {"timestamp": moment, "level": logging.getLevelName(level), "message": message, **members}
    if "request_id" in members:
        line["requestId"] = members["request_id"]  # as the platform's own lines call it
    return f"{_encode(line)}\n"


_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", None, None))) | {"message", "asctime"}


class _JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "message": record.getMessage(),
        }
        line.update((name, value) for name, value in vars(record).items() if name not in _STANDARD)
        return _encode(line)
