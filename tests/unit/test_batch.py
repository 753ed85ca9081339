"""Batch scoring: what is a file, where it is cut, what is said of what can't be scored."""

from __future__ import annotations

import gzip
import itertools
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skylayer.batch import rows
from skylayer.batch.part import Note, note_of, read_note
from skylayer.batch.plan import Range, plan
from skylayer.batch.source import CSV, JSON_LINES, look_at, pieces
from skylayer.commands import batch
from skylayer.compiler.kernel_build import use_host_kernel
from skylayer.errors import UserError

HEADER = b"a,b\n"
ROWS = [b"1,2", b'"x\ny",2', b'"a""\r\n""b",', b",", b"long" * 9 + b",1"]


@pytest.fixture(autouse=True, scope="module")
def _kernel() -> None:
    use_host_kernel()


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize(
    ("name", "kind", "compressed"),
    [
        ("a.csv", CSV, False),
        ("a.CSV.gz", CSV, True),
        ("a.b.jsonl", JSON_LINES, False),
        ("a.ndjson.gz", JSON_LINES, True),
    ],
)
def test_a_format_is_known_by_its_ending(tmp_path: Path, name: str, kind: str, compressed: bool) -> None:
    source = look_at(write(tmp_path, name, HEADER))
    assert (source.format, source.compressed) == (kind, compressed)
    assert b"".join(pieces(source)) == HEADER


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("rows.xlsx", b"1", r"named like none of the formats: \.csv, \.jsonl, \.ndjson, each also with \.gz"),
        ("rows.parquet", b"1", "Parquet: write it as CSV or JSON Lines"),
        ("rows.csv", b"", "is empty. It needs a header and rows"),
        ("rows.jsonl", b" \n", "is empty. It needs a row"),
        (
            "rows.csv",
            "a,b\n".encode("utf-16"),
            "is UTF-16. Write it as UTF-8: iconv -f UTF-16 -t UTF-8 rows.csv",
        ),
    ],
)
def test_what_is_no_file_of_rows_is_refused(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    with pytest.raises(UserError, match=told):
        look_at(write(tmp_path, name, data))


def test_a_file_that_is_not_there_or_not_compressed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"There is no file .*rows\.csv"):
        look_at(tmp_path / "rows.csv")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(UserError, match="can't be read: Is a directory"):
        look_at(tmp_path / "folder.csv")
    (tmp_path / "rows.csv.gz").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(UserError, match="no gzip file, or a damaged one"):
        look_at(tmp_path / "rows.csv.gz")
    (tmp_path / "cut.csv.gz").write_bytes(gzip.compress(b"a,b\n" * 9)[:-9])
    with pytest.raises(UserError, match="no gzip file, or a damaged one"):
        look_at(tmp_path / "cut.csv.gz")


def test_a_file_that_changes_is_noticed(tmp_path: Path) -> None:
    source = look_at(write(tmp_path, "rows.csv", HEADER + b"1,2\n"))
    source.check_unchanged()
    write(tmp_path, "rows.csv", HEADER + b"1,2\n3,4\n")
    with pytest.raises(UserError, match="changed while it was read"):
        source.check_unchanged()


@pytest.mark.parametrize("name", ["rows.csv", "rows.csv.gz"])
@pytest.mark.parametrize("data", [HEADER, b"a,b", b'"a\nb",c\r\n'])
def test_a_header_alone_has_no_rows(tmp_path: Path, name: str, data: bytes) -> None:
    with pytest.raises(UserError, match="has a header and no rows"):
        plan(look_at(write(tmp_path, name, data)), 100)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.sampled_from([b"1,2", b'"x\ny",2', b'"a""\r\n""b",', b",", b"long" * 9 + b",1"]),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.integers(5, 60),
)
def test_ranges_hold_whole_rows_and_all_of_them(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], ending: bytes, closed: bool, size: int
) -> None:
    data = b"a,b" + ending + ending.join(lines) + (ending if closed else b"")
    source = look_at(write(tmp_path_factory.mktemp("rows"), "rows.csv", data))
    planned = plan(source, size)
    assert planned.header == b"a,b" + ending
    edges = [(part.start, part.stop) for part in planned.ranges]
    assert edges[0][0] == len(planned.header)
    assert edges[-1][1] == len(data)
    assert all(a[1] == b[0] for a, b in itertools.pairwise(edges))
    found = [
        row.rstrip(b"\r\n")
        for start, stop in edges
        for block in rows.blocks(pieces(source, start, stop), rows.csv_ends(), start)
        for row in block.rows()
    ]
    assert found == lines
    if len(data) > 4 * (size + 40):
        assert len(edges) > 1


def test_a_compressed_file_is_one_range(tmp_path: Path) -> None:
    planned = plan(look_at(write(tmp_path, "rows.csv.gz", HEADER + b"1,2\n" * 99)), 10)
    assert planned.ranges == (Range(len(HEADER), None),)
    assert plan(look_at(write(tmp_path, "rows.jsonl.gz", b"{}\n" * 99)), 10).ranges == (Range(0, None),)


def test_a_row_longer_than_memory_should_hold_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "LONGEST_ROW", 100)
    with pytest.raises(rows.BadRow, match="byte 4: a row is longer than 0 MB: are its quotes never closed"):
        list(rows.blocks([HEADER, b'"', *[b"x" * 60] * 3], rows.csv_ends()))


def test_lines_end_with_their_break_or_the_document() -> None:
    assert rows.line_ends(b"1\n22\n3", False).tolist() == [2, 5]
    assert rows.line_ends(b"1\n22\n3", True).tolist() == [2, 5, 6]
    assert rows.line_ends(b"", True).tolist() == []


def test_blocks_are_bounded() -> None:
    found = list(rows.blocks([b"1,2\n" * 25_000], rows.csv_ends()))
    assert [len(block.ends) for block in found] == [10_000, 10_000, 5_000]
    assert found[1].start == 40_000


def test_a_note_that_is_no_note_is_none(tmp_path: Path) -> None:
    part = tmp_path / "00000.part"
    assert read_note(part) is None
    for text in ("", "[]", '{"rows": 1, "other": 2}'):
        note_of(part).write_text(text)
        assert read_note(part) is None
    note_of(part).write_text('{"rows": 3, "refused": 1, "lines": 3, "told": [[0, "why"]]}')
    assert read_note(part) == Note(3, 1, 3, [[0, "why"]])  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rows.csv", "rows.scored.csv"),
        ("a.b.jsonl.gz", "a.b.scored.jsonl.gz"),
        ("2026.01.csv", "2026.01.scored.csv"),
    ],
)
def test_the_scored_file_is_beside_the_other(name: str, expected: str) -> None:
    assert batch.scored(Path("in") / name) == Path("in") / expected
