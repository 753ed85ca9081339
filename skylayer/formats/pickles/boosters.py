"""The boosters of XGBoost and LightGBM out of a pickle: each library reads the bytes that it wrote, as data.

The bytes are a document (UBJSON, https://ubjson.org, or JSON) of XGBoost's, or the text of a model file of LightGBM's.
imbalanced-learn's samplers do nothing where a pipeline answers, so that they are made of their parameters alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

_DOCUMENT = b"{"
_MODEL = b"L" + (5).to_bytes(8, "big") + b"Model" + _DOCUMENT
_TEXT = "tree\n"


def xgboost_booster(state: dict[str, Any]) -> Any:
    """A booster of XGBoost's from its serialized document.

    Raises:
        Refused: It is in the binary format of XGBoost before 1.6, which no present version reads.
        Damaged: XGBoost doesn't read it, or its nodes are no trees.
    """
    import xgboost  # noqa: PLC0415 - an optional package

    content = state.get("handle")
    if not isinstance(content, bytes):
        raise Damaged("a booster without its document")
    if not content.startswith(_DOCUMENT):
        raise Refused(
            "a booster in XGBoost's old binary format: open the file where it was written, and save it again with "
            "XGBoost 1.6 to 3.0"
        )
    booster = xgboost.Booster()
    try:
        booster.load_model(bytearray(_model_of(content)))
        trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"].get("trees", [])
    except (xgboost.core.XGBoostError, ValueError, KeyError) as error:
        raise Damaged(f"XGBoost {xgboost.__version__} doesn't read its booster: {error}") from error
    for tree in trees:
        _check_walk(tree["left_children"], tree["right_children"])
    return booster


def _model_of(content: bytes) -> bytes:
    """The model alone, without the configuration of its training, which another version would warn of.

    A serialized booster is `{Config: {…}, Model: {…}}` in UBJSON, where a key is its length and its letters.
    """
    start = content.find(_MODEL)
    if start < 0:
        raise Damaged("a booster without its model")
    return content[start + len(_MODEL) - len(_DOCUMENT) : -1]


def _check_walk(left: list[int], right: list[int]) -> None:
    """Let only trees pass: no walk from the root leaves the nodes, or comes to one twice."""
    seen, waiting = set(), [0]
    while waiting:
        node = waiting.pop()
        if not 0 <= node < len(left) or node in seen:
            raise Damaged("the nodes of a booster are no tree")
        seen.add(node)
        if left[node] != -1:
            waiting += (left[node], right[node])


def lightgbm_booster(state: dict[str, Any]) -> Any:
    """A booster of LightGBM's from the text of its model file.

    Raises:
        Damaged: LightGBM doesn't read it.
    """
    import lightgbm  # noqa: PLC0415 - an optional package

    text = state.get("_handle", state.get("handle"))
    if not isinstance(text, str) or not text.startswith(_TEXT):
        raise Damaged("a booster without its model")
    try:
        booster = lightgbm.Booster(model_str=text)
    except lightgbm.basic.LightGBMError as error:
        raise Damaged(f"LightGBM {lightgbm.__version__} doesn't read its booster: {error}") from error
    booster.best_iteration = int(state.get("best_iteration") or 0)
    return booster


BOOSTERS: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
    ("xgboost", "Booster"): xgboost_booster,
    ("lightgbm", "Booster"): lightgbm_booster,
}


def samplers() -> list[type]:
    """imbalanced-learn's samplers."""
    from imblearn import combine, over_sampling, under_sampling  # noqa: PLC0415 - an optional package

    return [
        getattr(module, name)
        for module in (combine, over_sampling, under_sampling)
        for name in module.__all__
    ]
