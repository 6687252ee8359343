"""Proxies, from the environment and given: a tunnel, verified like any other connection. Real sockets."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import chain, repeat

import anyio
import anyio.abc
import pytest

from activecampaign_async import AsyncClient, LocalLimiter, RetryPolicy, TLSError, _progress, errors as e
from activecampaign_async.sandbox import Sandbox

pytestmark = pytest.mark.anyio


class Proxy:
    """Knows CONNECT, and nothing else."""

    def __init__(self, answer: bytes = b"HTTP/1.1 200 Connection established\r\n\r\n") -> None:
        self.answer = answer
        self.pieces: Iterable[bytes] = (answer,)
        self.pause = 0.0
        self.asked = list[bytes]()
        self.url = ""

    async def serve(self, stream: anyio.abc.SocketStream) -> None:
        async with stream:
            head = await stream.receive()
            self.asked.append(head)
            try:
                for piece in self.pieces:
                    await stream.send(piece)
                    await anyio.sleep(self.pause)
            except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                return
            if b" 200 " not in self.answer:
                return
            port = int(head.split()[1].rpartition(b":")[2])
            async with await anyio.connect_tcp("127.0.0.1", port) as other, anyio.create_task_group() as tasks:

                async def pump(source: anyio.abc.SocketStream, sink: anyio.abc.SocketStream) -> None:
                    try:
                        async for chunk in source:
                            await sink.send(chunk)
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                        pass
                    tasks.cancel_scope.cancel()

                tasks.start_soon(pump, stream, other)
                tasks.start_soon(pump, other, stream)


@asynccontextmanager
async def proxied(answer: bytes | None = None) -> AsyncIterator[Proxy]:
    proxy = Proxy(answer) if answer else Proxy()
    async with await anyio.create_tcp_listener(local_host="127.0.0.1") as listener, anyio.create_task_group() as tasks:
        proxy.url = f"http://127.0.0.1:{listener.extra(anyio.abc.SocketAttribute.local_port)}"  # noqa: S610 - no Django here
        tasks.start_soon(listener.serve, proxy.serve)
        yield proxy
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("how", ["environment", "given"])
async def test_a_tunnel(how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server, proxied() as proxy:
        if how == "environment":
            monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        async with AsyncClient(
            server.url,
            account.key,
            ssl_context=server.ssl_context(),
            rate_limiter=LocalLimiter(1e6),
            proxy=proxy.url if how == "given" else None,
        ) as ac:
            assert (await ac.contacts.get(1)).id == 1
            assert (await ac.contacts.get(2)).id == 2
    (head,) = proxy.asked
    assert head.startswith(b"CONNECT localhost:")
    assert account.key.encode() not in head


async def test_a_stranger_behind_the_proxy() -> None:
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server, proxied() as proxy:
        async with AsyncClient(server.url, account.key, proxy=proxy.url, rate_limiter=LocalLimiter(1e6)) as ac:
            with pytest.raises(TLSError, match="does not verify"):
                await ac.contacts.create(email="ann@example.org")
    assert account.requests == []


async def test_a_context_weakened_behind_the_proxy() -> None:
    account = Sandbox(contacts=3, rate=None)
    async with account.serve() as server, proxied() as proxy:
        context = server.ssl_context()
        async with AsyncClient(
            server.url, account.key, ssl_context=context, proxy=proxy.url, rate_limiter=LocalLimiter(1e6)
        ) as ac:
            context.check_hostname = False
            with pytest.raises(TLSError, match="refused before the key was sent"):
                await ac.contacts.get(1)
    assert account.requests == []


@pytest.mark.parametrize("said", [b" ", b"HTTP/1.1 103 Early\r\n\r\n"], ids=["a byte", "a word"])
@pytest.mark.parametrize("verb", ["GET", "POST"])
async def test_a_proxy_that_never_comes_to_an_end(verb: str, said: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """No read timeout ends that: there is always something to read."""
    monkeypatch.setattr(_progress, "ANSWERED", 0.5)
    async with proxied() as proxy:
        proxy.pieces, proxy.pause = chain([b"HTTP/1.1 200 OK\r\nx: "] if said == b" " else [], repeat(said)), 0.05
        async with AsyncClient(
            "https://acme.api-us1.com", "some-key", proxy=proxy.url, rate_limiter=LocalLimiter(1e6)
        ) as ac:
            with anyio.fail_after(10), pytest.raises(e.ConnectFailedError, match="no connection") as caught:
                await ac.request(verb, "/tags", json={} if verb == "POST" else None)
            assert ac._sender.line.slots.value == 16
            assert ac._sender._http.pools._places.taken == 0
    assert not caught.value.may_have_been_processed
    assert len(proxy.asked) == 1


async def test_the_time_of_a_proxy_is_not_the_call_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it has answered, a call may wait for its turn."""
    account, limiter = Sandbox(contacts=3, rate=None), LocalLimiter(1e6)
    async with account.serve() as server, proxied() as proxy:
        monkeypatch.setattr(_progress, "ANSWERED", 0.5)
        async with AsyncClient(
            server.url, account.key, ssl_context=server.ssl_context(), proxy=proxy.url, rate_limiter=limiter
        ) as ac:
            limiter.observe(429, {"retry-after": "1"})
            assert (await ac.contacts.get(1)).id == 1


async def test_a_proxy_that_refuses() -> None:
    """Nothing was sent to the account: even a plain POST is tried again, and leaves no doubt."""
    async with proxied(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n") as proxy:
        async with AsyncClient(
            "https://acme.api-us1.com",
            "some-key",
            proxy=proxy.url,
            rate_limiter=LocalLimiter(1e6),
            retry=RetryPolicy(2, base=0),
        ) as ac:
            with pytest.raises(e.ConnectFailedError, match="ProxyError") as caught:
                await ac.contacts.create(email="ann@example.org")
    assert not caught.value.may_have_been_processed
    assert caught.value.attempts == len(proxy.asked) == 2
