"""Lower, assemble, prove: a stage that fails leaves scikit-learn as the engine, and says which stage and why."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

from skylayer.artifact import engines
from skylayer.compiler import CannotCompile
from skylayer.compiler.kernel_build import KernelError
from skylayer.data.dataset import as_dataset
from skylayer.data.schema import infer
from skylayer.proof.native import ProofFailed
from skylayer.proof.outcome import Proof, Tally

FRAME = pd.DataFrame({"a": [0.5, 1.5, 2.5]})
UNKNOWN = CannotCompile(("Odd",), "it is unknown")
STAGES = ("lower", "assemble", "prove_native")


def choose() -> engines.Engines:
    estimator = LinearRegression().fit(FRAME, [0.0, 1.0, 2.0])
    schema = infer(as_dataset(FRAME))
    data = [FRAME.a.tolist()]
    return engines.choose(
        engines.FittedModel(estimator, schema, ("predictions",), data, 1000, lambda _: None)
    )


@pytest.mark.parametrize(
    ("stage", "error", "reason"),
    [
        ("lower", UNKNOWN, f"{UNKNOWN}."),
        ("lower", ValueError("odd\nshape"), "The compiler failed: ValueError: odd."),
        ("assemble", OverflowError("too large"), "The assembler failed: OverflowError: too large."),
        ("prove_native", KernelError("There is no compiler"), "There is no compiler."),
        ("prove_native", ProofFailed("row 1"), "The compiled table did not pass the proof: row 1."),
        ("prove_native", ZeroDivisionError("by zero"), "The proof failed: ZeroDivisionError: by zero."),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_a_stage_that_fails_is_the_reason(
    stage: str, error: Exception, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached = []

    def stand_in(name: str, real: Any) -> Any:
        def run(*arguments: Any, **named: Any) -> Any:
            reached.append(name)
            if name == stage:
                raise error
            return real(*arguments, **named)

        return run

    for name in STAGES:
        monkeypatch.setattr(engines, name, stand_in(name, getattr(engines, name)))
    found = choose()
    assert (found.chosen, found.reason) == ("sklearn", reason)
    assert list(found.entries) == ["sklearn"]
    assert reached == [*STAGES[: STAGES.index(stage) + 1]]


def test_all_stages_make_the_native_engine() -> None:
    found = choose()
    assert found.chosen == "native"
    assert found.entries["native"]["file"] in found.files


def test_the_reason_says_decided_rows_and_ties_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    proof = Proof(tallies={"the data": Tally(rows=3000, ties=2917)})
    monkeypatch.setattr(engines, "prove_native", lambda *_, **__: proof)
    found = choose()
    assert found.chosen == "native"
    assert found.reason == f"Every step compiles, and {proof}."
    assert "83 rows" in found.reason
    assert "2,917 more are ties" in found.reason
