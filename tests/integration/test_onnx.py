"""ONNX files, from the file to the answer of the real handler: what ONNX Runtime's own package says, in every bit."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_models as models
import pandas as pd
import pytest
from conftest import Client
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onnx_models import NUMBERS, TOWNS, TensorProto, bring, helper
from test_runtime_client import invoke, invoke_url_of

import skylayer
from serving import artifact, golden, model
from serving.engines import onnx as engine
from serving.engines import onnx_api
from serving.errors import Problem
from skylayer import project
from skylayer.errors import UserError
from skylayer.packaging import layers

if TYPE_CHECKING:
    from pathlib import Path

SINGLES = NUMBERS.astype(np.float32)


def client_of(folder: Path) -> Client:
    """The function as it is deployed, on an artifact."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYLAYER_MODEL", str(folder))
        specification = spec_from_file_location("onnx_app", project.ROOT / "functions" / "predict" / "app.py")
        assert specification is not None
        assert specification.loader is not None
        app = module_from_spec(specification)
        specification.loader.exec_module(app)
    return Client(app.lambda_handler)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("onnx files")


@pytest.fixture(scope="module")
def towns(home: Path) -> Path:
    return bring(models.pipeline_of_towns(), home, TOWNS.assign(target="x"), "towns")


@pytest.mark.parametrize("zipmap", [True, False])
def test_a_classifier_answers_labels_and_probabilities(zipmap: bool, tmp_path: Path) -> None:
    brought = models.linear(zipmap=zipmap)
    folder = bring(brought, tmp_path)
    answer = client_of(folder).post({"instances": NUMBERS.tolist()})
    assert answer.status == 200, answer.body
    labels, probabilities = models.asked(brought, {"x": SINGLES})
    if zipmap:
        probabilities = np.array([list(row.values()) for row in probabilities], np.float32)
    body = answer.json()
    assert body["predictions"] == labels.tolist()
    assert body["probabilities"] == probabilities.tolist()
    assert body["classes"] == ["high", "low", "middle"]
    manifest = artifact.verify(folder)
    assert (manifest["engine"], manifest["task"]) == ("onnx", "classification")
    assert [column["name"] for column in manifest["input"]["columns"]] == ["f0", "f1", "f2"]
    content = brought.SerializeToString()
    assert manifest["training"]["imported"] == {
        "file": "brought.onnx", "format": "onnx", "sha256": sha256(content).hexdigest()
    }  # fmt: skip
    assert ((folder / "model.onnx").read_bytes() == content) is not zipmap
    assert manifest["libraries"]["onnxruntime"] == manifest["engines"]["onnx"]["requirements"]["onnxruntime"]
    assert manifest["engines"]["onnx"]["opset"]["ai.onnx.ml"] == 1


@pytest.mark.parametrize("targets", [1, 2])
def test_a_regressor_answers_numbers(targets: int, tmp_path: Path) -> None:
    brought = models.regressor(targets)
    folder = bring(brought, tmp_path, pd.DataFrame(NUMBERS, columns=["a", "b", "c"]))
    answer = skylayer.open(folder).predict([dict(zip("abc", row, strict=True)) for row in NUMBERS.tolist()])
    (expected,) = models.asked(brought, {"x": SINGLES})
    assert answer["predictions"] == (expected[:, 0] if targets == 1 else expected).tolist()
    assert len(artifact.read_manifest(folder)["output"]["targets"]) == targets


