"""From the state that an older scikit-learn wrote to the state that the installed one reads.

`RULES` is the table: a class, and what to rename, add or convert in its state. Each rule looks at what the state
holds rather than at the version that it names, and leaves a state of the installed version as it is; `before` says
when a state can't tell. The change is in scikit-learn's notes of the version named beside it
(https://scikit-learn.org/stable/whats_new.html). What an older version answered otherwise from the same state is
refused by name.
"""

from __future__ import annotations

import inspect
import re
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.sparse  # type: ignore[import-untyped]
from sklearn import preprocessing
from sklearn.ensemble._iforest import _average_path_length
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.neighbors import BallTree, KDTree
from sklearn.preprocessing import LabelBinarizer, LabelEncoder, PolynomialFeatures

from skylayer.formats.pickles import trees
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    State = dict[str, Any]

Version = tuple[int, int]
NEWEST: Version = (999, 0)


def version_of(text: str | None) -> Version:
    """Major and minor version; the newest where none is said."""
    found = re.match(r"(\d+)\.(\d+)", text or "")
    return (int(found[1]), int(found[2])) if found else NEWEST


def adapted(kind: type, state: State, written: str | None) -> tuple[type, State]:
    """The class and state that answer as `kind` did where `state` was written.

    Raises:
        Refused: That version answered otherwise from the same state.
        Damaged: The state contradicts itself.
    """
    version = version_of(written)
    for old, new in RENAMED.items():
        if old in state and new not in state:
            state[new] = state.pop(old)
    for parent in kind.__mro__:
        for rule in RULES.get(parent.__name__, ()):
            state = rule(state, version)
    for name, default in _parameters(kind).items():
        # A parameter that came later does by default what was done before.
        state.setdefault(name, default)
    _count_features(kind, state)
    return _replaced(kind, state)


# Private attributes became public or the other way round, or were named after what they are.
RENAMED = {
    "base_estimator": "estimator",  # 1.2
    "base_estimator_": "estimator_",  # 1.2
    "n_features_": "n_features_in_",  # 1.0
    "n_input_features_": "n_features_in_",  # 1.0
    "n_support_": "_n_support",  # 0.22
    "probA_": "_probA",  # 0.22
    "probB_": "_probB",  # 0.22
    "baseline_prediction_": "_baseline_prediction",  # 0.22
    "bin_mapper_": "_bin_mapper",  # 0.22
    "sigma_": "var_",  # 1.0, GaussianNB
    "y_train_mean": "_y_train_mean",  # 0.23
    "classifiers_": "estimators_",
}


def _parameters(kind: type) -> State:
    signature = inspect.signature(kind.__init__)  # type: ignore[misc]
    return {
        name: parameter.default
        for name, parameter in signature.parameters.items()
        if parameter.default is not inspect.Parameter.empty
    }


def _count_features(kind: type, state: State) -> None:
    """Since 0.24 each estimator knows how many features it takes."""
    if "n_features_in_" in state or isinstance(getattr(kind, "n_features_in_", None), property):
        return
    widths = (
        ("coef_", -1), ("mean_", -1), ("scale_", -1), ("statistics_", -1), ("support_vectors_", -1),
        ("cluster_centers_", -1), ("components_", -1), ("theta_", -1), ("var_", -1), ("_fit_X", -1), ("data_min_", -1),
        ("max_abs_", -1), ("quantiles_", -1), ("lambdas_", -1), ("centroids_", -1), ("means_", -1), ("variances_", -1),
        ("feature_log_prob_", -1), ("scores_", -1), ("X_train_", -1), ("coefs_", 0), ("center_", -1), ("n_bins_", -1),
    )  # fmt: skip
    if isinstance(state.get("categories_"), list):
        state["n_features_in_"] = len(state["categories_"])
        return
    for name, axis in widths:
        value: Any = state.get(name)
        if name == "coefs_" and isinstance(value, list) and value:
            value = value[0]
        if hasattr(value, "shape") and len(value.shape) > 0:
            state["n_features_in_"] = int(value.shape[axis])
            return
    nested: Any = state.get("estimators_", ())
    parts: Any = np.ravel(np.asarray(nested, dtype=object)) if len(nested) else ()
    for part in parts:
        if hasattr(part, "n_features_in_"):
            state["n_features_in_"] = part.n_features_in_
            return


