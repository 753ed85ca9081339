"""A project's own package with a first step: plain Python in one module, the scikit-learn class in another."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import pytest

PACKAGE = "ownsteps"
PLAIN = """
import math
from .words import OTHER

class TitleRows:
    def transform_rows(self, rows):
        made = []
        for name, age, fare in rows:
            title = name.split(" ")[0]
            age = self.age_ if age is None else age
            ratio = None if fare is None else (math.inf if age == 0 else fare / age)
            made.append([title if title in self.titles_ else OTHER, age, ratio])
        return made

class Doubled:
    def __call__(self, frame):
        return frame * 2
    def transform_rows(self, rows):
        return [[None if value is None else 2 * value for value in row] for row in rows]

def thirds(rows):
    return [[None if value is None else value / 3 for value in row] for row in rows]
"""
STEPS = """
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from .plain import TitleRows, thirds as thirds_of_rows

class Titles(TitleRows, TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.titles_ = sorted(X["name"].str.split(" ").str[0].value_counts().index[:3])
        self.age_ = X["age"].median()
        self.frame_ = X.head(1)
        return self
    def transform(self, X):
        title = X["name"].str.split(" ").str[0]
        age = X["age"].fillna(self.age_)
        return pd.DataFrame({"title": title.where(title.isin(self.titles_), "other"), "age": age,
                             "ratio": X["fare"] / age})

class Wrong(Titles):
    def transform(self, X):
        made = super().transform(X)
        return made.assign(ratio=made["ratio"].where(made["age"] != 33, 0.0))

class Mixed(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        self.fitted_ = True
        return self
    def transform(self, X):
        return X[["age", "fare"]]
    def transform_rows(self, rows):
        return [row[1:] for row in rows]

def thirds(frame):
    return frame / 3
thirds.transform_rows = thirds_of_rows
"""
HIDDEN = """
class Hidden:
    def __call__(self, frame):
        return frame * 2
    def transform_rows(self, rows):
        import numpy
        return (2 * numpy.array(rows, dtype=float)).tolist()
"""


def write(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The package below `folder`, importable until the generator goes on."""
    home = folder / PACKAGE
    home.mkdir()
    for name, text in {
        "__init__": "", "words": "OTHER = 'other'\n", "plain": PLAIN, "steps": STEPS, "hidden": HIDDEN,
    }.items():  # fmt: skip
        (home / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


def passengers(rows: int = 200) -> tuple[pd.DataFrame, np.ndarray]:
    """Names, ages of which some are missing, and fares; and who survived."""
    random = np.random.default_rng(0)
    titles = random.choice(["Mr", "Mrs", "Miss", "Dr", "Rev"], rows, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    age = random.uniform(1, 80, rows).round()
    age[::9] = np.nan
    data = pd.DataFrame(
        {
            "name": [f"{title} Doe" for title in titles],
            "age": age,
            "fare": random.uniform(0, 99, rows).round(2),
        }
    )
    return data, (random.random(rows) < 0.5).astype(int)
