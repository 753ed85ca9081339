"""Pipeline, ColumnTransformer and FeatureUnion: wiring, no arithmetic of their own."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import FeatureUnion, Pipeline

from skylayer.compiler.frame import RawColumn
from skylayer.compiler.program import Arithmetic
from skylayer.compiler.sparsity import is_sparse

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def _before_last(builder: Builder, pipeline: Any, frame: Frame) -> Frame:
    for (name, step), (_, following) in pairwise(pipeline.steps):
        frame = _apply(builder, name, step, frame, getattr(following, "n_features_in_", None))
    return frame


def _apply(builder: Builder, name: str, step: Any, frame: Frame, width: int | None = None) -> Frame:
    if step is None or step == "passthrough":
        return frame
    return builder.transform(step, frame, name, width=width)


def transform_pipeline(builder: Builder, pipeline: Any, frame: Frame) -> Frame:
    """Each step's output is the next one's input."""
    name, last = pipeline.steps[-1]
    return _apply(builder, name, last, _before_last(builder, pipeline, frame))


def predict_pipeline(builder: Builder, pipeline: Any, frame: Frame) -> Prediction:
    """The last step predicts from what the others made."""
    name, last = pipeline.steps[-1]
    made = _before_last(builder, pipeline, frame)
    with builder.as_sparse(is_sparse(Pipeline(pipeline.steps[:-1]), given=builder.sparse)):
        return builder.predict(last, made, name)


def transform_columns(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """Each part sees its columns; the outputs stand side by side in the order of the parts."""
    width = getattr(transformer, "n_features_in_", len(frame))
    if width != len(frame):
        builder.cannot(f"was fitted on {width} columns and gets {len(frame)}")
    weights = transformer.transformer_weights or {}
    result: list[RawColumn | int] = []
    for name, part, wanted in transformer.transformers_:
        positions = np.atleast_1d(transformer._transformer_to_input_indices.get(name, []))  # noqa: SLF001
        columns = tuple(_seen(frame[int(i)], flat=np.ndim(wanted) == 0) for i in positions)
        if part == "drop" or not columns:
            continue
        made = transformer.output_indices_.get(name)
        width = made and made.stop - made.start
        out = columns if part == "passthrough" else builder.transform(part, columns, name, width=width)
        result.extend(_weighted(builder, out, weights.get(name, 1)))
    return tuple(result)


def _seen(feature: RawColumn | int, *, flat: bool) -> RawColumn | int:
    """A column that is named by itself, not in a list, comes as a sequence."""
    return dataclasses.replace(feature, flat=flat) if isinstance(feature, RawColumn) else feature


def transform_union(builder: Builder, union: Any, frame: Frame) -> Frame:
    """Every part sees every column; the outputs stand side by side."""
    weights = union.transformer_weights or {}
    result: list[RawColumn | int] = []
    for name, part in union.transformer_list:
        if part != "drop":
            result.extend(_weighted(builder, _apply(builder, name, part, frame), weights.get(name, 1)))
    return tuple(result)


def _weighted(builder: Builder, frame: Frame, weight: float) -> Frame:
    if weight == 1:
        return frame
    return builder.arithmetic(Arithmetic.MULTIPLY, builder.numbers(frame), weight)


TRANSFORMERS = {
    Pipeline: transform_pipeline,
    ColumnTransformer: transform_columns,
    FeatureUnion: transform_union,
}
PREDICTORS = {Pipeline: predict_pipeline}
