"""Documents of XGBoost and texts of LightGBM from a stranger: whole, or refused before a library sees them."""

from __future__ import annotations

import contextlib
import json
import struct
from typing import TYPE_CHECKING, Any

import lightgbm as lgb
import numpy as np
import pytest
import xgboost as xgb
from hypothesis import given, settings
from hypothesis import strategies as st

from skylayer.formats.boosters import documents, structure, ubjson
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.lightgbm_models import checked_text, lightgbm_model, starts_as_lightgbm
from skylayer.formats.boosters.xgboost_models import checked_document, is_legacy, xgboost_model

if TYPE_CHECKING:
    from collections.abc import Callable

X = np.random.default_rng(0).normal(size=(200, 3))
X[::7, 0] = np.nan
Y = np.nan_to_num(X[:, 0]) + X[:, 1]
CODES = np.c_[X, np.random.default_rng(1).integers(0, 9, len(X))]
XGB = xgb.XGBRegressor(
    n_estimators=3, max_depth=3, feature_types=["float"] * 3 + ["c"], enable_categorical=True
)
XGB.fit(CODES, Y + CODES[:, 3] % 3)
LGB = lgb.LGBMRegressor(n_estimators=3, num_leaves=5, min_data_per_group=5, verbose=-1)
LGB.fit(CODES, Y + CODES[:, 3] % 3, categorical_feature=[3])
JSON = bytes(XGB.get_booster().save_raw("json"))
UBJ = bytes(XGB.get_booster().save_raw("ubj"))
TEXT = LGB.booster_.model_to_string().encode()


def changed(change: Callable[[Any], Any]) -> bytes:
    document = json.loads(JSON)
    change(document["learner"])
    return json.dumps(document).encode()


def tree(learner: Any) -> Any:
    return learner["gradient_booster"]["model"]["trees"][0]


