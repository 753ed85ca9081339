"""AWS's quotas: each with its page, checked at build with a line that says what to do."""

from __future__ import annotations

from dataclasses import dataclass

_LAMBDA = "https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"
_CREATE_FUNCTION = "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html"
_GATEWAY = "https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"


@dataclass(frozen=True)
class Limit:
    """The most of something that AWS takes; `maximum` is in `unit`, `source` is AWS's page."""

    what: str
    maximum: int
    unit: str
    source: str


# Lambda reports "Unzipped size must be smaller than 262144000 bytes": its MB here are 2**20 bytes.
UNZIPPED = Limit("function and layers, unzipped", 250 * 2**20, "bytes", _LAMBDA)
PAYLOAD = Limit("request or response of a synchronous invocation", 6 * 2**20, "bytes", _LAMBDA)
ENVIRONMENT = Limit("environment variables, names and values", 4 * 2**10, "bytes", _LAMBDA)
LAYERS = Limit("layers of a function", 5, "layers", _LAMBDA)
FUNCTION_NAME = Limit("name of a function", 64, "characters", _CREATE_FUNCTION)
TEMPORARY = Limit("temporary files of a function, unless more is paid for", 512 * 2**20, "bytes", _LAMBDA)
TIMEOUT = Limit("timeout of a function", 900, "seconds", _LAMBDA)
MEMORY = Limit("memory of a function", 10_240, "MB", _LAMBDA)
GATEWAY_PAYLOAD = Limit("request or response of a REST API", 10 * 2**20, "bytes", _GATEWAY)
GATEWAY_TIMEOUT = Limit("time that a REST API waits for a function", 29, "seconds", _GATEWAY)
QUOTAS = (
    UNZIPPED,
    PAYLOAD,
    ENVIRONMENT,
    LAYERS,
    FUNCTION_NAME,
    TEMPORARY,
    TIMEOUT,
    MEMORY,
    GATEWAY_PAYLOAD,
    GATEWAY_TIMEOUT,
)


def exceeded(limit: Limit, value: int) -> str | None:
    """One line that says by how much a value is over a limit; None if it is not.

    >>> exceeded(LAYERS, 5)
    >>> exceeded(LAYERS, 6)
    'layers of a function: 6 layers, and AWS takes 5 (https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html)'
    """
    if value <= limit.maximum:
        return None
    return f"{limit.what}: {value} {limit.unit}, and AWS takes {limit.maximum} ({limit.source})"


def environment_size(variables: dict[str, str]) -> int:
    """Bytes that environment variables count for: their names and values as UTF-8."""
    return sum(len(name.encode()) + len(value.encode()) for name, value in variables.items())
