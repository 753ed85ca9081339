"""What a reader is told to install is what they meant, never a package that only shares the name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from skylayer.train.missing_modules import advice

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("module", "distribution"),
    [("imblearn.over_sampling", "imbalanced-learn"), ("yaml", "PyYAML"), ("PIL", "pillow")],
)
def test_a_known_module_is_installed_by_the_name_of_its_distribution(module: str, distribution: str) -> None:
    assert advice(module).endswith(f"add {distribution}")


@pytest.mark.parametrize(
    ("system", "machine", "distribution"),
    [
        (
            "linux",
            "x86_64",
            "xgboost-cpu",
        ),  # the other one brings 300 MB for graphics cards, more than Lambda takes
        ("linux", "aarch64", "xgboost"),
        ("darwin", "x86_64", "xgboost"),
    ],
)
def test_xgboost_is_the_one_that_a_layer_has_room_for(
    monkeypatch: pytest.MonkeyPatch, system: str, machine: str, distribution: str
) -> None:
    monkeypatch.setattr("sys.platform", system)
    monkeypatch.setattr("platform.machine", lambda: machine)
    assert advice("xgboost.sklearn").endswith(f"add {distribution}")


def test_no_command_is_given_for_a_module_whose_distribution_is_not_known() -> None:
    text = advice("no_such_module.part")
    assert "add no_such_module" not in text
    assert "stranger" in text


@pytest.mark.parametrize("name", ["features.py", "features/__init__.py"])
def test_a_module_beside_the_pipeline_is_the_readers_own(tmp_path: Path, name: str) -> None:
    path = tmp_path / "training" / name
    path.parent.mkdir(parents=True)
    path.touch()
    assert "from training.features.text import" in advice("features.text", tmp_path / "training")
