"""Somebody else on the account is told, and nobody is accused for what is our own doing. In virtual time."""

from __future__ import annotations

import gc
import random
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anyio
import pytest

from activecampaign_async import ActiveCampaignError, AsyncClient, LocalLimiter, RateLimiter, RedisLimiter
from activecampaign_async._account import Account, accounts
from activecampaign_async._calllog import CallLog
from activecampaign_async._watch import ENOUGH, FADES, KEPT, LONGEST, MOST, TELL_EVERY, Watch
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._rates import Kind

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
KINDS: tuple[Kind, ...] = ("sliding", "fixed", "bucket")
TOLD = "is used by somebody else"


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if TOLD in record.msg]


def paced(rate: float | None = None, share: float = 1.0) -> LocalLimiter:
    return LocalLimiter(rate, share, clock=anyio.current_time)


def client(sandbox: Sandbox, limiter: RateLimiter | None = None, process: str = "ours") -> AsyncClient:
    """As a process of its own has it: what it has sent is known to nobody else."""
    name = f"{process}-{sandbox.url}"
    shared = accounts.of(name)
    if shared.watch._clock is not anyio.current_time:
        shared.watch = Watch(anyio.current_time)
    return AsyncClient(
        sandbox.url, sandbox.key, transport=sandbox.transport(), rate_limiter=limiter or paced(), account=name
    )


async def busy(ac: AsyncClient, requests: int, lanes: int = 8, every: float = 0.0) -> None:
    """So many requests, as fast as they may leave, or in so many seconds each."""
    left = iter(range(requests))

    async def lane() -> None:
        for _ in left:
            await anyio.sleep(every * lanes)
            with suppress(ActiveCampaignError):  # of a storm
                await ac.request("GET", "/users/me")

    async with anyio.create_task_group() as tasks:
        for _ in range(lanes):
            tasks.start_soon(lane)


# -- nobody else


@pytest.mark.parametrize("kind", KINDS)
async def test_jitter_at_full_budget_is_our_own(
    kind: Kind, caplog: pytest.LogCaptureFixture, anyio_backend_name: str
) -> None:
    requests = 3000 if anyio_backend_name == "asyncio" else 500
    sandbox = Sandbox(limiter=kind, latency=50, jitter=80, keep=0)
    async with client(sandbox) as ac:
        await busy(ac, requests)
        assert ac.usage.unexplained == 0
        assert ac.usage.rate_limited or kind == "bucket"
    assert not told(caplog)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("latency", "jitter", "headers"), [(300, 80, True), (100, 400, False), (1000, 80, True)])
