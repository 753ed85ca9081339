"""Graphs of one tree ensemble as a forest of the native engine's.

ONNX says what TreeEnsembleClassifier and TreeEnsembleRegressor compute
(https://github.com/onnx/onnx/blob/main/docs/Operators-ml.md), and ONNX Runtime in which order: it adds the leaves of a
row tree by tree in float32, then the base value, and its links take one step of float32 after the other
(onnxruntime/core/providers/cpu/ml/tree_ensemble_aggregator.h).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from skylayer.compiler.forests.estimators import ForeignForestClassifier, ForeignForestRegressor
from skylayer.compiler.forests.forest import Affine, Forest
from skylayer.formats.onnx.ensembles import NotExact, attributes_of, trees_of

if TYPE_CHECKING:
    from skylayer.formats.onnx.graph import Graph
    from skylayer.formats.onnx.reference import Reference
    from skylayer.formats.onnx.signature import Answers, Feed

_ML = "ai.onnx.ml"
_CLASSIFIER, _REGRESSOR = "TreeEnsembleClassifier", "TreeEnsembleRegressor"
_LINKS = {b"NONE": "identity", b"LOGISTIC": "logistic", b"SOFTMAX": "softmax"}
_KEPT_TYPES = {"label": {7, 8}, "number": {1}}  # of TensorProto: int64 and string, float


def estimator_of(
    graph: Graph, feeds: tuple[Feed, ...], answers: Answers, reference: Reference
) -> ForeignForestClassifier | ForeignForestRegressor:
    """The estimator that a graph is.

    Args:
        graph: As it was read, without its ZipMaps.
        feeds: The columns that fill its inputs.
        answers: What its outputs are.
        reference: The same graph in ONNX Runtime.

    Raises:
        NotExact: The native engine wouldn't answer as ONNX Runtime does, or not all of it; says why.
    """
    import onnx  # noqa: PLC0415 - an optional package

    model = onnx.ModelProto()
    model.ParseFromString(graph.content)
    nodes = list(model.graph.node)
    ensembles = [node for node in nodes if node.domain == _ML and node.op_type in {_CLASSIFIER, _REGRESSOR}]
    if len(ensembles) != 1 or model.functions:
        raise NotExact("it isn't one tree ensemble of ONNX's")
    (ensemble,) = ensembles
    makers = {name: node for node in nodes for name in node.output}
    outputs, passed = _outputs(answers, makers, ensemble)
    places, before, prepared = _inputs(ensemble.input[0], makers, feeds)
    others = [node for node in nodes if node is not ensemble and id(node) not in passed | prepared]
    if others:
        raise NotExact(f"its {others[0].op_type} has no exact native equivalent")
    attributes = attributes_of(ensemble)
    names = [name for feed in feeds for name in feed.columns]
    if ensemble.op_type == _REGRESSOR:
        if outputs != [ensemble.output[0]] or answers.task != "regression":
            raise NotExact("its numbers are taken for something else")
        return ForeignForestRegressor(_regressor(attributes, places, before), names)
    if outputs != list(ensemble.output[:2]) or reference.fields != ["predictions", "probabilities"]:
        raise NotExact("it doesn't give a label and probabilities")
    labels = attributes.get("classlabels_strings") or attributes.get("classlabels_int64s") or []
    labels = [label.decode() if isinstance(label, bytes) else label for label in labels]
    if reference.classes != labels:
        raise NotExact("its classes aren't those of its probabilities")
    return ForeignForestClassifier(_classifier(attributes, places, before, len(labels)), names, labels)


def _regressor(attributes: dict[str, Any], places: list[int], before: tuple[Affine, ...]) -> Forest:
    count = int(attributes.get("n_targets", 1))
    how = attributes.get("aggregate_function", b"SUM")
    if how not in {b"SUM", b"AVERAGE"}:
        raise NotExact(f"it takes the {how.decode().lower()} of its trees")
    trees = trees_of(attributes, "target", places, count)
    return Forest(
        trees,
        count,
        _base(attributes, count),
        divisor=float(len(trees)) if how == b"AVERAGE" else 1.0,
        link=_link(attributes, count),
        single=True,
        finite=True,
        before=before,
    )


def _classifier(
    attributes: dict[str, Any], places: list[int], before: tuple[Affine, ...], count: int
) -> Forest:
    """Two classes of which leaves name one have one sum, which is the second one's whichever they name."""
    named = set(attributes.get("class_ids", []))
    if count == 2:  # noqa: PLR2004 - of two classes
        if len(named) != 1:
            raise NotExact("it sums up both of two classes")
        attributes = attributes | {"class_ids": [0] * len(attributes["class_ids"])}
        positive = all(weight >= 0 for weight in attributes["class_weights"])
        link = _link(attributes, 1)
        if link == "logistic" and positive:
            raise NotExact("its leaves are both shares and logits")
        return Forest(
            trees_of(attributes, "class", places, 1),
            1,
            _base(attributes, 1),
            link=link,
            single=True,
            finite=True,
            before=before,
            threshold=0.5 if positive else 0.0,
            negated=not positive,
        )
    return Forest(
        trees_of(attributes, "class", places, count),
        count,
        _base(attributes, count),
        link=_link(attributes, count),
        single=True,
        finite=True,
        before=before,
    )


