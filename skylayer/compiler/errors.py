"""What the compiler refuses."""

from __future__ import annotations


class CannotCompile(Exception):
    """A step has no exact equivalent in the native engine.

    Attributes:
        path: steps from the outermost estimator, e.g. ("ColumnTransformer", "text", "TfidfVectorizer").
        reason: why, in one clause.
    """

    def __init__(self, path: tuple[str, ...], reason: str) -> None:
        super().__init__(f"{' → '.join(path)}: {reason}")
        self.path = path
        self.reason = reason
