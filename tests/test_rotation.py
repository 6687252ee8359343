"""A key that is refused: who asks for another one, who waits, and what goes again."""

from __future__ import annotations

import logging
from collections import Counter
from itertools import pairwise
from typing import Any

import anyio
import pytest

from activecampaign_async import (
    AsyncClient,
    AuthenticationError,
    CachedKey,
    ConfigurationError,
    DeadlineError,
    Key,
    KeyProviderError,
    LocalLimiter,
    PermissionDeniedError,
    TransportError,
)
from activecampaign_async.sandbox import Sandbox
from tests.support import everything_said, fast

pytestmark = [pytest.mark.anyio, pytest.mark.virtual_time]
OLD, NEW, NEWER = "key-of-yesterday", "key-of-today", "key-of-tomorrow"


class Vault:
    """Gives the key that is in it, some time after it was asked."""

    def __init__(self, key: str, delay: float = 0.0) -> None:
        self.holds, self.delay = key, delay
        self.refused = list[str]()

    async def key(self, refused: Key | None = None) -> str:
        if refused is not None:
            self.refused.append(refused.reveal())
        await anyio.sleep(self.delay)
        return self.holds


class Turning(Vault):
    """Gives another key once the one it gave is refused."""

    def __init__(self, *keys: str) -> None:
        super().__init__(keys[0])
        self.keys = list(keys)

    async def key(self, refused: Key | None = None) -> str:
        if refused is not None and len(self.keys) > 1:
            self.keys.pop(0)
        self.holds = self.keys[0]
        return await super().key(refused)


def sandbox(key: str, **options: Any) -> Sandbox:
    made = Sandbox(contacts=50, rate=None, **options)
    made.key = key
    return made


def client(account: Sandbox, provider: Any, **options: Any) -> AsyncClient:
    options.setdefault("rate_limiter", fast())
    return AsyncClient(account.url, provider, transport=account.transport(), **options)


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_write_goes_again_with_the_new_key(denied: int) -> None:
    account, vault = sandbox(NEW, denied=denied), Turning(OLD, NEW)
    async with client(account, vault) as ac:
        assert (await ac.tags.create(tag="new")).tag == "new"
    assert vault.refused == [OLD]
    assert account.processed["POST /tags"] == 1


@pytest.mark.parametrize("denied", [401, 403])
async def test_without_another_key_it_is_refused(denied: int) -> None:
    account, vault = sandbox(NEW, denied=denied), Vault(OLD)
    async with client(account, vault) as ac:
        with pytest.raises(AuthenticationError) as caught:
            await ac.tags.list()
    assert vault.refused == [OLD]
    assert OLD not in everything_said(caught.value)


async def test_a_permission_is_no_reason_for_another_key() -> None:
    account, vault = sandbox(OLD), Turning(OLD, NEW)
    account.fail("403", path="/tags*", always=True)
    async with client(account, vault) as ac:
        with pytest.raises(PermissionDeniedError):
            await ac.tags.list()
    assert vault.refused == []


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_permission_before_hides_no_refused_key(denied: int) -> None:
    account, vault = sandbox(OLD, denied=denied), Turning(OLD, NEW)
    account.fail("403", path="/tags*")
    async with client(account, vault, rotation_grace=30) as ac:
        with pytest.raises(PermissionDeniedError):
            await ac.tags.create(tag="forbidden")
        await anyio.sleep(1)
        account.key = NEW
        assert (await ac.tags.create(tag="new")).tag == "new"
    assert vault.refused == [OLD]
    assert account.processed["POST /tags"] == 1


