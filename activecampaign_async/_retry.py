"""What may be sent again, and when: pure functions of call, error and attempt."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .errors import (
    ActiveCampaignError,
    APIError,
    ConnectFailedError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitError,
    ResponseTooLargeError,
    ServerError,
    TLSError,
    TransportError,
)

if TYPE_CHECKING:
    from ._call import Call

BUSY, STRAYS = 3, 2  # a 503 that comes three times in a row is no passing pressure; a second 403 is meant
STRAY_403 = 1.0  # seconds after which a read that was refused is asked once more


class RetryPolicy:
    """How often, and how long, a call is tried: at most `attempts` requests, none begun later than `total` seconds
    after the first has failed (or than the call's own timeout); between them full jitter, up to ``base * 2 ** attempt``
    and never above `cap` seconds.

    *What* may be sent again is no matter of policy: reads, PUT, DELETE and upserts after anything transient; any other
    write only where it surely was not processed.
    """

    __slots__ = ("attempts", "base", "cap", "total")

    def __init__(self, attempts: int = 4, base: float = 0.5, cap: float = 20.0, total: float = 120.0) -> None:
        if isinstance(attempts, bool) or not isinstance(attempts, int) or attempts < 1:
            raise ValueError("attempts: an int of 1 or more")
        for name, value in (("base", base), ("cap", cap), ("total", total)):
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
                raise ValueError(f"{name}: seconds, 0 or more")
        self.attempts, self.base, self.cap, self.total = attempts, base, cap, total

    def __repr__(self) -> str:
        return f"RetryPolicy(attempts={self.attempts}, base={self.base}, cap={self.cap}, total={self.total})"

    def after(
        self,
        call: Call[Any],
        error: ActiveCampaignError,
        attempt: int,
        left: float,
        in_a_row: int = 1,
        jitter: Callable[[float, float], float] = random.uniform,
    ) -> float | None:
        """Seconds to wait before `call` is sent again, or None to give up.

        `left`: seconds that the call still has. `in_a_row`: how often this very kind of error came, just now.
        """
        if not may_repeat(call, error) or attempt >= self.attempts or in_a_row >= _enough(error):
            return None
        if isinstance(error, PermissionDeniedError):
            wait = STRAY_403
        else:
            wait = jitter(0.0, min(self.cap, self.base * 2 ** min(attempt, 30)))
        if isinstance(error, APIError) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        elif isinstance(error, RateLimitError):
            wait = max(wait, 1.0)
        return wait if wait < left else None


def _enough(error: ActiveCampaignError) -> float:
    """How many of this error in a row are an answer."""
    if isinstance(error, PermissionDeniedError):
        return STRAYS
    if isinstance(error, ServerError) and error.status == 503:
        return BUSY
    return math.inf


def may_repeat(call: Call[Any], error: ActiveCampaignError) -> bool:
    """Whether sending `call` again after `error` does no harm, and may help."""
    if isinstance(error, RateLimitError):
        return not (call.own_limit and error.status == 400)  # surely not processed
    if isinstance(error, ConnectFailedError):
        return True  # nor this
    if isinstance(error, (TLSError, OutcomeUnknownError, ResponseTooLargeError)):
        return False
    if isinstance(error, TransportError):
        return call.repeatable and not (call.shrinks and error.timed_out)
    if isinstance(error, PermissionDeniedError):
        return not call.writes
    if isinstance(error, ServerError):
        return call.repeatable and not (call.writes and error.marked)
    return False


def leaves_doubt(call: Call[Any], error: ActiveCampaignError) -> bool:
    """Whether a write that must not be repeated may have happened in spite of `error`."""
    if not call.writes or call.repeatable:
        return False
    if isinstance(error, TransportError):
        return error.may_have_been_processed and not isinstance(error, OutcomeUnknownError)
    return isinstance(error, ServerError) and not error.marked
