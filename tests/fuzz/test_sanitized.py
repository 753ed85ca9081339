"""What `make fuzz` runs under sanitizers is built: without it, a campaign would go on and see less."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fuzz import sanitized


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux" or shutil.which("gcc") is None, reason="needs gcc on Linux")
def test_kernel_and_runtime_loop_are_built_with_sanitizers(tmp_path: Path) -> None:
    environment = sanitized.build(tmp_path)
    for variable in ("SKYLAYER_FUZZ_KERNEL", "SKYLAYER_FUZZ_START"):
        assert b"__asan_init" in Path(environment[variable]).read_bytes()
    done = subprocess.run(
        [environment["SKYLAYER_FUZZ_START"], sys.executable, "-c", "print('taken over')"],
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "taken over\n"
