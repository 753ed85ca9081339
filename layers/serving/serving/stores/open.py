"""From the address of a store to its place, whose module is imported when such an address is used."""

from __future__ import annotations

from serving.stores import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from serving.stores import Place


def open_place(uri: str, seconds: float | None = None) -> Place:
    """The place behind an address.

    Args:
        uri: `file://directory`, `s3://bucket/prefix` or `dynamodb://table`.
        seconds: How long to wait for an answer, and not to ask twice; boto3's own patience if not given.

    Raises:
        StoreError: It is not an address of a store.
    """
    scheme, rest = split(uri)
    if scheme == "file://":
        from serving.stores import file

        return file.FilePlace(rest)
    if scheme == "s3://":
        from serving.stores import s3

        return s3.S3Place(rest, seconds)
    from serving.stores import dynamodb

    return dynamodb.DynamoDBPlace(rest, seconds)
