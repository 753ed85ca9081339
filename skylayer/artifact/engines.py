"""Which engine serves an estimator, and why."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving.artifact import SOURCE
from serving.engines.first_steps import load
from serving.errors import RowError
from skylayer.artifact.dependencies import dependencies_of, library_versions
from skylayer.artifact.first_steps import CannotSplit, take_apart
from skylayer.artifact.serialization import to_bytes
from skylayer.compiler import CannotCompile, lower
from skylayer.compiler.assembler import assemble
from skylayer.compiler.kernel_build import KernelError
from skylayer.compiler.reasons import all_reasons
from skylayer.proof.first_steps import compare_steps
from skylayer.proof.native import ProofFailed, drawn, prove_behind, prove_native
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.artifact.first_steps import FirstSteps
    from skylayer.compiler.program import Program
    from skylayer.data.schema import Schema
    from skylayer.proof.outcome import Proof

ESTIMATOR = "estimator.joblib"
TABLES = "tables.bin"


@dataclass(frozen=True)
class FittedModel:
    """What an engine is to serve, and what its proof needs.

    Attributes:
        estimator: Fitted.
        schema: Of its input.
        fields: What it answers, as the manifest's output names them.
        data: Values by column of the rows that it was trained and evaluated on, as JSON carries them.
        rows: About how many rows the proof of the native engine replays.
        progress: Told the share of the proof that is done.
    """

    estimator: Any
    schema: Schema
    fields: tuple[str, ...]
    data: list[list[Any]]
    rows: int
    progress: Callable[[float], None]


@dataclass
class Engines:
    """The engines that can serve an estimator, and the one that will.

    Attributes:
        chosen: One of `serving.artifact.ENGINES`.
        reason: One sentence for the manifest: why this one.
        entries: The manifest's `engines`.
        files: Content of each file that the engines read.
        libraries: Versions of what the model was made with, for the manifest.
    """

    chosen: str
    reason: str
    entries: dict[str, dict[str, Any]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    libraries: dict[str, str] = field(default_factory=dict)

    def without_native(self, reason: str) -> Engines:
        """The estimator itself instead of its compiled table, and why."""
        return Engines(
            chosen="sklearn",
            reason=reason,
            entries={name: entry for name, entry in self.entries.items() if name != "native"},
            files={name: content for name, content in self.files.items() if name != TABLES},
            libraries=self.libraries,
        )


def choose(model: FittedModel) -> Engines:
    """Prepare each engine that can serve a fitted estimator, and choose the best.

    Raises:
        UserError: The estimator can't be serialized, or needs what can't be shipped.
    """
    content = to_bytes(model.estimator)
    needed = dependencies_of(model.estimator, model.schema.container)
    engines = Engines(
        chosen="sklearn",
        reason="",
        entries={
            "sklearn": {
                "file": ESTIMATOR,
                "requirements": needed.requirements,
                "python": f"{sys.version_info.major}.{sys.version_info.minor}",
            }
        },
        files={ESTIMATOR: content} | {f"{SOURCE}/{name}": text for name, text in needed.sources.items()},
        libraries=library_versions(needed.requirements),
    )
    try:
        first = take_apart(model.estimator, model.schema, model.data)
        table, proof = compile_and_prove(model) if first is None else _compile_behind(first, model)
    except (NotNative, CannotSplit) as error:
        engines.reason = f"{error}."
        return engines
    engines.chosen = "native"
    engines.entries["native"] = {"file": TABLES, "proof": proof.to_manifest()}
    engines.files[TABLES] = table
    if first is None:
        engines.reason = f"Every step compiles, and {proof}."
    else:
        names = ", ".join(first.names)
        engines.reason = f"Behind {names} in Python, on plain rows, every step compiles, and {proof}."
        engines.entries["native"]["first_steps"] = first.described
        engines.files |= first.sources
    return engines


class NotNative(Exception):
    """Why the native engine can't serve an estimator, without a full stop."""


def compile_and_prove(model: FittedModel) -> tuple[bytes, Proof]:
    """Lower an estimator to a program, assemble its table, prove the table.

    Returns:
        The table's bytes and what was shown of it.

    Raises:
        NotNative: A stage failed; the message says which and why. Nothing else is raised, whatever a stranger's
            estimator does, so that no training stops here.
    """
    program, table = _compile(model.estimator, model.schema)
    return table, _prove(lambda: _prove_table(program, table, model))


def _compile_behind(first: FirstSteps, model: FittedModel) -> tuple[bytes, Proof]:
    """Compile what stands behind the first steps; prove these, the table by itself, and the whole."""
    rest = replace(model, estimator=first.rest, schema=first.schema, data=first.data)
    program, table = _compile(rest.estimator, rest.schema)
    manifest = model.schema.to_manifest()

    def prove() -> Proof:
        with tempfile.TemporaryDirectory() as folder:
            for name, content in first.sources.items():
                path = Path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            kinds = drawn(manifest, model.data)
            for columns in kinds.values():
                compare_steps(Path(folder), first.described, first.transform, manifest, columns)
            proof = _prove_table(program, table, rest)
            prove_behind(
                proof,
                program,
                table,
                estimator=model.estimator,
                schema=manifest,
                fields=model.fields,
                rows=kinds,
                prepare=_refusing(load(folder, first.described)),
                names=[column.name for column in first.schema.columns],
            )
            return proof

    return table, _prove(prove)


def _prove_table(program: Program, table: bytes, model: FittedModel) -> Proof:
    return prove_native(
        program,
        table,
        estimator=model.estimator,
        schema=model.schema.to_manifest(),
        fields=model.fields,
        data=model.data,
        rows=model.rows,
        progress=model.progress,
    )


def _refusing(
    steps: Callable[[list[list[Any]], int], list[list[Any]]],
) -> Callable[[list[list[Any]], int], list[list[Any]]]:
    """The steps, whose own errors refuse a row."""

    def prepare(columns: list[list[Any]], rows: int) -> list[list[Any]]:
        try:
            return steps(columns, rows)
        except Exception as error:
            raise RowError(0, None, first_line(error)) from error

    return prepare


def _compile(estimator: Any, schema: Schema) -> tuple[Program, bytes]:
    try:
        program = lower(estimator, schema.to_manifest())
    except CannotCompile as error:
        dates = tuple(column.name for column in schema.columns if column.kind == "date")
        raise NotNative(all_reasons(estimator, error, dates)) from error
    except Exception as error:
        raise _failed("compiler", error) from error
    try:
        return program, assemble(program)
    except CannotCompile as error:
        raise NotNative(f"{error}") from error
    except Exception as error:
        raise _failed("assembler", error) from error


def _prove(prove: Callable[[], Proof]) -> Proof:
    try:
        return prove()
    except KernelError as error:
        raise NotNative(f"{error}") from error
    except ProofFailed as error:
        raise NotNative(f"The compiled table did not pass the proof: {error}") from error
    except Exception as error:
        raise _failed("proof", error) from error


def _failed(stage: str, error: Exception) -> NotNative:
    return NotNative(f"The {stage} failed: {type(error).__name__}: {first_line(error)}")
