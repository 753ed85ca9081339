"""What the template promises, read from its text."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from serving import npy
from serving.openapi import document, security
from skylayer.aws import sam

ROOT = Path(__file__).parents[2]
OPEN = {"/", "/health", "/ping", "/v2/health/live", "/v2/health/ready"}


class _Loader(yaml.SafeLoader):
    """Reads CloudFormation's short forms: !Ref x as {"!Ref": x}."""


def _short_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {f"!{suffix}": loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {f"!{suffix}": loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {f"!{suffix}": loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _short_form)
TEMPLATE: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), _Loader)  # noqa: S506
RESOURCES: dict[str, Any] = TEMPLATE["Resources"]
FUNCTIONS = {name: part for name, part in RESOURCES.items() if part["Type"] == "AWS::Serverless::Function"}
LAYERS = {name: part for name, part in RESOURCES.items() if part["Type"] == "AWS::Serverless::LayerVersion"}
PATHS: dict[str, Any] = RESOURCES["Api"]["Properties"]["DefinitionBody"]["paths"]


def test_a_new_layer_reaches_the_alias() -> None:
    predict = RESOURCES["PredictFunction"]["Properties"]
    assert predict["AutoPublishAlias"] == "live"
    assert predict["AutoPublishAliasAllProperties"] is True
    for layer in LAYERS.values():
        assert layer["Properties"]["PublishLambdaVersion"] is True


def test_the_three_layers_are_those_of_the_function() -> None:
    layers = [layer["!Ref"] for layer in RESOURCES["PredictFunction"]["Properties"]["Layers"]]
    assert layers == ["ServingLayer", "RuntimeLayer", "ModelLayer"]


@pytest.mark.parametrize("name", [*LAYERS, "PredictFunction"])
def test_every_part_is_built_by_its_makefile(name: str) -> None:
    part = RESOURCES[name]
    assert part["Metadata"]["BuildMethod"] == "makefile"
    folder = part["Properties"].get("ContentUri") or part["Properties"]["CodeUri"]
    assert f"build-{name}:" in (ROOT / folder / "Makefile").read_text(encoding="utf-8")


def test_only_health_and_the_empty_page_are_open() -> None:
    for path, methods in PATHS.items():
        for method, operation in methods.items():
            if method in {"options", "parameters"}:
                continue
            assert method in {"get", "head", "post"}
            security = operation.get("security")
            assert security is None if path in OPEN else "Authenticated" in str(security), path


def test_head_is_answered_where_a_monitor_or_a_browser_asks() -> None:
    with_head = {path for path, methods in PATHS.items() if "head" in methods}
    assert with_head == {*OPEN, "/model", "/openapi.json"}
    assert all(PATHS[path]["head"] == PATHS[path]["get"] for path in with_head)


