"""Time limits of the caller's: of one call, or of the several that a verb makes."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import anyio


def seconds(timeout: float, name: str = "timeout") -> float:
    """A number of them, more than 0."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"{name}: seconds as a number were expected, not {type(timeout).__name__}")
    if not timeout > 0:
        raise ValueError(f"{name}: more than 0 seconds")
    return timeout


Limit = tuple[float, float]
"""How many seconds, and until when by the event loop's clock."""
_NONE: Limit = math.inf, math.inf
_SHARED: ContextVar[Limit | None] = ContextVar("activecampaign_async_deadline", default=None)


@contextmanager
def within(timeout: float | None) -> Iterator[None]:
    """One time limit for all the calls that are made within: each has what the ones before it have left."""
    if timeout is None:
        yield
        return
    token = _SHARED.set((timeout, anyio.current_time() + seconds(timeout)))
    try:
        yield
    finally:
        _SHARED.reset(token)


def limit_of(timeout: float | None, otherwise: float | None) -> Limit:
    """Of a call that begins now: its own `timeout`, never beyond what it shares; `otherwise` where it has neither."""
    shared = _SHARED.get()
    if timeout is not None:
        seconds(timeout)
    elif shared is None:
        timeout = otherwise
    own = _NONE if timeout is None else (timeout, anyio.current_time() + timeout)
    return own if shared is None or own[1] < shared[1] else shared
