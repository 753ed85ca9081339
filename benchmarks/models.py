"""The pipelines that every variant serves: fitted once, on a frame and, for the array peer, on an array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks import data

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from sklearn.base import BaseEstimator

Columns = list[str] | list[int]


@dataclass(frozen=True)
class Model:
    """A fitted pipeline with its table; `on_array` is the same pipeline fitted on an object array."""

    name: str
    table: data.Table
    on_frame: BaseEstimator
    on_array: BaseEstimator | None

    def repeated(self, rows: int) -> pd.DataFrame:
        """Give exactly so many rows to ask about, from the start again where the table ends."""
        return self.table.ask.iloc[np.arange(rows) % len(self.table.ask)].reset_index(drop=True)

    def description(self) -> dict[str, object]:
        """Say what was fitted on what."""
        return {
            "name": self.name,
            "estimator": " → ".join(type(step).__name__ for step in _steps(self.on_frame)),
            "rows": len(self.table.train),
            "columns": self.table.train.shape[1],
            "tree_nodes": _tree_nodes(self.on_frame),
        }


def _prepared(predictor: BaseEstimator, numeric: Columns, other: Columns) -> Pipeline:
    """Impute and scale the numbers, one-hot the categories; a missing category is a category of its own."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_pipeline(
        ColumnTransformer([("numbers", numbers, numeric), ("categories", categories, other)]), predictor
    )


def logistic_regression(numeric: Columns, other: Columns) -> Pipeline:
    """Logistic regression behind imputing, scaling and one-hot encoding."""
    return _prepared(LogisticRegression(max_iter=1_000), numeric, other)


def forest(numeric: Columns, other: Columns, trees: int = 200) -> Pipeline:
    """Unpruned trees, scikit-learn's default depth."""
    return _prepared(RandomForestClassifier(trees, random_state=data.SEED, n_jobs=1), numeric, other)


def hist_gradient_boosting(numeric: Columns, other: Columns) -> Pipeline:
    """HistGradientBoosting, which takes missing numbers as they are."""
    categories = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    columns = ColumnTransformer([("numbers", "passthrough", numeric), ("categories", categories, other)])
    return make_pipeline(columns, HistGradientBoostingClassifier(random_state=data.SEED))


def mlp(numeric: Columns, other: Columns) -> Pipeline:
    """Two hidden layers, 64 and 32 wide."""
    predictor = MLPClassifier((64, 32), max_iter=40, early_stopping=True, random_state=data.SEED)
    return _prepared(predictor, numeric, other)


def text(numeric: Columns, other: Columns) -> Pipeline:  # noqa: ARG001  one signature for all
    """TF-IDF over words and logistic regression."""
    columns = ColumnTransformer([("text", TfidfVectorizer(), other[0])])
    return make_pipeline(columns, LogisticRegression(max_iter=1_000))


BUILDERS: dict[str, Callable[..., Pipeline]] = {
    "logistic-regression": logistic_regression,
    "forest": forest,
    "hist-gradient-boosting": hist_gradient_boosting,
    "mlp": mlp,
    "text": text,
}


def fit(name: str, table: data.Table | None = None, **options: int) -> Model:
    """Fit one of `BUILDERS` twice over the same rows: by column name, and by column position.

    Raises `AssertionError` if the two don't answer alike, since then the peers would not serve one model.
    """
    build = BUILDERS[name]
    table = table or (data.texts() if name == "text" else data.mixed())
    positions = {column: position for position, column in enumerate(table.train)}
    on_frame = build(table.numeric, table.other, **options).fit(table.train, table.target)
    on_array = build(
        [positions[column] for column in table.numeric],
        [positions[column] for column in table.other],
        **options,
    ).fit(as_array(table.train), table.target)
    asked = table.ask[:500]
    expected, answered = on_frame.predict_proba(asked), on_array.predict_proba(as_array(asked))
    if not np.allclose(expected, answered, rtol=0, atol=1e-9):
        raise AssertionError(f"{name}: fitted on a frame and on an array, the pipeline answers differently")
    return Model(name, table, on_frame, on_array)


def fork() -> Model:
    """Fit the pipeline of `training/`, on four fifths of its own data; it may choose columns by name only."""
    from training import pipeline

    features, target = pipeline.load_data()
    ask = features.sample(frac=0.2, random_state=data.SEED)
    train = features.drop(ask.index)
    estimator = pipeline.build_estimator().fit(train, target.loc[train.index])
    table = data.Table(train, target.loc[train.index].to_numpy(), ask.reset_index(drop=True))
    return Model("training", table, estimator, None)


def _steps(estimator: BaseEstimator) -> list[BaseEstimator]:
    return [step for _, step in estimator.steps] if isinstance(estimator, Pipeline) else [estimator]


def _tree_nodes(estimator: BaseEstimator) -> int | None:
    trees = getattr(_steps(estimator)[-1], "estimators_", None)
    if not isinstance(trees, list) or not hasattr(trees[0], "tree_"):
        return None
    nodes: int = sum(tree.tree_.node_count for tree in trees)
    return nodes


def as_array(frame: pd.DataFrame) -> np.ndarray:
    """Turn a frame into an object array with NaN where a value is missing."""
    return frame.astype(object).where(frame.notna(), np.nan).to_numpy(dtype=object)
