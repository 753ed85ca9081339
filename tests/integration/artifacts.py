"""Small artifacts for the tests of the run time: real estimators on made-up flowers and birds."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from serving.artifact import version_of
from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path

BIRD = {"bill": 39.1, "mass": 3750, "tagged": True, "island": "Dream", "note": None}


def birds(rows: int = 60) -> tuple[pd.DataFrame, list[str]]:
    """A table with a column of each common kind, and its target."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "bill": np.where(random.random(rows) < 0.1, np.nan, random.normal(44, 5, rows).round(1)),
            "mass": random.integers(2700, 6300, rows),
            "tagged": random.random(rows) < 0.5,
            "island": random.choice(["Biscoe", "Dream", "Torgersen"], rows),
            "note": pd.Series(random.choice(["moult", "nest"], rows), dtype="str").mask(
                random.random(rows) < 0.3
            ),
        }
    )
    return frame, random.choice(["Adelie", "Chinstrap", "Gentoo"], rows).tolist()


def bird_estimator() -> Any:
    """A forest behind imputers and one-hot encoding, as in most tutorials."""
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore")
    )
    columns = make_column_transformer(
        (SimpleImputer(), ["bill", "mass"]), (texts, ["island", "note"]), ("passthrough", ["tagged"])
    )
    return make_pipeline(columns, RandomForestClassifier(5, random_state=0, n_jobs=2))


BIRD_COLUMNS: list[dict[str, Any]] = [
    {"name": "bill", "kind": "number", "dtype": "float64", "nullable": True},
    {"name": "mass", "kind": "integer", "dtype": "int64", "nullable": False},
    {"name": "tagged", "kind": "boolean", "dtype": "bool", "nullable": False},
    {
        "name": "island",
        "kind": "category",
        "dtype": "str",
        "nullable": False,
        "categories": ["Biscoe", "Dream", "Torgersen"],
    },
    {"name": "note", "kind": "category", "dtype": "str", "nullable": True, "categories": ["moult", "nest"]},
]


def write(  # noqa: PLR0917
    folder: Path,
    estimator: Any,
    schema: dict[str, Any],
    output: dict[str, Any],
    task: str,
    golden: list[dict[str, Any]],
) -> Path:
    """An artifact of a fitted estimator, written by hand."""
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(estimator, folder / "estimator.joblib")
    (folder / "golden.json").write_text(json.dumps({"instances": golden, "answers": {}}))
    manifest: dict[str, Any] = {
        "format": 1,
        "name": "birds",
        "created": "2026-11-24T00:00:00Z",
        "task": task,
        "engine": "sklearn",
        "engine_reason": "it is what the test asks for",
        "engines": {
            "sklearn": {"file": "estimator.joblib", "requirements": {}, "python": project.python_version()}
        },
        "input": schema,
        "output": output,
        "metrics": {},
        "training": {"rows": 60},
        "libraries": {},
        "files": {
            path.name: {
                "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
                "size": path.stat().st_size,
            }
            for path in (folder / "estimator.joblib", folder / "golden.json")
        },
    }
    manifest["version"] = version_of(manifest)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return folder


def bird_artifact(folder: Path) -> Path:
    """The forest, fitted and written."""
    frame, target = birds()
    estimator = bird_estimator().fit(frame, target)
    output = {
        "fields": ["predictions", "probabilities"],
        "classes": estimator.classes_.tolist(),
        "targets": ["species"],
    }
    schema = {"container": "frame", "columns": BIRD_COLUMNS}
    return write(folder, estimator, schema, output, "classification", [BIRD])
