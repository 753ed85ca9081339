"""The proof must pass what is right, and find the smallest wrong that there can be."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.cluster import Birch, KMeans
from sklearn.compose import make_column_transformer
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.ensemble import (
    ExtraTreesClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.impute import SimpleImputer
from sklearn.kernel_approximation import RBFSampler
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, QuantileTransformer, StandardScaler
from sklearn.semi_supervised import LabelSpreading
from sklearn.svm import SVC

import skylayer
from serving.artifact import read_manifest
from skylayer.artifact import engines
from skylayer.compiler import compile_estimator, lower
from skylayer.compiler.assembler import assemble
from skylayer.compiler.program import Arithmetic, Code
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer
from skylayer.proof import native
from skylayer.proof.boundaries import neighbours
from skylayer.proof.bounds import error_bounds, inexact
from skylayer.proof.native import ProofFailed, prove_native
from skylayer.proof.outcome import Proof
from skylayer.proof.replay import Replay
from skylayer.proof.rules import comparisons
from skylayer.proof.structure import StructureError, check_structure
from skylayer.proof.trace import Trace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from skylayer.compiler.program import Operation, Program

FIELDS = ("predictions", "probabilities")


def data(rows: int = 300) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    a = random.normal(40, 5, rows).round(1)
    frame = pd.DataFrame(
        {
            "a": np.where(random.random(rows) < 0.1, np.nan, a),
            "b": random.integers(0, 2000, rows),
            "s": random.choice(["x", "y", "z"], rows),
        }
    )
    return frame, np.where(a + frame.b / 300 + random.normal(0, 2, rows) > 43, "high", "low")


def fitted(estimator: Any) -> Any:
    frame, target = data()
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = make_column_transformer((numbers, ["a", "b"]), (OneHotEncoder(handle_unknown="ignore"), ["s"]))
    return make_pipeline(columns, estimator).fit(frame, target)


def schema_and_columns() -> tuple[dict[str, Any], list[list[Any]]]:
    table = as_dataset(data()[0])
    schema = infer(table)
    return schema.to_manifest(), list(columns_of(table, schema).values())


def proven(  # noqa: PLR0917 - as the proof
    estimator: Any,
    schema: dict[str, Any],
    fields: tuple[str, ...],
    columns: list[list[Any]],
    rows: int,
    change: Callable[[Program], Program] = lambda program: program,
) -> Proof:
    program = change(lower(estimator, schema))
    return prove_native(
        program, assemble(program), estimator=estimator, schema=schema, fields=fields, data=columns, rows=rows
    )


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(10, random_state=0),
        ExtraTreesClassifier(10, random_state=0),
        GradientBoostingClassifier(n_estimators=10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        LogisticRegression(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_a_compiled_estimator_passes(estimator: Any) -> None:
    schema, columns = schema_and_columns()
    proof = proven(fitted(estimator), schema, FIELDS, columns, rows=4000)
    assert proof.rows >= 3500
    # Trees of this kind refuse what is beyond float32; the others here take any number.
    assert (proof.refused > 0) is not isinstance(
        estimator, HistGradientBoostingClassifier | LogisticRegression
    )
    assert proof.entries > 0
    exact = isinstance(estimator, RandomForestClassifier | ExtraTreesClassifier)
    assert proof.largest["probabilities"] <= (0.0 if exact else 1e-13)
    assert proof.ties <= proof.rows / 1000


def test_split_neighbours_are_one_raw_value_apart_and_go_different_ways() -> None:
    schema, columns = schema_and_columns()
    program = lower(fitted(RandomForestClassifier(5, random_state=0)), schema)
    kept = [[c[i] for i in range(len(columns[0])) if columns[0][i] is not None] for c in columns]
    made = neighbours(program, schema, kept, 10_000, np.random.default_rng(0))
    trees = next(o for o in program.operations if o.code == Code.TREES)
    splits = int((trees.arrays[0]["word"] >> np.uint32(trees.kind + 1) != 0).sum())
    pairs = len(made[0]) // 2
    assert pairs > splits / 2  # those on the indicators have no numbers before them
    names = [column["name"] for column in schema["columns"]]
    values = Trace(program, trees.inputs, names).values(made, len(made[0]))
    rows = [list(row) for row in zip(*made, strict=True)]
    by_rest: dict[Any, list[int]] = {}
    for index, row in enumerate(rows):
        by_rest.setdefault((row[1], row[2]), []).append(index)
    adjacent = sum(
        any(rows[j][0] == np.nextafter(rows[i][0], np.inf) for j in group)
        for group in by_rest.values()
        for i in group
    )
    assert adjacent > pairs / 4
    assert len(np.unique(values[:, 0])) > 10


def altered(program: Program, code: Code, change: Any) -> Program:
    """The program with the arrays of its first operation of a kind changed by one entry."""
    operations = list(program.operations)
    index = next(i for i, o in enumerate(operations) if o.code == code and o.arrays)
    arrays = [np.array(a) for a in operations[index].arrays]
    change(arrays)
    operations[index] = dataclasses.replace(operations[index], arrays=tuple(arrays))
    return dataclasses.replace(program, operations=tuple(operations))


def _one_ulp_on_a_threshold(arrays: list[Any]) -> None:
    inner = np.flatnonzero(arrays[0]["word"])
    arrays[0]["threshold"][inner[len(inner) // 2]] += 1


def _one_ulp_on_a_leaf(arrays: list[Any]) -> None:
    arrays[2].flat[0] = np.nextafter(arrays[2].flat[0], 2.0)


def _one_ulp_on_a_mean(arrays: list[Any]) -> None:
    arrays[0][0] = np.nextafter(arrays[0][0], np.inf)


def _one_part_in_a_billion_on_a_coefficient(arrays: list[Any]) -> None:
    arrays[0].flat[0] *= 1 + 1e-9


@pytest.mark.parametrize(
    ("estimator", "code", "change"),
    [
        (RandomForestClassifier(10, random_state=0), Code.TREES, _one_ulp_on_a_threshold),
        (RandomForestClassifier(10, random_state=0), Code.TREES, _one_ulp_on_a_leaf),
        (RandomForestClassifier(10, random_state=0), Code.ARITHMETIC, _one_ulp_on_a_mean),
        (LogisticRegression(), Code.MATRIX, _one_part_in_a_billion_on_a_coefficient),
    ],
    ids=lambda v: getattr(v, "__name__", None),
)
def test_the_replay_finds_one_altered_entry(
    estimator: Any, code: Code, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The structural half is left out, so that the rows alone have to find it."""
    schema, columns = schema_and_columns()
    pipeline = fitted(estimator)
    monkeypatch.setattr(native, "check_structure", lambda *_: 0)
    with pytest.raises(ProofFailed, match="instead of"):
        proven(
            pipeline,
            schema,
            FIELDS,
            columns,
            rows=20_000,
            change=lambda program: altered(program, code, change),
        )


