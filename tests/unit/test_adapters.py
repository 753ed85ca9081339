"""The adapters by themselves: bodies that servers hand on, codings, lifespans, counters."""

from __future__ import annotations

import asyncio
import gzip
import io
import math
import random
import re
import time
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from samcli.yamlhelper import yaml_parse

from serving import limits
from serving.adapters import asgi, codings, functions, wsgi
from serving.adapters.service import MAX_DROPPED_BYTES, PREFLIGHT, Service
from serving.errors import Problem
from serving.http import SECURITY_HEADERS, Response, sent_headers
from serving.model import Model

ROOT = Path(__file__).parents[2]
BODY = b'{"instances": [[1, 2], [3, 4]]}'
LIMIT = limits.MAX_BODY_BYTES


class Sums:
    """An engine that adds up each row."""

    most_rows = 10_000

    def admit(self, columns: list[list[Any]], rows: int) -> None:
        """Takes any."""

    def predict_json(self, _: bytes) -> None:
        return None

    def predict_members(self, _: list[list[Any]], __: int) -> None:
        return None

    def predict(self, columns: list[list[Any]], _: int) -> dict[str, list[Any]]:
        return {"predictions": [sum(row) for row in zip(*columns, strict=True)]}


@pytest.fixture
def model() -> Model:
    columns = [{"name": name, "kind": "number", "nullable": False} for name in "ab"]
    manifest: dict[str, Any] = {"name": "sum", "version": "0" * 16, "engine": "native"}
    manifest |= {"input": {"columns": columns}, "output": {"fields": ["predictions"]}}
    return Model("", manifest, Sums())


Answered = tuple[int, dict[str, str], bytes]


def over_wsgi(
    model: Model, stream: Any, method: str = "POST", path: str = "/predict", **environ: Any
) -> Answered:
    """What the WSGI application answers to an environment."""
    started: list[Any] = []
    given = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": stream, **environ}
    parts = wsgi.application(model)(given, lambda *head: started.append(head))  # type: ignore[arg-type]
    status, headers = started[0]
    return int(status[:3]), dict(headers), b"".join(parts)


