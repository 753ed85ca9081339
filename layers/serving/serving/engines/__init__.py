"""The engines that can serve an artifact, one module each, imported only when a manifest asks for it."""

from __future__ import annotations

from importlib import import_module

from serving.artifact import ENGINES, ArtifactError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    class Engine(Protocol):
        """What answers: built once from an artifact, asked once per request. The short cuts may all give None.

        `most_rows` is how many rows it answers in the time of a request, as far as it knows.
        """

        most_rows: int

        def admit(self, columns: list[list[Any]], rows: int) -> None:
            """Refuse checked rows whose answer would take longer than a request may, or more memory.

            Raises:
                serving.errors.Problem: 413, with the number of rows or characters that fits.
            """

        def predict(self, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
            """JSON-ready answers, one per row under each field of the manifest's output.

            Args:
                columns: One list per column of the schema, each with one checked value per row.
                rows: Number of rows, at least 1.

            Raises:
                serving.errors.RowError: The estimator refuses a row.
            """

        def predict_json(self, body: bytes) -> tuple[str, int] | None:
            """The short cut from an `application/json` body to its answer, where the engine has one.

            Returns:
                The members of the answer, as JSON without braces, and the number of rows; None where anything is
                doubtful, to be taken by way of `predict`.
            """

        def predict_members(self, columns: list[list[Any]], rows: int) -> str | None:
            """What `predict` gives, as the members of a JSON object without braces, where the engine writes them.

            Returns:
                None where `predict` must be asked.

            Raises:
                serving.errors.RowError: The estimator refuses a row.
            """


def load(folder: str, manifest: dict[str, Any]) -> Engine:
    """The engine that the manifest chose, ready to answer.

    Raises:
        ArtifactError: This Skylayer has no such engine.
    """
    name = manifest["engine"]
    if name not in ENGINES:
        raise ArtifactError(f"{folder}: the engine {name!r} is not one of {', '.join(ENGINES)}.")
    engine: Any = import_module(f"serving.engines.{name}").load(folder, manifest)
    if "first_steps" in manifest["engines"][name]:
        from serving.engines.first_steps import behind  # not above: few models have steps in Python

        engine = behind(engine, folder, manifest)
    return engine  # type: ignore[no-any-return]
