"""What a build is refused for before it is deployed; the whole way is in tests/e2e/test_redeploy.py."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from serving import artifact
from skylayer import project
from skylayer.errors import UserError
from skylayer.packaging import golden_check

if TYPE_CHECKING:
    from pathlib import Path


def built(folder: Path, handler: str, architecture: str = "any") -> Path:
    """A build of the champion with another handler."""
    for name in ("PredictFunction", "RuntimeLayer"):
        (folder / name).mkdir()
    model = folder / "ModelLayer" / "python" / "model_artifact"
    model.mkdir(parents=True)
    for name in (artifact.MANIFEST, artifact.GOLDEN):
        (model / name).write_bytes((project.champion() / name).read_bytes())
    (folder / "RuntimeLayer" / "runtime.json").write_text(json.dumps({"architecture": architecture}))
    (folder / "PredictFunction" / "app.py").write_text(handler, encoding="utf-8")
    return folder


def answering(status: int, body: dict[str, Any]) -> str:
    answer = {"statusCode": status, "body": json.dumps(body)}
    return f"print('loading')\n\ndef lambda_handler(event, context):\n    return {answer!r}\n"


def golden_answers() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads((project.champion() / artifact.GOLDEN).read_text())["answers"]
    return answers


def test_the_estimators_answers_pass(tmp_path: Path) -> None:
    assert golden_check.check_build(built(tmp_path, answering(200, golden_answers()))) is None


@pytest.mark.parametrize(
    ("handler", "said"),
    [
        ("import a_package_that_no_layer_has\n", "does not start.*a_package_that_no_layer_has"),
        ("import numpy\n", "does not start.*numpy"),
        (answering(500, {"status": 500}), "answers 500"),
        (answering(200, {"predictions": []}), "predictions should have"),
    ],
)
def test_any_other_build_is_refused(handler: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=said):
        golden_check.check_build(built(tmp_path, handler))


def test_packages_for_another_processor_cannot_be_asked(tmp_path: Path) -> None:
    hindered = golden_check.check_build(built(tmp_path, "", architecture="another"))
    assert hindered == "its packages are for another"
