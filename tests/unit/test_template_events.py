"""An event of which SAM makes no route is refused, as SAM's own translator shows."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import boto3
import pytest
from samcli.yamlhelper import yaml_parse
from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from skylayer.errors import UserError
from skylayer.packaging import template_events

ROOT = Path(__file__).parents[2]
TEMPLATE: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))


def transformed(template: dict[str, Any]) -> dict[str, Any]:
    """What CloudFormation gets."""
    source = copy.deepcopy(template)
    for resource in source["Resources"].values():
        for key in {"CodeUri", "ContentUri"} & set(resource.get("Properties", {})):
            resource["Properties"][key] = {"Bucket": "bucket", "Key": "key"}
    values = {name: str(part["Default"]) for name, part in source["Parameters"].items()}
    session = boto3.Session(region_name="us-east-1")
    expanded: dict[str, Any] = Translator({}, Parser(), boto_session=session).translate(source, values)
    return expanded


def with_event(kind: str, **properties: Any) -> dict[str, Any]:
    """The template with a second function and one event of it."""
    template = copy.deepcopy(TEMPLATE)
    template["Resources"]["Second"] = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": "s3://bucket/code",
            "Handler": "app.lambda_handler",
            "Runtime": "python3.13",
            "Events": {"Asked": {"Type": kind, "Properties": properties}},
        },
    }
    return template


ROUTE = {"Path": "/a-route-of-an-event", "Method": "post"}


def test_the_template_has_no_such_event() -> None:
    template_events.check_template(TEMPLATE)


def test_an_event_of_our_api_is_refused_since_sam_would_drop_it() -> None:
    template = with_event("Api", RestApiId={"Ref": "Api"}, **ROUTE)
    (body,) = [
        part["Properties"]["Body"]
        for part in transformed(template)["Resources"].values()
        if part["Type"] == "AWS::ApiGateway::RestApi"
    ]
    assert "/a-route-of-an-event" not in body["paths"]
    with pytest.raises(UserError, match=r"Asked of Second.*docs/extend\.md"):
        template_events.check_template(template)


@pytest.mark.parametrize(
    ("kind", "properties"),
    [
        ("Api", ROUTE),
        ("SQS", {"Queue": {"Fn::GetAtt": ["Rows", "Arn"]}}),
        ("Api", {**ROUTE, "RestApiId": {"Ref": "Another"}}),
        ("HttpApi", {**ROUTE, "ApiId": {"Fn::ImportValue": "elsewhere"}}),
        ("Schedule", {"Schedule": "rate(1 day)"}),
    ],
)
def test_events_of_which_sam_makes_something_are_taken(kind: str, properties: dict[str, Any]) -> None:
    template_events.check_template(with_event(kind, **properties))


def test_definitions_that_are_merged_take_events() -> None:
    template = with_event("Api", RestApiId={"Ref": "Api"}, **ROUTE)
    template["Resources"]["Api"]["Properties"]["MergeDefinitions"] = True
    template_events.check_template(template)
