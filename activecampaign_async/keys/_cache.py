"""A key kept for a while, and one fetch at a time for whoever asks: any task, loop or thread of the process."""

from __future__ import annotations

import copy
import logging
import os
import random
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

import anyio
import anyio.lowlevel

from ..errors import ActiveCampaignError, ConfigurationError, KeyProviderError
from . import Credentials, Key
from ._ask import in_time

log = logging.getLogger("activecampaign_async")

TRIES = 3  # failed fetches that one call lives to see before it gives up
SPREAD = 0.9  # of the time to live, at least: processes started together shall not ask together for ever
FIRST_WAIT = 0.5  # seconds, doubled with each failure in a row, and jittered
LONGEST_WAIT, LONGEST_BARE = 30.0, 3.0  # with an older key to go on with; without one
WARN_EVERY = 60.0


class Cache(ABC):
    """What all providers that fetch have in common; `_run` is how.

    Nobody waits while a key is at hand: once its time to live is over, one caller fetches, and the others go on with
    the old one. A fetch that fails is tried again with backoff; meanwhile, and as long as `stale` lasts, the old key is
    given. A key that was refused is not given again until a later fetch confirms it, or it proves to be good.
    """

    _is_cheap = False
    """A fetch costs nothing: without a key each call makes one of its own, rather than to be told what others saw."""

    def __init__(self, ttl: float, stale: float, timeout: float, clock: Callable[[], float]) -> None:
        for name, value in (("ttl", ttl), ("stale", stale), ("timeout", timeout)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise ConfigurationError(f"{name}: seconds, 0 or more")
        if timeout == 0:
            raise ConfigurationError("timeout: more than 0 seconds")
        self._ttl, self._stale, self._timeout, self._clock = ttl, stale, timeout, clock
        self._held: _Held | None = None
        self._warned = float("-inf")
        self._reset()

    def _reset(self) -> None:
        # Reentrant: the garbage collector may close a waiting call in the middle of another one.
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._fetch: Fetch | None = None
        self._begun = 0 if self._held is None else self._held.number  # fetches
        self._failure: ActiveCampaignError | None = None  # of the last fetch
        self._failed, self._in_a_row = 0, 0  # fetches: ever; since the last good one
        self._next = float("-inf")  # when the next fetch may begin

    @property
    @abstractmethod
    def name(self) -> str:
        """What errors and logs call it."""

    @abstractmethod
    async def _run(self, fetch: Fetch, refused: Key | None) -> None:
        """Fetch, and tell `_settle` how it went: also when this is cancelled."""

    async def key(self, refused: Key | None = None) -> Credentials:
        """The key: from the cache, or fetched. `refused` is one that must not be given without looking again."""
        if self._pid != os.getpid():
            self._reset()  # a fork: who fetches is not in this process
        ask = _Ask(refused, self._begun + 1, self._held.number if self._held else 0, self._failed)
        step = self._step(ask)
        if isinstance(step, Credentials):
            return step  # the usual case
        left = anyio.current_effective_deadline() - anyio.current_time()
        spare = self._spare(ask)
        patience = min(self._timeout, in_time(left) if spare is None else max(left / 2, 0.0))
        ends = self._clock() + patience
        with anyio.move_on_after(patience):
            while True:
                if isinstance(step, Fetch):
                    await self._run(step, refused)
                elif isinstance(step, _Ticket):
                    await step.come()
                elif isinstance(step, float) and self._clock() + step < ends:
                    await anyio.sleep(step)
                else:
                    break
                step = self._step(ask)
        if isinstance(step, Credentials):
            return step
        return self._last_resort(ask, patience)

    def kept(self) -> Key | None:
        """The key of before, refused or not, as long as one that old may be in use."""
        with self._lock:
            held = self._held
            return None if held is None or self._clock() >= held.until + self._stale else held.credentials.key

    def proved(self, key: Key) -> None:
        """It is not refused after all."""
        with self._lock:
            if (held := self._held) is not None and held.refused and held.credentials.key == key:
                self._held = held._replace(refused=False)

    def __repr__(self) -> str:
        return self.name

    # -- under the lock ----------------------------------------------------------------------------------------

    def _step(self, ask: _Ask) -> Credentials | Fetch | _Ticket | float | ActiveCampaignError:
        """What somebody who asks does next: take it, fetch, wait for who fetches, wait for a while, or give up."""
        with self._lock:
            now = self._clock()
            if (held := self._held) is not None:
                if ask.refused == held.credentials.key:
                    if held.number >= ask.needed:
                        return held.credentials  # looked at again: it is still this one
                    self._held = held._replace(refused=True)
                elif held.number > ask.known or (now < held.until and not held.refused):
                    return held.credentials
            if self._fetch is not None and now >= self._fetch.ends:  # it hangs, or its loop is gone
                self._settle(self._fetch, self._no_key_within(self._timeout))
            spare = self._spare(ask)
            looks_anyway = self._is_cheap and spare is None and self._failed == ask.failed
            if self._fetch is None and (now >= self._next or looks_anyway):
                self._begun += 1
                self._fetch = Fetch(self._begun, now + self._timeout)
                return self._fetch
            if spare is not None:
                return spare
            if self._fetch is not None:
                return _Ticket(self._fetch, self._fetch.ends - now)
            if self._failure is not None and (_is_final(self._failure) or self._failed - ask.failed >= TRIES):
                return self._failure
            return self._next - now

    def _spare(self, ask: _Ask) -> Credentials | None:
        """The key of before, where that still does."""
        held = self._held
        if held is None or held.refused or held.credentials.key == ask.refused:
            return None
        return held.credentials if self._clock() < held.until + self._stale else None

    def _last_resort(self, ask: _Ask, patience: float) -> Credentials:
        """What there is when the time for a fetch is over."""
        with self._lock:
            spare = self._spare(ask)
            if spare is None:
                failure = self._failure or self._no_key_within(patience)
            elif self._fetch is None and self._clock() >= self._next:  # we fetched, and had no more time for that
                self._fail(self._no_key_within(patience), self._clock())
        if spare is None:
            raise copy.copy(failure)  # one for each: many wait, and a traceback is everybody's own
        return spare

    def _settle(self, fetch: Fetch, outcome: Credentials | ActiveCampaignError | None) -> None:
        """A fetch has ended; with None, it was cut short, and whoever waits takes over."""
        with self._lock:
            now = self._clock()
            if isinstance(outcome, Credentials) and (self._held is None or fetch.number > self._held.number):
                if self._in_a_row:
                    log.info("%s gives the key again", self.name)
                until = now + self._ttl * random.uniform(SPREAD, 1.0)  # noqa: S311 - spreads load, guards nothing
                self._held = _Held(outcome, fetch.number, now, until)
                self._failure, self._in_a_row, self._next = None, 0, float("-inf")
            if self._fetch is not fetch:
                return  # it was given up on, and comes late
            self._fetch = None
            if isinstance(outcome, ActiveCampaignError):
                self._fail(outcome, min(now, fetch.ends))
            for ticket in list(fetch.waiting):
                ticket.wake()

    def _fail(self, error: ActiveCampaignError, now: float) -> None:
        held = self._held
        going_on = held is not None and not held.refused and now < held.until + self._stale
        longest = LONGEST_WAIT if going_on else LONGEST_BARE
        wait = min(FIRST_WAIT * 2 ** min(self._in_a_row, 10), longest)
        self._next = now + wait * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing
        self._failure, self._failed, self._in_a_row = error, self._failed + 1, self._in_a_row + 1
        if going_on and held is not None and now >= self._warned + WARN_EVERY:
            self._warned = now
            log.warning("%s; going on with the key of %.0f s ago", error, now - held.at)

    def _no_key_within(self, seconds: float) -> KeyProviderError:
        return KeyProviderError(f"{self.name} gave no key within {seconds:.3g} s", provider=self.name)


class _Held(NamedTuple):
    """What the last good fetch brought."""

    credentials: Credentials
    number: int
    at: float
    until: float
    refused: bool = False
    """ActiveCampaign does not accept it, and nothing has confirmed it since."""


class _Ask(NamedTuple):
    """One call's question."""

    refused: Key | None
    needed: int
    """The number of the first fetch that begins after the key was refused: earlier ones may have read the old one."""
    known: int
    """The number of the fetch that brought what was there before: one that ended since is always good enough."""
    failed: int
    """Fetches that had failed before."""


class Fetch:
    """One look at the source. Nobody waits for it longer than until `ends`."""

    __slots__ = ("ends", "number", "waiting")

    def __init__(self, number: int, ends: float) -> None:
        self.number, self.ends = number, ends
        self.waiting: dict[_Ticket, None] = {}  # in order


class _Ticket:
    """A place among those that wait for a fetch, wherever its owner's event loop runs."""

    __slots__ = ("_call_soon", "_event", "_fetch", "_longest")

    def __init__(self, fetch: Fetch, longest: float) -> None:
        self._event, self._fetch, self._longest = anyio.Event(), fetch, longest
        native: Any = anyio.lowlevel.current_token().native_token
        self._call_soon = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon  # asyncio, trio
        fetch.waiting[self] = None

    async def come(self) -> None:
        """Wait until the fetch has ended, or should have."""
        try:
            with anyio.move_on_after(self._longest):
                await self._event.wait()
        finally:
            self._fetch.waiting.pop(self, None)

    def wake(self) -> None:
        """Tell the owner; one whose loop is gone is gone, too."""
        with suppress(RuntimeError):
            self._call_soon(self._event.set)


def _is_final(error: ActiveCampaignError) -> bool:
    """Whether asking again at once is no use."""
    return isinstance(error, ConfigurationError) or (isinstance(error, KeyProviderError) and not error.transient)
