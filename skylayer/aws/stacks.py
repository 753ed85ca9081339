"""A deployed stack, in your AWS account or on this machine's emulator: its parts and what it asks of AWS."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
import botocore.exceptions

from skylayer.aws import sam
from skylayer.errors import UserError

LAYERS = ("serving", "runtime", "model")


@dataclass(frozen=True)
class Stack:
    """A stack by name; `client` gives a boto3 client of the account and region that it is in."""

    name: str
    config_env: str

    @property
    def is_local(self) -> bool:
        """Whether it is on the emulator."""
        return self.config_env == "local"

    def client(self, service: str) -> Any:
        """A client of an AWS service. Raises UserError where no region is set."""
        try:
            return boto3.client(service, region_name=sam.parameters(self.config_env, "deploy").get("region"))  # type: ignore[call-overload]
        except botocore.exceptions.NoRegionError as error:
            raise UserError(
                "No AWS region is chosen: set AWS_REGION, or region in samconfig.toml."
            ) from error

    def describe(self) -> dict[str, Any]:
        """What CloudFormation says of it. Raises UserError if it isn't there or AWS can't be asked."""
        try:
            stack: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=self.name)[
                "Stacks"
            ][0]
        except botocore.exceptions.ClientError as error:
            reason = error.response["Error"]["Message"]
            raise UserError(f"The stack {self.name} can't be read: {reason}") from error
        except botocore.exceptions.BotoCoreError as error:
            raise UserError(f"AWS can't be asked for {self.name}: {error}") from error
        return stack

    def outputs(self) -> dict[str, str]:
        """The outputs of its template."""
        found = self.describe().get("Outputs", [])
        return {output["OutputKey"]: output["OutputValue"] for output in found}
