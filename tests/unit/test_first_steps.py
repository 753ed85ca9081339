"""Steps in Python before the native engine: what they get, what they may give, and whom their errors refuse."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from serving.artifact import ArtifactError
from serving.engines.first_steps import FirstSteps, FirstStepsEngine, load
from serving.errors import Problem, RowError

if TYPE_CHECKING:
    from pathlib import Path

NAN = float("nan")


def column(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "kind": kind, "nullable": True}


def test_rows_go_in_and_columns_come_out() -> None:
    got = []

    def first(rows: list[list[Any]]) -> list[list[Any]]:
        got.append([list(row) for row in rows])
        return [[row[0], row[1], 1.0] for row in rows]

    steps = FirstSteps(
        [first, lambda rows: [[b, a] for a, b, _ in rows]], [column("b", "number"), column("a", "category")]
    )
    assert steps([["x", None], [1, None]], 2) == [[1, None], ["x", None]]
    assert got == [[["x", 1], [None, None]]]


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", 3, 3),
        ("number", NAN, None),
        ("number", None, None),
        ("integer", 2.5, 2.5),
        ("boolean", True, True),
        ("category", NAN, None),
        ("category", "x", "x"),
        ("category", 3, 3),
        ("text", "x", "x"),
        ("text", None, None),
        ("date", "2024-02-29", "2024-02-29"),
        ("date", None, None),
    ],
)
def test_a_step_may_give_what_its_column_holds(kind: str, value: Any, expected: Any) -> None:
    assert FirstSteps([lambda _: [[value]]], [column("a", kind)])([[0]], 1) == [[expected]]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", "3"),
        ("number", [3]),
        ("category", ["x"]),
        ("text", 3),
        ("date", "yesterday"),
        ("date", 20240229),
    ],
)
def test_what_no_column_holds_is_an_error(kind: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"must be|is not a date"):
        FirstSteps([lambda _: [[value]]], [column("a", kind)])([[0]], 1)


@pytest.mark.parametrize("made", [[], [[1.0], [1.0]], [[1.0, 2.0]], [[]]])
def test_another_number_of_rows_or_columns_is_an_error(made: Any) -> None:
    with pytest.raises(ValueError, match="must give 1 rows of 1 values"):
        FirstSteps([lambda _: made], [column("a", "number")])([[0]], 1)


class Kernel:
    """Stands in for the native engine: answers twice its column, and refuses 13."""

    most_rows = 100
    reads_texts = True
    texts: Any = None

    def admit_rows(self, rows: int) -> None:
        if rows > self.most_rows:
            raise Problem(413, "too many")

    def admit(self, columns: Any, rows: int) -> None:
        self.texts = (columns, rows)

    def predict(self, columns: Any, rows: int) -> dict[str, list[Any]]:
        assert len(columns[0]) == rows
        if 13.0 in columns[0]:
            raise RowError(columns[0].index(13.0), "inverse", "13 is refused")
        return {"predictions": [2 * value for value in columns[0]]}


def behind(golden: Path) -> tuple[FirstStepsEngine, Kernel]:
    kernel = Kernel()
    steps = FirstSteps([lambda rows: [[1 / row[0]] for row in rows]], [column("inverse", "number")])
    golden.write_text('{"instances": [{"x": 2.0, "y": 0.0}]}')
    columns = [column("x", "number"), column("y", "number")]
    return FirstStepsEngine(kernel, steps, columns, str(golden)), kernel  # type: ignore[arg-type]


def test_the_row_that_a_step_fails_for_is_named_by_its_cell(tmp_path: Path) -> None:
    engine, _ = behind(tmp_path / "golden.json")
    assert engine.predict([[4.0, 0.5], [0.0, 0.0]], 2) == {"predictions": [0.5, 4.0]}
    with pytest.raises(RowError) as caught:
        engine.predict([[4.0, 0.0, 1.0], [0.0] * 3], 3)
    assert (caught.value.row, caught.value.column) == (1, "x")
    assert "division" in caught.value.detail


def test_a_refusal_behind_the_steps_names_no_column_of_the_request(tmp_path: Path) -> None:
    engine, _ = behind(tmp_path / "golden.json")
    with pytest.raises(RowError) as caught:
        engine.predict([[4.0, 1 / 13], [0.0, 0.0]], 2)
    assert (caught.value.row, caught.value.column) == (1, None)
    assert caught.value.detail == "inverse: 13 is refused"


def test_the_engine_s_limits_hold_behind_the_steps(tmp_path: Path) -> None:
    engine, kernel = behind(tmp_path / "golden.json")
    engine.admit([[4.0], [0.0]], 1)
    assert kernel.texts == ([[0.25]], 1)
    engine.admit([[0.0], [0.0]], 1)  # refused by predict, which says why
    with pytest.raises(Problem):
        engine.admit([[1.0] * 101, [0.0] * 101], 101)
    assert engine.most_rows <= 100


def test_there_is_no_short_cut_from_a_body_to_an_answer(tmp_path: Path) -> None:
    engine: Any = behind(tmp_path / "golden.json")[0]
    assert engine.predict_json(b"{}") is None
    assert engine.predict_members([[1.0], [0.0]], 1) is None


MODULE = """
import json
class Shifted:
    def transform_rows(self, rows):
        return [[value + self.by for value in row] for row in rows]
def negated(rows):
    return [[-value for value in row] for row in rows]
"""


def described(*steps: dict[str, Any], sources: Any = ("source/plainsteps.py",)) -> dict[str, Any]:
    return {"steps": list(steps), "columns": [column("a", "number")], "sources": list(sources)}


def test_steps_come_from_the_artifact_and_leave_no_module_behind(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "plainsteps.py").write_text(MODULE)
    sys.modules["plainsteps"] = other = type(sys)("plainsteps")
    try:
        steps = load(
            str(tmp_path),
            described(
                {"module": "plainsteps", "name": "Shifted", "state": {"by": 3}},
                {"module": "plainsteps", "name": "negated"},
            ),
        )
        assert sys.modules["plainsteps"] is other
    finally:
        del sys.modules["plainsteps"]
    assert steps([[1.0, 2.0]], 2) == [[-4.0, -5.0]]
    assert sorted(path.name for path in (tmp_path / "source").iterdir()) == ["plainsteps.py"]


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ({"module": "os", "name": "system"}, "doesn't have the source code of os"),
        ({"module": "plainsteps", "name": "absent"}, r"plainsteps\.absent can't be loaded"),
        ({"module": "plainsteps", "name": "negated.__name__", "state": {}}, "can't be loaded"),
    ],
)
def test_steps_that_are_not_the_artifact_s_are_refused(
    tmp_path: Path, step: dict[str, Any], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "plainsteps.py").write_text(MODULE)
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(ArtifactError, match=reason):
        load(str(tmp_path), described(step))
    sys.modules.pop("plainsteps", None)
