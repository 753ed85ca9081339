"""Clusterers that predict: the nearest centre."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn import cluster

from skylayer.compiler.compositions import dense, euclidean_distances, nearest, without_own_norm
from skylayer.compiler.prediction import Prediction
from skylayer.compiler.program import Arithmetic, Reduce

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Slots


def predict_means(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The nearest centre and the distance to each."""
    x, centres = builder.check(frame), estimator.cluster_centers_
    label = builder.reduce(Reduce.ARGMIN, without_own_norm(builder, x, centres))
    return Prediction((label,), distances=euclidean_distances(builder, x, centres), integer=True)


def predict_centres(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The nearest centre."""
    centres = dense(getattr(estimator, "cluster_centers_", np.zeros((0, 0))))
    if not len(centres):
        builder.cannot("has no cluster centres")
    return Prediction((nearest(builder, builder.check(frame), centres),), integer=True)


def predict_birch(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """The label of the nearest subcluster and the distance to each."""
    x, centres = builder.check(frame), estimator.subcluster_centers_
    label = builder.gather(
        nearest(builder, x, centres), np.reshape(estimator.subcluster_labels_, (-1, 1)), [0.0]
    )
    return Prediction(label, distances=euclidean_distances(builder, x, centres), integer=True)


def predict_bisecting(builder: Builder, estimator: Any, frame: Frame) -> Prediction:
    """Down the tree of bisections, each time to the nearer of two centres."""
    x = builder.check(frame)
    offset = getattr(estimator, "_X_mean", 0.0)
    label = _label(builder, estimator._bisecting_tree, x, offset)  # noqa: SLF001
    distances = euclidean_distances(builder, x, estimator.cluster_centers_)
    return Prediction(label, distances=distances, integer=True)


def _label(builder: Builder, node: Any, x: Slots, offset: Any) -> Slots:
    if node.left is None:
        return builder.constant([float(node.label)])
    left, right = without_own_norm(builder, x, np.vstack((node.left.center, node.right.center)) + offset)
    farther = builder.combine(Arithmetic.LESS, (right,), (left,))
    return builder.select(
        farther, _label(builder, node.right, x, offset), _label(builder, node.left, x, offset)
    )


def transform_distances(builder: Builder, estimator: Any, frame: Frame) -> Frame:
    """The distance to each centre."""
    centres = getattr(estimator, "subcluster_centers_", None)
    rows = estimator.cluster_centers_ if centres is None else centres
    return euclidean_distances(builder, builder.check(frame), rows)


TRANSFORMERS = dict.fromkeys(
    (cluster.KMeans, cluster.MiniBatchKMeans, cluster.BisectingKMeans, cluster.Birch), transform_distances
)
PREDICTORS = {
    cluster.KMeans: predict_means,
    cluster.MiniBatchKMeans: predict_means,
    cluster.BisectingKMeans: predict_bisecting,
    cluster.Birch: predict_birch,
    cluster.AffinityPropagation: predict_centres,
    cluster.MeanShift: predict_centres,
}
