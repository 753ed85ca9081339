"""The proof of first steps in Python: `transform_rows` against `transform`, cell by cell, in a bare interpreter.

The interpreter sees the standard library and our run-time package, as a Lambda of the native engine does, so that what
needs numpy after all fails here.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from serving import dates
from serving.engines.containers import container_of
from skylayer.data.instances import as_instances
from skylayer.proof.outcome import ProofFailed

if TYPE_CHECKING:
    from collections.abc import Callable

    Columns = list[list[Any]]

_SERVING = Path(dates.__file__).parents[1]
_TIMEOUT = 300  # seconds
# Per row what the steps make of it, or why they don't; all at once and one by one.
_PROGRAM = """
import json, sys
asked = json.load(sys.stdin)
sys.path.insert(0, asked["serving"])
from serving.engines.first_steps import load
steps = load(asked["folder"], asked["first_steps"])
def ask(columns, rows):
    try:
        return [list(row) for row in zip(*steps(columns, rows), strict=True)]
    except Exception as error:
        if rows == 1:
            return [f"{type(error).__name__}: {error}"]
        half = rows // 2
        return ask([c[:half] for c in columns], half) + ask([c[half:] for c in columns], rows - half)
columns = asked["columns"]
rows = len(columns[0])
few = min(rows, asked["alone"])
json.dump({
    "together": ask(columns, rows),
    "alone": [ask([[c[k]] for c in columns], 1)[0] for k in range(few)],
}, sys.stdout)
"""
ALONE = 200


def compare_steps(
    folder: Path,
    described: dict[str, Any],
    transform: Callable[[Any], Any],
    schema: dict[str, Any],
    columns: Columns,
) -> int:
    """Ask both for the same rows; rows that one of them refuses are left to the proof of the whole.

    Args:
        folder: Holds the source code, as an artifact does.
        described: The manifest's `engines.native.first_steps`.
        transform: What the fitted steps make of rows in their container.
        schema: The manifest's `input`.
        columns: Values by column.

    Returns:
        How many rows both answered.

    Raises:
        ProofFailed: A cell differs, or the steps need more than the standard library.
    """
    made = _ask_bare(folder, described, columns)
    together, alone = made["together"], made["alone"]
    for row, answer in enumerate(together):
        if isinstance(answer, str) and answer.startswith(("ModuleNotFoundError", "ImportError")):
            raise ProofFailed(f"transform_rows needs the standard library only: {answer}")
        if row < len(alone) and not _same_row(answer, alone[row]):
            raise ProofFailed(
                f"transform_rows makes {answer!r} of {_row(schema, columns, row)} among others and {alone[row]!r} alone"
            )
    if all(isinstance(answer, str) for answer in together):
        raise ProofFailed(f"transform_rows refuses {_row(schema, columns, 0)}: {together[0]}")
    expected = _transformed(transform, schema, columns)
    names = [column["name"] for column in described["columns"]]
    compared = 0
    for row, (got, own) in enumerate(zip(together, expected, strict=True)):
        if isinstance(got, str) or own is None:
            continue
        for name, cell, right in zip(names, got, own, strict=True):
            if not _same(cell, right):
                raise ProofFailed(
                    f"transform_rows makes {name} {cell!r} of {_row(schema, columns, row)}, transform {right!r}"
                )
        compared += 1
    return compared


def _ask_bare(folder: Path, described: dict[str, Any], columns: Columns) -> dict[str, Any]:
    asked = {
        "serving": str(_SERVING),
        "folder": str(folder),
        "first_steps": described,
        "columns": columns,
        "alone": ALONE,
    }
    # -I: nothing of the environment; -S: no site-packages.
    command = [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM]
    try:
        done = subprocess.run(  # noqa: S603 - code of the project itself
            command, input=json.dumps(asked), capture_output=True, text=True, check=False, timeout=_TIMEOUT
        )
    except subprocess.TimeoutExpired:
        raise ProofFailed(f"transform_rows takes more than {_TIMEOUT} s for {len(columns[0])} rows") from None
    if done.returncode:
        last = (done.stderr.strip() or "no output").splitlines()[-1]
        raise ProofFailed(f"transform_rows doesn't run with the standard library alone: {last}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _transformed(
    transform: Callable[[Any], Any], schema: dict[str, Any], columns: Columns
) -> list[list[Any] | None]:
    """What `transform` makes of each row, as JSON carries it; None where it refuses one."""
    rows = len(columns[0])
    try:
        made = as_instances(transform(container_of(schema)(columns, rows)))
    except Exception:  # noqa: BLE001 - whatever a stranger's step raises on a row
        if rows == 1:
            return [None]
        half = rows // 2
        first, second = ([c[:half] for c in columns], [c[half:] for c in columns])
        return _transformed(transform, schema, first) + _transformed(transform, schema, second)
    return [_cells(row) for row in made]


def _cells(row: Any) -> list[Any]:
    if isinstance(row, dict):
        return list(row.values())
    return list(row) if isinstance(row, (list, tuple)) else [row]


def _same_row(one: Any, other: Any) -> bool:
    if isinstance(one, str) or isinstance(other, str):
        return isinstance(one, str) and isinstance(other, str)
    return all(map(_same, one, other))


def _same(one: Any, other: Any) -> bool:
    """Whether two cells are the same value, numbers in every bit but the signs of zero and infinity.

    Most estimators refuse infinity of either sign; where one doesn't, the proof of the whole tells them apart. NaN is
    a missing value.
    """
    if _is_missing(one) or _is_missing(other):
        return _is_missing(one) and _is_missing(other)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or _moment(one) == _moment(other) is not None
    if isinstance(one, str) or isinstance(other, str):
        return False
    return bool(one == other) or (math.isinf(one) and math.isinf(other))


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _moment(text: str) -> Any:
    try:
        dates.parse(text)
    except ValueError:
        return None
    return dates.in_utc(text)


def _row(schema: dict[str, Any], columns: Columns, row: int) -> str:
    return repr(
        {column["name"]: cells[row] for column, cells in zip(schema["columns"], columns, strict=True)}
    )
