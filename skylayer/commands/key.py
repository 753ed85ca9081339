"""`key`: show the API key of a stack, or replace it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.aws.stacks import Stack
    from skylayer.commands.variables import Options

GENERATION = "KeyGeneration"
VARIABLES = (
    *stack_options.VARIABLES,
    Variable("ROTATE", "1: make a new key; the old one ends at once", switch, False),
)
EXAMPLES = (
    "make key",
    "make key ROTATE=1 ENV=prod",
)


def run(options: Options) -> None:
    """Print the key, and nothing else, to stdout."""
    stack = stack_options.chosen_or_local(options)
    before = _key_id(stack)
    if options.rotate:
        rotate(stack)
        if _key_id(stack) == before:
            raise UserError(f"{stack.name} has the same key as before; CloudFormation did not replace it.")
    gateway = stack.client("apigateway")
    print(gateway.get_api_key(apiKey=_key_id(stack), includeValue=True)["value"])


def rotate(stack: Stack) -> None:
    """Let CloudFormation replace the key and delete the old one: the same template, the next key generation."""
    parameters = stack.describe()["Parameters"]
    numbers = [int(each["ParameterValue"]) for each in parameters if each["ParameterKey"] == GENERATION]
    if not numbers:
        raise UserError(f"{stack.name} was deployed before keys could be replaced: deploy it again first.")
    kept = [
        {"ParameterKey": each["ParameterKey"], "UsePreviousValue": True}
        for each in parameters
        if each["ParameterKey"] != GENERATION
    ]
    formation = stack.client("cloudformation")
    formation.update_stack(
        StackName=stack.name,
        UsePreviousTemplate=True,
        Parameters=[*kept, {"ParameterKey": GENERATION, "ParameterValue": str(numbers[0] + 1)}],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    waiting = {"Delay": 1 if stack.is_local else 10, "MaxAttempts": 120}
    formation.get_waiter("stack_update_complete").wait(StackName=stack.name, WaiterConfig=waiting)


def _key_id(stack: Stack) -> str:
    outputs = stack.outputs()
    if "ApiKeyId" not in outputs:
        raise UserError(
            f"{stack.name} takes no key: its callers are known otherwise (parameter Authentication)."
        )
    return outputs["ApiKeyId"]
