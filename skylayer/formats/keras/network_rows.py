"""Rows for a network: the user's sample, or made-up ones; a network says what its columns are, not their names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError
from skylayer.formats.sample_rows import MADE_UP_ROWS, read_frame

if TYPE_CHECKING:
    from pathlib import Path

    from skylayer.compiler.keras.network import Input, Network


def names_of(network: Network) -> list[str]:
    """What the columns are called where nobody says so: x0, x1, … of one input, otherwise after each input."""
    if len(network.inputs) == 1:
        return [f"x{k}" for k in range(_width(network.inputs[0]))]
    return [
        source.name if not source.shape or source.shape == (1,) else f"{source.name}_{k}"
        for source in network.inputs
        for k in range(_width(source))
    ]


def make_rows(network: Network) -> pd.DataFrame:
    """Made-up rows: numbers, and codes where an embedding reads them."""
    random = np.random.default_rng(0)
    columns: dict[str, Any] = {}
    for name, source in zip(names_of(network), _by_column(network), strict=True):
        if source.integer:
            columns[name] = random.integers(0, source.codes or 10, size=MADE_UP_ROWS)
        else:
            columns[name] = random.normal(size=MADE_UP_ROWS).round(3)
    return pd.DataFrame(columns)


def read_rows(network: Network, path: Path) -> pd.DataFrame:
    """The rows of a CSV file: the network's columns by name where all are there, otherwise in order.

    Raises:
        UserError: It is no CSV file, has other columns, or values that the network doesn't take; names them.
    """
    frame = read_frame(path)
    names = names_of(network)
    if set(names) <= set(frame.columns):
        frame = frame[names]
    elif frame.shape[1] != len(names):
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")  # noqa: PLR2004 - a line
        raise UserError(
            f"{path} has {frame.shape[1]} columns; the network takes {len(names)}, in the order {shown}."
        )
    for name, source in zip(frame.columns, _by_column(network), strict=True):
        _check(path, frame[name], source)
    return frame


def _check(path: Path, column: pd.Series[Any], source: Input) -> None:
    if column.dtype.kind not in "iufb" or column.isna().any():
        raise UserError(
            f"{path}: column {column.name!r} must hold numbers and nothing else: a network of Keras takes no "
            "texts and no missing values."
        )
    if source.integer and column.dtype.kind == "f":
        raise UserError(
            f"{path}: column {column.name!r} must hold whole numbers, since an embedding reads them."
        )
    if source.codes is not None and not column.between(0, source.codes - 1).all():
        raise UserError(f"{path}: column {column.name!r} must hold the codes 0 to {source.codes - 1}.")


def _by_column(network: Network) -> list[Input]:
    return [source for source in network.inputs for _ in range(_width(source))]


def _width(source: Input) -> int:
    return int(np.prod(source.shape))
