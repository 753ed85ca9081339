"""A file of boosted trees to an estimator and rows for it."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from skylayer.artifact.engines import choose
from skylayer.compiler.forests.estimators import ForeignForestClassifier, ForeignForestRegressor
from skylayer.compiler.relabelled import Relabelled
from skylayer.errors import UserError, one_line
from skylayer.formats.boosters.catboost_models import catboost_model
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.lightgbm_models import categorical_features, lightgbm_model
from skylayer.formats.boosters.treelite_models import treelite_model
from skylayer.formats.boosters.xgboost_models import xgboost_model
from skylayer.formats.columns import Column, make_rows, read_rows
from skylayer.formats.native_engine import native_only
from skylayer.formats.pmml.models import pmml_model
from skylayer.formats.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import pandas as pd

    from skylayer.compiler.forests.forest import Forest

_WHOLE = {"int", "i"}  # of XGBoost's feature_types


def open_booster(
    path: Path, content: bytes, kind: str, sample: Path | None, classes: list[Any] | None
) -> Source:
    """Open a model of XGBoost's, LightGBM's, CatBoost's or treelite's.

    Args:
        path: The file, for messages.
        content: What is in it.
        kind: `xgboost`, `lightgbm`, `catboost` or `treelite`.
        sample: CSV of rows; without it they are made up.
        classes: Labels of a classifier, in the order of its outputs.

    Raises:
        UserError: It is damaged or can't be served; the message says why.
    """
    if kind == "catboost":
        with told(path, kind):
            model = catboost_model(content)
        columns = [Column(name) for name in model.names]
        libraries = {} if model.version is None else {"catboost": model.version}
        return open_forest(path, model.forest, columns, model.classes, libraries, sample, classes)
    if kind == "treelite":
        with told(path, kind):
            found = treelite_model(content)
        columns = [Column(None)] * found.features
        versions = {"treelite": found.version}
        return open_forest(path, found.forest, columns, found.classes, versions, sample, classes)
    with told(path, kind):
        estimator, columns = _READ[kind](content, classes)
    rows = make_rows(columns) if sample is None else read_rows(columns, sample)
    given = _as_fitted(estimator, rows)
    if isinstance(estimator, Relabelled):
        chooser = native_only(
            path, {}, "Without CLASSES the library itself serves it, with its own labels.", kind
        )
        return Source(estimator, given, chooser)
    return Source(estimator, given, choose)


@contextmanager
def told(path: Path, package: str) -> Iterator[None]:
    """Why a file isn't opened, in one line."""
    try:
        yield
    except Damaged as error:
        raise UserError(f"{path} is cut off or damaged: {one_line(str(error))}.") from error
    except NotServed as error:
        raise UserError(f"{path} can't be imported: {one_line(str(error))}.") from error
    except ImportError as error:
        raise UserError(
            f"{path} needs {package}, which isn't installed: make develop installs it."
        ) from error


def _as_fitted(estimator: Any, rows: pd.DataFrame) -> Any:
    """A frame for a model that knows names or categories, an array for one that counts its features."""
    named = getattr(estimator, "feature_names_in_", None) is not None
    return rows if named or (rows.dtypes == "category").any() else rows.to_numpy(dtype=float)


def _xgboost(content: bytes, classes: list[Any] | None) -> tuple[Any, list[Column]]:
    model: Any = xgboost_model(content)
    booster = model.get_booster()
    learner = json.loads(booster.save_raw("json"))["learner"]
    encodings = learner["gradient_booster"]["model"].get("cats", {}).get("enc", [])
    from skylayer.compiler.lowerings.xgboost import categories_of  # noqa: PLC0415 - an optional package

    known = [categories_of(encoding) if encoding.get("values") else None for encoding in encodings]
    count = model.n_features_in_
    names = booster.feature_names or [None] * count
    kinds = booster.feature_types or [None] * count
    columns = [
        Column(name, categories=found, whole=kind in _WHOLE)
        for name, found, kind in zip(names, known or [None] * count, kinds, strict=True)
    ]
    own = list(range(model.n_classes_)) if hasattr(model, "n_classes_") else None
    labels = _labels(own, classes)
    return (model if labels is own else Relabelled(model, labels or [])), columns


def _lightgbm(content: bytes, classes: list[Any] | None) -> tuple[Any, list[Column]]:
    model = lightgbm_model(content, classes)
    categories = model.booster_.pandas_categorical or []
    coded = categorical_features(content)
    if categories and len(categories) != len(coded):
        raise NotServed(
            f"it has {len(categories)} columns of categories, and says of {len(coded)} only which they are: "
            "ordered categories aren't told from numbers"
        )
    known: dict[int, list[Any]] = dict(zip(coded, categories, strict=False))
    named = getattr(model, "feature_names_in_", None) is not None or bool(categories)
    names = model.feature_name_ if named else [None] * model.n_features_in_
    return model, [Column(name, categories=known.get(k)) for k, name in enumerate(names)]


def open_forest(  # noqa: PLR0917 - what the file, the sample and the user say
    path: Path,
    forest: Forest,
    columns: list[Column],
    own: list[Any] | None,
    libraries: dict[str, str],
    sample: Path | None,
    classes: list[Any] | None,
) -> Source:
    """An estimator of a forest, and rows for it.

    Args:
        path: The file, for messages.
        forest: What was in it.
        columns: What it reads.
        own: Labels that the file names; None for a regressor.
        libraries: Versions of what wrote it.
        sample: CSV of rows; without it they are made up.
        classes: Labels that the user gave.

    Raises:
        UserError: The sample or the labels don't fit.
    """
    with told(path, ""):
        labels = _labels(own, classes)
    rows = make_rows(columns) if sample is None else read_rows(columns, sample)
    names = list(rows.columns)
    estimator = (
        ForeignForestRegressor(forest, names)
        if labels is None
        else ForeignForestClassifier(forest, names, labels)
    )
    return Source(estimator, rows, native_only(path, libraries))


def open_pmml(path: Path, content: bytes, sample: Path | None, classes: list[Any] | None) -> Source:
    """Open a PMML document; arguments as `open_booster`.

    Raises:
        UserError: It is damaged or can't be served; the message says why.
    """
    with told(path, "pmml"):
        model = pmml_model(content)
    return open_forest(path, model.forest, model.columns, model.classes, {}, sample, classes)


def _labels(own: list[Any] | None, given: list[Any] | None) -> list[Any] | None:
    """The labels that the user gave instead of the file's."""
    if given is None:
        return own
    if own is None:
        raise NotServed("it is no classifier, so leave out CLASSES")
    if len(given) != len(own):
        raise NotServed(f"it has {len(own)} classes, and CLASSES names {len(given)}")
    return given


_READ: dict[str, Callable[[bytes, list[Any] | None], tuple[Any, list[Column]]]] = {
    "xgboost": _xgboost,
    "lightgbm": _lightgbm,
}
