"""`python -m mutation`: what `make mutate` runs."""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
from typing import TYPE_CHECKING

import suite
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from mutation import report, selection
from mutation.operators import Mutant, mutants
from mutation.pool import pool

if TYPE_CHECKING:
    from pathlib import Path

    from mutation.selection import Coverage

SECONDS_TO_START = 20.0
TIMES_SLOWER = 4.0
EXIT_OF_PASSED = 0
EXIT_OF_USAGE = 2
EXIT_OF_STOPPED = 143
NO_TESTS = ["--version"]  # a job that passes at once


def main() -> int:
    """Change the code, run the tests of each change, and say which changes no test noticed."""
    options = _parser().parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(EXIT_OF_STOPPED))  # by way of what ends the workers
    modules = _python_files(options.file or [area.path for area in report.AREAS], "*.py")
    tests = _python_files(options.tests, "test_*.py")
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as bar:
        started = bar.add_task("copying the tree", total=None)
        chosen = _chosen(modules, options.sample, options.seed)
        with pool(options.workers) as workers:
            bar.update(started, description="which tests run what", total=len(tests))
            coverage = selection.measure(workers, tests, lambda: bar.advance(started))
            for name in coverage.failed:
                bar.console.print(f"left out, since it does not pass without a mutant: {name}", markup=False)
            task = bar.add_task(f"mutants, seed {options.seed}", total=len(chosen))
            results: list[tuple[Mutant, str]] = []

            def ended(index: int, status: int | None) -> None:
                result = _result(jobs[index]["tests"], status)
                results.append((chosen[index], result))
                line = _line(chosen[index], result, covered=jobs[index]["tests"] != NO_TESTS)
                bar.console.print(line, markup=False, emoji=False, highlight=False, soft_wrap=True)
                bar.advance(task)

            jobs = [_job(mutant, coverage) for mutant in chosen]
            workers.map(jobs, ended)
        counts = report.count(results)
        bar.console.print(report.table(counts))
    return int(any(count.share < area.share for area, count in counts.items()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make mutate", description=__doc__)
    parser.add_argument(
        "--sample", type=int, default=40, help="mutants drawn at random; 0 is all (default 40)"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the draw (default 1)")
    parser.add_argument("--file", action="append", help="a module or folder to mutate (default: all areas)")
    parser.add_argument(
        "--tests", nargs="+", default=["tests/unit", "tests/integration"], help="files or folders"
    )
    parser.add_argument(
        "--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)"
    )
    return parser


def _python_files(names: list[str], pattern: str) -> list[Path]:
    found: dict[Path, None] = {}
    for name in names:
        path = suite.ROOT / name
        if not path.exists():
            print(f"make mutate: there is no {name}", file=sys.stderr)
            raise SystemExit(EXIT_OF_USAGE)
        found.update(dict.fromkeys(sorted(path.rglob(pattern)) if path.is_dir() else [path]))
    return list(found)


def _chosen(modules: list[Path], sample: int, seed: int) -> list[Mutant]:
    known = report.equivalent()
    every = [
        mutant
        for module in modules
        for mutant in mutants(str(module.relative_to(suite.ROOT)), module.read_text(encoding="utf-8"))
        if mutant.key not in known
    ]
    if not 0 < sample < len(every):
        return every
    drawn = random.Random(seed).sample(range(len(every)), sample)  # noqa: S311
    return [every[index] for index in sorted(drawn)]


def _job(mutant: Mutant, coverage: Coverage) -> dict[str, object]:
    source = (suite.ROOT / mutant.path).read_text(encoding="utf-8")
    tests = coverage.tests(mutant.path, selection.statement_lines(source, mutant.line))
    expected = sum(coverage.seconds[test] for test in tests)
    return {
        "path": mutant.path,
        "source": mutant.source if tests else source,
        "tests": tests or NO_TESTS,
        "limit": SECONDS_TO_START + TIMES_SLOWER * expected,
    }


def _result(tests: object, status: int | None) -> str:
    if status is None:
        return "timeout"
    return "survived" if status == EXIT_OF_PASSED or tests == NO_TESTS else "killed"


def _line(mutant: Mutant, result: str, *, covered: bool) -> str:
    note = "" if covered else " (no test runs this line)"
    return f"{result:8} {mutant.path}:{mutant.line}: {mutant.name}{note}"


if __name__ == "__main__":
    sys.exit(main())
