"""The engine of what no library of the runtime layer can answer for: native or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skylayer.artifact.dependencies import library_versions
from skylayer.artifact.engines import TABLES, Engines, NotNative, compile_and_prove
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from skylayer.data.schema import Schema


def native_only(path: Path, libraries: dict[str, str], fix: str = "") -> Callable[..., Engines]:
    """What prepares the native engine of a model, and refuses a model that has none.

    Args:
        path: Of its file, for messages.
        libraries: Versions of what the model was made with, as far as the file tells them.
        fix: What may help, as a sentence.

    Returns:
        As `skylayer.artifact.engines.choose`.
    """

    def choose(  # noqa: PLR0917 - as the one that it stands for
        estimator: Any,
        schema: Schema,
        fields: tuple[str, ...],
        data: list[list[Any]],
        rows: int,
        progress: Callable[[float], None],
    ) -> Engines:
        try:
            table, proof = compile_and_prove(estimator, schema, fields, data, rows, progress)
        except NotNative as error:
            raise UserError(f"{path} can't be served: {error}. {fix}".strip()) from error
        return Engines(
            chosen="native",
            reason=f"Every step compiles, and {proof}.",
            entries={"native": {"file": TABLES, "proof": proof.to_manifest()}},
            files={TABLES: table},
            libraries=library_versions(libraries),
        )

    return choose
