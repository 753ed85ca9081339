"""What CloudFormation gets: the template as SAM's own translator expands it, default and with every extra on."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from skylayer.aws import prices
from skylayer.packaging.template_quotas import check_template

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
EVERYTHING = {
    "Authentication": "cognito",
    "UserPoolArn": "arn:aws:cognito-idp:us-east-1:123456789012:userpool/us-east-1_abc",
    "CorsOrigin": "https://example.com",
    "Monitoring": "true",
    "GradualDeployment": "true",
    "ProvisionedConcurrency": "1",
    "AccessLogs": "true",
    "Firewall": "true",
    "KmsKeyArn": "arn:aws:kms:us-east-1:123456789012:key/abc",
    "SubnetIds": "subnet-1",
    "SecurityGroupIds": "sg-1",
    "PermissionsBoundary": "arn:aws:iam::123456789012:policy/boundary",
}
# What IAM knows no narrower resource for, with AWS's page that says so.
UNSCOPED = {
    "xray:PutTraceSegments": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
    "xray:PutTelemetryRecords": "https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsx-ray.html",
}
SESSION = boto3.Session(region_name="us-east-1")
MANAGED_POLICIES = {"AWSLambdaENIManagementAccess", "AWSCodeDeployRoleForLambdaLimited"}


def source() -> dict[str, Any]:
    template: dict[str, Any] = yaml_parse(TEMPLATE.read_text(encoding="utf-8"))
    return template


def expand(**parameters: str) -> dict[str, Any]:
    return translated(source(), parameters)


def translated(template: dict[str, Any], parameters: dict[str, str]) -> dict[str, Any]:
    for resource in template["Resources"].values():
        for key in ("CodeUri", "ContentUri"):
            if key in resource["Properties"]:
                resource["Properties"][key] = {"Bucket": "bucket", "Key": resource["Properties"][key]}
    values = {name: str(part["Default"]) for name, part in template["Parameters"].items()} | parameters
    expanded: dict[str, Any] = Translator({}, Parser(), boto_session=SESSION).translate(template, values)
    return json.loads(json.dumps(expanded))  # type: ignore[no-any-return]


PLAIN = expand()
FULL = expand(**EVERYTHING)
BOTH = pytest.mark.parametrize("template", [PLAIN, FULL], ids=["plain", "everything"])


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    found = {name: part for name, part in template["Resources"].items() if part["Type"] == kind}
    assert found, kind
    return found


def of_function(
    template: dict[str, Any], kind: str, name: str = "PredictFunction"
) -> dict[str, dict[str, Any]]:
    """The versions, aliases or permissions of one function: a fork may have functions of its own."""
    return {
        key: part
        for key, part in of_type(template, kind).items()
        if (ref := part["Properties"]["FunctionName"]["Ref"]) == name or ref.startswith(f"{name}Alias")
    }


def statements(value: Any) -> Iterator[dict[str, Any]]:
    """Every policy statement below a value, within conditions too."""
    if isinstance(value, dict):
        if "Effect" in value:
            yield value
        else:
            for part in value.values():
                yield from statements(part)
    elif isinstance(value, list):
        for part in value:
            yield from statements(part)


def parameters_of(value: Any) -> set[str]:
    """Parameters that a value of the template depends on, through its conditions too."""
    template = source()
    text = json.dumps(value)
    names = set(re.findall(r'"Ref": "(\w+)"', text)) | set(re.findall(r"\$\{(\w+)\}", text))
    for name in re.findall(r'"(?:Fn::If": \[|Condition": )"(\w+)"', text):
        names |= parameters_of(template["Conditions"][name])
    return names & set(template["Parameters"])


# Settings of the function or of its alias, not of a version.
UNVERSIONED = {
    "DeploymentType",
    "GradualDeployment",
    "ProvisionedConcurrency",
    "ReservedConcurrency",
}


def test_every_parameter_of_the_function_makes_a_new_version() -> None:
    properties = source()["Resources"]["PredictFunction"]["Properties"]
    # Lambda refuses to publish a version of a function that hasn't changed, so both must say the same.
    assert properties["Description"] == properties["VersionDescription"]
    described = parameters_of(properties["VersionDescription"])
    # Another architecture is another set of layers.
    assert parameters_of(properties) - UNVERSIONED - {"Architecture"} == described
    (version,) = of_function(PLAIN, "AWS::Lambda::Version").values()
    assert version["Properties"]["Description"] == properties["VersionDescription"]


def test_the_description_of_a_version_is_short_enough() -> None:
    values = {name: str(part["Default"]) for name, part in PLAIN["Parameters"].items()} | {
        "Store": "dynamodb", "StorePlace": "x" * PLAIN["Parameters"]["StorePlace"]["MaxLength"],
        "StoreSeconds": "3600", "MemorySize": "10240",
        "Timeout": "29", "Authentication": "api-key", "LogLevel": "ERROR", "Monitoring": "false",
        "CorsOrigin": "x" * PLAIN["Parameters"]["CorsOrigin"]["MaxLength"],
        "Tracing": "PassThrough", "SnapStart": "PublishedVersions", "FastStart": "off",
        "Subnet": "subnet-0123456789abcdef0",
        "Group": "sg-0123456789abcdef0", "Files": "EFS",
        "Key": "own",
    }  # fmt: skip
    text = source()["Resources"]["PredictFunction"]["Properties"]["Description"]
    written = re.sub(r"\$\{(\w+)\}", lambda match: values[match[1]], text["Fn::Sub"][0])
    # https://docs.aws.amazon.com/lambda/latest/api/API_PublishVersion.html
    assert len(written) <= 256, len(written)


@BOTH
def test_roles_may_do_nothing_in_general(template: dict[str, Any]) -> None:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        granted = list(statements(role["Properties"].get("Policies", [])))
        assert granted or "ManagedPolicyArns" in role["Properties"], name
        for statement in granted:
            actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
            assert all("*" not in action for action in actions), name
            if statement["Resource"] == "*":
                assert set(actions) <= set(UNSCOPED), name


@BOTH
def test_managed_policies_are_the_known_ones(template: dict[str, Any]) -> None:
    for role in of_type(template, "AWS::IAM::Role").values():
        text = json.dumps(role["Properties"].get("ManagedPolicyArns", []))
        assert text.count("policy/") == sum(name in text for name in MANAGED_POLICIES)


@BOTH
def test_every_role_takes_the_boundary(template: dict[str, Any]) -> None:
    for name, role in of_type(template, "AWS::IAM::Role").items():
        assert role["Properties"]["PermissionsBoundary"]["Fn::If"][0] == "Bounded", name


@BOTH
def test_logs_are_kept_for_a_time_and_take_a_key(template: dict[str, Any]) -> None:
    for group in of_type(template, "AWS::Logs::LogGroup").values():
        assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
        assert group["Properties"]["KmsKeyId"]["Fn::If"][0] == "KeyChosen"


@BOTH
def test_the_api_calls_the_alias_and_no_one_else_may(template: dict[str, Any]) -> None:
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    for methods in api["Properties"]["Body"]["paths"].values():
        for method, operation in methods.items():
            if method not in {"options", "parameters"}:
                uri = json.dumps(operation["x-amazon-apigateway-integration"]["uri"])
                (called,) = re.findall(r"/\$\{(\w+)\.Arn\}:live/invocations", uri)
                (permission,) = of_function(template, "AWS::Lambda::Permission", called).values()
                assert permission["Properties"]["Principal"] == "apigateway.amazonaws.com"
                assert "${Api}/*" in json.dumps(permission["Properties"]["SourceArn"])


@BOTH
def test_every_route_asks_for_the_same_credentials_but_the_open_ones(template: dict[str, Any]) -> None:
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    closed = {"Fn::If": ["Authenticated", [{"caller": []}], {"Ref": "AWS::NoValue"}]}
    open_paths = {"/", "/health", "/ping", "/v2/health/live", "/v2/health/ready"}
    for path, methods in api["Properties"]["Body"]["paths"].items():
        for method, operation in methods.items():
            if method not in {"options", "parameters"}:
                assert (
                    ("security" not in operation) if path in open_paths else operation["security"] == closed
                )
    text = json.dumps(api["Properties"]["Body"]["components"]["securitySchemes"]["caller"])
    for kind in ("awsSigv4", "cognito_user_pools", "x-api-key"):
        assert kind in text


def _parameters_of_the_api() -> set[str]:
    api = source()["Resources"]["Api"]["Properties"]
    return parameters_of([api["DefinitionBody"], api["DisableExecuteApiEndpoint"]])


@pytest.mark.parametrize("name", sorted(_parameters_of_the_api()))
def test_every_parameter_of_the_api_makes_a_new_deployment(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """API Gateway serves a snapshot of the API: only another Deployment brings a change to the stage.

    Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-apigateway-deployment.html
    """
    now = time.time()
    monkeypatch.setattr("samtranslator.model.apigateway.time.time", lambda: now)
    before = set(of_type(expand(), "AWS::ApiGateway::Deployment"))
    monkeypatch.setattr("samtranslator.model.apigateway.time.time", lambda: now + 60)
    changed = expand(**{name: EVERYTHING.get(name, "other")})
    assert not before & set(of_type(changed, "AWS::ApiGateway::Deployment"))
    (stage,) = of_type(changed, "AWS::ApiGateway::Stage").values()
    assert stage["Properties"]["DeploymentId"] == {
        "Ref": next(iter(of_type(changed, "AWS::ApiGateway::Deployment")))
    }


@BOTH
def test_the_api_has_one_stage(template: dict[str, Any]) -> None:
    """SAM's Deployment makes a stage "Stage" of its own, without firewall, limits and logs, by default.

    Source: https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-api.html
    """
    (stage,) = of_type(template, "AWS::ApiGateway::Stage").values()
    assert stage["Properties"]["StageName"] == "live"
    (deployment,) = of_type(template, "AWS::ApiGateway::Deployment").values()
    assert "StageName" not in deployment["Properties"]


def test_a_domain_of_your_own_closes_the_address_that_aws_gives() -> None:
    """In OpenAPI 3, API Gateway reads the endpoint's configuration below `servers`.

    Source: https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-endpoint-configuration.html
    """
    (api,) = of_type(PLAIN, "AWS::ApiGateway::RestApi").values()
    extension = "x-amazon-apigateway-endpoint-configuration"
    assert extension not in api["Properties"]["Body"]
    assert api["Properties"]["Body"]["servers"] == [
        {extension: {"disableExecuteApiEndpoint": {"Fn::If": ["DomainChosen", True, False]}}}
    ]
    condition, own, given = PLAIN["Outputs"]["Url"]["Value"]["Fn::If"]
    assert condition == "DomainChosen"
    assert own == {"Fn::Sub": "https://${DomainName}"}
    assert "execute-api" in given["Fn::Sub"]


@BOTH
def test_nothing_public_is_made(template: dict[str, Any]) -> None:
    kinds = {part["Type"] for part in template["Resources"].values()}
    assert "AWS::Lambda::Url" not in kinds
    for part in template["Resources"].values():
        if part["Type"] == "AWS::S3::Bucket":
            blocked = part["Properties"]["PublicAccessBlockConfiguration"]
            assert len(blocked) == 4
            assert all(blocked.values())
            assert "BucketEncryption" in part["Properties"]


def test_without_a_wish_there_is_no_codedeploy() -> None:
    assert not [name for name, part in PLAIN["Resources"].items() if "CodeDeploy" in part["Type"]]


def test_a_gradual_deployment_asks_the_hook_and_watches_every_alarm() -> None:
    (group,) = of_type(FULL, "AWS::CodeDeploy::DeploymentGroup").values()
    configured = group["Properties"]["AlarmConfiguration"]["Alarms"]
    assert {alarm["Name"]["Ref"] for alarm in configured} == set(of_type(FULL, "AWS::CloudWatch::Alarm"))
    assert "DEPLOYMENT_STOP_ON_ALARM" in group["Properties"]["AutoRollbackConfiguration"]["Events"]
    assert group["Properties"]["ServiceRoleArn"] == {"Fn::GetAtt": ["DeploymentRole", "Arn"]}
    (alias,) = of_function(FULL, "AWS::Lambda::Alias").values()
    assert alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"]["BeforeAllowTrafficHook"] == {
        "Ref": "VerifyFunction"
    }
    hook = FULL["Resources"]["VerifyFunction"]["Properties"]
    assert hook["FunctionName"] == {"Fn::Sub": "CodeDeployHook_${AWS::StackName}"}
    (version,) = of_function(FULL, "AWS::Lambda::Version")
    assert hook["Environment"]["Variables"]["TARGET"] == {"Ref": version}


def test_the_hook_may_read_what_the_function_follows_and_no_more_of_it() -> None:
    def reads(role: str) -> list[Any]:
        policies = FULL["Resources"][role]["Properties"]["Policies"]
        return [policy for policy in policies if "Fn::If" in policy]

    assert len(reads("PredictRole")) == 5
    assert reads("VerifyRole") == reads("PredictRole")
    function, hook = (FULL["Resources"][name]["Properties"] for name in ("PredictFunction", "VerifyFunction"))
    store = "SKYLAYER_STORE"
    assert hook["Environment"]["Variables"][store] == function["Environment"]["Variables"][store]
    assert hook["FileSystemConfigs"] == function["FileSystemConfigs"]
    # Elsewhere it reaches AWS without your network.
    assert hook["VpcConfig"]["Fn::If"][0] == "FileSystemMounted"


def test_alarms_watch_what_there_is() -> None:
    for name, alarm in of_type(FULL, "AWS::CloudWatch::Alarm").items():
        properties = alarm["Properties"]
        assert properties["TreatMissingData"] == "notBreaching", name
        assert properties["AlarmActions"]["Fn::If"][0] == "TopicChosen"
    hook = FULL["Resources"]["GoldenRowFailures"]["Properties"]
    assert hook["Dimensions"][0]["Value"] == FULL["Resources"]["VerifyFunction"]["Properties"]["FunctionName"]


def test_the_dashboards_of_two_regions_have_two_names() -> None:
    """Dashboards are global: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Dashboards.html."""
    name = FULL["Resources"]["Dashboard"]["Properties"]["DashboardName"]
    assert name == {"Fn::Sub": "${AWS::StackName}-${AWS::Region}"}


def test_the_firewall_follows_the_rate_of_the_api() -> None:
    """Limit and window: https://docs.aws.amazon.com/waf/latest/APIReference/API_RateBasedStatement.html."""
    (rule,) = [
        rule["Statement"]["RateBasedStatement"]
        for rule in FULL["Resources"]["WebAcl"]["Properties"]["Rules"]
        if "RateBasedStatement" in rule["Statement"]
    ]
    assert rule["Limit"] == {"Fn::Sub": "${ThrottleRate}00"}
    pattern = FULL["Parameters"]["ThrottleRate"]["AllowedPattern"]
    for rate, allowed in (
        ("50", True),
        ("1", True),
        ("0", False),
        ("0.5", False),
        ("1.5", False),
        ("1e3", False),
    ):
        assert bool(re.fullmatch(pattern, rate)) is allowed, rate
    assert rule["EvaluationWindowSec"] in {60, 120, 300, 600}
    assert 0.5 < 100 / rule["EvaluationWindowSec"] < 1


