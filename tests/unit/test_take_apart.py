"""Which first steps can run in Python before the native engine, and what the manifest says of them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import own_steps
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

from skylayer.artifact.first_steps import CannotSplit, FirstSteps, take_apart
from skylayer.data.dataset import as_dataset
from skylayer.data.instances import columns_of
from skylayer.data.schema import infer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from own_steps.write(tmp_path, monkeypatch)


def named(module: str, name: str) -> Any:
    return getattr(import_module(f"{own_steps.PACKAGE}.{module}"), name)


def apart(*steps: Any, wrap: Any = lambda pipeline: pipeline, data: Any = None) -> FirstSteps | None:
    passengers, survived = own_steps.passengers()
    data = passengers if data is None else data
    estimator = wrap(make_pipeline(*steps)).fit(data, survived)
    table = as_dataset(data)
    schema = infer(table)
    return take_apart(estimator, schema, list(columns_of(table, schema).values()))


def numbers() -> Any:
    return own_steps.passengers()[0][["age", "fare"]].fillna(1.0)


def test_a_fitted_class_goes_with_its_attributes_and_its_source_code() -> None:
    rest = (OneHotEncoder(handle_unknown="ignore"), LogisticRegression())
    found = apart(named("steps", "Titles")(), *rest)
    assert found is not None
    assert found.names == ("titles",)
    (step,) = found.described["steps"]
    assert (step["module"], step["name"]) == ("ownsteps.plain", "TitleRows")
    assert step["state"]["titles_"] == ["Miss", "Mr", "Mrs"]
    assert isinstance(step["state"]["age_"], float)
    assert "frame_" not in step["state"]  # no value of JSON
    places = [f"source/ownsteps/{name}.py" for name in ("__init__", "plain", "words")]
    assert found.described["sources"] == sorted(found.sources) == places
    assert [(column.name, column.kind) for column in found.schema.columns] == [
        ("title", "category"), ("age", "number"), ("ratio", "number"),
    ]  # fmt: skip
    assert len(found.data[0]) == 200
    assert [name for name, _ in found.rest.steps] == ["onehotencoder", "logisticregression"]


def test_functions_and_objects_of_a_function_transformer_and_several_steps() -> None:
    steps = [FunctionTransformer(named("steps", "thirds")), FunctionTransformer(named("plain", "Doubled")())]
    found = apart(*steps, StandardScaler(), LogisticRegression(), data=numbers())
    assert found is not None
    assert found.described["steps"] == [
        {"module": "ownsteps.plain", "name": "thirds"},
        {"module": "ownsteps.plain", "name": "Doubled", "state": {}},
    ]
    np.testing.assert_allclose(found.transform(numbers()), numbers() / 3 * 2)
    assert len(found.rest.steps) == 2


def test_the_best_of_a_search_is_taken_apart() -> None:
    def searched(pipeline: Any) -> Any:
        return GridSearchCV(pipeline, {"logisticregression__C": [1.0, 2.0]}, cv=2)

    step = FunctionTransformer(named("steps", "thirds"))
    found = apart(step, LogisticRegression(), wrap=searched, data=numbers())
    assert found is not None
    assert found.names == ("functiontransformer",)


def test_a_pipeline_that_begins_otherwise_stays_whole() -> None:
    step = named("plain", "Doubled")()
    assert apart(StandardScaler(), FunctionTransformer(step), LogisticRegression(), data=numbers()) is None
    assert apart(LogisticRegression(), wrap=lambda pipeline: pipeline[-1], data=numbers()) is None


def doubled(frame: Any) -> Any:
    return 2 * frame


def test_what_cannot_run_without_packages_is_refused_with_the_way_to_fix_it() -> None:
    with pytest.raises(
        CannotSplit, match=r"ownsteps\.steps imports pandas, scikit-learn\. Move it .* inherits"
    ) as caught:
        apart(named("steps", "Mixed")(), LogisticRegression(), data=own_steps.passengers()[0].dropna().head(200)
              .reindex(range(200)).ffill().bfill())  # fmt: skip
    assert str(caught.value).startswith("mixed: transform_rows needs the standard library only")


def test_a_function_within_a_function_has_no_place_to_come_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doubled, "transform_rows", lambda rows: rows, raising=False)
    with pytest.raises(CannotSplit, match="must stand in a module"):
        apart(FunctionTransformer(doubled), LogisticRegression(), data=numbers())
    monkeypatch.setattr(doubled, "transform_rows", np.square, raising=False)
    with pytest.raises(CannotSplit, match="must be a method or a function, not ufunc"):
        apart(FunctionTransformer(doubled), LogisticRegression(), data=numbers())
