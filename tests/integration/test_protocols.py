"""Other people's clients and servers: what they get is what the estimator answers."""

from __future__ import annotations

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import default_model
import numpy as np
import pandas as pd
import pytest
from estimators import houses, penguins, reviews
from web import KEY, served

import skylayer
from serving.adapters import functions
from skylayer import project, servers
from skylayer.compiler.kernel_build import KERNEL
from skylayer.packaging import layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HEADERS = {"x-api-key": KEY}


class Live:
    """A served model: where it answers, the estimator behind it, and its data."""

    def __init__(self, url: str, folder: Path, estimator: Any, data: Any) -> None:
        self.url = url
        self.folder = folder
        self.estimator = estimator
        self.data = data
        self.version = folder.name

    def send(
        self, method: str, path: str, body: Any = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """One request: status, headers and body of its answer."""
        address = urlsplit(self.url)
        sent = body if isinstance(body, str | None) else json.dumps(body)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        with closing(HTTPConnection(str(address.hostname), address.port)) as connection:
            connection.request(method, address.path.rstrip("/") + path, sent, {**HEADERS, **named})
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read().decode()

    def post(self, path: str, body: Any, **headers: str) -> Any:
        status, _, text = self.send("POST", path, body, **headers)
        assert status == 200, text
        return json.loads(text)


@contextmanager
def live(made: tuple[Any, Any], target: str, directory: Path) -> Iterator[Live]:
    estimator, data = made
    answers = pd.Series(estimator.predict(data), name=target)
    folder = skylayer.package(estimator, data, answers, name="model", directory=directory, strict=True)
    with served(folder) as url:
        yield Live(url, folder, estimator, data)


@pytest.fixture(scope="module")
def birds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(penguins(), "species", tmp_path_factory.mktemp("models")) as found:
        yield found


@pytest.fixture(scope="module")
def prices(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(houses(), "price", tmp_path_factory.mktemp("models")) as found:
        yield found


@pytest.fixture(scope="module")
def opinions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    with live(reviews(), "opinion", tmp_path_factory.mktemp("models")) as found:
        yield found


class Triton:
    """tritonclient over HTTP, in JSON."""

    def __init__(self, stack: Live) -> None:
        self.http = pytest.importorskip("tritonclient.http", reason="uv sync --group protocols")
        self.client = self.http.InferenceServerClient(stack.url.removeprefix("http://").rstrip("/"))

    def infer(self, tensors: dict[str, tuple[str, np.ndarray[Any, Any]]], *outputs: str) -> Any:
        inputs = []
        for name, (datatype, values) in tensors.items():
            tensor = self.http.InferInput(name, values.shape, datatype)
            tensor.set_data_from_numpy(values, binary_data=False)
            inputs.append(tensor)
        wanted = [self.http.InferRequestedOutput(name, binary_data=False) for name in outputs]
        return self.client.infer("model", inputs, outputs=wanted or None, headers=HEADERS, request_id="7")


def tensors_of(frame: pd.DataFrame) -> dict[str, tuple[str, np.ndarray[Any, Any]]]:
    """One tensor for each column, of the type that it has."""
    found: dict[str, tuple[str, np.ndarray[Any, Any]]] = {}
    for name, column in frame.items():
        kind = column.dtype.kind if isinstance(column.dtype, np.dtype) else "O"
        datatype, dtype = {"f": ("FP64", "f8"), "i": ("INT64", "i8"), "b": ("BOOL", "?")}.get(
            kind, ("BYTES", "O")
        )
        found[str(name)] = (datatype, column.to_numpy().astype(dtype))
    return found


def test_tritonclient_gets_the_answers_of_the_estimator_from_a_tensor_per_column(birds: Live) -> None:
    triton = Triton(birds)
    assert triton.client.is_server_live(headers=HEADERS)
    assert triton.client.is_server_ready(headers=HEADERS)
    assert triton.client.is_model_ready("model", headers=HEADERS)
    assert triton.client.is_model_ready("model", birds.version, headers=HEADERS)
    metadata = triton.client.get_model_metadata("model", headers=HEADERS)
    assert metadata["versions"] == [birds.version]
    rows = birds.data.head(50)  # with missing values, which numpy can only say as NaN
    assert rows["body_mass_g"].isna().any()
    tensors = tensors_of(rows)
    assert [(each["name"], each["datatype"]) for each in metadata["inputs"]] == [
        (name, datatype) for name, (datatype, _) in tensors.items()
    ]
    answer = triton.infer(tensors)
    assert answer.get_response()["id"] == "7"
    assert answer.as_numpy("predictions").tolist() == birds.estimator.predict(rows).tolist()
    np.testing.assert_allclose(
        answer.as_numpy("probabilities"), birds.estimator.predict_proba(rows), atol=1e-15
    )
    alone = triton.infer(tensors, "probabilities")
    assert [output["name"] for output in alone.get_response()["outputs"]] == ["probabilities"]


def test_tritonclient_gets_the_answers_of_the_estimator_from_a_matrix(prices: Live) -> None:
    rows = prices.data.head(20)
    answer = Triton(prices).infer({"input": ("FP64", rows.to_numpy(dtype=float))})
    np.testing.assert_allclose(answer.as_numpy("predictions"), prices.estimator.predict(rows), rtol=1e-12)


def test_tritonclient_sends_texts(opinions: Live) -> None:
    texts = np.array(opinions.data[:20], dtype=object)
    answer = Triton(opinions).infer({"text": ("BYTES", texts)})
    assert answer.as_numpy("predictions").tolist() == opinions.estimator.predict(opinions.data[:20]).tolist()


@default_model.needed
def test_the_code_of_the_documents_gets_an_answer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("tritonclient.http", reason="uv sync --group protocols")
    words = (project.ROOT / "docs" / "call.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```$", words, flags=re.MULTILINE | re.DOTALL)
    with served(project.champion()) as url:
        monkeypatch.setenv("URL", url.rstrip("/"))
        monkeypatch.setenv("API_KEY", KEY)
        exec(compile(code, "docs/call.md", "exec"), {})  # noqa: S102 - it is what is tested
    assert capsys.readouterr().out.startswith("['Chinstrap'] [[")


def test_a_matrix_of_text_carries_columns_of_several_types(birds: Live) -> None:
    rows = birds.data.head(10)
    matrix = [["" if pd.isna(value) else str(value) for value in row] for row in rows.itertuples(index=False)]
    tensor = {"name": "rows", "datatype": "BYTES", "shape": [10, 6], "data": matrix}
    answer = birds.post("/v2/models/model/infer", {"inputs": [tensor]})
    assert answer["outputs"][0]["data"] == birds.estimator.predict(rows).tolist()
    assert "id" not in answer


def test_tritonclient_sees_the_error_of_the_protocol(birds: Live) -> None:
    triton = Triton(birds)
    refused = pytest.importorskip("tritonclient.utils").InferenceServerException
    with pytest.raises(refused, match=r"bill_length_mm is missing.*'wings' is not a column"):
        triton.infer({"wings": ("FP64", np.zeros(2)), "year": ("INT64", np.zeros(2, dtype="i8"))})
    with pytest.raises(refused, match="There is no model of this name; there is model"):
        triton.client.get_model_metadata("other", headers=HEADERS)


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/v2/models/model/infer", "{", 400, "not JSON"),
        ("/v2/models/model/infer", [], 400, "inference request"),
        ("/v2/models/model/infer", {}, 400, "inputs must be a list"),
        ("/v2/models/model/infer", {"inputs": [3]}, 400, "name, shape, datatype and data"),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": "INT9"}]},
            400,
            "datatype must be one of",
        ),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": "FP64", "shape": [2], "data": [1]}]},
            400,
            "the shape [2] holds 2 values, data 1",
        ),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": "FP64", "shape": [1], "data": ["1"]}]},
            400,
            "not of the datatype FP64",
        ),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": "FP64", "shape": [1, 2], "data": [1, 2]}]},
            400,
            "A matrix must have the 6 columns",
        ),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": [], "shape": [1]}]},
            400,
            "datatype",
        ),
        (
            "/v2/models/model/infer",
            {"inputs": [{"name": "a", "datatype": "BOOL", "shape": [-1]}]},
            400,
            "shape",
        ),
        ("/v2/models/model/versions/0/infer", {}, 404, "no such version"),
        ("/v2/models/model/explain", {}, 404, "nothing here"),
        ("/v2/models", {}, 404, "there is /v2/models/model"),
        ("/v2/repository/index", {}, 404, "nothing here"),
        ("/v2/models/model", {}, 405, "Use GET"),
    ],
)
def test_errors_have_the_shape_of_the_inference_protocol(
    birds: Live, path: str, body: Any, status: int, words: str
) -> None:
    got, _, text = birds.send("POST", path, body)
    assert (got, [*json.loads(text)]) == (status, ["error"]), text
    assert words in json.loads(text)["error"]


