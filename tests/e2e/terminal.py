"""A program driven through a terminal of its own, by someone who only presses Enter."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

QUIET_SECONDS = 0.3


@dataclass(frozen=True)
class Session:
    """What a program showed, how often Enter was pressed, and its exit status: None if it had to be ended."""

    shown: str
    pressed: int
    status: int | None


def press_enter(
    command: list[str], folder: Path, environment: dict[str, str], *, seconds: float, most: int
) -> Session:
    """Run a program in a terminal and press Enter at whatever it asks: at a line that ends in a colon.

    After `seconds`, or when it asks more than `most` times, it is ended.
    """
    terminal, programs_side = pty.openpty()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdin=programs_side,
        stdout=programs_side,
        stderr=programs_side,
        start_new_session=True,
    )
    os.close(programs_side)
    shown, pressed = b"", 0
    deadline = time.monotonic() + seconds
    try:
        while time.monotonic() < deadline and pressed <= most:
            if select.select([terminal], [], [], QUIET_SECONDS)[0]:
                piece = _read(terminal)
                if not piece:
                    return Session(shown.decode(errors="replace"), pressed, process.wait(timeout=30))
                shown += piece
            elif shown.endswith(b": "):
                os.write(terminal, b"\n")
                shown += b"\n"
                pressed += 1
        return Session(shown.decode(errors="replace"), pressed, None)
    finally:
        process.kill()
        process.wait()
        os.close(terminal)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # Linux's way to say that the program has closed its side
        return b""
