"""Damaged tables against the checker: a bounded sample of `make fuzz`, under sanitizers where there are any."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fuzz import models, sanitized, tables
from fuzz.__main__ import ATTACKS
from serving.artifact import ArtifactError
from serving.engines.native import HEADER, open_kernel, open_table
from skylayer.compiler import lower
from skylayer.compiler.assembler import assemble
from skylayer.compiler.kernel_build import TARGETS, build_kernel, host_kernel
from skylayer.compiler.program import Code


def opened(path: Path, table: bytes) -> Any:
    path.write_bytes(table)
    names = [column["name"] for column in models.schema()["columns"]]
    return open_table(str(path), open_kernel(str(host_kernel())), names, ["predictions"])


def test_six_hundred_damaged_tables_are_refused_or_answer() -> None:
    outcomes = tables.attack(600, seed=1)
    assert outcomes["refused"] > 300
    assert outcomes["answered"] + outcomes["rows refused"] > 10


@pytest.mark.parametrize("share", [0.0, 0.01, 0.2, 0.5, 0.9, 0.999])
@pytest.mark.parametrize("name", ["forest", "logistic", "histogram"])
def test_a_truncated_table_is_refused(name: str, share: float, tmp_path: Path) -> None:
    table = models.tables()[name]
    with pytest.raises(ArtifactError):
        opened(tmp_path / "tables.bin", table[: int(len(table) * share)])


def test_a_table_of_a_newer_format_is_refused_by_name(tmp_path: Path) -> None:
    table = bytearray(models.tables()["forest"])
    table[8:12] = (2).to_bytes(4, "little")
    with pytest.raises(ArtifactError, match="newer Skylayer"):
        opened(tmp_path / "tables.bin", bytes(table))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dense", []),
        ("dense", [[99, None]] * 4),
        ("dense", [[-1, None]] * 4),
        ("dense", [[0, 99]] * 4),
        ("encodings", [{}]),
        (
            "encodings",
            [{"entries": [[["x"], 1.0]], "missing": 0, "unknown": 0, "rounded": False, "detail": ""}],
        ),
        ("outputs", []),
        ("outputs", [{"field": "predictions"}]),
        ("refusals", {"0": "no list"}),
        ("refusals", {"0": ["detail", [77]]}),
        ("sparse", [[0, 5, {}]]),
        (None, []),
        (None, "text"),
        (None, None),
    ],
)
def test_a_description_that_leads_outside_is_refused(
    field: str | None, value: object, tmp_path: Path
) -> None:
    table = models.tables()["forest"]
    header = HEADER.unpack_from(table)
    at, size = header[12], header[13]
    metadata = json.loads(table[at : at + size])
    changed = json.dumps(metadata | {field: value} if field else value).encode()
    longer = table + bytes(-len(table) % 8) + changed
    words = list(header)
    words[3], words[12], words[13] = len(longer), len(table), len(changed)
    with pytest.raises(ArtifactError, match="metadata"):
        opened(tmp_path / "tables.bin", HEADER.pack(*words) + longer[HEADER.size :])


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("vocabulary", ["a"]),
        ("vocabulary", list(range(26))),
        ("features", 27),
        ("features", 26),  # without alternate_sign
        ("analyzer", "words"),
        ("strip_accents", "all"),
        ("lowercase", None),
        ("ngram_range", [0, 1]),
        ("ngram_range", [2, 1]),
        ("ngram_range", [1]),
        ("stop_words", [["a"]]),
        ("stop_words", "a"),
    ],
)
def test_a_description_of_terms_that_does_not_fit_is_refused(
    member: str, value: object, tmp_path: Path
) -> None:
    program = lower(models.fitted()["terms"], models.schema())
    (terms,) = program.sparse
    description = {**terms.description, member: value}
    changed = replace(program, sparse=(replace(terms, description=description),))
    with pytest.raises(ArtifactError, match="metadata"):
        opened(tmp_path / "tables.bin", assemble(changed))


def test_a_token_pattern_that_is_none_is_refused(tmp_path: Path) -> None:
    program = lower(models.fitted()["terms"], models.schema())
    (terms,) = program.sparse
    description = {**terms.description, "analyzer": "word", "token_pattern": "("}
    changed = replace(program, sparse=(replace(terms, description=description),))
    with pytest.raises(ArtifactError, match="token pattern"):
        opened(tmp_path / "tables.bin", assemble(changed))


def changed_array(name: str, code: Code, change: Any) -> bytes:
    program = lower(models.fitted()[name], models.schema())
    operation = next(o for o in program.operations if o.code == code and o.arrays[0].size)
    change(operation.arrays)
    return assemble(program)


def _child_beyond_the_tree(arrays: Any) -> None:
    arrays[0]["word"][0] |= np.uint32(0xFFF00000)


def _feature_that_there_is_not(arrays: Any) -> None:
    arrays[0]["word"][0] |= np.uint32(15)


def _leaf_that_there_is_not(arrays: Any) -> None:
    arrays[0]["threshold"][arrays[0]["word"] == 0] |= np.uint32(0x3FFFFF)


def _root_beyond_the_nodes(arrays: Any) -> None:
    arrays[1]["root"][-1] = len(arrays[0])


@pytest.mark.parametrize(
    "change",
    [_child_beyond_the_tree, _feature_that_there_is_not, _leaf_that_there_is_not, _root_beyond_the_nodes],
)
def test_a_tree_that_leads_outside_is_refused(change: Any, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="damaged"):
        opened(tmp_path / "tables.bin", changed_array("boosting", Code.TREES, change))


def test_no_depth_in_a_table_changes_an_answer(tmp_path: Path) -> None:
    rows = [column[:1] for column in tables.ROWS]

    def shallow(arrays: Any) -> None:
        arrays[1]["depth"][:] = 0

    right = opened(tmp_path / "a", models.tables()["forest"]).predict(rows, 1)
    assert opened(tmp_path / "b", changed_array("forest", Code.TREES, shallow)).predict(rows, 1) == right


# Of every attack that runs under sanitizers: one that isn't named would run at full size.
SAMPLE = {"tables": 300, "bodies": 300, "answers": 300, "files": 150, "events": 150, "messages": 60}


def test_the_sample_names_every_attack() -> None:
    assert SAMPLE.keys() == ATTACKS.keys()


@pytest.mark.slow
def test_all_attacks_under_sanitizers(tmp_path: Path) -> None:
    try:
        environment = sanitized.build(tmp_path)
    except sanitized.NoSanitizer as reason:
        pytest.skip(f"{reason}")
    command = [sys.executable, "-m", "fuzz", "--here", "--seed", "1"]
    for attack, count in SAMPLE.items():
        command += [f"--{attack}", str(count)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert "refused" in done.stdout


def test_the_sanitizers_see_a_byte_beyond_the_table(tmp_path: Path) -> None:
    try:
        environment = sanitized.build(tmp_path)
    except sanitized.NoSanitizer as reason:
        pytest.skip(f"{reason}")
    program = """
import ctypes
from fuzz import models
from serving.engines.native import open_kernel
table = bytearray(models.tables()["forest"])
table[16:24] = (len(table) + 4096).to_bytes(8, "little")
table[56:64] = (-(-len(table) // 8) * 8).to_bytes(8, "little")  # where the outputs' slots are
kernel = open_kernel(models.kernel_path())
print(kernel.skylayer_check(ctypes.addressof(ctypes.c_char.from_buffer(table)), len(table) + 4096))
"""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
    assert "AddressSanitizer: heap-buffer-overflow" in done.stderr


@pytest.mark.parametrize("target", [target for target in TARGETS if "linux" in target])
def test_a_kernel_is_the_same_bytes_at_every_build(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build_kernel(target, tmp_path / "one").read_bytes()
    monkeypatch.setattr("skylayer.compiler.kernel_build.CACHE", tmp_path / "another cache")
    assert build_kernel(target, tmp_path / "two").read_bytes() == built
    assert len(built) < 200_000
    assert str(Path(__file__).parents[2]).encode() not in built
