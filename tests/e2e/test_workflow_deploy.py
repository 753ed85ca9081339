"""What deploy.yml does last: `make deploy` with the role and the boundary that the bootstrap stack gives."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from skylayer import project
from skylayer.aws import local_stack as deployments
from skylayer.aws import sam

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

BOOTSTRAP = "skylayer-bootstrap-prod"
STACK = sam.parameters("prod", "deploy")["stack_name"]
# The emulator knows no provider of tokens, and needs wide limits.
PARAMETERS = ("Repository=owner/fork", "Environment=prod", "ProviderExists=true", "GatewayLogs=false")


class Account:
    """The emulator as an account in which an administrator has made the bootstrap stack of prod."""

    def __init__(self, fork: Fork, first: Deployment) -> None:
        self.fork = fork
        self.emulator = first.emulator
        self.environment = {
            **os.environ,
            **self.emulator.environment,
            "SAM_CLI_TELEMETRY": "0",
            "AWS_DEFAULT_REGION": "us-east-1",
        }

    def run(self, folder: Path, *command: str) -> str:
        done = subprocess.run(
            command,
            cwd=folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def stack(self, name: str) -> dict[str, dict[str, str]]:
        """The parameters and outputs of a stack."""
        formation = deployments.client(self.emulator, "cloudformation")
        (found,) = formation.describe_stacks(StackName=name)["Stacks"]
        return {
            f"{kind}s": {each[f"{kind}Key"]: each[f"{kind}Value"] for each in found[f"{kind}s"]}
            for kind in ("Parameter", "Output")
        }


@pytest.fixture(scope="module")
def account(fork: Fork, deployment: Deployment) -> Iterator[Account]:
    made = Account(fork, deployment)
    command = [
        project.program("sam"),
        "deploy",
        "--template-file",
        "bootstrap.yaml",
        "--stack-name",
        BOOTSTRAP,
    ]
    command += ["--capabilities", "CAPABILITY_IAM", "--resolve-s3", "--no-confirm-changeset"]
    made.run(fork.folder / "deployment", *command, "--parameter-overrides", *PARAMETERS)
    yield made
    formation = deployments.client(made.emulator, "cloudformation")
    for stack in (STACK, BOOTSTRAP):
        formation.delete_stack(StackName=stack)


def test_a_workflow_deploys_by_its_role_within_its_boundary(account: Account) -> None:
    given = account.stack(BOOTSTRAP)["Outputs"]
    role, boundary = given["CloudFormationRole"], given["PermissionsBoundary"]
    account.run(
        account.fork.folder,
        project.program("python"), "-m", "skylayer", "deploy",
        "ENV=prod", "BUILT=1", "YES=1", f"ROLE={role}", f"BOUNDARY={boundary}",
    )  # fmt: skip
    found = deployments.find(account.emulator, STACK)
    assert found is not None
    assert found.request("/predict", {"instances": []}).status == 422

    # Every role of the template takes it from there (tests/unit/test_transformed_template.py); the emulator keeps none.
    assert account.stack(STACK)["Parameters"]["PermissionsBoundary"] == boundary

    # What it uploaded lies where the role of its environment may write.
    s3 = deployments.client(account.emulator, "s3")
    (bucket,) = [each["Name"] for each in s3.list_buckets()["Buckets"] if "aws-sam-cli" in each["Name"]]
    uploaded = s3.list_objects_v2(Bucket=bucket, Prefix=f"{STACK}/").get("Contents", [])
    assert len(uploaded) >= 4  # function, layers, template
