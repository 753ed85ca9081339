"""Tables whose digests are right and whose work is out of proportion: refused before any of it is done."""

from __future__ import annotations

import ctypes
import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from fuzz import models
from serving.artifact import ArtifactError
from serving.engines.native import open_kernel, open_table
from skylayer.compiler.assembler import Record, Sections, serialize
from skylayer.compiler.kernel_build import host_kernel
from skylayer.compiler.program import LANES, Code, Reduce, Unary
from skylayer.compiler.tree_nodes import LEAF, NODE, TREE

if TYPE_CHECKING:
    from pathlib import Path

METADATA = json.dumps({
    "dense": [[0, None]], "sparse": [], "encodings": [], "refusals": {},
    "outputs": [{"field": "predictions", "count": 1, "shape": "scalar", "classes": None, "sizes": [],
                 "integer": False}],
}).encode()  # fmt: skip
ZEROS = np.zeros(0)


def record(code: Code, inputs: Any, first: int, outputs: int, *arrays: Any, **more: int) -> Record:
    return Record(
        code, more.get("kind", 0), more.get("flags", 0), np.asarray(inputs, dtype="<u4"), first, outputs,
        more.get("width", 0), arrays,
    )  # fmt: skip


def table(*records: Record, slots: int, workspace: int = 0) -> bytes:
    return serialize(
        Sections(1, 0, slots, workspace, records, np.asarray([slots - 1], dtype="<u4"), METADATA)
    )


def chain(nodes: int) -> Any:
    """One tree, each of whose splits has a leaf to the left."""
    tree = np.zeros(nodes, dtype=NODE)
    tree["threshold"] = np.float32(0).view(np.uint32)
    tree["threshold"][1::2] = LEAF
    tree["threshold"][-1] = LEAF
    tree["word"][:-1:2] = 2 << 2
    return tree


def trees(nodes: int, *roots: int, depth: int = 1) -> Record:
    records = np.asarray([(root, nodes, depth, 0) for root in roots], dtype=TREE)
    return record(
        Code.TREES, [0], 1, 1, chain(nodes), records, np.ones(1), ZEROS.astype("<u4"), kind=1, width=1
    )


