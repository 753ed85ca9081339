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
    from collections.abc import Callable, Iterator

    from skylayer.commands.variables import Options

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
    requests = list(_requests(path, text))
    ask = _deployed() or _in_process()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        # Nothing is printed before all rows are answered: no half a table for a pipe to take for a whole one.
        answers = [
            ask(body, number * ROWS_OF_A_REQUEST)
            for number, body in enumerate(progress.track(requests, description="Predicting"))
        ]
    sys.stdout.write(answers[0])
    for answer in answers[_WITHOUT_HEADER]:
        sys.stdout.write(answer.partition("\r\n")[2])


def _requests(path: Path, text: str) -> Iterator[bytes]:
    """The file as CSV bodies, each with the header and at most `ROWS_OF_A_REQUEST` rows."""
    csv.field_size_limit(max(len(text), csv.field_size_limit()))
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), strict=True) if row]
    except csv.Error as error:
        raise UserError(f"{path} is not CSV: {error}.") from error
    if len(rows) < 2:  # noqa: PLR2004 - a header and a row
        raise UserError(f"{path} has no rows. It needs a header with the column names and a row below it.")
    for first in range(1, len(rows), ROWS_OF_A_REQUEST):
        body = io.StringIO(newline="")
        csv.writer(body).writerows([rows[0], *rows[first : first + ROWS_OF_A_REQUEST]])
        yield body.getvalue().encode()


def _deployed() -> Callable[[bytes, int], str] | None:
    if not project.STATE.is_dir():
        return None
    from skylayer.aws import emulator, local_stack
    from skylayer.commands.up import EMULATOR

    running = emulator.running(EMULATOR)
    found = local_stack.find(running) if running else None
    if found is None:
        return None

    def ask(body: bytes, before: int) -> str:
        answer = found.request("/predict", body, headers={"content-type": "text/csv", "accept": "text/csv"})
        if answer.status != 200:  # noqa: PLR2004
            raise _refusal(answer.body, before)
        return answer.body.decode()

    return ask


def _in_process() -> Callable[[bytes, int], str]:
    from serving import csv_body
    from serving.errors import Problem
    from skylayer.artifact.open import load

    loaded = load(project.champion())
    targets = loaded.manifest["output"].get("targets") or []

    def ask(body: bytes, before: int) -> str:
        try:
            instances, _ = csv_body.read(body, loaded.schema, ROWS_OF_A_REQUEST)
            answer = loaded.predict_instances(instances, bounded=False)
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