def test_the_dashboard_is_a_document_of_known_functions() -> None:
    body = FULL["Resources"]["Dashboard"]["Properties"]["DashboardBody"]["Fn::Sub"]
    widgets = json.loads(body.replace("${AWS::Region}", "us-east-1"))["widgets"]
    assert {widget["type"] for widget in widgets} == {"metric", "alarm"}
    for name in FULL["Resources"]:
        body = body.replace(f"${{{name}}}", "x").replace(f"${{{name}.Arn}}", "x")
    for name in ("AWS::Region", "AWS::StackName"):
        body = body.replace(f"${{{name}}}", "x")
    assert "${" not in body


def test_sam_asks_about_signatures_of_a_fork_that_wants_them_alone() -> None:
    """SAM's guided deployment asks for the signer of each function that has the property, also by a condition."""
    functions = of_type(PLAIN, "AWS::Lambda::Function")
    assert [name for name, part in functions.items() if "CodeSigningConfigArn" in part["Properties"]] == []
    arn = "arn:aws:lambda:us-east-1:123456789012:code-signing-config:csc-0123456789abcdef0"
    template = source()
    for name in ("PredictFunction", "VerifyFunction"):
        template["Resources"][name]["Properties"]["CodeSigningConfigArn"] = arn
    signed = translated(template, {})["Resources"]
    for name in ("PredictFunction", "VerifyFunction"):
        assert signed[name]["Properties"]["CodeSigningConfigArn"] == arn


