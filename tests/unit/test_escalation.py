"""Each way out of a role of deployment/bootstrap.yaml, put to the template's own statements: IAM must say no."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from iam import Request, Template, allowed
from samcli.yamlhelper import yaml_parse
from test_transformed_template import FULL, MANAGED_POLICIES

BOOTSTRAP = Path(__file__).parents[2] / "deployment" / "bootstrap.yaml"
ACCOUNT, REGION = "123456789012", "eu-central-1"
IAM = f"arn:aws:iam::{ACCOUNT}"
BOUNDARY = f"{IAM}:policy/skylayer-bootstrap-dev-Boundary-X"


def bootstrap(environment: str = "dev", **parameters: str) -> Template:
    """The bootstrap stack of an environment, with names as CloudFormation makes them."""
    document = yaml_parse(BOOTSTRAP.read_text(encoding="utf-8"))
    stack = f"skylayer-bootstrap-{environment}"
    defaults = {name: str(part.get("Default", "")) for name, part in document["Parameters"].items()}
    values = {
        **defaults,
        "Repository": "owner/fork",
        "Environment": environment,
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "AWS::StackName": stack,
        "CloudFormationRole.Arn": f"{IAM}:role/{stack}-CloudFormationRole-X",
        "Boundary": f"{IAM}:policy/{stack}-Boundary-X",
        **parameters,
    }
    return Template(document, values)


DEV = bootstrap()


def stack(name: str) -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/0a1b"


def role(name: str) -> str:
    return f"{IAM}:role/{name}"


def function(name: str) -> str:
    return f"arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"


def passed(service: str) -> dict[str, str]:
    return {"iam:PassedToService": f"{service}.amazonaws.com"}


def bounded(policy: str) -> dict[str, str]:
    return {"iam:PermissionsBoundary": policy}


UPLOADS = "arn:aws:s3:::aws-sam-cli-managed-default-samclisourcebucket-x"
OWN_ROLE = role("skylayer-dev-PredictRole-X")
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"

# What a deployment needs, so that the refusals below are not those of a role that may do nothing.
NEEDED = {
    "DeployRole": [
        Request("cloudformation:CreateChangeSet", stack("skylayer-dev")),
        Request("cloudformation:ExecuteChangeSet", stack("skylayer-dev")),
        Request("cloudformation:DescribeStacks", stack("aws-sam-cli-managed-default")),
        Request("s3:PutObject", f"{UPLOADS}/skylayer-dev/0123"),
        Request("iam:PassRole", DEV.values["CloudFormationRole.Arn"], passed("cloudformation")),
    ],
    "CloudFormationRole": [
        Request("iam:CreateRole", OWN_ROLE, bounded(BOUNDARY)),
        Request("iam:PutRolePolicy", OWN_ROLE, bounded(BOUNDARY)),
        Request("iam:PassRole", OWN_ROLE, passed("lambda")),
        Request("lambda:UpdateFunctionCode", function("skylayer-dev-PredictFunction-X")),
        Request("lambda:CreateFunction", function("CodeDeployHook_skylayer-dev")),
        Request("s3:GetObject", f"{UPLOADS}/skylayer-dev/0123"),
    ],
}


@pytest.mark.parametrize(
    ("name", "request_"), [(name, each) for name, requests in NEEDED.items() for each in requests]
)
def test_what_a_deployment_needs_is_allowed(name: str, request_: Request) -> None:
    assert allowed(request_, DEV.statements(name))


ESCALATIONS = {
    "DeployRole": {
        "deploys the other environment": Request("cloudformation:ExecuteChangeSet", stack("skylayer-prod")),
        "deploys a stack whose name begins alike": Request(
            "cloudformation:CreateChangeSet", stack("skylayer-dev-of-another")
        ),
        "changes its own stack": Request("cloudformation:CreateChangeSet", stack("skylayer-bootstrap-dev")),
        "changes the stack of SAM's bucket": Request(
            "cloudformation:CreateChangeSet", stack("aws-sam-cli-managed-default")
        ),
        "passes the other environment's role": Request(
            "iam:PassRole", role("skylayer-bootstrap-prod-CloudFormationRole-X"), passed("cloudformation")
        ),
        "passes any role": Request("iam:PassRole", role("Admin"), passed("cloudformation")),
        "passes its role to a function": Request(
            "iam:PassRole", DEV.values["CloudFormationRole.Arn"], passed("lambda")
        ),
        "exchanges the other environment's code": Request("s3:PutObject", f"{UPLOADS}/skylayer-prod/0123"),
        "exchanges code of nobody's prefix": Request("s3:PutObject", f"{UPLOADS}/0123"),
        "changes code past CloudFormation": Request(
            "lambda:UpdateFunctionCode", function("skylayer-dev-PredictFunction-X")
        ),
        "takes another role on": Request("sts:AssumeRole", role("Admin")),
        "makes a role": Request("iam:CreateRole", OWN_ROLE, bounded(BOUNDARY)),
        "makes itself administrator": Request(
            "iam:PutRolePolicy", role("skylayer-bootstrap-dev-DeployRole-X"), bounded(BOUNDARY)
        ),
        "makes a user's key": Request("iam:CreateAccessKey", f"{IAM}:user/somebody"),
    },
    "CloudFormationRole": {
        "makes a role without a boundary": Request("iam:CreateRole", OWN_ROLE),
        "makes a role with a wider boundary": Request("iam:CreateRole", OWN_ROLE, bounded(ADMINISTRATOR)),
        "gives a role without a boundary more": Request("iam:PutRolePolicy", OWN_ROLE),
        "takes a boundary away": Request("iam:DeleteRolePermissionsBoundary", OWN_ROLE, bounded(BOUNDARY)),
        "widens a boundary": Request("iam:PutRolePermissionsBoundary", OWN_ROLE, bounded(ADMINISTRATOR)),
        "writes the boundary anew": Request("iam:CreatePolicyVersion", BOUNDARY),
        "chooses the boundary's version": Request("iam:SetDefaultPolicyVersion", BOUNDARY),
        "attaches administration": Request(
            "iam:AttachRolePolicy", OWN_ROLE, {"iam:PolicyARN": ADMINISTRATOR, **bounded(BOUNDARY)}
        ),
        "makes itself administrator": Request(
            "iam:PutRolePolicy", DEV.values["CloudFormationRole.Arn"], bounded(BOUNDARY)
        ),
        "lets others take it on": Request("iam:UpdateAssumeRolePolicy", DEV.values["CloudFormationRole.Arn"]),
        "passes itself to a function": Request(
            "iam:PassRole", DEV.values["CloudFormationRole.Arn"], passed("lambda")
        ),
        "passes an administrator's role to a function": Request(
            "iam:PassRole", role("Admin"), passed("lambda")
        ),
        "passes a role to a machine": Request("iam:PassRole", OWN_ROLE, passed("ec2")),
        "passes the other environment's role": Request(
            "iam:PassRole", role("skylayer-prod-PredictRole-X"), passed("lambda")
        ),
        "changes the other environment's role": Request(
            "iam:PutRolePolicy", role("skylayer-prod-PredictRole-X"), bounded(BOUNDARY)
        ),
        "changes the other environment's function": Request(
            "lambda:UpdateFunctionCode", function("skylayer-prod-PredictFunction-X")
        ),
        "moves the other environment's traffic": Request(
            "lambda:UpdateAlias", function("skylayer-prod-PredictFunction-X")
        ),
        "changes the other environment's hook": Request(
            "lambda:UpdateFunctionCode", function("CodeDeployHook_skylayer-prod")
        ),
        "reads the other environment's code": Request("s3:GetObject", f"{UPLOADS}/skylayer-prod/0123"),
        "opens the other environment's store": Request(
            "s3:PutBucketPolicy", "arn:aws:s3:::skylayer-prod-storebucket-x"
        ),
        "makes a user": Request("iam:CreateUser", f"{IAM}:user/somebody"),
        "takes another role on": Request("sts:AssumeRole", role("Admin")),
    },
}


@pytest.mark.parametrize(
    ("name", "way"), [(name, way) for name, requests in ESCALATIONS.items() for way in requests]
)
def test_an_escalation_is_refused(name: str, way: str) -> None:
    assert not allowed(ESCALATIONS[name][way], DEV.statements(name))


@pytest.mark.parametrize(
    "action", ["iam:CreateUser", "sts:AssumeRole", "s3:PutObject", "lambda:UpdateFunctionCode"]
)
def test_a_role_of_the_stack_does_not_go_beyond_its_boundary(action: str) -> None:
    everything = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    assert allowed(Request(action, "*"), everything)
    assert not allowed(Request(action, "*"), everything, DEV.statements("Boundary"))
    read = Request("s3:GetObject", "arn:aws:s3:::skylayer-dev-storebucket-x/models/pointer")
    assert allowed(read, everything, DEV.statements("Boundary"))
    strange = Request("s3:GetObject", "arn:aws:s3:::payroll/2026.csv")
    assert not allowed(strange, everything, DEV.statements("Boundary"))


def test_a_store_of_yours_is_within_the_boundary_once_it_is_named() -> None:
    yours = Request("s3:GetObject", "arn:aws:s3:::models-of-ours/birds/pointer")
    assert not allowed(yours, DEV.statements("Boundary"))
    assert allowed(yours, bootstrap(StoreName="models-of-ours").statements("Boundary"))


def test_a_boundary_of_yours_takes_the_place_of_the_one_made_here() -> None:
    yours = f"{IAM}:policy/ours"
    statements = bootstrap(PermissionsBoundary=yours).statements("CloudFormationRole")
    assert allowed(Request("iam:CreateRole", OWN_ROLE, bounded(yours)), statements)
    assert not allowed(Request("iam:CreateRole", OWN_ROLE, bounded(BOUNDARY)), statements)
    assert not allowed(Request("iam:CreateRole", OWN_ROLE), statements)


def actions_of(statements: Any) -> set[str]:
    found: set[str] = set()
    for statement in statements:
        actions = statement["Action"]
        found |= {actions} if isinstance(actions, str) else set(actions)
    return found


def policies_of(value: Any) -> list[dict[str, Any]]:
    """Every statement below a value, within conditions, too."""
    if isinstance(value, dict):
        if "Effect" in value:
            return [value]
        return [each for part in value.values() for each in policies_of(part)]
    return [each for part in value for each in policies_of(part)] if isinstance(value, list) else []


def test_the_boundary_leaves_the_roles_of_the_template_what_they_need() -> None:
    within = actions_of(bootstrap(KmsKeyArn="arn:aws:kms:::key/abc").statements("Boundary"))
    roles = [part for part in FULL["Resources"].values() if part["Type"] == "AWS::IAM::Role"]
    needed = actions_of(policies_of([part["Properties"].get("Policies", []) for part in roles]))
    assert needed <= within
    # What AWS's own policies hold, as far as these roles use it:
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCodeDeployRoleForLambdaLimited.html
    # https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSLambdaENIManagementAccess.html
    managed = {
        "AWSCodeDeployRoleForLambdaLimited": {
            "cloudwatch:DescribeAlarms",
            "lambda:GetAlias",
            "lambda:GetProvisionedConcurrencyConfig",
            "lambda:InvokeFunction",
            "lambda:UpdateAlias",
        },
        "AWSLambdaENIManagementAccess": {
            "ec2:AssignPrivateIpAddresses",
            "ec2:CreateNetworkInterface",
            "ec2:DeleteNetworkInterface",
            "ec2:DescribeNetworkInterfaces",
            "ec2:UnassignPrivateIpAddresses",
        },
    }
    assert set(managed) == MANAGED_POLICIES
    used = set().union(*managed.values())
    assert used <= within
    assert within == needed | used


def token(subject: str, audience: str = "sts.amazonaws.com") -> Request:
    host = "token.actions.githubusercontent.com"
    context = {f"{host}:sub": subject, f"{host}:aud": audience}
    return Request("sts:AssumeRoleWithWebIdentity", context=context)


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_workflow_takes_on_the_role_of_its_own_environment_alone(environment: str) -> None:
    trust = bootstrap(environment).trust("DeployRole")
    other = {"dev": "prod", "prod": "dev"}[environment]
    assert allowed(token(f"repo:owner/fork:environment:{environment}"), trust)
    for subject in (
        f"repo:owner/fork:environment:{other}",
        f"repo:owner/fork:environment:{environment}2",
        f"repo:somebody/fork:environment:{environment}",
        "repo:owner/fork:pull_request",
        "repo:owner/fork:ref:refs/heads/main",
    ):
        assert not allowed(token(subject), trust), subject
    assert not allowed(token(f"repo:owner/fork:environment:{environment}", "https://github.com"), trust)


def test_cloudformation_alone_takes_on_its_role_for_this_account() -> None:
    (statement,) = DEV.trust("CloudFormationRole")
    assert statement["Principal"] == {"Service": "cloudformation.amazonaws.com"}
    assert allowed(Request("sts:AssumeRole", context={"aws:SourceAccount": ACCOUNT}), [statement])
    assert not allowed(Request("sts:AssumeRole", context={"aws:SourceAccount": "9" * 12}), [statement])


def test_no_statement_names_what_the_evaluation_does_not_know() -> None:
    for name in ("DeployRole", "CloudFormationRole", "Boundary"):
        for statement in DEV.statements(name):
            assert "${" not in json.dumps(statement)
            assert set(statement) <= {"Sid", "Effect", "Action", "Resource", "Condition"}
