"""A store's pointer: what it says comes back, and what is no pointer is refused by its member."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.stores import StoreError, pointer
from serving.stores.pointer import Challenger, Pointer

A, B, C = (f"birds/{digit * 16}" for digit in "abc")
references = st.builds(
    "{}/{}".format,
    st.sampled_from(["birds", "wine-2"]),
    st.text("0123456789abcdef", min_size=16, max_size=16),
)
challengers = st.builds(
    Challenger, references, st.floats(0, 1), st.from_regex(r"[a-z0-9-]{1,64}", fullmatch=True)
)


@given(
    st.builds(
        Pointer,
        references,
        st.none() | challengers,
        st.none() | references,
        st.lists(references, max_size=pointer.MAX_PREVIOUS).map(tuple),
    )
)
def test_what_was_written_is_read(written: Pointer) -> None:
    assert pointer.parse(pointer.write(written)) == written


@given(
    st.binary()
    | st.recursive(st.none() | st.text(), lambda inner: st.dictionaries(st.text(), inner))
    .map(json.dumps)
    .map(str.encode)
)
def test_nothing_but_a_store_error_is_raised(content: bytes) -> None:
    with pytest.raises(StoreError):
        pointer.parse(content)


def test_a_header_may_be_left_out() -> None:
    document = {"format": 1, "champion": A, "challenger": {"version": B, "weight": 1}}
    found = pointer.parse(json.dumps(document).encode())
    assert found == Pointer(A, Challenger(B, 1.0, "x-session"))


def test_a_share_of_none_and_of_all_are_shares() -> None:
    for weight in (0, 0.0, 1, 1.0):
        document = {"format": 1, "champion": A, "challenger": {"version": B, "weight": weight}}
        found = pointer.parse(json.dumps(document).encode())
        assert found == Pointer(A, Challenger(B, float(weight), "x-session"))


def test_a_pointer_is_written_with_a_line_for_each_member() -> None:
    assert pointer.write(Pointer(A, previous=(B,))).decode() == (
        f'{{\n "format": 1,\n "champion": "{A}",\n "challenger": null,\n "shadow": null,\n'
        f' "previous": [\n  "{B}"\n ]\n}}\n'
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": 2}, "format 2: update Skylayer"),
        ({"format": True}, "no format number"),
        ({"format": None}, "no format number"),
        ({"champion": None}, "champion in the store's pointer is None"),
        ({"champion": "../birds/aaaaaaaaaaaaaaaa"}, "champion in"),
        ({"champion": f"{A}/"}, "champion in"),
        ({"shadow": "birds"}, "shadow in"),
        ({"shadow": 0}, "shadow in the store's pointer is 0"),
        ({"previous": A}, "previous in the store's pointer is not an array"),
        ({"previous": [A, None]}, "previous in the store's pointer is None"),
        ({"challenger": A}, "challenger in the store's pointer is not an object"),
        ({"challenger": {"version": B, "weight": 1.5}}, "challenger.weight .* is 1.5"),
        ({"challenger": {"version": B, "weight": -0.1}}, "challenger.weight"),
        ({"challenger": {"version": B, "weight": True}}, "challenger.weight"),
        ({"challenger": {"version": B, "weight": "0.5"}}, "challenger.weight"),
        ({"challenger": {"version": B, "weight": float("nan")}}, "challenger.weight"),
        ({"challenger": {"weight": 0.5}}, "challenger.version"),
        ({"challenger": {"version": B, "weight": 0.5, "header": "X-Session"}}, "challenger.header"),
        ({"challenger": {"version": B, "weight": 0.5, "header": ""}}, "challenger.header"),
        ({"challenger": {"version": B, "weight": 0.5, "header": "a" * 65}}, "challenger.header"),
    ],
    ids=lambda value: json.dumps(value)[:60] if isinstance(value, dict) else "",
)
def test_what_is_wrong_is_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(StoreError, match=message):
        pointer.parse(json.dumps({"format": 1, "champion": A, **change}).encode())


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        (Pointer(A), [A]),
        (Pointer(A, Challenger(B, 0.5, "x-session"), C, (C,)), [A, B, C]),
        (Pointer(A, None, A), [A]),
        (Pointer(A, Challenger(B, 0.5, "x-session"), B), [A, B]),
    ],
    ids=["champion", "all", "shadow-is-champion", "shadow-is-challenger"],
)
def test_each_version_that_is_needed_is_named_once_and_the_champion_first(
    found: Pointer, needed: list[str]
) -> None:
    assert found.references == needed
