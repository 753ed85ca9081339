"""CatBoost's files from a stranger: whole, or refused in a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skylayer.compiler.forests.evaluation import shares, sums
from skylayer.compiler.forests.forest import Forest
from skylayer.formats.boosters.catboost_models import catboost_model
from skylayer.formats.boosters.catboost_trees import grown, oblivious
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.flatbuffer import Buffer

if TYPE_CHECKING:
    from collections.abc import Callable

HOME = Path(__file__).parents[1] / "integration" / "boosters"
TWO, LOSSGUIDE = (json.loads((HOME / f"catboost-{name}.json").read_text()) for name in ("two", "lossguide"))
# What training was told is most of a file, and nothing of it is read.
for document in (TWO, LOSSGUIDE):
    loss = document["model_info"]["params"]["loss_function"]
    document["model_info"]["params"] = {"loss_function": loss}
COLUMNS, LEFT = np.array([0, 1]), np.array([True, False])


def split(feature: int, border: float) -> dict[str, Any]:
    return {"float_feature_index": feature, "border": border, "split_type": "FloatFeature", "split_index": 0}


def answers(tree: Any, rows: Any) -> Any:
    width = tree.values.shape[1]
    return sums(Forest((tree,), width, np.zeros(width), narrow=True), np.asarray(rows, dtype=float)).tolist()


def test_a_question_is_a_bit_of_the_leafs_number() -> None:
    tree = oblivious(
        {"splits": [split(0, 1.0), split(1, 5.0)], "leaf_values": [0, 1, 2, 3]}, COLUMNS, LEFT, 1
    )
    assert answers(tree, [[1, 5], [2, 5], [1, 6], [2, 6]]) == [[0], [1], [2], [3]]
    assert answers(tree, [[np.nan, 5], [1, np.nan]]) == [[0], [2]]
    wide = oblivious({"splits": [split(0, 1.0)], "leaf_values": [0, 1, 2, 3]}, COLUMNS, LEFT, 2)
    assert answers(wide, [[1, 0], [2, 0]]) == [[0, 1], [2, 3]]
    assert answers(oblivious({"splits": [], "leaf_values": [7]}, COLUMNS, LEFT, 1), [[1, 1]]) == [[7]]


def test_a_nested_tree_is_walked() -> None:
    inner = {"split": split(1, 5.0), "left": {"value": 1}, "right": {"value": 2}}
    tree = grown({"split": split(0, 1.0), "left": {"value": 0}, "right": inner}, COLUMNS, LEFT, 1)
    assert answers(tree, [[1, 9], [2, 5], [2, 6], [2, np.nan]]) == [[0], [1], [2], [2]]
    assert answers(grown({"value": [1, 2]}, COLUMNS, LEFT, 2), [[0, 0]]) == [[1, 2]]


def changed(change: Callable[[Any], Any], document: Any = TWO) -> bytes:
    copy = json.loads(json.dumps(document))
    change(copy)
    return json.dumps(copy).encode()


def feature(document: Any) -> Any:
    return document["features_info"]["float_features"][0]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda d: d.pop("features_info"), "has no features_info"),
        (lambda d: d["features_info"].update(float_features=[]), "has no features"),
        (lambda d: feature(d).update(flat_feature_index=1), "aren't its columns"),
        (lambda d: feature(d).update(feature_index=7), "feature_index is no whole number"),
        (lambda d: feature(d).update(nan_value_treatment="AsZero"), "feature 0 isn't described"),
        (lambda d: d["oblivious_trees"][0]["leaf_values"].pop(), "entries where"),
        (lambda d: d["oblivious_trees"][0]["leaf_values"].__setitem__(0, float("inf")), "no finite number"),
        (lambda d: d["oblivious_trees"][0]["splits"].extend([split(0, 1.0)] * 30), "asks 3. questions"),
        (lambda d: d["oblivious_trees"][0].update(splits=[split(0, 1.0)] * 29), "entries where 536870912"),
        (lambda d: d["oblivious_trees"][0]["splits"][0].update(float_feature_index=4), "float_feature_index"),
        (lambda d: d["oblivious_trees"][0]["splits"][0].update(border=1e39), "a border is no number"),
        (lambda d: d["oblivious_trees"][0]["splits"][0].update(border="1"), "a border is no number"),
        (lambda d: d.update(oblivious_trees=[]), "has no trees"),
        (lambda d: d.update(scale_and_bias=[1]), "scale_and_bias"),
        (lambda d: d.update(scale_and_bias=[1, [0, 0]]), "has 2 outputs"),
        (lambda d: d["model_info"]["class_params"].update(class_names=["a"]), "doesn't name 2 classes"),
        (lambda d: d["model_info"]["class_params"].update(class_names=["a", "a"]), "doesn't name 2 classes"),
        (lambda d: d["model_info"]["class_params"].update(class_names=["a", None]), "no label"),
    ],
)
def test_a_document_with_a_wrong_field_is_damaged(change: Any, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        catboost_model(changed(change))


def test_what_has_no_equivalent_is_named() -> None:
    for change, match in (
        (lambda d: d["oblivious_trees"][0]["splits"][0].update(split_type="OneHotFeature"), "OneHotFeature"),
        (lambda d: d["model_info"].update(binclass_probability_threshold=0.3), "threshold of its own"),
        (
            lambda d: d["features_info"].update(
                text_features=[{"feature_id": "note", "flat_feature_index": 4}]
            ),
            "features of texts: note",
        ),
        (lambda d: d["model_info"]["params"]["loss_function"].update(type=["RMSE"]), "no native equivalent"),
    ):
        with pytest.raises(NotServed, match=match):
            catboost_model(changed(change))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_answer(data: st.DataObject) -> None:
    content = bytearray(json.dumps(data.draw(st.sampled_from([TWO, LOSSGUIDE]))).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = catboost_model(bytes(content))
    except (Damaged, NotServed):
        return
    rows = np.zeros((3, len(model.names)))
    assert (shares(model.forest, rows) if model.classes else sums(model.forest, rows)).shape[0] == 3


CBM = (HOME / "catboost-three.cbm").read_bytes()


def test_a_binary_file_says_what_its_json_says() -> None:
    for name in ("two", "three", "two-numbers", "gaps-high"):
        binary, text = (
            catboost_model((HOME / f"catboost-{name}.{ending}").read_bytes()) for ending in ("cbm", "json")
        )
        assert (binary.names, binary.classes, binary.version) == (text.names, text.classes, text.version)
        rows = np.random.default_rng(0).normal(size=(500, 4))
        rows[::3, 1] = np.nan
        np.testing.assert_array_equal(sums(binary.forest, rows), sums(text.forest, rows))


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (CBM[:6], "it ends early"),
        (CBM[: len(CBM) // 2], "it ends early"),
        (b"CBM1" + (8).to_bytes(4, "little") + b"\xff" * 8, "which isn't there"),
        (CBM.replace(b"FlabuffersModel_v1", b"FlabuffersModel_v2"), "it is no FlabuffersModel_v1"),
    ],
)
def test_a_binary_file_with_a_wrong_place_is_damaged(content: bytes, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        catboost_model(content)


def test_bytes_that_are_pointed_to_again_and_again_are_refused() -> None:
    buffer = Buffer(bytes(100))
    for _ in range(8):
        buffer.take(0, 100)
    with pytest.raises(Damaged, match="too often"):
        buffer.take(0, 1)


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_of_a_binary_file_are_refused_or_answer(data: st.DataObject) -> None:
    content = bytearray(CBM)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        model = catboost_model(bytes(content))
    except (Damaged, NotServed):
        return
    assert sums(model.forest, np.zeros((3, len(model.names)))).shape == (3, model.forest.outputs)
