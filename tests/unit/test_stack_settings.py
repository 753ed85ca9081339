"""What samconfig.toml gives to a stack and the template or Lambda doesn't take is refused before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from samcli.cli.types import CfnParameterOverridesType

from skylayer.__main__ import main
from skylayer.aws import sam
from skylayer.errors import UserError
from skylayer.packaging import stack_settings

if TYPE_CHECKING:
    from pathlib import Path


def settings(folder: Path, monkeypatch: pytest.MonkeyPatch, stack: str, overrides: str) -> None:
    path = folder / "samconfig.toml"
    path.write_text(
        f'[prod.global.parameters]\nstack_name = "{stack}"\n'
        f'[prod.deploy.parameters]\nparameter_overrides = "{overrides}"\n',
        encoding="utf-8",
    )
    monkeypatch.setattr(sam, "CONFIG", path)


def test_the_settings_of_this_project_fit() -> None:
    stack_settings.check()


@pytest.mark.parametrize(
    ("length", "overrides", "fits"),
    [
        (49, "GradualDeployment=true", True),
        (50, "GradualDeployment=true", False),
        (50, "GradualDeployment=false", True),
        (128, "LogRetentionDays=7", True),
    ],
)
def test_a_stack_whose_hook_would_have_too_long_a_name_is_refused(
    length: int, overrides: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path, monkeypatch, "s" * length, overrides)
    if fits:
        stack_settings.check()
        return
    with pytest.raises(UserError, match="a name has at most 49 characters") as refused:
        stack_settings.check("prod")
    assert "CodeDeployHook_" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parameter_that_the_template_lacks_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(tmp_path, monkeypatch, "stack", "MemorySize=512 KeyGeneration=1")
    with pytest.raises(UserError, match="prod sets KeyGeneration, which is no parameter of the template"):
        stack_settings.check()


def test_plain_sam_build_refuses_it_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings(tmp_path, monkeypatch, "stack", "KeyGeneration=1")
    target = tmp_path / "PredictFunction"
    assert main(["function", "NAME=predict", f"FOLDER={target}"]) == 2  # what the function's makefile calls
    assert "prod sets KeyGeneration" in capsys.readouterr().err
    assert not target.exists()


def test_every_value_reaches_sam_as_it_is() -> None:
    """What a guided deployment writes has many empty values, which SAM's own option refuses without quotes."""
    values = {
        "StorePlace": "",
        "CorsOrigin": "*",
        "SubnetIds": "a,b",
        "Text": 'with spaces, "quotes" and = signs',
    }
    read = CfnParameterOverridesType().convert(tuple(sam.as_arguments(values)), None, None)
    assert read == values
