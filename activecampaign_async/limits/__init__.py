"""The account's request budget: who may send next, and when."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import signature
from typing import Literal, Protocol, runtime_checkable

Priority = Literal["interactive", "bulk"]
"""Somebody waits for the answer, or nobody does: pagers and jobs. Who waits goes first."""

RANK: dict[Priority, int] = {"interactive": 0, "bulk": 1}


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


class Prioritised(Protocol):
    """A limiter that lets interactive callers go before bulk."""

    async def acquire(self, *, priority: Priority = "interactive") -> None:
        """As in `RateLimiter`. An interactive caller waits for at most one turn of a bulk one."""

    def delay(self, ahead: int = 0, *, priority: Priority = "interactive") -> float:
        """As in `Foresight`."""


def prioritised(limiter: object) -> Prioritised | None:
    """`limiter`, if it knows priorities: its verbs are asked, since one of your own may take no argument."""
    verbs = (getattr(limiter, name, None) for name in ("acquire", "delay"))
    if all(callable(verb) and "priority" in signature(verb).parameters for verb in verbs):
        return limiter  # type: ignore[return-value]  # just looked into
    return None
