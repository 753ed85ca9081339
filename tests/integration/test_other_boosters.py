"""Pickles of XGBoost 1.2 to 3.0, LightGBM 3.0 to 4.6 and imbalanced-learn 0.7 to 0.14: read, they answer as there."""

from __future__ import annotations

import pickle
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("xgboost")
pytest.importorskip("lightgbm")
pytest.importorskip("imblearn")

from imblearn.pipeline import make_pipeline as make_sampled
from imblearn.under_sampling import RandomUnderSampler
from lightgbm import LGBMClassifier
from sklearn.linear_model import LogisticRegression
from written_files import answers, files, rows_of, written
from xgboost import XGBClassifier

import skylayer
from serving import artifact
from skylayer.formats.importing import import_model
from skylayer.formats.pickles.boosters import lightgbm_booster, xgboost_booster
from skylayer.formats.pickles.estimators import read
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = written("boosters-")
X = np.random.default_rng(0).normal(size=(40, 3)).round(2)
LABELS = (X[:, 0] > 0).astype(int)
OLD_BINARY = "boosters-1.2.1"


CASES = [(version, name) for version in WRITTEN for name in answers(version)]


def test_there_are_files_of_six_versions() -> None:
    assert len(WRITTEN) == 6
    assert len(CASES) == 6 * 13


@pytest.mark.parametrize(("version", "name"), CASES)
def test_a_file_answers_as_where_it_was_written(version: str, name: str) -> None:
    content = files(version)[f"{name}.pkl"]
    if version == OLD_BINARY and "xgb" in name:
        with pytest.raises(Refused, match="XGBoost's old binary format: open the file where it was written"):
            read(content)
        return
    entry = answers(version)[name]
    estimator, _ = read(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # names that a frame has and an array has not
        for method, wanted in entry["answers"].items():
            answered = np.asarray(getattr(estimator, method)(rows_of(entry)))
            np.testing.assert_array_equal(answered, np.asarray(wanted, dtype=answered.dtype))


@pytest.mark.parametrize("version", ["boosters-1.6.2", WRITTEN[-1]])
@pytest.mark.parametrize("name", ["p_xgb", "lgb_names", "imblearn_under"])
def test_it_is_packaged_native_and_proven(version: str, name: str, tmp_path: Path) -> None:
    entry = answers(version)[name]
    path, sample = tmp_path / f"{name}.pkl", tmp_path / "rows.csv"
    path.write_bytes(files(version)[path.name])
    rows = pd.DataFrame(entry["rows"]).rename(columns=lambda number: f"x{number}")
    rows.to_csv(sample, index=False)
    folder = import_model(
        path,
        trust=None,
        sample=sample,
        name=None,
        directory=tmp_path / "home",
        progress=lambda _: None,
        proof_rows=200,
    )
    manifest = artifact.verify(folder)
    assert manifest["engine"] == "native", manifest["engine_reason"]
    instances = [[None if each != each else each for each in row] for row in rows.to_numpy().tolist()]  # noqa: PLR0124
    answer = skylayer.open(folder).predict(instances)
    assert answer["predictions"] == entry["answers"]["predict"]
    np.testing.assert_allclose(answer["probabilities"], entry["answers"]["predict_proba"], rtol=1e-6)


class Opener:
    """What would run a program if it was called."""

    def __reduce__(self) -> Any:
        import os  # noqa: PLC0415

        return (os.system, ("exit 1",))


@pytest.mark.parametrize(
    "estimator",
    [
        XGBClassifier(n_estimators=2, max_depth=2),
        LGBMClassifier(n_estimators=2, min_child_samples=5, verbose=-1),
        make_sampled(RandomUnderSampler(random_state=0), LogisticRegression()),
    ],
    ids=["xgboost", "lightgbm", "imblearn"],
)
def test_what_is_no_data_is_refused_by_name(estimator: Any) -> None:
    estimator.fit(X, LABELS)
    assert np.array_equal(read(pickle.dumps(estimator))[0].predict(X), estimator.predict(X))
    part = estimator.steps[0][1] if hasattr(estimator, "steps") else estimator
    part.random_state = Opener()
    with pytest.raises(Refused, match=r"(posix|nt)\.system"):
        read(pickle.dumps(estimator))


def test_a_booster_whose_nodes_are_no_tree_is_damaged() -> None:
    booster = XGBClassifier(n_estimators=1, max_depth=2).fit(X, LABELS).get_booster()
    content = bytes(booster.__getstate__()["handle"])
    # Their number is 8 bytes, then each is 4 bytes.
    start = content.index(b"#L", content.index(b"left_children")) + 10
    assert int.from_bytes(content[start : start + 4], "big") == 1
    for first in (0, 10**6):  # the root is its own child, or there is no such node
        broken = content[:start] + first.to_bytes(4, "big") + content[start + 4 :]
        with pytest.raises(Damaged, match=r"no tree|doesn't read"):
            xgboost_booster({"handle": broken})


@pytest.mark.parametrize("content", [None, b"", b"{", b"{L\x00\x00", b"binf\x00"])
def test_a_booster_of_xgboost_that_is_cut_off_is_damaged_or_refused(content: Any) -> None:
    with pytest.raises((Damaged, Refused)):
        xgboost_booster({"handle": content})


@pytest.mark.parametrize("text", [None, "", "tree\n", "tree\nversion=v4\nnum_class=1\n", b"tree\n"])
def test_a_booster_of_lightgbm_that_is_cut_off_is_damaged(text: Any) -> None:
    with pytest.raises(Damaged):
        lightgbm_booster({"handle": text})
