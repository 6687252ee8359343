"""The three limiters, alone and in front of the account."""

from itertools import pairwise

import anyio
import pytest
from hypothesis import given, strategies as st

from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._rates import FixedWindow, Kind, SlidingWindow, TokenBucket, limiter

from .support import asking, covers

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

moments = st.lists(st.floats(0, 10), max_size=200).map(sorted)


@covers("rate.limit", "rate.window")
@given(at=moments, rate=st.integers(1, 20))
def test_a_strict_window_never_lets_more_through(at: list[float], rate: int) -> None:
    limiter = SlidingWindow(rate)
    through = [moment for moment in at if limiter.take(moment) == 0.0]
    for moment in through:
        assert sum(moment - 1 < other <= moment for other in through) <= rate
    # and no fewer: what was refused had `rate` before it
    for moment in set(at) - set(through):
        assert sum(moment - 1 < other <= moment for other in through) == rate


@given(at=moments, rate=st.integers(1, 20))
def test_a_fixed_window_counts_by_the_clock(at: list[float], rate: int) -> None:
    limiter = FixedWindow(rate)
    through = [moment for moment in at if limiter.take(moment) == 0.0]
    for second in range(11):
        asked = sum(int(moment) == second for moment in at)
        assert sum(int(moment) == second for moment in through) == min(asked, rate)


@given(at=moments, rate=st.floats(0.5, 20))
def test_a_bucket_fills_as_time_goes(at: list[float], rate: float) -> None:
    bucket = TokenBucket(rate)
    through = [moment for moment in at if bucket.take(moment) == 0.0]
    for i, first in enumerate(through):
        for count, last in enumerate(through[i:], 1):
            assert count <= max(1.0, rate) + (last - first) * rate + 1e-6


@pytest.mark.parametrize("kind", ["sliding", "fixed", "bucket"])
@pytest.mark.parametrize("rate", [0.5, 1, 2.5, 5, 10, 400])
def test_an_even_pace_is_never_refused(kind: Kind, rate: float) -> None:
    one = limiter(kind, rate)
    assert [one.take(n * 1.005 / rate) for n in range(1000)] == [0.0] * 1000


@pytest.mark.parametrize("kind", ["sliding", "fixed", "bucket"])
@pytest.mark.parametrize("rate", [0.5, 1, 2.5, 5])
def test_waiting_as_told_helps(kind: Kind, rate: float) -> None:
    one, now = limiter(kind, rate), 100.25
    for _ in range(50):
        wait = one.take(now)
        if wait:
            assert one.remaining(now) == 0
            now += wait + 1e-6
            assert one.take(now) == 0.0


def test_arrivals_out_of_order_count() -> None:
    limiter = SlidingWindow(2)
    assert [limiter.take(at) for at in (1.5, 1.2, 1.0)] == [0.0, 0.0, 0.0]
    assert limiter.take(1.6) > 0


@covers("rate.limit", "rate.refused")
@pytest.mark.parametrize("count_refused", [False, True])
async def test_the_account_refuses(count_refused: bool) -> None:
    sandbox = Sandbox(rate=5, count_refused=count_refused)
    async with asking(sandbox) as client:
        answers = [await client.get("/tags") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert answers[5].headers["retry-after"] == "1"
        assert [asked.processed for asked in sandbox.requests] == [True] * 5 + [False] * 2
        await anyio.sleep(0.9)
        assert (await client.get("/tags")).status_code == 429
        await anyio.sleep(0.1)
        assert (await client.get("/tags")).status_code == 200
        statuses = [(await client.get("/tags")).status_code for _ in range(4)]
        assert statuses == ([200, 200, 200, 429] if count_refused else [200] * 4)


@covers("rate.headers")
async def test_rate_headers() -> None:
    async with asking(Sandbox(rate=5)) as client:
        assert "ratelimit-limit" not in (await client.get("/tags")).headers
    async with asking(Sandbox(rate=5, rate_headers=True)) as client:
        left = [(await client.get("/tags")).headers for _ in range(6)]
    assert {headers["ratelimit-limit"] for headers in left} == {"5"}
    assert [headers["ratelimit-remaining"] for headers in left] == ["4", "3", "2", "1", "0", "0"]


async def test_latency_is_there_and_back() -> None:
    sandbox = Sandbox(rate=None, latency=300)
    async with asking(sandbox) as client:
        start = anyio.current_time()
        await client.get("/tags")
        assert anyio.current_time() - start == pytest.approx(0.3)
        assert sandbox.requests[0].time - start == pytest.approx(0.15)


async def test_jitter_is_on_the_way_out() -> None:
    sandbox = Sandbox(rate=None, latency=100, jitter=80, seed=3)
    out: list[float] = []
    async with asking(sandbox) as client:
        for _ in range(200):
            sent = anyio.current_time()
            await client.get("/tags")
            arrived = sandbox.requests[-1].time
            out.append(arrived - sent)
            assert anyio.current_time() - arrived == pytest.approx(0.05)
    assert 0.05 <= min(out) < 0.055
    assert 0.125 < max(out) <= 0.13 + 1e-9
    assert sum(out) / len(out) == pytest.approx(0.09, abs=0.01)


async def test_requests_side_by_side_arrive_by_their_own_delay() -> None:
    sandbox = Sandbox(rate=None, latency=100, jitter=80)
    async with asking(sandbox) as client, anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(client.get, "/tags")
    times = [asked.time for asked in sandbox.requests]
    assert all(before <= after for before, after in pairwise(times))
    assert times[-1] - times[0] > 0.04


async def test_an_injected_clock_is_the_only_one() -> None:
    class Clock:
        time = 50.0
        slept: list[float]

        def now(self) -> float:
            return self.time

        async def sleep(self, seconds: float) -> None:
            self.slept.append(seconds)
            self.time += seconds

    clock = Clock()
    clock.slept = []
    sandbox = Sandbox(rate=1, latency=3_600_000, clock=clock)
    async with asking(sandbox, timeout=None) as client:
        made = (await client.post("/tags", json={"tag": {"tag": "A"}})).json()["tag"]
        again = (await client.post("/tags", json={"tag": {"tag": "B"}})).json()["tag"]
    assert sum(clock.slept) == 7200
    assert [asked.time for asked in sandbox.requests] == [1850, 5450]
    assert (made["cdate"], again["cdate"]) == ("2026-01-05T04:30:00-06:00", "2026-01-05T05:30:00-06:00")