def test_no_parameter_decides_which_key_holds() -> None:
    """A guided deployment writes every parameter down, so the next deployment would bring its first value back."""
    (key,) = of_type(FULL, "AWS::ApiGateway::ApiKey").values()
    assert parameters_of(key["Properties"]) == set()
    (held,) = of_type(FULL, "AWS::ApiGateway::UsagePlanKey").values()
    assert parameters_of(held["Properties"]) == set()


def test_what_runs_on_aws_alone_is_wired() -> None:
    """Private API, domain, network, own key, snapshots and kept environments: deployed nowhere here."""
    (api,) = of_type(PLAIN, "AWS::ApiGateway::RestApi").values()
    endpoint = api["Properties"]["EndpointConfiguration"]
    assert endpoint["Types"] == [{"Fn::If": ["Private", "PRIVATE", "REGIONAL"]}]
    assert endpoint["VpcEndpointIds"]["Fn::If"][1] == [{"Ref": "VpcEndpointId"}]
    condition, policy, without = api["Properties"]["Body"]["x-amazon-apigateway-policy"]["Fn::If"]
    assert (condition, without) == ("Private", {"Ref": "AWS::NoValue"})
    (statement,) = policy["Statement"]
    assert statement["Condition"] == {"StringEquals": {"aws:SourceVpce": {"Ref": "VpcEndpointId"}}}

    (mapping,) = of_type(PLAIN, "AWS::ApiGateway::BasePathMapping").values()
    (stage,) = of_type(PLAIN, "AWS::ApiGateway::Stage")
    assert mapping["Condition"] == "DomainChosen"
    assert mapping["Properties"]["Stage"] == {"Ref": stage}
    (domain,) = of_type(PLAIN, "AWS::ApiGateway::DomainName").values()
    assert domain["Properties"]["SecurityPolicy"] == "TLS_1_2"

    function = FULL["Resources"]["PredictFunction"]["Properties"]
    assert function["SnapStart"] == {"ApplyOn": {"Ref": "SnapStart"}}
    network = {"SubnetIds": {"Ref": "SubnetIds"}, "SecurityGroupIds": {"Ref": "SecurityGroupIds"}}
    assert function["VpcConfig"]["Fn::If"][:2] == ["InVpc", network]
    for name in ("PredictFunction", "VerifyFunction"):
        own = FULL["Resources"][name]["Properties"]["KmsKeyArn"]
        assert own["Fn::If"][:2] == ["KeyChosen", {"Ref": "KmsKeyArn"}]
    alias = FULL["Resources"]["PredictFunctionAliaslive"]
    kept = {"ProvisionedConcurrentExecutions": {"Ref": "ProvisionedConcurrency"}}
    assert alias["Properties"]["ProvisionedConcurrencyConfig"]["Fn::If"][:2] == ["Provisioned", kept]
    (association,) = of_type(FULL, "AWS::WAFv2::WebACLAssociation").values()
    assert "/restapis/${Api}/stages/${Api" in association["Properties"]["ResourceArn"]["Fn::Sub"]


