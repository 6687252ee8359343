"""The cache that every vault's provider stands on: time to live, one fetch at a time, stale keys, refused ones."""

from __future__ import annotations

import logging
import math
import re
import threading
from contextlib import ExitStack
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import start_blocking_portal

from activecampaign_async import ConfigurationError, Key
from activecampaign_async.errors import KeyProviderError
from activecampaign_async.keys.cached import CachedKey
from tests.keys.support import KEY, NEXT, Given, shows_nothing

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
AWAY = ConnectionError("away")


def cached(provider: Given, **options: Any) -> CachedKey:
    return CachedKey(provider, clock=anyio.current_time, **options)


async def key_of(cache: CachedKey, refused: str | None = None) -> str:
    return (await cache.key(None if refused is None else Key(refused))).key.reveal()


async def together(cache: CachedKey, count: int, refused: str | None = None) -> list[str]:
    got: list[str] = []

    async def one() -> None:
        got.append(await key_of(cache, refused))

    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(one)
    return got


async def test_one_fetch_for_all_who_wait() -> None:
    provider = Given(KEY, takes=0.7)
    assert await together(cached(provider), 500) == [KEY] * 500
    assert len(provider.asked) == 1


async def test_a_refused_key_that_proves_to_be_good() -> None:
    provider = Given(KEY, AWAY)
    cache = cached(provider, ttl=100, stale=50)
    assert cache.kept() is None
    await key_of(cache)
    with pytest.raises(KeyProviderError):
        await key_of(cache, refused=KEY)
    with pytest.raises(KeyProviderError):
        await key_of(cache)
    cache.proved(Key(NEXT))
    with pytest.raises(KeyProviderError):
        await key_of(cache)
    assert cache.kept() == Key(KEY)
    cache.proved(Key(KEY))
    assert await key_of(cache) == KEY
    await anyio.sleep(150)
    assert cache.kept() is None, "no key is in use for longer than it may be"


async def test_kept_for_its_time_and_no_longer() -> None:
    provider = Given(KEY, NEXT)
    cache = cached(provider, ttl=100)
    assert await key_of(cache) == KEY
    await anyio.sleep(89.9)  # a tenth is jitter
    assert await key_of(cache) == KEY
    assert len(provider.asked) == 1
    await anyio.sleep(10.2)
    assert await key_of(cache) == NEXT
    assert len(provider.asked) == 2


async def test_the_times_to_live_are_spread() -> None:
    """Processes that were started together do not go on asking together."""
    ends = set()
    for _ in range(20):
        cache = cached(Given(KEY), ttl=100)
        await cache.key()
        assert cache._held is not None
        ends.add(round(cache._held.until - anyio.current_time(), 3))
    assert len(ends) > 10
    assert all(90 <= end <= 100 for end in ends)


async def test_nobody_but_one_waits_for_a_new_one() -> None:
    provider = Given(KEY, NEXT, takes=1.0)
    cache = cached(provider, ttl=10)
    await cache.key()
    await anyio.sleep(20)
    begun = anyio.current_time()
    assert sorted(await together(cache, 50)) == [KEY] * 49 + [NEXT]
    assert anyio.current_time() - begun == pytest.approx(1.0)
    assert len(provider.asked) == 2


async def test_a_cancelled_fetch_is_taken_over() -> None:
    provider = Given(KEY, takes=3.0)
    cache, got = cached(provider), list[str]()

    async def wait(scope: anyio.CancelScope) -> None:
        with scope:
            got.append(await key_of(cache))

    scopes = [anyio.CancelScope() for _ in range(20)]
    async with anyio.create_task_group() as tasks:
        for scope in scopes:
            tasks.start_soon(wait, scope)
            await anyio.lowlevel.checkpoint()
        for scope in scopes[:5]:
            await anyio.sleep(0.5)
            scope.cancel()
    assert got == [KEY] * 15
    assert provider.most == 1, "two fetches at once"
    assert provider.at_once == 0


async def test_a_caller_in_a_hurry_spoils_nothing_for_the_others() -> None:
    provider = Given(KEY, takes=1.0)
    cache, got = cached(provider), list[str]()

    async def hurried() -> None:
        with pytest.raises(KeyProviderError, match=r"gave no key within 0\.18 s"), anyio.fail_after(0.2):
            await cache.key()

    async def patient() -> None:
        got.append(await key_of(cache))

    async with anyio.create_task_group() as tasks:
        for one in (hurried, patient, patient):
            tasks.start_soon(one)
            await anyio.lowlevel.checkpoint()
    assert got == [KEY] * 2
    assert provider.most == 1


