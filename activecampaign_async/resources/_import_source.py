"""The rows that an import is given."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Mapping
from os import PathLike
from typing import Any

import anyio.lowlevel

BREATH = 20  # rows of a plain iterable that are read without letting others have the event loop

END = object()


class Source:
    """The rows that are given, one by one, of whatever kind their iterable is."""

    def __init__(self, rows: Iterable[Any] | AsyncIterable[Any]) -> None:
        if isinstance(rows, (str, bytes, Mapping)) or not isinstance(rows, (Iterable, AsyncIterable)):
            hint = "; RowFile(path) reads a file" if isinstance(rows, (str, PathLike)) else ""
            raise TypeError(f"rows: an iterable of rows was expected, not {type(rows).__name__}{hint}")
        self._rows = aiter(rows) if isinstance(rows, AsyncIterable) else iter(rows)
        self._taken = 0
        self.ended = False
        self.failure: Exception | None = None

    async def next(self) -> Any:
        """The next one, or `END`, also where the iterable failed."""
        try:
            if isinstance(self._rows, AsyncIterator):
                return await anext(self._rows)
            self._taken += 1
            if self._taken % BREATH == 0:
                await anyio.lowlevel.checkpoint()
            return next(self._rows)
        except (StopIteration, StopAsyncIteration):
            pass
        except Exception as error:  # noqa: BLE001 - the caller's own; raised once all that came before is through
            self.failure = error
        self.ended = True
        return END
