"""The artifact contract, attacked: files missing, extra or altered, and manifests that aren't."""

from __future__ import annotations

import contextlib
import copy
import json
import os
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_artifact import FILES, write

from serving import artifact
from serving.artifact import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_whole_artifact_is_verified(tmp_path: Path) -> None:
    manifest = artifact.verify(write(tmp_path))
    assert manifest["name"] == "penguins"


@pytest.mark.parametrize("name", FILES)
def test_an_altered_file_is_named(tmp_path: Path, name: str) -> None:
    path = write(tmp_path) / name
    content = bytearray(path.read_bytes())
    content[0] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=f"{name} was altered"):
        artifact.verify(tmp_path)


def test_missing_and_extra_files_are_named_together(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "golden.json").unlink()
    (tmp_path / "notes.txt").write_text("left over")
    with pytest.raises(ArtifactError, match=r"golden.json is missing; notes.txt doesn't belong"):
        artifact.verify(tmp_path)


@pytest.mark.parametrize("name", ["estimator.joblib", "manifest.json", "link", "source"])
def test_symbolic_links_are_refused(tmp_path: Path, name: str) -> None:
    folder = write(tmp_path / "artifact")
    outside = tmp_path / "outside"
    if (folder / name).exists():
        (folder / name).rename(outside)
    else:
        outside.write_text("elsewhere")
    (folder / name).symlink_to(outside)
    with pytest.raises(ArtifactError, match="plain file"):
        artifact.verify(folder)


def test_a_link_to_an_artifact_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "artifact")
    (tmp_path / "link").symlink_to(tmp_path / "artifact")
    with pytest.raises(ArtifactError, match="not a folder"):
        artifact.verify(tmp_path / "link")


def test_special_files_are_refused(tmp_path: Path) -> None:
    os.mkfifo(write(tmp_path) / "pipe")
    with pytest.raises(ArtifactError, match="special file"):
        artifact.verify(tmp_path)


def set_item(*path: str | int, value: object) -> Callable[[dict[str, Any]], None]:
    def change(manifest: dict[str, Any]) -> None:
        target: Any = manifest
        for key in path[:-1]:
            target = target[key]
        target[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (set_item("format", value=2), "update Skylayer"),
        (set_item("format", value=True), "no format number"),
        (set_item("metrics", value={"accuracy": 1.0}), "manifest.json was altered"),
        (set_item("name", value="../evil"), "name is"),
        (set_item("version", value="latest"), "version is"),
        (set_item("task", value="ranking"), "task is 'ranking'; it must be one of classification"),
        (set_item("engine", value="native"), "engines doesn't describe"),
        (set_item("engines", "sklearn", "file", value="absent"), "must name a file"),
        (set_item("files", "../../etc/passwd", value={"sha256": "0" * 64, "size": 1}), "not allowed"),
        (set_item("files", "/etc/passwd", value={"sha256": "0" * 64, "size": 1}), "not allowed"),
        (set_item("files", "a/../b", value={"sha256": "0" * 64, "size": 1}), "not allowed"),
        (set_item("files", "manifest.json", value={"sha256": "0" * 64, "size": 1}), "not allowed"),
        (set_item("files", "golden.json", value={"sha256": "short", "size": 1}), "64 hexadecimal"),
        (set_item("input", "columns", value=[]), "at least one column"),
        (set_item("input", "columns", 0, "kind", value="image"), "kind is 'image'"),
        (set_item("input", "columns", 0, "nullable", value=0), "nullable must be"),
        (set_item("input", "container", value="tensor"), "container is 'tensor'"),
    ],
)
def test_a_manifest_that_breaks_the_contract_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], None], message: str
) -> None:
    with pytest.raises(ArtifactError, match=message):
        artifact.verify(write(tmp_path, change))


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"{", b"\xff", b'{"format": NaN}', b"[" * 100_000, b"1" * 5000],
    ids=["empty", "list", "cut", "no-utf-8", "nan", "deep", "long-number"],
)
def test_what_is_no_manifest_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / artifact.MANIFEST).write_bytes(content)
    with pytest.raises(ArtifactError):
        artifact.read_manifest(tmp_path)


def test_a_number_beyond_double_precision_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path) / artifact.MANIFEST
    path.write_text(path.read_text().replace('"metrics": {}', '"metrics": {"accuracy": 1e400}'))
    with pytest.raises(ArtifactError, match="infinity"):
        artifact.verify(tmp_path)


def test_a_folder_without_manifest_and_no_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="has no manifest"):
        artifact.read_manifest(tmp_path)
    with pytest.raises(ArtifactError, match="doesn't exist"):
        artifact.read_manifest(tmp_path / "absent")


