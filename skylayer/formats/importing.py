"""A model from a file to an artifact like a trained one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from skylayer.artifact.engines import choose
from skylayer.artifact.package import package
from skylayer.errors import UserError
from skylayer.formats.budget import DEFAULT, Budget
from skylayer.formats.reading import open_estimator
from skylayer.formats.recognition import is_zip, kind_of, read
from skylayer.formats.sample_rows import make_sample, read_sample
from skylayer.formats.source import Source
from skylayer.proof.native import ROWS as PROOF_ROWS
from skylayer.train.tasks import check_estimator, check_fitted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True)
class Request:
    """What is to be imported.

    Attributes:
        path: The file.
        trust: The SHA-256 of a pickle that may be opened.
        sample: CSV of rows; without it they are made up, where that can be done.
        classes: Labels of a classifier that has none of its own.
        budget: What the look at the file may take.
    """

    path: Path
    trust: str | None
    sample: Path | None
    classes: list[Any] | None
    budget: Budget = DEFAULT


def import_model(
    path: Path,
    *,
    trust: str | None,
    sample: Path | None,
    name: str | None,
    directory: Path,
    progress: Callable[[float], None],
    classes: list[Any] | None = None,
    proof_rows: int = PROOF_ROWS,
    budget: Budget = DEFAULT,
    opened: Callable[[], None] = lambda: None,
) -> Path:
    """Open a file and package what is in it.

    Args:
        path: The file.
        trust: The SHA-256 of a pickle that may be opened.
        sample: CSV of rows; without it they are made up, which works for columns of numbers.
        name: Of the model; the file's name if none is given.
        directory: Where artifacts are kept.
        progress: Told the share of the proof that is done.
        classes: Labels of a classifier that has none of its own, in the order of its outputs.
        proof_rows: About how many rows the proof of the native engine replays.
        budget: What the look at the file may take; `confined` holds the process to it.
        opened: Called when the file is read and all that follows is our own work.

    Returns:
        The artifact's folder.

    Raises:
        UserError: Something of this can't be served; the message says what, and the fix.
        OtherVersion: The file was written by another scikit-learn.
    """
    request = Request(path, trust, sample, classes, budget)
    content = read(path, budget)
    kind = kind_of(path, content)
    imported = {"file": path.name, "format": kind, "sha256": sha256(content).hexdigest()}
    if kind == "hdf5":
        from skylayer.formats.hdf5.importing import import_tables, is_own  # noqa: PLC0415 - optional packages

        if is_own(path, content, budget):
            if sample is not None or classes is not None:
                raise UserError(f"{path} brings its columns and classes: leave out SAMPLE and CLASSES.")
            return import_tables(
                path, content, name=name, directory=directory, imported=imported, budget=budget
            )
        kind = imported["format"] = "keras"
    training: dict[str, Any] = {
        "sample": "made up" if sample is None else sample.name,
        "imported": imported,
    }
    name = name or _name(path)
    if kind == "onnx":
        from skylayer.formats.onnx.importing import import_onnx  # noqa: PLC0415 - needs optional packages

        _refuse_classes(request)
        return import_onnx(
            path,
            content,
            sample=sample,
            name=name,
            directory=directory,
            training=training,
            progress=progress,
            proof_rows=proof_rows,
            opened=opened,
        )
    source = _OPEN[kind](request, content, kind)
    opened()
    training |= {"rows": 0, "sample_rows": len(source.rows)}
    return package(
        source.estimator,
        source.rows,
        name=name,
        directory=directory,
        metrics={},
        training=training,
        progress=progress,
        proof_rows=proof_rows,
        choose=source.choose,
        strict=source.strict,
    )


def _scikit_learn(request: Request, content: bytes, kind: str) -> Source:
    _refuse_classes(request)
    estimator = open_estimator(request.path, content, kind, request.trust, request.budget).estimator
    try:
        check_estimator(estimator)
        check_fitted(estimator)
    except UserError as error:
        raise UserError(f"{request.path}: {error}") from error
    rows = make_sample(estimator) if request.sample is None else read_sample(estimator, request.sample)
    return Source(estimator, rows, choose)


def _keras(request: Request, content: bytes, _: str) -> Source:
    from skylayer.compiler.keras import estimators  # noqa: PLC0415
    from skylayer.formats.keras import files, network_engine, network_rows, parsing  # noqa: PLC0415

    path = request.path
    stored = (files.read_zip if is_zip(content) else files.read_hdf5)(path, content, request.budget)
    network = parsing.parse(path, stored)
    rows = (
        network_rows.make_rows(network)
        if request.sample is None
        else network_rows.read_rows(network, request.sample)
    )
    estimator = estimators.estimator_of(path, network, list(rows.columns), request.classes)
    return Source(estimator, rows, network_engine.chooser(stored.version), strict=True)


def _boosted(request: Request, content: bytes, kind: str) -> Source:
    from skylayer.formats.boosters.importing import open_booster  # noqa: PLC0415 - optional packages

    return open_booster(request.path, content, kind, request.sample, request.classes)


def _pmml(request: Request, content: bytes, _: str) -> Source:
    from skylayer.formats.boosters.importing import open_pmml  # noqa: PLC0415 - optional packages

    return open_pmml(request.path, content, request.sample, request.classes)


_OPEN: dict[str, Callable[[Request, bytes, str], Source]] = {
    "pickle": _scikit_learn,
    "skops": _scikit_learn,
    "keras": _keras,
    "xgboost": _boosted,
    "lightgbm": _boosted,
    "catboost": _boosted,
    "treelite": _boosted,
    "pmml": _pmml,
}


def _refuse_classes(request: Request) -> None:
    if request.classes is not None:
        raise UserError(f"CLASSES was given, and {request.path} names its classes by itself.")


def _name(path: Path) -> str:
    name = re.sub(r"[^A-Za-z0-9_-]+", "-", path.name.partition(".")[0]).strip("-_")[:63]
    if not name:
        raise UserError(f"{path.name} gives no name for the model: say one as NAME=model.")
    return name
