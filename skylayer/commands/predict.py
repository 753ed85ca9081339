"""`predict`: print predictions for the rows of a CSV file, as CSV."""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import dataclass
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
    header, rows = _read(path)
    model = _deployed() or _in_process()
    kept = _columns_kept(path, header, model)
    header, *rows = ([row[index] for index in kept] for row in (header, *rows))
    requests = [rows[first : first + ROWS_OF_A_REQUEST] for first in range(0, len(rows), ROWS_OF_A_REQUEST)]
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        # Nothing is printed before all rows are answered: a pipe must not take half the answers for all of them.
        answers = [
            answer(model.ask, header, request, number * ROWS_OF_A_REQUEST)
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


def _body(answered: str) -> str:
    """The rows of an answer in CSV, without its header."""
    return answered.partition("\r\n")[2]


@dataclass(frozen=True)
class _Model:
    """What answers: the columns that it takes, the targets that it predicts, and how it is asked.

    `optional` are columns that a file may leave out; `positional` says that the model was fitted on an array, whose
    columns have several names.

    `ask` takes a CSV body and the number of rows in earlier ones; it gives the answer in CSV.
    """

    columns: list[str]
    optional: set[str]
    positional: bool
    targets: list[str]
    ask: Callable[[bytes, int], str]


def _read(path: Path) -> tuple[list[str], list[list[str]]]:
    """The header of a CSV file and the rows below it, each as long as the header.

    Raises:
        UserError: The file isn't there, is no CSV in UTF-8, or has no rows.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UserError(f"There is no file {path}. Give one as FILE=rows.csv.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} can't be read as UTF-8 text: {error}.") from error
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row and rows and len(row) != len(rows[0]):
                raise UserError(
                    f"Line {reader.line_num} of {path} has {len(row)} cells where the header has {len(rows[0])}."
                )
            rows += [row] if row else []
    except csv.Error as error:
        raise UserError(f"{path} is not CSV: {error}.") from error
    if len(rows) < 2:  # noqa: PLR2004 - a header and a row
        raise UserError(f"{path} has no rows. It needs a header with the column names and a row below it.")
    return rows[0], rows[1:]


def _columns_kept(path: Path, header: list[str], model: _Model) -> list[int]:
    """Where the model's columns are in a file, which may hold others: its target, as training data do.

    Raises:
        UserError: A column of the model isn't there; names every one.
    """
    if model.positional:
        return list(range(len(header)))
    missing = [name for name in model.columns if name not in header]
    others = [name for name in header if name not in model.columns]
    if others and any(name not in model.targets for name in others) and missing:
        # One may be the other, misspelt.
        required = missing
    else:
        required = [name for name in missing if name not in model.optional]
    if required:
        noun = "column" if len(required) == 1 else "columns"
        unknown = f"; it has {', '.join(others)}, which the model doesn't take" if others else ""
        raise UserError(
            f"{path} lacks the {noun} {', '.join(required)}{unknown}. Name columns as in training."
        )
    targets = [name for name in others if name in model.targets]
    if targets:
        _tell_left_out("predicts", targets)
    unused = [name for name in others if name not in model.targets]
    if unused:
        _tell_left_out("doesn't take", unused)
    return [index for index, name in enumerate(header) if name in model.columns]


def _tell_left_out(verb: str, names: list[str]) -> None:
    pronoun = "it" if len(names) == 1 else "them"
    print(f"Left out, since the model {verb} {pronoun}: {', '.join(names)}.", file=sys.stderr)


def _deployed() -> _Model | None:
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

    described = found.request("/model")
    if described.status != 200:  # noqa: PLR2004
        raise _refusal(described.body, 0)
    return _model(described.json(), ask)


def _in_process() -> _Model:
    from serving import csv_body
    from serving.errors import Problem
    from skylayer.artifact.open import load

    loaded = load(project.champion())
    targets = loaded.manifest["output"].get("targets") or []

    def ask(body: bytes, before: int) -> str:
        try:
            read = csv_body.read(body, loaded.schema, ROWS_OF_A_REQUEST, ignore_unknown=True)
            answer = loaded.predict_instances(read.instances, bounded=False)
        except Problem as problem:
            raise _refusal(json.dumps(problem.document()).encode(), before) from problem
        return csv_body.write(answer, loaded.fields, targets)

    return _model(loaded.manifest, ask)


def _model(described: dict[str, Any], ask: Callable[[bytes, int], str]) -> _Model:
    """What a manifest, or `GET /model`, says of its columns and targets."""
    columns = [column["name"] for column in described["input"]["columns"]]
    optional = {
        column["name"]
        for column in described["input"]["columns"]
        if column["nullable"] and "missing" not in column.get("widened", ())
    }
    positional = described["input"]["container"] == "array"
    return _Model(columns, optional, positional, described["output"].get("targets") or [], ask)


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
