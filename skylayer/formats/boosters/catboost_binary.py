"""CatBoost's `.cbm` as its JSON: a FlatBuffer (catboost/libs/model/flatbuffers/model.fbs) behind four letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.documents import parse_json
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.boosters.flatbuffer import Buffer

if TYPE_CHECKING:
    from skylayer.formats.boosters.flatbuffer import Table

MAGIC = b"CBM1"
_LENGTH = 4
_VERSION = "FlabuffersModel_v1"
# Fields of the schema, by their order in it: TModelCore, TModelTrees, TFloatFeature and TCatFeature.
_CORE_VERSION, _CORE_TREES, _CORE_INFO = 0, 1, 2
_DIMENSION, _SPLITS, _SIZES, _STARTS, _CATEGORICAL, _FLOATS = range(6)
_LEAVES, _STEPS, _TEXTS, _ESTIMATED, _SCALE, _BIAS, _BIASES = 8, 10, 12, 13, 14, 15, 16
_INDEX, _FLAT, _BORDERS, _NAME, _TREATMENT = 1, 2, 3, 4, 5
_CATEGORICAL_FLAT, _CATEGORICAL_NAME = 1, 2
_TREATMENTS = ("AsIs", "AsFalse", "AsTrue")
_MAXIMUM_DEPTH = 30
_PARSED = {"params", "class_params"}


def as_document(content: bytes) -> dict[str, Any]:
    """What the JSON of the same model holds, as far as it is read.

    Raises:
        Damaged: It isn't what the schema says.
        NotServed: Its trees aren't oblivious.
    """
    start = len(MAGIC) + _LENGTH
    length = int.from_bytes(content[len(MAGIC) : start], "little")
    if len(content) < start + length or not length:
        raise Damaged("it ends early")
    core = Buffer(content[start : start + length]).root()
    trees = core.table(_CORE_TREES)
    if core.text(_CORE_VERSION) != _VERSION or trees is None:
        raise Damaged(f"it is no {_VERSION}")
    if len(trees.array(_STEPS, "<u4")):
        raise NotServed('its trees aren\'t oblivious: model.save_model("model.json", format="json")')
    info = {entry.text(0): entry.text(1) for entry in core.tables(_CORE_INFO)}
    dimension = trees.number(_DIMENSION, "<i4", 1)
    if not 1 <= dimension <= len(content):
        raise Damaged("its outputs aren't counted")
    biases = trees.array(_BIASES, "<f8").tolist()
    features = _features(trees)
    numbers = not any(found for kind, found in features.items() if kind != "float_features")
    return {
        "features_info": features,
        "model_info": {
            name: parse_json(value.encode()) if name in _PARSED else value for name, value in info.items()
        },
        # Who reads it refuses the other kinds by name, before the trees that ask for them.
        "oblivious_trees": _trees(trees, dimension) if numbers else [],
        "scale_and_bias": [
            trees.number(_SCALE, "<f8", 1.0),
            biases or [trees.number(_BIAS, "<f8", 0.0)] * dimension,
        ],
    }


def _features(trees: Table) -> dict[str, Any]:
    found = []
    for feature in trees.tables(_FLOATS):
        treatment = feature.number(_TREATMENT, "i1", 0)
        if not 0 <= treatment < len(_TREATMENTS):
            raise Damaged("a feature isn't described")
        found.append(
            {
                "feature_index": feature.number(_INDEX, "<i4", -1),
                "flat_feature_index": feature.number(_FLAT, "<i4", -1),
                "feature_id": feature.text(_NAME),
                "nan_value_treatment": _TREATMENTS[treatment],
            }
        )
    others = {"categorical_features": trees.tables(_CATEGORICAL), "text_features": trees.tables(_TEXTS)}
    if trees.tables(_ESTIMATED) and not any(others.values()):
        raise NotServed("it has features of embeddings")
    return {"float_features": found} | {
        kind: [
            {
                "feature_id": feature.text(_CATEGORICAL_NAME),
                "flat_feature_index": feature.number(_CATEGORICAL_FLAT, "<i4", -1),
            }
            for feature in features
        ]
        for kind, features in others.items()
    }


def _trees(trees: Table, dimension: int) -> list[dict[str, Any]]:
    """Each tree's questions and leaves. A question is a number: of a border, of all features' one after the other."""
    borders = [feature.array(_BORDERS, "<f4").tolist() for feature in trees.tables(_FLOATS)]
    asked = [(place, border) for place, own in enumerate(borders) for border in own]
    splits, sizes = trees.array(_SPLITS, "<i4"), trees.array(_SIZES, "<i4").astype(np.int64)
    starts = trees.array(_STARTS, "<i4").astype(np.int64)
    leaves = trees.array(_LEAVES, "<f8")
    if len(starts) != len(sizes) or not ((sizes >= 0) & (sizes <= _MAXIMUM_DEPTH)).all():
        raise Damaged("its trees aren't counted")
    if not ((starts >= 0) & (starts + sizes <= len(splits))).all():
        raise Damaged("a tree asks for what isn't there")
    ends = np.cumsum((1 << sizes) * dimension)
    if len(ends) and ends[-1] != len(leaves):
        raise Damaged(f"it has {len(leaves)} leaves where {ends[-1]} are needed")
    if len(splits) and not ((splits >= 0) & (splits < len(asked))).all():
        raise NotServed("its trees ask for more than numbers")
    return [
        {
            "splits": [
                {"split_type": "FloatFeature", "float_feature_index": asked[k][0], "border": asked[k][1]}
                for k in splits[start : start + size].tolist()
            ],
            "leaf_values": own.tolist(),
        }
        for start, size, own in zip(
            starts.tolist(), sizes.tolist(), np.split(leaves, ends[:-1]) if len(ends) else [], strict=True
        )
    ]
