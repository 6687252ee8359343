"""What an export's progress and summary tell: counted where it happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from .._observer import Observer, RequestInfo
from .._usage import Usage

PAGE = 100  # contacts that a request brings at most
LATELY = 20  # answers
RECENT = 60  # seconds: an import comes in one burst a minute
_BARS = "▁▂▃▄▅▆▇█"


class Spent(Observer):
    """What the requests of a run cost: the client's `usage`, and what that does not tell."""

    def __init__(self, heard: Callable[[], object] = lambda: None) -> None:
        self.usage = Usage()
        """Of the client, once there is one."""
        self.heard = heard
        """Called after every request."""
        self._began: float | None = None
        self._answers: deque[float] = deque(maxlen=LATELY)

    @property
    def seconds(self) -> float:
        """Since the first request."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    @property
    def answered_in(self) -> float | None:
        """Seconds that an answer took lately."""
        return sum(self._answers) / len(self._answers) if self._answers else None

    def begin(self) -> None:
        """The first request is about to be made."""
        self._began = self._began or time.monotonic()

    def request(self, info: RequestInfo) -> None:
        """Note a request, and tell."""
        if self._began is None:
            self._began = time.monotonic() - info.seconds
        if info.status:
            self._answers.append(info.seconds)
        self.heard()


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
        """Seconds for so many rows more, as things went in the last minute."""
        lately = sum(self._per_second[max(int(self.seconds) - RECENT + 1, 0) :])
        return max(rows, 0) * min(self.seconds, RECENT) / lately if lately else None

    def sparkline(self, width: int) -> str:
        """The rate over the run, as a row of bars."""
        counts = self._per_second[:-1] or self._per_second  # the last second is not over
        return bars(counts, width)


def bars(counts: Sequence[float], width: int) -> str:
    """A row of bars, at most so many: the mean of neighbours where there are more counts."""
    span = -(-len(counts) // width) or 1
    means = [max(sum(part) / len(part), 0) for i in range(0, len(counts), span) if (part := counts[i : i + span])]
    top = max(means, default=0) or 1
    return "".join(_BARS[round(mean / top * (len(_BARS) - 1))] for mean in means)


def counted(number: int, what: str) -> str:
    """``1 row``, ``2,000 rows``."""
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def duration(seconds: float) -> str:
    """In words that fit a narrow terminal: ``42 s``, ``3:20 min``, ``2:05 h``."""
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