def over_asgi(
    model: Model, *messages: dict[str, Any], **scope: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """What the ASGI application sends, and which messages it didn't take."""
    left, sent = list(messages), []

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    given = {"type": "http", "method": "POST", "path": "/predict", "headers": [], **scope}
    asyncio.run(asgi.application(model)(given, receive, send))  # type: ignore[arg-type]
    return sent, left


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


@pytest.mark.parametrize("length", ["abc", "-1", "+31", "3 1", "1_0", "\u0663", "9" * 40, "0x1f"])
def test_a_length_that_is_no_number_is_a_problem(model: Model, length: str) -> None:
    status, headers, answer = over_wsgi(model, io.BytesIO(BODY), CONTENT_LENGTH=length)
    assert (status, headers["content-type"]) == (400, "application/problem+json")
    assert b"Content-Length is not a number" in answer


def test_a_body_that_ends_before_its_length_is_not_answered(model: Model) -> None:
    status, _, answer = over_wsgi(model, io.BytesIO(BODY), CONTENT_LENGTH=str(len(BODY) + 1))
    assert status == 400
    assert b"ends after 31 of 32 bytes" in answer


CHUNKED = {"HTTP_TRANSFER_ENCODING": "Chunked"}


@pytest.mark.parametrize(
    "chunks",
    [
        b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"00%X ; name=value\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY),
        b"1\r\n{\r\n%x\r\n%s\r\n000\r\nX-Trailer: 1\r\n\r\n" % (len(BODY) - 1, BODY[1:]),
        b"".join(b"1\n%c\n" % byte for byte in BODY) + b"0\n\n",
    ],
)
def test_chunks_that_a_server_leaves_are_read(model: Model, chunks: bytes) -> None:
    stream = io.BytesIO(chunks + b"GET /next")
    status, _, answer = over_wsgi(model, stream, **CHUNKED)
    assert status == 200, answer
    assert answer.startswith(b'{"predictions":[3.0,7.0]')
    assert stream.read() == b"GET /next"


@pytest.mark.parametrize(
    "chunks",
    [
        b"",
        b"\r\n",
        b"g\r\n",
        b"-1\r\n{\r\n0\r\n\r\n",
        b"0x2\r\n{}\r\n0\r\n\r\n",
        b"2\r\n{}",
        b"3\r\n{}",
        b"1\r\n{}\r\n0\r\n\r\n",
        b"123456789\r\n{}\r\n0\r\n\r\n",
        b"2",
        b"0" * 5000,
        b"2\r\n{}\r\n0\r\n" + b"X: 1\r\n" * 101,
    ],
)
def test_malformed_chunks_are_refused(model: Model, chunks: bytes) -> None:
    status, _, answer = over_wsgi(model, io.BytesIO(chunks), **CHUNKED)
    assert status == 400
    assert b"chunks of the body are malformed" in answer


def test_a_stream_that_a_server_has_decoded_is_read_to_its_end(model: Model) -> None:
    decoded: dict[str, Any] = {"wsgi.input_terminated": True, **CHUNKED}
    assert over_wsgi(model, io.BytesIO(BODY), **decoded)[0] == 200


def test_length_and_chunks_at_once_are_refused(model: Model) -> None:
    assert over_wsgi(model, io.BytesIO(BODY), CONTENT_LENGTH="31", **CHUNKED)[0] == 400


class Endless(io.RawIOBase):
    """A body that never ends, or fails after so many bytes."""

    def __init__(self, failing_at: int | None = None) -> None:
        self.given = 0
        self.failing_at = failing_at

    def read(self, size: int = -1) -> bytes:
        if self.failing_at is not None and self.given >= self.failing_at:
            raise OSError("the client has gone")
        self.given += size
        return b" " * size


@pytest.mark.parametrize("environ", [{"CONTENT_LENGTH": "9" * 15}, {"wsgi.input_terminated": True}])
def test_a_body_over_the_limit_is_dropped_and_then_left(model: Model, environ: dict[str, Any]) -> None:
    stream = Endless()
    assert over_wsgi(model, stream, **environ)[0] == 413
    assert LIMIT + MAX_DROPPED_BYTES < stream.given < LIMIT + MAX_DROPPED_BYTES + 2**17


def test_a_stream_that_fails_is_a_problem(model: Model) -> None:
    status, _, answer = over_wsgi(model, Endless(failing_at=100), CONTENT_LENGTH="1000000")
    assert status == 400
    assert b"could not be read" in answer


def test_an_asgi_body_in_many_small_messages(model: Model) -> None:
    messages = [*(body(BODY[i : i + 1], more=True) for i in range(len(BODY))), body(b"")]
    sent, left = over_asgi(model, *messages)
    assert left == []
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]
    assert sent[0]["status"] == 200


def test_an_asgi_body_over_the_limit_is_dropped_and_then_left(model: Model) -> None:
    block = b" " * 2**20
    messages = [body(block, more=True)] * 20
    sent, left = over_asgi(model, *messages)
    assert sent[0]["status"] == 413
    assert len(left) == 20 - (LIMIT + MAX_DROPPED_BYTES) // 2**20 - 1


def test_a_client_that_has_gone_is_not_answered_from_half_its_body(model: Model) -> None:
    assert over_asgi(model, body(BODY[:-1], more=True), {"type": "http.disconnect"}) == ([], [])


@pytest.mark.parametrize(
    ("root", "path", "status"),
    [
        ("/live", "/live/predict", 200),
        ("/live/", "/live/predict", 200),
        ("/live", "/predict", 200),
        ("", "/predict", 200),
        ("/pre", "/predict", 200),
        ("/predict", "/predict", 405),
    ],
)
def test_the_place_where_an_application_is_mounted_is_no_part_of_a_route(
    model: Model, root: str, path: str, status: int
) -> None:
    assert over_asgi(model, body(BODY), path=path, root_path=root)[0][0]["status"] == status


