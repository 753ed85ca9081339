"""XGBoost's JSON and UBJSON (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html).

XGBoost's own loader takes the links between nodes and the sizes of arrays as they are. So every field that it reads
is checked here, and the loader gets a document that is written from what was checked.
"""

from __future__ import annotations

import json
import re
from typing import Any

from skylayer.formats.boosters import xgboost_trees
from skylayer.formats.boosters.documents import items, member, parse_json, texts, whole
from skylayer.formats.boosters.errors import Damaged, NotServed, check_features
from skylayer.formats.boosters.ubjson import parse as parse_ubjson
from skylayer.formats.boosters.ubjson import starts_as_ubjson
from skylayer.train.tasks import first_line

_OBJECTIVE = re.compile(r"[a-z]+:[a-z_]+")
_CLASSIFIERS = ("binary:", "multi:")
_MAXIMUM_OUTPUTS = 100_000
# struct LearnerModelParamLegacy of XGBoost up to 3.0, and the two names behind it, each after its length.
_LEGACY_HEADER = 136
_LEGACY_MARKS = (b"", b"binf")


def is_legacy(content: bytes) -> bool:
    """Whether a file is in the binary format that XGBoost wrote by default up to 1.x and reads no more."""
    for mark in _LEGACY_MARKS:
        if not content.startswith(mark):
            continue
        at = len(mark) + _LEGACY_HEADER
        length = int.from_bytes(content[at : at + 8], "little")
        name = content[at + 8 : at + 8 + length] if length <= 64 else b""  # noqa: PLR2004 - a name's
        if name.isascii() and _OBJECTIVE.fullmatch(name.decode("ascii", "replace")):
            return True
    return False


def xgboost_model(content: bytes) -> Any:
    """A fitted `XGBClassifier` or `XGBRegressor`, as its objective says.

    Args:
        content: A JSON or UBJSON document; that of a pickled booster holds the model under `Model`.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: Something of it has no equivalent here.
        ImportError: XGBoost isn't installed.
    """
    document, classifier = _checked(content)
    from xgboost import XGBClassifier, XGBRegressor  # noqa: PLC0415 - an optional package
    from xgboost.core import XGBoostError  # noqa: PLC0415

    model = XGBClassifier() if classifier else XGBRegressor()
    try:
        model.load_model(bytearray(document))
    except (XGBoostError, ValueError, KeyError, TypeError) as error:
        raise Damaged(f"XGBoost refuses it: {first_line(error)}") from None
    return model


def checked_document(content: bytes) -> bytes:
    """The model alone as JSON, with nothing in it that wasn't checked: what `Booster.load_model` may be given.

    Raises:
        Damaged: As `xgboost_model`.
        NotServed: As `xgboost_model`.
    """
    return _checked(content)[0]


def _checked(content: bytes) -> tuple[bytes, bool]:
    """The document, and whether it is a classifier's."""
    document = parse_ubjson(content) if starts_as_ubjson(content) else parse_json(content)
    if isinstance(document, dict) and {"Model", "Config"} <= document.keys():
        document = document["Model"]
    learner = member(document, "learner")
    objective = member(learner, "objective", "name")
    if not isinstance(objective, str) or not _OBJECTIVE.fullmatch(objective):
        raise NotServed("its objective is a function of its author's own, which the file doesn't hold")
    parameters, features, outputs = _parameters(learner)
    names = texts(learner, "feature_names") if "feature_names" in learner else []
    types = texts(learner, "feature_types") if "feature_types" in learner else []
    for name, found in (("feature_names", names), ("feature_types", types)):
        if len(found) not in {0, features}:
            raise Damaged(f"{name} has {len(found)} entries where {features} are needed")
    if len(set(names)) < len(names):
        raise Damaged("two features have the same name")
    booster, rounds = xgboost_trees.checked(member(learner, "gradient_booster"), features, outputs)
    attributes, kind = _attributes(learner, rounds)
    kept = {
        "attributes": attributes,
        "feature_names": names,
        "feature_types": types,
        "gradient_booster": booster,
        "learner_model_param": parameters,
        "objective": _objective(learner["objective"]),
    }
    version = items(document, "version") if "version" in document else [1, 0, 0]
    if len(version) != 3 or not all(isinstance(part, int) for part in version):  # noqa: PLR2004 - its parts
        raise Damaged("version is no version")
    written = json.dumps({"learner": kept, "version": version}).encode()
    return written, objective.startswith(_CLASSIFIERS) or (
        kind == "classifier" and objective == "reg:logistic"
    )


def _parameters(learner: Any) -> tuple[dict[str, str], int, int]:
    """`learner_model_param`, the number of features and that of outputs."""
    given = member(learner, "learner_model_param")
    features = whole(given, "num_feature", 1, 2**31 - 1)
    check_features(features)
    classes = whole(given, "num_class", 0, _MAXIMUM_OUTPUTS)
    targets = whole(given, "num_target", 0, _MAXIMUM_OUTPUTS) if "num_target" in given else 1
    outputs = max(1, classes, targets)
    score = member(given, "base_score")
    try:
        scores = json.loads(score) if str(score).startswith("[") else [float(score)]
        fine = len(scores) in {1, outputs} and all(abs(float(each)) < float("inf") for each in scores)
    except (ValueError, TypeError, RecursionError):
        fine = False
    if not fine:
        raise Damaged("base_score is no number")
    kept = {
        "base_score": str(score),
        "num_class": str(classes),
        "num_feature": str(features),
        "num_target": str(max(targets, 1)),
    }
    if "boost_from_average" in given:
        kept["boost_from_average"] = str(whole(given, "boost_from_average", 0, 1))
    return kept, features, outputs


def _objective(given: dict[str, Any]) -> dict[str, Any]:
    """The objective's name and its parameters, which are texts by their names."""
    groups = {
        name: group
        for name, group in given.items()
        if isinstance(group, dict) and all(isinstance(value, str | int | float) for value in group.values())
    }
    return groups | {"name": given["name"]}


def _attributes(learner: dict[str, Any], rounds: int) -> tuple[dict[str, str], str | None]:
    """The best round, where training stopped early, and what the scikit-learn interface noted itself to be."""
    given = learner.get("attributes")
    given = given if isinstance(given, dict) else {}
    kept = {}
    if "best_iteration" in given:
        kept["best_iteration"] = str(whole(given, "best_iteration", 0, max(rounds - 1, 0)))
    kind = None
    if isinstance(given.get("scikit_learn"), str):
        note = parse_json(given["scikit_learn"].encode())
        kind = note.get("_estimator_type") if isinstance(note, dict) else None
    return kept, kind
