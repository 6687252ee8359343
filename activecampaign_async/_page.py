"""One page of a list, and the endpoint it comes from."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from attrs import field, frozen

from . import _cursor
from ._call import Call
from ._model import Included, each
from ._walk import ById, ByOffset, Sheet, Walk, row_key, row_total
from ._wire import php_list
from .errors import DecodeError, PaginationError, TransportError

if TYPE_CHECKING:
    from ._answer import Answer
    from ._call import Query, Send
    from .errors import ActiveCampaignError
    from .limits import Priority

T = TypeVar("T")
Item = Callable[[Any, Any, bool], T]  # wire row, side-loads of its page, strict

log = logging.getLogger("activecampaign_async")

SMALLEST = 10
"""A page that times out is asked for again by halves, down to this many rows."""
_RECOVERS = 8
"""Pages that come in time after which twice the rows are tried again: more each time that this fails."""

TIMES, MORE = 10, 100_000
"""How often the rows that a first page promises may come, and how many beyond: lists do grow while they are read."""

_BY_ID = ("id_greater", "id_less", "orders[id]")
_NOT_ITERABLE = "a Page is one page of many: `async for` over the pager or .collect() gives all items, .items these"


@frozen(eq=False)
class Page(Generic[T]):
    """One page of a list."""

    items: tuple[T, ...]
    total: int | None
    """How many there are in all, where ActiveCampaign says so."""
    included: Included
    """The rows that came beside the items."""
    cursor: str | None
    """For `Pager.resume`: everything after this page. None when that is nothing."""
    has_more: bool

    if not TYPE_CHECKING:  # hidden, so that a type checker finds the mistake too

        def __iter__(self) -> NoReturn:
            raise TypeError(_NOT_ITERABLE)

        def __len__(self) -> NoReturn:
            raise TypeError(_NOT_ITERABLE)

        def __getitem__(self, index: object) -> NoReturn:
            raise TypeError(_NOT_ITERABLE)


class PageSize:
    """How many rows to ask for: fewer once a page took too long, more again when enough of them came in time."""

    def __init__(self, most: int) -> None:
        self.most = self.now = most
        self._good, self._patience = 0, _RECOVERS
        self._grown = False

    def came(self, asked: int, got: int) -> None:
        """A page that was to have `asked` rows came when it was asked for `got`."""
        if got < asked:
            self._good = 0
            if got < self.now:  # else another lane told already
                self.now = got
                self._patience *= 2 if self._grown else 1
        elif asked >= self.now:  # fewer say nothing
            self._good += 1
            if self._good >= self._patience:
                self._good, self._grown = 0, self.now < self.most
                self.now = min(self.most, 2 * self.now)
                if not self._grown:
                    self._patience = _RECOVERS


@frozen
class Source(Generic[T]):
    """A list at its endpoint: what is asked for, and how its rows are read."""

    send: Send
    path: str
    key: str
    item: Item[T]
    query: Query
    keyset: bool
    timeout: float | None
    small: bool = False
    """Whether it belongs to one contact: ``{}`` then stands for no rows, and no total comes with a whole list."""
    overlap: int = 0
    """Rows of the page before that each page begins with, by offset: see `ByOffset`."""
    mark: str = field(init=False)
    """Tells its cursors from those of other lists."""

    @mark.default
    def _mark(self) -> str:
        return _cursor.fingerprint(self.send.home, self.path, self.key, self.query, self.keyset)

    async def fetch(self, params: Query, asked: int, priority: Priority = "bulk") -> tuple[Sheet[T], int]:
        """A page, and how many rows it was asked for in the end: fewer, when it took too long."""
        mine = {k: v for k, v in self.query.items() if not (self.keyset and k in _BY_ID)}
        while True:
            call = Call(
                "GET",
                self.path,
                self._read,
                {**mine, "limit": str(asked), **params},
                shrinks=asked > SMALLEST,
                timeout=self.timeout,
                priority=priority,
            )
            try:
                return await self.send(call), asked
            except TransportError as error:
                if not error.timed_out or asked <= SMALLEST:
                    raise
            asked = max(SMALLEST, asked // 2)

    def _is_nothing(self, data: Any) -> bool:
        """Whether that is no row, as PHP may say it."""
        if self.small and data == {}:
            return True
        if not isinstance(data, dict) or data.get(self.key, ...) is not None:
            return False
        return isinstance(meta := data.get("meta"), dict) and not row_total(meta)

    def _read(self, answer: Answer) -> Sheet[T]:
        data = answer.data
        rows = php_list(data.get(self.key)) if isinstance(data, dict) else None
        if self._is_nothing(data):
            rows = []
        if not isinstance(rows, list):
            raise DecodeError(self.key, "is not in the answer, or no list")
        included = Included({k: v for k, v in data.items() if k not in (self.key, "meta")}, strict=answer.strict)
        items = each(rows, lambda row: self.item(row, included, answer.strict), self.key)
        keys = tuple([row_key(row) for row in rows])
        return Sheet(items, keys, row_total(data.get("meta")), included, self._digest(rows) if None in keys else "")

    def _digest(self, rows: list[Any]) -> str:
        try:
            return sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
        except RecursionError:
            pass
        raise DecodeError(self.key, "nested too deeply")

    def start(self) -> Walk[T]:
        """At the list's beginning."""
        if not self.keyset:
            return ByOffset(small=self.small, overlap=self.overlap)
        return ById([(_bound(self.query, "id_greater"), _bound(self.query, "id_less"))])

    def at(self, cursor: str) -> Walk[T]:
        """Where `cursor` says. TypeError or ValueError for one that is none, or not of this list."""
        state = _cursor.decode(self.mark, cursor)
        try:
            if self.keyset:
                return ById.from_state(state)
            return ByOffset.from_state(state, small=self.small, overlap=self.overlap)
        except (KeyError, TypeError, ValueError):
            raise ValueError("cursor: not one of this library's") from None

    def ended(self, given: int, total: int | None, size: int) -> None:
        """Tell where the list ended a page or more before its total."""
        if self.keyset and any(name in self.query for name in _BY_ID[:2]):
            return  # the total may be of what lies beyond the bounds, too
        if total is not None and total - given >= size:
            log.warning(
                "GET %s ended after %d rows, and its total says %d: rows were taken out meanwhile, or the key's user "
                "may not see them; behind a whole page of such rows nothing is looked for",
                self.path,
                given,
                total,
            )

    def mark_error(self, error: ActiveCampaignError, cursor: str | None) -> None:
        """Tell where in which list an error came up."""
        error.cursor = cursor
        if error.method is None:
            error.method, error.path = "GET", self.path

    def cursor(self, walk: Walk[T]) -> str | None:
        """Where `walk` stands; None at the end."""
        return None if walk.done else _cursor.encode(self.mark, walk.state())