def test_the_structural_half_finds_one_altered_threshold() -> None:
    schema, _ = schema_and_columns()
    pipeline = fitted(RandomForestClassifier(5, random_state=0))
    program = altered(lower(pipeline, schema), Code.TREES, _one_ulp_on_a_threshold)
    with pytest.raises(StructureError, match="none of the estimator's"):
        check_structure(assemble(program), program, pipeline)


def test_the_structural_half_finds_one_altered_byte() -> None:
    schema, _ = schema_and_columns()
    pipeline = fitted(LogisticRegression())
    program = lower(pipeline, schema)
    matrix = next(o for o in program.operations if o.code == Code.MATRIX)
    table = bytearray(assemble(program))
    at = table.index(matrix.arrays[0].tobytes())
    table[at] ^= 1
    with pytest.raises(StructureError, match="MATRIX"):
        check_structure(bytes(table), program, pipeline)


def _slots(operation: Operation) -> range:
    return range(operation.first, operation.first + operation.outputs)


def test_forests_are_exact_and_products_are_not() -> None:
    schema, _ = schema_and_columns()
    assert not inexact(lower(fitted(RandomForestClassifier(3, random_state=0)), schema))
    program = lower(fitted(LogisticRegression()), schema)
    matrix = next(o for o in program.operations if o.code == Code.MATRIX)
    assert set(_slots(matrix)) <= inexact(program)


