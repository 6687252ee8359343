"""Cancelled anywhere, a call leaves no connection, no slot and no task behind. Below: tests/reliability."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any, cast

import anyio
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, NotFoundError
from activecampaign_async.sandbox import Sandbox
from tests.reliability.beds import cancelled_at
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
    line, limiter = ac._sender.line, cast("Any", ac._sender.line.limiter)
    doors_are_free = all(door.value >= 2 for door in line.doors.values())
    return line.slots.value == 16 and line.unpaced == 0 and doors_are_free and not limiter._line


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


async def test_at_moments_of_a_real_connection() -> None:
    """Over sockets the loop polls many times while it waits: a moment is what a checkpoint is in process."""
    async with over_https() as (_, ac):
        for moment in range(60):
            with anyio.move_on_after(moment * 0.0007):
                await ac.contacts.get(1)
            assert is_free(ac)
            assert ac._sender._http.pools.pool.requests == 0
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
        pool: Any = ac._sender._http.pools.pool.client._transport
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
