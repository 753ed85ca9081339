"""Columns that no step of an estimator reads: each would be a required field of every request, for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

if TYPE_CHECKING:
    from collections.abc import Iterable

# What scikit-learn calls the estimator within one that fits it to the very columns that it is given.
_WITHIN = ("estimator", "regressor", "base_estimator")


def unread(estimator: Any, data: Any) -> list[str]:
    """The columns of a DataFrame that may be left out: the estimator is the same without them.

    Only what can be told before any fit counts: a ColumnTransformer that drops what it doesn't name, as the first
    step. Columns that are chosen by position are all kept, since positions would move.

    Args:
        estimator: Not fitted.
        data: Its rows, in any container.
    """
    if not isinstance(data, pd.DataFrame) or not all(isinstance(name, str) for name in data.columns):
        return []
    read = _read(estimator, data)
    return [] if read is None else [name for name in data.columns if name not in read]


def _read(estimator: Any, data: pd.DataFrame) -> set[str] | None:
    """The columns that an estimator reads; None for all, or if that can't be told."""
    if isinstance(estimator, ColumnTransformer):
        return _chosen(estimator, data)
    if isinstance(estimator, Pipeline):
        first = next((step for _, step in estimator.steps if not _is_nothing(step)), None)
        return _read(first, data)
    if isinstance(estimator, FeatureUnion):
        return _union(_read(member, data) for _, member in estimator.transformer_list)
    if _is_searched(estimator):
        return None
    within = [getattr(estimator, name) for name in _WITHIN if hasattr(getattr(estimator, name, None), "fit")]
    return _read(within[0], data) if len(within) == 1 else None


def _chosen(transformer: ColumnTransformer, data: pd.DataFrame) -> set[str] | None:
    if transformer.remainder != "drop":
        return None
    read: set[str] = set()
    for _, step, columns in transformer.transformers:
        chosen = columns(data) if callable(columns) else columns
        names = (
            [chosen] if isinstance(chosen, str) else list(chosen) if hasattr(chosen, "__iter__") else [chosen]
        )
        if not all(isinstance(name, str) for name in names):
            return None
        if not (isinstance(step, str) and step == "drop"):
            read.update(names)
    return read


def _union(parts: Iterable[set[str] | None]) -> set[str] | None:
    read: set[str] = set()
    for part in parts:
        if part is None:
            return None
        read |= part
    return read


def _is_searched(estimator: Any) -> bool:
    """Whether it is a search over more than numbers and words: another step might read other columns."""
    grids = getattr(estimator, "param_grid", getattr(estimator, "param_distributions", None))
    if grids is None:
        return False
    for grid in grids if isinstance(grids, (list, tuple)) else [grids]:
        for name, values in grid.items():
            if name.rpartition("__")[2] in {"transformers", "remainder"}:
                return True
            listed = values if isinstance(values, (list, tuple)) else []
            if any(hasattr(value, "fit") or _is_nothing(value) for value in listed):
                return True
    return False


def _is_nothing(step: Any) -> bool:
    return step is None or (isinstance(step, str) and step in {"passthrough", "drop"})
