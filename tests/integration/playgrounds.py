"""Live models of three kinds, each with the estimator behind it and the data that it was fitted on."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pandas as pd
from estimators import houses, penguins, reviews
from web import KEY, served

import skylayer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MAKERS = {
    "classification": (penguins, "species"),
    "regression": (houses, "price_thousands"),
    "text": (reviews, "opinion"),
}


class Live(NamedTuple):
    url: str
    estimator: Any
    data: Any


@contextmanager
def live(kind: str, directory: Path, key: str | None = KEY, header: str = "x-api-key") -> Iterator[Live]:
    """A model of a kind, served below a stage's prefix and behind a key in a header."""
    make, name = MAKERS[kind]
    estimator, data = make()
    target = pd.Series(estimator.predict(data), name=name)
    folder = skylayer.package(
        estimator, data, target, name=kind, directory=directory, strict=True, proof_rows=1000
    )
    with served(folder, key=key, header=header) as url:
        yield Live(url, estimator, data)
