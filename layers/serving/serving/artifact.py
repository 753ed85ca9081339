"""The artifact contract: what a folder of one model version holds, and how to tell that it is whole.

An artifact is one folder, never changed once written::

    manifest.json      name, version, engine, task, input schema, output, metrics, digest of every other file
    estimator.joblib   the fitted estimator, as joblib writes it (engine sklearn)
    model.onnx         the graph (engine onnx)
    golden.json        made-up rows and the estimator's own answers to them
    statistics.json    what each column of the training data looked like
    model_card.md      the model in words
    model_card.html    the same as a page, its plots included
    …                  files of further engines, and source code that the estimator's classes come from

Its version is the start of the SHA-256 (FIPS 180-4) of its manifest, which in turn holds the SHA-256 of every
file: two folders with the same version are the same model. Build time and run time meet here and nowhere
else, so this module needs the standard library only, and hashing is imported by those who hash.
"""

from __future__ import annotations

import json
import os
import re
import stat

from serving.schema import WIDER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
GOLDEN = "golden.json"
STATISTICS = "statistics.json"
MODEL_CARD = "model_card.md"
MODEL_CARD_PAGE = "model_card.html"
SOURCE = "source"
PLOTS = "plots"

TASKS = ("classification", "regression", "clustering", "outlier_detection")
ENGINES = ("sklearn", "native", "onnx")
CONTAINERS = ("frame", "array", "texts")
KINDS = ("number", "integer", "boolean", "category", "text", "date")

# Field of an answer -> method of the estimator that gives it.
METHODS = {
    "predictions": "predict",
    "probabilities": "predict_proba",
    "scores": "decision_function",
    "distances": "transform",
}

VERSION_LENGTH = 16
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9_-]{0,62}"
VERSION_PATTERN = r"[0-9a-f]{16}"

MAX_MANIFEST_BYTES = 64 * 1024 * 1024
_CHUNK_BYTES = 1024 * 1024
_FILE_PATTERN = r"[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*"
_FIELDS = {
    "name": str,
    "version": str,
    "created": str,
    "task": str,
    "engine": str,
    "engine_reason": str,
    "engines": dict,
    "input": dict,
    "output": dict,
    "metrics": dict,
    "training": dict,
    "libraries": dict,
    "files": dict,
}


class ArtifactError(Exception):
    """An artifact is missing, incomplete, altered, foreign, or of a format that this Skylayer can't read."""