def test_a_client_that_is_too_fast_is_told_when_to_come_again() -> None:
    responses = RESOURCES["Api"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    told = {
        name: answer["responseParameters"]["gatewayresponse.header.Retry-After"].strip("'")
        for name, answer in responses.items()
        if answer.get("statusCode") == 429
    }
    assert told == {"THROTTLED": "1", "QUOTA_EXCEEDED": "3600"}
    problem = responses["ACCESS_DENIED"]["responseParameters"]
    exposed = "gatewayresponse.header.Access-Control-Expose-Headers"
    for name in told:
        parameters = responses[name]["responseParameters"]
        assert problem.items() <= parameters.items()
        assert parameters[exposed]["!If"][:2] == ["CorsEnabled", "'retry-after'"], "a page may read it"


def test_the_gateway_compresses_and_takes_arrays_as_bytes() -> None:
    api = RESOURCES["Api"]["Properties"]
    assert api["MinimumCompressionSize"] == 1024
    assert api["BinaryMediaTypes"] == [npy.MEDIA_TYPE]


def test_every_authentication_of_the_template_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = RESOURCES["PredictFunction"]["Properties"]["Environment"]["Variables"]
    assert variables["SKYLAYER_AUTHENTICATION"] == {"!Ref": "Authentication"}
    for kind in TEMPLATE["Parameters"]["Authentication"]["AllowedValues"]:
        monkeypatch.setenv("SKYLAYER_AUTHENTICATION", kind)
        assert security.authentication() == kind
    for unknown in ("", "password"):
        monkeypatch.setenv("SKYLAYER_AUTHENTICATION", unknown)
        assert security.authentication() == "api-key"


def test_what_is_open_here_is_open_in_the_document_of_the_api() -> None:
    manifest = {
        "name": "a",
        "version": "b",
        "task": "regression",
        "input": {"columns": []},
        "output": {"fields": []},
    }
    paths = document(manifest, {})["paths"]
    assert {path for path, methods in paths.items() if methods.get("get", {}).get("security") == []} == OPEN


def test_browsers_may_call_only_by_parameter() -> None:
    assert TEMPLATE["Parameters"]["CorsOrigin"]["Default"] == ""
    for path, methods in PATHS.items():
        if "options" in methods:
            assert methods["options"]["!If"][0] == "CorsEnabled", path


def test_a_page_may_call_every_route_however_it_authenticates() -> None:
    sent = {"content-type", "accept", "x-request-id", "x-api-key", "authorization"}
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
    sent |= {"x-amz-date", "x-amz-security-token", "x-amz-content-sha256"}
    for path, methods in PATHS.items():
        if path == "/":  # a page itself
            continue
        answer = methods["options"]["!If"][1]["x-amazon-apigateway-integration"]["responses"]["default"]
        headers = answer["responseParameters"]
        allowed = headers["method.response.header.Access-Control-Allow-Headers"].strip("'").split(",")
        assert set(allowed) == sent, path
        named = headers["method.response.header.Access-Control-Allow-Methods"].strip("'").lower().split(",")
        assert set(methods) - {"parameters"} <= set(named), path


def test_the_gateways_own_refusals_are_problem_documents() -> None:
    """API Gateway fills in what its page names for gateway responses; `$context.status` is for access logs.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    responses = RESOURCES["Api"]["Properties"]["DefinitionBody"]["x-amazon-apigateway-gateway-responses"]
    assert {
        "DEFAULT_4XX",
        "DEFAULT_5XX",
        "MISSING_AUTHENTICATION_TOKEN",
        "THROTTLED",
        "REQUEST_TOO_LARGE",
    } <= set(responses)
    for kind, response in responses.items():
        header = response["responseParameters"]["gatewayresponse.header.Content-Type"]
        assert header == "'application/problem+json'"
        text = response["responseTemplates"]["application/json"]
        assert set(re.findall(r"\$[\w.]+", text)) == {"$context.requestId"}, kind
        body = json.loads(text)
        assert {"type", "title", "detail"} <= set(body)
        # A default stands for several statuses; RFC 9457 lets a body go without.
        assert body.get("status") == response.get("statusCode"), kind
        assert ("status" in body) == (not kind.startswith("DEFAULT_")), kind


def test_defaults_are_safe() -> None:
    defaults = {name: parameter["Default"] for name, parameter in TEMPLATE["Parameters"].items()}
    assert defaults["Authentication"] == "api-key"
    assert defaults["ReservedConcurrency"] == -1


def test_nothing_has_a_name_that_two_stacks_would_share() -> None:
    for name, resource in RESOURCES.items():
        properties = resource.get("Properties", {})
        for field in ("FunctionName", "RoleName", "LayerName", "LogGroupName", "Name"):
            value = properties.get(field)
            if isinstance(value, str) or "!Sub" in (value or {}):
                assert "AWS::StackName" in str(value), f"{name}.{field}"


READS = {
    "s3:GetObject",
    "s3:ListBucket",
    "dynamodb:GetItem",
    "dynamodb:Query",
    "elasticfilesystem:ClientMount",
}


def test_the_role_may_write_only_its_own_logs() -> None:
    always, *by_condition = RESOURCES["PredictRole"]["Properties"]["Policies"]
    reads = [choice["!If"][1]["PolicyDocument"]["Statement"] for choice in by_condition]
    for statement in [one for statements in reads for one in statements]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert set(actions) <= READS
        assert statement["Resource"] != "*"
    for statement in always["PolicyDocument"]["Statement"]:
        if statement.get("Resource") == "*":
            assert all(action.startswith("xray:Put") for action in statement["Action"])


@pytest.mark.parametrize("environment", ["default", "prod", "local"])
def test_every_environment_deploys_and_sets_parameters_that_there_are(environment: str) -> None:
    # A fork may call them anything that AWS takes, the hook's CodeDeployHook_ before it:
    # https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cfn-using-console-create-stack-parameters.html
    assert re.fullmatch(r"[a-zA-Z][-a-zA-Z0-9]{,48}", sam.stack_name(environment))
    assert set(sam.overrides(environment)) <= set(TEMPLATE["Parameters"])


def test_prod_is_asked_about_and_goes_live_by_degrees() -> None:
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    assert settings["prod"]["deploy"]["parameters"]["confirm_changeset"] is True
    chosen = sam.overrides("prod")
    assert chosen["Monitoring"] == chosen["GradualDeployment"] == "true"
    assert chosen["DeploymentType"] in TEMPLATE["Parameters"]["DeploymentType"]["AllowedValues"]


def test_each_environment_is_a_stack_of_its_own() -> None:
    assert len({sam.stack_name(environment) for environment in ("default", "prod", "local")}) == 3


def test_every_environment_tags_its_stack_and_so_all_its_resources() -> None:
    """CloudFormation hands a stack's tags on, so the template has none.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-properties-resource-tags.html
    """
    settings = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
    for environment in ("default", "prod", "local"):
        tags = settings[environment]["deploy"]["parameters"]["tags"].split()
        assert any(tag.startswith("application=") for tag in tags)
        assert any(tag.startswith("stage=") for tag in tags)
    assert not [name for name, part in RESOURCES.items() if "Tags" in part.get("Properties", {})]


def test_a_store_is_private_encrypted_versioned_and_outlives_the_stack() -> None:
    bucket, table = RESOURCES["StoreBucket"], RESOURCES["StoreTable"]
    for resource in (bucket, table):
        assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Retain"
        assert "Condition" in resource
    assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
    assert bucket["Properties"]["VersioningConfiguration"]["Status"] == "Enabled"
    (statement,) = RESOURCES["StoreBucketOverTls"]["Properties"]["PolicyDocument"]["Statement"]
    assert statement["Effect"] == "Deny"
    assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_every_check_that_is_passed_over_says_why() -> None:
    skipped = re.findall(r"checkov:skip=(\S+?):(.*)", (ROOT / "template.yaml").read_text(encoding="utf-8"))
    assert skipped
    for check, reason in skipped:
        assert re.fullmatch(r"CKV2?_AWS_\d+", check)
        assert len(reason.split()) >= 5, check
