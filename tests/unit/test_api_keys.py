"""Which key of a stack holds: the usage plan says it, and a deployment doesn't."""

from __future__ import annotations

from typing import Any

import pytest

from skylayer.aws import api_keys
from skylayer.errors import UserError

OUTPUTS = {"ApiKeyId": "first", "UsagePlanId": "plan"}


class Gateway:
    """API Gateway with a stack's usage plan and its first key, and a key of another stack."""

    def __init__(self) -> None:
        self.keys: dict[str, dict[str, Any]] = {
            "first": {"id": "first", "name": "stack-1", "tags": {}},
            "foreign": {"id": "foreign", "name": "stack-b-2026", "tags": {api_keys.TAG: "stack-b"}},
        }
        self.plan = ["first"]

    def get_paginator(self, call: str) -> Any:
        items = [{"id": key} for key in self.plan] if call == "get_usage_plan_keys" else [*self.keys.values()]
        return type(
            "Paginator", (), {"paginate": lambda _, **__: [{"items": items[:1]}, {"items": items[1:]}]}
        )()

    def get_api_key(self, apiKey: str, includeValue: bool) -> dict[str, Any]:  # noqa: N803
        assert includeValue
        return {**self.keys[apiKey], "value": f"value of {apiKey}"}

    def create_api_key(self, **properties: Any) -> dict[str, Any]:
        made = {"id": f"made-{len(self.keys)}", **properties}
        self.keys[made["id"]] = made
        return made

    def create_usage_plan_key(self, usagePlanId: str, keyId: str, keyType: str) -> None:  # noqa: N803
        assert (usagePlanId, keyType) == ("plan", "API_KEY")
        self.plan.append(keyId)

    def delete_usage_plan_key(self, usagePlanId: str, keyId: str) -> None:  # noqa: N803
        assert usagePlanId == "plan"
        self.plan.remove(keyId)

    def delete_api_key(self, apiKey: str) -> None:  # noqa: N803
        assert apiKey not in self.plan
        del self.keys[apiKey]


def keys_of(gateway: Gateway) -> api_keys.StackKeys:
    found = api_keys.of_stack(gateway, "stack", OUTPUTS)
    assert found is not None
    return found


def test_the_first_key_holds_until_it_is_replaced() -> None:
    gateway = Gateway()
    assert keys_of(gateway).value() == "value of first"
    keys_of(gateway).replace()
    second = keys_of(gateway).current()
    assert second != "first"
    assert gateway.plan == [second]
    keys_of(gateway).replace()
    third = keys_of(gateway).current()
    assert gateway.plan == [third]
    # CloudFormation's own stays for it to find; the second is gone, and another stack's is none of this one's.
    assert set(gateway.keys) == {"first", "foreign", third}


def test_a_key_that_somebody_put_into_the_plan_stays() -> None:
    gateway = Gateway()
    gateway.keys["partner"] = {"id": "partner", "name": "stack-partner", "tags": {}}
    gateway.plan.append("partner")
    keys_of(gateway).replace()
    assert "partner" in gateway.plan
    assert "first" not in gateway.plan
    assert keys_of(gateway).current() not in {"partner", "first"}


def test_a_stack_without_keys_has_none_and_an_older_one_is_told_apart() -> None:
    assert api_keys.of_stack(Gateway(), "stack", {}) is None
    with pytest.raises(UserError, match="deploy it again first"):
        api_keys.of_stack(Gateway(), "stack", {"ApiKeyId": "first"})


def test_a_plan_that_lost_its_key_says_what_to_do() -> None:
    gateway = Gateway()
    gateway.plan.clear()
    with pytest.raises(UserError, match="make key ROTATE=1"):
        keys_of(gateway).value()
    keys_of(gateway).replace()
    assert keys_of(gateway).value().startswith("value of made")
