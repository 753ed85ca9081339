"""Nearest and radius neighbours by scikit-learn's own kd-tree, ties included.

Where it searches by brute force or a ball tree, a kd-tree finds the same neighbours but where two are equally near, or
one lies on the radius; and it adds in another order.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import neighbors as models

from skylayer.compiler.classes import plain_classes
from skylayer.compiler.compositions import dense, outliers
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, NeighbourFlag, Pairwise, Reduce, Unary

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots

METRICS = {
    **dict.fromkeys(("euclidean", "l2"), Pairwise.SQUARED_EUCLIDEAN),
    **dict.fromkeys(("manhattan", "l1", "cityblock"), Pairwise.MANHATTAN),
    **dict.fromkeys(("chebyshev", "infinity"), Pairwise.CHEBYSHEV),
}


def _metric(builder: Builder, estimator: Any) -> Pairwise:
    if estimator.effective_metric_ not in METRICS:
        builder.cannot("the metric has no native equivalent", f"metric={estimator.effective_metric_!r}")
    return METRICS[estimator.effective_metric_]


def _tree(estimator: Any, values: Any, radius: float = 0.0) -> tuple[Any, ...]:
    """Points and their values in the tree's order, bounds with the radius behind them, and nodes."""
    own = estimator._tree  # noqa: SLF001
    if not isinstance(own, models.KDTree):
        own = models.KDTree(dense(estimator._fit_X), metric=estimator.effective_metric_)  # noqa: SLF001
    data, order, nodes, bounds = (np.asarray(a) for a in own.get_arrays())
    boxes = np.append(np.stack([bounds[0], bounds[1]], axis=1).ravel(), radius)
    records = np.stack([nodes["idx_start"], nodes["idx_end"], nodes["is_leaf"]], axis=1)
    return data[order], np.asarray(values, dtype=np.float64)[order], boxes, records.astype(np.uint32)


def nearest_neighbours(builder: Builder, estimator: Any, frame: Frame, count: int) -> tuple[Slots, Slots]:
    """Distances to the nearest training rows, ascending, and the numbers of those rows."""
    metric = _metric(builder, estimator)
    tree = _tree(estimator, np.arange(estimator.n_samples_fit_))
    found = builder.neighbours(metric, builder.check(frame), tree, 2 * count, flags=_order(estimator))
    return found[:count], found[count:]


def _order(estimator: Any) -> int:
    """What the proof has to know of the search: only a kd-tree's is the kernel's own."""
    return 0 if estimator._fit_method == "kd_tree" else NeighbourFlag.ANY_ORDER  # noqa: SLF001


def _weighted(builder: Builder, estimator: Any) -> bool:
    if estimator.weights not in {None, "uniform", "distance"}:
        builder.cannot("a callable can't be compiled", "weights=<function>")
    return bool(estimator.weights == "distance")


def _weights(builder: Builder, distances: Slots) -> Slots:
    """1 / distance; 1 for rows at distance 0 where there are any, and 0 for the others."""
    inverse = builder.unary(Unary.RECIPROCAL, distances)
    touching = builder.arithmetic(Arithmetic.EQUAL, inverse, math.inf)
    some = builder.reduce(Reduce.MAXIMUM, touching)
    return builder.select((some,) * len(inverse), touching, inverse)


def _targets(estimator: Any) -> Any:
    y = np.asarray(estimator._y)  # noqa: SLF001
    return y[:, np.newaxis] if y.ndim == 1 else y