def _replaced(kind: type, state: State) -> tuple[type, State]:
    """One against the rest is a meta-estimator's now; `multi_class` is gone (1.8)."""
    if kind.__name__ not in {"LogisticRegression", "LogisticRegressionCV"} or "coef_" not in state:
        return kind, state
    classes, multi_class = state["classes_"], state.pop("multi_class", "auto")
    solver = state.get("solver")
    # "warn" was one against the rest (0.20, 0.21); "auto" and "deprecated" choose by the solver (0.22, 1.5).
    rest = multi_class in {"ovr", "warn"} or (solver == "liblinear" and multi_class != "multinomial")
    if len(classes) == 2:  # noqa: PLR2004
        if multi_class == "multinomial":
            # The softmax of (-s, s) is the logistic function of 2 s.
            state |= {"coef_": 2 * state["coef_"], "intercept_": 2 * state["intercept_"]}
        return kind, state
    if not rest:
        return kind, state
    return OneVsRestClassifier, _one_against_the_rest(state)


def _one_against_the_rest(state: State) -> State:
    shared = {name: state[name] for name in _parameters(LogisticRegression) if name in state}
    width = state["coef_"].shape[1]
    parts = []
    for weights, intercept in zip(state["coef_"], np.ravel(state["intercept_"]), strict=False):
        part = LogisticRegression.__new__(LogisticRegression)
        vars(part).update(
            shared,
            classes_=np.array([0, 1]),
            coef_=weights[None, :],
            intercept_=np.array([intercept]),
            n_features_in_=width,
            n_iter_=state.get("n_iter_"),
        )
        parts.append(part)
    binarizer = LabelBinarizer.__new__(LabelBinarizer)
    # The form in which OneVsRestClassifier binarizes: https://scikit-learn.org/stable/modules/multiclass.html
    vars(binarizer).update(
        neg_label=0, pos_label=1, sparse_output=True, y_type_="multiclass", sparse_input_=False,
        classes_=state["classes_"],
    )  # fmt: skip
    estimator = LogisticRegression.__new__(LogisticRegression)
    vars(estimator).update(shared)
    made: State = {
        "classes_": state["classes_"],
        "estimator": estimator,
        "n_jobs": None,
        "verbose": 0,
        "estimators_": parts,
        "label_binarizer_": binarizer,
        "n_features_in_": width,
    }
    return made | ({"feature_names_in_": state["feature_names_in_"]} if "feature_names_in_" in state else {})


def _fractions(state: State, _: Version) -> State:
    """Since 1.4 a tree holds the share of each class instead of weighted counts."""
    if "tree_" in state:
        state["tree_"] = trees.with_fractions(state["tree_"])
    return state


def _tree_features(state: State, _: Version) -> State:
    if "tree_" in state:
        state.setdefault("n_features_in_", state["tree_"].n_features)
    return state


def _histogram(state: State, _: Version) -> State:
    """Layouts of nodes, and names of 0.21 and 0.22; the loss is made of the number of trees by iteration."""
    if "_predictors" not in state and "predictors_" in state:
        state["_predictors"] = state.pop("predictors_")
    if "_predictors" not in state:
        return state
    mapper = state["_bin_mapper"]
    thresholds = getattr(mapper, "bin_thresholds_", None) or getattr(mapper, "numerical_thresholds_", None)
    width = state.setdefault("n_features_in_", len(thresholds or ()))
    for iteration in state["_predictors"]:
        for predictor in iteration:
            held = trees.histogram_tree(vars(predictor), int(width))
            vars(predictor).clear()
            vars(predictor).update(held)
    state.setdefault("n_trees_per_iteration_", len(state["_predictors"][0]) if state["_predictors"] else 1)
    # 1.1: a score for each tree of an iteration, as a row.
    state["_baseline_prediction"] = np.reshape(
        np.asarray(state["_baseline_prediction"], dtype=np.float64), (1, -1)
    )
    state.setdefault("is_categorical_", None)
    # 1.4: categories are encoded before they are binned; before it, the binning knew them.
    state.setdefault("_preprocessor", None)
    state.setdefault("_is_categorical_remapped", state["is_categorical_"])
    if state.get("loss") in LOSSES:
        state["loss"] = LOSSES[state["loss"]]
    return state


