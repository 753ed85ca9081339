"""Models that come as files: what is opened, what is refused and never run, and what comes out again."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import importlib
import lzma
import pickle
import subprocess
import sys
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import DBSCAN
from sklearn.compose import make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

import skylayer
from serving import artifact
from skylayer.errors import UserError
from skylayer.formats.exporting import FORMATS, export
from skylayer.formats.importing import import_model
from skylayer.formats.other_version import OtherVersion
from skylayer.formats.pickles.records import Damaged, interpret

NUMBERS = np.random.default_rng(0).normal(size=(60, 3))
LABELS = np.where(NUMBERS.sum(axis=1) > 0, "yes", "no")
FRAME = pd.DataFrame({"x": NUMBERS[:, 0], "kind": np.where(NUMBERS[:, 1] > 0, "a", "b")})


def numbers() -> Any:
    return make_pipeline(StandardScaler(), RandomForestClassifier(5, random_state=0)).fit(NUMBERS, LABELS)


def mixed() -> Any:
    columns = make_column_transformer((OneHotEncoder(), ["kind"]), remainder="passthrough")
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, LABELS)


def digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()


def bring(path: Path, home: Path, **options: Any) -> Path:
    settings_ = {"trust": digest(path) if path.is_file() else None, "sample": None, "name": None}
    return import_model(
        path,
        directory=home / "artifacts",
        progress=lambda _: None,
        proof_rows=300,
        **{**settings_, **options},
    )


def write(estimator: Any, path: Path, form: str) -> Path:
    content = pickle.dumps(estimator)
    if form == "joblib":
        joblib.dump(estimator, path)
    elif form.startswith("joblib-"):
        joblib.dump(estimator, path, compress=(form.removeprefix("joblib-"), 3))
    elif form.startswith("pickle-"):
        path.write_bytes(pickle.dumps(estimator, protocol=int(form[-1])))
    elif form == "skops":
        skops.io.dump(estimator, path)
    else:
        path.write_bytes(content)
    return path


FORMS = [
    "pickle",
    "pickle-0",
    "pickle-1",
    "joblib",
    "joblib-zlib",
    "joblib-gzip",
    "joblib-bz2",
    "joblib-lzma",
    "joblib-xz",
    "skops",
]


@pytest.mark.parametrize("form", FORMS)
def test_what_comes_in_answers_as_the_original(form: str, tmp_path: Path) -> None:
    estimator = numbers()
    folder = bring(write(estimator, tmp_path / "my model.v1", form), tmp_path)
    assert folder.parent.name == "my-model"
    answer = skylayer.open(folder).predict(NUMBERS.tolist())
    assert answer["predictions"] == estimator.predict(NUMBERS).tolist()
    assert answer["probabilities"] == estimator.predict_proba(NUMBERS).tolist()
    assert artifact.verify(folder)["training"]["imported"]["format"] == (
        "skops" if form == "skops" else "pickle"
    )


def test_a_sample_gives_the_schema(tmp_path: Path) -> None:
    estimator = mixed()
    path = write(estimator, tmp_path / "mixed.joblib", "joblib")
    with pytest.raises(UserError, match=r"takes more than numbers\. Give some rows with the columns x, kind"):
        bring(path, tmp_path)
    sample = tmp_path / "rows.csv"
    FRAME.assign(target=LABELS).to_csv(sample, index=False)
    folder = bring(path, tmp_path, sample=sample)
    columns = artifact.verify(folder)["input"]["columns"]
    assert [(column["name"], column["kind"]) for column in columns] == [("x", "number"), ("kind", "category")]
    rows = FRAME.to_dict("records")
    assert skylayer.open(folder).predict(rows)["predictions"] == estimator.predict(FRAME).tolist()
    FRAME[["x"]].to_csv(sample, index=False)
    with pytest.raises(UserError, match="lacks the columns kind"):
        bring(path, tmp_path, sample=sample)


class Villain:
    """Writes a file when it is unpickled."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return (Path.write_text, (self.target, "pwned"))


