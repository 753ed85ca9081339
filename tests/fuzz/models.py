"""Small fitted estimators that between them use most operations of the kernel."""

from __future__ import annotations

import os
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import (
    GradientBoostingRegressor,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, QuantileTransformer, StandardScaler
from sklearn.svm import SVC

from skylayer.compiler import compile_estimator
from skylayer.compiler.kernel_build import host_kernel
from skylayer.data.dataset import as_dataset
from skylayer.data.schema import infer


def frame(rows: int = 200) -> tuple[pd.DataFrame, Any]:
    """Numbers with gaps, whole numbers, flags and texts beyond ASCII; and a target of three classes."""
    random = np.random.default_rng(0)
    a = random.normal(40, 5, rows).round(2)
    data = pd.DataFrame(
        {
            "a": np.where(random.random(rows) < 0.1, np.nan, a),
            "whole": random.integers(0, 300, rows).astype("int16"),
            "flag": random.random(rows) < 0.5,
            "straße": pd.Series(random.choice(["x", "why", "Ü"], rows), dtype="str").mask(
                random.random(rows) < 0.1
            ),
            "unused": random.choice(["p", "q"], rows),
        }
    )
    return data, np.array(["high", "low", "mid"])[(a + data.whole / 10).astype(int) % 3]


def _pipeline(estimator: Any, encoder: Any) -> Any:
    numbers = make_pipeline(SimpleImputer(add_indicator=True), StandardScaler())
    return make_pipeline(
        make_column_transformer((numbers, ["a", "whole"]), ("passthrough", ["flag"]), (encoder, ["straße"])),
        estimator,
    )


def kernel_path() -> str:
    """The kernel under attack: this machine's, or the sanitized one."""
    return os.environ.get("SKYLAYER_FUZZ_KERNEL") or str(host_kernel())


@cache
def schema() -> dict[str, Any]:
    """The manifest's `input` for `frame`."""
    return infer(as_dataset(frame()[0])).to_manifest()


@cache
def fitted() -> dict[str, Any]:
    """Fitted estimators by name."""
    data, target = frame()
    one_hot = OneHotEncoder(handle_unknown="ignore")
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, encoded_missing_value=-2)
    normal = QuantileTransformer(n_quantiles=9, output_distribution="normal")
    numbers = pd.Series(target).map({"high": 3.0, "low": 1.0, "mid": 2.0})
    return {
        "forest": _pipeline(RandomForestClassifier(5, random_state=0), one_hot).fit(data, target),
        "logistic": _pipeline(LogisticRegression(), OneHotEncoder()).fit(data, target),
        "boosting": _pipeline(GradientBoostingRegressor(n_estimators=5, random_state=0), ordinal).fit(
            data, numbers
        ),
        "neighbours": _pipeline(KNeighborsClassifier(3, algorithm="kd_tree"), ordinal).fit(data, target),
        "pairs": make_pipeline(
            make_column_transformer(
                (
                    make_pipeline(SimpleImputer(), normal),
                    ["a"],
                ),
                (ordinal, ["straße"]),
            ),
            SVC(probability=True, random_state=0),
        ).fit(data, target),
        "histogram": _pipeline(HistGradientBoostingClassifier(max_iter=3, random_state=0), ordinal).fit(
            data, target
        ),
        "terms": make_pipeline(
            make_column_transformer(
                (TfidfVectorizer(analyzer="char", vocabulary=list("abcdefghijklmnopqrstuvwxyz")), "unused"),
                ("passthrough", ["whole"]),
            ),
            LogisticRegression(max_iter=1_000),
        ).fit(data, target),
    }


@cache
def tables() -> dict[str, bytes]:
    """Their tables."""
    return {name: compile_estimator(estimator, schema()) for name, estimator in fitted().items()}
