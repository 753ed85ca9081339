"""A sum of trees: all that is left of a foreign file once it has been understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LINKS = ("identity", "logistic", "softmax", "exponential")


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


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees, and what is made of their sums.

    The answer is `link(sum * scale + bias)`, or `link(sum / divisor + bias)` of an average.

    Attributes:
        trees: In the order in which they are summed.
        outputs: How many sums there are.
        bias: Added to each sum, shape (outputs,).
        scale: What each sum is multiplied by.
        divisor: What each sum is divided by.
        link: One of `LINKS`.
        single: Whether features and every step are rounded to float32.
        narrow: Whether features alone are.
        finite: Whether a number that float32 can't hold is refused.
        before: What happens to the columns first.
        threshold: Of a classifier with one output: what its linked or plain sum has to exceed for the second class.
        plain: Whether that is compared with the sum before the link.
        negated: Whether the first class's probability is the link of the negated sum, not the rest to 1.
    """

    trees: tuple[Tree, ...]
    outputs: int
    bias: NDArray[np.float64]
    scale: float = 1.0
    divisor: float = 1.0
    link: str = "identity"
    single: bool = False
    narrow: bool = False
    finite: bool = False
    before: tuple[Affine, ...] = ()
    threshold: float = 0.0
    plain: bool = True
    negated: bool = False
