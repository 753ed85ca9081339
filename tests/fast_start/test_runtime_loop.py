"""The runtime loop in C as a process: what it answers, what it hands on, and what it survives."""

from __future__ import annotations

import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from fast_start.lambda_runtime import PATIENCE_SECONDS, Deployment, Runtime
from skylayer.packaging import fast_start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Start = Callable[..., Runtime]

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"},
    reason="Lambda's own machines alone",
)
STAND_IN = [sys.executable, "-I", "-S", str(Path(__file__).with_name("stand_in.py"))]
HANDED_ON = b'"handed on"'
ROW = {"mass": 41.5, "island": "a"}


def event(body: Any = None, path: str = "/predict", method: str = "POST", **more: Any) -> bytes:
    """An event of the REST API."""
    text = json.dumps(body) if body is not None else None
    return json.dumps(
        {"resource": path, "path": path, "httpMethod": method, "headers": {}, "body": text, **more}
    ).encode()


PREDICTION = event({"instances": [ROW]})
ODD = event(path="/model", method="GET")


@pytest.fixture
def start(deployed: Deployment, tmp_path: Path) -> Iterator[Start]:
    """Start the program; `command` and `variables` may be others than the stand-in's and Lambda's."""
    runtimes = []

    def started(
        command: list[str] | None = None,
        deployment: Deployment = deployed,
        variables: Any = None,
        **more: Any,
    ) -> Runtime:
        environment = deployment.environment(**(variables or {}))
        environment = {name: value for name, value in environment.items() if value is not None}
        whole = [str(deployment.program), *(command or STAND_IN)]
        runtimes.append(Runtime(whole, environment, tmp_path / "log", **more).__enter__())
        return runtimes[-1]

    yield started
    for runtime in runtimes:
        runtime.__exit__(None, None, None)


def is_answered(runtime: Runtime, what: bytes = PREDICTION, **more: Any) -> bool:
    posted = runtime.invoke(what, **more)
    assert posted.kind == "response", posted
    return posted.body != HANDED_ON


def test_predictions_and_health_are_answered_without_the_interpreter(start: Start) -> None:
    runtime = start(["/nowhere/python"])
    answer = json.loads(runtime.invoke(PREDICTION).body)
    assert answer["statusCode"] == 200
    assert json.loads(answer["body"])["predictions"] == ["heavy"]
    light = json.loads(runtime.invoke(event({"instances": [ROW | {"mass": 1}]})).body)
    assert json.loads(light["body"])["predictions"] == ['li"ght']
    for path in ("/health", "/ping", "/v2/health/live", "/v2/health/ready"):
        assert json.loads(runtime.invoke(event(path=path, method="GET")).body)["statusCode"] == 200
    lines = [json.loads(line) for line in runtime.log.read_text().splitlines()]
    assert [line["rows"] for line in lines] == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "what",
    [
        ODD,
        event({"instances": [ROW | {"mass": None}]}),
        event({"instances": []}),
        event({"instances": [ROW]}, queryStringParameters={"extra": "ignore"}),
        event({"instances": [ROW]}, headers={"accept": "text/csv"}),
        event({"instances": [ROW]}, headers={"content-type": "text/csv"}),
        event({"instances": [ROW]}, headers={"x-request-id": ""}),
        event({"instances": [ROW]}, isBase64Encoded=True),
        event({"instances": [ROW | {"island": "\ufffd"}]}),
        event({"instances": [ROW]}, path="/predict/"),
        event({"instances": [ROW]}, method="PUT"),
        event(path="/health", method="HEAD"),
        b'{"instances": [{"mass": 1, "island": "a"}]}',
        b"not JSON",
        b"",
        PREDICTION[:-1] + b', "body": null}',
        PREDICTION + b"x",
    ],
)
def test_everything_else_is_handed_on(start: Start, what: bytes) -> None:
    runtime = start()
    assert not is_answered(runtime, what)
    assert is_answered(runtime)


