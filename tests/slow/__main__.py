"""`python -m slow`: what `make slow` runs."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from rich.progress import Progress

from slow import campaign, models


def main() -> int:
    """Search the slowest request of each kind of model."""
    parser = argparse.ArgumentParser(prog="make slow", description=__doc__)
    parser.add_argument("--requests", type=int, default=200, help="requests for each kind (default 200)")
    parser.add_argument("--models", default=",".join(models.MAKERS), help="which kinds, with commas between")
    parser.add_argument("--rows", type=int, default=5_000, help="rows that each is fitted to (default 5,000)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a campaign")
    options = parser.parse_args()
    os.environ["SKYLAYER_LOG_LEVEL"] = "ERROR"
    with tempfile.TemporaryDirectory() as folder, Progress() as bar:
        for kind in options.models.split(","):
            task = bar.add_task(f"{kind}, seed {options.seed}", total=options.requests)
            model = models.make(kind, Path(folder), options.rows)
            try:
                found = campaign.search(model, options.requests, options.seed, partial(bar.advance, task))
            except campaign.TooSlow as reason:
                bar.console.print(f"too slow: {reason}")
                return 1
            engine, most = model.manifest["engine"], model.most_rows
            bar.console.print(f"{kind} ({engine}, {most:,} rows at a time): {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
