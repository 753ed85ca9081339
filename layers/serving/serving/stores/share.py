"""Which requests go to a challenger: the same ones every time, from every execution environment."""

from __future__ import annotations

from hashlib import sha256

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from serving.stores.pointer import Challenger

_WHOLE = 1 << 64


def goes_to_challenger(challenger: Challenger, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a request belongs to the challenger's share.

    A client that sends the challenger's header stays with one version; without it, the same rows do. The
    version is hashed with it, so that another roll-out meets other clients.
    """
    value = headers.get(challenger.header)
    key = b"body:" + body if value is None else b"header:" + value.encode("utf-8", "surrogatepass")
    digest = sha256(challenger.version.encode() + b"\n" + key).digest()
    return int.from_bytes(digest[:8], "big") < challenger.weight * _WHOLE  # type: ignore[no-any-return]
