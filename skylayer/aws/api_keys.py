"""The API key of a stack: which one holds, and another in its place.

CloudFormation makes the first. Which key holds is then a matter of the usage plan alone, so that no parameter, and no
deployment with an earlier value of it, can change it:
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-setup-api-key-with-console.html
"""

from __future__ import annotations

from dataclasses import dataclass
from time import gmtime, strftime
from typing import TYPE_CHECKING, Any

from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

TAG = "skylayer:stack"


@dataclass(frozen=True)
class StackKeys:
    """The keys of a stack.

    `gateway` is a client of API Gateway, `first` the identifier of the key that CloudFormation made, `plan` that of
    the usage plan.
    """

    gateway: Any
    stack: str
    first: str
    plan: str

    def current(self) -> str:
        """The identifier of the key that holds. Raises UserError if none does."""
        held = self._held()
        if not held:
            raise UserError(
                f"The usage plan of {self.stack} holds no key of its own: make key ROTATE=1 makes one."
            )
        return held[-1]

    def value(self) -> str:
        """The key that holds, as callers send it."""
        value: str = self.gateway.get_api_key(apiKey=self.current(), includeValue=True)["value"]
        return value

    def replace(self) -> None:
        """Let another key hold, and end what held before; keys that others have put into the plan stay."""
        before = self._held()
        made = self.gateway.create_api_key(
            name=f"{self.stack}-{strftime('%Y%m%d-%H%M%S', gmtime())}",
            description=f"Key to {self.stack}",
            enabled=True,
            generateDistinctId=True,
            tags={TAG: self.stack},
        )
        self.gateway.create_usage_plan_key(usagePlanId=self.plan, keyId=made["id"], keyType="API_KEY")
        for key in before:
            self.gateway.delete_usage_plan_key(usagePlanId=self.plan, keyId=key)
        # CloudFormation's own stays, powerless, since a later update of the stack would look for it.
        for key in self._made():
            if key != made["id"]:
                self.gateway.delete_api_key(apiKey=key)

    def _made(self) -> list[str]:
        return made_for(self.gateway, self.stack)

    def _held(self) -> list[str]:
        """The stack's keys in its usage plan, the first one before those that replaced it."""
        pages = self.gateway.get_paginator("get_usage_plan_keys").paginate(usagePlanId=self.plan)
        planned = {item["id"] for page in pages for item in page["items"]}
        return [key for key in (self.first, *self._made()) if key in planned]


def of_stack(gateway: Any, stack: str, outputs: Mapping[str, str]) -> StackKeys | None:
    """The keys of a stack with these outputs; None if its callers are known otherwise.

    Raises UserError where the stack is older than the output that names its usage plan.
    """
    if "ApiKeyId" not in outputs:
        return None
    if "UsagePlanId" not in outputs:
        raise UserError(f"{stack} was deployed by an older template: deploy it again first.")
    return StackKeys(gateway, stack, outputs["ApiKeyId"], outputs["UsagePlanId"])


def made_for(gateway: Any, stack: str) -> list[str]:
    """Keys that `replace` has made for a stack: CloudFormation doesn't know them, so it doesn't delete them."""
    pages = gateway.get_paginator("get_api_keys").paginate(nameQuery=f"{stack}-")
    return [
        item["id"] for page in pages for item in page["items"] if (item.get("tags") or {}).get(TAG) == stack
    ]
