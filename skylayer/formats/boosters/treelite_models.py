"""treelite's checkpoints (https://treelite.readthedocs.io/en/latest/serialization/v4.html), from untrusted bytes.

An array is its length and its items, so every length is compared with the bytes that are left. What is computed is
treelite's GTIL: float32 models add up in float32, and double ones in double.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Forest
from skylayer.formats.boosters.errors import Damaged, NotServed, check_features
from skylayer.formats.boosters.treelite_reader import Reader
from skylayer.formats.boosters.treelite_trees import tree_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from skylayer.compiler.forests.forest import Tree

_VERSION = struct.Struct("<3i")
_MAJOR = 4
_KINDS = {2: np.dtype("<f4"), 3: np.dtype("<f8")}
_BINARY, _REGRESSION, _SEVERAL_CLASSES, _RANKING = 0, 1, 2, 3
_TASKS = {_BINARY, _REGRESSION, _SEVERAL_CLASSES, _RANKING}
_LINKS = {
    "identity": "identity",
    "identity_multiclass": "identity",
    "sigmoid": "sigmoid",
    "multiclass_ova": "sigmoid",
    "softmax": "softmax",
    "exponential": "exponential",
}
_MOST_OUTPUTS = 100_000
_HALF = 0.5


@dataclass(frozen=True)
class TreeliteModel:
    """What a checkpoint holds.

    Attributes:
        forest: What it computes.
        features: How many columns it reads.
        classes: Numbers of a classifier's classes; None for a regressor.
        version: Of treelite.
    """

    forest: Forest
    features: int
    classes: list[Any] | None
    version: str


def starts_as_treelite(content: bytes) -> bool:
    """Whether a file begins as a checkpoint does: three small numbers, and the types of thresholds and leaves."""
    if len(content) < _VERSION.size + 2:
        return False
    major, minor, patch = _VERSION.unpack_from(content)
    types = set(content[_VERSION.size : _VERSION.size + 2])
    return major in {3, _MAJOR} and 0 <= minor < 100 and 0 <= patch < 100 and types <= {1, 2, 3}  # noqa: PLR2004


def treelite_model(content: bytes) -> TreeliteModel:
    """Read a checkpoint.

    Raises:
        Damaged: A field isn't what the format says.
        NotServed: It is of another version, or has a part that isn't known here.
    """
    reader = Reader(content)
    version = [reader.number("i4") for _ in range(3)]
    if version[0] != _MAJOR:
        raise NotServed(f"it is of treelite {version[0]}, and checkpoints of treelite {_MAJOR} are read")
    kind, leaf_kind = reader.number("u1"), reader.number("u1")
    if kind not in _KINDS or leaf_kind != kind:
        raise NotServed("its thresholds and leaves aren't both float32 or both float64")
    trees, features, task = reader.number("u8"), reader.number("i4"), reader.number("u1")
    averaged = bool(reader.number("u1"))
    outputs, shape = _outputs(reader, task)
    targets, classes = reader.array("i4"), reader.array("i4")
    link = _link(reader, outputs)
    bias = reader.array("f8").astype(np.float64)
    reader.text()  # attributes, which mean nothing for an answer
    _skip_extensions(reader)
    check_features(features)
    if features < 1 or len(targets) != trees or len(classes) != trees or not trees:
        raise Damaged("its trees or features aren't counted")
    if len(bias) != outputs or not np.isfinite(bias).all():
        raise Damaged("base_scores isn't one number for each output")
    places = _places(targets, classes, outputs, several_classes=task == _SEVERAL_CLASSES)
    found: list[Tree] = []
    for place in places.tolist():
        found.append(tree_of(reader, _KINDS[kind], features, shape, place))
        _skip_extensions(reader)
        _skip_extensions(reader)
    if not reader.ended:
        raise Damaged("bytes follow its end")
    if averaged and outputs > 1 and (places >= 0).any():
        raise NotServed("it averages trees of one class each")
    binary = task == _BINARY
    forest = Forest(
        tuple(found),
        outputs,
        bias,
        divisor=float(trees) if averaged else 1.0,
        link=link,
        single=kind == 2,  # noqa: PLR2004 - float32
        threshold=_HALF,
        plain=False,
    )
    labels = list(range(2 if binary else outputs)) if task in {_BINARY, _SEVERAL_CLASSES} else None
    return TreeliteModel(forest, features, labels, ".".join(map(str, version)))


def _outputs(reader: Reader, task: int) -> tuple[int, int]:
    """How many numbers the model gives, and how many a leaf may have."""
    targets = reader.number("i4")
    classes, shape = reader.array("i4").tolist(), reader.array("i4").tolist()
    if task not in _TASKS:
        raise NotServed("it is no classifier, regressor or ranker")
    if not 0 < targets <= _MOST_OUTPUTS or len(classes) != targets or len(shape) != 2 or min(shape) < 1:  # noqa: PLR2004
        raise Damaged("its outputs aren't counted")
    if task in {_BINARY, _SEVERAL_CLASSES} and targets > 1:
        raise NotServed("it has several targets with classes each")
    outputs = classes[0] if targets == 1 else targets
    if not 0 < outputs <= _MOST_OUTPUTS or (targets > 1 and set(classes) != {1}):
        raise Damaged("its outputs aren't counted")
    if (task == _SEVERAL_CLASSES) != (outputs > 1 and targets == 1):
        raise NotServed("its outputs aren't those of its task")
    width = shape[0] * shape[1]
    if width not in {1, outputs}:
        raise NotServed("its leaves have numbers for some of its outputs")
    return outputs, width


def _link(reader: Reader, outputs: int) -> str:
    name = reader.text()
    alpha, _ = reader.number("f4"), reader.number("f4")
    link = _LINKS.get(name)
    if link is None or (link == "softmax" and outputs == 1):
        raise NotServed(f"its postprocessor {name[:40]} has no native equivalent")
    if link == "sigmoid" and alpha != 1.0:
        raise NotServed(f"its sigmoid has the slope {alpha}")
    return link


def _places(
    targets: NDArray[Any], classes: NDArray[Any], outputs: int, *, several_classes: bool
) -> NDArray[np.int64]:
    """The output of each tree, -1 where its leaves have a number for each."""
    chosen = (classes if several_classes else targets).astype(np.int64)
    if len(chosen) and not ((chosen >= -1) & (chosen < outputs)).all():
        raise Damaged("a tree is for an output that doesn't exist")
    whole = chosen < 0
    if whole.any() and not whole.all():
        raise NotServed("some of its trees are for one output and some for all")
    return chosen if outputs > 1 else np.zeros(len(chosen), dtype=np.int64)


def _skip_extensions(reader: Reader) -> None:
    if reader.number("i4") != 0:
        raise NotServed("it has optional fields of a newer treelite")
