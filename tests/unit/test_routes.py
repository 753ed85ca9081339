"""The routes stand in the router, the template and the OpenAPI document: the three say the same."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from serving.api import ROUTES
from serving.openapi import document

ROOT = Path(__file__).parents[2]
MANIFEST = {
    "name": "birds",
    "version": "0" * 16,
    "task": "regression",
    "input": {"columns": [{"name": "x", "kind": "number", "nullable": False}]},
    "output": {"fields": ["predictions"]},
}
HTTP_METHODS = {"get", "post", "put", "patch", "delete"}
# One line of the template stands for all of these paths, and one of the router for it and the line above it.
OF_A_MODEL = {"/v2/models/": "/v2/{path+}", "/v1/models/": "/v1/models/{model}"}
LINES = ("/v2", "/v1/models")

Operations = set[tuple[str, str]]
Paths = dict[str, dict[str, Any]]


def paths_of_the_template() -> Paths:
    """Those that ask our function: a fork may have routes to functions of its own."""
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    paths: Paths = template["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
    return {
        path: methods for path, methods in paths.items() if "${PredictFunction.Arn}" in json.dumps(methods)
    }


def paths_of_the_document() -> Paths:
    paths: Paths = document(MANIFEST, {})["paths"]
    return paths


def paths_of_the_router() -> Paths:
    return {path: {method.lower(): None for method in methods} for path, methods in ROUTES.items()}


SOURCES = {
    "router": paths_of_the_router,
    "template": paths_of_the_template,
    "document": paths_of_the_document,
}


def line_of(path: str) -> str:
    """The template's own path for one that the document has."""
    for prefix, line in OF_A_MODEL.items():
        if path.startswith(prefix):
            return line
    return path


def operations(paths: Paths) -> Operations:
    return {
        (line_of(path), method)
        for path, methods in paths.items()
        for method in methods
        if method in HTTP_METHODS
    }


def differences(router: Paths, template: Paths, document: Paths) -> Operations:
    """Operations that one of the three lacks."""
    described, deployed = operations(document), operations(template)
    routed = {(path, method) for path, method in operations(router) if path not in LINES}
    served = {
        (path, method)
        for path, method in deployed
        for line in LINES
        if (path == line or path.startswith(f"{line}/")) and method in router.get(line, {})
    }
    return (described ^ deployed) | (deployed ^ (routed | served))


def test_router_template_and_document_say_the_same() -> None:
    assert differences(*(source() for source in SOURCES.values())) == set()


@pytest.mark.parametrize("source", SOURCES)
def test_a_path_that_one_of_them_loses_is_found(source: str) -> None:
    for path, methods in SOURCES[source]().items():
        found = {name: copy.deepcopy(read()) for name, read in SOURCES.items()}
        del found[source][path]
        if source == "document" and path.startswith("/v2/models/"):
            continue  # another path of the model stands for the same line of the template
        assert differences(**found), path
        for method in HTTP_METHODS & set(methods):
            found = {name: copy.deepcopy(read()) for name, read in SOURCES.items()}
            del found[source][path][method]
            if source != "router" or path not in LINES or method in {"get", "post"}:
                assert differences(**found), (path, method)


def test_every_path_of_a_model_is_in_the_document() -> None:
    prefixes = (f"/v2/models/{MANIFEST['name']}", f"/v2/models/{MANIFEST['name']}/versions/{'0' * 16}")
    expected = {f"{prefix}{verb}" for prefix in prefixes for verb in ("", "/ready", "/infer")}
    expected |= {f"/v1/models/{MANIFEST['name']}{verb}" for verb in ("", ":predict")}
    assert {path for path in paths_of_the_document() if path.startswith(tuple(OF_A_MODEL))} == expected


def test_head_is_read_wherever_the_template_has_it() -> None:
    for path, methods in paths_of_the_template().items():
        if "head" in methods:
            assert {"get", "GET"} & set(methods) & set(paths_of_the_document()[path]), path
