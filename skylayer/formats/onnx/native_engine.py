"""An ONNX graph on the native engine: only where it answers what ONNX Runtime does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.artifact.engines import NotNative
from skylayer.artifact.package import package
from skylayer.formats.native_engine import compiled
from skylayer.formats.onnx.ensembles import NotExact
from skylayer.formats.onnx.forests import estimator_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

    from skylayer.artifact.engines import Engines, FittedModel
    from skylayer.compiler.forests.estimators import ForeignForestClassifier, ForeignForestRegressor
    from skylayer.formats.onnx.graph import Graph
    from skylayer.formats.onnx.reference import Reference
    from skylayer.formats.onnx.signature import Answers, Feed

    Estimator = ForeignForestClassifier | ForeignForestRegressor

_ROWS = 2_000
_MISSING = 0.05
# What is the last digit of the C library's exponential in float32, which ONNX Runtime calls, and of the rounded one.
_DIGITS = 4 * 2.0**-23


def native(
    graph: Graph, feeds: tuple[Feed, ...], answers: Answers, reference: Reference, frame: pd.DataFrame
) -> Estimator:
    """The estimator that a graph is, once it has been compared with ONNX Runtime.

    Args:
        graph: As it was read.
        feeds: The columns that fill its inputs.
        answers: What its outputs are.
        reference: ONNX Runtime on the same graph.
        frame: The sample.

    Raises:
        NotExact: It answers otherwise, or can't be one; says why.
    """
    estimator = estimator_of(graph, feeds, answers, reference)
    rows = _rows_beside(estimator, frame)
    for data in (frame, rows):
        _compare(estimator, reference, data)
    return estimator


def package_native(
    estimator: Estimator,
    frame: pd.DataFrame,
    *,
    version: str,
    name: str,
    directory: Path,
    training: dict[str, Any],
    progress: Callable[[float], None],
    proof_rows: int,
) -> Path:
    """Prove and package it.

    Args:
        estimator: As `native` gives it.
        frame: The sample.
        version: Of ONNX Runtime.
        name: Of the model.
        directory: Where artifacts are kept.
        training: What the manifest says of where the model comes from.
        progress: Told the share that is done.
        proof_rows: About how many rows the proof replays.

    Raises:
        NotExact: It doesn't compile, or the proof failed.
    """

    def choose(model: FittedModel) -> Engines:
        said = f"ONNX Runtime {version} answers the sample and {_ROWS:,} rows beside its splits alike"
        return compiled(model, {"onnxruntime": version}, said=said)

    try:
        return package(
            estimator,
            frame,
            name=name,
            directory=directory,
            metrics={},
            training=training | {"rows": 0, "sample_rows": len(frame)},
            progress=progress,
            proof_rows=proof_rows,
            choose=choose,
        )
    except NotNative as error:
        raise NotExact(f"{error}") from error


def _rows_beside(estimator: Estimator, frame: pd.DataFrame) -> pd.DataFrame:
    """Rows of the sample with values on either side of splits, and some of them missing."""
    random = np.random.default_rng(0)
    made = frame.iloc[random.integers(0, len(frame), _ROWS)].to_numpy(np.float64, copy=True)
    trees = estimator.forest.trees
    if not estimator.forest.before:  # behind a scaler a split is another number
        found = np.concatenate([np.c_[t.feature, t.threshold][t.left >= 0] for t in trees])
        if len(found):
            for _ in range(frame.shape[1]):
                chosen = found[random.integers(0, len(found), _ROWS)]
                beside = np.nextafter(chosen[:, 1].astype(np.float32), np.float32(np.inf))
                values = np.where(random.random(_ROWS) < 0.5, chosen[:, 1], beside)  # noqa: PLR2004 - either
                made[np.arange(_ROWS), chosen[:, 0].astype(int)] = values
    made[random.random(made.shape) < _MISSING] = np.nan
    return frame.iloc[:0].reindex(range(_ROWS)).assign(**dict(zip(frame.columns, made.T, strict=True)))


def _compare(estimator: Estimator, reference: Reference, data: pd.DataFrame) -> None:
    try:
        own, given = estimator.predict(data), np.asarray(reference.predict(data))
        pairs = [(own, given)]
        if hasattr(estimator, "predict_proba"):
            if (own != given).any():
                raise NotExact("ONNX Runtime answers another label to a row beside a split")
            pairs = [(estimator.predict_proba(data), reference.predict_proba(data))]
    except ValueError as error:
        raise NotExact(f"{error}") from error
    tolerance = 0.0 if estimator.forest.link == "identity" else _DIGITS
    for mine, its in pairs:
        if mine.shape != its.shape or not np.allclose(mine, its, rtol=tolerance, atol=tolerance):
            raise NotExact("ONNX Runtime sums its trees in another way")
