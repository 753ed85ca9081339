"""Estimators around estimators, compiled by recursion, against scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from native_compare import compare, numeric_schema
from sklearn import calibration, ensemble, feature_selection, linear_model, multiclass, multioutput, tree
from sklearn.compose import TransformedTargetRegressor
from sklearn.experimental import enable_halving_search_cv  # noqa: F401 - makes the halving searches importable
from sklearn.model_selection import (
    FixedThresholdClassifier,
    GridSearchCV,
    HalvingGridSearchCV,
    HalvingRandomSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    MinMaxScaler,
    PowerTransformer,
    QuantileTransformer,
    RobustScaler,
    StandardScaler,
)
from sklearn.semi_supervised import SelfTrainingClassifier

from skylayer.compiler import CannotCompile, compile_estimator

if TYPE_CHECKING:
    from pathlib import Path

COLUMNS, ROWS = 5, 1500
EXACT, ROUNDED = 0.0, 1e-11


def logistic() -> Any:
    return linear_model.LogisticRegression(max_iter=300)


def small_tree(**options: Any) -> Any:
    return tree.DecisionTreeClassifier(max_depth=4, random_state=0, **options)


def forest() -> Any:
    return ensemble.RandomForestClassifier(5, max_depth=4, random_state=0)


DEPTHS = {"max_depth": [2, 4]}
classifiers = [("linear", logistic()), ("tree", small_tree()), ("gone", "drop"), ("forest", forest())]
regressors = [("linear", linear_model.Ridge()), ("tree", tree.DecisionTreeRegressor(max_depth=4))]
# estimator, target, relative bound on numbers
CASES = [
    (GridSearchCV(small_tree(), DEPTHS, cv=3), "label", EXACT),
    (RandomizedSearchCV(small_tree(), DEPTHS, n_iter=2, cv=3, random_state=0), "label", EXACT),
    (HalvingGridSearchCV(small_tree(), DEPTHS, cv=3, random_state=0), "label", EXACT),
    (HalvingRandomSearchCV(small_tree(), DEPTHS, n_candidates=2, cv=3, random_state=0), "flag", EXACT),
    (ensemble.VotingClassifier(classifiers), "label", EXACT),
    (ensemble.VotingClassifier(classifiers, weights=[1, 2.5, 9, 1.5]), "label", EXACT),
    (ensemble.VotingClassifier(classifiers, voting="soft", weights=[1, 3, 9, 2]), "label", ROUNDED),
    (ensemble.VotingClassifier(classifiers, voting="soft"), "flag", ROUNDED),
    (ensemble.VotingRegressor(regressors), "number", ROUNDED),
    (ensemble.VotingRegressor(regressors, weights=[0.2, 0.7]), "number", ROUNDED),
    (ensemble.StackingClassifier(classifiers, cv=3), "label", ROUNDED),
    (ensemble.StackingClassifier(classifiers, logistic(), cv=3, passthrough=True), "flag", ROUNDED),
    (ensemble.StackingClassifier(classifiers, small_tree(), cv=3, stack_method="predict"), "label", EXACT),
    (ensemble.StackingRegressor(regressors, cv=3), "number", ROUNDED),
    (ensemble.BaggingClassifier(small_tree(), 7, max_features=3, random_state=0), "label", EXACT),
    (ensemble.BaggingClassifier(linear_model.RidgeClassifier(), 5, random_state=0), "label", EXACT),
    (ensemble.BaggingClassifier(small_tree(), 5, max_samples=4, random_state=0), "label", EXACT),
    (ensemble.BaggingRegressor(tree.DecisionTreeRegressor(), 7, random_state=0), "number", EXACT),
    (ensemble.BaggingRegressor(linear_model.Ridge(), 7, random_state=0), "numbers", ROUNDED),
    (ensemble.AdaBoostClassifier(small_tree(), n_estimators=9, random_state=0), "label", 1e-14),
    (ensemble.AdaBoostClassifier(n_estimators=9, random_state=0), "flag", 1e-14),
    (ensemble.AdaBoostRegressor(n_estimators=20, random_state=0), "number", EXACT),
    (ensemble.AdaBoostRegressor(n_estimators=20, loss="square", random_state=1), "number", EXACT),
    (multiclass.OneVsRestClassifier(logistic()), "label", ROUNDED),
    (multiclass.OneVsRestClassifier(small_tree()), "label", EXACT),
    (multiclass.OneVsRestClassifier(logistic()), "flag", ROUNDED),
    (multiclass.OneVsRestClassifier(small_tree()), "indicators", EXACT),
    (multiclass.OneVsRestClassifier(linear_model.Ridge()), "label", ROUNDED),
    (multiclass.OneVsOneClassifier(logistic()), "label", ROUNDED),
    (multiclass.OneVsOneClassifier(small_tree()), "label", EXACT),
    (multiclass.OneVsOneClassifier(logistic()), "flag", ROUNDED),
    (multiclass.OutputCodeClassifier(logistic(), code_size=3, random_state=0), "label", ROUNDED),
    (multiclass.OutputCodeClassifier(forest(), code_size=3, random_state=0), "label", ROUNDED),
    (multioutput.MultiOutputClassifier(forest()), "pairs", EXACT),
    (multioutput.MultiOutputClassifier(linear_model.RidgeClassifier()), "pairs", EXACT),
    (multioutput.MultiOutputRegressor(tree.DecisionTreeRegressor(max_depth=5)), "numbers", EXACT),
    (multioutput.ClassifierChain(logistic(), order=[2, 0, 1]), "indicators", ROUNDED),
    (multioutput.ClassifierChain(small_tree(), chain_method="predict_proba"), "indicators", EXACT),
    (multioutput.ClassifierChain(logistic(), chain_method="predict_log_proba"), "indicators", ROUNDED),
    (multioutput.RegressorChain(tree.DecisionTreeRegressor(max_depth=5), order=[1, 0]), "numbers", EXACT),
    (calibration.CalibratedClassifierCV(linear_model.RidgeClassifier(), cv=3), "label", ROUNDED),
    (calibration.CalibratedClassifierCV(small_tree(), cv=3), "flag", 1e-14),
    (calibration.CalibratedClassifierCV(forest(), ensemble=False, cv=3), "label", 1e-14),
    (calibration.CalibratedClassifierCV(small_tree(), method="isotonic", cv=3), "flag", EXACT),
    (calibration.CalibratedClassifierCV(forest(), method="isotonic", cv=3), "label", 1e-15),
    (calibration.CalibratedClassifierCV(logistic(), method="temperature", cv=3), "label", ROUNDED),
    (calibration.CalibratedClassifierCV(small_tree(), method="temperature", cv=3), "flag", ROUNDED),
    (SelfTrainingClassifier(small_tree()), "partial", EXACT),
    (TransformedTargetRegressor(linear_model.Ridge(), func=np.log, inverse_func=np.exp), "number", ROUNDED),
    (TransformedTargetRegressor(tree.DecisionTreeRegressor(), transformer=MinMaxScaler()), "number", EXACT),
    (TransformedTargetRegressor(tree.DecisionTreeRegressor(), transformer=RobustScaler()), "numbers", EXACT),
    (
        TransformedTargetRegressor(
            tree.DecisionTreeRegressor(), transformer=make_pipeline(StandardScaler(), StandardScaler())
        ),
        "number",
        EXACT,
    ),
    *((TransformedTargetRegressor(tree.DecisionTreeRegressor(max_depth=6), transformer=transformer), "number", ROUNDED)
      for transformer in (PowerTransformer(), PowerTransformer(standardize=False),
                          QuantileTransformer(n_quantiles=30, output_distribution="normal"))),
    (FixedThresholdClassifier(forest(), threshold=0.3, pos_label="no"), "word", EXACT),
    (FixedThresholdClassifier(linear_model.RidgeClassifier()), "flag", ROUNDED),
    (FixedThresholdClassifier(forest()), "flag", EXACT),
    (TunedThresholdClassifierCV(forest(), cv=3), "flag", EXACT),
    (feature_selection.RFE(small_tree(), n_features_to_select=2), "label", EXACT),
    (feature_selection.RFECV(small_tree(), cv=3), "flag", EXACT),
    (make_pipeline(feature_selection.SelectFromModel(forest()), small_tree()), "label", EXACT),
    (make_pipeline(feature_selection.RFE(small_tree(), n_features_to_select=2), small_tree()), "label", EXACT),
    (linear_model.RANSACRegressor(random_state=0), "number", ROUNDED),
    (
        ensemble.GradientBoostingRegressor(n_estimators=5, init=tree.DecisionTreeRegressor(max_depth=3)),
        "number",
        EXACT,
    ),
    (ensemble.GradientBoostingClassifier(n_estimators=5, init=forest(), random_state=0), "label", 1e-14),
    (ensemble.GradientBoostingClassifier(n_estimators=5, init=forest(), random_state=0), "flag", 1e-14),
    (ensemble.GradientBoostingClassifier(n_estimators=5, init="zero", random_state=0), "flag", 1e-14),
    (GridSearchCV(make_pipeline(StandardScaler(), logistic()), {"logisticregression__C": [1]}, cv=3), "label",
     ROUNDED),
]  # fmt: skip


def training() -> tuple[pd.DataFrame, dict[str, Any]]:
    random = np.random.default_rng(0)
    values = random.integers(0, 1000, (400, COLUMNS)) / 100
    frame = pd.DataFrame(values, columns=[f"x{i}" for i in range(COLUMNS)])
    noise = random.normal(size=(400, 3))
    number = values @ [1, 2, 0.5, 0, -1] + noise[:, 0] + 30
    label = np.array(["p", "q", "r", "s"])[np.digitize(number, [38, 42, 48])]
    flag = number + noise[:, 1] > 42
    indicators = np.stack([flag, values[:, 1] > 5, values[:, 2] + noise[:, 2] > 5], axis=1).astype(int)
    return frame, {
        "label": label,
        "flag": flag.astype(int),
        "word": np.where(flag, "yes", "no"),
        "number": number,
        "numbers": np.stack([number, values[:, 2] + noise[:, 1]], axis=1),
        "indicators": indicators,
        "pairs": np.stack([label, np.where(flag, "u", "v")], axis=1),
        "partial": np.where(random.random(400) < 0.5, -1, np.digitize(number, [38, 42])),
    }


def requests() -> list[list[Any]]:
    grid = np.random.default_rng(1).integers(0, 1000, (COLUMNS, ROWS))
    return [(column / 100).tolist() for column in grid]


@pytest.mark.parametrize(("estimator", "target", "bound"), CASES, ids=lambda v: type(v).__name__)
def test_answers_are_scikit_learns(estimator: Any, target: str, bound: float, tmp_path: Path) -> None:
    frame, targets = training()
    compare(estimator.fit(frame, targets[target]), numeric_schema(COLUMNS), requests(), tmp_path, bound)


def test_a_nested_step_is_named() -> None:
    frame, targets = training()
    inner = make_pipeline(StandardScaler(), linear_model.LogisticRegression())
    inner.steps.insert(1, ("strange", _Strange()))
    voting = ensemble.VotingClassifier([("a", inner), ("b", small_tree())]).fit(frame, targets["label"])
    with pytest.raises(
        CannotCompile, match=r"VotingClassifier → a → Pipeline → strange → _Strange: is Python of your own"
    ):
        compile_estimator(voting, numeric_schema(COLUMNS))


def test_boosting_from_a_model_in_float32_is_refused() -> None:
    frame, targets = training()
    boosting = ensemble.GradientBoostingRegressor(n_estimators=2, init=linear_model.Ridge())
    with pytest.raises(CannotCompile, match=r"init=<Ridge>.*float32"):
        compile_estimator(boosting.fit(frame, targets["number"]), numeric_schema(COLUMNS))


class _Strange(StandardScaler):  # type: ignore[misc] # scikit-learn has no types
    """A subclass, which may answer differently."""