async def test_what_permissions_cost() -> None:
    """With a provider each refusal is looked into, unless the key was good for something since; a fixed key, and those
    that were refused meanwhile, are looked into once a minute."""
    for provider, probes in (Vault(OLD), 4), (OLD, 1):
        account = sandbox(OLD, latency=100)
        account.fail("403", path="/tags*", always=True)
        async with client(account, provider) as ac:

            async def forbidden(ac: AsyncClient = ac) -> None:
                with pytest.raises(PermissionDeniedError):
                    await ac.tags.create(tag="forbidden")

            for _ in range(3):
                await forbidden()
            async with anyio.create_task_group() as tasks:
                for _ in range(10):
                    tasks.start_soon(forbidden)
            async with anyio.create_task_group() as tasks:  # which tells what the key is good for
                tasks.start_soon(forbidden)
                await anyio.sleep(0.01)
                account.latency = 10
                await ac.contacts.get(1)
        asked = Counter(each.path for each in account.requests)
        assert (asked["/users/me"], asked["/tags"]) == (probes, 14)


@pytest.mark.parametrize("fault", ["429", "503", "html500", "drop_before", "hang"])
async def test_a_question_that_fails_once_loses_no_call(fault: str) -> None:
    account, vault = sandbox(OLD, denied=403, latency=100), Vault(OLD, delay=0.05)
    kept = CachedKey(vault, ttl=3600, clock=anyio.current_time)
    async with client(account, kept) as ac:
        await ac.contacts.get(1)
        account.key = vault.holds = NEW
        account.fail(fault, path="/users/me")
        async with anyio.create_task_group() as tasks:
            for number in range(30):
                tasks.start_soon(lambda tag: ac.tags.create(tag=tag), str(number))
    assert account.processed["POST /tags"] == 30


async def test_where_the_question_tells_nothing_the_provider_is_asked() -> None:
    account, vault = sandbox(OLD, denied=403), Vault(OLD)
    async with client(account, CachedKey(vault, ttl=3600, clock=anyio.current_time)) as ac:
        await ac.contacts.get(1)
        account.key = vault.holds = NEW
        account.fail("html200", path="/users/me", always=True)
        assert (await ac.tags.create(tag="new")).tag == "new"
    assert vault.refused == [OLD]


async def test_what_remains_unknown_in_a_grace_is_a_refusal() -> None:
    account, vault = sandbox(OLD, denied=401, latency=100), Vault(OLD)
    async with client(account, vault, rotation_grace=30) as ac:
        await ac.contacts.get(1)
        account.key = NEW
        account.fail("403", path="/tags")
        account.fail("html500", path="/users/me", always=True)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(ac.contacts.get, 2)
            tasks.start_soon(lambda: ac.tags.create(tag="new"))
            await anyio.sleep(20)
            vault.holds = NEW
    assert account.processed["POST /tags"] == 1


async def test_a_permission_that_remains_unknown_costs_no_key() -> None:
    """The vault is away, and keeps nothing from going on that went on before."""
    account, vault = sandbox(OLD), Given(OLD)
    account.fail("403", path="/tags", always=True)
    account.fail("html200", path="/users/me", always=True)
    async with client(account, CachedKey(vault, ttl=3600, clock=anyio.current_time), rotation_grace=30) as ac:
        await ac.contacts.get(1)
        vault.does = "raises"
        with pytest.raises(PermissionDeniedError, match="could not be found out"):
            await ac.tags.create(tag="forbidden")
        assert (await ac.contacts.get(1)).id == 1


async def test_a_question_that_hangs_holds_nobody_up_for_long() -> None:
    account = sandbox(OLD, latency=10)
    account.fail("403", path="/tags", always=True)
    account.fail("hang", path="/users/me", always=True)
    async with client(account, Vault(OLD)) as ac, anyio.create_task_group() as tasks:

        async def forbidden() -> None:
            with pytest.raises(PermissionDeniedError, match="could not be found out"):
                await ac.tags.create(tag="forbidden")

        for _ in range(3):
            tasks.start_soon(forbidden)
        await anyio.sleep(1)
        begun = anyio.current_time()
        await ac.contacts.get(1)
        assert anyio.current_time() - begun < 12