def test_a_file_system_is_mounted_only_when_asked_for_and_to_read() -> None:
    point = "arn:aws:elasticfilesystem:us-east-1:123456789012:access-point/fsap-0123456789abcdef0"
    mounted = expand(**EVERYTHING, Store="file", StoreFileSystem=point)
    function = mounted["Resources"]["PredictFunction"]["Properties"]
    condition, yes, no = function["FileSystemConfigs"]["Fn::If"]
    assert mounted["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": "StoreFileSystem"}, ""]}]}
    assert yes == [{"Arn": {"Ref": "StoreFileSystem"}, "LocalMountPath": "/mnt/models"}]
    assert no == {"Ref": "AWS::NoValue"}
    place = function["Environment"]["Variables"]["SKYLAYER_STORE"]["Fn::If"][1]
    assert place["Fn::If"][:2] == [condition, "file:///mnt/models"]
    policies = mounted["Resources"]["PredictRole"]["Properties"]["Policies"]
    (grant,) = [s for s in statements(policies) if "elasticfilesystem" in json.dumps(s)]
    assert grant["Action"] == "elasticfilesystem:ClientMount"
    assert grant["Condition"] == {
        "StringEquals": {"elasticfilesystem:AccessPointArn": {"Ref": "StoreFileSystem"}}
    }
    assert PLAIN["Parameters"]["StoreFileSystem"]["Default"] == ""


