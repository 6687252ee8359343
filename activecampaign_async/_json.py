"""JSON in and out. orjson reads it where installed (extra `speed`), to the standard library's result."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def _first(body: bytes) -> Any:
    """Loads orjson when the first answer comes: it is a fortieth of the client's import."""
    global _fast
    try:
        import orjson
    except ImportError:
        _fast = None
        raise ValueError("orjson is not installed") from None
    _fast = orjson.loads
    return _fast(body)


_fast: Callable[[bytes], Any] | None = _first


class TooDeep(ValueError):
    """JSON that is nested deeper than anybody means."""


class TooMany(Exception):
    """More values than this client takes."""


_LARGE, MOST = 4 * 2**20, 2_000_000  # bytes from which on values are counted; so many take some 250 MB, and a second


_MARK_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG = b"0" * 19
_MOST_PLACES = 200


def has_long_number(body: bytes) -> bool:
    """Whether there are 19 digits in a row, of which orjson might make a float in silence: an integer of over 64 bits.

    Among 19 bytes are four that are four apart. Where those are digits, which is rare, the others are looked at: in a
    third of the time of a look at all, which takes half of orjson's own (measured; a regular expression, seven times).
    """
    fourths, at = body[::4].translate(_MARK_DIGITS), -1
    for _ in range(_MOST_PLACES):
        if (at := fourths.find(b"0000", at + 1)) < 0:
            return False
        place = 4 * at
        if not body[place : place + 13].isdigit():
            continue
        if _LONG in body[max(0, place - 6) : place + 19].translate(_MARK_DIGITS):
            return True
    return _LONG in body.translate(_MARK_DIGITS)


def loads(body: bytes) -> Any:
    """`body` parsed. ValueError for whatever is not JSON, TooDeep for what is nested too deep, TooMany as well."""
    if len(body) > _LARGE and sum(map(body.count, (b",", b"[", b"{"))) > MOST:
        raise TooMany(f"an answer of more than {MOST:,} values")
    if _fast is not None and not has_long_number(body):
        try:
            return _fast(body)
        except ValueError:
            pass  # a lone surrogate, a BOM, NaN: not for orjson, but read by the standard library
    try:
        return json.loads(body)
    except RecursionError:
        pass
    raise TooDeep("JSON nested too deep")


def dumps(value: object) -> bytes:
    """`value` as JSON. TypeError or ValueError for what is none."""
    # Always the standard library: orjson writes NaN as null, refuses large integers and lone surrogates.
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        pass
    raise ValueError("JSON nested too deep")
