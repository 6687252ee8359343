"""Many accounts side by side: one TLS context, one ceiling of connections, a budget each. Real sockets."""

from __future__ import annotations

import gc
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import anyio
import httpx
import pytest

from activecampaign_async import (
    AsyncClient,
    ConfigurationError,
    LocalLimiter,
    PaymentRequiredError,
    PermissionDeniedError,
    _pools,
)
from activecampaign_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio


@asynccontextmanager
async def served(accounts: list[Sandbox]) -> AsyncIterator[tuple[ssl.SSLContext, list[str]]]:
    """One context that trusts them all, and their URLs."""
    context = ssl.create_default_context()
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(account.serve()) for account in accounts]
        for server in servers:
            context.load_verify_locations(server.ca_file)
        yield context, [server.url for server in servers]


def test_forty_clients_read_the_certificates_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made = list[ssl.SSLContext]()
    create = httpx.create_ssl_context

    def note(*, trust_env: bool) -> ssl.SSLContext:
        made.append(create(trust_env=trust_env))
        return made[-1]

    monkeypatch.setattr(httpx, "create_ssl_context", note)
    _pools._made.cache_clear()
    clients = [AsyncClient(f"https://account{n}.api-us1.com", "k" * 40) for n in range(40)]
    assert len({id(client._sender._http.pools._options["verify"]) for client in clients}) == len(made) == 1


def test_other_certificates_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Another file, or the same with other contents: a CA may be renewed while a service runs."""
    import certifi

    contexts = list[object]()

    def note() -> None:
        contexts.append(AsyncClient("https://a.api-us1.com", "k")._sender._http.pools._options["verify"])

    note()
    own = tmp_path / "ca.pem"
    own.write_bytes(Path(certifi.where()).read_bytes())
    monkeypatch.setenv("SSL_CERT_FILE", str(own))
    note()
    own.write_bytes(own.read_bytes() + b"\n")
    note()
    note()
    assert len({id(context) for context in contexts}) == 3
    own.unlink()
    with pytest.raises(ConfigurationError, match="the certificates cannot be read"):
        note()


async def test_all_share_one_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pools, "CEILING", 5)
    monkeypatch.setattr(_pools, "SPARE", 2)
    accounts = [Sandbox(contacts=3, rate=None, latency=30) for _ in range(3)]
    requests, connections = set[int](), set[int]()
    async with served(accounts) as (context, urls), AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                AsyncClient(url, account.key, ssl_context=context, rate_limiter=LocalLimiter(1e6))
            )
            for url, account in zip(urls, accounts, strict=True)
        ]

        async def one(client: AsyncClient) -> None:
            assert (await client.contacts.get(1)).id == 1
            pool = client._sender._http.pools.pool
            requests.add(pool.requests)
            connections.add(len(pool.client._transport._pool.connections))  # type: ignore[attr-defined]  # HTTPX's own

        async with anyio.create_task_group() as tasks:
            for client in clients * 12:
                tasks.start_soon(one, client)
        pools = {client._sender._http.pools for client in clients}
        assert len(pools) == 1
        assert pools.pop()._places.taken == 0
    assert 3 < max(requests) <= 5
    assert max(connections) <= 7


async def test_one_account_leaves_places_for_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients it has."""
    monkeypatch.setattr(_pools, "CEILING", 5)
    monkeypatch.setattr(_pools, "OF_ONE", 4)
    hanging, other = Sandbox(contacts=3, rate=None), Sandbox(contacts=3, rate=None)
    hanging.fail("hang", always=True)
    async with served([hanging, other]) as (context, (url, other_url)), AsyncExitStack() as stack:

        async def client(url: str, account: Sandbox) -> AsyncClient:
            made = AsyncClient(url, account.key, ssl_context=context, rate_limiter=LocalLimiter(1e6))
            return await stack.enter_async_context(made)

        many = [await client(url, hanging) for _ in range(3)]
        ac = await client(other_url, other)
        async with anyio.create_task_group() as tasks:
            for each in many * 3:
                tasks.start_soon(each.contacts.get, 1)
            await anyio.sleep(0.3)
            with anyio.fail_after(5):
                assert (await ac.contacts.get(1)).id == 1
            pools = ac._sender._http.pools
            assert pools._places.taken == 4
            tasks.cancel_scope.cancel()
        assert pools._places.taken == 0
        assert all(pools.share(each).taken == 0 for each in (url, other_url))


async def overtaken_by(account: Sandbox, ac: AsyncClient) -> int:
    """How many of the account's requests go before an interactive one that comes now."""
    before = len(account.requests)
    await ac.users.me()
    return [asked.path for asked in account.requests[before:]].index("/users/me")


