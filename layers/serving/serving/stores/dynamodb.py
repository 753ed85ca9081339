"""A store in a DynamoDB table, content cut into items below DynamoDB's limit.

Partition key `key` (string), sort key `part` (string)::

    key                                part                    what
    artifacts/<name>/<version>/<file>  000000, 000001, …       `content`: a piece of the file (binary)
    versions                           <name>/<version>        `content`: the record of a version
    pushes                             <name>/<version>        `content`: the note of a push that is under way
    pointer                            pointer                 `content`, `revision` (number, counts up)
"""

from __future__ import annotations

from serving.stores import POINTER, Missing, StoreError, aws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

# An item takes at most 400 kB, its names and keys included:
# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
PART_BYTES = 350 * 1024


class DynamoDBPlace:
    """A DynamoDB table."""

    def __init__(self, rest: str, seconds: float | None = None) -> None:
        self.table = rest.strip("/")
        if "/" in self.table:
            raise StoreError(f"dynamodb://{rest} is not a store: use dynamodb://table, nothing behind it.")
        self.client = aws.client("dynamodb", seconds)

    def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
        """The pointer and its token; (None, None) if there is none; None if the token is still its own."""
        with aws.failures(self.name(POINTER)):
            item = self.item(POINTER, POINTER)
        if item is None:
            return None, None
        found = item["revision"]["N"]
        return None if found == token else (_bytes(item), found)

    def chunks(self, key: str) -> Iterator[bytes]:
        """The content under a key, piece by piece: a query each, since an answer holds 1 MB at most."""
        with aws.failures(self.name(key)):
            pages = self.client.get_paginator("query").paginate(
                TableName=self.table,
                KeyConditionExpression="#key = :key",
                ExpressionAttributeNames={"#key": "key"},
                ExpressionAttributeValues={":key": {"S": key}},
                ConsistentRead=True,
            )
            expected = 0
            for page in pages:
                for item in page["Items"]:
                    if item["part"]["S"] != part_name(expected):
                        raise Missing(f"{self.name(key)} lacks part {expected}.")
                    expected += 1
                    yield _bytes(item)
        if not expected:
            raise Missing(f"{self.name(key)} is not there.")

    def item(self, key: str, part: str) -> dict[str, Any] | None:
        """One item as it is now, None if there is none."""
        answer = self.client.get_item(
            TableName=self.table, Key={"key": {"S": key}, "part": {"S": part}}, ConsistentRead=True
        )
        found: dict[str, Any] | None = answer.get("Item")
        return found

    def name(self, key: str) -> str:
        """The item, as a message names it."""
        return f"dynamodb://{self.table} {key}"


def part_name(number: int) -> str:
    """Parts sort as text in the order of their numbers."""
    return f"{number:06d}"


def _bytes(item: dict[str, Any]) -> bytes:
    return bytes(item["content"]["B"])
