"""A deployed function follows a store: versions are pushed, promoted under load, corrupted, shared and rolled back."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnxruntime
import pytest
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.linear_model import LogisticRegression

from e2e.fork import Fork, copy_project, free_port
from serving.golden import difference
from skylayer.artifact import golden
from skylayer.aws import local_stack as deployments

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from skylayer.aws.local_stack import Deployment

SECONDS = 1
REQUESTS, AT_ONCE = 2000, 8


class Rollout:
    """A fork whose function follows a store, with two more trained versions in model_artifacts."""

    def __init__(self, fork: Fork) -> None:
        self.fork = fork
        self.versions: list[str] = []
        self.deployment: Deployment
        self.store = ""

    def train(self, trees: int) -> None:
        path = self.fork.folder / "training" / "pipeline.py"
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"(random_state=)\d+", rf"\g<1>{trees}", text), encoding="utf-8")
        self.fork.make("train")
        self.versions.append(self.fork.champion().name)

    def deploy(self, overrides: str) -> None:
        config = self.fork.folder / "samconfig.toml"
        text = config.read_text(encoding="utf-8")
        text = re.sub(r'"(ThrottleRate=10000 [^"]*LogRetentionDays=1)[^"]*"', rf'"\1 {overrides}"', text)
        config.write_text(text, encoding="utf-8")
        self.fork.up()
        self.deployment = self.fork.deployment()
        stacks = deployments.client(self.deployment.emulator, "cloudformation").describe_stacks()["Stacks"]
        outputs = {
            entry["OutputKey"]: entry["OutputValue"] for stack in stacks for entry in stack.get("Outputs", [])
        }
        self.store = outputs["Store"]

    def make(self, verb: str, *arguments: str) -> str:
        return self.fork.make(verb, f"STORE={self.store}", "LOCAL=1", *arguments).stdout

    def push_all(self) -> None:
        for version in self.versions:
            self.make("push", f"VERSION={version}")

    def ask(self, number: int = 0, user: str = "") -> str:
        """The version that answers a golden row, the answer being wholly its own."""
        folder = self.fork.champion().parent
        sent = self.instances[number % len(self.instances)]
        answer = self.deployment.request("/predict", {"instances": [sent]}, headers={"x-user": user})
        assert answer.status == 200, answer.body
        body: dict[str, Any] = answer.json()
        version: str = body["model"]["version"]
        assert answer.headers["model-version"] == version
        expected = self.expected(folder / version, number % len(self.instances))
        assert difference(expected, body) is None
        return version

    @property
    def instances(self) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._golden(self.fork.champion())["instances"]
        return rows

    def expected(self, folder: Path, row: int) -> dict[str, Any]:
        """What a version's own engine says to a row, asked in this process."""
        key = (folder.name, row)
        if key not in self._expected:
            import skylayer  # noqa: PLC0415

            answer = skylayer.open(folder).predict([self.instances[row]])
            self._expected[key] = {name: answer[name] for name in self._golden(folder)["answers"]}
        return self._expected[key]

    _expected: dict[tuple[str, int], dict[str, Any]] = {}  # noqa: RUF012 (versions are unique)

    def _golden(self, folder: Path) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
        return found

    def logged(self, message: str) -> list[dict[str, Any]]:
        """Lines of the function's log with this message."""
        client = deployments.client(self.deployment.emulator, "logs")
        pages = client.get_paginator("filter_log_events").paginate(logGroupName=self.deployment.log_group)
        texts = [event["message"] for page in pages for event in page["events"]]
        lines = [json.loads(text) for text in texts if text.startswith("{")]
        return [line for line in lines if line.get("message") == message]

    def wait_for(self, version: str, seconds: float = 20.0) -> float:
        """Seconds until a version answers."""
        began = time.monotonic()
        while self.ask() != version:
            assert time.monotonic() - began < seconds, f"{version} does not answer"
            time.sleep(0.1)
        return time.monotonic() - began


@pytest.fixture(scope="module")
def rollout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rollout]:
    folder = tmp_path_factory.mktemp("rollout") / "a fork"
    copy_project(folder)
    found = Rollout(Fork(folder, free_port()))
    for seed in (11, 22, 33):
        found.train(seed)
    found.fork.make("promote", f"VERSION={found.versions[0]}")
    try:
        yield found
    finally:
        found.fork.make("down", check=False)


@pytest.mark.parametrize("place", ["dynamodb", "s3"])
def test_a_promotion_goes_live_without_a_deployment(rollout: Rollout, place: str) -> None:
    _promote_twice(rollout, f"Store={place}")


