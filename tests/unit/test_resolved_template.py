from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

from skylayer.aws.resolved_template import resolve

TEMPLATE: dict[str, Any] = yaml_parse(
    (Path(__file__).parents[2] / "template.yaml").read_text(encoding="utf-8")
)


def test_nothing_is_left_to_decide() -> None:
    resolved = resolve(TEMPLATE, {"Authentication": "none"})
    text = json.dumps(resolved["Resources"])
    assert "Fn::If" not in text
    assert "AWS::NoValue" not in text
    assert "Dashboard" not in resolved["Resources"]
    paths = resolved["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    assert "security" not in paths["/predict"]["post"]
    assert "options" not in paths["/predict"]


def test_parameters_decide() -> None:
    chosen = {"CorsOrigin": "https://example.com", "SubnetIds": "a,b", "Monitoring": "true"}
    resolved = resolve(TEMPLATE, chosen)["Resources"]
    body = resolved["Api"]["Properties"]["DefinitionBody"]
    assert body["paths"]["/predict"]["post"]["security"] == [{"caller": []}]
    assert body["components"]["securitySchemes"]["caller"]["name"] == "x-api-key"
    assert "options" in body["paths"]["/predict"]
    assert "VpcConfig" in resolved["PredictFunction"]["Properties"]
    assert "Dashboard" in resolved


def test_conditions_of_every_kind() -> None:
    conditions = {
        "A": {"Fn::Equals": [{"Ref": "P"}, 1]},
        "B": {"Fn::And": [{"Condition": "A"}, {"Fn::Not": [{"Condition": "C"}]}]},
        "C": {"Fn::Or": [{"Fn::Equals": ["x", "y"]}, {"Fn::Equals": ["x", "z"]}]},
    }
    resource = {
        "Type": "T",
        "Condition": "B",
        "Properties": {"L": [{"Fn::If": ["C", 1, {"Ref": "AWS::NoValue"}]}, 2]},
    }
    template = {"Parameters": {"P": {"Default": 1}}, "Conditions": conditions, "Resources": {"R": resource}}
    assert resolve(template, {})["Resources"] == {"R": {"Type": "T", "Properties": {"L": [2]}}}
    assert resolve(template, {"P": "2"})["Resources"] == {}
