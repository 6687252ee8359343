"""Who waits for an answer goes before who does not, in one process. Over Redis: `test_redis.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async import LocalLimiter
from activecampaign_async.limits import Priority, prioritised

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

GAP = 0.201


def limiter() -> LocalLimiter:
    return LocalLimiter(clock=anyio.current_time)


async def test_interactive_goes_before_bulk_and_waits_for_one_of_its_turns_at_most() -> None:
    line, got = limiter(), list[tuple[str, float]]()
    begun = anyio.current_time()

    async def one(name: str, priority: Priority) -> None:
        await line.acquire(priority=priority)
        got.append((name, anyio.current_time() - begun))

    async with anyio.create_task_group() as tasks:
        for number in range(5):
            tasks.start_soon(one, f"bulk {number}", "bulk")
            await anyio.lowlevel.checkpoint()
        await anyio.sleep(GAP + 0.15)  # the third of bulk sleeps until its turn
        for number in range(2):
            tasks.start_soon(one, f"interactive {number}", "interactive")
            await anyio.lowlevel.checkpoint()
    order = ["bulk 0", "bulk 1", "interactive 0", "interactive 1", "bulk 2", "bulk 3", "bulk 4"]
    assert [name for name, _ in got] == order
    assert [at for _, at in got] == pytest.approx([number * GAP for number in range(7)])


async def test_who_was_overtaken_can_leave_and_nobody_is_held_up() -> None:
    line, got = limiter(), list[str]()

    async def one(name: str, priority: Priority, scope: anyio.CancelScope) -> None:
        with scope:
            await line.acquire(priority=priority)
            got.append(name)

    scopes = {name: anyio.CancelScope() for name in ("first", "overtaken", "quick", "last")}
    async with anyio.create_task_group() as tasks:
        for name, scope in scopes.items():
            priority: Priority = "interactive" if name == "quick" else "bulk"
            tasks.start_soon(one, name, priority, scope)
            await anyio.sleep(0.05)
        scopes["quick"].cancel()
        await anyio.lowlevel.checkpoint()
        scopes["overtaken"].cancel()
    assert got == ["first", "last"]
    assert anyio.current_time() == pytest.approx(GAP)


async def test_what_a_newcomer_would_wait_behind_its_own_kind() -> None:
    line = limiter()
    async with anyio.create_task_group() as tasks:
        for priority in ("interactive", "bulk", "bulk", "bulk", "interactive"):
            tasks.start_soon(lambda which: line.acquire(priority=which), priority)
            await anyio.wait_all_tasks_blocked()
        assert line.delay() == pytest.approx(2 * GAP)
        assert line.delay(priority="bulk") == pytest.approx(5 * GAP)
        assert line.delay(1, priority="bulk") == pytest.approx(6 * GAP)


async def test_a_turn_had_elsewhere_is_counted() -> None:
    line = limiter()
    line.postpone(1)
    line.postpone(0.5)  # sooner: nothing changes
    assert line.delay() == pytest.approx(GAP)
    line.follow(0.25)
    await line.acquire()
    assert line.delay() == pytest.approx(0.25)
    line.follow(0.1)  # never below our own
    await line.acquire()
    assert line.delay() == pytest.approx(GAP)


async def test_a_limiter_of_your_own_need_not_know_priorities() -> None:
    class Simple:
        async def acquire(self) -> None: ...

        def observe(self, status: int, headers: Mapping[str, str]) -> None: ...

    class Counting(LocalLimiter):
        async def acquire(self) -> None:  # type: ignore[override]  # as it was written before there were priorities
            await super().acquire()

    assert prioritised(Simple()) is None
    assert prioritised(Counting()) is None
    line = limiter()
    assert prioritised(line) is line