def test_a_pipeline_over_texts_and_integers_answers_over_every_route(towns: Path) -> None:
    client = client_of(towns)
    columns = artifact.read_manifest(towns)["input"]["columns"]
    assert [(column["name"], column["kind"]) for column in columns] == [
        ("size", "number"), ("rooms", "integer"), ("town", "category")
    ]  # fmt: skip
    feeds = {
        "size": TOWNS[["size"]].to_numpy(np.float32),
        "rooms": TOWNS[["rooms"]].to_numpy(np.int64),
        "town": TOWNS[["town"]].to_numpy(object),
    }
    labels, mappings = models.asked(models.pipeline_of_towns(), feeds)
    rows = TOWNS.to_dict("records")
    body = client.post({"instances": rows}).json()
    assert body["predictions"] == labels.tolist()
    assert body["probabilities"] == [list(mapping.values()) for mapping in mappings]
    table = client.post_csv(TOWNS.to_csv(index=False), accept="text/csv").body.splitlines()
    assert [line.split(",")[0] for line in table[1:]] == labels.tolist()
    tensors = [
        {"name": name, "shape": [60], "datatype": kind, "data": TOWNS[name].tolist()}
        for name, kind in (("size", "FP32"), ("rooms", "INT64"), ("town", "BYTES"))
    ]
    inferred = client.send(json.dumps({"inputs": tensors}), "/v2/models/towns/infer").json()
    assert inferred["outputs"][0]["data"] == labels.tolist()
    assert client.send(None, "/openapi.json", "GET").json()["openapi"].startswith("3.1")
    assert "towns" in client.send(None, "/model", "GET").body


def test_what_the_graph_refuses_points_to_the_cell(towns: Path) -> None:
    row = TOWNS.to_dict("records")[0]

    def refused(**cells: Any) -> dict[str, str]:
        answer = client_of(towns).post({"instances": [row, row, {**row, **cells}]})
        assert answer.status == 422, answer.body
        return answer.problems()

    assert "Unknown Category" in refused(town="Paris")["/instances/2/town"]
    assert "beyond" in refused(size=1e300)["/instances/2/size"]
    assert "NUL" in refused(town="a\0b")["/instances/2/town"]
    assert "expected an integer" in refused(rooms=1.5)["/instances/2/rooms"]
    assert "expected a number, got null" in refused(size=None)["/instances/2/size"]
    with pytest.raises(Problem) as problem:  # a JSON body with one is refused before
        skylayer.open(towns).predict([row, {**row, "town": "\ud800"}])
    assert "surrogate" in str(problem.value.errors)


@pytest.mark.parametrize(("last", "task"), [("Softmax", "classification"), ("Sigmoid", "regression")])
def test_a_network_that_ends_in_softmax_is_a_classifier(last: str, task: str, tmp_path: Path) -> None:
    brought = models.network(last)
    opened = skylayer.open(bring(brought, tmp_path))
    (expected,) = models.asked(brought, {"input": SINGLES})
    answer = opened.predict(NUMBERS.tolist())
    assert opened.manifest["task"] == task
    if task == "regression":
        assert answer["predictions"] == expected.tolist()
        assert opened.manifest["output"]["targets"] == [f"output_{place}" for place in range(4)]
    else:
        assert answer["probabilities"] == expected.tolist()
        assert answer["predictions"] == expected.argmax(axis=1).tolist()
        assert answer["classes"] == [0, 1, 2, 3]


def test_missing_numbers_reach_the_graph_as_nan(tmp_path: Path) -> None:
    node = helper.make_node("IsNaN", ["x"], ["n"])
    brought = models.graph(
        [node, helper.make_node("Cast", ["n"], ["y"], to=TensorProto.FLOAT)],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (None, 2))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (None, 2))],
    )
    sample = pd.DataFrame({"a": [1.0, None, 3.0], "b": [1.0, 2.0, 3.0]})
    opened = skylayer.open(bring(brought, tmp_path, sample))
    assert [column["nullable"] for column in opened.manifest["input"]["columns"]] == [True, False]
    assert opened.predict([[None, 1]])["predictions"] == [[1.0, 0.0]]


ELEMENTS: dict[str, Any] = {
    "FLOAT16": 1.5, "FLOAT": 0.1, "DOUBLE": 0.1, "INT8": -3, "UINT8": 3, "INT16": -3, "UINT16": 3, "INT32": -3,
    "UINT32": 3, "INT64": -(2**40), "UINT64": 2**40, "BOOL": True, "STRING": "Straße",
}  # fmt: skip


