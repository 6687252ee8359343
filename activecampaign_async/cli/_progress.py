"""How an export shows on stderr how far it has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from ._meter import Meter, duration

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

    from ..jobs import Progress

EVERY = 5.0  # seconds between plain lines


class Display(Protocol):
    def show(self, progress: Progress, meter: Meter) -> None:
        """Tell where the export stands."""


@contextmanager
def display(terminal: bool) -> Iterator[Display]:
    """A display, gone when the block ends."""
    if not terminal:
        yield _Lines()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    columns = BarColumn(bar_width=None), TextColumn("{task.description}")
    with Progress(*columns, console=Console(stderr=True), transient=True, expand=True) as bar:
        yield _Bar(bar)


class _Bar:
    def __init__(self, bar: RichProgress) -> None:
        self._bar = bar
        self._task = bar.add_task("connecting", total=None)

    def show(self, progress: Progress, meter: Meter) -> None:
        text = _text(progress, meter)
        self._bar.update(self._task, description=text, completed=progress.rows, total=progress.total)


class _Lines:
    def __init__(self) -> None:
        self._due = time.monotonic() + EVERY

    def show(self, progress: Progress, meter: Meter) -> None:
        now = time.monotonic()
        if now < self._due and not progress.waiting:
            return
        self._due = now + EVERY
        print(_text(progress, meter), file=sys.stderr, flush=True)


def _text(progress: Progress, meter: Meter) -> str:
    """Short enough for 60 columns beside a bar."""
    count = f"{progress.rows:,}" + (f"/{progress.total:,}" if progress.total else "")
    if progress.waiting:
        return f"{count}, told to wait {duration(progress.waiting)}"
    left = meter.left(progress.total - progress.rows) if progress.total else None
    return f"{count}  {meter.rate:,.0f}/s" + (f"  {duration(left)} left" if left is not None else "")