async def test_tried_again_with_growing_jittered_waits() -> None:
    waits = list[tuple[float, float]]()
    for _ in range(10):
        times = list[float]()

        class Away(Given):
            async def key(self, refused: Key | None = None) -> Any:
                times.append(anyio.current_time())  # noqa: B023 - used within its own round
                raise AWAY

        with pytest.raises(KeyProviderError, match="raised ConnectionError"):
            await cached(Away(KEY)).key()
        first, second, third = times
        waits.append((second - first, third - second))
    assert all(0.25 <= a <= 0.5 and 0.5 <= b <= 1.0 for a, b in waits)
    assert len(set(waits)) > 5


async def test_an_outage_shorter_than_the_tries_is_not_noticed() -> None:
    provider = Given(AWAY, AWAY, KEY)
    assert set(await together(cached(provider), 100)) == {KEY}
    assert len(provider.asked) == 3


async def test_all_who_wait_get_an_error_of_their_own() -> None:
    provider, caught = Given(AWAY), list[KeyProviderError]()
    cache = cached(provider)

    async def one() -> None:
        with pytest.raises(KeyProviderError) as info:
            await cache.key()
        caught.append(info.value)

    async with anyio.create_task_group() as tasks:
        for _ in range(100):
            tasks.start_soon(one)
    assert len(set(map(id, caught))) == 100
    assert len(provider.asked) == 3
    assert all(shows_nothing(error) for error in caught)


async def test_what_will_not_help_is_not_tried_again() -> None:
    provider = Given(KeyProviderError("denied", transient=False))
    cache = cached(provider)
    begun = anyio.current_time()
    for _ in range(50):
        with pytest.raises(KeyProviderError, match="denied"):
            await cache.key()
    assert (len(provider.asked), anyio.current_time()) == (1, begun)
    await anyio.sleep(0.6)
    provider.answers = [KEY]
    assert await key_of(cache) == KEY


async def test_a_vault_without_us_is_back_in_use_soon_after_it_is_back() -> None:
    provider = Given(AWAY)
    cache = cached(provider)
    for _ in range(30):
        with pytest.raises(KeyProviderError):
            await cache.key()
    provider.answers = [KEY]
    begun = anyio.current_time()
    assert await key_of(cache) == KEY
    assert anyio.current_time() - begun <= 3.0


async def test_the_old_key_serves_while_the_vault_is_away(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "activecampaign_async")
    provider = Given(KEY)
    cache = cached(provider, ttl=60)
    await cache.key()
    provider.answers = [ConnectionError(f"away, and says {KEY}")]
    asked, waited = len(provider.asked), 0.0
    for _ in range(900):
        await anyio.sleep(1)
        begun = anyio.current_time()
        assert await key_of(cache) == KEY
        waited += anyio.current_time() - begun
    assert waited == 0.0, "a call waited though a key was at hand"
    assert len(provider.asked) - asked < 70, "a vault that is away is asked in every call"
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert 12 <= len(warnings) <= 15, "one a minute"
    assert "Given('a/path') raised ConnectionError" in warnings[0].getMessage()
    assert re.search(r"going on with the key of [56]\d s ago", warnings[0].getMessage())
    assert KEY not in caplog.text

    await anyio.sleep(120)  # 60 + 900 are over
    with pytest.raises(KeyProviderError):
        await cache.key()
    provider.answers = [NEXT]
    await anyio.sleep(30)
    assert await key_of(cache) == NEXT
    assert caplog.records[-1].getMessage() == "Given('a/path') gives the key again"


async def test_content_that_turns_bad_is_as_if_the_vault_were_away(caplog: pytest.LogCaptureFixture) -> None:
    provider = Given(KEY, "")
    cache = cached(provider, ttl=10)
    await cache.key()
    await anyio.sleep(11)
    assert await key_of(cache) == KEY
    assert "it is empty; going on" in caplog.text


async def test_a_hanging_vault_costs_a_call_no_more_than_half_its_time() -> None:
    provider = Given(KEY)
    cache = cached(provider, ttl=10)
    await cache.key()
    provider.takes = math.inf
    await anyio.sleep(11)
    delays = []
    for _ in range(20):
        begun = anyio.current_time()
        with anyio.fail_after(2):
            assert await key_of(cache) == KEY
        delays.append(anyio.current_time() - begun)
        await anyio.sleep(0.1)
    assert max(delays) == pytest.approx(1.0)
    assert sum(delay > 0 for delay in delays) <= 4, "it backs off"


@pytest.mark.parametrize("asker", [1, 200])
async def test_a_refused_key_is_looked_for_again(asker: int) -> None:
    provider = Given(KEY, NEXT, takes=0.1)
    cache = cached(provider)
    await cache.key()
    assert await together(cache, asker, refused=KEY) == [NEXT] * asker
    assert len(provider.asked) == 2
    assert await key_of(cache) == NEXT
    assert await key_of(cache, refused=KEY) == NEXT  # somebody late
    assert len(provider.asked) == 2


