"""PMML's trees (https://dmg.org/pmml/v4-4-1/TreeModel.html), whose nodes ask one predicate after the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Tree
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.pmml.elements import finite

if TYPE_CHECKING:
    from skylayer.formats.pmml.elements import Element
    from skylayer.formats.pmml.fields import Fields

_OPPOSITES = {
    "lessOrEqual": "greaterThan", "greaterThan": "lessOrEqual", "lessThan": "greaterOrEqual",
    "greaterOrEqual": "lessThan", "equal": "notEqual", "notEqual": "equal",
}  # fmt: skip
_HALF = 0.5


@dataclass
class _Grown:
    """A tree that grows node by node."""

    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    missing_left: list[bool] = field(default_factory=list)
    values: list[list[float]] = field(default_factory=list)

    def add(self, feature: int, threshold: float, values: list[float], *, missing_left: bool) -> int:
        self.left.append(-1)
        self.right.append(-1)
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.missing_left.append(missing_left)
        self.values.append(values)
        return len(self.left) - 1

    def done(self) -> Tree:
        return Tree(
            left=np.asarray(self.left, dtype=np.int64),
            right=np.asarray(self.right, dtype=np.int64),
            feature=np.asarray(self.feature, dtype=np.int64),
            threshold=np.asarray(self.threshold, dtype=np.float64),
            missing_left=np.asarray(self.missing_left, dtype=bool),
            values=np.asarray(self.values, dtype=np.float64),
        )


def tree_of(model: Element, fields: Fields, classes: list[Any] | None, texts: list[str]) -> Tree:
    """A TreeModel as a tree of two ways at each node.

    Args:
        model: The element.
        fields: Of the document.
        classes: Of a classifier, whose leaves give a share of each; None for a regression.
        texts: How the document writes the classes.

    Raises:
        Damaged: It is no such tree.
        NotServed: A predicate isn't known here, or a row may come to no leaf.
    """
    root = model.one("Node")
    if root is None or _predicate(root).name != "True":
        raise Damaged("a tree has no root that takes every row")
    width = 1 if classes is None else len(classes)
    strategy = model.get("noTrueChildStrategy", "returnNullPrediction")
    gaps = model.get("missingValueStrategy", "none") == "defaultChild"
    narrow = fields.narrow()
    grown = _Grown()
    waiting: list[tuple[Element, int, list[int] | None, int]] = [(root, 0, None, 0)]
    while waiting:
        node, asked, links, parent = waiting.pop()
        children = list(node.all("Node"))
        chosen = children[asked] if asked < len(children) else None
        if chosen is not None and _is_certain(children, asked):
            waiting.append((chosen, 0, links, parent))
            continue
        if chosen is None:
            if children and strategy != "returnLastPrediction":
                raise NotServed("a node of its tree has no child for some rows")
            number = grown.add(0, 0.0, _leaf(node, texts, classes), missing_left=False)
        else:
            feature, threshold, below = _question(_predicate(chosen), fields, narrow=narrow)
            holds_missing = gaps and _default(node, children, asked)
            number = grown.add(feature, threshold, [0.0] * width, missing_left=holds_missing == below)
            here, rest = (chosen, 0), (node, asked + 1)
            for (item, at), side in ((here, grown.left), (rest, grown.right)):
                links_of = side if below else (grown.right if side is grown.left else grown.left)
                waiting.append((item, at, links_of, number))
        if links is not None:
            links[parent] = number
    return grown.done()


def _predicate(node: Element) -> Element:
    found = [
        child
        for child in node.children
        if child.name in {"True", "False"} or child.name.endswith("Predicate")
    ]
    if len(found) != 1:
        raise Damaged("a node of a tree hasn't one predicate")
    return found[0]


def _is_certain(children: list[Element], asked: int) -> bool:
    """Whether a child takes every row that the children before it don't."""
    own = _predicate(children[asked])
    if own.name == "True":
        return True
    if asked != 1 or own.name != "SimplePredicate":
        return False
    before = _predicate(children[0])
    return before.name == "SimplePredicate" and (
        before.get("field"), before.get("value", ""), _OPPOSITES.get(before.get("operator"))
    ) == (own.get("field"), own.get("value", ""), own.get("operator"))  # fmt: skip


def _default(node: Element, children: list[Element], asked: int) -> bool:
    """Whether a missing value goes to the child that is asked for, and not to the one after it."""
    if len(children) != 2 or not _is_certain(children, 1):  # noqa: PLR2004 - two ways
        raise NotServed("a node of its tree with a default child has not two ways")
    wanted = node.get("defaultChild")
    ids = [child.get("id") for child in children]
    if wanted not in ids:
        raise Damaged("a node of a tree has a default child that doesn't exist")
    return ids[asked] == wanted


def _question(predicate: Element, fields: Fields, *, narrow: bool) -> tuple[int, float, bool]:
    """The input, the threshold, and whether the predicate holds up to it (and not above it)."""
    if predicate.name == "SimpleSetPredicate":
        array = predicate.one("Array")
        if array is None:
            raise Damaged("a SimpleSetPredicate has no Array")
        values = [word.strip('"') for word in array.text.split()]
        place = fields.indicator(predicate.get("field"), values)
        return place, _HALF, predicate.get("booleanOperator") == "isNotIn"
    if predicate.name != "SimplePredicate":
        raise NotServed(f"its tree asks by a {predicate.name[:40]}")
    name, operator = predicate.get("field"), predicate.get("operator")
    if operator in {"equal", "notEqual"}:
        return fields.indicator(name, [predicate.get("value")]), _HALF, operator == "notEqual"
    if operator not in _OPPOSITES:
        raise NotServed(f"its tree asks by {operator[:40]}")
    threshold = finite(predicate.get("value"), "a value of a SimplePredicate")
    below = operator in {"lessOrEqual", "lessThan"}
    kind: Any = np.float32 if narrow else np.float64
    threshold = float(kind(threshold))
    if operator in {"lessThan", "greaterOrEqual"}:
        threshold = float(np.nextafter(kind(threshold), kind(-np.inf)))
    return fields.number(name), threshold, below


def _leaf(node: Element, texts: list[str], classes: list[Any] | None) -> list[float]:
    if classes is None:
        return [finite(node.get("score"), "the score of a leaf")]
    found = {}
    for share in node.all("ScoreDistribution"):
        name = "probability" if "probability" in share.attributes else "recordCount"
        found[share.get("value")] = share.number(name)
    total = sum(found.values())
    if not found or not found.keys() <= set(texts) or total <= 0 or min(found.values()) < 0:
        raise NotServed("a leaf of its tree has no share of each class")
    shares = [found.get(text, 0.0) / total for text in texts]
    if texts[int(np.argmax(shares))] != node.get("score"):
        raise NotServed("a leaf of its tree decides for another class than the likeliest")
    return shares
