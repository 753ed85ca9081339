"""`formats`: export the champion and a forest in every format, open them, and write the table of docs/formats.md."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from skylayer import project

if TYPE_CHECKING:
    import argparse

_TREES, _ROWS, _COLUMNS = 200, 1000, 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the page."""
    parser.add_argument(
        "--page", type=Path, default=project.ROOT / "docs" / "formats.md", help="file whose table is written"
    )


def run(options: argparse.Namespace) -> None:
    """Measure, write the table, say where."""
    from skylayer.formats.comparison import measure, rewrite, table

    with tempfile.TemporaryDirectory() as home:
        models = [
            ("the champion of a fresh clone", measure(project.champion(), Path(home))),
            (f"a forest of {_TREES} trees", measure(_forest(Path(home, "artifacts")), Path(home))),
        ]
    page = options.page.read_text(encoding="utf-8")
    options.page.write_text(rewrite(page, table(models)), encoding="utf-8")
    print(f"{len(models)} models in each format: {options.page}")


def _forest(home: Path) -> Path:
    from sklearn.datasets import make_classification
    from sklearn.ensemble import RandomForestClassifier

    import skylayer

    data, target = make_classification(_ROWS, _COLUMNS, n_informative=_COLUMNS // 2, random_state=0)
    forest = RandomForestClassifier(_TREES, random_state=0).fit(data, target)
    return skylayer.package(forest, data, target, name="forest", directory=home, proof_rows=_ROWS)
