"""Tells what a client does: to its `usage`, to an observer of the caller's, and to the account's watch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

import anyio

from ._account import Account
from ._usage import Usage, area_of
from .limits import RateLimiter
from .limits.local import DOCUMENTED, LocalLimiter

if TYPE_CHECKING:
    from ._call import Call
    from ._http import Raw
    from ._observer import Telling
    from ._progress import Progress

OWN_LIMIT = "import"  # an area with a limit of its own, on top of the account's
_NOTHING = nullcontext()


class CallLog:
    """Of one client."""

    def __init__(self, account: Account, limiter: RateLimiter, observer: Telling | None) -> None:
        self._account, self._watch, self._observer, self.usage = account.name, account.watch, observer, Usage()
        # Only who has the whole budget knows what is spent of it.
        if not (isinstance(limiter, LocalLimiter) and limiter.share == 1.0 and limiter.rate >= DOCUMENTED):
            self._watch.leave_room.add(self)

    def call(self, call: Call[Any], progress: Progress) -> AbstractContextManager[object]:
        """Goes around a call."""
        return _NOTHING if self._observer is None else self._observer.call(call, progress)

    def departed(self, progress: Progress) -> None:
        """A request leaves."""
        progress.departure = self._watch.departed()

    def answered(self, call: Call[Any], progress: Progress, raw: Raw) -> None:
        """An answer came."""
        if self._observer is not None:
            progress.took = anyio.current_time() - progress.departed_at
        if area_of(call.path) != OWN_LIMIT and self._watch.answered(
            self._account, progress.departure, raw.status, raw.headers
        ):
            self.usage.unexplained += 1

    def finished(self, call: Call[Any], progress: Progress, error: Exception | None, how: str | None = None) -> None:
        """A request is over, if one was made."""
        trip = progress.trip
        if trip is None or not progress.open or not trip.tried:
            return
        progress.open = False
        area, failed = area_of(call.path), how if error is None else type(error).__name__
        self.usage.count(area, failed, progress, trip.sent)
        if self._observer is not None:
            if not progress.status and trip.sent:
                progress.took = anyio.current_time() - progress.departed_at
            self._observer.request(call, area, failed, progress)
