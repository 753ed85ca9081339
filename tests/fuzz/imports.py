"""Damaged model files: each is refused or read; none runs a canary, and none outlives its budget.

The files are read in a process under the limits of an import (`skylayer.formats.confined_import`), as `confined` reads
them, which tells the outcome of each. An accepted pickle that names what the original names, and nothing else, must
also answer as it does where pickle itself opens it.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import random
import selectors
import subprocess
import sys
import tempfile
import warnings
import zlib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from fuzz import mutations, originals
from skylayer.errors import UserError
from skylayer.formats import confined_import, importing, recognition
from skylayer.formats.budget import MEGABYTE, Budget
from skylayer.formats.pickles import records
from skylayer.formats.reading import open_estimator

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BUDGET = Budget(seconds=60, memory=3072 * MEGABYTE)
# The libraries that run these formats may crash, hang or run out of memory; an import is ended then.
MAY_END = ("onnx", "hdf5", "keras")
_ENDED = "ended"
# joblib's arrays are none of pickle's; histogram boosting reads its nodes by their places, whatever their fields are
# called, where we read them by name; and the search trees and vectors that pickle makes crash where they are damaged.
_NOT_COMPARED = ("pickle-joblib", "pickle-histogram", "pickle-neighbours", "pickle-vectors")
_TESTS = Path(__file__).parents[1]
_FORBIDDEN = ("os.system", "os.exec", "os.posix_spawn", "os.fork", "subprocess.Popen", "pickle.find_class")


def damaged(name: str, content: bytes, source: random.Random, canary: Path) -> bytes:
    """A damaged file, in the way of its format."""
    kind = name.partition("-")[0]
    structured = source.random() < 0.8
    if kind == "pickle" and structured:
        return mutations.pickled(content, source, canary)
    if kind == "zlib":
        return zlib.compress(mutations.pickled(zlib.decompress(content), source, canary))
    if kind == "skops" and structured:
        return mutations.schema(content, source, "schema.json")
    if name.endswith("-json") and structured:
        return mutations.document(content, source)
    if name == "keras-zip" and structured:
        return mutations.schema(content, source, "config.json")
    return mutations.damaged(content, source)


def look(path: Path, content: bytes) -> Any:
    """What an import does with a file before it is proven.

    Raises:
        UserError: It is refused.
    """
    kind = recognition.kind_of(path, content)
    if kind == "onnx":
        from skylayer.formats.onnx import graph, reference  # noqa: PLC0415
        from skylayer.formats.onnx import importing as onnx_importing  # noqa: PLC0415

        read = graph.read_graph(path, content)
        return onnx_importing._look(reference.Session(path, read), read, None)  # noqa: SLF001
    if kind == "hdf5":
        from skylayer.formats.hdf5 import importing as hdf5_importing  # noqa: PLC0415

        if hdf5_importing.is_own(path, content):
            return hdf5_importing.read_tables(path, content)
        kind = "keras"
    if kind in {"pickle", "skops"}:
        return open_estimator(path, content, kind, None, BUDGET)
    request = importing.Request(path, None, None, None)
    return importing._OPEN[kind](request, content, kind)  # noqa: SLF001


def outcome(name: str, content: bytes) -> str:
    """`refused`, `read` or, of a pickle that pickle opens to the same answers, `equal`.

    Raises:
        Exception: It is neither.
    """
    try:
        found = look(Path(name), content)
    except UserError as error:
        assert str(error)  # noqa: PT017
        return "refused"
    if not name.startswith(("pickle", "zlib")) or not _names_the_same(name, content):
        return "read"
    return _compared(found.estimator, content)


def _names_the_same(name: str, content: bytes) -> bool:
    """Whether pickle itself may open it: it names nothing but classes of the original."""
    plain = recognition.decompressed(Path(name), content)
    known = set().union(*(records.interpret(whole).names for whole in _WHOLE.values()))
    return records.interpret(plain).names <= known and not name.startswith(_NOT_COMPARED)


def _compared(estimator: Any, content: bytes) -> str:
    rows = originals.NUMBERS if getattr(estimator, "n_features_in_", None) else originals.TEXTS
    try:
        with _allowed():
            wanted = pickle.loads(recognition.decompressed(Path("model"), content)).predict(rows)  # noqa: S301
    except Exception:  # noqa: BLE001 - what pickle doesn't open, or scikit-learn doesn't answer, compares with nothing
        return "read"
    assert np.array_equal(estimator.predict(rows), wanted), "it answers otherwise than pickle's own"
    return "equal"


_WHOLE: dict[str, bytes] = {}
_WATCHED: list[str] = []
_OPEN = [False]


class _allowed:  # noqa: N801 - a context
    """While pickle itself opens a file of known names."""

    def __enter__(self) -> None:
        _OPEN[0] = True

    def __exit__(self, *_: object) -> None:
        _OPEN[0] = False


def _watch(event: str, arguments: Any) -> None:
    if event in _FORBIDDEN and not _OPEN[0]:
        _WATCHED.append(f"{event} {arguments}")


def work(folder: Path, first: int, count: int, seed: int) -> None:
    """Read damaged files, and tell the outcome of each in a line on standard output."""
    confined_import.limit(Budget(seconds=3600, memory=BUDGET.memory))
    warnings.simplefilter("ignore")
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*-*"))}
    _WHOLE.update({name: content for name, content in files.items() if name.startswith("pickle")})
    canary = folder / "canary"
    for name, content in files.items():
        # What reading imports must be imported before it is watched.
        assert outcome(name, content) != "refused", name
    sys.addaudithook(_watch)
    for number in range(first, first + count):
        name, content = file_of(files, number, seed, canary)
        print(json.dumps({"number": number, "name": name}), flush=True)
        try:
            result = outcome(name, content)
        except MemoryError:
            result = _ENDED
        except Exception as error:  # noqa: BLE001 - every other one is a failure, and is told
            result = f"FAILED {type(error).__name__}: {error}"
        if _WATCHED or canary.exists():
            result = f"FAILED it ran: {_WATCHED or 'the canary'}"
        print(json.dumps({"outcome": result}), flush=True)


def file_of(files: dict[str, bytes], number: int, seed: int, canary: Path) -> tuple[str, bytes]:
    """A damaged file of a campaign, and the name of its original."""
    source = random.Random(f"{seed} {number}")  # noqa: S311 - reproducible, not secret
    name = sorted(files)[number % len(files)]
    return name, damaged(name, files[name], source, canary)


def attack(count: int, seed: int, progress: Callable[[], None] = lambda: None) -> dict[str, int]:
    """Read so many damaged files; return how many ended how.

    Raises:
        AssertionError: One ran something, was read otherwise than it is, or outlived its budget.
    """
    outcomes: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        originals.write(folder)
        first = 0
        while first < count:
            for number, name, result in _told(folder, first, count - first, seed):
                may_end = result == _ENDED and name.startswith(MAY_END)
                if not (may_end or result in {"refused", "read", "equal"}):
                    kept = _kept(folder, number, seed)
                    raise AssertionError(f"file {number} of seed {seed}, {kept}: {result}")
                outcomes[result] += 1
                first = number + 1
                progress()
    return dict(outcomes)


def _kept(folder: Path, number: int, seed: int) -> Path:
    """A damaged file where it outlives the campaign."""
    files = {path.name: path.read_bytes() for path in sorted(folder.glob("*-*"))}
    name, content = file_of(files, number, seed, folder / "canary")
    path = Path(tempfile.gettempdir(), f"damaged-{seed}-{number}-{name}")
    path.write_bytes(content)
    return path


def _told(folder: Path, first: int, count: int, seed: int) -> Iterator[tuple[int, str, str]]:
    """Number, original and outcome of each file that one process reads; its last one may have ended it."""
    command = [sys.executable, "-m", "fuzz.imports", str(folder), str(first), str(count), str(seed)]
    # The sanitizers of the kernel are for the kernel, and take more memory than a budget has.
    kept = {key: value for key, value in os.environ.items() if key not in {"LD_PRELOAD", "PYTHONMALLOC"}}
    path = os.pathsep.join(filter(None, (str(_TESTS), kept.get("PYTHONPATH"))))
    environment = kept | {"ORT_DISABLE_TELEMETRY": "1", "PYTHONPATH": path}
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=said, env=environment) as process,
    ):
        number, name, answered = first, "an original", False
        for line in _lines(process):
            event = json.loads(line)
            if "number" in event:
                number, name, answered = event["number"], event["name"], False
            else:
                answered = True
                yield number, name, event["outcome"]
        process.kill()
        code = process.wait()
        if not answered:
            said.seek(0)
            last = said.read()[-500:].decode(errors="replace")
            yield number, name, _ENDED if name.startswith(MAY_END) else f"FAILED ended with {code}: {last}"


def _lines(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """What a process writes, until it ends or is silent for longer than the budget."""
    output: Any = process.stdout
    buffer = b""
    with selectors.DefaultSelector() as selector:
        selector.register(output, selectors.EVENT_READ)
        while selector.select(BUDGET.seconds):
            chunk = os.read(output.fileno(), io.DEFAULT_BUFFER_SIZE)
            if not chunk:
                return
            *lines, buffer = (buffer + chunk).split(b"\n")
            yield from lines


if __name__ == "__main__":
    work(Path(sys.argv[1]), *map(int, sys.argv[2:]))
