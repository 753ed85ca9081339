"""A version to a file, read back and asked for the golden rows before it stays."""

from __future__ import annotations

import pickle
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import artifact, golden
from skylayer.errors import UserError
from skylayer.formats.reading import check_version
from skylayer.train.tasks import answers, first_line, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[[Path, dict[str, Any], Path], str | None]


@dataclass(frozen=True)
class Format:
    """What a version can be exported as.

    Attributes:
        ending: Of the file.
        write: Writes a version (its folder, its manifest, the file), reads it back, and says what differs.
        load: Opens such a file, which this very program wrote, until it could answer.
        safe: Whether a file of a stranger's can be opened, for the page.
        elsewhere: What else opens it, for the page.
    """

    ending: str
    write: Writer
    load: Callable[[Path], Any]
    safe: str
    elsewhere: str


def export(folder: Path, form: str, path: Path) -> None:
    """Write a version as a file.

    Args:
        folder: The artifact.
        form: One of `FORMATS`.
        path: The file, replaced if it is there.

    Raises:
        UserError: The artifact was altered, has nothing to be exported as this, or doesn't come back with the
            same answers.
        OtherVersion: Its estimator was made with another scikit-learn than the one that is installed.
    """
    try:
        manifest = artifact.verify(folder)
    except artifact.ArtifactError as error:
        raise UserError(f"{error}") from error
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        mismatch = FORMATS[form].write(folder, manifest, draft)
        if mismatch:
            raise UserError(f"As {form} the model answers differently: {mismatch}. Nothing was written.")
        draft.replace(path)
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _of_estimator(form: str, dump: Callable[[Any, Path], None], load: Callable[[Path], Any]) -> Writer:
    """Writes scikit-learn's estimator, and compares what comes back."""

    def write(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
        import joblib  # noqa: PLC0415 - a wrong name is refused without it

        entry = manifest["engines"].get("sklearn")
        if entry is None:
            raise UserError(
                f"{folder.name} has no scikit-learn estimator, so it can't be exported as {form}."
            )
        check_version({manifest["libraries"]["scikit-learn"]})
        dump(joblib.load(folder / entry["file"]), path)
        return _replay(load(path), folder, manifest)

    return write


def _replay(estimator: Any, folder: Path, manifest: dict[str, Any]) -> str | None:
    from serving.engines.containers import container_of  # noqa: PLC0415 - needs pandas
    from serving.instances import columns_of  # noqa: PLC0415
    from serving.schema import Column  # noqa: PLC0415

    instances, expected = golden.read(folder)
    columns = columns_of(instances, [Column(column) for column in manifest["input"]["columns"]])
    rows = container_of(manifest["input"])(columns, len(instances))
    got = {name: to_json(values) for name, values in answers(estimator, rows, manifest["task"]).items()}
    return golden.difference(expected, got, golden.tolerance_of(manifest))


def _dump_joblib(estimator: Any, path: Path) -> None:
    import joblib  # noqa: PLC0415

    joblib.dump(estimator, path, compress=3)


def _load_joblib(path: Path) -> Any:
    import joblib  # noqa: PLC0415

    return joblib.load(path)


def _dump_pickle(estimator: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(estimator, protocol=5))


def _load_pickle(path: Path) -> Any:
    return pickle.loads(path.read_bytes())  # noqa: S301 - this very program wrote it


def _dump_skops(estimator: Any, path: Path) -> None:
    try:
        import skops.io as skops  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("skops is not installed: make develop installs it.") from None
    try:
        skops.dump(estimator, path)
        _load_skops(path)
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise UserError(f"skops can't hold this model: {first_line(error)}. Export it as joblib.") from error


def _load_skops(path: Path) -> Any:
    import skops.io as skops  # noqa: PLC0415

    # This very program wrote it, so its types are those of the estimator in memory.
    return skops.load(path, trusted=skops.get_untrusted_types(file=path))


def _write_hdf5(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
    """Writes the table, and imports it again, which compares every bit."""
    from skylayer.formats.hdf5.exporting import export_tables  # noqa: PLC0415 - needs an optional package
    from skylayer.formats.hdf5.importing import import_tables  # noqa: PLC0415

    export_tables(folder, manifest, path)
    with tempfile.TemporaryDirectory() as home:
        import_tables(path, path.read_bytes(), name=None, directory=Path(home), imported={})
    return None


def _load_hdf5(path: Path) -> Any:
    from skylayer.formats.hdf5.importing import read_tables  # noqa: PLC0415

    return read_tables(path, path.read_bytes())


def _write_onnx(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
    """Converts, and compares more than the golden rows: conversion may move a threshold."""
    from skylayer.formats.onnx.exporting import export_onnx  # noqa: PLC0415 - needs optional packages

    return export_onnx(folder, manifest, path)


def _load_onnx(path: Path) -> Any:
    from skylayer.formats.onnx.exporting import open_session  # noqa: PLC0415

    return open_session(path)


FORMATS: dict[str, Format] = {
    "joblib": Format(
        ".joblib",
        _of_estimator("joblib", _dump_joblib, _load_joblib),
        _load_joblib,
        "no: it runs code",
        "Python with the same scikit-learn",
    ),
    "pickle": Format(
        ".pkl",
        _of_estimator("pickle", _dump_pickle, _load_pickle),
        _load_pickle,
        "no: it runs code",
        "Python with the same scikit-learn",
    ),
    "skops": Format(
        ".skops",
        _of_estimator("skops", _dump_skops, _load_skops),
        _load_skops,
        "yes, but for types that it names",
        "Python with the same scikit-learn and skops",
    ),
    "hdf5": Format(
        ".h5",
        _write_hdf5,
        _load_hdf5,
        "yes",
        "whatever reads HDF5: Python, MATLAB, R, Julia; the operations have to be written there",
    ),
    "onnx": Format(
        ".onnx",
        _write_onnx,
        _load_onnx,
        "yes",
        "ONNX Runtime, in many languages; only models that ONNX computes exactly",
    ),
}
