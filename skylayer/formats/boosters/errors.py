"""Why a file of boosted trees isn't opened, without the file's name."""

from __future__ import annotations


class Damaged(ValueError):
    """A field isn't what the format says."""


class NotServed(Exception):
    """The model is whole, but something of it can't be served: what, and the fix, as the rest of a sentence."""


MOST_FEATURES = 100_000  # a number in a file may say any, and each becomes a column


def check_features(count: int) -> None:
    """Refuse what no request could hold.

    Raises:
        NotServed: There are more features than `MOST_FEATURES`.
    """
    if count > MOST_FEATURES:
        raise NotServed(f"it has {count:,} features; up to {MOST_FEATURES:,} can be served")
