"""One call for each of many items: bounded, at the account's pace, and resumable after a crash."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterable, AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import AbstractAsyncContextManager, suppress
from functools import partial
from inspect import getclosurevars, isawaitable, isfunction, ismethod
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

import anyio
from anyio.abc import ObjectReceiveStream, ObjectSendStream
from attrs import field, frozen

from ._block import block
from ._call import priority
from ._hinting import hinting
from ._journal import Journal
from .client import AsyncClient
from .errors import (
    ActiveCampaignError,
    AuthenticationError,
    ConfigurationError,
    KeyProviderError,
    OutcomeUnknownError,
    PaymentRequiredError,
    RateLimitError,
    ReadOnlyError,
    ResponseTooLargeError,
    ServerError,
    TransportError,
)
from .jobs._ledger import Ledger
from .limits.local import LONGEST_PAUSE
from .resources._verbs import Verbs

if TYPE_CHECKING:
    from ._call import Send
    from .jobs.store import Store
    from .resources._saved import AsyncStore

__all__ = ["Outcome", "Progress", "map"]

S = TypeVar("S")
T = TypeVar("T")

LANES = 12
"""As many bulk calls as a client lets travel at a time."""
PATIENCE = 10  # waits for one item, before the limit is taken for a refusal
LAST_WORDS = 10.0  # seconds for what is under way when the run fails: what is cancelled instead may have been processed
UNTOLD = 60.0  # seconds to wait where nobody says how long
HOPELESS = (AuthenticationError, PaymentRequiredError, ConfigurationError, KeyProviderError, ReadOnlyError)
PASSING = (TransportError, ServerError, RateLimitError)
LASTING = (OutcomeUnknownError, ResponseTooLargeError)
LOST = "sent by a run that ended before its outcome was taken: look whether it was done, or give resend_unknown=True"


@frozen(kw_only=True)
class Outcome(Generic[S, T]):
    """What became of one item."""

    place: int
    """Of the item among those given, from 0."""
    item: S
    value: T | None = None
    """What the call gave."""
    error: ActiveCampaignError | None = field(default=None, eq=False)
    """Why it gave nothing. OutcomeUnknownError: it may have been done; look before you do it again."""

    def get(self) -> T:
        """The value, or the error raised."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


@frozen(kw_only=True)
class Progress:
    """How far it has come, told after each item."""

    done: int
    """Items that were done, well or badly; those that are through since a run before, too."""
    failed: int
    """Those of this run that ended in an error."""


@hinting
def map(  # noqa: A001 - read as bulk.map
    fn: Callable[[S], Awaitable[T]],
    items: Iterable[S] | AsyncIterable[S],
    *,
    lanes: int = LANES,
    ordered: bool = False,
    stop_on_error: bool = False,
    progress: Callable[[Progress], object] | None = None,
    checkpoint: Store | AsyncStore | None = None,
    query: Mapping[str, Any] | None = None,
    resend_unknown: bool = False,
) -> AbstractAsyncContextManager[AsyncIterator[Outcome[S, T]]]:
    """Call `fn` with each of `items`, up to `lanes` at a time, as bulk. Gives what became of each, as it completes.

        from activecampaign_async import bulk

        async with bulk.map(ac.contacts.get, range(1, 1000)) as outcomes:
            async for outcome in outcomes:
                print(outcome.item, outcome.error or outcome.value)

    Holds a few items at a time: `items` may be endless. After the block nothing is left running. An item's error ends
    nothing, unless `stop_on_error`; what would meet every item alike (a refused key, an unpaid account) is raised, and
    so is whatever is no `ActiveCampaignError`. A pause that ActiveCampaign asks for is waited out.

    Arguments:
        lanes: calls side by side; a client lets 12 of bulk travel at a time.
        ordered: give the outcomes in the order of the items. One that takes long holds up the ones behind it.
        stop_on_error: raise the first error of an item.
        progress: told after each item.
        checkpoint: where to keep how far it has come, e.g. a `StateFile`, and to go on from there: the same items are
            given again, in the same order, and perhaps more after them. ResumeError where they, the account, the name
            of `fn` or the `query` are others. An item whose outcome was taken is through, unless its error is one that
            passes (ServerError, RateLimitError, TransportError) and nothing was done that may not be repeated.
        query: what `fn` does with the items, e.g. ``{"tag": 3}``, for the checkpoint to tell it from something else.
        resend_unknown: items for which something was sent that may not be repeated, and whose outcome was not taken
            before the run ended, are done again. Otherwise each is an OutcomeUnknownError.

    Raises TypeError or ValueError for arguments that cannot be.
    """
    if not callable(fn):
        raise TypeError(f"fn: an async function was expected, not {type(fn).__name__}: bulk.map(fn, items)")
    if not isinstance(items, (Iterable, AsyncIterable)):
        raise TypeError(f"items: an iterable was expected, not {type(items).__name__}: bulk.map(fn, items)")
    if isinstance(lanes, bool) or not isinstance(lanes, int):
        raise TypeError(f"lanes: an int was expected, not {type(lanes).__name__}")
    if lanes < 1:
        raise ValueError("lanes: at least 1")
    ledger = None
    if checkpoint is not None:
        known = json.loads(json.dumps({"fn": _name(fn), **(query or {})}))  # as it comes back from a file
        ledger = Ledger(checkpoint, account=_account_of(fn), query=known)
    run = _Run(fn, items, ledger, 2 * lanes, stop_on_error, resend_unknown)
    return _running(run, lanes, ordered, progress)


