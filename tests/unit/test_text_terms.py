"""Terms of texts as scikit-learn's vectorizers count them, by every option, and as the kernel takes them."""

from __future__ import annotations

import itertools
import struct
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer
from sklearn.utils import murmurhash3_32

from serving.engines.text import counter_of, murmur3, packer_of

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = settings(max_examples=40, deadline=None, derandomize=True)
PATTERN = r"(?u)\b\w\w+\b"
TEXTS = st.one_of(
    st.text(alphabet="aAbBé ñ_-'1.\n\t\x00Éß", max_size=24),
    st.lists(st.sampled_from(["ape", "bee", "Bee", "the", "a", "x1", "né"]), max_size=6).map(" ".join),
)
CORPUS = ["the ape and the bee", "Bee, ape; né! a_b x1", "a 1 bb\tcc\n", "éé aA", ""]


def description(options: dict[str, Any]) -> dict[str, Any]:
    """The table's, of a vectorizer's options."""
    return {
        "analyzer": "word", "ngram_range": (1, 1), "strip_accents": None, "token_pattern": PATTERN,
        "stop_words": [], "lowercase": True, "binary": False, **options,
    }  # fmt: skip


def options_of(described: dict[str, Any]) -> dict[str, Any]:
    """As scikit-learn takes them."""
    return {**described, "stop_words": described["stop_words"] or None}


def dense(count: Callable[[str], dict[int, float]], text: str, width: int) -> list[float]:
    counts = count(text)
    return [counts.get(slot, 0.0) for slot in range(width)]


def packed(pack: Callable[[str], tuple[bytes, bytes]], text: str, first: int, width: int) -> list[float]:
    """What the kernel makes of slots and values: a sum in each slot."""
    slots, values = pack(text)
    row = [0.0] * width
    for (slot,), (value,) in zip(
        struct.iter_unpack("<I", slots), struct.iter_unpack("<d", values), strict=True
    ):
        assert first <= slot < first + width
        row[slot - first] += value
    return row


ANALYZERS: list[dict[str, Any]] = [
    *({"analyzer": "word", "ngram_range": r} for r in ((1, 1), (1, 2), (2, 2), (2, 4), (3, 3))),
    *(
        {"analyzer": a, "ngram_range": r}
        for a in ("char", "char_wb")
        for r in ((1, 1), (1, 3), (2, 5), (4, 4))
    ),
    {"token_pattern": r"\w+"},
    {"stop_words": ["the", "and"]},
    {"stop_words": ["the"], "ngram_range": (1, 3)},
    {"lowercase": False},
    {"strip_accents": "unicode"},
    {"strip_accents": "ascii"},
]
CASES: list[dict[str, Any]] = [
    {**options, "binary": binary} for options, binary in itertools.product(ANALYZERS, (False, True))
]


@pytest.mark.parametrize("options", CASES, ids=lambda options: " ".join(f"{v}" for v in options.values()))
def test_terms_are_counted_as_the_vectorizer_counts_them(options: dict[str, Any]) -> None:
    described = description(options)
    vectorizer = CountVectorizer(**options_of(described)).fit(CORPUS)
    names = vectorizer.get_feature_names_out().tolist()
    described["vocabulary"] = names
    count, pack = counter_of(described), packer_of(described, 3)

    @EXAMPLES
    @given(TEXTS)
    def examine(text: str) -> None:
        wanted = vectorizer.transform([text]).toarray()[0].tolist()
        assert dense(count, text, len(names)) == wanted
        assert packed(pack, text, 3, len(names)) == wanted

    for text in CORPUS:
        assert dense(count, text, len(names)) == vectorizer.transform([text]).toarray()[0].tolist()
    examine()


@pytest.mark.parametrize("binary", [False, True])
@pytest.mark.parametrize("alternate", [False, True])
@pytest.mark.parametrize(
    ("features", "analyzer", "ngrams"),
    [(1, "word", (1, 1)), (7, "word", (1, 2)), (1 << 17, "word", (2, 3)), (1 << 10, "char", (2, 3)),
     (1 << 10, "char_wb", (1, 4))],
)  # fmt: skip
def test_terms_are_hashed_as_the_vectorizer_hashes_them(
    features: int, analyzer: str, ngrams: tuple[int, int], alternate: bool, binary: bool
) -> None:
    described = description({"binary": binary, "analyzer": analyzer, "ngram_range": ngrams})
    vectorizer = HashingVectorizer(
        **options_of(described), n_features=features, alternate_sign=alternate, norm=None
    )
    described |= {"features": features, "alternate_sign": alternate}
    pack = packer_of(described, 2)

    @EXAMPLES
    @given(TEXTS)
    def examine(text: str) -> None:
        wanted = vectorizer.transform([text]).toarray()[0].tolist()
        assert packed(pack, text, 2, features) == wanted

    examine()


@EXAMPLES
@given(st.binary(max_size=40))
def test_the_hash_is_murmur3(data: bytes) -> None:
    assert murmur3(data) == murmurhash3_32(data, positive=True)


def test_a_lone_surrogate_has_no_hash() -> None:
    described = description({"analyzer": "char"}) | {"features": 8, "alternate_sign": True}
    with pytest.raises(UnicodeEncodeError):
        packer_of(described, 0)("\ud800")