def test_a_decision_on_a_rounded_score_is_undecided_only_near_the_tie() -> None:
    schema, _ = schema_and_columns()
    program = lower(fitted(LogisticRegression()), schema)
    wanted = inexact(program)
    decision = next(
        o for o in program.operations if o.code == Code.ARITHMETIC and o.kind == Arithmetic.GREATER
    )
    values = {slot: np.array([0.0, 0.0, 0.0]) for o in program.operations for slot in (*o.inputs, *_slots(o))}
    matrix = next(o for o in program.operations if o.code == Code.MATRIX)
    for slot in matrix.inputs:
        values[slot] = np.ones(3)
    values[decision.inputs[0]] = np.array([1.0, 1e-17, -1e-3])
    found = error_bounds(program, wanted, values)[decision.first]
    assert found.tolist() == [0.0, 1.0, 0.0]


def test_packaging_serves_scikit_learn_and_says_which_step_when_one_cant_be_compiled(tmp_path: Path) -> None:
    frame, target = data()
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), FunctionTransformer(np.sinc)), ["a", "b"])
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(frame, target)
    path = skylayer.package(pipeline, frame, target, name="birds", directory=tmp_path, proof_rows=500)
    manifest = read_manifest(path)
    assert manifest["engine"] == "sklearn"
    assert "native" not in manifest["engines"]
    assert "FunctionTransformer" in manifest["engine_reason"]
    assert " → " in manifest["engine_reason"]


def test_packaging_serves_scikit_learn_and_says_which_row_when_the_proof_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frame, target = data()
    monkeypatch.setattr(
        engines,
        "lower",
        lambda e, s: altered(lower(e, s), Code.MATRIX, _one_part_in_a_billion_on_a_coefficient),
    )
    monkeypatch.setattr(native, "check_structure", lambda *_: 0)
    pipeline = fitted(LogisticRegression())
    path = skylayer.package(pipeline, frame, target, name="birds", directory=tmp_path, proof_rows=2000)
    manifest = read_manifest(path)
    assert manifest["engine"] == "sklearn"
    assert "probabilities" in manifest["engine_reason"]
    assert "'a': " in manifest["engine_reason"]


def test_packaging_serves_the_native_engine_and_records_the_proof(tmp_path: Path) -> None:
    frame, target = data()
    pipeline = fitted(RandomForestClassifier(10, random_state=0))
    path = skylayer.package(pipeline, frame, target, name="birds", directory=tmp_path, proof_rows=2000)
    manifest = read_manifest(path)
    assert manifest["engine"] == "native", manifest["engine_reason"]
    assert manifest["engines"]["native"]["proof"]["rows"] >= 1500
    assert "largest difference" in (path / "model_card.md").read_text()
    answer = skylayer.open(path).predict([{"a": None, "b": 3, "s": "never seen"}])
    assert (
        answer["predictions"]
        == pipeline.predict(
            pd.DataFrame({"a": [None], "b": [3], "s": ["never seen"]}).astype({"a": "float64"})
        ).tolist()
    )


def test_a_matrix_before_trees_leaves_rows_at_the_splits_undecided_and_no_others() -> None:
    schema, columns = schema_and_columns()
    pipeline = fitted(make_pipeline(PCA(2), RandomForestClassifier(5, random_state=0)))
    proof = proven(pipeline, schema, FIELDS, columns, rows=3000)
    assert 0 < proof.ties < proof.rows / 2


