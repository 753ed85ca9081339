"""What a further `make up` changes: only what must change, and the next answer comes from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from skylayer import deployment as deployments

if TYPE_CHECKING:
    from e2e.fork import Fork
    from skylayer.deployment import Deployment


def test_a_new_model_answers_after_up_and_nothing_else_is_published(
    fork: Fork, deployment: Deployment
) -> None:
    before = deployment.request("/health").json()["model"]["version"]
    layers = _layers(deployment)
    pipeline = fork.folder / "training" / "pipeline.py"
    text = pipeline.read_text(encoding="utf-8")
    assert "random_state=0" in text
    pipeline.write_text(text.replace("random_state=0", "random_state=1"), encoding="utf-8")
    fork.make("train")
    fork.up()
    after = fork.deployment().request("/health").json()["model"]["version"]
    assert after == fork.champion().name
    assert after != before
    changed = {name for name, arn in _layers(fork.deployment()).items() if arn != layers[name]}
    assert changed == {"skylayer-local-model"}


def test_up_again_publishes_nothing(fork: Fork, deployment: Deployment) -> None:
    before = _published(deployment)
    fork.up()
    assert _published(fork.deployment()) == before


def test_a_changed_handler_answers_after_up_and_no_layer_is_published(
    fork: Fork, deployment: Deployment
) -> None:
    layers = _layers(deployment)
    handler = fork.folder / "functions" / "predict" / "app.py"
    handler.write_text(handler.read_text(encoding="utf-8") + _MARKED, encoding="utf-8")
    fork.up()
    now = fork.deployment()
    assert now.request("/health").headers.get("x-changed") == "yes"
    assert _layers(now) == layers


_MARKED = """

_original = lambda_handler


def lambda_handler(event, context):
    answer = _original(event, context)
    answer.setdefault("headers", {})["x-changed"] = "yes"
    answer.get("multiValueHeaders", {})["x-changed"] = ["yes"]
    return answer
"""


def _layers(deployment: Deployment) -> dict[str, str]:
    """The layer versions that the alias uses, by layer."""
    function = deployments.client(deployment.emulator, "lambda").get_function(
        FunctionName=deployment.function, Qualifier="live"
    )
    arns = [layer["Arn"] for layer in function["Configuration"]["Layers"]]
    return {arn.split(":")[6]: arn for arn in arns}


def _published(deployment: Deployment) -> dict[str, Any]:
    """Every version of the function and of its layers."""
    lambdas = deployments.client(deployment.emulator, "lambda")
    versions = lambdas.list_versions_by_function(FunctionName=deployment.function)["Versions"]
    layers = {
        name: [version["Version"] for version in lambdas.list_layer_versions(LayerName=name)["LayerVersions"]]
        for name in _layers(deployment)
    }
    return {"function": [version["Version"] for version in versions], "layers": layers}
