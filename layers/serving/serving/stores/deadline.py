"""One deadline around all that is asked of a store, whatever it does: time limits of sockets count per read."""

from __future__ import annotations

import ctypes
from threading import Thread

from serving.stores import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class _GivenUp(BaseException):
    """Ends a thread that nobody waits for any longer; no error, so that nothing on the way handles it as one."""


def within(seconds: float, ask: Callable[[], Any]) -> Any:
    """What `ask` returns, or raises, if it does so in time.

    It runs in a thread of its own, which is told to end where it takes longer: it does with its next step in
    Python, so a conversation whose every read has a time limit ends soon after.

    Raises:
        StoreError: It took too long.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.append((ask(), None))
        except _GivenUp:
            pass
        except Exception as error:  # noqa: BLE001 (raised where somebody waits)
            outcome.append((None, error))

    thread = Thread(target=run, name="store", daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_GivenUp)
        )
        raise StoreError(f"the store takes longer than {seconds:g} s: it was not waited for.")
    answer, error = outcome[0]
    if error is not None:
        raise error
    return answer
