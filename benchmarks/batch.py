"""`make bench BATCH=1`: from a file of rows to the scored file, beside pandas and scikit-learn doing the same.

Each run is a process of its own on one core: `make batch`'s own code, and `read_csv`, `predict_proba`, `to_csv` with
`n_jobs=1`. They take turns, round by round.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
from rich.progress import Progress
from rich.table import Table
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skylayer
from skylayer import project

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

ROWS, QUICK_ROWS = 1_000_000, 100_000
ROUNDS = 3
NUMBERS, TEXTS = 17, 3  # columns
TRAINED = 5_000
STATE = project.STATE / "benchmarks" / "batch"
OUT = STATE / "scored.csv"
# Rows a second, in those of scikit-learn, and the most memory, which must not grow with the file.
TARGETS = {"forest": 8.0, "boosting": 4.0, "logistic": 4.0}
MOST_MEGABYTES = 100.0
# What each side's process runs; both print their seconds and megabytes. The kernel counts memory from the start of the
# program here, where getrusage counts what the process was forked from, too.
MEASURED = """
import json, re, sys, time
from pathlib import Path
began = time.perf_counter()
{work}
seconds = time.perf_counter() - began
most = int(re.search("VmHWM:[^0-9]*([0-9]+)", Path("/proc/self/status").read_text())[1])
print(json.dumps({{"seconds": seconds, "megabytes": most / 1024}}))
"""
PRODUCT = MEASURED.format(
    work="""
from skylayer.batch import job
job.score(*map(Path, sys.argv[1:4]), int(sys.argv[4]), lambda done, total: None)
"""
)
PEER = MEASURED.format(
    work="""
import joblib, pandas
estimator = joblib.load(sys.argv[1])
frame = pandas.read_csv(sys.argv[2])
probabilities = estimator.predict_proba(frame)
frame["prediction"] = estimator.classes_[probabilities.argmax(axis=1)]
for index, label in enumerate(estimator.classes_):
    frame[f"probability_{label}"] = probabilities[:, index]
frame.to_csv(sys.argv[3], index=False)
"""
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Figure:
    """One run: seconds of the whole process, and the most memory that it had, in MB."""

    seconds: float
    megabytes: float


def run(console: Console, *, quick: bool) -> int:
    """Measure every model and print the table: 0 if all targets are met, else 1."""
    rows = QUICK_ROWS if quick else ROWS
    STATE.mkdir(parents=True, exist_ok=True)
    figures: dict[str, dict[str, list[Figure]]] = {}
    sides = ("skylayer", "scikit-learn", "skylayer, a tenth of the rows", "skylayer, two processes")
    with Progress(console=console) as bar:
        task = bar.add_task("Fit the models", total=len(TARGETS) * ROUNDS * len(sides))
        data = _data(rows)
        small = _data(rows // 10)
        for name, estimator in _estimators().items():
            folder, pickled = _fit(name, estimator)
            found = figures.setdefault(name, {side: [] for side in sides})
            arguments: dict[str, tuple[str, *tuple[object, ...]]] = {
                sides[0]: (PRODUCT, folder, data, OUT, 1),
                sides[1]: (PEER, pickled, data, OUT),
                sides[2]: (PRODUCT, folder, small, OUT, 1),
                sides[3]: (PRODUCT, folder, data, OUT, 2),
            }
            for round_ in range(ROUNDS):
                for side in sides:
                    bar.update(task, description=f"{name}, round {round_ + 1}: {side}")
                    found[side].append(_measured(*arguments[side]))
                    bar.advance(task)
    kept = STATE / "figures.json"
    kept.write_text(json.dumps(figures, default=vars, indent=1))
    verdicts = _show(console, figures, rows)
    console.print(f"every sample: {kept.relative_to(project.ROOT)}")
    return 0 if all(verdicts) else 1


def _show(console: Console, figures: dict[str, dict[str, list[Figure]]], rows: int) -> list[bool]:
    table = Table(
        title=f"{rows:,} rows × {NUMBERS + TEXTS} columns of CSV, one core, medians of {ROUNDS} rounds"
    )
    for heading in ("model", "rows/s", "× scikit-learn", "MB", "MB, a tenth", "MB, scikit-learn", "two ×"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    verdicts, lines = [], []
    for name, found in figures.items():
        own, peer, small, two = found.values()
        ratio = median(b.seconds / a.seconds for a, b in zip(own, peer, strict=True))
        most = max(figure.megabytes for figure in own)
        table.add_row(
            name,
            f"{rows / median(figure.seconds for figure in own):,.0f}",
            f"{ratio:.1f}",
            f"{most:.0f}",
            f"{max(figure.megabytes for figure in small):.0f}",
            f"{max(figure.megabytes for figure in peer):.0f}",
            f"{median(a.seconds / b.seconds for a, b in zip(own, two, strict=True)):.2f}",
        )
        for met, what in (
            (ratio >= TARGETS[name], f"{name}: {ratio:.1f} × scikit-learn (at least {TARGETS[name]:g})"),
            (most <= MOST_MEGABYTES, f"{name}: {most:.0f} MB (at most {MOST_MEGABYTES:g})"),
        ):
            verdicts.append(met)
            lines.append(f"{'met' if met else 'missed'}: {what}")
    console.print(table)
    console.print("\n".join(lines))
    return verdicts


def _measured(script: str, *arguments: object) -> Figure:
    OUT.unlink(missing_ok=True)
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=project.ROOT,
        env={**os.environ, **ONE_THREAD},
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return Figure(**json.loads(done.stdout))


def _frame(rows: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    columns: dict[str, Any] = {f"n{i}": random.normal(40, 12, rows).round(3) for i in range(NUMBERS)}
    columns |= {f"t{i}": random.choice(["red", "green", "blue", "grey"], rows) for i in range(TEXTS)}
    return pd.DataFrame(columns)


def _data(rows: int) -> Path:
    path = STATE / f"{rows}.csv"
    if not path.exists():
        _frame(rows, 1).to_csv(path, index=False)
    return path


def _estimators() -> dict[str, Any]:
    return {
        "forest": RandomForestClassifier(200, random_state=0, n_jobs=1),
        "boosting": HistGradientBoostingClassifier(random_state=0),
        "logistic": make_pipeline(StandardScaler(), LogisticRegression()),
    }


def _fit(name: str, estimator: Any) -> tuple[Path, Path]:
    """An artifact and a pickle of the same pipeline."""
    frame = _frame(TRAINED, 0)
    noise = np.random.default_rng(2).normal(0, 10, TRAINED)
    target = (frame["n0"] + frame["n1"] * frame["n2"] / 40 + noise > 80).to_numpy()  # noqa: PLR2004
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), [f"t{i}" for i in range(TEXTS)]),
        (SimpleImputer(), [f"n{i}" for i in range(NUMBERS)]),
    )
    pipeline = make_pipeline(columns, estimator).fit(frame, np.where(target, "yes", "no"))
    pickled = STATE / f"{name}.joblib"
    joblib.dump(pipeline, pickled)
    folder = skylayer.package(pipeline, frame, np.where(target, "yes", "no"), name=name, directory=STATE)
    if json.loads((folder / "manifest.json").read_text())["engine"] != "native":
        raise RuntimeError(f"{name} isn't served by the native engine")
    return folder, pickled