@pytest.mark.parametrize("fault", ["hang", "drop_before"])
async def test_one_that_finds_out_and_gets_no_answer_holds_nobody_up_for_long(fault: str) -> None:
    account, vault = sandbox(OLD, denied=401, latency=10), Turning(OLD, NEW)
    async with client(account, vault, rotation_grace=30) as ac, anyio.create_task_group() as tasks:
        await ac.contacts.get(1)
        account.key = NEW
        account.fail(fault, path="/tags*", skip=1, always=True)

        async def unlucky() -> None:
            with pytest.raises(TransportError):
                await ac.tags.list()

        tasks.start_soon(unlucky)
        await anyio.sleep(0.1)
        begun = anyio.current_time()
        async with anyio.create_task_group() as others:
            for _ in range(50):
                others.start_soon(ac.contacts.get, 1)
        assert anyio.current_time() - begun < 6


async def test_rotated_while_it_finds_out() -> None:
    """A key that was refused, and one that is on its way and will be: the one given by then is good."""
    account, vault = sandbox("good", denied=401, latency=100), Turning(OLD, NEW)
    async with client(account, vault) as ac, anyio.create_task_group() as tasks:
        tasks.start_soon(ac.contacts.get, 1)
        await anyio.sleep(0.15)
        ac.rotate("good")
    assert [each.key for each in account.requests] == [OLD, NEW, "good"]


async def test_a_write_under_way_is_not_lost_to_a_rotation() -> None:
    account = sandbox(OLD, denied=403, latency=100)
    account.fail("403", path="/tags*")
    async with client(account, OLD) as ac:
        with pytest.raises(PermissionDeniedError):
            await ac.tags.create(tag="forbidden")
        account.key = NEW
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(lambda: ac.tags.create(tag="new"))
            await anyio.sleep(0.05)
            ac.rotate(NEW)
    assert account.processed["POST /tags"] == 1


async def test_what_waited_for_its_turn_does_not_leave_with_a_key_in_doubt() -> None:
    account, vault = sandbox(OLD, denied=401, latency=5), Turning(OLD, NEW)
    limiter = LocalLimiter(20, clock=anyio.current_time)
    async with client(account, vault, rate_limiter=limiter) as ac:
        await ac.contacts.get(1)
        account.key, before = NEW, len(account.requests)
        async with anyio.create_task_group() as tasks:
            for id in range(1, 18):
                tasks.start_soon(ac.contacts.get, id)
    refused = [each for each in account.requests[before:] if each.status == 401]
    assert len(refused) == 1
    assert len(account.requests) == before + 18


async def test_one_finds_out_and_the_others_wait() -> None:
    account, vault = sandbox(OLD, denied=401, latency=100), Vault(OLD, delay=0.7)
    done = Counter[str]()
    async with client(account, vault, rotation_grace=30) as ac:
        await ac.contacts.get(1)
        account.key, asked = NEW, len(account.requests)

        async def one(id: int) -> None:
            done[str((await ac.contacts.get(id)).id)] += 1

        async def rotate() -> None:
            await anyio.sleep(3)
            vault.holds = NEW

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(rotate)
            for id in range(1, 51):
                tasks.start_soon(one, id)
    assert sum(done.values()) == len(done) == 50
    refused = [asked for asked in account.requests[asked:] if asked.key == OLD]
    assert len(refused) <= 16  # those that were in flight; none was sent while one call asked


async def test_a_new_key_that_is_not_known_yet() -> None:
    account, vault = sandbox(OLD, denied=401), Vault(OLD)
    async with client(account, vault, rotation_grace=10) as ac:
        await ac.contacts.get(1)
        account.key, vault.holds = "in between", NEW

        async def know() -> None:
            await anyio.sleep(2)
            account.key = NEW

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(know)
            assert (await ac.contacts.get(2)).id == 2
    assert len([asked for asked in account.requests if asked.key == NEW]) < 12


async def test_the_grace_has_an_end() -> None:
    account, vault = sandbox(NEW, denied=401), Vault(OLD)
    begun = anyio.current_time()
    async with client(account, vault, rotation_grace=5) as ac:
        with pytest.raises(AuthenticationError):
            await ac.contacts.get(1)
        assert anyio.current_time() - begun == pytest.approx(5, abs=0.2)
        assert len(account.requests) == 1
        for _ in range(2):  # each may have been a stray refusal
            with pytest.raises(AuthenticationError):
                await ac.contacts.get(1)
        assert len(account.requests) == 3
        account.key, begun = OLD, anyio.current_time()
        with pytest.raises(AuthenticationError, match="remembered, nothing was sent"):
            await ac.contacts.get(1)
        assert anyio.current_time() == begun
        await anyio.sleep(1)
        assert (await ac.contacts.get(1)).id == 1
        account.key = NEW  # it was good again, so that this is another rotation
        with pytest.raises(DeadlineError):
            await ac.contacts.get(1, timeout=4)


