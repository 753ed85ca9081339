"""Workers, each with a temporary copy of the tree: no mutant is ever written into the tree itself."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import suite

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LEFT_OUT = (".git", ".venv", ".skylayer", ".aws-sam", ".hypothesis", ".*_cache", "__pycache__", "clients")


class Pool:
    """Runs jobs in `workers` processes."""

    def __init__(self, folder: Path, workers: int) -> None:
        self._free: queue.SimpleQueue[subprocess.Popen[str]] = queue.SimpleQueue()
        self._workers = [_start(_copy(folder / str(number))) for number in range(workers)]
        for worker in self._workers:
            self._free.put(worker)

    def run(self, job: dict[str, Any]) -> int | None:
        """The exit status of pytest, negative for a signal; none if the time limit passed."""
        worker = self._free.get()
        try:
            assert worker.stdin is not None
            assert worker.stdout is not None
            worker.stdin.write(json.dumps(job) + "\n")
            worker.stdin.flush()
            status: int | None = json.loads(worker.stdout.readline())["status"]
            return status
        finally:
            self._free.put(worker)

    def map(self, jobs: list[dict[str, Any]], each: Callable[[int, int | None], None]) -> None:
        """Run all jobs; `each` gets a job's index and status as it ends, one call at a time."""
        lock = threading.Lock()

        def run(index: int) -> None:
            status = self.run(jobs[index])
            with lock:
                each(index, status)

        with ThreadPoolExecutor(len(self._workers)) as threads:
            list(threads.map(run, range(len(jobs))))

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.terminate()
            worker.wait()


@contextlib.contextmanager
def pool(workers: int) -> Iterator[Pool]:
    """A pool in a folder of its own, which is removed at the end."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        opened = Pool(Path(folder), workers)
        try:
            yield opened
        finally:
            opened.close()


def _copy(target: Path) -> Path:
    shutil.copytree(suite.ROOT, target, ignore=shutil.ignore_patterns(*_LEFT_OUT), symlinks=True)
    kernel = suite.ROOT / ".skylayer" / "kernel"  # kept by the digest of its source
    if kernel.is_dir():
        shutil.copytree(kernel, target / ".skylayer" / "kernel")
    return target


def _start(root: Path) -> subprocess.Popen[str]:
    environment = dict(os.environ)
    suite.provide_uv(environment)
    # Before the environment's own entries, which name the tree itself. No bytecode: two mutants of one second and
    # of one size would be one module.
    environment["PYTHONPATH"] = os.pathsep.join(map(str, (root, root / "layers" / "serving", root / "tests")))
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    environment["OMP_NUM_THREADS"] = "1"
    return subprocess.Popen(
        [sys.executable, "-m", "mutation.worker"],
        cwd=root,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