def _link(attributes: dict[str, Any], outputs: int) -> str:
    transform = attributes.get("post_transform", b"NONE")
    link = _LINKS.get(transform)
    if link is None or (link == "softmax" and outputs == 1):
        raise NotExact(f"its post_transform is {transform.decode()}")
    return link


def _base(attributes: dict[str, Any], outputs: int) -> Any:
    base = attributes.get("base_values") or [0.0] * outputs
    if len(base) != outputs:
        raise NotExact("its base values aren't those of its outputs")
    return np.asarray(base, dtype=np.float64)


def _outputs(answers: Answers, makers: dict[str, Any], ensemble: Any) -> tuple[list[str], set[int]]:
    """The outputs of the ensemble that the graph gives, and the nodes that only pass them on."""
    chosen = [(name, "number") for name in (answers.degrees, *answers.numbers) if name is not None]
    if answers.labels is not None:
        chosen.insert(0, (answers.labels, "label"))
    found, passed = [], set()
    for name, what in chosen:
        while (node := makers.get(name)) is not None and node is not ensemble:
            kept = attributes_of(node).get("to") in _KEPT_TYPES[what]
            if node.op_type != "Identity" and not (node.op_type == "Cast" and kept):
                raise NotExact(f"its {node.op_type} has no exact native equivalent")
            passed.add(id(node))
            name = node.input[0]  # noqa: PLW2901 - the tensor before it
        found.append(name)
    return found, passed


def _inputs(
    name: str, makers: dict[str, Any], feeds: tuple[Feed, ...]
) -> tuple[list[int], tuple[Affine, ...], set[int]]:
    """The column of each feature, what happens to the columns first, and the nodes that do so."""
    steps: list[Any] = []
    done: set[int] = set()
    sources = [name]
    while (node := makers.get(name)) is not None:
        done.add(id(node))
        if node.op_type == "Concat" and attributes_of(node).get("axis") in {1, -1}:
            sources = list(node.input)
            break
        if node.op_type == "Scaler" and node.domain == _ML:
            steps.insert(0, attributes_of(node))
        elif node.op_type != "Identity":
            raise NotExact(f"its {node.op_type} has no exact native equivalent")
        name = node.input[0]
        sources = [name]
    known = {feed.name: feed for feed in feeds}
    if sorted(sources) != sorted(known):
        raise NotExact("its ensemble doesn't read each input once")
    if any(feed.type != "float" or len(feed.shape) > 1 for feed in feeds):
        raise NotExact("its inputs aren't rows of float32")
    order = [column for feed in feeds for column in feed.columns]
    places = [order.index(column) for source in sources for column in known[source].columns]
    return places, tuple(_scaler(step, places) for step in steps), done


def _scaler(attributes: dict[str, Any], places: list[int]) -> Affine:
    arrays = []
    for name, default in (("offset", 0.0), ("scale", 1.0)):
        values = np.asarray(attributes.get(name, [default]), dtype=np.float32)
        if len(values) not in {1, len(places)}:
            raise NotExact("its Scaler has another number of columns")
        placed = np.empty(len(places), dtype=np.float32)
        placed[places] = values
        arrays.append(placed)
    return Affine(*arrays)
