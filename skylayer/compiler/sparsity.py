"""Whether a step hands on a sparse matrix, which XGBoost reads otherwise: what isn't stored is missing.

An answer that is wrong gives a table that the proof refuses, never one that is served.
"""

from __future__ import annotations

from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.feature_extraction import DictVectorizer
from sklearn.feature_extraction.text import HashingVectorizer, TfidfTransformer
from sklearn.pipeline import FeatureUnion, Pipeline


def is_sparse(transformer: Any, *, given: bool) -> bool:
    """Whether a fitted transformer's output is a sparse matrix.

    Args:
        transformer: Fitted, or "passthrough".
        given: Whether its input is sparse.
    """
    if isinstance(transformer, Pipeline):
        for _, step in transformer.steps:
            given = is_sparse(step, given=given)
        return given
    if isinstance(transformer, FeatureUnion):
        parts = [part for _, part in transformer.transformer_list if part != "drop"]
        return any(is_sparse(part, given=given) for part in parts)
    return _of_step(transformer, given=given)


def _of_step(step: Any, *, given: bool) -> bool:
    if isinstance(step, ColumnTransformer):
        return bool(step.sparse_output_)
    if isinstance(step, DictVectorizer):
        return bool(step.sparse)
    if isinstance(step, HashingVectorizer | TfidfTransformer) or hasattr(step, "vocabulary_"):
        return True
    if hasattr(step, "encode"):  # KBinsDiscretizer
        return bool(step.encode == "onehot")
    if hasattr(step, "components_") or hasattr(step, "embedding_"):
        return False  # a product of matrices is dense
    return bool(getattr(step, "sparse_output", given))
