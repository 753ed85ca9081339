"""Eight kinds of model: each engine, each container of the input, each kind of column and of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from slow.letters import letters

from skylayer.artifact.open import load
from skylayer.artifact.package import package
from skylayer.formats.importing import import_model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from serving.model import Model

_ROWS = 120
_WORDS = ["river", "stone", "Ürgüp", "ice, krill", 'the "nest"', "penguin", "\N{PENGUIN}"]


def _frame() -> tuple[pd.DataFrame, Any]:
    """A column of each common kind, some of them with gaps, and a target of three classes."""
    random = np.random.default_rng(0)
    bill = random.normal(44, 5, _ROWS).round(1)
    note = pd.Series(random.choice(["moult", "nest"], _ROWS), dtype="str")
    data = pd.DataFrame({
        "bill": np.where(random.random(_ROWS) < 0.1, np.nan, bill),
        "mass": random.integers(2700, 6300, _ROWS).astype("int16"),
        "tagged": random.random(_ROWS) < 0.5,
        "island": random.choice(["Biscoe", "Dream", "Torgersen"], _ROWS),
        "a/b~c": note.mask(random.random(_ROWS) < 0.3),
    })  # fmt: skip
    return data, np.array(["Adelie", "=Chinstrap", "Gentoo"])[(bill + data.mass / 100).astype(int) % 3]


def _columns() -> Any:
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="none"), OneHotEncoder(handle_unknown="ignore")
    )
    return make_column_transformer(
        (SimpleImputer(), ["bill", "mass"]), (texts, ["island", "a/b~c"]), ("passthrough", ["tagged"])
    )


def _array() -> tuple[np.ndarray[Any, Any], Any]:
    values = np.random.default_rng(0).normal(size=(_ROWS, 4)).round(3)
    return values, values.sum(axis=1)


def _texts() -> tuple[pd.DataFrame, Any]:
    random = np.random.default_rng(0)
    texts = [" ".join(random.choice(_WORDS, random.integers(2, 9))) for _ in range(_ROWS)]
    return pd.DataFrame({"text": pd.Series(texts, dtype="str")}), np.arange(_ROWS) % 3


def _forest() -> tuple[Any, Any, Any]:
    data, target = _frame()
    return make_pipeline(_columns(), RandomForestClassifier(5, random_state=0)), data, target


def _boosting() -> tuple[Any, Any, Any]:
    data, target = _array()
    return HistGradientBoostingRegressor(max_iter=10, random_state=0), data, target


def _clusters() -> tuple[Any, Any, Any]:
    return make_pipeline(StandardScaler(), KMeans(3, random_state=0, n_init=1)), _array()[0], None


def _outputs() -> tuple[Any, Any, Any]:
    data, target = _frame()
    several = np.column_stack([target, np.where(data.mass > 4500, "heavy", "light")])
    return make_pipeline(_columns(), DecisionTreeClassifier(max_depth=3, random_state=0)), data, several


def _terms() -> tuple[Any, Any, Any]:
    data, target = _texts()
    terms = make_column_transformer((TfidfVectorizer(ngram_range=(1, 2)), "text"))
    return make_pipeline(terms, LogisticRegression()), data, target


def _own() -> tuple[Any, Any, Any]:
    data, target = _texts()
    terms = make_column_transformer((TfidfVectorizer(analyzer=letters), "text"))
    return make_pipeline(terms, KNeighborsClassifier(5, algorithm="brute")), data, target


def _dates() -> tuple[Any, Any, Any]:
    data, target = _frame()
    data = data[["bill", "island"]].assign(seen=pd.date_range("2024-01-31", periods=_ROWS, freq="7h"))
    columns = make_column_transformer(
        (SimpleImputer(), ["bill"]), (OneHotEncoder(handle_unknown="ignore"), ["island"])
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1_000)), data, target


MAKERS: dict[str, Callable[[], tuple[Any, Any, Any]]] = {
    "forest": _forest,
    "boosting": _boosting,
    "clusters": _clusters,
    "outputs": _outputs,
    "terms": _terms,
    "own": _own,
    "dates": _dates,
}
ONNX = "onnx"
NAMES = (*MAKERS, ONNX)


def make(name: str, directory: Path) -> Model:
    """Fit a model, package and open it as a function does."""
    if name == ONNX:
        return load(_onnx(directory))
    estimator, data, target = MAKERS[name]()
    estimator.fit(data) if target is None else estimator.fit(data, target)
    return load(package(estimator, data, target, name=name, directory=directory, proof_rows=50))


def _onnx(directory: Path) -> Path:
    data, target = _frame()
    data = data[["mass", "island"]].astype({"mass": float})
    columns = make_column_transformer((OneHotEncoder(), ["island"]), (StandardScaler(), ["mass"]))
    fitted = make_pipeline(columns, LogisticRegression()).fit(data, target)
    inputs = [("mass", FloatTensorType([None, 1])), ("island", StringTensorType([None, 1]))]
    path, sample = directory / f"{ONNX}.onnx", directory / f"{ONNX}.csv"
    path.write_bytes(convert_sklearn(fitted, initial_types=inputs).SerializeToString())
    data.to_csv(sample, index=False)
    return import_model(path, trust=None, sample=sample, name=None, directory=directory, progress=_ignore)


def _ignore(_: float) -> None:
    pass