def test_the_version_ignores_when_and_holds_everything_else(tmp_path: Path) -> None:
    manifest = artifact.read_manifest(write(tmp_path))
    later = manifest | {"created": "2030-01-01T00:00:00Z"}
    assert artifact.version_of(later) == manifest["version"]
    for field in manifest.keys() - {"created", "version"}:
        assert artifact.version_of(manifest | {field: "changed"}) != manifest["version"]


def test_a_layer_holds_the_files_of_the_chosen_engine_only(tmp_path: Path) -> None:
    manifest = artifact.read_manifest(write(tmp_path))
    assert artifact.layer_files(manifest) == sorted(FILES)
    native = copy.deepcopy(manifest)
    native["engine"] = "native"
    native["engines"]["native"] = {"file": "tables.bin"}
    native["files"]["tables.bin"] = {"sha256": "0" * 64, "size": 1}
    assert artifact.layer_files(native) == ["golden.json", "tables.bin"]


FIRST: dict[str, Any] = {
    "steps": [{"module": "own", "name": "Own", "state": {}}, {"module": "own", "name": "rows"}],
    "columns": [{"name": "a", "kind": "number", "nullable": False}],
    "sources": ["source/own.py"],
}


def begun(tmp_path: Path, **changed: Any) -> dict[str, Any]:
    """The manifest of a native model whose first steps are in Python, read back."""
    engines = {"native": {"file": "estimator.joblib", "first_steps": {**FIRST, **changed}}}
    manifest = artifact.read_manifest(write(tmp_path))
    manifest |= {"engine": "native", "engines": engines}
    manifest["files"] |= {
        f"source/{name}.py": {"sha256": "0" * 64, "size": 1} for name in ("own", "unneeded")
    }
    (tmp_path / artifact.MANIFEST).write_text(json.dumps(manifest))
    return artifact.read_manifest(tmp_path)


def test_a_layer_holds_the_source_code_of_first_steps_and_no_other(tmp_path: Path) -> None:
    files = artifact.layer_files(begun(tmp_path))
    assert "source/own.py" in files
    assert "source/unneeded.py" not in files


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"sources": ["golden.json"]}, "must name files of the artifact below source/"),
        ({"sources": ["source/absent.py"]}, "must name files of the artifact below source/"),
        ({"sources": [1]}, "must name files of the artifact below source/"),
        ({"sources": None}, "must name files of the artifact below source/"),
        ({"steps": [{"module": "own"}]}, "must be a list of objects with a module and a name"),
        ({"steps": [{"module": "own", "name": "Own", "state": []}]}, "must be a list of objects"),
        ({"steps": ["own"]}, "must be a list of objects"),
        ({"columns": []}, "first_steps.columns must be a list of at least one column"),
        ({"columns": [{"name": "a", "kind": "odd", "nullable": True}]}, "kind is 'odd'; it must be one of"),
    ],
)
def test_first_steps_that_a_manifest_cannot_have_are_refused(
    tmp_path: Path, changed: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ArtifactError, match=reason):
        begun(tmp_path, **changed)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(), children, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_no_manifest_raises_anything_but_an_artifact_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("artifact")
    manifest = artifact.read_manifest(write(folder))
    for field in data.draw(st.lists(st.sampled_from(sorted(manifest)), min_size=1, max_size=3)):
        manifest[field] = data.draw(values)
    (folder / artifact.MANIFEST).write_text(json.dumps(manifest))
    with contextlib.suppress(ArtifactError):
        artifact.verify(folder)


def test_the_spelling_that_digests_are_taken_of_is_fixed() -> None:
    assert artifact.canonical({"b": [1, None], "a": "é"}) == b'{"a":"\\u00e9","b":[1,null]}'


def test_a_manifest_of_the_longest_length_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert artifact.MAX_MANIFEST_BYTES == 67_108_864
    length = (write(tmp_path) / artifact.MANIFEST).stat().st_size
    monkeypatch.setattr(artifact, "MAX_MANIFEST_BYTES", length)
    assert artifact.read_manifest(tmp_path)["name"] == "penguins"
    monkeypatch.setattr(artifact, "MAX_MANIFEST_BYTES", length - 1)
    with pytest.raises(ArtifactError, match=f"is {length} bytes long; at most {length - 1} are read"):
        artifact.read_manifest(tmp_path)


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", None])
def test_a_format_counts_from_one(tmp_path: Path, number: object) -> None:
    write(tmp_path, set_item("format", value=number))
    with pytest.raises(ArtifactError, match="has no format number"):
        artifact.read_manifest(tmp_path)


@pytest.mark.parametrize("column", ["a", {}, {"name": 1, "kind": "number", "nullable": False}])
def test_a_column_is_an_object_with_a_name(tmp_path: Path, column: object) -> None:
    write(tmp_path, set_item("input", "columns", 0, value=column))
    with pytest.raises(ArtifactError, match=r"input.columns\[0\] must be an object with a name"):
        artifact.read_manifest(tmp_path)
