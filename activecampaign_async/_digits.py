"""Numbers as others write them. Few digits only: a long line of them costs more than it can mean."""

from __future__ import annotations

MOST = 19
"""All that fit into 64 bits."""


def whole(text: str, most: int = MOST) -> int | None:
    """ASCII digits as a number; None for anything else, or for more than `most` of them."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= most else None


def whole_of(value: object) -> int | None:
    """A number, or its digits, that an answer's JSON holds."""
    if isinstance(value, str):
        return whole(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
