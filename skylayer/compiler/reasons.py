"""Why an estimator isn't native: every step that stands in the way, and what to use in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.compose import ColumnTransformer
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier, VotingRegressor
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer

from serving.date_parts import DateParts
from skylayer.compiler import registry
from skylayer.compiler.builder import DATES, is_own
from skylayer.compiler.universal_functions import is_known

if TYPE_CHECKING:
    from collections.abc import Iterator

    from skylayer.compiler.errors import CannotCompile

# What is native in the place of other packages' transformers.
_OF_SCIKIT_LEARN = {
    "category_encoders": "OneHotEncoder, OrdinalEncoder and TargetEncoder of scikit-learn are native",
    "feature_engine": (
        "Natively, scikit-learn's encoders, imputers and discretizers, FunctionTransformer over a function of numpy "
        "and skylayer.DateParts do what steps of feature_engine do"
    ),
}
_SEVERAL = (VotingClassifier, VotingRegressor, StackingClassifier, StackingRegressor)
_FITTED = ("best_estimator_", "estimator_", "regressor_")


def all_reasons(estimator: Any, first: CannotCompile, dates: tuple[str, ...] = ()) -> str:
    """What the compiler met, and what is native in its place and reads dates.

    Args:
        estimator: Fitted.
        first: Why it was refused.
        dates: Names of the columns of dates.
    """
    found = {str(first): None}
    steps = list(_steps(estimator))
    native = dict.fromkeys(filter(None, map(_in_its_place, steps)))
    if dates and DATES not in str(first) and not any(isinstance(step, DateParts) for step in steps):
        native[f"{', '.join(dates)}: {DATES}"] = None
    return ". ".join(["; ".join(found), *native])


def _steps(estimator: Any) -> Iterator[Any]:
    """The estimators that answer, from the outermost in."""
    yield estimator
    for step in _within(estimator):
        if hasattr(step, "get_params"):
            yield from _steps(step)


def _within(estimator: Any) -> Iterator[Any]:
    if isinstance(estimator, Pipeline):
        yield from (step for _, step in estimator.steps)
    elif isinstance(estimator, ColumnTransformer):
        yield from (step for _, step, _ in estimator.transformers_)
    elif isinstance(estimator, FeatureUnion):
        yield from (step for _, step in estimator.transformer_list)
    elif isinstance(estimator, _SEVERAL):
        yield from estimator.named_estimators_.values()
    else:
        yield from (getattr(estimator, name) for name in _FITTED if hasattr(estimator, name))


def _in_its_place(step: Any) -> str | None:
    """What is native and may do the same, as a sentence without a full stop."""
    if isinstance(step, FunctionTransformer) and not is_known(step.func):
        return (
            "A FunctionTransformer compiles over a function of numpy alone, such as np.log1p; "
            "what a function of your own computes, load_data() or the caller can, "
            "or transform_rows in a first step: docs/train.md, steps of your own"
        )
    if hasattr(step, "transform") and is_own(step) and registry.transformer(step) is None:
        name = type(step).__name__
        if hasattr(step, "transform_rows"):
            return f"transform_rows of {name} counts in the first steps of the pipeline only"
        return (
            f"With transform_rows, {name} can run in Python before the native engine, as a first step of the "
            "pipeline: docs/train.md, steps of your own"
        )
    package = type(step).__module__.partition(".")[0]
    if package in _OF_SCIKIT_LEARN:
        return _OF_SCIKIT_LEARN[package]
    if registry.transformer(step) is None and registry.predictor(step) is None:
        name = type(step).__name__
        if hasattr(step, "predict_proba") and any(
            "threshold" in each for each in step.get_params(deep=False)
        ):
            return f"FixedThresholdClassifier(estimator, threshold=…) of scikit-learn does natively what {name} may do"
    return None
