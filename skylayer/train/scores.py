"""How good an estimator is, by scikit-learn's own metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import metrics
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.pipeline import Pipeline

if TYPE_CHECKING:
    from collections.abc import Callable

_DECIMALS = 6
_SILHOUETTE_ROWS = 2000
_SUM_TOLERANCE = 1e-5  # of a row of probabilities in float32


def measure(
    estimator: Any, data: Any, target: Any, task: str, names: tuple[str, ...] = ()
) -> dict[str, float]:
    """The metrics of a fitted estimator on data that it need not have seen, rounded to 6 decimals.

    Several outputs have each metric by itself, such as `mean_absolute_error of weight`: an average over kilograms
    and metres would be of no unit.

    Args:
        estimator: Fitted.
        data: Rows in its container.
        target: Array of shape (rows,) or (rows, outputs); may be None for clusters and outliers.
        task: One of `serving.artifact.TASKS`.
        names: Of the outputs, where there are several.
    """
    if task in {"classification", "regression"} and target.ndim > 1:
        measured = _several(estimator, data, target, task, names)
    else:
        measured = _BY_TASK[task](estimator, data, target)
    return {name: round(float(value), _DECIMALS) for name, value in measured.items() if np.isfinite(value)}


def score_of(task: str) -> tuple[str, Callable[[Any, Any, Any], float]]:
    """The one score that columns and numbers of rows are compared by: its name and a scorer of scikit-learn's form."""
    return ("accuracy", _accuracy) if task == "classification" else ("R²", _r2)


def _accuracy(estimator: Any, data: Any, target: Any) -> float:
    """The share of right labels, over all outputs."""
    target = np.asarray(target)
    predicted = np.asarray(estimator.predict(data)).reshape(target.shape)
    return float(np.mean(predicted == alike(target, predicted)))


def _r2(estimator: Any, data: Any, target: Any) -> float:
    """R², averaged over outputs: it has no unit."""
    target = np.asarray(target)
    return float(metrics.r2_score(target, np.asarray(estimator.predict(data)).reshape(target.shape)))


def measure_baseline(
    target: Any, holdout_target: Any, task: str, names: tuple[str, ...] = ()
) -> dict[str, float]:
    """What is reached without looking at the data: always the most frequent class, or always the mean.

    Its probabilities are the classes' shares of the training's rows: those of least log loss that need no data.
    """
    if task not in {"classification", "regression"}:
        return {}
    dummy = DummyClassifier(strategy="prior") if task == "classification" else DummyRegressor()
    dummy.fit(np.zeros((len(target), 1)), target)
    return measure(dummy, np.zeros((len(holdout_target), 1)), holdout_target, task, names)


@dataclass(frozen=True)
class Answered:
    """An estimator whose answers are known already: predictions of shape (rows,) and what goes with them."""

    predictions: Any
    classes_: Any = None
    probabilities: Any = None

    def predict(self, rows: Any) -> Any:
        """The predictions of the rows at the given positions."""
        return self.predictions[rows]

    def predict_proba(self, rows: Any) -> Any:
        """Their probabilities, shape (rows, classes); None where the estimator has none."""
        return None if self.probabilities is None else self.probabilities[rows]


def outputs_of(estimator: Any, data: Any, outputs: int) -> list[Answered]:
    """The answers of an estimator to data, one for each of its outputs."""
    predicted = np.asarray(estimator.predict(data)).reshape(-1, outputs)
    classes = getattr(estimator, "classes_", None)
    probabilities = estimator.predict_proba(data) if hasattr(estimator, "predict_proba") else None
    if outputs == 1:
        return [Answered(predicted[:, 0], classes, probabilities)]
    of_each = classes if isinstance(classes, list) else [None] * outputs
    given = probabilities if isinstance(probabilities, list) else [None] * outputs
    return [
        Answered(predicted[:, index], own, shares)
        for index, (own, shares) in enumerate(zip(of_each, given, strict=True))
    ]


def alike(target: Any, predicted: Any) -> Any:
    """Targets in the type of the predictions; texts keep their length, where predictions happen to be shorter."""
    return target.astype(str if predicted.dtype.kind == "U" else predicted.dtype)


def _several(estimator: Any, data: Any, target: Any, task: str, names: tuple[str, ...]) -> dict[str, float]:
    answered = outputs_of(estimator, data, target.shape[1])
    rows = np.arange(len(target))
    found: dict[str, float] = {}
    if task == "classification":
        predicted = np.stack([each.predictions for each in answered], axis=1)
        found["accuracy"] = float(np.mean(np.all(predicted == target, axis=1)))
    for index, each in enumerate(answered):
        name = names[index] if names else f"output {index}"
        own = _BY_TASK[task](each, rows, target[:, index])
        found |= {f"{metric} of {name}": value for metric, value in own.items()}
    return found


def _classification(estimator: Any, data: Any, target: Any) -> dict[str, float]:
    predicted = np.asarray(estimator.predict(data))
    target = alike(target, predicted)
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
    answered = estimator.predict_proba(data)
    if answered is None:
        return {}
    probabilities = np.asarray(answered)
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
