"""The engine of a network: native or none, and proven twice.

The kernel evaluates the network in double precision with the file's own weights, and is held to numpy doing the same,
by the rules that every model is held to. Keras rounds to float32 at every step: evaluated that way by numpy, the same
rows must lie within what that rounding can do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.artifact.engines import NotNative, compile_and_prove
from skylayer.compiler.keras.evaluation import error_bounds, evaluate
from skylayer.errors import UserError
from skylayer.formats.native_engine import native_engine

if TYPE_CHECKING:
    from skylayer.artifact.engines import Engines, FittedModel
    from skylayer.artifact.package import Chooser


def chooser(version: str) -> Chooser:
    """What prepares the engine of a network of this version of Keras."""

    def choose(model: FittedModel) -> Engines:
        try:
            table, proof = compile_and_prove(model)
        except NotNative as error:
            raise UserError(f"The network can't be served: {error}.") from error
        float32 = _compare_float32(model.estimator, model.data)
        reason = (
            f"Every layer compiles, and {proof.rows:,} rows were answered as numpy answers them in double "
            f"precision. Keras computes in float32, at most {float32['largest_difference']:.2g} from that."
        )
        return native_engine(table, proof.to_manifest() | {"float32": float32}, reason, {"keras": version})

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