@pytest.mark.parametrize("kind", ELEMENTS)
def test_every_type_of_element_goes_in_and_comes_out(kind: str, tmp_path: Path) -> None:
    code = getattr(TensorProto, kind)
    brought = models.graph(
        [helper.make_node("Identity", ["x"], ["y"])],
        [helper.make_tensor_value_info("x", code, (None, 2))],
        [helper.make_tensor_value_info("y", code, (None, 2))],
    )
    value = ELEMENTS[kind]
    sample = pd.DataFrame({"a": [value] * 4, "b": [value] * 4})
    opened = skylayer.open(bring(brought, tmp_path, sample))
    got = opened.predict([[value, value]])["predictions"][0]
    expected = float(np.float32(value)) if kind == "FLOAT" else value
    assert got == [expected, expected]
    assert type(got[0]) is type(value)


def test_golden_rows_are_those_of_onnx_runtime_and_may_move_in_the_last_digit_of_a_float(towns: Path) -> None:
    instances, answers = golden.read(towns)
    manifest = artifact.read_manifest(towns)
    feeds = {
        name: np.array([[row[name]] for row in instances], kind)
        for name, kind in (("size", np.float32), ("rooms", np.int64), ("town", object))
    }
    labels, mappings = models.asked(models.pipeline_of_towns(), feeds)
    assert answers["predictions"] == labels.tolist()
    assert answers["probabilities"] == [list(mapping.values()) for mapping in mappings]
    opened = model.load(towns)
    golden.replay(opened)
    moved = {**answers, "probabilities": [[v * (1 + 2e-7) for v in row] for row in answers["probabilities"]]}
    assert golden.difference(answers, moved) is not None
    assert golden.difference(answers, moved, golden.tolerance_of(manifest)) is None
    wrong = {**answers, "probabilities": [[v * 1.001 for v in row] for row in answers["probabilities"]]}
    assert golden.difference(answers, wrong, golden.tolerance_of(manifest)) is not None


def _external() -> Any:
    external = models.network()
    weights = external.graph.initializer[0]
    weights.ClearField("raw_data")
    weights.data_location = TensorProto.EXTERNAL
    weights.external_data.add(key="location", value="../../etc/passwd")
    return external


def _in_a_subgraph(node: Any) -> Any:
    """A node that only one branch of an If would run."""
    branches = [
        helper.make_graph([each], "branch", [], [helper.make_tensor_value_info("b", TensorProto.FLOAT, None)])
        for each in (node, helper.make_node("Relu", ["x"], ["b"]))
    ]
    return models.graph(
        [
            helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0),
            helper.make_node("Cast", ["s"], ["c"], to=TensorProto.BOOL),
            helper.make_node("If", ["c"], ["y"], then_branch=branches[0], else_branch=branches[1]),
        ],
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, (None, 3))],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (None, 3))],
    )


def _sequence() -> Any:
    brought = models.one()
    brought.graph.output[0].CopyFrom(helper.make_tensor_sequence_value_info("q", TensorProto.FLOAT, None))
    brought.graph.node.append(helper.make_node("SequenceConstruct", ["y"], ["q"]))
    return brought


def _across_the_batch() -> Any:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["m"], axes=[0], keepdims=1),
        helper.make_node("Sub", ["x", "m"], ["y"]),
    ]
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, (None, 3)) for name in "xy"]
    return models.graph(nodes, values[:1], values[1:])


def _of_type(kind: int) -> Any:
    value = helper.make_tensor_value_info("x", kind, (None, 3))
    return models.graph(
        [helper.make_node("Cast", ["x"], ["y"], to=TensorProto.FLOAT)],
        [value],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, (None, 3))],
    )


