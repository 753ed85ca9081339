"""The table read back: each part of it that differs from the program, or from the estimator's own trees, is found."""

from __future__ import annotations

import dataclasses
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from programs import Estimator, numbers, operation, program
from sklearn.ensemble import BaggingClassifier, BaggingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from skylayer.compiler import lower
from skylayer.compiler.assembler import HEADER, RECORD, assemble
from skylayer.compiler.program import Arithmetic, Code
from skylayer.compiler.tree_nodes import LEAF_LIMIT
from skylayer.proof.structure import StructureError, _signature, check_structure

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.compiler.program import Program

OPERATIONS = [
    operation(Code.ARITHMETIC, (0, 1), 2, 2, [1.0, 2.0], kind=Arithmetic.ADD),
    operation(Code.MATRIX, (2, 3), 4, 1, [[3.0, 4.0]], [5.0]),
]
MADE = program(2, OPERATIONS)
NOTHING = Estimator(lambda x: x)


def test_a_table_of_its_program_passes_and_its_entries_are_counted() -> None:
    assert check_structure(assemble(MADE), MADE, NOTHING) == 2 + 2 + 1


def _changed(at: int, form: str, value: int) -> bytes:
    table = bytearray(assemble(MADE))
    struct.pack_into(form, table, at, value)
    return bytes(table)


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (_changed(0, "<B", ord("X")), "the header doesn't fit"),
        (assemble(MADE) + bytes(8), "the header doesn't fit"),
        (_changed(HEADER.size, "<H", Code.UNARY), "its operations aren't those of the program"),
        (_changed(HEADER.size + 2, "<H", Arithmetic.SUBTRACT), "the shape of ARITHMETIC"),
        (_changed(HEADER.size + 4, "<I", 1), "the shape of ARITHMETIC"),
        (_changed(HEADER.size + 8, "<I", 3), "the shape of ARITHMETIC"),
        (_changed(HEADER.size + 20, "<I", 1), "the shape of ARITHMETIC"),
        (_changed(HEADER.size + RECORD.size + 16, "<I", 2), "the shape of MATRIX"),
        (_changed(HEADER.size + RECORD.size + 40, "<Q", 1), "array 0 of MATRIX"),
    ],
    ids=["magic", "size", "code", "kind", "flags", "inputs", "width", "outputs", "count"],
)
def test_a_table_that_differs_is_found(table: bytes, reason: str) -> None:
    with pytest.raises(StructureError, match=reason):
        check_structure(table, MADE, NOTHING)


def test_an_operation_more_or_less_is_found() -> None:
    shorter = program(2, OPERATIONS[:1])
    with pytest.raises(StructureError, match="its operations aren't those of the program"):
        check_structure(assemble(shorter), MADE, NOTHING)


def fitted(estimator: Any, features: int = 3, *, classes: bool = True) -> tuple[Program, Any]:
    random = np.random.default_rng(0)
    x = random.normal(size=(80, features))
    y = x[:, 0] + 0.3 * random.normal(size=80)
    estimator.fit(x, (y > 0).astype(int) if classes else y)
    return lower(estimator, numbers(features)), estimator


@pytest.mark.parametrize(
    "made",
    [
        lambda: fitted(DecisionTreeClassifier(max_depth=3)),
        lambda: fitted(make_pipeline(StandardScaler(), DecisionTreeClassifier(max_depth=3))),
        lambda: fitted(BaggingClassifier(DecisionTreeClassifier(), 3, max_features=2, random_state=0)),
        # A leaf's feature is -2, which is no position of a single one.
        lambda: fitted(BaggingClassifier(DecisionTreeClassifier(), 3, max_features=1, random_state=0)),
        lambda: fitted(BaggingRegressor(DecisionTreeRegressor(), 3, random_state=0), 1, classes=False),
    ],
    ids=["tree", "pipeline", "bag of two features", "bag of one feature", "one feature"],
)
def test_trees_are_found_in_the_estimator(made: Callable[[], tuple[Program, Any]]) -> None:
    made_program, estimator = made()
    assert check_structure(assemble(made_program), made_program, estimator) > 0


