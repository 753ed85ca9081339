"""Every predictor of scikit-learn is served: natively or by itself, and docs/coverage.md says how."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.engines.native import open_kernel
from skylayer.commands.coverage_cases import predictors
from skylayer.commands.coverage_sweep import examine, page
from skylayer.compiler.kernel_build import host_kernel

PAGE = (Path(__file__).parents[2] / "docs" / "coverage.md").read_text(encoding="utf-8")
LARGEST = 1e-12


@pytest.mark.parametrize(("name", "kind"), predictors(), ids=lambda v: v if isinstance(v, str) else "")
def test_it_is_served_as_the_page_says(name: str, kind: type) -> None:
    row = examine(name, kind, open_kernel(str(host_kernel())))
    assert row.labels == 0
    assert row.distinct > 1 or name.startswith("Dummy")
    assert row.difference <= LARGEST
    assert page([row]).splitlines()[-1] in PAGE.splitlines(), "run make coverage"


def test_the_page_names_every_predictor_and_counts_the_native_ones() -> None:
    rows = [line.split(" | ") for line in PAGE.splitlines() if line.startswith("| ")][1:]
    assert [row[0].removeprefix("| ") for row in rows] == [name for name, _ in predictors()]
    native = sum(row[1] == "native" for row in rows)
    assert f"**{native} of {len(rows)} are native, all {len(rows)} are served.**" in PAGE
