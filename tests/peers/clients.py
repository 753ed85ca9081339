"""Requests as each client writes them, against two small models behind the real handler of API Gateway's events.

Those of packages whose code makes them are theirs, byte by byte: `recorded.json`, written by record.py.
"""

from __future__ import annotations

import base64
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.tree import DecisionTreeClassifier

import skylayer
from serving import gateway, model
from skylayer.compiler.kernel_build import use_host_kernel

if TYPE_CHECKING:
    from collections.abc import Callable

JSON, CSV = "application/json", "text/csv"
TRITON = "tritonclient"
# Fitted on an array, whose columns have no names.
ARRAY = "array"
# Fitted on a data frame of island, mass and age, the age missing here and there.
FRAME = "frame"

BIRDS = pd.DataFrame({
    "island": ["Dream", "Biscoe", "Torgersen"] * 20,
    "mass": [3500.0 + 40 * number for number in range(60)],
    "age": [None if number % 7 == 0 else number % 5 for number in range(60)],
})  # fmt: skip
LABELS = ["light" if mass < 4500 else "heavy" for mass in BIRDS["mass"]]
TWO = BIRDS.iloc[[1, 50]]
ROWS = [[3.5, 1.0, 0.5], [5.5, 1.0, 0.5]]
UNNAMED = pd.DataFrame(ROWS)
_SHOWN = 76
RECORDED = Path(__file__).with_name("recorded.json")


@dataclass(frozen=True)
class Case:
    """One request of a client."""

    client: str
    sends: str
    model: str
    path: str
    body: str | bytes = ""
    kind: str = JSON
    accept: str | None = None
    method: str = "POST"
    more: dict[str, Any] = field(default_factory=dict)


def recorded(client: str, package: str, name: str, sends: str, model: str) -> Case:
    """A request that a package's own code has written: see record.py."""
    request = json.loads(RECORDED.read_text(encoding="utf-8"))[package]["requests"][name]
    body = base64.b64decode(request["base64"]) if "base64" in request else request["body"]
    return Case(client, sends, model, request["path"], body, more={"headers": request["headers"]})


def fitted() -> dict[str, tuple[Any, Any]]:
    """The two estimators, each with the data that it was fitted on."""
    numbers = np.array(
        [[mass / 1000, 1, age or 0] for mass, age in zip(BIRDS["mass"], BIRDS["age"], strict=True)]
    )
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["island"]), (SimpleImputer(), ["mass", "age"])
    )
    tree = DecisionTreeClassifier(max_depth=1, random_state=0)
    made: dict[str, tuple[Any, Any]] = {
        ARRAY: (DecisionTreeClassifier(max_depth=1, random_state=0), np.nan_to_num(numbers)),
        FRAME: (make_pipeline(columns, tree), BIRDS),
    }
    for estimator, data in made.values():
        estimator.fit(data, LABELS)
    return made


def served(directory: Path) -> Callable[[Case], dict[str, Any]]:
    """What asks the handler of a case's model.

    Args:
        directory: Where the two models may be written.
    """
    use_host_kernel()
    handlers = {}
    for name, (estimator, data) in fitted().items():
        folder = skylayer.package(estimator, data, LABELS, name="birds", directory=directory / name)
        handlers[name] = _handler(folder)

    def ask(case: Case) -> dict[str, Any]:
        binary = isinstance(case.body, bytes)
        body = base64.b64encode(case.body).decode() if isinstance(case.body, bytes) else case.body
        headers = {"content-type": case.kind} | ({"accept": case.accept} if case.accept else {})
        event = {"httpMethod": case.method, "path": case.path, "headers": headers, "body": body}
        return handlers[case.model]({**event, "isBase64Encoded": binary, **case.more}, None)

    return ask


def _handler(folder: Path) -> Callable[[dict[str, Any], Any], dict[str, Any]]:
    loaded = model.load(folder)
    return gateway.handler(lambda: loaded)


def _table(frame: pd.DataFrame, **how: Any) -> str:
    return str(frame.to_csv(**how))


def _json(**members: Any) -> str:
    return json.dumps(members)


RECORDS: list[dict[str, Any]] = json.loads(TWO.to_json(orient="records"))
INVOCATIONS, PREDICT = "/invocations", "/predict"

