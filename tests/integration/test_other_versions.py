"""Pickles that scikit-learn 0.20 to 1.7 wrote: read under the installed one, they answer as they did there."""

from __future__ import annotations

import io
import pickle
import warnings
import zlib
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.ensemble import RandomForestClassifier, VotingClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from written_files import answers, files, rows_of, written

import skylayer
from serving import artifact
from skylayer.errors import UserError
from skylayer.formats.importing import import_model
from skylayer.formats.pickles import versions
from skylayer.formats.pickles.estimators import read
from skylayer.formats.pickles.records import Damaged
from skylayer.formats.pickles.values import Refused

if TYPE_CHECKING:
    from pathlib import Path

WRITTEN = written("[0-9]")
# What an older version answered otherwise from the same state, and who is refused for it.
OTHERWISE = {
    "ada_boost": (1, 4),
    "isolation_forest": (0, 22),
    "lda": (0, 21),
    "p_quantile": (0, 21),
}
# A Gaussian process adds up many large terms of both signs, in the order of the installed numpy.
TOLERANCES = {"gaussian_process": 1e-11}
TOLERANCE = 1e-12


def is_refused(version: str, name: str) -> bool:
    return name in OTHERWISE and versions.version_of(version) < OTHERWISE[name]


CASES = [(version, name) for version in WRITTEN for name in answers(version)]


def test_there_are_files_of_old_and_new_versions() -> None:
    assert len(WRITTEN) >= 12
    assert all(len(answers(version)) > 70 for version in WRITTEN)


@pytest.mark.parametrize(("version", "name"), CASES)
def test_a_file_answers_as_where_it_was_written(version: str, name: str) -> None:
    entry = answers(version)[name]
    content = files(version)[f"{name}.pkl"]
    if is_refused(version, name):
        with pytest.raises(Refused, match="of scikit-learn before"):
            read(content)
        return
    estimator, records = read(content)
    # Of a state in which only trees were fitted, the trees say it.
    assert records.versions <= {version}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what an old parameter means now is not what is tested
        for method in ("predict", "predict_proba"):
            if method not in entry["answers"]:
                continue
            wanted = np.asarray(entry["answers"][method])
            answered = np.asarray(getattr(estimator, method)(rows_of(entry)))
            if wanted.dtype.kind in "fc":
                tolerance = TOLERANCES.get(name, TOLERANCE)
                np.testing.assert_allclose(answered, wanted, rtol=tolerance, atol=tolerance)
            else:
                assert answered.tolist() == wanted.tolist()


@pytest.mark.parametrize("name", ["forest", "logistic_three", "p_columns"])
@pytest.mark.parametrize("version", WRITTEN)
def test_a_file_of_joblib_is_the_same_as_its_pickle(version: str, name: str) -> None:
    content = files(version)[f"{name}.joblib"]
    if name == "forest":
        content = zlib.decompress(content)
    estimator, _ = read(content)
    rows = rows_of(answers(version)[name])
    assert estimator.predict(rows).tolist() == answers(version)[name]["answers"]["predict"]


@pytest.mark.parametrize("version", [WRITTEN[0], "0.24.2", "1.1.3", WRITTEN[-1]])
@pytest.mark.parametrize("name", ["p_scaler_logistic", "forest", "hist_boosting_missing", "p_columns"])
def test_it_is_packaged_native_and_proven(version: str, name: str, tmp_path: Path) -> None:
    if name not in answers(version):
        pytest.skip("that version had no such estimator")
    entry = answers(version)[name]
    path = tmp_path / f"{name}.pkl"
    path.write_bytes(files(version)[path.name])
    sample = tmp_path / "rows.csv"
    rows = pd.DataFrame(entry["rows"])
    rows.rename(columns=lambda name: name if isinstance(name, str) else f"x{name}").to_csv(
        sample, index=False
    )
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
    columns = [column["name"] for column in manifest["input"]["columns"]]
    instances = [
        dict(zip(columns, (None if each != each else each for each in row), strict=True))  # noqa: PLR0124
        for row in rows.to_numpy(dtype=object)
    ]
    answer = skylayer.open(folder).predict(instances)
    assert answer["predictions"] == entry["answers"]["predict"]
    np.testing.assert_allclose(
        answer["probabilities"], entry["answers"]["predict_proba"], rtol=1e-12, atol=1e-12
    )


class Opener:
    """What would run a program if it was called."""

    def __reduce__(self) -> Any:
        import os  # noqa: PLC0415

        return (os.system, ("exit 1",))


@pytest.mark.parametrize(
    ("inside", "named"),
    [
        (Opener(), r"(posix|nt)\.system"),
        ({"estimator": Opener()}, r"(posix|nt)\.system"),
        (RandomForestClassifier(random_state=Opener()), r"(posix|nt)\.system"),
        (np.array([Opener()], dtype=object), r"(posix|nt)\.system"),
        (print, r"builtins\.print"),
    ],
    ids=["alone", "in a dictionary", "in a parameter", "in an array", "a function"],
)
def test_what_is_no_data_is_refused_by_name(inside: Any, named: str) -> None:
    with pytest.raises(Refused, match=named):
        read(pickle.dumps(inside))


