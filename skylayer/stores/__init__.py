"""Where model versions live: pushed, listed, promoted, rolled back and pruned alike in every place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from serving.stores import LAYER, StoreError, split
from skylayer.errors import UserError

if TYPE_CHECKING:
    from skylayer.stores.interface import Store


def open_store(uri: str, *, create: bool = False) -> Store:
    """The store at an address.

    Args:
        uri: `layer`, `file://directory`, `s3://bucket/prefix` or `dynamodb://table`.
        create: Make a directory that isn't there; buckets and DynamoDB tables are made by the template alone.

    Raises:
        UserError: It is not an address of a store, or AWS's client is not installed.
    """
    if uri in {"", LAYER}:
        from skylayer.stores.layer import LayerStore  # noqa: PLC0415 (each place is imported when it is meant)

        return LayerStore()
    from skylayer.stores.remote import RemoteStore  # noqa: PLC0415

    try:
        scheme, rest = split(uri)
        if scheme == "file://":
            from skylayer.stores.file import WritableFilePlace  # noqa: PLC0415

            return RemoteStore(uri, WritableFilePlace(rest, create=create))
        if scheme == "s3://":
            from skylayer.stores.s3 import WritableS3Place  # noqa: PLC0415

            return RemoteStore(uri, WritableS3Place(rest))
        from skylayer.stores.dynamodb import WritableDynamoDBPlace  # noqa: PLC0415

        return RemoteStore(uri, WritableDynamoDBPlace(rest))
    except StoreError as error:
        raise UserError(f"{error}") from error
