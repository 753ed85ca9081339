"""The real handler of the predict function, over an artifact of its own."""

from __future__ import annotations

import json
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import artifacts
import pytest

from serving import limits
from skylayer.compiler.kernel_build import use_host_kernel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
use_host_kernel()  # in the serving layer it lies beside the engine


@pytest.fixture(scope="module", autouse=True)
def _patience() -> Iterator[None]:
    """Time for every request: where others use the machine an engine measures itself as slow, and takes few rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "MAX_SECONDS", 3600.0)
        patch.setenv("SKYLAYER_MAX_SECONDS", "3600")  # of servers that a test starts
        yield


class Client:
    """Sends API Gateway events to a handler."""

    def __init__(self, lambda_handler: Callable[[dict[str, Any], Any], dict[str, Any]]) -> None:
        self._handler = lambda_handler

    def invoke(self, event: Any) -> Any:
        """What the handler gives for an event of any kind."""
        return self._handler(event, SimpleNamespace(aws_request_id="the-request-id"))

    def send(self, body: str | None, path: str = "/predict", method: str = "POST", **event: Any) -> Answer:
        whole = {
            "httpMethod": method,
            "resource": path,
            "path": path,
            "headers": {"Content-Type": "application/json"},
            "body": body,
            "isBase64Encoded": False,
            **event,
        }
        return Answer(self.invoke(whole))

    def post(self, document: Any, **headers: str) -> Answer:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        body = document if isinstance(document, str) else json.dumps(document)
        return self.send(body, headers={"Content-Type": "application/json", **names})

    def post_csv(self, body: str, **headers: str) -> Answer:
        return self.send(body, headers={"content-type": "text/csv", **headers})


class Answer:
    """What the handler gave API Gateway."""

    def __init__(self, proxied: dict[str, Any]) -> None:
        assert set(proxied) == {"statusCode", "headers", "body", "isBase64Encoded"}
        self.status: int = proxied["statusCode"]
        self.headers: dict[str, str] = proxied["headers"]
        self.body: str = proxied["body"]

    def json(self) -> Any:
        return json.loads(self.body)

    def problems(self) -> dict[str, str]:
        """Pointer -> detail of a problem document's errors."""
        assert self.headers["content-type"] == "application/problem+json"
        return {error["pointer"]: error["detail"] for error in self.json()["errors"]}


@pytest.fixture(scope="session")
def bird_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return artifacts.bird_artifact(tmp_path_factory.mktemp("birds with a space"))


@pytest.fixture(scope="session")
def birds(bird_folder: Path) -> Client:
    """The function as it is deployed, on the artifact of the birds."""
    return serve(bird_folder)


def serve(folder: Path) -> Client:
    """The function as it is deployed, on an artifact."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SKYLAYER_MODEL", str(folder))
        specification = spec_from_file_location("predict_app", ROOT / "functions" / "predict" / "app.py")
        assert specification is not None
        assert specification.loader is not None
        app = module_from_spec(specification)
        specification.loader.exec_module(app)
    return Client(app.lambda_handler)
