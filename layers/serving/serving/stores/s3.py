"""A store in a bucket, below a prefix."""

from __future__ import annotations

from serving.stores import POINTER, Missing, StoreError, aws

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

CHUNK_BYTES = 1024 * 1024
_NOT_MODIFIED = "304"


class S3Place:
    """A bucket and a prefix in it; a key is an object below the prefix."""

    def __init__(self, rest: str, seconds: float | None = None) -> None:
        self.bucket, _, prefix = rest.partition("/")
        self.prefix = prefix.strip("/") + "/" if prefix.strip("/") else ""
        self.client = aws.client("s3", seconds)

    def read_pointer(self, token: str | None) -> tuple[bytes | None, str | None] | None:
        """The pointer and its token; (None, None) if there is none; None if the token is still its own.

        A conditional GET (RFC 9110, section 13.1.2): without a change S3 answers 304 and sends no body.
        """
        from botocore.exceptions import ClientError

        condition = {} if token is None else {"IfNoneMatch": token}
        try:
            with aws.failures(self.name(POINTER)):
                try:
                    answer = self.client.get_object(Bucket=self.bucket, Key=self.key(POINTER), **condition)
                except ClientError as error:
                    if aws.code(error) in {_NOT_MODIFIED, "NotModified"}:
                        return None
                    if aws.code(error) == "NoSuchBucket":
                        raise StoreError(f"There is no bucket {self.bucket}.") from error
                    raise
                return answer["Body"].read(), answer["ETag"]
        except Missing:
            return None, None

    def chunks(self, key: str) -> Iterator[bytes]:
        """The content under a key, piece by piece."""
        with aws.failures(self.name(key)):
            body = self.client.get_object(Bucket=self.bucket, Key=self.key(key))["Body"]
            yield from body.iter_chunks(CHUNK_BYTES)

    def key(self, key: str) -> str:
        """The object's whole key."""
        return self.prefix + key

    def name(self, key: str) -> str:
        """The object, as a message names it."""
        return f"s3://{self.bucket}/{self.prefix}{key}"
