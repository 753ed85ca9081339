"""Forests of other libraries' files: what they answer, by hand, and natively."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from skylayer.compiler.forests.estimators import ForeignForestClassifier, ForeignForestRegressor
from skylayer.compiler.forests.evaluation import best, linked, shares, sums
from skylayer.compiler.forests.forest import Affine, Forest, Tree


def tree(*values: float, output: int = 0, missing_left: bool = True) -> Tree:
    """One split of column 0 at 1.5; its leaves have the values, all of a row of them at once."""
    leaves = np.array(values, dtype=float).reshape(2, -1)
    return Tree(
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        feature=np.array([0, 0, 0]),
        threshold=np.array([1.5, 0, 0]),
        missing_left=np.array([missing_left, False, False]),
        values=np.vstack([np.zeros(leaves.shape[1]), leaves]),
        output=output,
    )


def forest(*trees: Tree, outputs: int = 1, **options: Any) -> Forest:
    return Forest(trees, outputs, options.pop("bias", np.zeros(outputs)), **options)


ROWS = np.array([[1.0], [1.5], [2.0], [np.nan]])


def test_a_row_goes_left_up_to_the_threshold_and_a_missing_value_where_it_is_told() -> None:
    assert sums(forest(tree(10, 20)), ROWS).ravel().tolist() == [10, 10, 20, 10]
    assert sums(forest(tree(10, 20, missing_left=False)), ROWS).ravel().tolist() == [10, 10, 20, 20]


def test_sums_are_scaled_divided_and_moved() -> None:
    both = forest(tree(1, 2), tree(10, 20), bias=np.array([0.5]), scale=3.0)
    assert sums(both, ROWS[:3]).ravel().tolist() == [33.5, 33.5, 66.5]
    mean = forest(tree(1, 2), tree(10, 20), bias=np.array([0.5]), divisor=2.0)
    assert sums(mean, ROWS[:3]).ravel().tolist() == [6.0, 6.0, 11.5]
    several = forest(tree(1, 2, output=1), tree(5, 6), outputs=2)
    assert sums(several, ROWS[:3]).tolist() == [[5, 1], [5, 1], [6, 2]]
    wide = forest(tree(1, 2, 3, 4), outputs=2)
    assert sums(wide, ROWS[:3]).tolist() == [[1, 2], [1, 2], [3, 4]]


def test_float32_is_kept_in_every_step() -> None:
    single = forest(tree(0.1, 0.2), tree(0.3, 0.6), single=True, bias=np.array([0.1]))
    f = np.float32
    assert sums(single, ROWS[:1])[0, 0] == (f(0) + f(0.1) + f(0.3)) + f(0.1)
    assert sums(single, ROWS[:1]).dtype == np.float32
    beside = np.array([[np.nextafter(1.5, 2)]])
    assert sums(single, beside)[0, 0] == sums(single, ROWS[1:2])[0, 0]
    assert sums(forest(tree(10, 20), narrow=True), beside)[0, 0] == 10
    assert sums(forest(tree(10, 20)), beside)[0, 0] == 20
    scaled = forest(tree(10, 20), single=True, before=(Affine(np.array([1], f), np.array([2], f)),))
    assert sums(scaled, np.array([[1.75], [1.76]])).ravel().tolist() == [10, 20]
    with pytest.raises(ValueError, match="too large for float32"):
        sums(forest(tree(1, 2), single=True, finite=True), np.array([[1e39]]))


def test_links_are_those_of_textbooks() -> None:
    x = np.array([[-2.0, 0.0, 3.0]])
    for link in ("logistic", "sigmoid"):
        np.testing.assert_allclose(linked(forest(link=link), x), 1 / (1 + np.exp(-x)), rtol=1e-14)
    np.testing.assert_allclose(linked(forest(link="sigmoid"), x * 20), 1 / (1 + np.exp(-x * 20)), rtol=1e-14)
    np.testing.assert_allclose(linked(forest(link="exponential"), x), np.exp(x), rtol=1e-14)
    np.testing.assert_allclose(linked(forest(link="softmax"), x), np.exp(x) / np.exp(x).sum(), rtol=1e-14)
    assert linked(forest(), x) is x


def test_a_classifier_decides_by_its_threshold_or_for_the_first_best() -> None:
    two = forest(tree(-1, 1), link="logistic", threshold=0.0)
    assert best(two, ROWS[:3]).tolist() == [0, 0, 1]
    np.testing.assert_allclose(shares(two, ROWS[:1]), [[1 - 1 / (1 + np.e), 1 / (1 + np.e)]])
    share = forest(tree(0.4, 0.6), threshold=0.5)
    assert best(share, ROWS[:3]).tolist() == [0, 0, 1]
    assert shares(share, ROWS[:1]).tolist() == [[0.6, 0.4]]
    three = forest(tree(1, 1, 0, 0, 2, 2), outputs=3, link="softmax")
    assert best(three, ROWS[:3]).tolist() == [0, 0, 1]
    assert (
        best(forest(tree(-1, 1), link="logistic", threshold=0.8, plain=False), ROWS[:3]).tolist() == [0] * 3
    )


def test_estimators_have_scikit_learns_interface() -> None:
    frame = pd.DataFrame(ROWS, columns=["a"])
    classifier = ForeignForestClassifier(forest(tree(-1, 1), link="logistic"), ["a"], ["no", "yes"])
    assert classifier.predict(frame).tolist() == ["no", "no", "yes", "no"]
    assert classifier.predict_proba(frame).shape == (4, 2)
    assert classifier.fit(frame).n_features_in_ == 1
    assert classifier.feature_names_in_.tolist() == ["a"]
    regressor = ForeignForestRegressor(forest(tree(10, 20)), ["a"])
    assert regressor.predict(frame).tolist() == [10, 10, 20, 10]
    several = ForeignForestRegressor(forest(tree(1, 2, 3, 4), outputs=2), ["a"])
    assert several.predict(frame).shape == (4, 2)
