"""Writing to a store in a DynamoDB table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from serving.stores import POINTER, aws
from serving.stores.dynamodb import PART_BYTES, DynamoDBPlace, part_name
from skylayer.stores.interface import VERSIONS, Conflict

if TYPE_CHECKING:
    from pathlib import Path


class WritableDynamoDBPlace(DynamoDBPlace):
    """A DynamoDB table that these credentials may write to."""

    def write(self, key: str, path: Path) -> None:
        """Put a file's pieces, an empty one if the file is empty; without its record nobody looks for them."""
        with aws.failures(self.name(key)), path.open("rb") as file:
            number = 0
            while (content := file.read(PART_BYTES)) or not number:
                self._put({"key": {"S": key}, "part": {"S": part_name(number)}, "content": {"B": content}})
                number += 1

    def write_record(self, name: str, content: bytes, kind: str = VERSIONS) -> None:
        """Make a version visible, or note that it is being pushed."""
        with aws.failures(self.name(name)):
            self._put({"key": {"S": kind}, "part": {"S": name}, "content": {"B": content}})

    def records(self, kind: str = VERSIONS) -> list[tuple[str, bytes]]:
        """Name and content of every record."""
        with aws.failures(self.name(kind)):
            return [(item["part"]["S"], bytes(item["content"]["B"])) for item in self._items(kind)]

    def read_record(self, name: str, kind: str = VERSIONS) -> bytes | None:
        """The content of a record, None if there is none."""
        with aws.failures(self.name(name)):
            found = self.item(kind, name)
        return None if found is None else bytes(found["content"]["B"])

    def remove_record(self, name: str, kind: str = VERSIONS) -> None:
        """Make a version invisible, or end the note."""
        with aws.failures(self.name(name)):
            self._delete(kind, name)

    def remove_below(self, prefix: str, files: list[str]) -> None:
        """Remove a version's content: a table can't list keys by prefix, so the files are given."""
        for file in files:
            with aws.failures(self.name(prefix + file)):
                for item in self._items(prefix + file, "part"):
                    self._delete(prefix + file, item["part"]["S"])

    def replace_pointer(self, content: bytes, token: str | None) -> None:
        """A conditional write on the revision that was read."""
        item = {
            "key": {"S": POINTER},
            "part": {"S": POINTER},
            "content": {"B": content},
            "revision": {"N": str(int(token or 0) + 1)},
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(revision)"}
        if token is not None:
            condition = {
                "ConditionExpression": "revision = :read",
                "ExpressionAttributeValues": {":read": {"N": token}},
            }
        with aws.failures(self.name(POINTER)):
            try:
                self._put(item, **condition)
            except ClientError as error:
                if aws.code(error) == "ConditionalCheckFailedException":
                    raise Conflict from error
                raise

    def _put(self, item: dict[str, Any], **condition: Any) -> None:
        self.client.put_item(TableName=self.table, Item=item, **condition)

    def _delete(self, key: str, part: str) -> None:
        self.client.delete_item(TableName=self.table, Key={"key": {"S": key}, "part": {"S": part}})

    def _items(self, key: str, *attributes: str) -> list[dict[str, Any]]:
        names = {"#key": "key", **{f"#{name}": name for name in attributes}}
        projection = (
            {"ProjectionExpression": ", ".join(f"#{name}" for name in attributes)} if attributes else {}
        )
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            KeyConditionExpression="#key = :key",
            ExpressionAttributeNames=names,
            ExpressionAttributeValues={":key": {"S": key}},
            ConsistentRead=True,
            **projection,
        )
        return [item for page in pages for item in page["Items"]]
