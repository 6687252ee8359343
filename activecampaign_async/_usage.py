"""What a client has spent: `client.usage`."""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from typing import Protocol

    class Done(Protocol):
        """What is known of a request that has finished."""

        attempts: int
        waited: float
        sent: int
        received: int
        told: int | None


MINUTES = 60
AREAS, OTHER = 100, "other"  # by name; a caller of `request` may make up any number of paths
LIMITED = "RateLimitError"


class Minute(NamedTuple):
    """What went on in one minute."""

    start: float
    """Seconds since 1970."""
    requests: int
    retries: int
    rate_limited: int
    failed: int
    """Requests that ended in an error, 429s among them."""


class Usage:
    """What one client has spent since it was made. Cheap, and always on; read it whenever you like."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._minutes: deque[list[float]] = deque([[-inf, 0, 0, 0, 0]], maxlen=MINUTES + 1)
        self.requests = 0
        """Requests that left, or may have."""
        self.retries = 0
        """Those of them that were not the first of their call."""
        self.rate_limited = 0
        """Answers 429, and the 400 that means the same."""
        self.waited = 0.0
        """Seconds that requests waited before they left (slot, key, connection, rate limit), and between tries."""
        self.sent = 0
        """Bytes of requests' bodies."""
        self.received = 0
        """Bytes of answers' bodies, unpacked."""
        self.remaining: int | None = None
        """``RateLimit-Remaining`` of the latest answer that told it."""
        self.unexplained = 0
        """Answers that tell of more requests than this process made: somebody else is on the account."""
        self.errors: Counter[str] = Counter()
        """Failed tries by the class of their error, connections that could not be made among them. What was given up
        is ``Cancelled``, or ``TimedOut`` where its call's time was over."""
        self.areas: Counter[str] = Counter()
        """Requests by area."""

    @property
    def minutes(self) -> tuple[Minute, ...]:
        """The last hour, minute by minute, oldest first; minutes without a request are left out."""
        oldest = self._clock() - 60 * MINUTES
        return tuple(Minute(m[0], *map(int, m[1:])) for m in list(self._minutes) if m[0] > oldest)

    def count(self, area: str, failed: str | None, done: Done, left: bool) -> None:
        """Add one request; one that never left only where it failed."""
        if failed is not None:
            self.errors[failed] += 1
        if not left:
            return
        minute, now = self._minutes[-1], self._clock()
        if not 0 <= now - minute[0] < 60:
            minute = [now // 60 * 60, 0, 0, 0, 0]
            self._minutes.append(minute)
        minute[1] += 1
        self.requests += 1
        if done.attempts > 1:
            minute[2] += 1
            self.retries += 1
        if failed is not None:
            minute[3] += failed == LIMITED
            minute[4] += 1
            self.rate_limited += failed == LIMITED
        self.waited += done.waited
        self.sent += done.sent
        self.received += done.received
        if done.told is not None:
            self.remaining = done.told
        if area not in self.areas and len(self.areas) >= AREAS:
            area = OTHER
        self.areas[area] += 1

    def __repr__(self) -> str:
        spent = f"requests={self.requests}, retries={self.retries}, rate_limited={self.rate_limited}"
        return f"Usage({spent}, waited={self.waited:.1f}, errors={sum(self.errors.values())})"


def area_of(path: str) -> str:
    """``/contacts/42/notes`` -> ``contacts``."""
    area = path[1:].partition("/")[0]
    return area if area.isidentifier() and area.isascii() else OTHER  # a caller of `request` may put anything there
