"""LightGBM's text files (`Booster.save_model`; Tree::ToString in its src/io/tree.cpp).

LightGBM's own parser takes the links between nodes and the sizes of arrays as they are. So every field that it reads
is checked here, and the parser gets a text that is written from what was checked.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.formats.boosters.errors import Damaged, NotServed, check_features
from skylayer.formats.boosters.lightgbm_fields import MOST, fields_of, whole
from skylayer.formats.boosters.lightgbm_trees import checked_tree
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from skylayer.formats.boosters.lightgbm_fields import Fields

BEGIN = b"tree"
_VERSIONS = {"v2", "v3", "v4"}
_END, _CATEGORIES = "end of trees", "pandas_categorical:"
_WORD = re.compile(r"[A-Za-z0-9_:.+-]+")
_MOST_OUTPUTS = 100_000
_CLASSIFIERS = {"binary", "multiclass", "multiclassova"}
_NAMELESS = re.compile(r"Column_\d+")


def starts_as_lightgbm(content: bytes) -> bool:
    """Whether a file begins as LightGBM's text does."""
    first, _, rest = content[:4096].replace(b"\r\n", b"\n").partition(b"\n")
    return first == BEGIN and rest.startswith((b"version=", b"num_class="))


def lightgbm_model(content: bytes, classes: list[Any] | None = None) -> Any:
    """A fitted `LGBMClassifier` or `LGBMRegressor`, as its objective says.

    Args:
        content: A model file.
        classes: Labels of a classifier in the order of its outputs; 0, 1, … if None.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: Something of it has no equivalent here, or the labels don't fit.
        ImportError: LightGBM isn't installed.
    """
    text, header = _checked(content)
    objective = header.get("objective", "").split()
    classifier = bool(objective) and objective[0] in _CLASSIFIERS
    count = max(int(header["num_class"]), 2)
    if classes is not None and not classifier:
        raise NotServed("it is no classifier, so leave out CLASSES")
    if classes is not None and len(classes) != count:
        raise NotServed(f"it has {count} classes, and CLASSES names {len(classes)}")
    import lightgbm  # noqa: PLC0415 - an optional package
    from sklearn.preprocessing import LabelEncoder  # noqa: PLC0415

    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise Damaged(f"LightGBM refuses it: {first_line(error)}") from None
    named = objective[0] if objective else None
    model: Any = (lightgbm.LGBMClassifier if classifier else lightgbm.LGBMRegressor)(objective=named)
    features = booster.num_feature()
    names = header["feature_names"].split(" ")
    state = {
        "_Booster": booster,
        "_n_features": features,
        "_n_features_in": features,
        "_objective": named,
        "_fitted_with_feature_names": not all(map(_NAMELESS.fullmatch, names)),
        "fitted_": True,
    }
    if classifier:
        labels = np.arange(count) if classes is None else np.asarray(classes)
        encoder = LabelEncoder()
        encoder.classes_ = labels
        state |= {"_le": encoder, "_classes": labels, "_n_classes": count}
    vars(model).update(state)
    return model


def checked_text(content: bytes) -> str:
    """The model alone, with nothing in it that wasn't checked: what `Booster(model_str=…)` may be given.

    Raises:
        Damaged: As `lightgbm_model`.
        NotServed: As `lightgbm_model`.
    """
    return _checked(content)[0]


def categorical_features(content: bytes) -> list[int]:
    """Positions of the features that the file gives categories for, instead of a range, from a checked file."""
    header = _sections(content.decode())[0]
    infos = header.get("feature_infos", "").split()
    return [k for k, info in enumerate(infos) if info != "none" and not info.startswith("[")]


def _checked(content: bytes) -> tuple[str, Fields]:
    """The text, and its header."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise Damaged("it is no UTF-8") from None
    given, trees, rest = _sections(text.replace("\r\n", "\n"))
    features = whole(given, "max_feature_idx", 0, MOST - 1) + 1
    check_features(features)
    header = _outputs(given, len(trees)) | _features(given, features)
    lines = ["tree", *(["average_output"] if "average_output" in given else [])]
    lines += [f"{name}={value}" for name, value in header.items()]
    for number, tree in enumerate(trees):
        checked = checked_tree(tree, features)
        lines += ["", f"Tree={number}", *(f"{name}={value}" for name, value in checked.items()), ""]
    lines += ["", _END, "", f"{_CATEGORIES}{_pandas_categories(rest)}", ""]
    return "\n".join(lines), header


def _outputs(given: Fields, trees: int) -> Fields:
    """What the header says of the model and its outputs."""
    classes = whole(given, "num_class", 1, _MOST_OUTPUTS)
    outputs = whole(given, "num_tree_per_iteration", 1, _MOST_OUTPUTS)
    objective = given.get("objective", "").split()
    if not all(map(_WORD.fullmatch, objective)):
        raise Damaged("objective is none")
    if outputs != classes:
        raise Damaged("num_tree_per_iteration is not num_class")
    if (objective[:1] in (["multiclass"], ["multiclassova"])) != (classes > 1):
        raise NotServed("it gives several numbers for a row, which are no probabilities")
    if classes > 1 and f"num_class:{classes}" not in objective:
        raise Damaged("its objective has another number of classes")
    if trees % outputs:
        raise Damaged(f"{trees} trees aren't rounds of {outputs}")
    kept = {
        "version": given["version"],
        "num_class": f"{classes}",
        "num_tree_per_iteration": f"{outputs}",
        "label_index": f"{whole(given, 'label_index', -1, MOST)}" if "label_index" in given else "0",
    }
    return kept | ({"objective": " ".join(objective)} if objective else {})


def _features(given: Fields, count: int) -> Fields:
    """What the header says of the features."""
    names = given.get("feature_names", "").split(" ")
    if len(names) != count or len(set(names)) < count or not all(names):
        raise Damaged(f"feature_names doesn't name {count} features")
    infos = given.get("feature_infos", "").split()
    if infos and len(infos) != count:
        raise Damaged(f"feature_infos doesn't describe {count} features")
    return {
        "max_feature_idx": f"{count - 1}",
        "feature_names": " ".join(names),
        "feature_infos": " ".join(infos or ["none"] * count),
    }


def _sections(text: str) -> tuple[Fields, list[Fields], str]:
    """Header, trees and what follows them."""
    before, end, rest = text.partition(f"\n{_END}")
    if not end:
        raise Damaged("it ends early: no 'end of trees'")
    first, *trees = before.split("\nTree=")
    header = fields_of(first)
    if header.get("version") not in _VERSIONS:
        raise Damaged(f"its version is {header.get('version')!r:.40}, none of {', '.join(sorted(_VERSIONS))}")
    return header, [fields_of(tree) for tree in trees], rest


def _pandas_categories(rest: str) -> str:
    """The categories of each pandas column of categories, as JSON."""
    line = next((line for line in rest.split("\n") if line.startswith(_CATEGORIES)), _CATEGORIES + "null")
    try:
        found = json.loads(line.removeprefix(_CATEGORIES))
    except (ValueError, RecursionError):
        raise Damaged("pandas_categorical is no JSON") from None
    lists = [] if found is None else found
    if not isinstance(lists, list) or not all(isinstance(each, list) for each in lists):
        raise Damaged("pandas_categorical is no list of lists")
    if not all(isinstance(value, str | int | float | bool) for each in lists for value in each):
        raise Damaged("pandas_categorical holds what is no category")
    return json.dumps(found)
