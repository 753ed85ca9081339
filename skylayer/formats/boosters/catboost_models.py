"""CatBoost's models: its JSON (https://catboost.ai/docs/en/concepts/output-data_model-json), and its `.cbm`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Forest
from skylayer.formats.boosters.catboost_binary import MAGIC, as_document
from skylayer.formats.boosters.catboost_trees import grown, oblivious
from skylayer.formats.boosters.documents import floats, items, member, parse_json, whole
from skylayer.formats.boosters.errors import Damaged, NotServed, check_features

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Tree

_IDENTITY = {
    "Expectile", "Huber", "LambdaMart", "LogCosh", "Lq", "MAE", "MAPE", "MultiQuantile", "MultiRMSE", "PairLogit",
    "PairLogitPairwise", "QueryRMSE", "QuerySoftMax", "Quantile", "RMSE", "RMSPE", "StochasticRank", "YetiRank",
    "YetiRankPairwise",
}  # fmt: skip
_LINKS = {
    "CrossEntropy": "sigmoid",
    "Logloss": "sigmoid",
    "MultiClass": "softmax",
    "MultiClassOneVsAll": "sigmoid",
    "Poisson": "exponential",
    "Tweedie": "exponential",
} | dict.fromkeys(_IDENTITY, "identity")
_CLASSIFIERS = {"CrossEntropy", "Logloss", "MultiClass", "MultiClassOneVsAll"}
_BINARY = {"CrossEntropy", "Logloss"}
_OTHER_KINDS = {
    "categorical_features": "categorical features, which CatBoost hashes or replaces by statistics of the target",
    "text_features": "features of texts",
    "embedding_features": "features of embeddings",
}
_TREATMENTS = {"AsIs": True, "AsFalse": True, "AsTrue": False}  # whether a missing value goes left
_SHOWN = 5


@dataclass(frozen=True)
class CatBoostModel:
    """What a file of CatBoost's holds.

    Attributes:
        forest: What it computes.
        names: Of the columns; None where the file has none.
        classes: Labels of a classifier; None for a regressor.
        version: Of CatBoost, as far as the file says.
    """

    forest: Forest
    names: list[str | None]
    classes: list[Any] | None
    version: str | None


def catboost_model(content: bytes) -> CatBoostModel:
    """Read a JSON document or a `.cbm`.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: It has categorical features, or a loss whose answers aren't known here.
    """
    document = as_document(content) if content.startswith(MAGIC) else parse_json(content)
    info = member(document, "features_info")
    _refuse_other_kinds(info)
    columns, missing_left, names = _features(info)
    scale, bias = _scale_and_bias(document)
    loss = member(document, "model_info", "params", "loss_function", "type")
    link = _LINKS.get(loss) if isinstance(loss, str) else None
    if link is None:
        raise NotServed(f"its loss function {str(loss)[:40]} has no native equivalent")
    if (loss in _BINARY or link == "exponential") and len(bias) > 1:
        raise Damaged(f"it has {len(bias)} outputs, and its loss function {loss} has one")
    if link == "softmax" and len(bias) == 1:
        raise Damaged("it has one output, and its loss function MultiClass has several")
    forest = Forest(
        trees=_trees(document, columns, missing_left, len(bias)),
        outputs=len(bias),
        bias=bias,
        scale=scale,
        link=link,
        narrow=True,
        negated=False,
    )
    classes = _classes(document, loss, len(bias)) if loss in _CLASSIFIERS else None
    return CatBoostModel(forest, names, classes, _version(document))


def _refuse_other_kinds(info: Any) -> None:
    for kind, what in _OTHER_KINDS.items():
        found = items(info, kind) if isinstance(info, dict) and kind in info else []
        if found:
            shown = [
                str(member(each, "feature_id") or f"column {member(each, 'flat_feature_index')}")[:40]
                for each in found[:_SHOWN]
            ]
            more = ", …" if len(found) > _SHOWN else ""
            raise NotServed(f"it has {what}: {', '.join(shown)}{more}. Encode them before CatBoost")


def _features(info: Any) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[str | None]]:
    """The column of each feature, whether a missing value of it goes left, and the names of the columns."""
    features = items(info, "float_features")
    if not features:
        raise Damaged("it has no features")
    check_features(len(features))
    places, left, named = [], [], {}
    for position, feature in enumerate(features):
        whole(feature, "feature_index", position, position)
        place = whole(feature, "flat_feature_index", 0, 2 * len(features))
        treatment = member(feature, "nan_value_treatment")
        name = feature.get("feature_id", "")
        if not isinstance(treatment, str) or treatment not in _TREATMENTS or not isinstance(name, str):
            raise Damaged(f"feature {position} isn't described")
        places.append(place)
        left.append(_TREATMENTS[treatment])
        named[place] = name
    if sorted(places) != list(range(len(features))):
        raise Damaged("its features aren't its columns")
    names = [named[place] for place in range(len(features))]
    whole_names = (
        all(names) and len(set(names)) == len(names) and names != [str(k) for k in range(len(names))]
    )
    return (
        np.asarray(places, dtype=np.int64),
        np.asarray(left, dtype=bool),
        list(names) if whole_names else [None] * len(names),
    )


def _scale_and_bias(document: Any) -> tuple[float, NDArray[np.float64]]:
    pair = items(document, "scale_and_bias")
    if len(pair) != 2 or not isinstance(pair[0], int | float):  # noqa: PLR2004 - the two
        raise Damaged("scale_and_bias is no pair")
    bias = floats({"bias": pair[1] if isinstance(pair[1], list) else [pair[1]]}, "bias")
    if not len(bias) or not np.isfinite(bias).all() or not np.isfinite(pair[0]):
        raise Damaged("scale_and_bias is no pair")
    return float(pair[0]), bias


def _trees(document: Any, columns: Any, missing_left: Any, outputs: int) -> tuple[Tree, ...]:
    if isinstance(document, dict) and "trees" in document:
        found = tuple(grown(tree, columns, missing_left, outputs) for tree in items(document, "trees"))
    else:
        found = tuple(
            oblivious(tree, columns, missing_left, outputs) for tree in items(document, "oblivious_trees")
        )
    if not found:
        raise Damaged("it has no trees")
    return found


def _classes(document: Any, loss: str, outputs: int) -> list[Any]:
    """The labels, or their numbers where the file has none."""
    info = document["model_info"]
    if "binclass_probability_threshold" in info:
        raise NotServed("it has a probability threshold of its own")
    given = info.get("class_params")
    given = given if isinstance(given, dict) else {}
    labels = given.get("class_names") or given.get("class_to_label") or []
    count = 2 if loss in _BINARY else outputs
    if not isinstance(labels, list) or not {type(label) for label in labels} <= {str, int, float, bool}:
        raise Damaged("class_names holds what is no label")
    labels = labels or list(range(count))
    if len(labels) != count or len(set(map(str, labels))) < count or len(set(map(type, labels))) > 1:
        raise Damaged(f"class_names doesn't name {count} classes")
    return labels


def _version(document: Any) -> str | None:
    said = document["model_info"].get("catboost_version_info")
    words = said.split() if isinstance(said, str) else []
    tags = [word.removeprefix("tags/v") for word in words if word.startswith("tags/v")]
    return tags[0][:20] if tags else None
