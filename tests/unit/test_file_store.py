"""A store in a directory: what is written at once, what a reader sees, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from serving.stores import POINTER, Missing, StoreError
from skylayer.stores.file import WritableFilePlace
from skylayer.stores.interface import PUSHES, Conflict

REFERENCE = "birds/aaaaaaaaaaaaaaaa"


@pytest.fixture
def place(tmp_path: Path) -> WritableFilePlace:
    return WritableFilePlace(str(tmp_path / "a store"), create=True)


def files(place: WritableFilePlace) -> list[str]:
    return sorted(str(path.relative_to(place.root)) for path in place.root.rglob("*") if path.is_file())


def test_a_directory_is_made_only_where_something_is_pushed(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"There is no directory .*: push a version to make it"):
        WritableFilePlace(str(tmp_path / "absent"))
    assert not (tmp_path / "absent").exists()


def test_a_file_comes_back_and_leaves_no_draft(place: WritableFilePlace, tmp_path: Path) -> None:
    source = tmp_path / "tables.bin"
    source.write_bytes(b"x" * 3_000_000)
    place.write("artifacts/birds/a/tables.bin", source)
    assert b"".join(place.chunks("artifacts/birds/a/tables.bin")) == source.read_bytes()
    assert files(place) == ["artifacts/birds/a/tables.bin"]
    assert (place.root / "artifacts/birds/a/tables.bin").stat().st_mode & 0o777 == 0o644


def test_a_copy_that_fails_leaves_what_was_there(
    place: WritableFilePlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / "tables.bin"
    source.write_bytes(b"old")
    place.write("a/b", source)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("skylayer.stores.file.os.fsync", full)
    source.write_bytes(b"new")
    with pytest.raises(StoreError, match=r"a/b can't be written: No space left on device"):
        place.write("a/b", source)
    assert b"".join(place.chunks("a/b")) == b"old"
    assert files(place) == ["a/b"]


def test_a_key_that_holds_nothing_is_missing(place: WritableFilePlace) -> None:
    with pytest.raises(Missing, match="is not there"):
        list(place.chunks("artifacts/nothing"))
    place.write_record(REFERENCE, b"{}")
    with pytest.raises(StoreError, match="can't be read"):
        list(place.chunks("versions/birds"))


def test_records_of_a_kind_are_listed_without_drafts(place: WritableFilePlace) -> None:
    place.write_record(REFERENCE, b"1")
    place.write_record("alpha/bbbbbbbbbbbbbbbb", b"2")
    place.write_record(REFERENCE, b"3", PUSHES)
    (place.root / "versions" / "birds" / ".draft-x").write_bytes(b"half")
    assert place.records() == [("alpha/bbbbbbbbbbbbbbbb", b"2"), (REFERENCE, b"1")]
    assert place.records(PUSHES) == [(REFERENCE, b"3")]


def test_a_removed_record_is_gone_and_may_be_removed_again(place: WritableFilePlace) -> None:
    place.write_record(REFERENCE, b"1")
    place.write_record(REFERENCE, b"2", PUSHES)
    for _ in range(2):
        place.remove_record(REFERENCE)
    assert place.read_record(REFERENCE) is None
    assert place.read_record(REFERENCE, PUSHES) == b"2"


def test_a_version_s_content_goes_and_its_neighbour_s_stays(place: WritableFilePlace, tmp_path: Path) -> None:
    source = tmp_path / "file"
    source.write_bytes(b"x")
    for key in ("artifacts/birds/a/one", "artifacts/birds/a/source/two", "artifacts/birds/ab/one"):
        place.write(key, source)
    for _ in range(2):
        place.remove_below("artifacts/birds/a/", ["one"])
    assert files(place) == ["artifacts/birds/ab/one"]


def test_a_pointer_is_replaced_only_by_who_has_read_it(place: WritableFilePlace) -> None:
    assert place.read_pointer(None) == (None, None)
    place.replace_pointer(b"first", None)
    found = place.read_pointer(None)
    assert found is not None
    content, token = found
    assert content == b"first"
    assert place.read_pointer(token) is None
    with pytest.raises(Conflict):
        place.replace_pointer(b"second", None)
    with pytest.raises(Conflict):
        place.replace_pointer(b"second", "another")
    place.replace_pointer(b"second", token)
    assert Path(place.path(POINTER)).read_bytes() == b"second"


def test_a_directory_that_went_away_is_named(place: WritableFilePlace) -> None:
    (place.root.rename(place.root.with_name("elsewhere")))
    with pytest.raises(StoreError, match=f"There is no directory {place.directory}"):
        place.read_pointer(None)


def test_content_is_read_in_pieces_of_a_mebibyte(place: WritableFilePlace, tmp_path: Path) -> None:
    source = tmp_path / "tables.bin"
    source.write_bytes(bytes(2**20 + 1))
    place.write("a/b", source)
    assert [len(piece) for piece in place.chunks("a/b")] == [2**20, 1]
