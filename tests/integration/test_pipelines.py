"""Other people's pipelines: packaged, served through the real handler, equal to the estimator row by row.

Each of these is what a fork would put into training/pipeline.py.
"""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from conftest import Client
from imblearn.over_sampling import RandomOverSampler
from imblearn.pipeline import Pipeline as ResamplingPipeline
from lightgbm import LGBMClassifier
from scipy.sparse import coo_matrix  # type: ignore[import-untyped]
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    IsolationForest,
    RandomForestClassifier,
)
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge, SGDClassifier
from sklearn.mixture import GaussianMixture
from sklearn.model_selection import GridSearchCV
from sklearn.multioutput import MultiOutputClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler
from sklearn.svm import LinearSVC

import skylayer
from serving import artifact
from serving.golden import is_same
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of, rows_of
from skylayer.data.schema import infer
from skylayer.train.tasks import answers, task_of, to_json

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[2]
ROWS = 80

Case = tuple[Any, Any, Any]


def random_state() -> np.random.Generator:
    return np.random.default_rng(7)


def numbers() -> tuple[Any, Any]:
    random = random_state()
    data = random.normal(size=(ROWS, 4)).round(2)
    return data, (data[:, 0] + data[:, 1] > 0).astype(int)


def binary_array() -> Case:
    data, target = numbers()
    return make_pipeline(StandardScaler(), LogisticRegression()), data, target


def binary_float32_array() -> Case:
    data, target = numbers()
    return RandomForestClassifier(10, random_state=0), data.astype(np.float32), target.astype(bool)


def multiclass_frame_with_categories() -> Case:
    random = random_state()
    frame = pd.DataFrame(
        {
            "size": random.normal(size=ROWS),
            "colour": pd.Categorical(random.choice(["red", "green", "blue"], ROWS), ["red", "green", "blue"]),
            "grade": pd.Categorical(random.choice([3, 1, 2], ROWS), [1, 2, 3], ordered=True),
        }
    )
    frame.loc[::9, "size"] = np.nan
    frame.loc[::11, "colour"] = None
    target = pd.Series(random.choice(["low", "middle", "high"], ROWS), name="price", dtype="category")
    model = HistGradientBoostingClassifier(categorical_features="from_dtype", max_iter=5, random_state=0)
    return model, frame, target


def single_regression() -> Case:
    data, _ = numbers()
    return HistGradientBoostingRegressor(max_iter=5, random_state=0), data, data[:, 0] * 3 + data[:, 2]


def multi_output_regression() -> Case:
    data, _ = numbers()
    frame = pd.DataFrame(data, columns=["a", "b", "c with space", 'd "quoted" ü/~'])
    return Ridge(), frame, pd.DataFrame({"sum": data.sum(axis=1), "product": data[:, 0] * data[:, 1]})


def multi_output_classification() -> Case:
    data, target = numbers()
    targets = np.column_stack([target, np.where(data[:, 2] > 0, 2, 5)])
    return MultiOutputClassifier(LogisticRegression()), data, targets


def clustering() -> Case:
    data, _ = numbers()
    return make_pipeline(StandardScaler(), KMeans(3, n_init=2, random_state=0)), data, None


def mixture() -> Case:
    data, _ = numbers()
    return GaussianMixture(2, random_state=0), data, None


def outlier_detection() -> Case:
    data, _ = numbers()
    frame = pd.DataFrame(data, columns=list("abcd"))
    frame.loc[::7, "b"] = np.nan
    return make_pipeline(SimpleImputer(), IsolationForest(n_estimators=10, random_state=0)), frame, None


def texts() -> Case:
    random = random_state()
    words = np.array(["cheap", "late", "broken", "lovely", "quick", "kind", "naïve", "Straße", "日本"])
    documents = [" ".join(random.choice(words, 5)) for _ in range(ROWS)]
    return (
        make_pipeline(TfidfVectorizer(), SGDClassifier(random_state=0)),
        documents,
        ["lovely" in d for d in documents],
    )


