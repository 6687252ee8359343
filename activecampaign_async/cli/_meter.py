"""What an export's progress and summary tell: counted where it happens."""

from __future__ import annotations

import time
from collections.abc import Mapping

from ..limits.local import LocalLimiter

PAGE = 100  # contacts that a request brings at most
_BARS = "▁▂▃▄▅▆▇█"


class CountingLimiter(LocalLimiter):
    """A `LocalLimiter` that counts the requests it let out, and those that were refused all the same."""

    requests = 0
    refused = 0
    began: float | None = None

    @property
    def seconds(self) -> float:
        """Since the first request."""
        return 0.0 if self.began is None else time.monotonic() - self.began

    async def acquire(self) -> None:
        """Wait for one's turn, and count it."""
        await super().acquire()
        self.requests += 1
        self.began = self.began or time.monotonic()

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer, and count it where it is a refusal."""
        super().observe(status, headers)
        self.refused += status == 429


class Meter:
    """Rows over time."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.rows = 0
        """Of this run."""
        self._per_second: list[int] = []

    def count(self, rows: int) -> None:
        """`rows` are there by now."""
        slot = int(self.seconds)
        self._per_second += [0] * (slot + 1 - len(self._per_second))
        self._per_second[slot] += rows - self.rows
        self.rows = rows

    @property
    def seconds(self) -> float:
        """Since the command began."""
        return time.monotonic() - self._began

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / max(self.seconds, 0.001)

    def left(self, rows: int) -> float | None:
        """Seconds for so many rows more, as things go."""
        return max(rows, 0) / self.rate if self.rows else None

    def sparkline(self, width: int) -> str:
        """The rate over the run, as a row of bars."""
        counts = self._per_second[:-1] or self._per_second  # the last second is not over
        span = -(-len(counts) // width) or 1
        means = [sum(part) / len(part) for i in range(0, len(counts), span) if (part := counts[i : i + span])]
        top = max(means, default=0) or 1
        return "".join(_BARS[round(mean / top * (len(_BARS) - 1))] for mean in means)


def duration(seconds: float) -> str:
    """In words that fit a narrow terminal: ``42 s``, ``3:20 min``, ``2:05 h``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
