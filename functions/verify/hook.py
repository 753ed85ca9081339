"""Runs before CodeDeploy shifts traffic to a new version: replays the answering model's golden rows through it.

What CodeDeploy sends and expects:
https://docs.aws.amazon.com/codedeploy/latest/userguide/reference-appspec-file-structure-hooks.html
"""

from __future__ import annotations

import json
import os
from typing import Any

import boto3

from serving import log, metrics, verification
from serving.model import locate
from serving.stores import LAYER

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
    store = os.environ.get("SKYLAYER_STORE") or LAYER
    try:
        client = boto3.client("lambda")
        return verification.mismatch(
            lambda request: _ask(client, target, request), locate(), None if store == LAYER else store
        )
    except verification.NotVerifiedError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 (a deployment must fail whatever hinders the proof, and not hang)
        return f"the golden rows could not be replayed: {type(error).__name__}: {error}"


def _ask(client: Any, target: str, request: dict[str, Any]) -> dict[str, Any]:
    """What the version answers to an event of the REST API's."""
    invoked = client.invoke(FunctionName=target, Payload=json.dumps(request).encode())
    answer: dict[str, Any] = json.load(invoked["Payload"])
    if invoked.get("FunctionError"):
        raise verification.NotVerifiedError(
            f"the version fails: {answer.get('errorType')}: {answer.get('errorMessage')}"
        )
    return answer
