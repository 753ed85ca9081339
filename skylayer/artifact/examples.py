"""Example requests of the model that is there: golden rows as a CSV file, and as the event of an invocation."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

from serving import golden

if TYPE_CHECKING:
    from pathlib import Path

CSV_FILE, EVENT_FILE = "predict.csv", "predict.json"
_ROWS = 3
_JSON = "application/json"


def write_examples(artifact: Path, events: Path) -> None:
    """Write both files into a folder.

    Args:
        artifact: Folder of the artifact.
        events: Where they go.
    """
    instances, _ = golden.read(artifact)
    (events / CSV_FILE).write_text(_table(instances[:_ROWS]), encoding="utf-8", newline="")
    event = _event({"instances": instances[:1]})
    (events / EVENT_FILE).write_text(json.dumps(event, indent=2) + "\n", encoding="utf-8")


def _table(instances: list[dict[str, Any]]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(instances[0])
    writer.writerows([_cell(value) for value in row.values()] for row in instances)
    return text.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else value


def _event(body: dict[str, Any]) -> dict[str, Any]:
    """`POST /predict` as API Gateway hands it to the function."""
    headers = {"content-type": _JSON, "accept": _JSON}
    return {
        "resource": "/predict",
        "path": "/predict",
        "httpMethod": "POST",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "requestContext": {
            "resourcePath": "/predict",
            "httpMethod": "POST",
            "path": "/live/predict",
            "stage": "live",
            "requestId": "00000000-0000-4000-8000-000000000000",
            "identity": {"sourceIp": "127.0.0.1", "userAgent": "sam"},
        },
        "body": json.dumps(body),
        "isBase64Encoded": False,
    }
