"""A deployed stack, in your AWS account or on this machine's emulator: its parts and what it asks of AWS."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.exceptions

from skylayer import project
from skylayer.aws import emulator, sam
from skylayer.errors import UserError

if TYPE_CHECKING:
    import argparse

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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the section of samconfig.toml; local is the emulator."""
    parser.add_argument(
        "--config-env", default="default", help="section of samconfig.toml; local: the emulator"
    )


def chosen(options: argparse.Namespace) -> Stack:
    """The stack of an environment; for local, AWS programs are pointed to the emulator. Raises UserError."""
    name = sam.parameters(options.config_env, "deploy").get("stack_name")
    if not name:
        raise UserError(f"samconfig.toml gives no stack_name for {options.config_env}.")
    if options.config_env == "local":
        running = emulator.running(project.STATE / "emulator")
        if running is None:
            raise UserError("Nothing runs here: make up starts it.")
        os.environ.update(running.environment)
    return Stack(name, options.config_env)