def test_a_value_that_the_schema_refuses_is_named_by_row_and_column(birds: Live) -> None:
    tensors = [
        {"name": name, "datatype": datatype, "shape": [2], "data": values[:2].tolist()}
        for name, (datatype, values) in tensors_of(birds.data).items()
    ]
    tensors[-1] |= {"datatype": "FP64", "data": [2008.0, 2008.5]}
    status, _, text = birds.send("POST", "/v2/models/model/infer", {"inputs": tensors})
    assert status == 400
    assert json.loads(text)["error"].endswith("1/5: year: expected an integer, got the number 2008.5")


def test_mlflow_s_client_gets_the_answers_of_the_estimator(prices: Live) -> None:
    client = pytest.importorskip("mlflow.pyfunc.scoring_server.client", reason="uv sync --group protocols")
    rows = prices.data.head(30)
    # Its client knows no key and no stage: the same application, open.
    with served(prices.folder, stage="", key=None) as url:
        mlflow = client.ScoringServerClient("127.0.0.1", urlsplit(url).port)
        mlflow.wait_server_ready(timeout=10)
        answer = mlflow.invoke(rows).get_predictions()
    np.testing.assert_allclose(answer.to_numpy().ravel(), prices.estimator.predict(rows), rtol=1e-12)


def test_every_format_of_the_scoring_protocol(birds: Live) -> None:
    rows = birds.data.head(20)
    expected = birds.estimator.predict(rows).tolist()
    split = json.loads(rows.to_json(orient="split"))
    records = json.loads(rows.to_json(orient="records"))
    by_column = json.loads(rows.to_json(orient="columns"))
    bodies = [
        {"dataframe_split": split},
        {"dataframe_split": {"data": split["data"]}},
        {"dataframe_records": records},
        {"instances": records},
        {"instances": split["data"], "params": {}},
        {"inputs": {name: [*values.values()] for name, values in by_column.items()}},
        {"inputs": {name: [[value] for value in values.values()] for name, values in by_column.items()}},
        {"inputs": split["data"]},
    ]
    for body in bodies:
        assert birds.post("/invocations", body, content_type="application/json") == {"predictions": expected}
    table = rows.to_csv(index=False)
    assert birds.post("/invocations", table, content_type="text/csv")["predictions"] == expected
    status, _, text = birds.send("POST", "/invocations", table, content_type="text/csv", accept="text/csv")
    assert (status, text.split()) == (200, ["prediction", *expected])
    assert birds.send("GET", "/ping")[0] == 200
    assert birds.send("GET", "/version")[2] == "2.0.0"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (3, "one of dataframe_split"),
        ({"columns": [], "data": []}, "exactly one of"),
        ({"instances": [], "inputs": []}, "exactly one of"),
        ({"instances": {}}, "must be a list"),
        ({"instances": []}, "no instances"),
        ({"instances": [{}]}, "0/island: expected a string"),
        ({"instances": [1], "params": {"predict_method": "score_samples"}}, "one of predict, predict_proba"),
        ({"dataframe_split": []}, '"columns"'),
        ({"dataframe_split": {"columns": ["a", "a"], "data": []}}, "twice"),
        ({"dataframe_split": {"columns": [None], "data": []}}, "list of names"),
        ({"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}, "row 0"),
        ({"inputs": {"a": 1}}, "list of values"),
        ({"inputs": {"a": [1], "b": []}}, "different lengths"),
    ],
)
def test_errors_have_the_shape_of_the_scoring_protocol(birds: Live, body: Any, words: str) -> None:
    status, _, text = birds.send("POST", "/invocations", body, content_type="application/json")
    assert (status, json.loads(text)["error_code"]) == (400, "BAD_REQUEST")
    assert words in json.loads(text)["message"]


