"""TransformedTargetRegressor: the regressor's answer on the target's own scale."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from sklearn.compose import TransformedTargetRegressor

from skylayer.compiler.inverses import invert

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def predict_transformed(builder: Builder, transformed: Any, frame: Frame) -> Prediction:
    """The inverse transform of what the regressor predicts."""
    prediction = builder.predict(transformed.regressor_, frame, "regressor_")
    values = invert(builder, transformed.transformer_, prediction.values)
    flat = transformed._training_dim == 1 and len(values) == 1  # noqa: SLF001
    return dataclasses.replace(prediction, values=values, vector=not flat, integer=False)


PREDICTORS = {TransformedTargetRegressor: predict_transformed}
