"""The line before the rate limit: slots in flight, the door, and who is sent away because it comes too late."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Self

import anyio

from .errors import RateLimitError
from .limits import Foresight, Priority, RateLimiter, prioritised

IN_FLIGHT = 16  # below the pool's places: nothing ever queues inside the pool (encode/httpcore 1093)
BULK_IN_FLIGHT = 12  # so that somebody who waits for an answer finds a slot
AT_THE_DOOR = 2.0  # seconds' worth of requests that hold a connection while they wait for their turn


class Line:
    """Of one client. `refuse_now` raises what makes sending useless; `patience`: seconds for a call without a limit."""

    def __init__(self, limiter: RateLimiter, patience: float, refuse_now: Callable[[], None]) -> None:
        self.limiter, self._patience, self._refuse_now = limiter, patience, refuse_now
        self._foresight = limiter if isinstance(limiter, Foresight) else None
        self._prioritised = prioritised(limiter)
        self.slots = anyio.Semaphore(IN_FLIGHT, fast_acquire=True)
        self.bulk_slots = anyio.Semaphore(BULK_IN_FLIGHT, fast_acquire=True)
        at_the_door = round(AT_THE_DOOR * self._foresight.rate) if self._foresight else IN_FLIGHT
        few = min(max(at_the_door, 2), IN_FLIGHT)
        self.doors: dict[Priority, anyio.Semaphore] = {
            "interactive": anyio.Semaphore(few, fast_acquire=True),  # one for each: bulk would stand in the way
            "bulk": anyio.Semaphore(few, fast_acquire=True),
        }
        self.waiting: set[Turn] = set()
        self.unpaced = 0  # calls on their way to the limiter's line

    def turn(self, ends: float, priority: Priority, *, first: bool = False) -> Turn:
        """A place in line, for a call whose time is over at `ends`. `first`: for the one probe that others wait for;
        the pool has places beyond the slots.
        """
        return Turn(self, ends, priority, first)

    async def acquire(self, priority: Priority) -> None:
        """The limiter's own."""
        if self._prioritised is None:
            await self.limiter.acquire()
        else:
            await self._prioritised.acquire(priority=priority)

    def refuse_the_hopeless(self, ends: float, priority: Priority) -> None:
        """What is known to come too late is not worth a request, nor the wait: RateLimitError."""
        self._refuse_now()
        if self._foresight is None:
            return
        if ends == math.inf:
            wait, left = self._foresight.paused, self._patience
        else:
            wait, left = self._delay(priority), ends - anyio.current_time()
        if wait > left:
            said = f"the wait for the account's rate limit is {wait:.1f} s, longer than this call has; nothing was sent"
            raise RateLimitError(said, retry_after=wait)

    def _delay(self, priority: Priority) -> float:
        if self._prioritised is not None:
            return self._prioritised.delay(self.unpaced, priority=priority)
        return self._foresight.delay(self.unpaced) if self._foresight else 0.0

    def reconsider(self, closed: bool = False) -> None:
        """Send away those in line whose turn a new pause puts beyond their time, or all."""
        paused = self._foresight.paused if self._foresight else 0.0
        if not (closed or paused):
            return
        now = anyio.current_time()
        for turn in self.waiting:
            left = self._patience if turn.ends == math.inf else turn.ends - now
            if closed or paused > left:
                turn.scope.cancel()


class Turn:
    """From the line to the turn at the rate limit. Few may hold a connection meanwhile: it would go stale."""

    __slots__ = ("_at_the_door", "_first", "_line", "_priority", "_slots", "_unpaced", "ends", "scope")

    def __init__(self, line: Line, ends: float, priority: Priority, first: bool) -> None:
        self._line, self._priority, self._at_the_door, self._unpaced = line, priority, False, 0
        self._first = first
        self._slots: list[anyio.Semaphore] = []
        self.ends = ends
        self.scope = anyio.CancelScope()

    async def __aenter__(self) -> Self:
        line = self._line
        if self._first:
            return self
        self._count(1)
        try:
            for slots in (line.bulk_slots, line.slots) if self._priority == "bulk" else (line.slots,):
                await slots.acquire()
                self._slots.append(slots)
            await line.doors[self._priority].acquire()
        except BaseException:
            self._go()
            raise
        self._at_the_door = True
        return self

    async def take(self) -> None:
        """Wait for the turn. Leaves the door, and keeps the slot."""
        line = self._line
        self._count(0)
        line.refuse_the_hopeless(self.ends, self._priority)
        line.waiting.add(self)
        try:
            with self.scope:
                await line.acquire(self._priority)
        finally:
            line.waiting.discard(self)
            self._leave_the_door()
        if self.scope.cancelled_caught:
            line.refuse_the_hopeless(self.ends, self._priority)
        line._refuse_now()

    async def __aexit__(self, *exc: object) -> None:
        self._go()

    def _go(self) -> None:
        self._count(0)
        self._leave_the_door()
        while self._slots:
            self._slots.pop().release()

    def _count(self, unpaced: int) -> None:
        self._line.unpaced += unpaced - self._unpaced
        self._unpaced = unpaced

    def _leave_the_door(self) -> None:
        if self._at_the_door:
            self._at_the_door = False
            self._line.doors[self._priority].release()
