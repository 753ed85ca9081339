"""imbalanced-learn's pipelines and ensembles: native, since samplers do nothing where they answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from imblearn import ensemble
from imblearn.over_sampling import SMOTE
from imblearn.pipeline import make_pipeline as make_resampling
from imblearn.under_sampling import RandomUnderSampler
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import skylayer
from serving.golden import is_same

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 300
CLASSIFIER = LogisticRegression()


def birds() -> tuple[pd.DataFrame, Any]:
    """Rows of which one in five is rare."""
    random = np.random.default_rng(0)
    frame = pd.DataFrame(random.normal(size=(ROWS, 3)).round(2), columns=list("abc"))
    frame["island"] = random.choice(["east", "west", "north"], ROWS)
    return frame, np.where(frame.a + 0.5 * frame.b + (frame.island == "east") > 1.2, "rare", "common")


def columns() -> Any:
    return make_column_transformer(
        (make_resampling(OneHotEncoder(handle_unknown="ignore")), ["island"]),
        (StandardScaler(), list("abc")),
    )


CASES = {
    "a sampler between": lambda: make_resampling(columns(), SMOTE(random_state=0), CLASSIFIER),
    "two samplers": lambda: make_resampling(
        columns(), SMOTE(random_state=0), RandomUnderSampler(random_state=0), CLASSIFIER
    ),
    "a search": lambda: GridSearchCV(
        make_resampling(columns(), SMOTE(random_state=0), CLASSIFIER), {"logisticregression__C": [0.1, 1.0]}
    ),
    "balanced forest": lambda: make_resampling(
        columns(), ensemble.BalancedRandomForestClassifier(5, random_state=0)
    ),
    "balanced bagging": lambda: make_resampling(
        columns(), ensemble.BalancedBaggingClassifier(n_estimators=4, random_state=0)
    ),
    "easy ensemble": lambda: make_resampling(columns(), ensemble.EasyEnsembleClassifier(3, random_state=0)),
    "boosting": lambda: make_resampling(
        columns(), ensemble.RUSBoostClassifier(n_estimators=4, random_state=0)
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_native_and_equal(name: str, tmp_path: Path) -> None:
    data, target = birds()
    estimator = CASES[name]().fit(data, target)
    path = skylayer.package(estimator, data, target, name="m", directory=tmp_path, proof_rows=1000)
    model = skylayer.open(path)
    assert model.manifest["engine"] == "native", model.manifest["engine_reason"]
    answers = model.predict(data.to_dict("records"))
    assert answers["predictions"] == estimator.predict(data).tolist()
    for own, served in zip(estimator.predict_proba(data).tolist(), answers["probabilities"], strict=True):
        assert is_same(own, served)
