"""What goes into each layer, and when a function is another one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import small_artifact

from serving import artifact
from skylayer import project
from skylayer.aws import sam
from skylayer.errors import UserError
from skylayer.packaging import layers, requirements

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Change = Callable[[dict[str, Any]], object]


def shipped(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def native_instead(manifest: dict[str, Any]) -> None:
    """Let the small artifact be served by another engine, whose file is the golden rows'."""
    manifest["engine"] = "native"
    manifest["engines"]["native"] = {"file": "golden.json"}
    manifest["version"] = artifact.version_of(manifest)


def needing(**entry: Any) -> Change:
    def change(manifest: dict[str, Any]) -> None:
        manifest["engines"]["sklearn"].update(entry)
        manifest["version"] = artifact.version_of(manifest)

    return change


def test_the_model_layer_holds_the_files_of_the_engine_that_answers(tmp_path: Path) -> None:
    source = small_artifact.write(tmp_path / "artifact")
    layers.model_layer(tmp_path / "layer", source)
    assert shipped(tmp_path / "layer" / "python" / "model_artifact") == [
        "estimator.joblib",
        "golden.json",
        "manifest.json",
        "source/training/pipeline.py",
    ]


def test_the_estimator_stays_behind_when_another_engine_answers(tmp_path: Path) -> None:
    source = small_artifact.write(tmp_path / "artifact", native_instead)
    layers.model_layer(tmp_path / "layer", source)
    assert shipped(tmp_path / "layer" / "python" / "model_artifact") == ["golden.json", "manifest.json"]


def test_an_altered_artifact_is_not_shipped(tmp_path: Path) -> None:
    source = small_artifact.write(tmp_path / "artifact")
    (source / "golden.json").write_text("[]")
    with pytest.raises(UserError, match=r"golden.json was altered"):
        layers.model_layer(tmp_path / "layer", source)
    assert not (tmp_path / "layer").exists()


def test_a_runtime_layer_without_packages_serves_either_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHITECTURE", "arm64")
    layers.runtime_layer(tmp_path / "layer", small_artifact.write(tmp_path / "artifact"))
    assert shipped(tmp_path / "layer") == [layers.STAMP]
    stamp = json.loads((tmp_path / "layer" / layers.STAMP).read_text())
    assert stamp == {"engine": "sklearn", "architecture": "any", "requirements": {}}


def test_a_runtime_layer_installs_what_the_manifest_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr(requirements, "install", lambda *arguments: asked.append(arguments))
    monkeypatch.setenv("ARCHITECTURE", "arm64")
    source = small_artifact.write(tmp_path / "artifact", needing(requirements={"scikit-learn": "1.9.1"}))
    layers.runtime_layer(tmp_path / "layer", source)
    assert asked == [({"scikit-learn": "1.9.1"}, "arm64", tmp_path / "layer")]
    stamp = json.loads((tmp_path / "layer" / layers.STAMP).read_text())
    assert (stamp["architecture"], stamp["requirements"]) == ("arm64", {"scikit-learn": "1.9.1"})


def test_a_champion_of_another_python_is_refused(tmp_path: Path) -> None:
    change = needing(requirements={"scikit-learn": "1.9.1"}, python="3.12")
    source = small_artifact.write(tmp_path / "artifact", change)
    with pytest.raises(UserError, match=r"trained on Python 3\.12 and Lambda runs 3\.13: run `make train`"):
        layers.runtime_layer(tmp_path / "layer", source)


@pytest.mark.parametrize(
    ("given", "chosen"), [("arm64", "arm64"), ("host", "host"), ("", "x86_64"), (None, "x86_64")]
)
def test_the_architecture_is_the_environment_s(
    given: str | None, chosen: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ARCHITECTURE", raising=False)
    if given is not None:
        monkeypatch.setenv("ARCHITECTURE", given)
    assert layers.chosen_architecture() == chosen


def test_an_unknown_architecture_is_refused_with_those_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARCHITECTURE", "riscv")
    with pytest.raises(UserError, match=r"ARCHITECTURE is riscv; it must be one of x86_64, arm64, host"):
        layers.chosen_architecture()


TEMPLATE = """Parameters:
  MemorySize:
    Type: Number
    Default: 1024
# who may call
  Owner:
    Type: String

Resources:
  Api:
    Type: AWS::Serverless::Api
"""


@pytest.mark.parametrize(
    ("change", "another"),
    [
        (("Default: 1024", "Default: 2048"), True),
        (("  Owner:", "  Caller:"), True),
        (("AWS::Serverless::Api", "AWS::Serverless::HttpApi"), False),
    ],
    ids=["default", "name", "resource"],
)
def test_another_parameter_is_another_setting(
    change: tuple[str, str], another: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(project, "ROOT", tmp_path)
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    before = layers.settings_digest()
    (tmp_path / "template.yaml").write_text(TEMPLATE.replace(*change))
    assert (layers.settings_digest() != before) is another


def test_a_value_that_samconfig_gives_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    before = layers.settings_digest()
    given = sam.overrides
    monkeypatch.setattr(sam, "overrides", lambda name: {**given(name), "LogRetentionDays": "8"})
    assert layers.settings_digest() != before
