"""Compile a fitted scikit-learn estimator into the table that the native engine maps."""

from __future__ import annotations

import dataclasses
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from skylayer.compiler import registry
from skylayer.compiler.assembler import assemble
from skylayer.compiler.builder import Builder
from skylayer.compiler.errors import CannotCompile
from skylayer.compiler.frame import RawColumn

if TYPE_CHECKING:
    from skylayer.compiler.program import Program

NARROW = ("float16", "float32")
__all__ = ["CannotCompile", "compile_estimator", "lower"]


def lower(estimator: Any, schema: dict[str, Any]) -> Program:
    """The program of a fitted estimator; `schema` is the manifest's `input`.

    Raises:
        CannotCompile: naming the step that has no exact native equivalent, and why.
    """
    try:
        return _lower(Builder(registry), estimator, schema)
    except CannotCompile as error:
        raise CannotCompile(error.path, error.reason, _further(estimator, schema)) from error


def _further(estimator: Any, schema: dict[str, Any]) -> tuple[CannotCompile, ...]:
    """What else doesn't compile behind the first step that doesn't, as far as it can be seen."""
    survey = Builder(registry, survey=True)
    # A step may meet what it can't take, where something stands in for another's output.
    with suppress(Exception):
        try:
            _lower(survey, estimator, schema)
        except CannotCompile as error:
            survey.declined.append(error)
    return tuple(survey.declined[1:])


def _lower(builder: Builder, estimator: Any, schema: dict[str, Any]) -> Program:
    if schema["container"] == "array" and schema.get("dtype") in NARROW:
        raise CannotCompile((type(estimator).__name__,), f"an array of {schema['dtype']} is computed as such")
    frame = tuple(RawColumn.of(i, column) for i, column in enumerate(schema["columns"]))
    if schema["container"] == "texts":
        frame = tuple(dataclasses.replace(column, flat=True) for column in frame)
    return builder.finish(builder.predict(estimator, frame))


def compile_estimator(estimator: Any, schema: dict[str, Any]) -> bytes:
    """The table file of a fitted estimator, the same bytes every time.

    Raises:
        CannotCompile: see `lower`.
    """
    return assemble(lower(estimator, schema))