def test_one_interpreter_answers_all_that_is_handed_on(start: Start) -> None:
    runtime = start()
    asked = event({}, path="/", method="GET")[:-1] + b', "do": "environment"}'
    given = [json.loads(runtime.invoke(asked, Lambda_Runtime_Client_Context="{}").body) for _ in range(2)]
    assert given[0]["AWS_LAMBDA_RUNTIME_API"] == given[1]["AWS_LAMBDA_RUNTIME_API"]
    assert given[0]["_HANDLER"] == "app.lambda_handler"
    assert given[0]["headers"]["lambda-runtime-trace-id"].startswith("Root=1-5bef4de7")
    assert given[0]["headers"]["lambda-runtime-client-context"] == "{}"


@pytest.mark.parametrize("first", [PREDICTION, ODD])
def test_a_cold_start_is_counted_once(start: Start, first: bytes) -> None:
    runtime = start(variables={"SKYLAYER_METRICS": "on"})
    runtime.invoke(first)
    asked = event({})[:-1] + b', "do": "environment"}'
    counted = json.loads(runtime.invoke(asked).body)["SKYLAYER_COLD_START"]
    runtime.invoke(PREDICTION)
    cold = [json.loads(line)["cold_starts"] for line in runtime.log.read_text().splitlines()]
    assert (cold, counted) == (([1, 0], "counted") if first == PREDICTION else ([0], ""))


@pytest.mark.parametrize(
    "variables",
    [
        {"SKYLAYER_FAST_START": "off"},
        {"SKYLAYER_STORE": "s3://bucket"},
        {"SKYLAYER_MODEL": "/somewhere"},
        {"SKYLAYER_KERNEL": "/somewhere.so"},
        {"SKYLAYER_MAX_ROWS": "5"},
        {"SKYLAYER_MAX_BODY_BYTES": "5"},
        {"SKYLAYER_MAX_SECONDS": "1"},
        {"AWS_LAMBDA_LOG_FORMAT": "Text"},
        {"AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start"},
        {"AWS_LAMBDA_MAX_CONCURRENCY": "8"},
        {"AWS_LAMBDA_FUNCTION_NAME": "é"},
        {"SKYLAYER_CORS_ORIGIN": "\t"},
        {"_HANDLER": "other.handler"},
        {"LAMBDA_TASK_ROOT": "/nowhere"},
    ],
    ids=lambda variables: next(iter(variables)),
)
def test_the_interpreter_takes_over_where_anything_is_unusual(
    start: Start, variables: dict[str, str]
) -> None:
    runtime = start(variables=variables)
    assert not is_answered(runtime)
    command = Path(f"/proc/{runtime.process.pid}/cmdline").read_bytes().split(b"\0")[:-1]
    assert command == [argument.encode() for argument in STAND_IN]


@pytest.mark.parametrize(
    "variables", [{"AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency"}, {"SKYLAYER_STORE": "layer"}]
)
def test_what_changes_nothing_is_no_reason_to(start: Start, variables: dict[str, str]) -> None:
    assert is_answered(start(variables=variables))


def altered(deployed: Deployment, folder: Path, change: Callable[[Deployment], object]) -> Deployment:
    copy = Deployment(folder / "opt", folder / "task")
    shutil.copytree(deployed.opt, copy.opt)
    shutil.copytree(deployed.task, copy.task)
    change(copy)
    return copy


def damage(path: Path, at: int) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


def form(deployment: Deployment) -> Path:
    return deployment.opt / fast_start.FOLDER / fast_start.FORM


def table(deployment: Deployment) -> Path:
    return deployment.opt / "python" / "model_artifact" / "tables.bin"


@pytest.mark.parametrize(
    "change",
    [
        lambda deployment: form(deployment).unlink(),
        lambda deployment: damage(form(deployment), 0),
        lambda deployment: damage(form(deployment), 8),
        lambda deployment: damage(form(deployment), 200),
        lambda deployment: damage(form(deployment), -1),
        lambda deployment: form(deployment).write_bytes(form(deployment).read_bytes()[:-8]),
        lambda deployment: form(deployment).write_bytes(b""),
        lambda deployment: table(deployment).unlink(),
        lambda deployment: damage(table(deployment), 0),
        lambda deployment: damage(table(deployment), table(deployment).read_bytes().index(b'"outputs"')),
        lambda deployment: table(deployment).write_bytes(table(deployment).read_bytes()[:-8]),
        lambda deployment: (deployment.task / "app.py").write_text("lambda_handler = print\n"),
        lambda deployment: (deployment.task / "serving").mkdir(),
        lambda deployment: (deployment.task / "model_artifact").mkdir(),
    ],
)  # fmt: skip
def test_the_interpreter_takes_over_where_a_file_is_another(
    deployed: Deployment, start: Start, tmp_path: Path, change: Callable[[Deployment], object]
) -> None:
    assert is_answered(start(deployment=altered(deployed, tmp_path / "same", lambda _: None)))
    assert not is_answered(start(deployment=altered(deployed, tmp_path / "other", change)))


