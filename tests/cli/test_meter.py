"""Figures of progress and summary."""

from __future__ import annotations

import pytest

from activecampaign_async import RequestInfo
from activecampaign_async.cli import _meter, _progress
from activecampaign_async.cli._meter import Meter, Spent, bars, duration
from activecampaign_async.cli._progress import _text
from activecampaign_async.cli._summary import in_one_line, stats, summary
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


def answered(spent: Spent, *, status: int = 200, error: str | None = None, seconds: float = 0.5) -> None:
    """One request, as the client tells it."""
    info = RequestInfo("GET", "contacts", "/contacts", status, error, 1, seconds, 0.25, 0, 500_000, 3)
    spent.usage.count(info.area, error, Done(), left=True)
    spent.request(info)


class Done:
    attempts, waited, sent, received = 1, 0.25, 0, 500_000
    told: int | None = None


def test_the_summary_counts_what_this_run_spent(clock: Clock) -> None:
    spent = Spent()
    assert spent.seconds == 0
    answered(spent, status=429, error="RateLimitError")
    for _ in range(10):
        answered(spent)
    meter = metered(clock, 500, 450)
    said = summary(meter, spent, 5, 1_250, " to x", 80).splitlines()
    assert said == [
        "1,250 contacts (300 of them before) in 2.5 s to x",
        "11 requests, 70% of the budget (5/s), 1 times 429",
        "█ 380 contacts/s",
    ]


def test_the_time_left_is_by_what_came_lately(clock: Clock) -> None:
    """An import comes in bursts: the first says nothing of the rest."""
    meter = metered(clock, *[2_500] * 10)
    assert meter.left(25_000) == pytest.approx(10)
    clock.now = 150.0
    assert meter.left(25_000) == pytest.approx(50)
    clock.now = 170.0
    assert meter.left(25_000) is None, "nothing came for a minute"


def test_what_was_given_up_is_no_error(clock: Clock) -> None:
    spent = Spent()
    answered(spent, status=0, error="Cancelled")
    assert not any("errors" in line for line in stats(spent, 80))


def test_stats_fit_any_terminal(clock: Clock) -> None:
    spent = Spent()
    for number in range(10):
        answered(spent, seconds=0.2)
        spent.usage.areas[f"area{number}"] += 1
    answered(spent, status=500, error="ServerError", seconds=0.2)
    answered(spent, status=0, error="TransportError", seconds=45)
    spent.usage.remaining, spent.usage.unexplained = 4, 2
    assert stats(spent, 60)[:4] == [
        "requests        12   retries          0",
        "429s             0   waited 0.25 s each",
        "answered in 0.20 s   received    6.0 MB",
        "remaining        4   unexplained      2",
    ]
    for width in (20, 60, 100, 140):
        assert all(len(line) <= width - 3 for line in stats(spent, width))
    wide = stats(spent, 200)
    assert "areas: 12 contacts, 1 area0, 1 area1" in wide[1]
    assert wide[2] == "errors: 1 ServerError, 1 TransportError"
    assert wide[3].startswith("requests a minute: ")
    assert len(wide) == 4
    assert in_one_line(spent).startswith("requests 12, retries 0, 429s 0, waited 0.25 s each, answered in 0.20 s, ")
    assert "\n" not in in_one_line(spent)
    assert stats(Spent(), 80)[0].startswith("requests ")


def test_bars() -> None:
    assert bars([1, 2, 4], 10) == "▃▅█"
    assert bars([0, 0], 10) == "▁▁"
    assert len(bars(range(1000), 7)) <= 7
    assert bars([], 5) == ""


def test_elsewhere_stats_are_a_line_beside_each(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(_progress, "time", clock)
    spent, meter = Spent(), Meter()
    with _progress.display(terminal=False, spent=spent) as shown:
        answered(spent)
        clock.now += 6
        meter.count(100)
        shown.show(Progress(rows=100, fresh=100, total=None), meter)
    progress, said = capsys.readouterr().err.splitlines()
    assert progress == "100  17/s"
    assert said == in_one_line(spent)


def test_ended_twice_the_terminal_is_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lines below the bar are cleared, too."""
    monkeypatch.setenv("TERM", "xterm")
    spent = Spent()
    with _progress.display(terminal=True, spent=spent) as shown:
        assert shown.restore.count("\x1b[2K") == 1
        answered(spent)
        lines = stats(spent, 80)
        assert shown.restore.count("\x1b[1A\x1b[2K") >= len(lines) > 2
    spent.heard()
