"""`promote`: make a version in a store the champion, the challenger or the shadow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from serving.stores.pointer import HEADER
from skylayer.commands import store_options
from skylayer.commands.variables import Variable, switch
from skylayer.errors import UserError
from skylayer.stores import rollouts

if TYPE_CHECKING:
    from skylayer.commands.variables import Options


def share(text: str) -> float:
    """A share of the requests."""
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise ValueError("a number from 0 to 1, such as 0.2 for a fifth")
    return weight


def header(text: str) -> str:
    """The name of a header, as HTTP/2 writes it."""
    name = text.lower()
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name):
        raise ValueError("the name of a header: letters, digits and -")
    return name


VARIABLES = (
    Variable("VERSION", "version, or the beginning of one; make versions lists them", required=True),
    *store_options.VARIABLES,
    Variable("WEIGHT", "share of the requests, 0 to 1: make it the challenger", share),
    Variable("HEADER", f"header whose value keeps requests on one version (default {HEADER})", header),
    Variable("SHADOW", "1: make it the shadow, which predicts and never answers", switch, False),
)
EXAMPLES = (
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd",
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd WEIGHT=0.2   # a fifth of the requests",
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd SHADOW=1      # compared, never answered",
)


def run(options: Options) -> None:
    """Change the pointer and say what it is now."""
    weight = options.weight
    if options.shadow and weight is not None:
        raise UserError("A version is a challenger (WEIGHT) or a shadow (SHADOW=1), not both at once.")
    if options.header and weight is None:
        raise UserError("HEADER keeps requests with a challenger: give its WEIGHT, too.")
    store = store_options.chosen(options)
    reference = rollouts.resolve(options.version, store.versions())
    if options.shadow:
        pointer = rollouts.set_shadow(store, reference)
    elif weight is not None:
        pointer = rollouts.challenge(store, reference, weight, options.header or HEADER)
    else:
        pointer = rollouts.promote(store, reference)
    print(f"{store_options.described(pointer, store.uri)}.")
    print(store_options.live_with(store.uri))
