"""A loaded model between instances and answers: what it adds, whom a refusal points to, where it is found."""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from serving.artifact import MODEL_CARD, ArtifactError
from serving.errors import Problem, RowError
from serving.model import FOLDER, Model, locate

if TYPE_CHECKING:
    from pathlib import Path

MANIFEST: dict[str, Any] = {
    "name": "penguins",
    "version": "0123456789abcdef",
    "input": {
        "columns": [
            {"name": "a", "kind": "number", "nullable": False},
            {"name": "b/c", "kind": "number", "nullable": False},
        ]
    },
    "output": {"fields": ["predictions", "scores"], "classes": ["x", "y"]},
}
REFERENCE = {"name": "penguins", "version": "0123456789abcdef"}
ANSWERS = {"scores": [0.5, 0.25], "predictions": ["y", "x"]}
ROWS = [[1.0, 2.0], [3.0, 4.0]]


def made(folder: str = "", manifest: dict[str, Any] | None = None, **engine: Any) -> Model:
    usual = {
        "predict": lambda *_: ANSWERS,
        "predict_json": lambda _: None,
        "predict_members": lambda *_: None,
        "admit": lambda *_: None,
        "most_rows": 10,
    }
    return Model(folder, manifest or MANIFEST, SimpleNamespace(**{**usual, **engine}))


def refuses(error: RowError) -> Any:
    def predict(*_: Any) -> Any:
        raise error

    return predict


def test_an_answer_has_the_fields_in_their_order_the_classes_and_who_answered() -> None:
    body = made().predict_instances(ROWS)
    assert list(body.items()) == [
        ("predictions", ["y", "x"]),
        ("scores", [0.5, 0.25]),
        ("classes", ["x", "y"]),
        ("model", REFERENCE),
    ]
    without = {**MANIFEST, "output": {"fields": ["predictions"]}}
    assert made(manifest=without).predict_instances(ROWS) == {"predictions": ["y", "x"], "model": REFERENCE}


def test_an_answer_that_the_engine_writes_is_the_same_text() -> None:
    members = '"predictions":["y","x"],"scores":[0.5,0.25]'
    written = made(predict_members=lambda *_: members, predict_json=lambda _: (members, 2))
    assert json.loads(written.predict_text(ROWS)) == made().predict_instances(ROWS)
    assert written.predict_text(ROWS) == made().predict_text(ROWS)
    assert written.predict_json(b"{}") == (made().predict_text(ROWS), 2)
    assert made().predict_json(b"{}") is None


@pytest.mark.parametrize("ask", [Model.predict_instances, Model.predict_text])
def test_no_instances_are_refused(ask: Any) -> None:
    with pytest.raises(Problem) as caught:
        ask(made(), [])
    assert caught.value.status == 422
    assert (caught.value.errors, caught.value.count) == ([], 0)


@pytest.mark.parametrize(
    ("instances", "error", "pointer", "detail"),
    [
        (ROWS, RowError(1, None, "no"), "/instances/1", "no"),
        (ROWS, RowError(0, "a", "no"), "/instances/0/0", "a: no"),
        (ROWS, RowError(1, "b/c", "no"), "/instances/1/1", "b/c: no"),
        ([{"a": 1, "b/c": 2}, ROWS[0]], RowError(0, "b/c", "no"), "/instances/0/b~1c", "b/c: no"),
        ([{"a": 1, "b/c": 2}, ROWS[0]], RowError(1, "b/c", "no"), "/instances/1/1", "b/c: no"),
    ],
    ids=["a row", "first column", "second column", "by name", "beside one by name"],
)
@pytest.mark.parametrize("ask", [Model.predict_instances, Model.predict_text])
def test_a_refusal_points_to_the_row_or_its_cell_as_the_client_wrote_it(
    ask: Any, instances: list[Any], error: RowError, pointer: str, detail: str
) -> None:
    with pytest.raises(Problem) as caught:
        ask(made(predict=refuses(error)), instances)
    assert caught.value.status == 422
    assert caught.value.errors == [{"pointer": pointer, "detail": detail}]
    assert caught.value.count == 1


def test_a_model_without_a_card_has_an_empty_one(tmp_path: Path) -> None:
    assert made(str(tmp_path)).card() == ""
    (tmp_path / MODEL_CARD).write_text("# Ünïcode", encoding="utf-8")
    assert made(str(tmp_path)).card() == "# Ünïcode"


def test_a_model_is_found_where_the_environment_says_or_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SKYLAYER_MODEL", raising=False)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "a"), str(tmp_path / "b")])
    with pytest.raises(ArtifactError, match=f"no folder {FOLDER} on sys.path"):
        locate()
    (tmp_path / "b" / FOLDER).mkdir(parents=True)
    assert locate() == str(tmp_path / "b" / FOLDER)
    monkeypatch.setenv("SKYLAYER_MODEL", "/elsewhere")
    assert locate() == "/elsewhere"