def _mapper(state: State, _: Version) -> State:
    if "bin_thresholds_" not in state and "numerical_thresholds_" in state:
        state["bin_thresholds_"] = state.pop("numerical_thresholds_")
    width = len(state.get("bin_thresholds_", ()))
    state.setdefault("is_categorical_", np.zeros(width, dtype=np.uint8))
    if state["is_categorical_"] is None:
        state["is_categorical_"] = np.zeros(width, dtype=np.uint8)
    if state.get("n_bins_non_missing_") is None and "actual_n_bins_" in state:
        state["n_bins_non_missing_"] = state.pop("actual_n_bins_")
    state.setdefault("n_bins", 256)
    # Before 0.22 there was no bin for missing values.
    state.setdefault("missing_values_bin_idx_", state["n_bins"] - 1)
    return state


# 1.0 and 1.1 named losses alike everywhere; 1.3 removed the old names.
LOSSES = {
    "ls": "squared_error", "least_squares": "squared_error", "mse": "squared_error", "lad": "absolute_error",
    "least_absolute_deviation": "absolute_error", "mae": "absolute_error", "deviance": "log_loss",
    "binary_crossentropy": "log_loss", "categorical_crossentropy": "log_loss", "auto": "log_loss", "log": "log_loss",
    "squared_loss": "squared_error",
}  # fmt: skip


def _loss_name(state: State, _: Version) -> State:
    if state.get("loss") in LOSSES:
        state["loss"] = LOSSES[state["loss"]]
    return state


def _boosting(state: State, _: Version) -> State:
    state.pop("loss_", None)
    if "estimators_" in state:
        state.setdefault("n_trees_per_iteration_", state["estimators_"].shape[1])
        if "classes_" in state:
            state.setdefault("n_classes_", len(state["classes_"]))
        first = state["estimators_"].flat[0]
        state.setdefault("n_features_in_", getattr(first, "n_features_in_", None))
        # Before 0.21 it began with an object of its own, which knew nothing of classes.
        start: Any = state.get("init_")
        if hasattr(start, "class_prior_"):
            start.n_features_in_ = state["n_features_in_"]
    return state


def _isolation(state: State, _: Version) -> State:
    """1.3 keeps what it computed at each prediction; 0.22 took the old offset away."""
    if "estimators_" not in state:
        return state
    state.pop("n_features_in_", None)
    state.setdefault("n_features_in_", state["estimators_"][0].n_features_in_)
    state.setdefault(
        "estimators_features_",
        [np.arange(state["n_features_in_"]) for _ in state["estimators_"]],
    )
    samples = state.setdefault("_max_samples", state.get("max_samples_"))
    state.setdefault("max_samples_", samples)
    if "_decision_path_lengths" not in state:
        held = [part.tree_ for part in state["estimators_"]]
        state["_average_path_length_per_tree"] = [_average_path_length(each.n_node_samples) for each in held]
        state["_decision_path_lengths"] = [each.compute_node_depths() for each in held]
    if state.get("behaviour") == "old" or "offset_" not in state:
        raise Refused("IsolationForest of scikit-learn before 0.22, whose scores had another offset")
    return state


def _ada_boost(state: State, version: Version) -> State:
    """1.6 took SAMME.R away, whose answers the same state can't give any more."""
    algorithm = state.pop("algorithm", "SAMME")
    if version < (1, 4):
        raise Refused("AdaBoostClassifier of scikit-learn before 1.4, whose scores were others")
    if version < (1, 6) and algorithm == "SAMME.R":
        raise Refused("AdaBoostClassifier(algorithm='SAMME.R'), which scikit-learn 1.6 took away")
    return state


def _support_vectors(state: State, _: Version) -> State:
    """0.22 made the fitted numbers private, 1.? the width of the kernel a number."""
    if "support_vectors_" not in state:
        return state
    coefficients = state["dual_coef_"]
    state.setdefault("_dual_coef_", -coefficients if _is_binary(state) else coefficients)
    state.setdefault("_intercept_", -state["intercept_"] if _is_binary(state) else state["intercept_"])
    state.setdefault("_probA", np.empty(0))
    state.setdefault("_probB", np.empty(0))
    state.setdefault("_sparse", False)
    state.setdefault("fit_status_", 0)
    if "n_iter_" not in state:
        state["n_iter_"] = np.zeros(1, dtype=np.int32)
    if state["_n_support"].dtype != np.int32:
        state["_n_support"] = state["_n_support"].astype(np.int32)
    if "classes_" not in state:
        # 0.23: the number of support vectors of a regression, twice.
        state["_n_support"] = np.array([state["support_vectors_"].shape[0]] * 2, dtype=np.int32)
    if not hasattr(state["support_vectors_"], "indptr") and state["support_vectors_"].ndim != 2:  # noqa: PLR2004
        raise Damaged("support vectors that are no rows")
    return state


