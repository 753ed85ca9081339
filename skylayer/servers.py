"""The champion of this clone, or the artifact that `SKYLAYER_MODEL` names, behind any Python server.

uv run --group protocols uvicorn --factory skylayer.servers:asgi
"""

from __future__ import annotations

import functools
import os
from typing import TYPE_CHECKING, Any

from serving.adapters import asgi as of_asgi
from serving.adapters import functions as of_functions
from serving.adapters import wsgi as of_wsgi
from skylayer import project
from skylayer.artifact.open import load

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from wsgiref.types import WSGIApplication

    from serving.model import Model


def asgi() -> Callable[..., Awaitable[None]]:
    """An ASGI application, as `serving.adapters.asgi` makes it."""
    return of_asgi.application(_model())


def wsgi() -> WSGIApplication:
    """A WSGI application, as `serving.adapters.wsgi` makes it."""
    return of_wsgi.application(_model())


def run_model(request: Any) -> tuple[bytes, int, dict[str, str]]:
    """A function of a request, as `serving.adapters.functions` makes it."""
    return _function()(request)


@functools.cache
def _function() -> of_functions.Function:
    return of_functions.application(_model())


def _model() -> Model:
    """The model, with the kernel or library of its engine found or built: in a clone, no layer holds them.

    Raises:
        UserError: There is no champion, or its engine can't run on this machine.
    """
    return load(os.environ.get("SKYLAYER_MODEL") or project.champion())
