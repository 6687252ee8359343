"""A limiter that tells while it is waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import anyio

from ..limits import RateLimiter

LONG = 1.0  # seconds


class Patient:
    """Any other one, that calls `waits` every second in which nobody gets a turn."""

    def __init__(self, limiter: RateLimiter, waits: Callable[[], object]) -> None:
        self._limiter, self._waits = limiter, waits

    async def acquire(self) -> None:
        """Return when one more may be sent."""
        while True:
            with anyio.move_on_after(LONG) as scope:
                await self._limiter.acquire()
            if not scope.cancelled_caught:
                return
            self._waits()

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """An answer came, or none will."""
        self._limiter.observe(status, headers)
