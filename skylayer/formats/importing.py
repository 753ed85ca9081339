"""A model from a file to an artifact like a trained one."""

from __future__ import annotations

import re
from hashlib import sha256
from typing import TYPE_CHECKING

from skylayer.artifacts import package
from skylayer.errors import UserError
from skylayer.evaluation import Evaluation
from skylayer.formats.reading import open_estimator
from skylayer.formats.recognition import kind_of, read
from skylayer.formats.sample import make_sample, read_sample
from skylayer.proof.native import ROWS as PROOF_ROWS
from skylayer.tasks import check_estimator, check_fitted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def import_model(
    path: Path,
    *,
    trust: str | None,
    sample: Path | None,
    name: str | None,
    directory: Path,
    progress: Callable[[float], None],
    proof_rows: int = PROOF_ROWS,
) -> Path:
    """Open a file and package what is in it.

    Args:
        path: The file.
        trust: The SHA-256 of a pickle that may be opened.
        sample: CSV of rows; without it numbers are made up, which must be all that the model takes.
        name: Of the model; the file's name if none is given.
        directory: Where artifacts are kept.
        progress: Told the share of the proof that is done.
        proof_rows: About how many rows the proof of the native engine replays.

    Returns:
        The artifact's folder.

    Raises:
        UserError: Something of this can't be served; the message says what, and the mend.
        OtherVersion: The file was written by another scikit-learn.
    """
    content = read(path)
    kind = kind_of(path, content)
    name = name or _name(path)
    if kind == "onnx":
        from skylayer.formats.onnx.importing import import_onnx  # noqa: PLC0415 - needs optional packages

        return import_onnx(
            path,
            content,
            sample=sample,
            name=name,
            directory=directory,
            training={
                "sample": "made up" if sample is None else sample.name,
                "imported": {"file": path.name, "format": kind, "sha256": sha256(content).hexdigest()},
            },
            progress=progress,
        )
    reading = open_estimator(path, content, kind, trust)
    check_estimator(reading.estimator)
    check_fitted(reading.estimator)
    rows = make_sample(reading.estimator) if sample is None else read_sample(reading.estimator, sample)
    training = {
        "rows": 0,
        "sample_rows": len(rows),
        "sample": "made up" if sample is None else sample.name,
        "imported": {"file": path.name, "format": reading.kind, "sha256": reading.sha256},
    }
    evaluation = Evaluation(reading.estimator, None, {}, training)
    return package(
        reading.estimator,
        rows,
        name=name,
        directory=directory,
        evaluation=evaluation,
        progress=progress,
        proof_rows=proof_rows,
    )


def _name(path: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.name.partition(".")[0]).strip("-_")[:63]
    if not name:
        raise UserError(f"{path.name} gives no name for the model: say one as NAME=model.")
    return name
