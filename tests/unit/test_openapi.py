"""The OpenAPI document: valid, true to the schema, its examples fitting it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from serving.openapi import document
from skylayer import project
from skylayer.commands import openapi

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


OUTPUTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "classes": (
        {"fields": ["predictions", "probabilities"], "classes": ["a", "b"], "targets": ["species"]},
        {"predictions": ["a"], "probabilities": [[0.75, 0.25]]},
    ),
    "several targets": (
        {"fields": ["predictions", "probabilities"], "classes": [["a", "b"], [0, 1]], "targets": ["x", "y"]},
        {"predictions": [["a", 1]], "probabilities": [[[0.75, 0.25], [0.5, 0.5]]]},
    ),
    "number": ({"fields": ["predictions"], "targets": ["mass"]}, {"predictions": [4.5]}),
    "numbers": ({"fields": ["predictions"], "targets": ["x", "y"]}, {"predictions": [[4.5, None]]}),
    "scores": ({"fields": ["predictions", "scores"]}, {"predictions": [-1], "scores": [-0.5]}),
    "distances": (
        {"fields": ["predictions", "distances"]},
        {"predictions": [2], "distances": [[1.0, 2.0, 0.5]]},
    ),
}


def of(kind: str) -> dict[str, Any]:
    output, answers = OUTPUTS[kind]
    return document(manifest(output), {"instances": [ROW], "answers": answers})


def accepts(made: dict[str, Any], schema: str, value: object) -> bool:
    rooted = {"$ref": f"#/components/schemas/{schema}", "components": made["components"]}
    return bool(Draft202012Validator(rooted).is_valid(value))


@pytest.mark.parametrize("kind", OUTPUTS)
def test_is_valid_openapi(kind: str) -> None:
    OpenAPIV31SpecValidator(of(kind)).validate()


@pytest.mark.parametrize("kind", OUTPUTS)
def test_examples_fit_their_schemas(kind: str) -> None:
    made = of(kind)
    predict = made["paths"]["/predict"]["post"]
    requests = predict["requestBody"]["content"]["application/json"]["examples"]
    answers = predict["responses"]["200"]["content"]["application/json"]["examples"]
    assert requests
    assert answers
    for example in requests.values():
        assert accepts(made, "Instances", example["value"])
    for example in answers.values():
        assert accepts(made, "Predictions", example["value"])


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"mass/g": None}, True),
        ({"mass/g": "4100"}, False),
        ({"year": 2008.5}, False),
        ({"year": None}, False),
        ({"tagged": 1}, False),
        ({"island": "Torgersen"}, True),  # unseen in training: the estimator decides
        ({"island": 3}, False),
        ({"code": False}, True),
        ({"code": None}, False),
        ({"note": None}, False),
        ({"colour": "red"}, False),
    ],
)
def test_instances_are_described_as_they_are_validated(change: dict[str, Any], fits: bool) -> None:
    assert accepts(of("classes"), "Instances", {"instances": [{**ROW, **change}]}) is fits


def test_an_enumeration_names_the_categories_and_a_description_the_range() -> None:
    columns = of("classes")["components"]["schemas"]["Instance"]["properties"]
    assert columns["island"]["anyOf"][0] == {"enum": ["Biscoe", "Dream"]}
    assert "from 2700.0 to 6300.0" in columns["mass/g"]["description"]


def test_an_integer_may_have_a_fraction_and_a_category_be_one_of_a_few_by_the_estimator() -> None:
    made = manifest(OUTPUTS["number"][0], "regression")
    made["input"] = {"columns": [{**COLUMNS[1], "widened": ["fraction"]}, {**COLUMNS[3], "unseen": False}]}
    properties = document(made, {})["components"]["schemas"]["Instance"]["properties"]
    assert properties["year"]["type"] == "number"
    assert properties["island"]["anyOf"] == [{"enum": ["Biscoe", "Dream"]}, {"type": "null"}]


def test_an_artifact_without_golden_rows_has_no_examples() -> None:
    made = document(manifest(OUTPUTS["number"][0], "regression"), {})
    OpenAPIV31SpecValidator(made).validate()
    assert made["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"] == {}


@pytest.mark.parametrize(
    ("authentication", "scheme", "refusals"),
    [
        ("api-key", ("apiKey", "x-api-key"), {"403"}),
        ("iam", ("apiKey", "Authorization"), {"403"}),
        ("cognito", ("http", "bearer"), {"401", "403"}),
        ("none", None, {"403"}),
    ],
)
def test_the_scheme_is_what_the_stack_asks_for(
    authentication: str, scheme: tuple[str, str] | None, refusals: set[str]
) -> None:
    made = document(manifest(OUTPUTS["number"][0], "regression"), {}, authentication)
    OpenAPIV31SpecValidator(made).validate()
    schemes = made["components"]["securitySchemes"]
    assert [(each["type"], each.get("name") or each["scheme"]) for each in schemes.values()] == (
        [scheme] if scheme else []
    )
    assert made["security"] == [{name: []} for name in schemes]
    for path in made["paths"].values():
        for operation in path.values():
            assert {"401", "403"} & set(operation["responses"]) == refusals


def test_every_problem_is_a_problem_document() -> None:
    for path in of("classes")["paths"].values():
        for operation in path.values():
            for status, answer in operation["responses"].items():
                if int(status) >= 400:
                    assert next(iter(answer["content"])) == "application/problem+json"


def test_the_committed_document_is_that_of_the_committed_model() -> None:
    assert openapi.DEFAULT.read_text(encoding="utf-8") == openapi.document_of(project.champion()), (
        "run make openapi"
    )
