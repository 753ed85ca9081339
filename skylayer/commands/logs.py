"""`logs`: show the function's log."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    *stack_options.VARIABLES,
    Variable("LINES", "number of the latest lines (default 200)", whole, 200),
)
EXAMPLES = (
    "make logs",
    "make logs LINES=20 ENV=prod",
)


def run(options: Options) -> None:
    """Print the last lines of the function's log group, oldest first."""
    stack = stack_options.chosen_or_local(options)
    pages = stack.client("logs").get_paginator("filter_log_events")
    found = pages.paginate(logGroupName=stack.outputs()["LogGroup"])
    events = [event for page in found for event in page["events"]]
    events.sort(key=lambda event: event["timestamp"])
    if not events:
        print("The function has logged nothing yet.")
    for event in events[-options.lines :]:
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
        print(moment, event["message"].rstrip())
