"""Lambda's runtime loop in C: its program for each architecture, and the form of a model that it answers from.

The program is `layers/serving/fast_start`, linked with the kernel and with nothing else. The form is written from what
the Python handler itself gives, with marks in place of the values of a request: so C knows no header and no word.
"""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from serving import api, gateway, http, log, metrics, model, predict
from serving.artifact import ArtifactError, read_manifest
from serving.engines.native import HEADER, NativeEngine
from skylayer import project
from skylayer.compiler import kernel_build

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = project.ROOT / "layers" / "serving" / "fast_start"
FOLDER = "fast-start"
FORM = "prepared.bin"
# The handler that does nothing but start ours. The form holds its digest and not that of the function's own: another
# handler needs another function, not another layer of the model, and the loop leaves it to Python.
HANDLER = b'''"""The Lambda behind the API: the model is loaded once, before the first request, and answers them all."""

from serving import gateway

lambda_handler = gateway.start()
'''
# Lambda's name of an architecture -> the compiler's target and processor.
TARGETS = {"x86_64": ("x86_64-linux-none", "x86_64_v2"), "arm64": ("aarch64-linux-none", "generic")}
_OF_A_LIBRARY = {"-fPIC", "-shared"}

# What layers/serving/fast_start/prepared.h calls them.
VERSION = 1
_HEAD = struct.Struct("<8sIIQ")
_ENDIAN = 0x01020304
_SHOWN_ID, _ID, _ORIGIN, _BODY, _SECOND, _MILLISECOND, _ROWS, _LATENCY, _FUNCTION, _COLD = map(
    chr, range(16, 26)
)
_MARKS = frozenset(range(16, 26))
ROUTES = (
    ("POST", "/predict"),
    ("GET", "/health"),
    ("GET", "/ping"),
    ("GET", "/v2/health/live"),
    ("GET", "/v2/health/ready"),
)
_INFO = 20


def program(architecture: str) -> Path:
    """The program for an architecture, `start-<architecture>`, compiled if it must be.

    Raises:
        KernelError: when the compiler is missing or refuses a source.
    """
    return kernel_build.compiled(f"start-{architecture}", flags(architecture), sources())


def flags(architecture: str) -> list[str]:
    """How a program without a C library is compiled for an architecture."""
    triple, processor = TARGETS[architecture]
    own = [flag for flag in kernel_build.FLAGS if flag not in _OF_A_LIBRARY]
    return ["-target", triple, f"-mcpu={processor}", *own, "-static", "-s"]


def sources() -> list[Path]:
    """The files that the program is made of, the kernel's among them."""
    return sorted([*kernel_build.SOURCES.glob("*.[ch]"), *SOURCES.glob("*.[ch]")])


def form_of(folder: Path) -> bytes | None:
    """The form of an artifact's model; None where only Python can answer from it.

    So it is with texts, and with values that only Python reads.
    """
    if read_manifest(folder)["engine"] != "native":
        return None
    try:
        kernel_build.use_host_kernel()
        loaded = model.load(folder)
    except (ArtifactError, kernel_build.KernelError):
        return None
    engine = loaded.engine
    if not isinstance(engine, NativeEngine) or engine.reader is None or engine.writer is None:
        return None
    file = loaded.manifest["engines"]["native"]["file"]
    table = (folder / file).read_bytes()
    header = HEADER.unpack_from(table)
    parts = _Parts()
    numbers = (
        len(table), digest(table[: HEADER.size] + table[header[12] : header[12] + header[13]]),
        len(HANDLER), digest(HANDLER), engine.reader.least_row, engine.writer.once, engine.writer.per_row,
    )  # fmt: skip
    schema, layout = engine.reader.schema.raw, engine.writer.layout.raw
    if b"\x7f" in layout + loaded.tail.encode():  # the runtime's client escapes it or not, by its version
        return None
    texts = [file.encode(), schema, layout, loaded.tail.encode("ascii")]
    fixed = [parts.add(text) for text in texts]
    body = struct.pack("<7Q", *numbers) + b"".join(fixed)
    body += struct.pack("<2I", len(loaded.schema), engine.reader.width)
    body += b"".join(_route(method, path, loaded, parts) for method, path in ROUTES)
    return parts.whole(body)


def digest(content: bytes) -> int:
    """The FNV-1a digest of 64 bits (Fowler, Noll, Vo)."""
    value = 0xCBF29CE484222325
    for byte in content:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


class _Parts:
    """Texts behind the form's fixed part, each at a multiple of 8."""

    def __init__(self) -> None:
        self._content = bytearray()
        self._at = _HEAD.size + 8 + 7 * 8 + 4 * 8 + 8 + len(ROUTES) * (16 + 8 * 7)

    def add(self, text: bytes) -> bytes:
        """Where a text lies and its size."""
        place = struct.pack("<2I", self._at + len(self._content), len(text))
        self._content += text
        self._content += bytes(-len(self._content) % 8)
        return place

    def whole(self, fixed: bytes) -> bytes:
        """The form: its head, then the fixed part, then the texts."""
        rest = fixed + self._content
        head = _HEAD.pack(b"SKYSTART", VERSION, _ENDIAN, _HEAD.size + 8 + len(rest))
        return head + struct.pack("<Q", digest(rest)) + rest


class _Marked:
    """A model whose answer is a mark."""

    def __init__(self, loaded: model.Model) -> None:
        self.schema: list[Any] = []
        self.reference = loaded.reference

    def predict_json(self, _: bytes) -> tuple[str, int]:
        """The mark, for one row."""
        return _BODY, 1


def _route(method: str, path: str, loaded: model.Model, parts: _Parts) -> bytes:
    request = http.Request(method, path, request_id=_ID)
    marked: Any = _Marked(loaded)
    predicts = method == "POST"
    response = predict.predict(request, marked) if predicts else api.dispatch(request, loaded)
    if predicts:
        response.rows = _ROWS  # type: ignore[assignment]
    response.headers["x-request-id"] = _SHOWN_ID
    answers = [_answer(response, origin) for origin in ("", "*", _ORIGIN)]
    lines = [
        _line(request, response, path, loaded, named=named, measured=measured)
        for measured in (False, True)
        for named in (False, True)
    ]
    places = [parts.add(text) for text in (path.encode(), *answers, *lines)]
    return places[0] + struct.pack("<2I", predicts, 0) + b"".join(places[1:])


def _answer(response: http.Response, origin: str) -> bytes:
    proxied = gateway.response_of(response) | {"headers": http.sent_headers(response, origin)}
    return _template(json.dumps(proxied))


def _line(
    request: http.Request,
    response: http.Response,
    path: str,
    loaded: model.Model,
    *,
    named: bool,
    measured: bool,
) -> bytes:
    shown = response.headers | {"x-request-id": _SHOWN_ID if named else _ID}
    copy = http.Response(response.status, shown, response.body, rows=response.rows, outcome=response.outcome)
    members = log.request_members(request, api.route_of(path), copy, loaded.reference, _LATENCY)
    if measured:
        members |= metrics.request_members(_FUNCTION, _COLD, _MILLISECOND)
    return _template(log.platform_line(_SECOND, _INFO, "request", members))


def _template(text: str) -> bytes:
    """JSON with its marks as bytes: those of numbers without quotes, those of texts between theirs."""
    for mark in (_ROWS, _LATENCY, _COLD, _MILLISECOND):
        text = text.replace(json.dumps(mark), mark)
    for code in _MARKS:
        text = text.replace(f"\\u{code:04x}", chr(code))
    return text.encode("ascii")
