"""A store in a bucket: what is asked of S3, and what each of its answers means."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from serving.stores import Missing, StoreError, aws
from serving.stores.s3 import S3Place

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")


@pytest.fixture
def place() -> S3Place:
    return S3Place("bucket/a/b/", 1.5)


@pytest.fixture
def stub(place: S3Place) -> Iterator[Stubber]:
    with Stubber(place.client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def body(content: bytes) -> StreamingBody:
    return StreamingBody(io.BytesIO(content), len(content))


def asked(key: str, **more: str) -> dict[str, Any]:
    return {"Bucket": "bucket", "Key": key, **more}


@pytest.mark.parametrize(
    ("rest", "prefix"),
    [("bucket", ""), ("bucket/", ""), ("bucket//", ""), ("bucket/a", "a/"), ("bucket/a/b/", "a/b/")],
)
def test_a_prefix_ends_with_one_slash_or_is_none(rest: str, prefix: str) -> None:
    place = S3Place(rest)
    assert (place.bucket, place.prefix) == ("bucket", prefix)
    assert place.key("x/y") == f"{prefix}x/y"
    assert place.name("x/y") == f"s3://bucket/{prefix}x/y"


def test_a_place_with_a_limit_asks_once_and_waits_that_long_for_each_step(place: S3Place) -> None:
    config = place.client.meta.config
    assert (config.connect_timeout, config.read_timeout) == (1.5, 1.5)
    assert config.retries["total_max_attempts"] == 1


def test_a_place_without_a_limit_is_patient() -> None:
    config = S3Place("bucket").client.meta.config
    assert config.connect_timeout == 5
    assert config.retries == {"mode": "standard", "total_max_attempts": 5}


def test_a_pointer_comes_with_its_tag_and_is_asked_for_only_if_it_has_changed(
    place: S3Place, stub: Stubber
) -> None:
    stub.add_response("get_object", {"Body": body(b"{}"), "ETag": '"1"'}, asked("a/b/pointer"))
    assert place.read_pointer(None) == (b"{}", '"1"')
    stub.add_client_error(
        "get_object", "304", http_status_code=304, expected_params=asked("a/b/pointer", IfNoneMatch='"1"')
    )
    assert place.read_pointer('"1"') is None
    stub.add_client_error("get_object", "NotModified", http_status_code=304)
    assert place.read_pointer('"1"') is None


@pytest.mark.parametrize("code", ["NoSuchKey", "404"])
def test_a_bucket_without_a_pointer_has_none(place: S3Place, stub: Stubber, code: str) -> None:
    stub.add_client_error("get_object", code, http_status_code=404)
    assert place.read_pointer(None) == (None, None)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("NoSuchBucket", r"^There is no bucket bucket\.$"),
        ("AccessDenied", r"^s3://bucket/a/b/pointer: An error occurred \(AccessDenied\)"),
    ],
)
def test_what_s3_says_against_a_pointer_is_told_in_one_line(
    place: S3Place, stub: Stubber, code: str, message: str
) -> None:
    stub.add_client_error("get_object", code)
    with pytest.raises(StoreError, match=message) as caught:
        place.read_pointer(None)
    assert not isinstance(caught.value, Missing)


def test_content_comes_in_pieces_of_a_mebibyte(place: S3Place, stub: Stubber) -> None:
    content = bytes(range(256)) * 4096 + b"rest"
    stub.add_response("get_object", {"Body": body(content)}, asked("a/b/artifacts/x"))
    pieces = list(place.chunks("artifacts/x"))
    assert [len(piece) for piece in pieces] == [2**20, 4]
    assert b"".join(pieces) == content


@pytest.mark.parametrize("code", ["404", "NoSuchKey", "NoSuchBucket"])
def test_content_that_is_not_there_is_missing(place: S3Place, stub: Stubber, code: str) -> None:
    stub.add_client_error("get_object", code)
    with pytest.raises(Missing, match=rf"^s3://bucket/a/b/artifacts/x is not there \({code}\)\.$"):
        list(place.chunks("artifacts/x"))


def test_a_body_that_breaks_off_is_a_failure_of_the_store(place: S3Place, stub: Stubber) -> None:
    stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"half"), 8)})
    with pytest.raises(StoreError, match=r"^s3://bucket/a/b/x: .*incomplete|^s3://bucket/a/b/x: 4 read"):
        list(place.chunks("x"))


def test_an_error_of_our_own_passes_as_it_is() -> None:
    for error in (StoreError("ours"), KeyError("a bug")):
        with pytest.raises(type(error)) as caught, aws.failures("a thing"):
            raise error
        assert caught.value is error
    with pytest.raises(StoreError, match=r"^a thing: no route$"), aws.failures("a thing"):
        raise OSError("no route")
    with aws.failures("a thing"):
        pass


def test_an_error_without_a_code_has_an_empty_one() -> None:
    assert aws.code(SimpleNamespace(response={})) == ""
    assert aws.code(SimpleNamespace(response={"Error": {"Code": 404}})) == "404"


def test_a_client_without_a_region_is_told_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with pytest.raises(StoreError, match=r"^No client for dynamodb: You must specify a region\.$"):
        aws.client("dynamodb", None)
