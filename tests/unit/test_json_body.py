from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serving.errors import Problem
from serving.json_body import encode, parse
from serving.limits import MAX_DEPTH

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


def refusal(body: bytes) -> str:
    with pytest.raises(Problem) as caught:
        parse(body)
    assert caught.value.status == 400
    return caught.value.detail


@given(json_values, st.booleans())
def test_what_json_writes_is_read(value: Any, ascii_only: bool) -> None:
    assert parse(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary(max_size=100))
def test_any_bytes_are_read_as_the_standard_library_does_or_refused(body: bytes) -> None:
    try:
        value = parse(body)
    except Problem as problem:
        assert problem.status == 400  # noqa: PT017 (some bodies are JSON)
    else:
        assert value == json.loads(body)


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_lacks_are_refused_by_name(name: str) -> None:
    assert name in refusal(f'{{"a": [{name}]}}'.encode())


def test_a_name_twice_is_refused_at_any_depth() -> None:
    assert '"b"' in refusal(b'{"a": [{"b": 1, "c": 2, "b": 1}]}')
    assert '"b"' in refusal(b'{"b": 1, "\\u0062": 2}')
    assert parse(b'[{"b": 1}, {"b": 1}]') == [{"b": 1}, {"b": 1}]


def nested(depth: int, opening: str = "[", closing: str = "]") -> bytes:
    return (opening * depth + closing * depth).encode()


def test_depth_ends_at_its_limit() -> None:
    parse(nested(MAX_DEPTH))
    parse(b'{"a":' * MAX_DEPTH + b"1" + b"}" * MAX_DEPTH)
    for depth in (MAX_DEPTH + 1, 1000, 100_000):
        assert "deeper" in refusal(nested(depth))
        assert "deeper" in refusal(b'{"a":' * depth + b"1" + b"}" * depth)


def test_depth_is_found_among_many_brackets() -> None:
    rows = b"[" + b'{"a": "[[["},' * 1000
    parse(rows + nested(MAX_DEPTH - 1) + b"]")
    assert "deeper" in refusal(rows + nested(MAX_DEPTH) + b"]")
    parse(b"[" + b",".join([b"[[]]"] * 1000) + b"]")


def test_numbers_beyond_their_range_are_left_for_validation() -> None:
    assert parse(b"[1e400, -1e400]") == [float("inf"), float("-inf")]
    assert parse(str(10**400).encode()) == 10**400
    assert parse(b"9" * 4300) == int("9" * 4300)
    assert parse(b'{"a": %s, "b": 7}' % (b"9" * 5000)) == {"a": float("inf"), "b": 7}
    assert parse(b"-" + b"9" * 5000) == float("-inf")


def test_wrong_unicode_is_refused() -> None:
    assert "byte 2" in refusal(b'["\xff"]')
    assert "surrogate" in refusal(b'["\\ud800"]')
    assert "surrogate" in refusal(b'[{"\\udc00\\ud800": 1}]')
    assert "UTF-8" in refusal('["\ud800"]'.encode("utf-8", "surrogatepass"))
    assert "UTF-8" in refusal('{"a": "é"}'.encode("utf-16"))
    assert parse(b'["\\ud83d\\udc27", "\\\\ud800"]') == ["🐧", "\\ud800"]


def test_a_byte_order_mark_is_ignored() -> None:
    assert parse(b"\xef\xbb\xbf[1]") == [1]
    refusal(b"\xef\xbb\xbf\xef\xbb\xbf[1]")


@pytest.mark.parametrize("body", [b"", b" \t\r\n", b"\xef\xbb\xbf"])
def test_nothing_is_said_to_be_nothing(body: bytes) -> None:
    assert refusal(body) == "The body is empty."


def test_where_the_text_stops_being_json_is_told() -> None:
    assert refusal(b'{"a": 1,\n "b" 2}').endswith("(line 2, column 6).")


def test_a_long_name_twice_is_shown_by_its_first_sixty_letters() -> None:
    name = "x" * 100
    assert refusal(f'{{"y": 0, "{name}": 1, "{name}": 2}}'.encode()) == (
        f'The body has the name "{"x" * 60}" twice in one object.'
    )


def test_an_integer_of_four_hundred_digits_is_one_beside_a_longer_one() -> None:
    longest = "9" * 400
    assert parse(f"[{longest}, {longest}9, {'9' * 5000}]".encode()) == [
        int(longest),
        float("inf"),
        float("inf"),
    ]


def test_nan_is_null_only_where_it_was_asked_for_and_infinity_never() -> None:
    assert parse(b"[NaN]", nan_is_null=True) == [None]
    for body in (b"[NaN]", b"[Infinity]"):
        assert "is not a JSON value; a missing value is null" in refusal(body)
    with pytest.raises(Problem, match="-Infinity is not a JSON value"):
        parse(b"[-Infinity]", nan_is_null=True)


def test_json_is_written_without_spaces_and_never_with_nan() -> None:
    assert encode({"a": [1, None, "é"]}) == '{"a":[1,null,"\\u00e9"]}'
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(float("nan"))
