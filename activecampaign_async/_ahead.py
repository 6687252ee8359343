"""A list gone through by several lanes side by side, inside one `async with`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, TypeVar

import anyio
from attrs import evolve

from ._page import Page, PageSize
from ._parts import Part, Parts
from ._walk import ById, ByOffset, Sheet, id_params
from .errors import ActiveCampaignError

if TYPE_CHECKING:
    from ._page import Source
    from ._walk import Span, Walk

T = TypeVar("T")


class _Lanes(AsyncIterator[Page[T]], ABC):
    """What the ways of going ahead share: tasks that end with the `async with`, and errors that come bare."""

    def __init__(self, source: Source[T], size: int, lanes: int) -> None:
        self._source, self._size, self._lanes = source, PageSize(size), lanes
        self._outer = anyio.create_task_group()
        self._changed = anyio.Event()
        self._failure: Exception | None = None
        self._over = self._closed = False

    @abstractmethod
    def _ready(self) -> Page[T] | None:
        """The next page to give, where it is there."""

    @abstractmethod
    async def _begin(self) -> None:
        """What has to be known before the lanes start."""

    @abstractmethod
    async def _lane(self) -> None:
        """One lane's work, to the list's end."""

    @abstractmethod
    def _cursor(self) -> str | None:
        """Of everything not given yet."""

    @abstractmethod
    def _count(self) -> tuple[int, int | None]:
        """How many rows were given, and how many there are, as far as told."""

    async def __anext__(self) -> Page[T]:
        await anyio.lowlevel.checkpoint()  # a loop over held pages lets the lanes go on
        while not self._closed:
            page = self._ready()
            if page is not None:
                self._tell()
                return page
            if self._failure is not None:
                if isinstance(self._failure, ActiveCampaignError):
                    self._source.mark_error(self._failure, self._cursor())
                raise self._failure
            if self._over:
                self._source.ended(*self._count(), self._size.most)
                raise StopAsyncIteration
            await self._changed.wait()
        raise RuntimeError("used after its `async with` has ended")

    async def open(self) -> None:
        await self._outer.__aenter__()
        self._outer.start_soon(self._run)

    async def close(self) -> None:
        self._closed = True
        self._outer.cancel_scope.cancel()
        await self._outer.__aexit__(None, None, None)  # told of no error: it would come out wrapped
        self._failure = None  # its traceback holds frames that hold this

    async def _run(self) -> None:
        # A group of their own: an error of one lane ends the others, and leaves the user's block alone
        async with anyio.create_task_group() as self._group:
            if await self._guard(self._begin):
                for _ in range(self._lanes):
                    self._group.start_soon(self._guard, self._lane)
        self._over = True
        self._tell()

    async def _guard(self, work: Callable[[], Awaitable[None]]) -> bool:
        try:
            await work()
        except Exception as error:  # noqa: BLE001  # raised where the pages are awaited, in no exception group
            self._failure = self._failure or error
            self._group.cancel_scope.cancel()
            return False
        return True

    def _tell(self) -> None:
        """Wake whoever waits for a page, for room, or for work."""
        self._changed.set()
        self._changed = anyio.Event()

    async def _fetch(self, params: dict[str, str], asked: int) -> tuple[Sheet[T], int]:
        sheet, got = await self._source.fetch(params, asked)
        self._size.came(asked, got)
        return sheet, got


class IdsAhead(_Lanes[T]):
    """By parts of the id space."""

    def __init__(self, source: Source[T], walk: ById[T], size: int, lanes: int, ordered: bool) -> None:
        super().__init__(source, size, lanes)
        self._given = walk.given
        self._total = walk.total
        self._empty: Page[T] | None = None
        self._parts: Parts[T] = Parts(
            walk.spans, size=size, lanes=lanes, ordered=ordered, widest=walk.widest, got=walk.given
        )
        self._asking = False

    async def _begin(self) -> None:
        parts = self._parts
        first = parts.parts[0]
        first.busy = True
        after, before = first.after, first.before
        sheet, asked = await self._fetch(id_params(after, before), self._size.now)
        parts.asked = self._size.now
        parts.put(first, sheet, asked, before)
        count = len(sheet.keys)
        if not self._given:
            self._total = sheet.total
        if not count:
            self._empty = Page((), sheet.total, sheet.included, None, False)
        self._tell()
        # After a resume, what the total counts is anybody's guess
        left = None if sheet.total is None or self._given else sheet.total - count
        if parts.over or (left is not None and 0 <= left < self._size.now and len(parts.parts) == 1):
            return  # one more page at most: nothing to spread
        highest = await self._highest()
        if highest is None or highest <= parts.parts[-1].after:
            return
        parts.highest = highest
        ids = sum(parts.ids(part) for part in parts.parts)
        parts.left = left if left is not None and left > 0 else int(ids * count / max(1, first.after - after))
        first.fresh = True  # its first page is read, the rest may be cut up
        parts.spread(highest)

    async def _highest(self) -> int | None:
        after, before = self._parts.parts[-1].after, self._parts.parts[-1].before
        params = {**id_params(after, before), "orders[id]": "DESC"}
        sheet, _ = await self._source.fetch(params, 1)
        return max((key for key in sheet.keys if isinstance(key, int)), default=None)

    async def _lane(self) -> None:
        parts = self._parts
        while not parts.over:
            part = parts.pick()
            if part is not None:
                await self._next(part)
            elif parts.is_stale() and not self._asking:
                await self._look_above()
            else:
                await self._changed.wait()

    async def _next(self, part: Part[T]) -> None:
        part.busy, before = True, part.before
        sheet, asked = await self._fetch(id_params(part.after, before), self._size.now)
        self._parts.asked = self._size.now
        self._parts.put(part, sheet, asked, before)
        self._tell()

    async def _look_above(self) -> None:
        """Rows were added while the others were read: how far up do they go by now?"""
        self._asking = True
        known, highest = self._parts.highest or 0, await self._highest()
        self._parts.spread(max(known, highest or 0))
        self._asking = False
        self._tell()

    def _ready(self) -> Page[T] | None:
        sheet = self._parts.take()
        if sheet is None:
            if self._over:
                page, self._empty = self._empty, None
                return page
            return None
        self._empty = None
        self._given += len(sheet.items)
        cursor = self._cursor()
        return Page(sheet.items, self._total, sheet.included, cursor, cursor is not None)

    def _cursor(self) -> str | None:
        spans: list[Span] = [(a if a >= 0 else None, b) for a, b in self._parts.spans()]
        return self._source.cursor(ById[T](spans, self._parts.widest, self._given, self._total))

    def _count(self) -> tuple[int, int | None]:
        return self._given, self._total


class OffsetsAhead(_Lanes[T]):
    """By pages. One walk takes them in order, as without lanes; the lanes fetch what it will ask for next."""

    def __init__(self, source: Source[T], walk: ByOffset[T], size: int, lanes: int) -> None:
        super().__init__(source, size, lanes)
        self._walk = walk
        self._pages: deque[Page[T]] = deque()
        self._given = source.cursor(walk)
        self._next = self._step = 0
        """Offsets: to be fetched next, and from page to page."""
        self._rows = self._most = size
        """Rows a page is asked for, and the most that a page was to have."""
        self._end: int | None = None
        """The total that the last page told."""
        self._quiet, self._pause = 0, lanes
        """Pages for which nothing is fetched ahead, since rows come and go; and for how many the next time."""
        self._ahead: dict[int, tuple[Sheet[T], int] | Exception | None] = {}
        """Pages that were fetched (None: on their way), by offset. An error counts when the walk gets there."""
        self._driven = False
        self._first = True

    async def _begin(self) -> None:
        await self._advance()

    async def _lane(self) -> None:
        if not self._driven:
            self._driven = True
            await self._drive()
            return
        while True:
            full = self._quiet or len(self._ahead) >= 2 * self._lanes
            if full or not self._step or self._next >= (self._end or 0):
                await self._changed.wait()
                continue
            at, self._next, ahead = self._next, self._next + self._step, self._ahead
            ahead[at] = None
            try:
                ahead[at] = await self._fetch({"offset": str(at)}, self._rows)
            except Exception as error:  # noqa: BLE001  # raised by the one who asks for that page
                ahead[at] = error
            self._tell()

    async def _drive(self) -> None:
        while not self._walk.done:
            if len(self._pages) >= self._lanes:
                await self._changed.wait()
            else:
                await self._advance()
        self._group.cancel_scope.cancel()  # what the other lanes look for lies beyond the end

    async def _advance(self) -> None:
        """The walk's next page: fetched ahead, or now."""
        walk = self._walk
        params, asked = walk.ask(self._rows)
        at, end = walk.spans[0]
        if end is None and at not in self._ahead and at != self._next:
            self._ahead, self._next = {}, at  # pages turned out longer or shorter than planned
        ready = await self._arrived(at) if at in self._ahead else None
        if ready is None:
            if end is None:
                self._next = at + self._step
            ready = await self._fetch(params, asked)
        sheet, got = ready
        items = walk.take(sheet, got)
        self._most = got if self._first else max(self._most, got if end is None else 0)
        self._plan(at + walk.step(len(sheet.keys)), sheet.total)
        if items or self._first:
            cursor = self._source.cursor(walk)
            self._pages.append(Page(items, sheet.total, sheet.included, cursor, not walk.done))
        self._first = False
        self._tell()

    def _plan(self, reached: int, total: int | None) -> None:
        if not self._step:
            self._next = reached
        # Together, lest pages overlap that were asked for in different sizes
        self._rows = self._size.now
        # An endpoint may give less than is asked for: then no page was as long as it was to be
        self._step = self._walk.step(
            self._rows if self._walk.widest >= self._most else min(self._walk.widest, self._rows)
        )
        self._end = total
        self._quiet = max(0, self._quiet - 1)

    async def _arrived(self, at: int) -> tuple[Sheet[T], int] | None:
        """The page that was fetched ahead. None where rows came or went since the page before it was read: read in
        another order than they stand in, pages may then miss rows between them."""
        while (there := self._ahead[at]) is None:
            await self._changed.wait()
        if isinstance(there, Exception):
            raise there
        del self._ahead[at]
        if there[0].total == self._end:
            return there
        self._ahead, self._next = {}, at
        self._quiet, self._pause = self._pause, 2 * self._pause
        return None

    def _ready(self) -> Page[T] | None:
        if not self._pages:
            return None
        page = self._pages.popleft()
        self._given = page.cursor
        return page

    def _cursor(self) -> str | None:
        return self._given

    def _count(self) -> tuple[int, int | None]:
        return self._walk.given, self._end


def lanes_of(source: Source[T], walk: Walk[T], size: int, lanes: int, ordered: bool) -> IdsAhead[T] | OffsetsAhead[T]:
    """The way to go ahead in a list. Lanes stand in one queue, each behind the others: the time for a page, which
    holds without lanes, is as long for each of them together."""
    if source.timeout is not None:
        source = evolve(source, timeout=source.timeout * lanes)
    if isinstance(walk, ById):
        return IdsAhead(source, walk, size, lanes, ordered)
    return OffsetsAhead(source, walk, size, lanes)
