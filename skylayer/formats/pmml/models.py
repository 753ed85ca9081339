"""PMML's models of trees and regressions as forests."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.forest import Forest
from skylayer.formats.boosters.errors import Damaged, NotServed
from skylayer.formats.pmml.elements import parse
from skylayer.formats.pmml.fields import fields_of, target_of
from skylayer.formats.pmml.regressions import Sums, regression_of
from skylayer.formats.pmml.trees import tree_of

if TYPE_CHECKING:
    from skylayer.formats.columns import Column
    from skylayer.formats.pmml.elements import Element
    from skylayer.formats.pmml.fields import DataField, Fields

_MODELS = ("TreeModel", "MiningModel", "RegressionModel")
_MOST_MODELS = 100_000


@dataclass(frozen=True)
class PmmlModel:
    """What a document holds.

    Attributes:
        forest: What it computes.
        columns: What it reads.
        classes: Labels of a classifier; None for a regression.
    """

    forest: Forest
    columns: list[Column]
    classes: list[Any] | None


def pmml_model(content: bytes) -> PmmlModel:
    """Read a document.

    Raises:
        Damaged: It isn't XML, or an element isn't what the format says.
        NotServed: It is another model than one of trees or a regression, or has a part that isn't known here.
    """
    root = parse(content)
    if root.name != "PMML":
        raise Damaged(f"its root is {root.name[:40]}, not PMML")
    models = [child for child in root.children if child.name.endswith("Model") or child.name == "Scorecard"]
    if len(models) != 1 or models[0].name not in _MODELS:
        found = ", ".join(model.name[:40] for model in models) or "no model"
        raise NotServed(f"it holds {found}; one of {', '.join(_MODELS)} can be served")
    (model,) = models
    if model.get("isScorable", "true") != "true":
        raise NotServed("it says of itself that it can't be evaluated")
    fields = fields_of(root, model)
    target = target_of(fields, model)
    sums, classes = _model(model, fields, target)
    if not sums.trees and not len(fields.inputs):
        raise NotServed("its model reads no field")
    forest = Forest(
        sums.trees,
        sums.outputs,
        sums.bias,
        scale=sums.scale,
        divisor=sums.divisor,
        link=sums.link,
        narrow=fields.narrow(),
        complete=sums.complete,
        inputs=tuple(fields.inputs),
        weights=sums.weights_of(len(fields.inputs)),
    )
    return PmmlModel(forest, fields.described(), classes)


def _model(model: Element, fields: Fields, target: DataField | None) -> tuple[Sums, list[Any] | None]:
    """The sums of a model, and its classes."""
    if model.get("x-mathContext", "double") != "double":
        raise NotServed("it computes in single precision (x-mathContext)")
    classifier = model.get("functionName") == "classification"
    if model.name == "RegressionModel":
        return regression_of(model, fields, target)
    if model.name == "TreeModel":
        labels = _labels(target) if classifier else None
        return _rescaled(_tree(model, fields, labels), model), labels
    segments = model.one("Segmentation")
    if segments is None:
        raise Damaged("a MiningModel has no Segmentation")
    parts = [_inner(segment) for segment in segments.all("Segment")]
    if not 0 < len(parts) <= _MOST_MODELS:
        raise Damaged(f"a Segmentation has {len(parts)} segments")
    method = segments.get("multipleModelMethod")
    if method == "modelChain":
        return _chain(parts, fields, target)
    if method not in {"sum", "average"} or (classifier and method == "sum"):
        raise NotServed(f"it joins its models by {method[:40]}")
    if not all(part.name == "TreeModel" for part in parts):
        raise NotServed("it joins models that aren't trees")
    if any(part.one("Targets") is not None or part.one("LocalTransformations") is not None for part in parts):
        raise NotServed("the trees in it have targets or transformations of their own")
    labels = _labels(target) if classifier else None
    trees = [_tree(part, fields, labels) for part in parts]
    joined = replace(
        trees[0],
        trees=tuple(tree for each in trees for tree in each.trees),
        divisor=float(len(trees)) if method == "average" else 1.0,
        complete=any(each.complete for each in trees),
    )
    return _rescaled(joined, model), labels


def _inner(segment: Element) -> Element:
    """The model of a segment that takes every row."""
    if segment.one("True") is None:
        raise NotServed("it chooses among its models by a predicate")
    weight = segment.get("weight", "1")
    if weight not in {"1", "1.0"}:
        raise NotServed("it gives its models weights")
    found = [child for child in segment.children if child.name.endswith("Model")]
    if len(found) != 1 or found[0].name not in _MODELS:
        raise NotServed("it holds models that are neither trees nor regressions")
    return found[0]


def _labels(target: DataField | None) -> list[Any]:
    if target is None or len(target.values) < 2:  # noqa: PLR2004 - a choice needs two
        raise NotServed("it doesn't name the classes of its target")
    return list(target.values)


def _tree(model: Element, fields: Fields, labels: list[Any] | None) -> Sums:
    texts = [f"{label}".lower() if isinstance(label, bool) else f"{label}" for label in labels or []]
    tree = tree_of(model, fields, labels, texts)
    outputs = tree.values.shape[1]
    complete = model.get("missingValueStrategy", "none") != "defaultChild"
    return Sums((tree,), outputs, np.zeros(outputs), complete=complete)


def _rescaled(sums: Sums, model: Element) -> Sums:
    """With what the model's target does to a number."""
    targets = model.one("Targets")
    if targets is None:
        return sums
    found = list(targets.all("Target"))
    if len(found) != 1 or any(set(each.attributes) & {"min", "max", "castInteger"} for each in found):
        raise NotServed("its target limits or rounds the answers")
    if sums.outputs != 1 and set(found[0].attributes) & {"rescaleConstant", "rescaleFactor"}:
        raise NotServed("its target rescales several numbers")
    factor = found[0].number("rescaleFactor", 1.0)
    if sums.divisor != 1.0 and factor != 1.0:
        raise NotServed("it rescales an average")
    return replace(
        sums,
        scale=np.asarray(sums.scale) * factor,
        bias=sums.bias * factor + found[0].number("rescaleConstant", 0.0),
    )


def _chain(parts: list[Element], fields: Fields, target: DataField | None) -> tuple[Sums, list[Any] | None]:
    """Sums of trees, and a regression that makes probabilities of them."""
    *firsts, last = parts
    if last.name != "RegressionModel" or not firsts:
        raise NotServed("the last model of its chain is no regression")
    named: dict[str, Sums] = {}
    for part in firsts:
        outputs = part.one("Output")
        names = [] if outputs is None else [each.get("name") for each in outputs.all("OutputField")]
        if len(names) != 1 or part.get("functionName") != "regression":
            raise NotServed("a model of its chain doesn't give one number")
        found, _ = _model(part, fields, None)
        if found.weights or found.link != "identity":
            raise NotServed("a model of its chain is no sum of trees")
        named[names[0]] = found
    return regression_of(last, fields, target, named)
