"""Rows for an imported estimator: the user's sample or, where only numbers go in, made-up ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from skylayer.errors import UserError
from skylayer.train.tasks import first_line

if TYPE_CHECKING:
    from pathlib import Path

MADE_UP_ROWS = 200


def read_sample(estimator: Any, path: Path) -> Any:
    """The rows of a CSV file in the container that the estimator was fitted on.

    Columns that the estimator doesn't know, such as the target, are left out.

    Raises:
        UserError: It is no CSV file, or lacks columns; names them.
    """
    frame = read_frame(path)
    names = getattr(estimator, "feature_names_in_", None)
    if names is not None:
        missing = [name for name in names if name not in frame.columns]
        if missing:
            raise UserError(f"{path} lacks the columns {', '.join(missing)}, which the model was fitted on.")
        return _fractions(estimator, frame[list(names)])
    count = getattr(estimator, "n_features_in_", None)
    if count is None:
        if frame.shape[1] != 1:
            raise UserError(f"{path} has {frame.shape[1]} columns; this model takes one, of texts.")
        return frame.iloc[:, 0].tolist()
    if frame.shape[1] != count:
        raise UserError(
            f"{path} has {frame.shape[1]} columns; the model was fitted on {count}, without names."
        )
    return frame.to_numpy()


def _fractions(estimator: Any, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, its whole numbers as floats in each column where the estimator takes a fraction, too.

    A few rows written as 1, 2, 3 don't say that a column is one of integers.
    """
    for name in frame.select_dtypes("integer").columns:
        probed = frame.astype({name: np.float64})
        halved = probed.assign(**{name: probed[name] + 0.5})
        if _answers(estimator, halved):
            frame = probed
    return frame


def _answers(estimator: Any, rows: Any) -> bool:
    try:
        estimator.predict(rows)
    except Exception:  # noqa: BLE001 - whatever it raises, it doesn't take these rows
        return False
    return True


def read_frame(path: Path, **options: Any) -> pd.DataFrame:
    """The rows of a CSV file, read with the options of `pandas.read_csv`.

    Raises:
        UserError: There is none, or it is no CSV file, or has no rows.
    """
    try:
        frame: pd.DataFrame = pd.read_csv(path, **options)
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Give one as SAMPLE=rows.csv.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} can't be read as CSV: {first_line(error)}.") from error
    if frame.empty:
        raise UserError(f"{path} has no rows. Give some rows like those that will be asked for.")
    return frame


def make_sample(estimator: Any) -> Any:
    """Made-up numbers for an estimator that takes nothing else.

    Raises:
        UserError: It takes something else; names the columns that a sample must have.
    """
    count = getattr(estimator, "n_features_in_", None)
    names = getattr(estimator, "feature_names_in_", None)
    columns = "" if names is None else f" with the columns {', '.join(names)}"
    ask = f"Give some rows{columns} as SAMPLE=rows.csv, so that the kinds of the columns are known."
    if count is None:
        raise UserError(f"The model doesn't say which columns it takes. {ask}")
    numbers = np.random.default_rng(0).normal(size=(MADE_UP_ROWS, count)).round(3)
    rows: Any = numbers if names is None else pd.DataFrame(numbers, columns=list(names))
    if not _answers(estimator, rows):
        raise UserError(f"The model takes more than numbers. {ask}")
    return rows
