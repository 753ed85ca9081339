"""HDF5: a model of the native engine goes out and comes back in every bit; an adversarial file does nothing."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import h5py
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier, RandomForestRegressor
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import skylayer
from serving import artifact, golden
from skylayer.compiler.assembler import serialize
from skylayer.errors import UserError
from skylayer.formats.comparison import BEGIN, END, as_markdown, measure, rewrite
from skylayer.formats.exporting import FORMATS, export
from skylayer.formats.hdf5.inspection import open_hdf5
from skylayer.formats.hdf5.tables import read_table, split, write_table
from skylayer.formats.hdf5.values import read_values, write_values
from skylayer.formats.importing import import_model

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = np.random.default_rng(0).normal(size=(80, 3))
LABELS = np.where(NUMBERS.sum(axis=1) > 0, "yes", "no")
FRAME = pd.DataFrame(
    {
        "x": np.where(NUMBERS[:, 0] > 1, np.nan, NUMBERS[:, 0]),
        "count": np.arange(80) % 7,
        "kind": np.where(NUMBERS[:, 1] > 0, "ä", "b"),
        "flag": NUMBERS[:, 2] > 0,
    }
)
TEXTS = ["good soup", "bad bread", "good bread", "bad soup"] * 20


def forest() -> Any:
    return RandomForestClassifier(5, random_state=0).fit(NUMBERS, LABELS), NUMBERS, LABELS


def mixed() -> Any:
    columns = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore"), ["kind"]), (SimpleImputer(), ["x", "count", "flag"])
    )
    return make_pipeline(columns, LogisticRegression()).fit(FRAME, LABELS), FRAME, LABELS


def texts() -> Any:
    return make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(TEXTS, LABELS), TEXTS, LABELS


def boosting() -> Any:
    frame = FRAME.assign(kind=FRAME["kind"].astype("category"))
    return HistGradientBoostingClassifier(max_iter=4).fit(frame, LABELS), frame, LABELS


def neighbours() -> Any:
    return KNeighborsRegressor(algorithm="kd_tree").fit(NUMBERS, NUMBERS[:, 0]), NUMBERS, NUMBERS[:, 0]


def several() -> Any:
    return RandomForestRegressor(3, random_state=0).fit(NUMBERS, NUMBERS[:, :2]), NUMBERS, NUMBERS[:, :2]


MODELS: dict[str, Callable[[], Any]] = {
    function.__name__: function for function in (forest, mixed, texts, boosting, neighbours, several)
}


def packaged(model: Callable[[], Any], home: Path, **options: Any) -> Path:
    estimator, data, target = model()
    return skylayer.package(estimator, data, target, name="model", directory=home, proof_rows=300, **options)


def bring(path: Path, home: Path, **options: Any) -> Path:
    given_: dict[str, Any] = {"trust": None, "sample": None, "name": None, **options}
    return import_model(path, directory=home / "imported", progress=lambda _: None, **given_)


@pytest.mark.parametrize("name", MODELS)
def test_it_comes_back_in_every_bit(name: str, tmp_path: Path) -> None:
    folder = packaged(MODELS[name], tmp_path)
    path = tmp_path / "model.h5"
    export(folder, "hdf5", path)
    again = bring(path, tmp_path)
    before, after = artifact.verify(folder), artifact.verify(again)
    assert (again / "tables.bin").read_bytes() == (folder / "tables.bin").read_bytes()
    assert set(after["engines"]) == {"native"}
    assert after["training"]["imported"]["version"] == before["version"]
    for part in ("name", "task", "input", "output", "metrics", "libraries", "created", "engine_reason"):
        assert after[part] == before[part], part
    assert golden.read(again) == golden.read(folder)
    assert (again / artifact.STATISTICS).read_bytes() == (folder / artifact.STATISTICS).read_bytes()
    instances = golden.read(folder)[0]
    was, now = (skylayer.open(place).predict(instances) for place in (folder, again))
    assert json.dumps({**was, "model": None}) == json.dumps({**now, "model": None})
    assert bring(path, tmp_path, name="other").parent.name == "other"


def earlier_names(file: h5py.File) -> None:
    """Give the members the names that the first exports gave them: `/tables` and `/tables/host`."""
    file.move("table", "tables")
    file.move("tables/metadata", "tables/host")


@pytest.mark.parametrize("name", ["forest", "texts"])
def test_a_file_with_the_earlier_names_of_its_members_is_imported(name: str, tmp_path: Path) -> None:
    folder = packaged(MODELS[name], tmp_path)
    export(folder, "hdf5", tmp_path / "new.h5")
    again = bring(altered(tmp_path / "new.h5", earlier_names, tmp_path / "old.h5"), tmp_path)
    assert (again / "tables.bin").read_bytes() == (folder / "tables.bin").read_bytes()


def test_it_is_what_the_page_says(tmp_path: Path) -> None:
    folder = packaged(mixed, tmp_path)
    path = tmp_path / "model.h5"
    export(folder, "hdf5", path)
    manifest = artifact.verify(folder)
    with h5py.File(path) as file:
        assert file.attrs["format"] == "skylayer"
        assert file.attrs["version"] == manifest["version"]
        columns = file["schema/columns"]
        assert [columns[f"{k:06}"].attrs["name"] for k in range(4)] == ["x", "count", "kind", "flag"]
        assert columns["000002/categories"].asstr()[()].tolist() == ["b", "ä"]
        rows = file["golden/instances"]
        assert [rows[f"{k:06}"].dtype.kind for k in range(4)] == ["f", "i", "O", "u"]
        assert file["golden/answers/probabilities"].shape == (20, 2)
        assert file["golden/answers/probabilities"].dtype == np.float64
        assert (
            file["golden/answers/predictions"].asstr()[()].tolist() == golden.read(folder)[1]["predictions"]
        )
        assert set(file["table"].attrs) == {"sha256", "dense", "sparse", "slots", "workspace"}
        matrices = [g for g in file["table/operations"].values() if g.attrs["operation"] == "MATRIX"]
        weights = matrices[0]["array_0"][()].reshape(matrices[0].attrs["outputs"], -1)
        assert weights.dtype == np.float64
        assert np.isin(mixed()[0][-1].coef_, weights).all()
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    with h5py.File(path) as file:
        places: list[str] = []
        file.visit(places.append)
        for place in {re_numbered(place) for place in places}:
            assert f"`/{place}`" in page, place


def re_numbered(place: str) -> str:
    """A place with its numbers as the page writes them."""
    parts = ["NNNNNN" if part.isdigit() else part for part in place.split("/")]
    if parts[:2] in (["golden", "answers"], ["golden", "kernel"]) and len(parts) > 2:
        parts[2] = "FIELD"
    return (
        "/".join(parts)
        .replace("array_0", "array_N")
        .replace("array_1", "array_N")
        .replace("array_2", "array_N")
    )


def test_what_is_not_native_is_told_in_one_line(tmp_path: Path) -> None:
    narrow = NUMBERS.astype(np.float32)
    folder = packaged(lambda: (LogisticRegression().fit(narrow, LABELS), narrow, LABELS), tmp_path)
    with pytest.raises(
        UserError, match=r"has no compiled table, which hdf5 holds: .* engine sklearn"
    ) as refusal:
        export(folder, "hdf5", tmp_path / "out.h5")
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "out.h5").exists()


def test_its_columns_and_classes_are_its_own(exported: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="leave out SAMPLE and CLASSES"):
        bring(exported, tmp_path, sample=tmp_path / "rows.csv")


def altered(path: Path, change: Callable[[h5py.File], None], to: Path) -> Path:
    to.write_bytes(path.read_bytes())
    with h5py.File(to, "r+") as file:
        change(file)
    return to


def replace(file: h5py.File, place: str, **options: Any) -> None:
    del file[place]
    file.create_dataset(place, **options)


def external_raw(file: h5py.File) -> None:
    replace(file, "table/outputs", shape=(4,), dtype="<u4", external=[("/etc/passwd", 0, 16)])


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="<u4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "data", shape=(4,))
    del file["table/outputs"]
    file.create_virtual_dataset("table/outputs", layout)


def plugin(file: h5py.File) -> None:
    """A filter that isn't built in would be looked up as a library on disk."""
    replace(file, "table/outputs", data=np.zeros(4, "<u4"), chunks=(4,), compression="lzf")


