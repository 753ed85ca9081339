"""`dashboard`: metrics and alarms of a stack, and where AWS shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.aws import stacks
from skylayer.commands import metrics
from skylayer.commands.options import whole

if TYPE_CHECKING:
    import argparse

EXAMPLES = ("make dashboard ENV=prod",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the stack and the time to look back."""
    metrics.add_arguments(parser)


def run(options: argparse.Namespace) -> None:
    """Print the metrics, each alarm's state, and the address of the dashboard."""
    minutes = whole("minutes", options.minutes)
    stack = stacks.chosen(options)
    metrics.show(stack, minutes)
    alarms = stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    for alarm in sorted(alarms, key=lambda each: each["AlarmName"]):
        print(f"{alarm['StateValue']:<18}{alarm['AlarmDescription']}")
    url = stack.outputs().get("DashboardUrl")
    if url and not stack.is_local:
        print(url)