def numeric(target: Any, estimator: Any, rows: int = 240) -> tuple[Any, dict[str, Any], list[list[Any]]]:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.normal(size=(rows, 3)).round(2), columns=["x", "y", "z"])
    table = as_dataset(frame)
    schema = infer(table)
    values = None if target is None else target(frame)
    fitted_one = estimator.fit(frame, *([] if values is None else [values]))
    return fitted_one, schema.to_manifest(), list(columns_of(table, schema).values())


def thirds(frame: pd.DataFrame) -> Any:
    return np.array(["p", "q", "r"])[np.digitize(frame.x + frame.y, [-0.6, 0.6])]


@pytest.mark.parametrize(
    ("estimator", "target", "fields"),
    [
        # Sums of such rows overflow or not by the order of their terms.
        (OneVsRestClassifier(LogisticRegression()), thirds, FIELDS),
        (PLSRegression(2), lambda f: f.x - f.z, FIELDS[:1]),
        (KernelRidge(kernel="rbf"), lambda f: f.x - f.z, FIELDS[:1]),
        (SVC(kernel="poly", degree=2, coef0=1.0), thirds, ("predictions", "scores")),
        (make_pipeline(StandardScaler(), KMeans(4, n_init=1)), None, ("predictions", "distances")),
        (Birch(threshold=1.0), None, ("predictions", "distances")),
        # Probabilities far below the smallest double's neighbours, of denormal weights.
        (LabelSpreading(), lambda f: np.where(f.index % 3 == 0, f.x > 0, -1), FIELDS),
        # Trees that were each shown some of the features; operations of the same shape, one of them dead.
        (IsolationForest(n_estimators=5, max_features=2), None, ("predictions", "scores")),
        (NearestCentroid(metric="manhattan"), thirds, FIELDS[:1]),
        # The logarithms and the thresholds made of them: the rows on a threshold are ties, and come out equal.
        (
            make_pipeline(FunctionTransformer(np.exp), HistGradientBoostingClassifier(max_iter=5)),
            thirds,
            FIELDS,
        ),
        (SVC(probability=True, random_state=0), thirds, FIELDS),
        (
            make_pipeline(
                QuantileTransformer(n_quantiles=40, output_distribution="normal"), LogisticRegression()
            ),
            thirds,
            FIELDS,
        ),
        (
            make_pipeline(RBFSampler(gamma=0.5, n_components=9, random_state=0), Ridge()),
            lambda f: f.x - f.z,
            FIELDS[:1],
        ),
    ],
    ids=lambda v: type(v).__name__ if hasattr(v, "fit") else "",
)
def test_adversarial_rows_pass_where_scikit_learn_agrees_with_itself(
    estimator: Any, target: Any, fields: tuple[str, ...]
) -> None:
    fitted_one, schema, columns = numeric(target, estimator)
    proof = proven(fitted_one, schema, fields, columns, rows=1200)
    assert proof.rows + proof.refused >= 1000


def test_a_decision_function_that_overflows_is_a_tie_and_no_other() -> None:
    fitted_one, schema, _ = numeric(thirds, LogisticRegression())
    program, table = lower(fitted_one, schema), compile_estimator(fitted_one, schema)
    proof = Proof()
    Replay(fitted_one, program, table, schema, FIELDS, proof).compare(
        [[1e308, 1.0], [-1e308, 2.0], [1e308, 3.0]], "a test"
    )
    assert proof.ties == 1


def test_the_largest_less_itself_is_exactly_nothing() -> None:
    fitted_one, schema, _ = numeric(thirds, LogisticRegression())
    program = lower(fitted_one, schema)
    shift = next(o for o in program.operations if o.kind == Arithmetic.SUBTRACT and o.code == Code.COMBINE)
    x = np.array([[3e16, 2.0, 1.0, 3e16], [1.0, 1.0 + 1e-16, 0.0, 1.0]])
    r = np.array([[300.0, 1.0, 1.0, 300.0], [1e-15, 1e-15, 1e-15, 1e-15]])
    bound = comparisons.shifted(shift, x, r, x[:, :-1] - x[:, -1:])
    assert bound[0, 0] == 0.0
    assert bound[0, 1] > 300.0
    assert (bound[1] > 0).all()