def circle(file: h5py.File) -> None:
    file["table/circle"] = file["table"]
    del file["table/metadata"]


ADVERSARIAL: dict[str, tuple[Callable[[h5py.File], None], str]] = {
    "a link to another file": (
        lambda file: file.__setitem__("table/more", h5py.ExternalLink("/etc/passwd", "/")),
        "/table/more is a link to another file",
    ),
    "a soft link": (
        lambda file: file.__setitem__("table/more", h5py.SoftLink("/golden")),
        "/table/more is a soft link",
    ),
    "values in another file": (external_raw, "/table/outputs keeps its values in another file"),
    "virtual": (virtual, "/table/outputs is a virtual dataset"),
    "a filter": (
        plugin,
        "/table/outputs is stored through filter 32000; gzip, shuffle, fletcher32 are read",
    ),
    "terabytes": (
        lambda file: replace(file, "table/outputs", shape=(1 << 42,), dtype="<u4", chunks=(1 << 20,)),
        "/table/outputs brings the file to more than 1.1 GB of values",
    ),
    "a bomb": (
        lambda file: replace(
            file, "table/outputs", shape=(300_000_000,), dtype="<u4", chunks=(1 << 24,), compression="gzip"
        ),
        "/table/outputs brings the file to more than 1.1 GB of values",
    ),
    "opaque": (
        lambda file: replace(file, "table/outputs", data=np.zeros(4, "V8")),
        "/table/outputs holds neither numbers nor texts",
    ),
    "references": (
        lambda file: file["table"].attrs.__setitem__("more", file["golden"].ref),
        "/table@more holds neither numbers nor texts",
    ),
    "lists of any length": (
        lambda file: file.create_dataset("more", shape=(2,), dtype=h5py.vlen_dtype(np.int32)),
        "/more holds neither numbers nor texts",
    ),
    "a circle": (circle, "is damaged|cut off or damaged"),
    "a newer format": (
        lambda file: file.attrs.__setitem__("format_version", 2),
        "exported by a newer Skylayer",
    ),
    "another weight": (
        lambda file: file["table/operations/000001/array_0/threshold"].__setitem__(0, 7),
        "the table isn't the one whose digest it holds",
    ),
    "another answer": (
        lambda file: file["golden/answers/probabilities"].__setitem__((0, 0), 0.25),
        "its content isn't that whose digest it holds",
    ),
    "another column": (
        lambda file: file["schema/columns/000000"].attrs.__setitem__("kind", "text"),
        "its content isn't that whose digest it holds",
    ),
    "no golden rows": (lambda file: file.__delitem__("golden"), "cut off or damaged"),
    "numbers for texts": (lambda file: replace(file, "manifest", data=np.zeros(3)), "cut off or damaged"),
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("exported")
    path = home / "model.h5"
    export(packaged(forest, home), "hdf5", path)
    return path


@pytest.mark.parametrize("case", ADVERSARIAL)
def test_a_file_that_was_made_to_hurt_is_refused_by_name(case: str, exported: Path, tmp_path: Path) -> None:
    change, match = ADVERSARIAL[case]
    path = altered(exported, change, tmp_path / "altered.h5")
    with pytest.raises(UserError, match=match) as refusal:
        bring(path, tmp_path)
    assert "\n" not in str(refusal.value)
    assert not list(tmp_path.glob("imported/*/*"))


def test_a_table_that_leads_outside_is_refused_although_its_digest_is_right(
    exported: Path, tmp_path: Path
) -> None:
    def outside(file: h5py.File) -> None:
        parts = split(read_table(file))
        record = dataclasses.replace(parts.records[-1], inputs=parts.records[-1].inputs + np.uint32(1 << 20))
        del file["table"]
        write_table(file, serialize(dataclasses.replace(parts, records=(*parts.records[:-1], record))))

    with pytest.raises(UserError, match="the table is damaged"):
        bring(altered(exported, outside, tmp_path / "outside.h5"), tmp_path)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_change_nothing(exported: Path, data: st.DataObject) -> None:
    content = bytearray(exported.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(8, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.one_of(st.just(len(content)), st.integers(8, len(content))))
    path = exported.with_name("changed.h5")
    path.write_bytes(bytes(content[:cut]))
    home = exported.with_name("changed")
    try:
        folder = bring(path, home)
    except UserError as refusal:
        assert "\n" not in str(refusal)  # noqa: PT017
    else:
        assert (folder / "tables.bin").read_bytes() == next(
            exported.parent.glob("model/*/tables.bin")
        ).read_bytes()


_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=5),
)
_ROWS = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(_SCALARS, min_size=width, max_size=width), min_size=1, max_size=4)
)


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.lists(_SCALARS, min_size=1, max_size=6), _ROWS, st.lists(st.text(), min_size=1)))
def test_values_come_back_as_they_were(values: list[Any]) -> None:
    with h5py.File.in_memory() as file:
        write_values(file, "values", values)
        again = read_values(file["values"])
    assert json.dumps(again) == json.dumps(values)


