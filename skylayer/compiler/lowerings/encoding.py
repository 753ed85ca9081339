"""OneHotEncoder and OrdinalEncoder: categories to codes, codes to indicators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

from skylayer.compiler.frame import RawColumn

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame

DROPPED = -1.0  # a code that no indicator has


def finite(builder: Builder, frame: Frame) -> Frame:
    """Numbers may be missing, not infinite; raw columns can't be either."""
    return tuple(f if isinstance(f, RawColumn) else builder.check((f,), allow_nan=True)[0] for f in frame)


def _detail(feature: RawColumn | int) -> str:
    where = f" in column {feature.name!r}" if isinstance(feature, RawColumn) else ""
    return f"unknown category{where}"


def _grouped(encoder: Any, column: int, ignored: int | None = None) -> np.ndarray[Any, Any]:
    """Each category's index once the infrequent ones are grouped."""
    codes = np.arange(len(encoder.categories_[column]))
    mapping = encoder._default_to_infrequent_mappings[column] if encoder._infrequent_enabled else None  # noqa: SLF001
    if mapping is None:
        return codes
    grouped = np.take(mapping, codes, mode="clip")  # a missing category, the last, has no place in it
    if ignored is not None:
        grouped[ignored] = ignored
    return np.asarray(grouped)


def _unknown(encoder: Any, column: int) -> int | None:
    """The grouped index that an unknown category shares, or None: all its indicators are zero."""
    if encoder.handle_unknown not in ("infrequent_if_exist", "warn") or not encoder._infrequent_enabled:  # noqa: SLF001
        return None
    infrequent = encoder._infrequent_indices[column]  # noqa: SLF001
    return None if infrequent is None else int(_grouped(encoder, column)[infrequent[0]])


def transform_one_hot(builder: Builder, encoder: Any, frame: Frame) -> Frame:
    """An indicator per category that is kept."""
    if np.dtype(encoder.dtype).kind == "f" and np.dtype(encoder.dtype) != np.float64:
        builder.cannot("computes in float64 only", f"dtype={np.dtype(encoder.dtype).name}")
    result: list[int] = []
    for column, feature in enumerate(finite(builder, frame)):
        dropped = encoder._drop_idx_after_grouping  # noqa: SLF001
        drop = None if dropped is None else dropped[column]

        def indicator(group: int, drop: int | None = drop) -> float:
            if drop is None:
                return float(group)
            return DROPPED if group == drop else float(group - (group > drop))

        codes = [indicator(int(group)) for group in _grouped(encoder, column)]
        shared = _unknown(encoder, column)
        unknown = (
            None if encoder.handle_unknown == "error" else DROPPED if shared is None else indicator(shared)
        )
        categories = encoder.categories_[column]
        slot = builder.codes(feature, categories, codes, unknown=unknown, detail=_detail(feature))
        result.extend(builder.one_hot(slot, encoder._n_features_outs[column]))  # noqa: SLF001
    return tuple(result)


def transform_ordinal(builder: Builder, encoder: Any, frame: Frame) -> Frame:
    """A code per category; missing and unknown values have codes of their own."""
    if np.dtype(encoder.dtype) == np.float32:
        builder.cannot("computes in float64 only", "dtype=float32")
    result = []
    for column, feature in enumerate(finite(builder, frame)):
        missing = encoder._missing_indices.get(column)  # noqa: SLF001
        codes = [float(code) for code in _grouped(encoder, column, missing)]
        if missing is not None:
            codes[missing] = float(encoder.encoded_missing_value)
        unknown = None if encoder.handle_unknown == "error" else float(encoder.unknown_value)
        categories = encoder.categories_[column]
        result.append(builder.codes(feature, categories, codes, unknown=unknown, detail=_detail(feature)))
    return tuple(result)


TRANSFORMERS = {OneHotEncoder: transform_one_hot, OrdinalEncoder: transform_ordinal}
