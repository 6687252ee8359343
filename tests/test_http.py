"""What the connections do: a place lost in the pool, a turn that came late. Real sockets."""

from __future__ import annotations

from typing import Any

import anyio
import httpx
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, _trip
from activecampaign_async.limits import Priority
from activecampaign_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio


async def test_a_pool_that_lost_a_place_is_retired_once_its_requests_have_ended() -> None:
    account = Sandbox(contacts=3, rate=None, latency=40)
    async with account.serve() as server:
        async with AsyncClient(
            server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=LocalLimiter(1e6)
        ) as ac:
            http = ac._sender._http
            first = http.pools.pool
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(ac.contacts.get, 1)
                with anyio.move_on_after(0.001):  # in the middle of connecting
                    await ac.contacts.get(2)
                assert http.pools.pool is not first
                assert not first.client.is_closed  # it still carries the other one
            assert first.client.is_closed
            await ac.contacts.get(2)


async def test_a_pool_timeout_retires_the_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server:
        async with AsyncClient(
            server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=LocalLimiter(1e6)
        ) as ac:
            http = ac._sender._http
            first = http.pools.pool
            send = httpx.AsyncClient.send

            async def full(client: httpx.AsyncClient, request: httpx.Request, **options: Any) -> httpx.Response:
                if client is first.client:
                    raise httpx.PoolTimeout("full")
                return await send(client, request, **options)

            monkeypatch.setattr(httpx.AsyncClient, "send", full)
            assert (await ac.contacts.get(1)).id == 1
            assert http.pools.pool is not first
            assert first.client.is_closed


async def test_a_turn_that_comes_late_takes_another_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """What waited for longer than the other side may keep a connection open is not sent over it."""
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server:
        line = LocalLimiter(1e6)
        async with AsyncClient(server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=line) as ac:
            await ac.contacts.get(1)
            pool: Any = ac._sender._http.pools.pool.client._transport
            (before,) = pool._pool.connections
            monkeypatch.setattr(_trip, "STALE", 0.01)
            line._next = line._clock() + 0.03
            await ac.contacts.get(2)
            (after,) = pool._pool.connections
            assert after is not before
            assert before.is_closed()
        assert [asked.path for asked in account.requests] == ["/contacts/1", "/contacts/2"]


async def test_set_up_comes_before_the_pace() -> None:
    """The turn is taken when the request departs, not when its connection is begun."""
    account = Sandbox(contacts=3, rate=None)
    events = list[str]()

    class Told(LocalLimiter):
        async def acquire(self, *, priority: Priority = "interactive") -> None:
            events.append("turn")
            await super().acquire(priority=priority)

    trace = _trip.Trip.trace

    async def noted(self: _trip.Trip, event: str, info: Any) -> None:
        events.append(event.rpartition(".")[0].rpartition(".")[2])
        await trace(self, event, info)

    async with account.serve() as server:
        async with AsyncClient(server.url, account.key, ssl_context=server.ssl_context(), rate_limiter=Told(1e6)) as ac:
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(_trip.Trip, "trace", noted)
                await ac.contacts.get(1)  # the very first of a client: ten at once are paced like any others
    assert events.index("start_tls") < events.index("send_request_headers") < events.index("turn")
    assert events.index("turn") < events.index("receive_response_headers")
