"""Models whose training data leave their coefficients open are packaged, however large those come out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF
from sklearn.kernel_approximation import Nystroem
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression, Ridge
from sklearn.pipeline import make_pipeline

import skylayer

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
FREE = RANDOM.normal(size=(80, 3))
# Twice the same column, a sum of others, and a constant.
DATA = np.column_stack([FREE, FREE[:, 0], FREE @ [1.0, 1.0, 0.0], np.ones(80)])
TARGET = FREE @ [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    "estimator",
    [
        LinearRegression(),
        Ridge(alpha=0.0, solver="svd"),
        Ridge(alpha=1e-12),
        make_pipeline(Nystroem(n_components=70, gamma=1e-6, random_state=0), Ridge(alpha=1e-10)),
        GaussianProcessRegressor(alpha=0.0, kernel=RBF(0.5, "fixed")),
        GaussianProcessRegressor(alpha=1e-10, optimizer=None),
        KernelRidge(alpha=0.0),
        make_pipeline(PCA(whiten=True), Ridge()),
    ],
    ids=[
        "least squares",
        "ridge",
        "small ridge",
        "nystroem",
        "gaussian process",
        "noiseless",
        "kernel",
        "whitened",
    ],
)
@pytest.mark.filterwarnings("ignore:Singular matrix in solving dual problem")
def test_it_is_packaged_and_answers_as_the_estimator(estimator: Any, tmp_path: Path) -> None:
    estimator.fit(DATA, TARGET)
    path = skylayer.package(estimator, DATA, TARGET, name="open", directory=tmp_path, proof_rows=500)
    model = skylayer.open(path)
    proof = (
        model.manifest["engines"].get("native", {}).get("proof", {"tolerance": {"predictions": [1e-9, 1e-9]}})
    )
    relative, absolute = proof["tolerance"]["predictions"]
    found = model.predict(DATA[:20])["predictions"]
    np.testing.assert_allclose(found, estimator.predict(DATA[:20]), rtol=relative, atol=absolute)
