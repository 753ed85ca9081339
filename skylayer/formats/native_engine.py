"""The engine of what no library of the runtime layer can answer for: native or none."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skylayer.artifact.dependencies import library_versions
from skylayer.artifact.engines import TABLES, Engines, NotNative, compile_and_prove
from skylayer.errors import UserError

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.artifact.engines import FittedModel
    from skylayer.artifact.package import Chooser

PLAIN = "a plain evaluation of the file by numpy"


def native_only(path: Path, libraries: dict[str, str], fix: str = "", reference: str = PLAIN) -> Chooser:
    """What prepares the native engine of a model, and refuses a model that has none.

    Args:
        path: Of its file, for messages.
        libraries: Versions of what the model was made with, as far as the file tells them.
        fix: What may help, as a sentence.
        reference: What the native engine is compared with.
    """

    def choose(model: FittedModel) -> Engines:
        try:
            return compiled(model, libraries, reference)
        except NotNative as error:
            raise UserError(f"{path} can't be served: {error}. {fix}".strip()) from error

    return choose


def compiled(
    model: FittedModel, libraries: dict[str, str], reference: str = PLAIN, said: str = ""
) -> Engines:
    """The native engine of a model that no other one serves.

    Args:
        model: What it is to serve.
        libraries: Versions of what the model was made with.
        reference: What the native engine is compared with.
        said: What else was shown, as a sentence without a full stop.

    Raises:
        NotNative: It doesn't compile, or the proof failed.
    """
    table, proof = compile_and_prove(model)
    reason = f"Every step compiles, and {proof.told(reference)}.{f' {said}.' if said else ''}"
    return native_engine(table, proof.to_manifest(), reason, libraries)


def native_engine(table: bytes, proof: dict[str, Any], reason: str, libraries: dict[str, str]) -> Engines:
    """A proven table as the only engine.

    Args:
        table: Its bytes.
        proof: What was shown of it, for the manifest.
        reason: Why it serves, in sentences.
        libraries: Versions of what the model was made with.
    """
    return Engines(
        chosen="native",
        reason=reason,
        entries={"native": {"file": TABLES, "proof": proof}},
        files={TABLES: table},
        libraries=library_versions(libraries),
    )
