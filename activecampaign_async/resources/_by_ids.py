"""Rows of a list by their ids: a hundred a request through `ids[]`, or from id to id through the list itself."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Awaitable, Callable, Container, Iterable, Iterator, Sequence
from itertools import chain, islice, takewhile
from math import inf
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from .._call import priority_now
from .._deadline import within
from .._fanout import Found, map_bounded
from .._model import Included, Row, decode
from .._page import PageSize, Source
from .._paging import LANES, MAX_LIMIT
from .._pieces import in_pieces
from .._walk import DEFAULT_SIZE, IdSet, Sheet, check_rising, id_params
from ..errors import ActiveCampaignError, PaginationError
from ._inputs import each_id

if TYPE_CHECKING:
    from .._call import Query, Send

R = TypeVar("R", bound=Row)
T = TypeVar("T")

MANY = 10
"""Requests beyond which nobody is taken to wait for the answer: whoever does goes first."""
_SEGMENT = (1000, 10_000)
"""Ids of a piece of a sweep, at least and at most: each ends with a page that may not be full."""
_log = logging.getLogger("activecampaign_async")


async def get_many(send: Send, model: type[R], path: str, ids: Iterable[int | str], timeout: float | None) -> Found[R]:
    """The rows with these ids, in their order. The list at `path` takes `ids[]`, and can be paged by id."""

    def item(row: Any, included: Included, strict: bool) -> R:
        return decode(model, row, included, strict)

    asked, unique = list[int](), dict[int, None]()

    def take(some: list[int]) -> None:
        asked.extend(some)
        unique.update(dict.fromkeys(some))

    await in_pieces(map(int, each_id(ids, "ids")), take)
    found: dict[int, R] = {}
    hunt = Hunt(Source(send, path, model.KEYS, item, {}, True, timeout), found.__setitem__)

    async def so_far() -> Found[R]:
        items, missing = list[R](), dict[int, None]()

        def sort(some: list[int]) -> None:
            items.extend([found[id] for id in some if id in found])
            missing.update(dict.fromkeys([id for id in some if id not in found]))

        await in_pieces(asked, sort)
        return Found(items, missing, swept=hunt.ignored)

    try:
        with within(timeout):
            await hunt.by_batches(unique, len(unique))
    except ActiveCampaignError as error:
        error.found = await so_far()
        raise
    return await so_far()


async def set_of(ids: Iterable[int]) -> IdSet:
    found = IdSet()

    def add(some: list[int]) -> None:
        for id in some:
            found.add(id)

    await in_pieces(ids, add)
    return found


async def _nothing(_: Iterable[int]) -> None: ...


class Hunt(Generic[T]):
    """How ids are looked for. What is found goes to `keep`, with its row. `settle` is called with ids that were looked
    for: those of them that were not kept are gone."""

    def __init__(
        self,
        source: Source[T],
        keep: Callable[[int, T], object],
        settle: Callable[[Iterable[int]], Awaitable[None]] = _nothing,
    ) -> None:
        self._source, self._keep, self._settle = source, keep, settle
        self._size = PageSize(MAX_LIMIT)
        self._priority = priority_now()
        self.ignored = False
        """Whether the endpoint ignores `ids[]`."""

    async def by_the_cheaper_way(self, ids: IdSet) -> None:
        """Look for all of `ids`. One page tells how many rows there are between them: where most of the ids are gone,
        those rows fill fewer pages than the ids."""
        count, highest = len(ids), ids.highest
        if highest is None or count <= 2 * MAX_LIMIT:
            await self.by_batches(ids, count)
            return
        after = next(iter(ids)) - 1
        sheet = await self._fetch(id_params(after, highest + 1))
        last = check_rising(sheet.keys, after, highest + 1)
        self._found(sheet, ids)
        if not sheet.keys or last is None:
            return
        await self._settle(takewhile(last.__ge__, ids))
        rest = ids.above(last)
        pages = (sheet.total or inf) / MAX_LIMIT + len(rest) / _segment(len(rest))
        if pages < len(rest) / MAX_LIMIT:
            rest = await self.by_sweep(rest)
        await self.by_batches(rest, len(rest))

    # A hundred ids a request

    async def by_batches(self, ids: Iterable[int], count: int) -> None:
        """Look for all of `ids`. Where fewer came than are there, as the total says, those that did not are asked for
        again."""
        self._hurry_not(count / MAX_LIMIT)
        rest, again = iter(ids), list[int]()

        async def look_up(some: Sequence[int]) -> None:
            again.extend(await self._batch(some))

        if first := list(islice(rest, self._size.now)):
            await look_up(first)  # alone: it finds out whether ids[] is ignored
        while True:
            await map_bounded(look_up, self._batches(rest))
            if self.ignored or not again:
                break
            rest, again = iter(again), []  # by themselves: where they are gone, nothing comes, and that is that
        if left := await set_of(chain(again, rest)):
            _log.warning("GET %s ignores ids[]: the list is gone through, from id to id", self._source.path)
            await self.by_sweep(left)

    def _batches(self, rest: Iterator[int]) -> Iterator[list[int]]:
        while not self.ignored and (some := list(islice(rest, self._size.now))):
            yield some

    async def _batch(self, some: Sequence[int]) -> Sequence[int]:
        """Those to be asked for again."""
        sheet = await self._fetch({"ids[]": [str(id) for id in some]})
        asked = set(some)
        self._found(sheet, asked)
        self.ignored |= not asked.issuperset(sheet.keys)
        count = len(sheet.keys)
        # Where an endpoint caps its rows, its total may be of that page
        complete = count == 0 or sheet.total == count != DEFAULT_SIZE
        again = set[int]() if complete and not self.ignored else asked.difference(sheet.keys)
        await self._settle(asked - again)
        return list(again)

    # From id to id

    async def by_sweep(self, ids: IdSet) -> IdSet:
        """Go through the list from each id to the next that is not known yet. Gives those for which that does not pay:
        none where `ids[]` is ignored. Never more requests than ids, nor than the rows between them fill."""
        count = len(ids)
        self._hurry_not(count / MAX_LIMIT)
        length, given, left = _segment(count), iter(ids), IdSet()

        async def go_through(segment: Sequence[int]) -> None:
            for id in await self._segment(segment):
                left.add(id)

        segments = iter(lambda: list(islice(given, length)), [])
        await map_bounded(go_through, segments, LANES)
        return left

    async def _segment(self, ids: Sequence[int]) -> Sequence[int]:
        place, before = 0, ids[-1] + 1
        wanted = set(ids)
        while place < len(ids):
            after = ids[place] - 1
            sheet = await self._fetch(id_params(after, before))
            last = check_rising(sheet.keys, after, before)
            self._found(sheet, wanted)
            count, begun = len(sheet.keys), place
            over = last is None or count == 0 or (count < MAX_LIMIT and sheet.total == count != DEFAULT_SIZE)
            place = len(ids) if last is None or over else bisect_right(ids, last)
            await self._settle(ids[begun:place])
            if not over and place - begun < MAX_LIMIT // 2 and not self.ignored:
                return ids[place:]
        return ()

    # Either way

    async def _fetch(self, params: Query) -> Sheet[T]:
        asked = self._size.now
        sheet, got = await self._source.fetch(params, asked, self._priority)
        self._size.came(asked, got)
        return sheet

    def _found(self, sheet: Sheet[T], wanted: Container[int]) -> None:
        for key, row in zip(sheet.keys, sheet.items, strict=True):
            if not isinstance(key, int):
                raise PaginationError(f"GET {self._source.path} gave a row without a numeric id")
            if key in wanted:
                self._keep(key, row)

    def _hurry_not(self, requests: float) -> None:
        if requests > MANY:
            self._priority = "bulk"


def _segment(count: int) -> int:
    return min(_SEGMENT[1], max(_SEGMENT[0], count // 32))
