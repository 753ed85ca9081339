"""ONNX graphs of one tree ensemble: native where they answer what ONNX Runtime answers, else left to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_models as models
import pandas as pd
import pytest
from onnx import helper
from onnx_models import bring
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import (
    GradientBoostingClassifier,
    GradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

import skylayer

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 10_000
X = np.random.default_rng(0).normal(size=(300, 4)).round(3)
SCORE = X[:, 0] + X[:, 1] * X[:, 2]
TWO, THREE = np.where(SCORE > 0, "yes", "no"), (SCORE > 0).astype(int) + (SCORE > 1)
CASES: dict[str, tuple[Any, Any]] = {
    "forest of two": (RandomForestClassifier(10, random_state=0), TWO),
    "forest of three": (RandomForestClassifier(10, random_state=0), THREE),
    "forest of numbers": (RandomForestRegressor(10, random_state=0), SCORE),
    "forest of two numbers": (RandomForestRegressor(10, random_state=0), np.c_[SCORE, -SCORE]),
    "boosted two": (GradientBoostingClassifier(n_estimators=20), TWO),
    "boosted three": (GradientBoostingClassifier(n_estimators=10), THREE),
    "boosted numbers": (GradientBoostingRegressor(n_estimators=20), SCORE),
    "scaled": (make_pipeline(StandardScaler(), RandomForestClassifier(10, random_state=0)), THREE),
}
LINKED = {"boosted two", "boosted three"}
LAST_DIGIT = 4 * 2.0**-23  # of the C library's exponential in float32


def graph_of(estimator: Any, target: Any) -> Any:
    return convert_sklearn(estimator.fit(X, target), initial_types=[("x", FloatTensorType([None, 4]))])


def many() -> Any:
    return np.random.default_rng(1).normal(size=(ROWS, 4)).round(2)


@pytest.mark.parametrize("name", CASES)
def test_a_tree_ensemble_is_native_and_answers_as_onnx_runtime_does(name: str, tmp_path: Path) -> None:
    brought = graph_of(*CASES[name])
    sample = pd.DataFrame(X, columns=list("abcd"))
    model = skylayer.open(bring(brought, tmp_path, sample))
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    assert list(model.manifest["engines"]) == ["native"]
    got = model.predict([dict(zip("abcd", row, strict=True)) for row in many().tolist()])
    outputs = models.asked(brought, {"x": many().astype(np.float32)})
    if len(outputs) == 1:
        expected = outputs[0][:, 0] if outputs[0].shape[1] == 1 else outputs[0]
        assert got["predictions"] == expected.tolist()
        return
    assert got["predictions"] == outputs[0].tolist()
    probabilities = np.array([list(row.values()) for row in outputs[1]])
    tolerance = LAST_DIGIT if name in LINKED else 0.0
    np.testing.assert_allclose(got["probabilities"], probabilities, rtol=tolerance, atol=tolerance)


def with_attributes(change: dict[str, Any], kind: str = "forest of numbers") -> Any:
    """The graph of a case, with other attributes of its ensemble."""
    brought = graph_of(*CASES[kind])
    node = next(node for node in brought.graph.node if node.op_type.startswith("TreeEnsemble"))
    kept = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    changed = {name: value(kept) if callable(value) else value for name, value in change.items()}
    del node.attribute[:]
    node.attribute.extend(helper.make_attribute(name, value) for name, value in (kept | changed).items())
    return brought


@pytest.mark.parametrize("mode", ["BRANCH_LT", "BRANCH_GT", "BRANCH_GTE"])
def test_every_way_to_compare_by_size_is_exact(mode: str, tmp_path: Path) -> None:
    def modes(kept: Any) -> list[bytes]:
        return [mode.encode() if each == b"BRANCH_LEQ" else each for each in kept["nodes_modes"]]

    def tracks(kept: Any) -> list[int]:
        return [k % 2 for k in range(len(kept["nodes_modes"]))]

    brought = with_attributes({"nodes_modes": modes, "nodes_missing_value_tracks_true": tracks})
    model = skylayer.open(bring(brought, tmp_path))
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    node = next(node for node in brought.graph.node if node.op_type.startswith("TreeEnsemble"))
    kept = {each.name: helper.get_attribute_value(each) for each in node.attribute}
    rows = many()
    on_a_split = np.asarray(kept["nodes_values"], np.float32)[: len(rows)]
    rows[: len(on_a_split), kept["nodes_featureids"][0]] = on_a_split
    rows[::3, 1] = np.nan
    got = model.predict([[None if np.isnan(v) else v for v in row] for row in rows.tolist()])
    (expected,) = models.asked(brought, {"x": rows.astype(np.float32)})
    assert got["predictions"] == expected[:, 0].tolist()


def test_an_average_is_exact(tmp_path: Path) -> None:
    brought = with_attributes({"aggregate_function": "AVERAGE", "base_values": [0.3]})
    model = skylayer.open(bring(brought, tmp_path))
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    (expected,) = models.asked(brought, {"x": many().astype(np.float32)})
    assert model.predict(many().tolist())["predictions"] == expected[:, 0].tolist()


@pytest.mark.parametrize(
    ("brought", "reason"),
    [
        (lambda: models.linear(zipmap=True), "it isn't one tree ensemble"),
        (lambda: with_attributes({"aggregate_function": "MAX"}), "it takes the max of its trees"),
        (lambda: with_attributes({"post_transform": "PROBIT"}), "its post_transform is PROBIT"),
        (
            lambda: with_attributes(
                {"nodes_modes": lambda kept: [m.replace(b"LEQ", b"EQ") for m in kept["nodes_modes"]]}
            ),
            "its nodes compare otherwise than by size",
        ),
        (
            lambda: graph_of(make_pipeline(MinMaxScaler(clip=True), RandomForestRegressor(3)), SCORE),
            "its Clip has no exact native equivalent",
        ),
    ],
    ids=["linear", "largest", "probit", "equal", "clipped"],
)
def test_what_is_not_exact_stays_with_onnx_runtime_which_says_why(
    brought: Any, reason: str, tmp_path: Path
) -> None:
    model = skylayer.open(bring(brought(), tmp_path))
    assert model.manifest["engine"] == "onnx"
    assert f"is what evaluates it, since {reason}" in model.manifest["engine_reason"]
