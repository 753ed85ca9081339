"""What the fields of an answer mean, in words: a score, a distance, a -1."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREDICTIONS = {
    "classification": "the class that the model chooses",
    "regression": "the value that the model expects, in the unit of the training data",
    "clustering": "the number of the row's cluster. Numbers are names: they have no order and no meaning of their own",
    "outlier_detection": "1 for an inlier, a row like those of the training data; -1 for an outlier",
}
_SCORES = {
    "outlier_detection": "how far the row is from the border between inliers and outliers, which is at 0. "
    "Below 0 lie the outliers; the lower, the less alike",
    "two": "on which side of the border between the two classes the row is, and how far from it. "
    "Above 0 it is {second}. It is no probability",
    "classes": "how strongly the row speaks for each class; the largest decides. They are no probabilities",
}
_OTHERS = {
    "probabilities": "the share that the model gives each class, from 0 to 1, in the order of `classes`",
    "distances": "how far the row is from the centre of each cluster, in the order of their numbers",
}
_OF_CLUSTERS = "how probable each cluster is for the row, from 0 to 1, in the order of their numbers"


def meaning(field: str, task: str, output: dict[str, Any]) -> str:
    """What a field of an answer means, without a full stop; empty where nothing is known of it.

    Args:
        field: Its name.
        task: One of `serving.artifact.TASKS`.
        output: The manifest's `output`.
    """
    if field == "predictions":
        return _PREDICTIONS.get(task, "")
    if field == "scores":
        return _scores(task, output.get("classes") or [])
    if field == "probabilities" and task == "clustering":
        return _OF_CLUSTERS
    return _OTHERS.get(field, "")


def _scores(task: str, classes: list[Any]) -> str:
    if task == "outlier_detection":
        return _SCORES[task]
    if len(classes) == 2 and not isinstance(classes[0], list):  # noqa: PLR2004 - the border between two
        return _SCORES["two"].format(second=classes[1])
    return _SCORES["classes"]
