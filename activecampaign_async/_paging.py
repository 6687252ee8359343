"""Lists that are longer than a page: `Pager`, which iterates over them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from attrs import evolve, frozen

from ._ahead import lanes_of
from ._block import block
from ._call import priority_now
from ._hinting import hinting
from ._page import Item, Items, Page, PageSize, Source, Within
from ._walk import ById
from .errors import ActiveCampaignError

if TYPE_CHECKING:
    from ._call import Query, Send
    from ._walk import Walk
    from .limits import Priority

__all__ = ["MAX_LIMIT", "Page", "Pager", "pager"]

T = TypeVar("T")

MAX_LIMIT = 100
IN_FLIGHT = 16
"""As many as a client sends side by side: lanes beyond only cost planning."""
LANES = 8
"""5 requests a second at a latency of a second, and three more."""


class _Pages(AsyncIterator[Page[T]]):
    """Page after page. No generator: one that is left early has to be closed by its user, this does not."""

    def __init__(self, source: Source[T], walk: Walk[T], size: int, priority: Priority = "bulk") -> None:
        self._source, self._walk, self._size, self._priority = source, walk, PageSize(size), priority
        self._begun = False
        self.wanted = size
        """Rows: no page needs more."""

    async def __anext__(self) -> Page[T]:
        """The next page. An empty one is given only as the first."""
        source, walk = self._source, self._walk
        while not walk.done:
            want, begun = min(self._size.now, self.wanted), self._begun
            try:
                params, asked = walk.ask(want)
                sheet, got = await source.fetch(params, asked, self._priority)
                items = walk.take(sheet, got)
            except ActiveCampaignError as error:
                source.mark_error(error, source.cursor(walk))
                raise
            self._size.came(asked, got)
            self._begun = True
            total, cursor = walk.total if isinstance(walk, ById) else sheet.total, source.cursor(walk)
            if cursor is None:
                source.ended(walk.given, total, self._size.most)
            if items or not begun:
                return Page(items, total, sheet.included, cursor, cursor is not None)
        raise StopAsyncIteration


@frozen(eq=False)
class Pager(Generic[T]):
    """A list. Awaited, its first page; iterated, every item of every page, one request at a time.

    A short page counts as the last one if the total confirms it; else one more request makes sure. Only a whole page
    of rows that the key's user may not see ends a list early, which is logged as a WARNING.
    """

    _source: Source[T]
    _limit: int
    _cursor: str | None = None

    def __repr__(self) -> str:
        return f"<Pager of {self._source.path}>"

    def __await__(self) -> Generator[Any, Any, Page[T]]:
        return self._first().__await__()

    async def _first(self) -> Page[T]:
        return await anext(_Pages(self._source, self._walk(), self._limit, priority_now()))

    def __aiter__(self) -> AsyncIterator[T]:
        return Items(self.pages())

    if not TYPE_CHECKING:  # hidden, so that a type checker finds the mistake too

        def __iter__(self) -> NoReturn:
            raise TypeError("a Pager is gone through with `async for`; or take a list from `await pager.collect()`")

        def __aenter__(self) -> NoReturn:
            raise TypeError("a Pager is gone through with `async for`; or write: async with pager.ahead(n) as items")

        __aexit__ = __aenter__  # which Python looks up before it calls the other

    def _walk(self) -> Walk[T]:
        return self._source.start() if self._cursor is None else self._source.at(self._cursor)

    def _pages(self) -> _Pages[T]:
        return _Pages(self._source, self._walk(), self._limit)

    @hinting
    def pages(self) -> AsyncIterator[Page[T]]:
        """Every page, one request at a time. ``page.cursor`` is where the next begins: a checkpoint, once the
        page's items are safe. The first page comes even if it is empty."""
        return Within(self._source, self._pages())

    @hinting
    async def collect(self, max_items: int | None = None) -> list[T]:
        """All items as a list, or the first `max_items`: no more are requested than that needs."""
        if max_items is not None and (isinstance(max_items, bool) or not isinstance(max_items, int)):
            raise TypeError(f"max_items: an int was expected, not {type(max_items).__name__}")
        if max_items is not None and max_items < 0:
            raise ValueError("max_items: 0 or more")
        items: list[T] = []
        pages = self._pages()
        within = Within(self._source, pages)
        while max_items is None or len(items) < max_items:
            if max_items is not None:
                pages.wanted = max_items - len(items)
            page = await anext(within, None)
            if page is None:
                break
            items += page.items
        return items[:max_items]

    @block("pager.ahead(n) as items, and in it: async for … in items")
    @hinting
    async def ahead(self, n: int = LANES, *, ordered: bool = True) -> AsyncIterator[AsyncIterator[T]]:
        """The same items, with up to `n` requests in parallel. The account's rate x the latency, and two or three
        more, keep it busy.

            async with pager.ahead(8) as items:
                async for item in items: ...

        A client sends at most 16 in parallel; a larger `n` is the same as 16. A bounded number of pages is fetched
        ahead of you, then fetching pauses. `ordered=False` gives contacts in any order, which needs the fewest
        requests and holds the fewest pages. After the block nothing is left running; errors are raised out of the
        loop, in no exception group, with a `cursor`. TypeError or ValueError for an invalid `n`. A `timeout` of the
        list is for each page; here `n` times as long, since `n` pages wait in one queue. A short page in the middle
        (rows that the key's user may not see) loses nothing. If the total does not confirm that a part of the list
        ended there, one more request is spent on it.
        """
        async with self.ahead_pages(n, ordered=ordered) as pages:
            yield Items(pages)

    @block("pager.ahead_pages(n) as pages, and in it: async for … in pages")
    @hinting
    async def ahead_pages(self, n: int = LANES, *, ordered: bool = True) -> AsyncIterator[AsyncIterator[Page[T]]]:
        """As `ahead`, by pages: ``page.cursor`` is a checkpoint of what is left after all pages so far."""
        if isinstance(n, bool) or not isinstance(n, int):
            raise TypeError(f"n: an int was expected, not {type(n).__name__}")
        if n < 1:
            raise ValueError("n: 1 lane or more")
        lanes = lanes_of(self._source, self._walk(), self._limit, min(n, IN_FLIGHT), ordered)
        await lanes.open()
        try:
            yield Within(self._source, lanes)
        finally:
            await lanes.close()

    @hinting
    def resume(self, cursor: str) -> Pager[T]:
        """The same list from `cursor` on: that of a page, or of an error raised between pages.

        ValueError for the cursor of another list or account, or of this one with other filters or in another order.
        """
        self._source.at(cursor)
        return evolve(self, cursor=cursor)