@pytest.mark.parametrize("denied", [401, 403])
@pytest.mark.parametrize("grace", [0.0, 5.0])
async def test_a_stray_refusal_is_one_calls_own(grace: float, denied: int) -> None:
    account = sandbox(OLD, denied=denied, latency=100)
    account.fail("401", skip=30)
    ended = Counter[str]()
    async with client(account, OLD, rotation_grace=grace) as ac:

        async def one(id: int) -> None:
            try:
                await ac.contacts.get(id)
            except AuthenticationError:
                ended["refused"] += 1
            else:
                ended["done"] += 1

        async with anyio.create_task_group() as tasks:
            for id in [*range(1, 51)] * 4:
                tasks.start_soon(one, id)
    assert ended == {"done": 199, "refused": 1}


class Fresh(Vault):
    """Gives another key each time."""

    async def key(self, refused: Key | None = None) -> str:
        self.delay += 1
        return f"token-{self.delay:.0f}"


class Flapping(Vault):
    """Two replicas of a store, neither of which has the good key."""

    async def key(self, refused: Key | None = None) -> str:
        self.holds = NEWER if self.holds == OLD else OLD
        return self.holds


@pytest.mark.parametrize("denied", [401, 403])
@pytest.mark.parametrize("kind", [Fresh, Flapping])
@pytest.mark.parametrize("grace", [0.0, 10.0])
async def test_a_provider_with_many_keys_and_no_good_one(grace: float, kind: type[Vault], denied: int) -> None:
    account = sandbox(NEW, denied=denied)
    async with client(account, kind(OLD), rotation_grace=grace) as ac:
        begun = anyio.current_time()
        with pytest.raises(AuthenticationError):
            await ac.contacts.get(1)
        assert anyio.current_time() - begun < grace + 5
        assert len(account.requests) <= 5 + 3 * grace  # not as many as fit into that time
        await anyio.sleep(2)
        for _ in range(20):
            with pytest.raises(AuthenticationError):
                await ac.contacts.get(1)
        assert len(ac._sender.keys._refused) <= 16, "none is kept for ever"


async def test_what_does_not_look_at_the_key_accepts_none() -> None:
    account = sandbox(NEW, denied=401)
    for skip in range(1, 100, 2):
        account.fail("503", skip=skip)  # each second answer
    begun = anyio.current_time()
    async with client(account, Fresh(OLD), rotation_grace=10) as ac:
        with pytest.raises(AuthenticationError):
            await ac.contacts.get(1)
    assert anyio.current_time() - begun < 30


@pytest.mark.parametrize("denied", [401, 403])
async def test_those_who_waited_in_vain_fail_with_the_one_that_found_out(denied: int) -> None:
    account, vault = sandbox(OLD, denied=denied, latency=100), Vault(OLD)
    ended = list[float]()
    async with client(account, vault, rotation_grace=30, rate_limiter=LocalLimiter(clock=anyio.current_time)) as ac:
        await ac.contacts.get(1)
        account.key, begun, asked = NEW, anyio.current_time(), len(account.requests)

        async def one() -> None:
            with pytest.raises(AuthenticationError) as caught:
                await ac.contacts.get(2)
            assert caught.value.status == denied
            ended.append(anyio.current_time() - begun)

        async with anyio.create_task_group() as tasks:
            for _ in range(300):
                tasks.start_soon(one)
        assert max(ended) < 34
        assert len(account.requests) - asked < 30
        for _ in range(20):
            await anyio.sleep(0.5)
            await one()
        assert len(account.requests) - asked < 50  # one a second looks whether it is good again
        vault.holds = NEW
        await anyio.sleep(1)
        assert (await ac.contacts.get(2)).id == 2


