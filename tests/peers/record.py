# /// script
# requires-python = ">=3.13,<3.14"
# dependencies = ["kserve", "mlflow-skinny", "pandas", "sagemaker<3", "scipy", "tritonclient[http]"]
# ///
"""`uv run --no-project tests/peers/record.py`: write what these packages' own code sends into `recorded.json`.

They bring half a gigabyte, so the project doesn't depend on them; the tests ask with what was recorded.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unittest import mock

os.environ["SAGEMAKER_SUPPRESS_V2_WARNING"] = "1"

import httpx
import kserve
import numpy as np
import pandas as pd
import tritonclient.http
from kserve.inference_client import RESTConfig
from mlflow.pyfunc.scoring_server.client import ScoringServerClient
from sagemaker import deserializers, serializers

RECORDED = Path(__file__).with_name("recorded.json")
# The rows of the model of an array and, by column, of the model of a data frame.
ROWS = [[3.5, 1.0, 0.5], [5.5, 1.0, 0.5]]
FRAME = pd.DataFrame({"island": ["Biscoe", "Torgersen"], "mass": [3540.0, 5500.0], "age": [1.0, None]})
ARRAY = np.array(ROWS)

Sent = dict[str, Any]


def sent(content: str | bytes, headers: dict[str, str], path: str) -> Sent:
    """A request, bytes that are no text in base64."""
    body = content if isinstance(content, bytes) else content.encode()
    try:
        return {"path": path, "headers": headers, "body": body.decode()}
    except UnicodeDecodeError:
        return {"path": path, "headers": headers, "base64": base64.b64encode(body).decode()}


def sagemaker() -> dict[str, Sent]:
    """What `Predictor.predict` sends: the serializer's bytes, its content type and what the deserializer accepts."""
    made = {
        "NumpySerializer": (serializers.NumpySerializer(), ARRAY, deserializers.NumpyDeserializer()),
        "NumpySerializer of a list": (serializers.NumpySerializer(), ROWS, deserializers.NumpyDeserializer()),
        "CSVSerializer": (serializers.CSVSerializer(), ROWS, deserializers.CSVDeserializer()),
        "CSVSerializer of an array": (serializers.CSVSerializer(), ARRAY, deserializers.CSVDeserializer()),
        "CSVSerializer of a row": (serializers.CSVSerializer(), ROWS[0], deserializers.CSVDeserializer()),
        "JSONSerializer": (serializers.JSONSerializer(), ROWS, deserializers.JSONDeserializer()),
        "JSONSerializer of an array": (serializers.JSONSerializer(), ARRAY, deserializers.JSONDeserializer()),
        "JSONLinesSerializer": (
            serializers.JSONLinesSerializer(),
            ROWS,
            deserializers.JSONLinesDeserializer(),
        ),
    }
    return {
        name: sent(
            serializer.serialize(data),
            {"content-type": serializer.CONTENT_TYPE, "accept": ", ".join(deserializer.ACCEPT)},
            "/invocations",
        )
        for name, (serializer, data, deserializer) in made.items()
    }


def kserve_requests() -> dict[str, Sent]:
    """What `InferenceRESTClient.infer` puts on the wire."""
    columns = [_tensor(name) for name in FRAME]
    matrix = kserve.InferInput("input", list(ARRAY.shape), "FP64")
    matrix.set_data_from_numpy(ARRAY, binary_data=False)
    binary = kserve.InferInput("input", list(ARRAY.shape), "FP64")
    binary.set_data_from_numpy(ARRAY, binary_data=True)
    rows = json.loads(FRAME.to_json(orient="records"))
    return {
        "protocol v1": _on_the_wire("v1", {"instances": rows}),
        "protocol v2, a tensor for each column": _on_the_wire(
            "v2", kserve.InferRequest("birds", columns, request_id="1")
        ),
        "protocol v2, a matrix": _on_the_wire("v2", kserve.InferRequest("birds", [matrix], request_id="1")),
        "protocol v2, binary": _on_the_wire("v2", kserve.InferRequest("birds", [binary], request_id="1")),
    }


def _infer(tensors: list[Any]) -> Sent:
    return _on_the_wire("v2", kserve.InferRequest("birds", tensors, request_id="1"))


def _tensor(name: str) -> Any:
    values = FRAME[name].to_numpy()
    texts = values.dtype == object
    tensor = kserve.InferInput(name, [len(values)], "BYTES" if texts else "FP64")
    tensor.set_data_from_numpy(values, binary_data=False)
    return tensor


def _on_the_wire(protocol: str, data: Any) -> Sent:
    got: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        got.append(request)
        return httpx.Response(200, json={"predictions": [], "model_name": "birds", "outputs": [], "id": "1"})

    async def ask() -> None:
        config = RESTConfig(protocol=protocol, transport=httpx.MockTransport(answer))
        client = kserve.InferenceRESTClient(config)
        await client.infer("http://127.0.0.1", data, model_name="birds", headers={})

    asyncio.run(ask())
    (request,) = got
    kept = {name: value for name, value in request.headers.items() if name in _KEPT}
    return sent(request.content, kept, request.url.path)


_KEPT = ("content-type", "accept", "inference-header-content-length")


def triton() -> dict[str, Sent]:
    """What `InferenceServerClient.infer` posts."""

    def tensor(values: Any, name: str, datatype: str, *, binary: bool = False) -> Any:
        made = tritonclient.http.InferInput(name, list(values.shape), datatype)
        made.set_data_from_numpy(values, binary_data=binary)
        return made

    texts = tensor(FRAME["island"].to_numpy(dtype=object), "island", "BYTES")
    numbers = [tensor(FRAME[name].to_numpy(), name, "FP64") for name in ("mass", "age")]
    extra = tensor(np.array([1, 2]), "id", "INT64")
    cases = {
        "a matrix": [tensor(ARRAY, "input", "FP64")],
        "a tensor for each column": [texts, *numbers],
        "a tensor that is no column": [texts, *numbers, extra],
        "binary": [tensor(ARRAY, "input", "FP64", binary=True)],
    }
    found = {}
    for name, inputs in cases.items():
        body, length = tritonclient.http.InferenceServerClient.generate_request_body(inputs)
        headers = {} if length is None else {"inference-header-content-length": str(length)}
        found[name] = sent(bytes(body), headers, "/v2/models/birds/infer")
    return found


def mlflow() -> dict[str, Sent]:
    """What `ScoringServerClient.invoke` posts."""
    posted = {
        "a data frame": FRAME,
        "a data frame of an array": pd.DataFrame(ROWS),
        "an array": ARRAY,
        "params": (pd.DataFrame(ROWS), {"predict_method": "predict_proba"}),
    }
    found = {}
    for name, data in posted.items():
        frame, params = data if isinstance(data, tuple) else (data, None)
        with mock.patch("requests.post") as post:
            post.return_value.status_code = 200
            post.return_value.text = '{"predictions": []}'
            ScoringServerClient("127.0.0.1", 80).invoke(frame, params)
        call = post.call_args
        found[name] = sent(call.kwargs["data"], {"content-type": "application/json"}, "/invocations")
    return found


def main() -> None:
    """Write the file anew."""
    clients = {
        "sagemaker": sagemaker(),
        "kserve": kserve_requests(),
        "tritonclient": triton(),
        "mlflow-skinny": mlflow(),
    }
    document = {name: {"version": version(name), "requests": requests} for name, requests in clients.items()}
    RECORDED.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
