"""The kernel as a library that a C program embeds: what it exports, its header, its example."""

from __future__ import annotations

import platform
import re
import shutil
import struct
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from native_compare import numeric_schema, opened
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge

from serving.artifact import ArtifactError
from serving.engines.json_reader import reader_of
from serving.engines.json_writer import writer_of
from serving.engines.native import open_kernel, open_table
from skylayer.compiler import compile_estimator
from skylayer.compiler.kernel_build import FLAGS, SOURCES, TARGETS, build_kernel, host_kernel

if TYPE_CHECKING:
    from pathlib import Path

HEADER = SOURCES / "skylayer.h"
EXAMPLE = SOURCES / "examples" / "predict.c"
DECLARATION = re.compile(r"^SKYLAYER_API [^;(]*?(\w+)\(", re.MULTILINE)
ZIG = [sys.executable, "-m", "ziglang", "cc"]


def exported(library: bytes) -> set[str]:
    """The names that a 64-bit little-endian ELF library defines for others."""
    sections_at = struct.unpack_from("<Q", library, 40)[0]
    size, count = struct.unpack_from("<HH", library, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", library, sections_at + size * i) for i in range(count)]
    (symbols,) = (section for section in sections if section[1] == 11)  # SHT_DYNSYM
    names_at = sections[symbols[6]][4]
    found = set()
    for at in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, section = struct.unpack_from("<IBBH", library, at)
        if section:  # defined here
            found.add(library[names_at + name : library.index(b"\0", names_at + name)].decode())
    return found


@pytest.mark.parametrize("target", [target for target in TARGETS if "linux" in target])
def test_only_the_functions_of_the_header_are_exported(target: str, tmp_path: Path) -> None:
    declared = set(DECLARATION.findall(HEADER.read_text()))
    assert len(declared) > 5
    assert exported(build_kernel(target, tmp_path).read_bytes()) == declared
    assert all(name.startswith("skylayer_") for name in declared)


@pytest.mark.parametrize("language", ["c", "c++"])
def test_the_header_needs_no_other(language: str, tmp_path: Path) -> None:
    program = tmp_path / "program.c"
    program.write_text('#include "skylayer.h"\nint status = SKYLAYER_OK;\n')
    standard = {"c": "-std=c99", "c++": "-std=c++11"}[language]
    command = [*ZIG, "-x", language, standard, "-pedantic", "-Wall", "-Wextra", "-Werror", "-c"]
    subprocess.run(
        [*command, f"-I{SOURCES}", str(program), "-o", str(tmp_path / "o")], check=True, timeout=120
    )


def test_gcc_builds_it_without_a_warning(tmp_path: Path) -> None:
    gcc = shutil.which("gcc")
    if gcc is None:
        pytest.skip("needs gcc")
    command = [gcc, "-std=c11", "-pedantic", "-O1", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared"]
    sources = map(str, [*sorted(SOURCES.glob("*.c")), EXAMPLE])
    subprocess.run([*command, f"-I{SOURCES}", *sources, "-o", str(tmp_path / "o")], check=True, timeout=300)


def imports(module: bytes) -> int:
    """How many items a WebAssembly module asks its host for."""
    at = 8
    while at < len(module):
        section, (size, at) = module[at], leb128(module, at + 1)
        if section == 2:
            return leb128(module, at)[0]
        at += size
    return 0


def leb128(data: bytes, at: int) -> tuple[int, int]:
    """An unsigned number of variable length, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at


def test_webassembly_without_a_runtime_links(tmp_path: Path) -> None:
    module = tmp_path / "kernel.wasm"
    flags = [flag for flag in FLAGS if flag not in {"-shared", "-fPIC"}]
    command = [*ZIG, "-target", "wasm32-freestanding", *flags, "-Wl,--no-entry", "-Wl,--export-dynamic"]
    # The linker refuses a symbol that nothing defines: there is neither libc nor compiler-rt here.
    subprocess.run(
        [*command, *map(str, sorted(SOURCES.glob("*.c"))), "-o", str(module)], check=True, timeout=300
    )
    assert imports(module.read_bytes()) == 0


@pytest.fixture(scope="module")
def portable(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """This machine's kernel, built without the compiler's 128-bit numbers."""
    library = tmp_path_factory.mktemp("portable") / "kernel.so"
    command = [*ZIG, *FLAGS, "-DSKYLAYER_PORTABLE", *map(str, sorted(SOURCES.glob("*.c")))]
    subprocess.run([*command, "-o", str(library)], check=True, timeout=300)
    return open_kernel(str(library))


def test_decimals_need_no_128_bit_numbers_of_the_compiler(portable: Any) -> None:
    random = np.random.default_rng(0)
    numbers = random.integers(0, 0x7FF << 52, 20_000, dtype=np.int64).view(np.float64)
    rows = len(numbers)
    described = {"field": "y", "count": 1, "shape": "scalar", "classes": None, "sizes": [], "integer": False}
    writer = writer_of(portable, [described], ["y"])
    assert writer is not None
    text = writer.write(bytearray(numbers.tobytes()), rows)
    assert text == f'"y":[{",".join(map(repr, numbers.tolist()))}]'

    usual = [repr(x) for x in (random.normal(size=rows) * 10.0 ** random.integers(-8, 3, rows)).tolist()]
    column = {"name": "x", "kind": "number", "nullable": False}
    kernels = [portable, open_kernel(str(host_kernel()))]
    taken = 0
    for number in usual:
        body = f'{{"instances":[[{number}]]}}'.encode()
        read = [
            reader_of(k, [column], {"dense": [[0, None]], "sparse": [], "encodings": []}) for k in kernels
        ]
        found = [reader.read(body) for reader in read if reader is not None]
        assert found[0] == found[1]
        if found[0] is not None:
            assert struct.unpack("d", found[0][0])[0] == float(number)
            taken += 1
    assert taken > rows / 2


def machine(processor: str) -> list[str]:
    """What a program for a processor is run with here."""
    if processor == platform.machine():
        return []
    found = shutil.which(f"qemu-{processor}") or shutil.which(f"qemu-{processor}-static")
    if found is None:
        pytest.skip(f"needs qemu-{processor} (Debian package qemu-user)")
    return [found]


def compiled_example(folder: Path, *options: str) -> Path:
    program = folder / "predict"
    flags = [flag for flag in FLAGS if flag not in {"-shared", "-nostdlib", "-fPIC"}]
    command = [*ZIG, *options, *flags, f"-I{SOURCES}", str(EXAMPLE), *map(str, sorted(SOURCES.glob("*.c")))]
    subprocess.run([*command, "-o", str(program)], check=True, timeout=300)
    return program


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="here"),
        pytest.param(("-target", "x86-linux-musl", "-static"), id="32 bits", marks=pytest.mark.slow),
    ],
)
def test_the_example_answers_as_the_engine(options: tuple[str, ...], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    x = random.normal(size=(200, 3))
    forest = RandomForestClassifier(10, random_state=0).fit(x, np.digitize(x.sum(axis=1), [-1, 1]))
    engine = opened(forest, numeric_schema(3), tmp_path)
    expected = np.asarray(engine.evaluate([list(column) for column in x.T.tolist()], len(x)))
    runner = machine("i386" if options else platform.machine())
    done = subprocess.run(
        [*runner, str(compiled_example(tmp_path, *options)), str(tmp_path / "tables.bin")],
        input="\n".join(" ".join(map(repr, row)) for row in x.tolist()),
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    answers = np.asarray(done.stdout.split(), dtype=np.float64)
    assert answers.tobytes() == expected.tobytes()


def test_a_table_of_the_other_byte_order_says_so(tmp_path: Path) -> None:
    table = bytearray(compile_estimator(Ridge().fit([[0.0], [1.0]], [0.0, 1.0]), numeric_schema(1)))
    table[12:16] = table[15:11:-1]
    path = tmp_path / "tables.bin"
    path.write_bytes(table)
    with pytest.raises(ArtifactError, match="byte order"):
        open_table(str(path), open_kernel(str(host_kernel())), ["x0"], ["predictions"])


def test_every_status_has_a_message_of_its_own() -> None:
    kernel = open_kernel(str(host_kernel()))
    statuses = re.findall(r"^    (SKYLAYER_\w+) = (\d+)", HEADER.read_text(), re.MULTILINE)
    messages = {kernel.skylayer_message(int(value)) for _, value in statuses}
    assert len(messages) == len(statuses) > 5
    assert kernel.skylayer_message(-1) not in messages
