"""A step of one's own before the native engine, from training to an answer in a process without any package."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import own_steps
import pandas as pd
import pytest
from conftest import serve
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import skylayer
from serving import artifact
from skylayer.compiler.kernel_build import host_kernel
from skylayer.errors import UserError
from skylayer.formats.exporting import export

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVING = Path(artifact.__file__).parents[1]
ROW = {"name": "Mr Doe", "age": None, "fare": 3}


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from own_steps.write(tmp_path, monkeypatch)


def pipeline(step: str, last: Any) -> Any:
    own = getattr(import_module(f"{own_steps.PACKAGE}.steps"), step)()
    encoded = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["title"]), (StandardScaler(), ["age", "ratio"])
    )
    return make_pipeline(own, encoded, last)


def packaged(estimator: Any, directory: Path, data: Any = None) -> tuple[Any, Path]:
    passengers, survived = own_steps.passengers()
    data = passengers if data is None else data
    estimator.fit(data, survived)
    return estimator, skylayer.package(
        estimator, data, survived, name="model", directory=directory, proof_rows=2000
    )


@pytest.mark.parametrize(
    "last", [LogisticRegression(), HistGradientBoostingClassifier(max_iter=10)], ids=["linear", "boosting"]
)
def test_the_steps_behind_it_are_native_and_no_package_is_needed(last: Any, tmp_path: Path) -> None:
    estimator, folder = packaged(pipeline("Titles", last), tmp_path / "models")
    manifest = artifact.verify(folder)
    assert manifest["engine"] == "native", manifest["engine_reason"]
    assert manifest["engine_reason"].startswith(
        "Behind titles in Python, on plain rows, every step compiles, and "
    )
    layer = [name for name in artifact.layer_files(manifest) if name.startswith("source/")]
    assert layer == [f"source/ownsteps/{name}.py" for name in ("__init__", "plain", "words")]
    code = f"""if True:
        import json, os, sys
        sys.path.insert(0, {str(SERVING)!r})
        os.environ["SKYLAYER_KERNEL"] = {str(host_kernel())!r}
        from serving import model
        answer = model.load({str(folder)!r}).predict_instances([{ROW!r}])
        print(json.dumps([answer, [name for name in ("numpy", "sklearn", "pandas") if name in sys.modules]]))
    """
    # -S: without site-packages, as in a Lambda of the native engine.
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False
    )
    assert not done.returncode, done.stderr
    answer, packages = json.loads(done.stdout)
    assert packages == []
    own = estimator.predict_proba(pd.DataFrame([{"name": "Mr Doe", "age": float("nan"), "fare": 3.0}]))
    assert answer["probabilities"][0] == pytest.approx(own[0].tolist(), rel=1e-12)
    artifact.verify(folder)  # no byte code was written into it


def test_every_door_answers_and_refuses_by_the_request_s_own_columns(tmp_path: Path) -> None:
    estimator, folder = packaged(pipeline("Titles", LogisticRegression()), tmp_path / "models")
    client = serve(folder)
    data, _ = own_steps.passengers()
    rows = json.loads(data.to_json(orient="records"))
    assert client.post({"instances": rows}).json()["predictions"] == estimator.predict(data).tolist()
    csv = data.head(5).to_csv(index=False)
    assert (
        client.post_csv(csv, accept="application/json").json()["predictions"]
        == estimator.predict(data.head(5)).tolist()
    )
    refused = client.post({"instances": [ROW, {**ROW, "age": 0}]})
    assert refused.status == 422
    assert refused.json()["errors"][0]["pointer"] == "/instances/1"
    assert client.post({"instances": [{**ROW, "title": "Mr"}]}).status == 422


def test_a_step_that_answers_otherwise_leaves_scikit_learn_and_shows_the_row(tmp_path: Path) -> None:
    _, folder = packaged(pipeline("Wrong", LogisticRegression()), tmp_path / "models")
    manifest = artifact.read_manifest(folder)
    assert manifest["engine"] == "sklearn"
    assert "first_steps" not in json.dumps(manifest["engines"])
    assert "did not pass the proof: transform_rows makes ratio" in manifest["engine_reason"]
    assert "'age': 33.0" in manifest["engine_reason"]


def test_a_package_that_a_method_imports_by_itself_is_found(tmp_path: Path) -> None:
    hidden = import_module(f"{own_steps.PACKAGE}.hidden").Hidden()
    data = own_steps.passengers()[0][["age", "fare"]].fillna(1.0)
    estimator = make_pipeline(FunctionTransformer(hidden), StandardScaler(), LogisticRegression())
    _, folder = packaged(estimator, tmp_path / "models", data)
    manifest = artifact.read_manifest(folder)
    assert manifest["engine"] == "sklearn"
    assert "transform_rows needs the standard library only: ModuleNotFoundError" in manifest["engine_reason"]


def test_a_step_behind_it_that_does_not_compile_is_named(tmp_path: Path) -> None:
    steps = import_module(f"{own_steps.PACKAGE}.steps")
    plain = import_module(f"{own_steps.PACKAGE}.plain")
    data = own_steps.passengers()[0][["age", "fare"]].fillna(1.0)
    estimator = make_pipeline(
        FunctionTransformer(plain.Doubled()),
        StandardScaler(),
        FunctionTransformer(steps.thirds),
        LogisticRegression(),
    )
    _, folder = packaged(estimator, tmp_path / "models", data)
    reason = artifact.read_manifest(folder)["engine_reason"]
    assert "functiontransformer-2" in reason
    assert "or transform_rows in a first step" in reason


def test_hdf5_which_holds_no_code_refuses_it(tmp_path: Path) -> None:
    _, folder = packaged(pipeline("Titles", LogisticRegression()), tmp_path / "models")
    with pytest.raises(UserError, match="begins with steps in Python, which hdf5 can't hold"):
        export(folder, "hdf5", tmp_path / "model.h5")
