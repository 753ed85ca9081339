"""`promote`: let a version of a store answer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from serving.stores.pointer import HEADER
from skylayer.commands import store_options
from skylayer.errors import UserError
from skylayer.stores import rollouts

if TYPE_CHECKING:
    import argparse

EXAMPLES = (
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd",
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd WEIGHT=0.2   # a fifth of the requests",
    "make promote STORE=s3://my-bucket/models VERSION=0123abcd SHADOW=1      # compared, never answered",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the store, the version and its part."""
    store_options.add_arguments(parser)
    parser.add_argument("version", help="version, or the beginning of one")
    parser.add_argument(
        "--weight", help="share of the requests, 0 to 1: a challenger instead of the champion"
    )
    parser.add_argument(
        "--header", help=f"requests with the same value of it stay together (default {HEADER})"
    )
    parser.add_argument("--shadow", action="store_true", help="score and log only, never answer")


def run(options: argparse.Namespace) -> None:
    """Change the pointer and say what it is now."""
    weight = _weight(options.weight)
    if options.shadow and weight is not None:
        raise UserError("A version is a challenger (WEIGHT) or a shadow (SHADOW=1), not both at once.")
    if options.header and weight is None:
        raise UserError("HEADER keeps requests with a challenger: give its WEIGHT, too.")
    store = store_options.chosen(options)
    reference = rollouts.resolve(options.version, store.versions())
    if options.shadow:
        pointer = rollouts.set_shadow(store, reference)
    elif weight is not None:
        pointer = rollouts.challenge(store, reference, weight, _header(options.header or HEADER))
    else:
        pointer = rollouts.promote(store, reference)
    print(f"{store_options.described(pointer, store.uri)}.")
    print(store_options.live_with(store.uri))


def _weight(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        weight = float(text)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise UserError(f"WEIGHT is {text!r}; it must be a number from 0 to 1, such as 0.2 for a fifth.")
    return weight


def _header(text: str) -> str:
    name = text.lower()
    if not re.fullmatch(r"[a-z0-9-]{1,64}", name):
        raise UserError(f"HEADER is {text!r}; it must be the name of a header: letters, digits and -.")
    return name
