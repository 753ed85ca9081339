"""What was built, asked for the golden rows before it is deployed: what answers otherwise never goes live."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

from serving import artifact, golden
from skylayer.aws.proxy_event import proxy_event
from skylayer.errors import UserError
from skylayer.packaging import requirements
from skylayer.packaging.layers import STAMP

if TYPE_CHECKING:
    from pathlib import Path

TIMEOUT_SECONDS = 120
# Where Lambda looks for modules, in its order: the function, then the layers.
_PARTS = ("PredictFunction", "ServingLayer/python", "RuntimeLayer/python", "ModelLayer/python")
_PROGRAM = """
import json, sys
sys.path[:0] = sys.argv[1:]
import app
answer = app.lambda_handler(json.load(sys.stdin), None)
print()
print(json.dumps(answer))
"""


def check_build(build: Path) -> str | None:
    """Ask the handler in `build`, with its layers and nothing else, for the golden rows of its model.

    Returns:
        None, or why it could not be asked: it has packages for another architecture than this machine's.

    Raises:
        UserError: It fails, or doesn't answer as the estimator did; says what to do.
    """
    stamp = json.loads((build / "RuntimeLayer" / STAMP).read_text(encoding="utf-8"))
    if stamp["architecture"] not in {"any", requirements.host_architecture()}:
        return f"its packages are for {stamp['architecture']}"
    model = build / "ModelLayer" / "python" / "model_artifact"
    instances, expected = golden.read(model)
    tolerance = golden.tolerance_of(artifact.read_manifest(model))
    answer = _ask(build, {"instances": instances})
    mismatch = (
        golden.difference(expected, json.loads(answer["body"]), tolerance)
        if answer["statusCode"] == 200  # noqa: PLR2004
        else f"it answers {answer['statusCode']}: {answer['body'][:300]}"
    )
    if mismatch:
        raise UserError(
            f"What was built does not answer as the estimator did: {mismatch}. Nothing is deployed, so what ran before "
            "still answers: `make rollback` returns to the champion before, `make train` makes another."
        )
    return None


def _ask(build: Path, document: dict[str, Any]) -> dict[str, Any]:
    """The answer of the built handler to `POST /predict`, in a process that sees the build and the standard library."""
    event = proxy_event("POST", "/predict", document)
    # -S leaves site-packages out: a package that a layer lacks is missing here, too.
    command = [sys.executable, "-I", "-S", "-B", "-c", _PROGRAM, *(str(build / part) for part in _PARTS)]
    try:
        done = subprocess.run(  # noqa: S603
            command,
            input=json.dumps(event),
            env={},
            cwd=build,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UserError(
            f"What was built does not answer within {TIMEOUT_SECONDS} s: nothing is deployed."
        ) from error
    if done.returncode:
        said = done.stderr.strip().splitlines() or ["it said nothing"]
        raise UserError(f"What was built does not start, so nothing is deployed: {said[-1]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer
