"""Which of scikit-learn's predictors the native engine compiles: fit each on little data, compile, compare."""

from __future__ import annotations

import io
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from sklearn import __version__ as sklearn_version
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - registers the halving searches
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import all_estimators

from serving.artifact import METHODS
from serving.engines.containers import container_of
from serving.engines.native import open_kernel, open_table
from serving.engines.sklearn import SklearnEngine
from skylayer.compiler import CannotCompile, compile_estimator
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.reference import reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

ROWS, REQUESTS = 150, 200
BOUNDS = (1e-12, 1e-9)
CLASSIFIER, REGRESSOR = LogisticRegression(), Ridge()
# Parameters without which an estimator has nothing to be fitted with, or would take long, by class.
PARAMETERS: dict[str, dict[str, Any]] = {
    "ClassifierChain": {"estimator": CLASSIFIER},
    "DummyClassifier": {"strategy": "prior"},
    "FixedThresholdClassifier": {"estimator": CLASSIFIER, "threshold": 0.4},
    "GridSearchCV": {"estimator": CLASSIFIER, "param_grid": {"C": [0.1, 1.0]}, "cv": 2},
    "HalvingGridSearchCV": {"estimator": CLASSIFIER, "param_grid": {"C": [0.1, 1.0]}, "cv": 2},
    "HalvingRandomSearchCV": {"estimator": CLASSIFIER, "param_distributions": {"C": [0.1, 1.0]}, "cv": 2},
    "IsolationForest": {"n_estimators": 20},
    "LogisticRegressionCV": {"Cs": 3, "cv": 2},
    "LocalOutlierFactor": {"novelty": True},
    "MLPClassifier": {"max_iter": 100},
    "MLPRegressor": {"max_iter": 100},
    "MultiOutputClassifier": {"estimator": CLASSIFIER},
    "MultiOutputRegressor": {"estimator": REGRESSOR},
    "OneVsOneClassifier": {"estimator": CLASSIFIER},
    "OneVsRestClassifier": {"estimator": CLASSIFIER},
    "OutputCodeClassifier": {"estimator": CLASSIFIER},
    "PLSCanonical": {"n_components": 2},
    "CCA": {"n_components": 2},
    "Pipeline": {"steps": [("scaler", StandardScaler()), ("model", CLASSIFIER)]},
    "RANSACRegressor": {"estimator": LinearRegression()},
    "RFE": {"estimator": CLASSIFIER},
    "RFECV": {"estimator": CLASSIFIER, "cv": 2},
    "CalibratedClassifierCV": {"estimator": CLASSIFIER, "cv": 2},
    "GaussianProcessClassifier": {"optimizer": None},
    "GaussianProcessRegressor": {"kernel": RBF(1.5) + WhiteKernel(0.1), "optimizer": None},
    "RadiusNeighborsClassifier": {"radius": 3.0, "outlier_label": "most_frequent"},
    "RadiusNeighborsRegressor": {"radius": 3.0},
    "GaussianMixture": {"n_components": 3},
    "BayesianGaussianMixture": {"n_components": 3},
    "QuantileRegressor": {"alpha": 0.01},
    "RandomizedSearchCV": {
        "estimator": CLASSIFIER,
        "param_distributions": {"C": [0.1, 1.0]},
        "n_iter": 2,
        "cv": 2,
    },
    "RegressorChain": {"estimator": REGRESSOR},
    "SelfTrainingClassifier": {"estimator": CLASSIFIER},
    "StackingClassifier": {"estimators": [("l", CLASSIFIER), ("t", DecisionTreeClassifier(max_depth=3))]},
    "StackingRegressor": {"estimators": [("l", REGRESSOR), ("o", LinearRegression())]},
    "TheilSenRegressor": {"max_subpopulation": 200},
    "TunedThresholdClassifierCV": {"estimator": CLASSIFIER, "cv": 2},
    "VotingClassifier": {
        "estimators": [("l", CLASSIFIER), ("t", DecisionTreeClassifier(max_depth=3))],
        "voting": "soft",
    },
    "VotingRegressor": {"estimators": [("l", REGRESSOR), ("o", LinearRegression())]},
}
TREES = {"n_estimators": 20}
for _name in ("ExtraTrees", "GradientBoosting", "RandomForest"):
    PARAMETERS |= {f"{_name}Classifier": TREES, f"{_name}Regressor": TREES}
for _name in ("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"):
    PARAMETERS[_name] = {"max_iter": 10}