@pytest.mark.parametrize(("accounts", "exporting"), [(1, 3), (4, 1)])
async def test_somebody_who_waits_goes_before_all_exports(
    monkeypatch: pytest.MonkeyPatch, accounts: int, exporting: int
) -> None:
    """Of three clients of an account, and of four accounts that would fill all places."""
    monkeypatch.setattr(_pools, "CEILING", 20)
    sandboxes = [Sandbox(contacts=100_000, rate=None, latency=20) for _ in range(accounts)]
    async with served(sandboxes) as (context, urls), AsyncExitStack() as stack:
        clients = list[AsyncClient]()
        for url, sandbox in zip(urls, sandboxes, strict=True):
            limiter = LocalLimiter(20)
            for _ in range(exporting + 1):
                client = AsyncClient(url, sandbox.key, ssl_context=context, rate_limiter=limiter)
                clients.append(await stack.enter_async_context(client))

        async def export(ac: AsyncClient) -> None:
            async with ac.contacts.list().ahead_pages(16) as pages:
                async for _ in pages:
                    pass

        async with anyio.create_task_group() as tasks:
            for client in clients[:exporting] if accounts == 1 else clients[::2]:
                tasks.start_soon(export, client)
            await anyio.sleep(1)
            for _ in range(4):
                assert await overtaken_by(sandboxes[-1], clients[-1]) <= 3, "what was on its way, and a turn"
            tasks.cancel_scope.cancel()
        assert clients[0]._sender._http.pools._places.taken == 0


async def test_what_is_cancelled_gives_its_place_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_pools, "CEILING", 1)
    account = Sandbox(contacts=3, rate=None, latency=50)
    async with served([account]) as (context, (url,)):
        async with AsyncClient(url, account.key, ssl_context=context, rate_limiter=LocalLimiter(1e6)) as ac:
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(ac.contacts.get, 1)
                await anyio.sleep(0.02)
                tasks.cancel_scope.cancel()
            assert ac._sender._http.pools._places.taken == 0
            with anyio.fail_after(5):
                await ac.contacts.get(1)


async def test_the_last_one_to_leave_closes_the_connections() -> None:
    accounts = [Sandbox(contacts=3, rate=None) for _ in range(2)]
    async with served(accounts) as (context, urls):
        first, second = (
            AsyncClient(url, account.key, ssl_context=context) for url, account in zip(urls, accounts, strict=True)
        )
        await first.contacts.get(1)
        await second.contacts.get(1)
        pool = first._sender._http.pools.pool
        await first.aclose()
        await first.aclose()
        assert [pool.client.is_closed] == [False]
        await second.contacts.get(2)
        await second.aclose()
        assert pool.client.is_closed
        async with AsyncClient(urls[0], accounts[0].key, ssl_context=context) as third:
            await third.contacts.get(1)


async def test_one_that_was_forgotten_keeps_nobody_from_closing() -> None:
    accounts = [Sandbox(contacts=3, rate=None) for _ in range(2)]
    async with served(accounts) as (context, urls):
        forgotten = AsyncClient(urls[0], accounts[0].key, ssl_context=context)
        async with AsyncClient(urls[1], accounts[1].key, ssl_context=context) as ac:
            await forgotten.contacts.get(1)
            await ac.contacts.get(1)
            pool = ac._sender._http.pools.pool
            del forgotten
            gc.collect()
        assert pool.client.is_closed


@pytest.mark.parametrize("other", [{"public_only": True}, {"trust_env": False}, {"proxy": "http://127.0.0.1:9"}])
async def test_those_that_would_connect_in_another_way_share_nothing(other: dict[str, object]) -> None:
    account = Sandbox(contacts=3, rate=None)
    async with served([account]) as (context, (url,)):
        async with AsyncClient(url, account.key, ssl_context=context) as ac:
            await ac.contacts.get(1)
            pools = ac._sender._http.pools
            stranger = AsyncClient("https://account.api-us1.com", account.key, ssl_context=context, **other)  # type: ignore[arg-type]  # options by name
            assert stranger._sender._http.pools.joined(stranger) is not pools
            await stranger._sender._http.pools.leave(stranger)


async def test_what_befalls_one_account_touches_no_other() -> None:
    """402 pauses its own account; a refused key, and a refused permission, are its own."""
    accounts = [Sandbox(contacts=3, rate=None) for _ in range(4)]
    accounts[0].fail("402", always=True)
    accounts[1].fail("403", always=True, path="/contacts/1")
    async with served(accounts) as (context, urls), AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(
                AsyncClient(url, accounts[n].key, ssl_context=context, account=f"account {n}")
            )
            for n, url in enumerate(urls)
        ]
        assert len({id(client._account) for client in clients}) == 4
        assert len({id(client._account.limiter) for client in clients}) == 4
        for _ in range(2):
            with pytest.raises(PaymentRequiredError):
                await clients[0].contacts.get(1)
            with pytest.raises(PermissionDeniedError):
                await clients[1].contacts.get(1)
            for untouched in clients[2:]:
                with anyio.fail_after(3):
                    await untouched.contacts.get(1)
