"""Documents of made-up models: every kind of column, each kind of answer."""

from __future__ import annotations

from typing import Any

from serving.openapi import document

COLUMNS: list[dict[str, Any]] = [
    {"name": "mass/g", "kind": "number", "nullable": True, "minimum": 2700.0, "maximum": 6300.0},
    {"name": "year", "kind": "integer", "nullable": False, "minimum": 2007, "maximum": 2009},
    {"name": "tagged", "kind": "boolean", "nullable": False},
    {"name": "island", "kind": "category", "nullable": True, "categories": ["Biscoe", "Dream"]},
    {"name": "code", "kind": "category", "nullable": False, "categories": [1, 2.5, True, "x"]},
    {"name": "note", "kind": "text", "nullable": False},
    {"name": "seen", "kind": "date", "nullable": True},
]
ROW = {"mass/g": 4100.5, "year": 2008, "tagged": True, "island": "Dream", "code": 1, "note": "", "seen": None}


def manifest(output: dict[str, Any], task: str = "classification") -> dict[str, Any]:
    return {
        "name": "birds",
        "version": "0" * 16,
        "task": task,
        "input": {"columns": COLUMNS},
        "output": output,
    }


FIELDS = ["predictions", "probabilities"]
SHARES = [[0.75, 0.25]]
# Kind -> task, the manifest's output and the answers to one row.
OUTPUTS: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {
    "classes": (
        "classification",
        {"fields": FIELDS, "classes": ["a", "b"], "targets": ["species"]},
        {"predictions": ["a"], "probabilities": SHARES},
    ),
    "integers as classes": (
        "classification",
        {"fields": FIELDS, "classes": [0, 1], "targets": ["species"]},
        {"predictions": [1], "probabilities": SHARES},
    ),
    "fractions as classes": (
        "classification",
        {"fields": FIELDS, "classes": [1.0, 2.0], "targets": ["species"]},
        {"predictions": [1.0], "probabilities": SHARES},
    ),
    "booleans as classes": (
        "classification",
        {"fields": FIELDS, "classes": [False, True], "targets": ["species"]},
        {"predictions": [True], "probabilities": SHARES},
    ),
    "scores of three classes": (
        "classification",
        {"fields": ["predictions", "scores"], "classes": ["a", "b", "c"], "targets": ["species"]},
        {"predictions": ["a"], "scores": [[0.5, -0.25, None]]},
    ),
    "several targets": (
        "classification",
        {"fields": FIELDS, "classes": [["a", "b"], [0, 1]], "targets": ["x", "y"]},
        {"predictions": [["a", 1]], "probabilities": [[[0.75, 0.25], [0.5, 0.5]]]},
    ),
    "several labels": (
        "classification",
        {"fields": FIELDS, "classes": [0, 1], "targets": ["x", "y"]},
        {"predictions": [[0, 1]], "probabilities": SHARES},
    ),
    "number": ("regression", {"fields": ["predictions"], "targets": ["mass"]}, {"predictions": [4.5]}),
    "numbers": (
        "regression",
        {"fields": ["predictions"], "targets": ["x", "y"]},
        {"predictions": [[4.5, None]]},
    ),
    "outliers": (
        "outlier_detection",
        {"fields": ["predictions", "scores"]},
        {"predictions": [-1], "scores": [-0.5]},
    ),
    "clusters": (
        "clustering",
        {"fields": ["predictions", "distances"]},
        {"predictions": [2], "distances": [[1.0, 2.0, 0.5]]},
    ),
}


def of(kind: str, authentication: str = "api-key") -> dict[str, Any]:
    task, output, answers = OUTPUTS[kind]
    return document(manifest(output, task), {"instances": [ROW], "answers": answers}, authentication)
