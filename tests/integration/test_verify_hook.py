"""The hook of a gradual deployment asks a function that follows a store for the rows of the version that answers."""

from __future__ import annotations

import io
import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

import skylayer
from serving import artifact, gateway, hot_swap, model, verification
from skylayer.stores import open_store, rollouts

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
X = np.random.default_rng(0).normal(size=(20, 2))


@pytest.fixture(scope="module")
def versions(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    home = tmp_path_factory.mktemp("sums")
    targets = [X @ [1.0, 2.0] * factor for factor in (1.0, 2.0, 3.0)]
    return [
        skylayer.package(LinearRegression().fit(X, y), X, y, name="sums", directory=home, proof_rows=300)
        for y in targets
    ]


class Stack:
    """A function that was deployed with version 0 and follows a store with all three, and the hook beside it."""

    def __init__(self, folder: Path, versions: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
        self.versions = versions
        self.names = [f"{version.parent.name}/{version.name}" for version in versions]
        self.directory = folder / "store"
        self.uri = f"file://{self.directory}"
        self.store = open_store(self.uri, create=True)
        for version in versions:
            self.store.push(version, lambda _: None)
        self.home = str(folder / "tmp")
        self.reported: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.lambda_handler: Callable[..., dict[str, Any]] = gateway.handler(
            lambda: model.load(str(versions[0]))
        )
        monkeypatch.setattr(boto3, "client", lambda _: self)
        monkeypatch.setenv("TARGET", "arn:of:a:version")
        monkeypatch.setenv("SKYLAYER_MODEL", str(versions[0]))
        monkeypatch.setenv("SKYLAYER_STORE", self.uri)

    def start(self) -> None:
        """A cold start: the pointer is read now and not again."""
        shipped = model.load(str(self.versions[0]))
        swap = hot_swap.HotSwap(shipped, self.uri, 3600.0, self.home)
        self.lambda_handler = gateway.handler(swap.current, swap.respond)

    def verify(self) -> str | None:
        """What the hook says when CodeDeploy calls it; it must tell CodeDeploy the same."""
        path = ROOT / "functions" / "verify" / "hook.py"
        specification = spec_from_file_location("hook", path)
        assert specification is not None
        assert specification.loader is not None
        hook = module_from_spec(specification)
        specification.loader.exec_module(hook)
        said = hook.lambda_handler({"DeploymentId": "d", "LifecycleEventHookExecutionId": "e"}, None)
        assert self.reported[-1] == said["status"] == ("Failed" if said["reason"] else "Succeeded")
        reason: str | None = said["reason"]
        return reason

    # What the hook asks of AWS.

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803
        assert FunctionName == "arn:of:a:version"
        self.events.append(json.loads(Payload))
        answer = self.lambda_handler(self.events[-1], SimpleNamespace(aws_request_id="id"))
        return {"Payload": io.BytesIO(json.dumps(answer).encode())}

    def put_lifecycle_event_hook_execution_status(self, **call: str) -> None:
        self.reported.append(call["status"])

    def rows_sent(self) -> list[Any]:
        """The golden rows that were sent last."""
        rows: list[Any] = json.loads(self.events[-1]["body"])["instances"]
        return rows


@pytest.fixture
def stack(tmp_path: Path, versions: list[Path], monkeypatch: pytest.MonkeyPatch) -> Stack:
    return Stack(tmp_path, versions, monkeypatch)


def test_without_a_store_the_layers_own_rows_are_asked(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKYLAYER_STORE", "layer")
    assert stack.verify() is None


def test_the_layers_model_answers_while_the_store_names_none(stack: Stack) -> None:
    stack.start()
    assert stack.verify() is None


def test_a_promoted_version_is_asked_for_its_own_rows(stack: Stack) -> None:
    rollouts.promote(stack.store, stack.names[1])
    stack.start()
    assert stack.verify() is None
    golden = json.loads((stack.versions[1] / artifact.GOLDEN).read_text(encoding="utf-8"))
    assert stack.rows_sent() == golden["instances"]


def test_a_promoted_version_that_answers_otherwise_is_refused(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    rollouts.promote(stack.store, stack.names[1])
    stack.start()
    engine = type(model.load(str(stack.versions[1])).engine)
    predict = engine.predict

    def other(self: Any, columns: Any, rows: int) -> Any:
        return {
            name: [value + 1e-3 for value in values] for name, values in predict(self, columns, rows).items()
        }

    monkeypatch.setattr(engine, "predict", other)
    monkeypatch.setattr(engine, "predict_json", lambda *_: None)
    monkeypatch.setattr(engine, "predict_members", lambda *_: None)
    reason = stack.verify()
    assert reason is not None
    assert reason.startswith("predictions of row 0 should be")


@pytest.mark.parametrize("weight", [0.2, 0.5, 1.0])
def test_a_challenger_with_a_share_does_not_fail_the_champion(stack: Stack, weight: float) -> None:
    rollouts.promote(stack.store, stack.names[1])
    rollouts.challenge(stack.store, stack.names[2], weight, "x-session")
    stack.start()
    assert stack.verify() is None


def test_golden_rows_that_were_altered_in_the_store_are_refused(stack: Stack) -> None:
    rollouts.promote(stack.store, stack.names[1])
    stack.start()
    path = stack.directory / "artifacts" / stack.names[1] / artifact.GOLDEN
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("1", "2", 1), encoding="utf-8")
    reason = stack.verify()
    assert reason is not None
    assert f"{stack.names[1]} is corrupt in the store: {artifact.GOLDEN} was altered" in reason


def test_a_manifest_that_was_exchanged_in_the_store_is_refused(stack: Stack) -> None:
    rollouts.promote(stack.store, stack.names[1])
    stack.start()
    artifacts = stack.directory / "artifacts"
    manifest = (artifacts / stack.names[2] / artifact.MANIFEST).read_bytes()
    (artifacts / stack.names[1] / artifact.MANIFEST).write_bytes(manifest)
    reason = stack.verify()
    assert reason is not None
    assert f"{stack.names[1]} was altered in the store" in reason


def test_another_model_than_the_layers_is_refused_where_no_store_is_followed(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_STORE", "layer")
    monkeypatch.setenv("SKYLAYER_MODEL", str(stack.versions[1]))
    assert stack.verify() == f"{stack.names[0]} answers, and the layer holds {stack.names[1]}"


def test_a_function_that_changes_its_model_all_the_time_is_refused(stack: Stack) -> None:
    first, second = (model.load(str(folder)) for folder in stack.versions[:2])
    sent = 0

    def changing(event: dict[str, Any], _: Any) -> dict[str, Any]:
        """Answers the rows of either version by the other one."""
        nonlocal sent
        if event["httpMethod"] == "GET":
            return gateway.proxy(event, "id", first)
        sent += 1
        other = second if (sent - 1) // verification.ATTEMPTS % 2 == 0 else first
        return gateway.proxy(event, "id", other)

    stack.lambda_handler = changing
    reason = stack.verify()
    assert reason is not None
    assert "no version answers its own golden rows" in reason
    assert sent == verification.ATTEMPTS * verification.VERSIONS
