"""How a run shows on stderr how far it has come: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from ._meter import Meter, Spent, duration
from ._summary import in_one_line, stats

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress

    from ..jobs import Progress

EVERY = 5.0  # seconds between plain lines
OFTEN = 0.1  # seconds between two looks at what was spent


class Display(Protocol):
    @property
    def restore(self) -> str:
        """What brings the terminal back where the block cannot end in order."""

    def show(self, progress: Progress, meter: Meter, beside: str = "") -> None:
        """Tell where it stands, and what else there is to say."""


@contextmanager
def display(terminal: bool, spent: Spent | None = None) -> Iterator[Display]:
    """A display, gone when the block ends; with what was `spent`, where that is asked for."""
    if not terminal:
        yield _Lines(spent)
        return
    from rich.console import Console, Group, RenderableType
    from rich.constrain import Constrain
    from rich.progress import BarColumn, Progress, TextColumn
    from rich.text import Text

    class Narrow(Progress):
        """With room for a terminal's "^C", which else begins a line and leaves the bar above it standing."""

        def get_renderable(self) -> RenderableType:
            narrow = Constrain(super().get_renderable(), console.width - len("^C") - 1)
            return Group(narrow, *(Text(line, style="dim", no_wrap=True, overflow="ellipsis") for line in below.lines))

    console = Console(stderr=True)
    below = _Below(spent, console)
    columns = BarColumn(bar_width=None), TextColumn("{task.description}")
    with Narrow(*columns, console=console, transient=True, expand=True) as bar:
        if spent is not None:
            spent.heard = below.look
        try:
            yield _Bar(bar, below)
        finally:
            if spent is not None:
                spent.heard = lambda: None


class _Below:
    """What stands below the bar. It is made where the requests are, and shown by a thread of Rich's."""

    def __init__(self, spent: Spent | None, console: Console) -> None:
        self._spent, self._console, self._due = spent, console, 0.0
        self.lines: list[str] = []

    def look(self) -> None:
        now = time.monotonic()
        if self._spent is not None and now >= self._due:
            self._due = now + OFTEN
            self.lines = stats(self._spent, self._console.width)


class _Bar:
    def __init__(self, bar: RichProgress, below: _Below) -> None:
        self._bar, self._below = bar, below
        self._task = bar.add_task("connecting", total=None)

    @property
    def restore(self) -> str:
        if self._bar.console.is_dumb_terminal:
            return ""
        up = "\x1b[1A\x1b[2K" * len(self._below.lines)
        return f"\r\x1b[2K{up}\x1b[?25h"  # clear the lines, show the cursor

    def show(self, progress: Progress, meter: Meter, beside: str = "") -> None:
        text = _text(progress, meter) + beside
        self._bar.update(self._task, description=text, completed=progress.rows, total=progress.total)


class _Lines:
    restore = ""

    def __init__(self, spent: Spent | None) -> None:
        self._spent, self._due = spent, time.monotonic() + EVERY

    def show(self, progress: Progress, meter: Meter, beside: str = "") -> None:
        now = time.monotonic()
        if now < self._due and not progress.waiting:
            return
        self._due = now + EVERY
        print(_text(progress, meter) + beside, file=sys.stderr, flush=True)
        if self._spent is not None:
            print(in_one_line(self._spent), file=sys.stderr, flush=True)


def _text(progress: Progress, meter: Meter) -> str:
    """Short enough for 60 columns beside a bar."""
    count = f"{progress.rows:,}" + (f"/{progress.total:,}" if progress.total else "")
    if progress.waiting:
        return f"{count}, told to wait {duration(progress.waiting)}"
    left = meter.left(progress.total - progress.rows) if progress.total else None
    return f"{count}  {meter.rate:,.0f}/s" + (f"  {duration(left)} left" if left is not None else "")
