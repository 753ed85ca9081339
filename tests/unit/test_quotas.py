from __future__ import annotations

from typing import Any

import pytest

from serving.limits import MAX_ANSWER_BYTES, MAX_BODY_BYTES
from skylayer.aws import quotas
from skylayer.errors import UserError
from skylayer.packaging.template_quotas import check_template


def template(**properties: Any) -> dict[str, Any]:
    return {"Resources": {"Some": {"Type": "AWS::Serverless::Function", "Properties": properties}}}


@pytest.mark.parametrize("limit", quotas.QUOTAS, ids=lambda limit: limit.what)
def test_a_limit_holds_at_its_edge_and_names_its_page(limit: quotas.Limit) -> None:
    assert quotas.exceeded(limit, limit.maximum) is None
    line = quotas.exceeded(limit, limit.maximum + 1)
    assert line is not None
    assert str(limit.maximum + 1) in line
    assert limit.source.startswith("https://docs.aws.amazon.com/")


def test_the_run_time_refuses_before_aws_does() -> None:
    assert quotas.PAYLOAD.maximum == MAX_ANSWER_BYTES
    assert MAX_BODY_BYTES < quotas.PAYLOAD.maximum < quotas.GATEWAY_PAYLOAD.maximum


def test_a_template_within_the_limits_passes() -> None:
    variables: dict[str, Any] = {"A": "x" * (quotas.ENVIRONMENT.maximum - 2), "B": {"Ref": "Parameter"}}
    check_template(
        template(Layers=["a"] * 5, Environment={"Variables": variables}, Timeout={"Ref": "Timeout"})
    )


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"Layers": ["a"] * 6}, "6 layers, and AWS takes 5"),
        ({"Environment": {"Variables": {"A": "é" * 2048}}}, "4097 bytes, and AWS takes 4096"),
        ({"Timeout": 901}, "901 seconds"),
    ],
)
def test_a_template_over_a_limit_is_refused_by_name(properties: dict[str, Any], reason: str) -> None:
    with pytest.raises(UserError, match=r"template\.yaml asks for more") as caught:
        check_template(template(**properties))
    assert "Some: " in str(caught.value)
    assert reason in str(caught.value)
