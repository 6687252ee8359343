"""Cancelled anywhere, a call leaves no connection, no slot and no task behind."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, NotFoundError
from activecampaign_async._http import Http
from activecampaign_async.sandbox import Sandbox
from tests.support import client_of

pytestmark = pytest.mark.anyio

VERBS: dict[str, Callable[[AsyncClient], Awaitable[Any]]] = {
    "GET": lambda ac: ac.contacts.get(1),
    "PUT": lambda ac: ac.contacts.update(1, first_name="Ann"),
    "POST": lambda ac: ac.tags.create(tag="new"),
    "DELETE": lambda ac: _delete(ac),
    "upsert": lambda ac: ac.contacts.sync(email="ann@example.org"),
    "list": lambda ac: ac.contacts.list().collect(max_items=150),
    "many": lambda ac: ac.contacts.get_many(range(1, 150)),
    "ahead": lambda ac: _ahead(ac),
}


async def _delete(ac: AsyncClient) -> None:
    with suppress(NotFoundError):  # the one before may have been done
        await ac.contacts.delete(200)


async def _ahead(ac: AsyncClient) -> None:
    async with ac.contacts.list(limit=20).ahead(3) as contacts:
        async for _ in contacts:
            pass


@asynccontextmanager
async def over_https(**options: Any) -> AsyncIterator[tuple[Sandbox, AsyncClient]]:
    account = Sandbox(contacts=200, rate=None, **options)
    async with account.serve() as server:
        async with AsyncClient(
            server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=LocalLimiter(1e6)
        ) as ac:
            yield account, ac


@asynccontextmanager
async def in_process() -> AsyncIterator[tuple[Sandbox, AsyncClient]]:
    account = Sandbox(contacts=200, rate=None)
    async with client_of(account) as ac:
        yield account, ac


def is_free(ac: AsyncClient) -> bool:
    sender = ac._sender
    line: Any = sender._limiter
    return sender._slots.value == 16 and sender.unpaced == 0 and sender._door.value >= 2 and not line._line


async def cancelled_at(checkpoint: int, call: Callable[[], Awaitable[Any]]) -> bool:
    """Run `call`, cancelling it at its k-th checkpoint; whether it was."""
    with anyio.CancelScope() as scope:
        async with anyio.create_task_group() as tasks:

            async def run() -> None:
                await call()
                tasks.cancel_scope.cancel()

            tasks.start_soon(run)
            for _ in range(checkpoint):
                await anyio.lowlevel.checkpoint()
            scope.cancel()
    return scope.cancelled_caught


@pytest.mark.parametrize("verb", VERBS)
async def test_at_every_checkpoint(verb: str) -> None:
    async with in_process() as (_, ac):
        for checkpoint in range(1, 2000):
            was = await cancelled_at(checkpoint, lambda: VERBS[verb](ac))
            assert is_free(ac), f"something is held after a cancel at checkpoint {checkpoint}"
            if not was:
                break
        else:
            pytest.fail("never ended uncancelled")
        assert checkpoint > 2
        await ac.contacts.get(1)


class Network:
    """A network under the real connection pool, with a checkpoint wherever a real one may wait."""

    BODY = b'{"contact": {"id": "1"}}'
    ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)

    def __init__(self) -> None:
        self.open = 0

    async def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        await anyio.lowlevel.checkpoint()
        return Stream(self)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Stream:
    def __init__(self, network: Network) -> None:
        self.network, self.closed = network, False
        self.rest = [Network.ANSWER[:20], Network.ANSWER[20:]]
        network.open += 1

    async def start_tls(self, *_: Any, **__: Any) -> Stream:
        await anyio.lowlevel.checkpoint()
        return self

    async def write(self, *_: Any, **__: Any) -> None:
        await anyio.lowlevel.checkpoint()

    async def read(self, *_: Any, **__: Any) -> bytes:
        await anyio.lowlevel.checkpoint()
        if not self.rest:
            self.rest = [Network.ANSWER[:20], Network.ANSWER[20:]]
        return self.rest.pop(0)

    async def aclose(self) -> None:
        self.network.open -= not self.closed
        self.closed = True

    def get_extra_info(self, _: str) -> None:
        return None


@pytest.mark.parametrize("kept", [True, False], ids=["kept connection", "new connection"])
async def test_at_every_checkpoint_of_the_real_pool(kept: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connecting, TLS, the turn inside the trace hook, sending, receiving: of HTTPX's own connections."""
    network, make = Network(), Http._make

    def made(http: Http) -> Any:
        pool = make(http)
        transport: Any = pool.client._transport
        transport._pool._network_backend = network
        return pool

    monkeypatch.setattr(Http, "_make", made)
    async with AsyncClient("https://a.example", "some-key", account="pool", rate_limiter=LocalLimiter(1e6)) as ac:
        await ac.contacts.get(1)
        for checkpoint in range(1, 500):
            if not kept:
                transport: Any = ac._sender._http._pool.client._transport
                await transport._pool.aclose()
            was = await cancelled_at(checkpoint, lambda: ac.contacts.get(1))
            assert is_free(ac), f"something is held after a cancel at checkpoint {checkpoint}"
            transport = ac._sender._http._pool.client._transport
            assert all(c.is_idle() for c in transport._pool.connections), checkpoint
            assert network.open == len(transport._pool.connections), f"open after checkpoint {checkpoint}"
            if not was:
                break
        else:
            pytest.fail("never ended uncancelled")
        assert checkpoint > 5
    assert network.open == 0


async def test_at_moments_of_a_real_connection() -> None:
    """Over sockets the loop polls many times while it waits: a moment is what a checkpoint is in process."""
    async with over_https() as (_, ac):
        for moment in range(60):
            with anyio.move_on_after(moment * 0.0007):
                await ac.contacts.get(1)
            assert is_free(ac)
            assert ac._sender._http._pool.requests == 0
        await all_slots_work(ac)


async def all_slots_work(ac: AsyncClient) -> None:
    async with anyio.create_task_group() as tasks:
        for _ in range(48):
            tasks.start_soon(ac.contacts.get, 1)


async def test_a_storm() -> None:
    chance = random.Random(8)
    async with over_https(latency=20) as (_, ac):

        async def one() -> None:
            with anyio.move_on_after(chance.random() * 0.05):
                await ac.contacts.get(1)

        for _ in range(10):
            async with anyio.create_task_group() as tasks:
                for _ in range(50):
                    tasks.start_soon(one)
        assert is_free(ac)
        with anyio.fail_after(20):
            await all_slots_work(ac)
        assert is_free(ac)
        pool: Any = ac._sender._http._pool.client._transport
        connections = pool._pool.connections
        assert len(connections) <= 20
        assert all(connection.is_idle() for connection in connections), connections


async def test_what_waits_for_its_turn_is_not_lost() -> None:
    """A cancelled waiter inside the trace hook gives its turn, its place and its connection back."""
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server:
        slow = LocalLimiter(20)
        async with AsyncClient(server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=slow) as ac:
            await ac.contacts.get(1)
            async with anyio.create_task_group() as tasks:
                for _ in range(30):
                    tasks.start_soon(ac.contacts.get, 1)
                await anyio.sleep(0.04)
                tasks.cancel_scope.cancel()
            assert is_free(ac)
            before = len(account.requests)
            async with anyio.create_task_group() as tasks:
                for _ in range(4):
                    tasks.start_soon(ac.contacts.get, 1)
            # one that was cancelled in flight may arrive only now
            assert before + 4 <= len(account.requests) <= before + 5
