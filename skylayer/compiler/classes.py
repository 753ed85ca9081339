"""Class labels as JSON carries them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from skylayer.compiler.builder import Builder


def plain_classes(builder: Builder, outputs: Iterable[Iterable[Any]]) -> tuple[tuple[Any, ...], ...]:
    """Each output's classes as str, int, float or bool; refuses any other kind."""
    return tuple(tuple(_plain(builder, label) for label in classes) for classes in outputs)


def _plain(builder: Builder, label: Any) -> str | int | float | bool:
    value = label.item() if isinstance(label, np.generic) else label
    if not isinstance(value, str | int | float | bool):
        builder.cannot(f"class {value!r} isn't a JSON value")
    return value
