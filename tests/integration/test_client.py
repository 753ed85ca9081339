"""A client that is generated from the document, calling the API that the document describes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from openapi_documents import OUTPUTS, of
from web import KEY, served

from skylayer import project
from skylayer.commands import client
from skylayer.commands.openapi import document_of
from skylayer.errors import UserError
from skylayer.node import openapi_rules, programs

if TYPE_CHECKING:
    from pathlib import Path

CALL = """
import json, sys
from {package} import AuthenticatedClient
from {package}.api.prediction import predict
from {package}.models import Instance, Instances

url, key, row = sys.argv[1:]
client = AuthenticatedClient(url, key, prefix="", auth_header_name="x-api-key")
answer = predict.sync(client=client, body=Instances([Instance.from_dict(json.loads(row))]))
print(json.dumps(answer.to_dict()))
"""


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(client, "CLIENTS", tmp_path)
    path = tmp_path / "openapi.json"
    path.write_text(document_of(project.champion()), encoding="utf-8")
    return path


def test_a_python_client_gets_the_answer_of_the_estimator(document: Path) -> None:
    package = client.generate_python(document)
    call = CALL.replace("{package}", next(package.glob("*_client")).name)
    golden = json.loads((project.champion() / "golden.json").read_text(encoding="utf-8"))
    with served(project.champion()) as url:
        command = [sys.executable, "-c", call, url.rstrip("/"), KEY, json.dumps(golden["instances"][0])]
        done = subprocess.run(command, cwd=package, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout)["predictions"] == golden["answers"]["predictions"][:1]


needs_node = pytest.mark.skipif(not programs.available(), reason="needs Node.js")


@needs_node
def test_typescript_knows_the_columns(document: Path) -> None:
    types = client.generate_typescript(document).read_text(encoding="utf-8")
    for column in json.loads((project.champion() / "manifest.json").read_text(encoding="utf-8"))["input"][
        "columns"
    ]:
        assert re.search(rf'"?{re.escape(column["name"])}"?: ', types)


def operations(path: Path) -> list[tuple[str, str, str]]:
    """Path, method and name of every operation of a document."""
    paths = json.loads(path.read_text(encoding="utf-8"))["paths"]
    return [
        (route, method, operation["operationId"])
        for route, methods in paths.items()
        for method, operation in methods.items()
    ]


# Each of these has lost an operation, or a schema, to one of the generators.
@pytest.fixture(params=["champion", "several targets", "fractions as classes"])
def described(request: pytest.FixtureRequest, document: Path) -> Path:
    """The document of the champion, or of a model with every kind of column and one kind of answer."""
    if request.param != "champion":
        document.write_text(json.dumps(of(request.param)), encoding="utf-8")
    return document


def test_the_python_client_gets_every_operation(described: Path) -> None:
    package = next(client.generate_python(described).glob("*_client"))
    made = {path.stem for path in (package / "api").glob("*/*.py")} - {"__init__"}
    wanted = {name for _, _, name in operations(described)}
    assert made == wanted
    assert len(made) == len(operations(described)) > 10


@needs_node
def test_the_typescript_client_gets_every_operation(described: Path) -> None:
    types = client.generate_typescript(described).read_text(encoding="utf-8")
    made = set(
        re.findall(r"^    ([a-z_0-9]+): \{$", types.partition("export interface operations")[2], re.MULTILINE)
    )
    assert made == {name for _, _, name in operations(described)}


def test_a_client_that_would_lose_an_operation_is_refused(document: Path) -> None:
    whole = json.loads(document.read_text(encoding="utf-8"))
    del whole["components"]["schemas"]["ScoringRequest"]
    document.write_text(json.dumps(whole), encoding="utf-8")
    with pytest.raises(UserError, match="The generator failed"):
        client.generate_python(document)


@needs_node
def test_spectral_and_redocly_find_nothing_in_any_model_s_document(tmp_path: Path) -> None:
    made = {kind: of(kind) for kind in OUTPUTS}
    made |= {way: of("classes", way) for way in ("iam", "cognito", "none")}
    documents = [tmp_path / f"{name}.json" for name in made]
    for path, described in zip(documents, made.values(), strict=True):
        path.write_text(json.dumps(described), encoding="utf-8")
    assert openapi_rules.findings(documents) == ""


@needs_node
def test_each_of_the_two_tells_what_it_finds(tmp_path: Path, document: Path) -> None:
    whole = json.loads(document.read_text(encoding="utf-8"))
    del whole["info"]["license"], whole["info"]["contact"]
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps(whole), encoding="utf-8")
    found = openapi_rules.findings([broken])
    assert "info-contact" in found  # of Spectral's rules alone
    assert "info-license" in found  # of Redocly's


def test_the_lock_file_names_no_place_that_packages_come_from() -> None:
    lock = json.loads((programs.HERE / "package-lock.json").read_text(encoding="utf-8"))
    packages = [package for name, package in lock["packages"].items() if name]
    assert len(packages) > 100
    for package in packages:
        assert package["integrity"].startswith("sha512-")
        assert "resolved" not in package


def test_a_document_that_no_generator_takes_is_told_in_one_line(document: Path) -> None:
    document.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="The generator failed"):
        client.generate_python(document)
