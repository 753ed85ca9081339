"""What an estimator is for: its task, the target that goes with it, and the answers that it gives."""

from __future__ import annotations

import inspect
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import is_classifier, is_clusterer, is_outlier_detector, is_regressor
from sklearn.exceptions import NotFittedError
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from skylayer.data.schema import is_missing, plain
from skylayer.errors import UserError


@dataclass(frozen=True)
class Target:
    """What an estimator learns to predict.

    Attributes:
        names: One for each output; empty where nothing is predicted but a cluster or an outlier.
        values: Array of shape (rows,) or (rows, outputs), None without a target.
    """

    names: tuple[str, ...]
    values: Any


def check_estimator(estimator: Any) -> None:
    """Refuse what isn't an estimator that answers for new rows.

    Raises:
        UserError: Says what it is and what is needed.
    """
    if inspect.isclass(estimator):
        raise UserError(
            f"The estimator is the class {estimator.__name__}. Give an instance: {estimator.__name__}()."
        )
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise UserError(
            f"The estimator is a {type(estimator).__name__}, which has no fit() and get_params(). "
            "Give a scikit-learn estimator or Pipeline."
        )
    # A predict() that depends on what is inside, as a search's does, may show only once fitted.
    if not hasattr(estimator, "predict") and not hasattr(type(estimator), "predict"):
        raise UserError(
            f"{type(estimator).__name__} has no predict(), so it can't answer for new rows. "
            "Give an estimator that has one; for clusters e.g. KMeans, for outliers e.g. IsolationForest."
        )
    task_of(estimator)


def check_fitted(estimator: Any) -> None:
    """Refuse an estimator that hasn't been fitted.

    Raises:
        UserError: It isn't fitted, or has no predict() even now.
    """
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        raise UserError(
            f"{type(estimator).__name__} is not fitted. Call fit(X, y) before packaging it."
        ) from None
    try:
        estimator.predict  # noqa: B018 - scikit-learn's own check of what is available says why it isn't
    except AttributeError as error:
        raise UserError(
            f"{type(estimator).__name__} has no predict(): {first_line(error.__cause__ or error)}"
        ) from None


_MIXINS = ("ClassifierMixin", "RegressorMixin", "ClusterMixin", "OutlierMixin")


def task_of(estimator: Any) -> str:
    """One of `serving.artifact.TASKS`, from scikit-learn's estimator tags.

    Raises:
        UserError: The estimator belongs to none of them.
    """
    if is_classifier(estimator):
        return "classification"
    if is_regressor(estimator):
        return "regression"
    if is_outlier_detector(estimator):
        return "outlier_detection"
    if is_clusterer(estimator) or hasattr(estimator, "weights_") or _kind(estimator) == "density_estimator":
        return "clustering"
    ancestors = [ancestor.__name__ for ancestor in type(estimator).__mro__]
    behind = (
        [name for name in ancestors[ancestors.index("BaseEstimator") :] if name in _MIXINS]
        if ("BaseEstimator" in ancestors)
        else []
    )
    if behind:
        raise UserError(
            f"{type(estimator).__name__} inherits {behind[0]} after BaseEstimator, which hides it. "
            f"Turn the order round: class {type(estimator).__name__}({behind[0]}, BaseEstimator)."
        )
    raise UserError(
        f"{type(estimator).__name__} is neither classifier, regressor, clusterer nor outlier detector. "
        "Let its class inherit ClassifierMixin, RegressorMixin, ClusterMixin or OutlierMixin."
    )


def _kind(estimator: Any) -> str | None:
    tags = getattr(estimator, "__sklearn_tags__", None)
    return tags().estimator_type if tags else None


def check_target(task: str, y: Any, rows: int, *, required: bool = False) -> Target:
    """The target as an array, with its names; without names and values where there is none.

    Raises:
        UserError: It has missing values, another number of rows, one class, doesn't fit the task, or is
            required and isn't there.
    """
    if y is None:
        if required and task in {"classification", "regression"}:
            raise UserError(f"A {task} estimator needs a target. Let load_data() return two things: X, y.")
        return Target((), None)
    names, values = _names_and_values(y)
    if values.shape[0] != rows:
        raise UserError(
            f"The target has {values.shape[0]} rows and the data {rows}. Give one target for each row."
        )
    if task not in {"classification", "regression"}:
        return Target((), values)
    for name, column in zip(names, values.reshape(rows, -1).T, strict=True):
        _check_target_column(task, name, column)
    return Target(names, values)


