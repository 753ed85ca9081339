"""Batch scoring of CSV in the kernel against the Python path: a bounded sample of `make fuzz`."""

from __future__ import annotations

import csv
import io
import itertools
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fuzz import files, models
from serving import csv_body
from skylayer.batch.rows import BadRow, blocks, csv_ends
from skylayer.compiler.kernel_build import KERNEL

HEADER = b"a,whole,flag,stra\xc3\x9fe,unused\n"
ROW = "41.25,12,true,Ü,p\n".encode()


def test_a_thousand_files_become_the_same_in_c_and_in_python() -> None:
    taken, refused = files.attack(1000, seed=1)
    assert taken > 500
    assert refused > 100


@pytest.mark.parametrize(
    "row",
    [b"-0,12,True,x,p\n", b"1e-3,-7,False,,p\r\n", '"41.25","12","true","Ü","p"\n'.encode(), ROW.rstrip()],
)
def test_the_usual_is_read_without_python(row: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "skylayer.batch.csv_rows.CsvScorer._one_by_one", lambda *_: pytest.fail("Python was asked")
    )
    assert files.scored(HEADER + ROW + row, 1000, native=True)[1:] == (2, {})


def test_c_knows_how_each_text_begins_that_stands_for_a_missing_value() -> None:
    assert {text[0] for text in csv_body.MISSING if text} == set("#-1<Nn")


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(st.lists(st.text('a,"\r\n é', max_size=6), min_size=2, max_size=4), max_size=8),
    st.integers(1, 9),
)
def test_rows_end_where_pythons_csv_says(rows: list[list[str]], size: int) -> None:
    os.environ[KERNEL] = models.kernel_path()
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    data = text.getvalue().encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    found = [row for block in blocks(pieces, csv_ends()) for row in block.rows()]
    assert b"".join(found) == data
    assert [next(csv.reader(io.StringIO(row.decode(), newline=""), strict=True)) for row in found] == rows


@settings(max_examples=1500, deadline=None)
@given(st.text('a,"\r\n', max_size=12), st.integers(1, 5))
def test_any_text_has_the_rows_that_pythons_csv_finds_or_is_refused_too(text: str, size: int) -> None:
    os.environ[KERNEL] = models.kernel_path()
    data = text.encode()
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        with pytest.raises(BadRow):
            list(blocks(pieces, csv_ends()))
        return
    found = list(blocks(pieces, csv_ends()))
    assert sum(len(block.ends) for block in found) == len(expected)
    assert all(a.start + len(a.text) == b.start for a, b in itertools.pairwise(found))
