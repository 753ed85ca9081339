"""Build time: train, evaluate, serialize, prove and package scikit-learn models for AWS Lambda.

From a notebook::

    import skylayer

    path = skylayer.package(estimator, X, y, name="penguins", directory="model_artifacts")
    skylayer.open(path).predict([{"island": "Biscoe", "bill_length_mm": 46.1}])
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving.date_parts import DateParts
    from skylayer.artifact.open import open  # noqa: A004 - reads as skylayer.open()
    from skylayer.artifact.package import package
    from skylayer.errors import UserError

__all__ = ["DateParts", "UserError", "open", "package"]

_HOMES = {
    "DateParts": "serving.date_parts",
    "UserError": "skylayer.errors",
    "open": "skylayer.artifact.open",
    "package": "skylayer.artifact.package",
}


def __getattr__(name: str) -> Any:
    # Looked up on first use: the command line starts without waiting for scikit-learn and pandas.
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
