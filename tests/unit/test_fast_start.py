"""The runtime loop in C: its program, its limits, and the form of a model that it answers from."""

from __future__ import annotations

import re
import shutil
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import small_artifact

from serving import limits
from serving.http import _MAX_ID
from skylayer import project
from skylayer.compiler import kernel_build
from skylayer.packaging import fast_start


@pytest.mark.parametrize("architecture", fast_start.TARGETS)
def test_the_program_is_static_and_the_same_at_every_build(
    architecture: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = fast_start.program(architecture).read_bytes()
    monkeypatch.setattr(kernel_build, "CACHE", tmp_path / "another cache")
    assert fast_start.program(architecture).read_bytes() == first
    assert first[:4] == b"\x7fELF"
    machine = {"x86_64": 62, "arm64": 183}[architecture]
    assert struct.unpack_from("<H", first, 18)[0] == machine
    at, size, count = struct.unpack_from("<Q", first, 32)[0], *struct.unpack_from("<HH", first, 54)
    kinds = {struct.unpack_from("<I", first, at + size * number)[0] for number in range(count)}
    assert 1 in kinds  # something is loaded
    assert not {2, 3} & kinds  # neither a dynamic section nor an interpreter
    assert str(Path(kernel_build.__file__).parents[2]).encode() not in first


def constant(file: str, name: str) -> int:
    text = (fast_start.SOURCES / file).read_text()
    found = re.search(rf"#define {name} (?:\((\d+)u << (\d+)\)|(\d+)u?\b)", text)
    assert found, name
    return int(found[1]) << int(found[2]) if found[1] else int(found[3])


def test_limits_are_those_of_python() -> None:
    assert constant("answer.c", "MOST_BODY") == limits.MAX_BODY_BYTES
    assert constant("answer.c", "MOST_ANSWER") == limits.MAX_ANSWER_BYTES
    assert constant("answer.c", "MOST_INSTANCES") == limits.MAX_ROWS
    assert constant("prepared.c", "MOST_SECONDS") == limits.MAX_SECONDS
    assert constant("event.c", "LONGEST_ID") == _MAX_ID
    assert constant("prepared.h", "PREPARED_VERSION") == fast_start.VERSION
    assert constant("prepared.h", "ROUTES") == len(fast_start.ROUTES)


def test_the_handler_of_the_template_is_the_one_that_the_loop_replaces() -> None:
    handler = (project.ROOT / "functions" / "predict" / "app.py").read_bytes()
    if b"lambda_handler = gateway.start()\n" not in handler:
        pytest.skip("this project has a handler of its own")
    assert handler == fast_start.HANDLER


def test_the_digest_is_fnv_1a() -> None:
    # http://www.isthe.com/chongo/tech/comp/fnv/: test vectors
    assert fast_start.digest(b"") == 0xCBF29CE484222325
    assert fast_start.digest(b"a") == 0xAF63DC4C8601EC8C
    assert fast_start.digest(b"foobar") == 0x85944171F73967E8


def test_an_engine_in_python_has_no_form(tmp_path: Path) -> None:
    assert fast_start.form_of(small_artifact.write(tmp_path)) is None


def test_a_machine_without_a_kernel_writes_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise kernel_build.KernelError("the native engine isn't built for this machine")

    def native(manifest: dict[str, Any]) -> None:
        manifest["engine"] = "native"
        manifest["engines"]["native"] = {"file": "golden.json"}

    small_artifact.write(tmp_path, native)
    monkeypatch.setattr(kernel_build, "use_host_kernel", refuse)
    assert fast_start.form_of(tmp_path) is None


@pytest.mark.skipif(shutil.which("gcc") is None or sys.platform != "linux", reason="needs gcc on Linux")
def test_gcc_builds_it_without_a_warning(tmp_path: Path) -> None:
    own = sorted(map(str, fast_start.SOURCES.glob("*.c")))
    flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror", "-fno-builtin", f"-I{kernel_build.SOURCES}"]
    subprocess.run(["gcc", *flags, "-c", *own], cwd=tmp_path, check=True, timeout=300)
