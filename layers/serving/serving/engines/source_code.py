"""Modules that an artifact brings: the user's own classes and functions."""

from __future__ import annotations

import os
import sys
from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def imported_from(folder: str) -> Iterator[None]:
    """Import the modules that an artifact brings from its own folder, whatever goes by their names elsewhere.

    Two versions of one model bring modules of the same names, and so may the project that opens them. Each
    estimator keeps those that it was loaded with; afterwards the names mean what they meant before. Nothing is
    written into the artifact, byte code included, since that would alter it.
    """
    if not os.path.isdir(folder):
        yield
        return
    brought = {name.removesuffix(".py") for name in os.listdir(folder)}
    before = {name: sys.modules[name] for name in list(sys.modules) if name.partition(".")[0] in brought}
    writes_no_bytecode = sys.dont_write_bytecode
    for name in before:
        del sys.modules[name]
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True
    try:
        yield
    finally:
        sys.dont_write_bytecode = writes_no_bytecode
        sys.path.remove(folder)
        if before:
            for name in [name for name in sys.modules if name.partition(".")[0] in brought]:
                del sys.modules[name]
            sys.modules.update(before)
        else:  # a function that imports only when it is called still finds its modules
            sys.path.append(folder)
