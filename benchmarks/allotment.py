"""Lambda's share of a CPU and its memory limit, by cgroup, where the kernel lets us.

Lambda gives CPU in proportion to memory, one whole virtual CPU at 1,769 MB:
https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html. AWS doesn't publish how it treats the
initialisation; here the share holds from the first instruction on, so these cold starts are an upper bound.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Self

ROOT = Path("/sys/fs/cgroup")
MEGABYTES_OF_ONE_CPU = 1_769
PERIOD = 20_000  # microseconds


class Unavailable(Exception):
    """The kernel doesn't let this process make control groups; the message says where it stopped."""


class Allotment:
    """A control group with Lambda's CPU and memory for a function of `megabytes`; a context manager."""

    def __init__(self, megabytes: int) -> None:
        """Make the group. Raises `Unavailable`."""
        self.megabytes = megabytes
        self.folders: list[Path] = []
        quota = max(1_000, PERIOD * megabytes // MEGABYTES_OF_ONE_CPU)
        limit = megabytes * 1024 * 1024
        try:
            if (ROOT / "cgroup.controllers").exists():
                self._make(ROOT, {"cpu.max": f"{quota} {PERIOD}", "memory.max": limit, "memory.swap.max": 0})
            else:
                self._make(ROOT / "cpu", {"cpu.cfs_period_us": PERIOD, "cpu.cfs_quota_us": quota})
                self._make(ROOT / "memory", {"memory.limit_in_bytes": limit})
        except OSError as error:
            self.close()
            raise Unavailable(f"control groups: {error}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Remove the group."""
        self.close()

    def wrap(self, command: list[str]) -> list[str]:
        """Give a command that puts itself into the group and then becomes `command`."""
        joins = " && ".join(f"echo $$ > '{folder}/cgroup.procs'" for folder in self.folders)
        return ["/bin/sh", "-c", f'{joins} && exec "$@"', "sh", *command]

    def killed(self) -> bool:
        """Say whether the kernel has killed a process of the group for want of memory."""
        for folder in self.folders:
            for name in ("memory.events", "memory.oom_control"):
                with suppress(OSError):
                    lines = (line.split() for line in (folder / name).read_text().splitlines())
                    if any(key == "oom_kill" and value != "0" for key, value in lines):
                        return True
        return False

    def close(self) -> None:
        """Remove the group; its processes have ended by then."""
        for folder in self.folders:
            with suppress(OSError):
                folder.rmdir()

    def _make(self, parent: Path, settings: dict[str, object]) -> None:
        folder = parent / f"skylayer-bench-{os.getpid()}-{self.megabytes}"
        folder.mkdir(exist_ok=True)
        self.folders.append(folder)
        for name, value in settings.items():
            # Without swap accounting there is no such file, and no swap to limit.
            if name != "memory.swap.max" or (folder / name).exists():
                (folder / name).write_text(str(value))
