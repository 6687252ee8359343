"""A network in memory, below HTTPX's own connections: it leads to a sandbox, and breaks where it is told."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import sys
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, Final

import anyio
import anyio.lowlevel
import pytest

from activecampaign_async._pools import Pools
from activecampaign_async.sandbox import Sandbox
from activecampaign_async.sandbox._wire import Answer, Ask

CONNECTING = ("refused", "dns", "no_connect")
SECURING = ("certificate", "tls_eof", "tls_hang")
WRITING = ("write_reset", "no_write")
TUNNELLING = ("proxy_502", "proxy_407", "proxy_hang", "proxy_eof")
KINDS: Final = (*CONNECTING, *SECURING, *WRITING, *TUNNELLING, "no_pool")
_RAISES: dict[str, Callable[[], OSError]] = {
    "refused": lambda: ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED)),
    "dns": lambda: socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    "tls_eof": lambda: ssl.SSLEOFError(8, "EOF occurred in violation of protocol"),
    "certificate": lambda: _unverified("self-signed certificate"),
    "write_reset": lambda: ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)),
    "reset": lambda: ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)),
}
_HANGS = ("no_connect", "tls_hang", "no_write", "hang")


class Network:
    """What `httpcore.AsyncNetworkBackend` is, for one account. A checkpoint stands wherever a real one may wait."""

    def __init__(self, account: Sandbox) -> None:
        self.account = account
        self.latency = 0.0
        """Seconds that it takes to connect, to agree on TLS, to write."""
        self.open: set[Stream] = set()
        self.struck = Counter[str]()
        """How often each kind did."""
        self.lost = 0
        """Requests that left, and never arrived."""
        self._due: list[tuple[str, float]] = []
        self._shares: dict[str, float] = {}
        self._random = Random(8)
        self._pools: deque[Any] = deque(maxlen=1)
        self.core: Any = None
        """httpcore, or what httpx2 has in its place."""

    @contextmanager
    def below(self) -> Iterator[None]:
        """Every connection pool that is made in the block has this network."""
        make = Pools.make

        def made(pools: Pools) -> Any:
            pool = make(pools)
            for transport in (pool.client._transport, *pool.client._mounts.values()):
                if transport is not None:
                    self._take(transport._pool)  # type: ignore[attr-defined]  # HTTPX's own transport
            return pool

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Pools, "make", made)
            yield

    def _take(self, pool: Any) -> None:
        pool._network_backend = self
        self._pools.append(pool)
        self.core = sys.modules[type(pool).__module__.partition(".")[0]]
        if self.meets("no_pool"):
            self._lose_the_places_of(pool)

    def _lose_the_places_of(self, pool: Any) -> None:
        pool._max_connections = 0  # as httpcore loses them (encode/httpcore 1093)

    def fail(self, kind: str, *, times: float = 1) -> None:
        """Break the next connections, or requests."""
        assert kind in KINDS
        self.hang_up()  # a kept connection would not be set up anew
        self._due.append((kind, times))
        if kind == "no_pool" and self.meets("no_pool"):
            self._lose_the_places_of(self._pools[-1])

    def fail_now_and_then(self, share: float, kinds: Iterable[str]) -> None:
        """Each of them breaks this share of what it can break."""
        self._shares = dict.fromkeys(kinds, share)

    def heal(self) -> None:
        self._due.clear()
        self._shares.clear()

    def hang_up(self) -> None:
        """The other side closes what is idle."""
        for stream in self.open:
            stream.ended = True

    def meets(self, *kinds: str) -> str | None:
        """The fault that strikes now."""
        for at, (kind, times) in enumerate(self._due):
            if kind in kinds:
                self._due[at : at + 1] = [(kind, times - 1)] if times > 1 else []
                self.struck[kind] += 1
                return kind
        for kind in kinds:
            if kind in self._shares and self._random.random() < self._shares[kind]:
                self.struck[kind] += 1
                return kind
        return None

    async def connect_tcp(self, *_: Any, timeout: float | None = None, **__: Any) -> Stream:
        with _as(self.core.ConnectError, timeout, self.core.ConnectTimeout):
            await _meet(self.meets(*CONNECTING), self.latency)
        return Stream(self)

    async def connect_unix_socket(self, *_: Any, **__: Any) -> Stream:
        raise NotImplementedError

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)


class Stream:
    """One connection."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.ended = False
        """The other side has closed it."""
        self._written = b""
        self._coming: list[tuple[float, bytes]] = []
        self._ending = "whole"
        network.open.add(self)

    async def start_tls(self, ssl_context: ssl.SSLContext, *_: Any, timeout: float | None = None, **__: Any) -> Stream:
        assert ssl_context.verify_mode is ssl.CERT_REQUIRED
        core = self.network.core
        try:
            with _as(core.ConnectError, timeout, core.ConnectTimeout):
                await _meet(self.network.meets(*SECURING), self.network.latency)
        except Exception:
            await self.aclose()  # as HTTPX's own
            raise
        return self

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return  # as HTTPX's own
        core, connects = self.network.core, buffer.startswith(b"CONNECT ")
        kind = None if connects or self._written else self.network.meets(*WRITING)
        self.network.lost += kind is not None
        with _as(core.WriteError, timeout, core.WriteTimeout):
            await _meet("write_reset" if self.ended else kind, self.network.latency)
        self._written += buffer
        if connects:
            self._written = b""
            self._tunnel(self.network.meets(*TUNNELLING))
        elif (ask := _asked(self._written)) is not None:
            self._written = b""
            await self._answer(ask)

    def _tunnel(self, kind: str | None) -> None:
        status = {"proxy_502": b"502 Bad Gateway", "proxy_407": b"407 Proxy Authentication Required"}
        head = b"HTTP/1.1 %b\r\n\r\n" % status.get(kind or "", b"200 Connection established")
        self._ending = {"proxy_hang": "hang", "proxy_eof": "drop"}.get(kind or "", "whole")
        self._coming = [(0.0, head)] if self._ending == "whole" else []

    async def _answer(self, ask: Ask) -> None:
        waits: list[float] = []

        async def note(seconds: float) -> None:  # does not wait: what was sent arrives, whoever gives up
            waits.append(seconds)

        answer = await self.network.account.handle(ask, note)
        self._ending = answer.ending
        whole = answer.ending in ("whole", "cut")
        self._coming = [(sum(waits), _head(answer)), *answer.parts()] if whole else [(sum(waits), b"")]

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        core = self.network.core
        with _as(core.ReadError, timeout, core.ReadTimeout):
            await anyio.lowlevel.checkpoint()
            while self._coming:
                wait, piece = self._coming.pop(0)
                if wait:
                    await anyio.sleep(wait)
                if piece:
                    self._coming[:0] = [(0.0, piece[max_bytes:])] if len(piece) > max_bytes else []
                    return piece[:max_bytes]
            await _meet(self._ending)
        self.ended = True
        return b""

    async def aclose(self) -> None:
        self.network.open.discard(self)

    def get_extra_info(self, info: str) -> Any:
        return self.ended if info == "is_readable" else None


@contextmanager
def _as(error: type[Exception], seconds: float | None, too_late: type[Exception]) -> Iterator[None]:
    """What breaks is told as HTTPX's own connections tell it: with the reason as its context."""
    try:
        with anyio.move_on_after(seconds) as scope:
            yield
    except OSError as exc:
        raise error(str(exc)) from exc
    if scope.cancelled_caught:
        raise too_late


async def _meet(kind: str | None, latency: float = 0.0) -> None:
    await anyio.sleep(latency)
    if kind in _HANGS:
        await anyio.sleep_forever()
    if kind in _RAISES:
        raise _RAISES[kind]()


def _unverified(why: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, f"certificate verify failed: {why}")
    error.verify_message = why
    return error


def _asked(written: bytes) -> Ask | None:
    """The request, once it is whole."""
    head, end, body = written.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if not end or len(body) < int(headers.get("content-length", 0)):
        return None
    method, target, _ = first.split(" ")
    path, _, query = target.partition("?")
    return Ask(method, path, query, headers, body, f"https://{headers['host']}")


def _head(answer: Answer) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in answer.headers)
    return f"HTTP/1.1 {answer.status} \r\n{lines}\r\n".encode("latin-1")