class Within(AsyncIterator[Page[T]]):
    """The pages of a list, whichever way it is gone through, within bounds of what the first one's total promised.

    Rows that are new each time go on for as long as a server likes to make them up. Where no total is told, none is
    exceeded; and who knows that the list is so long may resume.
    """

    def __init__(self, source: Source[T], pages: AsyncIterator[Page[T]]) -> None:
        self._source, self._pages = source, pages
        self._promised: int | None = None
        self._given = 0
        self._cursor: str | None = None

    async def __anext__(self) -> Page[T]:
        if self._cursor is not None and self._promised is not None and self._given > TIMES * self._promised + MORE:
            said = f"rows without end: {self._given} came, where the first page told of {self._promised}"
            error = PaginationError(f"{said}; if there are so many, resume(error.cursor) goes on")
            self._source.mark_error(error, self._cursor)
            raise error
        page = await anext(self._pages)
        if self._cursor is None:  # the first: no other comes after one that has none
            self._promised = page.total
        self._given += len(page.items)
        self._cursor = page.cursor
        return page


class Items(AsyncIterator[T]):
    """Item after item of the pages."""

    def __init__(self, pages: AsyncIterator[Page[T]]) -> None:
        self._pages = pages
        self._held: Iterator[T] = iter(())

    async def __anext__(self) -> T:
        while True:
            for item in self._held:
                return item
            self._held = iter((await self._pages.__anext__()).items)


def _bound(query: Query, name: str) -> int | None:
    value = query.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not value.isascii() or not value.isdigit():
        raise ValueError(f"{name}: an id was expected")
    return int(value)
