"""What a graph takes and gives, as the columns of requests and the fields of answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from serving.engines.onnx_api import CODES
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAXIMUM_COLUMNS = 10_000
FLOATS = ("float", "double", "float16")


@dataclass(frozen=True)
class Value:
    """An input or output of a graph.

    Attributes:
        name: Of the tensor.
        type: As ONNX Runtime writes it: `tensor(float)`.
        shape: Sizes; a name or None where any size will do.
    """

    name: str
    type: str
    shape: tuple[int | str | None, ...]

    def __str__(self) -> str:
        """For a message."""
        sizes = ", ".join(str(size) if isinstance(size, int) else "?" for size in self.shape)
        return f"{self.name} ({self.type} of shape [{sizes}])"


@dataclass(frozen=True)
class Feed:
    """An input, and the columns that fill it, in order.

    Attributes:
        name: Of the tensor.
        type: Of its elements: `string` or a key of `serving.engines.onnx_api.CODES`.
        shape: Without the rows.
        columns: Names, one for each value of a row.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    columns: tuple[str, ...]


@dataclass(frozen=True)
class Answers:
    """What the outputs are.

    Attributes:
        task: `classification` or `regression`.
        labels: The output that gives labels; None where the largest probability does.
        degrees: The output with a number for each class, if any.
        numbers: The outputs that are predicted numbers.
    """

    task: str
    labels: str | None
    degrees: str | None
    numbers: tuple[str, ...]


def feeds_of(
    inputs: Sequence[Value], names: tuple[str, ...] | None = None, header: Sequence[str] | None = None
) -> tuple[Feed, ...]:
    """The columns that fill each input.

    Their names are those in the file's metadata. Without them an input of one value in a row is a column of its name,
    and the columns of a wide one have the names of the sample's header, or `f0`, `f1`, ….

    Args:
        inputs: Of the graph.
        names: Of the columns of all inputs, as the file's metadata have them.
        header: Names in the sample, if there is one.

    Raises:
        UserError: An input is nothing that rows can fill, or the sample lacks columns; names them.
    """
    if not inputs:
        raise UserError("The graph has no inputs, so there is nothing to predict from.")
    types = [_type(value, "an input") for value in inputs]
    shapes = [_inner(value, header if len(inputs) == 1 else None) for value in inputs]
    widths = [_width(value, shape) for value, shape in zip(inputs, shapes, strict=True)]
    columns = _columns(inputs, widths, names, header)
    return tuple(
        Feed(value.name, kind, shape, own)
        for value, kind, shape, own in zip(inputs, types, shapes, columns, strict=True)
    )


def answers_of(outputs: Sequence[Value], normalized: frozenset[str]) -> Answers:
    """What the outputs are to a client.

    A classifier gives a label and may give a number for each class, or ends in Softmax; a regressor gives numbers.

    Args:
        outputs: Of the graph, without its ZipMaps.
        normalized: Those that end in Softmax.

    Raises:
        UserError: They are neither; names them.
    """
    types = {value.name: _type(value, "an output") for value in outputs}
    labels = [name for name, kind in types.items() if kind not in FLOATS]
    numbers = [value for value in outputs if types[value.name] in FLOATS]
    if len(labels) == 1 and len(numbers) <= 1:
        degrees = numbers[0].name if numbers else None
        return Answers("classification", labels[0], degrees, ())
    if not labels and len(numbers) == 1 and numbers[0].name in normalized and numbers[0].shape[1:] != (1,):
        return Answers("classification", None, numbers[0].name, ())
    if not labels and numbers:
        return Answers("regression", None, None, tuple(value.name for value in numbers))
    raise UserError(
        f"The graph gives {', '.join(map(str, outputs))}. A classifier gives a label and at most one tensor of "
        "probabilities, a regressor numbers only: export it with the outputs that are needed."
    )


def _type(value: Value, what: str) -> str:
    name = value.type.removeprefix("tensor(").removesuffix(")")
    if not value.type.startswith("tensor(") or (name not in CODES and name != "string"):
        allowed = ", ".join([*CODES, "string"])
        raise UserError(f"{value} can't be {what}: it must be a tensor of {allowed}.")
    return name


def _inner(value: Value, header: Sequence[str] | None) -> tuple[int, ...]:
    """The shape of an input without its rows."""
    if not value.shape or isinstance(value.shape[0], int):
        raise UserError(
            f"The input {value} takes no batch of rows. Export it with a first dimension of any size: "
            "dynamic_axes in torch.onnx.export, [None, …] elsewhere."
        )
    inner = value.shape[1:]
    if len(inner) == 1 and not isinstance(inner[0], int):
        if header is None:
            raise UserError(
                f"The input {value} doesn't say how many columns it takes. Give some rows of them alone, "
                "as SAMPLE=rows.csv."
            )
        return (len(header),)
    if not all(isinstance(size, int) for size in inner):
        raise UserError(
            f"The input {value} has several dimensions of any size; only the rows may be as many as they like."
        )
    return tuple(size for size in inner if isinstance(size, int))


def _width(value: Value, shape: tuple[int, ...]) -> int:
    width = 1
    for size in shape:
        width *= size
    if not 1 <= width <= MAXIMUM_COLUMNS:
        raise UserError(
            f"The input {value} takes {width} values in a row; 1 to {MAXIMUM_COLUMNS} can be served."
        )
    return width


def _columns(
    inputs: Sequence[Value],
    widths: list[int],
    names: tuple[str, ...] | None,
    header: Sequence[str] | None,
) -> list[tuple[str, ...]]:
    """The names of each input's columns."""
    total = sum(widths)
    known = names is not None and len(names) == total
    own: list[tuple[str, ...]] = []
    for value, width in zip(inputs, widths, strict=True):
        if known and names is not None:
            own.append(names[sum(map(len, own)) :][:width])
        elif len(inputs) == 1:
            own.append(tuple(f"f{place}" for place in range(width)))
        elif width == 1:
            own.append((value.name,))
        else:
            own.append(tuple(f"{value.name}_{place}" for place in range(width)))
    flat = [name for group in own for name in group]
    if len(set(flat)) != total:
        raise UserError("Two inputs of the graph would fill columns of the same name. Rename its inputs.")
    if header is None or set(flat) <= set(header):
        return own
    if not known and (max(widths) > 1 or total == 1):  # names that were made up here
        if len(header) != total:
            raise UserError(
                f"The sample has {len(header)} columns and the graph takes {total}: leave out the others, such as the "
                "target."
            )
        places = iter(header)
        return [tuple(next(places) for _ in group) for group in own]
    missing = [name for name in flat if name not in header]
    raise UserError(f"The sample lacks the columns {', '.join(missing)}, which the graph takes.")
