from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import skylayer
from fast_start.lambda_runtime import Deployment, deploy

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def artifact(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A classifier of a number and a category, served by the native engine."""
    source = np.random.default_rng(0)
    rows = pd.DataFrame({"mass": source.normal(40, 5, 80).round(2), "island": source.choice(["a", "b"], 80)})
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["island"]), remainder="passthrough"
    )
    target = np.where(rows.mass > 40, "heavy", 'li"ght')
    estimator = make_pipeline(columns, LogisticRegression()).fit(rows, target)
    folder = tmp_path_factory.mktemp("artifact of a classifier")
    return skylayer.package(estimator, rows, target, name="birds", directory=folder, proof_rows=200)


@pytest.fixture(scope="session")
def deployed(artifact: Path, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    return deploy(artifact, tmp_path_factory.mktemp("a deployment"))
