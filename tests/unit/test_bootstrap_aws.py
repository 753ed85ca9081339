"""`make bootstrap-aws`: a stack for each environment, and what an account has once with the first."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from samcli.yamlhelper import yaml_parse

from skylayer.__main__ import main
from skylayer.aws import sam
from skylayer.commands import bootstrap_aws, stack_options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The arguments of each `sam deploy` that would have run."""
    found: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        found.append(command[1:])
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    return found


def test_each_environment_gets_roles_of_its_own(deployed: list[list[str]]) -> None:
    assert main(["bootstrap-aws", "APPLY=owner/fork"]) == 0
    first, second = deployed
    for environment, command in (("dev", first), ("prod", second)):
        assert 'Repository="owner/fork"' in command
        assert f'Environment="{environment}"' in command
        (prefix,) = [each for each in command if each.startswith("StackPrefix=")]
        name = sam.parameters(stack_options.SECTIONS[environment], "deploy")["stack_name"]
        assert prefix == f'StackPrefix="{name.removesuffix(environment)}"'
        # Two projects in one account have two stacks each.
        stack = command[command.index("--stack-name") + 1]
        assert stack == f"{name.removesuffix(environment)}bootstrap-{environment}"
        assert "--confirm-changeset" in command
    # There is one provider of GitHub's tokens, and one setting of the gateway's logs, for the whole account.
    assert 'ProviderExists="true"' not in first
    assert {'ProviderExists="true"', 'GatewayLogs="false"'} <= set(second)


def test_every_parameter_of_its_template_can_be_given(deployed: list[list[str]]) -> None:
    values = {
        "StackPrefix": "birds-",
        "PermissionsBoundary": "arn:aws:iam::123456789012:policy/ours",
        "KmsKeyArn": "arn:aws:kms:eu-west-1:123456789012:key/ours",
        "StoreName": "our-models",
        "ProviderExists": "true",
        "GatewayLogs": "false",
    }
    template = yaml_parse(bootstrap_aws.TEMPLATE.read_text(encoding="utf-8"))
    # The first two are APPLY and ENV.
    assert {"Repository", "Environment", *values} == set(template["Parameters"])
    assert bootstrap_aws.PARAMETERS.keys() == values.keys()
    given = [f"{re.sub('(?<=[a-z])(?=[A-Z])', '_', name).upper()}={value}" for name, value in values.items()]
    assert main(["bootstrap-aws", "APPLY=owner/fork", *given]) == 0
    for command in deployed:
        assert {f'{name}="{value}"' for name, value in values.items()} <= set(command)


def test_one_environment_alone_gets_what_an_account_has_once(deployed: list[list[str]]) -> None:
    assert main(["bootstrap-aws", "APPLY=owner/fork", "ENV=prod", "GATEWAY_LOGS=true"]) == 0
    (command,) = deployed
    assert {'Environment="prod"', 'GatewayLogs="true"'} <= set(command)
    assert not [pair for pair in command if pair.startswith("ProviderExists")]


@pytest.mark.parametrize("pair", ["PROVIDER_EXISTS=yes", "ENV=test", "GATEWAY_LOGS=1"])
def test_what_no_parameter_takes_is_refused(deployed: list[list[str]], pair: str) -> None:
    assert main(["bootstrap-aws", "APPLY=owner/fork", pair]) == 2
    assert deployed == []


def test_nothing_is_made_without_a_repository(
    deployed: list[list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["bootstrap-aws"]) == 0
    assert "permissions boundary" in capsys.readouterr().out
    assert deployed == []


def test_the_role_is_for_the_stack_that_samconfig_names(
    deployed: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "samconfig.toml"
    text = (
        '[default.global.parameters]\nstack_name = "birds-dev"\n[prod.global.parameters]\nstack_name = "{}"\n'
    )
    monkeypatch.setattr(sam, "CONFIG", path)
    path.write_text(text.format("birds-prod"), encoding="utf-8")
    assert main(["bootstrap-aws", "APPLY=owner/fork"]) == 0
    assert all('StackPrefix="birds-"' in command for command in deployed)


def test_a_stack_that_is_not_named_by_its_environment_is_refused(
    deployed: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "samconfig.toml"
    path.write_text('[default.global.parameters]\nstack_name = "birds"\n', encoding="utf-8")
    monkeypatch.setattr(sam, "CONFIG", path)
    assert main(["bootstrap-aws", "APPLY=owner/fork"]) == 2
    assert "let its name end in -dev" in capsys.readouterr().err
    assert deployed == []
