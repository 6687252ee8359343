"""Figures of progress and summary."""

from __future__ import annotations

import pytest

from activecampaign_async.cli import _meter, _progress
from activecampaign_async.cli._meter import CountingLimiter, Meter, duration
from activecampaign_async.cli._progress import _text
from activecampaign_async.cli._summary import summary
from activecampaign_async.jobs import Progress


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(_meter, "time", clock)
    return clock


def metered(clock: Clock, *per_second: int) -> Meter:
    meter, rows = Meter(), 0
    for more in per_second:
        rows += more
        meter.count(rows)
        clock.now += 1
    return meter


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.26, "0 s"), (7.6, "8 s"), (41.4, "41 s"), (119, "119 s"), (120, "2:00 min"), (7265, "2:01 h")],
)
def test_durations_are_short(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_the_sparkline_shows_the_rate_of_each_second(clock: Clock) -> None:
    meter = metered(clock, 0, 350, 700, 700, 5)
    assert meter.sparkline(50) == "▁▅██", "the last second is not over"
    assert len(metered(clock, *[100] * 1_000).sparkline(40)) <= 40
    assert Meter().sparkline(40) == ""


def test_rate_and_time_left(clock: Clock) -> None:
    meter = Meter()
    assert meter.left(500) is None
    meter = metered(clock, 100, 300)
    assert meter.rate == 200
    assert meter.left(500) == 2.5
    assert meter.left(-3) == 0


def test_progress_fits_a_narrow_terminal(clock: Clock) -> None:
    meter = metered(clock, 500, 500)
    assert _text(Progress(rows=1_500, fresh=1_000, total=2_000), meter) == "1,500/2,000  500/s  1 s left"
    assert _text(Progress(rows=1_500, fresh=1_000, total=None), meter) == "1,500  500/s"
    assert _text(Progress(rows=5, fresh=5, total=9, waiting=600.0), meter) == "5/9, told to wait 10:00 min"
    huge = _text(Progress(rows=1_000_000, fresh=1_000_000, total=1_000_000), meter)
    assert len(huge) < 45


def test_elsewhere_a_line_comes_every_five_seconds(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_progress, "time", clock)
    meter = Meter()
    with _progress.display(terminal=False) as shown:
        for second in range(1, 13):
            clock.now += 1
            meter.count(second * 100)
            shown.show(Progress(rows=second * 100, fresh=second * 100, total=2_000), meter)
        shown.show(Progress(rows=1_200, fresh=1_200, total=2_000, waiting=300.0), meter)
    assert capsys.readouterr().err.splitlines() == [
        "500/2,000  100/s  15 s left",
        "1,000/2,000  100/s  10 s left",
        "1,200/2,000, told to wait 5:00 min",
    ]


def test_the_summary_counts_what_this_run_spent(clock: Clock) -> None:
    limiter = CountingLimiter(5)
    limiter.requests, limiter.began = 11, clock.now
    limiter.observe(429, {})
    limiter.observe(200, {})
    meter = metered(clock, 500, 450)
    said = summary(meter, limiter, 1_250, " to x", 80).splitlines()
    assert said == [
        "1,250 contacts (300 of them before) in 2.0 s to x",
        "11 requests, 95% of the budget (5/s), 1 times 429",
        "█ 475 contacts/s",
    ]
