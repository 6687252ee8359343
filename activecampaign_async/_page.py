"""One page of a list, and the endpoint it comes from."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Generic, NoReturn, TypeVar

from attrs import field, frozen

from . import _cursor
from ._call import Call
from ._model import Included
from ._walk import ById, ByOffset, Sheet, Walk, row_key, row_total
from ._wire import php_list
from .errors import DecodeError, TransportError

if TYPE_CHECKING:
    from ._answer import Answer
    from ._call import Query, Send
    from .errors import ActiveCampaignError

T = TypeVar("T")
Item = Callable[[Any, Any, bool], T]  # wire row, side-loads of its page, strict

SMALLEST = 10
"""A page that times out is asked for again by halves, down to this many rows."""

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
    mark: str = field(init=False)
    """Tells its cursors from those of other lists."""

    @mark.default
    def _mark(self) -> str:
        return _cursor.fingerprint(self.send.home, self.path, self.key, self.query, self.keyset)

    async def fetch(self, params: dict[str, str], asked: int) -> tuple[Sheet[T], int]:
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
            )
            try:
                return await self.send(call), asked
            except TransportError as error:
                if not error.timed_out or asked <= SMALLEST:
                    raise
            asked = max(SMALLEST, asked // 2)

    def _read(self, answer: Answer) -> Sheet[T]:
        data = answer.data
        rows = php_list(data.get(self.key)) if isinstance(data, dict) else None
        if self.small and data == {}:
            rows = []
        if not isinstance(rows, list):
            raise DecodeError(self.key, "is not in the answer, or no list")
        included = Included({k: v for k, v in data.items() if k not in (self.key, "meta")}, strict=answer.strict)
        items = tuple([self.item(row, included, answer.strict) for row in rows])
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
            return ByOffset(small=self.small)
        return ById([(_bound(self.query, "id_greater"), _bound(self.query, "id_less"))])

    def at(self, cursor: str) -> Walk[T]:
        """Where `cursor` says. TypeError or ValueError for one that is none, or not of this list."""
        state = _cursor.decode(self.mark, cursor)
        try:
            return ById.from_state(state) if self.keyset else ByOffset.from_state(state, small=self.small)
        except (KeyError, TypeError, ValueError):
            raise ValueError("cursor: not one of this library's") from None

    def mark_error(self, error: ActiveCampaignError, cursor: str | None) -> None:
        """Tell where in which list an error came up."""
        error.cursor = cursor
        if error.method is None:
            error.method, error.path = "GET", self.path

    def cursor(self, walk: Walk[T]) -> str | None:
        """Where `walk` stands; None at the end."""
        return None if walk.done else _cursor.encode(self.mark, walk.state())


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
