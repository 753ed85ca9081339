"""Damaged model files: a bounded sample of `make fuzz`."""

from __future__ import annotations

import random
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from fuzz import imports, mutations, originals
from skylayer.errors import UserError


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    folder = tmp_path_factory.mktemp("originals")
    originals.write(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_a_sample_of_damaged_files_is_refused_or_read() -> None:
    outcomes = imports.attack(400, seed=1)
    assert outcomes["refused"] > 200
    assert outcomes["read"] + outcomes["equal"] > 10


def test_whole_files_of_every_format_are_read(whole: dict[str, bytes]) -> None:
    formats = {name.partition("-")[0] for name in whole}
    assert formats == {"pickle", "zlib", "skops", "onnx", "keras", "hdf5", "json", "ubj", "cbm", "pmml"}
    for name, content in whole.items():
        imports.look(Path(name), content)


def test_a_pickle_is_put_together_as_it_was(whole: dict[str, bytes]) -> None:
    for name, content in whole.items():
        if name.startswith("pickle"):
            assert b"".join(mutations.opcodes(content)) == content


@pytest.mark.parametrize("number", range(10))
def test_each_canary_sings_where_pickle_runs_it(number: int, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    content = b"\x80\x02" + mutations.canaries(canary)[number] + b"."
    with pytest.raises(UserError, match="can't be read as data"):
        imports.look(Path("model"), content)
    assert not canary.exists()
    # numpy moves its private parts; a path opens nothing by itself.
    program = (
        "import pickle, sys\n"
        "try: made = pickle.loads(sys.stdin.buffer.read())\n"
        "except (ImportError, AttributeError): made = 'moved'\n"
        "if hasattr(made, 'touch'): made.touch()\n"
        "elif callable(made): made()\n"
        "elif hasattr(made, 'wait'): made.wait()\n"
        "print(made)"
    )
    done = subprocess.run([sys.executable, "-c", program], input=content, capture_output=True, check=True)
    assert canary.exists() or done.stdout == b"moved\n"


def test_a_damaged_file_is_the_same_each_time(whole: dict[str, bytes], tmp_path: Path) -> None:
    for number in range(2 * len(whole)):
        name, once = imports.file_of(whole, number, 7, tmp_path)
        assert imports.file_of(whole, number, 7, tmp_path) == (name, once)


def test_what_comes_compressed_is_damaged_within(whole: dict[str, bytes], tmp_path: Path) -> None:
    source = random.Random(1)  # noqa: S311 - reproducible, not secret
    changed = imports.damaged("zlib-forest", whole["zlib-forest"], source, tmp_path)
    assert zlib.decompress(changed) != zlib.decompress(whole["zlib-forest"])