@pytest.mark.parametrize("form", ["pickle", "joblib", "joblib-zlib"])
@pytest.mark.parametrize("trust", [None, "0" * 64])
def test_a_pickle_that_is_not_trusted_is_never_run(form: str, trust: str | None, tmp_path: Path) -> None:
    target = tmp_path / "written"
    path = write([numbers(), Villain(target)], tmp_path / "model.pkl", form)
    with pytest.raises(UserError) as refusal:
        bring(path, tmp_path, trust=trust)
    assert not target.exists()
    assert f"TRUST={digest(path)}" in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert "write_text" in " ".join(interpret(pickle.dumps(Villain(target))).names)
    assert not target.exists()


def test_the_scan_steps_over_arrays_and_finds_what_comes_after_them(tmp_path: Path) -> None:
    late = [np.arange(1000.0), np.array(["a", "bc"]), np.array([{"x": Villain}, None], dtype=object), Villain]
    path = tmp_path / "late.joblib"
    joblib.dump([numbers(), *late, Villain(tmp_path / "written")], path)
    names = interpret(path.read_bytes()).names
    assert any(name.endswith("write_text") for name in names)
    assert any(name.endswith("test_import.Villain") for name in names)
    assert "sklearn.ensemble._forest.RandomForestClassifier" in names


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_damaged_pickles_are_damaged_and_nothing_else(data: st.DataObject) -> None:
    content = bytearray(pickle.dumps(LinearRegression().fit(NUMBERS, NUMBERS[:, 0])))
    for _ in range(data.draw(st.integers(0, 4))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Damaged):
        interpret(bytes(content[: data.draw(st.integers(2, len(content)))]))


