"""`key`: show the API key of a stack, or replace it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.aws import api_keys
from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.aws.stacks import Stack
    from skylayer.commands.variables import Options

VARIABLES = (
    *stack_options.VARIABLES,
    Variable("ROTATE", "1: replace the key, and revoke the old one at once", switch, False),
)
EXAMPLES = (
    "make key",
    "make key ROTATE=1 ENV=prod",
)


def run(options: Options) -> None:
    """Print the key, and nothing else, to stdout."""
    keys = of_stack(stack_options.chosen_or_local(options))
    if options.rotate:
        keys.replace()
    print(keys.value())


def of_stack(stack: Stack) -> api_keys.StackKeys:
    """The keys of a stack. Raises UserError if its callers are known otherwise."""
    keys = api_keys.of_stack(stack.client("apigateway"), stack.name, stack.outputs())
    if keys is None:
        raise UserError(
            f"{stack.name} takes no key: its callers are known otherwise (parameter Authentication)."
        )
    return keys
