"""ONNX files as users bring them: converted from scikit-learn, and written node by node as networks come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnx
import onnxruntime
import pandas as pd
from onnx import TensorProto, helper, numpy_helper
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from skylayer.formats.importing import import_model

if TYPE_CHECKING:
    from pathlib import Path

RANDOM = np.random.default_rng(0)
NUMBERS = RANDOM.normal(size=(60, 3)).round(2)
LABELS = np.where(NUMBERS[:, 0] > 0.3, "high", np.where(NUMBERS[:, 1] > 0, "middle", "low"))
TOWNS = pd.DataFrame(
    {
        "size": NUMBERS[:, 0],
        "rooms": RANDOM.integers(1, 6, 60),
        "town": RANDOM.choice(["Ürgüp", "Rome", "Oslo"], 60),
    }
)


def forest(*, zipmap: bool) -> Any:
    estimator = RandomForestClassifier(5, random_state=0).fit(NUMBERS, LABELS)
    inputs = [("x", FloatTensorType([None, 3]))]
    return convert_sklearn(estimator, initial_types=inputs, options={id(estimator): {"zipmap": zipmap}})


def linear(*, zipmap: bool) -> Any:
    estimator = LogisticRegression().fit(NUMBERS, LABELS)
    inputs = [("x", FloatTensorType([None, 3]))]
    return convert_sklearn(estimator, initial_types=inputs, options={id(estimator): {"zipmap": zipmap}})


def regressor(targets: int = 1) -> Any:
    target = NUMBERS[:, 0] if targets == 1 else NUMBERS[:, :targets]
    pipeline = make_pipeline(StandardScaler(), LinearRegression()).fit(NUMBERS, target)
    return convert_sklearn(pipeline, initial_types=[("x", FloatTensorType([None, 3]))])


def pipeline_of_towns() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="error"), ["town"]), (StandardScaler(), ["size", "rooms"])
    )
    pipeline = make_pipeline(columns, LogisticRegression()).fit(TOWNS, LABELS)
    inputs = [
        ("size", FloatTensorType([None, 1])),
        ("rooms", Int64TensorType([None, 1])),
        ("town", StringTensorType([None, 1])),
    ]
    return convert_sklearn(pipeline, initial_types=inputs)


def network(last: str = "Softmax", shape: tuple[Any, ...] = ("batch", 3), outputs: int = 4) -> Any:
    """A perceptron with one hidden layer, as a framework for neural networks exports it."""
    weights = np.random.default_rng(1)
    constants = {
        "w1": weights.normal(size=(3, 8)), "b1": weights.normal(size=8),
        "w2": weights.normal(size=(8, outputs)), "b2": weights.normal(size=outputs),
    }  # fmt: skip
    nodes = [
        helper.make_node("Gemm", ["input", "w1", "b1"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("Gemm", ["r", "w2", "b2"], ["z"]),
        helper.make_node(last, ["z"], ["output"]),
    ]
    return graph(
        nodes,
        [helper.make_tensor_value_info("input", TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, ("batch", outputs))],
        {name: numpy_helper.from_array(value.astype(np.float32), name) for name, value in constants.items()},
    )


def graph(
    nodes: list[Any],
    inputs: list[Any],
    outputs: list[Any],
    constants: dict[str, Any] | None = None,
    *,
    opset: int = 17,
    domains: tuple[str, ...] = (),
) -> Any:
    made = helper.make_graph(nodes, "graph", inputs, outputs, list((constants or {}).values()))
    opsets = [helper.make_opsetid("", opset), *(helper.make_opsetid(domain, 1) for domain in domains)]
    return helper.make_model(made, opset_imports=opsets, ir_version=8)


def one(operator: str = "Relu", shape: tuple[Any, ...] = (None, 3), **options: Any) -> Any:
    """A graph of one node that takes numbers and gives numbers."""
    domain = options.pop("domain", "")
    node = helper.make_node(operator, ["x"], ["y"], domain=domain)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name in ("x", "y")]
    return graph([node], values[:1], values[1:], domains=(domain,) if domain else (), **options)


def write(model: Any, path: Path) -> Path:
    path.write_bytes(model.SerializeToString())
    return path


def bring(model: Any, home: Path, sample: pd.DataFrame | None = None, name: str = "brought") -> Path:
    """Import a model as `make import` does, with a sample written as CSV; gives the artifact."""
    path = home / f"{name}.onnx"
    path.write_bytes(model if isinstance(model, bytes) else model.SerializeToString())
    rows = None if sample is None else home / f"{name}.csv"
    if sample is not None:
        sample.to_csv(rows, index=False)
    return import_model(
        path,
        trust=None,
        sample=rows,
        name=None,
        directory=home / "artifacts",
        progress=lambda _: None,
        proof_rows=500,
    )


def asked(model: Any, feeds: dict[str, Any]) -> list[Any]:
    """What ONNX Runtime's own package answers, one thread, all outputs."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model.SerializeToString(), options)
    answers: list[Any] = session.run(None, feeds)
    return answers


__all__ = ["TensorProto", "helper", "onnx"]
