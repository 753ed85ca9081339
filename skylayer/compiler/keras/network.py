"""A network as a list of operations on tensors: all that is left of Keras's layers once a file has been understood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Weights = NDArray[np.float32]
    Shape = tuple[int, ...]


@dataclass(frozen=True)
class Input:
    """One input of the network.

    Attributes:
        name: Of its layer.
        shape: Of a row's values, empty for a single number.
        codes: How many codes there are, where an embedding reads it; None for numbers.
        integer: Whether its values are whole numbers.
    """

    name: str
    shape: Shape
    codes: int | None
    integer: bool


@dataclass(frozen=True, eq=False)
class Dense:
    """The last axis times the kernel (inputs x units), plus the bias (units)."""

    kernel: Weights
    bias: Weights | None


@dataclass(frozen=True, eq=False)
class Affine:
    """`(x - shift) * scale + offset`; each a number or an array over the last axis, in double precision."""

    shift: NDArray[np.float64]
    scale: NDArray[np.float64]
    offset: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Activate:
    """A function by its name in `activations`; `slopes` are what a negative number is multiplied by.

    Attributes:
        function: Its name.
        slopes: Of `rectify`, one or as many as a row has values; else 0.
        maximum: Of `rectify`; None for none.
        alpha: Of `elu`, and `scale`, which multiplies all of it.
        scale: Of `elu`.
    """

    function: str
    slopes: Weights | float = 0.0
    maximum: float | None = None
    alpha: float = 1.0
    scale: float = 1.0


@dataclass(frozen=True, eq=False)
class Embed:
    """Each code's row of a matrix (codes x width)."""

    rows: Weights


@dataclass(frozen=True)
class Reshape:
    """The same values in another shape."""

    shape: Shape


@dataclass(frozen=True)
class Concatenate:
    """Tensors one after the other along an axis of a row."""

    axis: int


@dataclass(frozen=True)
class Merge:
    """Tensors of one shape joined value by value: `add`, `subtract`, `multiply`, `average`, `maximum`, `minimum`."""

    kind: str


@dataclass(frozen=True)
class Pool:
    """The `average` or `maximum` over every axis of a row but the last."""

    kind: str


Operation = Dense | Affine | Activate | Embed | Reshape | Concatenate | Merge | Pool


@dataclass(frozen=True, eq=False)
class Node:
    """An operation of a layer.

    Attributes:
        layer: The name that Keras gives it.
        sources: What it reads: positions among the inputs, followed by the nodes.
        operation: What it does.
        shape: Of its result for one row.
    """

    layer: str
    sources: tuple[int, ...]
    operation: Operation
    shape: Shape


@dataclass(frozen=True, eq=False)
class Network:
    """Inputs in the order that Keras takes them, and nodes in an order in which each finds its sources.

    Attributes:
        output: Position of the result among the inputs, followed by the nodes.
        head: The function that the result comes out of, `softmax`, `sigmoid` or another's name.
    """

    inputs: tuple[Input, ...]
    nodes: tuple[Node, ...]
    output: int

    @property
    def shape(self) -> Shape:
        """Of the result for one row."""
        known = len(self.inputs)
        return (
            self.inputs[self.output].shape if self.output < known else self.nodes[self.output - known].shape
        )

    @property
    def head(self) -> str:
        """The function that the result comes out of; empty if it comes out of none."""
        if self.output < len(self.inputs):
            return ""
        operation = self.nodes[self.output - len(self.inputs)].operation
        return operation.function if isinstance(operation, Activate) else ""
