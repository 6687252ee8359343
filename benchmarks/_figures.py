"""What every benchmark gives: figures, each beside its peer or limit, printed as rows of one table."""

from __future__ import annotations

import gc
import time
from collections.abc import Awaitable, Callable
from statistics import median
from typing import Literal

from attrs import frozen

BACKENDS: tuple[Literal["asyncio", "trio"], ...] = ("asyncio", "trio")
HEADER = ("what", "ours", "peer or limit", "value", "bound", "")
COLUMNS = (62, 16, 34, 8, 8, 4)


@frozen(kw_only=True)
class Bound:
    """What the value of a figure has to keep."""

    value: float
    least: bool = False

    def __str__(self) -> str:
        return f"{'>=' if self.least else '<='} {self.value:g}"

    def holds(self, value: float) -> bool:
        return value >= self.value if self.least else value <= self.value


def at_most(value: float) -> Bound:
    return Bound(value=value)


def at_least(value: float) -> Bound:
    return Bound(value=value, least=True)


@frozen(kw_only=True)
class Figure:
    """One row."""

    what: str
    ours: str
    peer: str = ""
    """What stands beside it, measured in the same run, or the limit."""
    value: float
    """The ratio, or whatever the bound is about."""
    bound: Bound | None = None
    steady: bool = False
    """Whether it comes out the same on a busy machine, so that a short run may fail for it."""

    @property
    def ok(self) -> bool:
        return self.bound is None or self.bound.holds(self.value)

    @property
    def cells(self) -> tuple[str, ...]:
        verdict = "" if self.bound is None else "ok" if self.ok else "OVER"
        return (self.what, self.ours, self.peer, f"{self.value:.4g}", str(self.bound or ""), verdict)


def line(cells: tuple[str, ...]) -> str:
    """A row on the terminal."""
    return "  ".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=True)).rstrip()


def markdown(rows: list[tuple[str, ...]]) -> str:
    """The same table for the README."""
    lines = [HEADER, ("---",) * len(HEADER), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


async def cpu(work: Callable[[], Awaitable[object]], times: int) -> float:
    """Seconds of this process' CPU for one of so many calls. The garbage of others is not charged to it."""
    gc.collect()
    begun = time.process_time()
    for _ in range(times):
        await work()
    return (time.process_time() - begun) / times


async def interleaved(
    ours: Callable[[], Awaitable[object]], bare: Callable[[], Awaitable[object]], *, rounds: int, times: int
) -> tuple[float, float, float]:
    """Median seconds of CPU of ours and bare, and the median of their ratios, round by round in turns."""
    await cpu(ours, times)
    await cpu(bare, times)
    pairs = [(await cpu(ours, times), await cpu(bare, times)) for _ in range(rounds)]
    return median(a for a, _ in pairs), median(b for _, b in pairs), median(a / b for a, b in pairs)
