"""A version from a store: complete and unaltered in its folder, or not there at all."""

from __future__ import annotations

import shutil
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import small_artifact

from serving.artifact import MANIFEST, ArtifactError, layer_files, read_manifest
from serving.stores import StoreError, download, split
from serving.stores import open as opening
from serving.stores.download import download as fetch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Held:
    """A store in memory, which hands out content in small pieces."""

    def __init__(self, reference: str, folder: Path) -> None:
        self.files = {
            f"artifacts/{reference}/{path.relative_to(folder)}": path.read_bytes()
            for path in folder.rglob("*")
            if path.is_file()
        }
        self.asked: list[str] = []

    def chunks(self, key: str) -> Iterator[bytes]:
        self.asked.append(key)
        content = self.files[key]
        for start in range(0, len(content), 100):
            yield content[start : start + 100]

    def read_pointer(self, _: str | None) -> None:
        raise NotImplementedError


def held(tmp_path: Path, change: Callable[[dict[str, Any]], object] = lambda _: None) -> tuple[Held, str]:
    folder = small_artifact.write(tmp_path / "source", change)
    manifest = read_manifest(str(folder))
    reference = f"penguins/{manifest['version']}"
    return Held(reference, folder), reference


def files(folder: str) -> dict[str, bytes]:
    root = Path(folder)
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_the_files_of_the_engine_are_fetched_once_and_nothing_else(tmp_path: Path) -> None:
    place, reference = held(tmp_path)
    home = tmp_path / "a" / "home"
    folder = fetch(place, reference, str(home))
    assert folder == str(home / reference.replace("/", "-"))
    needed = [MANIFEST, *layer_files(read_manifest(folder))]
    assert "estimator.joblib" in needed
    assert place.asked == [f"artifacts/{reference}/{name}" for name in needed]
    assert files(folder) == {name: place.files[f"artifacts/{reference}/{name}"] for name in needed}
    assert [path.name for path in home.iterdir()] == [Path(folder).name]
    assert fetch(place, reference, str(home)) == folder
    assert len(place.asked) == len(needed)


def test_only_the_files_that_are_named_are_fetched_beside_the_manifest(tmp_path: Path) -> None:
    place, reference = held(tmp_path)
    folder = fetch(place, reference, str(tmp_path / "home"), only=("source/training/pipeline.py",))
    assert set(files(folder)) == {MANIFEST, "source/training/pipeline.py"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Estimator", "is corrupt in the store: estimator.joblib was altered"),
        (b"estimato", "is corrupt in the store: estimator.joblib was altered"),
        (b"estimators", "is corrupt in the store: estimator.joblib is too long"),
    ],
    ids=["altered", "shorter", "longer"],
)
def test_a_corrupt_file_is_refused_and_leaves_nothing(tmp_path: Path, content: bytes, message: str) -> None:
    place, reference = held(tmp_path)
    place.files[f"artifacts/{reference}/estimator.joblib"] = content
    with pytest.raises(ArtifactError, match=f"^{reference} {message}"):
        fetch(place, reference, str(tmp_path / "home"))
    assert list((tmp_path / "home").iterdir()) == []


def test_a_version_under_another_name_is_refused(tmp_path: Path) -> None:
    place, reference = held(tmp_path)
    for other in (f"birds/{reference.partition('/')[2]}", "penguins/0123456789abcdef"):
        moved = Held(other, tmp_path / "source")
        with pytest.raises(
            ArtifactError, match=f"^{other} was altered in the store: its manifest is that of {reference}"
        ):
            fetch(moved, other, str(tmp_path / "home"))
    assert place.asked == []


def test_a_manifest_that_calls_itself_another_version_is_refused(tmp_path: Path) -> None:
    place, reference = held(tmp_path)
    path = f"artifacts/{reference}/{MANIFEST}"
    place.files[path] = place.files[path].replace(reference.partition("/")[2].encode(), b"0123456789abcdef")
    with pytest.raises(ArtifactError, match=f"^{reference} was altered in the store"):
        fetch(place, reference, str(tmp_path / "home"))


def room(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    monkeypatch.setattr("serving.stores.download.shutil.disk_usage", lambda _: SimpleNamespace(free=free))


def test_a_disk_with_just_enough_room_takes_a_version_and_one_byte_less_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, reference = held(tmp_path)
    manifest = read_manifest(str(tmp_path / "source"))
    needed = sum(manifest["files"][name]["size"] for name in layer_files(manifest))
    home = str(tmp_path / "home")
    room(monkeypatch, needed - 1)
    with pytest.raises(StoreError, match=f"^{reference} needs {needed} bytes, which {home} hasn't"):
        fetch(place, reference, home)
    room(monkeypatch, needed)
    assert "estimator.joblib" in files(fetch(place, reference, home))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    place, reference = held(tmp_path)
    (tmp_path / "home").write_text("a file")
    with pytest.raises(StoreError, match=f"^{reference} can't be written to .*home: File exists"):
        fetch(place, reference, str(tmp_path / "home"))


def test_an_error_of_the_disk_without_words_of_its_own_is_shown_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, reference = held(tmp_path)

    def broken(*_: object) -> None:
        raise OSError("no words")

    monkeypatch.setattr("serving.stores.download.os.rename", broken)
    with pytest.raises(StoreError, match=f"^{reference} can't be written to .*: no words"):
        fetch(place, reference, str(tmp_path / "home"))
    assert list((tmp_path / "home").iterdir()) == []


@pytest.mark.parametrize(
    ("late", "passes"), [(10.0, True), (10.5, False)], ids=["at the deadline", "behind it"]
)
def test_a_download_ends_at_its_deadline(
    late: float, passes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place, reference = held(tmp_path)
    times = iter([1000.0])
    monkeypatch.setattr(download, "monotonic", lambda: next(times, 1000.0 + late))
    home = str(tmp_path / "home")
    if passes:
        assert MANIFEST in files(fetch(place, reference, home, 10.0))
    else:
        with pytest.raises(StoreError, match=f"^{reference} takes too long to download: the store is slow"):
            fetch(place, reference, home, 10.0)
        assert list(Path(home).iterdir()) == []
        shutil.rmtree(home)
        assert MANIFEST in files(fetch(place, reference, home))  # without a limit


@pytest.mark.parametrize(
    ("uri", "parts"),
    [
        ("file:///srv/models", ("file://", "/srv/models")),
        ("s3://bucket/a", ("s3://", "bucket/a")),
        ("dynamodb://table", ("dynamodb://", "table")),
    ],
)
def test_an_address_is_a_scheme_and_a_place(uri: str, parts: tuple[str, str]) -> None:
    assert split(uri) == parts


@pytest.mark.parametrize("uri", ["file://", "s3:///", "layer", "", "bucket", "https://bucket", "S3://bucket"])
def test_what_is_no_address_is_refused(uri: str) -> None:
    with pytest.raises(StoreError, match=f"^{uri!r} is not a store: use layer, file://"):
        split(uri)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [("file:///srv", "FilePlace"), ("s3://bucket", "S3Place"), ("dynamodb://table", "DynamoDBPlace")],
)
def test_a_place_is_opened_by_its_scheme_with_its_limit(
    uri: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("serving.stores.aws.client", lambda service, seconds: (service, seconds))
    place: Any = opening.open_place(uri, 2.5)
    assert type(place).__name__ == kind
    if kind != "FilePlace":
        assert place.client == (uri.partition(":")[0], 2.5)
