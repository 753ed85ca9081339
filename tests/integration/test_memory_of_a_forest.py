"""Reading a forest takes little more memory than the forest itself."""

from __future__ import annotations

import io
import pickle
import tracemalloc
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier

from skylayer.formats.pickles.estimators import read

if TYPE_CHECKING:
    from collections.abc import Callable

MOST = 2.0  # beside the file itself


def as_joblib(estimator: Any) -> bytes:
    file = io.BytesIO()
    joblib.dump(estimator, file)
    return file.getvalue()


@pytest.mark.parametrize("write", [pickle.dumps, as_joblib])
def test_a_forest_is_read_within_three_times_its_size(write: Callable[[Any], bytes]) -> None:
    random = np.random.default_rng(0)
    forest = RandomForestClassifier(20, random_state=0).fit(
        random.normal(size=(6000, 4)), random.random(6000) < 0.5
    )
    content = write(forest)
    assert len(content) > 3_000_000
    read(content)  # what is imported and cached once
    tracemalloc.start()
    estimator, _ = read(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < MOST * len(content)
    assert estimator.predict(np.zeros((1, 4))) == forest.predict(np.zeros((1, 4)))
