"""What a proof found: one sentence with both numbers, the manifest's entry, and the tolerances that follow."""

from __future__ import annotations

import pytest

from skylayer.proof.outcome import Proof, ProofFailed, Tally


@pytest.mark.parametrize(
    ("tallies", "decided", "ties", "equal"),
    [
        ({"a": Tally(rows=1000, ties=1), "b": Tally(rows=2000, ties=16)}, "2,983", "17", "17"),
        ({"a": Tally(rows=3000, ties=2917, differing=5)}, "83", "2,917", "2,912"),
    ],
    ids=["equal ties", "differing ties"],
)
def test_the_sentence_says_decided_rows_and_ties_apart(
    tallies: dict[str, Tally], decided: str, ties: str, equal: str
) -> None:
    assert str(Proof(tallies=tallies)) == (
        f"{decided} rows were answered as scikit-learn does; {ties} more are ties, decided by scikit-learn's own "
        f"rounding: {equal} came out equal"
    )


def test_the_sentence_says_nothing_of_ties_where_there_are_none() -> None:
    assert str(Proof(tallies={"a": Tally(rows=3000)})) == "3,000 rows were answered as scikit-learn does"
    assert Proof(tallies={"a": Tally(rows=3000)}).told("numpy") == "3,000 rows were answered as numpy does"


def test_the_manifest_has_every_count_and_a_tolerance_of_twice_what_was_proven() -> None:
    proof = Proof(
        tallies={"a": Tally(10, 2, 1), "b": Tally(5, 1, 0)},
        refused=4,
        entries=7,
        largest={"scores": 1e-9},
        floor={"scores": 1e-7, "probabilities": 0.0},
        bound={"scores": 1e-8, "distances": 2e-6},
    )
    manifest = proof.to_manifest()
    assert (manifest["rows"], manifest["ties"], manifest["differing_ties"]) == (15, 3, 1)
    assert (manifest["refused_rows"], manifest["table_entries"]) == (4, 7)
    assert proof.decided == 12
    tolerance = manifest["tolerance"]
    assert tolerance["scores"][1] == 2e-7
    assert tolerance["distances"][1] == 4e-6
    assert 0 < tolerance["probabilities"][1] < 1e-8


def test_a_proof_of_nothing_counts_nothing() -> None:
    manifest = Proof().to_manifest()

    assert {name: value for name, value in manifest.items() if value} == {}


@pytest.mark.parametrize(("rows", "most"), [(0, 1), (199, 1), (200, 2), (1000, 10)])
def test_one_in_a_hundred_may_differ_and_one_row_always(rows: int, most: int) -> None:
    Tally(rows, rows, most).check_share("the data")
    with pytest.raises(ProofFailed, match="of the data come out differently"):
        Tally(rows, rows, most + 1).check_share("the data")
