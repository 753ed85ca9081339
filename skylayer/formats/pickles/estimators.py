"""Estimators out of the records of a pickle: the installed class by `__new__`, its state as plain data.

Only classes that the compiler has a lowering for are made, and the parts that scikit-learn keeps in them. No method
of theirs runs while they are made, and no state can bring code: functions are taken from a list alone. Where a part
is written in Cython, it is built from its checked arrays. What no prediction reads (losses, optimisers, generators,
scorers) is left out.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import sklearn.calibration
import sklearn.compose
import sklearn.dummy
import sklearn.ensemble._hist_gradient_boosting.binning as hist_binning
import sklearn.ensemble._hist_gradient_boosting.predictor as hist_predictor
import sklearn.gaussian_process.kernels as gaussian_kernels
import sklearn.isotonic
import sklearn.multiclass
import sklearn.preprocessing
from sklearn.utils import Bunch

from skylayer.compiler import registry
from skylayer.formats.pickles import boosters, trees, versions
from skylayer.formats.pickles.objects import fitted
from skylayer.formats.pickles.records import Damaged, Global, interpret
from skylayer.formats.pickles.values import Refused, Values

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.formats.pickles.records import Made, Records

# Parts of estimators that have no lowering of their own. Of calibration, scikit-learn has no public names.
_PARTS: tuple[type, ...] = (
    sklearn.preprocessing.LabelBinarizer,
    sklearn.preprocessing.LabelEncoder,
    sklearn.preprocessing.MultiLabelBinarizer,
    sklearn.preprocessing.KernelCenterer,
    sklearn.isotonic.IsotonicRegression,
    sklearn.dummy.DummyClassifier,
    sklearn.dummy.DummyRegressor,
    sklearn.calibration._CalibratedClassifier,  # noqa: SLF001
    sklearn.calibration._SigmoidCalibration,  # noqa: SLF001
    sklearn.multiclass._ConstantPredictor,  # noqa: SLF001
    hist_binning._BinMapper,  # noqa: SLF001
    hist_predictor.TreePredictor,
)
# What only training reads, by the beginning of its module's name.
_UNREAD = (
    "_loss.",
    "sklearn._loss",
    "sklearn.ensemble._gb_losses",
    "sklearn.ensemble._hist_gradient_boosting.loss",
    "sklearn.linear_model._glm.link",
    "sklearn.linear_model._sgd_fast",
    "sklearn.linear_model.sgd_fast",
    "sklearn.metrics",
    "sklearn.model_selection._split",
    "sklearn.neighbors.dist_metrics",
    "sklearn.neighbors._dist_metrics",
    "sklearn.neural_network._stochastic_optimizers",
    "sklearn.utils._metadata_requests",
    "sklearn.utils.validation",
    "sklearn.utils.deprecation",
    "numpy.ma",
)
_UNREAD_NAMES = {
    "f_classif", "f_regression", "chi2", "mutual_info_classif", "mutual_info_regression", "r_regression",
    "BinomialDeviance", "MultinomialDeviance", "ExponentialLoss", "LeastSquaresError", "LeastAbsoluteError",
    "HuberLossFunction", "QuantileLossFunction", "FutureWarning",
}  # fmt: skip
# Built anew from the rows that the estimator keeps.
_SEARCH_TREES = {"KDTree", "BallTree", "KDTree64", "BallTree64", "newObj"}
# What holds steps as pairs of a name and an estimator.
_STEPS = {"steps", "transformer_list", "transformers", "transformers_", "estimators"}
_SAMPLERS = "imblearn"
_SAMPLING = ("imblearn.combine", "imblearn.over_sampling", "imblearn.under_sampling")
# What a search keeps of the models that it did not choose.
_UNREAD_ATTRIBUTES = {"cv_results_", "scorer_", "multimetric_", "_parameter_constraints"}


def read(content: bytes) -> tuple[Any, Records]:
    """The estimator of a pickle, as it is or as joblib writes it, and what the file said of itself.

    Args:
        content: The pickle, decompressed.

    Raises:
        Damaged: It is no pickle, not a whole one, or arrays of it contradict each other.
        Refused: It holds what can't be read as data; the message names it.
    """
    records = interpret(content)
    return estimator_of(records), records


def estimator_of(records: Records) -> Any:
    """The estimator that records describe. Raises Damaged and Refused as `read` does."""
    packages = {name.partition(".")[0] for name in records.names} & set(registry.THIRD_PARTY)
    try:
        return Values(_maker(frozenset(packages)), _refer).value(records.value)
    except (Damaged, Refused, MemoryError):
        raise
    except RecursionError as error:
        raise Refused("it is nested too deep") from error
    except Exception as error:  # a state that no version of scikit-learn writes raises what it leads to
        raise Damaged(f"its state is none of an estimator: {type(error).__name__}: {error}") from error


def _maker(packages: frozenset[str]) -> Any:
    def make(values: Values, made: Made) -> Any:
        if _is_unread(made.maker) or made.maker.name in _SEARCH_TREES:
            return None
        package = made.maker.module.partition(".")[0]
        booster = boosters.BOOSTERS.get((package, made.maker.name))
        if booster is not None:
            return booster(_state(values, made))
        special = _SPECIAL.get(made.maker.name)
        if special is not None:
            return special(values, made)
        kind = _known(packages).get((package, made.maker.name))
        if kind is None:
            raise Refused(str(made.maker))
        return _estimator(values, made, kind)

    return make


def _refer(name: Global) -> Any:
    if _is_unread(name):
        return None
    raise Refused(str(name))


def _is_unread(name: Global) -> bool:
    return f"{name}".startswith(_UNREAD) or (name.module.startswith("sklearn") and name.name in _UNREAD_NAMES)


@cache
def _known(packages: frozenset[str]) -> dict[tuple[str, str], type]:
    """Classes by package and name: modules moved between versions, names did not."""
    kernels = [
        kind for kind in vars(gaussian_kernels).values()
        if isinstance(kind, type) and issubclass(kind, gaussian_kernels.Kernel)
    ]  # fmt: skip
    found = [
        *registry.classes(packages),
        *_PARTS,
        *kernels,
        *(boosters.samplers() if _SAMPLERS in packages else ()),
    ]
    return {(kind.__module__.partition(".")[0], kind.__name__): kind for kind in found}


def _state(values: Values, made: Made) -> dict[str, Any]:
    if made.state is None:
        return {}
    if not isinstance(made.state, dict):
        raise Refused(f"{made.maker} with a state that is no dictionary")
    state = {}
    is_sampler = made.maker.module.startswith(_SAMPLING)
    for name, record in made.state.items():
        # What a sampler learned, no prediction reads.
        if name not in _UNREAD_ATTRIBUTES and not (is_sampler and str(name).endswith("_")):
            if name in _STEPS and isinstance(record, list):
                _name_step(values, made, record)
            state[str(name)] = values.value(record)
    return state


def _name_step(values: Values, made: Made, steps: list[Any]) -> None:
    """Raise Refused with the name of the step that is refused."""
    for step in steps:
        try:
            values.value(step)
        except Refused as refused:
            name = step[0] if isinstance(step, tuple) and step else "?"
            raise Refused(f"{refused} (step {name!r} of {made.maker.name})") from refused


def _estimator(values: Values, made: Made, kind: type) -> Any:
    if made.arguments or made.keywords or made.items or made.pairs:
        raise Refused(f"{made.maker} made otherwise than scikit-learn writes it")
    state = _state(values, made)
    written = state.pop("_sklearn_version", None)
    current, attributes = versions.adapted(kind, state, written)
    return versions.complete(fitted(current, **attributes))


def _bunch(values: Values, made: Made) -> Any:
    return Bunch(**{str(values.value(key)): values.value(value) for key, value in made.pairs})


def _partial(_: Values, made: Made) -> None:
    # Histogram boosting passes the numbers beside its categories through a check.
    if made.arguments != (Global("sklearn.utils.validation", "check_array"),):
        raise Refused(f"functools.partial of {made.arguments[0] if made.arguments else 'nothing'}")


def _label_encoder(values: Values, made: Made) -> Any:
    """XGBoost's own, before 1.6, added nothing to scikit-learn's."""
    return _estimator(values, made, sklearn.preprocessing.LabelEncoder)


def _columns_left(values: Values, made: Made) -> Any:
    """The columns that no step of a ColumnTransformer named: a list with a warning, in 1.5 and 1.6."""
    return values.value(made.state["data"])


def _initial(values: Values, made: Made) -> Any:
    return trees.INITIAL[made.maker.name](_state(values, made))


_SPECIAL: dict[str, Callable[[Values, Made], Any]] = {
    "Tree": trees.tree,
    "Bunch": _bunch,
    "partial": _partial,
    "XGBoostLabelEncoder": _label_encoder,
    "_RemainderColsList": _columns_left,
    **dict.fromkeys(trees.INITIAL, _initial),
}
