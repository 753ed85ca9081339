"""TargetEncoder: a category becomes the mean of the target where it occurred."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import TargetEncoder

from skylayer.compiler.lowerings.encoding import finite

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_target(builder: Builder, encoder: Any, frame: Frame) -> Frame:
    """The learned mean per column, and per class if there are more than two; the overall one if unknown."""
    width = len(encoder.classes_) if encoder.target_type_ == "multiclass" else 1
    means = np.broadcast_to(np.ravel(encoder.target_mean_), (width,))
    return tuple(
        builder.codes(
            feature,
            encoder.categories_[column],
            [float(value) for value in encoder.encodings_[column * width + k]],
            unknown=float(means[k]),
            detail="",
        )
        for column, feature in enumerate(finite(builder, frame))
        for k in range(width)
    )


TRANSFORMERS = {TargetEncoder: transform_target}
