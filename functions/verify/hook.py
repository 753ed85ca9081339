"""Runs before CodeDeploy shifts traffic to a new version: replays the artifact's golden rows through it.

What CodeDeploy sends and expects:
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

import json
import os
from typing import Any

import boto3

from serving import artifact, golden, log, metrics
from serving.model import locate

log.set_up()


def lambda_handler(event: dict[str, Any], _: Any) -> dict[str, Any]:
    """Verify the version that the environment's TARGET names, and tell CodeDeploy if it was CodeDeploy that asked."""
    reason = _reason(os.environ["TARGET"])
    log.verification(os.environ["TARGET"], reason, metrics.golden_rows(failed=reason is not None))
    status = "Failed" if reason else "Succeeded"
    if "DeploymentId" in event:
        boto3.client("codedeploy").put_lifecycle_event_hook_execution_status(
            deploymentId=event["DeploymentId"],
            lifecycleEventHookExecutionId=event["LifecycleEventHookExecutionId"],
            status=status,
        )
    return {"status": status, "reason": reason}


def _reason(target: str) -> str | None:
    """Why the version must not get traffic; None if it may. Nothing makes it raise."""
    try:
        folder = locate()
        instances, answers = golden.read(folder)
        request = {
            "httpMethod": "POST",
            "resource": "/predict",
            "headers": {"content-type": "application/json"},
            "body": json.dumps({"instances": instances}),
        }
        invoked = boto3.client("lambda").invoke(FunctionName=target, Payload=json.dumps(request).encode())
        answer = json.load(invoked["Payload"])
        if invoked.get("FunctionError"):
            return f"the version fails: {answer.get('errorType')}: {answer.get('errorMessage')}"
        if answer["statusCode"] != 200:  # noqa: PLR2004
            return f"the version answers {answer['statusCode']} to the golden rows"
        tolerance = golden.tolerance_of(artifact.read_manifest(folder))
        return golden.difference(answers, json.loads(answer["body"]), tolerance)
    except Exception as error:  # noqa: BLE001 (a deployment must fail whatever hinders the proof, and not hang)
        return f"the golden rows could not be replayed: {type(error).__name__}: {error}"