class Away(Vault):
    """Cannot be asked for some time, once its key is refused."""

    def __init__(self, key: str, seconds: float, error: Exception) -> None:
        super().__init__(key)
        self.seconds, self.error = seconds, error

    async def key(self, refused: Key | None = None) -> str:
        if refused is not None and not self.refused:
            self.back = anyio.current_time() + self.seconds
        given = await super().key(refused)
        if self.refused and anyio.current_time() < self.back:
            raise self.error
        return given


@pytest.mark.parametrize("error", [OSError("away"), ConfigurationError("Away: it is empty")], ids=repr)
async def test_a_provider_that_fails_within_the_grace_has_no_other_key_yet(error: Exception) -> None:
    account, vault = sandbox(NEW, denied=401), Away(OLD, 5, error)
    async with client(account, vault, rotation_grace=30) as ac, anyio.create_task_group() as tasks:
        for id in range(1, 21):
            tasks.start_soon(ac.contacts.get, id)
        await anyio.sleep(4)
        vault.holds = NEW
    assert len([asked for asked in account.requests if asked.processed]) == 20


@pytest.mark.parametrize(
    ("error", "grace", "takes"),
    [
        (OSError(OLD), 0, 0),
        (OSError(OLD), 5, 5),
        (KeyProviderError("Away: AccessDenied", transient=False), 5, 0),
    ],
    ids=repr,
)
async def test_a_refusal_is_told_where_the_provider_fails_too(error: Exception, grace: float, takes: float) -> None:
    account = sandbox(NEW, denied=401)
    async with client(account, Away(OLD, 1000, error), rotation_grace=grace) as ac:
        begun = anyio.current_time()
        with pytest.raises(AuthenticationError, match=r"another one could not be had: Away(:| raised) \w+") as caught:
            await ac.contacts.get(1)
        assert anyio.current_time() - begun == pytest.approx(takes, abs=0.1)
    assert caught.value.status == 401
    assert OLD not in everything_said(caught.value)


async def test_a_deadline_ends_the_grace() -> None:
    async with client(sandbox(NEW, denied=401), Vault(OLD), rotation_grace=60) as ac:
        with pytest.raises(DeadlineError):
            await ac.contacts.get(1, timeout=3)
        assert not ac._sender.keys.in_doubt(None)


async def test_whoever_finds_out_may_be_cancelled() -> None:
    account, vault = sandbox(NEW, denied=401), Vault(OLD)
    async with client(account, vault, rotation_grace=60) as ac:
        async with anyio.create_task_group() as tasks:

            async def one(timeout: float) -> None:
                with pytest.raises(DeadlineError):
                    await ac.contacts.get(1, timeout=timeout)

            async def other() -> None:
                await anyio.sleep(0.1)
                assert (await ac.contacts.get(2)).id == 2

            tasks.start_soon(one, 3)
            tasks.start_soon(other)
            await anyio.sleep(4)
            vault.holds = NEW


class Given(Vault):
    """Gives, raises, hangs, or gives what is no key."""

    does = "gives"

    async def key(self, refused: Key | None = None) -> Any:
        await super().key(refused)
        if self.does == "raises":
            raise OSError("away")
        if self.does == "hangs":
            await anyio.sleep_forever()
        return None if self.does == "is empty" else self.holds


@pytest.mark.parametrize("does", ["raises", "is empty", "hangs"])
async def test_whoever_finds_out_may_leave_while_the_vault_is_away(does: str) -> None:
    account, vault = sandbox(OLD, denied=401), Given(OLD, delay=0.05)
    kept = CachedKey(vault, ttl=3600, clock=anyio.current_time)
    async with client(account, kept, rotation_grace=60) as ac:
        await ac.contacts.get(1)
        account.key = NEW

        async def impatient() -> None:
            with pytest.raises(DeadlineError):
                await ac.contacts.get(1, timeout=1)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(impatient)
            await anyio.sleep(0.2)
            vault.does = does
            for number in range(5):
                tasks.start_soon(lambda tag: ac.tags.create(tag=tag), str(number))
            await anyio.sleep(15)
            vault.does, vault.holds = "gives", NEW
    assert account.processed["POST /tags"] == 5
    assert len([asked for asked in account.requests if asked.status == 401]) == 1


