"""treelite's checkpoints from a stranger: whole, or refused in a line."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skylayer.compiler.forests.evaluation import sums
from skylayer.compiler.forests.forest import Forest
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.treelite_models import starts_as_treelite, treelite_model
from skylayer.formats.boosters.treelite_reader import Reader
from skylayer.formats.boosters.treelite_trees import tree_of

HOME = Path(__file__).parents[1] / "integration" / "treelite_files"
FILES = [(HOME / f"{name}.bin").read_bytes() for name in ("xgboost-two", "xgboost-three", "forest-of-three")]


def array(kind: str, *items: float) -> bytes:
    return struct.pack("<Q", len(items)) + np.array(items, kind).tobytes()


def tree(compared: int = 3, left: int = 1, feature: int = 0, default_left: int = 1, nodes: int = 3) -> bytes:
    """One split at 1.5 with the leaves 10 and 20."""
    return b"".join(
        (
            struct.pack("<iB", nodes, 0), array("i1", 1, 0, 0), array("i4", left, -1, -1), array("i4", 2, -1, -1),
            array("i4", feature, 0, 0), array("u1", default_left, 0, 0), array("<f8", 0, 10, 20),
            array("<f8", 1.5, 0, 0), array("i1", compared, 0, 0), array("u1", 0, 0, 0), array("<f8"),
            array("u8", 0, 0, 0), array("u8", 0, 0, 0), *(array(kind) for kind in ("u4", "u8", "u8", "u8")),
            *(array(kind) for kind in ("u1", "f8", "u1", "f8", "u1")),
        )
    )  # fmt: skip


def answers(content: bytes) -> list[float]:
    read = tree_of(Reader(content), np.dtype("<f8"), 1, 1, 0)
    rows = np.array([[1.0], [1.5], [2.0], [np.nan]])
    found: list[float] = sums(Forest((read,), 1, np.zeros(1)), rows)[:, 0].tolist()
    return found


@pytest.mark.parametrize(
    ("compared", "expected"),
    [(2, [10, 20, 20]), (3, [10, 10, 20]), (4, [20, 20, 10]), (5, [20, 10, 10])],
    ids=["<", "<=", ">", ">="],
)
def test_the_left_child_is_where_the_comparison_holds(compared: int, expected: list[float]) -> None:
    assert answers(tree(compared)) == [*expected, 10]
    assert answers(tree(compared, default_left=0)) == [*expected, 20]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (tree(left=0), "two parents"),
        (tree(left=9), "doesn't exist"),
        (tree(feature=1), "splits on what doesn't exist"),
        (tree(nodes=4), "other lengths than its nodes"),
        (tree()[:-1], "ends early"),
        (struct.pack("<iBQ", 3, 0, 2**60), "ends early, or a length"),
    ],
)
def test_a_tree_with_a_wrong_field_is_damaged(content: bytes, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        answers(content)


def test_what_has_no_equivalent_is_named() -> None:
    with pytest.raises(NotServed, match="compare otherwise than by size"):
        answers(tree(compared=1))
    with pytest.raises(NotServed, match="its postprocessor hingeoid has no native equivalent"):
        treelite_model(FILES[0].replace(b"sigmoid", b"hingeoid"[:7]).replace(
            struct.pack("<Q", 7) + b"hingeoi", struct.pack("<Q", 8) + b"hingeoid"
        ))  # fmt: skip


def test_a_file_is_known_by_its_first_numbers() -> None:
    assert all(map(starts_as_treelite, FILES))
    assert not starts_as_treelite(b"\4\0\0\0")
    assert not starts_as_treelite(b"\x80\4" + b"\0" * 30)
    assert not starts_as_treelite(struct.pack("<3i", 4, 8, 1) + b"\7\7")


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_answer(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(12, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.sampled_from([len(content), len(content) - 1, len(content) // 2]))]
    try:
        model = treelite_model(bytes(content))
    except (Damaged, NotServed):
        return
    if model.features <= 1000:
        assert sums(model.forest, np.zeros((2, model.features))).shape == (2, model.forest.outputs)
