"""Virtual time as conftest.py gives it: hours pass at once, in the right order, on both backends."""

from __future__ import annotations

import time
from collections.abc import Iterator

import anyio
import anyio.lowlevel
import pytest
from anyio.to_thread import run_sync
from hypothesis import given, strategies as st

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

HOUR = 3600.0


@pytest.fixture(autouse=True)
def really_short() -> Iterator[None]:
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("run", [1, 2])
async def test_each_test_begins_at_zero(run: int) -> None:
    assert anyio.current_time() == 0
    await anyio.sleep(HOUR * run)


@given(st.floats(0, 100))
async def test_hypothesis_runs_in_virtual_time(delay: float) -> None:
    begun = anyio.current_time()
    await anyio.sleep(delay)
    assert anyio.current_time() - begun == pytest.approx(delay)


async def test_sleep_moves_the_clock() -> None:
    begun = anyio.current_time()
    await anyio.sleep(HOUR)
    assert anyio.current_time() - begun == pytest.approx(HOUR)


async def test_sleepers_wake_in_order_in_nested_groups() -> None:
    woken: list[tuple[str, float]] = []
    begun = anyio.current_time()

    async def sleeper(name: str, delay: float) -> None:
        await anyio.sleep(delay)
        woken.append((name, anyio.current_time() - begun))

    async with anyio.create_task_group() as outer:
        outer.start_soon(sleeper, "second", 2 * HOUR)
        async with anyio.create_task_group() as inner:
            inner.start_soon(sleeper, "third", 3 * HOUR)
            inner.start_soon(sleeper, "first", HOUR)
        outer.start_soon(sleeper, "fourth", HOUR)
    in_order = ["first", "second", "third", "fourth"]
    assert [name for name, _ in woken] == in_order
    assert [at for _, at in woken] == pytest.approx([HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR])


async def test_a_deadline_is_kept() -> None:
    begun = anyio.current_time()
    with pytest.raises(TimeoutError), anyio.fail_after(HOUR):
        await anyio.sleep(2 * HOUR)
    assert anyio.current_time() - begun == pytest.approx(HOUR)


async def test_a_deadline_that_is_not_reached_costs_nothing() -> None:
    begun = anyio.current_time()
    with anyio.fail_after(HOUR):
        await anyio.sleep(1)
    await anyio.sleep(1)
    assert anyio.current_time() - begun == pytest.approx(2)


async def test_a_cancel_scope_ends_the_sleep_at_that_time() -> None:
    begun = anyio.current_time()
    cleaned_up_at = 0.0

    async def sleeper(scope: anyio.CancelScope) -> None:
        nonlocal cleaned_up_at
        with scope:
            try:
                await anyio.sleep_forever()
            finally:
                with anyio.CancelScope(shield=True):
                    await anyio.sleep(60)
                    cleaned_up_at = anyio.current_time() - begun

    async with anyio.create_task_group() as group:
        scope = anyio.CancelScope()
        group.start_soon(sleeper, scope)
        await anyio.sleep(HOUR)
        scope.cancel()
    assert cleaned_up_at == pytest.approx(HOUR + 60)


async def test_events_wake_before_the_clock_jumps() -> None:
    begun = anyio.current_time()
    event = anyio.Event()

    async def waiter() -> None:
        with anyio.fail_after(HOUR):
            await event.wait()

    async with anyio.create_task_group() as group:
        group.start_soon(waiter)
        await anyio.lowlevel.checkpoint()
        event.set()
    assert anyio.current_time() == begun


async def test_the_work_of_a_thread_takes_no_time() -> None:
    begun = anyio.current_time()
    with anyio.fail_after(HOUR):
        await run_sync(time.sleep, 0.05)
    assert anyio.current_time() == begun


async def test_many_small_steps_do_not_drift() -> None:
    begun = anyio.current_time()
    for _ in range(1000):
        await anyio.sleep(0.2)
    assert anyio.current_time() - begun == pytest.approx(200, abs=1e-6)
