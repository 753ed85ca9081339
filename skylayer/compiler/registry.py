"""The one table from class to lowering, gathered from the modules of `lowerings`.

Each module there offers TRANSFORMERS and PREDICTORS, dictionaries from class to function. A module named
after a third-party package (lightgbm, xgboost) is imported only for estimators of that package.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import TYPE_CHECKING, Any

from skylayer.compiler import lowerings

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction

THIRD_PARTY = ("imblearn", "lightgbm", "xgboost")


@cache
def _table(kind: str, package: str) -> dict[type, Any]:
    names = [m.name for m in pkgutil.iter_modules(lowerings.__path__)]
    chosen = [n for n in names if n not in THIRD_PARTY or n == package]
    table: dict[type, Any] = {}
    for name in chosen:
        module = importlib.import_module(f"{lowerings.__name__}.{name}")
        table.update(getattr(module, kind, {}))
    return table


def _find(estimator: Any, kind: str) -> Any:
    package = type(estimator).__module__.partition(".")[0]
    # The exact class only: a subclass may answer differently.
    return _table(kind, package if package in THIRD_PARTY else "").get(type(estimator))


def transformer(estimator: Any) -> Callable[[Builder, Any, Frame], Frame] | None:
    """The lowering of a transformer's class; None if there is none."""
    lowering: Callable[[Builder, Any, Frame], Frame] | None = _find(estimator, "TRANSFORMERS")
    return lowering


def predictor(estimator: Any) -> Callable[[Builder, Any, Frame], Prediction] | None:
    """The lowering of a predictor's class; None if there is none."""
    lowering: Callable[[Builder, Any, Frame], Prediction] | None = _find(estimator, "PREDICTORS")
    return lowering


def classes(packages: frozenset[str] = frozenset()) -> list[type]:
    """Every class that has a lowering: scikit-learn's, and those of the third-party packages named."""
    return [
        kind
        for package in ("", *sorted(packages))
        for table in ("TRANSFORMERS", "PREDICTORS")
        for kind in _table(table, package)
    ]
