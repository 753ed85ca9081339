"""A bounded sample of `make mutate`: request bodies and protocols, which unit tests of milliseconds cover.

The proof, the lowerings and the engines need minutes each; `make mutate` draws from them too.
"""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
import suite

SERVING = "layers/serving/serving"
# Module -> the file in tests/unit that covers it.
COVERED = {
    "csv_body": "csv_body",
    "errors": "http",
    "http": "http",
    "instances": "instances",
    "json_body": "json_body",
    "limits": "http",
    "protocols/inference": "inference",
    "protocols/scoring": "scoring",
    "protocols/tensors": "tensors",
    "schema": "columns",
}


@pytest.mark.slow
def test_of_forty_mutants_the_wanted_share_is_killed() -> None:
    command = [sys.executable, "-m", "mutation", "--sample", "40", "--workers", "1"]
    for module in COVERED:
        command += ["--file", f"{SERVING}/{module}.py"]
    command += ["--tests", *sorted({f"tests/unit/test_{name}.py" for name in COVERED.values()})]
    environment = {**os.environ, "PYTHONPATH": str(suite.TESTS), "COLUMNS": "200"}
    done = subprocess.run(
        command, cwd=suite.ROOT, env=environment, capture_output=True, text=True, check=False, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith(("killed", "survived", "timeout"))]
    assert len(lines) == 40
