"""An HDF5 file of Skylayer's back into an artifact; everything is checked before it is used."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from serving import artifact, golden
from serving.errors import Problem
from skylayer import card
from skylayer.artifact.engines import TABLES
from skylayer.artifact.open import load
from skylayer.artifact.package import as_json, check_name, write
from skylayer.errors import UserError
from skylayer.formats.budget import DEFAULT, Budget
from skylayer.formats.hdf5.exporting import FORMAT, FORMAT_VERSION, LISTS, STORED, digest
from skylayer.formats.hdf5.inspection import open_hdf5
from skylayer.formats.hdf5.tables import read_table
from skylayer.formats.hdf5.values import read_text, read_values
from skylayer.train.tasks import first_line


@dataclass(frozen=True)
class Exported:
    """What an exported file holds, its digests checked.

    Attributes:
        own: The answers of the kernel where it was exported.
    """

    name: str
    version: str
    task: str
    table: bytes
    schema: dict[str, Any]
    said: dict[str, Any]
    statistics: str
    instances: list[dict[str, Any]]
    answers: dict[str, list[Any]]
    own: dict[str, list[Any]]


def is_own(path: Path, content: bytes, budget: Budget = DEFAULT) -> bool:
    """Whether an HDF5 file is an export of Skylayer's.

    Raises:
        UserError: It can't be opened safely.
    """
    with open_hdf5(path, content, budget) as file:
        return bool(file.attrs.get("format") == FORMAT)


def import_tables(
    path: Path,
    content: bytes,
    *,
    name: str | None,
    directory: Path,
    imported: dict[str, Any],
    budget: Budget = DEFAULT,
) -> Path:
    """Write an exported version as an artifact of the native engine.

    Args:
        path: The file, for messages.
        content: What is in it.
        name: Of the model; the exported one's if None.
        directory: Where artifacts are kept.
        imported: What the manifest says of the file.
        budget: What the file may expand to.

    Returns:
        The artifact's folder.

    Raises:
        UserError: The file is damaged, altered, of a newer format, or doesn't answer its golden rows.
    """
    exported = read_tables(path, content, budget)
    try:
        check_name(name := name or exported.name)
        manifest = _manifest(exported, name, imported)
        files = {
            TABLES: exported.table,
            artifact.GOLDEN: as_json({"instances": exported.instances, "answers": exported.answers}),
            artifact.STATISTICS: exported.statistics.encode(),
        }
        files |= card.files(manifest, "", [], {TABLES: len(exported.table)})
        return write(
            Path(directory, name), manifest, files, lambda folder: _replay(path, folder, exported.own)
        )
    except UserError:
        raise
    except Exception as error:  # a file's values may lead anywhere
        raise UserError(f"{path} is damaged: {type(error).__name__}: {first_line(error)}.") from error


def read_tables(path: Path, content: bytes, budget: Budget = DEFAULT) -> Exported:
    """What an exported file holds, its digests checked.

    Raises:
        UserError: The file is damaged, altered or of a newer format.
    """
    with open_hdf5(path, content, budget) as file:
        if int(file.attrs["format_version"]) > FORMAT_VERSION:
            raise UserError(f"{path} was exported by a newer Skylayer: update this one.")
        return _read(file)


def _read(file: Any) -> Exported:
    """All of a file.

    Raises:
        ValueError: Something isn't that whose digest stands beside it, or isn't of its type.
    """
    schema, said = _read_schema(file["schema"]), json.loads(read_text(file["manifest"]))
    statistics = read_text(file["statistics"])
    rows, answers, own = (_read_fields(file[f"golden/{part}"]) for part in ("instances", "answers", "kernel"))
    names = [column["name"] for column in schema["columns"]]
    instances = [dict(zip(names, row, strict=True)) for row in zip(*rows.values(), strict=True)]
    name, version, task = (str(file.attrs[part]) for part in ("name", "version", "task"))
    if digest(said, schema, statistics, (name, task), instances, answers) != file.attrs["digest"]:
        raise ValueError("its content isn't that whose digest it holds")
    table = read_table(file)
    return Exported(name, version, task, table, schema, said, statistics, instances, answers, own)


def _manifest(exported: Exported, name: str, imported: dict[str, Any]) -> dict[str, Any]:
    said = exported.said
    return {
        "format": artifact.FORMAT,
        "name": name,
        "task": exported.task,
        "engine": "native",
        "engines": {"native": {"file": TABLES, "proof": said["proof"]}},
        "input": exported.schema,
        **{part: said[part] for part in STORED},
        "training": said["training"] | {"imported": imported | {"version": exported.version}},
    }


def _replay(path: Path, folder: Path, own: dict[str, list[Any]]) -> None:
    """The golden rows as the estimator answered them, and in every bit as the kernel did where it was exported."""
    try:
        instances, answers = golden.read(folder)
        got = load(folder).predict_instances(instances, bounded=False)
    except Problem as error:
        raise UserError(f"{path} refuses its own golden rows: {error.detail}") from error
    mismatch = golden.difference(answers, got, golden.tolerance_of(artifact.read_manifest(folder)))
    if mismatch is None:
        mismatch = next(
            (f"{field} differs in its last bits" for field in own if not _is_equal(own[field], got[field])),
            None,
        )
    if mismatch:
        raise UserError(f"{path} doesn't answer its golden rows: {mismatch}.")


def _is_equal(expected: list[Any], got: list[Any]) -> bool:
    return json.dumps(expected) == json.dumps(got)


def _read_fields(group: Any) -> dict[str, list[Any]]:
    return {name: read_values(dataset) for name, dataset in group.items()}


def _read_schema(group: Any) -> dict[str, Any]:
    """The manifest's `input`."""
    columns = group["columns"]
    return {name: str(value) for name, value in group.attrs.items()} | {
        "columns": [_read_column(columns[f"{k:06}"]) for k in range(len(columns))]
    }


def _read_column(group: Any) -> dict[str, Any]:
    column: dict[str, Any] = {}
    for name, value in group.attrs.items():
        column[name] = str(value) if isinstance(value, str) else value.item()
    for name in LISTS:
        if name in group:
            column[name] = read_values(group[name])
    return column
