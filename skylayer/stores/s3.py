"""Writing to a store in a bucket."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from serving.stores import POINTER, Missing, StoreError, aws
from serving.stores.s3 import S3Place
from skylayer.stores.interface import VERSIONS, Conflict

if TYPE_CHECKING:
    from pathlib import Path

_LOST = {"PreconditionFailed", "ConditionalRequestConflict", "412", "409", "NoSuchKey"}
_KEYS_PER_REQUEST = 1000


class WritableS3Place(S3Place):
    """A bucket that these credentials may write to."""

    def write(self, key: str, path: Path) -> None:
        """Upload a file, in parts if it is large; an object appears when it is complete."""
        with aws.failures(self.name(key)):
            self.client.upload_file(str(path), self.bucket, self.key(key))

    def write_record(self, name: str, content: bytes, kind: str = VERSIONS) -> None:
        """Make a version visible, or note that it is being pushed."""
        self._put(f"{kind}/{name}", content)

    def records(self, kind: str = VERSIONS) -> list[tuple[str, bytes]]:
        """Name and content of every record."""
        names = [key.removeprefix(f"{kind}/") for key in self._keys(f"{kind}/")]
        return [(name, content) for name in names if (content := self.read_record(name, kind)) is not None]

    def read_record(self, name: str, kind: str = VERSIONS) -> bytes | None:
        """The content of a record, None if there is none."""
        try:
            return b"".join(self.chunks(f"{kind}/{name}"))
        except Missing as error:
            if "NoSuchBucket" in str(error):
                raise StoreError(f"There is no bucket {self.bucket}.") from error
            return None

    def remove_record(self, name: str, kind: str = VERSIONS) -> None:
        """Make a version invisible, or end the note."""
        with aws.failures(self.name(f"{kind}/{name}")):
            self.client.delete_object(Bucket=self.bucket, Key=self.key(f"{kind}/{name}"))

    def remove_below(self, prefix: str, files: list[str]) -> None:  # noqa: ARG002 (a listing knows them)
        """Remove a version's content, the parts of uploads that never ended included."""
        keys = self._keys(prefix)
        with aws.failures(self.name(prefix)):
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket, Prefix=self.key(prefix)
            )
            for upload in [upload for page in pages for upload in page.get("Uploads", [])]:
                self.client.abort_multipart_upload(
                    Bucket=self.bucket, Key=upload["Key"], UploadId=upload["UploadId"]
                )
            for start in range(0, len(keys), _KEYS_PER_REQUEST):
                objects = [{"Key": self.key(key)} for key in keys[start : start + _KEYS_PER_REQUEST]]
                self.client.delete_objects(Bucket=self.bucket, Delete={"Objects": objects, "Quiet": True})

    def replace_pointer(self, content: bytes, token: str | None) -> None:
        """A conditional write, on the entity tag that was read.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        condition = {"IfNoneMatch": "*"} if token is None else {"IfMatch": token}
        try:
            self._put(POINTER, content, **condition)
        except StoreError as error:
            if isinstance(error.__cause__, ClientError) and aws.code(error.__cause__) in _LOST:
                raise Conflict from error
            raise

    def _put(self, key: str, content: bytes, **condition: str) -> None:
        with aws.failures(self.name(key)):
            self.client.put_object(
                Bucket=self.bucket,
                Key=self.key(key),
                Body=content,
                ContentType="application/json",
                **condition,
            )

    def _keys(self, prefix: str) -> list[str]:
        with aws.failures(self.name(prefix)):
            pages = self.client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.key(prefix)
            )
            return [
                entry["Key"].removeprefix(self.prefix) for page in pages for entry in page.get("Contents", [])
            ]
