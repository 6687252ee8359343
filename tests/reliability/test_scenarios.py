"""What is no single fault: storms, cancellation at every checkpoint, clocks that jump. By verb, on asyncio and trio."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from itertools import count
from typing import Any, cast

import anyio
import pytest
import sniffio
import trio.testing

from activecampaign_async import LocalLimiter, errors as e
from activecampaign_async.sandbox import Sandbox

from .beds import Bed, cancelled_at, wire
from .matrix import CANCELLED, MANY, SCENARIOS, VERBS, Outcome, Sees, Verb

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

Play = Callable[[str], Awaitable[set[Outcome]]]
PLAYS: dict[str, Play] = {}
MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


def of(said: str) -> Callable[[Play], Play]:
    """This is how that row of the matrix is played."""

    def add(play: Play) -> Play:
        PLAYS[said] = play
        return play

    return add


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("said", SCENARIOS)
async def test_a_scenario(said: str, verb: str) -> None:
    assert await PLAYS[said](verb) == SCENARIOS[said][list(VERBS).index(verb)]


def sandbox(tags: int = MANY, **options: Any) -> Sandbox:
    made = Sandbox(rate=None, **options)
    for number in range(1, tags + 1):
        made.add_tag(f"tag {number}")
    return made


def paced(rate: float) -> LocalLimiter:
    return LocalLimiter(rate, clock=anyio.current_time)


def bodies(account: Sandbox, verb: Verb, number: int) -> int:
    """How often the account processed that very call."""
    return sum(
        asked.processed
        and (asked.method, asked.path) == (verb.method, verb.path(number))
        and ("{}" in verb.asked or f"ann{number}@" in str(asked.body))
        for asked in account.requests
    )


async def outcome(bed: Bed, verb: str, number: int = 1, **options: Any) -> Outcome:
    sees: Sees = None
    try:
        await VERBS[verb].call(bed.ac, number, **options)
    except e.ActiveCampaignError as exc:
        sees = type(exc)
    return sees, bodies(bed.account, VERBS[verb], number)


async def many(bed: Bed, verb: str, numbers: Iterable[int] = range(1, MANY + 1)) -> set[Outcome]:
    """Calls side by side."""
    found = list[Outcome]()

    async def one(number: int) -> None:
        found.append(await outcome(bed, verb, number))

    async with anyio.create_task_group() as tasks:
        for number in numbers:
            tasks.start_soon(one, number)
    assert len(found) == len(list(numbers))
    assert not await bed.left_behind()
    return set(found)


async def storm(verb: str, kind: str, **options: Any) -> set[Outcome]:
    account, found = sandbox(), set[Outcome]()
    async with wire(account, rate_limiter=paced(50)) as bed, anyio.create_task_group() as tasks:
        account.fail(kind, always=True)

        async def heal() -> None:
            await anyio.sleep(2)
            account.heal()

        tasks.start_soon(heal)
        found |= await many(bed, verb)
    return found


@of("a 429 storm: to 40 calls at once, nothing else for 2 s")
async def _(verb: str) -> set[Outcome]:
    return await storm(verb, "429")


@of("a 503 storm: to 40 calls at once, nothing else for 2 s")
async def _(verb: str) -> set[Outcome]:
    return await storm(verb, "503")


@of("403 astray, one in ten, to 40 calls at once")
async def _(verb: str) -> set[Outcome]:
    account = sandbox()
    async with wire(account, rate_limiter=paced(50)) as bed:
        for _ in range(MANY // 10):
            account.fail("403", path=VERBS[verb].path(0).replace("0", "*"), skip=9)
        return await many(bed, verb)


@of("402, to 40 calls at once")
async def _(verb: str) -> set[Outcome]:
    account = sandbox(latency=100)
    async with wire(account, rate_limiter=paced(50)) as bed:
        account.fail("402", always=True)
        found = await many(bed, verb)
        assert len(account.requests) < 16, "those in line are told, too"
    return found


@of("cancelled at its k-th checkpoint, for every k")
async def _(verb: str) -> set[Outcome]:
    return await cancelled(verb, kept=True) | await cancelled(verb, kept=False)


async def cancelled(verb: str, *, kept: bool) -> set[Outcome]:
    account, found = sandbox(300), set[Outcome]()
    never_waits = LocalLimiter(clock=count().__next__)  # nor does time pass while somebody counts checkpoints
    async with wire(account, rate_limiter=never_waits) as bed:
        await bed.ac.users.me()
        for number in range(1, 300):
            if not kept:
                assert bed.network is not None
                bed.network.hang_up()

            async def call(number: int = number) -> None:
                await VERBS[verb].call(bed.ac, number)

            if not await cancelled_at(number, call):
                break
            assert not await bed.left_behind(), f"after a cancel at checkpoint {number}"
            found.add((CANCELLED, bodies(account, VERBS[verb], number)))
        else:
            pytest.fail("never ended uncancelled")
        assert number > 5
        await bed.ac.users.me()
    return found


@of("cancelled while it waits in line, behind others")
async def _(verb: str) -> set[Outcome]:
    account, found = sandbox(), set[Outcome]()
    async with wire(account, rate_limiter=paced(1)) as bed:
        await bed.ac.users.me()
        for number in range(1, MANY, 2):  # the first of them at the limiter, others at the door and for a slot
            async with anyio.create_task_group() as tasks:
                for each in range(number):
                    tasks.start_soon(cast("Any", VERBS[verb].call), bed.ac, each)
                await anyio.sleep(0.5)
                tasks.cancel_scope.cancel()
            assert not await bed.left_behind(), f"{number} in line"
            found |= {(CANCELLED, bodies(account, VERBS[verb], each)) for each in range(number)}
            await anyio.sleep(0.5)
            begun = anyio.current_time()
            await bed.ac.users.me()
            assert anyio.current_time() - begun < 0.02, "the turns of those who left are nobody's"
    return found


@of("its `timeout=` passes, at any moment")
async def _(verb: str) -> set[Outcome]:
    account, found = sandbox(100, latency=100), set[Outcome]()
    async with wire(account) as bed:
        assert bed.network is not None
        bed.network.latency = 0.05
        for number in range(1, 60):
            bed.network.hang_up()
            found.add(await outcome(bed, verb, number, timeout=number * 0.01))
            assert not await bed.left_behind(), f"after {number}0 ms"
        assert bed.network.lost == 0
    return found


@of("the server closes connections that are kept")
async def _(verb: str) -> set[Outcome]:
    account = sandbox(2 * MANY)
    async with wire(account) as bed:
        assert bed.network is not None
        await many(bed, "GET", range(MANY + 1, 2 * MANY))
        assert len(bed.network.open) == 16
        bed.network.hang_up()
        return await many(bed, verb)


@of("the server closes the connection of a call that waits for its turn")
async def _(verb: str) -> set[Outcome]:
    account, found = sandbox(), set[Outcome]()
    async with wire(account, rate_limiter=paced(0.2)) as bed, anyio.create_task_group() as tasks:
        assert bed.network is not None
        await bed.ac.users.me()
        hang_up = bed.network.hang_up

        async def later() -> None:
            await anyio.sleep(4)
            hang_up()

        tasks.start_soon(later)
        found.add(await outcome(bed, verb))
    return found


@of("the wall clock jumps a day, ahead or back, during a pause until a date")
async def _(verb: str) -> set[Outcome]:
    return await over_midnight(verb, DAY) | await over_midnight(verb, -DAY)


async def over_midnight(verb: str, jump: float) -> set[Outcome]:
    account, then = sandbox(), time.time()
    async with wire(account) as bed, anyio.create_task_group() as tasks:
        # five seconds after the answer's own `Date`, which is of another year than this machine's
        account.fail("429", retry_after="Mon, 05 Jan 2026 10:00:05 GMT")
        with pytest.MonkeyPatch.context() as patch:

            async def turn() -> None:
                await anyio.sleep(2)
                patch.setattr(time, "time", lambda: then + jump)

            tasks.start_soon(turn)
            begun = anyio.current_time()
            found = {await outcome(bed, verb)}
            assert 5 <= anyio.current_time() - begun < 7
        assert not await bed.left_behind()
    return found


def sleep_through(seconds: float) -> None:
    """The machine sleeps: nothing runs, and afterwards it is later."""
    if sniffio.current_async_library() == "trio":
        clock = trio.lowlevel.current_clock()
        assert isinstance(clock, trio.testing.MockClock)
        clock.jump(seconds)
    else:
        loop: Any = asyncio.get_running_loop()
        loop._virtual.now += seconds


async def slept(verb: str, bed: Bed, seconds: float, after: float) -> set[Outcome]:
    async with anyio.create_task_group() as tasks:

        async def fall_asleep() -> None:
            await anyio.sleep(after)
            sleep_through(seconds)

        tasks.start_soon(fall_asleep)
        found = {await outcome(bed, verb)}
    assert not await bed.left_behind()
    return found


@of("the machine sleeps for an hour while the call waits for its turn")
async def _(verb: str) -> set[Outcome]:
    async with wire(sandbox(), rate_limiter=paced(0.5)) as bed:
        await bed.ac.users.me()
        return await slept(verb, bed, HOUR, 1)


@of("the machine sleeps for a minute, and its connections with it")
async def _(verb: str) -> set[Outcome]:
    return await slept_over_an_answer(verb, MINUTE)


@of("the machine sleeps for an hour, and its connections with it")
async def _(verb: str) -> set[Outcome]:
    return await slept_over_an_answer(verb, HOUR)


async def slept_over_an_answer(verb: str, seconds: float) -> set[Outcome]:
    account = sandbox()
    account.fail("hang_after", path=VERBS[verb].path(1))
    async with wire(account) as bed:
        await bed.ac.users.me()
        return await slept(verb, bed, seconds, 0.5)
