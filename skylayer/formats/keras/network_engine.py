"""The engine of a network: native or none, and proven twice.

The kernel evaluates the network in double precision with the file's own weights, and is held to numpy doing the same,
by the rules that every model is held to. Keras rounds to float32 at every step: evaluated that way by numpy, the same
rows must lie within what that rounding can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.artifact.dependencies import library_versions
from skylayer.artifact.engines import TABLES, Engines, NotNative, compile_and_prove
from skylayer.compiler.keras.evaluation import error_bounds, evaluate
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.data.schema import Schema


def chooser(version: str) -> Callable[..., Engines]:
    """What prepares the engine of a network of this version of Keras; see `skylayer.artifact.engines.choose`."""

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
            raise UserError(f"The network can't be served: {error}.") from error
        float32 = _compare_float32(estimator, data)
        return Engines(
            chosen="native",
            reason=(
                f"Every layer compiles, and {proof.rows:,} rows were answered as numpy answers them in double "
                f"precision. Keras computes in float32, at most {float32['largest_difference']:.2g} from that."
            ),
            entries={"native": {"file": TABLES, "proof": proof.to_manifest() | {"float32": float32}}},
            files={TABLES: table},
            libraries=library_versions({"keras": version}),
        )

    return choose


def _compare_float32(estimator: Any, data: list[list[Any]]) -> dict[str, Any]:
    """The largest difference between float32 and double precision on the data, and the largest allowed.

    Raises:
        UserError: A row lies further away than rounding explains, as where float32 overflows.
    """
    rows = np.asarray(data, dtype=np.float64).T
    exact, allowed = error_bounds(estimator.network, rows)
    apart = np.abs(evaluate(estimator.network, rows, np.float32).astype(np.float64) - exact)
    wrong = ~(apart <= allowed)
    if wrong.any():
        row = int(np.flatnonzero(wrong.any(axis=1))[0])
        raise UserError(
            f"Row {row} comes out {apart[row].max():.2g} away in float32, in which Keras computes: more than its "
            f"rounding, {allowed[row].max():.2g}. Is it a row that the network was made for?"
        )
    return {"rows": len(rows), "largest_difference": float(apart.max()), "bound": float(allowed.max())}