def _is_binary(state: State) -> bool:
    return "classes_" in state and len(state["classes_"]) == 2  # noqa: PLR2004


def _neighbours(state: State, _: Version) -> State:
    """The search tree is built anew from the rows, in the way that the version that fitted it did."""
    rows = state.get("_fit_X")
    if rows is None:
        return state
    state.setdefault("n_samples_fit_", rows.shape[0])
    builder = {"kd_tree": KDTree, "ball_tree": BallTree}.get(state.get("_fit_method", ""))
    state["_tree"] = builder and builder(
        rows, state["leaf_size"], metric=state["effective_metric_"], **state["effective_metric_params_"]
    )
    return state


def _imputer(state: State, _: Version) -> State:
    if "statistics_" in state:
        kind = np.asarray(state["statistics_"]).dtype
        state.setdefault("_fit_dtype", kind)  # 0.24
        state.setdefault("_fill_dtype", state["_fit_dtype"])  # 1.5
        indicator = state.setdefault("indicator_", None)  # 0.21
        if indicator is not None:
            indicator._precomputed = True  # noqa: SLF001 - 0.24: it is given the mask
    return state


def _indicator(state: State, _: Version) -> State:
    if "_precomputed" not in state and "features_" in state:
        state["_precomputed"] = False
    return state


def _one_hot(state: State, _: Version) -> State:
    if "categories_" not in state:
        if "feature_indices_" in state or "_feature_indices_" in state:
            raise Refused(
                "OneHotEncoder of whole numbers as scikit-learn before 0.22 encoded them (n_values)"
            )
        return state
    if state.get("_legacy_mode"):
        raise Refused("OneHotEncoder of whole numbers as scikit-learn before 0.22 encoded them (n_values)")
    # 1.2 named it so, and 1.4 took the old name away.
    if "sparse_output" not in state and "sparse" in state:
        state["sparse_output"] = state.pop("sparse")
    drop = state.setdefault("drop_idx_", None)  # 0.21
    state.setdefault("_infrequent_enabled", False)  # 1.1
    state.setdefault("_drop_idx_after_grouping", drop)  # 1.1
    state["_n_features_outs"] = state.get("_n_features_outs") or [
        len(categories) - (drop is not None and drop[index] is not None)
        for index, categories in enumerate(state["categories_"])
    ]
    state.setdefault("feature_name_combiner", "concat")
    return state


def _ordinal(state: State, _: Version) -> State:
    if "categories_" in state:
        state.setdefault("_infrequent_enabled", False)  # 1.3
        state.setdefault(
            "_missing_indices",
            {
                index: len(categories) - 1
                for index, categories in enumerate(state["categories_"])
                if len(categories) and _is_missing(categories[-1])
            },
        )  # 1.1
    return state


def _is_missing(value: Any) -> bool:
    return value is None or (isinstance(value, float) and np.isnan(value))


def _columns(state: State, _: Version) -> State:
    if "transformers_" not in state:
        return state
    width = state.pop("_n_features", None)
    if width is not None:
        state.setdefault("n_features_in_", width)
    names = state.get("feature_names_in_", state.get("_df_columns"))
    if names is not None:
        state.setdefault("feature_names_in_", np.asarray(names, dtype=object))
        state.setdefault("n_features_in_", len(state["feature_names_in_"]))
    state["transformers_"] = [_column_step(state, *step) for step in state["transformers_"]]
    if "_transformer_to_input_indices" not in state:  # 0.24
        state["_transformer_to_input_indices"] = {
            name: _indices(columns, state) for name, _, columns in state["transformers_"]
        }
    state.setdefault("_columns", [columns for _, _, columns in state["transformers_"]])
    state.setdefault("_remainder", ("remainder", state.get("remainder", "drop"), []))
    state.setdefault("verbose_feature_names_out", True)
    state.setdefault("force_int_remainder_cols", True)
    state.setdefault("output_indices_", {})
    return state


def _column_step(state: State, name: str, step: Any, columns: Any) -> tuple[str, Any, Any]:
    """Since 1.1 what passes is a transformer, too."""
    if isinstance(step, str) and step == "passthrough":
        passing = preprocessing.FunctionTransformer.__new__(preprocessing.FunctionTransformer)
        defaults = _parameters(preprocessing.FunctionTransformer)
        indices = _indices(columns, state)
        vars(passing).update(
            defaults,
            accept_sparse=True,
            check_inverse=False,
            feature_names_out="one-to-one",
            n_features_in_=len(indices),
        )
        if "feature_names_in_" in state:
            passing.feature_names_in_ = np.asarray(state["feature_names_in_"], dtype=object)[indices]
        return name, passing, columns
    if "feature_names_in_" in state and not isinstance(step, str):
        _name_inputs(step, np.asarray(state["feature_names_in_"], dtype=object)[_indices(columns, state)])
    return name, step, columns


