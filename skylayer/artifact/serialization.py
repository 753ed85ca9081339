"""The estimator as joblib writes it, the same bytes for the same estimator."""

from __future__ import annotations

import io
import pickle
from typing import Any

import joblib
import numpy as np
from joblib.numpy_pickle import NumpyPickler

from skylayer.errors import UserError
from skylayer.train.tasks import first_line


def to_bytes(estimator: Any) -> bytes:
    """Serialize a fitted estimator.

    A pickle also records which equal objects are one and the same, which depends on how an estimator came to
    be. Written, read and written again it no longer does, so the same fit gives the same bytes.

    Raises:
        UserError: Something in the estimator can't be pickled, or can't be read back.
    """
    try:
        return _dump(joblib.load(io.BytesIO(_dump(estimator))))
    except (pickle.PicklingError, AttributeError, TypeError, ImportError) as error:
        raise UserError(
            f"The estimator can't be serialized: {first_line(error)}. A lambda or a function within a "
            "function can't be pickled: define it by name at the top of a module in training/."
        ) from error


class _PaddingPickler(NumpyPickler):  # type: ignore[misc]
    """Writes zeros between the fields of records, such as a tree's nodes, whose memory nobody sets."""

    def save(self, obj: Any) -> Any:
        if type(obj) is np.ndarray and obj.dtype.names is not None:
            clean = np.zeros(obj.shape, obj.dtype)
            for name in obj.dtype.names:
                clean[name] = obj[name]
            obj = clean
        return super().save(obj)


def _dump(estimator: Any) -> bytes:
    buffer = io.BytesIO()
    _PaddingPickler(buffer).dump(estimator)
    return buffer.getvalue()
