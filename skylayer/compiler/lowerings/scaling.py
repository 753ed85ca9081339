"""Scalers that shift and stretch each feature, with scikit-learn's own order of operations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from skylayer.compiler.program import Arithmetic

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_standard(builder: Builder, scaler: Any, frame: Frame) -> Frame:
    """(x - mean) / scale."""
    x = builder.check(frame, allow_nan=True)
    if scaler.with_mean:
        x = builder.arithmetic(Arithmetic.SUBTRACT, x, scaler.mean_)
    return builder.arithmetic(Arithmetic.DIVIDE, x, scaler.scale_) if scaler.with_std else x


def transform_robust(builder: Builder, scaler: Any, frame: Frame) -> Frame:
    """(x - center) / scale."""
    x = builder.check(frame, allow_nan=True)
    if scaler.with_centering:
        x = builder.arithmetic(Arithmetic.SUBTRACT, x, scaler.center_)
    return builder.arithmetic(Arithmetic.DIVIDE, x, scaler.scale_) if scaler.with_scaling else x


def transform_min_max(builder: Builder, scaler: Any, frame: Frame) -> Frame:
    """X * scale + min, clipped to the range if asked."""
    x = builder.check(frame, allow_nan=True)
    x = builder.arithmetic(Arithmetic.MULTIPLY, x, scaler.scale_)
    x = builder.arithmetic(Arithmetic.ADD, x, scaler.min_)
    if scaler.clip:
        low, high = scaler.feature_range
        x = builder.arithmetic(Arithmetic.MAXIMUM, x, low)
        x = builder.arithmetic(Arithmetic.MINIMUM, x, high)
    return x


def transform_max_abs(builder: Builder, scaler: Any, frame: Frame) -> Frame:
    """X / scale."""
    x = builder.arithmetic(Arithmetic.DIVIDE, builder.check(frame, allow_nan=True), scaler.scale_)
    if scaler.clip:
        x = builder.arithmetic(Arithmetic.MAXIMUM, x, -1.0)
        x = builder.arithmetic(Arithmetic.MINIMUM, x, 1.0)
    return x


TRANSFORMERS = {
    StandardScaler: transform_standard,
    RobustScaler: transform_robust,
    MinMaxScaler: transform_min_max,
    MaxAbsScaler: transform_max_abs,
}
