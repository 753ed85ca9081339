"""What deployment/bootstrap.yaml lets workflows and CloudFormation do: enough for the template, and no more."""

from __future__ import annotations

import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from samcli.yamlhelper import yaml_parse
from test_transformed_template import FULL, MANAGED_POLICIES, statements

if TYPE_CHECKING:
    from collections.abc import Iterator

TEMPLATE: dict[str, Any] = yaml_parse(
    (Path(__file__).parents[2] / "deployment" / "bootstrap.yaml").read_text(encoding="utf-8")
)
ROLES = ("DeployRole", "CloudFormationRole")
# https://docs.aws.amazon.com/service-authorization/latest/reference/ lists no resource type for these.
UNSCOPED = {
    "cloudformation:GetTemplateSummary",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
    "lambda:CreateEventSourceMapping",
    "logs:CreateLogDelivery",
    "logs:DescribeResourcePolicies",
}
# Resources without the stacks' prefix: of a kind whose identifiers AWS makes up, or AWS's own.
BY_KIND = (
    ":apigateway:",
    ":regional/managedruleset/",
    ":deploymentconfig:CodeDeployDefault.",
    ":code-signing-config:",
    ":event-source-mapping:",
    ":file-system/",
    ":log-group:*",
    "aws-sam-cli-managed-default",
    ":transform/Serverless-2016-10-31",
)
# What CloudFormation's handlers may call for properties that the template doesn't use.
UNUSED = re.compile(
    r"(kinesis|s3tables|s3files|firehose|elasticloadbalancing|appsync|cognito-idp|apprunner|amplify|bedrock-agentcore):"
    r"|ec2:.*VerifiedAccess|s3:REST|iam:CreateServiceLinkedRole|kms:ListAliases"
    r"|lambda:(PassCapacityProvider|PutFunctionScalingConfig)"
    r"|codedeploy:RegisterOnPremisesInstance|wafv2:(Put|Get)PermissionPolicy"
    r"|dynamodb:(Import|DescribeImport|Scan|Query|BatchWrite|\w+Item$|\w*Replica|(En|Dis)ableKinesis|UpdateKinesis)"
    r"|dynamodb:(UpdateTimeToLive|UpdateContributorInsights|(Put|Delete)ResourcePolicy)"
    r"|logs:((Put|Delete)\w*(DataProtection|Index|Resource)Policy|PutBearerToken|PutLogGroupDeletion|\w+LogStreams?|PutLogEvents)"
    r"|s3:(Put|Delete|Create|Update)\w*(Abac|Analytics|CORS|Cors|Inventory|Metrics|Notification|Replication|Website"
    r"|Accelerate|Acl|ObjectLock|Logging|IntelligentTiering|MetadataTable|Metadata\w+Table)\w*|s3:DeleteObject"
    r"|s3:DeleteBucket(Encryption|Lifecycle)|s3:GetObjectMetadata"
)
# The stacks keep their stores and their boundaries: no handler may take these away.
WITHHELD = {"dynamodb:DeleteTable", "iam:DeleteRolePermissionsBoundary", "s3:DeleteBucket"}


def granted(role: str) -> list[dict[str, Any]]:
    found = list(statements(TEMPLATE["Resources"][role]["Properties"]["Policies"]))
    return [statement for statement in found if statement["Effect"] == "Allow"]


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def handlers(kind: str) -> Iterator[str]:
    """Actions that AWS says making, reading, changing and deleting a resource may call: its schema's handlers."""
    specification = find_spec("cfnlint")
    assert specification is not None
    assert specification.origin is not None
    schemas = Path(specification.origin).parent / "data" / "schemas"
    name = json.loads((schemas / "providers" / "us-east-1.json").read_text(encoding="utf-8"))[kind]
    schema = json.loads((schemas / "resources" / f"{name}.json").read_text(encoding="utf-8"))
    for handler, description in schema["handlers"].items():
        if handler != "list":
            yield from description["permissions"]