async def test_a_refused_key_that_the_vault_confirms() -> None:
    provider = Given(KEY, takes=0.1)
    cache = cached(provider)
    await cache.key()
    assert await together(cache, 200, refused=KEY) == [KEY] * 200
    assert provider.asked == [None, Key(KEY), Key(KEY)]  # one for who came first, one for all who came after it began
    assert await key_of(cache) == KEY
    assert len(provider.asked) == 3


async def test_a_fetch_that_began_before_the_refusal_proves_nothing() -> None:
    """It may have read the old key, and the new one came while its answer was on its way."""
    provider = Given(KEY, KEY, NEXT, takes=1.0)
    cache, got = cached(provider, ttl=10), list[str]()
    await cache.key()
    await anyio.sleep(11)

    async def refresh() -> None:
        await cache.key()

    async def refused() -> None:
        await anyio.sleep(0.5)
        got.append(await key_of(cache, refused=KEY))

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(refresh)
        for _ in range(20):
            tasks.start_soon(refused)
    assert got == [NEXT] * 20
    assert len(provider.asked) == 3


async def test_a_refused_key_is_not_given_to_others_while_the_vault_is_away() -> None:
    provider = Given(KEY, AWAY)
    cache = cached(provider)
    await cache.key()
    for refused in (KEY, None):
        with pytest.raises(KeyProviderError):
            await key_of(cache, refused)
    provider.answers = [NEXT]
    assert await key_of(cache) == NEXT


async def test_time_to_live_of_nothing() -> None:
    provider = Given(KEY, NEXT)
    cache = cached(provider, ttl=0)
    assert [await key_of(cache), await key_of(cache)] == [KEY, NEXT]


@pytest.mark.parametrize(
    "options", [{"ttl": -1}, {"stale": "15"}, {"timeout": 0}, {"timeout": math.nan}, {"ttl": True}], ids=repr
)
async def test_settings_that_are_none(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        CachedKey(Given(KEY), **options)
    with pytest.raises(ConfigurationError, match=r"provider: .* not str"):
        CachedKey(KEY)  # type: ignore[arg-type]  # the point


class FromThreads(Given):
    """Counts under a lock, and takes real time."""

    def __init__(self, *answers: Any) -> None:
        super().__init__(*answers)
        self.lock = threading.Lock()
        self.real_most = self.real = 0

    async def key(self, refused: Key | None = None) -> Any:
        with self.lock:
            self.real += 1
            self.real_most = max(self.real_most, self.real)
        try:
            await anyio.sleep(0.05)
            return await super().key(refused)
        finally:
            with self.lock:
                self.real -= 1


@pytest.mark.parametrize(
    "backends", [["asyncio", "asyncio"], ["trio", "trio"], ["asyncio", "trio", "asyncio"]], ids=str
)
def test_one_fetch_for_all_loops_and_threads(backends: list[str]) -> None:
    provider = FromThreads(KEY)
    cache = CachedKey(provider)
    with ExitStack() as stack:
        portals = [stack.enter_context(start_blocking_portal(name)) for name in backends]
        asked = [portal.start_task_soon(cache.key) for portal in portals for _ in range(20)]
        assert {one.result(5).key for one in asked} == {Key(KEY)}
    assert len(provider.asked) == 1
    assert provider.real_most == 1


@pytest.mark.parametrize("backends", [["asyncio", "trio"], ["trio", "asyncio"]], ids=str)
def test_taken_over_from_another_loop(backends: list[str]) -> None:
    provider = FromThreads(KEY)
    cache = CachedKey(provider)
    with start_blocking_portal(backends[0]) as first, start_blocking_portal(backends[1]) as second:
        fetching = first.start_task_soon(cache.key)
        while not provider.real:
            first.call(anyio.sleep, 0.001)
        waiting = second.start_task_soon(cache.key)
        while cache._fetch is None or not cache._fetch.waiting:
            second.call(anyio.sleep, 0.001)
        fetching.cancel()
        assert waiting.result(5).key == Key(KEY)
    assert provider.real_most == 1


async def test_a_fetch_whose_loop_died_holds_up_nobody_for_ever() -> None:
    cache = cached(Given(KEY))
    lost = cache._step(_nobody())
    assert cache._fetch is lost
    with pytest.raises(KeyProviderError, match="no key within 10 s"):
        await cache.key()
    assert await key_of(cache) == KEY


def _nobody() -> Any:
    from activecampaign_async.keys._cache import _Ask

    return _Ask(None, 1, 0, 0)
