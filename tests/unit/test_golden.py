"""When two answers are the same: the one notion of equality that packaging, deployment and swap ask for."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from serving import golden
from serving.artifact import ArtifactError

if TYPE_CHECKING:
    from pathlib import Path

    from serving.model import Model


def test_the_tolerances_are_relative_and_absolute() -> None:
    assert golden.DOUBLE == (1e-9, 1e-12)
    assert golden.SINGLE == (1e-4, 1e-5)


@pytest.mark.parametrize(
    ("expected", "got", "same"),
    [
        ("a", "a", True),
        ("a", "b", False),
        (1, 1, True),
        (1, 2, False),
        (1, 1.0, True),
        (1, 1.25, False),
        (1, True, False),
        (True, 1, False),
        (True, True, True),
        (True, False, False),
        (1.0, True, False),
        (None, None, True),
        (1.0, None, False),
        (None, 1.0, False),
        (1.0, "1.0", False),
        ([1.0], 1.0, False),
        (1.0, [1.0], False),
        ([1.0], [1.0, 2.0], False),
        ([], [], True),
        ([1.0, "a"], [1.0, "a"], True),
        ([1.0, "a"], [1.0, "b"], False),
        ([[1.0], ["a"]], [[1.0], ["b"]], False),
        (8.0, 10.0, True),
        (10.0, 8.0, True),
        (-10.0, -8.0, True),
        (-10.0, -8, True),
        (10.0, 7.5, False),
        (10.0, -10.0, False),
        (0.0, 0.5, True),
        (0.0, 0.625, False),
    ],
)
def test_labels_are_equal_and_numbers_lie_within_the_larger_tolerance(
    expected: Any, got: Any, same: bool
) -> None:
    assert golden.is_same(expected, got, (0.2, 0.5)) is same


@pytest.mark.parametrize(("got", "same"), [(100.00000009, True), (100.0000002, False)])
def test_doubles_are_compared_as_such_by_default(got: float, same: bool) -> None:
    assert golden.is_same(100.0, got) is same
    assert (golden.difference({"a": [100.0]}, {"a": [got]}) is None) is same


@pytest.mark.parametrize(
    ("manifest", "tolerance"),
    [
        ({"engine": "sklearn", "engines": {}}, golden.DOUBLE),
        ({"engine": "native", "engines": {}}, golden.DOUBLE),
        ({"engine": "native", "engines": {"native": {"proof": {}}}}, golden.DOUBLE),
        ({"engine": "native", "engines": {"native": {"proof": {"tolerance": {"a": [1, 2]}}}}}, (1, 2)),
        ({"engine": "native", "engines": {"native": {"proof": {"tolerance": {"b": [1, 2]}}}}}, golden.DOUBLE),
        (
            {"engine": "sklearn", "engines": {"native": {"proof": {"tolerance": {"a": [1, 2]}}}}},
            golden.DOUBLE,
        ),
        ({"engine": "onnx", "engines": {}}, golden.SINGLE),
    ],
)
def test_a_tolerance_is_the_proven_one_or_its_engine_s(
    manifest: dict[str, Any], tolerance: tuple[float, float]
) -> None:
    assert golden.tolerance_of({**manifest, "output": {"fields": ["a"]}}) == {"a": tolerance}


@pytest.mark.parametrize(
    ("got", "sentence"),
    [
        ({"a": [1.0, 2.0], "b": ["x", "y"]}, None),
        ({"a": [1.0, 2.5], "b": ["x", "y"]}, None),
        ({"a": [1.0, 3.0], "b": ["x", "y"]}, "a of row 1 should be 2.0 and is 3.0"),
        ({"a": [1.0, 2.0], "b": ["z", "z"]}, "b of row 0 should be x and is z"),
        ({"a": [1.0], "b": ["x", "y"]}, "a should have 2 rows"),
        ({"a": [1.0, 2.0]}, "b should have 2 rows"),
        ({"a": [1.0, 2.0], "b": "xy"}, "b should have 2 rows"),
    ],
)
def test_the_first_row_that_differs_is_named(got: dict[str, Any], sentence: str | None) -> None:
    expected = {"a": [1.0, 2.0], "b": ["x", "y"]}
    assert golden.difference(expected, got, {"a": (0.0, 0.5)}) == sentence


def test_a_model_is_asked_for_its_golden_rows(tmp_path: Path) -> None:
    (tmp_path / "golden.json").write_text(json.dumps({"instances": [{"x": 1}], "answers": {"a": [1.0]}}))

    def model(answer: float) -> Model:
        def predict(instances: list[Any], *, bounded: bool) -> dict[str, Any]:
            assert instances == [{"x": 1}]
            assert not bounded  # whoever replays can wait
            return {"a": [answer]}

        manifest = {"engine": "onnx", "output": {"fields": ["a"]}}
        return cast(
            "Model", SimpleNamespace(folder=str(tmp_path), manifest=manifest, predict_instances=predict)
        )

    golden.replay(model(1.00001))
    with pytest.raises(ArtifactError, match=r"differently here: a of row 0 should be 1.0 and is 2.0\."):
        golden.replay(model(2.0))
