"""The routes of the document: what each takes and every answer that it can give."""

from __future__ import annotations

import csv
import io

from serving.openapi.errors import ERRORS
from serving.openapi.protocols import inference_paths, inference_v1_paths, scoring_paths
from serving.openapi.schemas import content, failures, page, reference, told

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Answers = dict[str, Any]

EXAMPLES = 3


def paths(manifest: dict[str, Any], golden: dict[str, Any]) -> dict[str, Any]:
    """The `paths` of the document."""
    return {
        "/predict": {"post": _predict(manifest, golden)},
        "/model": {
            "get": {
                "operationId": "describe_model",
                "summary": "What the model is",
                "description": "JSON, or the model card as a page for a browser.",
                "tags": ["model"],
                "responses": {
                    "200": content(
                        "The model",
                        {"application/json": {"schema": reference("Model")}, "text/html": page()},
                    ),
                    **_problems(406),
                },
            }
        },
        "/health": {
            "get": {
                "operationId": "check_health",
                "summary": "The version that answers",
                "description": "Open to all: a probe needs no key.",
                "tags": ["model"],
                "security": [],
                "responses": {
                    "200": content("Ready", {"application/json": {"schema": reference("Health")}}),
                    **_problems(406),
                },
            }
        },
        "/openapi.json": {
            "get": {
                "operationId": "read_openapi",
                "summary": "This document",
                "description": "Made from the model that answers, for the way in which the stack knows its callers.",
                "tags": ["model"],
                "responses": {
                    "200": content("OpenAPI 3.1", {"application/json": {"schema": {"type": "object"}}}),
                    **_problems(),
                },
            }
        },
        "/": {
            "get": {
                "operationId": "open_playground",
                "summary": "The playground, a page for a person",
                "description": "It tells nothing of the model before it is given a key.",
                "tags": ["model"],
                "security": [],
                "responses": {"200": content("A page", {"text/html": page()}), **_problems()},
            }
        },
        **inference_paths(manifest),
        **inference_v1_paths(manifest),
        **scoring_paths(),
    }


def _predict(manifest: dict[str, Any], golden: dict[str, Any]) -> dict[str, Any]:
    requests, answers = _examples(manifest, golden)
    return {
        "operationId": "predict",
        "summary": "One prediction for each instance",
        "description": (
            "JSON or CSV, by Content-Type; the answer as JSON or CSV, by Accept. A missing value is `null`, "
            "an empty cell in CSV."
        ),
        "tags": ["prediction"],
        "parameters": [
            {
                "name": "extra",
                "in": "query",
                "description": "What becomes of columns and members that the model doesn't have",
                "schema": {"enum": ["refuse", "ignore"], "default": "refuse"},
            }
        ],
        "requestBody": content(
            "Instances; in CSV the first line names the columns",
            {
                "application/json": {"schema": reference("Instances"), "examples": requests},
                "text/csv": {"schema": {"type": "string"}, "example": _table(manifest, golden)},
            },
            required=True,
        ),
        "responses": {
            "200": content(
                "Predictions",
                {
                    "application/json": {"schema": reference("Predictions"), "examples": answers},
                    "text/csv": {"schema": {"type": "string"}},
                },
                headers=told(),
            ),
            **_problems(400, 406, 413, 415, 422),
        },
    }


def _table(manifest: dict[str, Any], golden: dict[str, Any]) -> str:
    """Made-up rows as CSV (RFC 4180)."""
    names = [column["name"] for column in manifest["input"]["columns"]]
    table = io.StringIO(newline="")
    writer = csv.writer(table)
    writer.writerow(names)
    writer.writerows([row[name] for name in names] for row in golden.get("instances", [])[:EXAMPLES])
    return table.getvalue()


def _examples(manifest: dict[str, Any], golden: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Made-up requests and the estimator's answers to them, by name."""
    rows = golden.get("instances", [])[:EXAMPLES]
    if not rows or not golden.get("answers"):
        return {}, {}
    names = [column["name"] for column in manifest["input"]["columns"]]
    lists = [[row[name] for name in names] for row in rows]
    requests = {
        "one": {"summary": "One instance", "value": {"instances": rows[:1]}},
        "several": {"summary": "Several instances", "value": {"instances": rows}},
        "lists": {"summary": "Rows as lists", "value": {"instances": lists}},
    }
    answers = {
        "one": {"summary": "Its answer", "value": _answer(manifest, golden, 1)},
        "several": {"summary": "Their answers", "value": _answer(manifest, golden, len(rows))},
    }
    return requests, answers


def _answer(manifest: dict[str, Any], golden: dict[str, Any], rows: int) -> dict[str, Any]:
    answer = {field: values[:rows] for field, values in golden["answers"].items()}
    classes = manifest["output"].get("classes")
    return (
        answer
        | ({"classes": classes} if classes else {})
        | {"model": {"name": manifest["name"], "version": manifest["version"]}}
    )


def _problems(*statuses: int) -> Answers:
    problems = failures((*statuses, 500), ERRORS)
    if "422" in problems:
        schema = reference("InvalidInstances")
        problems["422"] = content(ERRORS[422], {"application/problem+json": {"schema": schema}})
    return problems
