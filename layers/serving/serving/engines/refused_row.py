"""Why an engine can't answer a batch: which row it refuses and for which cell, or an error of the model itself."""

from __future__ import annotations

import json

from serving.errors import RowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Ask = Callable[[list[list[Any]], int], dict[str, list[Any]]]

_MAX_DETAIL = 300


class RefusedRowFinder:
    """Asks an engine that answers all of a batch or none, and finds the row that a batch fails for.

    Args:
        columns: Names, in the order of the schema.
        golden: Path of the golden rows.
    """

    def __init__(self, columns: list[str], golden: str) -> None:
        self._columns = columns
        self._golden = golden

    def predict(self, ask: Ask, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        """What the engine answers.

        Raises:
            RowError: It refuses a row; the row's number is the first of those.
        """
        try:
            return ask(columns, rows)
        except RowError:
            raise
        except Exception as error:
            if rows == 1:
                raise self._refusal(ask, columns, error) from error
            return self._predict_halves(ask, columns, rows)

    def _predict_halves(self, ask: Ask, columns: list[list[Any]], rows: int) -> dict[str, list[Any]]:
        """Find the row that a batch fails for; if none fails by itself, the rows' answers stand."""
        half = rows // 2
        first = self.predict(ask, [values[:half] for values in columns], half)
        try:
            second = self.predict(ask, [values[half:] for values in columns], rows - half)
        except RowError as error:
            raise RowError(half + error.row, error.column, error.detail) from error
        return {field: first[field] + second[field] for field in first}

    def _refusal(self, ask: Ask, columns: list[list[Any]], error: Exception) -> Exception:
        """The row's refusal if the engine still answers a golden one, else the model's own error.

        The refused cell is one whose golden value makes the row pass.
        """
        golden = self._golden_row()
        if golden is None:
            return RowError(0, None, _in_one_line(error))
        if not _answers_to(ask, golden):
            return error
        for index, name in enumerate(self._columns):
            if _answers_to(ask, [*columns[:index], golden[index], *columns[index + 1 :]]):
                return RowError(0, name, _in_one_line(error))
        return RowError(0, None, _in_one_line(error))

    def _golden_row(self) -> list[list[Any]] | None:
        instances = self.golden_rows()
        return [[instances[0][name]] for name in self._columns] if instances else None

    def golden_rows(self) -> list[dict[str, Any]]:
        """Rows that the engine is known to answer; none for an artifact that has none."""
        try:
            with open(self._golden, encoding="utf-8") as file:
                instances: list[dict[str, Any]] = json.load(file)["instances"]
        except (OSError, ValueError, LookupError):
            return []
        return instances


def _answers_to(ask: Ask, row: list[list[Any]]) -> bool:
    try:
        ask(row, 1)
    except Exception:  # noqa: BLE001 (whatever a stranger's model raises)
        return False
    return True


def _in_one_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= _MAX_DETAIL else f"{text[:_MAX_DETAIL]}…"
