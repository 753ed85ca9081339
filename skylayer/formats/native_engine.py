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

PLAIN = "a plain evaluation of the file by numpy"


def native_only(
    path: Path, libraries: dict[str, str], fix: str = "", reference: str = PLAIN
) -> Callable[..., Engines]:
    """What prepares the native engine of a model, and refuses a model that has none.

    Args:
        path: Of its file, for messages.
        libraries: Versions of what the model was made with, as far as the file tells them.
        fix: What may help, as a sentence.
        reference: What the native engine is compared with.

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
            return compiled(estimator, schema, fields, data, rows, progress, libraries, reference)
        except NotNative as error:
            raise UserError(f"{path} can't be served: {error}. {fix}".strip()) from error

    return choose


def compiled(  # noqa: PLR0917 - as `skylayer.artifact.engines.choose`
    estimator: Any,
    schema: Schema,
    fields: tuple[str, ...],
    data: list[list[Any]],
    rows: int,
    progress: Callable[[float], None],
    libraries: dict[str, str],
    reference: str = PLAIN,
    said: str = "",
) -> Engines:
    """The native engine of a model that no other one serves.

    Args:
        estimator: As `skylayer.artifact.engines.choose`.
        schema: As there.
        fields: As there.
        data: As there.
        rows: As there.
        progress: As there.
        libraries: Versions of what the model was made with.
        reference: What the native engine is compared with.
        said: What else was shown, as a sentence without a full stop.

    Raises:
        NotNative: It doesn't compile, or the proof failed.
    """
    table, proof = compile_and_prove(estimator, schema, fields, data, rows, progress)
    return Engines(
        chosen="native",
        reason=f"Every step compiles, and {proof.told(reference)}.{f' {said}.' if said else ''}",
        entries={"native": {"file": TABLES, "proof": proof.to_manifest()}},
        files={TABLES: table},
        libraries=library_versions(libraries),
    )
