"""How good an estimator is, by scikit-learn's own metrics."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

_DECIMALS = 6
_SILHOUETTE_ROWS = 2000
_SUM_TOLERANCE = 1e-5  # of a row of probabilities in float32


def measure(estimator: Any, data: Any, target: Any, task: str) -> dict[str, float]:
    """The metrics of a fitted estimator on data that it need not have seen, rounded to 6 decimals.

    Args:
        estimator: Fitted.
        data: Rows in its container.
        target: Array of shape (rows,) or (rows, outputs); may be None for clusters and outliers.
        task: One of `serving.artifact.TASKS`.
    """
    measured = _BY_TASK[task](estimator, data, target)
    return {name: round(float(value), _DECIMALS) for name, value in measured.items() if np.isfinite(value)}


def measure_baseline(target: Any, holdout_target: Any, task: str) -> dict[str, float]:
    """What is reached without looking at the data: always the most frequent class, or always the mean."""
    if task not in {"classification", "regression"}:
        return {}
    dummy = DummyClassifier(strategy="most_frequent") if task == "classification" else DummyRegressor()
    dummy.fit(np.zeros((len(target), 1)), target)
    return measure(dummy, np.zeros((len(holdout_target), 1)), holdout_target, task)


def _classification(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    predicted = np.asarray(estimator.predict(data))
    if target.ndim > 1:
        return {
            "accuracy": float(np.mean(np.all(predicted == target, axis=1))),
            "accuracy_per_output": float(np.mean(predicted == target)),
        }
    target = target.astype(predicted.dtype)
    return {
        "accuracy": metrics.accuracy_score(target, predicted),
        "balanced_accuracy": metrics.recall_score(
            target, predicted, average="macro", labels=np.unique(target), zero_division=0
        ),
        "f1_macro": metrics.f1_score(target, predicted, average="macro", zero_division=0),
    } | _probabilistic(estimator, data, target)


def _probabilistic(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    classes = getattr(estimator, "classes_", None)
    if not hasattr(estimator, "predict_proba") or classes is None or not np.isin(target, classes).all():
        return {}
    probabilities = np.asarray(estimator.predict_proba(data))
    found = {}
    if are_distributions(probabilities):
        found["log_loss"] = metrics.log_loss(target, probabilities, labels=classes)
    # A class that isn't there has no ranking; a ranking takes any finite number, a probability or not.
    if len(np.unique(target)) == len(classes) and np.isfinite(probabilities).all():
        shown = [1] if len(classes) == 2 else range(len(classes))  # noqa: PLR2004 - the other class mirrors it
        areas = [metrics.roc_auc_score(target == classes[k], probabilities[:, k]) for k in shown]
        found["roc_auc"] = float(np.mean(areas))
    return found


def are_distributions(probabilities: Any) -> bool:
    """Whether each row of what predict_proba answers, of shape (rows, classes), is a distribution.

    LightGBM's `multiclassova` answers shares that don't sum to 1, and XGBoost's `binary:logitraw` margins.
    """
    values = np.asarray(probabilities, dtype=float)
    within = np.isfinite(values).all() and values.min(initial=0.0) >= 0 and values.max(initial=1.0) <= 1
    return bool(within and np.allclose(values.sum(axis=1), 1, atol=_SUM_TOLERANCE))


def _regression(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    predicted = np.asarray(estimator.predict(data))
    if predicted.size != target.size:  # several quantiles of one target, of which none is the answer
        return {}
    predicted = predicted.reshape(target.shape)
    return {
        "r2": metrics.r2_score(target, predicted) if len(target) > 1 else np.nan,
        "mean_absolute_error": metrics.mean_absolute_error(target, predicted),
        "root_mean_squared_error": metrics.root_mean_squared_error(target, predicted),
    }


def _clustering(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    labels = np.asarray(estimator.predict(data))
    found = {"clusters": float(len(np.unique(labels)))}
    features = _features(estimator, data)
    if features is not None and 1 < len(np.unique(labels)) < len(labels):
        found["silhouette"] = metrics.silhouette_score(
            features, labels, sample_size=min(_SILHOUETTE_ROWS, len(labels)), random_state=0
        )
    if target is not None:
        found["adjusted_rand"] = metrics.adjusted_rand_score(target, labels)
    return found


def _outlier_detection(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    labels = np.asarray(estimator.predict(data))
    found = {"outlier_share": float(np.mean(labels == -1))}
    if target is not None and set(np.unique(target)) <= {-1, 1}:
        found["balanced_accuracy"] = metrics.balanced_accuracy_score(target, labels)
    return found


def _features(estimator: Any, data: Any) -> Any:
    if isinstance(estimator, Pipeline) and len(estimator) > 1:
        return estimator[:-1].transform(data)
    values = np.asarray(data)
    return values if values.dtype.kind in "fiub" else None


_BY_TASK = {
    "classification": _classification,
    "regression": _regression,
    "clustering": _clustering,
    "outlier_detection": _outlier_detection,
}
