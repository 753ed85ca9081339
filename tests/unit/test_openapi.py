"""The OpenAPI document: valid, true to the schema, its examples fitting it."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_documents import COLUMNS, OUTPUTS, ROW, manifest, of
from openapi_spec_validator import OpenAPIV31SpecValidator

from serving.openapi import document
from skylayer import project
from skylayer.commands import openapi


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
    assert columns["island"]["anyOf"][0] == {"type": "string", "enum": ["Biscoe", "Dream"]}
    assert "from 2700.0 to 6300.0" in columns["mass/g"]["description"]


@pytest.mark.parametrize(
    ("kind", "change", "fits"),
    [
        ("classes", {"predictions": ["c"]}, False),
        ("classes", {"probabilities": [[1.0]]}, False),
        ("classes", {"probabilities": [[0.5, None]]}, False),
        ("classes", {"probabilities": None}, False),
        ("classes", {"classes": ["a"]}, False),
        ("classes", {"classes": None}, False),
        ("integers as classes", {"predictions": [0, 1]}, True),
        ("integers as classes", {"predictions": [2]}, False),
        ("integers as classes", {"predictions": ["0"]}, False),
        ("fractions as classes", {"predictions": ["1.0"]}, False),
        ("booleans as classes", {"predictions": [0]}, False),
        ("scores of three classes", {"scores": [0.5]}, False),
        ("scores of three classes", {"scores": [[0.5, 1]]}, False),
        ("several targets", {"predictions": [[1, "a"]]}, False),
        ("several targets", {"predictions": [["a"]]}, False),
        ("several targets", {"probabilities": [[[0.5, 0.5]]]}, False),
        ("several labels", {"predictions": [[0]]}, False),
        ("number", {"predictions": [None]}, True),
        ("number", {"predictions": [[1]]}, False),
        ("numbers", {"predictions": [[1]]}, False),
        ("outliers", {"predictions": [0]}, False),
        ("outliers", {"scores": [[0.5]]}, False),
        ("clusters", {"predictions": [0.5]}, False),
        ("clusters", {"distances": [[0.5]]}, False),
    ],
)
def test_an_answer_that_this_model_never_gives_does_not_fit(
    kind: str, change: dict[str, Any], fits: bool
) -> None:
    made = of(kind)
    answers = made["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["examples"]
    answer = answers["one"]["value"]
    assert accepts(made, "Predictions", answer)
    changed = {name: value for name, value in {**answer, **change}.items() if value is not None}
    assert accepts(made, "Predictions", changed) is fits
    scored = {"predictions": changed["predictions"]}
    if [*change] == ["predictions"] and kind != "outliers":  # whose scores, if asked for, are any number
        assert accepts(made, "ScoringResponse", scored) is fits


@pytest.mark.parametrize("kind", OUTPUTS)
def test_without_golden_rows_the_answers_still_fit(kind: str) -> None:
    task, output, _ = OUTPUTS[kind]
    answers = of(kind)["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]
    answer = answers["examples"]["one"]["value"]
    assert accepts(document(manifest(output, task), {}), "Predictions", answer)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_every_list_says_what_it_holds(kind: str) -> None:
    def check(schema: Any, place: str) -> None:
        if isinstance(schema, list):
            for index, each in enumerate(schema):
                check(each, f"{place}/{index}")
        elif isinstance(schema, dict):
            if "array" in str(schema.get("type")):
                assert isinstance(schema.get("items"), dict), place
            for name, each in schema.items():
                check(each, f"{place}/{name}")

    check(of(kind)["components"]["schemas"], "schemas")


def test_an_integer_may_have_a_fraction_and_a_category_be_one_of_a_few_by_the_estimator() -> None:
    made = manifest(OUTPUTS["number"][1], "regression")
    made["input"] = {"columns": [{**COLUMNS[1], "widened": ["fraction"]}, {**COLUMNS[3], "unseen": False}]}
    properties = document(made, {})["components"]["schemas"]["Instance"]["properties"]
    assert properties["year"]["type"] == "number"
    assert properties["island"]["anyOf"] == [
        {"type": "string", "enum": ["Biscoe", "Dream"]},
        {"type": "null"},
    ]


def test_an_artifact_without_golden_rows_has_no_examples() -> None:
    made = document(manifest(OUTPUTS["number"][1], "regression"), {})
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
    made = document(manifest(OUTPUTS["number"][1], "regression"), {}, authentication)
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