CASES = [
    recorded("MLflow", "mlflow-skinny", "a data frame of an array",
             "`ScoringServerClient.invoke(DataFrame(array))`: `dataframe_split`, columns 0, 1, 2", ARRAY),
    recorded("MLflow", "mlflow-skinny", "a data frame", "a `DataFrame` with `NaN`", FRAME),
    recorded("MLflow", "mlflow-skinny", "an array", "an array: `inputs`", ARRAY),
    Case("MLflow", "`dataframe_records` with an `id`", FRAME, INVOCATIONS,
         _json(dataframe_records=[{"id": 7, **row} for row in RECORDS])),
    Case("MLflow", '`inputs` by column `"0"`, `"1"`, …', ARRAY, INVOCATIONS,
         _json(inputs={str(name): values for name, values in UNNAMED.to_dict(orient="list").items()})),
    Case("MLflow", "`df.to_csv(index=False)`", FRAME, INVOCATIONS, _table(TWO, index=False), CSV),
    Case("MLflow", "`df.to_csv()`, with its index", FRAME, INVOCATIONS, _table(TWO), CSV),
    recorded("MLflow", "mlflow-skinny", "params", '`params: {"predict_method": "predict_proba"}`', ARRAY),
    Case("MLflow", "other `params`", ARRAY, INVOCATIONS, _json(instances=ROWS, params={"temperature": 1})),
    Case("MLflow", "a text in a column of numbers", FRAME, INVOCATIONS,
         _json(dataframe_records=[{**RECORDS[0], "mass": "heavy"}])),
    Case("TensorFlow Serving", "`signature_name` beside `instances`", ARRAY, INVOCATIONS,
         _json(signature_name="serving_default", instances=ROWS)),
    recorded("SageMaker", "sagemaker", "NumpySerializer",
             "`NumpySerializer`, `NumpyDeserializer`: an array in and out", ARRAY),
    recorded("SageMaker", "sagemaker", "CSVSerializer", "`CSVSerializer`, `CSVDeserializer`: no header", ARRAY),
    recorded("SageMaker", "sagemaker", "CSVSerializer of a row", "`CSVSerializer` of one row", ARRAY),
    recorded("SageMaker", "sagemaker", "JSONSerializer", "`JSONSerializer`: a list of rows", ARRAY),
    recorded("SageMaker", "sagemaker", "JSONLinesSerializer", "`JSONLinesSerializer`, `JSONLinesDeserializer`", ARRAY),
    Case("SageMaker", "batch transform asks how to cut a file", ARRAY, "/execution-parameters", method="GET"),
    recorded("KServe", "kserve", "protocol v1",
             "`InferenceRESTClient`, protocol v1: `POST /v1/models/birds:predict`", FRAME),
    recorded("KServe", "kserve", "protocol v2, a tensor for each column", "`InferRequest`, one tensor for each column",
             FRAME),
    recorded("KServe", "kserve", "protocol v2, a matrix", "`InferRequest`, a matrix", ARRAY),
    recorded("KServe", "kserve", "protocol v2, binary", "`set_data_from_numpy(…)`, binary by default", ARRAY),
    recorded(TRITON, TRITON, "a matrix", "`set_data_from_numpy(…, binary_data=False)`, a matrix", ARRAY),
    recorded(TRITON, TRITON, "a tensor for each column", "one tensor for each column, with `NaN`", FRAME),
    recorded(TRITON, TRITON, "a tensor that is no column", "a tensor that is no column", FRAME),
    recorded(TRITON, TRITON, "binary", "`binary_data=True`", ARRAY),
    Case("`requests`", "rows with an `id`", FRAME, PREDICT, _json(instances=[{"id": 7, **RECORDS[0]}])),
    Case("`requests`", "the same, `?extra=ignore`", FRAME, PREDICT, _json(instances=[{"id": 7, **RECORDS[0]}]),
         more={"queryStringParameters": {"extra": "ignore"}}),
    Case("pandas", "CSV with `NaN`, short rows and blank lines", FRAME, PREDICT,
         "mass,island,age\n3540,Biscoe,NaN\n\n5500,Dream\n", CSV),
    Case("pandas", "CSV without a column that may be missing", FRAME, PREDICT, "mass,island\n3540,Biscoe\n", CSV),
    Case("pandas", "CSV with a name misspelt", FRAME, PREDICT, "mass,island,aeg\n3540,Biscoe,1\n", CSV,
         more={"queryStringParameters": {"extra": "ignore"}}),
    Case("an uptime monitor", "`HEAD /health`", FRAME, "/health", method="HEAD"),
]  # fmt: skip


def row_of(case: Case, answer: dict[str, Any]) -> str:
    """A line of the table: who sends what, and what comes back."""
    headers = answer["headers"]
    kind = headers["content-type"].partition(";")[0]
    told = "".join(
        f", `{name}: {headers[name]}`"
        for name in ("ignored-columns", "ignored-members", "missing-columns")
        if name in headers
    )
    return f"| {case.client} | {case.sends} | {answer['statusCode']} {_content(answer, kind)}{told} |"


def _content(answer: dict[str, Any], kind: str) -> str:
    body: str = answer["body"]
    if answer["isBase64Encoded"]:
        array = np.load(io.BytesIO(base64.b64decode(body)))
        return f"an array of {array.tolist()}"
    if not body:
        return "and no body"
    if answer["statusCode"] != 200:
        document = json.loads(body)
        said = document.get("errors", [document])[0]
        body = said.get("message") or said.get("error") or said["detail"]
        return _code(body)
    if kind == JSON:
        document = json.loads(body)
        if "model_version" in document:
            first = document["outputs"][0]
            return _code(
                json.dumps({"outputs": [{"name": first["name"], "data": first["data"]}]})[:-2] + ", …]}"
            )
        if "model" in document:
            return _code(json.dumps({"predictions": document["predictions"]})[:-1] + ", …}")
    return _code(body.replace("\r\n", "\n").strip().replace("\n", " ⏎ "))


def _code(text: str) -> str:
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return f"`{shown.replace('|', chr(92) + '|')}`"