BINARY = {"FixedThresholdClassifier", "TunedThresholdClassifierCV"}
SEVERAL_LABELS = {"ClassifierChain", "MultiOutputClassifier"}
SEVERAL_NUMBERS = {
    "CCA",
    "MultiOutputRegressor",
    "MultiTaskElasticNet",
    "MultiTaskElasticNetCV",
    "MultiTaskLasso",
    "MultiTaskLassoCV",
    "PLSCanonical",
    "RegressorChain",
}
POSITIVE = {"GammaRegressor", "PoissonRegressor"}
COUNTS = {"CategoricalNB", "ComplementNB", "MultinomialNB"}


@dataclass(frozen=True)
class Row:
    """What became of one estimator.

    Attributes:
        name: its class.
        native: whether the native engine answers.
        reason: why not.
        difference: largest difference from scikit-learn's numbers, relative to the largest number of a field.
        labels: rows whose label differs.
        distinct: how many different answers there are among scikit-learn's own: one would show little.
    """

    name: str
    native: bool
    reason: str
    difference: float
    labels: int
    distinct: int


def predictors() -> list[tuple[str, type]]:
    """Every class of scikit-learn that predicts, by name."""
    return [(name, kind) for name, kind in all_estimators() if hasattr(kind, "predict")]


def fitted(name: str, kind: Callable[..., Any]) -> tuple[Any, pd.DataFrame]:
    """The estimator fitted on rows of its kind, and rows to ask it for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        estimator = kind(**PARAMETERS.get(name, {}))
        if "random_state" in estimator.get_params(deep=False):
            estimator.set_params(random_state=0)
        features, requests = _features(name)
        target = _target(name, estimator, features)
        estimator.fit(features, *([] if target is None else [target]))
    return estimator, requests


def _features(name: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    random = np.random.default_rng(0)
    if name in COUNTS:
        both = random.integers(0, 6, (ROWS + REQUESTS, 4))
        both[:4] = 5
        return pd.DataFrame(both[:ROWS], columns=list("abcd")), pd.DataFrame(
            both[ROWS:], columns=list("abcd")
        )
    columns = ["a"] if name == "IsotonicRegression" else list("abcd")
    centres = random.normal(0, 2, (3, len(columns)))
    train = np.round(centres[np.arange(ROWS) % 3] + random.normal(size=(ROWS, len(columns))), 2)
    far = np.round(random.normal(0, 3, (REQUESTS - ROWS // 3, len(columns))), 2)
    asked = np.concatenate([far, train[: ROWS // 3]])
    return pd.DataFrame(train, columns=columns), pd.DataFrame(asked, columns=columns)


def _target(name: str, estimator: Any, features: pd.DataFrame) -> Any:
    kind = getattr(estimator, "_estimator_type", None) or estimator.__sklearn_tags__().estimator_type
    if kind in {"clusterer", "outlier_detector", "density_estimator"}:
        return None
    labels = np.arange(ROWS) % 3
    if kind == "classifier":
        if name in SEVERAL_LABELS:
            return np.column_stack([labels == 1, features.iloc[:, 0] > 0]).astype(int)
        if name == "SelfTrainingClassifier":
            return np.where(np.arange(ROWS) % 2, labels, -1)
        return np.where(labels == 1, "yes", "no") if name in BINARY else np.array(["p", "q", "r"])[labels]
    value = features.sum(axis=1).to_numpy() + labels
    if name in SEVERAL_NUMBERS:
        return np.column_stack([value, value**2 / 10 - features.iloc[:, 0]])
    return np.abs(value) + 0.5 if name in POSITIVE else value


def schema_of(frame: pd.DataFrame) -> dict[str, Any]:
    """The manifest's `input` of such a frame."""
    columns = [
        {
            "name": name,
            "kind": "integer" if dtype.kind == "i" else "number",
            "dtype": dtype.name,
            "nullable": False,
        }
        for name, dtype in frame.dtypes.items()
    ]
    return {"container": "frame", "columns": columns}