def test_a_refusal_shows_what_belongs_to_no_library_first(tmp_path: Path) -> None:
    harmless = [getattr(np, name) for name in sorted(dir(np)) if callable(getattr(np, name))][:40]
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps([*harmless, Opener()]))
    with pytest.raises(
        UserError, match=r"open files: (posix|nt)\.system\. It also names .* and \d+ more\. Use a step"
    ) as refused:
        import_model(path, trust=None, sample=None, name=None, directory=tmp_path, progress=lambda _: None)
    assert "\n" not in str(refused.value)


class Clip(FunctionTransformer):  # type: ignore[misc]
    """A step of somebody's own."""


def test_a_foreign_step_among_ten_is_named_with_what_to_do(tmp_path: Path) -> None:
    rows = np.random.default_rng(0).normal(size=(30, 3))
    known = [(f"scale {number}", StandardScaler()) for number in range(9)]
    steps = Pipeline([*known[:6], ("clip", Clip(np.abs)), *known[6:], ("tree", DecisionTreeClassifier())])
    outer = make_pipeline(VotingClassifier([("inner", steps), ("other", DecisionTreeClassifier())]))
    path = tmp_path / "model.pkl"
    for estimator, where in (
        (steps, r"\(step 'clip' of Pipeline\)"),
        (outer, r"\(step 'clip' of Pipeline\) \(step 'inner' of VotingClassifier\) .*of Pipeline\)"),
    ):
        path.write_bytes(pickle.dumps(estimator.fit(rows, rows[:, 0] > 0)))
        with pytest.raises(
            UserError, match=rf"because of \S+\.Clip {where}; .*compiled-steps.*TRUST="
        ) as refused:
            import_model(
                path, trust=None, sample=None, name=None, directory=tmp_path, progress=lambda _: None
            )
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "change", [("left_child", 0), ("right_child", 10**6), ("feature", 99), ("feature", -7)]
)
def test_nodes_that_are_no_tree_are_refused(change: tuple[str, int]) -> None:
    tree = DecisionTreeClassifier(random_state=0).fit([[0.0], [1.0], [2.0]], [0, 1, 0])
    content = pickle.dumps(tree)
    nodes = tree.tree_.__getstate__()["nodes"]
    broken = nodes.copy()
    broken[change[0]][0] = change[1]
    assert content.count(nodes.tobytes()) > 0
    with pytest.raises(Damaged, match="tree"):
        read(content.replace(nodes.tobytes(), broken.tobytes()))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_a_damaged_file_is_refused_or_read_and_never_run(data: st.DataObject) -> None:
    version = data.draw(st.sampled_from([WRITTEN[0], "1.4.2"]))
    name = data.draw(st.sampled_from(["tree", "logistic", "hist_boosting", "p_columns", "svc", "neighbors"]))
    content = bytearray(files(version).get(f"{name}.pkl") or files(version)["tree.pkl"])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(2, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read(bytes(content[: data.draw(st.integers(len(content) // 2, len(content)))]))
    except (Damaged, Refused) as error:
        assert str(error)  # noqa: PT017 - any other exception fails the test


def test_arrays_come_out_of_every_layout() -> None:
    frame = {
        "c": np.arange(12.0).reshape(3, 4),
        "fortran": np.asfortranarray(np.arange(12, dtype=np.int32).reshape(3, 4)),
        "big": np.arange(5, dtype=">f8"),
        "texts": np.array(["a", "bcd"]),
        "objects": np.array([["a", None], [1.5, b"x"]], dtype=object),
        "empty": np.empty((0, 3)),
        "none": np.array(7.0),
        "days": np.array(["2026-01-01", "NaT"], dtype="M8[ns]"),
        "bits": np.array([True, False]),
        "scalar": np.float32(0.1),
    }
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        made, _ = read(pickle.dumps(frame, protocol=protocol))
        for name, wanted in frame.items():
            np.testing.assert_array_equal(made[name], wanted)
            assert np.asarray(made[name]).dtype == np.asarray(wanted).dtype.newbyteorder("="), name
    file = io.BytesIO()
    joblib.dump(frame, file)
    made, _ = read(file.getvalue())
    for name, wanted in frame.items():
        np.testing.assert_array_equal(made[name], wanted)


def test_the_rules_are_of_classes_that_there_are() -> None:
    from skylayer.compiler import registry  # noqa: PLC0415
    from skylayer.formats.pickles import estimators  # noqa: PLC0415

    pytest.importorskip("lightgbm")
    kinds = [*registry.classes(frozenset({"lightgbm"})), *estimators._PARTS]  # noqa: SLF001
    names = {parent.__name__ for kind in kinds for parent in kind.__mro__} | {"MissingIndicator"}
    assert set(versions.RULES) | set(versions.COMPLETED) <= names
