"""A version of the native engine as one HDF5 file that h5py, MATLAB and R read: docs/formats.md has every dataset."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from serving import artifact, golden
from skylayer.artifact.open import load
from skylayer.errors import UserError
from skylayer.formats.hdf5.tables import write_table
from skylayer.formats.hdf5.values import store_text, write_values

if TYPE_CHECKING:
    from pathlib import Path

FORMAT, FORMAT_VERSION = "skylayer", 1
# Members of a column that are lists, and so datasets.
LISTS = ("categories", "widened")
STORED = ("created", "engine_reason", "output", "metrics", "training", "libraries")


def export_tables(folder: Path, manifest: dict[str, Any], path: Path) -> None:
    """Write the table, the schema and the golden rows of an artifact.

    Args:
        folder: The artifact, known to be whole.
        manifest: Its manifest.
        path: The file, replaced if it is there.

    Raises:
        UserError: The version isn't one of the native engine.
    """
    entry = manifest["engines"].get("native")
    if entry is None:
        raise UserError(
            f"{folder.name} has no compiled table, which hdf5 holds: it is served by the engine "
            f"{manifest['engine']}."
        )
    if "first_steps" in entry:
        raise UserError(
            f"{folder.name} begins with steps in Python, which hdf5 can't hold: only the compiled table could be read."
        )
    try:
        import h5py  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("h5py is not installed: make develop installs it.") from None
    instances, answers = golden.read(folder)
    statistics = (folder / artifact.STATISTICS).read_text(encoding="utf-8")
    content = {name: manifest[name] for name in STORED} | {"proof": entry["proof"]}
    columns = manifest["input"]["columns"]
    own = load(folder).predict_instances(instances, bounded=False)
    # The groups of HDF5 1.8 (of 2008) take less room than those before: a small model a third less.
    with h5py.File(path, "w", libver=("v108", "v108")) as file:
        file.attrs["format"], file.attrs["format_version"] = FORMAT, FORMAT_VERSION
        for name in ("name", "version", "task"):
            file.attrs[name] = manifest[name]
        store_text(file, "manifest", json.dumps(content, ensure_ascii=True, allow_nan=False))
        store_text(file, "statistics", statistics)
        write_table(file, (folder / entry["file"]).read_bytes())
        _write_schema(file.create_group("schema"), manifest["input"])
        rows = file.create_group("golden/instances")
        for k, column in enumerate(columns):
            values = write_values(rows, f"{k:06}", [instance[column["name"]] for instance in instances])
            values.attrs["name"] = column["name"]
        for group, fields in (("golden/answers", answers), ("golden/kernel", {f: own[f] for f in answers})):
            home = file.create_group(group)
            for field, values in fields.items():
                write_values(home, field, values)
        file.attrs["digest"] = digest(
            content, manifest["input"], statistics, (manifest["name"], manifest["task"]), instances, answers
        )


def digest(*parts: Any) -> str:
    """The SHA-256 of all that a file says besides its table, which has its own."""
    return sha256(artifact.canonical(list(parts))).hexdigest()


def _write_schema(group: Any, schema: dict[str, Any]) -> None:
    for name, value in schema.items():
        if name != "columns":
            group.attrs[name] = value
    for k, column in enumerate(schema["columns"]):
        inner = group.create_group(f"columns/{k:06}")
        for name, value in column.items():
            if name in LISTS:
                write_values(inner, name, value)
            else:
                inner.attrs[name] = value
