"""A second stack beside the first: callers of every kind, the hook, a refused update, a new key, and its end."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from samcli.yamlhelper import yaml_parse

from e2e.callers import Pool, pool, signature
from serving import artifact
from skylayer import package, project
from skylayer.aws import api_keys
from skylayer.aws import local_stack as deployments
from skylayer.stores import open_store, rollouts
from training.pipeline import build_estimator, load_data

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from e2e.fork import Fork
    from skylayer.aws.local_stack import Deployment

STACK = "skylayer-second"
ORIGIN = "https://example.com"


class Second:
    """A stack of the fork's build, deployed with parameters of its own."""

    def __init__(self, fork: Fork, first: Deployment) -> None:
        self.fork = fork
        self.emulator = first.emulator
        self.key = ""

    def deploy(self, **parameters: str) -> subprocess.CompletedProcess[str]:
        limits = {"ThrottleRate": "10000", "ThrottleBurst": "5000"}
        chosen = {**limits, "Store": "layer", "StorePlace": "", **parameters}
        command = [
            project.program("sam"),
            "deploy",
            "--stack-name",
            STACK,
            "--resolve-s3",
            "--no-confirm-changeset",
        ]
        command += [
            "--capabilities",
            "CAPABILITY_IAM",
            "--no-fail-on-empty-changeset",
            "--region",
            "us-east-1",
        ]
        command += ["--template-file", str(self.fork.folder / ".aws-sam" / "build" / "template.yaml")]
        command += ["--parameter-overrides", *(f'{name}="{value}"' for name, value in chosen.items())]
        environment = {**self.emulator.environment, "SAM_CLI_TELEMETRY": "0"}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=300,
            cwd=self.fork.folder / ".skylayer",
        )  # fmt: skip

    def found(self) -> Deployment:
        deployment = deployments.find(self.emulator, STACK)
        assert deployment is not None
        return deployment

    def client(self, service: str) -> Any:
        return deployments.client(self.emulator, service)

    def skylayer(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, **self.emulator.environment}
        return subprocess.run(
            [project.program("python"), "-m", "skylayer", *arguments],
            cwd=self.fork.folder, env=environment, capture_output=True, text=True, check=False, timeout=120,
        )  # fmt: skip


@pytest.fixture(scope="module")
def second(fork: Fork, deployment: Deployment) -> Iterator[Second]:
    stack = Second(fork, deployment)
    done = stack.deploy(Monitoring="true", GradualDeployment="true", CorsOrigin=ORIGIN)
    assert done.returncode == 0, done.stdout + done.stderr
    yield stack
    stack.client("cloudformation").delete_stack(StackName=STACK)


def test_two_stacks_live_side_by_side(second: Second, deployment: Deployment) -> None:
    assert second.found().url != deployment.url
    assert second.found().request("/model").status == 200
    assert second.found().request("/model", api_key=deployment.api_key).status == 403


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [("/health", None, 200), ("/predict", {"instances": []}, 422), ("/openapi.json", None, 200)],
)
def test_every_answer_of_the_function_names_the_origin_that_may_read_it(
    second: Second, path: str, body: object, status: int
) -> None:
    # The gateway's own preflight can be tried against AWS alone: the emulator answers it without the headers.
    answer = second.found().request(path, body)
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, ORIGIN)


def test_the_page_knows_what_the_stack_asks_for(second: Second) -> None:
    assert b'data-authentication="api-key"' in second.found().request("/", api_key="").body
    assert second.found().request("/openapi.json").json()["security"] == [{"api_key": []}]


def test_the_hook_passes_what_answers_as_the_estimator(second: Second) -> None:
    assert _verify(second) == {"status": "Succeeded", "reason": None}


def test_the_hook_fails_a_version_that_cannot_start(second: Second) -> None:
    answer = _verify(second, _published(second, SKYLAYER_MODEL="/nowhere"))
    assert answer["status"] == "Failed"
    assert "the version fails" in answer["reason"] or "answers 5" in answer["reason"]


def test_the_hook_fails_a_version_with_another_model_than_its_layer(second: Second, tmp_path: Path) -> None:
    other = _trained_otherwise(tmp_path)
    answer = _verify(second, _published(second, SKYLAYER_MODEL=str(other)))
    assert answer["status"] == "Failed", answer
    assert answer["reason"].startswith(f"other/{other.name} answers, and the layer holds "), answer