def _name_inputs(step: Any, names: Any) -> None:
    """Since 1.0 an estimator that was fitted on a frame knows its columns; the first step of a pipeline is asked."""
    while getattr(step, "steps", None):
        step = step.steps[0][1]
    if hasattr(step, "__dict__") and not isinstance(getattr(type(step), "feature_names_in_", None), property):
        vars(step).setdefault("feature_names_in_", names)


def _indices(columns: Any, state: State) -> list[int]:
    width = int(state.get("n_features_in_", 0))
    if isinstance(columns, slice):
        if columns.start is None or isinstance(columns.start, int):
            return list(range(width))[columns]
        raise Refused("a slice of column names")
    found = [columns] if isinstance(columns, str | int) else list(columns)
    names = [str(name) for name in state.get("feature_names_in_", ())]
    if found and all(isinstance(each, bool | np.bool_) for each in found):
        return [int(index) for index in np.flatnonzero(found)]
    return [names.index(each) if isinstance(each, str) else int(each) % max(width, 1) for each in found]


def _pipeline(state: State, _: Version) -> State:
    # A folder to keep fitted transformers in; no prediction uses it.
    state["memory"] = None
    return state


def _tfidf(state: State, _: Version) -> State:
    """1.5? keeps the weights and no diagonal matrix."""
    diagonal = state.pop("_idf_diag", None)
    if diagonal is not None and "idf_" not in state:
        state["idf_"] = np.ravel(scipy.sparse.csr_matrix(diagonal).diagonal())
    return state


def _discretizer(state: State, _: Version) -> State:
    encoder = state.get("_encoder")
    if encoder is not None:
        state.setdefault("n_features_in_", len(state["bin_edges_"]))
    return state


def _powers(state: State, _: Version) -> State:
    degree = state.get("degree", 2)
    low, high = (0, degree) if isinstance(degree, int) else degree
    state.setdefault("_min_degree", low)  # 1.0
    state.setdefault("_max_degree", high)  # 1.0
    if "n_features_in_" in state:
        count = partial(
            PolynomialFeatures._num_combinations,  # noqa: SLF001
            n_features=int(state["n_features_in_"]), max_degree=high,
            interaction_only=state.get("interaction_only", False), include_bias=state.get("include_bias", True),
        )  # fmt: skip
        state["n_output_features_"] = count(min_degree=low)
        state["_n_out_full"] = count(min_degree=0)  # 1.1
    return state


def _calibration(state: State, _: Version) -> State:
    if "calibrators_" in state:
        state["calibrators"] = state.pop("calibrators_")  # 0.24
    return state


def _calibrated(state: State, _: Version) -> State:
    for part in state.get("calibrated_classifiers_", ()):
        held = vars(part)
        held.setdefault("classes", state["classes_"])
        if held["classes"] is None:
            held["classes"] = state["classes_"]
    return state


def _gaussian_process(state: State, _: Version) -> State:
    if "X_train_" in state:
        state.setdefault("_y_train_mean", 0.0)
        state.setdefault("_y_train_std", np.ones_like(state["_y_train_mean"]))  # 0.23
    return state


def _centroids(state: State, _: Version) -> State:
    if "centroids_" in state:
        shape = state["centroids_"].shape
        state.setdefault("true_classes_", None)
        state.setdefault("class_prior_", np.full(shape[0], 1 / shape[0]))
    return state


def _clusters(state: State, _: Version) -> State:
    if "cluster_centers_" in state:
        state["_n_threads"] = 1
    return state


def _network(state: State, _: Version) -> State:
    state.pop("_optimizer", None)
    state.pop("_random_state", None)
    return state


def _ensemble(state: State, _: Version) -> State:
    if "estimators_" in state and len(state["estimators_"]):
        first = state["estimators_"][0]
        if hasattr(first, "n_features_in_") and "estimators_features_" not in state:
            state.setdefault("n_features_in_", first.n_features_in_)
    return state


def _ridge(state: State, _: Version) -> State:
    if "_label_binarizer" in state:
        state.setdefault("classes_", state["_label_binarizer"].classes_)  # 1.9
    return state


