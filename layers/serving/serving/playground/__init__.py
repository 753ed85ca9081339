"""The playground: one self-contained page on which a person tries the model.

The page is the same for every model and tells nothing of any: its script asks `GET model` for the schema,
the histograms and the card, with the visitor's API key or token. It is written as plain HTML, CSS and JavaScript
modules beside this file, and joined here on the first visit, so that a model swapped in at run time needs no
page of its own and a prediction never pays for it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import os
import re

# Each module after those that it imports.
MODULES = ("dom", "api", "csv", "histogram", "form", "answer", "snippets", "scoring", "main")

_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@functools.cache
def page(authentication: str) -> tuple[str, str]:
    """The page, and the Content-Security-Policy (CSP level 3) that lets only its own script and style run.

    Args:
        authentication: What the stack asks its callers for: `api-key`, `iam`, `cognito` or `none`.
    """
    styles = style()
    script = "\n".join(_EXPORT.sub("", _IMPORT.sub("", _read(f"{name}.js"))) for name in MODULES)
    html = _read("index.html").replace("/* style.css */", styles).replace("/* script */", script)
    html = html.replace('data-authentication=""', f'data-authentication="{authentication}"')
    policy = (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(styles)}'; img-src data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return html, policy


def card_policy(style: str) -> str:
    """The policy of a model card with this style sheet: nothing on it runs or is fetched, whatever its text says.

    It stands in the page itself, too, for whoever opens the file.
    """
    return (
        f"default-src 'none'; style-src '{digest(style)}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def style() -> str:
    """The style sheet, which the model card shares."""
    return _read("style.css")


def digest(text: str) -> str:
    """What a Content-Security-Policy calls a script or a style by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _read(name: str) -> str:
    path = os.path.join(os.path.dirname(__file__), name)
    with open(path, encoding="utf-8") as file:
        return file.read()
