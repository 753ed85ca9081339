"""Every place that knows the kinds of columns is asked for each; docs/column-kinds.md lists the places."""

from __future__ import annotations

import ast
import json
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from conftest import serve
from jsonschema import Draft202012Validator
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import skylayer
from serving import artifact, csv_body, golden
from serving.artifact import KINDS
from serving.engines.containers import container_of
from serving.model import Model, load
from serving.openapi import document
from serving.protocols.tensors import datatype_of_column, rows_of
from serving.schema import Column, Refused
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer
from skylayer.formats.onnx import exporting

ROOT = Path(__file__).parents[2]
ROWS = 48
RANDOM = np.random.default_rng(0)
WORDS = ["storm", "harbour", "lantern", "meadow", "copper", "violin", "glacier", "orchard"]


@dataclass(frozen=True)
class Example:
    """A column of a kind: its values, and what each place makes of them.

    Attributes:
        cells: Values, one for each row, as JSON has them.
        refused: A JSON value that the column doesn't take.
        step: Makes numbers of the column.
        datatype: Of the column's tensor.
        statistics: The member that describes what the values were.
        engine: That training chooses.
        has_short_cut: Whether the engine reads JSON itself.
        is_text: Whether a graph of ONNX takes texts.
    """

    cells: list[Any]
    refused: Any
    step: Any
    datatype: str
    statistics: str
    engine: str = "native"
    has_short_cut: bool = True
    is_text: bool = False


def one_hot() -> OneHotEncoder:
    return OneHotEncoder(handle_unknown="ignore")


EXAMPLES = {
    "number": Example(RANDOM.normal(size=ROWS).round(3).tolist(), "1.5", "passthrough", "FP64", "histogram"),
    "integer": Example(RANDOM.integers(0, 99, ROWS).tolist(), 1.5, "passthrough", "INT64", "histogram"),
    "boolean": Example((RANDOM.random(ROWS) < 0.5).tolist(), 1, "passthrough", "BOOL", "counts"),
    "category": Example(
        RANDOM.choice(["red", "green", "blue"], ROWS).tolist(), 3, one_hot(), "BYTES", "counts", is_text=True
    ),
    "text": Example(
        [" ".join(RANDOM.choice(WORDS, 9)) for _ in range(ROWS)],
        3,
        CountVectorizer(),
        "BYTES",
        "length_histogram",
        has_short_cut=False,
        is_text=True,
    ),
    "date": Example(
        [f"2026-{1 + row % 12:02}-{1 + row % 28:02}" for row in range(ROWS)],
        "2026-W05-1",
        one_hot(),
        "BYTES",
        "days",
        has_short_cut=False,
        is_text=True,
    ),
}

each_kind = pytest.mark.parametrize("kind", KINDS)


def frame(kind: str) -> pd.DataFrame:
    return pd.DataFrame({"x": EXAMPLES[kind].cells})


def schema(kind: str) -> dict[str, Any]:
    return infer(as_dataset(frame(kind))).to_manifest()


def column(kind: str, *, nullable: bool = False) -> Column:
    return Column({**schema(kind)["columns"][0], "nullable": nullable})


class Made:
    """An artifact of a model of one column."""

    def __init__(self, kind: str, directory: Path) -> None:
        example, data = EXAMPLES[kind], frame(kind)
        target = pd.Series(np.arange(ROWS) % 2, name="y")
        # A text column is given to its step as a Series, any other as a table of one column.
        chosen: Any = "x" if kind == "text" else ["x"]
        steps = make_column_transformer((example.step, chosen))
        self.estimator = make_pipeline(steps, RandomForestClassifier(3, random_state=0)).fit(data, target)
        self.folder = skylayer.package(
            self.estimator, data, target, name="model", directory=directory, strict=True, proof_rows=500
        )
        self.expected = self.estimator.predict(data).tolist()

    @property
    def manifest(self) -> dict[str, Any]:
        return artifact.read_manifest(self.folder)

    @property
    def model(self) -> Model:
        return load(self.folder)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return cache(lambda kind: Made(kind, tmp_path_factory.mktemp(kind)))


def test_each_kind_has_an_example() -> None:
    assert set(EXAMPLES) == set(KINDS)


@each_kind
def test_training_tells_the_kind(kind: str) -> None:
    assert schema(kind)["columns"][0]["kind"] == kind


@each_kind
def test_training_gives_the_values_as_json(kind: str) -> None:
    found = columns_of(as_dataset(frame(kind)), infer(as_dataset(frame(kind))))["x"]
    assert found == EXAMPLES[kind].cells
    assert {type(value) for value in found} == {type(value) for value in EXAMPLES[kind].cells}
    json.dumps(found)


@each_kind
def test_a_request_takes_the_values_one_by_one_and_all_at_once(kind: str) -> None:
    values = EXAMPLES[kind].cells
    assert [column(kind).check(value) for value in values] == values
    assert column(kind).check_all(values) == values
    assert column(kind, nullable=True).check_all([None, *values]) == [None, *values]


@each_kind
def test_a_request_refuses_what_the_column_does_not_take_and_says_what_it_takes(kind: str) -> None:
    refused = EXAMPLES[kind].refused
    assert column(kind).expected
    assert column(kind, nullable=True).expected == f"{column(kind).expected} or null"
    for value in (refused, None):
        with pytest.raises(Refused):
            column(kind).check(value)
        assert column(kind).check_all([value]) is None


