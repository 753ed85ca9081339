"""Which requests a challenger answers: by hash, so that the same ones go to it from everywhere."""

from __future__ import annotations

from hashlib import sha256

import pytest

from serving.stores.pointer import Challenger
from serving.stores.share import goes_to_challenger

VERSION = "birds/bbbbbbbbbbbbbbbb"


def share_of(key: bytes) -> float:
    """Where a key lies between 0 and 1, by eight bytes of its digest."""
    return int.from_bytes(sha256(VERSION.encode() + b"\n" + key).digest()[:8], "big") / 2**64


@pytest.mark.parametrize(
    ("headers", "body", "key"),
    [
        ({}, b"[1]", b"body:[1]"),
        ({"x-other": "a"}, b"[2]", b"body:[2]"),
        ({"x-session": "a"}, b"[1]", b"header:a"),
        ({"x-session": ""}, b"[1]", b"header:"),
        ({"x-session": "ü\udcff"}, b"", "header:ü".encode() + b"\xed\xb3\xbf"),
    ],
    ids=["a body", "another header", "the header", "an empty header", "no Unicode"],
)
def test_the_header_or_else_the_body_decides_with_the_version(
    headers: dict[str, str], body: bytes, key: bytes
) -> None:
    at = share_of(key)
    assert not goes_to_challenger(Challenger(VERSION, at - 1e-9, "x-session"), headers, body)
    assert goes_to_challenger(Challenger(VERSION, at + 1e-9, "x-session"), headers, body)


def test_the_share_of_bodies_is_the_weight() -> None:
    bodies = [b"%d" % k for k in range(4000)]
    for weight in (0.0, 0.2, 1.0):
        challenger = Challenger(VERSION, weight, "x-session")
        met = sum(goes_to_challenger(challenger, {}, body) for body in bodies)
        assert abs(met - weight * len(bodies)) <= 100 * (0 < weight < 1)


def test_a_request_just_at_the_weight_is_the_champion_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weight of a power of two meets a digest exactly."""

    class Half:
        def digest(self) -> bytes:
            return b"\x80" + bytes(31)

    monkeypatch.setattr("serving.stores.share.sha256", lambda _: Half())
    assert not goes_to_challenger(Challenger(VERSION, 0.5, "x-session"), {}, b"")
    assert goes_to_challenger(Challenger(VERSION, 0.5 + 2**-53, "x-session"), {}, b"")