def _altered(made: Program, change: Callable[[Any, Any], None]) -> Program:
    operations = list(made.operations)
    index = next(i for i, o in enumerate(operations) if o.code == Code.TREES)
    nodes = operations[index].arrays[0].copy()
    change(operations[index], nodes)
    operations[index] = dataclasses.replace(operations[index], arrays=(nodes, *operations[index].arrays[1:]))
    return dataclasses.replace(made, operations=tuple(operations))


def _another_feature(_: Any, nodes: Any) -> None:
    nodes["word"][0] ^= 1


def _another_threshold(_: Any, nodes: Any) -> None:
    nodes["threshold"][0] += 1


def _leaf_for_a_split(_: Any, nodes: Any) -> None:
    nodes[0] = nodes[nodes["word"] == 0][0]


@pytest.mark.parametrize("change", [_another_feature, _another_threshold, _leaf_for_a_split])
def test_a_tree_that_is_none_of_the_estimators_is_found(change: Callable[[Any, Any], None]) -> None:
    made, estimator = fitted(DecisionTreeClassifier(max_depth=3))
    altered = _altered(made, change)
    with pytest.raises(StructureError, match="is none of the estimator's"):
        check_structure(assemble(altered), altered, estimator)


def test_a_leaf_is_not_taken_for_a_split_at_zero() -> None:
    """Two trees of five nodes, whose splits are the same and stand at other nodes."""
    feature, threshold = np.array([0, 1, 1, 1, 1]), np.array([0.5, 0.0, 0.0, 0.0, 0.0])
    signatures = {
        _signature(np.array(left), np.array(right), feature, threshold)
        for left, right in (
            ([1, -1, 3, -1, -1], [2, -1, 4, -1, -1]),
            ([1, 2, -1, -1, -1], [4, 3, -1, -1, -1]),
        )
    }
    assert len(signatures) == 2


@pytest.mark.parametrize("leaves", [3, 4])
@pytest.mark.parametrize("number", [0, -1, LEAF_LIMIT - 1], ids=["the first of none", "the last", "far"])
def test_a_leaf_without_values_is_found(leaves: int, number: int) -> None:
    made, estimator = fitted(DecisionTreeRegressor(max_leaf_nodes=leaves), classes=False)

    def numbered(o: Any, nodes: Any) -> None:
        assert o.arrays[2].size == leaves
        leaf = np.flatnonzero(nodes["word"] == 0)[0]
        nodes["threshold"][leaf] = 0x7FC00000 | (number if number > 0 else leaves + number)

    altered = _altered(made, numbered)
    if number == -1:
        assert check_structure(assemble(altered), altered, estimator) > 0
        return
    with pytest.raises(StructureError, match="has no values"):
        check_structure(assemble(altered), altered, estimator)


class Held:
    """An object that holds a tree; an estimator if it is asked for parameters."""

    def __init__(self, tree: Any) -> None:
        self.tree_ = tree


class Estimating(Held):
    def get_params(self) -> dict[str, Any]:
        return {}


class Slotted:
    __slots__ = ("tree_",)

    def __init__(self, tree: Any) -> None:
        self.tree_ = tree

    def get_params(self) -> dict[str, Any]:
        return {}


def test_trees_are_looked_for_in_estimators_and_what_holds_them_alone() -> None:
    made, estimator = fitted(DecisionTreeClassifier(max_depth=3))
    _, other = fitted(DecisionTreeClassifier(max_depth=1))
    table, tree = assemble(made), estimator.tree_
    array = np.empty(2, dtype=object)
    array[:] = [1, tree]
    for holder in (
        Estimating(tree),
        [tree],
        (1, tree),
        {"a": tree},
        array,
        Estimating([{"b": (Estimating(tree),)}]),
    ):
        assert check_structure(table, made, holder) > 0
    for holder in ([Held(tree), other], Estimating([Held(tree), other])):
        with pytest.raises(StructureError, match="is none of the estimator's"):
            check_structure(table, made, holder)
    with pytest.raises(StructureError, match="is none of the estimator's"):
        check_structure(table, made, [Slotted(tree), other])
    loop: list[Any] = [tree]
    loop.append(loop)
    assert check_structure(table, made, loop) > 0


def test_an_estimator_without_trees_is_not_compared_with_any() -> None:
    made, _ = fitted(DecisionTreeClassifier(max_depth=3))
    assert check_structure(assemble(made), made, NOTHING) > 0