REFUSALS: dict[str, tuple[Any, str]] = {
    "external data": (_external, r"weights in other files, which aren't read: \.\./\.\./etc/passwd"),
    "custom operator": (
        lambda: models.one("Tokenize", domain="ai.onnx.contrib"),
        r"doesn't bring along: ai\.onnx\.contrib\.Tokenize",
    ),
    "custom operator in a subgraph": (
        lambda: _in_a_subgraph(helper.make_node("Mine", ["x"], ["b"], domain="my.own")),
        r"doesn't bring along: my\.own\.Mine",
    ),
    "unknown operator": (lambda: models.one("Nonsense"), r"ONNX Runtime [\d.]+ refuses .*Nonsense"),
    "newer opset": (
        lambda: models.one(opset=99),
        r"uses opset 99 of ai\.onnx, and ONNX Runtime [\d.]+ knows up to \d+",
    ),
    "no batch": (lambda: models.network(shape=(1, 3)), r"input \(tensor\(float\) of shape \[1, 3\]\) takes no batch"),
    "no columns": (lambda: models.one(shape=(None, None)), "doesn't say how many columns"),
    "too deep": (lambda: models.one(shape=(None, None, 3)), "several dimensions of any size"),
    "too wide": (lambda: models.one(shape=(None, 20_000)), "takes 20000 values in a row"),
    "deep answer": (lambda: models.one(shape=(None, 2, 2)), r"its output y has the shape \[\d+, 2, 2\]"),
    "sequence": (_sequence, r"q \(seq\(tensor\(float\)\).* can't be an output"),
    "half of a brain": (lambda: _of_type(TensorProto.BFLOAT16), r"tensor\(bfloat16\).* can't be an input"),
    "rows that lean on each other": (_across_the_batch, "depends on the other rows of a batch"),
    "texts without a sample": (models.pipeline_of_towns, r"Give some rows with the columns size, rooms, town"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS)
def test_one_line_says_why_a_graph_is_refused(case: str, tmp_path: Path) -> None:
    make, match = REFUSALS[case]
    with pytest.raises(UserError, match=match) as refusal:
        bring(make(), tmp_path)
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "artifacts").exists() or not list((tmp_path / "artifacts").rglob("*.onnx"))


def test_a_newer_format_is_refused_by_its_number(tmp_path: Path) -> None:
    newer = models.one()
    newer.ir_version = 120
    with pytest.raises(UserError, match=r"is of IR version 120, and ONNX Runtime [\d.]+ knows up to \d+"):
        bring(newer, tmp_path)


def test_what_is_no_onnx_is_told_so(tmp_path: Path) -> None:
    whole = models.network().SerializeToString()
    for content, match in [
        (whole[: len(whole) // 2], "cut off or damaged"),
        (whole[:4], "cut off or damaged"),
        (b"hello", "is not ONNX, whatever its name says"),
        (b"\0\0\0\0ORTM" + bytes(8), "ONNX Runtime's own format"),
    ]:
        with pytest.raises(UserError, match=match) as refusal:
            bring(content, tmp_path)
        assert "\n" not in str(refusal.value)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_imported_or_refused_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from(DAMAGED)))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(3, len(content)) | st.just(len(content)))
    try:
        bring(bytes(content[:cut]), tmp_path)
    except UserError as refusal:
        assert str(refusal).isprintable()  # noqa: PT017 (either is right)


DAMAGED = [
    made.SerializeToString()
    for made in (models.forest(zipmap=True), models.network(), models.regressor(), models.pipeline_of_towns())
]


@pytest.mark.slow
def test_the_command_line_refuses_with_one_line_and_code_2(tmp_path: Path) -> None:
    path = models.write(models.network(shape=(1, 3)), tmp_path / "model.onnx")
    done = subprocess.run(
        [sys.executable, "-m", "skylayer", "import", f"MODEL={path}"], cwd=project.ROOT, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "takes no batch of rows" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda frame: frame.drop(columns="town"), "lacks the columns town"),
        (lambda frame: frame.assign(town=""), "column 'town' has empty cells"),
        (
            lambda frame: frame.assign(size="big"),
            "Row 1 of the sample's column 'size' is 'big', which is no number",
        ),
        (lambda frame: frame.assign(rooms=1.5), "'rooms' is '1.5', which is no whole number of int64"),
    ],
)
def test_a_sample_that_does_not_fit_is_told_by_column(change: Any, match: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=match):
        bring(models.pipeline_of_towns(), tmp_path, change(TOWNS))


