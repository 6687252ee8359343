"""Many limiters on one real Redis: each stands for a process. Real processes are in `test_redis_processes.py`."""

from __future__ import annotations

import json
import time
from contextlib import AsyncExitStack
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async import AsyncClient, RateLimiter
from activecampaign_async.limits import Foresight, Priority, prioritised
from activecampaign_async.limits._script import SLACK
from activecampaign_async.limits.redis import RedisLimiter
from activecampaign_async.sandbox import Sandbox
from tests.limits.redis_server import KEY, RedisServer

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.anyio

RATE = 20.0
GAP = SLACK / RATE
BUSY = 0.04  # seconds that a busy machine may be late


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(autouse=True)
def _nothing_kept(redis: RedisServer) -> None:
    redis.cli("FLUSHALL")


def limiter(redis: RedisServer, **options: Any) -> RedisLimiter:
    return RedisLimiter(redis.url, **{"account": "acme", "rate": RATE, "share": 0.25, **options})


async def turns(line: RedisLimiter, count: int, got: list[tuple[RedisLimiter, float]]) -> None:
    for _ in range(count):
        await line.acquire()
        got.append((line, time.monotonic()))


def spaced(times: list[float]) -> bool:
    """No burst anywhere: any five turns take four gaps, less what a busy machine delays the first of them."""
    times = sorted(times)
    return all(b - a > 4 / RATE - BUSY for a, b in zip(times, times[4:], strict=False))


async def test_even_spacing(redis: RedisServer) -> None:
    got: list[tuple[RedisLimiter, float]] = []
    async with limiter(redis) as line, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(turns, line, 5, got)
    times = [at for _, at in got]
    assert spaced(times)
    assert 14 * GAP - BUSY < times[-1] - times[0] < 14 * GAP + 0.3


