"""Contacts that were changed since the last time, each change at least once, whatever happens in between.

A run asks for what was changed after the one before began, and a little earlier: a row may become visible only after
its own time stamp. What came then already is left out, but for rows so young that they may have changed once more
within the same second. What is touched while a run goes on is the next one's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import floor
from typing import TYPE_CHECKING, TypeVar

import anyio
from attrs import define, evolve, field

from .._block import block
from .._paging import LANES
from ._saved import Saved, undamaged

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from .._answer import Answer
    from .._call import Call, Send
    from .._page import Page
    from .._paging import Pager
    from .contacts import Contact

T = TypeVar("T")

OVERLAP = 300.0
_YOUNG = 10
"""Seconds before a run's beginning within which a row is given again: clocks differ, and stamps are whole seconds."""
_REMEMBERED = 100_000
"""Rows given that are kept to leave them out the next time, at most: others come twice."""
_SMALL, _SAVE_EVERY = 1000, 1.0
"""A state that remembers more rows than this is not saved after each page, but once in so many seconds."""


@define(eq=False)
class _State:
    """How far it has come. Times are seconds since 1970."""

    since: float
    """The run under way, or the next one, asks for what was changed after this, less the overlap."""
    began: float | None = None
    """When the run under way began, by ActiveCampaign's clock; None between runs."""
    cursor: str | None = None
    given: dict[str, float] = field(factory=dict)
    """Rows that the runs before gave, by id: when they were changed."""
    fresh: dict[str, float] = field(factory=dict)
    """The same of the run under way."""

    def saved(self) -> dict[str, Any]:
        return {
            "since": self.since,
            "began": self.began,
            "cursor": self.cursor,
            "given": self.given,
            "fresh": self.fresh,
        }

    @classmethod
    def of(cls, saved: Mapping[str, Any]) -> _State:
        """ResumeError where it is damaged."""
        return undamaged(cls._of, saved)

    @classmethod
    def _of(cls, saved: Mapping[str, Any]) -> _State:
        since, began, cursor = saved["since"], saved["began"], saved["cursor"]
        rows = [{str(int(id)): float(at) for id, at in saved[name].items()} for name in ("given", "fresh")]
        if isinstance(cursor, str) != (began is not None) or not isinstance(cursor, (str, type(None))):
            raise ValueError
        return cls(float(since), None if began is None else float(began), cursor, *rows)

    def remember(self, contact: Contact, overlap: float) -> None:
        """It was given in this run."""
        at = _seconds(contact.updated_at)
        if at is not None and self.began is not None and self.began - overlap - 2 <= at < self.began - _YOUNG:
            self.fresh[str(contact.id)] = at

    def knows(self, contact: Contact) -> bool:
        """Whether it was given, and is as it was."""
        at = self.given.get(str(contact.id))
        return at is not None and at == _seconds(contact.updated_at)

    def finish(self) -> None:
        """The run is over: what it gave is left out of the next one."""
        if self.began is not None:
            newest = sorted(self.fresh.items(), key=lambda pair: pair[1])[-_REMEMBERED:]
            self.since, self.given, self.fresh = self.began, dict(newest), {}
        self.began = self.cursor = None


class Changes:
    """Contacts that were changed since the last time. Returned by `Contacts.changed`; iterated with ``async for``.

    With a checkpoint, an interrupted run resumes where it stopped: what was given before the latest page is not given
    again.
    """

    def __init__(
        self,
        send: Send,
        contacts: Callable[[Send, datetime], Pager[Contact]],
        since: datetime | None,
        saved: Saved | None,
        overlap: float,
    ) -> None:
        self._send, self._contacts, self._since, self._saved = send, contacts, since, saved
        self._overlap = overlap
        self._state: _State | None = None

    @property
    def watermark(self) -> datetime | None:
        """The `since` of the next run, once this one is over: when this one began, by ActiveCampaign's clock.
        For use without a checkpoint."""
        state = self._state
        return None if state is None or state.began is not None else datetime.fromtimestamp(state.since, UTC)

    def __aiter__(self) -> AsyncIterator[Contact]:
        return _Rows(self.pages())

    def pages(self) -> AsyncIterator[tuple[Contact, ...]]:
        """Several at a time. The checkpoint is saved when you ask for the next ones: by then you have these."""
        return _Pages(self)

    @block("changes.ahead(n) as contacts, and in it: async for … in contacts")
    async def ahead(self, n: int = LANES) -> AsyncIterator[AsyncIterator[Contact]]:
        """The same, with up to `n` requests in parallel, in any order: for a first run, or after a long absence.

        from datetime import UTC, datetime

        async with ac.contacts.changed(datetime(2026, 1, 1, tzinfo=UTC)).ahead(8) as contacts:
            async for contact in contacts: ...
        """
        async with self.ahead_pages(n) as pages:
            yield _Rows(pages)

    @block("changes.ahead_pages(n) as several, and in it: async for … in several")
    async def ahead_pages(self, n: int = LANES) -> AsyncIterator[AsyncIterator[tuple[Contact, ...]]]:
        """As `ahead`, several at a time."""
        run = await self._begin()
        async with run.pager.ahead_pages(n, ordered=False) as pages:
            yield _Pages(self, run, pages)

    async def _begin(self) -> _Run:
        saved = None if self._saved is None else await self._saved.load()
        if saved is not None:
            self._state = _State.of(saved)
        elif self._since is not None:
            self._state = _State(self._since.timestamp())
        else:
            raise ValueError("since: must be given where nothing is saved yet")
        state, clock = self._state, _Clock(self._send)
        # A second more: nobody knows whether the moment itself counts
        pager = self._contacts(clock, datetime.fromtimestamp(floor(state.since - self._overlap - 1), UTC))
        if state.cursor is not None:
            pager = pager.resume(state.cursor)
        return _Run(state, clock, pager, self._saved, self._overlap)


