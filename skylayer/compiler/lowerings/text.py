"""Vectorizers: the engine counts the terms of a text, the kernel weighs and normalises the counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)

from skylayer.compiler.frame import UNSET, RawColumn
from skylayer.compiler.program import Arithmetic, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

MOST_TERMS = 1 << 17  # beyond, the counts of a few rows alone would fill a small function's memory


def _text_of(builder: Builder, frame: Frame) -> RawColumn:
    if len(frame) != 1 or not isinstance(column := frame[0], RawColumn):
        builder.cannot("needs a single column of texts")
    if not column.flat:
        builder.cannot(f"gets column {column.name!r} as a table; name it without brackets")
    if column.kind not in ("text", "category") or column.fill is not UNSET:
        builder.cannot(f"column {column.name!r} isn't a column of texts")
    return column


def _description(builder: Builder, vectorizer: Any) -> dict[str, Any]:
    for name in ("analyzer", "preprocessor", "tokenizer", "strip_accents"):
        if callable(value := getattr(vectorizer, name)):
            builder.cannot("a callable can't be compiled", f"{name}=<{type(value).__name__}>")
    if vectorizer.input != "content":
        builder.cannot("reads texts from files", f"input={vectorizer.input!r}")
    return {
        "analyzer": vectorizer.analyzer,
        "lowercase": bool(vectorizer.lowercase),
        "strip_accents": vectorizer.strip_accents or None,
        "token_pattern": vectorizer.token_pattern,
        "stop_words": sorted(vectorizer.get_stop_words() or ()) if vectorizer.analyzer == "word" else [],
        "ngram_range": [int(n) for n in vectorizer.ngram_range],
        "binary": bool(vectorizer.binary),
    }


def _in_double(builder: Builder, vectorizer: Any) -> None:
    if np.dtype(vectorizer.dtype) in (np.float32, np.float16):
        builder.cannot("computes in float64 only", f"dtype={np.dtype(vectorizer.dtype).name}")


def _slots(builder: Builder, frame: Frame, width: int, description: dict[str, Any]) -> Slots:
    if width > MOST_TERMS:
        builder.cannot(f"has {width} terms; the native engine takes up to {MOST_TERMS}")
    return builder.sparse_input(_text_of(builder, frame), width, description)


def transform_count(builder: Builder, vectorizer: Any, frame: Frame) -> Frame:
    """How often each term of the vocabulary occurs."""
    _in_double(builder, vectorizer)
    terms = sorted(vectorizer.vocabulary_, key=vectorizer.vocabulary_.__getitem__)
    if sorted(map(int, vectorizer.vocabulary_.values())) != list(range(len(terms))):
        builder.cannot("has a vocabulary with gaps or repetitions")
    description = {**_description(builder, vectorizer), "vocabulary": list(map(str, terms))}
    return _slots(builder, frame, len(terms), description)


def transform_hashing(builder: Builder, vectorizer: Any, frame: Frame) -> Frame:
    """Counts of terms under their hash, normalised."""
    _in_double(builder, vectorizer)
    description = {
        **_description(builder, vectorizer),
        "features": int(vectorizer.n_features),
        "alternate_sign": bool(vectorizer.alternate_sign),
    }
    return _normalised(builder, _slots(builder, frame, vectorizer.n_features, description), vectorizer.norm)


def _normalised(builder: Builder, slots: Slots, norm: str | None) -> Slots:
    """sklearn.preprocessing.normalize of sparse rows: sums in the order of the columns, empty rows stay."""
    if norm is None:
        return slots
    if norm == "l2":
        total = builder.unary(
            Unary.SQUARE_ROOT, (builder.reduce(Reduce.SUM, builder.unary(Unary.SQUARE, slots)),)
        )
    else:
        kind = Reduce.SUM if norm == "l1" else Reduce.MAXIMUM
        total = (builder.reduce(kind, builder.unary(Unary.ABSOLUTE, slots)),)
    empty = builder.arithmetic(Arithmetic.EQUAL, total, 0.0)
    return builder.combine(Arithmetic.DIVIDE, slots, builder.select(empty, builder.constant([1.0]), total))


def transform_tfidf(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """Term frequencies times inverse document frequencies, normalised."""
    slots = builder.check(frame)
    if transformer.sublinear_tf:
        absent = builder.arithmetic(Arithmetic.EQUAL, slots, 0.0)
        logs = builder.arithmetic(Arithmetic.ADD, builder.unary(Unary.LOG, slots), 1.0)
        slots = builder.select(absent, slots, logs)
    if hasattr(transformer, "idf_"):
        slots = builder.arithmetic(Arithmetic.MULTIPLY, slots, transformer.idf_)
    return _normalised(builder, slots, transformer.norm)


def transform_tfidf_vectorizer(builder: Builder, vectorizer: Any, frame: Frame) -> Frame:
    """Counts, then their weights."""
    return transform_tfidf(builder, vectorizer._tfidf, transform_count(builder, vectorizer, frame))  # noqa: SLF001


TRANSFORMERS = {
    CountVectorizer: transform_count,
    HashingVectorizer: transform_hashing,
    TfidfTransformer: transform_tfidf,
    TfidfVectorizer: transform_tfidf_vectorizer,
}
