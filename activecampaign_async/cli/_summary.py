"""What an export says when it is done, and what `--stats` tells meanwhile."""

from __future__ import annotations

from collections import Counter

from ._meter import PAGE, Meter, Spent, bars, counted, duration

WIDEST = 50
GAP, MARGIN = 3, 3  # columns between two figures; at the right, where a terminal shows "^C"


def summary(meter: Meter, spent: Spent, rate: float, rows: int, where: str, width: int) -> str:
    """Three lines for a terminal of `width` columns."""
    seconds, requests = max(spent.seconds, 0.001), spent.usage.requests
    share = meter.rows / (PAGE * (rate * seconds + 1))  # of the contacts that the limit would have let through
    budget = f"{counted(requests, 'request')}, {share:.0%} of the budget ({rate:g}/s)"
    took = f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
    earlier = f" ({rows - meter.rows:,} of them before)" if rows != meter.rows else ""
    return "\n".join(
        (
            f"{counted(rows, 'contact')}{earlier} in {took}{where}",
            f"{budget}, {spent.usage.rate_limited} times 429",
            f"{meter.sparkline(min(width - 20, WIDEST))} {meter.rows / seconds:,.0f} contacts/s",
        )
    )


def stats(spent: Spent, width: int) -> list[str]:
    """Lines for a terminal of `width` columns: figures side by side, then what may be long."""
    figures = _figures(spent)
    widest = max(len(name) + 1 + len(value) for name, value in figures)
    side_by_side = max((width - MARGIN + GAP) // (widest + GAP), 1)
    cells = [f"{name} {value:>{widest - len(name) - 1}}" for name, value in figures]
    lines = [(" " * GAP).join(cells[at : at + side_by_side]) for at in range(0, len(cells), side_by_side)]
    return [_cut(line, width - MARGIN) for line in [*lines, *_long(spent, width)]]


def in_one_line(spent: Spent) -> str:
    """The same for a log."""
    return ", ".join(f"{name} {value}" for name, value in _figures(spent)) + "".join(
        f", {line}" for line in _counts(spent)
    )


def _figures(spent: Spent) -> list[tuple[str, str]]:
    usage, answered_in = spent.usage, spent.answered_in
    figures = [
        ("requests", f"{usage.requests:,}"),
        ("retries", f"{usage.retries:,}"),
        ("429s", f"{usage.rate_limited:,}"),
        ("waited", f"{usage.waited / max(usage.requests, 1):.2f} s each"),
        ("answered in", "-" if answered_in is None else f"{answered_in:.2f} s"),
        ("received", _size(usage.received)),
    ]
    if usage.remaining is not None:
        figures.append(("remaining", f"{usage.remaining:,}"))
    if usage.unexplained:
        figures.append(("unexplained", f"{usage.unexplained:,}"))
    return figures


def _counts(spent: Spent) -> list[str]:
    usage = spent.usage
    errors = Counter({name: count for name, count in usage.errors.items() if name != "Cancelled"})  # by Ctrl-C
    told = [("areas", usage.areas), ("errors", errors)]
    return [
        f"{what}: {', '.join(f'{n:,} {name}' for name, n in counts.most_common())}" for what, counts in told if counts
    ]


def _long(spent: Spent, width: int) -> list[str]:
    minutes = [minute.requests for minute in spent.usage.minutes]
    a_minute = [f"requests a minute: {bars(minutes, min(width - 40, WIDEST))} {minutes[-1]:,}"] if minutes else []
    return [*_counts(spent), *a_minute]


def _size(count: int) -> str:
    """Of so many bytes."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else line[: max(width - 1, 0)] + "…"
