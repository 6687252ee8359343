"""A network under HTTPX's real connection pool, in virtual time: what is read is what a test says."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import cache
from typing import Any, NoReturn

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async import AsyncClient, Key, RetryPolicy
from activecampaign_async._pools import Pools
from tests.support import fast

KEY = "canary-key-0123456789"

Reply = Callable[[bytes], Iterable[bytes | float]]
"""From what was written so far to what is read next, and for how many seconds nothing comes; then the end."""


@cache
def context() -> ssl.SSLContext:
    """One for all: making it takes longer than a call."""
    return ssl.create_default_context()


class Network:
    """Connections whose other end is `reply`, asked anew for each request."""

    def __init__(self, reply: Reply, address: str = "93.184.215.14") -> None:
        self.reply, self.address = reply, address
        self.open = self.made = self.encrypted = 0
        self.written: list[bytes] = []
        self.core: Any = None  # httpcore, or httpcore2

    async def connect_tcp(self, *_: Any, **__: Any) -> Stream:
        await anyio.lowlevel.checkpoint()
        return Stream(self)

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Stream:
    def __init__(self, network: Network) -> None:
        self.network, self.closed = network, False
        self.coming: Iterator[bytes | float] = iter(())
        self.rest, self.asked = b"", b""
        network.open += 1
        network.made += 1

    async def start_tls(self, *_: Any, **__: Any) -> Stream:
        await anyio.lowlevel.checkpoint()
        self.network.encrypted += 1
        return self

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await anyio.lowlevel.checkpoint()
        self.network.written.append(buffer)
        if not self.asked:
            self.coming = iter(self.network.reply(buffer))
        self.asked += buffer

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        await anyio.lowlevel.checkpoint()
        self.asked = b""
        left = float("inf") if timeout is None else timeout
        while not self.rest:
            step = next(self.coming, b"")
            if isinstance(step, float):
                await anyio.sleep(min(step, left))
                if step > left:
                    raise self.network.core.ReadTimeout
                left -= step
            elif not step:
                return b""
            else:
                self.rest = step
        found, self.rest = self.rest[:max_bytes], self.rest[max_bytes:]
        return found

    async def aclose(self) -> None:
        self.network.open -= not self.closed
        self.closed = True

    def get_extra_info(self, name: str) -> object:
        return (self.network.address, 443) if name == "server_addr" else None


@asynccontextmanager
async def on(
    network: Network, url: str = "https://acme.api-us1.com", key: str | Key = KEY, **options: Any
) -> AsyncIterator[AsyncClient]:
    """A client whose connections lead there."""
    options.setdefault("rate_limiter", fast())
    options.setdefault("retry", RetryPolicy(1))
    options.setdefault("account", f"wire-{id(network)}")
    make = Pools.make

    def made(pools: Pools) -> Any:
        pool = make(pools)
        transport: Any = pool.client._transport
        network.core = sys.modules[type(transport._pool).__module__.partition(".")[0]]
        transport._pool._network_backend = network
        return pool

    def no_name_is_known(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Pools, "make", made)
        patch.setattr(socket, "getaddrinfo", no_name_is_known)
        async with AsyncClient(url, key, ssl_context=context(), **options) as ac:
            yield ac


def is_free(ac: AsyncClient) -> bool:
    """No slot, door or request is left behind."""
    line = ac._sender.line
    doors = all(door.value >= 2 for door in line.doors.values())
    return line.slots.value == 16 and line.unpaced == 0 and doors and ac._sender._http.pools.pool.requests == 0
