"""What a further `make up` changes: only what must change, and the next answer comes from it."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import default_model

from serving import artifact
from skylayer.aws import local_stack as deployments
from skylayer.aws import sam

if TYPE_CHECKING:
    from pathlib import Path

    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment


@default_model.needed
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
    assert changed == {f"{sam.stack_name('local')}-model"}


def test_up_again_publishes_nothing(fork: Fork, deployment: Deployment) -> None:
    before = _published(deployment)
    fork.up()
    assert _published(fork.deployment()) == before


def test_a_model_that_answers_otherwise_than_its_estimator_is_not_deployed(
    fork: Fork, deployment: Deployment
) -> None:
    good = fork.champion()
    before = deployment.request("/health").json()["model"]["version"]
    published = _published(deployment)
    pointer = fork.folder / "model_artifacts" / "champion"
    bad = _with_other_golden_rows(good)
    pointer.write_text(f"{bad.parent.name}/{bad.name}\n", encoding="utf-8")
    try:
        refused = fork.make("up", f"PORT={fork.port}", check=False)
        assert refused.returncode == 2
        assert "What was built does not answer as the estimator did: predictions of row 0" in refused.stderr
        assert deployment.request("/health").json()["model"]["version"] == before
        assert _published(deployment) == published
    finally:
        pointer.write_text(f"{good.parent.name}/{good.name}\n", encoding="utf-8")
        shutil.rmtree(bad)


def test_another_value_of_a_parameter_holds_after_up_and_no_layer_is_published(
    fork: Fork, deployment: Deployment
) -> None:
    layers = _layers(deployment)
    settings = fork.folder / "samconfig.toml"
    text = settings.read_text(encoding="utf-8")
    assert "ThrottleRate=10000" in text
    chosen = "ThrottleRate=10000 CorsOrigin=https://example.com"
    settings.write_text(text.replace("ThrottleRate=10000", chosen), encoding="utf-8")
    fork.up()
    now = fork.deployment()
    assert now.request("/health").headers.get("access-control-allow-origin") == "https://example.com"
    assert _layers(now) == layers


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


def _with_other_golden_rows(good: Path) -> Path:
    """The same model, its digests in order, whose golden rows claim other labels."""
    draft = good.with_name("draft")
    shutil.copytree(good, draft)
    rows = json.loads((draft / artifact.GOLDEN).read_text(encoding="utf-8"))
    labels = rows["answers"]["predictions"]
    other = {label: next(one for one in labels if one != label) for label in set(labels)}
    rows["answers"]["predictions"] = [other[label] for label in labels]
    (draft / artifact.GOLDEN).write_text(json.dumps(rows), encoding="utf-8")
    manifest = json.loads((draft / artifact.MANIFEST).read_text(encoding="utf-8"))
    manifest["files"][artifact.GOLDEN] = {
        "sha256": artifact.digest_of(draft / artifact.GOLDEN),
        "size": (draft / artifact.GOLDEN).stat().st_size,
    }
    manifest["version"] = artifact.version_of(manifest)
    (draft / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    return draft.rename(good.with_name(manifest["version"]))


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
