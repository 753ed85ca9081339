"""`predict`: predictions for the rows of a CSV file, as CSV on standard output."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import Progress

from skylayer import project
from skylayer.commands.variables import Variable
from skylayer.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    from skylayer.commands.variables import Options

    Ask = Callable[[bytes, int], str]

ROWS_OF_A_REQUEST = 1000

_WITHOUT_HEADER = slice(1, None)
VARIABLES = (
    Variable(
        "FILE",
        "rows as CSV with a header, such as rows.csv; an empty cell is a missing value",
        Path,
        required=True,
    ),
)
EXAMPLES = (
    "make predict FILE=events/predict.csv",
    "make predict FILE=rows.csv > scored.csv",
)


def run(options: Options) -> None:
    """Ask the running deployment, or the champion in process if nothing runs, a thousand rows at a time."""
    path: Path = options.file
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Give one as FILE=rows.csv.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as UTF-8 text: {error}.") from error
    header, *rows = _rows(path, text)
    requests = [rows[first : first + ROWS_OF_A_REQUEST] for first in range(0, len(rows), ROWS_OF_A_REQUEST)]
    ask = _deployed() or _in_process()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        # Nothing is printed before all rows are answered: no half a table for a pipe to take for a whole one.
        answers = [
            answer(ask, header, request, number * ROWS_OF_A_REQUEST)
            for number, request in enumerate(progress.track(requests, description="Predicting"))
        ]
    sys.stdout.write(answers[0])
    for other in answers[_WITHOUT_HEADER]:
        sys.stdout.write(_body(other))


def answer(ask: Ask, header: list[str], rows: list[list[str]], before: int) -> str:
    """The answer to rows, which are asked for in halves where the model takes too long for all at once.

    Args:
        ask: Gives the answer to a CSV body; `before` is the number of rows in earlier requests.
        header: The columns' names.
        rows: At least one.
        before: As `ask` takes it.

    Raises:
        UserError: They are refused.
    """
    request = io.StringIO(newline="")
    csv.writer(request).writerows([header, *rows])
    try:
        return ask(request.getvalue().encode(), before)
    except TooMuch:
        if len(rows) == 1:
            raise
    half = len(rows) // 2
    first = answer(ask, header, rows[:half], before)
    return first + _body(answer(ask, header, rows[half:], before + half))


class TooMuch(UserError):
    """Rows that the API doesn't take at a time."""


def _body(table: str) -> str:
    """A table without its header."""
    return table.partition("\r\n")[2]


def _rows(path: Path, text: str) -> list[list[str]]:
    """The file's header and rows."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise UserError(f"{path} is not CSV: {error}.") from error
    if len(rows) < 2:  # noqa: PLR2004 - a header and a row
        raise UserError(f"{path} has no rows. It needs a header with the column names and a row below it.")
    return rows


def _deployed() -> Ask | None:
    if not project.STATE.is_dir():
        return None
    from skylayer.aws import emulator, local_stack
    from skylayer.commands.up import EMULATOR

    running = emulator.running(EMULATOR)
    found = local_stack.find(running) if running else None
    if found is None:
        return None

    def ask(body: bytes, before: int) -> str:
        # A file of rows has an id or an index more often than not.
        headers = {"content-type": "text/csv", "accept": "text/csv"}
        answer = found.request("/predict?extra=ignore", body, headers=headers)
        if answer.status != 200:  # noqa: PLR2004
            refusal = _refusal(answer.body, before)
            raise TooMuch(f"{refusal}") if answer.status == 413 else refusal  # noqa: PLR2004
        return answer.body.decode()

    return ask


def _in_process() -> Ask:
    from serving import csv_body
    from serving.errors import Problem
    from skylayer.artifact.open import load

    loaded = load(project.champion())
    targets = loaded.manifest["output"].get("targets") or []

    def ask(body: bytes, before: int) -> str:
        try:
            table = csv_body.read(body, loaded.schema, ROWS_OF_A_REQUEST, ignore_unknown=True)
            answer = loaded.predict_instances(table.instances, bounded=False)
        except Problem as problem:
            raise _refusal(json.dumps(problem.document()).encode(), before) from problem
        return csv_body.write(answer, loaded.fields, targets)

    return ask


def _refusal(body: bytes, before: int) -> UserError:
    """A problem document as one line; `before` is the number of rows in earlier requests."""
    try:
        problem: dict[str, Any] = json.loads(body)
    except ValueError:
        return UserError(f"The API answered what is no JSON: {body[:200].decode(errors='replace')}")
    errors = problem.get("errors") or []
    if not errors:
        return UserError(problem.get("detail") or problem.get("message") or str(problem))
    parts = errors[0]["pointer"].split("/")
    place = f"row {int(parts[2]) + before + 1}" if len(parts) > 2 else "the file"  # noqa: PLR2004
    more = f" ({len(errors) - 1} more like it)" if len(errors) > 1 else ""
    return UserError(f"{place}: {errors[0]['detail']}{more}. Correct the file.")
