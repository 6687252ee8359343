"""The account's request budget: who may send next, and when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable


@runtime_checkable
class RateLimiter(Protocol):
    """Paces the requests of one account. Two verbs, so that one of your own is easily written."""

    async def acquire(self) -> None:
        """Return when one more request may be sent. A caller that is cancelled gives its turn back."""

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: 429, 503, ``Retry-After``, ``RateLimit-Limit``. Header names are lower-case."""


@runtime_checkable
class Foresight(Protocol):
    """What a limiter may tell beside: used where all three are there, to refuse at once what would come too late."""

    @property
    def rate(self) -> float:
        """Requests per second."""

    @property
    def paused(self) -> float:
        """Seconds that a pause of the account still lasts."""

    def delay(self, ahead: int = 0) -> float:
        """Seconds that a newcomer would wait, with `ahead` more before it."""
