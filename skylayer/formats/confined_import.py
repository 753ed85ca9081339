"""`python -m skylayer.formats.confined_import TASK`: the import that `confined` starts, under its limits."""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skylayer.formats.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable

    Tell = Callable[..., None]


def main(text: str) -> int:
    """Import what a task describes, tell it over the task's pipe, and return an exit code."""
    task: dict[str, Any] = json.loads(text)
    pipe = int(task.pop("pipe"))
    os.set_inheritable(pipe, False)

    def tell(**event: Any) -> None:
        os.write(pipe, json.dumps(event).encode() + b"\n")

    budget = Budget(**task.pop("budget"))
    limit(budget)
    return _import(task, budget, tell)


def limit(budget: Budget) -> None:
    """Let this process take no more than its budget, and leave no core file.

    Memory is what it may write to: threads and libraries reserve much more address space than they use.
    """
    processors = os.cpu_count() or 1
    for kind, most in (
        (resource.RLIMIT_DATA, budget.memory),
        (resource.RLIMIT_CPU, budget.total_seconds * processors),
        (resource.RLIMIT_CORE, 0),
    ):
        with suppress(ValueError, OSError):  # not every system has each of them
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))


def _import(task: dict[str, Any], budget: Budget, tell: Tell) -> int:
    log = Path(task.pop("log"))
    from skylayer.errors import UserError  # noqa: PLC0415 - under the limits
    from skylayer.formats.importing import import_model  # noqa: PLC0415
    from skylayer.formats.other_version import OtherVersion  # noqa: PLC0415

    try:
        folder = import_model(
            Path(task.pop("path")),
            sample=None if (sample := task.pop("sample")) is None else Path(sample),
            directory=Path(task.pop("directory")),
            progress=lambda share: tell(proof=share),
            opened=lambda: tell(read=True),
            budget=budget,
            **task,
        )
    except OtherVersion as other:
        tell(other=[other.written, other.installed])
    except UserError as error:
        tell(refused=str(error))
    except MemoryError:
        tell(memory=True)
    except Exception as error:  # noqa: BLE001 - a state that no version writes leads anywhere
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text(traceback.format_exc(), encoding="utf-8")
        tell(failed=f"{type(error).__name__}: {error}")
    else:
        tell(folder=str(folder))
        return 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
