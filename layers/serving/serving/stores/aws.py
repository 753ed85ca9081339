"""What the stores on AWS share: clients, and their failures in one line."""

from __future__ import annotations

from serving.stores import Missing, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_ABSENT = {"404", "NoSuchKey", "NoSuchBucket", "ResourceNotFoundException"}


def client(service: str, seconds: float | None) -> Any:
    """A boto3 client: with a limit it waits that long for each step and asks once, else it is patient.

    Raises:
        StoreError: boto3 is not installed, or no region is configured.
    """
    try:
        import boto3
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError
    except ImportError:
        raise StoreError("boto3 is not installed: make develop installs it.") from None
    patience: dict[str, Any] = {"retries": {"mode": "standard", "max_attempts": 4}, "connect_timeout": 5}
    if seconds is not None:
        patience = {"retries": {"total_max_attempts": 1}, "connect_timeout": seconds, "read_timeout": seconds}
    try:
        return boto3.client(service, config=Config(**patience))  # type: ignore[call-overload]
    except (BotoCoreError, ValueError) as error:
        raise StoreError(f"No client for {service}: {error}") from error


class failures:  # noqa: N801 - reads as a statement
    """A context in which boto3's errors become `StoreError`, `Missing` where the thing isn't there."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Translate."""
        if error is None or isinstance(error, StoreError):
            return
        from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError

        if isinstance(error, ClientError):
            if code(error) in _ABSENT:
                raise Missing(f"{self._what} is not there ({code(error)}).") from error
            raise StoreError(f"{self._what}: {error}") from error
        if isinstance(error, (BotoCoreError, HTTPClientError, OSError)):
            raise StoreError(f"{self._what}: {error}") from error


def code(error: Any) -> str:
    """AWS's own word for what went wrong."""
    return str(error.response.get("Error", {}).get("Code", ""))
