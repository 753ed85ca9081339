"""Example requests of the model that is there: golden rows as a CSV file, and as the event of an invocation."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from serving import csv_body, golden
from skylayer.aws.proxy_event import proxy_event

if TYPE_CHECKING:
    from pathlib import Path

CSV_FILE, EVENT_FILE = "predict.csv", "predict.json"
_ROWS = 3


def write_examples(artifact: Path, events: Path) -> None:
    """Write both files into a folder.

    Args:
        artifact: Folder of the artifact.
        events: Where they go.
    """
    instances, _ = golden.read(artifact)
    (events / CSV_FILE).write_text(_csv(instances[:_ROWS]), encoding="utf-8", newline="")
    event = proxy_event("POST", "/predict", {"instances": instances[:1]})
    (events / EVENT_FILE).write_text(json.dumps(event, indent=2) + "\n", encoding="utf-8")


def _csv(instances: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(instances[0])
    writer.writerows([csv_body.as_cell(value) for value in row.values()] for row in instances)
    return text.getvalue()