def test_one_line_says_what_is_wrong(tmp_path: Path) -> None:
    whole = write(numbers(), tmp_path / "whole.joblib", "joblib").read_bytes()

    def refuse(content: bytes, name: str, match: str) -> None:
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UserError, match=match) as refusal:
            bring(path, tmp_path)
        assert "\n" not in str(refusal.value)

    refuse(b"", "model.pkl", "is empty")
    refuse(b"hello", "model.pkl", "not a pickle, whatever its name says")
    refuse(b"a,b\n1,2\n", "model.csv", "is not a model")
    refuse(whole[: len(whole) // 2], "half.joblib", "cut off or damaged: it ends early")
    refuse(zlib.compress(whole)[:500], "half.z", "cut off or damaged")
    refuse(gzip.compress(whole)[:500], "half.gz", "cut off or damaged")
    refuse(bz2.compress(whole)[:500], "half.bz2", "cut off or damaged")
    refuse(lzma.compress(whole)[:500], "half.xz", "cut off or damaged")
    refuse(pickle.dumps({"a": 1}), "dict.pkl", r"(?i)estimator|predict")
    refuse(pickle.dumps(StandardScaler().fit(NUMBERS)), "scaler.pkl", "predict")
    refuse(pickle.dumps(LogisticRegression()), "unfitted.pkl", r"(?i)fit")
    refuse(pickle.dumps(DBSCAN().fit(NUMBERS)), "dbscan.pkl", "predict")
    with pytest.raises(UserError, match="There is no file"):
        bring(tmp_path / "nothing.pkl", tmp_path)


@pytest.mark.slow
def test_the_command_says_one_line_and_nothing_else(tmp_path: Path) -> None:
    home = Path(__file__).parents[2]
    scaler = write(StandardScaler().fit(NUMBERS), tmp_path / "scaler.pkl", "pickle")
    (tmp_path / "half.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 99)
    for path, said in ((scaler, "has no predict()"), (tmp_path / "half.h5", "cut off or damaged")):
        command = [sys.executable, "-m", "skylayer", "import", f"MODEL={path}", f"TRUST={digest(path)}"]
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert not done.stdout
        *progress, line = done.stderr.splitlines()
        assert {each.split("  ")[-1].partition(":")[0] for each in progress} == {"Import and prove"}
        assert line.startswith(f"skylayer import: {path}")
        assert said in line


def test_a_package_that_is_missing_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "site"
    home.mkdir()
    (home / "faraway.py").write_text("class Model:\n    def predict(self, X): return X\n", encoding="utf-8")
    monkeypatch.syspath_prepend(home)
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps(importlib.import_module("faraway").Model()))
    monkeypatch.undo()
    monkeypatch.delitem(__import__("sys").modules, "faraway")
    with pytest.raises(UserError, match="needs the module faraway, which isn't installed"):
        bring(path, tmp_path)


@pytest.mark.slow
def test_two_gigabytes_are_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "huge.joblib"
    with path.open("wb") as file:
        file.truncate(2 * 1024**3)
    with pytest.raises(UserError, match=r"is 2\.1 GB"):
        bring(path, tmp_path, trust=None)


def test_another_scikit_learn_is_told_before_anything_is_loaded(tmp_path: Path) -> None:
    # A function of nobody's list, so that it can't be read as data.
    steps = make_pipeline(FunctionTransformer(np.convolve), LinearRegression())
    content = pickle.dumps([steps[0], steps[1].fit(NUMBERS, NUMBERS[:, 0])])
    import sklearn  # noqa: PLC0415

    installed = sklearn.__version__.encode()
    assert content.count(installed) == 1
    path = tmp_path / "old.pkl"
    path.write_bytes(content.replace(installed, b"0" * (len(installed) - 2) + b".1"))
    with pytest.raises(OtherVersion, match="written by scikit-learn"):
        bring(path, tmp_path)


def test_an_estimator_of_another_scikit_learn_is_not_exported_by_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = skylayer.package(numbers(), NUMBERS, LABELS, name="out", directory=tmp_path, proof_rows=300)
    monkeypatch.setattr("sklearn.__version__", "9.9.9")
    with pytest.raises(OtherVersion, match=r"and 9\.9\.9 is installed"):
        export(folder, "joblib", tmp_path / "out.joblib")
    assert not (tmp_path / "out.joblib").exists()
    export(folder, "hdf5", tmp_path / "out.h5")


def test_a_skops_file_names_what_is_no_data(tmp_path: Path) -> None:
    path = tmp_path / "model.skops"
    skops.io.dump(make_pipeline(StandardScaler(), Unknown()).fit(NUMBERS, LABELS), path)
    with pytest.raises(
        UserError, match=r"is a skops file that can't be read as data, because of test_import\.Unknown"
    ):
        bring(path, tmp_path, trust=None)
    safe = tmp_path / "safe.skops"
    skops.io.dump(make_pipeline(StandardScaler(), LogisticRegression()).fit(NUMBERS, LABELS), safe)
    assert bring(safe, tmp_path, trust=None).is_dir()


class Unknown(LogisticRegression):  # type: ignore[misc]
    """An estimator of the user's own."""


@pytest.mark.parametrize("form", sorted(FORMATS))
def test_what_goes_out_comes_back_the_same(form: str, tmp_path: Path) -> None:
    # A forest's probabilities aren't exact in ONNX, and what isn't exact is refused.
    estimator = LogisticRegression().fit(NUMBERS, LABELS) if form == "onnx" else numbers()
    folder = skylayer.package(
        estimator, NUMBERS, LABELS, name="out", directory=tmp_path / "artifacts", proof_rows=300
    )
    path = tmp_path / "some where" / f"model{FORMATS[form].ending}"
    export(folder, form, path)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]
    again = bring(path, tmp_path)
    row = NUMBERS[:5].tolist()
    assert (
        skylayer.open(again).predict(row)["predictions"] == skylayer.open(folder).predict(row)["predictions"]
    )


def test_an_altered_artifact_is_not_exported(tmp_path: Path) -> None:
    folder = skylayer.package(numbers(), NUMBERS, LABELS, name="out", directory=tmp_path, proof_rows=300)
    path = folder / "estimator.joblib"
    path.chmod(0o644)
    path.write_bytes(b"other")
    with pytest.raises(UserError, match=r"estimator\.joblib was altered"):
        export(folder, "joblib", tmp_path / "out.joblib")