@block("bulk.map(fn, items) as outcomes, and in it: async for … in outcomes")
async def _running(
    run: _Run[S, T], lanes: int, ordered: bool, progress: Callable[[Progress], object] | None
) -> AsyncIterator[AsyncIterator[Outcome[S, T]]]:
    await run.open()
    failure: Exception | None = None
    try:
        async with anyio.create_task_group() as tasks:
            send, receive = anyio.create_memory_object_stream[tuple[int, Outcome[S, T]]](lanes)
            tasks.start_soon(run.all, send, lanes)
            try:
                async with receive:
                    outcomes = _Outcomes(run, receive, ordered, progress)
                    yield outcomes
                    outcomes.taken()
            except Exception as exc:  # noqa: BLE001 - raised below, bare: a task group would wrap it
                failure = exc
            tasks.cancel_scope.cancel()
    finally:
        await run.aclose()
    if failure is not None:
        try:
            raise failure
        finally:
            failure = None  # else the traceback holds this frame, and this frame the error


def _bare(fn: Callable[..., object]) -> Callable[..., object]:
    """Without the arguments that it was bound to."""
    while isinstance(fn, partial):
        fn = fn.func
    return fn


def _name(fn: Callable[..., object]) -> str:
    """The name by which a checkpoint knows it."""
    fn = _bare(fn)
    name: str = getattr(fn, "__qualname__", type(fn).__qualname__)
    return name.rpartition("<locals>.")[2]


def _account_of(fn: Callable[..., object]) -> str | None:
    """The account of the clients that `fn` names, if it names any: where nothing is left to do, no call tells it."""
    fn = _bare(fn)
    named = [getattr(fn, "__self__", None)]
    if isfunction(fn) or ismethod(fn):
        with suppress(ValueError):  # of a name that is not bound yet
            found = getclosurevars(fn)
            named += [*found.nonlocals.values(), *found.globals.values()]
    roads: list[Send] = [each._sender for each in named if isinstance(each, AsyncClient)]
    roads += [each._send for each in named if isinstance(each, Verbs)]
    return " ".join(sorted({road.home for road in roads})) or None


