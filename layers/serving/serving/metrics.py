"""The line of a request as metrics, too: CloudWatch's embedded metric format, one member more of the same line.

CloudWatch makes metrics of every JSON line that has a member `_aws`:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
from time import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

NAMESPACE = "Skylayer"
_ENABLED = os.environ.get("SKYLAYER_METRICS") == "on"
_FUNCTION = os.environ.get("AWS_LAMBDA_FUNCTION_NAME", "local")

_MEASURES = [
    {"Name": "requests", "Unit": "Count"},
    {"Name": "rows", "Unit": "Count"},
    {"Name": "latency_ms", "Unit": "Milliseconds"},
    {"Name": "cold_starts", "Unit": "Count"},
]
# Requests by outcome are the errors by type; each combination of dimensions is a metric that CloudWatch bills.
_DIRECTIVES = [
    {"Namespace": NAMESPACE, "Dimensions": [["function"], ["function", "version"]], "Metrics": _MEASURES},
    {"Namespace": NAMESPACE, "Dimensions": [["function", "outcome"]], "Metrics": _MEASURES[:1]},
]

# `counted`: what started this process has answered before, and counted the cold start.
_cold = os.environ.get("SKYLAYER_COLD_START") != "counted"


def members() -> dict[str, Any]:
    """What makes metrics of a request's log line that has `version`, `rows`, `latency_ms` and `outcome`.

    Nothing unless the environment has SKYLAYER_METRICS=on. The first request of a process counts as its cold start.
    """
    global _cold
    if not _ENABLED:
        return {}
    cold, _cold = _cold, False
    return request_members(_FUNCTION, int(cold), int(time() * 1000))


def request_members(function: str, cold_starts: Any, milliseconds: Any) -> dict[str, Any]:
    """The members of one request, at a moment in milliseconds since 1970."""
    return {
        "function": function,
        "requests": 1,
        "cold_starts": cold_starts,
        "_aws": {"Timestamp": milliseconds, "CloudWatchMetrics": _DIRECTIVES},
    }


def golden_rows(*, failed: bool) -> dict[str, Any]:
    """What makes a metric of the log line of a replay of the golden rows, whether or not metrics are on."""
    return counted(golden_row_failures=int(failed))


def counted(**counts: int) -> dict[str, Any]:
    """What makes metrics of a log line of something rare, whether or not metrics are on."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [["function"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in counts],
    }
    return {
        "function": _FUNCTION,
        **counts,
        "_aws": {"Timestamp": int(time() * 1000), "CloudWatchMetrics": [directive]},
    }
