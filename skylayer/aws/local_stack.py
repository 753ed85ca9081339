"""A stack that runs on the emulator: where it answers, with which key, and requests to it."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import botocore.config
import botocore.exceptions

from skylayer.aws import api_keys, sam
from skylayer.aws import emulator as emulators
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.aws.emulator import Emulator

COMPLETE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
ANSWER_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """The body, parsed."""
        return json.loads(self.body)


@dataclass(frozen=True)
class Deployment:
    """A deployed stack: its address without a trailing slash, its key (empty if it takes none), and its parts."""

    url: str
    api_key: str
    function: str
    function_version: str
    model_layer: str
    log_group: str
    emulator: Emulator

    def request(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        api_key: str | None = None,
    ) -> Answer:
        """Send one request, with the deployment's key unless another is given; `body` is JSON, or bytes as they are.

        Any HTTP status is an answer; raises OSError if there is none.
        """
        key = self.api_key if api_key is None else api_key
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data=sent, method=method)  # noqa: S310
        for name, value in {"content-type": "application/json", "x-api-key": key, **(headers or {})}.items():
            if value:
                request.add_header(name, value)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as response:
                return Answer(response.status, _lower(response.headers), response.read())
        except urllib.error.HTTPError as error:
            return Answer(error.code, _lower(error.headers), error.read())


def find(emulator: Emulator, stack: str | None = None) -> Deployment | None:
    """The deployment of a stack, samconfig.toml's local one if none is named, or None if there is none complete."""
    stack = stack or sam.stack_name("local")
    try:
        description = client(emulator, "cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
    except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
        return None
    if description["StackStatus"] not in COMPLETE:
        return None
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
    keys = api_keys.of_stack(client(emulator, "apigateway"), stack, outputs)
    return Deployment(
        url=f"{emulator.endpoint}/restapis/{outputs['ApiId']}/live/_user_request_",
        api_key=keys.value() if keys else "",
        function=outputs["FunctionName"],
        function_version=outputs["FunctionVersion"],
        model_layer=outputs["ModelLayer"],
        log_group=outputs["LogGroup"],
        emulator=emulator,
    )


def clear_unfinished(emulator: Emulator) -> None:
    """Remove the local stack if an interrupted run left it half made, since it could not be updated."""
    stack = sam.stack_name("local")
    formation = client(emulator, "cloudformation")
    try:
        status = formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]
    except botocore.exceptions.ClientError:
        return
    if status not in COMPLETE:
        formation.delete_stack(StackName=stack)
        formation.get_waiter("stack_delete_complete").wait(
            StackName=stack, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
        )


def wait_until_it_answers(deployment: Deployment) -> dict[str, Any]:
    """What /health says, as soon as it says it. Raises UserError if it doesn't."""
    deadline = time.monotonic() + ANSWER_SECONDS
    last = "nothing"
    while time.monotonic() < deadline:
        try:
            answer = deployment.request("/health")
        except OSError as error:
            last = str(error)
        else:
            if answer.status == 200:  # noqa: PLR2004
                health: dict[str, Any] = answer.json()
                return health
            last = f"{answer.status} {answer.body.decode(errors='replace')[:300]}"
        time.sleep(0.3)
    raise UserError(f"The API does not answer; it said {last}. `make logs` shows what the function logged.")


def running(folder: Any, stack: str | None = None) -> Deployment:
    """The deployment that runs on the emulator of a folder, as `find` names it. Raises UserError if nothing runs."""
    emulator = emulators.running(folder)
    deployment = find(emulator, stack) if emulator else None
    if deployment is None:
        raise UserError("Nothing runs here: make up starts it.")
    return deployment


def client(emulator: Emulator, service: str) -> Any:
    """A boto3 client that speaks to the emulator, whatever the user's own AWS settings are."""
    session = boto3.Session(
        aws_access_key_id="test",
        aws_secret_access_key="test",  # noqa: S106
        region_name=emulators.REGION,
    )
    config = botocore.config.Config(proxies={}, retries={"max_attempts": 2}, connect_timeout=5)
    return session.client(service, endpoint_url=emulator.endpoint, config=config)  # type: ignore[call-overload]


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
