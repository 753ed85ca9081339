"""`python -m mutation.worker`: runs tests in a copy of the tree, for one mutant after the other.

It reads one job a line from standard input and writes one result a line to standard output. What tests import of
others is imported once, before the first job; each job runs in a fork, which imports our modules afresh.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARIES = ("hypothesis", "numpy", "pandas", "sklearn.ensemble", "sklearn.pipeline", "joblib", "yaml")
# No plugin but Hypothesis's: each would be loaded again in each fork.
OPTIONS = [
    "-q",
    "-o",
    "addopts=",
    "-p",
    "no:cacheprovider",
    "-p",
    "_hypothesis_pytestplugin",
    "--hypothesis-seed=0",
]
QUICK = "not slow and not browser and not container and not e2e"
_POLL_SECONDS = 0.01


class Trace:
    """A pytest plugin: which test ran which lines, which failed, and how long each took."""

    def __init__(self, sources: list[str]) -> None:
        self.coverage = coverage.Coverage(data_file=None, config_file=False, include=sources)
        self.seconds: dict[str, float] = {}
        self.failed: set[str] = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Iterator[None]:
        # What a fixture runs may serve each test of the file, though it ran for the first one.
        self.coverage.switch_context(item.nodeid.split("::")[0])
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        self.coverage.switch_context(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if not report.passed:
            self.failed.add(report.nodeid)

    def lines(self) -> dict[str, dict[int, list[str]]]:
        """Path below the root -> line -> contexts; the empty context is what an import runs."""
        data = self.coverage.get_data()
        root = Path.cwd()
        return {
            str(Path(path).relative_to(root)): data.contexts_by_lineno(path) for path in data.measured_files()
        }


def _trace(job: dict[str, Any]) -> int:
    trace = Trace(job["sources"])
    trace.coverage.start()
    status = pytest.main([*OPTIONS, "-m", QUICK, job["file"]], plugins=[trace])
    trace.coverage.stop()
    passed = {test: seconds for test, seconds in trace.seconds.items() if test not in trace.failed}
    result = {"lines": trace.lines(), "seconds": passed, "failed": sorted(trace.failed)}
    Path(job["result"]).write_text(json.dumps(result), encoding="utf-8")
    return int(status)


def _test(job: dict[str, Any]) -> int:
    return int(pytest.main([*OPTIONS, "-x", *job["tests"]]))


def _in_a_fork(job: dict[str, Any]) -> int | None:
    """The exit status of a job's fork; none if it took longer than its limit."""
    child = os.fork()
    if not child:
        os.setsid()  # what a test starts ends with it
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        status = 1
        try:
            status = _trace(job) if "file" in job else _test(job)
        finally:
            os._exit(status)
    try:
        return _wait(child, job["limit"])
    finally:  # a worker that is ended leaves no fork behind
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)


def _wait(child: int, limit: float) -> int | None:
    until = time.monotonic() + limit
    while time.monotonic() < until:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(_POLL_SECONDS)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def main() -> None:
    """Answer each job: a file to trace, or a mutant to test."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for library in LIBRARIES:
        importlib.import_module(library)
    gc.freeze()  # pytest collects garbage at its end; what was imported here is none
    for line in sys.stdin:
        job = json.loads(line)
        path = Path(job["path"]) if "path" in job else None
        original = path.read_text(encoding="utf-8") if path else ""
        if path:
            path.write_text(job["source"], encoding="utf-8")
        try:
            status = _in_a_fork(job)
        finally:
            if path:
                path.write_text(original, encoding="utf-8")
        print(json.dumps({"status": status}), flush=True)


if __name__ == "__main__":
    main()
