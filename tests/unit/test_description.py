"""What `GET /model` and `GET /` give: JSON or a page, and what a page may do."""

from __future__ import annotations

import base64
import hashlib
import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from serving import description
from serving.artifact import GOLDEN, MODEL_CARD_PAGE, STATISTICS
from serving.errors import Problem
from serving.http import Request

if TYPE_CHECKING:
    from pathlib import Path

    from serving.http import Response

TOLD = ("task", "created", "engine", "engine_reason", "input", "output", "metrics", "training", "libraries")
STYLE = "body { color: #111 }"
CARD = f"<html><head><style>{STYLE}</style></head><body><p>Ünïcode</p><style>p {{}}</style></body></html>"


def asked(folder: Path, accept: str | None) -> Response:
    request = Request("GET", "/model", {} if accept is None else {"accept": accept})
    model: Any = SimpleNamespace(
        folder=str(folder),
        manifest={name: f"the {name}" for name in TOLD} | {"files": "nothing of these"},
        reference={"name": "penguins", "version": "0123"},
        card=lambda: "# A card",
        most_rows=10,
    )
    return description.model(request, model)


@pytest.mark.parametrize("accept", [None, "*/*", "application/json"])
def test_a_program_gets_the_model_as_json(accept: str | None, tmp_path: Path) -> None:
    (tmp_path / MODEL_CARD_PAGE).write_text(CARD, encoding="utf-8")
    (tmp_path / STATISTICS).write_text('{"a": 1}')
    response = asked(tmp_path, accept)
    body = json.loads(response.body)
    assert response.status == 200
    assert {name: body[name] for name in TOLD} == {name: f"the {name}" for name in TOLD}
    assert (body["name"], body["version"], body["card"]) == ("penguins", "0123", "# A card")
    assert (body["statistics"], body["examples"]) == ({"a": 1}, {})
    assert set(body["limits"]) == {"rows", "body_bytes"}
    assert "files" not in body
    (tmp_path / GOLDEN).write_text('{"instances": []}')
    assert json.loads(asked(tmp_path, accept).body)["examples"] == {"instances": []}


def test_a_browser_gets_the_card_whose_own_style_alone_applies(tmp_path: Path) -> None:
    (tmp_path / MODEL_CARD_PAGE).write_text(CARD, encoding="utf-8")
    response = asked(tmp_path, "text/html,application/json;q=0.5")
    digest = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    assert (response.status, response.body) == (200, CARD)
    assert (
        response.headers.items()
        >= {
            "content-type": "text/html; charset=utf-8",
            "content-security-policy": f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            "referrer-policy": "no-referrer",
        }.items()
    )


def test_without_a_card_there_is_no_page(tmp_path: Path) -> None:
    with pytest.raises(Problem) as caught:
        asked(tmp_path, "text/html")
    assert caught.value.status == 406


def test_the_playground_is_a_page(tmp_path: Path) -> None:
    nothing: Any = SimpleNamespace(folder=str(tmp_path))
    response = description.playground(Request("GET", "/"), nothing)
    assert response.status == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" in str(response.body)


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (None, 200),
        ('"another"', 200),
        ("{tag}", 304),
        ("W/{tag}", 304),
        ('"another", W/{tag}', 304),
        ("*", 304),
        ('*, "another"', 200),
    ],
)
def test_a_page_that_a_client_has_is_not_sent_again(known: str | None, status: int) -> None:
    nothing: Any = SimpleNamespace(folder="")
    first = description.playground(Request("GET", "/"), nothing)
    tag = first.headers["etag"].removeprefix("W/")
    assert len(tag) == 34
    assert first.headers["etag"] == f'W/"{hashlib.sha256(first.content).hexdigest()[:32]}"'
    headers = {} if known is None else {"if-none-match": known.format(tag=tag)}
    response = description.playground(Request("GET", "/", headers), nothing)
    assert response.status == status
    assert bool(response.body) == (status == 200)
    told = {name: response.headers[name] for name in ("etag", "cache-control", "vary")}
    assert told == {"etag": f"W/{tag}", "cache-control": "private, no-cache", "vary": "accept"}
