"""What an estimator needs where it is served is found in its pickle and in the project's own source."""

from __future__ import annotations

import sys
from importlib import import_module, metadata
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from imblearn.pipeline import Pipeline as ResamplingPipeline
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import FunctionTransformer

from skylayer.artifact import dependencies
from skylayer.artifact.dependencies import dependencies_of
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def test_scikit_learn_brings_its_own_requirements_at_their_versions() -> None:
    found = dependencies_of(LinearRegression(), "array")
    assert {"scikit-learn", "numpy", "scipy", "joblib", "threadpoolctl"} <= set(found.requirements)
    assert found.requirements["scikit-learn"] == metadata.version("scikit-learn")
    assert "pandas" not in found.requirements
    assert found.sources == {}


def test_a_frame_needs_pandas() -> None:
    assert "pandas" in dependencies_of(LinearRegression(), "frame").requirements


@pytest.mark.parametrize(
    ("estimator", "distribution"),
    [
        (LGBMRegressor(), "lightgbm"),
        (ResamplingPipeline([("model", LGBMRegressor())]), "imbalanced-learn"),
    ],
)
def test_other_libraries_are_named_as_they_are_installed(estimator: Any, distribution: str) -> None:
    found = dependencies_of(estimator, "array").requirements
    assert found[distribution] == metadata.version(distribution)


@pytest.fixture
def own_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    folder = tmp_path / "ownpackage"
    (folder / "deep").mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    (folder / "deep" / "__init__.py").write_text("")
    (folder / "deep" / "steps.py").write_text(
        "from __future__ import annotations\nfrom typing import TYPE_CHECKING\nimport json\n"
        "from ..words import STOP\nfrom lightgbm import LGBMRegressor\n"
        "if TYPE_CHECKING:\n    import matplotlib\n"
        "def step(x):\n    import onnx\n    return x\n"
    )
    (folder / "words.py").write_text("STOP = ['the']\n")
    (folder / "unused.py").write_text("import no_such_module\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield folder
    for name in [name for name in sys.modules if name.partition(".")[0] == "ownpackage"]:
        del sys.modules[name]


def test_the_projects_own_modules_ship_with_all_that_they_import(own_package: Path) -> None:
    step = import_module("ownpackage.deep.steps").step
    found = dependencies_of(FunctionTransformer(step), "array")
    assert sorted(found.sources) == [
        "ownpackage/__init__.py",
        "ownpackage/deep/__init__.py",
        "ownpackage/deep/steps.py",
        "ownpackage/words.py",
    ]
    assert found.sources["ownpackage/words.py"] == (own_package / "words.py").read_bytes()
    assert "lightgbm" in found.requirements
    assert not {"matplotlib", "onnx"} & set(found.requirements)


def test_what_a_package_above_a_module_imports_ships_too(own_package: Path) -> None:
    (own_package / "__init__.py").write_text("from ownpackage.settings import LIMIT\n")
    (own_package / "settings.py").write_text("import imblearn\nLIMIT = 3\n")
    step = import_module("ownpackage.deep.steps").step
    found = dependencies_of(FunctionTransformer(step), "array")
    assert found.sources["ownpackage/settings.py"] == (own_package / "settings.py").read_bytes()
    assert "imbalanced-learn" in found.requirements


def test_what_is_defined_in_a_notebook_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def step(values: Any) -> Any:
        return np.abs(values)

    step.__module__, step.__qualname__ = "__main__", "step"
    monkeypatch.setattr(sys.modules["__main__"], "step", step, raising=False)
    with pytest.raises(UserError, match=r"notebook or script.*Move it to a module in training/"):
        dependencies_of(FunctionTransformer(step), "array")


def test_a_distribution_of_another_environment_is_no_source_of_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As `uv run --with jupyter` has it: packages lie in an environment of their own, in front of the project's.
    (tmp_path / "layeredpackage").mkdir()
    (tmp_path / "layeredpackage" / "__init__.py").write_text("def step(x):\n    return x\n")
    information = tmp_path / "layeredpackage-1.2.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: layeredpackage\nVersion: 1.2\n")
    (information / "RECORD").write_text(
        "layeredpackage/__init__.py,,\nlayeredpackage-1.2.dist-info/METADATA,,\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    dependencies._distributions_by_package.cache_clear()  # noqa: SLF001
    found = dependencies_of(FunctionTransformer(import_module("layeredpackage").step), "array")
    dependencies._distributions_by_package.cache_clear()  # noqa: SLF001
    assert found.requirements["layeredpackage"] == "1.2"
    assert found.sources == {}
