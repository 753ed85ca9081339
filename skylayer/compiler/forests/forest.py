"""A sum of trees: all that is left of a foreign file once it has been understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Both are 1 / (1 + exp(-x)): `logistic` takes exp of a negative number only, and the rest to 1 below 0.
LINKS = ("identity", "logistic", "sigmoid", "softmax", "exponential")


@dataclass(frozen=True, eq=False)
class Tree:
    """One tree over its nodes, root first. A row goes left where its feature is at most the threshold.

    Attributes:
        left: Of each node its left child, -1 at a leaf, shape (nodes,).
        right: Of each node its right child, -1 at a leaf, shape (nodes,).
        feature: What a node looks at, shape (nodes,).
        threshold: What it compares with, shape (nodes,).
        missing_left: Whether a missing value goes left, shape (nodes,).
        values: What a leaf adds to the outputs, shape (nodes, width).
        output: The first output that it adds to.
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    values: NDArray[np.float64]
    output: int = 0


@dataclass(frozen=True, eq=False)
class Affine:
    """`(x - offset) * scale` of each column in float32, each step rounded; shape (columns,) or (1,)."""

    offset: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True)
class Input:
    """A number made of one column: the column itself after some steps, or whether it is one of some values.

    Attributes:
        column: Position of the column.
        steps: Each an operator, `+`, `-`, `*` or `/`, and the number on its right.
        values: Those for which it is 1, and 0 for the others; None for a number.
        known: What the column may hold, where `values` are given: anything else and a missing value is refused.
    """

    column: int
    steps: tuple[tuple[str, float], ...] = ()
    values: tuple[Any, ...] | None = None
    known: tuple[Any, ...] = ()


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees, perhaps weights, and what is made of their sums.

    The answer is `link(sum * scale + bias)`, or `link(sum / divisor + bias)` of an average.

    Attributes:
        trees: In the order in which they are summed.
        outputs: How many sums there are.
        bias: Added to each sum, shape (outputs,).
        scale: What each sum is multiplied by, one for all or shape (outputs,).
        divisor: What each sum is divided by.
        link: One of `LINKS`.
        single: Whether features and every step are rounded to float32.
        narrow: Whether features alone are.
        finite: Whether a number that float32 can't hold is refused.
        complete: Whether a missing value is refused.
        inputs: What the trees and weights read; the columns themselves if None.
        weights: What each input adds to each sum, shape (outputs, inputs).
        before: What happens to the columns first.
        threshold: Of a classifier with one output: what its linked or plain sum has to exceed for the second class.
        plain: Whether that is compared with the sum before the link.
        negated: Whether the first class's probability is the link of the negated sum, not the rest to 1.
    """

    trees: tuple[Tree, ...]
    outputs: int
    bias: NDArray[np.float64]
    scale: float | NDArray[np.float64] = 1.0
    divisor: float = 1.0
    link: str = "identity"
    single: bool = False
    narrow: bool = False
    finite: bool = False
    complete: bool = False
    inputs: tuple[Input, ...] | None = None
    weights: NDArray[np.float64] | None = None
    before: tuple[Affine, ...] = ()
    threshold: float = 0.0
    plain: bool = True
    negated: bool = False