def test_what_is_written_from_what_was_checked_is_the_same_model() -> None:
    for content in (JSON, UBJ, bytes(XGB.get_booster().__getstate__()["handle"])):
        np.testing.assert_array_equal(xgboost_model(content).predict(CODES), XGB.predict(CODES))
        assert checked_document(checked_document(content)) == checked_document(content)
    np.testing.assert_array_equal(lightgbm_model(TEXT).predict(CODES), LGB.predict(CODES))
    assert checked_text(checked_text(TEXT).encode()) == checked_text(TEXT)
    windows = TEXT.replace(b"\n", b"\r\n")
    assert starts_as_lightgbm(windows)
    assert checked_text(windows) == checked_text(TEXT)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda learner: tree(learner)["left_children"].__setitem__(1, 0), "two parents"),
        (lambda learner: tree(learner)["left_children"].__setitem__(0, 10**6), "doesn't exist"),
        (lambda learner: tree(learner)["left_children"].__setitem__(0, -2), "outside of -1"),
        (lambda learner: tree(learner)["right_children"].__setitem__(0, -1), "has one child"),
        (lambda learner: tree(learner)["right_children"].pop(), "entries where"),
        (lambda learner: tree(learner)["parents"].__setitem__(1, 2), "another parent"),
        (lambda learner: tree(learner)["split_indices"].__setitem__(0, 4), "feature that doesn't exist"),
        (lambda learner: tree(learner)["split_conditions"].__setitem__(0, float("nan")), "is no number"),
        (lambda learner: tree(learner)["split_conditions"].__setitem__(0, "1"), "no list of numbers"),
        (lambda learner: tree(learner).pop("default_left"), "has no default_left"),
        (lambda learner: tree(learner)["categories_sizes"].__setitem__(0, 99), "outside of 0"),
        (lambda learner: tree(learner)["categories_nodes"].clear(), "entries where 0"),
        (lambda learner: tree(learner)["tree_param"].update(num_nodes="1e9"), "num_nodes is no whole number"),
        (lambda learner: learner["gradient_booster"]["model"]["tree_info"].__setitem__(0, 1), "outside of 0"),
        (
            lambda learner: learner["gradient_booster"]["model"]["iteration_indptr"].reverse(),
            "doesn't divide",
        ),
        (lambda learner: learner["gradient_booster"].update(name="gpu"), "no booster of XGBoost's"),
        (
            lambda learner: learner["learner_model_param"].update(num_feature="3"),
            "entries where 3 are needed",
        ),
        (lambda learner: learner["learner_model_param"].update(base_score="[1,2]"), "base_score"),
        (lambda learner: learner["learner_model_param"].update(base_score="nan"), "base_score"),
        (lambda learner: learner.update(feature_names=["a", "a", "b", "c"]), "the same name"),
        (lambda learner: learner.update(feature_names=[1, 2, 3, 4]), "more than texts"),
        (lambda learner: learner["attributes"].update(best_iteration="9"), "best_iteration"),
        (lambda learner: learner.pop("objective"), "has no objective.name"),
    ],
)
def test_a_document_with_a_wrong_field_is_damaged(change: Any, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        checked_document(changed(change))


def test_more_features_than_a_request_holds_are_refused() -> None:
    many = changed(lambda learner: learner["learner_model_param"].update(num_feature="93333333"))
    with pytest.raises(NotServed, match="it has 93,333,333 features; up to 100,000 can be served"):
        checked_document(many)


def test_an_objective_that_is_a_function_is_refused() -> None:
    with pytest.raises(NotServed, match="a function of its author's own"):
        checked_document(changed(lambda learner: learner["objective"].update(name="<function f>")))


def edited(name: str, value: str) -> bytes:
    """The text with another value in the first tree or, where it has none of that name, in the header."""
    place = TEXT.find(f"\n{name}=".encode()) + 1
    end = TEXT.index(b"\n", place)
    return TEXT[:place] + f"{name}={value}".encode() + TEXT[end:]


@pytest.mark.parametrize(
    ("name", "value", "match"),
    [
        ("left_child", "0 -1 -2 -3", "two parents|doesn't exist|in no branch"),
        ("left_child", "1 2", "entries where"),
        ("right_child", "-9 -9 -9 -9", "outside of"),
        ("split_feature", "0 1 2 4", "outside of 0 to 3"),
        ("threshold", "nan nan nan nan", "no finite number"),
        ("decision_type", "1 1 1 1", "no categories"),
        ("decision_type", "16 2 2 2", "outside of"),
        ("decision_type", "12 12 12 12", "missing value"),
        ("leaf_value", "1 2 3", "entries where 5"),
        ("num_leaves", "1000000000000", "outside of"),
        ("num_leaves", "x", "no whole number"),
        ("num_class", "3", "num_tree_per_iteration"),
        ("feature_names", "a b", "doesn't name 4"),
        ("feature_names", "a  b c", "doesn't name 4"),
        ("feature_infos", "none", "doesn't describe 4"),
        ("cat_boundaries", "0 99", "doesn't divide"),
        ("version", "v9", "its version is 'v9'"),
    ],
)
def test_a_text_with_a_wrong_field_is_damaged(name: str, value: str, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        checked_text(edited(name, value))


def test_a_text_that_is_cut_off_is_damaged() -> None:
    with pytest.raises(Damaged, match="it ends early"):
        checked_text(TEXT[: TEXT.index(b"end of trees")])


@pytest.mark.filterwarnings(
    "ignore:X does not have valid feature names:UserWarning"
)  # where a name was changed
@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_answer(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([JSON, UBJ, TEXT])))
    read = lightgbm_model if content.startswith(b"tree") else xgboost_model
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    content = content[: data.draw(st.integers(len(content) // 2, len(content)))]
    try:
        model = read(bytes(content))
    except (Damaged, NotServed):
        return
    if model.n_features_in_ == CODES.shape[1]:
        assert model.predict(CODES[:5]).shape[0] == 5


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_document_or_damaged(content: bytes) -> None:
    for head in (b"", b"{", b"[", b"[$", b"{i\x01a"):
        with contextlib.suppress(Damaged):
            ubjson.parse(head + content)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"[$l#l\x7f\xff\xff\xff", "larger than the file"),
        (b"[$Z#i\x03abc", "no numbers"),
        (b"{$i#i\x01i\x01a\x00", "one type"),
        (b"[" * 100, "nested more than 64"),
        (b"Si\x7fabc", "ends early"),
        (b"Si\xffabc", "ends early, or byte"),
        (b"{i\x01ai\x01i\x01ai\x02}", "'a' stands twice"),
        (b"i\x01i\x02", "2 bytes follow its end"),
        (b"Si\x01\xff", "no UTF-8"),
        (b"x", "no type"),
        (b"", "ends early"),
    ],
)
def test_ubjson_takes_no_more_memory_than_its_bytes_say(content: bytes, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        ubjson.parse(content)


def test_ubjson_reads_every_type() -> None:
    content = (
        b"[i\xffU\xffI\x01\x00l\x00\x01\x00\x00L\x00\x00\x00\x01\x00\x00\x00\x00"
        b"d" + struct.pack(">f", 0.5) + b"D" + struct.pack(">d", 0.1) + b"ZTFCaSi\x02hi[#i\x02i\x01i\x02"
        b"[$U#i\x02\x01\xff{i\x01ki\x01}]"
    )
    expected = [
        -1,
        255,
        256,
        65536,
        2**32,
        0.5,
        0.1,
        None,
        True,
        False,
        "a",
        "hi",
        [1, 2],
        [1, 255],
        {"k": 1},
    ]
    assert ubjson.parse(content) == expected


def test_json_refuses_what_readers_differ_on() -> None:
    for content, match in (
        (b'{"a": 1, "a": 2}', "stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b"{", "Expecting"),
        (b"\xff", "codec|utf"),
    ):
        with pytest.raises(Damaged, match=match):
            documents.parse_json(content)


def test_only_a_tree_is_one() -> None:
    def of(*links: tuple[int, int]) -> Any:
        left, right = (np.array(side) for side in zip(*links, strict=True))
        return structure.reached(left, right).tolist()

    assert of((1, 2), (-1, -1), (-1, -1)) == [True] * 3
    assert of((-1, -1), (0, 0)) == [True, False]
    for links in [[(1, 1), (-1, -1)], [(1, 2), (0, 2), (-1, -1)], [(1, -1), (-1, -1)], [(1, 9), (-1, -1)]]:
        with pytest.raises(Damaged):
            of(*links)
    with pytest.raises(Damaged, match="no nodes"):
        structure.reached(np.zeros(0, np.int64), np.zeros(0, np.int64))


def test_the_old_binary_format_is_known_by_its_header() -> None:
    header = struct.pack("<fIiii", 0.5, 3, 0, 0, 0).ljust(136, b"\0")
    name = b"binary:logistic"
    content = header + len(name).to_bytes(8, "little") + name
    assert is_legacy(content)
    assert is_legacy(b"binf" + content)
    assert not is_legacy(content[:140])
    assert not is_legacy(b"\0" * 500)
    assert not is_legacy(header + (2**60).to_bytes(8, "little") + name)