KINDS = sorted({part["Type"] for part in FULL["Resources"].values()})


@pytest.mark.parametrize("kind", KINDS)
def test_cloudformation_may_do_what_each_resource_of_the_template_needs(kind: str) -> None:
    actions = {action.lower() for each in granted("CloudFormationRole") for action in listed(each["Action"])}
    needed = {action for action in handlers(kind) if not UNUSED.match(action)} - WITHHELD
    if "kms:Decrypt" in needed:
        assert "KeyChosen" in json.dumps(TEMPLATE["Resources"]["CloudFormationRole"])
    assert {action for action in needed if action.lower() not in actions} == set()


def test_nothing_is_granted_that_no_resource_needs() -> None:
    needed = {action.lower() for kind in KINDS for action in handlers(kind)}
    actions = {action for each in granted("CloudFormationRole") for action in listed(each["Action"])}
    # Reading tags is part of changing them; AWS names it for some of the kinds alone.
    assert {action for action in actions if action.lower() not in needed} <= {"lambda:ListTags"}


@pytest.mark.parametrize("role", ROLES)
def test_no_action_is_a_pattern_and_every_resource_is_bounded(role: str) -> None:
    for statement in granted(role):
        actions = set(listed(statement["Action"]))
        assert not [action for action in actions if "*" in action]
        for resource in listed(statement["Resource"]):
            text = json.dumps(resource)
            if resource == "*":
                assert actions <= UNSCOPED
            elif not any(kind in text for kind in BY_KIND):
                assert "${StackPrefix}" in text or "Ref" in text or "GetAtt" in text, text


def test_roles_are_made_within_the_boundary_and_with_known_policies() -> None:
    for statement in granted("CloudFormationRole"):
        actions = set(listed(statement["Action"]))
        if actions & {"iam:CreateRole", "iam:PutRolePolicy", "iam:PutRolePermissionsBoundary"}:
            boundary = statement["Condition"]["StringEquals"]["iam:PermissionsBoundary"]
            assert boundary["Fn::If"][0] == "BoundaryNeeded"
        if "iam:AttachRolePolicy" in actions:
            arns = [
                arn["Fn::Sub"].rpartition("/")[2]
                for arn in statement["Condition"]["ArnEquals"]["iam:PolicyARN"]
            ]
            assert set(arns) == MANAGED_POLICIES
        if "iam:PassRole" in actions:
            assert set(statement["Condition"]["StringEquals"]["iam:PassedToService"]) == {
                "codedeploy.amazonaws.com",
                "lambda.amazonaws.com",
            }


@pytest.mark.parametrize(
    ("role", "action"),
    [("DeployRole", "cloudformation:CreateChangeSet"), ("CloudFormationRole", "iam:PutRolePolicy")],
)
def test_neither_role_may_change_the_stack_that_it_is_of(role: str, action: str) -> None:
    found = list(statements(TEMPLATE["Resources"][role]["Properties"]["Policies"]))
    (denied,) = [each for each in found if each["Effect"] == "Deny"]
    assert action in denied["Action"]
    assert "${AWS::StackName}" in json.dumps(denied["Resource"])


def test_the_policies_fit_into_a_role() -> None:
    # The sum of a role's inline policies, without white space:
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
    documents = [
        policy["PolicyDocument"]
        for policy in TEMPLATE["Resources"]["CloudFormationRole"]["Properties"]["Policies"]
    ]
    text = json.dumps(documents, separators=(",", ":")).replace('{"Fn::Sub":', "")
    written = {
        "AWS::Partition": "aws-us-gov",
        "AWS::Region": "ap-southeast-2",
        "AWS::AccountId": "0" * 12,
        "StackPrefix": "skylayer-",
        "Environment": "production",
    }
    for name, value in written.items():
        text = text.replace(f"${{{name}}}", value)
    assert len(text) <= 10_240
