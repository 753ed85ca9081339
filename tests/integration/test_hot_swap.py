"""A running function follows a store: swapped under load, never by something broken, shared as the pointer says."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx_models
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.dummy import DummyRegressor
from sklearn.linear_model import LinearRegression

import skylayer
from serving import gateway, hot_swap, model
from serving.engines import onnx as onnx_engine
from serving.engines import sklearn as sklearn_engine
from skylayer.stores import open_store, rollouts

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.stores.interface import Store

X = np.random.default_rng(0).normal(size=(20, 2))


def package(home: Path, factor: float, estimator: Any = None) -> Path:
    y = X @ [1.0, 2.0] * factor
    return skylayer.package(
        (estimator or LinearRegression()).fit(X, y), X, y, name="sums", directory=home, proof_rows=300
    )


def reference_of(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("sums")
    return [package(home, factor) for factor in (1.0, 2.0, 3.0)]


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(hot_swap, "monotonic", clock)
    return clock


class Running:
    """A function that has shipped with version 1 and follows a store with versions 1 and 2."""

    def __init__(self, folder: Path, versions: list[Path]) -> None:
        self.uri = f"file://{folder}/store"
        self.versions = versions
        self.names = [reference_of(version) for version in versions]
        self.store: Store = open_store(self.uri, create=True)
        for version in versions:
            self.store.push(version, lambda _: None)
        self.home = folder / "tmp"
        self.start()

    def start(self) -> None:
        self.swap = hot_swap.HotSwap(model.load(str(self.versions[0])), self.uri, 10.0, str(self.home))
        self.handler = gateway.handler(self.swap.current, self.swap.respond)

    def ask(self, value: float = 1.0, **headers: str) -> dict[str, Any]:
        event = {
            "httpMethod": "POST",
            "resource": "/predict",
            "headers": {"content-type": "application/json", **headers},
            "body": json.dumps({"instances": [[value, 1.0]]}),
        }
        answer = self.handler(event, SimpleNamespace(aws_request_id="id"))
        assert answer["statusCode"] == 200, answer["body"]
        body: dict[str, Any] = json.loads(answer["body"])
        assert answer["headers"]["model-version"] == body["model"]["version"]
        factor = 1 + [name.partition("/")[2] for name in self.names].index(body["model"]["version"])
        assert body["predictions"][0] == pytest.approx((value + 2.0) * factor), "an answer of two versions"
        return body

    def answering(self) -> str:
        found = self.ask()["model"]
        return f"{found['name']}/{found['version']}"


@pytest.fixture
def running(tmp_path: Path, versions: list[Path], clock: Clock) -> Running:  # noqa: ARG001
    return Running(tmp_path, versions)


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Callable[[str], list[Any]]:
    caplog.set_level(logging.INFO, "skylayer")

    def found(message: str) -> list[Any]:
        return [record for record in caplog.records if record.message == message]

    return found


def test_a_promotion_is_seen_after_the_seconds_and_not_before(
    running: Running, clock: Clock, lines: Any
) -> None:
    assert running.answering() == running.names[0]
    rollouts.promote(running.store, running.names[1])
    clock.now += 9.9
    assert running.answering() == running.names[0]
    clock.now += 0.2
    assert running.answering() == running.names[1]
    assert [line.version for line in lines("model swapped")] == [running.names[1].partition("/")[2]]
    rollouts.roll_back(
        _promoted(running.store, running.names[0]),
    )
    clock.now += 10.1
    assert running.answering() == running.names[1]


def _promoted(store: Store, name: str) -> Store:
    rollouts.promote(store, name)
    return store


def test_a_cold_start_begins_with_the_champion_of_the_store(running: Running) -> None:
    rollouts.promote(running.store, running.names[1])
    running.start()
    assert running.answering() == running.names[1]


def test_a_cold_start_without_the_store_serves_the_layer_s_model(
    tmp_path: Path, versions: list[Path], lines: Any
) -> None:
    uris = [f"file://{tmp_path}/gone", "s3://127.0.0.1:9/nothing", "nonsense"]
    for uri in uris:
        alone = hot_swap.HotSwap(model.load(str(versions[0])), uri, 10.0, str(tmp_path / "home"))
        assert alone.current().reference["version"] == versions[0].name
    failures = lines("model swap failed")
    assert len(failures) == len(uris)
    assert all(line.model_swap_failures == 1 for line in failures)


def _break_nothing(running: Running) -> None:
    """The version is in the pointer and not in the store."""
    Path(running.uri.removeprefix("file://"), "artifacts", running.names[2], "manifest.json").unlink()


def _break_files(running: Running) -> None:
    folder = Path(running.uri.removeprefix("file://"), "artifacts", running.names[2])
    for path in folder.iterdir():
        if path.name != "manifest.json":
            path.write_bytes(path.read_bytes()[:-1] + b"!")


def _break_manifest(running: Running) -> None:
    path = Path(running.uri.removeprefix("file://"), "artifacts", running.names[2], "manifest.json")
    path.write_text(path.read_text().replace('"rows"', '"lines"'))


def _break_pointer(running: Running) -> None:
    Path(running.uri.removeprefix("file://"), "pointer").write_text('{"format": 1, "champion": "../../etc"}')


@pytest.mark.parametrize("damage", [_break_nothing, _break_files, _break_manifest, _break_pointer])
def test_the_last_good_version_answers_when_the_new_one_is_broken(
    running: Running, clock: Clock, lines: Any, damage: Any
) -> None:
    rollouts.promote(running.store, running.names[1])
    clock.now += 11
    assert running.answering() == running.names[1]
    rollouts.promote(running.store, running.names[2])
    damage(running)
    clock.now += 11
    assert running.answering() == running.names[1]
    (failure,) = lines("model swap failed")
    assert failure.answering == running.names[1].partition("/")[2]
    assert failure._aws["CloudWatchMetrics"][0]["Metrics"] == [  # noqa: SLF001
        {"Name": "model_swap_failures", "Unit": "Count"}
    ]
    assert running.names[2].replace("/", "-") not in [path.name for path in running.home.iterdir()]


def test_a_broken_version_is_left_alone_for_longer_and_a_rollback_is_seen_at_once(
    running: Running, clock: Clock, lines: Any
) -> None:
    rollouts.promote(running.store, running.names[1])
    rollouts.promote(running.store, running.names[2])
    _break_files(running)
    for _ in range(20):
        clock.now += 10.1
        assert running.answering() == running.names[0]
    assert 3 <= len(lines("model swap failed")) <= 6
    rollouts.roll_back(running.store)
    clock.now += 10.1
    assert running.answering() == running.names[1]


def test_golden_rows_that_differ_are_not_served(
    running: Running, clock: Clock, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = model.load(str(running.versions[2])).manifest["engine"]
    predict = type(model.load(str(running.versions[2])).engine).predict

    def other(self: Any, columns: Any, rows: int) -> dict[str, list[Any]]:
        return {
            name: [value + 1e-3 for value in values] for name, values in predict(self, columns, rows).items()
        }

    rollouts.promote(running.store, running.names[2])
    clock.now += 11
    monkeypatch.setattr(type(model.load(str(running.versions[2])).engine), "predict", other)
    running.swap.current()
    monkeypatch.undo()
    assert engine in {"sklearn", "native"}
    assert "golden rows" in lines("model swap failed")[0].reason


def test_an_engine_that_the_layers_lack_is_named(
    running: Running, clock: Clock, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(*_: object) -> object:
        raise ModuleNotFoundError("No module named 'joblib'", name="joblib")

    rollouts.promote(running.store, running.names[1])
    monkeypatch.setattr(sklearn_engine, "load", missing)
    monkeypatch.setattr("serving.engines.load", missing)
    clock.now += 11
    assert running.answering() == running.names[0]
    assert "is not in the deployed layers: there is no joblib" in lines("model swap failed")[0].reason


def test_an_onnx_version_answers_once_the_layers_have_its_library(
    running: Running, clock: Clock, lines: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fitted = LinearRegression().fit(X, X @ [1.0, 2.0] * 5)
    converted = convert_sklearn(fitted, initial_types=[("x", FloatTensorType([None, 2]))])
    brought = onnx_models.bring(converted, tmp_path, name="sums")
    running.store.push(brought, lambda _: None)
    rollouts.promote(running.store, reference_of(brought))
    clock.now += 11
    with monkeypatch.context() as layers:
        layers.delenv(onnx_engine.LIBRARY, raising=False)
        layers.setattr(onnx_engine, "library_in", lambda _: None)
        assert running.answering() == running.names[0]
    (failure,) = lines("model swap failed")
    assert "the engine onnx is not in the deployed layers: there is no libonnxruntime" in failure.reason
    clock.now += 11
    now = running.swap.current()
    assert now.reference["version"] == brought.name
    assert now.predict_instances([[1.0, 1.0]])["predictions"] == pytest.approx([15.0])


def test_a_full_disk_changes_nothing(
    running: Running, clock: Clock, lines: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.stores.download.shutil.disk_usage", lambda _: SimpleNamespace(free=10))
    rollouts.promote(running.store, running.names[1])
    clock.now += 11
    assert running.answering() == running.names[0]
    assert "bytes, which" in lines("model swap failed")[0].reason


def test_old_versions_leave_the_disk(running: Running, clock: Clock) -> None:
    for name in [*running.names[1:], running.names[1], running.names[2]]:
        rollouts.promote(running.store, name)
        clock.now += 11
        assert running.answering() == name
    assert len(list(running.home.iterdir())) <= 2


def test_a_challenger_gets_its_share_and_keeps_its_clients(running: Running, clock: Clock) -> None:
    rollouts.promote(running.store, running.names[0])
    rollouts.challenge(running.store, running.names[1], 0.2, "x-session")
    clock.now += 11
    requests = 2000
    by_row = Counter(running.ask(value)["model"]["version"] for value in range(requests))
    by_client = [
        running.ask(1.0, **{"X-Session": f"client {n}"})["model"]["version"] for n in range(requests)
    ]
    again = [running.ask(n, **{"X-Session": f"client {n}"})["model"]["version"] for n in range(requests)]
    assert by_client == again
    # Five standard deviations of a binomial distribution: one run in two million would miss by chance.
    tolerance = 5 * (requests * 0.2 * 0.8) ** 0.5
    challenger = running.names[1].partition("/")[2]
    for counted in (by_row, Counter(by_client)):
        assert abs(counted[challenger] - requests * 0.2) < tolerance
    rollouts.roll_back(running.store)
    clock.now += 11
    assert running.ask(0.0)["model"]["version"] == running.names[0].partition("/")[2]


def test_a_shadow_scores_and_never_answers(running: Running, clock: Clock, lines: Any) -> None:
    rollouts.promote(running.store, running.names[0])
    rollouts.set_shadow(running.store, running.names[1])
    clock.now += 11
    for value in range(20):
        assert running.ask(value)["model"]["version"] == running.names[0].partition("/")[2]
    logged = lines("shadow")
    assert len(logged) == 20
    assert logged[4].shadow_version == running.names[1].partition("/")[2]
    assert (logged[4].rows, logged[4].differing) == (1, 1)
    assert logged[4].largest_difference == pytest.approx(6.0)
    assert "predictions" not in vars(logged[4])


def test_a_shadow_that_fails_harms_nobody(running: Running, clock: Clock, lines: Any, tmp_path: Path) -> None:
    other = X[:, :1]
    path = skylayer.package(
        DummyRegressor().fit(other, other[:, 0]),
        other,
        other[:, 0],
        name="one",
        directory=tmp_path,
        proof_rows=300,
    )
    running.store.push(path, lambda _: None)
    rollouts.promote(running.store, running.names[0])
    rollouts.set_shadow(running.store, reference_of(path))
    clock.now += 11
    assert running.answering() == running.names[0]
    assert lines("shadow")[0].error == "Problem"


def test_promoting_under_load_loses_no_request(running: Running, clock: Clock) -> None:
    counted: Counter[str] = Counter()
    lock = threading.Lock()

    def client(number: int) -> None:
        for request in range(250):
            found = running.ask(number * 1000 + request)["model"]["version"]
            with lock:
                counted[found] += 1
                asked = sum(counted.values())
            if asked == 1000:
                rollouts.promote(running.store, running.names[1])
                clock.now += 11

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(client, range(8)))
    assert sum(counted.values()) == 2000
    assert set(counted) == {name.partition("/")[2] for name in running.names[:2]}
    assert running.answering() == running.names[1]


def test_without_a_store_nothing_of_it_is_imported(versions: list[Path]) -> None:
    program = (
        "import sys; from serving import gateway; gateway.start();"
        "lazy = 'boto', 'serving.stores', 'serving.hot_swap';"
        "print([name for name in sys.modules if name.startswith(lazy)])"
    )
    environment = {
        **os.environ,
        "SKYLAYER_MODEL": str(versions[0]),
        "PYTHONPATH": str(Path(gateway.__file__).parents[1]),
    }
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