async def test_any_latency_and_any_jitter(
    kind: Kind, latency: float, jitter: float, headers: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Sandbox(limiter=kind, latency=latency, jitter=jitter, rate_headers=headers, keep=0)
    async with client(sandbox) as ac:
        await busy(ac, 200)
        assert ac.usage.unexplained == 0
    assert not told(caplog)


@pytest.mark.parametrize("kind", KINDS)
async def test_clients_of_one_process_know_of_each_other(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    """Though each has a limiter of its own, so that together they ask for twice what the account has."""
    sandbox = Sandbox(limiter=kind, latency=100, jitter=30, rate_headers=True, keep=0)
    async with client(sandbox) as one, client(sandbox) as two, anyio.create_task_group() as tasks:
        tasks.start_soon(busy, one, 150)
        tasks.start_soon(busy, two, 150)
    assert one.usage.rate_limited + two.usage.rate_limited > 10
    assert not told(caplog)


async def test_pauses_of_the_server(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(latency=100, jitter=80, rate_headers=True, keep=0)
    async with client(sandbox) as ac:
        for _ in range(5):
            sandbox.fail("503", times=20)
            await busy(ac, 60)
        assert ac.usage.errors["ServerError"] > 50
    assert not told(caplog)


async def test_a_storm_of_refusals_is_one_event(caplog: pytest.LogCaptureFixture) -> None:
    """A server that goes on refusing for a while, without telling how long."""
    sandbox = Sandbox(latency=50, keep=0)
    async with client(sandbox) as ac:
        await busy(ac, 20)
        sandbox.fail("429_bare", times=15)
        await busy(ac, 20)
        assert ac.usage.rate_limited >= 15
    assert not told(caplog)


async def test_a_rate_too_high_is_our_own_doing(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(latency=50, keep=0)
    async with client(sandbox, paced(20)) as ac:
        await busy(ac, 150)
        assert ac.usage.rate_limited > 5
    assert not told(caplog)


class Unpaced:
    """A limiter of the caller's own: nobody knows what it leaves to others."""

    async def acquire(self) -> None:
        await anyio.sleep(0.3)

    def observe(self, status: int, headers: Mapping[str, str]) -> None:
        pass


@pytest.mark.parametrize("limiter", [lambda: paced(share=0.5), lambda: paced(3), Unpaced], ids=["share", "rate", "own"])
async def test_who_leaves_room_for_others_expects_them(limiter: Any, caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(latency=50, rate_headers=True, keep=0)
    async with client(sandbox, limiter()) as ac, anyio.create_task_group() as tasks:
        tasks.start_soon(stranger, sandbox, 4.0)
        await busy(ac, 60)
        tasks.cancel_scope.cancel()
        assert ac.usage.unexplained == 0
    assert not told(caplog)


@pytest.mark.parametrize(
    ("limiter", "expected"),
    [
        (LocalLimiter(), False),
        (LocalLimiter(10), False),
        (LocalLimiter(share=0.25), True),
        (LocalLimiter(20, share=0.5), True),
        (LocalLimiter(2), True),
        (Unpaced(), True),
    ],
)
def test_whether_others_are_expected(limiter: RateLimiter, expected: bool) -> None:
    shared = Account("some")
    one = CallLog(shared, limiter, None)
    assert bool(shared.watch.leave_room) is expected
    two = CallLog(shared, LocalLimiter(), None)
    assert bool(shared.watch.leave_room) is expected, "one client of the account knows, so all do"
    del one
    assert not shared.watch.leave_room
    del two


def test_redis_is_there_for_others() -> None:
    pytest.importorskip("coredis")
    shared = Account("some")
    one = CallLog(shared, RedisLimiter("redis://localhost", account="some"), None)
    assert one in shared.watch.leave_room


# -- somebody


async def stranger(sandbox: Sandbox, rate: float) -> None:
    """Uses the account, and cares for nothing."""
    dice = random.Random(1)
    while True:
        await anyio.sleep(dice.expovariate(rate))
        sandbox._limiter.take(sandbox.clock.now())


async def other_process(sandbox: Sandbox) -> None:
    """Uses 40 % of the account, and believes to be alone."""
    async with client(sandbox, paced(2), process="theirs") as ac:
        await busy(ac, 10**9, lanes=2)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("headers", [False, True])
async def test_another_process_that_takes_40_per_cent(
    kind: Kind, headers: bool, caplog: pytest.LogCaptureFixture
) -> None:
    sandbox = Sandbox(limiter=kind, latency=100, jitter=80, rate_headers=headers, keep=0)
    begun = anyio.current_time()
    async with client(sandbox) as ac, anyio.create_task_group() as tasks:
        tasks.start_soon(other_process, sandbox)
        await busy(ac, 400)
        tasks.cancel_scope.cancel()
        assert ac.usage.unexplained >= 4
    (said,) = [line for line in told(caplog) if line.startswith("account ours")]
    assert sandbox.key not in said
    assert anyio.current_time() - begun < 300


@pytest.mark.parametrize("headers", [False, True])
async def test_a_thief_while_we_do_little(headers: bool, caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(latency=100, jitter=80, rate_headers=headers, keep=0)
    async with client(sandbox) as ac, anyio.create_task_group() as tasks:
        tasks.start_soon(stranger, sandbox, 5.0)
        await busy(ac, 60, lanes=1, every=2.0)
        tasks.cancel_scope.cancel()
    assert len(told(caplog)) == 1


async def test_a_client_that_left_room_and_is_gone(caplog: pytest.LogCaptureFixture) -> None:
    """Others were expected as long as it was there, and no longer."""
    sandbox = Sandbox(latency=100, keep=0)
    async with client(sandbox, paced(share=0.5)) as ac:
        await busy(ac, 5)
    del ac
    gc.collect()
    async with client(sandbox) as ac, anyio.create_task_group() as tasks:
        tasks.start_soon(stranger, sandbox, 5.0)
        await busy(ac, 60, lanes=1, every=2.0)
        tasks.cancel_scope.cancel()
    assert len(told(caplog)) == 1


# -- what an answer says, one by one


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


class Account5:
    """An account of 5 requests a second, looked at by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.watch = Watch(self.clock)

    def answer(self, status: int = 200, *, after: float = 1.5, took: float = 0.05, **headers: int) -> bool:
        """Of one request."""
        self.clock.now += after
        mine = self.watch.departed()
        self.clock.now += took
        told = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        return self.watch.answered("acme", mine, status, told)

    def refused(self, times: int) -> list[bool]:
        """Alone, and each after an answer that was none."""
        said = []
        for _ in range(times):
            self.answer(after=5)
            said.append(self.answer(429))
        return said


def test_a_lonely_request_explains_no_refusal(caplog: pytest.LogCaptureFixture) -> None:
    enough = -int(-ENOUGH // MOST)
    five = Account5()
    assert five.refused(enough - 1) == [True] * (enough - 1)
    assert not told(caplog)
    five.refused(1)
    assert len(told(caplog)) == 1


def test_told_once_an_hour(caplog: pytest.LogCaptureFixture) -> None:
    five = Account5()
    five.refused(50)
    assert len(told(caplog)) == 1
    five.clock.now += TELL_EVERY
    five.refused(10)
    assert len(told(caplog)) == 2


def test_what_is_rare_is_forgotten(caplog: pytest.LogCaptureFixture) -> None:
    five = Account5()
    for _ in range(50):
        five.refused(1)
        five.clock.now += FADES
    assert not told(caplog)


def test_refusals_in_a_row_are_one_event_for_a_minute() -> None:
    five = Account5()
    five.answer()
    assert [five.answer(429) for _ in range(5)] == [True, False, False, False, False]
    five.clock.now += LONGEST
    assert five.answer(429), "who is starved for long is told, too"


def test_a_burst_of_ours_explains_a_refusal() -> None:
    five = Account5()
    for _ in range(5):
        five.answer(after=0.0, took=0.05)
    assert not five.answer(429, after=0.0)


@pytest.mark.parametrize("late", [True, False])
def test_a_late_one_explains_it_too(late: bool) -> None:
    """Five in the 1.1 seconds before: where the first took longer than others, it may have met the last."""
    five = Account5()
    five.answer()
    five.answer(took=0.3 if late else 0.05)
    five.answer(after=0.0 if late else 0.25)
    for _ in range(3):
        five.answer(after=0.15)
    assert five.answer(429, after=0.2) is not late


def test_remaining_tells() -> None:
    five = Account5()
    assert not five.answer(ratelimit_limit=5, ratelimit_remaining=5)
    assert not five.answer(ratelimit_limit=5, ratelimit_remaining=4)
    assert five.answer(ratelimit_limit=5, ratelimit_remaining=3)
    assert not five.answer(ratelimit_limit=5, ratelimit_remaining=1, after=0.1), "within the same second"
    assert not five.answer(ratelimit_limit=300, ratelimit_remaining=1, ratelimit_reset=40), "of a longer window"
    assert not five.answer(503, ratelimit_limit=5, ratelimit_remaining=0), "no refusal"


@pytest.mark.parametrize("text", ["", "-1", "many", "5.5", "9" * 30, "\u0665"])
def test_nonsense_is_no_number(text: str) -> None:
    five = Account5()
    mine = five.watch.departed()
    assert not five.watch.answered("acme", mine, 200, {"ratelimit-limit": text, "ratelimit-remaining": text})


def test_more_than_is_kept_says_nothing() -> None:
    five = Account5()
    for _ in range(KEPT + 1):
        five.answer(after=0.0, took=0.0001)
    assert not five.answer(ratelimit_limit=9999, ratelimit_remaining=1, after=0.0)


async def test_an_import_has_a_limit_of_its_own(caplog: pytest.LogCaptureFixture) -> None:
    sandbox = Sandbox(rate=None, keep=0)
    async with client(sandbox) as ac:
        for _ in range(10):
            sandbox.fail("429")
            with pytest.raises(ActiveCampaignError):
                await ac.request("GET", "/import/info")
            await anyio.sleep(10)
            await ac.request("GET", "/users/me")
        assert ac.usage.unexplained == 0
    assert not told(caplog)
