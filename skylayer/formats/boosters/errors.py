"""Why a file of boosted trees isn't opened, without the file's name."""

from __future__ import annotations


class Damaged(ValueError):
    """A field isn't what the format says."""


class NotServed(Exception):
    """The model is whole, but something of it can't be served: what, and the fix, as the rest of a sentence."""