def _names_and_values(y: Any) -> tuple[tuple[str, ...], Any]:
    if isinstance(y, pd.DataFrame):
        names, outputs = tuple(str(name) for name in y.columns), y.to_numpy()
        return names, outputs[:, 0] if len(names) == 1 else outputs
    if isinstance(y, pd.Series):
        # A categorical or string target is an object array to scikit-learn, whatever pandas calls it.
        as_objects = isinstance(y.dtype, (pd.CategoricalDtype, pd.StringDtype))
        name = str(y.name) if y.name is not None else "target"
        return (name,), y.to_numpy(dtype=object) if as_objects else y.to_numpy()
    values: Any = np.asarray(y)
    if values.ndim == 1:
        return ("target",), values
    if values.ndim == 2:  # noqa: PLR2004 - rows and outputs
        if values.shape[1] == 1:
            return ("target",), values[:, 0]
        return tuple(f"target_{index}" for index in range(values.shape[1])), values
    raise UserError(
        f"The target is an array of {values.ndim} dimensions; give one value or one row of values a row."
    )


def _check_target_column(task: str, name: str, column: Any) -> None:
    values = [plain(value) for value in column]
    missing = sum(is_missing(value) for value in values)
    if missing:
        raise UserError(
            f"The target {name!r} is missing in {missing} rows. Drop them: X, y = X[y.notna()], y.dropna()."
        )
    if task == "regression":
        if not all(isinstance(value, (int, float)) and math.isfinite(value) for value in values):
            raise UserError(
                f"The target {name!r} of a regression holds values that are no finite numbers. Convert them."
            )
        return
    if len(set(values)) < 2:  # noqa: PLR2004 - a choice needs two
        raise UserError(
            f"The target {name!r} has one class only, {values[0]!r}. Give rows of at least two classes."
        )
    kinds = {type(value) for value in values}
    if not kinds <= {str, int, bool, float} or (str in kinds and len(kinds) > 1):
        listed = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise UserError(
            f"The target {name!r} holds classes of type {listed}. Give texts or numbers: y.astype(str)."
        )
    if type_of_target(column.astype(str) if str in kinds else column).startswith("continuous"):
        raise UserError(
            f"The target {name!r} holds fractions, which are no classes. Use a regressor, or y.astype(str)."
        )


def answers(estimator: Any, data: Any, task: str) -> dict[str, Any]:
    """The estimator's own answers: predictions and, as it has them, probabilities, scores, distances.

    Scores stand in for probabilities that a classifier doesn't have, and go with every outlier detector;
    distances are a clusterer's `transform`, the distance of each row to each cluster's centre.
    """
    found = {"predictions": estimator.predict(data)}
    if task in {"classification", "clustering"} and hasattr(estimator, "predict_proba"):
        found["probabilities"] = estimator.predict_proba(data)
    elif task in {"classification", "outlier_detection"} and hasattr(estimator, "decision_function"):
        found["scores"] = estimator.decision_function(data)
    if task == "clustering" and "probabilities" not in found and hasattr(estimator, "transform"):
        found["distances"] = estimator.transform(data)
    return found


def to_json(field: Any) -> list[Any]:
    """An answer of shape (rows, …) as JSON values, one for each row; what isn't finite becomes None.

    Probabilities of several outputs, a list of arrays of shape (rows, classes), become a list for each row.
    """
    if isinstance(field, list):
        return [list(row) for row in zip(*(to_json(output) for output in field), strict=True)]
    if hasattr(field, "toarray"):
        field = field.toarray()
    values: list[Any] = _finite(np.asarray(field).tolist())
    return values


def classes_of(estimator: Any) -> list[Any] | None:
    """The classes in the order of the probabilities; a list of lists for several outputs."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return None
    if isinstance(classes, list):
        return [np.asarray(output).tolist() for output in classes]
    flat: list[Any] = np.asarray(classes).tolist()
    return flat


def first_line(error: BaseException) -> str:
    """The first line of what an exception says, for a message of one line."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
