"""What share of each folder's lines the tests run, held against the floors in pyproject.toml; make test calls it."""

from __future__ import annotations

import json
import sys
import tempfile
import tomllib
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from coverage import Coverage

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parents[1]


def floors() -> dict[str, float]:
    """Percent by folder; a file belongs to the deepest folder that holds it."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    found: dict[str, float] = settings["tool"]["coverage-floors"]
    return found


def measured() -> dict[str, tuple[int, int]]:
    """Lines that ran and lines that there are, by file, of the last run of pytest --cov."""
    coverage = Coverage(config_file=str(ROOT / "pyproject.toml"))
    coverage.load()
    with tempfile.NamedTemporaryFile(suffix=".json") as report:
        coverage.json_report(outfile=report.name)
        files = json.loads(Path(report.name).read_text(encoding="utf-8"))["files"]
    summaries = {Path(name).as_posix(): entry["summary"] for name, entry in files.items()}
    return {name: (found["covered_lines"], found["num_statements"]) for name, found in summaries.items()}


def shares(files: Mapping[str, tuple[int, int]], folders: Mapping[str, float]) -> dict[str, float]:
    """Percent of the lines that ran, for each folder that has a floor; a folder without lines is whole."""
    totals: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, counts in files.items():
        holding = [folder for folder in folders if name.startswith(f"{folder}/")]
        if not holding:
            raise LookupError(f"{name} is in no folder that has a floor: add one to [tool.coverage-floors].")
        total = totals[max(holding, key=len)]
        total[:] = [a + b for a, b in zip(total, counts, strict=True)]
    return {folder: 100 * ran / there if there else 100.0 for folder, (ran, there) in totals.items()}


def below(found: Mapping[str, float], folders: Mapping[str, float]) -> list[str]:
    """One line for each folder that is under its floor."""
    reached = {folder: found.get(folder, 0.0) for folder in folders}
    return [
        f"{folder}: the tests run {reached[folder]:.1f}% of its lines, and {floor}% is the floor."
        for folder, floor in folders.items()
        if reached[folder] < floor
    ]


def main() -> int:
    """Show each folder's share; 1 if one is under its floor."""
    folders = floors()
    found = shares(measured(), folders)
    for folder, floor in folders.items():
        print(f"{folder:36} {found.get(folder, 0.0):5.1f}%  floor {floor}%")
    missed = below(found, folders)
    print("\n".join(missed), file=sys.stderr, end="\n" if missed else "")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