def test_an_interpreter_that_is_not_there_is_said(start: Start) -> None:
    runtime = start(["/nowhere/python"], variables={"SKYLAYER_FAST_START": "off"})
    assert runtime.process.wait(PATIENCE_SECONDS) == 127
    assert "can't be started" in runtime.log.read_text()


def order(**what: Any) -> bytes:
    return json.dumps(what).encode()


def failed(runtime: Runtime, what: bytes, **more: Any) -> tuple[str, str]:
    posted = runtime.invoke(what, **more)
    assert posted.kind == "error", posted
    return posted.headers.get("lambda-runtime-function-error-type", ""), json.loads(posted.body).get(
        "errorType", ""
    )


@pytest.mark.parametrize(
    ("what", "seconds", "type_"),
    [
        (order(do="die"), 60, "Runtime.ExitError"),
        (order(do="hang"), 0.5, "Runtime.Timeout"),
        (order(do="twice"), 60, "Runtime.ProtocolError"),
    ],
    ids=["dies", "hangs", "asks twice"],
)
def test_an_interpreter_that_fails_costs_one_invocation(
    start: Start, what: bytes, seconds: float, type_: str
) -> None:
    runtime = start()
    assert not is_answered(runtime, ODD)
    assert failed(runtime, what, seconds=seconds) == (type_, type_)
    assert '"level": "ERROR"' in runtime.log.read_text()
    assert is_answered(runtime)
    assert not is_answered(runtime, ODD)


def test_one_that_dies_between_invocations_costs_none(start: Start) -> None:
    runtime = start()
    assert not is_answered(runtime, ODD)
    children = Path(f"/proc/{runtime.process.pid}/task/{runtime.process.pid}/children")
    child = int(children.read_text())
    os.kill(child, signal.SIGKILL)
    wait_for_end(child)
    assert not is_answered(runtime, ODD)


@pytest.mark.parametrize(
    ("way", "seconds", "types"),
    [("init-error", 60, "Runtime.ImportModuleError"), ("hang", 0.5, "Runtime.Timeout")],
)
def test_an_interpreter_that_does_not_begin_is_an_error_of_the_invocation(
    start: Start, way: str, seconds: float, types: str
) -> None:
    runtime = start(variables={"STAND_IN": way})
    for _ in range(2):
        assert failed(runtime, ODD, seconds=seconds) == (types, types)
        assert is_answered(runtime)


def test_one_that_is_not_there_is_one_too(start: Start) -> None:
    runtime = start(["/nowhere/python"])
    for _ in range(2):
        assert failed(runtime, ODD)[0] == "Runtime.ExitError"
        assert is_answered(runtime)


def test_an_error_of_a_handler_goes_on_with_its_cause(start: Start) -> None:
    posted = start().invoke(order(do="fail"))
    assert posted.kind == "error"
    assert len(posted.headers["lambda-runtime-function-xray-error-cause"]) == 100_000


def test_an_answer_that_lambda_refuses_is_the_interpreters_to_know(start: Start) -> None:
    runtime = start()
    large = runtime.invoke(order(do="large", bytes=7_000_000), status="413 Payload Too Large")
    assert len(large.body) == 7_000_002
    assert is_answered(runtime)
    assert not is_answered(runtime, ODD)


def test_an_answer_of_ours_that_lambda_refuses_is_no_end(start: Start) -> None:
    runtime = start()
    assert is_answered(runtime, status="403 Forbidden")
    assert is_answered(runtime, status="413 Payload Too Large")
    assert is_answered(runtime)