def examine(name: str, kind: Callable[..., Any], kernel: Any) -> Row:
    """Serve one estimator, natively if it compiles, and compare with its own answers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of fits cut short, and of classes that are deprecated
        return _examine(name, kind, kernel)


def _examine(name: str, kind: Callable[..., Any], kernel: Any) -> Row:
    estimator, requests = fitted(name, kind)
    schema = schema_of(requests)
    names = [str(column) for column in requests]
    columns = [requests[name].tolist() for name in names]
    fields = _fields(estimator)
    expected = reference(estimator, schema, columns, len(requests), fields)
    try:
        table, reason = compile_estimator(estimator, schema), ""
    except CannotCompile as error:
        table, reason = b"", str(error)
    if reason:
        stored = io.BytesIO()
        joblib.dump(estimator, stored)
        stored.seek(0)
        engine: Any = SklearnEngine(joblib.load(stored), container_of(schema), names, list(fields), "")
        answers = engine.predict(columns, len(requests))
    else:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "tables.bin"
            path.write_bytes(table)
            engine = open_table(str(path), kernel, names, list(fields))
            answers = engine.predict(columns, len(requests))
    difference, labels = compare(answers, expected)
    distinct = min(_distinct(answer) for answer in expected.values())
    return Row(name, not reason, reason, difference, labels, distinct)


def _distinct(answer: Any) -> int:
    """Different rows of an answer."""
    table = np.hstack(answer) if isinstance(answer, list) else np.asarray(answer)
    return len({tuple(np.atleast_1d(row).tolist()) for row in table})


def _fields(estimator: Any) -> tuple[str, ...]:
    """The fields that an artifact of this estimator answers."""
    fields = ["predictions"]
    if hasattr(estimator, "predict_proba"):
        fields.append("probabilities")
    elif hasattr(estimator, "decision_function"):
        fields.append("scores")
    if hasattr(estimator, "transform") and estimator.__sklearn_tags__().estimator_type == "clusterer":
        fields.append("distances")
    return tuple(f for f in fields if f in METHODS)


def compare(answers: dict[str, Any], expected: dict[str, Any]) -> tuple[float, int]:
    """Largest relative difference of numbers, and how many rows have another label."""
    largest, labels = 0.0, 0
    for field, wanted in expected.items():
        wanted_array = np.asarray(wanted)
        if wanted_array.dtype.kind != "f":
            labels += int(np.sum(np.asarray(answers[field]) != wanted_array))
            continue
        if isinstance(wanted, list):  # several outputs: rows first, as JSON has them
            wanted_array = wanted_array.swapaxes(0, 1)
        got = np.asarray(answers[field], dtype=np.float64)
        if got.shape != wanted_array.shape or not np.array_equal(np.isnan(got), np.isnan(wanted_array)):
            return float("inf"), labels
        scale = np.nanmax(np.abs(wanted_array), initial=0.0) or 1.0
        if field == "distances":  # roots of expanded squares: near 0 only the square is as exact as its terms
            got, wanted_array, scale = got**2, wanted_array**2, scale**2
        largest = max(largest, float(np.nanmax(np.abs(got - wanted_array), initial=0.0) / scale))
    return largest, labels


def examine_all(chosen: Iterable[tuple[str, type]] | None = None) -> Iterator[Row]:
    """A row for each predictor."""
    kernel = open_kernel(str(host_kernel()))
    for name, kind in predictors() if chosen is None else chosen:
        yield examine(name, kind, kernel)


HEADING = """# What the native engine covers

`make coverage` writes this page. It fits each predictor of scikit-learn {version} on {rows} rows, compiles it, and
compares the answers to {requests} rows, of which a third are training rows. Every label is equal. The column *numbers*
gives the largest difference from scikit-learn, relative to the largest number of the field. For distances to centres,
their squares are compared. Meta-estimators compile if the estimators inside them do.

The scikit-learn engine serves any predictor that doesn't compile. It also serves a model that compiles but fails its
proof: every training replays adversarial rows, and says so if an answer differs.

**{native} of {count} are native, all {count} are served.**

| predictor | engine | numbers | why not native |
|---|---|---|---|
"""


def page(rows: list[Row]) -> str:
    """docs/coverage.md. Differences stand there as bounds, because their digits change with the processor."""
    native = sum(row.native for row in rows)
    heading = HEADING.format(
        version=sklearn_version, rows=ROWS, requests=REQUESTS, native=native, count=len(rows)
    )
    return heading + "".join(map(_line, rows))


def _line(row: Row) -> str:
    engine = "native" if row.native else "scikit-learn"
    return f"| {row.name} | {engine} | {_bound(row.difference)} | {row.reason.replace('|', '/')} |\n"


def _bound(difference: float) -> str:
    for bound in BOUNDS:
        if difference <= bound:
            return f"within {bound:.0e}"
    return f"{difference:.0e}"
