"""Neighbours by kd-tree on a coarse grid, where most distances are tied: every bit must be scikit-learn's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import native_and_reference, numeric_schema
from sklearn import neighbors
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import skylayer
from serving.engines.native import open_kernel, open_table
from serving.errors import RowError
from skylayer.compiler import compile_estimator
from skylayer.compiler.kernel_build import host_kernel

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
TRAIN = RANDOM.integers(0, 8, (400, 3)) / 4
ASKED = np.concatenate([RANDOM.integers(-1, 18, (300, 3)) / 8, RANDOM.normal(0, 5, (50, 3)), TRAIN[:50]])
LABELS = np.array(["p", "q", "r"])[RANDOM.integers(0, 3, 400)]
NUMBERS = RANDOM.normal(size=400)
PAIR = np.column_stack([NUMBERS, RANDOM.normal(size=400)])
BOTH = np.column_stack([RANDOM.integers(0, 3, 400), RANDOM.integers(5, 8, 400)])
CASES = [
    (neighbors.KNeighborsClassifier(1), LABELS),
    (neighbors.KNeighborsClassifier(5, leaf_size=2), LABELS),
    (neighbors.KNeighborsClassifier(30, weights="distance"), LABELS),
    (neighbors.KNeighborsClassifier(7, metric="manhattan"), BOTH),
    (neighbors.KNeighborsClassifier(7, metric="chebyshev", weights="distance"), BOTH),
    (neighbors.KNeighborsRegressor(20), NUMBERS),
    (neighbors.KNeighborsRegressor(100, leaf_size=5), NUMBERS),
    (neighbors.KNeighborsRegressor(20), PAIR),
    (neighbors.KNeighborsRegressor(17, weights="distance", p=1), NUMBERS),
    (neighbors.KNeighborsRegressor(17, weights="distance"), PAIR),
    (neighbors.RadiusNeighborsClassifier(0.6, outlier_label="z"), LABELS),
    (neighbors.RadiusNeighborsClassifier(0.5, weights="distance", outlier_label="p"), LABELS),
    (neighbors.RadiusNeighborsClassifier(0.5, metric="chebyshev", outlier_label=[0, 5]), BOTH),
    (neighbors.RadiusNeighborsRegressor(0.5), NUMBERS),
    (neighbors.RadiusNeighborsRegressor(2.0, leaf_size=3), NUMBERS),
    (neighbors.RadiusNeighborsRegressor(1.0, metric="manhattan"), PAIR),
    (neighbors.RadiusNeighborsRegressor(1.0, weights="distance"), NUMBERS),
    (neighbors.RadiusNeighborsRegressor(1.0, weights="distance"), PAIR),
    (neighbors.LocalOutlierFactor(novelty=True), None),
]


@pytest.mark.parametrize(("estimator", "target"), CASES)
def test_every_bit_is_scikit_learns(estimator: Any, target: Any, tmp_path: Path) -> None:
    estimator.set_params(algorithm="kd_tree")
    frame = pd.DataFrame(TRAIN, columns=["x0", "x1", "x2"])
    estimator.fit(frame, *([] if target is None else [target]))
    native, expected = native_and_reference(estimator, numeric_schema(3), ASKED.T.tolist(), tmp_path)
    for field, answer in expected.items():
        wanted = answer.swapaxes(0, 1) if answer.ndim == 3 else answer
        got = native[field] if wanted.dtype.kind != "f" else native[field].astype(float)
        np.testing.assert_array_equal(got, wanted)


def test_a_row_without_neighbours_is_refused(tmp_path: Path) -> None:
    classifier = neighbors.RadiusNeighborsClassifier(0.5, algorithm="kd_tree")
    classifier.fit(pd.DataFrame(TRAIN, columns=["x0", "x1", "x2"]), LABELS)
    path = tmp_path / "tables.bin"
    path.write_bytes(compile_estimator(classifier, numeric_schema(3)))
    engine = open_table(str(path), open_kernel(str(host_kernel())), ["x0", "x1", "x2"], ["predictions"])
    with pytest.raises(RowError, match="no training row within") as refused:
        engine.predict([[0.5, 90.0], [0.5, 90.0], [0.5, 90.0]], 2)
    assert refused.value.row == 1


SCATTERED = RANDOM.normal(size=(400, 3))
CLEAR = np.concatenate([RANDOM.normal(size=(300, 3)), RANDOM.normal(0, 5, (50, 3))])


@pytest.mark.parametrize("algorithm", ["brute", "ball_tree"])
@pytest.mark.parametrize(
    ("estimator", "target"),
    [
        (neighbors.KNeighborsClassifier(5), LABELS),
        (neighbors.KNeighborsClassifier(9, weights="distance", metric="l1"), BOTH),
        (neighbors.KNeighborsRegressor(5), NUMBERS),
        (neighbors.KNeighborsRegressor(9, metric="cityblock"), PAIR),
        (neighbors.KNeighborsRegressor(9, weights="distance", metric="l2"), NUMBERS),
        (neighbors.LocalOutlierFactor(novelty=True), None),
        (neighbors.RadiusNeighborsClassifier(0.9, outlier_label="z"), LABELS),
        (
            neighbors.RadiusNeighborsClassifier(1.5, weights="distance", metric="l1", outlier_label="p"),
            LABELS,
        ),
        (neighbors.RadiusNeighborsRegressor(1.0), NUMBERS),
        (neighbors.RadiusNeighborsRegressor(1.0, metric="chebyshev"), PAIR),
        (neighbors.RadiusNeighborsRegressor(1.0, weights="distance"), PAIR),
    ],
)
def test_other_searches_find_the_same_where_no_two_are_equally_near(
    estimator: Any, target: Any, algorithm: str, tmp_path: Path
) -> None:
    estimator = clone(estimator).set_params(algorithm=algorithm)
    estimator.fit(pd.DataFrame(SCATTERED, columns=["x0", "x1", "x2"]), *([] if target is None else [target]))
    native, expected = native_and_reference(estimator, numeric_schema(3), CLEAR.T.tolist(), tmp_path)
    for field, answer in expected.items():
        wanted = answer.swapaxes(0, 1) if answer.ndim == 3 else answer
        if wanted.dtype.kind == "f":
            np.testing.assert_allclose(native[field].astype(float), wanted, rtol=1e-9)
        else:
            np.testing.assert_array_equal(native[field], wanted)


def test_brute_force_is_native_where_most_rows_are_clear(tmp_path: Path) -> None:
    data, target = load_breast_cancer(return_X_y=True)  # so many columns that auto means brute force
    estimator = make_pipeline(StandardScaler(), neighbors.KNeighborsClassifier()).fit(data, target)
    assert estimator[-1]._fit_method == "brute"  # noqa: SLF001 - said nowhere else
    path = skylayer.package(estimator, data, target, name="m", directory=tmp_path, proof_rows=1000)
    model = skylayer.open(path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    assert model.predict(data.tolist())["predictions"] == estimator.predict(data).tolist()


def test_brute_force_of_a_grid_is_scikit_learns_where_ties_come_out_otherwise(tmp_path: Path) -> None:
    estimator = neighbors.KNeighborsRegressor(5, algorithm="brute").fit(TRAIN, NUMBERS)
    path = skylayer.package(estimator, TRAIN, NUMBERS, name="m", directory=tmp_path, proof_rows=1000)
    manifest = skylayer.open(path).manifest
    assert manifest["engine"] == "sklearn"
    assert "come out differently" in manifest["engine_reason"]


@pytest.mark.parametrize("algorithm", ["brute", "ball_tree"])
@pytest.mark.parametrize("weights", ["uniform", "distance"])
def test_a_radius_is_native_by_every_search(algorithm: str, weights: str, tmp_path: Path) -> None:
    estimator = neighbors.RadiusNeighborsRegressor(1.5, weights=weights, algorithm=algorithm)
    estimator.fit(SCATTERED, NUMBERS)
    path = skylayer.package(estimator, SCATTERED, NUMBERS, name="m", directory=tmp_path, proof_rows=1000)
    model = skylayer.open(path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    asked = SCATTERED[:50] + 0.01
    np.testing.assert_allclose(model.predict(asked)["predictions"], estimator.predict(asked), rtol=1e-9)
