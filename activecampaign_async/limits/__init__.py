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
