"""A loaded model: manifest, schema and engine of one artifact, never changed once loaded."""

from __future__ import annotations

import os
import sys

from serving import engines, json_body, limits
from serving.artifact import MODEL_CARD, ArtifactError, read_manifest
from serving.errors import Problem, RowError, pointer
from serving.schema import schema_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

FOLDER = "model_artifact"


class Model:
    """What answers requests; to swap it, load another and exchange the reference.

    `tail` is how the JSON of an answer ends, behind what the engine gave.
    """

    __slots__ = ("engine", "fields", "folder", "manifest", "reference", "schema", "tail")

    def __init__(self, folder: str, manifest: dict[str, Any], engine: engines.Engine) -> None:
        self.folder = folder
        self.manifest = manifest
        self.engine = engine
        self.fields: list[str] = manifest["output"]["fields"]
        self.schema = schema_of(manifest["input"])
        self.reference = {"name": manifest["name"], "version": manifest["version"]}
        self.tail = "," + json_body.encode(self.body({}))[1:]

    def predict_json(self, body: bytes) -> tuple[str, int] | None:
        """The answer to a flawless body, as JSON, and its number of rows; None where a closer look is needed."""
        short = self.engine.predict_json(body)
        return None if short is None else (f"{{{short[0]}{self.tail}", short[1])

    @property
    def most_rows(self) -> int:
        """How many rows a request may have."""
        return min(limits.MAX_ROWS, self.engine.most_rows)

    def predict_instances(self, instances: list[Any], *, bounded: bool = True) -> dict[str, Any]:
        """The answer to checked or unchecked rows, as the body of `POST /predict` has it.

        Args:
            instances: At least one row: objects by column name, or arrays in the order of the schema.
            bounded: Whether somebody waits for the answer, who must get one in time.

        Returns:
            `predictions` and what else the estimator gives, one entry per row; `classes`, the order of
            probabilities and scores; `model`, the name and version that answered.

        Raises:
            Problem: 422: rows that the schema or the estimator refuses, each with a JSON pointer. 413: more
                work than a request may ask for.
        """
        return self.body(self._ask(self.engine.predict, instances, bounded=bounded))

    def predict_text(self, instances: list[Any]) -> str:
        """The answer of `predict_instances` as JSON, written by the engine where it can.

        Raises:
            Problem: 413 or 422, as from `predict_instances`.
        """
        text: str = self._ask(self._text, instances, bounded=True)
        return text

    def _text(self, columns: list[list[Any]], rows: int) -> str:
        members = self.engine.predict_members(columns, rows)
        if members is None:
            return json_body.encode(self.body(self.engine.predict(columns, rows)))
        return f"{{{members}{self.tail}"

    def _ask(
        self, predict: Callable[[list[list[Any]], int], Any], instances: list[Any], *, bounded: bool
    ) -> Any:
        from serving.instances import columns_of  # not above: a short cut, where there is one, needs none

        if not instances:
            raise Problem(422, "There are no instances: send at least one.", errors=[], count=0)
        columns = columns_of(instances, self.schema)
        if bounded:
            self.engine.admit(columns, len(instances))
        try:
            return predict(columns, len(instances))
        except RowError as error:
            raise self._refusal(error, instances) from None

    def body(self, fields: dict[str, list[Any]]) -> dict[str, Any]:
        """What an engine gave, completed to the body of an answer."""
        answer: dict[str, Any] = {name: fields[name] for name in self.fields if name in fields}
        classes = self.manifest["output"].get("classes")
        if classes is not None:
            answer["classes"] = classes
        answer["model"] = self.reference
        return answer

    def card(self) -> str:
        """The model in words, as Markdown; empty if the artifact has no card."""
        try:
            with open(os.path.join(self.folder, MODEL_CARD), encoding="utf-8") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def _refusal(self, error: RowError, instances: list[Any]) -> Problem:
        """The estimator's refusal of a row, as a problem that points to the row or to its cell."""
        from serving.instances import keys_of

        place: tuple[str | int, ...] = ("instances", error.row)
        detail = error.detail
        if error.column is not None:
            detail = f"{error.column}: {detail}"
            index = [column.name for column in self.schema].index(error.column)
            row = instances[error.row]
            place += (keys_of(row, self.schema)[index] if isinstance(row, dict) else index,)
        return Problem(
            422,
            "The model refuses an instance.",
            errors=[{"pointer": pointer(*place), "detail": detail}],
            count=1,
        )


def load(folder: str | os.PathLike[str]) -> Model:
    """The model of an artifact's folder, whose files the caller has verified or trusts.

    A published layer never changes, so a cold start needn't hash what the build has hashed;
    `serving.artifact.verify` is for folders that come from elsewhere.

    Raises:
        ArtifactError: The folder is no artifact, or its engine isn't one of this Skylayer's.
    """
    path = os.fspath(folder)
    manifest = read_manifest(path)
    return Model(path, manifest, engines.load(path, manifest))


def locate() -> str:
    """The folder of the model: `SKYLAYER_MODEL`, or `model_artifact` beside the modules on `sys.path`.

    A layer isn't always under /opt: local runs unpack it elsewhere.

    Raises:
        ArtifactError: There is none.
    """
    chosen = os.environ.get("SKYLAYER_MODEL")
    if chosen:
        return chosen
    for entry in sys.path:
        folder = os.path.join(entry, FOLDER)
        if os.path.isdir(folder):
            return folder
    raise ArtifactError(f"There is no model: no folder {FOLDER} on sys.path, and SKYLAYER_MODEL is not set.")
