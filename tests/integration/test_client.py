"""A client that is generated from the document, calling the API that the document describes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from web import KEY, served

from skylayer import project
from skylayer.commands import client
from skylayer.commands.openapi import document_of
from skylayer.errors import UserError

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


@pytest.mark.skipif(shutil.which("npx") is None, reason="needs npx, which comes with Node.js")
def test_typescript_knows_the_columns(document: Path) -> None:
    types = client.generate_typescript(document).read_text(encoding="utf-8")
    for column in json.loads((project.champion() / "manifest.json").read_text(encoding="utf-8"))["input"][
        "columns"
    ]:
        assert re.search(rf'"?{re.escape(column["name"])}"?: ', types)


def test_a_document_that_no_generator_takes_is_told_in_one_line(document: Path) -> None:
    document.write_text("{}", encoding="utf-8")
    with pytest.raises(UserError, match="The generator failed"):
        client.generate_python(document)