def canonical(value: object) -> bytes:
    """The one JSON spelling of a value that digests are taken of: sorted keys, no spaces, ASCII.

    Raises:
        ValueError: The value holds NaN or infinity, which JSON (RFC 8259) can't write.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False).encode("ascii")


def version_of(manifest: dict[str, Any]) -> str:
    """The version that a manifest's content gives it: 16 hexadecimal digits.

    `version` and `created` don't count, so training twice on the same data gives the same version.

    Raises:
        ArtifactError: The manifest holds a number that JSON can't write.
    """
    from hashlib import sha256  # not above: a cold start does not hash

    content = {key: value for key, value in manifest.items() if key not in {"version", "created"}}
    try:
        return sha256(canonical(content)).hexdigest()[:VERSION_LENGTH]
    except ValueError as error:
        raise ArtifactError(f"A manifest can't hold NaN or infinity: {error}.") from error


def digest_of(path: str | os.PathLike[str]) -> str:
    """The SHA-256 of a file's content, 64 hexadecimal digits."""
    from hashlib import sha256

    digest = sha256()
    with open(path, "rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def files_of(folder: str | os.PathLike[str]) -> list[str]:
    """Every file below a folder but its manifest, as sorted relative paths with `/`.

    Raises:
        ArtifactError: The folder isn't one, or something in it is neither a file nor a folder: a symbolic
            link could lead out of the artifact, so none is followed.
    """
    _require_folder(folder)
    return sorted(name for name in _walk(os.fspath(folder), "") if name != MANIFEST)


def layer_files(manifest: dict[str, Any]) -> list[str]:
    """The files that serve the manifest's chosen engine: not other engines', nor plots: the card's page has them."""
    chosen = _engine_files(manifest["engines"][manifest["engine"]])
    others = {name for entry in manifest["engines"].values() for name in _engine_files(entry)} - chosen
    unneeded = (f"{PLOTS}/",) if manifest["engine"] == "sklearn" else (f"{PLOTS}/", f"{SOURCE}/")
    code = _sources(manifest["engines"][manifest["engine"]])
    return sorted(
        name
        for name in manifest["files"]
        if name in code or (name not in others and not name.startswith(unneeded))
    )


def read_manifest(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """The manifest of an artifact's folder, with its shape checked and its files not.

    Raises:
        ArtifactError: No manifest, not JSON, of a newer format, or without what every manifest has.
    """
    _require_folder(folder)
    path = os.path.join(folder, MANIFEST)
    try:
        status = os.lstat(path)
    except OSError as error:
        raise ArtifactError(f"{folder} is not an artifact: it has no {MANIFEST}.") from error
    if not stat.S_ISREG(status.st_mode):
        raise ArtifactError(f"{path} is not a plain file, so it is refused.")
    if status.st_size > MAX_MANIFEST_BYTES:
        raise ArtifactError(f"{path} is {status.st_size} bytes long; at most {MAX_MANIFEST_BYTES} are read.")
    with open(path, "rb") as file:
        content = file.read()
    try:
        manifest = json.loads(content, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{path} is not JSON: {error}.") from error
    _check_shape(path, manifest)
    return manifest  # type: ignore[no-any-return]


def verify(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Prove that an artifact is exactly what was written, and give its manifest.

    Every file is compared with its size and SHA-256, the manifest with the version that it claims.

    Raises:
        ArtifactError: Names each file that is missing, extra or altered, or says that the manifest is.
    """
    manifest = read_manifest(folder)
    if version_of(manifest) != manifest["version"]:
        raise ArtifactError(
            f"{folder}: {MANIFEST} was altered: its content has version {version_of(manifest)}, "
            f"it says {manifest['version']}."
        )
    expected = manifest["files"]
    found = files_of(folder)
    problems = [f"{name} is missing" for name in expected if name not in found]
    problems += [f"{name} doesn't belong to it" for name in found if name not in expected]
    problems += [
        f"{name} was altered"
        for name in found
        if name in expected and not _is_unaltered(f"{os.fspath(folder)}/{name}", expected[name])
    ]
    if problems:
        raise ArtifactError(f"{folder} is not the artifact that was written: {'; '.join(problems)}.")
    return manifest


def _is_unaltered(path: str, entry: dict[str, Any]) -> bool:
    return bool(os.stat(path).st_size == entry["size"] and digest_of(path) == entry["sha256"])


def _require_folder(folder: str | os.PathLike[str]) -> None:
    try:
        status = os.lstat(folder)
    except OSError as error:
        raise ArtifactError(f"{folder} doesn't exist; an artifact is a folder with a {MANIFEST}.") from error
    if not stat.S_ISDIR(status.st_mode):
        raise ArtifactError(f"{folder} is not a folder; an artifact is a folder with a {MANIFEST}.")


def _walk(folder: str, prefix: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = f"{prefix}{entry.name}"
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{name}/")
            elif entry.is_file(follow_symlinks=False):
                yield name
            else:
                raise ArtifactError(
                    f"{entry.path} is a link or a special file; an artifact holds plain files only."
                )


def _engine_files(entry: dict[str, Any]) -> set[str]:
    return {entry["file"]}


def _sources(entry: dict[str, Any]) -> set[str]:
    """The source code of the steps that run in Python before an engine."""
    return set(entry.get("first_steps", {}).get("sources", ()))


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _check_shape(path: str, manifest: object) -> None:
    if not isinstance(manifest, dict):
        raise ArtifactError(f"{path} must hold a JSON object.")
    version = manifest.get("format")
    if type(version) is not int or version < 1:
        raise ArtifactError(f"{path} has no format number, so it is not a Skylayer manifest.")
    if version > FORMAT:
        raise ArtifactError(
            f"{path} has format {version} and this Skylayer reads up to {FORMAT}: update Skylayer to open it."
        )
    for name, kind in _FIELDS.items():
        if not isinstance(manifest.get(name), kind):
            raise ArtifactError(f"{path}: {name} is missing or not of type {kind.__name__}.")
    _require(path, "name", manifest["name"], NAME_PATTERN)
    _require(path, "version", manifest["version"], VERSION_PATTERN)
    _require_one_of(path, "task", manifest["task"], TASKS)
    _require_one_of(path, "engine", manifest["engine"], ENGINES)
    for name, entry in manifest["files"].items():
        _check_file(path, name, entry)
    _check_engines(path, manifest)
    _check_input(path, manifest["input"])
    _check_output(path, manifest["output"])


def _check_file(path: str, name: str, entry: object) -> None:
    if name == MANIFEST or not re.fullmatch(_FILE_PATTERN, name):
        raise ArtifactError(f"{path}: the file name {name!r} is not allowed; a name stays below the folder.")
    if (
        not isinstance(entry, dict)
        or not isinstance(entry.get("sha256"), str)
        or not re.fullmatch(r"[0-9a-f]{64}", entry["sha256"])
        or type(entry.get("size")) is not int
    ):
        raise ArtifactError(
            f"{path}: files[{name!r}] must hold a sha256 of 64 hexadecimal digits and a size."
        )


def _check_engines(path: str, manifest: dict[str, Any]) -> None:
    for engine, entry in manifest["engines"].items():
        _require_one_of(path, "engines", engine, ENGINES)
        if (
            not isinstance(entry, dict)
            or not isinstance(entry.get("file"), str)
            or entry["file"] not in manifest["files"]
        ):
            raise ArtifactError(f"{path}: engines.{engine} must name a file of the artifact.")
        if "first_steps" in entry:
            _check_first_steps(path, entry["first_steps"], manifest["files"])
    if manifest["engine"] not in manifest["engines"]:
        raise ArtifactError(f"{path}: engine is {manifest['engine']}, which engines doesn't describe.")


def _check_first_steps(path: str, described: object, files: dict[str, Any]) -> None:
    where = f"{path}: engines.native.first_steps"
    if not isinstance(described, dict):
        raise ArtifactError(f"{where} must be an object.")
    steps, sources = described.get("steps"), described.get("sources")
    if not isinstance(sources, list) or not all(
        isinstance(name, str) and name.startswith(f"{SOURCE}/") and name in files for name in sources
    ):
        raise ArtifactError(f"{where}.sources must name files of the artifact below {SOURCE}/.")
    if not isinstance(steps, list) or not all(
        isinstance(step, dict)
        and isinstance(step.get("module"), str)
        and isinstance(step.get("name"), str)
        and isinstance(step.get("state", {}), dict)
        for step in steps
    ):
        raise ArtifactError(f"{where}.steps must be a list of objects with a module and a name.")
    _check_columns(f"{where}.columns", described.get("columns"))


def _check_input(path: str, schema: dict[str, Any]) -> None:
    _require_one_of(path, "input.container", schema.get("container"), CONTAINERS)
    _check_columns(f"{path}: input.columns", schema.get("columns"))


def _check_columns(where: str, columns: object) -> None:
    if not isinstance(columns, list) or not columns:
        raise ArtifactError(f"{where} must be a list of at least one column.")
    for number, column in enumerate(columns):
        if not isinstance(column, dict) or not isinstance(column.get("name"), str):
            raise ArtifactError(f"{where}[{number}] must be an object with a name.")
        kind = column.get("kind")
        if kind not in KINDS:
            raise ArtifactError(f"{where}[{number}].kind is {kind!r}; it must be one of {', '.join(KINDS)}.")
        if not isinstance(column.get("nullable"), bool):
            raise ArtifactError(f"{where}[{number}].nullable must be true or false.")
        wider = column.get("widened", [])
        if not isinstance(wider, list) or not all(what in WIDER for what in wider):
            raise ArtifactError(f"{where}[{number}].widened must be a list of {' and '.join(WIDER)}.")
    names = [column["name"] for column in columns]
    if len(set(names)) != len(names):
        raise ArtifactError(f"{where} holds the same name twice.")


def _check_output(path: str, output: dict[str, Any]) -> None:
    fields = output.get("fields")
    if (
        not isinstance(fields, list)
        or "predictions" not in fields
        or not set(map(str, fields)) <= set(METHODS)
    ):
        raise ArtifactError(
            f"{path}: output.fields must be a list of {', '.join(METHODS)}; not without the first."
        )


def _require(path: str, field: str, value: str, pattern: str) -> None:
    if not re.fullmatch(pattern, value):
        raise ArtifactError(f"{path}: {field} is {value!r}; it must match {pattern}.")


def _require_one_of(path: str, field: str, value: object, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ArtifactError(f"{path}: {field} is {value!r}; it must be one of {', '.join(allowed)}.")
