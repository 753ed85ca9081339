"""PMML from a stranger: what its predicates mean, and what is refused in a line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skylayer.compiler.forests.evaluation import linked, shares, sums
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.pmml.elements import parse
from skylayer.formats.pmml.models import pmml_model

HOME = Path(__file__).parents[1] / "integration" / "pmml"
FIELDS = """
<DataField name="y" optype="continuous" dataType="double"/>
<DataField name="a" optype="continuous" dataType="double"/>
<DataField name="k" optype="categorical" dataType="string">
<Value value="u"/><Value value="v"/><Value value="w"/></DataField>
"""
SCHEMA = """<MiningSchema>
<MiningField name="y" usageType="target"/><MiningField name="a"/><MiningField name="k"/></MiningSchema>"""
ROWS = pd.DataFrame({"a": [0.0, 1.0, 2.0], "k": ["u", "v", "w"]})


def document(model: str, fields: str = FIELDS) -> bytes:
    return f'<PMML version="4.4"><DataDictionary>{fields}</DataDictionary>{model}</PMML>'.encode()


def tree(nodes: str, **attributes: str) -> bytes:
    said = " ".join(f'{name}="{value}"' for name, value in attributes.items())
    root = f'<Node score="0"><True/>{nodes}</Node>'
    return document(f'<TreeModel functionName="regression" {said}>{SCHEMA}{root}</TreeModel>')


def node(score: int, predicate: str, inside: str = "", **attributes: str) -> str:
    said = "".join(f' {name}="{value}"' for name, value in attributes.items())
    return f'<Node score="{score}"{said}>{predicate}{inside}</Node>'


def simple(operator: str, value: str = "1", field: str = "a") -> str:
    return f'<SimplePredicate field="{field}" operator="{operator}" value="{value}"/>'


def answers(content: bytes, rows: Any = ROWS) -> list[float]:
    forest = pmml_model(content).forest
    values: list[float] = linked(forest, sums(forest, rows))[:, 0].tolist()
    return values


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        ("lessOrEqual", [1, 1, 2]),
        ("lessThan", [1, 2, 2]),
        ("greaterThan", [2, 2, 1]),
        ("greaterOrEqual", [2, 1, 1]),
    ],
)
def test_a_predicate_is_asked_and_then_the_next(operator: str, expected: list[float]) -> None:
    assert answers(tree(node(1, simple(operator)) + node(2, "<True/>"))) == expected


def test_opposites_take_every_row_and_gaps_between_them_are_refused() -> None:
    assert answers(tree(node(1, simple("lessOrEqual")) + node(2, simple("greaterThan")))) == [1, 1, 2]
    gap = tree(node(1, simple("lessThan")) + node(2, simple("greaterThan")))
    with pytest.raises(NotServed, match="has no child for some rows"):
        pmml_model(gap)
    kept = node(1, simple("lessThan")) + node(2, simple("greaterThan"))
    assert answers(tree(kept, noTrueChildStrategy="returnLastPrediction")) == [1, 0, 2]


def test_categories_are_asked_one_by_one_or_as_a_set() -> None:
    one = node(1, simple("equal", "v", "k")) + node(2, simple("notEqual", "v", "k"))
    assert answers(tree(one)) == [2, 1, 2]
    values = '<Array type="string">"u" w</Array>'
    several = f'<SimpleSetPredicate field="k" booleanOperator="{{}}">{values}</SimpleSetPredicate>'
    assert answers(tree(node(1, several.format("isIn")) + node(2, "<True/>"))) == [1, 2, 1]
    assert answers(tree(node(1, several.format("isNotIn")) + node(2, "<True/>"))) == [2, 1, 2]


def test_a_missing_value_goes_to_the_default_child_or_has_no_answer() -> None:
    missing = ROWS.assign(a=np.nan)
    nodes = node(1, simple("lessOrEqual"), id="l") + node(2, simple("greaterThan"), id="r")
    with pytest.raises(ValueError, match="missing value"):
        answers(tree(nodes), missing)
    for chosen, expected in (("l", 1), ("r", 2)):
        root = f'<Node score="0" defaultChild="{chosen}"><True/>{nodes}</Node>'
        content = document(
            f'<TreeModel functionName="regression" missingValueStrategy="defaultChild">{SCHEMA}{root}</TreeModel>'
        )
        assert answers(content, missing) == [expected] * 3
        assert answers(content) == [1, 1, 2]
    unknown = ROWS.assign(k="x")
    with pytest.raises(ValueError, match="unknown or missing category 'x'"):
        answers(tree(node(1, simple("equal", "v", "k")) + node(2, "<True/>")), unknown)


def regression(tables: str, attributes: str = 'functionName="regression"', before: str = "") -> bytes:
    return document(f"<RegressionModel {attributes}>{SCHEMA}{before}{tables}</RegressionModel>")


A, V = (
    '<NumericPredictor name="a" coefficient="2"/>',
    '<CategoricalPredictor name="k" value="v" coefficient="10"/>',
)


def test_a_regression_is_its_terms_and_link() -> None:
    table = f'<RegressionTable intercept="1">{A}{V}</RegressionTable>'
    assert answers(regression(table)) == [1, 13, 5]
    logged = regression(table, 'functionName="regression" normalizationMethod="exp"')
    np.testing.assert_allclose(answers(logged), np.exp([1, 13, 5]))
    derived = (
        '<LocalTransformations><DerivedField name="b" optype="continuous" dataType="double"><Apply function="/">'
        '<Apply function="-"><FieldRef field="a"/><Constant>1</Constant></Apply><Constant>4</Constant></Apply>'
        "</DerivedField></LocalTransformations>"
    )
    assert answers(regression(table.replace('name="a"', 'name="b"'), before=derived)) == [0.5, 11, 1.5]


@pytest.mark.parametrize("link", ["logit", "softmax"])
def test_two_classes_have_one_sum(link: str) -> None:
    table = f'<RegressionTable intercept="-1" targetCategory="yes">{A}</RegressionTable>'
    other = '<RegressionTable intercept="0" targetCategory="no"/>'
    fields = FIELDS.replace('name="y" optype="continuous" dataType="double"/>', (
        'name="y" optype="categorical" dataType="string"><Value value="no"/><Value value="yes"/></DataField>'
    ))  # fmt: skip
    said = f'functionName="classification" normalizationMethod="{link}"'
    content = document(f"<RegressionModel {said}>{SCHEMA}{table}{other}</RegressionModel>", fields)
    model = pmml_model(content)
    assert model.classes == ["no", "yes"]
    second = 1 / (1 + np.exp(-np.array([-1, 1, 3])))
    np.testing.assert_allclose(shares(model.forest, ROWS), np.c_[1 - second, second])


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (tree(node(1, simple("equal"))), "asks the number a for single values"),
        (tree(node(1, simple("isMissing"))), "asks by isMissing"),
        (tree(node(1, "<CompoundPredicate/>")), "asks by a CompoundPredicate"),
        (regression('<RegressionTable intercept="1"><PredictorTerm/></RegressionTable>'), "PredictorTerm"),
        (
            regression("", 'functionName="regression" normalizationMethod="probit"'),
            "normalizationMethod probit",
        ),
        (document("<NeuralNetwork/>"), "it holds no model"),
        (document("<TreeModel/><TreeModel/>"), "it holds TreeModel, TreeModel"),
        (document(f'<TreeModel isScorable="false">{SCHEMA}</TreeModel>'), "says of itself"),
        (document("<X/>", FIELDS.replace("/>", "><Interval/></DataField>", 1)), "it holds no model"),
    ],
)
def test_what_is_not_known_is_named(content: bytes, match: str) -> None:
    with pytest.raises(NotServed, match=match):
        pmml_model(content)


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"<a/>", "its root is a, not PMML"),
        (b"<PMML><TreeModel/></PMML>", "has no DataDictionary"),
        (b"<PMML", "unclosed token"),
        (b"<a>" * 3000, "nested more than"),
        (b'<!DOCTYPE a [<!ENTITY b "&b;">]><a>&b;</a>', "document type"),
        (tree(node(1, simple("lessOrEqual", "x"))), "no finite number"),
        (tree(node(1, simple("lessOrEqual", "1", "zz"))), "there is no field zz"),
        (tree(node(1, simple("equal", "zz", "k"))), "has no value 'zz'"),
        (tree(node(1, simple("lessOrEqual", "1", "k"))), "is no number"),
        (tree(node(1, "")), "hasn't one predicate"),
        (document('<TreeModel functionName="regression"/>'), "has no MiningSchema"),
        (regression(f'<RegressionTable intercept="1">{A}{A}</RegressionTable>'), "stands twice"),
        (regression('<RegressionTable intercept="inf"/>'), "no finite number"),
    ],
)
def test_what_is_wrong_is_damaged(content: bytes, match: str) -> None:
    with pytest.raises(Damaged, match=match):
        pmml_model(content)


def test_a_namespace_is_left_out_and_texts_are_kept() -> None:
    root = parse(b'<p:PMML xmlns:p="urn:x"><p:a b="c"> d </p:a></p:PMML>')
    assert (root.name, root.children[0].name, root.children[0].text) == ("PMML", "a", " d ")
    assert root.children[0].get("b") == "c"


FILES = [(HOME / f"{name}.pmml").read_bytes() for name in ("boosted-two", "linear-category", "tree-category")]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_answer(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(FILES)))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(200, len(content) - 1))] = data.draw(st.integers(32, 126))
    try:
        model = pmml_model(bytes(content))
    except (Damaged, NotServed):
        return
    row = [column.categories[0] if column.categories else 0.0 for column in model.columns]
    assert sums(model.forest, np.array([row], dtype=object)).shape == (1, model.forest.outputs)
