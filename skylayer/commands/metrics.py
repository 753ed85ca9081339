"""`metrics`: show the requests, rows and latency of each model version."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

from serving import artifact
from skylayer.aws.request_log import MEDIAN, SLOWEST_HUNDREDTH, measure
from skylayer.commands import stack_options
from skylayer.commands.variables import Variable, whole

if TYPE_CHECKING:
    from skylayer.aws.stacks import Stack
    from skylayer.commands.variables import Options

VARIABLES = (*stack_options.VARIABLES, Variable("MINUTES", "minutes to look back (default 60)", whole, 60))
EXAMPLES = (
    "make metrics",
    "make metrics MINUTES=1440 ENV=prod",
)


def run(options: Options) -> None:
    """Print one row per model version."""
    show(stack_options.chosen_or_local(options), options.minutes)


def show(stack: Stack, minutes: int) -> None:
    """Print one row per model version, from the log lines that CloudWatch makes metrics of."""
    since = int((time.time() - minutes * 60) * 1000)
    pages = stack.client("logs").get_paginator("filter_log_events")
    events = pages.paginate(logGroupName=stack.outputs()["LogGroup"], startTime=since)
    found = measure(event["message"] for page in events for event in page["events"])
    if not found:
        print(f"{stack.name} measured nothing in {minutes} minutes (parameter Monitoring).")
        return
    grid = Grid(title=None)
    grid.add_column("version", no_wrap=True, min_width=artifact.VERSION_LENGTH)
    for heading in ("requests", "rows", "cold starts", "p50 ms", "p99 ms"):
        grid.add_column(heading, justify="right", no_wrap=True)
    for version, measured in found.items():
        grid.add_row(
            version,
            f"{measured.requests:,}",
            f"{measured.rows:,}",
            f"{measured.cold_starts:,}",
            f"{measured.latency(MEDIAN):,.2f}",
            f"{measured.latency(SLOWEST_HUNDREDTH):,.2f}",
        )
    console = Console(highlight=False)
    console.print(grid)
    # Below the table, which has no room for words: a terminal of 80 columns cut them.
    for version, measured in found.items():
        outcomes = ", ".join(f"{outcome} {count:,}" for outcome, count in measured.outcomes.most_common())
        console.print(f"{version}: {outcomes}", soft_wrap=True)
