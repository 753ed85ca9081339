"""DateParts: the engine reads the parts of a date from its text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from serving import dates
from serving.date_parts import DateParts
from skylayer.compiler.program import Arithmetic

if TYPE_CHECKING:
    from skylayer.compiler.builder import Builder
    from skylayer.compiler.frame import Frame


def transform_dates(builder: Builder, transformer: Any, frame: Frame) -> Frame:
    """All parts of the first column, then those of the next."""
    first = dates.days_since_1970(dates.in_utc(transformer.since))
    result: list[int] = []
    for feature in frame:
        for part in transformer.parts:
            slot = builder.date_part(feature, part)
            if part == "elapsed_days":
                (slot,) = builder.arithmetic(Arithmetic.SUBTRACT, (slot,), first)
            result.append(slot)
    return tuple(result)


TRANSFORMERS = {DateParts: transform_dates}
