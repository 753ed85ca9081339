"""Words of a card belong to one model: those of the template's never describe a fork's."""

from __future__ import annotations

import pytest

from skylayer.card.text import write
from skylayer.train.card_text import text_of

WORDS = "## Intended use\n\nFor ships."


@pytest.mark.parametrize(
    "card", [f"# titanic\n\n{WORDS}\n", f"\ufeff# titanic  \r\n{WORDS}", f"\n# titanic\n{WORDS}"]
)
def test_words_under_the_models_name_are_its_own(card: str) -> None:
    assert text_of(card, "titanic") == (WORDS, "")


@pytest.mark.parametrize("card", [None, "", " \n", "# titanic\n"])
def test_no_words_are_no_words(card: str | None) -> None:
    assert text_of(card, "titanic") == ("", "")


@pytest.mark.parametrize(
    ("card", "about"),
    [
        (f"# penguins\n\n{WORDS}", "is about penguins"),
        (WORDS, "names no model"),
        ("For ships.", "names no model"),
    ],
)
def test_words_on_another_model_are_left_out_and_the_line_to_write_is_told(card: str, about: str) -> None:
    words, note = text_of(card, "titanic")
    assert words == ""
    assert f"training/card.md {about}" in note
    assert "# titanic" in note


MANIFEST = {
    "name": "titanic",
    "task": "outlier_detection",
    "engine": "sklearn",
    "engine_reason": "Nothing compiles.",
    "engines": {"sklearn": {"file": "estimator.joblib"}},
    "input": {
        "columns": [
            {"name": "fare", "kind": "number", "nullable": False, "minimum": 0.5, "maximum": 14103.25}
        ]
    },
    "output": {"fields": ["predictions", "scores"]},
    "metrics": {},
    "training": {"rows": 1},
    "libraries": {},
}


def test_a_card_without_words_says_so_and_what_answers_mean() -> None:
    card = write(MANIFEST, "", [], {"estimator.joblib": 10})
    assert "Nobody has written down its intended use" in card
    assert "Nobody" not in write(MANIFEST, WORDS, [], {"estimator.joblib": 10})
    assert "Trained on 1 row." in card
    assert "| fare | number | no | 0.5 to 14,103 |" in card
    assert (
        "- `predictions`: 1 for an inlier, a row like those of the training data; -1 for an outlier." in card
    )
    assert "which is at 0. Below 0 lie the outliers" in card
    assert "## Plots" not in card


@pytest.mark.parametrize(
    ("task", "words"),
    [("classification", "always the most frequent class"), ("regression", "always the mean")],
)
def test_a_baseline_is_told_for_the_task_that_the_model_has(task: str, words: str) -> None:
    metrics = {"holdout": {"score": 0.5}, "baseline": {"score": 0.25}}
    (told,) = [
        line
        for line in write(
            {**MANIFEST, "task": task, "metrics": metrics}, "", [], {"estimator.joblib": 10}
        ).splitlines()
        if line.startswith("Baseline")
    ]
    assert words in told
    assert "or" not in told.split()