class _Run(Generic[S, T]):
    """What the lanes share."""

    def __init__(
        self,
        fn: Callable[[S], Awaitable[T]],
        items: Iterable[S] | AsyncIterable[S],
        ledger: Ledger | None,
        window: int,
        stop_on_error: bool,
        resend_unknown: bool,
    ) -> None:
        self._fn, self._items, self._stop, self._resend = fn, _Numbered(items), stop_on_error, resend_unknown
        self._pulling, self._pull_scope = anyio.Lock(), anyio.CancelScope()
        self._held, self._ready = deque[tuple[int, S]](), deque[tuple[int, S]]()
        """Items to be done, as long as they may be others than those of the run before, and once they are known."""
        self.room = anyio.Semaphore(window)
        """For items between being pulled and being given: none runs far ahead of one that takes long."""
        self._ledger = ledger
        self.failure: Exception | None = None
        self.through = self._turn = 0
        """Items that an earlier run has done."""

    async def open(self) -> None:
        """Read what an earlier run left."""
        if self._ledger is not None:
            await self._ledger.open()

    async def aclose(self) -> None:
        """Write down what is through, and let go of the items."""
        with anyio.CancelScope(shield=True):
            if self._ledger is not None:
                await self._ledger.close()
            await self._items.aclose()

    async def all(self, send: ObjectSendStream[tuple[int, Outcome[S, T]]], lanes: int) -> None:
        """Every item; whoever iterates learns from the end of the stream that there are no more, or none that count."""
        async with send, anyio.create_task_group() as tasks:
            for _ in range(lanes):
                tasks.start_soon(self._lane, send, tasks.cancel_scope)

    async def _lane(self, send: ObjectSendStream[tuple[int, Outcome[S, T]]], scope: anyio.CancelScope) -> None:
        try:
            while (pulled := await self._pull()) is not None:
                turn, place, item = pulled
                await send.send((turn, await self._one(place, item)))
        except anyio.BrokenResourceError:
            pass  # nobody listens any more
        except Exception as error:  # noqa: BLE001 - raised by who iterates, bare: a task group would wrap it
            self.failure = self.failure or error
            self.room.release()  # the item's: who waits for some, or for an item, would learn of it late
            self._pull_scope.cancel()
            scope.deadline = min(scope.deadline, anyio.current_time() + LAST_WORDS)

    async def _pull(self) -> tuple[int, int, S] | None:
        await self.room.acquire()
        due = None
        async with self._pulling:
            with anyio.CancelScope() as self._pull_scope:
                due = await self._due() if self.failure is None else None
            if due is not None and self.failure is None:
                self._turn += 1
                return self._turn, *due
        self.room.release()  # whoever waits for some finds the same
        return None

    async def _due(self) -> tuple[int, S] | None:
        """The next item that is not through, with its place; None at the end."""
        if self._ledger is None:
            return await anext(self._items, None)
        while not self._ready:
            if (pulled := await anext(self._items, None)) is None:
                self._ledger.all_seen()
                return None
            are_known = self._ledger.see(*pulled)
            is_left = pulled[0] in self._ledger.left
            self.through += not is_left
            if is_left:
                self._held.append(pulled)
            if are_known:
                self._ready, self._held = self._held, self._ready
        return self._ready.popleft()

    async def _one(self, place: int, item: S) -> Outcome[S, T]:
        if self._ledger is None:
            return await self._called(place, item, Journal())
        entry = await self._ledger.begin(place)
        if entry.done and not self._resend:
            return Outcome(place=place, item=item, error=OutcomeUnknownError(LOST))
        return await self._called(place, item, entry)

    async def _called(self, place: int, item: S, journal: Journal) -> Outcome[S, T]:
        done = journal.done
        for patience in reversed(range(PATIENCE)):
            try:
                with priority("bulk"), journal.kept():
                    return Outcome(place=place, item=item, value=await self._awaited(item))
            except RateLimitError as error:
                if not patience or journal.done > done:  # what was done before it in `fn` may not be done again
                    return self._failed(place, item, error)
                wait = UNTOLD if error.retry_after is None else min(error.retry_after, LONGEST_PAUSE)
            except ActiveCampaignError as error:
                return self._failed(place, item, error)
            await anyio.sleep(wait)
        raise AssertionError

    async def _awaited(self, item: S) -> T:
        made = self._fn(item)
        if not isawaitable(made):
            raise TypeError(f"fn: {_name(self._fn)} gave {type(made).__name__}, nothing to await: write async def")
        return await made

    def _failed(self, place: int, item: S, error: ActiveCampaignError) -> Outcome[S, T]:
        if self._stop or isinstance(error, HOPELESS):
            raise error
        return Outcome(place=place, item=item, error=error)

    def taken(self, outcome: Outcome[S, T]) -> None:
        """Whoever iterates has it, and has dealt with it."""
        if self._ledger is None:
            return
        passing = isinstance(outcome.error, PASSING) and not isinstance(outcome.error, LASTING)
        self._ledger.taken(outcome.place, passing)


class _Outcomes(AsyncIterator[Outcome[S, T]]):
    """What became of the items, one by one; at the end, the error that ended them all."""

    def __init__(
        self,
        run: _Run[S, T],
        receive: ObjectReceiveStream[tuple[int, Outcome[S, T]]],
        ordered: bool,
        progress: Callable[[Progress], object] | None,
    ) -> None:
        self._run, self._receive, self._progress = run, receive, progress
        self._ordered, self._early = ordered, dict[int, Outcome[S, T]]()
        self._given = self._failed = 0
        self._last: Outcome[S, T] | None = None

    def taken(self) -> None:
        """The last one is: whoever had it came back."""
        if self._last is not None:
            self._run.taken(self._last)
            self._last = None

    async def __anext__(self) -> Outcome[S, T]:
        self.taken()
        self._last = outcome = await self._received()
        self._run.room.release()
        self._given += 1
        self._failed += outcome.error is not None
        if self._progress is not None:
            self._progress(Progress(done=self._given + self._run.through, failed=self._failed))
        return outcome

    async def _received(self) -> Outcome[S, T]:
        while (turn := self._given + 1) not in self._early:
            try:
                turn, outcome = await self._receive.receive()
            except anyio.EndOfStream:
                break
            if not self._ordered:
                return outcome
            self._early[turn] = outcome
        if turn in self._early:
            return self._early.pop(turn)
        failure, self._run.failure = self._run.failure, None
        if failure is not None:
            raise failure
        raise StopAsyncIteration


class _Numbered(AsyncIterator[tuple[int, S]]):
    """Items with their places. No generator: nobody would close one that is left early."""

    def __init__(self, items: Iterable[S] | AsyncIterable[S]) -> None:
        self._later = aiter(items) if isinstance(items, AsyncIterable) else None
        self._now = iter(()) if isinstance(items, AsyncIterable) else iter(items)
        self._place = -1

    async def aclose(self) -> None:
        """Close a generator that was given: it may have been left early."""
        if isinstance(self._later, AsyncGenerator):
            await self._later.aclose()

    async def __anext__(self) -> tuple[int, S]:
        if self._later is not None:
            item = await anext(self._later)
        else:
            try:
                item = next(self._now)
            except StopIteration:
                raise StopAsyncIteration from None
        self._place += 1
        return self._place, item
