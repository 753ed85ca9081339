"""The classes and functions that a pickle names, the dangerous ones first: no long list may hide them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skylayer.errors import one_line

if TYPE_CHECKING:
    from collections.abc import Collection

_SHOWN = 12
_LONGEST = 80  # characters of one name
# Modules whose functions start programs, open files, reach the network, or call what they are given.
_MODULES = frozenset({
    "_ctypes", "_frozen_importlib", "_io", "_osx_support", "_pickle", "_posixsubprocess", "_socket", "_thread",
    "asyncio", "bdb", "cProfile", "cloudpickle", "code", "codecs", "codeop", "commands", "concurrent", "ctypes",
    "dill", "distutils", "doctest", "ensurepip", "ftplib", "functools", "gc", "http", "imp", "importlib",
    "inspect", "io", "linecache", "logging", "marshal", "mmap", "multiprocessing", "nt", "ntpath", "operator",
    "os", "pathlib", "pdb", "pickle", "pip", "pkgutil", "platform", "popen2", "posix", "posixpath", "pprint",
    "profile", "pty", "pydoc", "requests", "runpy", "setuptools", "shelve", "shutil", "signal", "site",
    "smtplib", "socket", "sqlite3", "ssl", "subprocess", "sys", "telnetlib", "tempfile", "test", "threading",
    "timeit", "trace", "types", "urllib", "venv", "weakref", "webbrowser", "xmlrpc", "zipfile",
    "zipimport",
})  # fmt: skip
_BUILTINS = frozenset({
    "__build_class__", "__import__", "apply", "breakpoint", "classmethod", "compile", "delattr", "eval", "exec",
    "execfile", "exit", "file", "filter", "getattr", "globals", "help", "input", "locals", "map", "open",
    "quit", "reload", "setattr", "super", "type", "vars",
})  # fmt: skip
_FUNCTIONS = (
    "joblib._",
    "joblib.load",
    "joblib.memory",
    "joblib.numpy_pickle.load",
    "numpy.ctypeslib",
    "numpy.distutils",
    "numpy.f2py",
    "numpy.fromfile",
    "numpy.lib.npyio",
    "numpy.load",
    "numpy.memmap",
    "numpy.testing",
    "pandas.core.computation",
    "pandas.eval",
    "pandas.io",
    "pandas.read_",
    "scipy.io",
    "sklearn.datasets",
    "sklearn.utils._testing",
)
_LIBRARIES = ("sklearn.", "numpy.", "scipy.", "pandas.", "joblib.", "collections.", "lightgbm.", "xgboost.")


def is_dangerous(name: str) -> bool:
    """Whether a name is of what starts programs, opens files, or calls what it is given."""
    module, _, rest = name.partition(".")
    return (
        module in _MODULES
        or (module in {"builtins", "__builtin__"} and rest.partition(".")[0] in _BUILTINS)
        or name.startswith(_FUNCTIONS)
    )


def told(names: Collection[str]) -> str:
    """Sentences that list names: what is dangerous, and then the rest, of no known library first."""
    dangerous = sorted(name for name in names if is_dangerous(name))
    others = sorted(
        (name for name in names if not is_dangerous(name)),
        key=lambda name: (name.startswith(_LIBRARIES), name),
    )
    said = []
    if dangerous:
        said.append(f"It names what can run programs or open files: {_listed(dangerous)}.")
    if others or not dangerous:
        said.append(f"It {'also ' if dangerous else ''}names {_listed(others) or 'nothing'}.")
    return " ".join(said)


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(one_line(name, _LONGEST) for name in names[:_SHOWN]) + more