async def test_who_asks_a_vault_that_hangs_when_the_key_is_refused() -> None:
    account, vault = sandbox(OLD, denied=401), Given(OLD, delay=0.05)
    kept = CachedKey(vault, ttl=5, clock=anyio.current_time)
    async with client(account, kept, rotation_grace=60) as ac:
        await ac.contacts.get(1)
        await anyio.sleep(6)
        account.key, vault.does = NEW, "hangs"
        async with anyio.create_task_group() as tasks:
            for id in range(1, 4):
                tasks.start_soon(ac.contacts.get, id)
                await anyio.sleep(0.3)
            vault.does, vault.holds = "gives", NEW


async def test_a_vault_that_does_not_come_back_within_the_grace() -> None:
    account, vault = sandbox(OLD, denied=401), Given(OLD)
    kept = CachedKey(vault, ttl=3600, clock=anyio.current_time)
    async with client(account, kept, rotation_grace=30) as ac:
        await ac.contacts.get(1)
        account.key, vault.does, begun = NEW, "raises", anyio.current_time()
        ended = Counter[str]()

        async def one(id: int) -> None:
            with pytest.raises((AuthenticationError, KeyProviderError)) as caught:
                await ac.contacts.get(id)
            ended[type(caught.value).__name__] += 1

        async with anyio.create_task_group() as tasks:
            for id in range(1, 11):
                tasks.start_soon(one, id)
        assert sum(ended.values()) == 10
        assert anyio.current_time() - begun < 80  # three find out
        assert len(account.requests) < 10


@pytest.mark.parametrize("grace", [0.0, 30.0])
async def test_a_stray_refusal_lasts_no_longer_while_the_vault_is_away(grace: float) -> None:
    account, vault = sandbox(OLD, denied=401), Given(OLD)
    kept = CachedKey(vault, ttl=60, clock=anyio.current_time)
    async with client(account, kept, rotation_grace=grace) as ac:
        await ac.contacts.get(1)
        vault.does = "raises"
        account.fail("401")
        with pytest.raises(AuthenticationError):
            await ac.contacts.get(1)
        for _ in range(20):
            await anyio.sleep(20)
            assert (await ac.contacts.get(1)).id == 1
        await anyio.sleep(600)  # the time for which an old key may be in use is over
        with pytest.raises(KeyProviderError):
            await ac.contacts.get(1)


async def test_a_planned_rotation_loses_nothing() -> None:
    account = sandbox(OLD, latency=200)
    done = Counter[str]()
    async with client(account, OLD) as ac:

        async def one(number: int) -> None:
            done[(await ac.tags.create(tag=f"tag {number}")).tag or ""] += 1

        async with anyio.create_task_group() as tasks:
            for number in range(60):
                tasks.start_soon(one, number)
            await anyio.sleep(0.3)
            account.other_keys = {OLD}
            account.key = NEW
            ac.rotate(NEW)
            await anyio.sleep(0.25)
            account.other_keys = set()
    assert len(done) == sum(done.values()) == account.processed["POST /tags"] == 60


async def test_which_key_is_in_use(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "activecampaign_async")
    account, vault = sandbox(OLD), Vault(OLD)
    in_use: list[str | None] = []
    async with client(account, vault) as ac:
        in_use.append(ac.key_fingerprint)
        await ac.contacts.get(1)
        in_use.append(ac.key_fingerprint)
        account.key = vault.holds = NEW
        for id in (2, 3):
            await ac.contacts.get(id)
        in_use.append(ac.key_fingerprint)
        account.other_keys = {NEWER}
        ac.rotate(NEWER)
        await ac.contacts.get(3)
    old, new, newer = (Key(key).fingerprint for key in (OLD, NEW, NEWER))
    assert in_use == [None, old, new]
    assert [message for message in caplog.messages if "HTTP" not in message] == [
        f"the key changed: Vault gives {new}, was {old}",
        f"the key changed: api_key gives {newer}, was {new}",
    ]