def predict_nearest_number(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The mean over the neighbours."""
    weighted, y = _weighted(builder, estimator), _targets(estimator)
    distances, rows = nearest_neighbours(builder, estimator, frame, estimator.n_neighbors)
    found = [builder.gather(row, y, None) for row in rows]
    weights = _weights(builder, distances) if weighted else ()
    total = builder.reduce(Reduce.PAIRWISE_SUM, weights) if weighted else 0
    result: list[int] = []
    for j in range(y.shape[1]):
        column = tuple(values[j] for values in found)
        if weighted:
            product = builder.combine(Arithmetic.MULTIPLY, column, weights)
            result += builder.combine(
                Arithmetic.DIVIDE, (builder.reduce(Reduce.PAIRWISE_SUM, product),), (total,)
            )
        else:
            # numpy adds a single column pairwise, several row by row
            kind = Reduce.PAIRWISE_SUM if y.shape[1] == 1 else Reduce.SUM
            result += builder.arithmetic(Arithmetic.DIVIDE, (builder.reduce(kind, column),), float(len(rows)))
    return Prediction(tuple(result), vector=np.ndim(estimator._y) > 1)  # noqa: SLF001


def _groups(estimator: Any) -> list[Any]:
    return list(estimator.classes_) if estimator.outputs_2d_ else [estimator.classes_]


def predict_nearest_class(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The class with most weight among the neighbours, the first of equals."""
    weighted, y, groups = _weighted(builder, estimator), _targets(estimator), _groups(estimator)
    distances, rows = nearest_neighbours(builder, estimator, frame, estimator.n_neighbors)
    found = [builder.gather(row, y, None) for row in rows]
    weights = _weights(builder, distances) if weighted else ()
    if weighted:
        total = builder.reduce(Reduce.MAXIMUM, weights)
        builder.refuse(
            builder.arithmetic(Arithmetic.EQUAL, (total,), 0.0), "every neighbour is infinitely far"
        )
    values, probabilities = [], []
    for j, group in enumerate(groups):
        labels = tuple(row[j] for row in found)
        sums, modes = [], []
        for code in range(len(group)):
            own = builder.arithmetic(Arithmetic.EQUAL, labels, float(code))
            terms = builder.combine(Arithmetic.MULTIPLY, own, weights) if weighted else own
            sums.append(builder.reduce(Reduce.SUM, terms))
            modes.append(builder.reduce(Reduce.PAIRWISE_SUM, terms))
        total = builder.reduce(Reduce.PAIRWISE_SUM, tuple(sums))
        probabilities.append(builder.combine(Arithmetic.DIVIDE, tuple(sums), (total,)))
        values.append(builder.reduce(Reduce.ARGMAX, tuple(modes)))
    return Prediction(
        tuple(values), plain_classes(builder, groups), tuple(probabilities), vector=estimator.outputs_2d_
    )


def _within(builder: Builder, estimator: Any, frame: Frame, values: Any) -> tuple[int, int, Slots]:
    """How many training rows lie within the radius, the sum of their weights, and of their values."""
    flags = (
        _order(estimator)
        | NeighbourFlag.WITHIN_RADIUS
        | NeighbourFlag.WEIGHTED * _weighted(builder, estimator)
    )
    width = values.shape[1]
    metric = _metric(builder, estimator)
    found = builder.neighbours(
        metric, builder.check(frame), _tree(estimator, values, estimator.radius),
        2 + width, width=width, flags=flags,
    )  # fmt: skip
    return found[0], found[1], found[2:]


def predict_radius_number(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The mean over the rows within the radius; missing where there are none."""
    y = _targets(estimator)
    count, total, sums = _within(builder, estimator, frame, y)
    means = builder.combine(Arithmetic.DIVIDE, sums, (total if estimator.weights == "distance" else count,))
    with np.errstate(invalid="ignore"):
        none = builder.constant(np.full_like(y[0], np.nan).astype(np.float64))
    return Prediction(
        builder.select((count,) * len(means), means, none),
        vector=np.ndim(estimator._y) > 1,  # noqa: SLF001
    )


def predict_radius_class(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The class with most weight within the radius; where there is none, the outlier label or a refusal."""
    y, groups = _targets(estimator), _groups(estimator)
    indicators = np.hstack([y[:, [j]] == np.arange(len(g)) for j, g in enumerate(groups)])
    count, _, sums = _within(builder, estimator, frame, indicators.astype(np.float64))
    outlier = estimator.outlier_label_
    if outlier is None:
        detail = f"there is no training row within the radius {estimator.radius}"
        builder.refuse(builder.arithmetic(Arithmetic.EQUAL, (count,), 0.0), detail)
    values, probabilities, named, start = [], [], [], 0
    for j, group in enumerate(groups):
        labels = list(group)
        own, start = sums[start : start + len(group)], start + len(group)
        if outlier is not None:
            known = [k for k, label in enumerate(labels) if label == outlier[j]]
            place = known[0] if known else len(labels)
            alone = builder.constant(np.eye(len(labels) + 1)[place][: len(labels)])
            own = builder.select((count,) * len(own), own, alone)
            labels += [] if known else [outlier[j]]
        total: Slots = (builder.reduce(Reduce.PAIRWISE_SUM, own),)
        empty = builder.arithmetic(Arithmetic.EQUAL, total, 0.0)
        total = builder.select(empty, builder.constant([1.0]), total)
        shares = builder.combine(Arithmetic.DIVIDE, own, total)
        best: Slots = (builder.reduce(Reduce.ARGMAX, shares),)
        if len(labels) > len(group):
            best = builder.select(empty, builder.constant([float(len(group))]), best)
        values.append(best[0])
        probabilities.append(shares)
        named.append(labels)
    return Prediction(
        tuple(values), plain_classes(builder, named), tuple(probabilities), vector=estimator.outputs_2d_
    )


def predict_local_outliers(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The density of the neighbours over the row's own (Breunig et al. 2000), less the offset."""
    if not estimator.novelty:
        builder.cannot("predicts only its own training rows", "novelty=False")
    count = estimator.n_neighbors_
    distances, rows = nearest_neighbours(builder, estimator, frame, count)
    reach = estimator._distances_fit_X_[:, count - 1]
    known = np.column_stack([reach, estimator._lrd])  # noqa: SLF001
    found = [builder.gather(row, known, None) for row in rows]
    reached = builder.combine(Arithmetic.MAXIMUM, distances, tuple(f[0] for f in found))
    mean = builder.arithmetic(
        Arithmetic.DIVIDE, (builder.reduce(Reduce.PAIRWISE_SUM, reached),), float(count)
    )
    density = builder.unary(Unary.RECIPROCAL, builder.arithmetic(Arithmetic.ADD, mean, 1e-10))
    ratios = builder.combine(Arithmetic.DIVIDE, tuple(f[1] for f in found), density)
    factor = builder.arithmetic(
        Arithmetic.DIVIDE, (builder.reduce(Reduce.PAIRWISE_SUM, ratios),), float(count)
    )
    negated = builder.unary(Unary.NEGATE, factor)
    return outliers(builder, builder.arithmetic(Arithmetic.SUBTRACT, negated, estimator.offset_)[0])


PREDICTORS = {
    models.KNeighborsClassifier: predict_nearest_class,
    models.KNeighborsRegressor: predict_nearest_number,
    models.LocalOutlierFactor: predict_local_outliers,
    models.RadiusNeighborsClassifier: predict_radius_class,
    models.RadiusNeighborsRegressor: predict_radius_number,
}
