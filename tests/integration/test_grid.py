"""100,000 rows on a 0.01 grid through trees behind a scaler, where tables in float32 go wrong: no bit differs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skylayer.compiler import lower
from skylayer.compiler.assembler import assemble
from skylayer.compiler.program import Code
from skylayer.compiler.reference import Reference
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer
from skylayer.proof.trace import Trace, as_matrix, open_program

ROWS, ASKED, COLUMNS = 2_000, 100_000, 5


def grid(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        random.integers(-1000, 1000, (rows, COLUMNS)) / 100, columns=[f"x{i}" for i in range(COLUMNS)]
    )


@pytest.mark.parametrize(
    ("estimator", "fields"),
    [
        (RandomForestClassifier(40, random_state=0), ("predictions", "probabilities")),
        (ExtraTreesClassifier(40, random_state=0), ("predictions", "probabilities")),
        (GradientBoostingClassifier(n_estimators=30, random_state=0), ("predictions", "scores")),
        (HistGradientBoostingClassifier(max_iter=15, random_state=0), ("predictions", "scores")),
    ],
    ids=lambda v: type(v).__name__ if hasattr(v, "fit") else "",
)
def test_no_label_and_no_bit_is_wrong(estimator: Any, fields: tuple[str, ...]) -> None:
    """Probabilities of votes, and raw scores where an exponential follows, which libraries round differently."""
    frame = grid(ROWS, 0)
    target = np.digitize(frame.sum(axis=1) + frame.x0 * frame.x1 / 10, [-5, 5])
    model = make_pipeline(StandardScaler(), estimator).fit(frame, np.array(["p", "q", "r"])[target])
    table = as_dataset(grid(ASKED, 1))
    schema = infer(table).to_manifest()
    columns, names = list(columns_of(table, infer(table)).values()), [c["name"] for c in schema["columns"]]
    program = lower(model, schema)
    own = Reference(model, schema, fields).answer(columns, ASKED)
    labels = as_matrix(
        open_program(assemble(program), names, ["predictions"]).evaluate(columns, ASKED), ASKED
    )
    classes = np.array(program.outputs[0].classes[0]) if program.outputs[0].classes else np.array([])
    assert int((classes[labels[:, 0].astype(int)] != own["predictions"]).sum()) == 0
    if fields[1] == "scores":
        trees = next(o for o in program.operations if o.code in {Code.TREES, Code.TREES_F64})
        slots = tuple(range(trees.first, trees.first + trees.outputs))
    else:
        slots = program.outputs[1].slots
    found = Trace(program, slots, names).values(columns, ASKED)
    assert found.shape == own[fields[1]].shape
    assert int((found.view(np.int64) != own[fields[1]].view(np.int64)).sum()) == 0