class _Run:
    """One way through what was changed."""

    def __init__(
        self, state: _State, clock: _Clock, pager: Pager[Contact], saved: Saved | None, overlap: float
    ) -> None:
        self._state, self._clock, self._saved, self._overlap = state, clock, saved, overlap
        self.pager = pager
        self._due = anyio.current_time()

    def take(self, page: Page[Contact]) -> tuple[Contact, ...]:
        """What was not given before."""
        state = self._state
        if state.began is None:
            state.began = floor(self._clock.started)
        return tuple(contact for contact in page.items if not state.knows(contact))

    async def is_safe(self, page: Page[Contact]) -> None:
        """Whoever was given the page has come back for the next one."""
        state = self._state
        for contact in page.items:
            state.remember(contact, self._overlap)
        state.cursor = page.cursor
        small = len(state.given) + len(state.fresh) <= _SMALL
        if page.cursor is not None and (small or anyio.current_time() >= self._due):
            await self._save()
            self._due = anyio.current_time() + _SAVE_EVERY

    async def is_over(self) -> None:
        """Nothing is left."""
        self._state.finish()
        await self._save()

    async def _save(self) -> None:
        if self._saved is not None:
            await self._saved.save(self._state.saved())


class _Clock:
    """A road that looks at the clock on the wall of the other side: when the first call was made."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.started = 0.0

    @property
    def home(self) -> str:
        return self._send.home

    async def __call__(self, call: Call[T], /) -> T:
        if self.started:
            return await self._send(call)
        made = anyio.current_time()

        def read(answer: Answer) -> T:
            self.started = self.started or _date(answer.headers) - (anyio.current_time() - made)
            return call.read(answer)

        return await self._send(evolve(call, read=read))


class _Pages(AsyncIterator["tuple[Contact, ...]"]):
    """What is new of each page. No generator: one that is left early has to be closed by its user, this does not."""

    def __init__(
        self, changes: Changes, run: _Run | None = None, pages: AsyncIterator[Page[Contact]] | None = None
    ) -> None:
        self._changes, self._run, self._pages = changes, run, pages
        self._page: Page[Contact] | None = None
        """Given, and not known to be safe."""
        self._over = False

    async def __anext__(self) -> tuple[Contact, ...]:
        while not self._over:
            if self._run is None:
                self._run = await self._changes._begin()
            if self._pages is None:
                self._pages = self._run.pager.pages()
            if self._page is not None:
                page, self._page = self._page, None
                await self._run.is_safe(page)
            try:
                self._page = await anext(self._pages)
            except StopAsyncIteration:
                await self._run.is_over()
                self._over = True
                break
            if contacts := self._run.take(self._page):
                return contacts
        raise StopAsyncIteration


class _Rows(AsyncIterator["Contact"]):
    """One by one."""

    def __init__(self, pages: AsyncIterator[tuple[Contact, ...]]) -> None:
        self._pages = pages
        self._held: Iterator[Contact] = iter(())

    async def __anext__(self) -> Contact:
        while True:
            for contact in self._held:
                return contact
            self._held = iter(await anext(self._pages))


def _date(headers: Mapping[str, str]) -> float:
    """When the answer was made: as it says itself, else by our own clock."""
    try:
        return parsedate_to_datetime(headers.get("date", "")).timestamp()
    except ValueError:
        return datetime.now(UTC).timestamp()


def _seconds(at: datetime | None) -> float | None:
    return None if at is None or at.tzinfo is None else at.timestamp()
