"""The pipeline converted by skl2onnx and served by ONNX Runtime on one thread, as their documentation does."""

import json
import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("model.onnx", options, providers=["CPUExecutionProvider"])


def column(values, kind):
    """Shape one input (rows, 1): float32 with NaN for a missing number, "nan" for a missing category."""
    if kind == "tensor(string)":
        values = ["nan" if value is None else value for value in values]
        return np.array(values, dtype=object).reshape(-1, 1)
    return np.array(values, dtype=np.float32).reshape(-1, 1)


def lambda_handler(event, context):
    rows = json.loads(event["body"])["instances"]
    inputs = {
        field.name: column([row[field.name] for row in rows], field.type) for field in session.get_inputs()
    }
    labels, probabilities = session.run(None, inputs)
    answer = {"predictions": labels.tolist(), "probabilities": probabilities.tolist()}
    return {"statusCode": 200, "body": json.dumps(answer)}
