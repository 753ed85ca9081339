"""A version to a file, read back and asked for the golden rows before it stays."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import artifact, golden
from skylayer.errors import UserError
from skylayer.tasks import answers, first_line, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

    Writer = Callable[[Path, dict[str, Any], Path], str | None]

ENDINGS = {"joblib": ".joblib", "pickle": ".pkl", "skops": ".skops", "hdf5": ".h5"}


def export(folder: Path, form: str, path: Path) -> None:
    """Write a version as a file.

    Args:
        folder: The artifact.
        form: One of `ENDINGS`.
        path: The file, replaced if it is there.

    Raises:
        UserError: The artifact was altered, has no estimator, or doesn't come back with the same answers.
    """
    try:
        manifest = artifact.verify(folder)
    except artifact.ArtifactError as error:
        raise UserError(f"{error}") from error
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fault = _WRITERS[form](folder, manifest, draft)
        if fault:
            raise UserError(f"As {form} the model answers differently: {fault}. Nothing was written.")
        draft.replace(path)
    except OSError as error:
        raise UserError(f"{path} can't be written: {error.strerror}.") from error
    finally:
        draft.unlink(missing_ok=True)


def _of_estimator(form: str) -> Writer:
    """Writes the estimator, and compares what comes back."""

    def write(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
        import joblib  # noqa: PLC0415 - a wrong name is refused without it

        entry = manifest["engines"].get("sklearn")
        if entry is None:
            raise UserError(
                f"{folder.name} has no scikit-learn estimator, so it can't be exported as {form}."
            )
        estimator = joblib.load(folder / entry["file"])
        return _replay(_FORMATS[form](estimator, path), folder, manifest)

    return write


def _hdf5(folder: Path, manifest: dict[str, Any], path: Path) -> str | None:
    """Writes the tables, and imports them again, which compares every bit."""
    from skylayer.formats.hdf5.exporting import export_tables  # noqa: PLC0415 - needs an optional package
    from skylayer.formats.hdf5.importing import import_tables  # noqa: PLC0415

    export_tables(folder, manifest, path)
    with tempfile.TemporaryDirectory() as home:
        import_tables(path, path.read_bytes(), name=None, directory=Path(home), imported={})
    return None


def _replay(estimator: Any, folder: Path, manifest: dict[str, Any]) -> str | None:
    from serving.engines.containers import container_of  # noqa: PLC0415 - needs pandas
    from serving.instances import columns_of  # noqa: PLC0415
    from serving.schema import Column  # noqa: PLC0415

    instances, expected = golden.read(folder)
    columns = columns_of(instances, [Column(column) for column in manifest["input"]["columns"]])
    rows = container_of(manifest["input"])(columns, len(instances))
    got = {name: to_json(values) for name, values in answers(estimator, rows, manifest["task"]).items()}
    return golden.difference(expected, got)


def _joblib(estimator: Any, path: Path) -> Any:
    import joblib  # noqa: PLC0415

    joblib.dump(estimator, path, compress=3)
    return joblib.load(path)


def _pickle(estimator: Any, path: Path) -> Any:
    path.write_bytes(pickle.dumps(estimator, protocol=5))
    return pickle.loads(path.read_bytes())  # noqa: S301 - written by the line above


def _skops(estimator: Any, path: Path) -> Any:
    try:
        import skops.io as skops  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("skops is not installed: make develop installs it.") from None
    try:
        skops.dump(estimator, path)
        # This very program wrote it, so its types are those of the estimator in memory.
        return skops.load(path, trusted=skops.get_untrusted_types(file=path))
    except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
        raise UserError(f"skops can't hold this model: {first_line(error)}. Export it as joblib.") from error


_FORMATS: dict[str, Callable[[Any, Path], Any]] = {"joblib": _joblib, "pickle": _pickle, "skops": _skops}
_WRITERS: dict[str, Writer] = {**{form: _of_estimator(form) for form in _FORMATS}, "hdf5": _hdf5}
