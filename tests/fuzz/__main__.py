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
    """Run the attacks on the kernel under sanitizers, or without where there are none; then the others."""
    parser = argparse.ArgumentParser(prog="make fuzz", description=__doc__)
    parser.add_argument("--bodies", type=int, default=100_000, help="JSON bodies (default 100,000)")
    parser.add_argument("--answers", type=int, default=100_000, help="JSON answers (default 100,000)")
    parser.add_argument("--tables", type=int, default=10_000, help="damaged tables (default 10,000)")
    parser.add_argument("--files", type=int, default=20_000, help="files of CSV (default 20,000)")
    parser.add_argument("--events", type=int, default=100_000, help="events (default 100,000)")
    parser.add_argument(
        "--messages", type=int, default=20_000, help="damaged answers of the Runtime API (default 20,000)"
    )
    parser.add_argument("--imports", type=int, default=20_000, help="damaged model files (default 20,000)")
    parser.add_argument("--requests", type=int, default=100_000, help="requests, over all kinds of model")
    parser.add_argument("--models", help="which kinds, with commas between (default all)")
    parser.add_argument(
        "--only", choices=[*ATTACKS, "imports", "requests"], help="one of these attacks, default all"
    )
    parser.add_argument("--seed", type=int, default=int(time.time()), help="to repeat a campaign")
    parser.add_argument("--here", action="store_true", help="in this process, without sanitizers")
    options = parser.parse_args()
    options.kernel = [name for name in ATTACKS if options.only in {None, name}]
    return _kernel(options) or _imports(options) or _api(options)


def _kernel(options: argparse.Namespace) -> int:
    if not options.kernel:
        return 0
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
        for name in options.kernel:
            task = bar.add_task(f"{name}, seed {options.seed}", total=getattr(options, name))
            result = ATTACKS[name](getattr(options, name), options.seed, partial(bar.advance, task))
            bar.console.print(f"{name}: {result}")
    return 0


def _imports(options: argparse.Namespace) -> int:
    """Files are read within a budget of memory, which sanitizers would take."""
    if options.only not in {None, "imports"} or "SKYLAYER_FUZZ_KERNEL" in os.environ:
        return 0
    from fuzz import imports  # noqa: PLC0415 - nothing for a process under sanitizers

    with Progress() as bar:
        task = bar.add_task(f"imports, seed {options.seed}", total=options.imports)
        result = imports.attack(options.imports, options.seed, partial(bar.advance, task))
        bar.console.print(f"imports: {result}")
    return 0


def _api(options: argparse.Namespace) -> int:
    """Time and memory of requests are measured, so no sanitizer may be in this process."""
    if options.only not in {None, "requests"} or "SKYLAYER_FUZZ_KERNEL" in os.environ:
        return 0
    from fuzz.wire import campaign, models  # noqa: PLC0415 - nothing for a process under sanitizers

    os.environ["SKYLAYER_LOG_LEVEL"] = "ERROR"
    kinds = options.models.split(",") if options.models else models.NAMES
    if unknown := set(kinds) - set(models.NAMES):
        print(f"There is no kind {min(unknown)}; there are {', '.join(models.NAMES)}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder, Progress() as bar:
        for kind in kinds:
            task = bar.add_task(f"{kind}, seed {options.seed}", total=options.requests // len(kinds))
            model = models.make(kind, Path(folder))
            try:
                found = campaign.attack(
                    model, options.requests // len(kinds), options.seed, partial(bar.advance, task)
                )
            except campaign.Broken as reason:
                bar.console.print(f"{reason}", markup=False)
                return 1
            bar.console.print(f"{kind} ({model.manifest['engine']}): {found}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
