"""A table's metadata: each member at the edges of what fits, and just beyond them."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from serving.engines.table_metadata import fits

COLUMNS, DENSE, SPARSE, OUTPUTS = 3, 2, 5, 6
WORDS: dict[str, Any] = {
    "analyzer": "word",
    "ngram_range": [1, 2],
    "vocabulary": ["a", "b", "c"],
    "strip_accents": None,
    "token_pattern": r"\w+",
    "stop_words": ["the"],
    "lowercase": True,
    "binary": False,
}
HASHED: dict[str, Any] = {
    **{name: value for name, value in WORDS.items() if name != "vocabulary"},
    "analyzer": "char",
    "token_pattern": None,
    "features": 2,
    "alternate_sign": True,
}
WHOLE: dict[str, Any] = {
    "dense": [[0, None], [2, 1]],
    "sparse": [[1, 3, WORDS], [0, 2, HASHED]],
    "encodings": [
        {"entries": [["a", 1.0], [2, None], [True, 3], [0.5, 0]], "missing": None, "unknown": 2.0,
         "rounded": False, "detail": "unseen"},
        {"entries": [], "missing": 0, "unknown": None, "rounded": True, "detail": ""},
    ],
    "outputs": [
        {"field": "predictions", "count": 1, "shape": "scalar", "classes": [["a", 1, 0.5, True]],
         "sizes": [], "integer": False},
        {"field": "probabilities", "count": 4, "shape": "nested", "classes": None, "sizes": [1, 0, 3],
         "integer": False},
        {"field": "scores", "count": 1, "shape": "vector", "classes": None, "sizes": [], "integer": True},
    ],
    "refusals": {"0": ["infinite", [0, None, 2]], "7": ["negative", []]},
}  # fmt: skip
GONE = object()


def changed(path: str, value: Any) -> dict[str, Any]:
    """The whole metadata with another value at a path, such as `outputs.0.count`; GONE removes it."""
    metadata = copy.deepcopy(WHOLE)
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    inner: Any = metadata
    for part in parents:
        inner = inner[str(part)] if isinstance(inner, dict) else inner[part]
    if isinstance(inner, dict):
        last = str(last)
    if value is GONE:
        del inner[last]
    else:
        inner[last] = value
    return metadata


def taken(metadata: Any) -> bool:
    return fits(metadata, COLUMNS, DENSE, SPARSE, OUTPUTS)


def test_a_whole_one_fits_and_only_beside_its_own_header() -> None:
    assert taken(WHOLE)
    assert taken(json.loads(json.dumps(WHOLE)))
    numbers = [COLUMNS, DENSE, SPARSE, OUTPUTS]
    for position in range(1, len(numbers)):
        for by in (-1, 1):
            other = [number + by * (k == position) for k, number in enumerate(numbers)]
            assert not fits(WHOLE, *other)
    assert not fits(WHOLE, COLUMNS - 1, DENSE, SPARSE, OUTPUTS)
    assert fits(WHOLE, COLUMNS + 1, DENSE, SPARSE, OUTPUTS)


@pytest.mark.parametrize("metadata", [None, [], "text", 1, {}])
def test_what_is_no_object_of_its_members_does_not_fit(metadata: Any) -> None:
    assert not taken(metadata)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("dense.0", [2, None]), ("dense.0", [2, 0]), ("dense.0", [2, "elapsed_days"]),
        ("sparse.0.2.ngram_range", [1, 1]), ("sparse.0.2.ngram_range", [3, 3]),
        ("sparse.0.2.analyzer", "char_wb"), ("sparse.0.2.strip_accents", "ascii"),
        ("sparse.0.2.strip_accents", "unicode"), ("sparse.0.2.stop_words", []),
        ("sparse.0.2.lowercase", False), ("sparse.0.2.binary", True),
        ("sparse.1.2.alternate_sign", False),
        ("encodings.0.entries", [["a", None]]), ("encodings.0.missing", 1), ("encodings.0.unknown", 0.5),
        ("outputs.0.classes", None), ("outputs.1.sizes", [4]), ("outputs.1.classes", [["a"]] * 4),
        ("outputs.2.classes", [[0]]),
        ("refusals", {}), ("refusals.0", ["", []]),
    ],
)  # fmt: skip
def test_what_may_stand_in_a_member_fits(path: str, value: Any) -> None:
    assert taken(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        *((name, GONE) for name in WHOLE), *((name, None) for name in WHOLE),
        ("dense.0", [3, None]), ("dense.0", [-1, None]), ("dense.0", [True, None]), ("dense.0", [0.0, None]),
        ("dense.0", [0, 2]), ("dense.0", [0, -1]), ("dense.0", [0, False]), ("dense.0", [0]),
        ("dense.0", [0, None, 0]), ("dense.0", [3, "year"]), ("dense.0", [0, "century"]), ("dense.0", [0, ["year"]]),
        ("sparse.0.0", 3), ("sparse.0.0", -1), ("sparse.0.1", -3), ("sparse.0.1", 6), ("sparse.0.1", 2),
        ("sparse.0.1", 3.0),
        *((f"sparse.0.2.{name}", GONE) for name in WORDS), *((f"sparse.1.2.{name}", GONE) for name in HASHED),
        ("sparse.0.2.ngram_range", [0, 1]), ("sparse.0.2.ngram_range", [2, 1]),
        ("sparse.0.2.ngram_range", [1.0, 1]), ("sparse.0.2.ngram_range", [1, 1.0]),
        ("sparse.0.2.ngram_range", [True, True]), ("sparse.0.2.ngram_range", [1]),
        ("sparse.0.2.vocabulary", ["a", "b"]), ("sparse.0.2.vocabulary", ["a", "b", 3]),
        ("sparse.0.2.analyzer", "words"), ("sparse.0.2.strip_accents", "latin"),
        ("sparse.0.2.token_pattern", None), ("sparse.0.2.token_pattern", 1),
        ("sparse.0.2.stop_words", "the"), ("sparse.0.2.stop_words", [1]),
        ("sparse.0.2.lowercase", 1), ("sparse.0.2.binary", None),
        ("sparse.1.2.features", 3), ("sparse.1.2.alternate_sign", 1),
        *((f"encodings.0.{name}", GONE) for name in WHOLE["encodings"][0]),
        ("encodings.0.entries", [[["x"], 1.0]]), ("encodings.0.entries", [[None, 1.0]]),
        ("encodings.0.entries", [["a", "1"]]), ("encodings.0.entries", [["a", True]]), ("encodings.0.entries", [["a"]]),
        ("encodings.0.missing", "1"), ("encodings.0.unknown", False), ("encodings.0.rounded", 0),
        ("encodings.0.detail", None),
        *((f"outputs.0.{name}", GONE) for name in WHOLE["outputs"][0] if name != "sizes"),
        ("outputs.0.field", 1), ("outputs.0.count", 0), ("outputs.0.count", True), ("outputs.0.count", 1.0),
        ("outputs.0.shape", "matrix"), ("outputs.1.shape", "scalar"), ("outputs.0.integer", 0),
        ("outputs.0.classes", []), ("outputs.0.classes", [[]]), ("outputs.0.classes", [["a"], ["b"]]),
        ("outputs.0.classes", [[None]]), ("outputs.0.classes", [[["a"]]]), ("outputs.0.classes", ["ab"]),
        ("outputs.1.sizes", [1, 2]), ("outputs.1.sizes", [5, -1]), ("outputs.1.sizes", [4.0]),
        ("outputs.1.sizes", GONE), ("outputs.2", GONE),
        ("refusals.0", ["infinite"]), ("refusals.0", [1, []]), ("refusals.0", ["infinite", [3]]),
        ("refusals.0", ["infinite", [-1]]), ("refusals.0", ["infinite", [0, "x"]]), ("refusals", []),
    ],
)  # fmt: skip
def test_what_leads_outside_or_is_of_another_type_does_not_fit(path: str, value: Any) -> None:
    assert not taken(changed(path, value))


def test_outputs_of_a_count_that_only_adds_up_do_not_fit() -> None:
    """A negative count beside a larger one: their sum is the header's."""
    metadata = changed("outputs.2.count", -3)
    metadata["outputs"][1] |= {"count": 8, "sizes": [8]}
    assert not taken(metadata)


def test_sizes_that_add_up_only_with_one_beyond_the_count_do_not_fit() -> None:
    assert not taken(changed("outputs.1.sizes", [5, 0]))
    metadata = changed("outputs.1.sizes", [4, 0])
    assert taken(metadata)
