"""What the compiler refuses."""

from __future__ import annotations


class CannotCompile(Exception):
    """A step has no exact equivalent in the native engine.

    Attributes:
        path: steps from the outermost estimator, e.g. ("ColumnTransformer", "text", "TfidfVectorizer").
        reason: why, in one clause.
        others: further steps of the same estimator that have none.
    """

    def __init__(self, path: tuple[str, ...], reason: str, others: tuple[CannotCompile, ...] = ()) -> None:
        super().__init__("; ".join([f"{' → '.join(path)}: {reason}", *map(str, others)]))
        self.path = path
        self.reason = reason
        self.others = others
