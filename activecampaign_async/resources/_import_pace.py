"""So many requests in any minute, whenever in it they are sent."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from math import inf

import anyio
import anyio.lowlevel

from .._answer import retry_after

MINUTE = 60.0
UNANSWERED = 120.0  # seconds after which a request without an answer counts as one that has its answer
LOOK = 0.1  # seconds after which is looked again where all that count are under way


class MinuteLimiter:
    """A `RateLimiter` by the minute: at once, where there is room in the last sixty seconds.

    A request counts from its answer on, since when it arrived is not known: that is the latest it can have been.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float]) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
            raise ValueError("requests a minute: an int of 1 or more")
        self._limit, self._clock = limit, clock
        self._lock = threading.Lock()
        self._taken: deque[list[float]] = deque()  # when, and when it was answered
        self._resume, self._refused = -inf, False

    async def acquire(self) -> None:
        """Return when one more may be sent."""
        await anyio.lowlevel.checkpoint_if_cancelled()
        while (wait := self._take()) > 0:  # noqa: ASYNC110  # other threads and loops wait here, too
            await anyio.sleep(wait)

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer came, or none will. 429, with ``Retry-After``: nobody sends before."""
        with self._lock:
            now = self._clock()
            if (open_one := next((one for one in self._taken if one[1] == inf), None)) is not None:
                open_one[1] = now
            if status == 429:
                self._resume, self._refused = max(self._resume, now + (retry_after(headers) or 1.0)), True
            elif 200 <= status < 500:
                self._refused = False

    @property
    def idle(self) -> bool:
        """Whether nothing of the last minute counts any more."""
        with self._lock:
            now = self._clock()
            self._forget(now)
            return not self._taken and now >= self._resume

    def _forget(self, now: float) -> None:
        while self._taken and min(self._taken[0][1], self._taken[0][0] + UNANSWERED) <= now - MINUTE:
            self._taken.popleft()

    def _take(self) -> float:
        """0 where it is one's turn; else seconds until it is worth looking again."""
        with self._lock:
            now = self._clock()
            if now < self._resume:
                return self._resume - now
            self._forget(now)
            if self._refused and any(one[1] == inf for one in self._taken):
                return LOOK  # after a refusal, one finds out for all
            if len(self._taken) < self._limit:
                self._taken.append([now, inf])
                return 0.0
            first = min(one[1] for one in self._taken)
            return LOOK if first == inf else max(first + MINUTE - now, 1e-3)