SHARED = np.zeros(60_000, dtype="<u4")
OUT_OF_PROPORTION = {
    "inputs that many operations share": table(
        *[record(Code.REDUCE, SHARED, 1 + k, 1, kind=Reduce.MAXIMUM) for k in range(3_000)], slots=3_002
    ),
    "outputs that nothing reads": table(
        *[record(Code.ONE_HOT, [0], 1, 1_000_000) for _ in range(3_000)], slots=1_000_002
    ),
    "a median of many values": table(
        record(Code.WEIGHTED_MEDIAN, np.zeros(50_000), 1, 1, np.ones(50_000)), slots=2
    ),
    "a coupling of many classes": table(
        record(Code.COUPLING, np.zeros(400 * 399 // 2), 1, 400), slots=401, workspace=400 * 402
    ),
    "functions that take long": table(
        *[record(Code.UNARY, SHARED[:9_000], 1, 9_000, kind=Unary.ERF) for _ in range(900)], slots=9_001
    ),
}  # fmt: skip


def opened(path: Path, content: bytes) -> Any:
    path.write_bytes(content)
    return open_table(str(path), open_kernel(str(host_kernel())), ["x"], ["predictions"])


@pytest.mark.parametrize("name", OUT_OF_PROPORTION)
def test_work_out_of_proportion_is_refused_before_it_is_done(name: str, tmp_path: Path) -> None:
    content = OUT_OF_PROPORTION[name]
    assert len(content) < 900_000
    started = time.perf_counter()
    with pytest.raises(ArtifactError, match="out of proportion"):
        opened(tmp_path / "tables.bin", content)
    assert time.perf_counter() - started < 10.0


def test_trees_that_share_nodes_are_refused(tmp_path: Path) -> None:
    nodes = 20_001
    assert opened(tmp_path / "one", table(trees(nodes, 0), slots=2, workspace=LANES)).predict([[1.0]], 1)
    started = time.perf_counter()
    with pytest.raises(ArtifactError, match="damaged"):
        opened(tmp_path / "tables.bin", table(trees(nodes, *[0] * 30_000), slots=2, workspace=LANES))
    assert time.perf_counter() - started < 10.0


@pytest.mark.parametrize("second", [0, 1, 6])
def test_trees_that_overlap_in_one_node_are_refused(second: int, tmp_path: Path) -> None:
    nodes = np.concatenate([chain(7), chain(7)])
    records = np.asarray([(0, 7, 3, 0), (second, 7, 3, 0)], dtype=TREE)
    both = record(Code.TREES, [0], 1, 1, nodes, records, np.ones(1), ZEROS.astype("<u4"), kind=1, width=1)
    beside = np.asarray([(0, 7, 3, 0), (7, 7, 3, 0)], dtype=TREE)
    assert opened(
        tmp_path / "one",
        table(replace(both, arrays=(nodes, beside, *both.arrays[2:])), slots=2, workspace=LANES),
    )
    with pytest.raises(ArtifactError, match="damaged"):
        opened(tmp_path / "tables.bin", table(both, slots=2, workspace=LANES))


def cost(content: bytes) -> tuple[int, int, int]:
    """What the kernel says of a row, of a term, and of how many terms a row pays for."""
    kernel, memory = open_kernel(models.kernel_path()), bytearray(content)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert kernel.skylayer_check(address, len(memory)) == 0
    answer = (ctypes.c_uint64 * 3)()
    kernel.skylayer_cost(address, answer)
    return tuple(answer)


def test_a_row_costs_what_its_operations_do() -> None:
    nothing = cost(table(record(Code.CONSTANT, [], 1, 1, np.ones(1)), slots=2))[0]

    def more(*records: Record, slots: int = 2, workspace: int = 0) -> int:
        return cost(table(*records, slots=slots, workspace=workspace))[0] - nothing

    assert more(record(Code.MATRIX, [0] * 100, 1, 50, np.ones(5_000), ZEROS), slots=51) > 4_500
    assert more(record(Code.PAIRWISE, [0] * 100, 1, 50, np.ones(5_000)), slots=51) > 9_000
    assert more(record(Code.WEIGHTED_MEDIAN, [0] * 100, 1, 1, np.ones(100))) > 25_000
    assert more(record(Code.COUPLING, [0] * 45, 1, 10), slots=11, workspace=120) > 50_000
    assert more(record(Code.UNARY, [0], 1, 1, kind=Unary.ERF)) > 900
    assert more(record(Code.UNARY, [0], 1, 1, kind=Unary.NEGATE)) < 50
    workspace = (LANES + 1) // 2
    deep, shallow = (more(trees(1_001, 0, depth=depth), workspace=workspace) for depth in (500, 10))
    assert deep - shallow == 3 * 490


def test_a_row_of_texts_costs_by_its_terms() -> None:
    sparse = 5_000

    def content(slots: int) -> bytes:
        weights = record(Code.MATRIX, range(sparse), sparse, 20, np.ones(20 * sparse), ZEROS)
        sections = Sections(0, sparse, slots, 0, (weights,), np.asarray([sparse], dtype="<u4"), METADATA)
        return serialize(sections)

    row, term, most = cost(content(sparse + 20))
    assert row < 1_000
    assert term == 21 * LANES
    assert row + term * most >= 20 * sparse


def test_the_checks_own_work_is_in_proportion_to_the_size() -> None:
    for name, content in models.tables().items():
        kernel, memory = open_kernel(models.kernel_path()), bytearray(content)
        started = time.perf_counter()
        assert kernel.skylayer_check(ctypes.addressof(ctypes.c_char.from_buffer(memory)), len(memory)) == 0, (
            name
        )
        assert time.perf_counter() - started < 2.0, name