def test_a_container_error_ends_it(start: Start) -> None:
    runtime = start()
    runtime.invoke(PREDICTION, status="500 Internal Server Error")
    assert runtime.process.wait(PATIENCE_SECONDS) == 1


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("piece", [1, 7, 1 << 20])
def test_messages_may_come_in_pieces_of_any_size(start: Start, *, chunked: bool, piece: int) -> None:
    runtime = start(chunked=chunked, piece=piece)
    assert is_answered(runtime)
    assert not is_answered(runtime, ODD)


def test_a_connection_that_was_closed_is_opened_again(start: Start) -> None:
    runtime = start()
    assert is_answered(runtime)
    runtime.wait()
    runtime.drop()
    assert is_answered(runtime)
    assert not is_answered(runtime, ODD)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_long_body_is_answered_and_its_memory_given_back(start: Start, *, chunked: bool) -> None:
    runtime = start(chunked=chunked)
    rows = [{"mass": number / 7, "island": "a"} for number in range(10_000)]
    answer = json.loads(runtime.invoke(event({"instances": rows})).body)
    assert len(json.loads(answer["body"])["predictions"]) == 10_000
    assert not is_answered(runtime, event({"instances": [*rows, ROW]}))
    spaces = event({"instances": [ROW]}).replace(b"{", b"{" + b" " * 5_300_000, 1)
    assert is_answered(runtime, spaces)
    long = json.dumps({"instances": [ROW]}) + " " * (5 << 20)
    assert not is_answered(runtime, event().replace(b'"body": null', b'"body": ' + json.dumps(long).encode()))


def test_freezing_and_thawing_changes_nothing(start: Start) -> None:
    runtime = start()
    assert not is_answered(runtime, ODD)
    children = Path(f"/proc/{runtime.process.pid}/task/{runtime.process.pid}/children").read_text().split()
    for _ in range(20):
        for process in (runtime.process.pid, *map(int, children)):
            os.kill(process, signal.SIGSTOP)
            os.kill(process, signal.SIGCONT)
        assert is_answered(runtime)
        assert not is_answered(runtime, ODD)


def test_the_interpreter_ends_with_it(start: Start) -> None:
    runtime = start()
    assert not is_answered(runtime, ODD)
    child = int(Path(f"/proc/{runtime.process.pid}/task/{runtime.process.pid}/children").read_text())
    runtime.process.send_signal(signal.SIGTERM)
    assert runtime.process.wait(PATIENCE_SECONDS) == -signal.SIGTERM
    wait_for_end(child)


def wait_for_end(process: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while runs(process):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def runs(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    "headers",
    [
        {"Lambda_Runtime_Client_Context": "{}"},
        {"Lambda_Runtime_Cognito_Identity": "{}"},
        {"Content_Type": "application/octet-stream"},
    ],
)
def test_an_invocation_that_is_more_than_its_event_is_handed_on(
    start: Start, headers: dict[str, Any]
) -> None:
    assert not is_answered(start(), **headers)


def test_the_second_name_of_an_invocation_goes_back(start: Start) -> None:
    runtime = start()
    for what in (PREDICTION, order(do="die")):
        posted = runtime.invoke(what, Lambda_Runtime_Invocation_Id="second")
        assert posted.headers["lambda-runtime-invocation-id"] == "second"
        assert posted.path.split("/")[-2] == "the-request-id"


def test_a_foreign_address_of_the_runtime_api_is_left_to_the_interpreter(deployed: Deployment) -> None:
    command = [str(deployed.program), sys.executable, "-c", "print('taken over')"]
    for address in (
        "localhost:9001",
        "127.0.0.1",
        "127.0.0.1:0",
        "127.0.0.1:99999",
        "1.2.3.456:1",
        "127.0.0.1:1",
    ):
        environment = deployed.environment(AWS_LAMBDA_RUNTIME_API=address)
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        assert done.stdout == "taken over\n", address


def test_without_an_interpreter_it_says_how_it_is_called(deployed: Deployment) -> None:
    done = subprocess.run([str(deployed.program)], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("usage: ")
