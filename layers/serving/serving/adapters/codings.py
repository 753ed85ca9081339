"""Content codings (RFC 9110, section 8.4): gzip and deflate in, unpacked only as far as the limits go; gzip out."""

from __future__ import annotations

import zlib

from serving.errors import Problem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say: with gzip's header and checksum
_NAMES = ("gzip", "x-gzip")
_WINDOWS = {**dict.fromkeys(_NAMES, _GZIP), "deflate": zlib.MAX_WBITS}
# A smaller answer fits into one packet as it is.
SMALLEST = 1400
_LEVEL = 4
# What is left of a block when a member ends is copied, so a body of thousands of members needs small ones.
_BLOCK = 4096


def decoded(headers: Mapping[str, str], body: bytes, limit: int) -> tuple[Mapping[str, str], bytes]:
    """Headers and body without the coding that API Gateway would unpack, too; others are left to the API.

    Args:
        headers: By lower-case name.
        body: What came.
        limit: Bytes that the body may have, unpacked.

    Raises:
        Problem: 400: it is not of that coding, or ends too early. 413: it unpacks to more than the limit.
    """
    coding = headers.get("content-encoding", "").strip().lower()
    window = _WINDOWS.get(coding)
    if window is None:
        return headers, body
    headers = {name: value for name, value in headers.items() if name != "content-encoding"}
    if len(body) > limit:  # cut off by its reader; the API refuses it by its length
        return headers, body
    try:
        return headers, _unpacked(memoryview(body), limit, window)
    except zlib.error as error:
        raise Problem(400, f"The body is not {coding}, as Content-Encoding says: {error}.") from None


def _unpacked(packed: memoryview, limit: int, window: int) -> bytes:
    """Every member of a gzip file, one after the other (RFC 1952), never more than a byte over the limit."""
    parts: list[bytes] = []
    size = position = 0
    while position < len(packed) or not parts:
        member = zlib.decompressobj(window)
        while not member.eof:
            block = packed[position : position + _BLOCK]
            if not block:
                raise Problem(400, "The compressed body ends too early.")
            parts.append(member.decompress(block, limit + 1 - size))
            size += len(parts[-1])
            if size > limit:
                detail = f"The body unpacks to more than {limit} bytes: send fewer rows at a time."
                raise Problem(413, detail, limits={"body_bytes": limit})
            position += len(block) - len(member.unused_data)
    return b"".join(parts)


def encoded(body: bytes, accept: str) -> bytes | None:
    """A body in gzip, or None where it is small or the client likes it better as it is.

    Args:
        body: The answer.
        accept: The client's Accept-Encoding, empty if it sent none.
    """
    if len(body) < SMALLEST or not _takes_gzip(accept):
        return None
    stream = zlib.compressobj(_LEVEL, wbits=_GZIP)
    return stream.compress(body) + stream.flush()


def _takes_gzip(accept: str) -> bool:
    qualities: dict[str, float] = {}
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        qualities[name] = _quality(parameters)
    gzip = max((qualities[name] for name in _NAMES if name in qualities), default=qualities.get("*", 0.0))
    return gzip > 0 and gzip >= qualities.get("identity", 0.0)


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, text = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(text)
            except ValueError:
                return 0.0
    return 1.0