@each_kind
def test_a_cell_of_csv_is_the_value(kind: str) -> None:
    values = EXAMPLES[kind].cells
    cells = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
    instances = csv_body.read("\n".join(["x", *cells]).encode(), [column(kind)], ROWS).instances
    assert [row["x"] for row in instances] == values


def test_a_cell_of_digits_is_of_the_columns_kind() -> None:
    for kind, expected in {"number": 3.0, "integer": 3, "category": "3", "text": "3", "date": "3"}.items():
        instances = csv_body.read(b"x\n3\n", [column(kind)], ROWS).instances
        assert (instances[0]["x"], type(instances[0]["x"])) == (expected, type(expected)), kind


@each_kind
def test_a_tensor_holds_the_values(kind: str) -> None:
    example = EXAMPLES[kind]
    assert datatype_of_column(column(kind)) == example.datatype
    tensor = {"name": "x", "datatype": example.datatype, "shape": [ROWS], "data": example.cells}
    assert rows_of([tensor], [column(kind)]) == [[value] for value in example.cells]


@each_kind
def test_the_document_takes_what_a_request_takes(kind: str, made: Any) -> None:
    described = document(made(kind).manifest, {})["components"]["schemas"]["Instance"]
    validator = Draft202012Validator(described, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for value in EXAMPLES[kind].cells:
        assert validator.is_valid({"x": value})
    assert not validator.is_valid({"x": EXAMPLES[kind].refused})
    assert not validator.is_valid({"x": None})


@each_kind
def test_the_estimator_gets_what_it_was_trained_on(kind: str) -> None:
    fed = container_of(schema(kind))([EXAMPLES[kind].cells], ROWS)
    pd.testing.assert_frame_equal(fed, frame(kind), check_column_type=False)


@each_kind
def test_the_statistics_describe_it(kind: str, made: Any) -> None:
    statistics = json.loads((made(kind).folder / artifact.STATISTICS).read_text(encoding="utf-8"))
    described = statistics["columns"]["x"]
    assert described["missing"] == 0
    assert described[EXAMPLES[kind].statistics]


@each_kind
def test_golden_rows_are_of_the_kind(kind: str, made: Any) -> None:
    instances, _ = golden.read(made(kind).folder)
    assert [column(kind).check(row["x"]) for row in instances] == [row["x"] for row in instances]
    assert instances


@each_kind
def test_the_card_tells_the_kind(kind: str, made: Any) -> None:
    card = (made(kind).folder / artifact.MODEL_CARD).read_text(encoding="utf-8")
    assert re.search(rf"^\| x \| {kind} \| no \|", card, flags=re.MULTILINE)


@each_kind
def test_compiler_proof_and_the_engines_reader_take_it_or_leave_it(kind: str, made: Any) -> None:
    example, model = EXAMPLES[kind], made(kind).model
    assert model.manifest["engine"] == example.engine, model.manifest["engine_reason"]
    short = model.predict_json(json.dumps({"instances": [{"x": value} for value in example.cells]}).encode())
    assert (short is not None) == example.has_short_cut
    if short is not None:
        assert json.loads(short[0])["predictions"] == made(kind).expected


@each_kind
def test_every_route_answers_as_the_estimator(kind: str, made: Any) -> None:
    example = EXAMPLES[kind]
    client = serve(made(kind).folder)
    rows = [{"x": value} for value in example.cells]
    tensor = {"name": "x", "datatype": example.datatype, "shape": [ROWS], "data": example.cells}
    assert client.post({"instances": rows}).json()["predictions"] == made(kind).expected
    records = client.send(json.dumps({"dataframe_records": rows}), "/invocations").json()
    assert records["predictions"] == made(kind).expected
    tensors = client.send(json.dumps({"inputs": [tensor]}), "/v2/models/model/infer").json()["outputs"]
    assert tensors[0]["data"] == made(kind).expected
    cells = [json.dumps(value).strip('"') for value in example.cells]
    table = client.post_csv("\n".join(["x", *cells]), accept="application/json").json()
    assert table["predictions"] == made(kind).expected


@each_kind
def test_a_graph_of_onnx_takes_numbers_or_texts(kind: str) -> None:
    described = exporting._inputs(schema(kind), lambda _: "numbers", lambda _: "texts")  # noqa: SLF001
    assert described == [("x", "texts" if EXAMPLES[kind].is_text else "numbers")]


def test_the_playground_has_a_control_for_each_kind() -> None:
    script = (ROOT / "layers/serving/serving/playground/form.js").read_text(encoding="utf-8")
    assert set(re.findall(r'kind === "(\w+)"', script)) == set(KINDS)


# They name encodings of an HDF5 file, and PMML's types, by the same words.
OTHER_WORDS = {"skylayer/formats/hdf5/values.py", "skylayer/formats/pmml/fields.py"}


def test_the_page_lists_every_module_that_tells_kinds_apart() -> None:
    page = (ROOT / "docs" / "column-kinds.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^\| `([\w./]+)` \|", page, flags=re.MULTILINE))
    found = {
        str(path.relative_to(ROOT))
        for folder in ("layers/serving/serving", "skylayer")
        for path in (ROOT / folder).rglob("*.py")
        if len(_kinds_named_by(path)) > 1
    }
    assert found - OTHER_WORDS <= listed
    assert found >= OTHER_WORDS
    assert all((ROOT / name).is_file() for name in listed)


def _kinds_named_by(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    constants = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    return {kind for kind in KINDS if kind in constants}
