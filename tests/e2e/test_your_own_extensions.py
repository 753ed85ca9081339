"""All that docs/extend.md adds to a fork: a route, a function, a package, a permission and a queue.

After the tests of the shared deployment, since more is live afterwards; the model may be any.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from e2e.fork import blocks
from skylayer.artifact import golden
from skylayer.aws import local_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

PAGE = (Path(__file__).parents[2] / "docs" / "extend.md").read_text(encoding="utf-8")
# What a block begins with, after the name of its file -> how the line begins that it follows.
MARKS = {
    "where paths end": "          # Yours: routes",
    "where Resources end": "  # ── Yours: functions",
    "where Boundary ends": "          # Yours: what the roles",
    "where CloudFormationRole ends": "        # Yours: what it takes",
}
SECONDS = 60
REFUSED = {"instances": [{"no such column": 1}]}


def extend(folder: Path) -> None:
    """Do to a fork what the page says."""
    for _, _, text in blocks(PAGE):
        (first,) = re.findall(r"\A# (.+)\n", text)
        name, _, place = first.partition(", ")
        path = folder / name
        if not place:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            continue
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        (mark,) = [number for number, line in enumerate(lines) if line.startswith(MARKS[place])]
        indent = " " * (len(MARKS[place]) - len(MARKS[place].lstrip()))
        added = [f"{indent}{line}\n" if line else "\n" for line in text.splitlines()]
        path.write_text("".join([*lines[: mark + 1], *added, *lines[mark + 1 :]]), encoding="utf-8")


@pytest.fixture(scope="module")
def extended(fork: Fork, deployment: Deployment) -> Deployment:  # noqa: ARG001
    """The fork with all of the page, live."""
    extend(fork.folder)
    fork.up()
    return fork.deployment()


@pytest.fixture(scope="module")
def rows(fork: Fork, extended: Deployment) -> dict[str, Any]:  # noqa: ARG001
    """A body of /predict that the model of the fork takes."""
    instance, _ = golden.first(fork.champion())
    return {"instances": [instance] * 3}


def physical(deployment: Deployment, fork: Fork, name: str) -> str:
    """What AWS calls a resource of the stack."""
    formation = local_stack.client(deployment.emulator, "cloudformation")
    described = formation.describe_stack_resources(StackName=fork.stack_name())["StackResources"]
    (found,) = [each["PhysicalResourceId"] for each in described if each["LogicalResourceId"] == name]
    return str(found)


def wait_for(look: Callable[[], list[str]]) -> list[str]:
    """What `look` gives as soon as it gives something."""
    deadline = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline
        time.sleep(0.5)
    return found


def test_the_route_answers_by_its_own_function_and_package(
    extended: Deployment, fork: Fork, rows: dict[str, Any]
) -> None:
    answer = extended.request("/summary", rows)
    assert answer.status == 200, answer.body
    (predicted, *_) = extended.request("/predict", rows).json()["predictions"]
    assert answer.body.decode() == f"3 {predicted}"
    assert (fork.folder / ".aws-sam" / "build" / "SummaryFunction" / "humanize").is_dir()
    refused = extended.request("/summary", REFUSED)
    assert refused.status == 422
    assert json.loads(refused.body)["status"] == 422


def test_the_route_is_closed_as_all_others_are(extended: Deployment, rows: dict[str, Any]) -> None:
    for wrong in ("another", ""):
        headers = {} if wrong else {"x-api-key": ""}
        assert extended.request("/summary", rows, api_key=wrong or None, headers=headers).status == 403


def test_the_permission_is_that_of_the_page(extended: Deployment, fork: Fork) -> None:
    iam = local_stack.client(extended.emulator, "iam")
    role = physical(extended, fork, "SummaryRole")
    policy = iam.get_role_policy(RoleName=role, PolicyName="ask-the-model")["PolicyDocument"]
    (statement,) = policy["Statement"]
    assert statement["Action"] == "lambda:InvokeFunction"
    assert statement["Resource"].endswith(f"{extended.function}:live")


def test_what_comes_by_queue_is_answered_and_what_is_refused_is_kept(
    extended: Deployment, fork: Fork, rows: dict[str, Any]
) -> None:
    queue = local_stack.client(extended.emulator, "sqs")
    urls = {name: physical(extended, fork, name) for name in ("Rows", "Answers", "RowsRefused")}
    # A refused message comes again at once, so that it is given up while the test waits.
    queue.set_queue_attributes(QueueUrl=urls["Rows"], Attributes={"VisibilityTimeout": "1"})
    for body in (REFUSED, rows):
        queue.send_message(QueueUrl=urls["Rows"], MessageBody=json.dumps(body))

    def received(name: str) -> list[str]:
        messages = queue.receive_message(QueueUrl=urls[name], MaxNumberOfMessages=10).get("Messages", [])
        return [message["Body"] for message in messages]

    (answer,) = wait_for(lambda: received("Answers"))
    assert json.loads(answer)["predictions"] == extended.request("/predict", rows).json()["predictions"]
    (kept,) = wait_for(lambda: received("RowsRefused"))
    assert json.loads(kept) == REFUSED


def test_the_models_own_function_takes_no_event_of_a_queue(extended: Deployment) -> None:
    aws = local_stack.client(extended.emulator, "lambda")
    event = {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(REFUSED)}]}
    invoked = aws.invoke(FunctionName=f"{extended.function}:live", Payload=json.dumps(event))
    assert "FunctionError" in invoked
    assert "neither an HTTP request" in invoked["Payload"].read().decode()


@pytest.mark.usefixtures("extended")
def test_the_templates_own_rules_hold_for_what_was_added(fork: Fork) -> None:
    fork.make("diagram")
    fork.make("develop")
    names = (
        "template",
        "transformed_template",
        "routes",
        "template_events",
        "documents",
        "bootstrap",
        "escalation",
    )
    files = [f"tests/unit/test_{name}.py" for name in names]
    done = subprocess.run(
        [str(fork.folder / ".venv" / "bin" / "python"), "-m", "pytest", *files],
        cwd=fork.folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=1800,
    )
    assert done.returncode == 0, done.stdout[-5000:]
