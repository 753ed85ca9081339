"""Metrics of several outputs: each by itself, in its own unit."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LinearRegression
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score
from sklearn.tree import DecisionTreeClassifier

from skylayer.train.intervals import intervals
from skylayer.train.scores import measure, measure_baseline

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(200, 3))
KILOGRAMS_AND_METRES = np.stack([1000 * X[:, 0] + RANDOM.normal(size=200), 0.01 * X[:, 1]], axis=1)
LABELS = np.stack([np.where(X[:, 0] > 0, "yes", "no"), np.where(X[:, 2] > 0, "red", "blue")], axis=1)
NAMES = ("weight_kg", "height")


def test_errors_of_two_units_are_never_averaged() -> None:
    estimator = LinearRegression().fit(X, KILOGRAMS_AND_METRES)
    found = measure(estimator, X, KILOGRAMS_AND_METRES, "regression", NAMES)
    assert set(found) == {
        f"{metric} of {name}"
        for metric in ("r2", "mean_absolute_error", "root_mean_squared_error")
        for name in NAMES
    }
    for index, name in enumerate(NAMES):
        truth, predicted = KILOGRAMS_AND_METRES[:, index], estimator.predict(X)[:, index]
        assert found[f"mean_absolute_error of {name}"] == pytest.approx(
            mean_absolute_error(truth, predicted), abs=1e-6
        )
        assert found[f"r2 of {name}"] == pytest.approx(r2_score(truth, predicted), abs=1e-6)
    assert set(measure_baseline(KILOGRAMS_AND_METRES, KILOGRAMS_AND_METRES, "regression", NAMES)) == set(
        found
    )


def test_classes_of_two_outputs_have_their_own_accuracy_beside_that_of_whole_rows() -> None:
    estimator = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X, LABELS)
    found = measure(estimator, X, LABELS, "classification", NAMES)
    predicted = estimator.predict(X)
    assert found["accuracy"] == pytest.approx((predicted == LABELS).all(axis=1).mean(), abs=1e-6)
    for index, name in enumerate(NAMES):
        assert found[f"accuracy of {name}"] == accuracy_score(LABELS[:, index], predicted[:, index])
        assert f"roc_auc of {name}" in found


def test_intervals_hold_the_metrics_of_each_output() -> None:
    regressor = LinearRegression().fit(X[:100], KILOGRAMS_AND_METRES[:100])
    classifier = DecisionTreeClassifier(max_depth=2, random_state=0).fit(X[:100], LABELS[:100])
    for estimator, target, task in (
        (regressor, KILOGRAMS_AND_METRES[100:], "regression"),
        (classifier, LABELS[100:], "classification"),
    ):
        measured = measure(estimator, X[100:], target, task, NAMES)
        found = intervals(estimator, X[100:], target, task, NAMES)
        assert set(found) == set(measured)
        for name, (low, high) in found.items():
            assert low <= measured[name] <= high


def test_labels_as_ranks_leave_every_interval_as_it_is() -> None:
    texts, ranks = LABELS[:, 0], (LABELS[:, 0] == "yes").astype(int)
    of_texts = DummyClassifier(strategy="stratified", random_state=0).fit(X, texts)
    of_ranks = DummyClassifier(strategy="stratified", random_state=0).fit(X, ranks)
    assert intervals(of_texts, X, texts, "classification") == intervals(of_ranks, X, ranks, "classification")


def test_a_baseline_of_a_short_label_is_not_taken_for_the_long_one_that_begins_alike() -> None:
    target = np.array(["no"] * 6 + ["none"] * 4)
    found = measure_baseline(target, target, "classification")
    assert found["accuracy"] == 0.6
    assert "log_loss" in found


def test_a_baseline_gives_each_class_its_share_of_the_training() -> None:
    target = np.array(["no"] * 6 + ["yes"] * 4)
    found = measure_baseline(target, target, "classification")
    assert found["log_loss"] == pytest.approx(-0.6 * np.log(0.6) - 0.4 * np.log(0.4), abs=1e-6)
