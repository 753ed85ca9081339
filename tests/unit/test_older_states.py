"""States as older versions of scikit-learn wrote them: what each lacks and what is refused, rule by rule."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.ensemble._hist_gradient_boosting.binning import _BinMapper
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import KNeighborsClassifier, NearestCentroid
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import (
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    QuantileTransformer,
    StandardScaler,
)
from sklearn.svm import SVC, SVR
from sklearn.tree import DecisionTreeClassifier

from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.trees import INITIAL, check, current, with_fractions
from skylayer.formats.pickles.values import Refused
from skylayer.formats.pickles.versions import adapted
from skylayer.formats.pickles.versions.features import count_features
from skylayer.formats.pickles.versions.state import NEWEST, version_of

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def state_of(kind: type, state: dict[str, Any], written: str | None = "0.24.1") -> dict[str, Any]:
    made, found = adapted(kind, state, written)
    assert made is kind
    return found


def test_a_version_is_its_first_two_numbers_and_none_is_the_newest() -> None:
    assert version_of("0.24.1") == (0, 24)
    assert version_of("1.10.dev0") == (1, 10)
    assert version_of(None) == version_of("") == version_of("new") == NEWEST > (99, 0)


# --- how many features ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        *(
            "coef_",
            "mean_",
            "scale_",
            "statistics_",
            "support_vectors_",
            "cluster_centers_",
            "components_",
            "theta_",
        ),
        *(
            "var_",
            "_fit_X",
            "data_min_",
            "max_abs_",
            "quantiles_",
            "lambdas_",
            "centroids_",
            "means_",
            "variances_",
        ),
        *("feature_log_prob_", "scores_", "X_train_", "center_", "n_bins_"),
    ],
)
@pytest.mark.parametrize(
    "value", [np.zeros(4), np.zeros((2, 4)), np.zeros((2, 3, 4))], ids=["row", "rows", "blocks"]
)
def test_features_are_counted_along_the_last_axis_of_what_is_known_of_each(name: str, value: Any) -> None:
    state = {name: value}
    count_features(Ridge, state)
    assert state["n_features_in_"] == 4


def test_features_of_layers_are_counted_along_the_first_axis_of_the_first() -> None:
    state: dict[str, Any] = {"coefs_": [np.zeros((4, 5)), np.zeros((5, 6))]}
    count_features(MLPRegressor, state)
    assert state["n_features_in_"] == 4


def test_features_are_counted_by_lists_of_categories_or_by_the_first_part_that_knows() -> None:
    state: dict[str, Any] = {"categories_": [["a"], ["b", "c"]], "mean_": np.zeros(9)}
    count_features(OneHotEncoder, state)
    assert state["n_features_in_"] == 2
    parts = [SimpleNamespace(), SimpleNamespace(n_features_in_=5), SimpleNamespace(n_features_in_=6)]
    nested = np.array(parts, dtype=object).reshape(1, 3)
    for estimators in (parts, nested):
        state = {"estimators_": estimators}
        count_features(RandomForestClassifier, state)
        assert state["n_features_in_"] == 5


def test_a_count_that_is_there_stays_and_where_nothing_tells_there_is_none() -> None:
    state: dict[str, Any] = {"n_features_in_": 7, "mean_": np.zeros(4)}
    count_features(StandardScaler, state)
    assert state["n_features_in_"] == 7
    nothing: list[dict[str, Any]] = [
        {},
        {"mean_": 0.5, "estimators_": []},
        {"mean_": np.float64(1.0)},
        {"coefs_": []},
    ]
    for known in nothing:
        count_features(StandardScaler, known)
        assert "n_features_in_" not in known


# --- trees ------------------------------------------------------------------------------------------------------------

LEFT, RIGHT, FEATURE = [1, -1, 3, -1, -1], [2, -1, 4, -1, -1], [0, -2, 2, -2, -2]


def checked(left: Any = LEFT, right: Any = RIGHT, feature: Any = FEATURE, features: int = 3) -> None:
    leaf = np.array(LEFT) == -1
    check(np.array(left), np.array(right), np.array(feature), leaf, features)


def test_a_tree_whose_children_come_later_and_whose_features_exist_passes() -> None:
    checked()
    check(np.array([-1]), np.array([-1]), np.array([-2]), np.array([True]), 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"left": [0, -1, 3, -1, -1]}, "no tree"),
        ({"left": [1, -1, 2, -1, -1]}, "no tree"),
        ({"left": [5, -1, 3, -1, -1]}, "no tree"),
        ({"right": [2, -1, 5, -1, -1]}, "no tree"),
        ({"right": [2, -1, 1, -1, -1]}, "no tree"),
        ({"left": [-1, -1, 3, -1, -1]}, "no tree"),
        ({"feature": [3, -2, 2, -2, -2]}, "a feature that does not exist"),
        ({"feature": [0, -2, -1, -2, -2]}, "a feature that does not exist"),
        ({"features": 2}, "a feature that does not exist"),
    ],
    ids=str,
)
def test_a_tree_that_leaves_its_nodes_or_features_is_damaged(change: Any, message: str) -> None:
    with pytest.raises(Damaged, match=message):
        checked(**change)


def test_a_tree_without_nodes_is_damaged() -> None:
    none = np.zeros(0, dtype=np.int64)
    with pytest.raises(Damaged, match="a feature that does not exist"):
        check(none, none, none, none.astype(bool), 3)


def test_nodes_of_an_older_layout_keep_what_they_have_and_get_zeros_for_the_rest() -> None:
    layout = np.dtype([("num_threshold", "f8"), ("left", "i4"), ("gain", "f8")])
    old = np.array([(0.5, 7), (1.5, 8)], dtype=[("threshold", "f8"), ("left", "i4")])
    assert current(old, layout).tolist() == [(0.5, 7, 0.0), (1.5, 8, 0.0)]
    assert current(current(old, layout), layout).tolist() == [(0.5, 7, 0.0), (1.5, 8, 0.0)]
    for nodes in (np.zeros(3), old.reshape(1, 2)):
        with pytest.raises(Damaged, match="the nodes of a tree are no nodes"):
            current(nodes, layout)


def test_weighted_counts_of_classes_become_shares_and_shares_stay() -> None:
    fitted = DecisionTreeClassifier(max_depth=2).fit(X, Y).tree_
    shares = fitted.value.copy()
    assert with_fractions(fitted) is fitted
    counted = fitted.__getstate__()
    counted["values"] = shares * np.arange(len(shares))[:, None, None]  # of no weight at the root
    fitted.__setstate__(counted)
    found = with_fractions(fitted)
    assert found is not fitted
    np.testing.assert_allclose(found.value[1:], shares[1:], rtol=1e-12)
    assert (found.value[0] == 0.0).all()


def test_what_boosting_began_with_is_an_estimator_now() -> None:
    priors = INITIAL["PriorProbabilityEstimator"]({"priors": [2.0, 3.0]})
    np.testing.assert_allclose(priors.class_prior_, [1.0, np.e])
    assert (priors.n_classes_, priors.n_outputs_, priors._strategy) == (2, 1, "prior")  # noqa: SLF001
    odds = INITIAL["LogOddsEstimator"]({"prior": 2.0})
    np.testing.assert_allclose(odds.class_prior_, [1 / (1 + np.exp(2.0)), 1 / (1 + np.exp(-2.0))])
    assert odds.classes_.tolist() == [0, 1]
    for kind, key in (("MeanEstimator", "mean"), ("QuantileEstimator", "quantile")):
        start = INITIAL[kind]({key: 2.5})
        assert start.constant_.tolist() == [[2.5]]
        assert start.n_outputs_ == 1


# --- estimators -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "state", "refused", "passes"),
    [
        (AdaBoostClassifier, {"algorithm": "SAMME"}, "1.3.2", "1.4.0"),
        (AdaBoostClassifier, {"algorithm": "SAMME.R"}, "1.5.2", "1.6.0"),
        (QuantileTransformer, {}, "0.20.4", "0.21.0"),
        (LinearDiscriminantAnalysis, {"classes_": np.arange(3)}, "0.20.4", "0.21.0"),
    ],
)
def test_what_an_older_version_answered_otherwise_is_refused_up_to_the_version_that_changed_it(
    kind: type, state: dict[str, Any], refused: str, passes: str
) -> None:
    with pytest.raises(Refused, match=kind.__name__):
        adapted(kind, dict(state), refused)
    adapted(kind, dict(state), passes)


def test_two_classes_of_discriminants_were_always_answered_alike() -> None:
    adapted(LinearDiscriminantAnalysis, {"classes_": np.arange(2)}, "0.20.4")


@pytest.mark.parametrize("classes", [2, 3])
def test_support_vectors_of_two_classes_have_signs_of_their_own(classes: int) -> None:
    state = {
        "support_vectors_": np.zeros((4, 3)),
        "dual_coef_": np.array([[1.0, -2.0, 3.0, 4.0]]),
        "intercept_": np.array([0.5]),
        "n_support_": np.array([2, 2], dtype=np.int64),
        "classes_": np.arange(classes),
    }
    found = state_of(SVC, state, "0.21.3")
    sign = -1.0 if classes == 2 else 1.0
    assert found["_dual_coef_"].tolist() == (sign * found["dual_coef_"]).tolist()
    assert found["_intercept_"].tolist() == [sign * 0.5]
    assert found["_n_support"].tolist() == [2, 2]
    assert found["_n_support"].dtype == np.int32
    assert (found["_sparse"], found["fit_status_"], found["n_iter_"].tolist()) == (False, 0, [0])
    assert found["_probA"].size == found["_probB"].size == 0


def test_support_vectors_of_a_regression_are_counted_twice() -> None:
    state = {
        "support_vectors_": np.zeros((4, 3)),
        "dual_coef_": np.ones((1, 4)),
        "intercept_": np.array([0.5]),
        "_n_support": np.zeros(2, dtype=np.int32),
    }
    found = state_of(SVR, state)
    assert found["_n_support"].tolist() == [4, 4]
    assert found["_intercept_"].tolist() == [0.5]
    with pytest.raises(Damaged, match="support vectors that are no rows"):
        state_of(SVR, {**state, "support_vectors_": np.zeros(4)})


@pytest.mark.parametrize("multi_class", ["auto", "ovr", "warn", "multinomial"])
@pytest.mark.parametrize("solver", ["lbfgs", "liblinear"])
@pytest.mark.parametrize("count", [2, 3])
def test_logistic_regression_was_one_against_the_rest_by_its_option_or_solver(
    multi_class: str, solver: str, count: int
) -> None:
    rows = 1 if count == 2 else 3
    state: dict[str, Any] = {
        "classes_": np.arange(count),
        "coef_": np.arange(rows * 4.0).reshape(rows, 4),
        "intercept_": np.arange(float(rows)) + 0.5,
        "multi_class": multi_class,
        "solver": solver,
        "C": 0.25,
    }
    kind, found = adapted(LogisticRegression, dict(state), "1.4.0")
    rest = multi_class in {"ovr", "warn"} or (solver == "liblinear" and multi_class == "auto")
    if count == 2 or not rest:
        factor = 2.0 if count == 2 and multi_class == "multinomial" else 1.0
        assert kind is LogisticRegression
        assert found["coef_"].tolist() == (factor * state["coef_"]).tolist()
        assert found["intercept_"].tolist() == (factor * state["intercept_"]).tolist()
        assert found["n_features_in_"] == 4
        return
    assert kind is OneVsRestClassifier
    assert [part.coef_.tolist() for part in found["estimators_"]] == [
        [row] for row in state["coef_"].tolist()
    ]
    assert [part.intercept_.tolist() for part in found["estimators_"]] == [[0.5], [1.5], [2.5]]
    assert {part.n_features_in_ for part in found["estimators_"]} == {found["n_features_in_"]} == {4}
    assert {part.C for part in found["estimators_"]} == {found["estimator"].C} == {0.25}
    assert found["estimators_"][0].classes_.tolist() == [0, 1]
    binarizer = found["label_binarizer_"]
    assert (binarizer.sparse_output, binarizer.sparse_input_, binarizer.y_type_) == (
        True,
        False,
        "multiclass",
    )


def test_neighbours_search_as_the_version_that_fitted_them_did() -> None:
    fitted = KNeighborsClassifier(algorithm="kd_tree").fit(X, Y)
    state = {**vars(fitted)}
    tree = state.pop("_tree")
    found = state_of(KNeighborsClassifier, state)
    assert type(found["_tree"]) is type(tree)
    assert found["n_samples_fit_"] == 40
    assert state_of(KNeighborsClassifier, {**state, "_fit_method": "brute"})["_tree"] is None


def test_what_later_versions_know_beside_the_rest_is_what_was_done_before() -> None:
    assert state_of(GaussianProcessRegressor, {"X_train_": X})["_y_train_std"].tolist() == 1.0
    assert state_of(NearestCentroid, {"centroids_": np.zeros((4, 2))})["class_prior_"].tolist() == [0.25] * 4
    assert state_of(KMeans, {"cluster_centers_": X})["_n_threads"] == 1
    assert state_of(DummyClassifier, {"n_outputs_": 1, "strategy": "uniform"})["_strategy"] == "uniform"
    assert state_of(SGDClassifier, {"loss": "log"})["loss"] == "log_loss"
    assert state_of(SGDClassifier, {"loss": "hinge"})["loss"] == "hinge"
    inverse = state_of(TfidfTransformer, {"_idf_diag": np.diag([1.0, 2.0])})
    assert (inverse["idf_"].tolist(), "_idf_diag" in inverse) == ([1.0, 2.0], False)
    indicator = SimpleNamespace(_precomputed=False)
    imputed = state_of(SimpleImputer, {"statistics_": np.zeros(2, dtype=np.float32), "indicator_": indicator})
    assert imputed["_fit_dtype"] == imputed["_fill_dtype"] == np.float32
    assert indicator._precomputed  # noqa: SLF001 - what the rule sets


@pytest.mark.parametrize(
    ("drop", "widths"),
    [(None, [2, 3]), (np.array([0, 1]), [1, 2]), (np.array([None, 1], dtype=object), [2, 2])],
)
def test_an_encoder_knows_how_many_columns_it_makes(drop: Any, widths: list[int]) -> None:
    state = {"categories_": [np.arange(2), np.arange(3)], "sparse": False}
    found = state_of(OneHotEncoder, state if drop is None else {**state, "drop_idx_": drop})
    assert found["_n_features_outs"] == widths
    assert (found["sparse_output"], found["_infrequent_enabled"], found["n_features_in_"]) == (
        False,
        False,
        2,
    )


@pytest.mark.parametrize(
    "state", [{"feature_indices_": np.arange(3)}, {"categories_": [], "_legacy_mode": True}]
)
def test_an_encoder_of_whole_numbers_is_refused(state: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="OneHotEncoder of whole numbers"):
        adapted(OneHotEncoder, state, "0.20.4")


def test_a_missing_category_is_the_last_one_of_its_column() -> None:
    categories = [
        np.array(["a", None], dtype=object),
        np.array([1.0, np.nan]),
        np.array(["a", "b"]),
        np.array([]),
    ]
    assert state_of(OrdinalEncoder, {"categories_": categories})["_missing_indices"] == {0: 1, 1: 1}


@pytest.mark.parametrize(
    ("degree", "ends", "outputs"), [(2, (0, 2), 10), ((2, 3), (2, 3), 17)], ids=["a degree", "a range"]
)
def test_powers_have_both_ends_and_their_number(degree: Any, ends: tuple[int, int], outputs: int) -> None:
    found = state_of(PolynomialFeatures, {"degree": degree, "n_input_features_": 3})
    assert (found["_min_degree"], found["_max_degree"]) == ends
    now = PolynomialFeatures(degree).fit(X)
    assert found["n_output_features_"] == now.n_output_features_ == outputs
    assert found["_n_out_full"] == now._n_out_full  # noqa: SLF001


def test_binning_has_no_bin_for_missing_values_but_the_last() -> None:
    found = state_of(
        _BinMapper, {"bin_thresholds_": [np.zeros(3), np.zeros(4)], "actual_n_bins_": np.array([4, 5])}
    )
    assert found["is_categorical_"].tolist() == [0, 0]
    assert (found["n_bins"], found["missing_values_bin_idx_"]) == (256, 255)
    assert found["n_bins_non_missing_"].tolist() == [4, 5]


def test_boosting_knows_its_shape() -> None:
    stages = np.array([[SimpleNamespace(n_features_in_=3)] * 2] * 4, dtype=object)
    state = {
        "estimators_": stages,
        "classes_": np.arange(2),
        "loss_": "gone",
        "init_": SimpleNamespace(class_prior_=1),
    }
    found = state_of(GradientBoostingClassifier, state)
    assert (found["n_trees_per_iteration_"], found["n_classes_"], found["n_features_in_"]) == (2, 2, 3)
    assert found["init_"].n_features_in_ == 3
    assert "loss_" not in found


def test_an_isolation_forest_keeps_what_it_computed_at_each_prediction() -> None:
    fitted = IsolationForest(n_estimators=3, random_state=0).fit(X)
    state = {**vars(fitted)}
    lengths, averages = state.pop("_decision_path_lengths"), state.pop("_average_path_length_per_tree")
    del state["estimators_features_"]
    found = state_of(IsolationForest, state)
    for own, expected in (
        (found["_decision_path_lengths"], lengths),
        (found["_average_path_length_per_tree"], averages),
    ):
        for a, b in zip(own, expected, strict=True):
            np.testing.assert_allclose(a, b)
    assert [features.tolist() for features in found["estimators_features_"]] == [[0, 1, 2]] * 3
    for change in ({"behaviour": "old"}, {"offset_": None}):
        older = {**state, **change}
        if older["offset_"] is None:
            del older["offset_"]
        with pytest.raises(Refused, match=r"IsolationForest of scikit-learn before 0\.22"):
            adapted(IsolationForest, older, "0.21.3")


@pytest.mark.parametrize(
    ("columns", "indices"),
    [
        ([0, 2], [0, 2]),
        ([-1], [2]),
        (slice(1, None), [1, 2]),
        (slice(None), [0, 1, 2]),
        ([True, False, True], [0, 2]),
        (["b", "c"], [1, 2]),
        ("c", [2]),
        (1, [1]),
        ([], []),
    ],
    ids=str,
)
def test_columns_of_a_step_are_found_by_name_number_slice_or_mask(columns: Any, indices: list[int]) -> None:
    state = {
        "transformers_": [("step", "drop", columns)],
        "_n_features": 3,
        "_df_columns": ["a", "b", "c"],
        "remainder": "drop",
    }
    found = state_of(ColumnTransformer, state, "0.23.2")
    assert found["_transformer_to_input_indices"] == {"step": indices}
    assert (found["n_features_in_"], found["feature_names_in_"].tolist()) == (3, ["a", "b", "c"])
    assert found["_columns"] == [columns]


def test_a_slice_of_names_is_refused() -> None:
    state = {"transformers_": [("step", "drop", slice("a", "c"))], "_n_features": 3}
    with pytest.raises(Refused, match="a slice of column names"):
        adapted(ColumnTransformer, state, "0.23.2")


def test_what_passes_is_a_transformer_that_knows_its_columns() -> None:
    scaler = StandardScaler()
    state = {
        "transformers_": [("scaled", scaler, ["c"]), ("same", "passthrough", ["a", "b"])],
        "_n_features": 3,
        "_df_columns": ["a", "b", "c"],
    }
    found = state_of(ColumnTransformer, state, "0.23.2")
    assert scaler.feature_names_in_.tolist() == ["c"]
    _, same, __ = found["transformers_"][1]
    assert same.n_features_in_ == 2
    assert same.feature_names_in_.tolist() == ["a", "b"]
    assert (same.accept_sparse, same.check_inverse, same.feature_names_out) == (True, False, "one-to-one")
    assert (found["verbose_feature_names_out"], found["force_int_remainder_cols"]) == (True, True)
    assert found["_remainder"] == ("remainder", "drop", [])
