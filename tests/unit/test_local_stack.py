"""The stack on the emulator is found by the name that samconfig.toml gives it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from skylayer.aws import emulator, local_stack, sam
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

ASKED = emulator.Emulator(folder=None, port=0)  # type: ignore[arg-type]
OUTPUTS = {"ApiId": "api", "FunctionName": "f", "FunctionVersion": "1", "ModelLayer": "m", "LogGroup": "l"}


class Formation:
    """CloudFormation with one stack, half made; it notes what was deleted."""

    def __init__(self, name: str, status: str) -> None:
        self.name = name
        self.status = status
        self.deleted: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803 (AWS's name)
        assert StackName == self.name
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in OUTPUTS.items()]
        return {"Stacks": [{"StackStatus": self.status, "Outputs": outputs}]}

    def delete_stack(self, StackName: str) -> None:  # noqa: N803
        self.deleted.append(StackName)

    def get_waiter(self, _: str) -> Formation:
        return self

    def wait(self, **_: Any) -> None:
        pass


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The samconfig.toml of a fork that has renamed its stacks."""
    path = tmp_path / "samconfig.toml"
    path.write_text('version = 0.1\n[local.global.parameters]\nstack_name = "wine-here"\n', encoding="utf-8")
    monkeypatch.setattr(sam, "CONFIG", path)
    return path


@pytest.mark.usefixtures("settings")
def test_a_renamed_stack_is_found_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    formation = Formation("wine-here", "CREATE_COMPLETE")
    monkeypatch.setattr(local_stack, "client", lambda *_: formation)
    found = local_stack.find(ASKED)
    assert found is not None
    assert found.function == "f"
    local_stack.clear_unfinished(ASKED)
    assert formation.deleted == []
    formation.status = "ROLLBACK_COMPLETE"
    local_stack.clear_unfinished(ASKED)
    assert formation.deleted == ["wine-here"]


def test_a_stack_without_a_name_is_refused(settings: Path) -> None:
    settings.write_text("[local.deploy.parameters]\nresolve_s3 = true\n", encoding="utf-8")
    with pytest.raises(UserError, match="no stack_name for local"):
        local_stack.find(ASKED)
