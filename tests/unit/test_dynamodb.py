"""A store in a DynamoDB table: what is asked of the table, and what each of its answers means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.stub import Stubber

from serving.stores import Missing, StoreError, dynamodb
from serving.stores.dynamodb import DynamoDBPlace

if TYPE_CHECKING:
    from collections.abc import Iterator

KEY = "artifacts/birds/a/tables.bin"
POINTER = {
    "TableName": "models",
    "Key": {"key": {"S": "pointer"}, "part": {"S": "pointer"}},
    "ConsistentRead": True,
}
CONTENT = {
    "TableName": "models",
    "KeyConditionExpression": "#key = :key",
    "ExpressionAttributeNames": {"#key": "key"},
    "ExpressionAttributeValues": {":key": {"S": KEY}},
    "ConsistentRead": True,
}


@pytest.fixture(autouse=True)
def region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "none")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "none")


@pytest.fixture
def place() -> DynamoDBPlace:
    return DynamoDBPlace("models/", 1.5)


@pytest.fixture
def stub(place: DynamoDBPlace) -> Iterator[Stubber]:
    with Stubber(place.client) as stub:
        yield stub
        stub.assert_no_pending_responses()


def part(number: int, content: bytes) -> dict[str, Any]:
    return {"key": {"S": KEY}, "part": {"S": f"{number:06d}"}, "content": {"B": content}}


def test_an_address_names_a_table_and_nothing_behind_it() -> None:
    assert DynamoDBPlace("models").table == DynamoDBPlace("/models/").table == "models"
    with pytest.raises(StoreError, match=r"^dynamodb://models/a is not a store: use dynamodb://table"):
        DynamoDBPlace("models/a")


def test_a_part_leaves_room_for_its_names_below_the_table_s_limit() -> None:
    longest = len(KEY) + 64 + len("keypart000000content")
    assert 400_000 * 0.85 < dynamodb.PART_BYTES <= 400_000 - longest
    assert dynamodb.PART_BYTES == 350 * 1024
    assert [dynamodb.part_name(n) for n in (0, 41, 123_456)] == ["000000", "000041", "123456"]


def test_a_pointer_comes_with_its_revision_and_only_if_that_has_changed(
    place: DynamoDBPlace, stub: Stubber
) -> None:
    item = {"content": {"B": b"{}"}, "revision": {"N": "7"}}
    for token, wanted in ((None, (b"{}", "7")), ("6", (b"{}", "7")), ("7", None)):
        stub.add_response("get_item", {"Item": item}, POINTER)
        assert place.read_pointer(token) == wanted
    stub.add_response("get_item", {}, POINTER)
    assert place.read_pointer("7") == (None, None)


@pytest.mark.parametrize(
    "item", [{"content": {"B": b"{}"}}, {"revision": {"N": "7"}}, {"revision": {"S": "7"}}]
)
def test_a_damaged_pointer_is_named(place: DynamoDBPlace, stub: Stubber, item: dict[str, Any]) -> None:
    stub.add_response("get_item", {"Item": item})
    with pytest.raises(StoreError, match=r"^dynamodb://models pointer has no content or revision"):
        place.read_pointer(None)


def test_a_table_that_is_not_there_is_missing(place: DynamoDBPlace, stub: Stubber) -> None:
    stub.add_client_error("get_item", "ResourceNotFoundException")
    with pytest.raises(
        Missing, match=r"^dynamodb://models pointer is not there \(ResourceNotFoundException\)"
    ):
        place.read_pointer(None)


def test_content_comes_part_by_part_over_several_pages(place: DynamoDBPlace, stub: Stubber) -> None:
    last = {"key": {"S": KEY}, "part": {"S": "000001"}}
    stub.add_response("query", {"Items": [part(0, b"a"), part(1, b"b")], "LastEvaluatedKey": last}, CONTENT)
    stub.add_response("query", {"Items": [part(2, b"c")]}, {**CONTENT, "ExclusiveStartKey": last})
    assert list(place.chunks(KEY)) == [b"a", b"b", b"c"]


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ([], f"^dynamodb://models {KEY} is not there"),
        ([1], f"^dynamodb://models {KEY} lacks part 0"),
        ([0, 1, 3], f"^dynamodb://models {KEY} lacks part 2"),
    ],
)
def test_a_part_that_is_missing_is_named(
    place: DynamoDBPlace, stub: Stubber, parts: list[int], message: str
) -> None:
    stub.add_response("query", {"Items": [part(k, b"x") for k in parts]})
    with pytest.raises(Missing, match=message):
        list(place.chunks(KEY))