def test_a_file_that_is_no_hdf5_is_refused(tmp_path: Path) -> None:
    content = b"\x89HDF\r\n\x1a\n" + b"\0" * 200
    with pytest.raises(UserError, match="cut off or damaged"), open_hdf5(tmp_path / "x.h5", content):
        pass


def test_the_table_of_formats_has_a_row_for_each(tmp_path: Path) -> None:
    measured = measure(packaged(forest, tmp_path), tmp_path)
    assert [name for name, one in measured.items() if not one.bytes or one.seconds is None] == ["onnx"]
    narrow = NUMBERS.astype(np.float32)
    other = packaged(lambda: (LogisticRegression().fit(narrow, LABELS), narrow, LABELS), tmp_path)
    lines = as_markdown([("a forest", measured), ("narrow", measure(other, tmp_path))]).splitlines()
    assert [line.split(" | ")[0].removeprefix("| ") for line in lines[2:]] == list(FORMATS)
    assert " | refused |  | yes |" in next(line for line in lines if line.startswith("| hdf5"))
    assert sum(" | 1.0 × | " in line for line in lines) >= 1  # noqa: RUF001
    written = rewrite(f"before\n{BEGIN}\nold\n{END}\nafter\n", "new")
    assert written == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
    with pytest.raises(UserError, match="between which the table stands"):
        rewrite("before\nafter\n", "new")


def test_the_page_has_every_format() -> None:
    page = (Path(__file__).parents[2] / "docs" / "formats.md").read_text(encoding="utf-8")
    inner = page.partition(BEGIN)[2].partition(END)[0]
    rows = [line.split(" | ") for line in inner.splitlines() if line.startswith("| ")][1:]
    said = [(row[0].removeprefix("| "), row[-2], row[-1].removesuffix(" |")) for row in rows]
    expected = [(name, form.safe, form.elsewhere) for name, form in FORMATS.items()]
    assert said == expected, "run make formats"
