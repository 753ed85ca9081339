"""One API behind four doors: a request gets the same answer from each, or the difference is in a table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from doors import Door, Got, doors
from quirks import MALFORMED, MANY, NAMED, QUIRKS, UPGRADES, post

from serving import limits, model
from serving.http import SECURITY_HEADERS
from skylayer import project

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DOORS = ("gateway", "WSGI", "ASGI", "functions")
# What a server or a gateway says of the connection and of the bytes, and not the API of its answer.
OF_THE_TRANSPORT = {
    "connection",
    "content-encoding",
    "content-length",
    "date",
    "server",
    "transfer-encoding",
    "vary",
    # A name that the door has made up.
    "x-request-id",
}


@dataclass(frozen=True)
class Difference:
    """Requests that the doors answer differently, and what each answers, its status first."""

    request: str
    quirks: tuple[str, ...]
    answers: tuple[str, str, str, str]

    def line(self) -> str:
        """The difference as a line of the table in docs/call.md."""
        return f"| {' | '.join((self.request, *self.answers))} |"


AS_GET = "as a plain `GET`"
DIFFERENCES = (
    Difference("`GET /metrics`", ("metrics",), ("404", "200", "200", "200")),
    Difference("`POST /`", ("rows for the root",), ("405", "405", "405", "200, as `/predict`")),
    Difference(
        "`/robots.txt`, `/favicon.ico`",
        ("a file for robots", "an icon"),
        ("404", "404", "404", "404, a page of the framework"),
    ),
    Difference(
        "`Content-Type` twice",
        ("Content-Type twice, alike",),
        ("415", "200, the server hands on one", "415", "200, the server hands on one"),
    ),
    Difference(
        "`Content-Encoding` twice",
        ("Content-Encoding twice",),
        ("415", "415, quoted without a space", "415", "415, quoted without a space"),
    ),
    Difference(
        "a WebSocket handshake",
        tuple(quirk for quirk in UPGRADES if "WebSocket" in quirk),
        (AS_GET, AS_GET, AS_GET, "400, a page of the framework"),
    ),
)
TOO_LONG = "| an answer over 6 MiB | 413 | 200 | 200 | 200 |"
MALFORMED_LINE = (
    "| a malformed length or chunk | 400 of the gateway | 400 | 400, a text of the server | "
    "400 or 500 of the framework |"
)
BY_QUIRK = {quirk: difference for difference in DIFFERENCES for quirk in difference.quirks}


@pytest.fixture(scope="module")
def opened(bird_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Door]]:
    with doors(model.load(bird_folder), tmp_path_factory.mktemp("main")) as found:
        yield found


def comparable(got: Got) -> tuple[int, dict[str, str], bytes]:
    headers = {name: value for name, value in got.headers.items() if name not in OF_THE_TRANSPORT}
    return got.status, headers, got.body


@pytest.mark.parametrize("quirk", [quirk for quirk in QUIRKS if quirk not in BY_QUIRK])
def test_a_quirk_gets_one_answer(opened: dict[str, Door], quirk: str) -> None:
    answers = {door: comparable(ask(QUIRKS[quirk])) for door, ask in opened.items()}
    assert answers == dict.fromkeys(DOORS, answers["gateway"])
    status, headers, _ = answers["gateway"]
    assert status < 500
    assert headers["x-content-type-options"] == SECURITY_HEADERS["x-content-type-options"]


@pytest.mark.parametrize("quirk", NAMED)
def test_a_request_is_named_as_the_client_names_it_or_at_all(opened: dict[str, Door], quirk: str) -> None:
    names = {ask(QUIRKS[quirk]).headers["x-request-id"] for ask in opened.values()}
    if quirk == "a request with a name":
        assert names == {"abc-1"}
    else:
        assert len(names) == len(DOORS)
        assert "" not in names


@pytest.mark.parametrize("quirk", BY_QUIRK)
def test_a_difference_is_the_one_of_the_table(opened: dict[str, Door], quirk: str) -> None:
    answers = {door: comparable(ask(QUIRKS[quirk])) for door, ask in opened.items()}
    for door, told in zip(DOORS, BY_QUIRK[quirk].answers, strict=True):
        if told == AS_GET:
            assert answers[door] == answers["gateway"]
        else:
            assert str(answers[door][0]) == told[:3]
    assert answers != dict.fromkeys(DOORS, answers["gateway"]), "the difference is gone: take out its line"


@pytest.mark.parametrize("quirk", MALFORMED)
def test_a_malformed_body_is_refused_or_the_server_s_own_affair(opened: dict[str, Door], quirk: str) -> None:
    answers = {door: opened[door](MALFORMED[quirk]) for door in ("WSGI", "ASGI", "functions")}
    assert (answers["WSGI"].status, answers["WSGI"].headers["content-type"]) == (
        400,
        "application/problem+json",
    )
    assert answers["ASGI"].status == 400
    assert answers["functions"].status in {400, 422, 500}


def test_an_answer_that_lambda_could_not_carry_is_given_elsewhere(
    opened: dict[str, Door], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_ANSWER_BYTES", 1000)
    statuses = [str(ask(post(MANY)).status) for ask in opened.values()]
    assert statuses == [cell.strip() for cell in TOO_LONG.strip("|").split("|")[1:]]


@pytest.mark.parametrize("door", DOORS[1:])
@pytest.mark.parametrize("quirk", [quirk for quirk in QUIRKS if quirk.startswith("HEAD ")])
def test_head_tells_the_length_of_get(opened: dict[str, Door], quirk: str, door: str) -> None:
    head = QUIRKS[quirk]
    short = opened[door](head)
    whole = opened[door](type(head)("GET", head.target))
    assert short.body == b""
    assert short.headers["content-length"] == str(len(whole.body)) != "0"
    assert comparable(short)[:2] == comparable(whole)[:2]


def test_the_page_has_the_table_of_differences() -> None:
    page = (project.ROOT / "docs" / "call.md").read_text(encoding="utf-8")
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    start = lines.index("| request | API Gateway | WSGI | ASGI | functions-framework |")
    expected = [*(difference.line() for difference in DIFFERENCES), TOO_LONG, MALFORMED_LINE]
    assert lines[start + 1 : start + 1 + len(expected)] == expected
