"""imbalanced-learn: its samplers do nothing where a pipeline answers, and its ensembles answer as scikit-learn's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from imblearn.ensemble import (
    BalancedBaggingClassifier,
    BalancedRandomForestClassifier,
    EasyEnsembleClassifier,
    RUSBoostClassifier,
)
from imblearn.pipeline import Pipeline as ResamplingPipeline
from sklearn.pipeline import Pipeline

from skylayer.compiler.lowerings import adaptive_boosting, bagging, trees
from skylayer.compiler.lowerings.composition import predict_pipeline, transform_pipeline

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame
    from skylayer.compiler.prediction import Prediction


def _without_samplers(pipeline: Any) -> Pipeline:
    return Pipeline([(name, step) for name, step in pipeline.steps if not hasattr(step, "fit_resample")])


def transform_resampled(builder: Builder, pipeline: Any, frame: Frame) -> Frame:
    """The steps that aren't samplers, one after the other."""
    return transform_pipeline(builder, _without_samplers(pipeline), frame)


def predict_resampled(builder: Builder, pipeline: Any, frame: Frame) -> Prediction:
    """The last step predicts from what the others, without the samplers, made."""
    return predict_pipeline(builder, _without_samplers(pipeline), frame)


TRANSFORMERS = {ResamplingPipeline: transform_resampled}
PREDICTORS = {
    ResamplingPipeline: predict_resampled,
    BalancedBaggingClassifier: bagging.predict_classifier,
    BalancedRandomForestClassifier: trees.predict_classifier,
    EasyEnsembleClassifier: bagging.predict_classifier,
    RUSBoostClassifier: adaptive_boosting.predict_classifier,
}
