"""The roads on which the matrix is tried, and what must not be left behind on any of them."""

from __future__ import annotations

import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import anyio
import anyio.lowlevel

from activecampaign_async import AsyncClient, KeyProvider, LocalLimiter
from activecampaign_async.sandbox import Sandbox
from tests.support import fast

from .matrix import Fault
from .network import Network

PROXY = "http://proxy.example:3128"
TRUSTING = ssl.create_default_context()  # one for all: to load the authorities takes longer than a test


class Bed:
    """A client on an account, with what lies between them."""

    def __init__(self, account: Sandbox, ac: AsyncClient, network: Network | None = None) -> None:
        self.account, self.ac, self.network = account, ac, network
        self._before = self._held()

    def fail(self, fault: Fault, *, always: bool = False, path: str | None = None) -> None:
        """Let it strike the next request of that path, or every one."""
        if fault.on == "account" or self.network is None:
            self.account.fail(fault.kind, always=always, path=path, **fault.options)
        else:
            self.network.fail(fault.kind, times=inf if always else 1)

    def heal(self) -> None:
        self.account.heal()
        if self.network is not None:
            self.network.heal()

    async def left_behind(self) -> dict[str, int]:
        """What calls that have ended still hold."""
        for _ in range(20):  # HTTPX leaves iterators of bodies to the loop, which closes them in tasks, one by one
            await anyio.lowlevel.checkpoint()
            if not (left := self._left()):
                break
        return left

    def _left(self) -> dict[str, int]:
        left = {what: many - self._before[what] for what, many in self._held().items()}
        left["threads"] = max(left["threads"], 0)  # idle ones, of tests before, end some time
        return {what: many for what, many in left.items() if many}

    def _held(self) -> dict[str, int]:
        sender = self.ac._sender
        line, http = sender.line, sender._http
        transports: list[Any] = [http.pools.pool.client._transport, *http.pools.pool.client._mounts.values()]
        pools = [each._pool for each in transports if hasattr(each, "_pool")]
        connections = [connection for pool in pools for connection in pool.connections]
        held = {
            "slots": -line.slots.value - line.bulk_slots.value,
            "places at the door": -sum(door.value for door in line.doors.values()),
            "counted as on the way to the line": line.unpaced,
            "turns": len(line.waiting),
            "places in the limiter's line": len(getattr(line.limiter, "_line", ())),
            "requests": http.pools.pool.requests,
            "keys in doubt": int(sender.keys.in_doubt(None)),
            "connections at work": sum(not connection.is_idle() for connection in connections),
            "requests in the pool": sum(len(pool._requests) for pool in pools),
            "tasks": len(anyio.get_running_tasks()),
            "threads": threading.active_count(),
        }
        if self.network is not None:
            held["streams that no connection has"] = len(self.network.open) - len(connections)
        return held


@asynccontextmanager
async def wire(
    account: Sandbox, *, api_key: KeyProvider | None = None, proxy: str | None = None, **options: Any
) -> AsyncIterator[Bed]:
    """HTTPX's own connections, over a network in memory: every phase of a request can break."""
    network = Network(account)
    options.setdefault("rate_limiter", fast())
    with network.below():
        async with AsyncClient(
            account.url, api_key or account.key, ssl_context=TRUSTING, proxy=proxy, trust_env=False, **options
        ) as ac:
            yield Bed(account, ac, network)
    assert not network.open, "the client is closed, and its connections are not"


@asynccontextmanager
async def transport(account: Sandbox, **options: Any) -> AsyncIterator[Bed]:
    """The sandbox's own transport, as in tests of users: it tells of each request's departure, and of no connection."""
    options.setdefault("rate_limiter", fast())
    async with AsyncClient(account.url, account.key, transport=account.transport(), **options) as ac:
        yield Bed(account, ac)


@asynccontextmanager
async def sockets(account: Sandbox, **options: Any) -> AsyncIterator[Bed]:
    """HTTPS on loopback."""
    options.setdefault("rate_limiter", LocalLimiter(1e6))
    async with account.serve() as server:
        async with AsyncClient(server.url, account.key, ssl_context=server.ssl_context(), **options) as ac:
            yield Bed(account, ac)


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