async def test_a_key_that_is_replaced_once_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    account, vault = sandbox(NEW, denied=401, latency=100), Turning(OLD, NEW)
    async with client(account, vault) as ac, anyio.create_task_group() as tasks:
        for id in range(1, 11):
            tasks.start_soon(ac.contacts.get, id)
    assert len([message for message in caplog.messages if "the key changed" in message]) == 1


@pytest.mark.parametrize("denied", [401, 403])
async def test_a_refused_key_is_told_with_where_it_is_from(denied: int) -> None:
    for provider, said in ((Vault(OLD), "the key that Vault gives"), (OLD, r"the key \(api_key=, or AC_API_TOKEN\)")):
        async with client(sandbox(NEW, denied=denied), provider) as ac:
            with pytest.raises(AuthenticationError, match=f"check {said}"):
                await ac.tags.list()


async def test_a_closed_client_takes_no_key() -> None:
    ac = client(sandbox(OLD), OLD)
    await ac.aclose()
    with pytest.raises(RuntimeError, match="closed"):
        ac.rotate(NEW)


async def test_an_unplanned_rotation_with_the_key_given_later() -> None:
    account = sandbox(OLD, latency=200, denied=401)
    async with client(account, OLD, rotation_grace=10) as ac:
        account.key = NEW

        async def later() -> None:
            await anyio.sleep(1)
            ac.rotate(NEW)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(later)
            assert (await ac.contacts.get(3)).id == 3


async def test_a_provider_that_changes_is_followed_at_once() -> None:
    account, vault = sandbox(OLD), Vault(OLD)
    async with client(account, vault) as ac:
        await ac.contacts.get(1)
        account.other_keys, vault.holds = {NEW}, NEW
        await ac.contacts.get(2)
    assert [asked.key for asked in account.requests] == [OLD, NEW]


@pytest.mark.parametrize("given", [None, "", b"key", "two\nlines", 5, object()])
async def test_what_is_no_key(given: Any) -> None:
    class Odd:
        async def key(self, refused: Key | None = None) -> Any:
            return given

    account = sandbox(OLD)
    async with client(account, Odd()) as ac:
        with pytest.raises(ConfigurationError, match="Odd"):
            await ac.contacts.get(1)
    assert account.requests == []


async def test_a_provider_that_raises_or_hangs() -> None:
    class Raises:
        async def key(self, refused: Key | None = None) -> str:
            raise RuntimeError(f"could not read {OLD}")

    class Hangs:
        async def key(self, refused: Key | None = None) -> str:
            await anyio.sleep_forever()
            raise AssertionError

    account = sandbox(OLD)
    async with client(account, Raises()) as ac:
        with pytest.raises(KeyProviderError, match="Raises raised RuntimeError") as caught:
            await ac.contacts.get(1)
    assert OLD not in everything_said(caught.value)
    async with client(account, Hangs()) as ac:
        begun = anyio.current_time()
        with pytest.raises(KeyProviderError, match="Hangs gave no key"):
            await ac.contacts.get(1, timeout=5)
        assert anyio.current_time() - begun <= 5
    assert account.requests == []


async def test_the_key_is_had_before_the_turn() -> None:
    account, vault = sandbox(OLD), Vault(OLD, delay=0.7)
    limiter = LocalLimiter(clock=anyio.current_time)
    async with client(account, vault, rate_limiter=limiter) as ac, anyio.create_task_group() as tasks:
        for id in range(1, 11):
            tasks.start_soon(ac.contacts.get, id)
    times = [asked.time for asked in account.requests]
    assert all(later - earlier > 0.2 for earlier, later in pairwise(times))


async def test_nothing_of_it_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    account, vault = sandbox(NEW), Turning(OLD, NEW)
    async with client(account, vault) as ac:
        await ac.contacts.get(1)
    assert "the key was refused" in caplog.text
    assert OLD not in caplog.text
    assert NEW not in caplog.text
