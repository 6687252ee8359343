"""Where a list stands, as an opaque string: enough to go on in another process; any other list refuses it."""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ._call import Query

VERSION = 1


def fingerprint(home: str, path: str, key: str, query: Query, keyset: bool) -> str:
    """Tells lists and accounts apart. The page size is no part of it: a list may go on in pages of another size."""
    pairs = [(name, value if isinstance(value, str) else list(value)) for name, value in query.items()]
    pairs.sort(key=lambda pair: "" if pair[0].startswith("orders[") else pair[0])  # of orders, the first counts most
    return sha256(json.dumps([home, path, key, keyset, pairs]).encode()).hexdigest()[:16]


def encode(mark: str, state: dict[str, Any]) -> str:
    """A cursor of the list that `mark` stands for."""
    text = json.dumps({"v": VERSION, "of": mark, **state}, separators=(",", ":"))
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(mark: str, cursor: str) -> dict[str, Any]:
    """The state in `cursor`. TypeError or ValueError unless it is one, and of this list."""
    if not isinstance(cursor, str):
        raise TypeError(f"cursor: a str was expected, not {type(cursor).__name__}")
    try:
        state = json.loads(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        state = None
    if not isinstance(state, dict) or "of" not in state:
        raise ValueError("cursor: not one of this library's")
    if state.get("v") != VERSION:
        raise ValueError("cursor: made by another version of this library")
    if state["of"] != mark:
        raise ValueError("cursor: of another list or account, or of other filters or another order")
    return state
