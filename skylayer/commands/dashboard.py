"""`dashboard`: show metrics and alarms of a stack, and the address of its dashboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.commands import metrics, stack_options

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = metrics.VARIABLES
EXAMPLES = ("make dashboard ENV=prod",)


def run(options: Options) -> None:
    """Print the metrics, each alarm's state, and the address of the dashboard."""
    stack = stack_options.chosen_or_local(options)
    metrics.show(stack, options.minutes)
    alarms = stack.client("cloudwatch").describe_alarms(AlarmNamePrefix=f"{stack.name}-")["MetricAlarms"]
    for alarm in sorted(alarms, key=lambda each: each["AlarmName"]):
        print(f"{alarm['StateValue']:<18}{alarm['AlarmDescription']}")
    url = stack.outputs().get("DashboardUrl")
    if url and not stack.is_local:
        print(url)
