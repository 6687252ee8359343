"""`LocalLimiter`: paces all threads and loops of one process, first come, first served, interactive before bulk."""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from math import inf
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel

from .._answer import retry_after
from .._digits import whole
from . import RANK, Priority

if TYPE_CHECKING:
    from typing import Protocol

    class Ranked(Protocol):
        """Somebody in line."""

        rank: int


# Measured against a strict sliding window, a fixed window and a token bucket, with jitter on the way out
# (docs/architecture.md): a steady gap beats bursts, and a slow return after a 429 beats a fast one.
DOCUMENTED = 5.0  # requests per second
SLACK = 1.005  # gap in units of 1 / rate
FIRST_STEP, WIDEST_STEP = 0.01, 0.04  # by how much an overrun widens the gap: a stray one, one of several
CALM_AFTER = 200  # good answers after which an overrun is taken for a stray one again
SHRINK, WIDEST = 0.99999, 3.0  # of the gap, after each good answer; at most
BLIND_PAUSE = {429: 1.0, 503: 2.0}  # seconds, where the answer does not say
TICK = 1e-9  # what a clock may lose in rounding
LONGEST_PAUSE = 3600.0  # a Retry-After beyond is nonsense, and must not stop the process for ever


class LocalLimiter:
    """At most `rate` requests per second, evenly spaced, in the order of asking, for every thread and loop.

    Without a `rate` it is 5, until ``RateLimit-Limit`` tells another one; a given `rate` is only ever lowered by that.
    ``share`` is this process' part of the account's budget: ``LocalLimiter(share=0.25)`` for each of four. A 429 or 503
    holds back everyone, and keeps their order.
    `clock` and `sleep` are for tests in virtual time.
    """

    def __init__(
        self,
        rate: float | None = None,
        share: float = 1.0,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[Any]] = anyio.sleep,
    ) -> None:
        if rate is not None and not (_is_number(rate) and 0 < rate <= 1e9):
            raise ValueError("rate: requests per second, above 0")
        if not (_is_number(share) and 0 < share <= 1):
            raise ValueError("share: above 0, at most 1")
        self._given, self._rate = rate, DOCUMENTED if rate is None else float(rate)
        self._share, self._clock, self._sleep = float(share), clock, sleep
        self._reset()

    def _reset(self) -> None:
        # Reentrant: the garbage collector may close a waiting `acquire` in the middle of another one.
        self._pid, self._lock = os.getpid(), threading.RLock()
        self._line: deque[_Ticket] = deque()
        self._spread, self._step, self._good = SLACK, FIRST_STEP, CALM_AFTER
        self._next = self._resume = self._calm = -inf  # next turn; end of pause; end of this overrun

    @property
    def rate(self) -> float:
        """Requests per second that this limiter lets out, before what 429s have taught it."""
        return self._rate * self._share

    @property
    def share(self) -> float:
        """This process' part of the account's budget."""
        return self._share

    @property
    def paused(self) -> float:
        """Seconds until a pause that ActiveCampaign asked for is over; 0 without one."""
        return max(self._resume - self._clock(), 0.0)

    @property
    def idle(self) -> float:
        """Seconds since a turn was last possible and nobody took it; 0 while somebody waits or a pause lasts."""
        return 0.0 if self._line else max(self._clock() - max(self._next, self._resume), 0.0)

    def delay(self, ahead: int = 0, *, priority: Priority = "interactive") -> float:
        """Seconds that a newcomer would wait now, with `ahead` more before it."""
        now = self._clock()
        with self._lock:
            before = place(self._line, RANK[priority])
        return max(self._next - now, self._resume - now, 0.0) + (before + ahead) * self._gap()

    def postpone(self, gaps: float) -> None:
        """Let the next turn come no sooner than so many gaps from now: one was had elsewhere."""
        with self._lock:
            self._next = max(self._next, self._clock() + gaps * self._gap())

    def follow(self, gap: float) -> None:
        """Take the account's gap, in seconds, as it was learnt elsewhere; ours is longer by the share."""
        with self._lock:
            self._spread = min(max(gap * self._rate, SLACK), WIDEST)

    async def acquire(self, *, priority: Priority = "interactive") -> None:
        """Wait for one's turn: FIFO, interactive callers before bulk. A cancelled waiter gives its turn to the next."""
        if self._pid != os.getpid():
            self._reset()  # a fork: the others in line are not in this process
        await anyio.lowlevel.checkpoint_if_cancelled()  # before a turn is taken that nobody would use
        if self._take_at_once():
            return
        ticket = _Ticket(RANK[priority])
        self._enter(ticket)
        try:
            while (wait := self._take(ticket)) > 0:
                await (ticket.event.wait() if wait == inf else self._sleep(wait))
        except BaseException:
            self._leave(ticket)
            raise

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer."""
        with self._lock:
            if limit := told_limit(headers):
                self._rate = limit if self._given is None else min(self._given, limit)
            if (pause := told_pause(status, headers)) is not None:
                self._hold(status, pause)
            elif status < 400:
                self._good += 1
                self._spread = max(self._spread * SHRINK, SLACK)

    # -- under the lock ----------------------------------------------------------------------------------------

    def _hold(self, status: int, pause: float) -> None:
        now = self._clock()
        if status == 429 and now >= self._calm:  # several refusals of one overrun are one event
            self._step = FIRST_STEP if self._good >= CALM_AFTER else min(2 * self._step, WIDEST_STEP)
            self._spread, self._good = min(self._spread * (1 + self._step), WIDEST), 0
        self._resume = max(self._resume, now + pause)
        self._calm = self._resume + 1.0

    def _gap(self) -> float:
        return self._spread / self.rate

    def _take_at_once(self) -> bool:
        with self._lock:
            now = self._clock()
            if self._line or now < self._next or now < self._resume:
                return False
            self._advance(now)
            return True

    def _take(self, ticket: _Ticket) -> float:
        """0 where its turn has come, and it leaves; seconds still to wait at the head; inf where it is not there."""
        with self._lock:
            if self._line[0] is not ticket:  # nor any more, where somebody interactive came in between
                ticket.event = anyio.Event()
                return inf
            now = self._clock()
            wait = max(self._next, self._resume) - now
            if wait > TICK:
                return wait
            self._advance(now)
            self._pop(ticket)
            return 0.0

    def _advance(self, now: float) -> None:
        gap = self._gap()
        if now - self._next >= gap:  # nobody was waiting
            self._next = now + gap
        else:  # a late wake-up is caught up with, yet no two turns are ever closer than 1 / rate
            self._next = max(self._next + gap, now + 1 / self.rate)

    def _enter(self, ticket: _Ticket) -> None:
        with self._lock:
            self._line.insert(place(self._line, ticket.rank), ticket)
            self._wake_head()

    def _leave(self, ticket: _Ticket) -> None:
        with self._lock:
            self._pop(ticket)

    def _pop(self, ticket: _Ticket) -> None:
        if ticket not in self._line:
            return
        was_head = self._line[0] is ticket
        self._line.remove(ticket)
        if was_head:
            self._wake_head()

    def _wake_head(self) -> None:
        """Tell the first in line; who is gone with its loop holds up nobody."""
        while self._line and not self._line[0].wake():
            self._line.popleft()


class _Ticket:
    """A place in the line, wherever its owner's event loop runs."""

    __slots__ = ("event", "rank", "_call_soon")

    def __init__(self, rank: int) -> None:
        self.event, self.rank = anyio.Event(), rank
        native: Any = anyio.lowlevel.current_token().native_token
        self._call_soon = getattr(native, "call_soon_threadsafe", None) or native.run_sync_soon  # asyncio, trio

    def wake(self) -> bool:
        """Tell the owner that it is at the head; False where its loop is gone, and the owner with it."""
        try:
            self._call_soon(self.event.set)
        except RuntimeError:
            return False
        return True


def place(line: Sequence[Ranked], rank: int) -> int:
    """Where a newcomer stands: behind those of its own rank, before those of a lower one."""
    if not line or line[-1].rank <= rank:
        return len(line)
    return sum(other.rank <= rank for other in line)


def told_limit(headers: Mapping[str, str]) -> float | None:
    """The account's requests per second, where an answer tells it."""
    limit = whole(headers.get("ratelimit-limit") or headers.get("RateLimit-Limit", ""), most=4)
    return float(limit) if limit else None


def told_pause(status: int, headers: Mapping[str, str]) -> float | None:
    """Seconds for which an answer holds everyone back."""
    if status not in BLIND_PAUSE:
        return None
    asked = retry_after(headers)
    return min(BLIND_PAUSE[status] if asked is None else asked, LONGEST_PAUSE)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
