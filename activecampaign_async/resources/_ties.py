"""What contacts have, from tables that come in any order, small enough to hold for all of them."""

from __future__ import annotations

from collections import OrderedDict
from struct import Struct
from typing import TypeAlias

Tie: TypeAlias = tuple[int, str | None]
"""What it is to (a field, tag or list, by id), and what stands there."""

_HEAD = Struct("<BIi")  # the contact within its bucket, the other id, bytes of text (-1: None)
_OPEN = 32  # buckets that are held as objects: contacts come page by page, from a few places at a time
SIZE = _HEAD.size
"""Bytes of a tie, beside its text."""


class Ties:
    """Ties by contact: 9 bytes and the text each. As objects they would take 150."""

    def __init__(self) -> None:
        self._buckets: dict[int, bytearray] = {}
        self._opened: OrderedDict[int, dict[int, list[Tie]]] = OrderedDict()

    def add(self, contact: int, other: int, text: str | None) -> None:
        """Ids beyond 32 bits are none."""
        raw = b"" if text is None else text.encode()
        bucket = self._buckets.setdefault(contact >> 8, bytearray())
        bucket += _HEAD.pack(contact & 255, other, -1 if text is None else len(raw))
        bucket += raw

    def of(self, contact: int) -> list[Tie]:
        """Those of one contact, in the order in which they came. None may be added afterwards."""
        place = contact >> 8
        if place in self._opened:
            self._opened.move_to_end(place)
        else:
            self._opened[place] = _opened(self._buckets.get(place, b""))
            if len(self._opened) > _OPEN:
                self._opened.popitem(last=False)
        return self._opened[place].get(contact & 255, [])

    @property
    def size(self) -> int:
        """Bytes held."""
        return sum(map(len, self._buckets.values()))


def _opened(bucket: bytes | bytearray) -> dict[int, list[Tie]]:
    ties: dict[int, list[Tie]] = {}
    at = 0
    while at < len(bucket):
        contact, other, length = _HEAD.unpack_from(bucket, at)
        at += SIZE
        text = None if length < 0 else bucket[at : at + length].decode()
        at += max(0, length)
        ties.setdefault(contact, []).append((other, text))
    return ties