def text_beside_columns() -> Case:
    documents, target = texts()[1:]
    frame = pd.DataFrame({"review": documents, "stars": random_state().integers(1, 6, ROWS)})
    columns = make_column_transformer((TfidfVectorizer(), "review"), ("passthrough", ["stars"]))
    return make_pipeline(columns, LogisticRegression()), frame, np.where(target, "good", "bad")


def days_since_2020(frame: Any) -> Any:
    """Stands for a function of the fork's own."""
    return frame.apply(pd.to_datetime).sub(pd.Timestamp("2020-01-01")).apply(lambda column: column.dt.days)


def booleans_dates_and_nullable_integers() -> Case:
    random = random_state()
    days = pd.date_range("2021-01-01", periods=ROWS)
    mixed: Any = np.array([1, "two", True, None] * (ROWS // 4), dtype=object)
    asked: list[Any] = [True, False, None] * ROWS
    visits: list[Any] = [1, None, 2] * ROWS
    frame = pd.DataFrame(
        {
            "member": random.random(ROWS) < 0.5,
            "asked": pd.array(asked[:ROWS], dtype="boolean"),
            "visits": pd.array(visits[:ROWS], dtype="Int64"),
            "joined": days,
            "paid": days.strftime("%Y-%m-%d"),
            "mixed": mixed,
        }
    )
    as_floats = make_pipeline(FunctionTransformer(to_float), SimpleImputer())
    columns = make_column_transformer(
        (as_floats, ["member", "asked", "visits"]),
        (FunctionTransformer(days_since_2020), ["joined", "paid"]),
        (make_pipeline(FunctionTransformer(to_text), OneHotEncoder()), ["mixed"]),
    )
    return (
        make_pipeline(columns, RandomForestClassifier(5, random_state=0)),
        frame,
        frame["member"].to_numpy(),
    )


def to_float(frame: Any) -> Any:
    return frame.astype("Float64").to_numpy(dtype=float, na_value=np.nan)


def to_text(frame: Any) -> Any:
    return frame.astype(object).map(repr)


def mixed_frame() -> tuple[pd.DataFrame, Any]:
    data, target = numbers()
    frame = pd.DataFrame(data, columns=list("abcd"))
    frame["city"] = np.where(data[:, 3] > 0, "Rome", "Oslo")
    return frame, target


def calibrated() -> Case:
    frame, target = mixed_frame()
    columns = make_column_transformer((OneHotEncoder(), make_column_selector(dtype_exclude="number")))
    return make_pipeline(columns, CalibratedClassifierCV(LinearSVC(), cv=2)), frame, target


def searched() -> Case:
    frame, target = mixed_frame()
    pipeline = make_pipeline(
        make_column_transformer((OrdinalEncoder(), ["city"]), remainder="passthrough"), LogisticRegression()
    )
    return GridSearchCV(pipeline, {"logisticregression__C": [0.1, 1.0]}, cv=2), frame, target


def strings_array() -> Case:
    random = random_state()
    data = random.choice(["a", "bb", "ccc"], (ROWS, 2))
    return make_pipeline(OneHotEncoder(handle_unknown="ignore"), LogisticRegression()), data, data[:, 0]


def objects_array() -> Case:
    random = random_state()
    data = np.empty((ROWS, 2), dtype=object)
    data[:, 0] = random.choice(["a", "b"], ROWS)
    data[:, 1] = random.integers(0, 3, ROWS)
    return make_pipeline(OneHotEncoder(), LogisticRegression()), data, data[:, 0].astype(str)


def objects_with_none() -> Case:
    data = objects_array()[1]
    data[::5, 0] = None
    return make_pipeline(OneHotEncoder(), LogisticRegression()), data, pd.Series(data[:, 0]).fillna("c")


def rows_of_texts_and_numbers() -> Case:
    data, target = objects_array()[1:]
    columns = make_column_transformer((OneHotEncoder(), [0]), ("passthrough", [1]))
    return make_pipeline(columns, LogisticRegression()), data.tolist(), target


def sparse_by(form: str) -> Callable[[], Case]:
    def case() -> Case:
        data, target = numbers()
        return LogisticRegression(), coo_matrix(np.maximum(data, 0)).asformat(form), target

    case.__name__ = f"sparse_by_{form}"
    return case


def margins_for_probabilities() -> Case:
    classifier = pytest.importorskip("xgboost", reason="its wheel exists for x86_64 Linux only").XGBClassifier
    return classifier(objective="binary:logitraw", n_estimators=5), *numbers()


def shares_that_do_not_sum_to_one() -> Case:
    data, target = numbers()
    target = target + (data[:, 2] > 0)
    return LGBMClassifier(objective="multiclassova", n_estimators=5, verbose=-1), data, target


def several_quantiles() -> Case:
    regressor = pytest.importorskip("xgboost", reason="its wheel exists for x86_64 Linux only").XGBRegressor
    data, _ = numbers()
    return (
        regressor(objective="reg:quantileerror", quantile_alpha=[0.1, 0.9], n_estimators=5),
        data,
        data[:, 1],
    )


def lightgbm() -> Case:
    frame, target = mixed_frame()
    frame["city"] = frame["city"].astype("category")
    return LGBMClassifier(n_estimators=5, verbose=-1, random_state=0), frame, target


def xgboost() -> Case:
    regressor = pytest.importorskip("xgboost", reason="its wheel exists for x86_64 Linux only").XGBRegressor
    data, _ = numbers()
    return regressor(n_estimators=5, random_state=0), data, data[:, 1]


def resampled() -> Case:
    data, target = numbers()
    steps = [("sample", RandomOverSampler(random_state=0)), ("model", LogisticRegression())]
    return ResamplingPipeline(steps), data, target


CASES: list[Callable[[], Case]] = [
    binary_array,
    binary_float32_array,
    multiclass_frame_with_categories,
    single_regression,
    multi_output_regression,
    multi_output_classification,
    clustering,
    mixture,
    outlier_detection,
    texts,
    text_beside_columns,
    booleans_dates_and_nullable_integers,
    calibrated,
    searched,
    strings_array,
    objects_array,
    objects_with_none,
    rows_of_texts_and_numbers,
    *map(sparse_by, ("coo", "dia", "bsr", "csc")),
    margins_for_probabilities,
    shares_that_do_not_sum_to_one,
    several_quantiles,
    lightgbm,
    xgboost,
    resampled,
]


def handler(path: Path, patch: pytest.MonkeyPatch) -> Client:
    """The deployed function's own code, on the artifact that it would find in its layer."""
    patch.setenv("SKYLAYER_MODEL", str(path))
    specification = spec_from_file_location(
        "predict_app_of_a_pipeline", ROOT / "functions" / "predict" / "app.py"
    )
    assert specification is not None
    assert specification.loader is not None
    app = module_from_spec(specification)
    specification.loader.exec_module(app)
    return Client(app.lambda_handler)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_the_handler_answers_as_the_estimator(
    case: Callable[[], Case], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator, data, target = case()
    estimator.fit(data) if target is None else estimator.fit(data, target)
    path = skylayer.package(
        estimator, data, target, name="model", directory=tmp_path / "with a space", proof_rows=1000
    )
    artifact.verify(path)

    table = as_dataset(data)
    instances = rows_of(columns_of(table, infer(table)))
    expected = answers(estimator, data, task_of(estimator))
    client = handler(path, monkeypatch)
    answer = client.post({"instances": instances})
    assert answer.status == 200, answer.body
    body = answer.json()
    assert set(expected) == set(body) - {"classes", "model"}
    for name, values in expected.items():
        for row, (own, served) in enumerate(zip(to_json(values), body[name], strict=True)):
            assert is_same(own, served), (name, row)
    for row in range(0, ROWS, 13):
        alone = client.post({"instances": [instances[row]]}).json()
        assert is_same(to_json(expected["predictions"])[row], alone["predictions"][0]), row


def test_an_artifact_opened_in_process_answers_as_the_handler(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estimator, data, target = multiclass_frame_with_categories()
    path = skylayer.package(
        estimator.fit(data, target), data, target, name="model", directory=tmp_path, proof_rows=1000
    )
    table = as_dataset(data)
    instances = rows_of(columns_of(table, infer(table)))[:5]
    assert (
        skylayer.open(path).predict(instances)
        == handler(path, monkeypatch).post({"instances": instances}).json()
    )
