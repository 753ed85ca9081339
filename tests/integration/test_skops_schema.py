"""Files of skops: the list that pickles are read by decides what is made of them, and no loader of skops's runs."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import GradientBoostingRegressor, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, LogisticRegressionCV, SGDClassifier
from sklearn.model_selection import GridSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import SVC

from skylayer.formats.budget import Budget
from skylayer.formats.pickles.estimators import estimator_of
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.skops_schema import SCHEMA, interpret
from skylayer.formats.pickles.values import Refused

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(60, 3))
LABELS = np.where(NUMBERS.sum(axis=1) > 0, "yes", "no")
FRAME = pd.DataFrame({"x": NUMBERS[:, 0], "kind": np.where(NUMBERS[:, 1] > 0, "a", "b")})
TEXTS = [f"{a} {b}" for a, b in RANDOM.choice(["good", "bad", "film"], (60, 2))]
CASES: list[tuple[Any, Any]] = [
    (make_pipeline(StandardScaler(), LogisticRegression()), NUMBERS),
    (LogisticRegressionCV(Cs=2, l1_ratios=(0.0,), use_legacy_attributes=False, scoring="accuracy"), NUMBERS),
    (RandomForestClassifier(3, random_state=0), NUMBERS),
    (HistGradientBoostingClassifier(max_iter=2), NUMBERS),
    (KNeighborsClassifier(3), NUMBERS),
    (SVC(), NUMBERS),
    (SGDClassifier(random_state=0), NUMBERS),
    (GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, cv=2), NUMBERS),
    (make_pipeline(FunctionTransformer(np.abs), SimpleImputer(), LogisticRegression()), NUMBERS),
    (make_pipeline(make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough"),
                   LogisticRegression()), FRAME),
    (make_pipeline(make_column_transformer((OrdinalEncoder(), ["kind"]), remainder="passthrough"),
                   KNeighborsClassifier(3)), FRAME),
    (make_pipeline(TfidfVectorizer(), LogisticRegression()), TEXTS),
]  # fmt: skip


def changed(content: bytes, change: Any) -> bytes:
    """A skops file with another schema."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(out, "w") as made:
        for name in archive.namelist():
            if name != SCHEMA:
                made.writestr(name, archive.read(name))
        made.writestr(SCHEMA, json.dumps(change(json.loads(archive.read(SCHEMA)))))
    return out.getvalue()


@pytest.mark.parametrize(("estimator", "rows"), CASES)
def test_a_file_answers_as_the_original(estimator: Any, rows: Any) -> None:
    estimator.fit(rows, LABELS)
    found = interpret(skops.io.dumps(estimator))
    made = estimator_of(found)
    for method in ("predict", "predict_proba", "decision_function"):
        if hasattr(estimator, method):
            wanted = getattr(estimator, method)(rows)
            np.testing.assert_array_equal(getattr(made, method)(rows), wanted)
    assert len(found.versions) == 1


def test_a_regressor_that_begins_with_another_one() -> None:
    estimator = GradientBoostingRegressor(n_estimators=3, init=LinearRegression()).fit(NUMBERS, NUMBERS[:, 0])
    made = estimator_of(interpret(skops.io.dumps(estimator)))
    np.testing.assert_array_equal(made.predict(NUMBERS), estimator.predict(NUMBERS))


def test_a_class_of_nobodys_list_is_refused_by_name() -> None:
    content = skops.io.dumps(LogisticRegression().fit(NUMBERS, LABELS))
    other = changed(content, lambda schema: schema | {"__module__": "posix", "__class__": "system"})
    found = interpret(other)
    assert "posix.system" in found.names
    with pytest.raises(Refused, match=r"posix\.system"):
        estimator_of(found)


def test_a_loader_that_calls_is_refused_with_all_its_names() -> None:
    content = skops.io.dumps(LogisticRegression().fit(NUMBERS, LABELS))

    def called(schema: dict[str, Any]) -> dict[str, Any]:
        inner = {"__module__": "nt", "__class__": "system", "__loader__": "TypeNode"}
        return schema | {"__loader__": "MethodNode", "content": {"obj": inner, "func": "predict"}}

    found = interpret(changed(content, called))
    assert "nt.system" in found.names
    with pytest.raises(Refused, match="MethodNode"):
        estimator_of(found)


def test_nodes_that_are_no_tree_are_refused() -> None:
    estimator = RandomForestClassifier(1, random_state=0).fit(NUMBERS, LABELS)
    tree = estimator.estimators_[0].tree_
    state = tree.__getstate__()
    state["nodes"] = state["nodes"].copy()
    state["nodes"]["left_child"][0] = 10**6
    tree.__setstate__(state)
    with pytest.raises(Damaged, match="no tree"):
        estimator_of(interpret(skops.io.dumps(estimator)))


def test_what_expands_beyond_the_budget_is_not_read() -> None:
    content = skops.io.dumps(LogisticRegression().fit(NUMBERS, LABELS))
    with pytest.raises(Damaged, match=r"holds more than 0\.0 GB"):
        interpret(content, Budget(expansion=1000))


def test_a_schema_nested_without_end_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(SCHEMA, '{"content": ' * 100_000)
    with pytest.raises(Refused, match="nested too deep"):
        interpret(out.getvalue())


SMALL = skops.io.dumps(make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, LABELS))
VALUES = st.sampled_from(
    [None, 0, -1, 10**20, "", "x", [], {}, [1], {"a": 1}, "ObjectNode", "DictNode", True]
)


def places(node: Any, found: list[tuple[Any, Any]]) -> list[tuple[Any, Any]]:
    """Every member of every object and list of a schema."""
    members = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in list(members):
        found.append((node, key))
        places(value, found)
    return found


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_damaged_schema_is_refused_or_read(data: st.DataObject) -> None:
    def change(schema: Any) -> Any:
        node, key = data.draw(st.sampled_from(places(schema, [])))
        if data.draw(st.booleans()):
            del node[key]
        else:
            node[key] = data.draw(VALUES)
        return schema

    try:
        estimator_of(interpret(changed(SMALL, change)))
    except (Damaged, Refused) as error:
        assert str(error)  # noqa: PT017 - any other exception fails the test
