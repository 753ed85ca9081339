"""`make deploy`: what it hands to the real `sam deploy`."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
from samcli.cli.types import CfnParameterOverridesType

from skylayer.__main__ import main
from skylayer.aws import sam
from skylayer.commands import build, deploy


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The arguments of `sam deploy`, without a build or a deployment."""
    found: list[str] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        found.extend(command[1:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(build, "prove", lambda: None)
    monkeypatch.setattr(deploy, "built_architecture", lambda *_: "arm64")
    return found


def overrides(handed: list[str]) -> dict[str, str]:
    """The template's parameters among the arguments, as SAM reads them."""
    begin = handed.index("--parameter-overrides") + 1
    pairs = [each for each in handed[begin:] if not each.startswith("--") and "=" in each]
    found: dict[str, str] = CfnParameterOverridesType().convert(tuple(pairs), None, None)
    return found


def test_a_workflow_deploys_by_its_environments_roles_within_its_boundary(handed: list[str]) -> None:
    arguments = [
        "ENV=prod",
        "BUILT=1",
        "YES=1",
        "ROLE=arn:aws:iam::1:role/r",
        "BOUNDARY=arn:aws:iam::1:policy/b",
    ]
    assert main(["deploy", *arguments]) == 0
    assert handed[handed.index("--role-arn") + 1] == "arn:aws:iam::1:role/r"
    assert "--no-confirm-changeset" in handed
    assert overrides(handed)["PermissionsBoundary"] == "arn:aws:iam::1:policy/b"
    assert overrides(handed)["Architecture"] == "arm64"
    # The role of the environment may write below this prefix of SAM's bucket alone.
    assert handed[handed.index("--s3-prefix") + 1] == sam.parameters("prod", "deploy")["stack_name"]


def test_a_person_deploys_without_either(handed: list[str]) -> None:
    assert main(["deploy", "BUILT=1"]) == 0
    assert "--role-arn" not in handed
    assert "PermissionsBoundary" not in overrides(handed)
    assert handed[handed.index("--s3-prefix") + 1] == sam.parameters("default", "deploy")["stack_name"]