def _promote_twice(rollout: Rollout, overrides: str) -> None:
    rollout.deploy(f"StoreSeconds={SECONDS} {overrides}")
    first, second, _ = rollout.versions
    assert rollout.ask() == first  # an empty store: the layer's model
    rollout.push_all()
    rollout.make("promote", f"VERSION={second}")
    assert rollout.wait_for(second) < SECONDS + 5
    rollout.make("promote", f"VERSION={first}")
    rollout.wait_for(first)
    assert "champion" in rollout.make("versions")


def test_promoting_under_load_loses_no_request(rollout: Rollout) -> None:
    first, second, _ = rollout.versions
    counted: Counter[str] = Counter()

    def ask(number: int) -> None:
        counted[rollout.ask(number)] += 1

    with ThreadPoolExecutor(AT_ONCE) as pool:
        half = pool.map(ask, range(REQUESTS // 2))
        rollout.make("promote", f"VERSION={second}")
        list(half)
        list(pool.map(ask, range(REQUESTS // 2)))
    assert sum(counted.values()) == REQUESTS
    assert set(counted) == {first, second}
    assert rollout.ask() == second


def test_a_corrupt_version_never_answers(rollout: Rollout) -> None:
    _, second, third = rollout.versions
    bucket, _, prefix = rollout.store.removeprefix("s3://").partition("/")
    client = deployments.client(rollout.deployment.emulator, "s3")
    name = rollout.fork.champion().parent.name
    listed = client.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}/artifacts/{name}/{third}/")["Contents"]
    for entry in listed:
        if not entry["Key"].endswith("manifest.json"):
            client.put_object(Bucket=bucket, Key=entry["Key"], Body=b"corrupt")
    rollout.make("promote", f"VERSION={third}")
    deadline = time.monotonic() + 30
    while not rollout.logged("model swap failed") and time.monotonic() < deadline:
        assert rollout.ask() == second
        time.sleep(0.3)
    failure = rollout.logged("model swap failed")[-1]
    assert failure["model_swap_failures"] == 1
    assert failure["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"] == "model_swap_failures"
    assert rollout.ask() == second
    rollout.make("rollback")
    time.sleep(SECONDS + 0.5)
    assert rollout.ask() == second


def test_a_challenger_answers_its_share(rollout: Rollout) -> None:
    first, second, _ = rollout.versions
    rollout.make("promote", f"VERSION={first}", "WEIGHT=0.2", "HEADER=x-user")
    deadline = time.monotonic() + 20
    while rollout.logged("request")[-1]["version"] != first and time.monotonic() < deadline:
        rollout.ask(user=f"waiting {time.monotonic()}")
    time.sleep(SECONDS + 0.5)
    for _ in range(AT_ONCE):
        rollout.ask()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        counted = Counter(pool.map(lambda n: rollout.ask(n, user=f"user {n}"), range(500)))
    tolerance = 5 * (500 * 0.2 * 0.8) ** 0.5
    assert abs(counted[first] - 100) < tolerance
    assert counted[first] + counted[second] == 500
    rollout.make("rollback")
    rollout.make("rollback")


def test_a_directory_is_followed_like_a_bucket(rollout: Rollout) -> None:
    _promote_twice(rollout, f"Store=file StorePlace={rollout.fork.folder.parent}/store")


def test_an_onnx_file_goes_live(rollout: Rollout) -> None:
    numbers = np.random.default_rng(0).normal(size=(60, 3)).round(2)
    fitted = LogisticRegression().fit(numbers, np.where(numbers[:, 0] > 0, "above", "below"))
    path = rollout.fork.folder.parent / "sides.onnx"
    converted = convert_sklearn(fitted, initial_types=[("x", FloatTensorType([None, 3]))])
    path.write_bytes(converted.SerializeToString())
    rollout.fork.make("import", f"MODEL={path}")
    version = rollout.fork.champion().name
    rollout.deploy(f"StoreSeconds={SECONDS} Store=file StorePlace={rollout.fork.folder.parent}/empty")
    libraries = (rollout.fork.folder / ".aws-sam" / "build" / "RuntimeLayer").rglob("libonnxruntime.*")
    assert len(list(libraries)) == 1
    answer = rollout.deployment.request("/predict", {"instances": numbers.tolist()})
    assert answer.status == 200, answer.body
    session = onnxruntime.InferenceSession(path.read_bytes())
    labels, mappings = session.run(None, {"x": numbers.astype(np.float32)})
    body = answer.json()
    assert body["model"]["version"] == version
    assert body["predictions"] == labels.tolist()
    expected = {"probabilities": [[row["above"], row["below"]] for row in mappings]}
    assert difference(expected, body, golden.tolerance(rollout.fork.champion())) is None
