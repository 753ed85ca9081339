"""What a fitted predictor answers, and the fields of the answer that become of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from skylayer.compiler.program import Output

if TYPE_CHECKING:
    from collections.abc import Iterator

Slots = tuple[int, ...]


@dataclass(frozen=True)
class Prediction:
    """What a fitted predictor answers, as slots.

    Attributes:
        values: one slot per output: the number, or with `classes` the index of the class.
        classes: per output its classes, JSON-ready; None for numbers.
        probabilities: per output the slots in class order; None without predict_proba.
        scores: decision_function's columns (one when binary), or an outlier detector's score.
        distances: a clusterer's transform.
        vector: whether predict returns one list per row even for a single output.
        integer: the values are integers (cluster labels, outlier labels).
    """

    values: Slots
    classes: tuple[tuple[Any, ...], ...] | None = None
    probabilities: tuple[Slots, ...] | None = None
    scores: Slots | None = None
    distances: Slots | None = None
    vector: bool = False
    integer: bool = False


def outputs_of(p: Prediction) -> Iterator[Output]:
    """Probabilities rather than scores, where there are both."""
    shape = "vector" if p.vector or len(p.values) > 1 else "scalar"
    yield Output("predictions", p.values, shape, p.classes, integer=p.integer)
    if p.probabilities is not None:
        flat = tuple(slot for output in p.probabilities for slot in output)
        if len(p.probabilities) == 1:
            yield Output("probabilities", flat, "vector")
        else:
            yield Output("probabilities", flat, "nested", sizes=tuple(map(len, p.probabilities)))
    elif p.scores is not None:
        yield Output("scores", p.scores, "scalar" if len(p.scores) == 1 else "vector")
    if p.distances is not None:
        yield Output("distances", p.distances, "vector")