def test_lifespan_is_completed_both_ways(model: Model) -> None:
    events = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent, left = over_asgi(model, *events, type="lifespan")
    assert sent == [{"type": "lifespan.startup.complete"}, {"type": "lifespan.shutdown.complete"}]
    assert left == []


def test_a_websocket_is_closed_where_a_server_takes_no_answer(model: Model) -> None:
    sent, _ = over_asgi(model, {"type": "websocket.connect"}, type="websocket")
    assert sent == [{"type": "websocket.close"}]


def test_a_scope_that_nobody_knows_raises_as_asgi_asks(model: Model) -> None:
    with pytest.raises(ValueError, match="smtp"):
        over_asgi(model, type="smtp")


def headers_of(answered: list[dict[str, Any]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in answered[0]["headers"]}


def test_every_adapter_sends_the_gateway_s_headers(model: Model) -> None:
    class Request:
        def get_json(self, *, silent: bool) -> Any:
            assert silent
            return {"instances": [[1, 2]]}

    answers = [
        over_wsgi(model, io.BytesIO(BODY), CONTENT_LENGTH=str(len(BODY)))[1],
        headers_of(over_asgi(model, body(BODY))[0]),
        functions.application(model)(Request())[2],
    ]
    for headers in answers:
        assert headers.items() >= SECURITY_HEADERS.items()


def test_the_template_gives_the_gateway_s_own_answers_the_same_headers() -> None:
    template = yaml_parse((ROOT / "template.yaml").read_text(encoding="utf-8"))
    definition = template["Resources"]["Api"]["Properties"]["DefinitionBody"]
    for kind, response in definition["x-amazon-apigateway-gateway-responses"].items():
        sent = {
            name.lower().removeprefix("gatewayresponse.header."): value
            for name, value in response["responseParameters"].items()
        }
        assert sent.items() >= {name: f"'{value}'" for name, value in SECURITY_HEADERS.items()}.items(), kind


def test_a_page_of_the_origin_that_may_call_gets_the_gateway_s_headers(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKYLAYER_CORS_ORIGIN", "https://example.com")
    of_the_gateway = sent_headers(Response(200, {}, ""))
    assert of_the_gateway["access-control-allow-origin"] == "https://example.com"
    _, headers, _ = over_wsgi(model, io.BytesIO(), "GET", "/health")
    assert headers.items() >= (of_the_gateway | {"vary": "origin, accept-encoding"}).items()


def test_a_preflight_is_answered_as_the_template_does(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    assert over_wsgi(model, io.BytesIO(), "OPTIONS")[0] == 405
    monkeypatch.setenv("SKYLAYER_CORS_ORIGIN", "https://example.com")
    status, headers, content = over_wsgi(model, io.BytesIO(), "OPTIONS")
    assert (status, content) == (204, b"")
    assert "content-length" not in headers
    assert headers["access-control-allow-origin"] == "https://example.com"
    assert over_wsgi(model, io.BytesIO(), "OPTIONS", "/nothing")[0] == 404
    template = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for name, value in PREFLIGHT.items():
        told = re.findall(rf"method\.response\.header\.{name}: \"'(.*)'\"", template, re.IGNORECASE)
        assert told == [value] == [headers[name]]


def test_gzip_comes_in_one_member_or_in_several(model: Model) -> None:
    coded = {"HTTP_CONTENT_ENCODING": "X-GZIP"}
    for packed in (gzip.compress(BODY, mtime=0), gzip.compress(BODY[:9]) + gzip.compress(BODY[9:])):
        status, _, answer = over_wsgi(model, io.BytesIO(packed), CONTENT_LENGTH=str(len(packed)), **coded)
        assert status == 200, answer


@pytest.mark.parametrize(
    ("packed", "status", "words"),
    [
        (b"", 400, "ends too early"),
        (gzip.compress(BODY, mtime=0)[:-1], 400, "ends too early"),
        (gzip.compress(BODY, mtime=0)[:5], 400, "ends too early"),
        (BODY, 400, "is not gzip"),
        (zlib.compress(BODY), 400, "is not gzip"),
        (gzip.compress(BODY, mtime=0)[:-8] + b"\0" * 8, 400, "is not gzip"),
        (gzip.compress(BODY, mtime=0) + b"garbage", 400, "is not gzip"),
        (gzip.compress(b" " * LIMIT + b" ", mtime=0), 413, "unpacks to more than"),
        (
            gzip.compress(b" " * (LIMIT - 1), mtime=0) + gzip.compress(b"  ", mtime=0),
            413,
            "unpacks to more than",
        ),
    ],
    ids=[
        "empty",
        "cut",
        "cut early",
        "json",
        "zlib",
        "wrong digest",
        "garbage behind",
        "large",
        "two members",
    ],
)
def test_what_does_not_unpack_within_the_limit_is_refused(packed: bytes, status: int, words: str) -> None:
    headers = {"content-encoding": "gzip"}
    with pytest.raises(Problem, match=words) as caught:
        codings.decoded(headers, packed, LIMIT)
    assert caught.value.status == status
    assert caught.value.limits == ({"body_bytes": LIMIT} if status == 413 else {})


def unpacked(packed: bytes) -> bytes:
    headers, content = codings.decoded({"content-encoding": "gzip"}, packed, LIMIT)
    assert headers == {}
    return content


def test_deflate_is_unpacked_as_api_gateway_does() -> None:
    headers = {"content-encoding": "Deflate", "accept": "a"}
    assert codings.decoded(headers, zlib.compress(BODY), LIMIT) == ({"accept": "a"}, BODY)
    assert codings.decoded({"content-encoding": "br"}, BODY, LIMIT) == ({"content-encoding": "br"}, BODY)


def test_a_body_may_unpack_to_the_limit() -> None:
    assert unpacked(gzip.compress(b" " * LIMIT, mtime=0)) == b" " * LIMIT


def test_a_packed_body_over_the_limit_is_left_to_the_limit_of_bodies(model: Model) -> None:
    packed = gzip.compress(random.Random(0).randbytes(LIMIT + 1))  # noqa: S311 - what no coding makes shorter
    length = {"CONTENT_LENGTH": str(len(packed)), "HTTP_CONTENT_ENCODING": "gzip"}
    assert over_wsgi(model, io.BytesIO(packed), **length)[0] == 413


def test_a_bomb_is_left_packed() -> None:
    packed = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packed.compress(b"\0" * 2**20) for _ in range(1000)) + packed.flush()
    assert len(bomb) < LIMIT
    started = time.perf_counter()
    with pytest.raises(Problem, match="unpacks to more than"):
        unpacked(bomb)
    assert time.perf_counter() - started < 10


def test_a_body_of_many_empty_members_takes_no_quadratic_time() -> None:
    def seconds(members: int) -> float:
        packed = gzip.compress(b"", mtime=0) * members
        started = time.perf_counter()
        unpacked(packed)
        return time.perf_counter() - started

    assert seconds(LIMIT // 20) < 5


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("", False),
        ("gzip", True),
        ("GZip, br", True),
        ("br;q=1, x-gzip ; q=0.1", True),
        ("*", True),
        ("gzip;q=0", False),
        ("gzip;q=0, *", False),
        ("br", False),
        ("identity", False),
        ("identity;q=0.5, gzip;q=0.4", False),
        ("gzip;q=none", False),
    ],
)
def test_gzip_goes_out_to_who_likes_it_best(accept: str, packed: bool) -> None:
    answer = b"x" * codings.SMALLEST
    got = codings.encoded(answer, accept)
    assert (got is not None) is packed
    if got is not None:
        assert gzip.decompress(got) == answer
    assert codings.encoded(answer[1:], accept) is None


def test_what_a_client_has_already_is_told_without_a_length(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = Response(304, {"etag": 'W/"1"', "vary": "accept"}, "")
    monkeypatch.setattr("serving.adapters.service.handle", lambda *_: known)
    answer = Service(model).answer("GET", "/model", {}, lambda: b"")
    assert (answer.status, answer.body) == (304, b"")
    assert "content-length" not in answer.headers
    assert answer.headers["vary"] == "accept, accept-encoding"


@pytest.mark.parametrize("body_", [BODY, b"{"])
@pytest.mark.parametrize("coding", ["", "gzip"])
def test_every_answer_names_its_request(model: Model, body_: bytes, coding: str) -> None:
    service = Service(model)

    def named(**headers: str) -> str:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return service.answer("POST", "/predict", sent, lambda: body_).headers["x-request-id"]

    assert named(x_request_id="mine", content_encoding=coding) == "mine"
    assert named(content_encoding=coding) != named(content_encoding=coding)


SAMPLE = re.compile(r'(?P<name>[a-z_]+)\{(?P<labels>(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (?P<value>\S+)')


def samples(text: str) -> dict[tuple[str, str], float]:
    """Every sample of an exposition, by name and labels; each belongs to a family that is told before."""
    found, family = {}, ""
    assert text.endswith("\n")
    for line in text.splitlines():
        if line.startswith("# HELP "):
            family = line.split()[2]
        elif not line.startswith(f"# TYPE {family} "):
            match = SAMPLE.fullmatch(line)
            assert match, line
            assert re.sub("_(bucket|sum|count)$", "", match["name"]) == family
            assert (match["name"], match["labels"]) not in found
            found[match["name"], match["labels"]] = float(match["value"])
    return found


def scraped(service: Service) -> dict[tuple[str, str], float]:
    answer = service.answer("GET", "/metrics", {}, lambda: b"")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.body.decode())


def test_metrics_count_requests_rows_and_seconds_by_route(model: Model) -> None:
    service = Service(model)
    for _ in range(3):
        service.answer("POST", "/predict", {}, lambda: BODY)
    service.answer("POST", "/predict", {}, lambda: b"{")
    service.answer("GET", "/health", {}, lambda: b"")
    for number in range(50):
        service.answer("GET", f"/{number}", {}, lambda: b"")
    found = scraped(service)
    assert found["skylayer_model_info", 'name="sum",version="0000000000000000",engine="native"'] == 1
    requests = {labels: value for (name, labels), value in found.items() if name == "skylayer_requests_total"}
    assert requests == {
        'route="/predict",status="200",outcome="ok"': 3,
        'route="/predict",status="400",outcome="malformed-body"': 1,
        'route="/health",status="200",outcome="ok"': 1,
        'route="other",status="404",outcome="unknown-route"': 50,
    }
    assert found["skylayer_rows_total", 'route="/predict"'] == 6
    name = "skylayer_request_duration_seconds"
    buckets = [
        value
        for (sample, labels), value in found.items()
        if sample == f"{name}_bucket" and "/predict" in labels
    ]
    assert buckets == sorted(buckets)
    ends = [re.search('le="(.*?)"', labels) for (sample, labels) in found if sample == f"{name}_bucket"]
    limits = dict.fromkeys(end[1] for end in ends if end)
    assert [float(end) for end in limits] == [
        *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, math.inf)
    ]
    assert buckets[-1] == found[f"{name}_count", 'route="/predict"'] == 4
    assert 0 < found[f"{name}_sum", 'route="/predict"'] < 60
    assert scraped(service) == found  # a look at them is not counted


def test_metrics_escape_what_a_name_may_hold(model: Model) -> None:
    model.reference["name"] = 'a"b\\c\nd'
    assert any('name="a\\"b\\\\c\\nd"' in labels for _, labels in scraped(Service(model)))


def test_metrics_are_read_and_nothing_else(model: Model) -> None:
    answer = Service(model).answer("POST", "/metrics", {}, lambda: b"")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


def test_threads_lose_no_count(model: Model) -> None:
    service = Service(model)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: service.answer("GET", "/health", {}, lambda: b""), range(400)))
    found = scraped(service)
    assert found["skylayer_requests_total", 'route="/health",status="200",outcome="ok"'] == 400
