"""`python -m fuzz`: what `make fuzz` runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from rich.progress import Progress

from fuzz import answers, bodies, events, files, messages, sanitized, tables

ATTACKS = {
    "bodies": bodies.attack,
    "answers": answers.attack,
    "tables": tables.attack,
    "files": files.attack,
    "events": events.attack,
    "messages": messages.attack,
}


def main() -> int:
    """Run the attacks under sanitizers, or without where there are none, saying so."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000, help="JSON bodies (default 100,000)")
    parser.add_argument("--answers", type=int, default=100_000, help="JSON answers (default 100,000)")
    parser.add_argument("--tables", type=int, default=10_000, help="damaged tables (default 10,000)")
    parser.add_argument("--files", type=int, default=20_000, help="files of CSV (default 20,000)")
    parser.add_argument("--events", type=int, default=100_000, help="events (default 100,000)")
    parser.add_argument(
        "--messages", type=int, default=20_000, help="damaged answers of the Runtime API (default 20,000)"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a campaign")
    parser.add_argument("--here", action="store_true", help="in this process, without sanitizers")
    options = parser.parse_args()
    if not options.here and "SKYLAYER_FUZZ_KERNEL" not in os.environ:
        with tempfile.TemporaryDirectory() as folder:
            try:
                environment = sanitized.build(Path(folder))
            except sanitized.NoSanitizer as reason:
                print(f"Without sanitizers: {reason}.")
            else:
                command = [sys.executable, "-m", "fuzz", *sys.argv[1:], "--seed", str(options.seed)]
                return subprocess.run(command, env=environment, check=False).returncode
    with Progress() as bar:
        for name, attack in ATTACKS.items():
            task = bar.add_task(f"{name}, seed {options.seed}", total=getattr(options, name))
            result = attack(getattr(options, name), options.seed, partial(bar.advance, task))
            bar.console.print(f"{name}: {result}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