@contextmanager
def started(command: list[str], environment: dict[str, str], stack: Live) -> Iterator[Live]:
    """A server that a command starts, on a free port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    where = ["--bind", f"127.0.0.1:{port}"] if "gunicorn" in command else ["--port", port]
    inherited = {name: value for name, value in os.environ.items() if name != KERNEL}
    with subprocess.Popen(
        [*command, *where],
        cwd=project.ROOT,
        env=inherited | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            direct = Live(f"http://127.0.0.1:{port}/", stack.folder, stack.estimator, stack.data)
            wait_for(direct, process)
            yield direct
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def wait_for(stack: Live, process: subprocess.Popen[bytes]) -> None:
    # A busy machine takes its time to import scikit-learn; a server that gave up is not waited for.
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if stack.send("GET", "/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.1)
    raise AssertionError("the server did not start")


def test_a_file_with_an_index_and_an_id_is_scored_where_extra_columns_are_ignored(birds: Live) -> None:
    rows = birds.data.head(5)
    expected = birds.estimator.predict(rows).tolist()
    table = rows.assign(id=range(5)).to_csv()
    status, _, text = birds.send("POST", "/predict", table, content_type="text/csv")
    assert (status, [error["detail"][:4] for error in json.loads(text)["errors"]]) == (422, ['"": ', '"id"'])
    status, headers, text = birds.send("POST", "/predict?extra=ignore", table, content_type="text/csv")
    assert (status, headers["ignored-columns"]) == (200, '"", "id"')
    assert [line.split(",")[0] for line in text.split()[1:]] == expected
    status, headers, _ = birds.send("POST", "/invocations", table, content_type="text/csv")
    assert (status, headers["ignored-columns"]) == (200, '"", "id"')


def test_kserve_s_first_protocol(birds: Live) -> None:
    records = json.loads(birds.data.head(5).to_json(orient="records"))
    answer = birds.post("/v1/models/model:predict", {"instances": records}, content_type="application/json")
    assert answer["predictions"] == birds.estimator.predict(birds.data.head(5)).tolist()
    assert json.loads(birds.send("GET", "/v1/models/model")[2]) == {"name": "model", "ready": True}


def lines_of_the_page() -> list[str]:
    page = (project.ROOT / "docs" / "call.md").read_text(encoding="utf-8")
    return re.findall(r"^\| [^|]+ \| `(uv run [^`]+)` \|$", page, flags=re.MULTILINE)


def test_the_page_has_a_line_for_each_kind_of_server() -> None:
    assert [
        next(word for word in shlex.split(line) if word in SERVERS) for line in lines_of_the_page()
    ] == SERVERS


SERVERS = ["uvicorn", "gunicorn", "functions-framework"]


@pytest.mark.parametrize("number", range(len(SERVERS)), ids=SERVERS)
def test_a_line_of_the_page_starts_a_server_that_answers_the_same(birds: Live, number: int) -> None:
    pytest.importorskip("functions_framework", reason="uv sync --group protocols")
    command = shlex.split(lines_of_the_page()[number])
    command[0] = project.uv()
    # The environment is complete, and another test must not find it changed.
    environment = {"SKYLAYER_MODEL": str(birds.folder), "UV_NO_SYNC": "1"}
    request = {"instances": json.loads(birds.data.head(5).to_json(orient="records"))}
    expected = birds.post("/predict", request, content_type="application/json")
    with started(command, environment, birds) as direct:
        for path in ("/", "/predict") if SERVERS[number] == "functions-framework" else ("/predict",):
            assert direct.post(path, request, content_type="application/json") == expected
        assert direct.send("GET", "/nowhere")[0] == 404
        assert "<title>" in direct.send("GET", "/")[2]
        assert "skylayer_requests_total{" in direct.send("GET", "/metrics")[2]


def test_what_make_build_leaves_is_all_that_a_server_needs(birds: Live, tmp_path: Path) -> None:
    pytest.importorskip("uvicorn", reason="uv sync --group protocols")
    layers.serving_layer(tmp_path / "ServingLayer")
    layers.model_layer(tmp_path / "ModelLayer", birds.folder)
    paths = [str(tmp_path / layer / "python") for layer in ("ServingLayer", "ModelLayer")]
    page = (project.ROOT / "docs" / "call.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"^(uvicorn --factory .*?) #", page, flags=re.MULTILINE)
    with started(
        [sys.executable, "-m", *line.split()], {"PYTHONPATH": os.pathsep.join(paths)}, birds
    ) as direct:
        assert json.loads(direct.send("GET", "/health")[2])["model"]["version"] == birds.version


@pytest.mark.parametrize("run_model", [functions.run_model, servers.run_model])
def test_a_request_with_get_json_alone_is_enough(
    birds: Live, monkeypatch: pytest.MonkeyPatch, run_model: Callable[[Any], tuple[Any, int, dict[str, str]]]
) -> None:
    class Request:
        def get_json(self, *, silent: bool) -> Any:
            assert silent
            return {"instances": json.loads(birds.data.head(1).to_json(orient="records"))}

    monkeypatch.setenv("SKYLAYER_MODEL", str(birds.folder))
    body, status, headers = run_model(Request())
    assert (status, headers["content-type"]) == (200, "application/json")
    assert json.loads(body)["predictions"] == birds.estimator.predict(birds.data.head(1)).tolist()