def _stacking(state: State, _: Version) -> State:
    if "classes_" in state and "_label_encoder" not in state:  # 1.2
        encoder = state.pop("_le", None)
        if encoder is None:
            encoder = LabelEncoder.__new__(LabelEncoder)
            encoder.classes_ = state["classes_"]
        state["_label_encoder"] = encoder
    return state


def _isotonic(state: State, _: Version) -> State:
    for new, old in (("X_thresholds_", "_necessary_X_"), ("y_thresholds_", "_necessary_y_")):  # 0.24
        if new not in state and old in state:
            state[new] = state.pop(old)
    return state


def _discriminant(state: State, version: Version) -> State:
    if version < (0, 21) and len(state.get("classes_", ())) > 2:  # noqa: PLR2004
        raise Refused(
            "LinearDiscriminantAnalysis of scikit-learn before 0.21, whose probabilities were others"
        )
    return state


def _quantiles(state: State, version: Version) -> State:
    if version < (0, 21):
        raise Refused("QuantileTransformer of scikit-learn before 0.21, which rounded its ends otherwise")
    return state


def _one_vs_rest(state: State, _: Version) -> State:
    if "label_binarizer_" in state:
        state.setdefault("classes_", state["label_binarizer_"].classes_)  # 1.9
    return state


def _dummy(state: State, _: Version) -> State:
    if "n_outputs_" in state:
        state.setdefault("_strategy", state.get("strategy", "prior"))  # 0.24
    return state


RULES: dict[str, tuple[Callable[[State, Version], State], ...]] = {
    "BaseDecisionTree": (_tree_features,),
    "DecisionTreeClassifier": (_fractions,),
    "BaseHistGradientBoosting": (_histogram,),
    "_BinMapper": (_mapper,),
    "BaseGradientBoosting": (_boosting, _loss_name),
    "BaseSGD": (_loss_name,),
    "IsolationForest": (_isolation,),
    "AdaBoostClassifier": (_ada_boost,),
    "BaseLibSVM": (_support_vectors,),
    "NeighborsBase": (_neighbours,),
    "SimpleImputer": (_imputer,),
    "MissingIndicator": (_indicator,),
    "OneHotEncoder": (_one_hot,),
    "OrdinalEncoder": (_ordinal,),
    "ColumnTransformer": (_columns,),
    "Pipeline": (_pipeline,),
    "FeatureUnion": (),
    "TfidfTransformer": (_tfidf,),
    "KBinsDiscretizer": (_discretizer,),
    "PolynomialFeatures": (_powers,),
    "_CalibratedClassifier": (_calibration,),
    "CalibratedClassifierCV": (_calibrated,),
    "GaussianProcessRegressor": (_gaussian_process,),
    "NearestCentroid": (_centroids,),
    "_BaseKMeans": (_clusters,),
    "BaseMultilayerPerceptron": (_network,),
    "BaseEnsemble": (_ensemble,),
    "RidgeClassifier": (_ridge,),
    "RidgeClassifierCV": (_ridge,),
    "StackingClassifier": (_stacking,),
    "IsotonicRegression": (_isotonic,),
    "DummyClassifier": (_dummy,),
    "LinearDiscriminantAnalysis": (_discriminant,),
    "QuantileTransformer": (_quantiles,),
    "OneVsRestClassifier": (_one_vs_rest,),
}


def complete(estimator: Any) -> Any:
    """An estimator with the parts that it makes of its own state when it is fitted or opened."""
    for parent in type(estimator).__mro__:
        if parent.__name__ in COMPLETED:
            COMPLETED[parent.__name__](estimator)
    return estimator


def _make_loss(estimator: Any) -> None:
    if hasattr(estimator, "n_trees_per_iteration_"):
        estimator._loss = estimator._get_loss(sample_weight=None)  # noqa: SLF001


def _make_base_loss(estimator: Any) -> None:
    if hasattr(estimator, "coef_"):
        estimator._base_loss = estimator._get_loss()  # noqa: SLF001


def _make_function(estimator: Any) -> None:
    if hasattr(estimator, "X_thresholds_"):
        estimator._build_f(estimator.X_thresholds_, estimator.y_thresholds_)  # noqa: SLF001


COMPLETED: dict[str, Callable[[Any], None]] = {
    "BaseHistGradientBoosting": _make_loss,
    "BaseGradientBoosting": _make_loss,
    "_GeneralizedLinearRegressor": _make_base_loss,
    "IsotonicRegression": _make_function,
}