def pager(
    send: Send,
    path: str,
    key: str,
    item: Item[T],
    *,
    query: Query,
    limit: int | None = None,
    keyset: bool = False,
    small: bool = False,
    overlap: int = 0,
    timeout: float | None = None,
) -> Pager[T]:
    """The list at `path`, whose rows stand under `key`. `timeout` is for each page, in seconds.

    `keyset`: go by id (contacts only). The query's own `id_greater` and `id_less` stay bounds.
    `small`: it belongs to one contact; an answer of ``{}`` stands for no rows, and a page shorter than asked for needs
    no total to be all.
    `overlap`: rows that each page shares with the one before, where it goes by offset: rows that slip forward while
    others come are noticed, which no total tells.
    """
    for name in ("limit", "offset"):
        if name in query:
            raise ValueError(f"{name}: the pager's own; use limit= and .resume(cursor)")
    source = Source(send, path, key, item, dict(query), keyset, timeout, small, overlap)
    source.start()  # refuses bounds that are none, before anything is sent
    return Pager(source, _limit(limit))


def _limit(limit: int | None) -> int:
    if limit is None:
        return MAX_LIMIT
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise TypeError(f"limit: an int was expected, not {type(limit).__name__}")
    if not 1 <= limit <= MAX_LIMIT:
        raise ValueError(f"limit: 1 to {MAX_LIMIT} rows a page")
    return limit
