"""`formats`: export three models in every format, open the files, and write the comparison in docs/formats.md."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skylayer import project
from skylayer.commands.variables import Variable

if TYPE_CHECKING:
    from skylayer.commands.variables import Options

VARIABLES = (
    Variable("PAGE", "file to write the comparison into", Path, project.ROOT / "docs" / "formats.md"),
)
EXAMPLES = ("make formats",)
_TREES, _ROWS, _COLUMNS = 200, 1000, 20


def run(options: Options) -> None:
    """Measure, write the table, say where."""
    from skylayer.formats.comparison import as_markdown, measure, rewrite

    with tempfile.TemporaryDirectory() as home:
        models = [
            ("the champion of a fresh clone", measure(project.champion(), Path(home))),
            (f"a forest of {_TREES} trees", measure(_forest(Path(home, "artifacts")), Path(home))),
            ("a logistic regression", measure(_linear(Path(home, "artifacts")), Path(home))),
        ]
    page = options.page.read_text(encoding="utf-8")
    options.page.write_text(rewrite(page, as_markdown(models)), encoding="utf-8")
    print(f"{len(models)} models in each format: {options.page}")


def _forest(home: Path) -> Path:
    from sklearn.ensemble import RandomForestClassifier

    return _packaged(RandomForestClassifier(_TREES, random_state=0), home)


def _linear(home: Path) -> Path:
    from sklearn.linear_model import LogisticRegression

    return _packaged(LogisticRegression(), home)


def _packaged(estimator: Any, home: Path) -> Path:
    from sklearn.datasets import make_classification

    import skylayer

    data, target = make_classification(_ROWS, _COLUMNS, n_informative=_COLUMNS // 2, random_state=0)
    fitted = estimator.fit(data, target)
    return skylayer.package(fitted, data, target, name="made-up", directory=home, proof_rows=_ROWS)