@BOTH
def test_limits_hold(template: dict[str, Any]) -> None:
    check_template(source())
    for function in of_type(template, "AWS::Lambda::Function").values():
        assert len(function["Properties"].get("Layers", [])) <= 5


def test_what_is_billed_by_method_or_trace_is_off_by_default() -> None:
    (stage,) = of_type(PLAIN, "AWS::ApiGateway::Stage").values()
    assert PLAIN["Parameters"]["DetailedMetrics"]["Default"] == "false"
    assert PLAIN["Parameters"]["Tracing"]["Default"] == "PassThrough"
    (setting,) = stage["Properties"]["MethodSettings"]
    assert setting["MetricsEnabled"] == {"Fn::If": ["Detailed", True, False]}
    assert stage["Properties"]["TracingEnabled"] == {"Fn::If": ["Traced", True, False]}


@BOTH
def test_compression_and_binary_types_reach_the_api(template: dict[str, Any]) -> None:
    (api,) = of_type(template, "AWS::ApiGateway::RestApi").values()
    assert api["Properties"]["MinimumCompressionSize"] == 1024
    assert api["Properties"]["BinaryMediaTypes"] == ["application/x-npy"]
    head = api["Properties"]["Body"]["paths"]["/health"]["head"]
    assert head["x-amazon-apigateway-integration"]["type"] == "aws_proxy"


def test_the_bill_counts_the_methods_of_the_api() -> None:
    (api,) = of_type(PLAIN, "AWS::ApiGateway::RestApi").values()
    operations = [one for path in api["Properties"]["Body"]["paths"].values() for one in path.values()]
    ours = [one for one in operations if "${PredictFunction.Arn}" in json.dumps(one)]
    assert len(ours) == prices.METHODS


def test_extras_are_off_by_default() -> None:
    for name in ("Monitoring", "GradualDeployment", "AccessLogs", "Firewall"):
        assert PLAIN["Parameters"][name]["Default"] == "false"
    conditional = {name for name, part in source()["Resources"].items() if "Condition" in part}
    assert {"WebAcl", "Dashboard", "VerifyFunction", "Domain", "AccessLogGroup"} <= conditional
