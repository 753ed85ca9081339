"""Vectorizers take texts apart as scikit-learn's own do, to the last bit of every weight."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from native_compare import compare, opened
from sklearn.compose import make_column_transformer
from sklearn.feature_extraction.text import (
    CountVectorizer,
    HashingVectorizer,
    TfidfTransformer,
    TfidfVectorizer,
)
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import murmurhash3_32

import skylayer
from serving import json_body
from serving import model as serving_model
from serving.engines.text import _WORDS, _tokenizer, counter_of, murmur3, packer_of
from serving.errors import Problem, RowError
from skylayer.compiler import CannotCompile, compile_estimator
from skylayer.compiler.lowerings.text import _description

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA: dict[str, Any] = {
    "container": "texts",
    "columns": [{"name": "text", "kind": "text", "dtype": "object", "nullable": False}],
}
ODD_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.text(st.characters(max_codepoint=127), max_size=300),
    st.text("aB1_ \0\t\n\x1c\x1f-'", max_size=2_000),
    st.text("aA9_ \u0301\u200d\u00aa\u0660ßİ你", max_size=60),
    st.lists(st.sampled_from(["the", "a", "42", "x_y", "THE", "I", "_", "é", "\0"])).map(" ".join),
)
WORDS = [
    "the",
    "Straße",
    "naïve",
    "café",
    "co-operate",
    "don't",
    "İstanbul",
    "ﬁne",
    "42",
    "a",
    "x_y",
    "Ünïcödé",
]
WORDS += ["e\u0301te\u0301", "ß", "你好", "世界", "THE"]
VECTORIZERS = [
    CountVectorizer(),
    CountVectorizer(binary=True, lowercase=False, ngram_range=(1, 3)),
    CountVectorizer(strip_accents="unicode", ngram_range=(2, 2)),
    CountVectorizer(strip_accents="ascii", stop_words="english", token_pattern=r"\b(\w)\w*"),  # noqa: S106 - no password
    CountVectorizer(analyzer="char", ngram_range=(1, 3), max_features=50),
    CountVectorizer(analyzer="char_wb", ngram_range=(2, 5), vocabulary=[" t", "the", " don't", "ß", " a "]),
    TfidfVectorizer(),
    TfidfVectorizer(norm="l1", sublinear_tf=True, smooth_idf=False),
    TfidfVectorizer(norm=None, use_idf=False, analyzer="char_wb", ngram_range=(1, 4)),
    HashingVectorizer(n_features=64),
    HashingVectorizer(n_features=50, alternate_sign=False, norm="l1", ngram_range=(1, 2)),
    HashingVectorizer(n_features=32, binary=True),
    HashingVectorizer(n_features=33, norm=None, analyzer="char"),
]


def texts(count: int, seed: int) -> list[str]:
    random = np.random.default_rng(seed)
    gaps = [" ", "  ", ", ", "\n\t ", "\u00a0", "-"]
    return [
        "".join(random.choice(WORDS) + random.choice(gaps) for _ in range(random.integers(0, 12)))
        for _ in range(count)
    ]


def labels(values: list[str]) -> list[str]:
    return ["long" if len(v) > 30 else "the" if "the" in v.lower() else "other" for v in values]


@pytest.mark.parametrize("vectorizer", VECTORIZERS, ids=lambda v: type(v).__name__)
def test_weights_are_scikit_learns(vectorizer: Any, tmp_path: Path) -> None:
    train = texts(150, 0)
    requests = [[*texts(300, 1), "", " ", "new words only", "the " * 300]]
    for model, bound in ((DecisionTreeClassifier(random_state=0), 0.0), (LogisticRegression(), 1e-11)):
        pipeline = make_pipeline(vectorizer, model).fit(train, labels(train))
        compare(pipeline, SCHEMA, requests, tmp_path, bound)


def test_weights_in_a_pipeline_of_their_own(tmp_path: Path) -> None:
    train = texts(150, 0)
    both = make_union(CountVectorizer(), TfidfVectorizer(analyzer="char"))
    pipeline = make_pipeline(both, TfidfTransformer(), StandardScaler(with_mean=False), LogisticRegression())
    compare(pipeline.fit(train, labels(train)), SCHEMA, [texts(200, 1)], tmp_path, 1e-11)


def test_a_column_of_texts_beside_numbers(tmp_path: Path) -> None:
    schema = {
        "container": "frame",
        "columns": [
            {"name": "a", "kind": "number", "dtype": "float64", "nullable": False},
            {"name": "text", "kind": "text", "dtype": "str", "nullable": True},
        ],
    }
    train = pd.DataFrame({"a": np.arange(150.0) % 7, "text": pd.Series(texts(150, 0), dtype="str")})
    columns = make_column_transformer((StandardScaler(), ["a"]), (TfidfVectorizer(), "text"))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(train, labels(train["text"].tolist()))
    requests = [(np.arange(200.0) % 9).tolist(), texts(200, 1)]
    compare(pipeline, schema, requests, tmp_path, 1e-11)
    with pytest.raises(RowError, match="text is needed") as refused:
        compare(pipeline, schema, [[1.0, 1.0], ["the", None]], tmp_path, 1e-11)
    assert (refused.value.row, refused.value.column) == (1, "text")


@pytest.mark.parametrize(
    ("vectorizer", "reason"),
    [
        (TfidfVectorizer(analyzer=str.split), "TfidfVectorizer.analyzer=.*callable can't be compiled"),
        (CountVectorizer(tokenizer=str.split, token_pattern=None), "tokenizer=.*callable"),
        (HashingVectorizer(), "1048576 terms"),
        (TfidfVectorizer(dtype=np.float32), "float32"),
    ],
)
def test_what_cannot_be_compiled_is_named(vectorizer: Any, reason: str) -> None:
    train = texts(50, 0)
    pipeline = make_pipeline(vectorizer, DecisionTreeClassifier()).fit(train, labels(train))
    with pytest.raises(CannotCompile, match=reason):
        compile_estimator(pipeline, SCHEMA)


@pytest.mark.parametrize("vectorizer", VECTORIZERS, ids=lambda v: type(v).__name__)
def test_answers_to_texts_are_batch_invariant(vectorizer: Any, tmp_path: Path) -> None:
    train = texts(150, 0)
    pipeline = make_pipeline(vectorizer, LogisticRegression()).fit(train, labels(train))
    engine = opened(pipeline, SCHEMA, tmp_path)
    asked = [*texts(600, 1), "", "new words only"]  # more than are evaluated at once
    together = engine.predict([asked], len(asked))["probabilities"]
    assert together == [engine.predict([[text]], 1)["probabilities"][0] for text in asked]


@pytest.mark.parametrize("weight", [0.0, -1.0, np.inf, -np.inf, np.nan])
def test_a_weight_of_any_kind_meets_the_terms_that_a_text_lacks(weight: float, tmp_path: Path) -> None:
    train = texts(150, 0)
    pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(train, labels(train))
    pipeline[-1].coef_[:, 3] = weight
    engine = opened(pipeline, SCHEMA, tmp_path)
    without, column = "nothing known", pipeline[0].transform(["nothing known"]).toarray()
    with np.errstate(invalid="ignore"):  # infinity times a term that does not occur
        expected = column @ pipeline[-1].coef_.T + pipeline[-1].intercept_
    (answer,) = engine.predict([[without]], 1)["probabilities"]
    assert (answer[0] is None) == bool(np.isnan(expected).any())


def test_a_text_is_a_column_beside_another(tmp_path: Path) -> None:
    columns = [{"name": n, "kind": "text", "dtype": "str", "nullable": False} for n in ("title", "body")]
    schema = {"container": "frame", "columns": columns}
    train = pd.DataFrame({"title": texts(150, 0), "body": texts(150, 1)}, dtype="str")
    both = make_column_transformer((TfidfVectorizer(), "title"), (HashingVectorizer(n_features=40), "body"))
    pipeline = make_pipeline(both, LogisticRegression()).fit(train, labels(train["title"].tolist()))
    compare(pipeline, schema, [texts(300, 2), texts(300, 3)], tmp_path, 1e-11)


@given(ODD_TEXTS, st.booleans(), st.sampled_from([[], ["the", "42"]]), st.sampled_from([(1, 1), (1, 2)]))
def test_packed_terms_are_those_that_are_counted(
    text: str, lowercase: bool, stop_words: list[str], ngrams: tuple[int, int]
) -> None:
    vectorizer = CountVectorizer(lowercase=lowercase, stop_words=stop_words or None, ngram_range=ngrams)
    terms = list(dict.fromkeys(vectorizer.build_analyzer()(text)))
    vocabulary = [*terms[::2], "the", "a", "x_y", "never there"]
    description: dict[str, Any] = _description(None, vectorizer)  # type: ignore[arg-type] # refuses nothing here
    description["vocabulary"] = vocabulary = list(dict.fromkeys(vocabulary))
    slots, values = packer_of(description, 7)(text)
    packed = Counter(slot - 7 for slot in np.frombuffer(slots, dtype="u4").tolist())
    assert np.frombuffer(values).tolist() == [1.0] * packed.total()
    assert packed == counter_of(description)(text)
    expected = vectorizer.set_params(vocabulary=vocabulary).transform([text]).tocoo()
    assert packed == dict(zip(expected.coords[-1].tolist(), expected.data.tolist(), strict=True))


@given(ODD_TEXTS)
def test_the_short_cut_through_ascii_finds_what_the_expression_finds(text: str) -> None:
    assert _tokenizer(_WORDS)(text) == re.findall(_WORDS, text)


def test_every_character_of_ascii_is_in_a_word_or_not() -> None:
    for character in map(chr, range(128)):
        text = f"ab{character}cd {character}{character} {character}"
        assert _tokenizer(_WORDS)(text) == re.findall(_WORDS, text)
    assert CountVectorizer().token_pattern == _WORDS


@given(st.binary())
def test_the_hash_is_murmur3(data: bytes) -> None:
    assert murmur3(data) == murmurhash3_32(data, positive=True)


@given(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.sampled_from(["word", "char", "char_wb"]),
    st.sampled_from([None, "unicode", "ascii"]),
    st.sampled_from([(1, 1), (1, 3), (2, 4)]),
)
def test_any_text_is_taken_apart_the_same_way(
    text: str, analyzer: str, accents: str | None, ngrams: tuple[int, int]
) -> None:
    vectorizer = HashingVectorizer(
        n_features=1 << 20, analyzer=analyzer, strip_accents=accents, ngram_range=ngrams, norm=None
    )
    description: dict[str, Any] = _description(None, vectorizer)  # type: ignore[arg-type] # refuses nothing here
    counts = counter_of({**description, "features": 1 << 20, "alternate_sign": True})(text)
    expected = vectorizer.transform([text]).tocoo()
    assert {s: c for s, c in counts.items() if c} == {
        int(s): c for s, c in zip(expected.coords[-1], expected.data, strict=True) if c
    }


def test_the_engines_own_json_is_that_of_its_values(tmp_path: Path) -> None:
    train = pd.DataFrame({"text": texts(150, 0)}, dtype="str")
    columns = make_column_transformer((TfidfVectorizer(), "text"))
    pipeline = make_pipeline(columns, LogisticRegression()).fit(train, labels(train["text"].tolist()))
    folder = skylayer.package(pipeline, train, labels(train["text"].tolist()), name="t", directory=tmp_path)
    loaded = serving_model.load(folder)
    assert loaded.manifest["engine"] == "native"
    instances = [{"text": text} for text in [*texts(30, 1), "", 'a "quoted" one']]
    written = loaded.predict_text(instances)
    assert written == json_body.encode(loaded.predict_instances(instances))
    with pytest.raises(Problem, match="1 problem"):
        loaded.predict_text([{"text": "fine"}, {"text": 3}])
    with pytest.raises(Problem, match="no instances"):
        loaded.predict_text([])
