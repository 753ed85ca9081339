"""Ten kinds of model whose rows or texts take long, each as an artifact that is opened as a function opens it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import HashingVectorizer, TfidfVectorizer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor, RadiusNeighborsRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skylayer.artifact.open import load
from skylayer.artifact.package import package
from slow.letters import letters

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from serving.model import Model

_WORDS = [
    "river",
    "stone",
    "bird",
    "wing",
    "ice",
    "krill",
    "north",
    "nest",
    "moult",
    "egg",
    "of",
    "the",
    "penguin",
]


def _numbers(rows: int, columns: int) -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(0)
    values = random.normal(size=(rows, columns)).round(3)
    return pd.DataFrame(values, columns=[f"x{index}" for index in range(columns)]), values.sum(axis=1)


def _texts(rows: int) -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(_WORDS, random.integers(5, 60))) + f" {row}" for row in range(rows)]
    return pd.DataFrame({"text": pd.Series(texts, dtype="str")}), np.arange(rows) % 5


def _forest(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 12)
    return RandomForestRegressor(100, random_state=0, n_jobs=2), data, target


def _boosting(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 12)
    return HistGradientBoostingClassifier(max_iter=100, random_state=0), data, (target * 2).astype(int) % 5


def _network(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 12)
    network = MLPRegressor(hidden_layer_sizes=(300, 300), activation="tanh", max_iter=5, random_state=0)
    return make_pipeline(StandardScaler(), network), data, target


def _neighbours(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 20)
    return KNeighborsRegressor(10, algorithm="kd_tree"), data, target


def _radius(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 3)
    return RadiusNeighborsRegressor(3.0, algorithm="kd_tree", weights="distance"), data, target


def _process(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows // 2, 6)
    return GaussianProcessRegressor(alpha=0.1, optimizer=None), data, target


def _vectors(rows: int) -> tuple[Any, Any, Any]:
    data, target = _numbers(rows, 10)
    return SVC(C=10.0), data, (target * 2).astype(int) % 5


def _words(rows: int) -> tuple[Any, Any, Any]:
    data, target = _texts(rows)
    terms = make_column_transformer((TfidfVectorizer(ngram_range=(1, 3)), "text"))
    return make_pipeline(terms, LogisticRegression()), data, target


def _characters(rows: int) -> tuple[Any, Any, Any]:
    data, target = _texts(rows)
    hashed = HashingVectorizer(analyzer="char", ngram_range=(2, 5), n_features=2**12)
    return make_pipeline(make_column_transformer((hashed, "text")), LogisticRegression()), data, target


def _own(rows: int) -> tuple[Any, Any, Any]:
    data, target = _texts(rows)
    terms = make_column_transformer((TfidfVectorizer(analyzer=letters), "text"))
    return make_pipeline(terms, KNeighborsClassifier(10, algorithm="brute")), data, target


MAKERS: dict[str, Callable[[int], tuple[Any, Any, Any]]] = {
    "forest": _forest,
    "boosting": _boosting,
    "network": _network,
    "neighbours": _neighbours,
    "radius": _radius,
    "process": _process,
    "vectors": _vectors,
    "words": _words,
    "characters": _characters,
    "own": _own,
}


def make(kind: str, directory: Path, rows: int) -> Model:
    """Fit a model of a kind to so many made-up rows, package and open it."""
    estimator, data, target = MAKERS[kind](rows)
    estimator.fit(data, target)
    return load(package(estimator, data, target, name=kind, directory=directory, proof_rows=50))