def test_the_hook_fails_a_version_that_answers_otherwise(second: Second, tmp_path: Path) -> None:
    impostor = _trained_otherwise(tmp_path)
    champion = artifact.read_manifest(second.fork.champion())
    manifest = artifact.read_manifest(impostor)
    manifest |= {"name": champion["name"], "version": champion["version"]}
    (impostor / artifact.MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    answer = _verify(second, _published(second, SKYLAYER_MODEL=str(impostor)))
    assert answer["status"] == "Failed", answer
    assert answer["reason"].startswith(("predictions of row", "probabilities of row")), answer


def test_the_hook_asks_a_promoted_version_for_its_own_rows(
    second: Second, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("store")  # a short path, as StorePlace takes it
    store = open_store(f"file://{directory}")
    other = _trained_otherwise(tmp_path_factory.mktemp("trained"))
    store.push(other, lambda _: None)
    rollouts.promote(store, f"other/{other.name}")
    gradual = {"Monitoring": "true", "GradualDeployment": "true", "CorsOrigin": ORIGIN}
    done = second.deploy(**gradual, Store="file", StorePlace=str(directory))
    assert done.returncode == 0, done.stdout + done.stderr
    assert second.found().request("/health").json()["model"]["version"] == other.name
    assert _verify(second) == {"status": "Succeeded", "reason": None}
    rows = directory / "artifacts" / "other" / other.name / artifact.GOLDEN
    rows.write_text(rows.read_text(encoding="utf-8").replace("1", "2", 1), encoding="utf-8")
    answer = _verify(second)
    assert answer["status"] == "Failed"
    assert f"other/{other.name} is corrupt in the store" in answer["reason"]


def _trained_otherwise(folder: Path) -> Path:
    """Another model of the same columns: the same estimator, fitted on another order of the target."""
    data, target = load_data()
    estimator = build_estimator().fit(data, target[::-1])
    return package(estimator, data, target[::-1], name="other", directory=folder)


@pytest.fixture(scope="module")
def users(second: Second) -> Pool:
    return pool(second.client("cognito-idp"), "users")


# What /model says to nobody, to the holder of the key and to a signature.
ANSWERS = {
    "none": (200, 200, 200),
    "api-key": (403, 200, 403),
    "iam": (403, 403, 200),
    "cognito": (401, 401, 401),
}
SEQUENCE = ("none", "api-key", "iam", "none", "cognito", "api-key")


@pytest.mark.parametrize("authentication", SEQUENCE)
def test_another_way_to_authenticate_reaches_the_stage(
    second: Second, users: Pool, authentication: str
) -> None:
    answers = ANSWERS[authentication]
    assert _answers(second) != answers
    done = second.deploy(
        Monitoring="true", Authentication=authentication, UserPoolArn=users.arn, CorsOrigin=ORIGIN
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert _answers(second) == answers
    assert second.found().request("/model", api_key="wrong").status == answers[0]
    health = second.found().request("/health", api_key="")
    assert health.status == 200
    # The emulator's own preflight carries no headers; every answer of the function does.
    assert health.headers["access-control-allow-origin"] == ORIGIN
    page = second.found().request("/", api_key="").body.decode()
    assert f'data-authentication="{authentication}"' in page
    if authentication == "none":
        assert second.found().request("/openapi.json", api_key="").json()["security"] == []
    if authentication == "cognito":
        strangers = pool(second.client("cognito-idp"), "strangers")
        for token, status in (
            (users.token, 200),
            (strangers.token, 401),
            (f"{users.token[:-8]}AAAAAAAA", 401),
        ):
            headers = {"authorization": token}
            assert second.found().request("/model", headers=headers, api_key="").status == status


def _answers(second: Second) -> tuple[int, int, int]:
    """What /model says to nobody, to the holder of the newest key that there was, and to a signature.

    The stack is asked for its address each time: the emulator gives the API another one when its definition changes.
    Of a signature the emulator asks for one and takes any: whose it is, AWS alone can tell.
    """
    found = second.found()
    second.key = found.api_key or second.key
    signed = {**signature(f"{found.url}/model"), "content-type": ""}
    nobody = found.request("/model", api_key="")
    holder = found.request("/model", api_key=second.key)
    signer = found.request("/model", headers=signed, api_key="")
    return nobody.status, holder.status, signer.status


POINT = "arn:aws:elasticfilesystem:us-east-1:000000000000:access-point/fsap-0123456789abcdef0"
NETWORK = {"SubnetIds": "subnet-1", "SecurityGroupIds": "sg-1"}
TOPIC = "arn:aws:sns:us-east-1:000000000000:t"
CERTIFICATE = "arn:aws:acm:us-east-1:000000000000:certificate/a"
# Rule of the template, parameters that break it, and what is said.
REFUSED = [
    ("CognitoHasItsPool", {"Authentication": "cognito", "UserPoolArn": ""}, "needs UserPoolArn"),
    (
        "SnapshotsAreNotProvisioned",
        {"SnapStart": "PublishedVersions", "ProvisionedConcurrency": "1"},
        "not both",
    ),
    ("FileSystemIsReached", {"Store": "s3", "StoreFileSystem": POINT, **NETWORK}, "needs Store=file"),
    ("FileSystemIsReached", {"Store": "file", "StoreFileSystem": POINT}, "needs SubnetIds"),
    ("DomainHasItsCertificate", {"DomainName": "a.example.com"}, "DomainName needs CertificateArn"),
    (
        "DomainHasItsCertificate",
        {"DomainName": "a.example.com", "CertificateArn": CERTIFICATE, "VpcEndpointId": "vpce-1"},
        "takes no DomainName",
    ),
    (
        "GradualDeploymentIsWatched",
        {"GradualDeployment": "true", "Monitoring": "false"},
        "GradualDeployment needs Monitoring=true",
    ),
    (
        "TopicHasItsAlarms",
        {"AlarmTopicArn": TOPIC, "Monitoring": "false", "GradualDeployment": "false"},
        "AlarmTopicArn needs Monitoring=true",
    ),
    ("NetworkIsWhole", {"SubnetIds": "subnet-1,subnet-2"}, "SubnetIds needs SecurityGroupIds"),
    ("DirectoryIsNamed", {"Store": "file"}, "Store=file needs StorePlace"),
]


def test_every_rule_of_the_template_is_tried() -> None:
    template = yaml_parse((project.ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert {rule for rule, _, _ in REFUSED} == set(template["Rules"])


@pytest.mark.parametrize(("rule", "parameters", "said"), REFUSED, ids=[rule for rule, _, _ in REFUSED])
def test_a_combination_that_aws_refuses_changes_nothing(
    second: Second, rule: str, parameters: dict[str, str], said: str
) -> None:
    before = second.found()
    done = second.deploy(**parameters)
    assert done.returncode != 0, rule
    assert said in done.stdout + done.stderr
    assert second.found().function_version == before.function_version
    assert second.found().request("/model").status == 200


def test_a_new_key_ends_the_old_one(second: Second) -> None:
    old = second.found()
    gateway = second.client("apigateway")
    outputs = second.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]["Outputs"]
    keys = api_keys.of_stack(gateway, STACK, {each["OutputKey"]: each["OutputValue"] for each in outputs})
    assert keys is not None
    keys.replace()
    new = second.found()
    assert new.api_key != old.api_key
    assert new.request("/model").status == 200
    assert new.request("/model", api_key=old.api_key).status == 403


def test_destroy_leaves_nothing_but_what_it_names(second: Second) -> None:
    refused = second.skylayer("destroy", "LOCAL=1", f"STACK={STACK}")
    assert refused.returncode == 2
    assert "YES=1" in refused.stderr
    done = second.skylayer("destroy", "LOCAL=1", f"STACK={STACK}", "YES=1", "PURGE=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "layer versions" in done.stdout
    assert deployments.find(second.emulator, STACK) is None
    layers = second.client("lambda").list_layers()["Layers"]
    assert not [layer for layer in layers if layer["LayerName"].startswith(STACK)]
    functions = second.client("lambda").list_functions()["Functions"]
    assert not [each for each in functions if STACK in each["FunctionName"]]
    groups = second.client("logs").describe_log_groups(logGroupNamePrefix=f"/skylayer/{STACK}/")["logGroups"]
    assert groups == []
    keys = second.client("apigateway").get_api_keys()["items"]
    assert not [key for key in keys if key["name"].startswith(STACK)]
    alarms = second.client("cloudwatch").describe_alarms(AlarmNamePrefix=STACK)["MetricAlarms"]
    assert alarms == []


def _verify(second: Second, target: str | None = None) -> dict[str, Any]:
    """What the hook says of a version, as if CodeDeploy had called it."""
    lambdas = second.client("lambda")
    hook = f"CodeDeployHook_{STACK}"
    if target:
        lambdas.update_function_configuration(
            FunctionName=hook, Environment={"Variables": {"TARGET": target}}
        )
    answer = lambdas.invoke(FunctionName=hook, Payload=b"{}")
    result: dict[str, Any] = json.load(answer["Payload"])
    assert "FunctionError" not in answer, result
    return result


def _published(second: Second, **variables: str) -> str:
    """A new version of the predict function with these environment variables, by its ARN."""
    lambdas = second.client("lambda")
    name = second.found().function
    lambdas.update_function_configuration(FunctionName=name, Environment={"Variables": variables})
    arn: str = lambdas.publish_version(FunctionName=name)["FunctionArn"]
    return arn
