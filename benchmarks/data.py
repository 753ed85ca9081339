"""The seeded tables of every run: numbers and categories with missing values, and texts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

SEED = 20_260
CLASSES = ("bronze", "gold", "silver")
MISSING_SHARE = 0.05
CATEGORIES_PER_COLUMN = (3, 4, 5, 8, 12, 20)
VOCABULARY = 4_000


@dataclass(frozen=True)
class Table:
    """Training rows and rows to ask about, with the target of the former."""

    train: pd.DataFrame
    target: np.ndarray
    ask: pd.DataFrame

    @property
    def numeric(self) -> list[str]:
        """Names of the columns that hold numbers."""
        return [str(name) for name in self.train if self.train[name].dtype.kind == "f"]

    @property
    def other(self) -> list[str]:
        """Names of the columns that hold categories or text."""
        return [str(name) for name in self.train if self.train[name].dtype.kind != "f"]


def mixed(
    rows: int = 3_500,
    ask: int = 10_000,
    numeric: int = 14,
    categories: tuple[int, ...] = CATEGORIES_PER_COLUMN,
) -> Table:
    """Draw `rows + ask` rows of numbers (4 decimals) and categories, 5% of the cells missing.

    The class depends on numbers, on categories, on one product of two numbers and on noise, so that no
    family of estimators finds it trivial and unpruned trees grow deep.
    """
    draw = np.random.default_rng(SEED)
    total = rows + ask
    numbers = draw.normal(size=(total, numeric)) * draw.uniform(0.5, 20, numeric) + draw.uniform(
        -5, 5, numeric
    )
    codes = np.column_stack([draw.integers(count, size=total) for count in categories])
    standard = (numbers - numbers.mean(axis=0)) / numbers.std(axis=0)
    score = standard @ draw.normal(size=(numeric, len(CLASSES)))
    score += (standard[:, 0] * standard[:, 1])[:, None] * draw.normal(size=len(CLASSES))
    for column, count in enumerate(categories):
        score += draw.normal(size=(count, len(CLASSES)))[codes[:, column]]
    score += draw.gumbel(scale=2.0, size=score.shape)
    frame = pd.DataFrame({f"n{i + 1:02d}": numbers[:, i].round(4) for i in range(numeric)})
    for column, count in enumerate(categories):
        names = np.array([f"c{column + 1}_{code:02d}" for code in range(count)], dtype=object)
        frame[f"c{column + 1}"] = pd.Series(names[codes[:, column]], dtype="str")
    frame = frame.mask(draw.random(frame.shape) < MISSING_SHARE)
    target = np.array(CLASSES, dtype=object)[score.argmax(axis=1)]
    return Table(frame[:rows], target[:rows], frame[rows:].reset_index(drop=True))


def texts(rows: int = 3_000, ask: int = 10_000) -> Table:
    """Draw documents of 5 to 60 words; each class prefers words of its own over a common vocabulary."""
    draw = np.random.default_rng(SEED)
    total = rows + ask
    words = np.array([_word(draw) for _ in range(VOCABULARY)], dtype=object)
    common = 1 / np.arange(1, VOCABULARY + 1)
    weights = common * np.exp(draw.normal(scale=0.7, size=(len(CLASSES), VOCABULARY)))
    weights /= weights.sum(axis=1, keepdims=True)
    classes = draw.integers(len(CLASSES), size=total)
    documents = [
        " ".join(draw.choice(words, size=length, p=weights[chosen]))
        for chosen, length in zip(classes, draw.integers(5, 61, size=total), strict=True)
    ]
    frame = pd.DataFrame({"text": pd.Series(documents, dtype="str")})
    target = np.array(CLASSES, dtype=object)[classes]
    return Table(frame[:rows], target[:rows], frame[rows:].reset_index(drop=True))


def instances(frame: pd.DataFrame) -> list[dict[str, object]]:
    """Give the rows as the API takes them: one object a row, missing values as `None`."""
    rows: list[dict[str, object]] = frame.astype(object).where(frame.notna(), None).to_dict("records")  # type: ignore[assignment]
    return rows


def asking(frame: pd.DataFrame) -> dict[str, object]:
    """Give the body of a request for the predictions of these rows."""
    return {"instances": instances(frame)}


def _word(draw: np.random.Generator) -> str:
    return "".join(draw.choice(list("abcdefghijklmnopqrstuvwxyz"), size=draw.integers(3, 11)))
