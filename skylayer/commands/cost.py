"""`cost`: estimate what a month of the champion costs, beside other ways to serve it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

from serving import artifact
from skylayer import project
from skylayer.aws import prices
from skylayer.commands.variables import Variable, one_of, whole

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("REQUESTS", "requests a month (default 1,000,000)", whole, 1_000_000),
    Variable("ROWS", "rows in a request (default 1)", whole, 1),
    Variable("MEMORY", "memory of the function in MB (default 1,024)", whole, 1024),
    Variable("ARCHITECTURE", "x86_64 (default) or arm64", one_of("x86_64", "arm64"), "x86_64"),
)
EXAMPLES = (
    "make cost",
    "make cost REQUESTS=5000000 ROWS=10",
)


def run(options: Options) -> None:
    """Print a bill for each way, its assumptions and its sources."""
    requests, rows, memory = options.requests, options.rows, options.memory
    engine = artifact.read_manifest(project.champion())["engine"]
    grid = Grid(title=f"A month of {requests:,} requests with {rows:,} row{'' if rows == 1 else 's'} each")
    grid.add_column("way")
    grid.add_column("US dollars", justify="right")
    grid.add_column("of which")
    for bill in prices.bills(requests, rows, memory, engine, options.architecture):
        parts = ", ".join(f"{name} {dollars:,.2f}" for name, dollars in bill.parts.items())
        grid.add_row(bill.way, f"{bill.dollars:,.2f}", parts)
    Console().print(grid)
    billed = prices.milliseconds(engine, rows, memory)
    print(
        f"Assumed: {billed:.0f} ms billed for a request; no free tiers or traffic; no cold starts but for SnapStart,\n"
        "which restores for a hundredth of the requests; SageMaker without its data processing and without a gateway,\n"
        "so signed calls only; a container that takes the whole load."
    )
    print(f"List prices of us-east-1, {prices.DATED}, and what each was compared with:")
    for seen, names in sorted(prices.provenance().items()):
        print(f"  {seen}: {', '.join(names)}")
    print("They change: look at aws.amazon.com/…/pricing before you rely on them.")
