"""The kernel for arm64 answers as the one for x86_64, bit for bit (under qemu-user)."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression

from skylayer.compiler import compile_estimator, registry
from skylayer.compiler.assembler import assemble
from skylayer.compiler.builder import Builder
from skylayer.compiler.frame import RawColumn
from skylayer.compiler.kernel_build import FLAGS, SOURCES, TARGETS
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Unary

if TYPE_CHECKING:
    from numpy.typing import NDArray

RUNNER = Path(__file__).with_name("kernel_runner.c")
MACHINES = {"x86_64": "x86_64-linux", "aarch64": "aarch64-linux"}
ROWS = 4001


def emulator(machine: str) -> list[str]:
    """What a program for a machine is run with here."""
    if platform.machine() == machine:
        return []
    found = shutil.which(f"qemu-{machine}") or shutil.which(f"qemu-{machine}-static")
    if sys.platform != "linux" or found is None:
        pytest.skip(f"needs a Linux machine with qemu-{machine} (Debian package qemu-user)")
    return [found]


@pytest.fixture(scope="module")
def runners(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    folder = tmp_path_factory.mktemp("runners")
    commands = {machine: emulator(machine) for machine in MACHINES}
    flags = [flag for flag in FLAGS if flag not in {"-shared", "-nostdlib", "-fPIC"}]
    for machine, target in MACHINES.items():
        program = folder / machine
        command = [sys.executable, "-m", "ziglang", "cc", "-target", f"{machine}-linux-musl", "-static"]
        command += [f"-mcpu={TARGETS[target][1]}", *flags, f"-I{SOURCES}", str(RUNNER)]
        subprocess.run([*command, *map(str, sorted(SOURCES.glob("*.c"))), "-o", str(program)], check=True)
        commands[machine].append(str(program))
    return commands


def values(count: int) -> NDArray[np.float64]:
    """Inputs x rows: everyday numbers, every magnitude, and the edges."""
    random = np.random.default_rng(0)
    usual = random.normal(0, 3, (count, ROWS))
    anywhere = random.integers(0, 1 << 63, (count, ROWS), dtype=np.int64).view(np.float64)
    edges = np.array([0.0, -0.0, 5e-324, 1e-310, 709.7, 709.8, -745.2, 1e300, -1e300, 1.0, -1.0, 0.5, np.nan])
    mixed = np.where(
        random.random((count, ROWS)) < 0.5, usual, usual * 10.0 ** random.integers(-20, 20, ROWS)
    )
    mixed[:, : len(edges)] = edges
    return np.where(random.random((count, ROWS)) < 0.1, anywhere, mixed)


def compare(table: bytes, inputs: NDArray[np.float64], runners: dict[str, list[str]], folder: Path) -> int:
    (folder / "table").write_bytes(table)
    (folder / "inputs").write_bytes(np.ascontiguousarray(inputs).tobytes())
    answers, statuses = {}, {}
    for machine, command in runners.items():
        out = folder / f"answers-{machine}"
        arguments = [str(folder / "table"), str(folder / "inputs"), str(inputs.shape[1]), str(out)]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=True, timeout=120)
        statuses[machine] = done.stdout
        found = np.frombuffer(out.read_bytes(), dtype=np.float64).copy()
        found[np.isnan(found)] = np.nan  # which NaN it is differs, and is never served
        answers[machine] = found
    assert statuses["x86_64"] == statuses["aarch64"] == "0\n"
    different = answers["x86_64"].view(np.int64) != answers["aarch64"].view(np.int64)
    assert not different.any(), np.flatnonzero(different)[:5]
    return len(different)


def test_every_function_is_the_same_in_every_bit(runners: dict[str, list[str]], tmp_path: Path) -> None:
    builder = Builder(registry)
    columns = [{"name": name, "kind": "number", "dtype": "float64"} for name in "xy"]
    x, y = builder.numbers(tuple(RawColumn.of(i, column) for i, column in enumerate(columns)))
    slots: list[int] = []
    for function in Unary:
        slots += builder.unary(function, (x,))
    for kind in Arithmetic:
        slots += builder.combine(kind, (x,), (y,))
    slots += builder.softmax((x, y))
    table = assemble(builder.finish(Prediction(tuple(slots))))
    assert compare(table, values(2), runners, tmp_path) == ROWS * len(slots)


@pytest.mark.parametrize(
    "estimator",
    [
        RandomForestClassifier(10, random_state=0),
        GradientBoostingClassifier(n_estimators=10, random_state=0),
        HistGradientBoostingClassifier(max_iter=10, random_state=0),
        LogisticRegression(),
    ],
    ids=lambda e: type(e).__name__,
)
def test_estimators_answer_the_same_in_every_bit(
    estimator: Any, runners: dict[str, list[str]], tmp_path: Path
) -> None:
    random = np.random.default_rng(1)
    x = random.normal(size=(300, 4))
    estimator.fit(x, np.digitize(x.sum(axis=1), [-1, 1]))
    columns = [{"name": f"x{i}", "kind": "number", "dtype": "float64", "nullable": True} for i in range(4)]
    table = compile_estimator(estimator, {"container": "array", "dtype": "float64", "columns": columns})
    rows = random.normal(size=(4, ROWS)) * 10.0 ** random.integers(-3, 3, ROWS)
    assert compare(table, rows, runners, tmp_path) == ROWS * 4
