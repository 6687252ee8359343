"""Notices somebody else on the account: the sign of a key that has leaked, or of a service nobody thought of.

An answer is explained where our own requests may have used up what it says is used. Each may have arrived as late as
its answer took longer than the quickest one. What is not explained adds up and fades away: a single one says nothing.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Mapping
from math import exp, inf
from weakref import WeakSet

from ._digits import whole

log = logging.getLogger("activecampaign_async")

DOCUMENTED = 5.0  # requests per second, until an answer tells another limit
WINDOW = 1.0  # seconds in which the limit counts
LATE, LATEST = 0.1, 0.5  # seconds that any request may be late; that are taken into account at most
LONGEST = 60.0  # seconds for which a refusal may go on refusing
MOST, ENOUGH = 0.4, 1.5  # of the limit, used by nobody of ours: one answer is worth at most; in sum, to be told
FADES = 300.0  # seconds in which the sum falls to a third
TELL_EVERY = 3600.0
KEPT = 512  # departures

Departure = list[float]
"""When a request left, and how many seconds later its answer was there."""


class Watch:
    """Of one account, for all its clients in the process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.leave_room: WeakSet[object] = WeakSet()
        """Clients of the account that leave room for others, as long as they live: nobody is told meanwhile."""
        self._ours: deque[Departure] = deque(maxlen=KEPT)
        self._quickest = {True: inf, False: inf}  # refusals come sooner than answers
        self._limit = DOCUMENTED
        self._sum, self._last, self._told = 0.0, -inf, -inf
        self._refusing = False  # nothing has gone through since the last 429

    def departed(self) -> Departure:
        """A request of ours leaves."""
        mine = [self._clock(), inf]
        self._ours.append(mine)
        return mine

    def answered(self, account: str, mine: Departure, status: int, headers: Mapping[str, str]) -> bool:
        """An answer came. Whether our own requests do not explain it."""
        took = mine[1] = self._clock() - mine[0]
        refused, again = status == 429, self._refusing
        self._refusing = refused or (again and status >= 400)
        quickest = self._quickest[refused]
        self._quickest[refused] = took if took < quickest else quickest + (took - quickest) / 500
        if self.leave_room or not (refused or "ratelimit-remaining" in headers):
            return False
        self._limit = number(headers, "ratelimit-limit") or self._limit
        used, now = self._used(status, headers), mine[0] + took
        # One overrun is one event, and so is whatever is refused before anything goes through again.
        if used <= 1 or now < self._last + (LONGEST if again else WINDOW):
            return False
        strange = used - self._ours_at_most(mine, refused)
        if strange > 0:
            self._add(strange / self._limit, now, account)
        return strange > 0

    def _add(self, strange: float, now: float, account: str) -> None:
        self._sum = self._sum * exp((self._last - now) / FADES) + min(strange, MOST)
        self._last = now
        if self._sum >= ENOUGH and now >= self._told + TELL_EVERY:
            self._told = now
            log.warning(
                "account %s is used by somebody else, too: answers that this process' own requests do not explain. "
                "Where nobody else should, its key may have leaked: look for who it is, and rotate the key. "
                "Where others are meant to, leave them room: LocalLimiter(share=...)",
                account,
            )

    def _used(self, status: int, headers: Mapping[str, str]) -> float:
        """Requests of all that the limit has counted, with this one, in its last second."""
        if status == 429:
            return self._limit + 1
        remaining = number(headers, "ratelimit-remaining")
        if remaining is None or status >= 400 or (number(headers, "ratelimit-reset") or 0) > WINDOW:
            return 0
        return self._limit - remaining

    def _ours_at_most(self, mine: Departure, refused: bool) -> float:
        """How many of them are our own, at most."""
        since, until = mine[0] - max(WINDOW, 1 / self._limit), mine[0] + self._late(mine, refused)
        ours = list(self._ours)  # other threads go on
        if len(ours) == KEPT and ours[0][0] > since - LATEST:
            return inf  # some that counted are forgotten
        count = 0
        for each in reversed(ours):
            if each[0] < since - LATEST:
                break
            count += each[0] <= until and each[0] + self._late(each) >= since
        return count

    def _late(self, each: Departure, refused: bool = False) -> float:
        """Seconds by which it may have arrived later than others."""
        took = each[1]
        return min(LATE + took - min(self._quickest[refused], took), LATEST) if took < inf else LATEST


def number(headers: Mapping[str, str], name: str) -> int | None:
    """A header that is a whole number."""
    return whole(headers.get(name, ""), most=9)