async def test_they_take_turns_whatever_the_number_that_waits_in_each(redis: RedisServer) -> None:
    got: list[tuple[RedisLimiter, float]] = []
    async with AsyncExitStack() as stack:
        one, two, three = [await stack.enter_async_context(limiter(redis)) for _ in range(3)]
        async with anyio.create_task_group() as tasks:
            for line, callers in ((one, 8), (two, 1), (three, 1)):
                for _ in range(callers):
                    tasks.start_soon(turns, line, 8 // callers, got)
    assert spaced([at for _, at in got])
    steady = [line for line, _ in got[3:-3]]
    assert all(a is not b for a, b in pairwise(steady))
    assert {steady.count(line) for line in (one, two, three)} == {6}


async def test_nobody_elses_clock_matters(redis: RedisServer) -> None:
    got: list[tuple[RedisLimiter, float]] = []
    async with limiter(redis) as right, limiter(redis, clock=lambda: time.monotonic() + 1e6) as wrong:
        async with anyio.create_task_group() as tasks:
            for line in (right, wrong):
                tasks.start_soon(turns, line, 6, got)
    times = [at for _, at in got]
    assert spaced(times)
    assert times[-1] - times[0] < 11 * GAP + 0.3


async def test_the_servers_clock_set_back_stops_nobody(redis: RedisServer) -> None:
    async with limiter(redis) as line:
        await line.acquire()
        hour = 3600_000
        state = redis.state()
        state.update({name: state[name] + hour for name in ("seen", "next", "resume", "calm")})
        state["line"] = {"ghost": {"rank": 0, "since": state["seen"] - 1, "back": state["seen"] + hour}}
        redis.cli("SET", KEY, str(state).replace("'", '"'))
        with anyio.fail_after(GAP + 0.3):
            await line.acquire()


@pytest.mark.parametrize(
    ("status", "headers", "pause"), [(429, {"retry-after": "2"}, 2), (503, {}, 2), (402, {}, 60), (429, {}, 1)]
)
async def test_what_one_meets_holds_back_all(
    redis: RedisServer, status: int, headers: dict[str, str], pause: float
) -> None:
    async with limiter(redis) as one, limiter(redis) as two:
        await one.acquire()
        one.observe(status, headers)
        await anyio.sleep(0.1)  # nobody is in line there, and it is told all the same
        with anyio.move_on_after(0.2) as waiting:
            await two.acquire()
        assert waiting.cancelled_caught
        assert pause - 1 < two.paused <= pause


async def test_a_pause_ends_for_all(redis: RedisServer) -> None:
    async with limiter(redis) as one, limiter(redis) as two:
        await one.acquire()
        begun = time.monotonic()
        one.observe(429, {"retry-after": "1"})
        await anyio.sleep(0.1)
        async with anyio.create_task_group() as tasks:
            for line in (one, two):
                tasks.start_soon(line.acquire)
        assert 1 - BUSY < time.monotonic() - begun < 1 + GAP + 0.4


async def test_several_refusals_of_one_overrun_are_one_event_and_good_answers_heal(redis: RedisServer) -> None:
    async with limiter(redis) as one, limiter(redis) as two:
        for line in (one, two, one):
            await line.acquire()
        for line in (one, two, two):
            line.observe(429, {"retry-after": "0"})
            await anyio.sleep(0.05)
        assert redis.state()["spread"] == pytest.approx(SLACK * 1.01)
        for _ in range(500):
            two.observe(200, {})
        await two.acquire()
        assert redis.state()["spread"] == pytest.approx(SLACK * 1.01 * 0.99999**500)


async def test_the_rate_is_learnt_for_all(redis: RedisServer) -> None:
    async with limiter(redis, rate=None) as one, limiter(redis, rate=None) as two:
        await one.acquire()
        one.observe(200, {"ratelimit-limit": "50"})
        await one.acquire()
        await two.acquire()
        begun = time.monotonic()
        for _ in range(5):
            await two.acquire()
        assert time.monotonic() - begun < 5 / 5  # as it would be at 5 a second
        assert redis.state()["limit"] == 50


async def test_a_cancelled_waiter_gives_its_place_to_the_next(redis: RedisServer) -> None:
    async with limiter(redis) as line:
        await line.acquire()
        async with anyio.create_task_group() as tasks:
            for _ in range(16):
                tasks.start_soon(line.acquire)
            await anyio.sleep(0.01)
            tasks.cancel_scope.cancel()
        begun = time.monotonic()
        await line.acquire()
        assert time.monotonic() - begun < GAP + BUSY


async def test_who_leaves_the_line_leaves_it_in_redis_too(redis: RedisServer) -> None:
    async with limiter(redis, rate=2) as leaving:
        await leaving.acquire()
        with anyio.move_on_after(0.1):
            await leaving.acquire()
        await anyio.sleep(0.1)
        assert redis.state()["line"] == {}


async def test_a_cancelled_caller_takes_no_turn(redis: RedisServer) -> None:
    async with limiter(redis) as line:
        with anyio.CancelScope() as scope:
            scope.cancel()
            await line.acquire()
        await anyio.sleep(0.05)
        assert redis.state() == {}


async def test_a_storm_of_cancels_costs_nothing(redis: RedisServer) -> None:
    async with limiter(redis, rate=200) as line:

        async def briefly(number: int) -> None:
            with anyio.move_on_after(number % 17 / 1000):
                await line.acquire()

        async with anyio.create_task_group() as tasks:
            for number in range(300):
                tasks.start_soon(briefly, number)
                if number % 10 == 0:
                    await anyio.sleep(0.002)
        begun = time.monotonic()
        for _ in range(10):
            await line.acquire()
        assert time.monotonic() - begun < 10 * SLACK / 200 + 0.2
        assert not line._line


async def test_interactive_callers_of_all_go_before_bulk(redis: RedisServer) -> None:
    """In the order of their coming, each would wait for the eight others that have one of bulk in line."""
    got: list[Priority] = []
    in_line = anyio.Event()

    async def one(line: RedisLimiter, priority: Priority) -> None:
        await line.acquire(priority=priority)
        got.append(priority)

    async def always(line: RedisLimiter) -> None:
        while True:
            await one(line, "bulk")
            if len(got) == 8:
                in_line.set()

    async with AsyncExitStack() as stack:
        quiet, *busy = [await stack.enter_async_context(limiter(redis)) for _ in range(9)]
        await quiet.acquire()
        async with anyio.create_task_group() as tasks:
            for line in busy:
                tasks.start_soon(always, line)
            await in_line.wait()
            before = len(got)
            async with anyio.create_task_group() as waited:
                for line in (quiet, quiet, busy[0]):
                    waited.start_soon(one, line, "interactive")
            assert got[before:].count("interactive") == 3
            assert got[before:].count("bulk") <= 3, "the turn that was about to be had, and where the machine is busy"
            tasks.cancel_scope.cancel()


async def test_a_stranger_in_line_who_never_comes_back_is_passed_over(redis: RedisServer) -> None:
    """As one that was killed, or whose machine is gone."""
    async with limiter(redis) as line:
        await line.acquire()
        state = redis.state()
        for number in range(5):
            state["line"][f"ghost{number}"] = {"rank": 0, "since": 1, "back": state["seen"]}
        redis.cli("SET", KEY, str(state).replace("'", '"'))
        begun = time.monotonic()
        for _ in range(4):
            await line.acquire()
        assert time.monotonic() - begun < 4 * GAP + 0.1 + BUSY


async def test_who_has_not_asked_for_a_minute_is_not_counted_any_more(redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        lines = [await stack.enter_async_context(limiter(redis, share=1)) for _ in range(5)]
        for line in lines:
            await line.acquire()
        await lines[0].acquire()
        assert lines[0].rate == RATE / 5
        state = redis.state()
        for who in [who for who in state["known"] if who != lines[0]._who][:3]:
            state["known"][who] -= 60_000
        redis.cli("SET", KEY, json.dumps(state))
        await lines[0].acquire()
        assert lines[0].rate == RATE / 2
        assert len(redis.state()["known"]) == 2


async def test_one_key_that_expires_and_tells_nothing(redis: RedisServer) -> None:
    sandbox = Sandbox(contacts=150, rate=RATE)
    async with limiter(redis) as line:
        client = AsyncClient(sandbox.url, sandbox.key, transport=sandbox.transport(), rate_limiter=line)
        async with client as ac:
            contacts = await ac.contacts.list().collect()
            assert len(contacts) == 150
    assert redis.cli("KEYS", "*") == KEY
    assert 3600 < int(redis.cli("TTL", KEY)) <= 7200
    kept = redis.cli("GET", KEY)
    assert sandbox.key not in kept
    assert "@" not in kept


async def test_accounts_are_apart(redis: RedisServer) -> None:
    async with limiter(redis, rate=2) as one, limiter(redis, rate=2, account="other") as other:
        await one.acquire()
        one.observe(402, {})
        await anyio.sleep(0.1)
        with anyio.fail_after(0.3):
            await other.acquire()
        assert not other.paused


async def test_a_plan_is_made_at_the_pace_of_the_account(redis: RedisServer) -> None:
    sandbox = Sandbox(contacts=3000, rate=None)
    async with (
        limiter(redis, share=0.1) as line,
        AsyncClient(sandbox.url, sandbox.key, transport=sandbox.transport(), rate_limiter=line) as ac,
    ):
        plan = await ac.contacts.joined().plan()
    assert plan.requests is not None
    assert plan.seconds == pytest.approx((plan.requests - plan.spent) / RATE, rel=0.05)


async def test_it_is_all_that_a_limiter_can_be(redis: RedisServer) -> None:
    line = limiter(redis)
    assert isinstance(line, RateLimiter)
    assert isinstance(line, Foresight)
    assert prioritised(line) is line
    assert line.rate == RATE / 4
    async with line:
        await line.acquire()
        async with anyio.create_task_group() as tasks:
            for priority in ("bulk", "bulk", "interactive"):
                tasks.start_soon(lambda which: line.acquire(priority=which), priority)
            await anyio.lowlevel.checkpoint()
            await anyio.lowlevel.checkpoint()
            assert line.delay() == pytest.approx(GAP)
            assert line.delay(1, priority="bulk") == pytest.approx(4 * GAP)
