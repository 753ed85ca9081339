"""A clone is live after `make up`: what it answers, to whom, and what the emulator saw of it."""

from __future__ import annotations

import json
import subprocess
import time
from typing import TYPE_CHECKING

from serving.golden import difference
from skylayer.aws import local_stack as deployments
from skylayer.commands import up

if TYPE_CHECKING:
    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment


def test_up_shows_a_request_and_how_to_repeat_it(fork: Fork, first_up: str, deployment: Deployment) -> None:
    assert "equal to the estimator's own" in first_up
    assert deployment.url in first_up
    assert deployment.api_key in first_up
    curl = next(line for line in first_up.splitlines() if line.startswith("curl "))
    # From the fork, since a request of many columns sends a file of it.
    answer = subprocess.run(
        ["sh", "-c", curl], cwd=fork.folder, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(answer)["model"]["version"] == fork.champion().name
    assert up.shortened(answer.rstrip(), up.LONGEST_ANSWER) in first_up


def test_every_golden_row_is_answered_as_the_estimator_does(fork: Fork, deployment: Deployment) -> None:
    rows = json.loads((fork.champion() / "golden.json").read_text(encoding="utf-8"))
    answer = deployment.request("/predict", {"instances": rows["instances"]})
    assert answer.status == 200
    assert difference(rows["answers"], answer.json()) is None


def test_a_request_without_a_key_or_with_a_wrong_one_is_refused(deployment: Deployment) -> None:
    assert deployment.request("/predict", {"instances": []}, api_key="").status == 403
    assert deployment.request("/predict", {"instances": []}, api_key="wrong").status == 403
    assert deployment.request("/model", api_key="").status == 403


def test_health_is_open_and_names_the_version(fork: Fork, deployment: Deployment) -> None:
    answer = deployment.request("/health", api_key="")
    assert answer.status == 200
    assert answer.json()["model"]["version"] == fork.champion().name


def test_a_route_that_is_not_there_is_refused(deployment: Deployment) -> None:
    assert deployment.request("/nothing").status in {403, 404}
    assert deployment.request("/predict", method="DELETE").status in {403, 404, 405}


def test_bad_input_is_a_problem_document(deployment: Deployment) -> None:
    answer = deployment.request("/predict", b"{")
    assert answer.status == 400
    assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_monitor_asks_by_head(deployment: Deployment) -> None:
    answer = deployment.request("/health", method="HEAD", api_key="")
    assert (answer.status, answer.body) == (200, b"")


def test_what_a_client_has_already_is_not_sent_again(deployment: Deployment) -> None:
    for path in ("/model", "/openapi.json", "/"):
        tag = deployment.request(path).headers["etag"]
        again = deployment.request(path, headers={"if-none-match": tag})
        assert (again.status, again.body) == (304, b""), path


def test_every_answer_names_its_request(deployment: Deployment) -> None:
    own = {deployment.request("/health").headers["x-request-id"] for _ in range(2)}
    assert len(own) == 2
    named = deployment.request("/predict", b"{", headers={"x-request-id": "mine-7"})
    assert named.headers["x-request-id"] == "mine-7"


def test_too_much_is_refused_with_what_would_be_taken(deployment: Deployment) -> None:
    most = deployment.request("/model").json()["limits"]["rows"]
    answer = deployment.request("/predict", {"instances": [{}] * (most + 1)})
    assert (answer.status, answer.json()["limits"]) == (413, {"rows": most})


def test_every_protocol_gives_the_same_predictions(fork: Fork, deployment: Deployment) -> None:
    rows = json.loads((fork.champion() / "golden.json").read_text(encoding="utf-8"))
    name, sent = fork.champion().parent.name, rows["instances"]
    expected = deployment.request("/predict", {"instances": sent}).json()["predictions"]
    with_more = [{**row, "an id of somebody": 7} for row in sent]
    for path, body in {
        f"/v1/models/{name}:predict": {"instances": sent},
        "/invocations": {"dataframe_records": with_more},
        "/predict?extra=ignore": {"instances": with_more},
    }.items():
        answer = deployment.request(path, body)
        assert (answer.status, answer.json()["predictions"]) == (200, expected), path
        assert ("ignored-columns" in answer.headers) is (body != {"instances": sent}), path


def test_the_emulator_invoked_the_function_and_kept_its_log(fork: Fork, deployment: Deployment) -> None:
    before = _invocations(deployment)
    assert deployment.request("/health").status == 200
    deadline = time.monotonic() + 20
    while _invocations(deployment) <= before and time.monotonic() < deadline:
        time.sleep(0.2)
    assert _invocations(deployment) == before + 1
    assert "START RequestId" in fork.make("logs").stdout


def test_status_can_be_evaluated_by_a_shell(fork: Fork, deployment: Deployment) -> None:
    lines = fork.make("status").stdout
    shown = subprocess.run(
        ["sh", "-c", f'{lines}\nprintf "%s\\n" "$URL" "$API_KEY" "$MODEL" "$ENGINE"'],
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    manifest = json.loads((fork.champion() / "manifest.json").read_text(encoding="utf-8"))
    model = f"{manifest['name']}/{manifest['version']}"
    assert shown == [deployment.url, deployment.api_key, model, manifest["engine"]]


def _invocations(deployment: Deployment) -> int:
    """How often the emulator says that it invoked the function: one START line in its log for each."""
    pages = deployments.client(deployment.emulator, "logs").get_paginator("filter_log_events")
    events = [event for page in pages.paginate(logGroupName=deployment.log_group) for event in page["events"]]
    return sum(event["message"].startswith("START RequestId") for event in events)
