"""Which of many ids are gone: what is known of each, kept in a checkpoint on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from math import inf
from typing import TYPE_CHECKING, Any

import anyio

from .._deadline import within
from .._model import Row
from .._page import Source
from .._pieces import in_pieces
from .._walk import IdSet
from ..errors import ActiveCampaignError
from ._by_ids import Hunt, set_of
from ._inputs import each_id
from ._saved import ResumeError, Saved, undamaged

if TYPE_CHECKING:
    from .._call import Send

_SAVE_EVERY = 1.0  # seconds


async def gone(
    send: Send, model: type[Row], path: str, ids: Iterable[int | str], saved: Saved | None, timeout: float | None
) -> list[int]:
    """Those of `ids` that there is no row of, in ascending order. Takes a few bytes an id, however many there are."""
    books = _Books(await set_of(map(int, each_id(ids, "known_ids"))), saved)
    await books.open()
    hunt = Hunt(Source(send, path, model.KEYS, lambda *_: None, {}, True, timeout), books.is_there, books.settle)
    try:
        with within(timeout):
            await hunt.by_the_cheaper_way(books.left)
    except ActiveCampaignError as error:
        error.found = await books.told()
        await books.save()
        raise
    return await books.close()


class _Books:
    """What is known of each id so far: those that are neither in `left` nor in `gone` are there."""

    def __init__(self, ids: IdSet, saved: Saved | None) -> None:
        self.left, self.gone = ids, IdSet()
        self._saved, self._known, self._due = saved, "", anyio.current_time() + _SAVE_EVERY

    async def open(self) -> None:
        """Take up what an earlier run left. One that was over is begun anew."""
        if self._saved is None:
            return
        digest = sha256()
        await in_pieces(self.left, lambda some: digest.update("".join([f"{id}," for id in some]).encode()))
        self._known = digest.hexdigest()
        found = await self._saved.load()
        if found is None:
            return
        left, gone = undamaged(_of, found)
        if not left:
            return
        if found.get("known_ids") != self._known:
            raise ResumeError("it was begun with other known_ids: give the same, or begin anew")
        self.left, self.gone = left, gone

    def is_there(self, id: int, _: object) -> None:
        self.left.discard(id)

    async def settle(self, ids: Iterable[int]) -> None:
        """These were looked for: those that are left are gone."""

        def move(some: Sequence[int]) -> None:
            for id in some:
                if id in self.left:
                    self.left.discard(id)
                    self.gone.add(id)

        await in_pieces(ids, move)
        if anyio.current_time() >= self._due:
            self._due = inf  # one at a time
            await self.save()
            self._due = anyio.current_time() + _SAVE_EVERY

    async def save(self) -> None:
        if self._saved is not None:
            state = {"known_ids": self._known, "left": self.left.state(), "gone": self.gone.state()}
            await self._saved.save(state)

    async def told(self) -> list[int]:
        """Those of which it is certain."""
        ids = list[int]()
        await in_pieces(self.gone, ids.extend)
        return ids

    async def close(self) -> list[int]:
        """All have been looked for."""
        await self.settle(self.left)
        ids = await self.told()
        self.gone = IdSet()
        await self.save()
        return ids


def _of(state: Mapping[str, Any]) -> tuple[IdSet, IdSet]:
    return IdSet.from_state(state["left"]), IdSet.from_state(state["gone"])
