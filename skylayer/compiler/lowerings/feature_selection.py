"""Selectors keep some of the features; recursive elimination also predicts from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import feature_selection as selectors
from sklearn.utils import get_tags

from skylayer.compiler.frame import RawColumn

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def transform_selector(builder: Builder, selector: Any, frame: Frame) -> Frame:
    """The features that it supports; all of them must be as finite as it asks."""
    if any(isinstance(f, RawColumn) and not f.numeric for f in frame):
        builder.cannot("selects among columns of objects")
    x = builder.check(frame, allow_nan=bool(get_tags(selector).input_tags.allow_nan))
    return tuple(x[int(k)] for k in np.flatnonzero(selector.get_support()))


def predict_elimination(builder: Builder, elimination: Any, frame: Frame) -> Prediction:
    """The estimator's answer from the features that are left."""
    return builder.predict(
        elimination.estimator_, transform_selector(builder, elimination, frame), "estimator_"
    )


TRANSFORMERS = dict.fromkeys(
    (
        selectors.GenericUnivariateSelect,
        selectors.RFE,
        selectors.RFECV,
        selectors.SelectFdr,
        selectors.SelectFpr,
        selectors.SelectFromModel,
        selectors.SelectFwe,
        selectors.SelectKBest,
        selectors.SelectPercentile,
        selectors.SequentialFeatureSelector,
        selectors.VarianceThreshold,
    ),
    transform_selector,
)
PREDICTORS = dict.fromkeys((selectors.RFE, selectors.RFECV), predict_elimination)
