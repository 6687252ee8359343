"""Rate limits. Nobody outside knows the vendor's algorithm, so there are three to choose from."""

from bisect import bisect_right, insort
from math import floor, inf
from typing import Literal, Protocol

Kind = Literal["sliding", "fixed", "bucket"]


class Limiter(Protocol):
    """Counts arrivals. They may come a little out of order."""

    def take(self, at: float) -> float:
        """0.0 lets the request through; else the seconds until one would be."""
        ...

    def remaining(self, at: float) -> int:
        """How many requests would be let through right now."""
        ...


def limiter(kind: Kind, rate: float | None, *, count_refused: bool = False) -> Limiter:
    """The limiter for `rate` requests a second; None is no limit."""
    if rate is None:
        return Unlimited()
    if rate <= 0:
        raise ValueError(f"rate is in requests a second, above 0, or None for no limit: got {rate!r}")
    if kind == "sliding":
        return SlidingWindow(rate, count_refused=count_refused)
    if kind == "fixed":
        return FixedWindow(rate, count_refused=count_refused)
    if kind == "bucket":
        return TokenBucket(rate)
    raise ValueError(f"limiter is 'sliding', 'fixed' or 'bucket': got {kind!r}")


def _window(rate: float) -> tuple[int, float]:
    """Whole requests in so many seconds: 5 in 1.0, 2.5/s as 2 in 0.8, 0.5/s as 1 in 2.0."""
    size = max(1, floor(rate))
    return size, size / rate


class Unlimited:
    def take(self, at: float) -> float:
        return 0.0

    def remaining(self, at: float) -> int:
        return 1_000_000


class SlidingWindow:
    """Strict: never more than `rate` arrivals in any second that ends now."""

    def __init__(self, rate: float, *, count_refused: bool = False) -> None:
        self._size, self._span = _window(rate)
        self._count_refused = count_refused
        self._arrivals: list[float] = []

    def take(self, at: float) -> float:
        window = self._inside(at)
        if len(window) < self._size:
            insort(self._arrivals, at)
            return 0.0
        wait = window[-self._size] + self._span - at
        if self._count_refused:
            insort(self._arrivals, at)
        return max(wait, 1e-6)

    def remaining(self, at: float) -> int:
        return max(0, self._size - len(self._inside(at)))

    def _inside(self, at: float) -> list[float]:
        if self._arrivals and self._arrivals[-1] - at > 60.0:
            self._arrivals.clear()  # another event loop, whose clock starts elsewhere
        # one span more is kept, for arrivals that come out of order
        del self._arrivals[: bisect_right(self._arrivals, at - 2 * self._span)]
        return self._arrivals[bisect_right(self._arrivals, at - self._span) : bisect_right(self._arrivals, at)]


class FixedWindow:
    """`rate` arrivals in each second of the clock."""

    def __init__(self, rate: float, *, count_refused: bool = False) -> None:
        self._size, self._span = _window(rate)
        self._count_refused = count_refused
        self._window, self._used = -1, 0

    def take(self, at: float) -> float:
        self._turn(at)
        if self._used < self._size:
            self._used += 1
            return 0.0
        if self._count_refused:
            self._used += 1
        return max((self._window + 1) * self._span - at, 1e-6)

    def remaining(self, at: float) -> int:
        self._turn(at)
        return max(0, self._size - self._used)

    def _turn(self, at: float) -> None:
        window = floor(at / self._span)
        if window != self._window:
            self._window, self._used = window, 0


class TokenBucket:
    """A bucket of `rate` tokens that fills at `rate` a second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._tokens = self._room = max(1.0, rate)
        self._last = -inf

    def take(self, at: float) -> float:
        self._fill(at)
        # a hair of tolerance: a request paced at exactly `rate` must not fail by rounding
        if self._tokens >= 1.0 - 1e-9:
            self._tokens -= 1.0
            return 0.0
        return (1.0 - self._tokens) / self._rate

    def remaining(self, at: float) -> int:
        self._fill(at)
        return floor(self._tokens + 1e-9)

    def _fill(self, at: float) -> None:
        if self._last - at > 60.0:
            self._last = at  # another event loop, whose clock starts elsewhere
        if at > self._last:
            self._tokens = (
                self._room if self._last == -inf else min(self._room, self._tokens + (at - self._last) * self._rate)
            )
            self._last = at
