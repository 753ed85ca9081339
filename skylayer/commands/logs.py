"""`logs`: what the function logged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from skylayer.aws import local_stack
from skylayer.commands.options import whole
from skylayer.commands.up import EMULATOR

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make logs",
    "make logs LINES=20",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the number of lines."""
    parser.add_argument("--lines", default="200", help="how many of the last lines (default 200)")


def run(options: argparse.Namespace) -> None:
    """Print the last lines of the function's log group, oldest first."""
    lines = whole("lines", options.lines)
    found = local_stack.running(EMULATOR)
    pages = local_stack.client(found.emulator, "logs").get_paginator("filter_log_events")
    events = [event for page in pages.paginate(logGroupName=found.log_group) for event in page["events"]]
    events.sort(key=lambda event: event["timestamp"])
    if not events:
        print("The function has logged nothing yet.")
    for event in events[-lines:]:
        moment = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
        print(moment, event["message"].rstrip())
