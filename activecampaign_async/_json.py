"""JSON in and out. orjson reads it where installed (extra `speed`), to the standard library's result."""

from __future__ import annotations

import json
from typing import Any

try:
    import orjson
except ImportError:
    _fast = None
else:
    _fast = orjson.loads

# orjson makes a float of an integer of over 64 bits, in silence: it gets no body with 19 digits in a row.
# Marking digits and looking for the run takes half of orjson's own time; a regular expression seven times it.
_MARK_DIGITS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_LONG = b"0" * 19


def loads(body: bytes) -> Any:
    """`body` parsed. ValueError for whatever is not JSON, or is nested too deep."""
    if _fast is not None and _LONG not in body.translate(_MARK_DIGITS):
        try:
            return _fast(body)
        except ValueError:
            pass  # a lone surrogate, a BOM, NaN: not for orjson, but read by the standard library
    try:
        return json.loads(body)
    except RecursionError:
        pass
    raise ValueError("JSON nested too deep")


def dumps(value: object) -> bytes:
    """`value` as JSON. TypeError or ValueError for what is none."""
    # Always the standard library: orjson writes NaN as null, refuses large integers and lone surrogates.
    try:
        return json.dumps(value, allow_nan=False, separators=(",", ":")).encode()
    except RecursionError:
        pass
    raise ValueError("JSON nested too deep")
