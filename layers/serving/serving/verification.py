"""A deployed version verified from outside: the golden rows of the model that answers, replayed through it.

A function that follows a store may answer with another model than its layer's, so the rows are those of the version
that it names. What answers a request can change between two of them: by a promotion, or by a challenger's share.
"""

from __future__ import annotations

import json
import tempfile

from serving import artifact, golden
from serving.stores.download import download
from serving.stores.open import open_place

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Ask = Callable[[dict[str, Any]], dict[str, Any]]

# Requests with the same rows until the version that they are of answers one: a challenger gets some of them.
ATTEMPTS = 20
# Versions that are tried: the champion of a challenger with all requests never answers; another may be promoted.
VERSIONS = 3
STORE_SECONDS = 20.0


class NotVerifiedError(Exception):
    """A deployed version doesn't answer, or names a model whose golden rows aren't known; one line that says which."""


def mismatch(ask: Ask, shipped: str, store: str | None) -> str | None:
    """Why what answers must not get traffic; None if it answers as its estimator did.

    Args:
        ask: Sends a REST proxy event to the deployed version and gives its proxy response.
        shipped: Folder of the artifact in the model layer.
        store: Address of the store that the deployed version follows; None if it follows none.

    Raises:
        NotVerifiedError: It doesn't answer, or names a version that is neither the layer's nor in a store.
        StoreError: The version that answers can't be read from the store.
        ArtifactError: What the store holds under its name is something else.
    """
    reference = _reference(_send(ask, "GET", "/health"))
    for _ in range(VERSIONS):
        with tempfile.TemporaryDirectory(prefix="skylayer-") as home:
            answering, found = _replay(ask, reference, _folder(reference, shipped, store, home))
        if answering == reference:
            return found
        reference = answering
    raise NotVerifiedError(f"no version answers its own golden rows; the last that answered was {reference}")


def _replay(ask: Ask, reference: str, folder: str) -> tuple[str, str | None]:
    """The version that answers the golden rows of another, and where its answers differ if it is the same one."""
    instances, expected = golden.read(folder)
    tolerance = golden.tolerance_of(artifact.read_manifest(folder))
    rows = json.dumps({"instances": instances})
    answering = reference
    for attempt in range(ATTEMPTS):
        # The share of a challenger is drawn by the bytes of the body, and white space is some.
        answer = _send(ask, "POST", "/predict", rows + " " * attempt)
        answering = _reference(answer)
        if answering == reference:
            return answering, golden.difference(expected, answer, tolerance)
    return answering, None


def _folder(reference: str, shipped: str, store: str | None, home: str) -> str:
    """Where the manifest and the golden rows of a version are: in the layer, or fetched from the store."""
    manifest = artifact.read_manifest(shipped)
    own = f"{manifest['name']}/{manifest['version']}"
    if reference == own:
        return shipped
    if store is None:
        raise NotVerifiedError(f"{reference} answers, and the layer holds {own}")
    return download(open_place(store), reference, home, STORE_SECONDS, only=(artifact.GOLDEN,))


def _send(ask: Ask, method: str, path: str, body: str | None = None) -> dict[str, Any]:
    headers = {"content-type": "application/json"}
    response = ask({"httpMethod": method, "resource": path, "headers": headers, "body": body})
    if response.get("statusCode") != 200:  # noqa: PLR2004
        raise NotVerifiedError(f"the version answers {response.get('statusCode')} to {method} {path}")
    answer: dict[str, Any] = json.loads(response["body"])
    return answer


def _reference(answer: dict[str, Any]) -> str:
    return f"{answer['model']['name']}/{answer['model']['version']}"
