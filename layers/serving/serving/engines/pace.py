"""How fast an engine answers that nobody has counted the steps of: measured once, on the golden rows."""

from __future__ import annotations

import tracemalloc
from time import perf_counter

from serving import limits
from serving.engines.admission import TextCost, check_texts, memory
from serving.instances import columns_of
from serving.schema import Column

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Ask = Callable[[list[list[Any]], int], Any]

# So many are taken without a measurement: a model that can't answer them in time can't be served at all.
FEW_ROWS = 8
FEW_CHARACTERS = 50_000
# One row, then eight times as many, until there are enough of them or they take long enough to tell.
_STEP = 8
_ENOUGH_ROWS = 64
_LONG_ENOUGH = 0.25
_TEXT = 4_096
_UNKNOWN = 1 << 62


class Pace:
    """The time and memory that a row takes, and a character of a text, on this very machine.

    It keeps nothing of the engine, which is freed with its last reference.

    Args:
        columns: The manifest's `input.columns`.
        golden: Gives the golden rows; none where the artifact has none, and then nothing is refused.
    """

    def __init__(self, columns: list[dict[str, Any]], golden: Callable[[], list[dict[str, Any]]]) -> None:
        self._schema = [Column(description) for description in columns]
        self._texts = [index for index, column in enumerate(self._schema) if column.kind == "text"]
        self._golden = golden
        self._measured = False
        self._row = 0.0
        self._character = TextCost(0, 1)
        self.most_rows = _UNKNOWN

    def admit(self, ask: Ask, columns: list[list[Any]], rows: int) -> None:
        """Refuse what would take longer than a request may, or more memory.

        Args:
            ask: The engine's own predict, which may raise whatever it likes.
            columns: One list per column of the schema, each with one checked value per row.
            rows: Number of rows.

        Raises:
            Problem: 413, with the number of rows or characters that fits.
        """
        texts = [columns[index] for index in self._texts]
        characters = sum(len(text) for column in texts for text in column if isinstance(text, str))
        if rows <= FEW_ROWS and characters <= FEW_CHARACTERS:
            return
        if not self._measured:
            self._measure(ask)
        if rows > self.most_rows:
            raise limits.too_many_rows(rows, self.most_rows)
        if characters > FEW_CHARACTERS:
            check_texts(texts, [self._character] * len(texts), int(rows * self._row * 1e9))

    def _measure(self, ask: Ask) -> None:
        try:
            golden = self._golden()
            if golden:
                self._measure_rows(ask, golden)
                self._measure_texts(ask, golden)
        except Exception:  # noqa: BLE001 (a model that refuses its golden rows is somebody else's to report)
            self._row, self.most_rows = 0.0, _UNKNOWN
        self._measured = True

    def _measure_rows(self, ask: Ask, golden: list[dict[str, Any]]) -> None:
        alone, size = _time(ask, self._rows(golden, 1), 1)
        rows, taken = 1, alone
        while rows < _ENOUGH_ROWS and taken < _LONG_ENOUGH:
            rows *= _STEP
            taken, size = _time(ask, self._rows(golden, rows), rows)
        self._row = taken if rows == 1 else max(taken - alone, 0.0) / (rows - 1)
        self.most_rows = min(
            limits.rows_in_time(int(self._row * 1e9)), max(1, memory() * rows // max(size, 1))
        )

    def _measure_texts(self, ask: Ask, golden: list[dict[str, Any]]) -> None:
        if not self._texts:
            return
        short = self._rows(golden, 1)
        long = [*short]
        for index in self._texts:
            text = short[index][0] or "a text "
            long[index] = [f"{text} " * (_TEXT // len(text) + 2)]
        added = sum(len(long[index][0]) - len(short[index][0] or "") for index in self._texts)
        before, _ = _time(ask, short, 1)
        taken, size = _time(ask, long, 1)
        self._character = TextCost(int(max(taken - before, 0.0) * 1e9 / added), max(1, size // added))

    def _rows(self, golden: list[dict[str, Any]], rows: int) -> list[list[Any]]:
        return columns_of([golden[row % len(golden)] for row in range(rows)], self._schema)


def _time(ask: Ask, columns: list[list[Any]], rows: int) -> tuple[float, int]:
    """Seconds of an answer, the better of two, and the most bytes that it held at a time."""
    was_tracing = tracemalloc.is_tracing()
    tracemalloc.start()
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    try:
        ask(columns, rows)
        size = tracemalloc.get_traced_memory()[1] - before
    finally:
        if not was_tracing:
            tracemalloc.stop()
    seconds = []
    for _ in range(2):
        started = perf_counter()
        ask(columns, rows)
        seconds.append(perf_counter() - started)
    return min(seconds), size
