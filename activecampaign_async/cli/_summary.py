"""What an export says when it is done."""

from __future__ import annotations

from ._meter import PAGE, CountingLimiter, Meter, duration

WIDEST = 50


def summary(meter: Meter, limiter: CountingLimiter, rows: int, where: str, width: int) -> str:
    """Three lines for a terminal of `width` columns."""
    seconds, rate = max(limiter.seconds, 0.001), limiter.rate
    share = meter.rows / (PAGE * rate * seconds)  # of the contacts that the limit would have let through
    spent = f"{limiter.requests:,} requests, {share:.0%} of the budget ({rate:g}/s)"
    took = f"{seconds:.1f} s" if seconds < 10 else duration(seconds)
    earlier = f" ({rows - meter.rows:,} of them before)" if rows != meter.rows else ""
    return "\n".join(
        (
            f"{rows:,} contacts{earlier} in {took}{where}",
            f"{spent}, {limiter.refused} times 429",
            f"{meter.sparkline(min(width - 20, WIDEST))} {meter.rows / seconds:,.0f} contacts/s",
        )
    )
