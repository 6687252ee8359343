"""Long work, piece by piece: the event loop is everybody's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice
from typing import TypeVar

from anyio.lowlevel import checkpoint

T = TypeVar("T")

PIECE = 250
"""Checked in some two milliseconds, at the slowest of what is checked here."""


async def in_pieces(given: Iterable[T], take: Callable[[list[T]], object]) -> None:
    """Give all of it to `take`. Others run in between."""
    rest = iter(given)
    while piece := list(islice(rest, PIECE)):
        take(piece)
        await checkpoint()
