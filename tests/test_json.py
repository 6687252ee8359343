"""JSON: with orjson and without, to the same result."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import pytest
from hypothesis import given, strategies as st

from activecampaign_async import _json

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)


@pytest.fixture(params=["orjson", "stdlib"], autouse=True)
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "stdlib":
        monkeypatch.setattr(_json, "_fast", None)
    else:
        monkeypatch.setattr(_json, "_fast", pytest.importorskip("orjson").loads)


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, "2", null, true, 1.5]}', {"a": [1, "2", None, True, 1.5]}),
        (b"[18446744073709551616]", [2**64]),
        (b"[-9223372036854775809]", [-(2**63) - 1]),
        (b"[12345678901234567890123456789]", [12345678901234567890123456789]),
        (b'"\\ud800"', "\ud800"),
        (b"\xef\xbb\xbf[1]", [1]),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
def test_reads(body: bytes, value: Any) -> None:
    got = _json.loads(body)
    assert got == value
    assert type(got) is type(value)
    if isinstance(got, list):
        assert list(map(type, got)) == list(map(type, value))  # an int is no float


@given(ANY)
def test_reads_what_the_standard_library_reads(value: Any) -> None:
    body = json.dumps(value).encode()
    assert repr(_json.loads(body)) == repr(json.loads(body))


def test_orjson_reads_what_it_reads_rightly(monkeypatch: pytest.MonkeyPatch) -> None:
    if _json._fast is None:
        pytest.skip("without orjson")

    def slow(body: bytes) -> Any:
        pytest.fail("the standard library was asked")

    monkeypatch.setattr(json, "loads", slow)
    assert _json.loads(b'{"contacts": [{"id": "1234567890", "phone": "+491735728523"}]}')


@given(st.text("0189ab", min_size=300, max_size=400).map(str.encode), st.integers(0, 320), st.integers(15, 23))
def test_a_long_number_is_found_wherever_it_is(text: bytes, at: int, digits: int) -> None:
    body = text[:at] + b"a" + b"1" * digits + b"a" + text[at:]
    assert _json.has_long_number(body) is bool(re.search(rb"\d{19}", body))


@pytest.mark.parametrize("digits", [18, 19, 20])
def test_a_long_number_is_found_among_many_that_are_nearly_so(digits: int) -> None:
    nearly = b" 123456789012345678" * 1000
    for shift in range(8):
        body = b"x" * shift + nearly + b" " + b"1" * digits
        assert _json.has_long_number(body) is (digits >= 19)
        assert _json.has_long_number(body[:shift] + body[-digits - 1 :] + nearly) is (digits >= 19)


def test_nan_is_read() -> None:
    assert math.isnan(_json.loads(b"NaN"))


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"a"', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_is_a_value_error(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        _json.loads(body)


def test_writes() -> None:
    assert _json.dumps({"a": [1, "ö", None, True, 2**70, "\ud800"]}) == (
        b'{"a":[1,"\\u00f6",null,true,1180591620717411303424,"\\ud800"]}'
    )


def test_refuses_to_write_what_is_no_json() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested"):
        _json.dumps(deep)
    with pytest.raises(ValueError, match="JSON compliant"):
        _json.dumps(math.nan)
    with pytest.raises(TypeError):
        _json.dumps(object())
