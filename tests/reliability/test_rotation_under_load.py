"""The key changes three times under 2,000 calls: none is lost, none is processed twice, few requests are wasted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import pytest

from activecampaign_async import CachedKey, Key, KeyProvider, LocalLimiter, PermissionDeniedError
from activecampaign_async._line import IN_FLIGHT
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._wire import Asked

from .beds import Bed, wire

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]

CALLS, RATE, LATENCY = 2000, 50.0, 300.0  # so that all places are in use: 15 requests are on their way
KEYS = [f"key-number-{number}-opens-nothing" for number in range(4)]
EVERY, GAP, GRACE = 10.0, 2.0, 30.0  # seconds
WASTED = IN_FLIGHT + 10  # of each change: what was in flight, and what finds out


class Vault:
    """Gives the key that is in it, some time after it was asked."""

    def __init__(self) -> None:
        self.holds, self.away = KEYS[0], False

    async def key(self, refused: Key | None = None) -> str:
        await anyio.sleep(0.05)
        if self.away:
            raise OSError("away")
        return self.holds


class Scene:
    """An account, a vault, and how long the one waits for the other."""

    def __init__(self, denied: int, gap: float = GAP) -> None:
        self.account, self.vault, self.gap = Sandbox(rate=RATE, latency=LATENCY, denied=denied), Vault(), gap
        self.account.key = KEYS[0]
        self.account.add_tag("one")

    async def late_vault(self, key: str) -> None:
        """The account takes the new one only; the vault still gives the old one."""
        self.account.key = key
        await anyio.sleep(self.gap)
        self.vault.holds = key

    async def vault_away(self, key: str) -> None:
        """The account takes the new one only; soon after, the vault cannot be asked."""
        self.account.key = key
        await anyio.sleep(self.gap / 4)
        self.vault.away = True
        await anyio.sleep(self.gap * 3 / 4)
        self.vault.holds, self.vault.away = key, False

    async def late_account(self, key: str) -> None:
        """The vault gives the new one; the account still takes the old one, which nobody can get any more."""
        self.vault.holds = key
        await anyio.sleep(self.gap)
        self.account.key = key

    async def both_late(self, key: str) -> None:
        """For a while the account takes none that anybody has."""
        self.account.key = "in between"
        await anyio.sleep(self.gap / 2)
        self.vault.holds = key
        await anyio.sleep(self.gap / 2)
        self.account.key = key

    async def both_late_and_busy(self, key: str) -> None:
        """And the first to go with the one that is good by then learns nothing of it."""
        self.account.key = "in between"
        await anyio.sleep(self.gap / 2)
        self.vault.holds = key
        await anyio.sleep(self.gap / 2)
        self.account.fail("429", retry_after=1)
        self.account.key = key

    async def overlap(self, key: str) -> None:
        """Both are good for a while."""
        self.account.other_keys, self.account.key = {self.account.key}, key
        await anyio.sleep(self.gap)
        self.vault.holds = key
        await anyio.sleep(self.gap)
        self.account.other_keys = set()


Change = Callable[[Scene, str], Awaitable[None]]


async def call(bed: Bed, number: int) -> None:
    """A read, or a plain POST."""
    if number % 2:
        await bed.ac.request("GET", "/tags/1", params={"call": number})
    else:
        await bed.ac.tags.create(tag=str(number))


def number_of(asked: Asked) -> int:
    body: Any = asked.body
    return int(asked.params["call"] if asked.method == "GET" else body["tag"]["tag"])


async def under_load(
    scene: Scene, change: Change, calls: int, changes: int, provider: KeyProvider | None = None
) -> list[Asked]:
    """Make so many calls at once, and change the key meanwhile; what was refused."""
    done = Counter[int]()
    limiter = LocalLimiter(RATE, clock=anyio.current_time)
    async with wire(scene.account, api_key=provider or scene.vault, rate_limiter=limiter, rotation_grace=GRACE) as bed:

        async def one(number: int) -> None:
            await call(bed, number)
            done[number] += 1

        async def rotate() -> None:
            for key in KEYS[1 : changes + 1]:
                await anyio.sleep(2)
                assert len(done) < calls - IN_FLIGHT, "changed under load"
                await change(scene, key)
                await anyio.sleep(max(EVERY - 2 - scene.gap, 0))

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rotate)
            for number in range(calls):
                tasks.start_soon(one, number)
        assert not await bed.left_behind()
    asked = scene.account.requests
    assert len(done) == calls, "none is lost"
    processed = Counter(number_of(each) for each in asked if each.processed and each.path != "/users/me")
    assert processed == done, "each was processed once"
    assert {each.key for each in asked} == set(KEYS[: changes + 1])
    return [each for each in asked if each.status == scene.account.denied]


@pytest.mark.parametrize(
    ("change", "denied"), [(Scene.late_vault, 401), (Scene.vault_away, 403), (Scene.late_account, 403)]
)
async def test_2000_calls(change: Change, denied: int) -> None:
    refused = await under_load(Scene(denied), change, CALLS, 3)
    assert 3 * 10 < len(refused) <= 3 * WASTED


@pytest.mark.parametrize("denied", [401, 403])
@pytest.mark.parametrize("change", [Scene.both_late, Scene.both_late_and_busy])
async def test_when_both_are_late(change: Change, denied: int) -> None:
    refused = await under_load(Scene(denied), change, 500, 1)
    assert len(refused) <= WASTED


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("change", [Scene.late_vault, Scene.vault_away, Scene.both_late])
async def test_among_faults(change: Change, seed: int) -> None:
    """One request in a hundred breaks, in each of four ways, and the first question to `/users/me` too. What leaves a
    plain POST in doubt strikes reads alone.
    """
    scene = Scene(403)
    scene.account._faults._random.seed(seed)
    for fault in ("503", "drop_before", "html500"):
        scene.account.fail(fault, method="GET", share=0.01)
    scene.account.fail("429", share=0.01, retry_after=1)
    scene.account.fail(("503", "drop_before", "html500")[seed], path="/users/me")
    kept = CachedKey(scene.vault, ttl=3600, clock=anyio.current_time)
    await under_load(scene, change, 600, 2, kept)


async def test_nothing_is_refused_where_both_are_good_for_a_while() -> None:
    assert not await under_load(Scene(401), Scene.overlap, 500, 1)


async def test_a_permission_is_told_before_the_line_is_done() -> None:
    """The question whether it is the key does not queue behind the calls that wait."""
    scene = Scene(403)
    scene.account.fail("403", path="/tags", method="POST", always=True)
    limiter = LocalLimiter(RATE, clock=anyio.current_time)
    async with wire(scene.account, rate_limiter=limiter) as bed, anyio.create_task_group() as tasks:
        begun = anyio.current_time()

        async def refused() -> None:
            with pytest.raises(PermissionDeniedError):
                await bed.ac.tags.create(tag="new")
            assert anyio.current_time() - begun < 2

        tasks.start_soon(refused)
        await anyio.sleep(0.1)  # it is on its way, and the others stand in line
        for _ in range(500):
            tasks.start_soon(bed.ac.tags.get, 1)
    assert anyio.current_time() - begun > 10


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_longer_gap_wastes_no_more(denied: int) -> None:
    refused = await under_load(Scene(denied, gap=25), Scene.late_vault, 300, 1)
    assert len(refused) <= WASTED


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_key_that_is_kept_for_an_hour(denied: int) -> None:
    """Of a vault that is asked rarely, only a refusal makes the new one known."""
    scene = Scene(denied)
    kept = CachedKey(scene.vault, ttl=3600, clock=anyio.current_time)
    assert len(await under_load(scene, Scene.late_vault, 500, 1, kept)) <= WASTED
