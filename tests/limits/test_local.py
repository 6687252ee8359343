"""The limiter in virtual time, on one loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async import LocalLimiter, RateLimiter

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]


def limiter(rate: float | None = None, share: float = 1.0) -> LocalLimiter:
    return LocalLimiter(rate, share, clock=anyio.current_time)


async def turns(line: LocalLimiter, count: int) -> list[float]:
    """When `count` waiters got their turn, all asking now."""
    begun, got = anyio.current_time(), list[tuple[int, float]]()

    async def one(number: int) -> None:
        await line.acquire()
        got.append((number, anyio.current_time() - begun))

    async with anyio.create_task_group() as tasks:
        for number in range(count):
            tasks.start_soon(one, number)
            await anyio.lowlevel.checkpoint()
    assert [number for number, _ in got] == sorted(number for number, _ in got)
    return [at for _, at in got]


async def test_even_spacing_from_the_first_on() -> None:
    assert await turns(limiter(), 4) == pytest.approx([0, 0.201, 0.402, 0.603])


async def test_a_share_of_the_budget() -> None:
    assert await turns(limiter(share=0.25), 3) == pytest.approx([0, 0.804, 1.608])
    assert limiter(share=0.25).rate == 1.25


async def test_idle_time_is_no_credit() -> None:
    line = limiter()
    await line.acquire()
    await anyio.sleep(60)
    assert await turns(line, 3) == pytest.approx([0, 0.201, 0.402])


async def test_a_cancelled_waiter_gives_its_turn_to_the_next() -> None:
    line = limiter()
    await line.acquire()
    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(line.acquire)
        await anyio.sleep(0.1)
        tasks.cancel_scope.cancel()
    begun = anyio.current_time()
    await line.acquire()
    assert anyio.current_time() - begun == pytest.approx(0.101)


async def test_the_head_of_the_line_can_leave() -> None:
    line, begun = limiter(), anyio.current_time()
    await line.acquire()
    order = list[str]()

    async def wait(name: str, scope: anyio.CancelScope) -> None:
        with scope:
            await line.acquire()
            order.append(name)

    async with anyio.create_task_group() as tasks:
        scopes = {name: anyio.CancelScope() for name in "abc"}
        for name, scope in scopes.items():
            tasks.start_soon(wait, name, scope)
            await anyio.sleep(0.01)
        scopes["a"].cancel()
    assert order == ["b", "c"]
    assert anyio.current_time() - begun == pytest.approx(0.402)


@pytest.mark.parametrize(
    ("status", "headers", "pause"),
    [(429, {"retry-after": "7"}, 7.0), (429, {}, 1.0), (503, {}, 2.0), (503, {"retry-after": "30"}, 30.0)],
)
async def test_a_refusal_holds_everyone_back_and_keeps_their_order(
    status: int, headers: dict[str, str], pause: float
) -> None:
    line = limiter()
    await line.acquire()
    async with anyio.create_task_group() as tasks:

        async def refuse() -> None:
            await anyio.sleep(0.25)
            line.observe(status, headers)

        tasks.start_soon(refuse)
        times = await turns(line, 3)
    assert times[0] == pytest.approx(0.201)  # before the refusal was known
    assert times[1] == pytest.approx(0.25 + pause)


async def test_a_429_widens_the_gap_and_good_answers_bring_it_back() -> None:
    line = limiter()
    line.observe(429, {})
    line.observe(429, {})  # of the same overrun
    await anyio.sleep(5)
    assert await turns(line, 2) == pytest.approx([0, 0.201 * 1.01])
    for step in (1.02, 1.04, 1.04):  # one overrun after another
        before = line._spread
        line.observe(429, {})
        await anyio.sleep(5)
        assert line._spread / before == pytest.approx(step)
    for _ in range(12_000):
        line.observe(200, {})
    await anyio.sleep(5)
    assert await turns(line, 2) == pytest.approx([0, 0.201])


async def test_a_nonsense_retry_after_stops_no_process_for_ever() -> None:
    line = limiter()
    line.observe(429, {"retry-after": str(365 * 24 * 3600)})
    assert line.paused == 3600


async def test_the_rate_is_learnt() -> None:
    line = limiter()
    for nonsense in ("", "0", "-1", "many", "9" * 30, "10.5"):
        line.observe(200, {"ratelimit-limit": nonsense})
        assert line.rate == 5
    line.observe(200, {"ratelimit-limit": "10"})
    assert await turns(line, 2) == pytest.approx([0, 0.1005])


async def test_a_given_rate_is_only_lowered() -> None:
    line = limiter(2)
    line.observe(200, {"ratelimit-limit": "100"})
    assert line.rate == 2
    line.observe(200, {"ratelimit-limit": "1"})
    assert line.rate == 1


async def test_a_cancelled_caller_takes_no_turn() -> None:
    line = limiter()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await line.acquire()
    begun = anyio.current_time()
    await line.acquire()
    assert anyio.current_time() == begun


def test_who_is_gone_with_its_loop_holds_up_nobody() -> None:
    line = LocalLimiter(50)
    left_behind = list[Any]()

    async def leave_a_waiter_behind() -> None:
        await line.acquire()
        waiting: Any = line.acquire().__await__()
        next(waiting)
        left_behind.append(waiting)

    async def come_next() -> None:
        with anyio.fail_after(5):
            await line.acquire()

    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave_a_waiter_behind())
    loop.close()
    asyncio.run(come_next())
    with contextlib.suppress(RuntimeError):  # its loop is closed
        left_behind.pop().close()


async def test_what_a_newcomer_would_wait() -> None:
    line = limiter()
    assert line.delay() == 0
    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(line.acquire)
        await anyio.sleep(0.001)
        assert line.delay() == pytest.approx(0.2 + 2 * 0.201)
        assert line.delay(10) == pytest.approx(0.2 + 12 * 0.201)


async def test_it_is_made_anew_after_a_fork() -> None:
    line = limiter()
    await line.acquire()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(line.acquire)
        await anyio.sleep(0.01)
        line._pid = os.getpid() + 1  # as a child process finds it
        with anyio.fail_after(0.01):
            await line.acquire()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize(
    "given", [{"rate": 0}, {"rate": -1}, {"rate": "5"}, {"rate": True}, {"share": 0}, {"share": 1.5}, {"share": None}]
)
async def test_nonsense_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(given))):
        LocalLimiter(**given)


async def test_it_is_a_rate_limiter() -> None:
    assert isinstance(limiter(), RateLimiter)
