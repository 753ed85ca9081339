"""An ONNX file, read and checked before ONNX Runtime sees it, and what its nodes tell of its answers."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Those whose operators ONNX Runtime brings along; every other one needs a library that this engine doesn't load.
DOMAINS = frozenset(
    {"", "ai.onnx", "ai.onnx.ml", "com.microsoft", "com.microsoft.nchwc", "com.ms.internal.nhwc"}
)
_ML = "ai.onnx.ml"
_LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
_FEATURE_NAMES = ("feature_names", "feature_names_in_", "features", "columns")
# What a label or a probability may pass on its way out without becoming another one.
_PASSED = {
    "ArrayFeatureExtractor",
    "Cast",
    "Flatten",
    "Gather",
    "Identity",
    "Reshape",
    "Squeeze",
    "Unsqueeze",
}
_SHOWN = 5


@dataclass(frozen=True)
class Graph:
    """What is in an ONNX file.

    Attributes:
        original: The file's content.
        content: The same without the ZipMap nodes, which turn probabilities into a mapping for each row.
        ir_version: Of the format.
        opset: Version of each domain of operators.
        feature_names: Of the columns of all inputs, where the file's metadata have them.
        unzipped: Each output that a ZipMap made: the tensor that it was made of, and the classes.
        classes: Each output whose nodes say which labels it gives, and these.
        normalized: Outputs that end in Softmax, so that they are probabilities of classes.
    """

    original: bytes
    content: bytes
    ir_version: int
    opset: dict[str, int]
    feature_names: tuple[str, ...] | None = None
    unzipped: dict[str, tuple[str, list[Any]]] = field(default_factory=dict)
    classes: dict[str, list[Any]] = field(default_factory=dict)
    normalized: frozenset[str] = frozenset()


def read_graph(path: Path, content: bytes) -> Graph:
    """Parse an ONNX file; nothing of it runs.

    Args:
        path: Of the file, for messages.
        content: Of the file.

    Raises:
        UserError: It is cut off, has weights in other files, or operators of its own; names them.
    """
    try:
        import onnx  # noqa: PLC0415 - an optional package
    except ImportError:
        raise UserError("onnx is not installed: make develop installs it.") from None
    from google.protobuf.message import DecodeError  # noqa: PLC0415 - comes with onnx

    model = onnx.ModelProto()
    try:
        model.ParseFromString(content)
    except DecodeError as error:
        raise UserError(f"{path} is cut off or damaged: {first_line(error)}.") from error
    if not model.graph.output:
        raise UserError(f"{path} is cut off or damaged: it holds no graph with outputs.")
    try:
        _check_texts(model)
        _refuse_external_data(path, model)
        _refuse_custom_operators(path, model)
        return _looked_at(model, content)
    except (ValueError, TypeError, LookupError) as error:  # a damaged file breaks off anywhere
        raise UserError(f"{path} is cut off or damaged: {first_line(error)}.") from error


def _looked_at(model: Any, content: bytes) -> Graph:
    unzipped = _unzip(model)
    makers = {output: node for node in model.graph.node for output in node.output}
    constants = {tensor.name: tensor for tensor in model.graph.initializer}
    names = [output.name for output in model.graph.output]
    classes = {name: _classes(name, makers, constants) for name in names}
    return Graph(
        original=content,
        content=model.SerializeToString() if unzipped else content,
        ir_version=model.ir_version,
        opset={entry.domain or "ai.onnx": entry.version for entry in model.opset_import},
        feature_names=_feature_names(model),
        unzipped=unzipped,
        classes={name: found for name, found in classes.items() if found},
        normalized=frozenset(name for name in names if _maker(name, makers) == "Softmax"),
    )


def _check_texts(model: Any) -> None:
    """Raise ValueError for a name that is no UTF-8, which protobuf gives as bytes."""
    for message in _messages(model):
        for described, value in message.ListFields():
            if described.type == described.TYPE_STRING:
                texts = [value] if isinstance(value, str | bytes) else value
                if any(isinstance(text, bytes) for text in texts):
                    raise ValueError(f"{described.full_name} is no UTF-8")


def _refuse_external_data(path: Path, model: Any) -> None:
    files = set()
    for message in _messages(model):
        if message.DESCRIPTOR.name == "TensorProto" and (message.external_data or message.data_location == 1):
            entries = {entry.key: entry.value for entry in message.external_data}
            files.add(entries.get("location", "a file without a name"))
    if files:
        raise UserError(
            f"{path} keeps weights in other files, which aren't read: {_listed(files)}. "
            "Save it as one file: onnx.save(onnx.load(path), path), without save_as_external_data."
        )


def _refuse_custom_operators(path: Path, model: Any) -> None:
    own = {(function.domain, function.name) for function in model.functions}
    custom = {
        f"{message.domain}.{message.op_type}"
        for message in _messages(model)
        if message.DESCRIPTOR.name == "NodeProto"
        and message.domain not in DOMAINS
        and (message.domain, message.op_type) not in own
    }
    if custom:
        raise UserError(
            f"{path} has operators that ONNX Runtime doesn't bring along: {_listed(custom)}. "
            "Export it with standard operators only."
        )


def _messages(message: Any) -> Iterator[Any]:
    """A message and all that are in it, whatever field they are in: subgraphs, functions, attributes."""
    waiting = [message]
    while waiting:
        current = waiting.pop()
        yield current
        for described, value in current.ListFields():
            if described.message_type is not None:
                waiting += [value] if hasattr(value, "ListFields") else list(value)


def _unzip(model: Any) -> dict[str, tuple[str, list[Any]]]:
    """Let the tensors before ZipMap nodes be the outputs; a mapping for each row says nothing more, only slower."""
    from onnx import TensorProto, helper  # noqa: PLC0415 - an optional package

    graph = model.graph
    names = {output.name for output in graph.output}
    nodes = [
        node
        for node in graph.node
        if node.op_type == "ZipMap" and node.domain == _ML and node.output[0] in names
    ]
    unzipped = {node.output[0]: (node.input[0], _labels(node)) for node in nodes}
    outputs = []
    for output in graph.output:
        if output.name in unzipped:
            source, classes = unzipped[output.name]
            outputs.append(helper.make_tensor_value_info(source, TensorProto.FLOAT, [None, len(classes)]))
        else:
            outputs.append(output)
    for node in nodes:
        graph.node.remove(node)
    kept = list({output.name: output for output in outputs}.values())
    del graph.output[:]
    graph.output.extend(kept)
    return unzipped


def _classes(name: str, makers: dict[str, Any], constants: dict[str, Any]) -> list[Any] | None:
    """The labels that an output may give, as the node that makes it says; None if none says so."""
    from onnx import numpy_helper  # noqa: PLC0415 - an optional package

    for _ in range(len(makers)):
        node = makers.get(name)
        if node is None:
            return None
        found = _labels(node)
        if found:
            return found
        if node.op_type in {"ArrayFeatureExtractor", "Gather"} and node.input[0] in constants:
            values: list[Any] = numpy_helper.to_array(constants[node.input[0]]).ravel().tolist()
            return [value.decode() if isinstance(value, bytes) else value for value in values]
        if node.op_type not in _PASSED:
            return None
        name = node.input[0]
    return None


def _maker(name: str, makers: dict[str, Any]) -> str | None:
    """The operator that makes a tensor, but for those that only pass it on."""
    for _ in range(len(makers)):
        node = makers.get(name)
        if node is None or node.op_type not in _PASSED:
            return node and node.op_type
        name = node.input[0]
    return None


def _labels(node: Any) -> list[Any]:
    for attribute in node.attribute:
        if attribute.name in _LABELS and (attribute.strings or attribute.ints):
            return [value.decode() for value in attribute.strings] or list(attribute.ints)
    return []


def _feature_names(model: Any) -> tuple[str, ...] | None:
    """Names of columns in the metadata: a JSON list, or a list with commas."""
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    for key in _FEATURE_NAMES:
        if key in metadata:
            try:
                names = json.loads(metadata[key])
            except ValueError:
                names = [name.strip() for name in metadata[key].split(",")]
            if (
                isinstance(names, list)
                and all(isinstance(name, str) and name for name in names)
                and len(set(names)) == len(names)
            ):
                return tuple(names)
    return None


def _listed(names: set[str]) -> str:
    return ", ".join(sorted(names)[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