def test_metadata_name_the_columns_and_a_sample_s_header_names_those_without(tmp_path: Path) -> None:
    named = models.regressor()
    named.metadata_props.add(key="feature_names", value=json.dumps(["length", "width", "weight of it"]))
    columns = artifact.read_manifest(bring(named, tmp_path))["input"]["columns"]
    assert [column["name"] for column in columns] == ["length", "width", "weight of it"]
    sample = pd.DataFrame(NUMBERS, columns=["a", "b", "c"])
    columns = artifact.read_manifest(bring(models.regressor(), tmp_path, sample))["input"]["columns"]
    assert [column["name"] for column in columns] == ["a", "b", "c"]
    with pytest.raises(UserError, match=r"has 4 columns and the graph takes 3"):
        bring(models.regressor(), tmp_path, sample.assign(target=1))


@pytest.fixture(scope="module")
def layer(towns: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runtime layer of an ONNX model, as sam build makes it."""
    target = tmp_path_factory.mktemp("layer")
    layers.runtime_layer(target, towns)
    return target


def test_the_runtime_layer_holds_the_library_and_its_licences_alone(layer: Path) -> None:
    files = sorted(path.relative_to(layer).as_posix() for path in layer.rglob("*") if path.is_file())
    (library,) = [name for name in files if "libonnxruntime" in name]
    assert files == sorted(
        [library, "python/onnxruntime/LICENSE", "python/onnxruntime/ThirdPartyNotices.txt", "runtime.json"]
    )
    assert (layer / library).stat().st_size < 50_000_000


@pytest.mark.skipif(sys.platform != "linux", reason="wheels of other systems hold no ELF files")
@pytest.mark.parametrize(("architecture", "machine"), [("x86_64", "EM_X86_64"), ("arm64", "EM_AARCH64")])
def test_each_architecture_gets_its_own_library(
    architecture: str, machine: str, towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ARCHITECTURE", architecture)
    layers.runtime_layer(tmp_path, towns)
    (library,) = tmp_path.rglob("libonnxruntime.so.*")
    with library.open("rb") as file:
        assert ELFFile(file)["e_machine"] == machine
    assert json.loads((tmp_path / "runtime.json").read_text())["architecture"] == architecture


# What would reach a numpy or an onnxruntime of this machine is kept out: -S leaves the environment's packages aside.
LAMBDA = """
import ctypes, json, os, socket, sys
opened, load = [], ctypes.CDLL
def record(path, *rest, **more):
    opened.append((os.path.basename(str(path)), os.environ.get("ORT_DISABLE_TELEMETRY")))
    return load(path, *rest, **more)
ctypes.CDLL = record
sys.path[:0] = json.loads(sys.argv[1])
from serving import model
loaded = model.load(sys.argv[2])
answer = loaded.predict_instances(json.loads(sys.argv[3]))
def entries(folder):
    return os.listdir(folder) if os.path.isdir(folder) else []
links = map(os.path.realpath, (f"/proc/self/fd/{name}" for name in entries("/proc/self/fd")))
print(json.dumps({
    "answer": answer["predictions"], "opened": opened, "modules": sorted(sys.modules),
    "threads": len(entries("/proc/self/task")) or 1,
    "sockets": [link for link in links if "socket:" in link],
}))
"""


def test_the_layer_answers_without_numpy_telemetry_threads_or_sockets(layer: Path, towns: Path) -> None:
    paths = [str(layer / "python"), str(project.ROOT / "layers" / "serving")]
    rows = TOWNS.to_dict("records")[:3]
    unset = {engine.LIBRARY, "ORT_DISABLE_TELEMETRY"}
    done = subprocess.run(
        [sys.executable, "-S", "-E", "-c", LAMBDA, json.dumps(paths), str(towns), json.dumps(rows)],
        env={name: value for name, value in os.environ.items() if name not in unset},
        capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    said = json.loads(done.stdout)
    assert said["answer"] == skylayer.open(towns).predict(rows)["predictions"]
    (opened,) = said["opened"]
    assert opened[0].startswith("libonnxruntime.")
    assert opened[1] == "1", "telemetry has to be off before the library is loaded"
    assert not {"numpy", "pandas", "onnxruntime", "typing", "dataclasses"} & set(said["modules"])
    assert said["threads"] == 1
    assert said["sockets"] == []
    assert done.stderr == ""


def test_the_runtime_client_serves_it(layer: Path, towns: Path, tmp_path: Path) -> None:
    environment = {"PYTHONPATH": os.pathsep.join(
        [str(project.ROOT / "functions" / "predict"), str(project.ROOT / "layers" / "serving"), str(layer / "python")]
    )}  # fmt: skip
    rows = TOWNS.to_dict("records")[:5]
    event = {
        "httpMethod": "POST",
        "resource": "/predict",
        "headers": {},
        "body": json.dumps({"instances": rows}),
    }
    with invoke_url_of(towns, tmp_path, environment) as url:
        answer = invoke(url, event)
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["predictions"] == skylayer.open(towns).predict(rows)["predictions"]


def test_without_the_library_the_engine_says_so(towns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(engine.LIBRARY, raising=False)
    monkeypatch.setattr(engine, "library_in", lambda _: None)
    with pytest.raises(artifact.ArtifactError, match="the engine onnx is not in the deployed layers"):
        model.load(towns)


def test_a_library_that_cannot_be_loaded_is_told(
    towns: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "libonnxruntime.so"
    broken.write_bytes(b"no library")
    monkeypatch.setenv(engine.LIBRARY, str(broken))
    with pytest.raises(artifact.ArtifactError, match="can't be loaded"):
        model.load(towns)


def test_a_damaged_graph_is_refused_with_what_onnx_runtime_says(towns: Path, tmp_path: Path) -> None:
    skylayer.open(towns)
    manifest = artifact.read_manifest(towns)
    (tmp_path / "model.onnx").write_bytes(b"\x08\x08garbage")
    with pytest.raises(artifact.ArtifactError, match=r"ONNX Runtime [\d.]+ refuses model\.onnx"):
        engine.load(str(tmp_path), manifest)
    damaged: list[dict[str, Any]] = [
        {"inputs": [{"name": "size"}]},
        {"inputs": [], "outputs": [{}]},
        {"inputs": 3},
        {"outputs": [{"name": "output_label", "field": "predictions"}]},
    ]
    for wrong in damaged:
        entry = manifest["engines"]["onnx"] | wrong
        with pytest.raises(artifact.ArtifactError, match=r"engines\.onnx doesn't describe"):
            engine.load(str(towns), {**manifest, "engines": {"onnx": entry}})


def test_a_graph_that_nobody_asks_any_more_is_freed(towns: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    skylayer.open(towns)
    released: list[str] = []
    release = onnx_api.Runtime.release

    def record(self: onnx_api.Runtime, kind: str, thing: Any) -> None:
        released.append(kind)
        release(self, kind, thing)

    monkeypatch.setattr(onnx_api.Runtime, "release", record)
    opened = model.load(towns)
    rows = TOWNS.to_dict("records")
    opened.predict_instances(rows, bounded=False)
    assert released.count("Value") == 5  # three inputs and two outputs
    gc.disable()
    try:
        del opened
        assert released[-1] == "Session"
    finally:
        gc.enable()


def test_a_mistake_in_the_rows_is_a_problem_and_not_an_error(towns: Path) -> None:
    with pytest.raises(Problem, match="1 problem"):
        skylayer.open(towns).predict([{"size": "x", "rooms": 1, "town": "Rome"}])
